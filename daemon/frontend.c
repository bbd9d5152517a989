/*
 * A frontend process: one thread, one libevent loop, made after the fork. It
 * accepts clients from the sockets that all frontends share, and it leaves
 * when it was drained, or at once when the master is gone (the life pipe
 * ends). It never waits for anything but its loop.
 */
#include "daemon/frontend.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/clock.h"
#include "daemon/connection.h"
#include "daemon/dispatch.h"
#include "daemon/job.h"
#include "daemon/log.h"
#include "daemon/peer.h"
#include "daemon/process.h"

#define REOPEN_MS 100 /* after accept failed for want of something */
#define SAY_AGAIN_NS (10 * NS_PER_S) /* the same warning */

/* The listening sockets as this process uses them. */
struct doors {
	struct evconnlistener *listeners[LISTENERS_MAX];
	struct event *reopen_timer;
	struct event *life_event;
	bool are_open;
	uint64_t warned_ns;
};

/* --- doors --- */

static void
doors_open(struct frontend *frontend)
{
	struct doors *doors = frontend->doors;

	if (doors->are_open || frontend->is_draining ||
	    frontend->n_connections >= frontend->settings->max_connections)
		return;
	for (size_t i = 0; i < frontend->generation->listeners->n; i++)
		evconnlistener_enable(doors->listeners[i]);
	doors->are_open = true;
}

/* Who comes now waits in the socket, or is accepted by another frontend. */
static void
doors_close(struct frontend *frontend)
{
	struct doors *doors = frontend->doors;

	for (size_t i = 0; i < frontend->generation->listeners->n; i++)
		evconnlistener_disable(doors->listeners[i]);
	doors->are_open = false;
}

/* Full: closes the doors for a moment. Those who are inside are served. */
static void
doors_pause(struct frontend *frontend, const char *why)
{
	static const struct timeval delay = {.tv_usec = REOPEN_MS * 1000};
	uint64_t now_ns = clock_monotonic_ns();
	struct doors *doors = frontend->doors;

	if (doors->warned_ns == 0 || now_ns - doors->warned_ns > SAY_AGAIN_NS) {
		log_warn("cannot accept clients: %s; %u are connected", why,
		    frontend->n_connections);
		doors->warned_ns = now_ns;
	}
	doors_close(frontend);
	event_add(doors->reopen_timer, &delay);
}

static void
reopen_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	doors_open(arg);
}

static void
accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int length, void *arg)
{
	struct frontend *frontend = arg;

	(void)listener;
	(void)address;
	(void)length;
	counter_add(
	    &frontend->board->frontends[frontend->number].connections_accepted,
	    1);
	if (connection_open(frontend, fd) != 0)
		log_warn("cannot serve a client: out of memory");
}

static void
accept_error_cb(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	doors_pause(arg, strerror(errno));
}

/* --- connections --- */

static void
frontend_count(struct frontend *frontend, int change)
{
	frontend->n_connections += (uint32_t)change;
	counter_set(
	    &frontend->board->frontends[frontend->number].connections_open,
	    frontend->n_connections);
}

void
frontend_add(struct frontend *frontend)
{
	frontend_count(frontend, 1);
	if (frontend->n_connections >= frontend->settings->max_connections)
		doors_pause(frontend, "max_connections is reached");
}

void
frontend_remove(struct frontend *frontend)
{
	frontend_count(frontend, -1);
	if (frontend->n_connections == 0 && frontend->is_draining)
		event_base_loopexit(frontend->base, NULL);
	doors_open(frontend);
}

void
frontend_drain(struct frontend *frontend)
{
	if (frontend->is_draining)
		return;
	frontend->is_draining = true;
	doors_close(frontend);
	if (frontend->n_connections == 0)
		event_base_loopexit(frontend->base, NULL);
	connection_drain_all(frontend);
}

void
frontend_abort(struct frontend *frontend)
{
	/* Who does not read its answers by then never will. */
	static const struct timeval grace = {.tv_sec = 1};

	frontend_drain(frontend);
	job_cancel_all(frontend->jobs, "gild is shutting down");
	event_base_loopexit(frontend->base, &grace);
}

/* --- begin and end --- */

static void
life_cb(evutil_socket_t fd, short what, void *arg)
{
	struct frontend *frontend = arg;

	(void)fd;
	(void)what;
	log_warn("the master is gone: leaving");
	event_base_loopbreak(frontend->base);
}

static int
doors_new(struct frontend *frontend)
{
	const struct generation *generation = frontend->generation;
	struct doors *doors = calloc(1, sizeof(*doors));

	frontend->doors = doors;
	if (doors == NULL)
		return -1;
	for (size_t i = 0; i < generation->listeners->n; i++) {
		doors->listeners[i] =
		    evconnlistener_new(frontend->base, accept_cb, frontend,
			LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0,
			generation->listeners->fds[i]);
		if (doors->listeners[i] == NULL)
			return -1;
		evconnlistener_set_error_cb(
		    doors->listeners[i], accept_error_cb);
	}
	doors->reopen_timer =
	    event_new(frontend->base, -1, 0, reopen_cb, frontend);
	doors->life_event = event_new(
	    frontend->base, generation->life_in, EV_READ, life_cb, frontend);
	if (doors->reopen_timer == NULL || doors->life_event == NULL)
		return -1;
	return event_add(doors->life_event, NULL);
}

static void
doors_free(struct doors *doors)
{
	if (doors == NULL)
		return;
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		if (doors->listeners[i] != NULL)
			evconnlistener_free(doors->listeners[i]);
	}
	if (doors->reopen_timer != NULL)
		event_free(doors->reopen_timer);
	if (doors->life_event != NULL)
		event_free(doors->life_event);
	free(doors);
}

static int
frontend_open(struct frontend *frontend)
{
	frontend->base = event_base_new();
	if (frontend->base == NULL)
		return -1;
	frontend->dispatcher = dispatcher_new(frontend);
	frontend->jobs = jobs_new(frontend);
	frontend->peers = peers_new(frontend);
	if (frontend->dispatcher == NULL || frontend->jobs == NULL ||
	    frontend->peers == NULL || doors_new(frontend) != 0)
		return -1;
	frontend_count(frontend, 0);
	return 0;
}

static void
frontend_close(struct frontend *frontend)
{
	/* Clients before the rest: their jobs leave the dispatcher. */
	connection_free_all(frontend);
	peers_free(frontend->peers);
	jobs_free(frontend->jobs);
	dispatcher_free(frontend->dispatcher);
	doors_free(frontend->doors);
	if (frontend->base != NULL)
		event_base_free(frontend->base);
}

int
frontend_main(
    const struct generation *generation, const struct process *process)
{
	struct frontend frontend = {
	    .generation = generation,
	    .settings = generation->settings,
	    .board = &generation->board,
	    .number = process->number,
	};

	LIST_INIT(&frontend.connections);
	if (frontend_open(&frontend) != 0)
		fatal("cannot start: %s", strerror(errno));
	doors_open(&frontend);
	generation_announce(generation, process->index);
	event_base_dispatch(frontend.base);
	frontend_close(&frontend);
	return EXIT_SUCCESS;
}
