/*
 * The lock as its callers see it, run by every thread that wants it and by
 * whoever interrupts one or changes the parameters. What is true of its state
 * stands in gil_private.h; waiting for it is gil_wait.c, having it is
 * gil_tenure.c; here are its life, and giving it up in mid-task.
 *
 * What a thread does between its safepoints, and when it comes to one, is left
 * to the caller, and so is every bit of the attention word but GIL_DROP.
 */
#include "daemon/gil.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/gil_private.h"

/* --- life --- */

/*
 * Returns an error number. A failure half-way leaves nothing to undo: these
 * objects live in their own memory and own nothing elsewhere.
 */
static int
init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	int error;

	error = pthread_condattr_init(&monotonic);
	if (error != 0)
		return error;
	error = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	if (error == 0)
		error = pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return error;
}

static void
parameters_put(struct gil *gil, const struct gil_parameters *parameters)
{
	gil->parameters = *parameters;
	atomic_store_explicit(&gil->turns_to_tick,
	    parameters->policy == GIL_TICKS ? parameters->check_interval
					    : NEVER,
	    memory_order_relaxed);
}

struct gil *
gil_new(const struct gil_config *config)
{
	struct gil *gil;
	int error;

	gil = calloc(1, sizeof(*gil));
	if (gil == NULL)
		return NULL;
	error = pthread_mutex_init(&gil->mutex, NULL);
	if (error == 0)
		error = init_condition(&gil->freed);
	if (error == 0)
		error = init_condition(&gil->switched);
	if (error != 0) {
		free(gil);
		errno = error;
		return NULL;
	}
	TAILQ_INIT(&gil->threads);
	TAILQ_INIT(&gil->waiting);
	gil->domain = config->domain;
	gil->totals = config->totals;
	gil->event_number = config->event_number;
	parameters_put(gil, &config->parameters);
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

int
gil_join(struct gil *gil, struct gil_thread *thread,
    const struct gil_thread_config *config)
{
	int error;

	*thread = (struct gil_thread){.gil = gil, .config = *config};
	error = init_condition(&thread->wake);
	if (error != 0) {
		errno = error;
		return -1;
	}
	pthread_mutex_lock(&gil->mutex);
	TAILQ_INSERT_TAIL(&gil->threads, thread, thread_links);
	pthread_mutex_unlock(&gil->mutex);
	return 0;
}

void
gil_leave(struct gil_thread *thread)
{
	struct gil *gil = thread->gil;

	pthread_mutex_lock(&gil->mutex);
	TAILQ_REMOVE(&gil->threads, thread, thread_links);
	if (gil->last_holder == thread)
		gil->last_holder = NULL;
	pthread_mutex_unlock(&gil->mutex);
	pthread_cond_destroy(&thread->wake);
}

/* --- giving way --- */

static bool
gil_forces_switch(const struct gil *gil)
{
	return gil->parameters.policy == GIL_INTERVAL && gil->parameters.force;
}

/*
 * The thread has obeyed, at handover number `seen`, and waits until another one
 * has held the lock: any other, not only the one that asked. It ends too when
 * nobody waits any more, for then nobody will take the lock, and when the
 * policy no longer forces it. Returns the time of the switch; what passes
 * until the thread runs again is not part of this wait.
 */
static uint64_t
switch_wait(struct gil *gil, struct gil_thread *thread, uint64_t seen,
    uint64_t dropped_ns)
{
	thread_record(thread, dropped_ns, LOCK_SWITCH_WAIT_START, 0, NULL);
	gil->yielder = thread;
	while (gil->handover_number == seen && gil->waiters > 0 &&
	    gil_forces_switch(gil) && !thread_is_interrupted(thread))
		pthread_cond_wait(&gil->switched, &gil->mutex);
	if (gil->handover_number == seen) {
		gil->yielder = NULL;
		thread->switched_ns = clock_monotonic_ns();
	}
	thread->record.switch_wait_ns += thread->switched_ns - dropped_ns;
	thread_record(
	    thread, thread->switched_ns, LOCK_SWITCH_WAIT_END, 0, NULL);
	return thread->switched_ns;
}

/* An open door for a waiter, if it is quick enough. */
static void
open_door(struct gil *gil)
{
	pthread_mutex_unlock(&gil->mutex);
	pthread_mutex_lock(&gil->mutex);
}

/*
 * What became of the request is known when the thread takes the lock again or
 * stops trying. The request is missed if the thread took the lock before any
 * other had it: without `force`, or because every waiter had given up. In all
 * other cases it is honoured, and also when an interrupt ends the thread's
 * wait, wherever that is: it gave the lock up and did not take it back.
 */
static enum gil_outcome
thread_obey(struct gil *gil, struct gil_thread *thread)
{
	uint64_t seen = gil->handover_number;
	uint64_t asked_ns = clock_monotonic_ns();
	enum gil_outcome outcome;

	if (gil->parameters.policy == GIL_FAIR) {
		tenure_end(gil, thread, LOCK_RELEASE_QUANTUM, asked_ns);
	} else {
		tenure_end(gil, thread, LOCK_RELEASE_REQUESTED, asked_ns);
		if (gil_forces_switch(gil))
			asked_ns = switch_wait(gil, thread, seen, asked_ns);
		else
			open_door(gil);
	}
	outcome = waiter_wait(gil, thread, asked_ns);
	if (outcome == GIL_TAKEN && gil->handover_number == seen)
		thread->record.missed++;
	else
		thread->record.honoured++;
	return outcome;
}

/* With or without waiters. */
static enum gil_outcome
thread_tick(struct gil *gil, struct gil_thread *thread)
{
	uint64_t asked_ns = clock_monotonic_ns();

	tenure_end(gil, thread, LOCK_RELEASE_TICK, asked_ns);
	open_door(gil);
	return waiter_wait(gil, thread, asked_ns);
}

/* --- the interface --- */

enum gil_outcome
gil_acquire(struct gil_thread *thread, const struct gil_task *task)
{
	/* Before the mutex: a wait for it is part of the wait for the lock. */
	uint64_t asked_ns = clock_monotonic_ns();
	struct gil *gil = thread->gil;
	enum gil_outcome outcome;

	thread->record = (struct lock_record){0};
	thread->histograms = (struct lock_histograms){0};
	thread->blame = (struct lock_blame){0};
	thread->task_start_ns = asked_ns;
	pthread_mutex_lock(&gil->mutex);
	thread->task = *task;
	thread_record_event(thread, asked_ns,
	    (struct lock_event){
		.kind = LOCK_TASK_START,
		.other = LOCK_NO_THREAD,
		.label = task->label,
	    });
	outcome = waiter_wait(gil, thread, asked_ns);
	pthread_mutex_unlock(&gil->mutex);
	return outcome;
}

/* Waits for no switch: the thread may be the last there is (gh-104341). */
void
gil_release(struct gil_thread *thread, enum lock_release reason)
{
	struct gil *gil = thread->gil;
	uint64_t now_ns;

	pthread_mutex_lock(&gil->mutex);
	now_ns = clock_monotonic_ns();
	thread->record.superseded += thread->is_asked;
	tenure_end(gil, thread, reason, now_ns);
	thread->task_end_ns = now_ns;
	thread_record(thread, now_ns, LOCK_TASK_END, 0, NULL);
	pthread_mutex_unlock(&gil->mutex);
}

enum gil_outcome
gil_yield(struct gil_thread *thread)
{
	struct gil *gil = thread->gil;
	enum gil_outcome outcome = GIL_TAKEN; /* withdrawn on the way here */

	pthread_mutex_lock(&gil->mutex);
	if (gil->parameters.policy == GIL_TICKS)
		outcome = thread_tick(gil, thread);
	else if (thread->is_asked)
		outcome = thread_obey(gil, thread);
	pthread_mutex_unlock(&gil->mutex);
	return outcome;
}

/*
 * A pending request is superseded: the tenure ends for a reason of its own.
 * But the thread waits for the switch as if it had obeyed, as CPython's
 * drop_gil() does whatever it was called for.
 */
void
gil_pause(struct gil_thread *thread, enum lock_release reason)
{
	struct gil *gil = thread->gil;
	bool was_asked;
	uint64_t seen;

	pthread_mutex_lock(&gil->mutex);
	was_asked = thread->is_asked;
	seen = gil->handover_number;
	thread->record.superseded += was_asked;
	thread->paused_for = (uint8_t)reason;
	thread->paused_ns = clock_monotonic_ns();
	tenure_end(gil, thread, reason, thread->paused_ns);
	if (was_asked && gil_forces_switch(gil))
		thread->paused_ns =
		    switch_wait(gil, thread, seen, thread->paused_ns);
	thread_record(thread, thread->paused_ns,
	    reason == LOCK_RELEASE_IO ? LOCK_IO_START : LOCK_NATIVE_START, 0,
	    NULL);
	pthread_mutex_unlock(&gil->mutex);
}

enum gil_outcome
gil_resume(struct gil_thread *thread)
{
	uint64_t asked_ns = clock_monotonic_ns();
	uint64_t paused_ns = asked_ns - thread->paused_ns;
	bool is_io = thread->paused_for == LOCK_RELEASE_IO;
	struct gil *gil = thread->gil;
	enum gil_outcome outcome;

	if (is_io) {
		thread->record.io_ns += paused_ns;
		thread->record.io_operations++;
	} else {
		thread->record.native_ns += paused_ns;
	}
	pthread_mutex_lock(&gil->mutex);
	thread_record(
	    thread, asked_ns, is_io ? LOCK_IO_END : LOCK_NATIVE_END, 0, NULL);
	outcome = waiter_wait(gil, thread, asked_ns);
	pthread_mutex_unlock(&gil->mutex);
	if (is_io && outcome == GIL_TAKEN)
		histogram_add(&thread->histograms.io,
		    thread->tenure_start_ns - thread->paused_ns);
	return outcome;
}

uint64_t
gil_turns_to_tick(const struct gil_thread *thread)
{
	return atomic_load_explicit(
	    &thread->gil->turns_to_tick, memory_order_relaxed);
}

/*
 * All under the mutex: a change that one of the waiters does not see, or sees
 * half of, leaves it with the old one's wait (gh-118727, gh-130605). And nobody
 * stands between looking at its attention word and sleeping.
 */
void
gil_set_parameters(struct gil *gil, const struct gil_parameters *parameters)
{
	pthread_mutex_lock(&gil->mutex);
	if (parameters->number >= gil->parameters.number) {
		if (parameters->policy != gil->parameters.policy)
			request_withdraw(gil, NULL, clock_monotonic_ns());
		parameters_put(gil, parameters);
	}
	waiters_alarm(gil);
	if (gil->holder == NULL && gil->waiters > 0)
		waiters_be_told(gil);
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
