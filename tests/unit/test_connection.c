/*
 * A client's connection: lines in, messages out, and how it ends. The client
 * is the other end of a pair of Unix sockets, in the test's own hands; the
 * event loop turns only when the test says so.
 */
#include "daemon/connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/connection_private.h"
#include "daemon/crowd.h"
#include "tests/unit/suite.h"

#define MAX_LINE 64
#define MAX_UNSENT 4096
#define MAX_BYTES 65536
#define SHARE 1024
/* Longer than any test: what is due is looked at at times that tests make up. */
#define IDLE_NS (3000 * NS_PER_S)
#define LINE_NS (1000 * NS_PER_S)
#define STALL_NS (2000 * NS_PER_S)

static struct event_base *base;
static struct crowd crowd;
static struct crowd_limits limits;
static struct connection *connection; /* NULL: it is gone */
static int client;
static char lines[4096]; /* those that came, each with an LF */
static unsigned n_served;
static bool replies; /* a message of 1 KiB for each line */
static enum connection_gift gift;
static unsigned n_offers;  /* to take the connection */
static char offered[4096]; /* what was not served of it, the last time */
static int taken_fd = -1;  /* the same socket, when it was taken */

/* {"x":"xxx..."}, so that it fills 1 KiB with its LF. */
static json_t *
big_message(void)
{
	char text[1024 - sizeof("{\"x\":\"\"}")];

	memset(text, 'x', sizeof(text));
	return json_pack("{s:s#}", "x", text, (int)sizeof(text));
}

static void
note_line(const char *line, size_t len)
{
	size_t at = strlen(lines);

	ck_assert_uint_lt(at + len + 1, sizeof(lines));
	memcpy(lines + at, line, len);
	lines[at + len] = '\n';
}

static void
send_big(void)
{
	json_t *message = big_message();

	connection_send(connection, message);
	json_decref(message);
}

static void
on_line(void *arg, const char *line, size_t len)
{
	ck_assert_ptr_eq(arg, lines);
	note_line(line, len);
	if (replies)
		send_big();
}

static void
on_bad_line(void *arg, enum frame_status why)
{
	ck_assert_ptr_eq(arg, lines);
	if (why == FRAME_TOO_LONG)
		note_line("too long", 8);
	else
		note_line("nul", 3);
}

static void
on_served(void *arg)
{
	ck_assert_ptr_eq(arg, lines);
	n_served++;
}

static void
on_gone(void *arg)
{
	ck_assert_ptr_eq(arg, lines);
	ck_assert_ptr_nonnull(connection); /* once */
	connection = NULL;
}

static enum connection_gift
on_give(void *arg, int fd, const struct evbuffer *rest)
{
	size_t size = evbuffer_get_length(rest);

	ck_assert_ptr_eq(arg, lines);
	ck_assert_uint_lt(size, sizeof(offered));
	evbuffer_copyout((struct evbuffer *)(uintptr_t)rest, offered, size);
	offered[size] = '\0';
	n_offers++;
	if (gift == GIFT_TAKEN)
		taken_fd = dup(fd);
	return gift;
}

static void
on_late(void *arg, enum connection_delay why)
{
	ck_assert_ptr_eq(arg, lines);
	if (why == DELAY_LINE)
		note_line("late", 4);
	else
		note_line("idle", 4);
	send_big();
}

static const struct connection_handler handler = {
    .line = on_line,
    .bad_line = on_bad_line,
    .served = on_served,
    .late = on_late,
    .gone = on_gone,
    .give = on_give,
};

static void
setup(void)
{
	int ends[2], small = 1;

	limits = (struct crowd_limits){
	    .max_line_bytes = MAX_LINE,
	    .max_unsent_bytes = MAX_UNSENT,
	    .max_bytes = MAX_BYTES,
	    .share_bytes = SHARE,
	    .idle_timeout_ns = IDLE_NS,
	    .line_timeout_ns = LINE_NS,
	    .stall_timeout_ns = STALL_NS,
	};
	signal(SIGPIPE, SIG_IGN); /* as every process of gild does */
	base = event_base_new();
	ck_assert_int_eq(crowd_open(&crowd, base, &limits), 0);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	client = ends[1];
	connection = connection_open(&crowd, ends[0], &handler, lines);
	ck_assert_ptr_nonnull(connection);
}

