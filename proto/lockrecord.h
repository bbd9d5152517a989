/*
 * What a lock's thread went through, as figures: the record of one task, and
 * the sum of several. The daemon writes it, the wire carries it, the client
 * reads it. One table names each counter, so whoever adds, publishes, writes
 * or reads records does it for all of them.
 *
 * Durations are nanoseconds of the monotonic clock. For a task that ended, up
 * to what passes between two readings of the clock:
 *	wall = held + wait + switch_wait + native + io
 */
#ifndef GILD_PROTO_LOCKRECORD_H
#define GILD_PROTO_LOCKRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/histogram.h"
#include "proto/token.h"

/* Nothing but uint64_t: lock_counters[] has a row for each, in this order. */
struct lock_record {
	uint64_t acquisitions;
	uint64_t switches;	/* of these, from another thread in mid-task */
	uint64_t requests_sent; /* drop requests, as a waiter */
	uint64_t drop_requests; /* received: honoured + superseded + missed */
	uint64_t honoured; /* obeyed; another had it next, or the task ended */
	uint64_t superseded; /* the tenure ended for another reason */
	uint64_t missed;     /* obeyed, and taken back before another could */
	uint64_t withdrawn;  /* received, but nobody waited any more */
	uint64_t battles;    /* gave it up in mid-task while somebody waited */
	uint64_t battles_lost; /* of these: took it back before another could */
	uint64_t held_ns;
	uint64_t wait_ns;	 /* from asking to taking, or giving up */
	uint64_t switch_wait_ns; /* obeyed, and waited for another to take it */
	uint64_t native_ns;	 /* counted without the lock */
	uint64_t io_ns;		 /* slept without the lock */
	uint64_t io_operations;
	uint64_t wakeups;      /* acquisitions by a thread that had slept */
	uint64_t wakeup_ns;    /* from the release to the acquisition, in all */
	uint64_t safepoint_ns; /* from drop request to release, in all */
	uint64_t longest_hold_ns;
	uint64_t longest_wait_ns;
	uint64_t longest_wakeup_ns;
	uint64_t longest_safepoint_ns;
};

#define LOCK_COUNTERS (sizeof(struct lock_record) / sizeof(uint64_t))

struct lock_counter {
	const char *name; /* the member's, and on the wire */
	struct token token;
	bool is_longest; /* two add up to the greater one */
};
extern const struct lock_counter lock_counters[LOCK_COUNTERS];

/* The counter of row i. */
uint64_t lock_record_get(const struct lock_record *record, size_t i);
void lock_record_set(struct lock_record *record, size_t i, uint64_t value);
/* Adds one record to another: sums, and the longer of the longest. */
void lock_record_add(struct lock_record *sum, const struct lock_record *add);

/* How long single tenures, waits and io operations took. */
struct lock_histograms {
	struct histogram hold;
	struct histogram wait;
	struct histogram io; /* an operation: asleep, and back at the lock */
};

bool lock_histograms_are_empty(const struct lock_histograms *histograms);
void lock_histograms_merge(
    struct lock_histograms *sum, const struct lock_histograms *add);

/* A task, as far as a lock needs to tell one from another. */
struct lock_label {
	uint64_t job[2]; /* its id, high and low; 0, 0: none */
	uint32_t task;	 /* its number in the job */
};

bool lock_label_equals(struct lock_label a, struct lock_label b);

/*
 * Whom a task waited for: while it waited, the lock was with a task of this
 * label for so long. The first ones are told apart, the rest is others_ns.
 * What is missing to the whole wait, nobody held the lock: it was on its way
 * from one thread to the next.
 */
#define LOCK_MAX_BLOCKERS 8

struct lock_blocker {
	struct lock_label label;
	uint64_t wait_ns;
};

struct lock_blame {
	uint32_t n_blockers;
	struct lock_blocker blockers[LOCK_MAX_BLOCKERS];
	uint64_t others_ns;
};

void lock_blame_add(
    struct lock_blame *blame, struct lock_label label, uint64_t wait_ns);

#endif
