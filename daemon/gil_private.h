/*
 * The inside of the lock, for the files that are the lock and nobody else:
 *
 *	gil.c		the interface, and giving way
 *	gil_wait.c	waiting for the lock
 *	gil_tenure.c	having it: tenures, drop requests, records
 *
 * One mutex guards all of the state; nobody keeps it for longer than a few
 * steps, least of all while it counts. Every function below is called with the
 * mutex locked. Events are numbered and recorded under it, so their order is
 * the lock's order.
 *
 * What holds whenever the mutex is free:
 * - the lock is held exactly when there is a holder, and there is one at most;
 * - under GIL_FAIR a release passes the lock to the head of `waiting`, which
 *   then is the holder before it has run again (is_granted);
 * - handover_number moves with each acquisition whose previous holder was
 *   another thread; it is what waiters and yielders look out for;
 * - switch_number counts those where the previous holder still had work to do,
 *   and is the sum of all threads' `switches`. Who comes after a thread that
 *   has ended its task was not switched to: so GIL_HOLD has no switches;
 * - GIL_DROP stands in no attention word but the holder's, and only while
 *   somebody waits; it does not outlive the tenure in which it was set;
 * - while the lock is free and somebody waits, a waiter is on its way to it;
 * - who waits stands in `waiting`, in the order of asking, and sleeps, or is
 *   about to look again.
 */
#ifndef GILD_DAEMON_GIL_PRIVATE_H
#define GILD_DAEMON_GIL_PRIVATE_H

#include "daemon/gil.h"

#define NEVER UINT64_MAX

TAILQ_HEAD(gil_queue, gil_thread);

struct gil {
	pthread_mutex_t mutex;
	pthread_cond_t freed;	 /* with mutex: who waits, but under GIL_FAIR */
	pthread_cond_t switched; /* with mutex: who waits for a switch */

	uint16_t domain; /* these three never change */
	struct gil_totals *totals;
	_Atomic uint64_t *event_number;
	_Atomic uint64_t turns_to_tick; /* see gil_turns_to_tick() */

	/* From here on: with the mutex. */
	struct gil_parameters parameters;
	struct gil_queue threads; /* all that take part */
	struct gil_queue waiting;
	unsigned waiters;	   /* in `waiting` */
	struct gil_thread *holder; /* NULL: free */
	bool is_granted;	   /* the holder has not run since it got it */
	const struct gil_thread *last_holder; /* NULL: none, or it has left */
	bool has_last_ended;		      /* it ended its task */
	struct gil_thread *yielder;	      /* waits for a switch */
	uint64_t handover_number;
	uint64_t switch_number;
	uint64_t tenure_number; /* acquisitions */
	uint64_t alarm_number;	/* see waiters_alarm() */
	uint64_t freed_ns;	/* when it was last given up */
	uint64_t totals_ns;	/* up to when *totals is */
};

bool thread_is_interrupted(const struct gil_thread *thread);

/* --- gil_wait.c --- */

/* Waits for the lock, since asked_ns, and takes it, unless interrupted. */
enum gil_outcome waiter_wait(
    struct gil *gil, struct gil_thread *thread, uint64_t asked_ns);

/* --- gil_tenure.c --- */

/*
 * Records an event of the thread; `other` may be NULL. The second takes one
 * that is filled in but for its number, time, domain and thread.
 */
void thread_record(const struct gil_thread *thread, uint64_t time_ns,
    enum lock_event_kind kind, unsigned detail, const struct gil_thread *other);
void thread_record_event(
    const struct gil_thread *thread, uint64_t time_ns, struct lock_event event);

/* Adds one span to a total and to the longest seen. */
void span_record(uint64_t span_ns, uint64_t *total_ns, uint64_t *longest_ns);

/* Brings the totals up to now: before the holder or the waiters change. */
void totals_advance(struct gil *gil, uint64_t now_ns);

/* Charges the holder's tenure, as far as the waiter waited for it, to it. */
void waiter_blame(struct gil_thread *waiter, const struct gil_thread *holder,
    uint64_t now_ns);

/* Asks the holder to drop the lock. One request a tenure is enough. */
void request_send(struct gil *gil, struct gil_thread *sender);
/* The request to the holder, if there is one, has lost its purpose. */
void request_withdraw(
    struct gil *gil, const struct gil_thread *by, uint64_t now_ns);

/* Makes all who sleep look again, without a release. */
void waiters_alarm(struct gil *gil);
/* The lock is free: whose turn is it? */
void waiters_be_told(struct gil *gil);
/* Under GIL_FAIR the head of the queue watches the holder's quantum. */
void head_be_told(struct gil *gil);

/* The thread takes the lock, which is free or was granted to it. */
void tenure_begin(struct gil *gil, struct gil_thread *thread, uint64_t now_ns);
/* The thread gives the lock up. */
void tenure_end(struct gil *gil, struct gil_thread *thread,
    enum lock_release reason, uint64_t now_ns);

#endif
