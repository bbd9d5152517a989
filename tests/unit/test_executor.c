/*
 * The executor's loop: what it does with each ticket that it can find in its
 * pool's queue. The test fills the queue, closes it, runs the executor to the
 * queue's end and looks at what came back.
 */
#include "daemon/executor.h"

#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

#define TURNS 1000
#define NUMBER UINT32_C(5)

static struct settings settings;
static struct listeners listeners;
static struct generation generation;
static struct gil *gil;
static struct gil_thread thread;
static struct executor executor;
static struct seat *seat;
static struct slot *slot;

static void
setup(void)
{
	static struct gil_totals totals;
	static const struct gil_config config = {
	    .parameters = {.policy = GIL_INTERVAL,
		.interval_ns = NS_PER_MS,
		.force = true},
	    .totals = &totals,
	};
	static const struct gil_thread_config member = {.number = 0};

	settings = (struct settings){
	    .frontends = 1,
	    .spin_us = SPIN_MAX_US,
	    .n_pools = 1,
	    .pools = {{.kind = POOL_THREADS,
		.size = 1,
		.locks = 1,
		.policy = GIL_INTERVAL,
		.interval_us = 1000,
		.force = true}},
	};
	ck_assert_int_eq(
	    generation_open(&generation, &settings, &listeners), 0);
	gil = gil_new(&config);
	ck_assert_ptr_nonnull(gil);
	ck_assert_int_eq(gil_join(gil, &thread, &member), 0);
	seat = &generation.board.seats[0];
	slot = &generation.board.slots[NUMBER];
	slot->count = TURNS;
	slot->stride = 100;
	slot->arrival_ns = clock_monotonic_ns();
}

static void
teardown(void)
{
	gil_leave(&thread);
	gil_free(gil);
	generation_close(&generation);
}

static void
push(uint32_t ticket)
{
	ck_assert_int_eq(queue_push_bundle_of(&generation.run[0], ticket), 0);
}

/* With the lock in odd rounds, without in even ones. */
static void
run(int round)
{
	queue_close_writer(&generation.run[0]);
	executor_init(
	    &executor, &generation, 0, 0, round % 2 != 0 ? &thread : NULL);
	ck_assert_int_eq(executor_run(&executor), 0);
	for (size_t i = 0; i < BUNDLE_TICKETS; i++)
		ck_assert_uint_eq(atomic_load(&seat->tickets[i]), TICKET_NONE);
	ck_assert(!gil_inspect(gil).is_locked);
}

static uint32_t
next_ended(void)
{
	uint32_t ticket = TICKET_NONE;

	queue_take(&generation.ended[0], &ticket, 1);
	return ticket;
}

static void
expect_done(void)
{
	ck_assert_int_eq(slot_look(slot).state, SLOT_FINISHED);
	ck_assert_int_eq(slot->end, TASK_DONE);
	ck_assert_uint_eq(slot->result.turns, TURNS);
	ck_assert_uint_eq(atomic_load(&slot->turns), TURNS);
}

START_TEST(a_task_is_counted_and_handed_back)
{
	uint32_t ticket = slot_publish(slot, NUMBER);
	const struct task_result *result = &slot->result;

	push(ticket);
	run(_i);
	expect_done();
	ck_assert_uint_eq(next_ended(), ticket);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
	ck_assert_int_eq(result->pid, getpid());
	ck_assert_int_eq(result->tid, gettid());
	ck_assert_uint_eq(result->attempts, 1);
	ck_assert_uint_eq(result->count, TURNS);
	ck_assert_uint_gt(result->wall_ns, 0);
	ck_assert_uint_eq(counter_get(&seat->tasks_done), 1);
	ck_assert_uint_eq(result->lock.acquisitions, (uint64_t)_i);
	ck_assert_uint_eq(counter_get(&seat->lock.counters[0]), (uint64_t)_i);
	ck_assert_str_eq(lock_counters[0].name, "acquisitions");
	ck_assert_uint_le(
	    result->lock.held_ns + result->lock.wait_ns, result->wall_ns);
}
END_TEST

START_TEST(tasks_are_served_one_after_the_other)
{
	for (uint32_t i = 0; i < 3; i++) {
		slot[i].count = TURNS + i;
		slot[i].stride = 1;
		push(slot_publish(&slot[i], NUMBER + i));
	}
	run(_i);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(ticket_slot_number(next_ended()), NUMBER + i);
		ck_assert_uint_eq(slot[i].result.turns, TURNS + i);
	}
	ck_assert_uint_eq(counter_get(&seat->tasks_done), 3);
}
END_TEST

/* In their order, whatever became of one meanwhile. */
START_TEST(a_bundle_is_served_whole)
{
	struct bundle bundle = {{0}};

	for (uint32_t i = 0; i < BUNDLE_TICKETS; i++) {
		slot[i].count = TURNS + i;
		slot[i].stride = TURNS * 100;
		slot[i].arrival_ns = clock_monotonic_ns();
		bundle.tickets[i] = slot_publish(&slot[i], NUMBER + i);
	}
	ck_assert(slot_revoke(&slot[3], bundle.tickets[3]));
	slot_cancel(&slot[5]);
	bundle.tickets[7] = UINT32_MAX;
	ck_assert_int_eq(queue_push_bundles(&generation.run[0], &bundle, 1), 0);
	run(_i);
	for (uint32_t i = 0; i < BUNDLE_TICKETS; i++) {
		if (i == 7)
			continue;
		ck_assert_uint_eq(next_ended(), bundle.tickets[i]);
		if (i == 3)
			continue;
		ck_assert_int_eq(slot_look(&slot[i]).state, SLOT_FINISHED);
		ck_assert_int_eq(
		    slot[i].end, i == 5 ? TASK_CANCELLED : TASK_DONE);
		ck_assert_uint_eq(slot[i].result.turns, i == 5 ? 0 : TURNS + i);
		ck_assert_uint_le(
		    slot[i].result.cpu_ns, slot[i].result.wall_ns);
	}
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
	ck_assert_int_eq(slot_look(&slot[3]).state, SLOT_REVOKED);
	ck_assert_uint_eq(counter_get(&seat->tasks_done), BUNDLE_TICKETS - 2);
}
END_TEST

