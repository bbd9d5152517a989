/*
 * The crowd. Run by a frontend's one thread. Once a second, and when the crowd
 * becomes full or ceases to be, it looks at each connection: ten thousand idle
 * ones cost a sweep over a list, and no timer each.
 *
 * It is full until an eighth of the bound is free again, so that not each answer
 * that is sent makes for a sweep.
 *
 * Those that are due are written at the end of the loop's turn: the event that
 * does it is made active by the first of them, and so stands behind all that
 * was ready when the turn began.
 */
#include "daemon/crowd.h"

#include <event2/event.h>

#include "daemon/connection_private.h"
#include "daemon/clock.h"

static void
sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct crowd *crowd = arg;
	struct connection *connection = LIST_FIRST(&crowd->all), *next;
	uint64_t now_ns = clock_monotonic_ns();

	(void)fd;
	(void)what;
	for (; connection != NULL; connection = next) {
		next = LIST_NEXT(connection, links);
		connection_look(connection, now_ns);
	}
}

static void
flush_cb(evutil_socket_t fd, short what, void *arg)
{
	struct crowd *crowd = arg;
	struct connection *connection;

	(void)fd;
	(void)what;
	/* Who goes on because of that, and is due again, has what it had read
	 * before served, and no more. */
	while ((connection = TAILQ_FIRST(&crowd->due)) != NULL)
		connection_flush(connection);
}

int
crowd_open(struct crowd *crowd, struct event_base *base,
    const struct crowd_limits *limits)
{
	static const struct timeval period = {.tv_sec = 1};

	*crowd = (struct crowd){.limits = *limits, .base = base};
	LIST_INIT(&crowd->all);
	TAILQ_INIT(&crowd->due);
	crowd->sweep_timer = event_new(base, -1, EV_PERSIST, sweep_cb, crowd);
	crowd->flush_event = event_new(base, -1, 0, flush_cb, crowd);
	if (crowd->sweep_timer == NULL || crowd->flush_event == NULL)
		return -1;
	return event_add(crowd->sweep_timer, &period);
}

void
crowd_close(struct crowd *crowd)
{
	if (crowd->sweep_timer != NULL)
		event_free(crowd->sweep_timer);
	crowd->sweep_timer = NULL;
	if (crowd->flush_event != NULL)
		event_free(crowd->flush_event);
	crowd->flush_event = NULL;
}

void
crowd_add_due(struct crowd *crowd, struct connection *connection)
{
	if (TAILQ_EMPTY(&crowd->due))
		event_active(crowd->flush_event, EV_WRITE, 0);
	TAILQ_INSERT_TAIL(&crowd->due, connection, due_links);
}

void
crowd_remove_due(struct crowd *crowd, struct connection *connection)
{
	TAILQ_REMOVE(&crowd->due, connection, due_links);
}

void
crowd_count(struct crowd *crowd, uint64_t before, uint64_t now)
{
	uint64_t bound = crowd->limits.max_bytes;
	bool was_full = crowd->is_full;

	crowd->bytes += now - before;
	if (crowd->bytes >= bound)
		crowd->is_full = true;
	else if (crowd->bytes < bound - bound / 8)
		crowd->is_full = false;
	if (crowd->is_full != was_full)
		event_active(crowd->sweep_timer, EV_TIMEOUT, 0);
}

size_t
crowd_allowance(const struct crowd *crowd, size_t bound)
{
	size_t share = crowd->limits.share_bytes;

	return crowd->is_full && share < bound ? share : bound;
}

bool
crowd_has_room(const struct crowd *crowd, uint64_t held, uint64_t more)
{
	return (!crowd->is_full &&
		   crowd->bytes + more <= crowd->limits.max_bytes) ||
	    held + more <= crowd->limits.share_bytes;
}
