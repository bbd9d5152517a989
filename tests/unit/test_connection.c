/*
 * A client's connection: lines in, messages out, and how it ends. The client
 * is the other end of a pair of Unix sockets, in the test's own hands; the
 * event loop turns only when the test says so.
 */
#include "daemon/connection.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

#define MAX_LINE 64
#define MAX_UNSENT 4096

static struct event_base *base;
static struct connection *connection; /* NULL: it is gone */
static int client;
static char lines[4096]; /* those that came, each with an LF */
static unsigned n_served;
static bool replies; /* a message of 1 KiB for each line */

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

static const struct connection_handler handler = {
    .line = on_line,
    .bad_line = on_bad_line,
    .served = on_served,
    .gone = on_gone,
};

static void
setup(void)
{
	static const struct connection_limits limits = {
	    .max_line_bytes = MAX_LINE, .max_unsent_bytes = MAX_UNSENT};
	int ends[2], small = 1;

	signal(SIGPIPE, SIG_IGN); /* as every process of gild does */
	base = event_base_new();
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	client = ends[1];
	connection = connection_open(base, ends[0], &limits, &handler, lines);
	ck_assert_ptr_nonnull(connection);
}

static void
teardown(void)
{
	if (connection != NULL)
		connection_close(connection);
	if (client >= 0)
		close(client);
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
	tcase_add_test(tcase, who_half_closes_is_served_to_the_end);
	tcase_add_test(tcase, who_half_closes_and_leaves_is_noticed);
	tcase_add_test(tcase, who_half_closes_hears_an_lf_now_and_then);
	tcase_add_test(tcase, who_leaves_is_gone_whoever_holds_it);
	tcase_add_test(tcase, a_break_ends_it_and_not_from_within);
	tcase_add_test(tcase, a_drain_lets_an_idle_client_hear_the_end);
	tcase_add_test(tcase, a_drain_waits_for_who_holds_it);
	tcase_add_test(tcase, a_drain_does_not_wait_for_a_client_that_stays);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
