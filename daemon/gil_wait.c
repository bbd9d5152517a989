/*
 * Waiting for the lock: queueing, sleeping, asking for it, giving up. Run by
 * the thread that waits, with the mutex; see gil_private.h.
 */
#include "daemon/gil_private.h"

#include <errno.h>
#include <time.h>

#include "daemon/clock.h"

/* What a waiter measures: how long nothing has happened to the lock. */
struct quiet {
	uint64_t interval_ns; /* after which it asks; 0: starts afresh */
	uint64_t deadline_ns;
};

bool
thread_is_interrupted(const struct gil_thread *thread)
{
	return (atomic_load(thread->task.attention) &
		   thread->task.interrupts) != 0;
}

/* --- waiting for the lock --- */

static void
quiet_begin(struct quiet *quiet, const struct gil *gil)
{
	quiet->interval_ns = gil->parameters.interval_ns;
	if (__builtin_add_overflow(
		clock_monotonic_ns(), quiet->interval_ns, &quiet->deadline_ns))
		quiet->deadline_ns = NEVER;
}

/* When the holder's quantum is over: on the next beat of the timer. */
static uint64_t
quantum_deadline(const struct gil *gil)
{
	uint64_t timer_ns = gil->parameters.timer_ns;
	uint64_t end_ns, beat_ns;

	if (__builtin_add_overflow(gil->holder->tenure_start_ns,
		gil->parameters.quantum_ns, &end_ns))
		return NEVER;
	if (timer_ns == 0 || end_ns % timer_ns == 0)
		return end_ns;
	if (__builtin_add_overflow(
		end_ns, timer_ns - end_ns % timer_ns, &beat_ns))
		return NEVER;
	return beat_ns;
}

/* Until when a waiter sleeps if nobody wakes it. */
static uint64_t
waiter_deadline(
    const struct gil *gil, const struct gil_thread *thread, struct quiet *quiet)
{
	switch (gil->parameters.policy) {
	case GIL_INTERVAL:
		if (quiet->interval_ns != gil->parameters.interval_ns)
			quiet_begin(quiet, gil);
		return quiet->deadline_ns;
	case GIL_FAIR:
		if (thread != TAILQ_FIRST(&gil->waiting) || gil->is_granted ||
		    gil->holder->is_asked)
			return NEVER;
		return quantum_deadline(gil);
	default:
		return NEVER;
	}
}

/*
 * All at one condition; but under GIL_FAIR, where it is somebody's turn, each at
 * its own. Returns whether it woke because the deadline passed.
 */
static bool
sleep_until(struct gil *gil, struct gil_thread *thread, uint64_t deadline_ns)
{
	pthread_cond_t *condition =
	    gil->parameters.policy == GIL_FAIR ? &thread->wake : &gil->freed;
	struct timespec deadline = {
	    .tv_sec = (time_t)(deadline_ns / NS_PER_S),
	    .tv_nsec = (long)(deadline_ns % NS_PER_S),
	};

	if (deadline_ns == NEVER)
		return pthread_cond_wait(condition, &gil->mutex) != 0;
	return pthread_cond_timedwait(condition, &gil->mutex, &deadline) ==
	    ETIMEDOUT;
}

static enum lock_wake
wake_reason(const struct gil *gil, const struct gil_thread *thread,
    bool has_passed, uint64_t alarm_seen, uint64_t tenure_seen)
{
	bool is_released =
	    gil->holder == NULL || gil->tenure_number != tenure_seen;

	if (gil->holder == thread)
		return LOCK_WAKE_SIGNAL; /* granted */
	if (has_passed)
		return LOCK_WAKE_TIMEOUT;
	return is_released && gil->alarm_number == alarm_seen &&
		gil->parameters.policy != GIL_FAIR
	    ? LOCK_WAKE_SIGNAL
	    : LOCK_WAKE_SPURIOUS;
}

/*
 * Sleeps until something happens or the policy says to ask. Under GIL_INTERVAL
 * that is when it has been quiet for the interval: since the last switch or
 * wake-up, not since the waiter came. A wake-up is one that a release gave;
 * who wakes for another reason goes on measuring, or enough of those would
 * keep the lock with its holder for ever. Returns whether to ask.
 */
