/*
 * A connection that goes from one process to another: how it is given away,
 * and how one that was taken over goes on.
 */
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/connection_fixture.h"

/* --- to be given away --- */

/* The loop turns until the connection was offered so often. */
static void
await_offers(unsigned n)
{
	while (n_offers < n)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

START_TEST(who_is_quiet_is_given_away_at_once)
{
	connection_give_away(connection);
	ck_assert_ptr_null(connection);
	ck_assert_uint_eq(n_offers, 1);
	ck_assert_str_eq(offered, "");
	turn();
	/* The client notices nothing: it is connected. */
	say("later\n");
	ck_assert_int_eq(read(taken_fd, lines, sizeof(lines)), 6);
}
END_TEST

START_TEST(a_line_that_has_begun_goes_along)
{
	say("whole\nbeg");
	turn();
	connection_give_away(connection);
	ck_assert_ptr_null(connection);
	ck_assert_str_eq(lines, "whole\n");
	ck_assert_str_eq(offered, "beg");
}
END_TEST

START_TEST(who_is_held_is_served_until_it_is_given_away)
{
	connection_hold(connection);
	connection_hold(connection);
	connection_give_away(connection);
	connection_release(connection);
	turn();
	ck_assert_uint_eq(n_offers, 0);
	/* Lines that come meanwhile are served, if only after a rest. */
	say("meanwhile\n");
	while (lines[0] == '\0')
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(n_offers, 0);
	connection_release(connection);
	ck_assert_ptr_nonnull(connection); /* not from within */
	await_end();
	ck_assert_uint_eq(n_offers, 1);
	ck_assert_str_eq(lines, "meanwhile\n");
}
END_TEST

/* What comes in a rest stays in the socket, for whoever takes it. */
START_TEST(what_comes_in_a_rest_waits_in_the_socket)
{
	connection_hold(connection);
	connection_give_away(connection);
	say("wait\n");
	turn();
	ck_assert_str_eq(lines, "");
	connection_release(connection);
	turn();
	ck_assert_ptr_null(connection);
	ck_assert_str_eq(offered, "");
	ck_assert_str_eq(lines, "");
	ck_assert_int_eq(read(taken_fd, lines, sizeof(lines)), 5);
}
END_TEST

/* Reading and resting in turn: what is said every time is heard every time. */
START_TEST(rests_end)
{
	connection_hold(connection);
	connection_give_away(connection);
	for (unsigned i = 1; i <= 3; i++) {
		say("again\n");
		while (strlen(lines) < i * strlen("again\n"))
			ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	}
	ck_assert_uint_eq(n_offers, 0);
	connection_release(connection);
	await_end();
}
END_TEST

START_TEST(what_is_unsent_is_sent_first)
{
	/* More than the socket takes, and less than the bound. */
	for (int i = 0; i < 16; i++)
		send_big();
	turn();
	connection_give_away(connection);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_ptr_nonnull(connection);
	ck_assert_uint_eq(n_offers, 0);
	ck_assert_uint_eq(read_all(), 16 * 1024);
	await_end();
	ck_assert_uint_eq(n_offers, 1);
}
END_TEST

/* Nothing is in flight: there is no need of a rest. */
START_TEST(a_gift_that_cannot_be_taken_now_is_offered_again)
{
	gift = GIFT_LATER;
	connection_give_away(connection);
	for (unsigned i = 1; i <= 3; i++) {
		await_offers(i);
		say("served\n");
		turn();
		ck_assert_uint_eq(strlen(lines), i * strlen("served\n"));
	}
	gift = GIFT_TAKEN;
	await_end();
	ck_assert_int_ge(taken_fd, 0);
}
END_TEST

START_TEST(a_gift_that_nobody_wants_is_drained)
{
	char byte;

	gift = GIFT_REFUSED;
	connection_hold(connection);
	connection_give_away(connection);
	connection_release(connection);
	while (n_offers == 0)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(n_offers, 1);
	ck_assert_int_eq(read(client, &byte, 1), 0); /* it hears the end */
	leave();
	await_end();
	ck_assert_uint_eq(n_offers, 1);
}
END_TEST

START_TEST(a_drain_ends_a_rest)
{
	connection_hold(connection);
	connection_give_away(connection); /* which begins with a rest */
	connection_drain(connection);
	say("cancel\n");
	turn();
	ck_assert_str_eq(lines, "cancel\n");
	connection_release(connection);
	leave();
	await_end();
	ck_assert_uint_eq(n_offers, 0);
}
END_TEST

START_TEST(who_half_closed_ends_by_itself)
{
	say("last");
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	connection_hold(connection);
	turn();
	connection_give_away(connection);
	ck_assert_str_eq(lines, "last\n");
	send_big();
	connection_release(connection);
	ck_assert_uint_eq(read_all(), 1024);
	await_end();
	ck_assert_uint_eq(n_offers, 0);
}
END_TEST

START_TEST(who_leaves_while_it_is_to_be_given_away_is_gone)
{
	connection_hold(connection);
	connection_give_away(connection);
	leave();
	await_end();
	ck_assert_uint_eq(n_offers, 0);
}
END_TEST

/* A new reader would take the rest of such a line for a line. */
START_TEST(a_line_that_is_being_dropped_is_dropped_whole_first)
{
	char line[2 * MAX_LINE];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	say(line);
	turn();
	connection_give_away(connection);
	turn();
	ck_assert_uint_eq(n_offers, 0);
	say("xx\nbeg");
	await_end();
	ck_assert_uint_eq(n_offers, 1);
	ck_assert_str_eq(lines, "too long\n");
	ck_assert_str_eq(offered, "beg");
}
END_TEST

/* --- taken over --- */

START_TEST(a_line_goes_on_where_another_process_read_it)
{
	ck_assert_int_eq(connection_feed(connection, "be", 2), 0);
	ck_assert_str_eq(lines, "");
	turn();
	ck_assert_str_eq(lines, "");
	say("gun\nnext\n");
	turn();
	ck_assert_str_eq(lines, "begun\nnext\n");
}
END_TEST

/* The bound may be another one here. */
START_TEST(what_was_read_is_looked_at_without_more_to_come)
{
	char line[2 * MAX_LINE];

	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(connection_feed(connection, line, sizeof(line)), 0);
	ck_assert_str_eq(lines, ""); /* not from within */
	turn();
	ck_assert_str_eq(lines, "too long\n");
	say("x\nnext\n");
	turn();
	ck_assert_str_eq(lines, "too long\nnext\n");
}
END_TEST

START_TEST(what_was_read_is_given_on)
{
	ck_assert_int_eq(connection_feed(connection, "be", 2), 0);
	connection_give_away(connection);
	ck_assert_ptr_null(connection);
	ck_assert_str_eq(offered, "be");
	turn();
	ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(what_was_read_is_a_line_at_the_end)
{
	ck_assert_int_eq(connection_feed(connection, "be", 2), 0);
	say("gun");
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	await_end();
	ck_assert_str_eq(lines, "begun\n");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_is_quiet_is_given_away_at_once,
	    a_line_that_has_begun_goes_along,
	    who_is_held_is_served_until_it_is_given_away,
	    what_comes_in_a_rest_waits_in_the_socket,
	    rests_end,
	    what_is_unsent_is_sent_first,
	    a_gift_that_cannot_be_taken_now_is_offered_again,
	    a_gift_that_nobody_wants_is_drained,
	    a_drain_ends_a_rest,
	    who_half_closed_ends_by_itself,
	    who_leaves_while_it_is_to_be_given_away_is_gone,
	    a_line_that_is_being_dropped_is_dropped_whole_first,
	    a_line_goes_on_where_another_process_read_it,
	    what_was_read_is_looked_at_without_more_to_come,
	    what_was_read_is_given_on,
	    what_was_read_is_a_line_at_the_end,
	};
	Suite *suite = suite_create("connection_gift");

	suite_add_case(
	    suite, "connection_gift", setup, teardown, tests, COUNT(tests));
	return suite_main(suite);
}
