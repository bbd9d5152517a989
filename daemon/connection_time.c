/*
 * What is overdue at a connection. Run by a frontend's one thread, which looks
 * at each connection once a second: so a timeout comes up to a second late, and
 * costs a few stamps.
 *
 *	idle	nobody waits for anything, and nothing comes
 *	line	one has begun and does not end: from its first byte on, however
 *		busily the others trickle in. While we do not read, because of
 *		what the client leaves unread, the clock stands still.
 *	stall	something waits to be sent, and the client takes none of it
 *
 * Who is idle or sends no whole line is told and gets what it is owed; who
 * takes nothing cannot be told, and is reset.
 */
#include <sys/socket.h>

#include "daemon/connection_private.h"

static bool
is_over(uint64_t since_ns, uint64_t timeout_ns, uint64_t now_ns)
{
	return timeout_ns > 0 && since_ns + timeout_ns <= now_ns;
}

/* True where it was reset. */
static bool
check_stall(struct connection *connection, uint64_t now_ns)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	size_t unsent = connection_unsent(connection);
	uint64_t taken = connection->written_bytes - unsent;

	if (unsent == 0) {
		connection->stalled_since_ns = 0;
		return false;
	}
	if (connection->stalled_since_ns == 0 ||
	    connection->taken_bytes != taken) {
		connection->stalled_since_ns = now_ns;
		connection->taken_bytes = taken;
	}
	if (!is_over(connection->stalled_since_ns,
		connection->crowd->limits.stall_timeout_ns, now_ns))
		return false;
	(void)setsockopt(connection_fd(connection), SOL_SOCKET, SO_LINGER,
	    &at_once, sizeof(at_once));
	connection_close(connection);
	return true;
}

static void
connection_end_late(struct connection *connection, enum connection_delay why)
{
	connection->handler->late(connection->arg, why);
	connection_stop_listening(connection);
}

/* Most are, most of the time, and need no look at their buffers. */
static bool
connection_is_at_rest(const struct connection *connection)
{
	return connection->counted_bytes == 0 && connection->n_holds == 0 &&
	    connection->line_since_ns == 0 && !connection->is_paused &&
	    !connection->is_blocked;
}

void
connection_look(struct connection *connection, uint64_t now_ns)
{
	const struct crowd_limits *limits = &connection->crowd->limits;

	if (connection_is_at_rest(connection) &&
	    !is_over(
		connection->quiet_since_ns, limits->idle_timeout_ns, now_ns)) {
		connection->stalled_since_ns = 0;
		return;
	}
	if (connection->state == LINGERING || check_stall(connection, now_ns))
		return;
	if (connection->is_paused && connection->line_since_ns != 0)
		connection->line_since_ns = now_ns;
	if (connection->n_holds > 0 || connection_unsent(connection) > 0 ||
	    connection->line_since_ns != 0)
		connection->quiet_since_ns = now_ns;
	if (connection->state == OPEN && !connection->is_deaf &&
	    !connection->is_draining) {
		if (connection->line_since_ns != 0 &&
		    is_over(connection->line_since_ns, limits->line_timeout_ns,
			now_ns)) {
			connection_end_late(connection, DELAY_LINE);
			return;
		}
		if (is_over(connection->quiet_since_ns, limits->idle_timeout_ns,
			now_ns)) {
			connection_end_late(connection, DELAY_IDLE);
			return;
		}
	}
	connection_recount(connection);
}
