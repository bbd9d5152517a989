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

static void
time_put(struct writer *writer, const char *name, uint64_t unix_ms)
{
	if (unix_ms != 0) {
		member_put(writer, name, unix_ms);
	} else {
		writer_name(writer, name);
		writer_null(writer);
	}
}

static void
names_put(struct writer *writer, const struct job_record *record)
{
	struct job_result names = {
	    .job = record->id,
	    .state = record->state,
	    .profile = record->request.profile,
	};

	strcpy(names.reason, record->reason);
	strcpy(names.pool, record->request.pool);
	job_names_put(writer, &names);
}

/* All of it but the result. */
static void
record_write(struct writer *writer, const struct job_record *record)
{
	const char *key = record->request.key;

	writer_begin_object(writer);
	names_put(writer, record);
	members_put(writer, record, record_members, N_MEMBERS(record_members));
	writer_name(writer, "key");
	if (key[0] != '\0')
		writer_string(writer, key, strlen(key));
	else
		writer_null(writer);
	writer_name(writer, "detached");
	writer_boolean(writer, record->is_detached);
	writer_name(writer, "collected");
	writer_boolean(writer, record->is_collected);
	time_put(writer, "started_unix_ms", record->started_ms);
	time_put(writer, "ended_unix_ms", record->ended_ms);
	writer_name(writer, "timing");
	if (job_state_is_end(record->state))
		job_timing_put(writer, &record->timing);
	else
		writer_null(writer);
	writer_end_object(writer);
}

json_t *
record_to_json(const struct job_record *record, json_t *result)
{
	struct writer writer = {0};
	json_t *object;

	record_write(&writer, record);
	object = writer_to_json(&writer);
	writer_free(&writer);
	if (result != NULL &&
	    json_object_set_new(object, "result", result) != 0) {
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
