/*
 * The policies of the lock, their parameters, and the presets that imitate
 * well-known interpreters. Constants and pure functions.
 */
#ifndef GILD_DAEMON_GIL_POLICY_H
#define GILD_DAEMON_GIL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gil_policy {
	GIL_INTERVAL, /* CPython 3.2: after interval_ns a waiter asks for it */
	GIL_TICKS,    /* CPython 2: given up every check_interval turns, and no
		    * hand-over: whoever is quicker has it */
	GIL_HOLD,     /* kept from the start of a task to its end */
	GIL_FAIR,     /* handed over in the order of asking, after quantum_ns */
	GIL_POLICY_COUNT
};

/* All of them are always there; each policy heeds its own. */
struct gil_parameters {
	enum gil_policy policy;
	bool force; /* interval: who obeyed waits until another had the lock */
	bool has_events;	 /* events are recorded */
	uint64_t interval_ns;	 /* interval: quiet time before a waiter asks */
	uint64_t check_interval; /* ticks: in turns, > 0 */
	uint64_t quantum_ns;	 /* fair: after that long a waiter asks */
	uint64_t timer_ns; /* fair: asks at multiples of this; 0: at once */
	uint64_t number;   /* of two, the greater one is the newer; or 0, 0 */
};

/* interval 5 ms, force; check_interval 100; quantum 5 ms, no timer. */
void gil_parameters_init(struct gil_parameters *parameters);

/* "interval", "ticks", "hold", "fair" */
const char *gil_policy_name(enum gil_policy policy);

/*
 * Presets: the policies by their names, each with the parameters as they are,
 * and two relatives of `fair`: "ruby" (a quantum of 100 ms that is looked at
 * every 10 ms, as thread_pthread.c does) and "ocaml" (a tick every 50 ms,
 * st_posix.h). gil_preset_apply() sets the policy and, of the relatives, the
 * quantum and the timer. 0, or -1 when no preset has this name.
 */
#define GIL_PRESETS 6
const char *gil_preset_name(size_t i);
int gil_preset_apply(const char *name, struct gil_parameters *parameters)
    __attribute__((warn_unused_result));

#endif
