/*
 * A global lock after CPython's (its ceval_gil.c, 3.2 to 3.14): one holder, a
 * switch interval, forced switches. It knows threads, time and its own policy;
 * no jobs, no JSON, no board, so that a unit test, a model check or a
 * benchmark can link it alone.
 *
 * The lock speaks to a running thread through the thread's attention word: a
 * waiter sets GIL_DROP in it, and the thread, at its next safepoint, calls
 * gil_yield(). All other bits of the word are the caller's; one or more of
 * them set (see gil_thread.interrupts) means that this thread is to stop
 * waiting.
 */
#ifndef GILD_DAEMON_GIL_H
#define GILD_DAEMON_GIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GIL_DROP UINT32_C(1) /* in the attention word: give the lock up */

enum gil_policy {
	GIL_INTERVAL, /* CPython 3.2: after interval_ns a waiter asks for it */
	GIL_HOLD,     /* kept from the start of a task to its end */
	GIL_POLICY_COUNT
};

/* "interval", "hold" */
const char *gil_policy_name(enum gil_policy policy);
int gil_policy_parse(const char *name, enum gil_policy *policy)
    __attribute__((warn_unused_result));

struct gil_config {
	enum gil_policy policy;
	uint64_t interval_ns; /* quiet time before a waiter asks; > 0 */
	bool force; /* who obeyed waits until another thread held the lock */
};

enum gil_outcome {
	GIL_TAKEN,
	GIL_INTERRUPTED, /* not taken: an interrupt bit was seen */
};

/*
 * What one thread saw since its last gil_thread_begin(). Written by that
 * thread alone, apart from what is said to be guarded by the lock's mutex.
 * drop_requests counts the requests that this thread received, each when its
 * tenure came to an end: = honoured + superseded + missed. A request that was
 * withdrawn (nobody waits any more) counts in the requests_withdrawn of the
 * waiter that left last, and nowhere else. So, over all threads of a lock that
 * is at rest: requests sent = drop_requests + requests_withdrawn.
 */
struct gil_record {
	uint64_t acquisitions;
	uint64_t switches; /* acquisitions from another thread in mid-task */
	uint64_t requests_sent;
	uint64_t requests_withdrawn;
	uint64_t drop_requests;
	uint64_t honoured; /* obeyed; another had it next, or the task ended */
	uint64_t superseded; /* the task ended before it could obey */
	uint64_t missed;     /* obeyed, and took it back before another could */
	uint64_t held_ns;
	uint64_t wait_ns;	 /* from asking to taking, or giving up */
	uint64_t switch_wait_ns; /* obeyed, and waited for another to take it */
	uint64_t longest_hold_ns;
	uint64_t longest_wait_ns;
};

struct gil;

/* A thread that takes part. Zero it, then gil_thread_begin() before a task. */
struct gil_thread {
	_Atomic uint32_t *attention;
	uint32_t interrupts; /* the bits of *attention that end a wait */
	struct gil_record record;

	/* Private to gil.c, guarded by the lock's mutex. */
	uint64_t tenure_start_ns;
	uint64_t switched_ns; /* when another took what this one gave up */
	bool is_asked;	      /* GIL_DROP is set in *attention */
};

/* NULL when memory or a system resource ran out (errno is set). */
struct gil *gil_new(const struct gil_config *config);
/* No thread may hold it or wait for it. NULL is fine. */
void gil_free(struct gil *gil);

/*
 * Prepares thread for a task: empties its record and ties it to an attention
 * word, which must stay valid until the task's last release.
 */
void gil_thread_begin(struct gil_thread *thread, _Atomic uint32_t *attention,
    uint32_t interrupts);

/* Waits for the lock and takes it, unless interrupted. */
enum gil_outcome gil_acquire(struct gil *gil, struct gil_thread *thread)
    __attribute__((warn_unused_result));

/* Gives the lock up for good (the end of a task). Never waits. */
void gil_release(struct gil *gil, struct gil_thread *thread);

/*
 * Obeys a drop request: gives the lock up, with `force` waits until another
 * thread has held it (or nobody waits any more), and takes it again. When
 * GIL_INTERRUPTED comes back the thread does not hold the lock.
 */
enum gil_outcome gil_yield(struct gil *gil, struct gil_thread *thread)
    __attribute__((warn_unused_result));

/* A new interval, at once: who waits starts its quiet time afresh with it. */
void gil_set_interval(struct gil *gil, uint64_t interval_ns);

/* Makes every waiting thread look at its attention word again. For those that
 * go on waiting it is as if nothing had happened. */
void gil_wake_all(struct gil *gil);

/* For tests and statistics: counted under the mutex. */
struct gil_state {
	bool is_locked;
	unsigned waiters;
	uint64_t handover_number; /* acquisitions from another thread */
	uint64_t switch_number;	  /* of these, in the middle of its task */
};
struct gil_state gil_inspect(struct gil *gil);

#endif
