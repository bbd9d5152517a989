/*
 * What takes a client too long: to say something, to end a line, to take what
 * it is sent. The tests make up what time it is.
 */
#include <string.h>
#include <unistd.h>

#include "tests/unit/connection_fixture.h"

/* It said so, and sent what on_late() sends; then it ended in good order. */
static void
expect_end_after(const char *what)
{
	char byte;

	ck_assert_str_eq(lines, what);
	ck_assert_uint_eq(read_all(), 1024);
	ck_assert_int_eq(read(client, &byte, 1), 0);
	say("not heard\n");
	leave();
	await_end();
	ck_assert_str_eq(lines, what);
}

/* --- silence --- */

START_TEST(who_is_silent_is_told_and_ends)
{
	look_after(IDLE_NS - NS_PER_S);
	ck_assert_str_eq(lines, "");
	look_after(IDLE_NS);
	expect_end_after("idle\n");
}
END_TEST

START_TEST(who_said_something_was_not_silent)
{
	uint64_t start_ns = clock_monotonic_ns();

	say("line\n");
	turn();
	connection_look(connection, start_ns + IDLE_NS);
	ck_assert_str_eq(lines, "line\n");
	look_after(IDLE_NS);
	expect_end_after("line\nidle\n");
}
END_TEST

START_TEST(who_waits_for_something_may_be_silent)
{
	connection_hold(connection);
	look_after(10 * IDLE_NS);
	connection_release(connection);
	/* From when it was last seen to wait. */
	look_after(11 * IDLE_NS - NS_PER_S);
	ck_assert_str_eq(lines, "");
	look_after(11 * IDLE_NS);
	expect_end_after("idle\n");
}
END_TEST

/* --- lines without an end --- */

START_TEST(a_line_that_does_not_end_is_dropped)
{
	say("one\ntw");
	turn();
	look_after(LINE_NS - NS_PER_S);
	ck_assert_str_eq(lines, "one\n");
	look_after(LINE_NS);
	expect_end_after("one\nlate\n");
}
END_TEST

/* A byte now and then, or blanks: it is as old as its first one. */
START_TEST(a_line_is_as_old_as_its_first_byte)
{
	uint64_t start_ns;

	say(" ");
	turn();
	start_ns = clock_monotonic_ns();
	for (int i = 0; i < 10; i++) {
		say("x");
		turn();
		connection_look(connection, start_ns + LINE_NS - NS_PER_S);
		ck_assert_str_eq(lines, "");
	}
	connection_look(connection, start_ns + LINE_NS);
	expect_end_after("late\n");
}
END_TEST

static const struct {
	const char *first, *then, *lines;
} next_lines[] = {
    {"be", "gun\nnext", "begun\n"},
    {"  ", "\nnext", ""},
    {"be", "gun\n \n\t\nnext", "begun\n"},
};

START_TEST(the_next_line_has_its_own_time)
{
	say(next_lines[_i].first);
	turn();
	ck_assert_uint_ne(connection->line_since_ns, 0);
	connection->line_since_ns = 1;
	say(next_lines[_i].then);
	turn();
	ck_assert_uint_gt(connection->line_since_ns, 1);
	ck_assert_str_eq(lines, next_lines[_i].lines);
	say("\n");
	turn();
	ck_assert_uint_eq(connection->line_since_ns, 0);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_one_that_does_not_end)
{
	char line[2 * MAX_LINE];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	say("x");
	turn();
	connection->line_since_ns = 1;
	say(line);
	turn();
	say(line);
	turn();
	ck_assert_str_eq(lines, "too long\n");
	ck_assert_uint_eq(connection->line_since_ns, 1);
	connection_look(connection, LINE_NS + 1);
	expect_end_after("too long\nlate\n");
}
END_TEST

START_TEST(what_is_owed_comes_before_the_end)
{
	say("job\nbeg");
	turn();
	connection_hold(connection);
	look_after(LINE_NS);
	ck_assert_str_eq(lines, "job\nlate\n");
	ck_assert_uint_eq(read_all(), 1024);
	say("in\n"); /* its line is not there any more */
	for (int i = 0; i < 3; i++)
		turn();
	ck_assert_ptr_nonnull(connection);
	send_big();
	connection_release(connection);
	ck_assert_uint_eq(read_all(), 1024);
	ck_assert_str_eq(lines, "job\nlate\n");
	leave();
	await_end();
}
END_TEST

/* Nobody can be in time who is not read from. */
START_TEST(a_pause_stops_the_clock_of_a_line)
{
	replies = true;
	for (int i = 0; i < 100; i++)
		say("line\n");
	say("beg");
	turn();
	ck_assert(connection->is_paused);
	look_after(LINE_NS);
	ck_assert_ptr_nonnull(connection);
	ck_assert_uint_eq(read_all(), 100 * 1024);
	ck_assert_ptr_null(strstr(lines, "late"));
	ck_assert_uint_gt(connection->line_since_ns, 1);
}
END_TEST

/* --- what is not taken --- */

/* Fills what the kernel takes, and then some. */
static void
send_too_much(void)
{
	for (int i = 0; i < 16; i++)
		send_big();
	turn();
	ck_assert_uint_gt(connection_unsent(connection), 0);
}

START_TEST(who_takes_nothing_is_cut_off)
{
	uint64_t start_ns;

	send_too_much();
	start_ns = clock_monotonic_ns();
	connection_look(connection, start_ns);
	connection_look(connection, start_ns + STALL_NS - 1);
	ck_assert_ptr_nonnull(connection);
	/* More that waits does not make it a better client. */
	send_big();
	turn();
	connection_look(connection, start_ns + STALL_NS);
	ck_assert_ptr_null(connection);
	ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(who_takes_a_little_is_not)
{
	uint64_t start_ns = clock_monotonic_ns();
	char chunk[1024];
	size_t unsent;

	send_too_much();
	for (uint64_t i = 0; connection_unsent(connection) > 0; i++) {
		connection_look(connection, start_ns + i * (STALL_NS - 1));
		ck_assert_ptr_nonnull(connection);
		unsent = connection_unsent(connection);
		while (connection_unsent(connection) == unsent) {
			ck_assert_int_gt(read(client, chunk, sizeof(chunk)), 0);
			turn();
		}
	}
	look_after(100 * STALL_NS); /* nothing waits */
	ck_assert_ptr_nonnull(connection);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_is_silent_is_told_and_ends,
	    who_said_something_was_not_silent,
	    who_waits_for_something_may_be_silent,
	    a_line_that_does_not_end_is_dropped,
	    a_line_is_as_old_as_its_first_byte,
	    a_line_that_is_too_long_is_one_that_does_not_end,
	    what_is_owed_comes_before_the_end,
	    a_pause_stops_the_clock_of_a_line,
	    who_takes_nothing_is_cut_off,
	    who_takes_a_little_is_not,
	};
	Suite *suite = suite_create("connection_time");
	TCase *tcase = suite_add_case(
	    suite, "connection_time", setup, teardown, tests, COUNT(tests));

	tcase_add_loop_test(
	    tcase, the_next_line_has_its_own_time, 0, COUNT(next_lines));
	return suite_main(suite);
}
