/*
 * Rows of the store: a job written as the columns of one, and read back. The
 * process that has the store open runs it.
 *
 * One table names all columns that are integers, for both directions. What is
 * read is not believed: the type, the range and the length of each column are
 * looked at, as bits on a disk turn over, and files are edited by hand.
 */
#include "daemon/store_private.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/member.h"

#define ID_BYTES 16

/* Columns, from 0 on; as parameters they are counted from 1 on. */
enum {
	COLUMN_ID,
	COLUMN_POOL,
	COLUMN_KEY,
	COLUMN_REASON,
	COLUMN_FIRST_INTEGER
};

#define COLUMN(name, place, limit) MEMBER_AT(name, job_record, place, limit)
#define FLAG(name, place) COLUMN(name, place, 1)
#define TIME(field) COLUMN(#field, field, MEMBER_MAX_INTEGER)
#define TIMING(field) COLUMN(#field, timing.field, MEMBER_MAX_INTEGER)

/* The names are also those of the schema. */
static const struct member_row integers[] = {
    COLUMN("state", state, JOB_STATE_COUNT - 1),
    COLUMN("attempts", attempts, UINT32_MAX),
    FLAG("is_detached", is_detached),
    FLAG("is_collected", is_collected),
    TIME(accepted_ms),
    TIME(started_ms),
    TIME(ended_ms),
    COLUMN("count", request.count, REQUEST_MAX_COUNT),
    COLUMN("workers", request.workers, UINT32_MAX),
    COLUMN("cost_ns", request.cost_ns, REQUEST_MAX_COST_NS),
    COLUMN("timeout_ms", request.timeout_ms, REQUEST_MAX_TIMEOUT_MS),
    FLAG("wants_progress", request.wants_progress),
    COLUMN("profile", request.profile, PROFILE_COUNT - 1),
    COLUMN("io_every", request.io_every, REQUEST_MAX_COUNT),
    COLUMN("io_for_us", request.io_for_us, REQUEST_MAX_IO_FOR_US),
    COLUMN("priority", request.priority, REQUEST_PRIORITIES - 1),
    COLUMN("start_after_ms", request.start_after_ms, REQUEST_MAX_TIMEOUT_MS),
    FLAG("detach", request.detach),
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
#define N_INTEGERS ((int)N_MEMBERS(integers))
#define COLUMN_RESULT (COLUMN_FIRST_INTEGER + N_INTEGERS)

/* --- SQL --- */

static void
append_columns(sqlite3_str *sql)
{
	sqlite3_str_appendall(sql, "id, pool, key, reason");
	for (int i = 0; i < N_INTEGERS; i++)
		sqlite3_str_appendf(sql, ", %s", integers[i].name);
}

char *
store_sql_columns(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	append_columns(sql);
	return sqlite3_str_finish(sql);
}

char *
store_sql_insert(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "INSERT INTO job(");
	append_columns(sql);
	sqlite3_str_appendall(sql, ", result) VALUES (?1");
	for (int i = 1; i <= COLUMN_RESULT; i++)
		sqlite3_str_appendf(sql, ", ?%d", i + 1);
	/* Of this id or key: the caller asks which. */
	sqlite3_str_appendall(sql, ") ON CONFLICT DO NOTHING");
	return sqlite3_str_finish(sql);
}

/* What store_end() takes from a job: but for that, it stays as accepted. */
static bool
belongs_to_end(const struct member_row *column)
{
	return column->offset == offsetof(struct job_record, state) ||
	    column->offset == offsetof(struct job_record, attempts) ||
	    column->offset == offsetof(struct job_record, ended_ms) ||
	    column->offset >= offsetof(struct job_record, timing);
}

