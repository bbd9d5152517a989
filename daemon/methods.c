/*
 * The methods, but for pool.set and an operator's orders. Run by a frontend's one thread. Each checks its
 * params itself and gives its answer; what it does is done elsewhere (job.c,
 * peer.c, report.c, lock_events.c).
 */
#include "daemon/methods.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/connection.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/lane.h"
#include "daemon/lock_events.h"
#include "daemon/methods_private.h"
#include "daemon/peer.h"
#include "daemon/records.h"
#include "daemon/report.h"
#include "proto/params.h"
#include "proto/request.h"

#define BUSY_RETRY_MS 100

/* --- params --- */

/* True when the call has no params; else it is answered with an error. */
static bool
takes_nothing(const struct invocation *invocation)
{
	struct rpc_error error;

	if (params_check(invocation->params, NULL, 0, &error) == 0)
		return true;
	answer_error(invocation->answer, &error);
	return false;
}

int
pool_find(
    const struct frontend *frontend, const char *name, struct rpc_error *error)
{
	const struct settings *settings = frontend->settings;
	const struct pool_settings *pool = settings_find_pool(settings, name);
	const char *names[SETTINGS_MAX_POOLS];

	if (pool != NULL)
		return (int)(pool - settings->pools);
	for (size_t i = 0; i < settings->n_pools; i++)
		names[i] = settings->pools[i].name;
	return rpc_error_set_unknown(error, RPC_NO_SUCH_POOL, "pool", "pool",
	    name, names, settings->n_pools);
}

/* --- server.*, pool.* --- */

static void
server_ping(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(
		    invocation->answer, json_pack("{s:b}", "pong", 1));
}

/* Both are stolen; NULL when either is. */
static json_t *
with_store(json_t *report, json_t *store)
{
	if (json_object_set_new(report, "store", store) == 0)
		return report;
	json_decref(report);
	return NULL;
}

static void
server_info(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    with_store(report_info(invocation->frontend->generation),
			records_info(invocation->frontend->records)));
}

static void
server_stats(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    with_store(report_stats(invocation->frontend->generation),
			records_stats(invocation->frontend->records)));
}

static void
pool_list(const struct invocation *invocation)
{
	if (takes_nothing(invocation))
		answer_result(invocation->answer,
		    json_pack("{s:o}", "pools",
			report_pools(invocation->frontend->generation)));
}

/* --- job.* --- */

/* There is room again when a job has ended, whenever that is. */
static int
job_refuse_busy(struct rpc_error *error)
{
	error->retry_after_ms = BUSY_RETRY_MS;
	return -1;
}

/* 0, or -1 with *error set: whether there is room for one more job. */
static int
job_find_room(const struct invocation *invocation, size_t answer_bytes,
    struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;
	const struct settings *settings = frontend->settings;
	const struct job_owner *owner = invocation->owner;

	if (owner->n_jobs >= settings->max_in_flight) {
		rpc_error_set(error, RPC_BUSY, NULL,
		    "this connection has max_in_flight = %u jobs in flight; "
		    "wait for one to end",
		    settings->max_in_flight);
		return job_refuse_busy(error);
	}
	if (settings->max_queued > 0 &&
	    owner->n_queued >= settings->max_queued) {
		rpc_error_set(error, RPC_BUSY, NULL,
		    "this connection has max_queued = %u jobs that have not "
		    "begun; wait for one to begin",
		    settings->max_queued);
		return job_refuse_busy(error);
	}
	if (jobs_count(frontend->jobs) - jobs_count_stored(frontend->jobs) >=
	    settings->max_jobs) {
		rpc_error_set(error, RPC_BUSY, NULL,
		    "there are max_jobs = %u unfinished jobs; try again later",
		    settings->max_jobs);
		return job_refuse_busy(error);
	}
	if (!connection_has_room(owner->connection, answer_bytes)) {
		rpc_error_set(error, RPC_BUSY, NULL,
		    "clients hold max_client_bytes = %" PRIu64
		    ", and this one has its share: read the answers, or wait "
		    "for jobs to end",
		    settings->max_client_bytes);
		return job_refuse_busy(error);
	}
	return 0;
}

/* 0, or -1 with *error set: whether one more job may come in now. What is
 * refused for another reason does not count for the rate. */
