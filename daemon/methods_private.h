/* What the files of the methods share, and nobody else. */
#ifndef GILD_DAEMON_METHODS_PRIVATE_H
#define GILD_DAEMON_METHODS_PRIVATE_H

#include <jansson.h>
#include <stdint.h>

#include "proto/jobid.h"
#include "proto/rpcerror.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct answer;
struct frontend;
struct job_owner;

/* One call as its method sees it. */
struct invocation {
	struct frontend *frontend;
	struct job_owner *owner; /* the client, as jobs see it */
	const json_t *params;	 /* NULL when absent */
	struct answer *answer;
};

/* The pool's number, or -1 with *error set. */
int pool_find(const struct frontend *frontend, const char *name,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* Reads `name`, a job's id. 0, or -1 with *error set. */
int job_read_id(const json_t *params, const char *name, struct job_id *id,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* --- methods_store.c --- */

void job_wait(const struct invocation *invocation);
void job_get(const struct invocation *invocation);
void job_list(const struct invocation *invocation);
void job_collect(const struct invocation *invocation);

/* --- methods_server.c --- */

void server_reload(const struct invocation *invocation);
void server_drain(const struct invocation *invocation);
void server_shutdown(const struct invocation *invocation);

/* --- pool_set.c --- */

void pool_set(const struct invocation *invocation);

#endif
