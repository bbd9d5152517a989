/* Whose turn it is: that of a client, of a priority, or of who came first. */
#include <string.h>

#include "tests/unit/dispatch_fixture.h"

START_TEST(lanes_take_turns_a_job_each)
{
	static const char names[] = "aaaaabbc";
	struct part parts[sizeof(names) - 1];

	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = part_make(names[i], 1);
		enqueue(names[i] - 'a', &parts[i]);
	}
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), COUNT(parts));
	dispatch_pump(dispatcher);
	for (size_t i = 0; i < COUNT(parts); i++)
		serve(0);
	ck_assert_str_eq(events, "abcabaaa");
	for (size_t i = 0; i < COUNT(parts); i++) {
		ck_assert(load_is_over(&parts[i].load));
		ck_assert_uint_eq(parts[i].n_ended, 1);
	}
	expect_at_rest();
}
END_TEST

START_TEST(the_parts_of_a_job_go_in_one_turn)
{
	struct part a = part_make('a', 3), b = part_make('b', 1),
		    c = part_make('c', 2);

	enqueue(0, &a);
	enqueue(0, &c);
	enqueue(1, &b);
	dispatch_pump(dispatcher);
	for (int i = 0; i < 6; i++)
		serve(0);
	ck_assert_str_eq(events, "aaabcc");
	ck_assert_uint_eq(a.n_ended, 3);
	expect_at_rest();
}
END_TEST

START_TEST(pools_do_not_wait_for_each_other)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	b.load.pool = 1;
	enqueue(0, &a);
	enqueue(1, &b);
	dispatch_pump(dispatcher);
	serve(1);
	serve(0);
	ck_assert_str_eq(events, "ba");
	expect_at_rest();
}
END_TEST

/* Of what waits, in which order, with the priorities that stand below names. */
static void
check_order(const char *names, const char *priorities, const char *order)
{
	struct part parts[16];
	size_t n = strlen(names);

	ck_assert_uint_le(n, COUNT(parts));
	for (size_t i = 0; i < n; i++) {
		parts[i] = part_make(names[i], 1);
		parts[i].load.priority = (uint32_t)(priorities[i] - '0');
		enqueue(names[i] - 'a', &parts[i]);
	}
	dispatch_pump(dispatcher);
	for (size_t i = 0; i < n; i++)
		serve(0);
	ck_assert_str_eq(events, order);
	expect_at_rest();
}

START_TEST(a_higher_priority_goes_first)
{
	check_order("aabbcc", "049490", "bcabac");
}
END_TEST

START_TEST(clients_take_turns_in_each_priority)
{
	check_order("aaaaabbc", "99944949", "abcaaaba");
}
END_TEST

START_TEST(in_one_line_who_came_first_is_first)
{
	check_order("aaabcbac", "44444444", "aaabcbac");
}
END_TEST

START_TEST(a_higher_priority_goes_first_in_one_line_too)
{
	check_order("aaabcb", "444945", "bbaaac");
}
END_TEST

/* One that comes between two tasks of another does not wait for the second. */
START_TEST(a_higher_priority_overtakes_in_mid_job)
{
	struct part a = part_make('a', 3), b = part_make('b', 1);

	b.load.priority = 1;
	enqueue(0, &a);
	dispatch_pump(dispatcher);
	enqueue(1, &b);
	for (int i = 0; i < 4; i++)
		serve(0);
	ck_assert_str_eq(events, "abaa");
	expect_at_rest();
}
END_TEST

/* What a client that has left still has waiting keeps its place, and is no
 * other client's. */
START_TEST(lanes_outlive_their_client)
{
	struct part a1 = part_make('a', 1), a2 = part_make('a', 1),
		    b1 = part_make('b', 1), b2 = part_make('b', 1);

	enqueue(0, &a1);
	enqueue(0, &a2);
	enqueue(1, &b1);
	enqueue(1, &b2);
	leave(0);
	dispatch_pump(dispatcher);
	for (int i = 0; i < 4; i++)
		serve(0);
	ck_assert_str_eq(events, "abab");
	expect_at_rest();
}
END_TEST

START_TEST(an_emptied_lane_has_no_turn)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	enqueue(0, &a);
	enqueue(1, &b);
	dispatch_withdraw(dispatcher, &a.load);
	leave(0);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_str_eq(events, "b");
	expect_at_rest();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    lanes_take_turns_a_job_each,
	    the_parts_of_a_job_go_in_one_turn,
	    pools_do_not_wait_for_each_other,
	    a_higher_priority_goes_first,
	    clients_take_turns_in_each_priority,
	    a_higher_priority_overtakes_in_mid_job,
	    lanes_outlive_their_client,
	    an_emptied_lane_has_no_turn,
	};
	const TTest *const fifo_tests[] = {
	    in_one_line_who_came_first_is_first,
	    a_higher_priority_goes_first_in_one_line_too,
	};
	Suite *suite = suite_create("dispatch_turns");

	suite_add_case(suite, "fair", setup, teardown, tests, COUNT(tests));
	suite_add_case(
	    suite, "fifo", setup_fifo, teardown, fifo_tests, COUNT(fifo_tests));
	return suite_main(suite);
}