/* A tick is so many turns, however often the task comes up in between. */
START_TEST(ticks_come_whatever_the_stride)
{
	static const uint64_t strides[] = {1, 7, 100, 1000};
	struct pool_record *record = &generation.board.pools[0];

	counter_set(&record->check_interval, 100);
	counter_set(&record->policy, GIL_TICKS);
	counter_add(&record->changes, 1);
	slot->stride = strides[_i];
	push(slot_publish(slot, NUMBER));
	run(1);
	expect_done();
	ck_assert_uint_eq(slot->result.lock.acquisitions, TURNS / 100);
}
END_TEST

/* The least CPU time of some tasks that look up after each turn. */
static uint64_t
least_cpu_ns(uint64_t overhead_pct)
{
	uint64_t least_ns = UINT64_MAX;

	teardown();
	setup();
	counter_set(&generation.board.pools[0].overhead_pct, overhead_pct);
	for (uint32_t i = 0; i < 5; i++) {
		slot[i].count = TURNS;
		slot[i].stride = 1;
		slot[i].spins = 1000;
		push(slot_publish(&slot[i], NUMBER + i));
	}
	run(0);
	for (uint32_t i = 0; i < 5; i++) {
		if (slot[i].result.cpu_ns < least_ns)
			least_ns = slot[i].result.cpu_ns;
	}
	return least_ns;
}

/* Twice the work, or nearly: not nothing, as 99 % of each turn's turn is. */
START_TEST(overhead_is_not_rounded_away)
{
	uint64_t bare_ns = least_cpu_ns(0);

	ck_assert_uint_gt(least_cpu_ns(99), bare_ns * 5 / 4);
}
END_TEST

/* A dead executor was asked for the lock: the next one was not. */
START_TEST(what_a_dead_executor_was_asked_is_forgotten)
{
	uint32_t ticket = slot_publish(slot, NUMBER);

	ck_assert(slot_start(slot, ticket));
	atomic_store(&slot->turns, 700);
	atomic_store(&slot->attention, GIL_DROP);
	ck_assert(slot_requeue(slot, ticket));
	push(ticket);
	run(_i);
	expect_done();
	ck_assert_uint_eq(slot->result.attempts, 2);
	ck_assert_uint_eq(next_ended(), ticket);
}
END_TEST

START_TEST(a_cancelled_task_is_not_counted)
{
	uint32_t ticket = slot_publish(slot, NUMBER);

	slot_cancel(slot);
	push(ticket);
	run(_i);
	ck_assert_int_eq(slot_look(slot).state, SLOT_FINISHED);
	ck_assert_int_eq(slot->end, TASK_CANCELLED);
	ck_assert_uint_eq(slot->result.turns, 0);
	ck_assert_uint_eq(next_ended(), ticket);
}
END_TEST

START_TEST(a_revoked_task_goes_back_untouched)
{
	uint32_t ticket = slot_publish(slot, NUMBER);

	slot->result.turns = 77;
	ck_assert(slot_revoke(slot, ticket));
	push(ticket);
	run(_i);
	ck_assert_int_eq(slot_look(slot).state, SLOT_REVOKED);
	ck_assert_uint_eq(slot->result.turns, 77);
	ck_assert_uint_eq(next_ended(), ticket);
	ck_assert_uint_eq(counter_get(&seat->tasks_done), 0);
}
END_TEST

START_TEST(a_stale_ticket_starts_nothing)
{
	uint32_t old = slot_publish(slot, NUMBER);

	ck_assert(slot_revoke(slot, old));
	ck_assert(slot_free(slot, old));
	slot_publish(slot, NUMBER);
	push(old);
	run(_i);
	ck_assert_int_eq(slot_look(slot).state, SLOT_QUEUED);
	ck_assert_uint_eq(slot_look(slot).attempts, 0);
}
END_TEST

START_TEST(a_ticket_of_no_slot_is_passed_over)
{
	push(UINT32_MAX);
	push(slot_publish(slot, NUMBER));
	run(_i);
	expect_done();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("executor");
	TCase *tcase = tcase_create("executor");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_task_is_counted_and_handed_back, 0, 2);
	tcase_add_loop_test(tcase, tasks_are_served_one_after_the_other, 0, 2);
	tcase_add_loop_test(
	    tcase, what_a_dead_executor_was_asked_is_forgotten, 0, 2);
	tcase_add_loop_test(tcase, a_bundle_is_served_whole, 0, 2);
	tcase_add_loop_test(tcase, a_cancelled_task_is_not_counted, 0, 2);
	tcase_add_loop_test(tcase, a_revoked_task_goes_back_untouched, 0, 2);
	tcase_add_loop_test(tcase, ticks_come_whatever_the_stride, 0, 4);
	tcase_add_test(tcase, overhead_is_not_rounded_away);
	tcase_add_loop_test(tcase, a_stale_ticket_starts_nothing, 0, 2);
	tcase_add_loop_test(tcase, a_ticket_of_no_slot_is_passed_over, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
