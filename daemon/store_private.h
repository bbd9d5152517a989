/*
 * What the files of the store share: store_open.c finds, checks and makes the
 * file, store_row.c turns jobs into rows and back, store.c changes them and
 * store_query.c asks for many. Nobody else includes this.
 */
#ifndef GILD_DAEMON_STORE_PRIVATE_H
#define GILD_DAEMON_STORE_PRIVATE_H

#include "daemon/store.h"

#include <sqlite3.h>

#define STORE_APPLICATION_ID 0x67696c64 /* "gild" */

/* As a part of SQL, whose enum constants are numbers there. */
#define STORE_IS_UNFINISHED "state < 2"
#define STORE_IS_ENDED "state >= 2"
_Static_assert(JOB_DONE == 2, "the ends begin there, in SQL too");

/* The statements that are kept. */
enum store_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_INSERT,
	SQL_MOVE,
	SQL_END,
	SQL_COLLECT,
	SQL_FIND_ID,
	SQL_FIND_KEY,
	SQL_UNFINISHED,
	SQL_OLDEST_ENDED,
	SQL_REMOVE,
	SQL_PAGES,
	SQL_FREE_PAGES,
	SQL_STATEMENTS
};

struct store_counts {
	uint64_t unfinished;
	uint64_t ended;
};

struct store {
	sqlite3 *db;
	char *path;
	uint64_t page_bytes;
	sqlite3_stmt *statements[SQL_STATEMENTS];
	struct store_counts counts;    /* within the transaction */
	struct store_counts committed; /* outside of it */
	bool is_in_transaction;
	bool has_failed;     /* in this transaction: it is rolled back */
	bool has_loose_tail; /* a commit failed, and may lie in the log */
	char error[STORE_ERROR_CHARS + 1];
};

/* --- store_open.c --- */

/* Sets store_error(): the file's path, and these words behind it. */
void store_say(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sets store_error() to what SQLite says of its last call, which gave rc. */
void store_tell(struct store *store, int rc);

/* --- store_file.c --- */

/* Makes an empty file, of its owner alone, where there is none. 0, or -1 with
 * errno set. */
int store_file_create(const char *path) __attribute__((warn_unused_result));
/* Whether there is no file, but what SQLite keeps beside one. */
bool store_file_is_lost(const char *path);
/* Gives the file and what is beside it a name that nothing has. That name, to
 * be freed, or NULL with errno set. */
char *store_file_set_aside(const char *path)
    __attribute__((warn_unused_result));

/* --- store_schema.c --- */

int store_schema_version(void);
/* Brings a file up from a version, in the transaction that is open. An SQLite
 * code, like that of the next one. */
int store_schema_migrate(sqlite3 *db, long long version)
    __attribute__((warn_unused_result));
/* Prepares the statements that are kept. */
int store_schema_prepare(struct store *store)
    __attribute__((warn_unused_result));

/* --- store.c --- */

/*
 * Ends a statement whose last step gave rc: its bindings go. STORE_DONE, or
 * where rc is an error STORE_FAILED: the transaction, if there is one, is then
 * rolled back, and whatever follows in it fails.
 */
enum store_outcome store_settle(struct store *store, sqlite3_stmt *statement,
    int rc) __attribute__((warn_unused_result));

/* Whether a transaction is open and whole; if not, store_error() tells why. */
bool store_may_change(struct store *store);

/* --- store_row.c --- */

/* The columns that store_read_job() wants; ", result" may follow them. */
char *store_sql_columns(void) __attribute__((warn_unused_result));
/* Statements that store_bind_job() fills in. Freed with sqlite3_free(). */
char *store_sql_insert(void) __attribute__((warn_unused_result));
char *store_sql_end(void) __attribute__((warn_unused_result));

/* An SQLite code. result may be NULL; both are to live on until the step. */
int store_bind_job(sqlite3_stmt *statement, const struct job_record *job,
    const char *result, size_t size) __attribute__((warn_unused_result));
int store_bind_id(sqlite3_stmt *statement, int number, struct job_id id)
    __attribute__((warn_unused_result));

/* STORE_DAMAGED: the row is no job. */
enum store_outcome store_read_job(struct store *store, sqlite3_stmt *statement,
    struct job_record *job) __attribute__((warn_unused_result));
/* Says that the job's row makes no sense, and where. STORE_DAMAGED. */
enum store_outcome store_tell_damage(
    struct store *store, const struct job_record *job, const char *what);
/* *result is NULL where the job has not ended, and is the caller's. */
enum store_outcome store_read_result(struct store *store,
    sqlite3_stmt *statement, const struct job_record *job, char **result)
    __attribute__((warn_unused_result));

#endif
