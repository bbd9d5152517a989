/*
 * The lock. Most tests hold it in the main thread and move one waiter step by
 * step, each step an event that is waited for; a step that a broken lock would
 * never reach ends in Check's timeout. What many threads do to the lock at
 * once is in test_gil_contest.c.
 */
#include "config.h" /* _GNU_SOURCE, for SCHED_BATCH */

#include "daemon/gil.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "tests/unit/gil_player.h"
#include "tests/unit/suite.h"

/* The same in no hurry: as a batch thread it preempts nobody when it wakes. */
static void *
take_once_leisurely(void *arg)
{
	struct sched_param none = {0};

	if (pthread_setschedparam(pthread_self(), SCHED_BATCH, &none) != 0)
		abort();
	return take_once(arg);
}

/* The lock in the test's own hands, and a waiter asleep. */
struct duel {
	struct gil *gil;
	struct player holder;
	struct player waiter;
};

static void
duel_start_with(struct duel *duel, enum gil_policy policy, uint64_t interval_ns,
    bool force, void *(*waiter)(void *))
{
	duel->gil = gil_make(policy, interval_ns, force);
	player_prepare(&duel->holder, duel->gil);
	player_prepare(&duel->waiter, duel->gil);
	assert_taken(player_take(&duel->holder));
	player_start(&duel->waiter, waiter);
	gil_await_waiters(duel->gil, 1);
}

static void
duel_start(
    struct duel *duel, enum gil_policy policy, uint64_t interval_ns, bool force)
{
	duel_start_with(duel, policy, interval_ns, force, take_once);
}

static void
duel_end(struct duel *duel)
{
	struct gil_state state = gil_inspect(duel->gil);

	ck_assert(!state.is_locked);
	ck_assert_uint_eq(state.waiters, 0);
	gil_free(duel->gil);
}

START_TEST(free_takes_null)
{
	gil_free(NULL);
}
END_TEST

/* Who comes after a thread that ended its task was not switched to. */
START_TEST(the_end_of_a_task_is_no_switch)
{
	struct gil *gil = gil_make(GIL_INTERVAL, FOREVER_NS, true);
	struct player a, b;
	struct player *order[] = {&a, &a, &b, &b, &a};

	player_prepare(&a, gil);
	player_prepare(&b, gil);
	for (int i = 0; i < 5; i++) {
		struct gil_thread *thread = &order[i]->thread;

		assert_taken(player_take(order[i]));
		ck_assert(gil_inspect(gil).is_locked);
		player_release(order[i]);
		ck_assert_uint_eq(thread->record.acquisitions, 1);
		ck_assert_uint_eq(thread->record.switches, 0);
		ck_assert_uint_eq(gil_inspect(gil).switch_number, 0);
	}
	ck_assert(!gil_inspect(gil).is_locked);
	gil_free(gil);
}
END_TEST

START_TEST(a_request_is_honoured)
{
	struct duel duel;
	struct lock_record *record = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_await_request(&duel.holder);
	assert_taken(gil_yield(&duel.holder.thread));
	ck_assert(!player_is_asked(&duel.holder));
	player_join(&duel.waiter);
	player_release(&duel.holder);

	ck_assert_uint_eq(record->drop_requests, 1);
	ck_assert_uint_eq(record->honoured, 1);
	ck_assert_uint_eq(record->acquisitions, 2);
	/* The waiter's task was over when the lock came back. */
	ck_assert_uint_eq(record->switches, 0);
	ck_assert_uint_gt(record->switch_wait_ns, 0);
	ck_assert_uint_eq(duel.waiter.thread.record.requests_sent, 1);
	ck_assert_uint_eq(duel.waiter.thread.record.switches, 1);
	duel_end(&duel);
}
END_TEST

/* Without `force` the one that runs beats the one that wakes, sooner or later.
 */
