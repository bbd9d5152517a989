/*
 * Owns: a job's result as JSON, written and read back. Pure; any process and
 * thread.
 *
 * The integers of each object stand in a table {name, place, width}, which
 * serves both directions, so that what is written is what is read. Numbers on
 * the wire stop at 2^53 - 1: one that is greater is written as that.
 */
#include "proto/result.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = "queued",
    [JOB_RUNNING] = "running",
    [JOB_DONE] = "done",
    [JOB_FAILED] = "failed",
    [JOB_CANCELLED] = "cancelled",
    [JOB_TIMED_OUT] = "timed_out",
};

/* One unsigned integer of a struct: 4 or 8 bytes wide. */
struct member {
	const char *name;
	size_t offset;
	size_t width;
	uint64_t max;
};

#define MEMBER_AT(member_name, type, place, limit)                            \
	{                                                                     \
		.name = member_name, .offset = offsetof(struct type, place),  \
		.width = sizeof(((struct type *)NULL)->place), .max = (limit) \
	}
#define MEMBER(type, field, limit) MEMBER_AT(#field, type, field, limit)
#define MEMBER_OF(type, part, field) \
	MEMBER_AT(#field, type, part.field, REQUEST_MAX_INTEGER)
#define N_MEMBERS(members) (sizeof(members) / sizeof(members[0]))

static const struct member result_members[] = {
    MEMBER(job_result, count, REQUEST_MAX_INTEGER),
    MEMBER(job_result, workers, UINT32_MAX),
    MEMBER(job_result, cost_ns, REQUEST_MAX_INTEGER),
    MEMBER(job_result, attempts, UINT32_MAX),
};

static const struct member timing_members[] = {
    MEMBER_OF(job_result, timing, queue_ns),
    MEMBER_OF(job_result, timing, wall_ns),
    MEMBER_OF(job_result, timing, total_ns),
    MEMBER_OF(job_result, timing, cpu_ns),
    MEMBER_OF(job_result, timing, lock_wait_ns),
    MEMBER_OF(job_result, timing, lock_held_ns),
    MEMBER_OF(job_result, timing, switch_wait_ns),
};

static const struct member lock_members[] = {
    MEMBER(lock_record, acquisitions, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, switches, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, drop_requests, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, honoured, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, superseded, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, missed, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, longest_hold_ns, REQUEST_MAX_INTEGER),
    MEMBER(lock_record, longest_wait_ns, REQUEST_MAX_INTEGER),
};

static const struct member task_members[] = {
    MEMBER(task_result, pid, INT32_MAX),
    MEMBER(task_result, tid, INT32_MAX),
    MEMBER(task_result, attempts, UINT32_MAX),
    MEMBER(task_result, count, REQUEST_MAX_INTEGER),
    MEMBER(task_result, turns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, start_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, wall_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, cpu_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, lock_wait_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, lock_held_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, switch_wait_ns, REQUEST_MAX_INTEGER),
    MEMBER(task_result, voluntary_switches, REQUEST_MAX_INTEGER),
    MEMBER(task_result, involuntary_switches, REQUEST_MAX_INTEGER),
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

static uint64_t
greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
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
		result->timing.lock_wait_ns += task->lock_wait_ns;
		result->timing.lock_held_ns += task->lock_held_ns;
		result->timing.switch_wait_ns += task->switch_wait_ns;
		if (task->wall_ns == 0)
			continue;
		if (task->start_ns < first_ns)
			first_ns = task->start_ns;
		if (task->start_ns + task->wall_ns > last_ns)
			last_ns = task->start_ns + task->wall_ns;
	}
	result->timing.total_ns = total_ns;
	result->timing.queue_ns = total_ns;
	if (last_ns == 0)
		return;
	result->timing.queue_ns = first_ns;
	result->timing.wall_ns = last_ns - first_ns;
}

void
lock_record_add(struct lock_record *sum, const struct lock_record *add)
{
	sum->acquisitions += add->acquisitions;
	sum->switches += add->switches;
	sum->drop_requests += add->drop_requests;
	sum->honoured += add->honoured;
	sum->superseded += add->superseded;
	sum->missed += add->missed;
	sum->longest_hold_ns =
	    greater(sum->longest_hold_ns, add->longest_hold_ns);
	sum->longest_wait_ns =
	    greater(sum->longest_wait_ns, add->longest_wait_ns);
}

