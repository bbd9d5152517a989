/* How far ahead the dispatcher hands tasks out: the window of a pool. */
#include <event2/event.h>

#include "tests/unit/dispatch_fixture.h"

/* How many tickets lie in a pool's queue; takes them all. */
static size_t
count_queued(uint32_t pool)
{
	size_t n = 0;

	while (claim(pool) != TICKET_NONE)
		n++;
	return n;
}

/*
 * Enqueues a first task and more than any window of others, of so long each,
 * and returns how many go out.
 */
static size_t
count_window(uint32_t pool, uint64_t first_ns, uint64_t others_ns)
{
	static struct part parts[2 * BOARD_LOOKAHEAD];
	const struct tally *of_pool = board_tally(&generation.board, 0, pool);
	size_t n;

	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = part_make('w', 1);
		parts[i].load.pool = pool;
		parts[i].load.task_ns = i == 0 ? first_ns : others_ns;
		enqueue(0, &parts[i]);
	}
	dispatch_pump(dispatcher);
	n = count_queued(pool);
	ck_assert_uint_eq(counter_get(&of_pool->tasks_dispatched), n);
	ck_assert_uint_eq(
	    counter_get(&of_pool->tasks_queued), COUNT(parts) - n);
	return n;
}

/* Pool 0 is one executor, pool 1 is three. */
static const struct {
	uint32_t pool;
	uint64_t task_ns;
	size_t window;
} windows[] = {
    {0, 0, 1 + BOARD_LOOKAHEAD},
    {0, 1, 1 + BOARD_LOOKAHEAD},
    {0, 10 * NS_PER_US, 1 + BOARD_LOOKAHEAD},
    {0, NS_PER_MS, 10},
    {0, 5 * NS_PER_MS, 2},
    {0, 6 * NS_PER_MS, 2},
    {0, 10 * NS_PER_MS, 1},
    {0, 3600 * NS_PER_S, 1},
    {1, NS_PER_MS, 30},
    {1, 10 * NS_PER_MS, 3},
    {1, 3600 * NS_PER_S, 3},
};

START_TEST(the_window_holds_work_for_10_ms)
{
	ck_assert_uint_eq(count_window(windows[_i].pool, windows[_i].task_ns,
			      windows[_i].task_ns),
	    windows[_i].window);
}
END_TEST

/* It takes one of three executors; the other two have 10 ms each. */
START_TEST(a_long_task_fills_one_share)
{
	ck_assert_uint_eq(count_window(1, SLOW_NS, NS_PER_MS), 1 + 20);
}
END_TEST

START_TEST(what_was_called_back_is_no_work)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	enqueue(0, &a);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	dispatch_recall(dispatcher, &a.load);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 2);
	hand_back(claim(0));
	serve(0);
	ck_assert_str_eq(events, "b");
	expect_at_rest();
}
END_TEST

START_TEST(what_ends_makes_room_for_the_next)
{
	struct part parts[3] = {
	    part_make('a', 1), part_make('b', 1), part_make('c', 1)};
	uint32_t ticket;

	for (size_t i = 0; i < COUNT(parts); i++)
		enqueue(0, &parts[i]);
	dispatch_pump(dispatcher);
	ticket = start(0);
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	finish(ticket);
	ticket = start(0);
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	finish(ticket);
	ck_assert_str_eq(events, "ab");
	ck_assert_uint_eq(parts[2].load.n_under_way, 1);
}
END_TEST

START_TEST(a_full_queue_is_tried_again)
{
	static const struct bundle filler[QUEUE_MAX_BUNDLES];
	struct bundle out[QUEUE_MAX_BUNDLES];
	struct part part = part_make('a', 2);
	size_t n_filled = 0;

	part.load.task_ns = QUICK_NS;
	while (queue_push_bundles(
		   &generation.run[0], filler, QUEUE_MAX_BUNDLES) == 0)
		n_filled += QUEUE_MAX_PUSH;
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(part.load.n_under_way, 2);
	while (n_filled > 0) {
		size_t n = queue_take(
		    &generation.run[0], out[0].tickets, QUEUE_MAX_PUSH);

		ck_assert_mem_eq(out, filler, n * sizeof(uint32_t));
		n_filled -= n;
	}
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	/* The timer, and nothing else, is waited for. */
	ck_assert_int_eq(event_base_loop(frontend.base, EVLOOP_ONCE), 0);
	serve(0);
	serve(0);
	ck_assert_uint_eq(part.n_ended, 2);
	expect_at_rest();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_long_task_fills_one_share,
	    what_was_called_back_is_no_work,
	    what_ends_makes_room_for_the_next,
	    a_full_queue_is_tried_again,
	};
	Suite *suite = suite_create("dispatch_window");
	TCase *tcase = suite_add_case(
	    suite, "dispatch_window", setup, teardown, tests, COUNT(tests));

	tcase_add_loop_test(
	    tcase, the_window_holds_work_for_10_ms, 0, COUNT(windows));
	return suite_main(suite);
}
