/*
 * Owns: a job's result as JSON, written and read back. Pure; any process and
 * thread.
 *
 * The integers of each object stand in a table that serves both directions
 * (member.h); what belongs to a lock is left to lockwire.c.
 */
#include "proto/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/lockwire.h"
#include "proto/member.h"

static const char *const state_names[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = "queued",
    [JOB_RUNNING] = "running",
    [JOB_DONE] = "done",
    [JOB_FAILED] = "failed",
    [JOB_CANCELLED] = "cancelled",
    [JOB_TIMED_OUT] = "timed_out",
};

#define NUMBER(type, field) MEMBER(type, field, REQUEST_MAX_INTEGER)
#define NUMBER_AT(name, type, place) \
	MEMBER_AT(name, type, place, REQUEST_MAX_INTEGER)
#define TIMING(field) NUMBER(job_timing, field)

static const struct member_row result_members[] = {
    NUMBER(job_result, count),
    MEMBER(job_result, workers, UINT32_MAX),
    NUMBER(job_result, cost_ns),
    NUMBER(job_result, io_every),
    NUMBER(job_result, io_for_us),
    MEMBER(job_result, attempts, UINT32_MAX),
};

static const struct member_row timing_members[] = {
    TIMING(queue_ns),
    TIMING(wall_ns),
    TIMING(total_ns),
    TIMING(cpu_ns),
    TIMING(cpu_wait_ns),
    TIMING(lock_wait_ns),
    TIMING(lock_held_ns),
    TIMING(switch_wait_ns),
    TIMING(native_ns),
    TIMING(io_ns),
};

/* The six of its record are there in pools without a lock, too. */
static const struct member_row task_members[] = {
    MEMBER(task_result, pid, INT32_MAX),
    MEMBER(task_result, tid, INT32_MAX),
    MEMBER(task_result, attempts, UINT32_MAX),
    NUMBER(task_result, count),
    NUMBER(task_result, turns),
    NUMBER(task_result, start_ns),
    NUMBER(task_result, wall_ns),
    NUMBER(task_result, cpu_ns),
    NUMBER(task_result, cpu_wait_ns),
    NUMBER_AT("lock_wait_ns", task_result, lock.wait_ns),
    NUMBER_AT("lock_held_ns", task_result, lock.held_ns),
    NUMBER_AT("switch_wait_ns", task_result, lock.switch_wait_ns),
    NUMBER_AT("native_ns", task_result, lock.native_ns),
    NUMBER_AT("io_ns", task_result, lock.io_ns),
    NUMBER_AT("io_operations", task_result, lock.io_operations),
    NUMBER(task_result, voluntary_switches),
    NUMBER(task_result, involuntary_switches),
    NUMBER(task_result, migrations),
};

const char *
job_state_name(enum job_state state)
{
	return state_names[state];
}

int
job_state_parse(const char *name, enum job_state *state)
{
	for (int i = 0; i < JOB_STATE_COUNT; i++) {
		if (strcmp(name, state_names[i]) == 0) {
			*state = (enum job_state)i;
			return 0;
		}
	}
	return -1;
}

void
job_result_sum_up(struct job_result *result, uint64_t total_ns)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (uint32_t i = 0; i < result->n_tasks; i++) {
		const struct task_result *task = &result->tasks[i];

		if (task->attempts > result->attempts)
			result->attempts = task->attempts;
		result->timing.cpu_ns += task->cpu_ns;
		result->timing.cpu_wait_ns += task->cpu_wait_ns;
		lock_record_add(&result->lock, &task->lock);
		if (task->wall_ns == 0)
			continue;
		if (task->start_ns < first_ns)
			first_ns = task->start_ns;
		if (task->start_ns + task->wall_ns > last_ns)
			last_ns = task->start_ns + task->wall_ns;
	}
	result->timing.lock_wait_ns = result->lock.wait_ns;
	result->timing.lock_held_ns = result->lock.held_ns;
	result->timing.switch_wait_ns = result->lock.switch_wait_ns;
	result->timing.native_ns = result->lock.native_ns;
	result->timing.io_ns = result->lock.io_ns;
	result->timing.total_ns = total_ns;
	result->timing.queue_ns = total_ns;
	if (last_ns == 0)
		return;
	result->timing.queue_ns = first_ns;
	result->timing.wall_ns = last_ns - first_ns;
}

static void
task_put(struct writer *writer, uint32_t number, const struct task_result *task,
    bool has_lock)
{
	writer_begin_object(writer);
	member_put(writer, "task", number);
	members_put(writer, task, task_members, N_MEMBERS(task_members));
	writer_name(writer, "lock");
	if (has_lock) {
		writer_begin_object(writer);
		lock_record_put(writer, &task->lock);
		writer_name(writer, "blockers");
		lock_blame_put(writer, &task->blame);
		writer_end_object(writer);
	} else {
		writer_null(writer);
	}
	writer_end_object(writer);
}

void
job_timing_put(struct writer *writer, const struct job_timing *timing)
{
	writer_begin_object(writer);
	members_put(writer, timing, timing_members, N_MEMBERS(timing_members));
	writer_end_object(writer);
}

int
job_timing_from_json(
    const json_t *json, struct job_timing *timing, struct rpc_error *error)
{
	return members_read(json, "timing.", timing, timing_members,
	    N_MEMBERS(timing_members), error);
}

void
job_names_put(struct writer *writer, const struct job_result *result)
{
	member_put_job(writer, "job", result->job);
	member_put_string(writer, "state", job_state_name(result->state));
	if (result->reason[0] != '\0')
		member_put_string(writer, "reason", result->reason);
	member_put_string(writer, "pool", result->pool);
	member_put_string(writer, "profile", job_profile_name(result->profile));
}

