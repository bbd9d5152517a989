/*
 * The store on a disk that fails, and under power cuts. One script of
 * transactions is run over and over: each call to the disk fails once, and each
 * sync is a moment at which the power goes. What a commit promised is there, a
 * commit that failed has left nothing, and the store goes on.
 */
#include "daemon/store.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store_private.h"
#include "tests/unit/disk.h"
#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

/* Few pages, so that the log is written back within the script, often. */
#define LOG_PAGES 12
#define RESULT_BYTES 3000
#define CHANCES 10

static char folder[64];
static char path[80], copy_folder[80], copy_path[96];
static char result[RESULT_BYTES + 1];

/* --- the script --- */

enum action { NOTHING, ACCEPT, START, END, RECORD, COLLECT, TRIM, REOPEN };

struct line {
	enum action action;
	uint64_t first, n; /* jobs by number */
};

#define LINES 4
static const struct line script[][LINES] = {
    {{ACCEPT, 0, 4}},
    {{START, 0, 2}, {ACCEPT, 4, 3}},
    {{END, 0, 1}, {ACCEPT, 7, 1}},
    {{RECORD, 16, 4}},
    {{END, 1, 1}, {COLLECT, 0, 1}, {START, 2, 2}},
    {{REOPEN, 0, 0}},
    {{TRIM, 0, 2}, {ACCEPT, 8, 2}},
    {{RECORD, 20, 3}, {END, 2, 2}},
    {{TRIM, 0, 5}},
    {{ACCEPT, 10, 3}},
    {{START, 10, 3}},
    {{END, 10, 3}},
};
#define STEPS COUNT(script)
#define JOBS 24

struct model {
	struct {
		bool is_there;
		struct job_record job;
	} entries[JOBS];
};

static struct job_record
model_job(uint64_t number)
{
	struct job_record job = make_job(number);

	if (number % 2 == 0)
		snprintf(job.request.key, sizeof(job.request.key), "key %d",
		    (int)number);
	return job;
}

/* The one that ended first, or NULL. */
static struct job_record *
model_oldest(struct model *model)
{
	struct job_record *oldest = NULL;

	for (int i = 0; i < JOBS; i++) {
		struct job_record *job = &model->entries[i].job;

		if (model->entries[i].is_there && job->state >= JOB_DONE &&
		    (oldest == NULL || job->ended_ms < oldest->ended_ms))
			oldest = job;
	}
	return oldest;
}

static void
model_act(struct model *model, enum action action, uint64_t number)
{
	struct job_record *job = &model->entries[number].job, *oldest;

	switch (action) {
	case ACCEPT:
	case RECORD:
		model->entries[number].is_there = true;
		*job = model_job(number);
		if (action == RECORD)
			end_job(job, JOB_FAILED);
		break;
	case START:
		job->state = JOB_RUNNING;
		job->started_ms = FIRST_MS;
		break;
	case END:
		end_job(job, JOB_DONE);
		break;
	case COLLECT:
		job->is_collected = true;
		break;
	case TRIM:
		oldest = model_oldest(model);
		ck_assert_ptr_nonnull(oldest);
		for (int i = 0; i < JOBS; i++) {
			if (&model->entries[i].job == oldest)
				model->entries[i].is_there = false;
		}
		break;
	default:
		break;
	}
}

static void
model_step(struct model *model, size_t step)
{
	for (int i = 0; i < LINES; i++) {
		const struct line *line = &script[step][i];

		for (uint64_t k = line->first; k < line->first + line->n; k++)
			model_act(model, line->action, k);
	}
}

/* NULL, or what differs. */
static const char *
model_compare(const struct model *model, struct store *store)
{
	for (uint64_t i = 0; i < JOBS; i++) {
		bool is_there = model->entries[i].is_there;
		const struct job_record *expected = &model->entries[i].job;
		struct job_record job;
		const char *difference;
		char *text;
		enum store_outcome outcome =
		    store_get(store, model_job(i).id, &job, &text);
		bool has_result = text != NULL && strcmp(text, result) == 0;

		free(text);
		if (outcome != (is_there ? STORE_DONE : STORE_NO_JOB))
			return is_there ? "a job is not there" : "a job is";
		if (!is_there)
			continue;
		difference = find_difference(&job, expected);
		if (difference != NULL)
			return difference;
		if (has_result != (expected->state >= JOB_DONE))
			return "result";
	}
	return NULL;
}

static void
expect_model(const struct model *model, struct store *store)
{
	struct store_figures figures;
	const char *difference = model_compare(model, store);
	uint64_t n = 0;

	ck_assert_msg(difference == NULL, "%s", difference);
	for (int i = 0; i < JOBS; i++)
		n += model->entries[i].is_there;
	ck_assert_int_eq(store_measure(store, &figures), STORE_DONE);
	ck_assert_uint_eq(figures.n_unfinished + figures.n_ended, n);
}

