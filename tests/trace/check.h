/*
 * The checker: reads the events of a pool's locks, in the order of their
 * numbers, and the results of the jobs that ran meanwhile, and says where they
 * break what the lock promises.
 *
 * Of the events: one holder at a time; each thread's events follow the grammar
 * of proto/lockevent.h; `from` is the holder before; who waited was woken, and
 * who found the lock free took it at once; a drop request goes to the holder,
 * one at a time, from one who waits, is obeyed only when it stands, and is
 * withdrawn when nobody waits any more; times grow on each thread; numbers are
 * dense; a task's states fill the time from its start to its end. Under `fair`
 * the lock is taken in the order of asking, so nobody is overtaken more than
 * N - 1 times.
 *
 * Of the results: every counter of a task's record, and whom it was blocked by,
 * is worked out a second time from the events, and must be the same.
 *
 * Events that are lost make the threads' states unknown until each is heard of
 * again; what they would have decided is then not judged.
 */
#ifndef GILD_TESTS_TRACE_CHECK_H
#define GILD_TESTS_TRACE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/lockevent.h"
#include "proto/result.h"

struct check_rules {
	bool is_fair;  /* the policy is, all the time */
	bool may_lose; /* missing numbers are counted, and no breach */
};

struct check_figures {
	uint64_t events;
	uint64_t lost;
	uint64_t tasks;	   /* seen from start to end, nothing lost between */
	uint64_t compared; /* of these, with a result */
	uint64_t certain;  /* of these, in every counter */
	uint64_t within;   /* of those compared: their states make up their wall
			  * time, to within 1 % and 5 us */
	uint64_t requests; /* to drop the lock */
	uint64_t most_overtaken; /* by how many one waiter was */
	uint64_t breaches;
};

struct check;

/* Aborts when memory runs out, as all of it does: it is for tests. */
struct check *check_new(const struct check_rules *rules);
void check_free(struct check *check);

void check_event(struct check *check, const struct lock_event *event);

/* A result of a job whose events have been given; of no lock: ignored. */
void check_result(struct check *check, const struct job_result *result);

struct check_figures check_figures(const struct check *check);

/* What is wrong, in words, the first CHECK_MAX_BREACHES of it; or NULL. */
#define CHECK_MAX_BREACHES 32
const char *check_breach(const struct check *check, size_t i);

#endif
