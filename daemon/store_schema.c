/*
 * The schema of the store, how it came about, and the statements over it that
 * are kept. The process that has the store open runs it.
 *
 * A step of the schema that was released is never changed: another follows it.
 * Each new store walks all of them, so the way is known to be passable.
 */
#include "daemon/store_private.h"

#include <stdio.h>

/*
 * Jobs are ordered by when they were accepted, and by id within a millisecond:
 * each index has these two last, so that a page of a list is a piece of it.
 * No constraints but those that tell jobs apart: who reads a row checks it.
 */
static const char *const steps[] = {
    /* 1: the jobs */
    "CREATE TABLE job("
    " id BLOB NOT NULL UNIQUE," /* 16 bytes, the first the highest */
    " state INTEGER,"
    " attempts INTEGER,"
    " is_detached INTEGER,"
    " is_collected INTEGER,"
    " accepted_ms INTEGER,"
    " started_ms INTEGER,"
    " ended_ms INTEGER,"
    " reason TEXT,"
    " pool TEXT,"
    " key TEXT,"
    " count INTEGER,"
    " workers INTEGER,"
    " cost_ns INTEGER,"
    " timeout_ms INTEGER,"
    " wants_progress INTEGER,"
    " profile INTEGER,"
    " io_every INTEGER,"
    " io_for_us INTEGER,"
    " priority INTEGER,"
    " start_after_ms INTEGER,"
    " detach INTEGER,"
    " queue_ns INTEGER,"
    " wall_ns INTEGER,"
    " total_ns INTEGER,"
    " cpu_ns INTEGER,"
    " cpu_wait_ns INTEGER,"
    " lock_wait_ns INTEGER,"
    " lock_held_ns INTEGER,"
    " switch_wait_ns INTEGER,"
    " native_ns INTEGER,"
    " io_ns INTEGER,"
    " result TEXT);" /* last: who does not ask for it does not read it */
    "CREATE UNIQUE INDEX job_key ON job(key) WHERE key IS NOT NULL;"
    "CREATE INDEX job_unfinished ON job(accepted_ms, id)"
    " WHERE " STORE_IS_UNFINISHED ";"
    "CREATE INDEX job_ended ON job(ended_ms, id) WHERE " STORE_IS_ENDED ";",

    /* 2: what lists go by */
    "CREATE INDEX job_time ON job(accepted_ms, id);"
    "CREATE INDEX job_state ON job(state, accepted_ms, id);"
    "CREATE INDEX job_pool ON job(pool, accepted_ms, id);"
    "CREATE INDEX job_uncollected ON job(accepted_ms, id)"
    " WHERE is_detached = 1 AND is_collected = 0;",
};

int
store_schema_version(void)
{
	return sizeof(steps) / sizeof(steps[0]);
}

int
store_schema_migrate(sqlite3 *db, long long version)
{
	char sql[80];
	int rc = SQLITE_OK;

	for (; version < store_schema_version() && rc == SQLITE_OK; version++)
		rc = sqlite3_exec(db, steps[version], NULL, NULL, NULL);
	snprintf(sql, sizeof(sql),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    STORE_APPLICATION_ID, store_schema_version());
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc;
}

/* Those that need no list of columns. */
static const char *const texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_MOVE] = "UPDATE job SET state = ?2, attempts = ?3,"
		 " started_ms = coalesce(?4, started_ms)"
		 " WHERE id = ?1 AND " STORE_IS_UNFINISHED,
    [SQL_COLLECT] = "UPDATE job SET is_collected = 1"
		    " WHERE id = ?1 AND " STORE_IS_ENDED,
    [SQL_OLDEST_ENDED] =
	"SELECT rowid, ended_ms FROM job INDEXED BY job_ended"
	" WHERE " STORE_IS_ENDED " ORDER BY ended_ms, id LIMIT 1",
    [SQL_REMOVE] = "DELETE FROM job WHERE rowid = ?1",
    [SQL_PAGES] = "PRAGMA page_count",
    [SQL_FREE_PAGES] = "PRAGMA freelist_count",
};

static int
prepare(struct store *store, enum store_sql number, const char *sql)
{
	if (sql == NULL)
		return SQLITE_NOMEM;
	return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &store->statements[number], NULL);
}

/* Frees the text. */
static int
prepare_text(struct store *store, enum store_sql number, char *sql)
{
	int rc = prepare(store, number, sql);

	sqlite3_free(sql);
	return rc;
}

int
store_schema_prepare(struct store *store)
{
	char *columns = store_sql_columns();
	int rc = columns != NULL ? SQLITE_OK : SQLITE_NOMEM;

	for (int i = 0; i < SQL_STATEMENTS && rc == SQLITE_OK; i++) {
		if (texts[i] != NULL)
			rc = prepare(store, (enum store_sql)i, texts[i]);
	}
	if (rc == SQLITE_OK)
		rc = prepare_text(store, SQL_INSERT, store_sql_insert());
	if (rc == SQLITE_OK)
		rc = prepare_text(store, SQL_END, store_sql_end());
	if (rc == SQLITE_OK)
		rc = prepare_text(store, SQL_FIND_ID,
		    sqlite3_mprintf(
			"SELECT %s, result FROM job WHERE id = ?1", columns));
	if (rc == SQLITE_OK)
		rc = prepare_text(store, SQL_FIND_KEY,
		    sqlite3_mprintf(
			"SELECT %s FROM job INDEXED BY job_key WHERE key = ?1",
			columns));
	if (rc == SQLITE_OK)
		rc = prepare_text(store, SQL_UNFINISHED,
		    sqlite3_mprintf("SELECT %s FROM job INDEXED BY"
				    " job_unfinished"
				    " WHERE " STORE_IS_UNFINISHED
				    " ORDER BY accepted_ms, id",
			columns));
	sqlite3_free(columns);
	return rc;
}
