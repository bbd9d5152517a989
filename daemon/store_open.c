/*
 * The store's file: found, checked, made, brought up to date, or set aside. The
 * process that has the store open runs it.
 *
 * A file is written to only when it is known to be ours: what another program
 * made, or a gild that is newer, stays as it is. A damaged file is closed as it
 * was, without its log being written back, and gets another name.
 */
#include "daemon/store_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_FILE "jobs.db"

enum opening { OPENED, REFUSED, DAMAGED };

/* --- what went wrong --- */

void
store_say(struct store *store, const char *format, ...)
{
	size_t size = sizeof(store->error);
	int length = snprintf(store->error, size, "%.160s: ", store->path);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(
	    store->error + length, size - (size_t)length, format, arguments);
	va_end(arguments);
}

void
store_tell(struct store *store, int rc)
{
	int number = sqlite3_system_errno(store->db);

	if ((rc & 0xff) == SQLITE_BUSY)
		store_say(store, "another process has it open");
	else if ((rc & 0xff) == SQLITE_IOERR && number != 0)
		store_say(store, "%s: %s", sqlite3_errmsg(store->db),
		    strerror(number));
	else
		store_say(store, "%s", sqlite3_errmsg(store->db));
}

static enum opening
refuse(struct store *store, const char *why)
{
	store_say(store, "%s", why);
	return REFUSED;
}

/* Damage, or what may be over the next time. */
static enum opening
judge(struct store *store, int rc)
{
	int kind = rc & 0xff;

	store_tell(store, rc);
	return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? DAMAGED
							       : REFUSED;
}

/* --- opening --- */

static int
run(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL);
}

/* The first column of the first row; "" where there is none. */
static int
read_text(struct store *store, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *statement;
	const unsigned char *got;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	text[0] = '\0';
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		got = sqlite3_column_text(statement, 0);
		snprintf(
		    text, size, "%s", got != NULL ? (const char *)got : "");
	}
	/* Says again what the step said. */
	return sqlite3_finalize(statement);
}

static int
read_number(struct store *store, const char *sql, long long *number)
{
	char text[32];
	int rc = read_text(store, sql, text, sizeof(text));

	*number = strtoll(text, NULL, 10);
	return rc;
}

/* Nothing here touches the file. */
static int
set_up_connection(struct store *store)
{
	sqlite3 *db = store->db;
	int rc = sqlite3_extended_result_codes(db, 1);

	/* Until the file is known to be ours and whole: its log stays. */
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
		    db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	/* A file from elsewhere may hold anything. */
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
		    db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	if (rc == SQLITE_OK)
		rc =
		    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if (rc == SQLITE_OK)
		rc = run(store,
		    "PRAGMA trusted_schema = OFF;"
		    "PRAGMA cell_size_check = ON;"
		    "PRAGMA busy_timeout = 0;"
		    "PRAGMA locking_mode = EXCLUSIVE;"
		    "PRAGMA temp_store = MEMORY;"
		    "PRAGMA mmap_size = 0");
	return rc;
}

/* Whose the file is, and *version, which is 0 for one that is empty. */
static enum opening
identify(struct store *store, long long *version)
{
	long long application, n_tables;
	int rc = read_number(store, "PRAGMA application_id", &application);
	char why[80];

	if (rc == SQLITE_OK)
		rc = read_number(store, "PRAGMA user_version", version);
	if (rc == SQLITE_OK)
		rc = read_number(
		    store, "SELECT count(*) FROM sqlite_schema", &n_tables);
	if (rc != SQLITE_OK)
		return judge(store, rc);
	if (application == 0 && *version == 0 && n_tables == 0)
		return OPENED;
	if (application != STORE_APPLICATION_ID)
		return refuse(
		    store, "is no job store of gild, but another database");
	if (*version < 1) {
		store_say(store, "has version %lld, which never was", *version);
		return DAMAGED;
	}
	if (*version > store_schema_version()) {
		snprintf(why, sizeof(why),
		    "has version %lld, of a newer gild; this one knows %d",
		    *version, store_schema_version());
		return refuse(store, why);
	}
	return OPENED;
}

static enum opening
check_integrity(struct store *store)
{
	char text[120];
	int rc = read_text(store, "PRAGMA quick_check(1)", text, sizeof(text));

	if (rc != SQLITE_OK)
		return judge(store, rc);
	if (strcmp(text, "ok") == 0)
		return OPENED;
	refuse(store, text);
	return DAMAGED;
}

/* How a file of ours is written to. One that is complete stays as it is, so it
 * can be opened where the disk is full. */
