/*
 * A client's connection: bytes in and out, framing, backpressure, its end.
 * What it owes the client is in answer.h.
 */
#ifndef GILD_DAEMON_CONNECTION_H
#define GILD_DAEMON_CONNECTION_H

#include <jansson.h>

struct connection;
struct evbuffer;
struct frontend;
struct job_owner;

/*
 * Serves a socket that was accepted, which it owns from now on (it is closed
 * on failure too). 0, or -1 when memory ran out.
 */
int connection_open(struct frontend *frontend, int fd)
    __attribute__((warn_unused_result));

/* No new jobs: each ends when all its answers were given and sent. */
void connection_drain_all(struct frontend *frontend);
/* All clients leave now. */
void connection_free_all(struct frontend *frontend);

/* Something that the client waited for is over: look whether all is. */
void connection_settle(struct connection *connection);

/* The jobs that the client waits for. */
struct job_owner *connection_owner(struct connection *connection);

/*
 * Sends a notification, unless the client reads so slowly that answers wait:
 * then it is dropped. Steals message, which may be NULL.
 */
void connection_notify(struct connection *connection, json_t *message);

/* --- for answer.c --- */

/*
 * Sends a message, which is borrowed. NULL stands for one that there was no
 * memory for: the client is better cut off than left waiting.
 */
void connection_write(struct connection *connection, const json_t *message);
/* Sends all that buffer holds, and empties it. */
void connection_write_buffer(
    struct connection *connection, struct evbuffer *buffer);
/* Cuts the client off. */
void connection_break(struct connection *connection);

#endif