START_TEST(a_request_is_missed_without_force)
{
	struct duel duel;
	struct lock_record *record = &duel.holder.thread.record;

	do {
		duel_start_with(&duel, GIL_INTERVAL, NS_PER_MS / 10, false,
		    take_once_leisurely);
		player_await_request(&duel.holder);
		assert_taken(gil_yield(&duel.holder.thread));
		player_release(&duel.holder);
		player_join(&duel.waiter);

		ck_assert_uint_eq(record->switch_wait_ns, 0);
		ck_assert_uint_eq(record->honoured + record->missed, 1);
		/* The waiter's task was over when the lock came back, and the
		 * holder's was if it was the first to take it. */
		ck_assert_uint_eq(record->switches, 0);
		ck_assert_uint_eq(
		    duel.waiter.thread.record.switches, record->honoured);
		ck_assert_uint_eq(
		    record->drop_requests, 1 + record->superseded);
		duel_end(&duel);
	} while (record->missed == 0);
}
END_TEST

START_TEST(a_request_dies_with_its_tenure)
{
	struct duel duel;
	struct lock_record *record = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_await_request(&duel.holder);
	player_release(&duel.holder);
	ck_assert(!player_is_asked(&duel.holder));
	player_join(&duel.waiter);

	ck_assert_uint_eq(record->drop_requests, 1);
	ck_assert_uint_eq(record->superseded, 1);
	ck_assert(!player_is_asked(&duel.waiter));
	ck_assert_uint_eq(duel.waiter.thread.record.requests_sent, 1);
	duel_end(&duel);
}
END_TEST

START_TEST(a_yield_unasked_keeps_the_lock)
{
	struct duel duel;

	duel_start(&duel, GIL_INTERVAL, FOREVER_NS, true);
	assert_taken(gil_yield(&duel.holder.thread));
	ck_assert_uint_eq(gil_inspect(duel.gil).waiters, 1);
	ck_assert_uint_eq(duel.holder.thread.record.acquisitions, 1);
	player_release(&duel.holder);
	player_join(&duel.waiter);
	duel_end(&duel);
}
END_TEST

/* The interrupt may have come before the thread does. */
START_TEST(an_interrupt_is_seen_at_entry)
{
	struct gil *gil = gil_make((enum gil_policy)_i, NS_PER_MS, true);
	struct player player;

	player_prepare(&player, gil);
	player_interrupt(&player);
	ck_assert_int_eq(player_take(&player), GIL_INTERRUPTED);
	ck_assert(!gil_inspect(gil).is_locked);
	ck_assert_uint_eq(player.thread.record.acquisitions, 0);
	gil_free(gil);
}
END_TEST

START_TEST(an_interrupt_ends_a_wait)
{
	struct duel duel;

	duel_start(&duel, (enum gil_policy)_i, FOREVER_NS, true);
	player_interrupt(&duel.waiter);
	gil_alarm(duel.gil);
	player_join(&duel.waiter);

	ck_assert_int_eq(duel.waiter.outcome, GIL_INTERRUPTED);
	ck_assert_uint_eq(duel.waiter.thread.record.acquisitions, 0);
	ck_assert_uint_gt(duel.waiter.thread.record.wait_ns, 0);
	ck_assert_uint_eq(duel.waiter.thread.record.requests_sent, 0);
	ck_assert(gil_inspect(duel.gil).is_locked);
	player_release(&duel.holder);
	duel_end(&duel);
}
END_TEST

START_TEST(an_interrupt_is_seen_at_a_timeout)
{
	struct duel duel;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_interrupt(&duel.waiter);
	player_join(&duel.waiter);
	ck_assert_int_eq(duel.waiter.outcome, GIL_INTERRUPTED);
	player_release(&duel.holder);
	duel_end(&duel);
}
END_TEST

/* It obeyed, and is to stop before it has the lock again: honoured. */
START_TEST(an_interrupted_yield_does_not_hold)
{
	struct duel duel;
	struct lock_record *record = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_await_request(&duel.holder);
	player_interrupt(&duel.holder);
	ck_assert_int_eq(gil_yield(&duel.holder.thread), GIL_INTERRUPTED);
	player_join(&duel.waiter);

	ck_assert_int_eq(duel.waiter.outcome, GIL_TAKEN);
	ck_assert(!player_is_asked(&duel.holder));
	ck_assert_uint_eq(record->acquisitions, 1);
	ck_assert_uint_eq(record->drop_requests, 1);
	ck_assert_uint_eq(record->honoured, 1);
	duel_end(&duel);
}
END_TEST

