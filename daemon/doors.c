/*
 * Accepting. Run by a frontend's one thread.
 *
 * The descriptors are shared with all other frontends. Each wakes for a new
 * client, one gets it, and the others find nothing. Who is idle is the first
 * as a rule; but one frontend could get all who come together, as it goes on
 * accepting before another wakes. So who has more clients than another, by
 * more than a few, steps back for a moment, and then lets in whom the others
 * have left: one more while the emptiest of them accepts, and many when it
 * does not, be it at work, stopped or dead.
 *
 * Doors that are shut for good have closed the descriptors: once all have, the
 * system refuses who comes.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"

#define REOPEN_MS 100
#define STEP_BACK_MS 1
/* So many clients more than another, as a part of one's own, are a few. */
#define FEW_SHARE 8
#define LEFT_MOST 64		     /* let in at once of whom others left */
#define SAY_AGAIN_NS (10 * NS_PER_S) /* the same warning */

/* One of the sockets. */
struct door {
	struct doors *doors;
	int fd;
	struct event *event;
};

struct doors {
	struct doors_plan plan;
	struct frontend_record *record; /* our own */
	struct door all[LISTENERS_MAX];
	uint32_t n;
	struct event *reopen_timer;
	uint32_t n_inside;
	bool may_open;
	bool are_open;
	bool are_shut; /* for good */
	/* Since we stepped back: the emptiest one, and what it had accepted. */
	const struct frontend_record *emptiest; /* NULL: we did not */
	uint64_t emptiest_accepted;
	uint64_t warned_ns;
};

/* --- opening and closing --- */

static void
doors_try_to_open(struct doors *doors)
{
	if (!doors->may_open || doors->are_open || doors->are_shut ||
	    doors->n_inside >= doors->plan.max_inside)
		return;
	for (uint32_t i = 0; i < doors->n; i++)
		event_add(doors->all[i].event, NULL);
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
	for (uint32_t i = 0; i < doors->n; i++)
		event_del(doors->all[i].event);
	doors->are_open = false;
}

static void
doors_close_for(struct doors *doors, int ms)
{
	struct timeval delay = {.tv_usec = ms * 1000};

	doors_close(doors);
	event_add(doors->reopen_timer, &delay);
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

/* --- whose turn it is --- */

/* Of the other frontends the one with the fewest clients; NULL: there is none.
 * One that will accept nobody any more is not waited for. */
static const struct frontend_record *
find_emptiest(const struct doors *doors)
{
	const struct frontend_record *emptiest = NULL;

	for (uint32_t i = 0; i < doors->plan.n_frontends; i++) {
		const struct frontend_record *record =
		    &doors->plan.frontends[i];

		if (record == doors->record ||
		    counter_get(&record->are_doors_shut) != 0)
			continue;
		if (emptiest == NULL ||
		    counter_get(&record->connections_open) <
			counter_get(&emptiest->connections_open))
			emptiest = record;
	}
	return emptiest;
}

/* Whether another one should have the next client. */
static bool
doors_are_ahead(const struct doors *doors)
{
	const struct frontend_record *emptiest = find_emptiest(doors);

	return emptiest != NULL &&
	    doors->n_inside > counter_get(&emptiest->connections_open) +
		doors->n_inside / FEW_SHARE;
}

static void
doors_step_back(struct doors *doors)
{
	doors->emptiest = find_emptiest(doors);
	doors->emptiest_accepted =
	    counter_get(&doors->emptiest->connections_accepted);
	doors_close_for(doors, STEP_BACK_MS);
}

/* --- accepting --- */

/* What accept(2) may say about a client that was there. */
static bool
is_of_the_client(int error)
{
	switch (error) {
	case ECONNABORTED:
	case EINTR:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

/* Lets in one, or finds one that has left. False when nobody is there, or
 * nobody can be let in. */
static bool
door_accept(struct door *door)
{
	struct doors *doors = door->doors;
	int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		counter_add(&doors->record->connections_accepted, 1);
		doors->plan.accept(doors->plan.arg, fd);
		return true;
	}
	if (is_of_the_client(errno))
		return true;
	if (errno != EAGAIN) {
		/* Out of descriptors or memory: trying again at once would
		 * only spin. */
		doors_warn(doors, strerror(errno));
		doors_close_for(doors, REOPEN_MS);
	}
	return false;
}

static void
door_cb(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;
	struct doors *doors = door->doors;

	(void)fd;
	(void)what;
	if (doors_are_ahead(doors)) {
		doors_step_back(doors);
		return;
	}
	while (doors->are_open && !doors_are_ahead(doors))
		if (!door_accept(door))
			break;
}

/* Lets in whom the others have left while we stepped back. */
static void
doors_take_the_rest(struct doors *doors)
{
	bool they_come = counter_get(&doors->emptiest->connections_accepted) !=
	    doors->emptiest_accepted;
	int most = they_come ? 1 : LEFT_MOST;

	doors->emptiest = NULL;
	for (uint32_t i = 0; i < doors->n; i++)
		for (int left = most; left > 0 && doors->are_open; left--)
			if (!door_accept(&doors->all[i]))
				break;
}

static void
reopen_cb(evutil_socket_t fd, short what, void *arg)
{
	struct doors *doors = arg;

	(void)fd;
	(void)what;
	doors_try_to_open(doors);
	if (doors->emptiest != NULL)
		doors_take_the_rest(doors);
}

/* --- who is inside --- */

static void
doors_count(struct doors *doors, int change)
{
	doors->n_inside += (uint32_t)change;
	counter_set(&doors->record->connections_open, doors->n_inside);
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
	if (doors->emptiest == NULL)
		doors_try_to_open(doors);
}

static void
doors_remove(struct doors *doors)
{
	for (uint32_t i = 0; i < doors->n; i++) {
		event_free(doors->all[i].event);
		close(doors->all[i].fd);
	}
	doors->n = 0;
}

void
doors_shut(struct doors *doors)
{
	if (doors->are_shut)
		return;
	doors_remove(doors);
	event_del(doors->reopen_timer);
	doors->are_open = false;
	doors->are_shut = true;
	counter_set(&doors->record->are_doors_shut, 1);
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
	doors->record = &plan->frontends[plan->number];
	doors_count(doors, 0);
	counter_set(&doors->record->are_doors_shut, 0);
	doors->reopen_timer = event_new(base, -1, 0, reopen_cb, doors);
	if (doors->reopen_timer == NULL)
		goto fail;
	for (size_t i = 0; i < plan->listeners->n; i++) {
		struct door *door = &doors->all[i];

		door->doors = doors;
		door->fd = plan->listeners->all[i].fd;
		door->event = event_new(
		    base, door->fd, EV_READ | EV_PERSIST, door_cb, door);
		if (door->event == NULL)
			goto fail;
		doors->n++;
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