/* --- the store under the script --- */

static enum store_outcome
act(struct store *store, enum action action, uint64_t number)
{
	struct job_record job = model_job(number), there;
	uint32_t n;

	switch (action) {
	case ACCEPT:
		return store_accept(store, &job, &there);
	case START:
		return store_move(store, job.id, true, 0, FIRST_MS);
	case END:
		end_job(&job, JOB_DONE);
		return store_end(store, &job, result, RESULT_BYTES);
	case RECORD:
		end_job(&job, JOB_FAILED);
		return store_record(store, &job, result, RESULT_BYTES);
	case COLLECT:
		return store_collect(store, job.id);
	case TRIM:
		return store_trim(store, UINT64_MAX, 0, 1, &n);
	default:
		return STORE_DONE;
	}
}

/* NULL where the disk refused. */
static struct store *
open_store(const char *where)
{
	char why[STORE_ERROR_CHARS + 1];
	char *set_aside;
	struct store *store = store_open(where, &set_aside, why);

	ck_assert_msg(set_aside == NULL, "set aside: %s", why);
	ck_assert_msg(store != NULL || disk_has_failed(), "%s", why);
	if (store != NULL)
		sqlite3_wal_autocheckpoint(store->db, LOG_PAGES);
	return store;
}

/* 0, or -1: it is as if nothing had been done. */
static int
run_step(struct store *store, size_t step)
{
	if (store_begin(store) != 0)
		return -1;
	for (int i = 0; i < LINES; i++) {
		const struct line *line = &script[step][i];

		for (uint64_t k = line->first; k < line->first + line->n; k++) {
			enum store_outcome outcome =
			    act(store, line->action, k);

			if (outcome == STORE_FAILED) {
				ck_assert_int_eq(store_commit(store), -1);
				return -1;
			}
			ck_assert_int_eq(outcome, STORE_DONE);
		}
	}
	return store_commit(store);
}

static void
setup(void)
{
	disk_install();
	/* In memory, where there is such a place: nothing here needs a disk. */
	strcpy(folder, "/dev/shm/gild-store-disk-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		strcpy(folder, "/tmp/gild-store-disk-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(folder));
	}
	snprintf(path, sizeof(path), "%s/jobs.db", folder);
	snprintf(copy_folder, sizeof(copy_folder), "%s/copy", folder);
	snprintf(copy_path, sizeof(copy_path), "%s/jobs.db", copy_folder);
	ck_assert_int_eq(mkdir(copy_folder, 0700), 0);
	memset(result, 'r', RESULT_BYTES);
}

static void
teardown(void)
{
	remove_folder(folder);
}

static void
copy_file(const char *suffix)
{
	char from[128], to[128];
	FILE *in, *out;
	int c;

	snprintf(from, sizeof(from), "%s%s", path, suffix);
	snprintf(to, sizeof(to), "%s%s", copy_path, suffix);
	unlink(to);
	in = fopen(from, "r");
	if (in == NULL)
		return;
	out = fopen(to, "w");
	ck_assert_ptr_nonnull(out);
	while ((c = getc_unlocked(in)) != EOF)
		putc_unlocked(c, out);
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

/* What a process killed now would leave. */
static void
expect_model_after_kill(const struct model *model)
{
	struct store *store;

	copy_file("");
	copy_file("-wal");
	copy_file("-journal");
	store = open_store(copy_folder);
	expect_model(model, store);
	store_close(store);
}

static void
empty_folder(const char *name)
{
	char file[128];

	for (int i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s%s", name,
		    (const char *[]){"", "-wal", "-journal"}[i]);
		unlink(file);
	}
}

/* --- a disk that fails --- */

/* After a step that failed: as before it, and it can be done. */
static void
expect_recovery(struct store *store, size_t step, const struct model *before)
{
	ck_assert(disk_has_failed());
	ck_assert_ptr_nonnull(strstr(store_error(store), "/jobs.db: "));
	expect_model(before, store);
	disk_heal();
	/* Until something else is written it may still be on its way. */
	ck_assert_int_eq(store_begin(store), 0);
	store_rollback(store);
	expect_model_after_kill(before);
	ck_assert_int_eq(run_step(store, step), 0);
}

/* Which is decided when its first page is written. */
static void
expect_that_it_can_shrink(struct store *store)
{
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_prepare_v2(store->db, "PRAGMA auto_vacuum", -1,
			     &statement, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(statement, 0), 2);
	sqlite3_finalize(statement);
}

