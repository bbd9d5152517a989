/*
 * Having the lock: tenures, the requests to end one, and the records of both.
 * Run by whoever has the mutex; see gil_private.h.
 */
#include "daemon/gil_private.h"

#include "daemon/clock.h"
#include "daemon/event_ring.h"

static uint16_t
thread_number(const struct gil_thread *thread)
{
	return thread == NULL ? LOCK_NO_THREAD : thread->config.number;
}

/* --- records --- */

/* Fills in what all events have, and puts it into the thread's ring. */
void
thread_record_event(
    const struct gil_thread *thread, uint64_t time_ns, struct lock_event event)
{
	struct gil *gil = thread->gil;

	if (!gil->parameters.has_events || gil->event_number == NULL ||
	    thread->config.ring == NULL)
		return;
	event_ring_begin(thread->config.ring);
	event.number = atomic_fetch_add_explicit(
	    gil->event_number, 1, memory_order_release);
	event.time_ns = time_ns;
	event.domain = gil->domain;
	event.thread = thread->config.number;
	event_ring_put(thread->config.ring, &event);
}

void
thread_record(const struct gil_thread *thread, uint64_t time_ns,
    enum lock_event_kind kind, unsigned detail, const struct gil_thread *other)
{
	struct lock_event event = {
	    .kind = (uint8_t)kind,
	    .detail = (uint8_t)detail,
	    .other = thread_number(other),
	};

	thread_record_event(thread, time_ns, event);
}

void
span_record(uint64_t span_ns, uint64_t *total_ns, uint64_t *longest_ns)
{
	*total_ns += span_ns;
	if (span_ns > *longest_ns)
		*longest_ns = span_ns;
}

