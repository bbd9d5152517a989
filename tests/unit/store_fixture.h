/*
 * A store for each test, in a folder of its own, and what the suites of the
 * store do to it. A failure of the store is one of the test.
 */
#ifndef GILD_TESTS_UNIT_STORE_FIXTURE_H
#define GILD_TESTS_UNIT_STORE_FIXTURE_H

#include <check.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store.h"
#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

static char folder[32];
static char path[64];
static char why[STORE_ERROR_CHARS + 1];
static struct store *store;

static inline struct store *
open_store(void)
{
	char *set_aside;
	struct store *opened = store_open(folder, &set_aside, why);

	ck_assert_ptr_null(set_aside);
	return opened;
}

static inline void
reopen(void)
{
	store_close(store);
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
}

static inline void
setup(void)
{
	strcpy(folder, "/tmp/gild-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/jobs.db", folder);
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
}

/* The file is the test's to make. */
static inline void
setup_without_store(void)
{
	setup();
	store_close(store);
	store = NULL;
	unlink(path);
}

static inline void
teardown(void)
{
	store_close(store);
	remove_folder(folder);
}

static inline void
begin(void)
{
	ck_assert_msg(store_begin(store) == 0, "%s", store_error(store));
}

static inline void
commit(void)
{
	ck_assert_msg(store_commit(store) == 0, "%s", store_error(store));
}

static inline void
accept_job(const struct job_record *job)
{
	struct job_record there;

	ck_assert_msg(store_accept(store, job, &there) == STORE_DONE, "%s",
	    store_error(store));
}

static inline void
accept_and_commit(const struct job_record *job)
{
	begin();
	accept_job(job);
	commit();
}

#define RESULT "{\"state\":\"done\"}"

static inline void
record_and_commit(const struct job_record *job)
{
	begin();
	ck_assert_int_eq(
	    store_record(store, job, RESULT, strlen(RESULT)), STORE_DONE);
	commit();
}

static inline void
expect_job(const struct job_record *expected, const char *text)
{
	struct job_record job;
	const char *difference;
	char *result;

	ck_assert_msg(
	    store_get(store, expected->id, &job, &result) == STORE_DONE, "%s",
	    store_error(store));
	difference = find_difference(&job, expected);
	ck_assert_msg(difference == NULL, "differs: %s", difference);
	ck_assert_pstr_eq(result, text);
	free(result);
}

static inline void
expect_no_job(struct job_id id)
{
	struct job_record job;
	char *result;

	ck_assert_int_eq(store_get(store, id, &job, &result), STORE_NO_JOB);
	ck_assert_ptr_null(result);
}

static inline void
expect_figures(uint64_t unfinished, uint64_t ended)
{
	struct store_figures figures;

	ck_assert_int_eq(store_measure(store, &figures), STORE_DONE);
	ck_assert_uint_eq(figures.n_unfinished, unfinished);
	ck_assert_uint_eq(figures.n_ended, ended);
	ck_assert_uint_gt(figures.file_bytes, 0);
}

/* SQL of the test's own, on a file that nobody has open. */
static inline void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK,
	    "%s", message);
	sqlite3_close(db);
}

static inline void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void
expect_file(const char *name, const char *text)
{
	char got[256] = "";
	FILE *file = fopen(name, "r");

	ck_assert_msg(file != NULL, "%s", name);
	ck_assert_uint_eq(fread(got, 1, sizeof(got) - 1, file), strlen(text));
	ck_assert_str_eq(got, text);
	fclose(file);
}

struct seen {
	uint64_t n;
	struct job_record last;
};

static inline void
see(void *arg, const struct job_record *job)
{
	struct seen *seen = arg;

	ck_assert(job->state < JOB_DONE);
	ck_assert(seen->n == 0 || seen->last.accepted_ms < job->accepted_ms ||
	    seen->last.id.low < job->id.low);
	seen->last = *job;
	seen->n++;
}

static inline void
record_many(uint64_t from, uint64_t n, size_t size)
{
	char *result = malloc(size);

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', size);
	begin();
	for (uint64_t i = from; i < from + n; i++) {
		struct job_record job = make_job(i);

		end_job(&job, JOB_DONE);
		ck_assert_int_eq(
		    store_record(store, &job, result, size), STORE_DONE);
	}
	commit();
	free(result);
}

#endif
