/*
 * What a connection holds, and what it may: a client is not read from while too
 * much is unsent, or while the crowd is full and it has more than its share.
 */
#include <string.h>

#include "tests/unit/connection_fixture.h"

START_TEST(a_client_that_does_not_read_is_not_read_from)
{
	size_t n_taken;

	replies = true;
	for (int i = 0; i < 100; i++)
		say("line\n");
	turn();
	n_taken = strlen(lines) / strlen("line\n");
	/* As much as the bound and the kernel's buffer hold, not all. */
	ck_assert_uint_gt(n_taken, MAX_UNSENT / 1024);
	ck_assert_uint_lt(n_taken, 100);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(strlen(lines) / strlen("line\n"), n_taken);
	/* It reads: the rest is served, and each is answered. */
	ck_assert_uint_eq(read_all(), 100 * 1024);
	ck_assert_uint_eq(strlen(lines) / strlen("line\n"), 100);
}
END_TEST

/* --- the crowd --- */

/* Others hold all that may be held, or nothing any more. */
static void
others_hold(bool much)
{
	crowd_count(&crowd, much ? 0 : MAX_BYTES, much ? MAX_BYTES : 0);
	turn();
}

START_TEST(what_is_held_is_counted)
{
	ck_assert_uint_eq(crowd.bytes, 0);
	say("beg");
	turn();
	ck_assert_uint_eq(crowd.bytes, 3);
	connection_charge(connection, 100);
	connection_reserve(connection, 1000);
	ck_assert_uint_eq(crowd.bytes, 1103);
	send_big();
	ck_assert_uint_eq(crowd.bytes, 2127);
	turn();
	connection_discharge(connection, 100);
	connection_unreserve(connection, 1000);
	ck_assert_uint_eq(read_all(), 1024);
	look_after(0);
	ck_assert_uint_eq(crowd.bytes, 3);
	say("in\n");
	turn();
	ck_assert_uint_eq(crowd.bytes, 0);
	connection_charge(connection, 1);
	connection_close(connection);
	ck_assert_uint_eq(crowd.bytes, 0);
}
END_TEST

START_TEST(in_a_full_crowd_each_has_its_share)
{
	size_t n_taken;

	replies = true;
	others_hold(true);
	ck_assert_uint_eq(connection_allowance(connection), SHARE);
	ck_assert(connection_has_room(connection, SHARE));
	ck_assert(!connection_has_room(connection, SHARE + 1));
	/* One that holds little is served. */
	say("line\n");
	turn();
	ck_assert_str_eq(lines, "line\n");
	ck_assert_uint_eq(read_all(), 1024);
	/* One that holds more than that is not, until the others hold less. */
	for (int i = 0; i < 100; i++)
		say("line\n");
	turn();
	n_taken = strlen(lines) / strlen("line\n");
	ck_assert_uint_lt(n_taken, 100);
	ck_assert(connection->is_paused);
	others_hold(false);
	ck_assert(!crowd.is_full);
	ck_assert_uint_eq(connection_allowance(connection), MAX_UNSENT);
	ck_assert_uint_eq(
	    read_all(), (101 - 1) * 1024); /* one was read before */
	ck_assert_uint_eq(strlen(lines) / strlen("line\n"), 101);
}
END_TEST

/* It holds what it was sent in a line that does not end. */
START_TEST(in_a_full_crowd_half_lines_are_not_read_on)
{
	char line[MAX_LINE];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	connection_charge(connection, SHARE);
	say(line);
	turn();
	others_hold(true);
	ck_assert(connection->is_blocked);
	say("\n");
	turn();
	ck_assert_str_eq(lines, "");
	/* Its time is running, all the same. */
	look_after(LINE_NS);
	ck_assert_str_eq(lines, "late\n");
}
END_TEST

START_TEST(a_crowd_that_is_full_no_more_is_heard)
{
	connection_charge(connection, SHARE);
	say("beg");
	turn();
	others_hold(true);
	say("in\n");
	turn();
	ck_assert_str_eq(lines, "");
	others_hold(false);
	turn();
	ck_assert_str_eq(lines, "begin\n");
}
END_TEST

START_TEST(who_leaves_a_full_crowd_unheard_is_noticed)
{
	connection_hold(connection);
	connection_charge(connection, SHARE);
	say("beg");
	turn();
	others_hold(true);
	leave();
	await_end();
	ck_assert_uint_eq(crowd.bytes, MAX_BYTES);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_client_that_does_not_read_is_not_read_from,
	    what_is_held_is_counted,
	    in_a_full_crowd_each_has_its_share,
	    in_a_full_crowd_half_lines_are_not_read_on,
	    a_crowd_that_is_full_no_more_is_heard,
	    who_leaves_a_full_crowd_unheard_is_noticed,
	};
	Suite *suite = suite_create("connection_bound");

	suite_add_case(
	    suite, "connection_bound", setup, teardown, tests, COUNT(tests));
	return suite_main(suite);
}
