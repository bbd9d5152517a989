/* The methods that a client can call: one table {name, function}. */
#ifndef GILD_DAEMON_METHODS_H
#define GILD_DAEMON_METHODS_H

#include "proto/jsonrpc.h"

struct answer;
struct frontend;
struct job_owner;

/*
 * Carries out a well-formed call. The answer (NULL for a notification) is
 * given now or later, exactly once. owner is the client's, for its jobs; call
 * is borrowed for the time of the call.
 */
void methods_call(struct frontend *frontend, struct job_owner *owner,
    const struct jsonrpc_call *call, struct answer *answer);

/* The names, in the table's order; NULL behind the last. */
const char *methods_name(size_t i);

#endif
