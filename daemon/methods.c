/*
 * The methods. Run by a frontend's one thread. Each checks its params itself
 * and gives its answer; what it does is done elsewhere (job.c, peer.c,
 * report.c, the board).
 */
#include "daemon/methods.h"

#include <stdio.h>
#include <string.h>

#include "daemon/connection.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/peer.h"
#include "daemon/report.h"
#include "proto/request.h"

/* One call as its method sees it. */
struct invocation {
	struct frontend *frontend;
	struct connection *connection;
	const json_t *params; /* NULL when absent */
	struct answer *answer;
};

/* --- params --- */

/* Params must be an object (or absent) with no members but those named. */
static int
params_check(
    const json_t *params, const char *const names[], struct rpc_error *error)
{
	const char *name;
	json_t *value;

	if (params == NULL)
		return 0;
	if (!json_is_object(params))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "params must be an object of named parameters");
	json_object_foreach ((json_t *)params, name, value) {
		size_t i = 0;

		while (names[i] != NULL && strcmp(names[i], name) != 0)
			i++;
		if (names[i] == NULL)
			return rpc_error_set(error, RPC_INVALID_PARAMS, name,
			    names[0] == NULL
				? "this method takes no parameters"
				: "this method has no such parameter");
	}
	return 0;
}

static const char *
params_text(const json_t *params, const char *name, struct rpc_error *error)
{
	const json_t *value = json_object_get(params, name);

	if (!json_is_string(value)) {
		rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s is required, a string", name);
		return NULL;
	}
	return json_string_value(value);
}

/* True when the call has no params; else it is answered with an error. */
static bool
takes_nothing(const struct invocation *invocation)
{
	static const char *const none[] = {NULL};
	struct rpc_error error;

	if (params_check(invocation->params, none, &error) == 0)
		return true;
	answer_error(invocation->answer, &error);
	return false;
}

/* The pool's number, or -1 with *error set. */
static int
pool_find(
    const struct frontend *frontend, const char *name, struct rpc_error *error)
{
	const struct settings *settings = frontend->settings;
	const struct pool_settings *pool = settings_find_pool(settings, name);
	char names[192] = "";
	size_t used = 0;

	if (pool != NULL)
		return (int)(pool - settings->pools);
	for (size_t i = 0; i < settings->n_pools && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
		    "%s%s", i == 0 ? "" : ", ", settings->pools[i].name);
	return rpc_error_set(error, RPC_NO_SUCH_POOL, "pool",
	    "no pool \"%.40s\"; there are: %s", name, names);
}

/* --- server.*, pool.* --- */

static void
server_ping(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(
		    invocation->answer, json_pack("{s:b}", "pong", 1));
}

static void
server_info(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    report_info(invocation->frontend->generation));
}

static void
server_stats(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    report_stats(invocation->frontend->generation));
}

static void
pool_list(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    json_pack("{s:o*}", "pools",
			report_pools(invocation->frontend->generation)));
}

/* The pool's number, or -1 with *error set; *interval_us is checked. */
static int
pool_set_check(const struct invocation *invocation, uint64_t *interval_us,
    struct rpc_error *error)
{
	static const char *const names[] = {"pool", "interval_us", NULL};
	const struct frontend *frontend = invocation->frontend;
	const json_t *value =
	    json_object_get(invocation->params, "interval_us");
	const char *name;
	int pool;

	if (params_check(invocation->params, names, error) != 0)
		return -1;
	name = params_text(invocation->params, "pool", error);
	if (name == NULL)
		return -1;
	pool = pool_find(frontend, name, error);
	if (pool < 0)
		return -1;
	if (frontend->settings->pools[pool].kind != POOL_THREADS)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "pool",
		    "pool %s is of kind processes: it has no lock, and so no "
		    "switch interval",
		    name);
	if (!json_is_integer(value) || json_integer_value(value) < 1 ||
	    (uint64_t)json_integer_value(value) > SETTINGS_MAX_INTERVAL_US)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "interval_us",
		    "interval_us must be an integer from 1 to %llu "
		    "(microseconds)",
		    (unsigned long long)SETTINGS_MAX_INTERVAL_US);
	*interval_us = (uint64_t)json_integer_value(value);
	return pool;
}