/*
 * It comes back before the waiter has the lock, if that one is slow enough. A
 * switch that comes first proves nothing: another attempt.
 */
START_TEST(an_interrupt_ends_a_switch_wait)
{
	struct duel duel;
	uint64_t switches;

	do {
		duel_start_with(&duel, GIL_INTERVAL, NS_PER_MS / 10, true,
		    take_once_leisurely);
		player_await_request(&duel.holder);
		player_interrupt(&duel.holder);
		ck_assert_int_eq(
		    gil_yield(&duel.holder.thread), GIL_INTERRUPTED);
		switches = gil_inspect(duel.gil).switch_number;
		player_join(&duel.waiter);
		ck_assert_int_eq(duel.waiter.outcome, GIL_TAKEN);
		duel_end(&duel);
	} while (switches != 0);
}
END_TEST

START_TEST(an_alarm_reaches_every_waiter)
{
	struct gil *gil = gil_make((enum gil_policy)_i, FOREVER_NS, true);
	struct player holder;
	struct player waiters[5];

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	for (int i = 0; i < 5; i++) {
		player_prepare(&waiters[i], gil);
		player_start(&waiters[i], take_once);
	}
	gil_await_waiters(gil, 5);

	for (int i = 0; i < 4; i++)
		player_interrupt(&waiters[i]);
	gil_alarm(gil);
	for (int i = 0; i < 4; i++) {
		player_join(&waiters[i]);
		ck_assert_int_eq(waiters[i].outcome, GIL_INTERRUPTED);
	}
	ck_assert_uint_eq(gil_inspect(gil).waiters, 1);

	player_release(&holder);
	player_join(&waiters[4]);
	ck_assert_int_eq(waiters[4].outcome, GIL_TAKEN);
	gil_free(gil);
}
END_TEST

/*
 * The release wakes one waiter, and that one leaves: the other must not sleep
 * beside a free lock for ever.
 */
START_TEST(a_waiter_that_leaves_passes_the_wakeup_on)
{
	struct duel duel;
	struct player second;

	duel_start(&duel, GIL_HOLD, FOREVER_NS, true);
	player_prepare(&second, duel.gil);
	player_start(&second, take_once);
	gil_await_waiters(duel.gil, 2);

	player_interrupt(&duel.waiter);
	player_release(&duel.holder);
	player_join(&duel.waiter);
	player_join(&second);
	ck_assert_int_eq(duel.waiter.outcome, GIL_INTERRUPTED);
	ck_assert_int_eq(second.outcome, GIL_TAKEN);
	duel_end(&duel);
}
END_TEST

/* The request goes with the waiter: the holder has nothing left to obey. */
START_TEST(gh_96387_who_gives_up_withdraws_its_request)
{
	struct duel duel;
	struct lock_record *record = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_await_request(&duel.holder);
	player_interrupt(&duel.waiter);
	gil_alarm(duel.gil);
	player_join(&duel.waiter);

	ck_assert(!player_is_asked(&duel.holder));
	ck_assert_uint_eq(duel.waiter.thread.record.requests_sent, 1);
	ck_assert_uint_eq(record->withdrawn, 1);
	assert_taken(gil_yield(&duel.holder.thread));
	ck_assert_uint_eq(record->acquisitions, 1);
	player_release(&duel.holder);
	ck_assert_uint_eq(record->drop_requests, 0);
	duel_end(&duel);
}
END_TEST

/*
 * The holder obeys, and the waiter that it wakes leaves: there will be no
 * switch. The waiter may also see its interrupt before the holder obeys.
 */
