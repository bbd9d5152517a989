/*
 * What sets the policies apart, step by step: who is next, when a holder gives
 * way, what a pause is worth, who is blamed for a wait, and which events tell
 * of it.
 */
#include "daemon/gil.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/event_ring.h"
#include "tests/unit/gil_player.h"
#include "tests/unit/suite.h"

enum { QUEUE = 5, RING = 4096 };

/* --- fair --- */

static struct player queue[QUEUE];
static int order[QUEUE];
static int arrivals; /* guarded by the lock */

static void *
take_in_turn(void *arg)
{
	struct player *player = arg;

	assert_taken(player_take(player));
	order[arrivals++] = (int)(player - queue);
	player_release(player);
	return NULL;
}

START_TEST(fair_serves_in_the_order_of_asking)
{
	struct gil *gil = gil_make(GIL_FAIR, FOREVER_NS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	for (unsigned i = 0; i < QUEUE; i++) {
		player_prepare(&queue[i], gil);
		player_start(&queue[i], take_in_turn);
		gil_await_waiters(gil, i + 1);
	}
	gil_alarm(gil); /* changes nobody's place */
	player_release(&holder);
	/* Behind all of them, however free the lock looks in between. */
	assert_taken(player_take(&holder));
	ck_assert_int_eq(arrivals, QUEUE);
	player_release(&holder);
	for (int i = 0; i < QUEUE; i++) {
		player_join(&queue[i]);
		ck_assert_int_eq(order[i], i);
	}
	gil_free(gil);
}
END_TEST

/* The quantum is over, the head asks, and the yielder goes to the tail. */
START_TEST(fair_hands_over_after_the_quantum)
{
	struct gil *gil = gil_make(GIL_FAIR, NS_PER_MS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	for (unsigned i = 0; i < 2; i++) {
		player_prepare(&queue[i], gil);
		player_start(&queue[i], take_in_turn);
		gil_await_waiters(gil, i + 1);
	}
	player_await_request(&holder);
	gil_change(
	    gil, GIL_FAIR, FOREVER_NS, true); /* nobody asks a second time */
	assert_taken(gil_yield(&holder.thread));
	ck_assert_int_eq(arrivals, 2);
	ck_assert_uint_eq(holder.thread.record.honoured, 1);
	ck_assert_uint_eq(holder.thread.record.missed, 0);
	ck_assert_uint_eq(holder.thread.record.battles, 1);
	ck_assert_uint_eq(holder.thread.record.battles_lost, 0);
	ck_assert_uint_eq(holder.thread.record.switch_wait_ns, 0);
	player_release(&holder);
	for (int i = 0; i < 2; i++)
		player_join(&queue[i]);
	ck_assert_uint_eq(queue[0].thread.record.requests_sent, 1);
	ck_assert_uint_eq(queue[1].thread.record.requests_sent, 0);
	gil_free(gil);
}
END_TEST

START_TEST(fair_yields_to_nobody)
{
	struct gil *gil = gil_make(GIL_FAIR, 1, true);
	struct player player;

	player_prepare(&player, gil);
	assert_taken(player_take(&player));
	for (int i = 0; i < 10; i++)
		assert_taken(gil_yield(&player.thread));
	ck_assert_uint_eq(player.thread.record.acquisitions, 1);
	player_release(&player);
	gil_free(gil);
}
END_TEST

/* The head leaves: the next one is the head, and it is it that asks. */
START_TEST(fair_who_becomes_the_head_asks)
{
	struct gil *gil = gil_make(GIL_FAIR, FOREVER_NS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	for (unsigned i = 0; i < 2; i++) {
		player_prepare(&queue[i], gil);
		player_start(&queue[i], i == 0 ? take_once : take_in_turn);
		gil_await_waiters(gil, i + 1);
	}
	player_interrupt(&queue[0]);
	gil_alarm(gil);
	player_join(&queue[0]);
	ck_assert_int_eq(queue[0].outcome, GIL_INTERRUPTED);
	gil_change(gil, GIL_FAIR, NS_PER_MS, true);
	player_await_request(&holder);
	assert_taken(gil_yield(&holder.thread));
	player_join(&queue[1]);
	ck_assert_uint_eq(queue[1].thread.record.requests_sent, 1);
	player_release(&holder);
	gil_free(gil);
}
END_TEST

/* --- ticks --- */

START_TEST(ticks_come_with_or_without_waiters)
{
	struct gil *gil = gil_make(GIL_TICKS, FOREVER_NS, true);
	struct player player;

	player_prepare(&player, gil);
	ck_assert_uint_eq(gil_turns_to_tick(&player.thread), 100);
	assert_taken(player_take(&player));
	for (int i = 0; i < 10; i++)
		assert_taken(gil_yield(&player.thread));
	ck_assert_uint_eq(player.thread.record.acquisitions, 11);
	ck_assert_uint_eq(player.thread.record.battles, 0);
	player_release(&player);
	gil_free(gil);
}
END_TEST

/* Nobody asks, each tick is a battle, and one day the waiter wins one. */
START_TEST(ticks_are_battles)
{
	struct gil *gil = gil_make(GIL_TICKS, FOREVER_NS, true);
	struct lock_record *record;
	struct player holder;
	uint64_t ticks = 0;

	player_prepare(&holder, gil);
	record = &holder.thread.record;
	assert_taken(player_take(&holder));
	player_prepare(&queue[0], gil);
	player_start(&queue[0], take_in_turn);
	gil_await_waiters(gil, 1);
	while (gil_inspect(gil).waiters > 0) {
		assert_taken(gil_yield(&holder.thread));
		ticks++;
	}
	player_release(&holder);
	player_join(&queue[0]);
	ck_assert_uint_eq(record->battles, ticks);
	ck_assert_uint_eq(record->battles_lost, ticks - 1);
	ck_assert_uint_eq(record->acquisitions, 1 + ticks);
	ck_assert_uint_eq(record->drop_requests, 0);
	ck_assert_uint_eq(queue[0].thread.record.requests_sent, 0);
	gil_free(gil);
}
END_TEST

/* --- pauses --- */

START_TEST(a_pause_lets_others_in)
{
	struct gil *gil = gil_make((enum gil_policy)_i, FOREVER_NS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	player_prepare(&queue[0], gil);
	player_start(&queue[0], take_in_turn);
	gil_await_waiters(gil, 1);
	gil_pause(&holder.thread, LOCK_RELEASE_NATIVE);
	player_join(&queue[0]);
	ck_assert(!gil_inspect(gil).is_locked);
	assert_taken(gil_resume(&holder.thread));
	gil_pause(&holder.thread, LOCK_RELEASE_IO);
	assert_taken(gil_resume(&holder.thread));
	player_release(&holder);
	ck_assert_uint_eq(holder.thread.record.acquisitions, 3);
	ck_assert_uint_gt(holder.thread.record.native_ns, 0);
	ck_assert_uint_gt(holder.thread.record.io_ns, 0);
	ck_assert_uint_eq(holder.thread.record.io_operations, 1);
	ck_assert_uint_eq(histogram_count(&holder.thread.histograms.io), 1);
	ck_assert_uint_eq(histogram_count(&holder.thread.histograms.hold), 3);
	gil_free(gil);
}
END_TEST

/* As CPython's drop_gil() does, whatever the lock is given up for. */
START_TEST(a_pause_on_request_waits_for_the_switch)
{
	struct gil *gil = gil_make(GIL_INTERVAL, NS_PER_MS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	player_prepare(&queue[0], gil);
	player_start(&queue[0], take_in_turn);
	player_await_request(&holder);
	gil_pause(&holder.thread, LOCK_RELEASE_IO);
	ck_assert_uint_eq(gil_inspect(gil).handover_number, 1);
	ck_assert_uint_eq(holder.thread.record.superseded, 1);
	ck_assert_uint_gt(holder.thread.record.switch_wait_ns, 0);
	player_join(&queue[0]);
	assert_taken(gil_resume(&holder.thread));
	player_release(&holder);
	gil_free(gil);
}
END_TEST

START_TEST(an_interrupt_ends_a_task_that_resumes)
{
	struct gil *gil = gil_make((enum gil_policy)_i, NS_PER_MS, true);
	struct player player;

	player_prepare(&player, gil);
	assert_taken(player_take(&player));
	gil_pause(&player.thread, LOCK_RELEASE_NATIVE);
	player_interrupt(&player);
	ck_assert_int_eq(gil_resume(&player.thread), GIL_INTERRUPTED);
	ck_assert(!gil_inspect(gil).is_locked);
	gil_free(gil);
}
END_TEST

/* --- new policies on the fly --- */

/* Who waits for a switch under the old one goes on under the new one. */
START_TEST(a_new_policy_withdraws_the_request)
{
	struct gil *gil = gil_make(GIL_INTERVAL, NS_PER_MS, true);
	struct player holder;

	player_prepare(&holder, gil);
	assert_taken(player_take(&holder));
	player_prepare(&queue[0], gil);
	player_start(&queue[0], take_in_turn);
	player_await_request(&holder);
	gil_change(gil, GIL_HOLD, 1, true);
	ck_assert(!player_is_asked(&holder));
	assert_taken(gil_yield(&holder.thread));
	ck_assert_uint_eq(holder.thread.record.acquisitions, 1);
	player_release(&holder);
	player_join(&queue[0]);
	ck_assert_uint_eq(holder.thread.record.withdrawn, 1);
	ck_assert_uint_eq(holder.thread.record.drop_requests, 0);
	gil_free(gil);
}
END_TEST

/* --- records --- */

START_TEST(a_wait_is_charged_to_the_holder)
{
	struct gil *gil = gil_make(GIL_HOLD, FOREVER_NS, true);
	_Atomic uint64_t blocked_by[2] = {0, 0};
	struct gil_thread_config config = {
	    .number = 1, .blocked_by = blocked_by};
	struct player holder;
	struct gil_task task = {
	    .attention = &holder.attention,
	    .label = {.job = {7, 8}, .task = 9},
	};
	const struct lock_blame *blame = &queue[0].thread.blame;

	player_prepare(&holder, gil);
	assert_taken(gil_acquire(&holder.thread, &task));
	ck_assert_int_eq(gil_join(gil, &queue[0].thread, &config), 0);
	player_start(&queue[0], take_in_turn);
	gil_await_waiters(gil, 1);
	player_release(&holder);
	player_join(&queue[0]);
	ck_assert_uint_eq(blame->n_blockers, 1);
	ck_assert_uint_eq(blame->blockers[0].label.job[0], 7);
	ck_assert_uint_eq(blame->blockers[0].label.job[1], 8);
	ck_assert_uint_eq(blame->blockers[0].label.task, 9);
	ck_assert_uint_gt(blame->blockers[0].wait_ns, 0);
	ck_assert_uint_le(
	    blame->blockers[0].wait_ns, queue[0].thread.record.wait_ns);
	ck_assert_uint_eq(
	    atomic_load(&blocked_by[0]), blame->blockers[0].wait_ns);
	ck_assert_uint_eq(atomic_load(&blocked_by[1]), 0);
	ck_assert_uint_eq(queue[0].thread.record.wakeups, 1);
	ck_assert_uint_eq(queue[0].thread.record.wait_ns,
	    blame->blockers[0].wait_ns + queue[0].thread.record.wakeup_ns);
	gil_free(gil);
}
END_TEST

/*
 * "task_start request acquire ..." of a ring, the wake-ups left out: how many
 * there are is the machine's affair (the ring has room for those of a minute).
 * Returns how many events there were.
 */
static size_t
expect_events(const struct event_ring *ring, const char *expected)
{
	struct lock_event events[RING];
	uint64_t cursor = 0;
	size_t n = event_ring_read(ring, &cursor, events, RING);
	char text[1024] = "";

	for (size_t i = 0; i < n; i++) {
		const struct lock_event *event = &events[i];

		if (event->kind == LOCK_WAKE)
			continue;
		if (i > 0)
			strcat(text, " ");
		strcat(text, lock_event_kind_name(event->kind));
		if (event->kind == LOCK_RELEASE) {
			strcat(text, ":");
			strcat(text, lock_release_name(event->detail));
		}
	}
	ck_assert_str_eq(text, expected);
	return n;
}

START_TEST(events_tell_the_story_in_the_locks_order)
{
	static _Atomic uint64_t number;
	struct event_ring *rings[2];
	struct gil_config config = {
	    .parameters = parameters_make(GIL_INTERVAL, 20 * NS_PER_MS, true),
	    .totals = &totals,
	    .event_number = &number,
	};
	struct player holder;
	struct gil *gil;
	size_t n;

	config.parameters.has_events = true;
	gil = gil_new(&config);
	ck_assert_ptr_nonnull(gil);
	for (uint16_t i = 0; i < 2; i++) {
		struct gil_thread_config member = {.number = i};

		rings[i] = calloc(1, event_ring_bytes(RING));
		ck_assert_ptr_nonnull(rings[i]);
		event_ring_init(rings[i], RING);
		member.ring = rings[i];
		ck_assert_int_eq(
		    gil_join(gil, i == 0 ? &holder.thread : &queue[0].thread,
			&member),
		    0);
	}
	atomic_init(&holder.attention, 0);
	assert_taken(player_take(&holder));
	player_start(&queue[0], take_in_turn);
	player_await_request(&holder);
	config.parameters.interval_ns = FOREVER_NS; /* one request is enough */
	gil_set_parameters(gil, &config.parameters);
	assert_taken(gil_yield(&holder.thread));
	gil_pause(&holder.thread, LOCK_RELEASE_NATIVE);
	assert_taken(gil_resume(&holder.thread));
	player_release(&holder);
	player_join(&queue[0]);
	n = expect_events(rings[0],
	    "task_start request acquire release:requested switch_wait_start "
	    "switch_wait_end request acquire release:native native_start "
	    "native_end request acquire release:final task_end");
	n += expect_events(rings[1],
	    "task_start request drop_request acquire release:final task_end");
	ck_assert_uint_eq(atomic_load(&number), n);
	gil_free(gil);
	free(rings[0]);
	free(rings[1]);
}
END_TEST

/* Of two who read them and come in the wrong order, the newer one's stay. */
START_TEST(older_parameters_are_not_taken_over)
{
	struct gil_config config = {
	    .parameters = parameters_make(GIL_TICKS, NS_PER_MS, true),
	    .totals = &totals,
	};
	static const struct gil_thread_config member = {.number = 0};
	struct gil_thread thread;
	struct gil *gil;

	config.parameters.number = 2;
	config.parameters.check_interval = 7;
	gil = gil_new(&config);
	ck_assert_ptr_nonnull(gil);
	ck_assert_int_eq(gil_join(gil, &thread, &member), 0);
	config.parameters.number = 1;
	config.parameters.check_interval = 9;
	gil_set_parameters(gil, &config.parameters);
	ck_assert_uint_eq(gil_turns_to_tick(&thread), 7);
	config.parameters.number = 2;
	gil_set_parameters(gil, &config.parameters);
	ck_assert_uint_eq(gil_turns_to_tick(&thread), 9);
	gil_leave(&thread);
	gil_free(gil);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gil_policies");
	TCase *tcase = tcase_create("policies");

	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_test(tcase, fair_serves_in_the_order_of_asking);
	tcase_add_test(tcase, fair_hands_over_after_the_quantum);
	tcase_add_test(tcase, fair_yields_to_nobody);
	tcase_add_test(tcase, fair_who_becomes_the_head_asks);
	tcase_add_test(tcase, ticks_come_with_or_without_waiters);
	tcase_add_test(tcase, ticks_are_battles);
	tcase_add_loop_test(tcase, a_pause_lets_others_in, 0, GIL_POLICY_COUNT);
	tcase_add_test(tcase, a_pause_on_request_waits_for_the_switch);
	tcase_add_loop_test(
	    tcase, an_interrupt_ends_a_task_that_resumes, 0, GIL_POLICY_COUNT);
	tcase_add_test(tcase, a_new_policy_withdraws_the_request);
	tcase_add_test(tcase, a_wait_is_charged_to_the_holder);
	tcase_add_test(tcase, events_tell_the_story_in_the_locks_order);
	tcase_add_test(tcase, older_parameters_are_not_taken_over);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
