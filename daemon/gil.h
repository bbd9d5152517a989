/*
 * A global lock after CPython's (its ceval_gil.c, 3.2 to 3.14), and the
 * policies of its relatives: one holder, waiters, and rules for when the one
 * gives way to the others. It knows threads, time and its own policy; no jobs,
 * no JSON, no board, so that a unit test, a model check or a benchmark can link
 * it alone.
 *
 * The lock speaks to a running thread through the thread's attention word: a
 * waiter sets GIL_DROP in it, and the thread, at its next safepoint, calls
 * gil_yield(). All other bits of the word are the caller's; one or more of
 * them set (see gil_task.interrupts) means that this thread is to stop
 * waiting.
 *
 *	            gil_acquire          gil_yield: GIL_TAKEN
 *	                 |                     +---+
 *	   no task ------+--------> holds it --+   |
 *	      ^          |           |   ^   ^-----+
 *	      |          |  gil_pause|   |gil_resume
 *	      |          |           v   |
 *	      |          |        without it
 *	      +----------+--------------------------- gil_release, and any
 *	                                              GIL_INTERRUPTED
 */
#ifndef GILD_DAEMON_GIL_H
#define GILD_DAEMON_GIL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/gil_policy.h"
#include "proto/lockevent.h"
#include "proto/lockrecord.h"

#define GIL_DROP UINT32_C(1) /* in the attention word: give the lock up */

struct event_ring;
struct gil;

enum gil_outcome {
	GIL_TAKEN,
	GIL_INTERRUPTED, /* not taken: an interrupt bit was seen; the task's
			  * dealings with the lock are over */
};

/*
 * What a lock shows of itself while it runs: sums over time since it was made.
 * Written under the lock's mutex, read by anybody.
 */
struct gil_totals {
	_Atomic uint64_t held_ns;      /* somebody held it */
	_Atomic uint64_t contended_ns; /* somebody waited for it */
	_Atomic uint64_t waiting_ns;   /* waiters times time */
	_Atomic uint64_t handovers;    /* acquisitions from another thread */
	_Atomic uint64_t switches;     /* of these, in the middle of its task */
};

struct gil_config {
	struct gil_parameters parameters;
	uint16_t domain;	   /* its number, for its events */
	struct gil_totals *totals; /* not NULL; must outlive the lock */
	/* Numbers the events; may be shared by several locks. NULL: none are
	 * recorded. */
	_Atomic uint64_t *event_number;
};

/* A thread, for as long as it takes part. */
struct gil_thread_config {
	uint16_t number;	 /* below LOCK_NO_THREAD; in events */
	struct event_ring *ring; /* its events go there; NULL: nowhere */
	/* Where its waits are added up by the number of the holder; or NULL. */
	_Atomic uint64_t *blocked_by;
};

/* What it does just now. */
struct gil_task {
	_Atomic uint32_t *attention; /* valid until the task is over */
	uint32_t interrupts; /* the bits of *attention that end a wait */
	struct lock_label label;
};

/*
 * A thread that takes part. After a task, until the next one begins, the
 * members down to task_end_ns say what it went through; only that thread may
 * read them.
 */
struct gil_thread {
	struct lock_record record; /* its spans fill the task's time exactly */
	struct lock_histograms histograms;
	struct lock_blame blame;
	uint64_t task_start_ns; /* monotonic: when it asked for the lock */
	uint64_t task_end_ns;	/* when it gave it up for good, or gave up */

	/* Private to gil.c, guarded by the lock's mutex. */
	struct gil *gil;
	struct gil_thread_config config;
	struct gil_task task;
	pthread_cond_t wake; /* with the mutex: under `fair`, look again */
	TAILQ_ENTRY(gil_thread) thread_links;
	TAILQ_ENTRY(gil_thread) waiting_links;
	uint64_t asked_ns;	  /* when it began to wait */
	uint64_t tenure_start_ns; /* when it took the lock */
	uint64_t requested_ns;	  /* when it was asked to drop it */
	uint64_t switched_ns;	  /* when another took what this one gave up */
	uint64_t paused_ns;
	uint8_t paused_for; /* enum lock_release: NATIVE or IO */
	bool is_asked;	    /* GIL_DROP is set in *attention */
	bool is_in_battle;  /* gave it up in mid-task; others waited */
};

/* NULL when memory or a system resource ran out (errno is set). */
struct gil *gil_new(const struct gil_config *config);
/* All threads must have left. NULL is fine. */
void gil_free(struct gil *gil);

/*
 * Makes a thread take part, and ends that, when it has no task. *thread must
 * stay where it is meanwhile. 0, or -1 when a resource ran out (errno is set).
 */
int gil_join(struct gil *gil, struct gil_thread *thread,
    const struct gil_thread_config *config) __attribute__((warn_unused_result));
void gil_leave(struct gil_thread *thread);

/*
 * Begins a task: empties the thread's records, waits for the lock and takes
 * it, unless interrupted.
 */
enum gil_outcome gil_acquire(struct gil_thread *thread,
    const struct gil_task *task) __attribute__((warn_unused_result));

/*
 * Ends the task of the thread that holds the lock: gives it up for good. Never
 * waits. reason: LOCK_RELEASE_FINAL or LOCK_RELEASE_CANCELLED.
 */
void gil_release(struct gil_thread *thread, enum lock_release reason);

/*
 * At a safepoint: obeys a drop request, if there is one; under `ticks`, gives
 * the lock up and tries to take it again at once. Under `interval` with
 * `force` it waits until another thread has held the lock (or nobody waits any
 * more).
 */
enum gil_outcome gil_yield(struct gil_thread *thread)
    __attribute__((warn_unused_result));

/*
 * Gives the lock up for a while that needs none: reason LOCK_RELEASE_NATIVE to
 * count on without it, LOCK_RELEASE_IO to sleep. May wait for a switch, as
 * gil_yield() does, when a drop request is pending.
 */
void gil_pause(struct gil_thread *thread, enum lock_release reason);
/* Waits for the lock and takes it again, unless interrupted. */
enum gil_outcome gil_resume(struct gil_thread *thread)
    __attribute__((warn_unused_result));

/*
 * After how many turns a thread is to call gil_yield() unasked: check_interval
 * under `ticks`, UINT64_MAX under the others. May change at any time.
 */
uint64_t gil_turns_to_tick(const struct gil_thread *thread);

/*
 * New parameters, the policy included, at once and as a whole: who waits looks
 * at them and at its attention word again, and nobody stays behind in a wait
 * that the old ones ordered. The same again: to be called after an interrupt
 * bit was set; for those that go on waiting it is as if nothing had happened.
 * Parameters that are older than the lock's own, by their number, are not put
 * in their place.
 */
void gil_set_parameters(
    struct gil *gil, const struct gil_parameters *parameters);

/* For tests: read under the mutex. */
struct gil_state {
	bool is_locked;
	unsigned waiters;
	uint64_t handover_number;
	uint64_t switch_number;
};
struct gil_state gil_inspect(struct gil *gil);

#endif
