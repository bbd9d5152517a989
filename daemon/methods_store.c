/*
 * job.wait, job.get, job.list and job.collect: what the job store knows. Run by
 * a frontend's one thread; records.c asks the recorder.
 */
#include <string.h>

#include "daemon/answer.h"
#include "daemon/frontend.h"
#include "daemon/methods_private.h"
#include "daemon/records.h"
#include "proto/params.h"

#define LIST_DEFAULT_LIMIT 100
#define LIST_MAX_LIMIT 1000
#define ENDED                                                      \
	(1U << JOB_DONE | 1U << JOB_FAILED | 1U << JOB_CANCELLED | \
	    1U << JOB_TIMED_OUT)
#define UNFINISHED (1U << JOB_QUEUED | 1U << JOB_RUNNING)

/* Reads `job`, which is all that the method takes. True, or it was answered. */
static bool
takes_job(const struct invocation *invocation, struct job_id *id)
{
	static const char *const names[] = {"job"};
	struct rpc_error error;

	if (params_check(invocation->params, names, N_OF(names), &error) == 0 &&
	    job_read_id(invocation->params, "job", id, &error) == 0)
		return true;
	answer_error(invocation->answer, &error);
	return false;
}

void
job_get(const struct invocation *invocation)
{
	struct job_id id;

	if (takes_job(invocation, &id))
		records_get(
		    invocation->frontend->records, id, invocation->answer);
}

void
job_collect(const struct invocation *invocation)
{
	struct job_id id;

	if (takes_job(invocation, &id))
		records_collect(
		    invocation->frontend->records, id, invocation->answer);
}

void
job_wait(const struct invocation *invocation)
{
	static const char *const names[] = {"job", "timeout_ms"};
	uint64_t timeout_ms = 0;
	struct rpc_error error;
	struct job_id id;

	if (params_check(invocation->params, names, N_OF(names), &error) != 0 ||
	    job_read_id(invocation->params, "job", &id, &error) != 0 ||
	    params_read_integer(invocation->params, "timeout_ms", 0,
		REQUEST_MAX_TIMEOUT_MS, &timeout_ms, &error) != 0) {
		answer_error(invocation->answer, &error);
	} else {
		records_wait(invocation->frontend->records, id, timeout_ms,
		    invocation->answer);
	}
}

/* --- job.list --- */

static int
read_states(const json_t *params, uint32_t *states, struct rpc_error *error)
{
	const char *name = NULL;
	enum job_state state;

	if (params_read_string(params, "state", &name, error) != 0)
		return -1;
	if (name == NULL)
		return 0;
	if (strcmp(name, "ended") == 0)
		*states = ENDED;
	else if (strcmp(name, "unfinished") == 0)
		*states = UNFINISHED;
	else if (job_state_parse(name, &state) == 0)
		*states = 1U << state;
	else
		return rpc_error_set(error, RPC_INVALID_PARAMS, "state",
		    "state must be \"queued\", \"running\", \"done\", "
		    "\"failed\", \"cancelled\", \"timed_out\", \"unfinished\" "
		    "or \"ended\", not \"%.40s\"",
		    name);
	return 0;
}

/* A text that may not be longer than size - 1 bytes. */
static int
read_text(const json_t *params, const char *name, char *text, size_t size,
    struct rpc_error *error)
{
	const char *given = NULL;

	if (params_read_string(params, name, &given, error) != 0)
		return -1;
	if (given == NULL)
		return 0;
	if (strlen(given) >= size)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s may have %zu bytes", name, size - 1);
	strcpy(text, given);
	return 0;
}

static int
read_flag(const json_t *params, const char *name, bool *is_given, bool *is_set,
    struct rpc_error *error)
{
	*is_given = json_object_get(params, name) != NULL;
	return params_read_boolean(params, name, is_set, error);
}

static int
read_after(
    const json_t *params, struct store_query *query, struct rpc_error *error)
{
	query->has_after = json_object_get(params, "after") != NULL;
	return query->has_after
	    ? job_read_id(params, "after", &query->after, error)
	    : 0;
}

static int
query_read(
    const json_t *params, struct store_query *query, struct rpc_error *error)
{
	static const char *const names[] = {"state", "pool", "key", "detached",
	    "collected", "since_unix_ms", "until_unix_ms", "newest_first",
	    "after", "limit"};
	uint64_t limit = LIST_DEFAULT_LIMIT;

	if (params_check(params, names, N_OF(names), error) != 0 ||
	    read_states(params, &query->states, error) != 0 ||
	    read_text(
		params, "pool", query->pool, sizeof(query->pool), error) != 0 ||
	    read_text(params, "key", query->key, sizeof(query->key), error) !=
		0 ||
	    read_flag(params, "detached", &query->has_detached,
		&query->is_detached, error) != 0 ||
	    read_flag(params, "collected", &query->has_collected,
		&query->is_collected, error) != 0 ||
	    params_read_integer(params, "since_unix_ms", 0, REQUEST_MAX_INTEGER,
		&query->since_ms, error) != 0 ||
	    params_read_integer(params, "until_unix_ms", 0, REQUEST_MAX_INTEGER,
		&query->until_ms, error) != 0 ||
	    params_read_boolean(
		params, "newest_first", &query->newest_first, error) != 0 ||
	    read_after(params, query, error) != 0 ||
	    params_read_integer(
		params, "limit", 1, LIST_MAX_LIMIT, &limit, error) != 0)
		return -1;
	query->limit = (uint32_t)limit;
	return 0;
}

void
job_list(const struct invocation *invocation)
{
	struct store_query query;
	struct rpc_error error;

	/* Padding too: it goes to another process. */
	memset(&query, 0, sizeof(query));
	if (query_read(invocation->params, &query, &error) != 0)
		answer_error(invocation->answer, &error);
	else
		records_list(
		    invocation->frontend->records, &query, invocation->answer);
}