static uint64_t
member_load(const struct member *member, const void *base)
{
	const char *place = (const char *)base + member->offset;

	return member->width == sizeof(uint32_t) ? *(const uint32_t *)place
						 : *(const uint64_t *)place;
}

static void
member_store(const struct member *member, void *base, uint64_t number)
{
	char *place = (char *)base + member->offset;

	if (member->width == sizeof(uint32_t))
		*(uint32_t *)place = (uint32_t)number;
	else
		*(uint64_t *)place = number;
}

/* Adds members of base to object. 0, or -1 when memory ran out. */
static int
write_members(json_t *object, const void *base, const struct member *members,
    size_t n_members)
{
	for (size_t i = 0; i < n_members; i++) {
		uint64_t number = member_load(&members[i], base);

		if (number > REQUEST_MAX_INTEGER)
			number = REQUEST_MAX_INTEGER;
		if (json_object_set_new(object, members[i].name,
			json_integer((json_int_t)number)) != 0)
			return -1;
	}
	return 0;
}

static json_t *
members_to_json(
    const void *base, const struct member *members, size_t n_members)
{
	json_t *object = json_object();

	if (write_members(object, base, members, n_members) != 0) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

json_t *
lock_record_to_json(const struct lock_record *record)
{
	return members_to_json(record, lock_members, N_MEMBERS(lock_members));
}

static json_t *
task_to_json(uint32_t number, const struct task_result *task)
{
	json_t *object = json_object();

	if (json_object_set_new(object, "task", json_integer(number)) != 0 ||
	    write_members(
		object, task, task_members, N_MEMBERS(task_members)) != 0) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static json_t *
tasks_to_json(const struct job_result *result)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < result->n_tasks; i++) {
		if (json_array_append_new(
			array, task_to_json(i, &result->tasks[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *
job_result_to_json(const struct job_result *result)
{
	json_t *object = json_object();
	char job[JOB_ID_CHARS + 1];
	bool is_short = false;

	job_id_format(result->job, job);
	is_short |= json_object_set_new(object, "job", json_string(job));
	is_short |= json_object_set_new(
	    object, "state", json_string(job_state_name(result->state)));
	if (result->reason[0] != '\0')
		is_short |= json_object_set_new(
		    object, "reason", json_string(result->reason));
	is_short |=
	    json_object_set_new(object, "pool", json_string(result->pool));
	is_short |= write_members(
	    object, result, result_members, N_MEMBERS(result_members));
	is_short |= json_object_set_new(object, "timing",
	    members_to_json(result, timing_members, N_MEMBERS(timing_members)));
	is_short |= json_object_set_new(object, "lock",
	    result->has_lock ? lock_record_to_json(&result->lock)
			     : json_null());
	is_short |= json_object_set_new(object, "tasks", tasks_to_json(result));
	if (is_short) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* `where` is "" or the object's own name and a dot, for the error. */
static int
read_members(const json_t *object, const char *where, void *base,
    const struct member *members, size_t n_members, struct rpc_error *error)
{
	for (size_t i = 0; i < n_members; i++) {
		const struct member *member = &members[i];
		const json_t *value = json_object_get(object, member->name);
		json_int_t number = json_integer_value(value);

		if (!json_is_integer(value) || number < 0 ||
		    (uint64_t)number > member->max) {
			rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
			    "%s%s must be an integer from 0 to %" PRIu64, where,
			    member->name, member->max);
			snprintf(error->field, sizeof(error->field), "%s%s",
			    where, member->name);
			return -1;
		}
		member_store(member, base, (uint64_t)number);
	}
	return 0;
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

static int
read_names(
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
read_lock(
    const json_t *json, struct job_result *result, struct rpc_error *error)
{
	const json_t *lock = json_object_get(json, "lock");

	if (json_is_null(lock))
		return 0;
	result->has_lock = true;
	return read_members(lock, "lock.", &result->lock, lock_members,
	    N_MEMBERS(lock_members), error);
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
		if (read_members(json_array_get(tasks, i), where,
			&result->tasks[i], task_members,
			N_MEMBERS(task_members), error) != 0)
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
	if (read_names(json, result, error) != 0 ||
	    read_members(json, "", result, result_members,
		N_MEMBERS(result_members), error) != 0 ||
	    read_members(json_object_get(json, "timing"), "timing.", result,
		timing_members, N_MEMBERS(timing_members), error) != 0 ||
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
	free(result->tasks);
	result->tasks = NULL;
	result->n_tasks = 0;
}
