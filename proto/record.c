/*
 * Owns: a job's record as JSON, written and read back. Pure; any process and
 * thread.
 *
 * The integers stand in a table that serves both directions (member.h); names
 * and timing are those of a result, and result.c's.
 */
#include "proto/record.h"

#include <string.h>

#include "proto/member.h"

#define NUMBER(name, place) \
	MEMBER_AT(name, job_record, place, REQUEST_MAX_INTEGER)

static const struct member_row record_members[] = {
    NUMBER("count", request.count),
    MEMBER_AT("workers", job_record, request.workers, UINT32_MAX),
    NUMBER("cost_ns", request.cost_ns),
    NUMBER("io_every", request.io_every),
    NUMBER("io_for_us", request.io_for_us),
    MEMBER_AT("priority", job_record, request.priority, REQUEST_PRIORITIES - 1),
    NUMBER("timeout_ms", request.timeout_ms),
    NUMBER("start_after_ms", request.start_after_ms),
    MEMBER_AT("attempts", job_record, attempts, UINT32_MAX),
    NUMBER("accepted_unix_ms", accepted_ms),
};

bool
job_state_is_end(enum job_state state)
{
	return state >= JOB_DONE;
}

static json_t *
time_to_json(uint64_t unix_ms)
{
	return unix_ms == 0 ? json_null() : member_integer(unix_ms);
}

static int
write_names(json_t *object, const struct job_record *record)
{
	struct job_result names = {
	    .job = record->id,
	    .state = record->state,
	    .profile = record->request.profile,
	};

	strcpy(names.reason, record->reason);
	strcpy(names.pool, record->request.pool);
	return job_names_write(object, &names);
}

json_t *
record_to_json(const struct job_record *record, json_t *result)
{
	const char *key = record->request.key;
	json_t *object = json_object();
	bool is_short = false;

	is_short |= write_names(object, record) != 0;
	is_short |= members_write(
	    object, record, record_members, N_MEMBERS(record_members));
	is_short |= json_object_set_new(
	    object, "key", key[0] != '\0' ? json_string(key) : json_null());
	is_short |= json_object_set_new(
	    object, "detached", json_boolean(record->is_detached));
	is_short |= json_object_set_new(
	    object, "collected", json_boolean(record->is_collected));
	is_short |= json_object_set_new(
	    object, "started_unix_ms", time_to_json(record->started_ms));
	is_short |= json_object_set_new(
	    object, "ended_unix_ms", time_to_json(record->ended_ms));
	is_short |= json_object_set_new(object, "timing",
	    job_state_is_end(record->state)
		? job_timing_to_json(&record->timing)
		: json_null());
	if (result != NULL)
		is_short |= json_object_set_new(object, "result", result);
	if (is_short) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static int
read_names(
    const json_t *json, struct job_record *record, struct rpc_error *error)
{
	struct job_result names = {0};

	if (job_names_read(json, &names, error) != 0)
		return -1;
	record->id = names.job;
	record->state = names.state;
	record->request.profile = names.profile;
	strcpy(record->reason, names.reason);
	strcpy(record->request.pool, names.pool);
	return 0;
}

static int
read_key(const json_t *json, char *key, struct rpc_error *error)
{
	const json_t *value = json_object_get(json, "key");

	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) ||
	    !job_key_is_valid(json_string_value(value)))
		return member_refuse(error, "", "key",
		    "must be a job's key, a string of 1 to %d bytes, or null",
		    REQUEST_KEY_CHARS);
	strcpy(key, json_string_value(value));
	return 0;
}

static int
read_boolean(
    const json_t *json, const char *name, bool *truth, struct rpc_error *error)
{
	const json_t *value = json_object_get(json, name);

	if (!json_is_boolean(value))
		return member_refuse(error, "", name, "must be true or false");
	*truth = json_is_true(value);
	return 0;
}

static int
read_time(const json_t *json, const char *name, uint64_t *unix_ms,
    struct rpc_error *error)
{
	if (json_is_null(json_object_get(json, name)))
		return 0;
	return member_read(json, "", name, REQUEST_MAX_INTEGER, unix_ms, error);
}

int
record_from_json(
    const json_t *json, struct job_record *record, struct rpc_error *error)
{
	*record = (struct job_record){0};
	if (!json_is_object(json))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a job's record must be an object");
	if (read_names(json, record, error) != 0 ||
	    members_read(json, "", record, record_members,
		N_MEMBERS(record_members), error) != 0 ||
	    read_key(json, record->request.key, error) != 0 ||
	    read_boolean(json, "detached", &record->is_detached, error) != 0 ||
	    read_boolean(json, "collected", &record->is_collected, error) !=
		0 ||
	    read_time(json, "started_unix_ms", &record->started_ms, error) !=
		0 ||
	    read_time(json, "ended_unix_ms", &record->ended_ms, error) != 0)
		return -1;
	if (!job_state_is_end(record->state))
		return 0;
	return job_timing_from_json(
	    json_object_get(json, "timing"), &record->timing, error);
}
