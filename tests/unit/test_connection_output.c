/* What a connection sends: messages as lines, and one write a turn. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/connection_fixture.h"

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

	reconnect(SOCK_SEQPACKET);
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

int
main(void)
{
	const TTest *const tests[] = {
	    messages_are_lines,
	    a_message_that_memory_lacks_cuts_the_client_off,
	    a_client_that_does_not_read_gets_no_notifications,
	    what_is_said_in_one_turn_is_one_write,
	    room_is_waited_for_while_there_is_none,
	    who_ends_before_it_is_written_is_forgotten,
	};
	Suite *suite = suite_create("connection_output");

	suite_add_case(
	    suite, "connection_output", setup, teardown, tests, COUNT(tests));
	return suite_main(suite);
}
