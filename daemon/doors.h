/*
 * The doors of a frontend: the sockets that all frontends accept clients from,
 * as this one uses them. They close at max_connections and for a moment when
 * the system is out of something; who comes then waits in the socket's
 * backlog, or is let in by another frontend. Those inside are served. Clients
 * are spread: one who has more of them than another frontend leaves it the next.
 */
#ifndef GILD_DAEMON_DOORS_H
#define GILD_DAEMON_DOORS_H

#include <stdint.h>

#include "daemon/board.h"
#include "daemon/listeners.h"

struct doors;
struct event_base;

struct doors_plan {
	const struct listeners *listeners;
	uint32_t max_inside;
	/* All frontends' counts, and which of them is ours. */
	struct frontend_record *frontends;
	uint32_t n_frontends, number;
	/* Takes over a socket that was accepted. */
	void (*accept)(void *arg, int fd);
	/* The doors are shut for good and nobody is inside any more. */
	void (*empty)(void *arg);
	void *arg;
};

/*
 * Closed at first. The listeners' descriptors are the doors' from now on. NULL
 * when memory ran out.
 */
struct doors *doors_new(struct event_base *base, const struct doors_plan *plan);
void doors_free(struct doors *doors);

/* Lets clients in, whenever there is room. */
void doors_open(struct doors *doors);
/* For good. empty() is called at once, or when the last was let out. */
void doors_shut(struct doors *doors);

/* One more client is inside; one fewer. */
void doors_let_in(struct doors *doors);
void doors_let_out(struct doors *doors);

#endif
