/*
 * How large the store is, and how it gets smaller. The process that has the
 * store open runs it.
 *
 * Pages that are free are counted as room, since they are used again; the end
 * of the file is cut off piece by piece, as pages from there move into them.
 */
#include "daemon/store_private.h"

#include <inttypes.h>
#include <stdio.h>

/* Pages that were free before and are given back beside a trim's own. */
#define SPARE_PAGES 256

/* One number that a statement without parameters gives. */
static enum store_outcome
ask(struct store *store, enum store_sql number, uint64_t *value)
{
	sqlite3_stmt *statement = store->statements[number];
	int rc = sqlite3_step(statement);

	*value =
	    rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return store_settle(store, statement, rc);
}

/* STORE_NO_JOB: none has ended. */
static enum store_outcome
find_oldest(struct store *store, sqlite3_int64 *row, uint64_t *ended_ms)
{
	sqlite3_stmt *statement = store->statements[SQL_OLDEST_ENDED];
	enum store_outcome outcome = STORE_NO_JOB;
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW) {
		outcome = STORE_DONE;
		*row = sqlite3_column_int64(statement, 0);
		*ended_ms = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	if (store_settle(store, statement, rc) != STORE_DONE)
		return STORE_FAILED;
	return outcome;
}

static enum store_outcome
remove_row(struct store *store, sqlite3_int64 row)
{
	sqlite3_stmt *statement = store->statements[SQL_REMOVE];
	int rc = sqlite3_bind_int64(statement, 1, row);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	return store_settle(store, statement, rc);
}

/* Whether the pages in use hold more than so many bytes. */
static enum store_outcome
is_over(struct store *store, uint64_t max_bytes, bool *answer)
{
	uint64_t pages, n_free = 0;
	enum store_outcome outcome = ask(store, SQL_PAGES, &pages);

	if (outcome == STORE_DONE)
		outcome = ask(store, SQL_FREE_PAGES, &n_free);
	*answer =
	    max_bytes > 0 && (pages - n_free) * store->page_bytes > max_bytes;
	return outcome;
}

/* Gives pages at the end of the file back, once this is committed. */
static enum store_outcome
give_back(struct store *store, uint64_t n_free_before)
{
	sqlite3_stmt *statement = NULL;
	enum store_outcome outcome;
	uint64_t n_free;
	char sql[64];
	int rc;

	outcome = ask(store, SQL_FREE_PAGES, &n_free);
	if (outcome != STORE_DONE || n_free == 0)
		return outcome;
	if (n_free < n_free_before)
		n_free_before = n_free;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%" PRIu64 ")",
	    n_free - n_free_before + SPARE_PAGES);
	rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	/* Each step gives back one page. */
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	while (rc == SQLITE_ROW)
		rc = sqlite3_step(statement);
	outcome = store_settle(store, statement, rc);
	sqlite3_finalize(statement);
	return outcome;
}

enum store_outcome
store_trim(struct store *store, uint64_t before_ms, uint64_t max_bytes,
    uint32_t max_jobs, uint32_t *n)
{
	uint64_t n_free_before, ended_ms = 0;
	enum store_outcome outcome;
	sqlite3_int64 row = 0;
	bool is_too_large;

	*n = 0;
	if (!store_may_change(store))
		return STORE_FAILED;
	outcome = ask(store, SQL_FREE_PAGES, &n_free_before);
	while (outcome == STORE_DONE && *n < max_jobs) {
		outcome = find_oldest(store, &row, &ended_ms);
		if (outcome == STORE_DONE)
			outcome = is_over(store, max_bytes, &is_too_large);
		if (outcome != STORE_DONE ||
		    (ended_ms >= before_ms && !is_too_large))
			break;
		outcome = remove_row(store, row);
		if (outcome == STORE_DONE) {
			store->counts.ended--;
			(*n)++;
		}
	}
	if (outcome == STORE_FAILED)
		return outcome;
	return give_back(store, n_free_before);
}

enum store_outcome
store_measure(struct store *store, struct store_figures *figures)
{
	uint64_t pages;
	enum store_outcome outcome = ask(store, SQL_PAGES, &pages);

	*figures = (struct store_figures){
	    .n_unfinished = store->counts.unfinished,
	    .n_ended = store->counts.ended,
	    .file_bytes = pages * store->page_bytes,
	};
	return outcome;
}
