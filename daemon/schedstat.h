/*
 * What the kernel's scheduler counts of a thread, in /proc/thread-self/schedstat
 * (Documentation/scheduler/sched-stats.rst): how long it ran, and how long it
 * was ready to run and had no CPU.
 */
#ifndef GILD_DAEMON_SCHEDSTAT_H
#define GILD_DAEMON_SCHEDSTAT_H

#include <stdbool.h>
#include <stdint.h>

/* Of one thread. */
struct schedstat {
	int fd; /* -1: the kernel does not tell */
};

/* Since the thread began. */
struct schedstat_times {
	uint64_t ran_ns;
	uint64_t waited_ns;
};

/*
 * By the thread itself. Needs system calls that the filter of executors
 * forbids; the other calls do not.
 */
void schedstat_open(struct schedstat *schedstat);
void schedstat_close(struct schedstat *schedstat);

/* False, and *times is as it was, where the kernel does not tell. */
bool schedstat_read(
    const struct schedstat *schedstat, struct schedstat_times *times);

#endif
