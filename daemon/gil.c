/*
 * The lock, run by every thread that wants it and by whoever interrupts one or
 * changes the interval. One mutex guards all of its state; nobody keeps that
 * mutex for longer than a few steps, least of all while it counts.
 *
 * What holds whenever the mutex is free:
 * - the lock is held exactly when there is a holder, and there is one at most;
 * - handover_number moves with each acquisition whose previous holder was
 * another thread; it is what waiters and yielders look out for;
 * - switch_number counts those where the previous holder still had work to do,
 *   and is the sum of all threads' `switches`. Who comes after a thread that
 *   has ended its task was not switched to: so GIL_HOLD has no switches;
 * - GIL_DROP stands in no attention word but the holder's, and only while
 *   somebody waits; it does not outlive the tenure in which it was set;
 * - while the lock is free and somebody waits, a waiter is on its way to it.
 *
 * A thread is the address of its struct gil_thread, from one task to the next.
 * What a thread does between its safepoints, and when it comes to one, is left
 * to the caller, and so is every bit of the attention word but GIL_DROP.
 */
#include "daemon/gil.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"

struct gil {
	pthread_mutex_t mutex;
	pthread_cond_t freed;	 /* with mutex: who waits for the lock */
	pthread_cond_t switched; /* with mutex: who waits for a switch */

	enum gil_policy policy; /* never changes */
	bool force;		/* never changes */

	uint64_t interval_ns;		      /* mutex */
	struct gil_thread *holder;	      /* mutex; NULL: free */
	const struct gil_thread *last_holder; /* mutex; NULL: none */
	bool has_last_ended;		      /* mutex; it ended its task */
	struct gil_thread *yielder;	      /* mutex; waits for a switch */
	unsigned waiters;		      /* mutex; for the lock */
	uint64_t handover_number;	      /* mutex */
	uint64_t switch_number;		      /* mutex */
	uint64_t tenure_number;		      /* mutex; acquisitions */
};

/* What a waiter measures: how long nothing has happened to the lock. */
struct quiet {
	uint64_t interval_ns; /* after which it asks; 0: starts afresh */
	uint64_t deadline_ns;
};

static const char *const policy_names[GIL_POLICY_COUNT] = {
    [GIL_INTERVAL] = "interval",
    [GIL_HOLD] = "hold",
};

const char *
gil_policy_name(enum gil_policy policy)
{
	return policy_names[policy];
}

int
gil_policy_parse(const char *name, enum gil_policy *policy)
{
	for (int i = 0; i < GIL_POLICY_COUNT; i++) {
		if (strcmp(name, policy_names[i]) == 0) {
			*policy = (enum gil_policy)i;
			return 0;
		}
	}
	return -1;
}

/*
 * Returns an error number. A failure half-way leaves nothing to undo: these
 * objects live in their own memory and own nothing elsewhere.
 */