void
job_result_write(struct writer *writer, const struct job_result *result)
{
	writer_begin_object(writer);
	job_names_put(writer, result);
	members_put(writer, result, result_members, N_MEMBERS(result_members));
	writer_name(writer, "timing");
	job_timing_put(writer, &result->timing);
	writer_name(writer, "lock");
	if (result->has_lock) {
		writer_begin_object(writer);
		lock_record_put(writer, &result->lock);
		writer_end_object(writer);
	} else {
		writer_null(writer);
	}
	writer_name(writer, "histograms");
	lock_histograms_put(writer, result->histograms);
	writer_name(writer, "tasks");
	writer_begin_array(writer);
	for (uint32_t i = 0; i < result->n_tasks; i++)
		task_put(writer, i, &result->tasks[i], result->has_lock);
	writer_end_array(writer);
	writer_end_object(writer);
}

/* The string of a member that must be there. NULL: *error is set. */
static const char *
read_string(const json_t *object, const char *name, struct rpc_error *error)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text == NULL)
		rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be a string", name);
	return text;
}

int
job_names_read(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	const json_t *reason = json_object_get(json, "reason");
	const char *text;

	text = read_string(json, "job", error);
	if (text == NULL)
		return -1;
	if (job_id_parse(text, &result->job) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "job",
		    "job must be an id of %d characters", JOB_ID_CHARS);
	text = read_string(json, "state", error);
	if (text == NULL)
		return -1;
	if (job_state_parse(text, &result->state) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "state",
		    "state must be that of a job, not \"%.40s\"", text);
	text = read_string(json, "pool", error);
	if (text == NULL)
		return -1;
	if (!pool_name_is_valid(text))
		return rpc_error_set(error, RPC_INVALID_PARAMS, "pool",
		    "pool must be the name of one, not \"%.40s\"", text);
	strcpy(result->pool, text);
	text = read_string(json, "profile", error);
	if (text == NULL)
		return -1;
	if (job_profile_parse(text, &result->profile) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "profile",
		    "profile must be that of a job, not \"%.40s\"", text);
	if (reason != NULL) {
		text = read_string(json, "reason", error);
		if (text == NULL)
			return -1;
		if (strlen(text) > RESULT_REASON_CHARS)
			return rpc_error_set(error, RPC_INVALID_PARAMS,
			    "reason", "reason may have %d bytes",
			    RESULT_REASON_CHARS);
		strcpy(result->reason, text);
	}
	return 0;
}

static int
read_histograms(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	struct lock_histograms histograms;

	if (lock_histograms_from_json(json_object_get(json, "histograms"),
		"histograms.", &histograms, error) != 0)
		return -1;
	if (lock_histograms_are_empty(&histograms))
		return 0;
	result->histograms = malloc(sizeof(histograms));
	if (result->histograms == NULL)
		return rpc_error_set(
		    error, RPC_INTERNAL, NULL, "out of memory");
	*result->histograms = histograms;
	return 0;
}

static int
read_lock(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	const json_t *lock = json_object_get(json, "lock");

	if (read_histograms(json, result, error) != 0)
		return -1;
	if (json_is_null(lock))
		return 0;
	result->has_lock = true;
	return lock_record_from_json(lock, "lock.", &result->lock, error);
}

/* `where` as in "tasks[0]."; there is a lock in all of its tasks or in none. */
static int
read_task(const json_t *json, const char *where, bool has_lock,
    struct task_result *task, struct rpc_error *error)
{
	const json_t *lock = json_object_get(json, "lock");
	char in_lock[64], in_blockers[64];

	if (members_read(json, where, task, task_members,
		N_MEMBERS(task_members), error) != 0)
		return -1;
	if (!has_lock && json_is_null(lock))
		return 0;
	if (!has_lock || !json_is_object(lock))
		return member_refuse(error, where, "lock", "must be %s",
		    has_lock ? "an object" : "null, as the job's lock is");
	snprintf(in_lock, sizeof(in_lock), "%slock.", where);
	snprintf(in_blockers, sizeof(in_blockers), "%slock.blockers.", where);
	if (lock_record_from_json(lock, in_lock, &task->lock, error) != 0)
		return -1;
	return lock_blame_from_json(json_object_get(lock, "blockers"),
	    in_blockers, &task->blame, error);
}

static int
read_tasks(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	const json_t *tasks = json_object_get(json, "tasks");
	size_t n = json_array_size(tasks);
	char where[32];

	if (!json_is_array(tasks) || n > UINT32_MAX)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "tasks",
		    "tasks must be an array");
	if (n == 0)
		return 0;
	result->tasks = calloc(n, sizeof(*result->tasks));
	if (result->tasks == NULL)
		return rpc_error_set(
		    error, RPC_INTERNAL, NULL, "out of memory");
	result->n_tasks = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		snprintf(where, sizeof(where), "tasks[%zu].", i);
		if (read_task(json_array_get(tasks, i), where, result->has_lock,
			&result->tasks[i], error) != 0)
			return -1;
	}
	return 0;
}

int
job_result_from_json(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	*result = (struct job_result){0};
	if (!json_is_object(json))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a result must be an object");
	if (job_names_read(json, result, error) != 0 ||
	    members_read(json, "", result, result_members,
		N_MEMBERS(result_members), error) != 0 ||
	    job_timing_from_json(
		json_object_get(json, "timing"), &result->timing, error) != 0 ||
	    read_lock(json, result, error) != 0 ||
	    read_tasks(json, result, error) != 0) {
		job_result_free(result);
		return -1;
	}
	return 0;
}

void
job_result_free(struct job_result *result)
{
	if (result == NULL)
		return;
	free(result->histograms);
	result->histograms = NULL;
	free(result->tasks);
	result->tasks = NULL;
	result->n_tasks = 0;
}
