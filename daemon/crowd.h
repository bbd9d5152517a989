/*
 * The crowd: all connections of a frontend, the limits that each of them has,
 * and the bytes that they hold together: input that was not served, output that
 * was not sent, what is charged to them, and what is reserved for answers.
 *
 * Together they have a bound. While it is reached the crowd is full, and each
 * connection may go on with its share, which is little. So those that hold much
 * make room, and the others are served.
 */
#ifndef GILD_DAEMON_CROWD_H
#define GILD_DAEMON_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct connection;
struct event;
struct event_base;

LIST_HEAD(connection_list, connection);
TAILQ_HEAD(connection_queue, connection);

struct crowd_limits {
	size_t max_line_bytes;
	size_t max_unsent_bytes; /* and charged; beyond that nothing is read */
	uint64_t max_bytes;	 /* of all together */
	size_t share_bytes;
	uint64_t idle_timeout_ns; /* these three: 0 is never */
	uint64_t line_timeout_ns;
	uint64_t stall_timeout_ns;
};

struct crowd {
	struct crowd_limits limits;
	struct event_base *base;
	struct connection_list all; /* connection.c's */
	struct connection_queue due;
	uint64_t bytes;
	uint64_t n_reads; /* from any of them */
	bool is_full;
	struct event *sweep_timer;
	struct event *flush_event;
};

/* 0, or -1 when memory ran out. */
int crowd_open(struct crowd *crowd, struct event_base *base,
    const struct crowd_limits *limits) __attribute__((warn_unused_result));
/* When all connections are gone; also of one that was not opened, all zeros. */
void crowd_close(struct crowd *crowd);

/* What one connection holds has changed. */
void crowd_count(struct crowd *crowd, uint64_t before, uint64_t now);

/* A connection has something to send when this turn of the loop ends; or has
 * not any more. */
void crowd_add_due(struct crowd *crowd, struct connection *connection);
void crowd_remove_due(struct crowd *crowd, struct connection *connection);

/* What one connection may hold now, of a bound that it has for itself. */
size_t crowd_allowance(const struct crowd *crowd, size_t bound);

/* Whether one that holds so much may hold so much more. */
bool crowd_has_room(const struct crowd *crowd, uint64_t held, uint64_t more);

#endif