static void
teardown(void)
{
	if (connection != NULL)
		connection_close(connection);
	if (client >= 0)
		close(client);
	if (taken_fd >= 0)
		close(taken_fd);
	crowd_close(&crowd);
	event_base_free(base);
}

/* --- the client, and the loop --- */

static void
say(const char *text)
{
	ck_assert_int_eq(
	    write(client, text, strlen(text)), (ssize_t)strlen(text));
}

static void
leave(void)
{
	close(client);
	client = -1;
}

/* Serves what there is to do now. */
static void
turn(void)
{
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static void
await_end(void)
{
	while (connection != NULL)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* Reads until nothing more comes for now. How many bytes, all of messages. */
static size_t
read_all(void)
{
	char chunk[512];
	size_t total = 0;
	ssize_t n;

	do {
		turn();
		while ((n = read(client, chunk, sizeof(chunk))) > 0)
			total += (size_t)n;
		turn();
	} while (recv(client, chunk, 1, MSG_PEEK) > 0);
	return total;
}

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

/* --- messages --- */

START_TEST(messages_are_lines)
{
	json_t *message = json_pack("{s:i}", "a", 1);
	struct evbuffer *buffer = evbuffer_new();
	char text[64];
	ssize_t n;

	connection_send(connection, message);
	connection_notify(connection, json_incref(message));
	evbuffer_add(buffer, "[2]\n", 4);
	connection_send_buffer(connection, buffer);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
	turn();
	n = read(client, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, "{\"a\":1}\n{\"a\":1}\n[2]\n");
	ck_assert_uint_eq(message->refcount, 1);
	json_decref(message);
	evbuffer_free(buffer);
}
END_TEST

START_TEST(a_message_that_memory_lacks_cuts_the_client_off)
{
	connection_send(connection, NULL);
	ck_assert_ptr_nonnull(connection);
	await_end();
}
END_TEST

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

START_TEST(a_client_that_does_not_read_gets_no_notifications)
{
	size_t n_notified = 0, n_read;

	while (n_notified < 100) {
		connection_notify(connection, big_message());
		n_notified++;
		turn();
	}
	n_read = read_all() / 1024;
	/* Half of the bound is theirs, the rest is kept for answers. */
	ck_assert_uint_gt(n_read, MAX_UNSENT / 2 / 1024);
	ck_assert_uint_lt(n_read, n_notified);
	/* It reads again, and is told again. */
	connection_notify(connection, big_message());
	ck_assert_uint_eq(read_all(), 1024);
}
END_TEST

/* --- one write a turn --- */

/* The loop is asked to say when the socket has room. */
static bool
waits_for_room(void)
{
	return (bufferevent_get_enabled(connection->bufferevent) & EV_WRITE) !=
	    0;
}

/* On a socket that keeps writes apart. */
START_TEST(what_is_said_in_one_turn_is_one_write)
{
	char text[4096];
	int ends[2];

	connection_close(connection);
	close(client);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	client = ends[1];
	connection = connection_open(&crowd, ends[0], &handler, lines);
	ck_assert_ptr_nonnull(connection);
	replies = true;
	say("a line\nanother\n");
	turn();
	ck_assert_int_eq(read(client, text, sizeof(text)), 2048);
	ck_assert_int_eq(read(client, text, sizeof(text)), -1);
	send_big();
	send_big();
	ck_assert_int_eq(read(client, text, sizeof(text)), -1);
	turn();
	ck_assert_int_eq(read(client, text, sizeof(text)), 2048);
	ck_assert(!waits_for_room());
}
END_TEST

START_TEST(room_is_waited_for_while_there_is_none)
{
	send_big();
	turn();
	ck_assert(!waits_for_room());
	for (int i = 0; i < 16; i++)
		send_big();
	turn();
	ck_assert(waits_for_room());
	ck_assert(!connection->is_due);
	send_big();
	ck_assert(!connection->is_due);
	ck_assert_uint_eq(read_all(), 18 * 1024);
	ck_assert(!waits_for_room());
	/* And at once again. */
	send_big();
	ck_assert(connection->is_due);
	ck_assert_uint_eq(read_all(), 1024);
	ck_assert(!waits_for_room());
}
END_TEST

START_TEST(who_ends_before_it_is_written_is_forgotten)
{
	send_big();
	connection_close(connection);
	ck_assert_ptr_null(connection);
	turn();
	ck_assert(TAILQ_EMPTY(&crowd.due));
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

/* --- what takes too long --- */

/* Looks as if it were so much later than now. */
static void
look_after(uint64_t ns)
{
	connection_look(connection, clock_monotonic_ns() + ns);
}

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
	Suite *suite = suite_create("connection");
	TCase *tcase = tcase_create("connection");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lines_are_handed_out);
	tcase_add_test(tcase, lines_that_are_dropped_are_told_of);
	tcase_add_test(tcase, messages_are_lines);
	tcase_add_test(tcase, a_message_that_memory_lacks_cuts_the_client_off);
	tcase_add_test(tcase, a_client_that_does_not_read_is_not_read_from);
	tcase_add_test(
	    tcase, a_client_that_does_not_read_gets_no_notifications);
	tcase_add_test(tcase, what_is_said_in_one_turn_is_one_write);
	tcase_add_test(tcase, room_is_waited_for_while_there_is_none);
	tcase_add_test(tcase, who_ends_before_it_is_written_is_forgotten);
	tcase_add_test(tcase, who_half_closes_is_served_to_the_end);
	tcase_add_test(tcase, who_half_closes_and_leaves_is_noticed);
	tcase_add_test(tcase, who_half_closes_hears_an_lf_now_and_then);
	tcase_add_test(tcase, who_leaves_is_gone_whoever_holds_it);
	tcase_add_test(tcase, a_break_ends_it_and_not_from_within);
	tcase_add_test(tcase, a_drain_lets_an_idle_client_hear_the_end);
	tcase_add_test(tcase, a_drain_waits_for_who_holds_it);
	tcase_add_test(tcase, a_drain_does_not_wait_for_a_client_that_stays);
	tcase_add_test(tcase, who_is_quiet_is_given_away_at_once);
	tcase_add_test(tcase, a_line_that_has_begun_goes_along);
	tcase_add_test(tcase, who_is_held_is_served_until_it_is_given_away);
	tcase_add_test(tcase, what_comes_in_a_rest_waits_in_the_socket);
	tcase_add_test(tcase, rests_end);
	tcase_add_test(tcase, what_is_unsent_is_sent_first);
	tcase_add_test(tcase, a_gift_that_cannot_be_taken_now_is_offered_again);
	tcase_add_test(tcase, a_gift_that_nobody_wants_is_drained);
	tcase_add_test(tcase, a_drain_ends_a_rest);
	tcase_add_test(tcase, who_half_closed_ends_by_itself);
	tcase_add_test(tcase, who_leaves_while_it_is_to_be_given_away_is_gone);
	tcase_add_test(
	    tcase, a_line_that_is_being_dropped_is_dropped_whole_first);
	tcase_add_test(tcase, a_line_goes_on_where_another_process_read_it);
	tcase_add_test(tcase, what_was_read_is_looked_at_without_more_to_come);
	tcase_add_test(tcase, what_was_read_is_given_on);
	tcase_add_test(tcase, what_was_read_is_a_line_at_the_end);
	tcase_add_test(tcase, who_is_silent_is_told_and_ends);
	tcase_add_test(tcase, who_said_something_was_not_silent);
	tcase_add_test(tcase, who_waits_for_something_may_be_silent);
	tcase_add_test(tcase, a_line_that_does_not_end_is_dropped);
	tcase_add_test(tcase, a_line_is_as_old_as_its_first_byte);
	tcase_add_loop_test(
	    tcase, the_next_line_has_its_own_time, 0, COUNT(next_lines));
	tcase_add_test(tcase, a_line_that_is_too_long_is_one_that_does_not_end);
	tcase_add_test(tcase, what_is_owed_comes_before_the_end);
	tcase_add_test(tcase, a_pause_stops_the_clock_of_a_line);
	tcase_add_test(tcase, who_takes_nothing_is_cut_off);
	tcase_add_test(tcase, who_takes_a_little_is_not);
	tcase_add_test(tcase, what_is_held_is_counted);
	tcase_add_test(tcase, in_a_full_crowd_each_has_its_share);
	tcase_add_test(tcase, in_a_full_crowd_half_lines_are_not_read_on);
	tcase_add_test(tcase, a_crowd_that_is_full_no_more_is_heard);
	tcase_add_test(tcase, who_leaves_a_full_crowd_unheard_is_noticed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
