/*
 * Accepting, on libevent's listeners. Run by a frontend's one thread.
 *
 * The descriptors are shared with all other frontends; each wakes for a new
 * client, one gets it, and the others find nothing. Doors that are shut for
 * good have closed them: once all have, the system refuses who comes.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/clock.h"
#include "daemon/log.h"

#define REOPEN_MS 100
#define SAY_AGAIN_NS (10 * NS_PER_S) /* the same warning */

struct doors {
	struct doors_plan plan;
	struct evconnlistener *listeners[LISTENERS_MAX];
	struct event *reopen_timer;
	uint32_t n_inside;
	bool may_open;
	bool are_open;
	bool are_shut; /* for good */
	uint64_t warned_ns;
};

static void
doors_try_to_open(struct doors *doors)
{
	if (!doors->may_open || doors->are_open || doors->are_shut ||
	    doors->n_inside >= doors->plan.max_inside)
		return;
	for (size_t i = 0; i < doors->plan.listeners->n; i++)
		evconnlistener_enable(doors->listeners[i]);
	doors->are_open = true;
}

void
doors_open(struct doors *doors)
{
	doors->may_open = true;
	doors_try_to_open(doors);
}

static void
doors_close(struct doors *doors)
{
	for (size_t i = 0; i < doors->plan.listeners->n; i++)
		evconnlistener_disable(doors->listeners[i]);
	doors->are_open = false;
}

static void
doors_warn(struct doors *doors, const char *why)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (doors->warned_ns != 0 && now_ns - doors->warned_ns < SAY_AGAIN_NS)
		return;
	doors->warned_ns = now_ns;
	log_warn("cannot accept clients: %s; %u are connected", why,
	    doors->n_inside);
}

static void
reopen_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	doors_try_to_open(arg);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int length, void *arg)
{
	struct doors *doors = arg;

	(void)listener;
	(void)address;
	(void)length;
	counter_add(&doors->plan.record->connections_accepted, 1);
	doors->plan.accept(doors->plan.arg, fd);
}

/* Out of descriptors or memory: trying again at once would only spin. */
static void
accept_error_cb(struct evconnlistener *listener, void *arg)
{
	static const struct timeval delay = {.tv_usec = REOPEN_MS * 1000};
	struct doors *doors = arg;

	(void)listener;
	doors_warn(doors, strerror(errno));
	doors_close(doors);
	event_add(doors->reopen_timer, &delay);
}

static void
doors_count(struct doors *doors, int change)
{
	doors->n_inside += (uint32_t)change;
	counter_set(&doors->plan.record->connections_open, doors->n_inside);
}

void
doors_let_in(struct doors *doors)
{
	doors_count(doors, 1);
	if (doors->n_inside < doors->plan.max_inside || !doors->are_open)
		return;
	doors_warn(doors, "max_connections is reached");
	doors_close(doors);
}

void
doors_let_out(struct doors *doors)
{
	doors_count(doors, -1);
	if (doors->are_shut && doors->n_inside == 0)
		doors->plan.empty(doors->plan.arg);
	doors_try_to_open(doors);
}

static void
doors_remove(struct doors *doors)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		if (doors->listeners[i] != NULL)
			evconnlistener_free(doors->listeners[i]);
		doors->listeners[i] = NULL;
	}
}

void
doors_shut(struct doors *doors)
{
	if (doors->are_shut)
		return;
	doors_remove(doors);
	doors->are_open = false;
	doors->are_shut = true;
	counter_set(&doors->plan.record->are_doors_shut, 1);
	if (doors->n_inside == 0)
		doors->plan.empty(doors->plan.arg);
}

struct doors *
doors_new(struct event_base *base, const struct doors_plan *plan)
{
	struct doors *doors = calloc(1, sizeof(*doors));

	if (doors == NULL)
		return NULL;
	doors->plan = *plan;
	doors_count(doors, 0);
	counter_set(&plan->record->are_doors_shut, 0);
	doors->reopen_timer = event_new(base, -1, 0, reopen_cb, doors);
	if (doors->reopen_timer == NULL)
		goto fail;
	for (size_t i = 0; i < plan->listeners->n; i++) {
		doors->listeners[i] = evconnlistener_new(base, accept_cb, doors,
		    LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE |
			LEV_OPT_DISABLED,
		    0, plan->listeners->all[i].fd);
		if (doors->listeners[i] == NULL)
			goto fail;
		evconnlistener_set_error_cb(
		    doors->listeners[i], accept_error_cb);
	}
	return doors;
fail:
	doors_free(doors);
	return NULL;
}

void
doors_free(struct doors *doors)
{
	if (doors == NULL)
		return;
	doors_remove(doors);
	if (doors->reopen_timer != NULL)
		event_free(doors->reopen_timer);
	free(doors);
}
