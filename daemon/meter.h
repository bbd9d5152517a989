/*
 * What a piece of work costs the thread that does it: time, CPU time, time
 * that it waited for a CPU, context switches.
 *
 * The kernel's figures cost several system calls, more than a short task
 * takes. But it can tell a thread whether it was interrupted: where it does,
 * short work that was not has had its CPU to itself from beginning to end, so
 * that its CPU time is its time, exactly, and nothing needs to be asked.
 */
#ifndef GILD_DAEMON_METER_H
#define GILD_DAEMON_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/schedstat.h"

/* What is shorter is short: by then a CPU's own interrupts count for little. */
#define METER_SHORT_NS UINT64_C(100000)

/* Of one thread, since it began; monotonic_ns since any point in the past. */
struct meter_reading {
	uint64_t monotonic_ns;
	uint64_t cpu_ns;
	uint64_t cpu_wait_ns; /* 0 where the kernel does not tell */
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
};

struct meter {
	const struct schedstat *schedstat;
	bool is_watching;     /* the kernel tells of interruptions, */
	bool is_seeing_calls; /* also when a system call has to wait */
	bool is_short;	      /* the work that is going on */
	struct meter_reading start;
	/* The last that was read; what cpu_wait_ns says is older. */
	struct meter_reading last;
};

/* Both are for the thread whose meter it is; so is the schedstat, which is to
 * outlive it. */
void meter_open(struct meter *meter, const struct schedstat *schedstat);
void meter_close(struct meter *meter);

/*
 * Around the work. is_short is the caller's guess, of work that makes no system
 * call which may have to wait: where it was wrong about the time, or the work was
 * interrupted, the kernel is asked all the same.
 *
 * The result is what the work cost; but its monotonic_ns is when it ended, and
 * *start_ns becomes when it began: reading the other figures lies outside of
 * that. cpu_ns and cpu_wait_ns together are no longer than that time.
 *
 * Of short work that was interrupted cpu_wait_ns is a bound: it may count what
 * the thread waited since it was last asked, where the work slept too.
 */
void meter_start(struct meter *meter, bool is_short);
struct meter_reading meter_stop(struct meter *meter, uint64_t *start_ns);

#endif