static int
job_admit(const struct invocation *invocation, size_t answer_bytes,
    struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;
	uint32_t rate = frontend->settings->max_rate;
	uint64_t wait_ns;

	if (frontend->is_stopping)
		return rpc_error_set(error, RPC_SHUTTING_DOWN, NULL,
		    "gild finishes the jobs in flight and then stops");
	if (job_find_room(invocation, answer_bytes, error) != 0)
		return -1;
	if (rate == 0)
		return 0;
	wait_ns =
	    bucket_take(&invocation->owner->rate, rate, clock_monotonic_ns());
	if (wait_ns == 0)
		return 0;
	rpc_error_set(error, RPC_RATE_LIMITED, NULL,
	    "this connection may submit max_rate = %u jobs a second", rate);
	error->retry_after_ms =
	    (uint32_t)((wait_ns + NS_PER_MS - 1) / NS_PER_MS);
	return -1;
}

/* A job of the store may be another frontend's tomorrow. */
static int
job_check_progress(const struct job_request *request, struct rpc_error *error)
{
	if (!request->wants_progress ||
	    (!request->detach && request->key[0] == '\0'))
		return 0;
	return rpc_error_set(error, RPC_INVALID_PARAMS, "progress",
	    "progress is not told of a job with detach or a key");
}

static int
job_submit_check(const struct invocation *invocation,
    struct job_request *request, struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;
	size_t answer_bytes;
	int pool;

	if (job_request_from_json(invocation->params,
		frontend->settings->max_workers, request, error) != 0 ||
	    job_check_progress(request, error) != 0)
		return -1;
	pool = pool_find(frontend, request->pool, error);
	if (pool < 0)
		return -1;
	answer_bytes = invocation->answer == NULL
	    ? 0
	    : job_answer_bytes(request,
		  frontend->settings->pools[pool].kind == POOL_THREADS);
	return job_admit(invocation, answer_bytes, error) == 0 ? pool : -1;
}

/* Stored jobs wait here while there is room, for what all clients have and for
 * what this one has; the others wait in the store. */
static bool
job_is_for_us(const struct frontend *frontend, const struct lanes *lanes)
{
	return jobs_count_stored(frontend->jobs) <
	    frontend->settings->max_jobs &&
	    lanes_waiting(lanes) < frontend->settings->max_in_flight;
}

static void
job_submit_stored(
    const struct invocation *invocation, const struct job_request *request)
{
	const struct frontend *frontend = invocation->frontend;
	struct lanes *lanes = job_owner_lanes(invocation->owner);

	if (lanes == NULL)
		answer_result(invocation->answer, NULL);
	else
		records_submit(frontend->records, jobs_next_id(frontend->jobs),
		    request, lanes, job_is_for_us(frontend, lanes),
		    invocation->answer);
}

static void
job_submit_call(const struct invocation *invocation)
{
	struct job_request request;
	struct rpc_error error;
	int pool = job_submit_check(invocation, &request, &error);

	if (pool < 0)
		answer_error(invocation->answer, &error);
	else if (request.detach || request.key[0] != '\0')
		job_submit_stored(invocation, &request);
	else if (job_submit(invocation->owner, &request, (uint32_t)pool,
		     invocation->answer) != 0)
		answer_result(invocation->answer, NULL);
}

int
job_read_id(const json_t *params, const char *name, struct job_id *id,
    struct rpc_error *error)
{
	const char *text;

	if (params_require(params, name, "a job's id, a string", error) != 0 ||
	    params_read_string(params, name, &text, error) != 0)
		return -1;
	if (job_id_parse(text, id) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be a job's id, %d characters like "
		    "01KAP4Z3M8W5Q7N2B6X9R1T0CE",
		    name, JOB_ID_CHARS);
	return 0;
}

/* 0, or -1 with *error set. */
static int
job_cancel_check(
    const json_t *params, struct job_id *id, struct rpc_error *error)
{
	static const char *const names[] = {"job"};

	if (params_check(params, names, N_OF(names), error) != 0)
		return -1;
	return job_read_id(params, "job", id, error);
}

static void
job_cancel_call(const struct invocation *invocation)
{
	struct rpc_error error;
	struct job_id id;

	if (job_cancel_check(invocation->params, &id, &error) != 0)
		answer_error(invocation->answer, &error);
	else
		peers_cancel(
		    invocation->frontend->peers, id, invocation->answer);
}

/* --- lock.events --- */

/* The pool's number, or -1 with *error set: whether it has events. */
static int
lock_events_find_named(const struct frontend *frontend, const json_t *params,
    struct rpc_error *error)
{
	const char *name;
	int pool;

	if (params_read_string(params, "pool", &name, error) != 0)
		return -1;
	pool = pool_find(frontend, name, error);
	if (pool >= 0 && frontend->settings->pools[pool].kind != POOL_THREADS)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "pool",
		    "pool %s is of kind processes: it has no lock, and so no "
		    "events",
		    name);
	return pool;
}

