/*
 * What a connection holds, and what it may: what is sent, charged or reserved,
 * and counted. Run by its frontend's one thread. When that is too much nothing
 * more is read from the client: it is paused while too much waits to be sent or
 * is charged, blocked while the crowd is full and it has more than its share.
 * connection.c goes on with one that was paused; here nobody is served.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "daemon/connection_private.h"
#include "proto/jsonrpc.h"

bool
connection_is_overdrawn(const struct connection *connection)
{
	return connection_unsent(connection) + connection->charged_bytes >
	    connection_allowance(connection);
}

void
connection_check_backlog(struct connection *connection)
{
	if (connection->is_paused || !connection_is_overdrawn(connection))
		return;
	connection->is_paused = true;
	connection_set_reading(connection);
	connection_start_probes(connection);
}

/* Of what it holds, that which it can do something about. */
static uint64_t
connection_buffered(const struct connection *connection)
{
	return evbuffer_get_length(
		   bufferevent_get_input(connection->bufferevent)) +
	    connection_unsent(connection) + connection->charged_bytes;
}

void
connection_count(struct connection *connection)
{
	uint64_t buffered = connection_buffered(connection);
	uint64_t before = connection->counted_bytes;
	bool was_blocked = connection->is_blocked;

	connection->counted_bytes = buffered + connection->reserved_bytes;
	crowd_count(connection->crowd, before, connection->counted_bytes);
	connection->is_blocked =
	    buffered > crowd_allowance(connection->crowd, SIZE_MAX);
	if (connection->is_blocked == was_blocked)
		return;
	connection_set_reading(connection);
	if (connection->is_blocked)
		connection_start_probes(connection);
}

void
connection_charge(struct connection *connection, size_t bytes)
{
	connection->charged_bytes += bytes;
	connection_count(connection);
	connection_check_backlog(connection);
}

void
connection_discharge(struct connection *connection, size_t bytes)
{
	connection->charged_bytes -= bytes;
	connection_count(connection);
}

bool
connection_has_room(const struct connection *connection, size_t bytes)
{
	return crowd_has_room(
	    connection->crowd, connection->counted_bytes, bytes);
}

void
connection_reserve(struct connection *connection, size_t bytes)
{
	connection->reserved_bytes += bytes;
	connection_count(connection);
}

void
connection_unreserve(struct connection *connection, size_t bytes)
{
	connection->reserved_bytes -= bytes;
	connection_count(connection);
}

size_t
connection_allowance(const struct connection *connection)
{
	return crowd_allowance(
	    connection->crowd, connection->crowd->limits.max_unsent_bytes);
}

/* --- output --- */

void
connection_note_written(struct connection *connection, size_t before)
{
	connection->written_bytes += connection_unsent(connection) - before;
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