/* Runs the script; what fails is tried again with the disk healed. */
static void
run_script_with_fault(enum disk_fault fault, uint64_t n, bool lasts)
{
	struct model model = {0};
	struct store *store;

	empty_folder(path);
	disk_fail(fault, n, lasts);
	store = open_store(folder);
	for (size_t step = 0; step < STEPS; step++) {
		if (script[step][0].action == REOPEN) {
			store_close(store);
			store = open_store(folder);
		}
		if (store == NULL) {
			disk_heal();
			store = open_store(folder);
			expect_model(&model, store);
		}
		if (run_step(store, step) != 0)
			expect_recovery(store, step, &model);
		model_step(&model, step);
	}
	expect_model(&model, store);
	store_close(store);
	disk_heal();
	store = open_store(folder);
	expect_model(&model, store);
	expect_that_it_can_shrink(store);
	store_close(store);
}

/*
 * A disk that is full stays so, until somebody does something about it. The
 * last one is seen by the store as the one before it: some calls will do.
 */
static const struct {
	enum disk_fault fault;
	bool lasts;
	uint64_t step;
} faults_seen[] = {
    {DISK_FULL, true, 1},
    {DISK_ERROR, false, 1},
    {DISK_ERROR, true, 1},
    {DISK_READONLY, true, 5},
};

START_TEST(a_disk_that_fails_costs_what_was_under_way)
{
	uint64_t n = 0;

	do {
		run_script_with_fault(
		    faults_seen[_i].fault, n, faults_seen[_i].lasts);
		n += faults_seen[_i].step;
	} while (disk_has_failed());
	ck_assert_uint_gt(n, 200);
}
END_TEST

/* What is there can be read, and more is taken as soon as there is room. */
START_TEST(a_disk_that_is_full_from_the_start_can_be_read)
{
	struct model model = {0};
	struct store *store = open_store(folder);

	ck_assert_int_eq(run_step(store, 0), 0);
	model_step(&model, 0);
	store_close(store);
	disk_fail(_i == 0 ? DISK_FULL : DISK_READONLY, 0, true);
	store = open_store(folder);
	ck_assert_ptr_nonnull(store);
	expect_model(&model, store);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(run_step(store, 1), -1);
		ck_assert_ptr_nonnull(strstr(store_error(store),
		    _i == 0 ? "jobs.db: database or disk is full"
			    : "jobs.db: attempt to write a readonly"));
		expect_model(&model, store);
	}
	disk_heal();
	ck_assert_int_eq(run_step(store, 1), 0);
	model_step(&model, 1);
	expect_model_after_kill(&model);
	store_close(store);
}
END_TEST

/* --- power cuts --- */

static void
record_script(void)
{
	struct store *store;

	disk_record();
	store = open_store(folder);
	for (size_t step = 0; step < STEPS; step++) {
		if (script[step][0].action == REOPEN) {
			store_close(store);
			store = open_store(folder);
		}
		ck_assert_int_eq(run_step(store, step), 0);
		disk_mark();
	}
	store_close(store);
	disk_stop();
}

/* As after the promises made by then, or with the transaction under way. */
static void
expect_after_power_cut(size_t call, enum disk_rest rest, uint32_t seed)
{
	size_t n = disk_n_marks(call);
	struct model model = {0};
	struct store *store;

	disk_rebuild(copy_path, call, rest, seed);
	store = open_store(copy_folder);
	for (size_t step = 0; step < n; step++)
		model_step(&model, step);
	if (n < STEPS && model_compare(&model, store) != NULL)
		model_step(&model, n);
	expect_model(&model, store);
	if (n < STEPS)
		ck_assert(store_begin(store) == 0 && store_commit(store) == 0);
	store_close(store);
	empty_folder(copy_path);
}

START_TEST(a_power_cut_costs_what_was_under_way)
{
	size_t n_syncs = 0;

	record_script();
	for (size_t call = 0; call <= disk_n_calls(); call++) {
		bool is_before_sync =
		    call < disk_n_calls() && disk_is_sync(call);
		bool is_after_sync = call > 0 && disk_is_sync(call - 1);

		n_syncs += is_before_sync;
		if (!is_before_sync && !is_after_sync)
			continue;
		expect_after_power_cut(call, DISK_NONE, 0);
		expect_after_power_cut(call, DISK_ALL, 0);
		for (uint32_t i = 0; i < CHANCES; i++)
			expect_after_power_cut(
			    call, DISK_SOME, (uint32_t)call * CHANCES + i);
	}
	ck_assert_uint_gt(n_syncs, 30);
	disk_forget();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_disk");
	TCase *faults = tcase_create("faults");
	TCase *power = tcase_create("power");

	tcase_add_checked_fixture(faults, setup, teardown);
	tcase_add_loop_test(faults, a_disk_that_fails_costs_what_was_under_way,
	    0, COUNT(faults_seen));
	tcase_add_loop_test(
	    faults, a_disk_that_is_full_from_the_start_can_be_read, 0, 2);
	suite_add_tcase(suite, faults);
	tcase_add_checked_fixture(power, setup, teardown);
	tcase_add_test(power, a_power_cut_costs_what_was_under_way);
	suite_add_tcase(suite, power);
	return suite_main(suite);
}
