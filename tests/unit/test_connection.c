/* A client's connection: the lines that come, and how it ends. */
#include "daemon/connection.h"

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/connection_fixture.h"

/* --- lines --- */

START_TEST(lines_are_handed_out)
{
	say("one\ntw");
	turn();
	ck_assert_str_eq(lines, "one\n");
	ck_assert_uint_eq(n_served, 1);
	say("o\n\nthree\n");
	turn();
	ck_assert_str_eq(lines, "one\ntwo\nthree\n");
	ck_assert_uint_eq(n_served, 2);
}
END_TEST

START_TEST(lines_that_are_dropped_are_told_of)
{
	char line[MAX_LINE + 3];

	memset(line, 'x', sizeof(line));
	line[MAX_LINE + 1] = '\n';
	line[MAX_LINE + 2] = '\0';
	say(line);
	ck_assert_int_eq(write(client, "a\0b\n", 4), 4);
	say("after\n");
	turn();
	ck_assert_str_eq(lines, "too long\nnul\nafter\n");
}
END_TEST

/* --- ends --- */

START_TEST(who_half_closes_is_served_to_the_end)
{
	say("one\nlast");
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	connection_hold(connection);
	turn();
	turn();
	ck_assert_str_eq(lines, "one\nlast\n");
	ck_assert_ptr_nonnull(connection);
	send_big();
	connection_release(connection);
	ck_assert_ptr_nonnull(connection); /* not from within */
	ck_assert_uint_eq(read_all(), 1024);
	await_end();
}
END_TEST

START_TEST(who_half_closes_and_leaves_is_noticed)
{
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	connection_hold(connection);
	turn();
	ck_assert_ptr_nonnull(connection);
	leave();
	await_end();
}
END_TEST

START_TEST(who_half_closes_hears_an_lf_now_and_then)
{
	char byte = '\0';

	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	connection_hold(connection);
	while (read(client, &byte, 1) != 1)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_int_eq(byte, '\n');
	ck_assert_ptr_nonnull(connection);
}
END_TEST

START_TEST(who_leaves_is_gone_whoever_holds_it)
{
	connection_hold(connection);
	send_big();
	leave();
	/* First the end of what it said, then that it does not hear. */
	await_end();
}
END_TEST

START_TEST(a_break_ends_it_and_not_from_within)
{
	connection_hold(connection);
	connection_break(connection);
	ck_assert_ptr_nonnull(connection);
	await_end();
}
END_TEST

START_TEST(a_drain_lets_an_idle_client_hear_the_end)
{
	uint64_t start_ns = clock_monotonic_ns();
	char byte;

	connection_drain(connection);
	ck_assert_ptr_nonnull(connection);
	ck_assert_int_eq(read(client, &byte, 1), 0);
	/* What it says now is read, or a close would be a reset; but it is not
	 * heard. That lasts for a second. */
	say("too late\n");
	turn();
	ck_assert(
	    connection != NULL || clock_monotonic_ns() - start_ns >= NS_PER_S);
	ck_assert_str_eq(lines, "");
	leave();
	await_end();
}
END_TEST

START_TEST(a_drain_waits_for_who_holds_it)
{
	char byte;

	connection_hold(connection);
	connection_drain(connection);
	say("in time\n");
	turn();
	ck_assert_str_eq(lines, "in time\n");
	ck_assert_int_eq(read(client, &byte, 1), -1);
	connection_release(connection);
	turn();
	ck_assert_int_eq(read(client, &byte, 1), 0);
	leave();
	await_end();
}
END_TEST

START_TEST(a_drain_does_not_wait_for_a_client_that_stays)
{
	connection_drain(connection);
	await_end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    lines_are_handed_out,
	    lines_that_are_dropped_are_told_of,
	    who_half_closes_is_served_to_the_end,
	    who_half_closes_and_leaves_is_noticed,
	    who_half_closes_hears_an_lf_now_and_then,
	    who_leaves_is_gone_whoever_holds_it,
	    a_break_ends_it_and_not_from_within,
	    a_drain_lets_an_idle_client_hear_the_end,
	    a_drain_waits_for_who_holds_it,
	    a_drain_does_not_wait_for_a_client_that_stays,
	};
	Suite *suite = suite_create("connection");

	suite_add_case(
	    suite, "connection", setup, teardown, tests, COUNT(tests));
	return suite_main(suite);
}