/* The number of the pool that has the job's events, or -1 with *error set. */
static int
lock_events_find_job(
    const struct frontend *frontend, struct job_id job, struct rpc_error *error)
{
	char text[JOB_ID_CHARS + 1];
	uint32_t pool;

	if (lock_events_find_pool(frontend->board, job, &pool) == 0)
		return (int)pool;
	job_id_format(job, text);
	return rpc_error_set(error, RPC_NO_SUCH_JOB, "job",
	    "no pool has events of job %s: they were overwritten, or its pool "
	    "records none",
	    text);
}

/* Fills in query's pool and job; *job is where query->job then points to. */
static int
lock_events_find(const struct frontend *frontend, const json_t *params,
    struct lock_events_query *query, struct job_id *job,
    struct rpc_error *error)
{
	bool has_job = json_object_get(params, "job") != NULL;
	int pool;

	if (has_job) {
		if (job_read_id(params, "job", job, error) != 0)
			return -1;
		query->job = job;
	} else if (params_require(params, "pool",
		       "a pool's name, unless a job is given", error) != 0) {
		return -1;
	}
	if (json_object_get(params, "pool") != NULL)
		pool = lock_events_find_named(frontend, params, error);
	else
		pool = lock_events_find_job(frontend, *job, error);
	if (pool < 0)
		return -1;
	query->pool = (uint32_t)pool;
	return 0;
}

/* 0, or -1 with *error set. *job is where query->job points to. */
static int
lock_events_check(const struct invocation *invocation,
    struct lock_events_query *query, struct job_id *job,
    struct rpc_error *error)
{
	static const char *const names[] = {"pool", "job", "since", "limit"};
	const struct frontend *frontend = invocation->frontend;
	const json_t *params = invocation->params;
	uint64_t limit = LOCK_EVENTS_DEFAULT_LIMIT, end;
	uint64_t room = connection_allowance(invocation->owner->connection) /
	    LOCK_EVENTS_EVENT_BYTES;

	*query = (struct lock_events_query){
	    .has_since = json_object_get(params, "since") != NULL};
	if (params_check(params, names, N_OF(names), error) != 0 ||
	    params_read_integer(params, "since", 0, REQUEST_MAX_INTEGER,
		&query->since, error) != 0 ||
	    params_read_integer(params, "limit", 1, LOCK_EVENTS_MAX_LIMIT,
		&limit, error) != 0 ||
	    lock_events_find(frontend, params, query, job, error) != 0)
		return -1;
	query->limit = limit < room ? limit : room;
	end = counter_get(&frontend->board->pools[query->pool].event_number);
	if (query->since > end)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "since",
		    "since is a number that comes later: the next one is "
		    "%" PRIu64,
		    end);
	return 0;
}

static void
lock_events_call(const struct invocation *invocation)
{
	struct lock_events_query query;
	struct rpc_error error;
	struct job_id job;

	if (lock_events_check(invocation, &query, &job, &error) != 0)
		answer_error(invocation->answer, &error);
	else
		answer_result(invocation->answer,
		    lock_events_read(invocation->frontend->board, &query));
}

/* --- the table --- */

static const struct {
	const char *name;
	void (*call)(const struct invocation *);
} methods[] = {
    {"job.submit", job_submit_call},
    {"job.cancel", job_cancel_call},
    {"job.wait", job_wait},
    {"job.get", job_get},
    {"job.list", job_list},
    {"job.collect", job_collect},
    {"pool.list", pool_list},
    {"pool.set", pool_set},
    {"lock.events", lock_events_call},
    {"server.info", server_info},
    {"server.stats", server_stats},
    {"server.ping", server_ping},
    {"server.reload", server_reload},
    {"server.drain", server_drain},
    {"server.shutdown", server_shutdown},
};

#define N_METHODS N_OF(methods)

const char *
methods_name(size_t i)
{
	return i < N_METHODS ? methods[i].name : NULL;
}

void
methods_call(struct frontend *frontend, struct job_owner *owner,
    const struct jsonrpc_call *call, struct answer *answer)
{
	const struct invocation invocation = {
	    .frontend = frontend,
	    .owner = owner,
	    .params = call->params,
	    .answer = answer,
	};
	const char *names[N_METHODS];
	struct rpc_error error;

	for (size_t i = 0; i < N_METHODS; i++) {
		if (strlen(methods[i].name) == call->method_len &&
		    memcmp(methods[i].name, call->method, call->method_len) ==
			0) {
			methods[i].call(&invocation);
			return;
		}
	}
	for (size_t i = 0; i < N_METHODS; i++)
		names[i] = methods[i].name;
	rpc_error_set_unknown(&error, RPC_METHOD_NOT_FOUND, NULL, "method",
	    call->method, names, N_METHODS);
	answer_error(answer, &error);
}
