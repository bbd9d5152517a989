/*
 * Questions to the store. The process that has the store open runs it.
 *
 * A list is one range of an index: from a pair of time and id to another, in
 * the order of these pairs. Which index is said, not guessed: without
 * statistics SQLite cannot know that few jobs run and many are done.
 */
#include "daemon/store_private.h"

#include <stdio.h>
#include <string.h>

#define ALL_STATES ((1U << JOB_STATE_COUNT) - 1)
#define PASSED_OVER 1000 /* damaged rows that a list can do with */
#define ID_TIME_SHIFT 16 /* the first 48 bits of an id are a time in ms */
#define UNFINISHED_STATES (1U << JOB_QUEUED | 1U << JOB_RUNNING)

/* Parameters of a list. */
enum {
	FIRST_MS = 1, /* the first of the range and the last, both in it */
	FIRST_ID,
	LAST_MS,
	LAST_ID,
	STATES,
	POOL,
	FIRST_KEY, /* from this one on, and before that */
	END_OF_KEYS,
	LIMIT,
};

struct position {
	uint64_t ms;
	struct job_id id;
};

enum store_outcome
store_get(struct store *store, struct job_id id, struct job_record *job,
    char **result)
{
	sqlite3_stmt *statement = store->statements[SQL_FIND_ID];
	enum store_outcome outcome = STORE_NO_JOB;
	int rc = store_bind_id(statement, 1, id);

	if (result != NULL)
		*result = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		outcome = store_read_job(store, statement, job);
		/* An index that is damaged leads to the row of another. */
		if (outcome == STORE_DONE && !job_id_equals(job->id, id))
			outcome = store_tell_damage(store, job, "id");
		if (outcome == STORE_DONE && result != NULL)
			outcome =
			    store_read_result(store, statement, job, result);
	}
	if (store_settle(store, statement, rc) != STORE_DONE)
		return STORE_FAILED;
	return outcome;
}

/* --- the range --- */

static void
step_forward(struct position *position)
{
	struct job_id *id = &position->id;

	if (++id->low == 0 && ++id->high == 0)
		position->ms++;
}

/* Not from the very first one. */
static void
step_back(struct position *position)
{
	struct job_id *id = &position->id;

	if (id->low-- == 0 && id->high-- == 0)
		position->ms--;
}

/* Where the job is, or was: by what its id says of it. */
static enum store_outcome
find_position(struct store *store, struct job_id id, struct position *position)
{
	struct job_record job;
	enum store_outcome outcome = store_get(store, id, &job, NULL);

	position->id = id;
	position->ms =
	    outcome == STORE_DONE ? job.accepted_ms : id.high >> ID_TIME_SHIFT;
	return outcome == STORE_FAILED ? STORE_FAILED : STORE_DONE;
}

static bool
is_before(const struct position *a, const struct position *b)
{
	if (a->ms != b->ms)
		return a->ms < b->ms;
	if (a->id.high != b->id.high)
		return a->id.high < b->id.high;
	return a->id.low < b->id.low;
}

static enum store_outcome
find_range(struct store *store, const struct store_query *query,
    struct position *first, struct position *last)
{
	struct position after;
	enum store_outcome outcome;

	*first = (struct position){.ms = query->since_ms};
	*last = (struct position){
	    .ms = query->until_ms > 0 ? query->until_ms - 1 : INT64_MAX,
	    .id = {UINT64_MAX, UINT64_MAX},
	};
	if (!query->has_after)
		return STORE_DONE;
	outcome = find_position(store, query->after, &after);
	if (outcome != STORE_DONE)
		return outcome;
	if (query->newest_first && is_before(&(struct position){0}, &after)) {
		step_back(&after);
		if (is_before(&after, last))
			*last = after;
	} else if (query->newest_first) {
		first->ms = INT64_MAX; /* nothing is before that */
	} else {
		step_forward(&after);
		if (is_before(first, &after))
			*first = after;
	}
	return STORE_DONE;
}

static int
bind_position(
    sqlite3_stmt *statement, int number, const struct position *position)
{
	uint64_t ms = position->ms < INT64_MAX ? position->ms : INT64_MAX;
	int rc = sqlite3_bind_int64(statement, number, (sqlite3_int64)ms);

	if (rc == SQLITE_OK)
		rc = store_bind_id(statement, number + 1, position->id);
	return rc;
}

/* --- the statement --- */

static bool
is_one_state(uint32_t states)
{
	return states != 0 && (states & (states - 1)) == 0;
}

/* The one that has the fewest rows to pass over. */
static const char *
choose_index(const struct store_query *query, uint32_t states)
{
	if (query->key[0] != '\0')
		return "job_key";
	if (states == UNFINISHED_STATES)
		return "job_unfinished";
	if (is_one_state(states) && states != 1U << JOB_DONE)
		return "job_state";
	if (query->has_detached && query->is_detached && query->has_collected &&
	    !query->is_collected)
		return "job_uncollected";
	if (query->pool[0] != '\0')
		return "job_pool";
	return is_one_state(states) ? "job_state" : "job_time";
}