START_TEST(gh_96387_no_waiter_left_ends_the_switch_wait)
{
	struct duel duel;
	struct lock_record *held = &duel.holder.thread.record;
	struct lock_record *waited = &duel.waiter.thread.record;

	duel_start(&duel, GIL_INTERVAL, 20 * NS_PER_MS, true);
	player_await_request(&duel.holder);
	player_interrupt(&duel.waiter);
	assert_taken(gil_yield(&duel.holder.thread));
	player_join(&duel.waiter);
	player_release(&duel.holder);

	ck_assert_int_eq(duel.waiter.outcome, GIL_INTERRUPTED);
	ck_assert_uint_eq(waited->requests_sent, 1);
	ck_assert_uint_eq(held->missed + held->withdrawn, 1);
	ck_assert_uint_eq(held->drop_requests, held->missed);
	ck_assert_uint_eq(held->switches, 0);
	duel_end(&duel);
}
END_TEST

/* One of two waiters gives up: the request stands for the other. */
START_TEST(gh_96387_a_request_stands_while_anybody_waits)
{
	struct duel duel;
	struct player second;
	struct lock_record *record = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, NS_PER_MS, true);
	player_await_request(&duel.holder);
	gil_set_interval(duel.gil, FOREVER_NS);
	player_prepare(&second, duel.gil);
	player_start(&second, take_once);
	gil_await_waiters(duel.gil, 2);
	player_interrupt(&duel.waiter);
	gil_alarm(duel.gil);
	player_join(&duel.waiter);

	ck_assert(player_is_asked(&duel.holder));
	assert_taken(gil_yield(&duel.holder.thread));
	player_join(&second);
	player_release(&duel.holder);
	ck_assert_uint_eq(record->honoured, 1);
	ck_assert_uint_eq(record->missed, 0);
	ck_assert_uint_eq(duel.waiter.thread.record.requests_sent, 1);
	ck_assert_uint_eq(record->withdrawn, 0);
	ck_assert_uint_eq(second.thread.record.requests_sent, 0);
	duel_end(&duel);
}
END_TEST

/* Alarms for others, more often than once an interval: the lock would stay with
 * its holder for as long as they go on. */
START_TEST(alarms_do_not_put_off_a_request)
{
	struct duel duel;
	uint64_t interval_ns = 200 * NS_PER_MS;

	duel_start(&duel, GIL_INTERVAL, interval_ns, true);
	while (!player_is_asked(&duel.holder))
		gil_alarm(duel.gil);
	player_release(&duel.holder);
	player_join(&duel.waiter);
	duel_end(&duel);
}
END_TEST

/* Asked, and nobody will take the lock: the last release returns all the same.
 */
START_TEST(gh_104341_the_last_release_never_waits)
{
	struct duel duel;
	struct lock_record *held = &duel.holder.thread.record;

	duel_start(&duel, GIL_INTERVAL, 20 * NS_PER_MS, true);
	player_await_request(&duel.holder);
	player_interrupt(&duel.waiter);
	player_release(&duel.holder);
	player_join(&duel.waiter);

	ck_assert_int_eq(duel.waiter.outcome, GIL_INTERRUPTED);
	ck_assert_uint_eq(held->switch_wait_ns, 0);
	ck_assert_uint_eq(held->superseded + held->withdrawn, 1);
	ck_assert_uint_eq(gil_inspect(duel.gil).handover_number, 0);
	duel_end(&duel);
}
END_TEST

/* From an hour to a millisecond: who sleeps for the hour has to hear of it. */
START_TEST(gh_118727_a_new_interval_wakes_the_waiters)
{
	struct duel duel;

	duel_start(&duel, GIL_INTERVAL, FOREVER_NS, true);
	ck_assert(!player_is_asked(&duel.holder));
	gil_set_interval(duel.gil, NS_PER_MS);
	player_await_request(&duel.holder);
	assert_taken(gil_yield(&duel.holder.thread));
	player_join(&duel.waiter);
	player_release(&duel.holder);
	duel_end(&duel);
}
END_TEST

enum { LAPS = 1000 };

