/*
 * Players: threads that take part in a lock, the test's own or of its own
 * making, moved step by step, each step an event that is waited for.
 */
#ifndef GILD_TESTS_UNIT_GIL_PLAYER_H
#define GILD_TESTS_UNIT_GIL_PLAYER_H

#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "daemon/clock.h"
#include "daemon/gil.h"

#define CANCEL UINT32_C(2)
#define INTERRUPTS (CANCEL | UINT32_C(4))
#define FOREVER_NS (3600 * NS_PER_S)
#define TIMEOUT_S 60

/* A thread that takes part, the test's own or one of its own making. */
struct player {
	struct gil_thread thread;
	_Atomic uint32_t attention;
	pthread_t id;
	enum gil_outcome outcome;
};

static uint16_t players;	  /* numbers them */
static struct gil_totals totals;  /* each test is a process of its own */
static struct gil_parameters now; /* the lock's: there is one a test */

static inline struct gil_parameters
parameters_make(enum gil_policy policy, uint64_t interval_ns, bool force)
{
	struct gil_parameters parameters;

	gil_parameters_init(&parameters);
	parameters.policy = policy;
	parameters.interval_ns = interval_ns;
	parameters.quantum_ns = interval_ns;
	parameters.force = force;
	return parameters;
}

static inline struct gil *
gil_make(enum gil_policy policy, uint64_t interval_ns, bool force)
{
	struct gil_config config = {
	    .parameters = parameters_make(policy, interval_ns, force),
	    .totals = &totals,
	};
	struct gil *gil = gil_new(&config);

	ck_assert_ptr_nonnull(gil);
	now = config.parameters;
	return gil;
}

static inline void
gil_change(
    struct gil *gil, enum gil_policy policy, uint64_t interval_ns, bool force)
{
	now = parameters_make(policy, interval_ns, force);
	gil_set_parameters(gil, &now);
}

/* All who wait look again, as after an interrupt for one of them. */
static inline void
gil_alarm(struct gil *gil)
{
	gil_set_parameters(gil, &now);
}

static inline void
gil_set_interval(struct gil *gil, uint64_t interval_ns)
{
	gil_change(gil, GIL_INTERVAL, interval_ns, true);
}

static inline void
player_prepare(struct player *player, struct gil *gil)
{
	struct gil_thread_config config = {.number = players++};

	atomic_init(&player->attention, 0);
	ck_assert_int_eq(gil_join(gil, &player->thread, &config), 0);
}

/* Begins a task. */
static inline enum gil_outcome
player_take(struct player *player)
{
	struct gil_task task = {
	    .attention = &player->attention,
	    .interrupts = INTERRUPTS,
	};

	return gil_acquire(&player->thread, &task);
}

static inline void
player_release(struct player *player)
{
	gil_release(&player->thread, LOCK_RELEASE_FINAL);
}

static inline void
player_start(struct player *player, void *(*body)(void *))
{
	ck_assert_int_eq(pthread_create(&player->id, NULL, body, player), 0);
}

static inline void
player_join(struct player *player)
{
	ck_assert_int_eq(pthread_join(player->id, NULL), 0);
}

static inline void
player_interrupt(struct player *player)
{
	atomic_fetch_or(&player->attention, CANCEL);
}

static inline bool
player_is_asked(struct player *player)
{
	return (atomic_load(&player->attention) & GIL_DROP) != 0;
}

static inline void
player_await_request(struct player *player)
{
	while (!player_is_asked(player))
		sched_yield();
}

/* Who is counted as a waiter sleeps: the count is read under the mutex. */
static inline void
gil_await_waiters(struct gil *gil, unsigned waiters)
{
	while (gil_inspect(gil).waiters != waiters)
		sched_yield();
}

static inline void
assert_taken(enum gil_outcome outcome)
{
	ck_assert_int_eq(outcome, GIL_TAKEN);
}

/* The body of a thread that wants the lock once. */
static inline void *
take_once(void *arg)
{
	struct player *player = arg;

	player->outcome = player_take(player);
	if (player->outcome == GIL_TAKEN)
		player_release(player);
	return NULL;
}

#endif