static void
pool_set(const struct invocation *invocation)
{
	const struct generation *generation = invocation->frontend->generation;
	struct rpc_error error;
	uint64_t interval_us;
	int pool = pool_set_check(invocation, &interval_us, &error);

	if (pool < 0) {
		answer_error(invocation->answer, &error);
		return;
	}
	counter_set(&generation->board.pools[pool].interval_us, interval_us);
	generation_ring(generation, (uint32_t)pool);
	answer_result(
	    invocation->answer, report_pool(generation, (uint32_t)pool));
}

/* --- job.* --- */

/* 0, or -1 with *error set: whether one more job may come in now. */
static int
job_admit(const struct invocation *invocation, struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;
	const struct settings *settings = frontend->settings;

	if (frontend->is_draining)
		return rpc_error_set(error, RPC_SHUTTING_DOWN, NULL,
		    "gild finishes the jobs in flight and then stops");
	if (connection_owner(invocation->connection)->n_jobs >=
	    settings->max_in_flight)
		return rpc_error_set(error, RPC_BUSY, NULL,
		    "this connection has max_in_flight = %u jobs in flight; "
		    "wait for one to end",
		    settings->max_in_flight);
	if (jobs_count(frontend->jobs) >= settings->max_jobs)
		return rpc_error_set(error, RPC_BUSY, NULL,
		    "there are max_jobs = %u unfinished jobs; try again later",
		    settings->max_jobs);
	return 0;
}

static int
job_submit_check(const struct invocation *invocation,
    struct job_request *request, struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;

	if (job_request_from_json(invocation->params,
		frontend->settings->max_workers, request, error) != 0 ||
	    job_admit(invocation, error) != 0)
		return -1;
	return pool_find(frontend, request->pool, error);
}

static void
job_submit_call(const struct invocation *invocation)
{
	struct job_request request;
	struct rpc_error error;
	int pool = job_submit_check(invocation, &request, &error);

	if (pool < 0)
		answer_error(invocation->answer, &error);
	else if (job_submit(connection_owner(invocation->connection), &request,
		     (uint32_t)pool, invocation->answer) != 0)
		answer_result(invocation->answer, NULL);
}

static void
job_cancel_call(const struct invocation *invocation)
{
	static const char *const names[] = {"job", NULL};
	struct job_id id;
	struct rpc_error error;
	const char *text = NULL;

	if (params_check(invocation->params, names, &error) == 0)
		text = params_text(invocation->params, "job", &error);
	if (text != NULL && job_id_parse(text, &id) != 0) {
		rpc_error_set(&error, RPC_INVALID_PARAMS, "job",
		    "job must be a job's id, %d characters like "
		    "01KAP4Z3M8W5Q7N2B6X9R1T0CE",
		    JOB_ID_CHARS);
		text = NULL;
	}
	if (text == NULL)
		answer_error(invocation->answer, &error);
	else
		peers_cancel(
		    invocation->frontend->peers, id, invocation->answer);
}

/* --- the table --- */

static const struct {
	const char *name;
	void (*call)(const struct invocation *);
} methods[] = {
    {"job.submit", job_submit_call},
    {"job.cancel", job_cancel_call},
    {"pool.list", pool_list},
    {"pool.set", pool_set},
    {"server.info", server_info},
    {"server.stats", server_stats},
    {"server.ping", server_ping},
};

#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

const char *
methods_name(size_t i)
{
	return i < N_METHODS ? methods[i].name : NULL;
}

void
methods_call(struct frontend *frontend, struct connection *connection,
    const struct jsonrpc_call *call, struct answer *answer)
{
	const struct invocation invocation = {
	    .frontend = frontend,
	    .connection = connection,
	    .params = call->params,
	    .answer = answer,
	};
	struct rpc_error error;

	for (size_t i = 0; i < N_METHODS; i++) {
		if (strlen(methods[i].name) == call->method_len &&
		    memcmp(methods[i].name, call->method, call->method_len) ==
			0) {
			methods[i].call(&invocation);
			return;
		}
	}
	rpc_error_set(&error, RPC_METHOD_NOT_FOUND, NULL,
	    "no method \"%.60s\"; there are job.*, pool.* and server.*: see "
	    "gild's protocol",
	    call->method);
	answer_error(answer, &error);
}