static bool
waiter_sleep(struct gil *gil, struct gil_thread *thread, struct quiet *quiet)
{
	uint64_t handover_seen = gil->handover_number;
	uint64_t tenure_seen = gil->tenure_number;
	uint64_t alarm_seen = gil->alarm_number;
	enum gil_policy policy_seen = gil->parameters.policy;
	bool has_passed =
	    sleep_until(gil, thread, waiter_deadline(gil, thread, quiet));
	enum lock_wake wake =
	    wake_reason(gil, thread, has_passed, alarm_seen, tenure_seen);

	if (gil->parameters.has_events)
		thread_record(
		    thread, clock_monotonic_ns(), LOCK_WAKE, wake, NULL);
	if (wake != LOCK_WAKE_SPURIOUS)
		quiet->interval_ns = 0;
	/* A deadline of another policy: this one may ask nobody. */
	if (wake != LOCK_WAKE_TIMEOUT || gil->parameters.policy != policy_seen)
		return false;
	return policy_seen == GIL_FAIR
	    ? gil->tenure_number == tenure_seen && !gil->is_granted
	    : gil->handover_number == handover_seen;
}

static void
waiter_come(struct gil *gil, struct gil_thread *thread)
{
	totals_advance(gil, thread->asked_ns);
	gil->waiters++;
	TAILQ_INSERT_TAIL(&gil->waiting, thread, waiting_links);
}

static void
waiter_go(struct gil *gil, struct gil_thread *thread, uint64_t now_ns)
{
	totals_advance(gil, now_ns);
	gil->waiters--;
	TAILQ_REMOVE(&gil->waiting, thread, waiting_links);
}

/*
 * A waiter that gives up leaves nothing undone. With no waiter left the
 * request has lost its purpose, and whoever would obey it, or has obeyed it
 * and looks out for the switch, would wait for ever (CPython's gh-96387). And
 * the wake-up of the last release may have come to the one that leaves.
 */
static void
waiter_give_up(struct gil *gil, struct gil_thread *thread, uint64_t now_ns)
{
	thread->is_in_battle = false;
	thread->task_end_ns = now_ns;
	thread_record(thread, now_ns, LOCK_TASK_END, 0, NULL);
	if (gil->waiters == 0) {
		request_withdraw(gil, thread, now_ns);
		pthread_cond_broadcast(&gil->switched);
	} else if (gil->holder == NULL) {
		waiters_be_told(gil);
	} else {
		head_be_told(gil);
	}
}

/* Sleeps and asks until the lock is free, granted, or no longer wanted. */
static bool
waiter_stay(struct gil *gil, struct gil_thread *thread)
{
	struct quiet quiet = {.interval_ns = 0};
	bool is_time_to_ask = false, is_interrupted = false;

	while (
	    gil->holder != NULL && gil->holder != thread && !is_interrupted) {
		if (is_time_to_ask)
			request_send(gil, thread);
		is_time_to_ask = waiter_sleep(gil, thread, &quiet);
		is_interrupted = thread_is_interrupted(thread);
	}
	return is_interrupted && gil->holder != thread;
}

enum gil_outcome
waiter_wait(struct gil *gil, struct gil_thread *thread, uint64_t asked_ns)
{
	struct lock_record *record = &thread->record;
	bool is_interrupted = thread_is_interrupted(thread);
	bool is_contended = !is_interrupted && gil->holder != NULL;
	uint64_t now_ns;

	thread->asked_ns = asked_ns;
	thread_record(thread, asked_ns, LOCK_REQUEST, 0, NULL);
	if (is_contended) {
		waiter_come(gil, thread);
		is_interrupted = waiter_stay(gil, thread);
	}
	now_ns = clock_monotonic_ns();
	if (is_contended)
		waiter_go(gil, thread, now_ns);
	span_record(
	    now_ns - asked_ns, &record->wait_ns, &record->longest_wait_ns);
	histogram_add(&thread->histograms.wait, now_ns - asked_ns);
	if (is_interrupted) {
		if (is_contended && gil->holder != NULL && !gil->is_granted)
			waiter_blame(thread, gil->holder, now_ns);
		waiter_give_up(gil, thread, now_ns);
		return GIL_INTERRUPTED;
	}
	if (is_contended) {
		record->wakeups++;
		span_record(now_ns - gil->freed_ns, &record->wakeup_ns,
		    &record->longest_wakeup_ns);
	}
	tenure_begin(gil, thread, now_ns);
	return GIL_TAKEN;
}
