/*
 * The master's desk: what the frontends of one crew ask of it, one request at a
 * time. One that cannot be served now, since an inbox is full, stays on the
 * desk, and those behind it in the socket.
 */
#ifndef GILD_DAEMON_DESK_H
#define GILD_DAEMON_DESK_H

#include <stdbool.h>

#include "daemon/generation.h"
#include "daemon/packet.h"

struct crew;
struct master;

struct desk {
	bool is_full;
	bool is_empty; /* nothing waits, here or in the socket */
	struct master_request request; /* these two: that waits */
	struct packet_fds fds;
};

/* Whether a request waits to be tried again. */
bool desk_is_full(const struct desk *desk);

/* Whether, when it was last served, nothing was left. */
bool desk_is_empty(const struct desk *desk);

/* Serves what has come, up to a bound. desk is the crew's. */
void desk_serve(struct desk *desk, struct master *master, struct crew *crew);

/* Drops what waits. */
void desk_clear(struct desk *desk);

#endif