static void
total_add(_Atomic uint64_t *total, uint64_t n)
{
	atomic_store_explicit(total,
	    atomic_load_explicit(total, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

void
totals_advance(struct gil *gil, uint64_t now_ns)
{
	struct gil_totals *totals = gil->totals;
	uint64_t span_ns;

	if (now_ns <= gil->totals_ns)
		return; /* asked before the mutex was had */
	span_ns = now_ns - gil->totals_ns;
	gil->totals_ns = now_ns;
	if (gil->holder != NULL && !gil->is_granted)
		total_add(&totals->held_ns, span_ns);
	if (gil->waiters == 0)
		return;
	total_add(&totals->contended_ns, span_ns);
	total_add(&totals->waiting_ns, span_ns * gil->waiters);
}

void
waiter_blame(
    struct gil_thread *waiter, const struct gil_thread *holder, uint64_t now_ns)
{
	uint64_t from_ns = holder->tenure_start_ns;

	if (from_ns < waiter->asked_ns)
		from_ns = waiter->asked_ns;
	if (from_ns >= now_ns)
		return;
	lock_blame_add(&waiter->blame, holder->task.label, now_ns - from_ns);
	if (waiter->config.blocked_by != NULL)
		total_add(&waiter->config.blocked_by[holder->config.number],
		    now_ns - from_ns);
}

/* --- drop requests --- */

void
request_send(struct gil *gil, struct gil_thread *sender)
{
	struct gil_thread *holder = gil->holder;

	if (holder->is_asked || gil->is_granted)
		return;
	holder->is_asked = true;
	holder->requested_ns = clock_monotonic_ns();
	atomic_fetch_or(holder->task.attention, GIL_DROP);
	sender->record.requests_sent++;
	thread_record(
	    sender, holder->requested_ns, LOCK_DROP_REQUEST, 0, holder);
}

static void
request_clear(struct gil_thread *holder)
{
	holder->is_asked = false;
	atomic_fetch_and(holder->task.attention, ~GIL_DROP);
}

void
request_withdraw(struct gil *gil, const struct gil_thread *by, uint64_t now_ns)
{
	struct gil_thread *holder = gil->holder;

	if (holder == NULL || !holder->is_asked)
		return;
	request_clear(holder);
	holder->record.withdrawn++;
	thread_record(holder, now_ns, LOCK_WITHDRAW, 0, by);
}

/* --- waking --- */

/* Under a policy that was, some may sleep at the other condition still. */
void
waiters_alarm(struct gil *gil)
{
	struct gil_thread *waiter;

	gil->alarm_number++;
	TAILQ_FOREACH (waiter, &gil->waiting, waiting_links)
		pthread_cond_signal(&waiter->wake);
	pthread_cond_broadcast(&gil->freed);
	pthread_cond_broadcast(&gil->switched);
}

/*
 * The lock is free: one waiter is woken and handed nothing: a thread that runs
 * already may take the lock before it. Which one is the condition's choice, as
 * it is CPython's: often the one that asked, if the holder obeys before that
 * one is asleep. (Woken in turn, a thread that does I/O beside two others gets
 * the lock up to three times as often as in CPython.) But under GIL_FAIR the
 * head of the queue owns it from now on.
 */
void
waiters_be_told(struct gil *gil)
{
	struct gil_thread *head;

	if (gil->parameters.policy != GIL_FAIR) {
		pthread_cond_signal(&gil->freed);
		return;
	}
	head = TAILQ_FIRST(&gil->waiting);
	gil->holder = head;
	gil->is_granted = head != NULL;
	if (head != NULL)
		pthread_cond_signal(&head->wake);
}

/*
 * Under GIL_FAIR only the head of the queue watches the holder's quantum: it
 * has to look when the holder begins, and when it becomes the head.
 */
void
head_be_told(struct gil *gil)
{
	struct gil_thread *head = TAILQ_FIRST(&gil->waiting);

	if (gil->parameters.policy == GIL_FAIR && head != NULL &&
	    head != gil->holder)
		pthread_cond_signal(&head->wake);
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

/* --- tenures --- */

void
tenure_begin(struct gil *gil, struct gil_thread *thread, uint64_t now_ns)
{
	const struct gil_thread *from = gil->last_holder;
	bool is_lost_battle = thread->is_in_battle && from == thread;

	totals_advance(gil, now_ns);
	if (from != NULL && from != thread) {
		gil->handover_number++;
		total_add(&gil->totals->handovers, 1);
		if (!gil->has_last_ended) {
			gil->switch_number++;
			thread->record.switches++;
			total_add(&gil->totals->switches, 1);
		}
		switch_announce(gil, now_ns);
	}
	gil->tenure_number++;
	gil->holder = thread;
	gil->is_granted = false;
	gil->last_holder = thread;
	gil->has_last_ended = false;
	thread->record.acquisitions++;
	thread->record.battles_lost += is_lost_battle;
	thread->is_in_battle = false;
	thread->tenure_start_ns = now_ns;
	head_be_told(gil);
	thread_record_event(thread, now_ns,
	    (struct lock_event){
		.kind = LOCK_ACQUIRE,
		.detail = is_lost_battle,
		.other = thread_number(from),
		.waited_ns = now_ns - thread->asked_ns,
	    });
}

/* Gives up in mid-task what others wait for: who will have it next? */
static bool
release_is_offer(enum lock_release reason)
{
	return reason == LOCK_RELEASE_REQUESTED ||
	    reason == LOCK_RELEASE_TICK || reason == LOCK_RELEASE_QUANTUM;
}

/* Wakes before it does its books: see waiters_be_told(). */
void
tenure_end(struct gil *gil, struct gil_thread *thread, enum lock_release reason,
    uint64_t now_ns)
{
	struct lock_record *record = &thread->record;
	struct gil_thread *waiter;

	totals_advance(gil, now_ns);
	gil->holder = NULL;
	waiters_be_told(gil);
	gil->has_last_ended =
	    reason == LOCK_RELEASE_FINAL || reason == LOCK_RELEASE_CANCELLED;
	gil->freed_ns = now_ns;
	span_record(now_ns - thread->tenure_start_ns, &record->held_ns,
	    &record->longest_hold_ns);
	histogram_add(
	    &thread->histograms.hold, now_ns - thread->tenure_start_ns);
	TAILQ_FOREACH (waiter, &gil->waiting, waiting_links)
		waiter_blame(waiter, thread, now_ns);
	if (thread->is_asked) {
		record->drop_requests++;
		span_record(now_ns - thread->requested_ns,
		    &record->safepoint_ns, &record->longest_safepoint_ns);
		request_clear(thread);
	}
	thread->is_in_battle = release_is_offer(reason) && gil->waiters > 0;
	record->battles += thread->is_in_battle;
	thread_record(thread, now_ns, LOCK_RELEASE, reason, NULL);
}