char *
store_sql_end(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendf(sql, "UPDATE job SET reason = ?%d, result = ?%d",
	    COLUMN_REASON + 1, COLUMN_RESULT + 1);
	for (int i = 0; i < N_INTEGERS; i++) {
		if (belongs_to_end(&integers[i]))
			sqlite3_str_appendf(sql, ", %s = ?%d", integers[i].name,
			    COLUMN_FIRST_INTEGER + i + 1);
	}
	sqlite3_str_appendf(
	    sql, " WHERE id = ?%d AND " STORE_IS_UNFINISHED, COLUMN_ID + 1);
	return sqlite3_str_finish(sql);
}

/* --- writing --- */

static uint64_t
load_integer(const struct job_record *job, const struct member_row *column)
{
	const char *place = (const char *)job + column->offset;
	uint64_t number;

	switch (column->width) {
	case sizeof(bool):
		return *(const bool *)place;
	case sizeof(uint32_t):
		return *(const uint32_t *)place;
	default:
		number = *(const uint64_t *)place;
		/* As it is written to JSON. */
		return number < MEMBER_MAX_INTEGER ? number
						   : MEMBER_MAX_INTEGER;
	}
}

int
store_bind_id(sqlite3_stmt *statement, int number, struct job_id id)
{
	unsigned char bytes[ID_BYTES];

	for (int i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(id.high >> (56 - 8 * i));
		bytes[8 + i] = (unsigned char)(id.low >> (56 - 8 * i));
	}
	return sqlite3_bind_blob(
	    statement, number, bytes, ID_BYTES, SQLITE_TRANSIENT);
}

static int
bind_text(sqlite3_stmt *statement, int column, const char *text, size_t size)
{
	return sqlite3_bind_text64(
	    statement, column + 1, text, size, SQLITE_STATIC, SQLITE_UTF8);
}

int
store_bind_job(sqlite3_stmt *statement, const struct job_record *job,
    const char *result, size_t size)
{
	const struct job_request *request = &job->request;
	const char *key = request->key[0] != '\0' ? request->key : NULL;
	int rc = store_bind_id(statement, COLUMN_ID + 1, job->id);

	if (rc == SQLITE_OK)
		rc = bind_text(statement, COLUMN_POOL, request->pool,
		    strlen(request->pool));
	if (rc == SQLITE_OK)
		rc =
		    bind_text(statement, COLUMN_KEY, key, strlen(request->key));
	if (rc == SQLITE_OK)
		rc = bind_text(
		    statement, COLUMN_REASON, job->reason, strlen(job->reason));
	for (int i = 0; i < N_INTEGERS && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_int64(statement, COLUMN_FIRST_INTEGER + i + 1,
		    (sqlite3_int64)load_integer(job, &integers[i]));
	if (rc == SQLITE_OK)
		rc = bind_text(statement, COLUMN_RESULT, result, size);
	return rc;
}

/* --- reading --- */

static bool
read_id(sqlite3_stmt *statement, struct job_id *id)
{
	const unsigned char *bytes;

	*id = (struct job_id){0};
	if (sqlite3_column_type(statement, COLUMN_ID) != SQLITE_BLOB ||
	    sqlite3_column_bytes(statement, COLUMN_ID) != ID_BYTES)
		return false;
	bytes = sqlite3_column_blob(statement, COLUMN_ID);
	for (int i = 0; i < 8 && bytes != NULL; i++) {
		id->high = id->high << 8 | bytes[i];
		id->low = id->low << 8 | bytes[8 + i];
	}
	return bytes != NULL;
}

/* jansson knows what is UTF-8, and what is not cannot be sent. */
static bool
is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string != NULL;
}

/* Text of at most max bytes, without a NUL; text has room for them and one. */
static bool
read_text(sqlite3_stmt *statement, int column, char *text, size_t max)
{
	const unsigned char *bytes;
	size_t size;

	if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
		return false;
	bytes = sqlite3_column_text(statement, column);
	size = (size_t)sqlite3_column_bytes(statement, column);
	if (bytes == NULL || size > max || memchr(bytes, '\0', size) != NULL)
		return false;
	memcpy(text, bytes, size);
	text[size] = '\0';
	return is_utf8(text);
}