static void
append_states(sqlite3_str *sql, uint32_t states)
{
	if (states == UNFINISHED_STATES)
		sqlite3_str_appendall(sql, " AND " STORE_IS_UNFINISHED);
	else if (is_one_state(states))
		sqlite3_str_appendf(
		    sql, " AND state = %d", ffs((int)states) - 1);
	else if (states != 0)
		sqlite3_str_appendf(sql, " AND (?%d >> state) & 1", STATES);
}

/* Texts are bound; what stands here is ours. */
static char *
write_list(const struct store_query *query, uint32_t states)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	char *columns = store_sql_columns();
	const char *order = query->newest_first ? " DESC" : "";

	sqlite3_str_appendf(sql,
	    "SELECT %s FROM job INDEXED BY %s WHERE (accepted_ms, id) >="
	    " (?%d, ?%d) AND (accepted_ms, id) <= (?%d, ?%d)",
	    columns, choose_index(query, states), FIRST_MS, FIRST_ID, LAST_MS,
	    LAST_ID);
	append_states(sql, states);
	if (query->pool[0] != '\0')
		sqlite3_str_appendf(sql, " AND pool = ?%d", POOL);
	if (query->key[0] != '\0')
		sqlite3_str_appendf(sql, " AND key >= ?%d AND key < ?%d",
		    FIRST_KEY, END_OF_KEYS);
	if (query->has_detached)
		sqlite3_str_appendf(
		    sql, " AND is_detached = %d", query->is_detached);
	if (query->has_collected)
		sqlite3_str_appendf(
		    sql, " AND is_collected = %d", query->is_collected);
	sqlite3_str_appendf(sql, " ORDER BY accepted_ms%s, id%s LIMIT ?%d",
	    order, order, LIMIT);
	if (columns == NULL)
		sqlite3_str_reset(sql);
	sqlite3_free(columns);
	return sqlite3_str_finish(sql);
}

/* Keys that begin with a prefix are those before the next prefix as long. */
static int
bind_keys(sqlite3_stmt *statement, const char *prefix)
{
	size_t length = strlen(prefix);
	char end[REQUEST_KEY_CHARS + 1];
	int rc = sqlite3_bind_text(
	    statement, FIRST_KEY, prefix, -1, SQLITE_TRANSIENT);

	memcpy(end, prefix, length + 1);
	while (length > 1 && (unsigned char)end[length - 1] == UINT8_MAX)
		length--;
	end[length - 1]++;
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(
		    statement, END_OF_KEYS, end, (int)length, SQLITE_TRANSIENT);
	return rc;
}

static int
bind_list(sqlite3_stmt *statement, const struct store_query *query,
    uint32_t states, const struct position *first, const struct position *last)
{
	int rc = bind_position(statement, FIRST_MS, first);

	if (rc == SQLITE_OK)
		rc = bind_position(statement, LAST_MS, last);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, STATES, states);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(
		    statement, POOL, query->pool, -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK && query->key[0] != '\0')
		rc = bind_keys(statement, query->key);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, LIMIT,
		    (sqlite3_int64)query->limit + PASSED_OVER);
	return rc;
}

/* --- the answers --- */

enum store_outcome
store_list(struct store *store, const struct store_query *query,
    struct job_record *jobs, uint32_t *n)
{
	uint32_t states = query->states & ALL_STATES;
	enum store_outcome outcome, settled;
	struct position first, last;
	sqlite3_stmt *statement = NULL;
	char *sql;
	int rc = SQLITE_NOMEM;

	*n = 0;
	if (states == ALL_STATES)
		states = 0;
	outcome = find_range(store, query, &first, &last);
	if (outcome != STORE_DONE)
		return outcome;
	sql = write_list(query, states);
	if (sql != NULL)
		rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	sqlite3_free(sql);
	if (rc == SQLITE_OK)
		rc = bind_list(statement, query, states, &first, &last);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	while (rc == SQLITE_ROW && *n < query->limit) {
		if (store_read_job(store, statement, &jobs[*n]) == STORE_DONE)
			(*n)++;
		else
			outcome = STORE_DAMAGED;
		rc = *n < query->limit ? sqlite3_step(statement) : SQLITE_DONE;
	}
	settled = store_settle(store, statement, rc);
	sqlite3_finalize(statement);
	return settled != STORE_DONE ? settled : outcome;
}

enum store_outcome
store_each_unfinished(struct store *store,
    void (*see)(void *arg, const struct job_record *job), void *arg)
{
	sqlite3_stmt *statement = store->statements[SQL_UNFINISHED];
	enum store_outcome outcome = STORE_DONE;
	struct job_record job;
	int rc;

	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		/* One that is damaged does not keep the others from it. */
		if (store_read_job(store, statement, &job) != STORE_DONE)
			outcome = STORE_DAMAGED;
		else if (job.state >= JOB_DONE)
			outcome = store_tell_damage(store, &job, "state");
		else
			see(arg, &job);
	}
	if (store_settle(store, statement, rc) != STORE_DONE)
		return STORE_FAILED;
	return outcome;
}
