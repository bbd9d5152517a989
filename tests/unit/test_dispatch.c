/*
 * The dispatcher and a load's tasks: what is withdrawn or called back does not
 * run, what comes back ends its own task and that once, and what a dead
 * predecessor left comes to rest.
 */
#include "daemon/dispatch.h"

#include "tests/unit/dispatch_fixture.h"

START_TEST(what_was_withdrawn_does_not_run)
{
	struct part parts[3] = {
	    part_make('a', 1), part_make('b', 4), part_make('c', 1)};

	for (size_t i = 0; i < COUNT(parts); i++)
		enqueue(0, &parts[i]);
	dispatch_pump(dispatcher);
	dispatch_withdraw(dispatcher, &parts[1].load);
	dispatch_withdraw(dispatcher, &parts[1].load);
	ck_assert(load_is_over(&parts[1].load));
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 1);
	serve(0);
	serve(0);
	ck_assert_str_eq(events, "ac");
	expect_at_rest();
}
END_TEST

/* Of four tasks one runs, one is in the queue, two were not handed out. */
START_TEST(a_recall_stops_each_task_where_it_is)
{
	struct part part = part_make('a', 4);
	uint32_t running, queued;

	part.load.task_ns = 5 * NS_PER_MS; /* one to run and one ahead */
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	running = start(0);
	dispatch_recall(dispatcher, &part.load);
	ck_assert(slot_is_cancelled(board_slot(&generation.board, running)));
	ck_assert_uint_eq(part.load.n_under_way, 1);
	ck_assert(!load_is_over(&part.load));
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 0);

	/* The one in the queue never starts; its slot is not free before its
	 * ticket is back. */
	queued = claim(0);
	ck_assert(!slot_start(board_slot(&generation.board, queued), queued));
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 2);
	hand_back(queued);
	ck_assert_uint_eq(part.n_ended, 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	finish(running);
	ck_assert_uint_eq(part.n_ended, 1);
	ck_assert(load_is_over(&part.load));
	expect_at_rest();
}
END_TEST

START_TEST(a_load_that_cannot_begin_lets_others)
{
	struct part a = part_make('a', 2), b = part_make('b', 1);

	a.cannot_begin = true;
	enqueue(0, &a);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_str_eq(events, "!b");
	expect_at_rest();
}
END_TEST

START_TEST(a_ticket_that_comes_back_twice_counts_once)
{
	struct part part = part_make('a', 1);
	uint32_t ticket;

	enqueue(0, &part);
	dispatch_pump(dispatcher);
	ticket = start(0);
	hand_back(ticket); /* it has not ended */
	ck_assert_uint_eq(part.n_ended, 0);
	finish(ticket);
	hand_back(ticket);
	hand_back(UINT32_MAX);
	ck_assert_uint_eq(part.n_ended, 1);
	expect_at_rest();
}
END_TEST

/* Its slot holds another task by now, which has just ended. */
START_TEST(a_stale_ticket_ends_nobody_elses_task)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);
	uint32_t old, now;

	enqueue(0, &a);
	dispatch_pump(dispatcher);
	old = start(0);
	finish(old);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	now = start(0);
	ck_assert_uint_eq(ticket_slot_number(now), ticket_slot_number(old));
	ck_assert(slot_finish(board_slot(&generation.board, now), now));
	hand_back(old);
	ck_assert_uint_eq(b.n_ended, 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	hand_back(now);
	ck_assert_uint_eq(a.n_ended, 1);
	ck_assert_uint_eq(b.n_ended, 1);
	expect_at_rest();
}
END_TEST

START_TEST(turns_are_those_of_the_tasks_under_way)
{
	struct part part = part_make('a', 3);
	uint32_t tickets[3];

	part.load.task_ns = QUICK_NS;
	enqueue(0, &part);
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 0);
	dispatch_pump(dispatcher);
	for (uint64_t i = 0; i < 3; i++) {
		tickets[i] = start(0);
		counter_set(
		    &board_slot(&generation.board, tickets[i])->turns, 10 << i);
	}
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 70);
	finish(tickets[1]);
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 50);
}
END_TEST

START_TEST(a_replacement_takes_over_the_range)
{
	struct part part = part_make('a', 2), next = part_make('b', 1);
	uint32_t running, queued;
	struct slot *slot;

	part.load.task_ns = QUICK_NS;
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	running = start(0);
	slot = board_slot(&generation.board, running);
	counter_add(&tally->jobs[JOB_RUNNING], 1);
	counter_add(&tally->jobs[JOB_QUEUED], 5);
	dispatcher_free(dispatcher);
	dispatcher = frontend.dispatcher = dispatcher_new(&frontend);

	ck_assert(slot_is_cancelled(slot));
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_RUNNING]), 0);
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_QUEUED]), 0);
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_CANCELLED]), 6);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	queued = claim(0);
	ck_assert(!slot_start(board_slot(&generation.board, queued), queued));
	hand_back(queued);
	finish(running);
	expect_at_rest();
	ck_assert_uint_eq(part.n_ended, 0);

	enqueue(0, &next);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_uint_eq(next.n_ended, 1);
	expect_at_rest();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_was_withdrawn_does_not_run,
	    a_recall_stops_each_task_where_it_is,
	    a_load_that_cannot_begin_lets_others,
	    a_ticket_that_comes_back_twice_counts_once,
	    a_stale_ticket_ends_nobody_elses_task,
	    turns_are_those_of_the_tasks_under_way,
	    a_replacement_takes_over_the_range,
	};
	Suite *suite = suite_create("dispatch");

	suite_add_case(suite, "dispatch", setup, teardown, tests, COUNT(tests));
	return suite_main(suite);
}
