/*
 * A client's connection, and the answers that it is owed.
 *
 * An answer is made when a call arrives and given exactly once, with a result
 * or an error. It outlives its connection: given to a client that has left, it
 * goes nowhere. The members of a batch are answers like any other; their line
 * is sent when the last was given.
 */
#ifndef GILD_DAEMON_CONNECTION_H
#define GILD_DAEMON_CONNECTION_H

#include <jansson.h>

#include "proto/rpcerror.h"

struct answer;
struct connection;
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

/*
 * Gives the answer and frees it. result is stolen; NULL means that memory ran
 * out, and the client is told so. answer may be NULL: nobody asked for one.
 */
void answer_result(struct answer *answer, json_t *result);
void answer_error(struct answer *answer, const struct rpc_error *error);

/* The id of the call, borrowed; NULL for a NULL answer. */
json_t *answer_id(const struct answer *answer);

#endif