static int
gil_init_sync(struct gil *gil)
{
	pthread_condattr_t monotonic;
	int error;

	error = pthread_condattr_init(&monotonic);
	if (error != 0)
		return error;
	error = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	if (error == 0)
		error = pthread_mutex_init(&gil->mutex, NULL);
	if (error == 0)
		error = pthread_cond_init(&gil->freed, &monotonic);
	if (error == 0)
		error = pthread_cond_init(&gil->switched, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return error;
}

struct gil *
gil_new(const struct gil_config *config)
{
	struct gil *gil;
	int error;

	gil = calloc(1, sizeof(*gil));
	if (gil == NULL)
		return NULL;
	error = gil_init_sync(gil);
	if (error != 0) {
		free(gil);
		errno = error;
		return NULL;
	}
	gil->policy = config->policy;
	gil->force = config->force;
	gil->interval_ns = config->interval_ns;
	return gil;
}

void
gil_free(struct gil *gil)
{
	if (gil == NULL)
		return;
	pthread_cond_destroy(&gil->switched);
	pthread_cond_destroy(&gil->freed);
	pthread_mutex_destroy(&gil->mutex);
	free(gil);
}

void
gil_thread_begin(
    struct gil_thread *thread, _Atomic uint32_t *attention, uint32_t interrupts)
{
	*thread = (struct gil_thread){
	    .attention = attention,
	    .interrupts = interrupts,
	};
}

/* From here to gil_acquire(): with the mutex locked. */

static bool
thread_is_interrupted(const struct gil_thread *thread)
{
	return (atomic_load(thread->attention) & thread->interrupts) != 0;
}

/* Adds one span to a total and to the longest seen. */
static void
span_record(uint64_t span_ns, uint64_t *total_ns, uint64_t *longest_ns)
{
	*total_ns += span_ns;
	if (span_ns > *longest_ns)
		*longest_ns = span_ns;
}

/* Asks the holder to drop the lock. One request a tenure is enough. */
static void
request_send(struct gil *gil, struct gil_thread *sender)
{
	struct gil_thread *holder = gil->holder;

	if (holder->is_asked)
		return;
	holder->is_asked = true;
	atomic_fetch_or(holder->attention, GIL_DROP);
	sender->record.requests_sent++;
}

static void
request_clear(struct gil_thread *holder)
{
	holder->is_asked = false;
	atomic_fetch_and(holder->attention, ~GIL_DROP);
}

/*
 * One thread at most waits for this switch: the last holder. Others may stand
 * at the condition still, on their way from an earlier one.
 */
static void
switch_announce(struct gil *gil, uint64_t now_ns)
{
	if (gil->yielder == NULL)
		return;
	gil->yielder->switched_ns = now_ns;
	gil->yielder = NULL;
	pthread_cond_broadcast(&gil->switched);
}

/* The thread takes the lock, which is free. */
static void
tenure_begin(struct gil *gil, struct gil_thread *thread, uint64_t now_ns)
{
	if (gil->last_holder != NULL && gil->last_holder != thread) {
		gil->handover_number++;
		if (!gil->has_last_ended) {
			gil->switch_number++;
			thread->record.switches++;
		}
		switch_announce(gil, now_ns);
	}
	gil->tenure_number++;
	gil->holder = thread;
	gil->last_holder = thread;
	gil->has_last_ended = false;
	thread->record.acquisitions++;
	thread->tenure_start_ns = now_ns;
}

/*
 * The thread gives the lock up. One waiter is woken and handed nothing: a
 * thread that runs already may take the lock before it.
 */
static void
tenure_end(struct gil *gil, struct gil_thread *thread, uint64_t now_ns)
{
	struct gil_record *record = &thread->record;

	span_record(now_ns - thread->tenure_start_ns, &record->held_ns,
	    &record->longest_hold_ns);
	if (thread->is_asked) {
		record->drop_requests++;
		request_clear(thread);
	}
	gil->holder = NULL;
	pthread_cond_signal(&gil->freed);
}

static void
quiet_begin(struct quiet *quiet, const struct gil *gil)
{
	quiet->interval_ns = gil->interval_ns;
	if (__builtin_add_overflow(
		clock_monotonic_ns(), gil->interval_ns, &quiet->deadline_ns))
		quiet->deadline_ns = UINT64_MAX;
}

/*
 * Waits until something happens or it has been quiet for the interval: since
 * the last switch or wake-up, not since the waiter came. A wake-up is one that
 * a release gave; who wakes for another reason (see gil_wake_all) goes on
 * measuring, or enough of those would keep the lock with its holder for ever.
 * Returns whether the interval passed with no switch. Under GIL_HOLD it never
 * does.
 */
static bool
waiter_sleep(struct gil *gil, struct quiet *quiet)
{
	uint64_t handover_seen = gil->handover_number;
	uint64_t tenure_seen = gil->tenure_number;
	struct timespec deadline;
	bool has_passed;

	if (gil->policy == GIL_HOLD) {
		pthread_cond_wait(&gil->freed, &gil->mutex);
		return false;
	}
	if (quiet->interval_ns != gil->interval_ns)
		quiet_begin(quiet, gil);
	deadline.tv_sec = (time_t)(quiet->deadline_ns / NS_PER_S);
	deadline.tv_nsec = (long)(quiet->deadline_ns % NS_PER_S);
	has_passed = pthread_cond_timedwait(
			 &gil->freed, &gil->mutex, &deadline) == ETIMEDOUT;
	if (has_passed || gil->tenure_number != tenure_seen)
		quiet->interval_ns = 0;
	return has_passed && gil->handover_number == handover_seen;
}

/*
 * A waiter that gives up leaves nothing undone. With no waiter left the
 * request has lost its purpose, and whoever would obey it, or has obeyed it
 * and looks out for the switch, would wait for ever (CPython's gh-96387). And
 * the wake-up of the last release may have come to the one that leaves.
 */
static void
waiter_give_up(struct gil *gil, struct gil_thread *thread)
{
	if (gil->waiters > 0) {
		if (gil->holder == NULL)
			pthread_cond_signal(&gil->freed);
		return;
	}
	if (gil->holder != NULL && gil->holder->is_asked) {
		request_clear(gil->holder);
		thread->record.requests_withdrawn++;
	}
	pthread_cond_broadcast(&gil->switched);
}

/* Waits for the lock, since asked_ns, and takes it, unless interrupted. */
static enum gil_outcome
waiter_wait(struct gil *gil, struct gil_thread *thread, uint64_t asked_ns)
{
	struct quiet quiet = {.interval_ns = 0};
	bool is_interrupted = thread_is_interrupted(thread);
	bool is_quiet = false;
	uint64_t now_ns;

	gil->waiters++;
	while (!is_interrupted && gil->holder != NULL) {
		if (is_quiet)
			request_send(gil, thread);
		is_quiet = waiter_sleep(gil, &quiet);
		is_interrupted = thread_is_interrupted(thread);
	}
	gil->waiters--;

	now_ns = clock_monotonic_ns();
	span_record(now_ns - asked_ns, &thread->record.wait_ns,
	    &thread->record.longest_wait_ns);
	if (is_interrupted) {
		waiter_give_up(gil, thread);
		return GIL_INTERRUPTED;
	}
	tenure_begin(gil, thread, now_ns);
	return GIL_TAKEN;
}

/*
 * The thread has obeyed, at handover number `seen`, and waits until another one
 * has held the lock: any other, not only the one that asked. It ends too when
 * nobody waits any more, for then nobody will take the lock. Returns the time
 * of the switch; what passes until the thread runs again is a wait for the
 * lock.
 */
static uint64_t
switch_wait(struct gil *gil, struct gil_thread *thread, uint64_t seen,
    uint64_t dropped_ns)
{
	gil->yielder = thread;
	while (gil->handover_number == seen && gil->waiters > 0 &&
	    !thread_is_interrupted(thread))
		pthread_cond_wait(&gil->switched, &gil->mutex);
	if (gil->handover_number == seen) {
		gil->yielder = NULL;
		thread->switched_ns = clock_monotonic_ns();
	}
	thread->record.switch_wait_ns += thread->switched_ns - dropped_ns;
	return thread->switched_ns;
}

enum gil_outcome
gil_acquire(struct gil *gil, struct gil_thread *thread)
{
	/* Before the mutex: a wait for it is part of the wait for the lock. */
	uint64_t asked_ns = clock_monotonic_ns();
	enum gil_outcome outcome;

	pthread_mutex_lock(&gil->mutex);
	outcome = waiter_wait(gil, thread, asked_ns);
	pthread_mutex_unlock(&gil->mutex);
	return outcome;
}

/* Waits for no switch: the thread may be the last there is (gh-104341). */
void
gil_release(struct gil *gil, struct gil_thread *thread)
{
	pthread_mutex_lock(&gil->mutex);
	if (thread->is_asked)
		thread->record.superseded++;
	tenure_end(gil, thread, clock_monotonic_ns());
	gil->has_last_ended = true;
	pthread_mutex_unlock(&gil->mutex);
}

/*
 * What became of the request is known when the thread takes the lock again or
 * stops trying. The request is missed if the thread took the lock before any
 * other had it: without `force`, or because every waiter had given up. In all
 * other cases it is honoured, and also when an interrupt ends the thread's
 * wait, wherever that is: it gave the lock up and did not take it back.
 */
enum gil_outcome
gil_yield(struct gil *gil, struct gil_thread *thread)
{
	enum gil_outcome outcome = GIL_TAKEN;
	uint64_t asked_ns, seen;

	pthread_mutex_lock(&gil->mutex);
	if (!thread->is_asked)
		goto out; /* withdrawn on the way here */

	seen = gil->handover_number;
	asked_ns = clock_monotonic_ns();
	tenure_end(gil, thread, asked_ns);
	if (gil->force) {
		asked_ns = switch_wait(gil, thread, seen, asked_ns);
	} else {
		/* An open door for the waiter, if it is quick enough. */
		pthread_mutex_unlock(&gil->mutex);
		pthread_mutex_lock(&gil->mutex);
	}
	outcome = waiter_wait(gil, thread, asked_ns);
	if (outcome == GIL_TAKEN && gil->handover_number == seen)
		thread->record.missed++;
	else
		thread->record.honoured++;
out:
	pthread_mutex_unlock(&gil->mutex);
	return outcome;
}

/*
 * Both conditions, under the mutex: a change that one of the waiters does not
 * see, or sees half of, leaves it with the old interval's wait (gh-118727,
 * gh-130605).
 */
void
gil_set_interval(struct gil *gil, uint64_t interval_ns)
{
	pthread_mutex_lock(&gil->mutex);
	gil->interval_ns = interval_ns;
	pthread_cond_broadcast(&gil->freed);
	pthread_cond_broadcast(&gil->switched);
	pthread_mutex_unlock(&gil->mutex);
}

/* Under the mutex: nobody stands between looking at its word and sleeping. */
void
gil_wake_all(struct gil *gil)
{
	pthread_mutex_lock(&gil->mutex);
	pthread_cond_broadcast(&gil->freed);
	pthread_cond_broadcast(&gil->switched);
	pthread_mutex_unlock(&gil->mutex);
}

struct gil_state
gil_inspect(struct gil *gil)
{
	struct gil_state state;

	pthread_mutex_lock(&gil->mutex);
	state.is_locked = gil->holder != NULL;
	state.waiters = gil->waiters;
	state.handover_number = gil->handover_number;
	state.switch_number = gil->switch_number;
	pthread_mutex_unlock(&gil->mutex);
	return state;
}