static enum opening
set_up_file(struct store *store, bool is_new)
{
	char mode[8] = "";
	int rc = SQLITE_OK;

	/* Before the first page is there. */
	if (is_new)
		rc = run(store, "PRAGMA auto_vacuum = INCREMENTAL");
	if (rc == SQLITE_OK)
		rc = read_text(
		    store, "PRAGMA journal_mode = WAL", mode, sizeof(mode));
	if (rc == SQLITE_OK && strcmp(mode, "wal") != 0)
		return refuse(store, "cannot have a write-ahead log");
	/* 1000 pages of log are written back, and 4 MiB of it are kept. */
	if (rc == SQLITE_OK)
		rc = run(store,
		    "PRAGMA synchronous = FULL;"
		    "PRAGMA wal_autocheckpoint = 1000;"
		    "PRAGMA journal_size_limit = 4194304");
	return rc == SQLITE_OK ? OPENED : judge(store, rc);
}

static enum opening
migrate(struct store *store, long long version)
{
	int rc;

	if (version == store_schema_version())
		return OPENED;
	rc = run(store, "BEGIN IMMEDIATE");
	if (rc == SQLITE_OK)
		rc = store_schema_migrate(store->db, version);
	if (rc == SQLITE_OK)
		rc = run(store, "COMMIT");
	return rc == SQLITE_OK ? OPENED : judge(store, rc);
}

static enum opening
count_jobs(struct store *store)
{
	long long unfinished, all, page_bytes;
	int rc = read_number(store,
	    "SELECT count(*) FROM job WHERE " STORE_IS_UNFINISHED, &unfinished);

	if (rc == SQLITE_OK)
		rc = read_number(store, "SELECT count(*) FROM job", &all);
	if (rc == SQLITE_OK)
		rc = read_number(store, "PRAGMA page_size", &page_bytes);
	if (rc != SQLITE_OK)
		return judge(store, rc);
	store->page_bytes = (uint64_t)page_bytes;
	store->committed.unfinished = (uint64_t)unfinished;
	store->committed.ended = (uint64_t)(all - unfinished);
	store->counts = store->committed;
	return OPENED;
}

/* The file that is there, which may be empty. */
static enum opening
open_file(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);
	enum opening opening = OPENED;
	long long version = 0;

	if (rc == SQLITE_OK && sqlite3_db_readonly(store->db, "main") == 1)
		return refuse(store, "cannot be written to");
	if (rc == SQLITE_OK)
		rc = set_up_connection(store);
	if (rc != SQLITE_OK)
		return judge(store, rc);
	opening = identify(store, &version);
	if (opening == OPENED)
		opening = check_integrity(store);
	if (opening == OPENED)
		opening = set_up_file(store, version == 0);
	if (opening == OPENED)
		opening = migrate(store, version);
	if (opening == OPENED) {
		rc = store_schema_prepare(store);
		/* Ours by its numbers, and yet without our table. */
		if (rc != SQLITE_OK)
			opening = judge(store, rc) == DAMAGED ||
				(rc & 0xff) == SQLITE_ERROR
			    ? DAMAGED
			    : REFUSED;
	}
	if (opening == OPENED)
		opening = count_jobs(store);
	if (opening == OPENED)
		sqlite3_db_config(
		    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return opening;
}

/* Makes the file where there is none, and opens it. */
static enum opening
find_file(struct store *store)
{
	if (store_file_create(store->path) != 0)
		return refuse(store, strerror(errno));
	return open_file(store);
}

static void
disconnect(struct store *store)
{
	for (int i = 0; i < SQL_STATEMENTS; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close(store->db);
	store->db = NULL;
}

/* Gives a damaged file another name and makes one that is new. */
static enum opening
replace_file(struct store *store, char **set_aside)
{
	enum opening opening;

	disconnect(store);
	*set_aside = store_file_set_aside(store->path);
	if (*set_aside == NULL) {
		store_say(store, "is damaged, and cannot be set aside: %s",
		    strerror(errno));
		return REFUSED;
	}
	opening = find_file(store);
	return opening == DAMAGED ? REFUSED : opening;
}

struct store *
store_open(
    const char *directory, char **set_aside, char error[STORE_ERROR_CHARS + 1])
{
	struct store *store = calloc(1, sizeof(*store));
	enum opening opening;

	*set_aside = NULL;
	if (store == NULL ||
	    asprintf(&store->path, "%s/" STORE_FILE, directory) < 0) {
		free(store);
		snprintf(error, STORE_ERROR_CHARS + 1, "out of memory");
		return NULL;
	}
	if (store_file_is_lost(store->path)) {
		refuse(store, "is gone, and has left its log behind");
		opening = DAMAGED;
	} else {
		opening = find_file(store);
	}
	memcpy(error, store->error, sizeof(store->error));
	if (opening == DAMAGED) {
		opening = replace_file(store, set_aside);
		if (opening != OPENED)
			memcpy(error, store->error, sizeof(store->error));
	}
	if (opening != OPENED) {
		store_close(store);
		return NULL;
	}
	store->error[0] = '\0';
	return store;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_rollback(store);
	disconnect(store);
	free(store->path);
	free(store);
}