static bool
read_key(sqlite3_stmt *statement, char *key)
{
	if (sqlite3_column_type(statement, COLUMN_KEY) == SQLITE_NULL) {
		key[0] = '\0';
		return true;
	}
	return read_text(statement, COLUMN_KEY, key, REQUEST_KEY_CHARS) &&
	    job_key_is_valid(key);
}

static bool
read_integer(sqlite3_stmt *statement, int i, struct job_record *job)
{
	int column = COLUMN_FIRST_INTEGER + i;
	char *place = (char *)job + integers[i].offset;
	sqlite3_int64 number;

	if (sqlite3_column_type(statement, column) != SQLITE_INTEGER)
		return false;
	number = sqlite3_column_int64(statement, column);
	if (number < 0 || (uint64_t)number > integers[i].max)
		return false;
	if (integers[i].width == sizeof(bool))
		*(bool *)place = number != 0;
	else if (integers[i].width == sizeof(uint32_t))
		*(uint32_t *)place = (uint32_t)number;
	else
		*(uint64_t *)place = (uint64_t)number;
	return true;
}

/* What is wrong between the columns: the name of one, or NULL. */
static const char *
find_contradiction(const struct job_record *job)
{
	const struct job_request *request = &job->request;
	bool is_io = request->profile == PROFILE_IO;

	if (request->count == 0)
		return "count";
	if (request->workers == 0)
		return "workers";
	if (is_io != (request->io_every > 0))
		return "io_every";
	if (is_io != (request->io_for_us > 0))
		return "io_for_us";
	return NULL;
}

enum store_outcome
store_tell_damage(
    struct store *store, const struct job_record *job, const char *what)
{
	char id[JOB_ID_CHARS + 1];

	job_id_format(job->id, id);
	store_say(store, "the row of job %s is damaged: its %s makes no sense",
	    id, what);
	return STORE_DAMAGED;
}

enum store_outcome
store_read_job(
    struct store *store, sqlite3_stmt *statement, struct job_record *job)
{
	const char *contradiction;

	*job = (struct job_record){0};
	if (!read_id(statement, &job->id))
		return store_tell_damage(store, job, "id");
	if (!read_text(
		statement, COLUMN_POOL, job->request.pool, POOL_NAME_CHARS) ||
	    !pool_name_is_valid(job->request.pool))
		return store_tell_damage(store, job, "pool");
	if (!read_key(statement, job->request.key))
		return store_tell_damage(store, job, "key");
	if (!read_text(
		statement, COLUMN_REASON, job->reason, RESULT_REASON_CHARS))
		return store_tell_damage(store, job, "reason");
	for (int i = 0; i < N_INTEGERS; i++) {
		if (!read_integer(statement, i, job))
			return store_tell_damage(store, job, integers[i].name);
	}
	contradiction = find_contradiction(job);
	if (contradiction != NULL)
		return store_tell_damage(store, job, contradiction);
	return STORE_DONE;
}

enum store_outcome
store_read_result(struct store *store, sqlite3_stmt *statement,
    const struct job_record *job, char **result)
{
	int type = sqlite3_column_type(statement, COLUMN_RESULT);
	const unsigned char *bytes;
	size_t size;

	*result = NULL;
	if (type != (job->state < JOB_DONE ? SQLITE_NULL : SQLITE_TEXT))
		return store_tell_damage(store, job, "result");
	if (type == SQLITE_NULL)
		return STORE_DONE;
	bytes = sqlite3_column_text(statement, COLUMN_RESULT);
	size = (size_t)sqlite3_column_bytes(statement, COLUMN_RESULT);
	if (bytes == NULL || memchr(bytes, '\0', size) != NULL)
		return store_tell_damage(store, job, "result");
	*result = strdup((const char *)bytes);
	if (*result == NULL) {
		store_say(store, "out of memory");
		return STORE_FAILED;
	}
	return STORE_DONE;
}
