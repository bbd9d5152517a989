/*
 * The store's changes and its transactions. The process that has the store open
 * runs it; every call returns when the disk has answered.
 *
 * A statement that fails takes its whole transaction with it, at once: what
 * follows in it fails too, so a commit that returns 0 holds all that was done
 * since its begin. A commit that fails may have left its pages at the end of
 * the log: the log is emptied before anything else is written, or else they
 * would come back to life when the log is read again after a crash.
 */
#include "daemon/store_private.h"

#include <string.h>

const char *
store_error(const struct store *store)
{
	return store->error;
}

/* --- transactions --- */

/* Errors have no meaning here: SQLite may have rolled back by itself. */
static void
undo(struct store *store)
{
	if (sqlite3_get_autocommit(store->db) == 0) {
		sqlite3_step(store->statements[SQL_ROLLBACK]);
		sqlite3_reset(store->statements[SQL_ROLLBACK]);
	}
	store->counts = store->committed;
}

enum store_outcome
store_settle(struct store *store, sqlite3_stmt *statement, int rc)
{
	bool has_failed =
	    rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW;

	if (has_failed)
		store_tell(store, rc);
	if (statement != NULL) {
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
	}
	if (!has_failed)
		return STORE_DONE;
	if (store->is_in_transaction) {
		undo(store);
		store->has_failed = true;
	}
	return STORE_FAILED;
}

static int
run(struct store *store, enum store_sql number)
{
	sqlite3_stmt *statement = store->statements[number];
	int rc = sqlite3_step(statement);

	return store_settle(store, statement, rc) == STORE_DONE ? 0 : -1;
}

/* Writes the log back and empties it. 0, or -1: the disk still refuses. */
static int
cut_loose_tail(struct store *store)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc != SQLITE_OK)
		return -1;
	store->has_loose_tail = false;
	return 0;
}

int
store_begin(struct store *store)
{
	if (store->is_in_transaction) {
		store_say(store, "a transaction is open already");
		return -1;
	}
	if (store->has_loose_tail && cut_loose_tail(store) != 0) {
		store_tell(store, sqlite3_extended_errcode(store->db));
		return -1;
	}
	if (run(store, SQL_BEGIN) != 0)
		return -1;
	store->is_in_transaction = true;
	store->has_failed = false;
	return 0;
}

int
store_commit(struct store *store)
{
	bool has_failed = store->has_failed;

	if (!store->is_in_transaction) {
		store_say(store, "no transaction is open");
		return -1;
	}
	if (!has_failed && run(store, SQL_COMMIT) != 0) {
		has_failed = true;
		store->has_loose_tail = true;
		/* If not now, then before the next transaction. */
		(void)cut_loose_tail(store);
	}
	store->is_in_transaction = false;
	store->has_failed = false;
	if (has_failed)
		return -1;
	store->committed = store->counts;
	return 0;
}

void
store_rollback(struct store *store)
{
	if (!store->is_in_transaction)
		return;
	undo(store);
	store->is_in_transaction = false;
	store->has_failed = false;
}

bool
store_may_change(struct store *store)
{
	if (!store->is_in_transaction)
		store_say(store, "no transaction is open");
	return store->is_in_transaction && !store->has_failed;
}

/* Runs a change whose bindings gave rc; *n is how many rows it changed. */
static enum store_outcome
change(struct store *store, sqlite3_stmt *statement, int rc, int *n)
{
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	*n = rc == SQLITE_DONE ? sqlite3_changes(store->db) : 0;
	return store_settle(store, statement, rc);
}

/* --- changes --- */

enum store_outcome
store_find_like(
    struct store *store, const struct job_record *job, struct job_record *there)
{
	const char *key = job->request.key;
	sqlite3_stmt *statement = store->statements[SQL_FIND_KEY];
	enum store_outcome outcome = STORE_NO_JOB;
	int rc;

	if (key[0] == '\0')
		return store_get(store, job->id, there, NULL);
	rc = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		outcome = store_read_job(store, statement, there);
	/* The index is not the row. */
	if (outcome == STORE_DONE && strcmp(there->request.key, key) != 0)
		outcome = store_tell_damage(store, there, "key");
	if (store_settle(store, statement, rc) != STORE_DONE)
		return STORE_FAILED;
	return outcome == STORE_NO_JOB ? store_get(store, job->id, there, NULL)
				       : outcome;
}

static enum store_outcome
insert(struct store *store, const struct job_record *job, const char *result,
    size_t size)
{
	sqlite3_stmt *statement = store->statements[SQL_INSERT];
	enum store_outcome outcome;
	int n;

	if (!store_may_change(store))
		return STORE_FAILED;
	outcome = change(
	    store, statement, store_bind_job(statement, job, result, size), &n);
	if (outcome == STORE_DONE && n == 0)
		outcome = STORE_THERE;
	if (outcome == STORE_DONE && job->state < JOB_DONE)
		store->counts.unfinished++;
	else if (outcome == STORE_DONE)
		store->counts.ended++;
	return outcome;
}

enum store_outcome
store_accept(
    struct store *store, const struct job_record *job, struct job_record *there)
{
	enum store_outcome outcome = insert(store, job, NULL, 0);

	if (outcome != STORE_THERE)
		return outcome;
	outcome = store_find_like(store, job, there);
	return outcome == STORE_DONE ? STORE_THERE : outcome;
}

enum store_outcome
store_record(struct store *store, const struct job_record *job,
    const char *result, size_t size)
{
	return insert(store, job, result, size);
}

enum store_outcome
store_move(struct store *store, struct job_id id, bool is_running,
    uint32_t attempts, uint64_t now_ms)
{
	sqlite3_stmt *statement = store->statements[SQL_MOVE];
	enum store_outcome outcome;
	int rc, n;

	if (!store_may_change(store))
		return STORE_FAILED;
	rc = store_bind_id(statement, 1, id);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int(
		    statement, 2, is_running ? JOB_RUNNING : JOB_QUEUED);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 3, attempts);
	if (rc == SQLITE_OK && is_running)
		rc = sqlite3_bind_int64(statement, 4, (sqlite3_int64)now_ms);
	outcome = change(store, statement, rc, &n);
	return outcome == STORE_DONE && n == 0 ? STORE_NO_JOB : outcome;
}

enum store_outcome
store_end(struct store *store, const struct job_record *job, const char *result,
    size_t size)
{
	sqlite3_stmt *statement = store->statements[SQL_END];
	enum store_outcome outcome;
	int n;

	if (!store_may_change(store))
		return STORE_FAILED;
	outcome = change(
	    store, statement, store_bind_job(statement, job, result, size), &n);
	if (outcome == STORE_DONE && n == 0)
		return STORE_NO_JOB;
	if (outcome == STORE_DONE) {
		store->counts.unfinished--;
		store->counts.ended++;
	}
	return outcome;
}

enum store_outcome
store_collect(struct store *store, struct job_id id)
{
	sqlite3_stmt *statement = store->statements[SQL_COLLECT];
	enum store_outcome outcome;
	int n;

	if (!store_may_change(store))
		return STORE_FAILED;
	outcome = change(store, statement, store_bind_id(statement, 1, id), &n);
	return outcome == STORE_DONE && n == 0 ? STORE_NO_JOB : outcome;
}

enum store_outcome
store_touch(struct store *store)
{
	if (!store_may_change(store))
		return STORE_FAILED;
	/* Names the version that it has: one page, as it is. */
	return store_settle(store, NULL,
	    store_schema_migrate(store->db, store_schema_version()));
}