/* Wants the lock once a lap. */
struct runner {
	struct player player;
	_Atomic int lap;
	uint64_t acquisitions;
};

static void *
runner_main(void *arg)
{
	struct runner *runner = arg;

	for (int lap = 1; lap <= LAPS; lap++) {
		while (atomic_load(&runner->lap) != lap)
			sched_yield();
		take_once(&runner->player);
		runner->acquisitions +=
		    runner->player.thread.record.acquisitions;
	}
	return NULL;
}

/*
 * The change falls anywhere between the waiter's first look at the interval and
 * its sleep. Were it not one step with its wake-up, the waiter would now and
 * then sleep for the old hour.
 */
START_TEST(gh_130605_a_change_is_one_step)
{
	struct gil *gil = gil_make(GIL_INTERVAL, FOREVER_NS, true);
	struct runner runner = {.lap = 0};
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	player_prepare(&runner.player, gil);
	ck_assert_int_eq(
	    pthread_create(&runner.player.id, NULL, runner_main, &runner), 0);
	for (int lap = 1; lap <= LAPS; lap++) {
		_Atomic uint32_t attention = 0;

		gil_set_interval(gil, FOREVER_NS);
		atomic_store(&runner.lap, lap);
		countdown((uint64_t)lap * 2, 0, &attention);
		gil_set_interval(gil, 20 * NS_PER_US);
		player_await_request(&holder);
		assert_taken(gil_yield(&holder.thread));
	}
	player_join(&runner.player);
	player_release(&holder);
	ck_assert_uint_eq(holder.thread.record.honoured, LAPS);
	ck_assert_uint_eq(runner.acquisitions, LAPS);
	gil_free(gil);
}
END_TEST

static Suite *
gil_suite(void)
{
	Suite *suite = suite_create("gil");
	TCase *steps = tcase_create("steps");
	TCase *interrupts = tcase_create("interrupts");
	TCase *races = tcase_create("races");

	tcase_set_timeout(steps, TIMEOUT_S);
	tcase_add_test(steps, free_takes_null);
	tcase_add_test(steps, the_end_of_a_task_is_no_switch);
	tcase_add_test(steps, a_request_is_honoured);
	tcase_add_test(steps, a_request_is_missed_without_force);
	tcase_add_test(steps, a_request_dies_with_its_tenure);
	tcase_add_test(steps, a_yield_unasked_keeps_the_lock);
	suite_add_tcase(suite, steps);

	tcase_set_timeout(interrupts, TIMEOUT_S);
	tcase_add_loop_test(
	    interrupts, an_interrupt_is_seen_at_entry, 0, GIL_POLICY_COUNT);
	tcase_add_loop_test(
	    interrupts, an_interrupt_ends_a_wait, 0, GIL_POLICY_COUNT);
	tcase_add_test(interrupts, an_interrupt_is_seen_at_a_timeout);
	tcase_add_test(interrupts, an_interrupted_yield_does_not_hold);
	tcase_add_test(interrupts, an_interrupt_ends_a_switch_wait);
	tcase_add_loop_test(
	    interrupts, an_alarm_reaches_every_waiter, 0, GIL_POLICY_COUNT);
	tcase_add_test(interrupts, a_waiter_that_leaves_passes_the_wakeup_on);
	suite_add_tcase(suite, interrupts);

	tcase_set_timeout(races, TIMEOUT_S);
	tcase_add_test(races, gh_96387_who_gives_up_withdraws_its_request);
	tcase_add_test(races, gh_96387_no_waiter_left_ends_the_switch_wait);
	tcase_add_test(races, gh_96387_a_request_stands_while_anybody_waits);
	tcase_add_test(races, alarms_do_not_put_off_a_request);
	tcase_add_test(races, gh_104341_the_last_release_never_waits);
	tcase_add_test(races, gh_118727_a_new_interval_wakes_the_waiters);
	tcase_add_test(races, gh_130605_a_change_is_one_step);
	suite_add_tcase(suite, races);
	return suite;
}

int
main(void)
{
	return suite_main(gil_suite());
}
