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
