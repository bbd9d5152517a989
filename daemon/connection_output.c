/*
 * What a connection sends. Run by its frontend's one thread.
 *
 * A message goes into the output buffer, and its connection is due. When the
 * loop has done all that it had to do in this turn, each that is due is written
 * to its socket once, whatever was answered to it meanwhile. Only for what the
 * socket does not take the loop waits until it does (EV_WRITE is enabled): then
 * the rest is libevent's until the buffer is empty again, and so is an error,
 * which it finds again, and tells event_cb() of.
 *
 * Invariant: while something is unsent either the connection is due or
 * EV_WRITE is enabled, never both.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "daemon/connection_private.h"
#include "proto/jsonrpc.h"

size_t
connection_unsent(const struct connection *connection)
{
	return evbuffer_get_length(
	    bufferevent_get_output(connection->bufferevent));
}

static void
connection_make_due(struct connection *connection)
{
	if (connection->is_due ||
	    (bufferevent_get_enabled(connection->bufferevent) & EV_WRITE) != 0)
		return;
	connection->is_due = true;
	crowd_add_due(connection->crowd, connection);
}

void
connection_forget_due(struct connection *connection)
{
	if (connection->is_due)
		crowd_remove_due(connection->crowd, connection);
	connection->is_due = false;
}

void
connection_flush(struct connection *connection)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);

	connection_forget_due(connection);
	/* The buffer's start is libevent's; here it is ours for once. */
	evbuffer_unfreeze(output, 1);
	(void)evbuffer_write(output, connection_fd(connection));
	evbuffer_freeze(output, 1);
	if (connection_unsent(connection) > 0)
		bufferevent_enable(connection->bufferevent, EV_WRITE);
	if (connection_unsent(connection) <=
	    connection->crowd->limits.max_unsent_bytes / 2)
		connection_go_on(connection);
}

void
connection_note_written(struct connection *connection, size_t before)
{
	size_t unsent = connection_unsent(connection);

	connection->written_bytes += unsent - before;
	if (unsent > before)
		connection_make_due(connection);
	connection_count(connection);
	connection_check_backlog(connection);
}

void
connection_send(struct connection *connection, const json_t *message)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);
	size_t before = connection_unsent(connection);

	if (message == NULL || jsonrpc_write(output, message) != 0)
		connection_break(connection);
	connection_note_written(connection, before);
}

void
connection_send_text(
    struct connection *connection, const char *text, size_t length)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);
	size_t before = connection_unsent(connection);

	if (evbuffer_add(output, text, length) != 0)
		connection_break(connection);
	connection_note_written(connection, before);
}

void
connection_send_buffer(struct connection *connection, struct evbuffer *buffer)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);
	size_t before = connection_unsent(connection);

	if (evbuffer_add_buffer(output, buffer) != 0)
		connection_break(connection);
	connection_note_written(connection, before);
}

void
connection_notify(struct connection *connection, json_t *message)
{
	if (message != NULL && connection->state != LINGERING &&
	    connection_unsent(connection) <=
		connection->crowd->limits.max_unsent_bytes / 2)
		connection_send(connection, message);
	json_decref(message);
}
