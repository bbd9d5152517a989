/*
 * The job store: what is put in comes out, keys and ids are there once, what is
 * not committed is not there, retention gives space back, and rows that are
 * damaged harm nobody else. Each test has a folder of its own.
 */
#include "daemon/store.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

/* --- jobs --- */

START_TEST(a_job_goes_its_way)
{
	struct job_record job = make_job(1);

	strcpy(job.request.key, "k\xc3\xa4se \"1\"");
	accept_and_commit(&job);
	expect_job(&job, NULL);
	begin();
	ck_assert_int_eq(
	    store_move(store, job.id, true, 1, FIRST_MS + 5), STORE_DONE);
	commit();
	job.state = JOB_RUNNING;
	job.attempts = 1;
	job.started_ms = FIRST_MS + 5;
	expect_job(&job, NULL);
	begin();
	ck_assert_int_eq(
	    store_move(store, job.id, false, 2, FIRST_MS + 6), STORE_DONE);
	commit();
	job.state = JOB_QUEUED;
	job.attempts = 2;
	expect_job(&job, NULL);
	expect_figures(1, 0);
	end_job(&job, JOB_FAILED);
	begin();
	ck_assert_int_eq(
	    store_end(store, &job, RESULT "x", strlen(RESULT)), STORE_DONE);
	commit();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
	begin();
	ck_assert_int_eq(store_collect(store, job.id), STORE_DONE);
	commit();
	job.is_collected = true;
	expect_job(&job, RESULT);
	reopen();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
}
END_TEST

START_TEST(an_end_is_the_end)
{
	struct job_record job = make_job(1), other = make_job(2);
	struct job_record expected;

	accept_and_commit(&job);
	end_job(&job, JOB_CANCELLED);
	expected = job;
	begin();
	ck_assert_int_eq(store_end(store, &job, "\"a\"", 3), STORE_DONE);
	end_job(&job, JOB_DONE);
	ck_assert_int_eq(store_end(store, &job, "\"b\"", 3), STORE_NO_JOB);
	ck_assert_int_eq(store_move(store, job.id, true, 9, 9), STORE_NO_JOB);
	ck_assert_int_eq(store_end(store, &other, "\"b\"", 3), STORE_NO_JOB);
	ck_assert_int_eq(store_move(store, other.id, true, 9, 9), STORE_NO_JOB);
	ck_assert_int_eq(store_collect(store, other.id), STORE_NO_JOB);
	commit();
	expect_job(&expected, "\"a\"");
	expect_no_job(other.id);
	expect_figures(0, 1);
}
END_TEST

START_TEST(only_what_has_ended_is_collected)
{
	struct job_record job = make_job(1);

	accept_and_commit(&job);
	begin();
	ck_assert_int_eq(store_collect(store, job.id), STORE_NO_JOB);
	commit();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(a_plain_jobs_history_is_kept)
{
	struct job_record job = make_job(1);

	job.is_detached = job.request.detach = false;
	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	expect_job(&job, RESULT);
	begin();
	ck_assert_int_eq(store_record(store, &job, "1", 1), STORE_THERE);
	commit();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
}
END_TEST

START_TEST(an_id_or_a_key_is_there_once)
{
	struct job_record first = make_job(1), second = make_job(2), there;

	strcpy(first.request.key, "a");
	accept_and_commit(&first);
	begin();
	ck_assert_int_eq(store_accept(store, &first, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	strcpy(second.request.key, "a");
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	second.id = first.id;
	strcpy(second.request.key, "b");
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	second.request.key[0] = '\0';
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	/* What was not there is taken in nevertheless; no key is no key. */
	second.id = make_id(FIRST_MS, 3);
	accept_job(&second);
	second.id = make_id(FIRST_MS, 4);
	accept_job(&second);
	commit();
	expect_figures(3, 0);
}
END_TEST

START_TEST(a_key_is_free_again_with_its_job_gone)
{
	struct job_record job = make_job(1), next = make_job(2);
	uint32_t n;

	strcpy(job.request.key, "a");
	strcpy(next.request.key, "a");
	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	begin();
	ck_assert_int_eq(store_trim(store, UINT64_MAX, 0, 10, &n), STORE_DONE);
	ck_assert_uint_eq(n, 1);
	accept_job(&next);
	commit();
	expect_job(&next, NULL);
}
END_TEST

START_TEST(the_longest_and_the_largest_fit)
{
	struct job_record job = make_job(1);
	size_t size = 3 << 20;
	char *result = malloc(size + 1);

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', size);
	result[size] = '\0';
	job.id = (struct job_id){UINT64_MAX, UINT64_MAX};
	memset(job.request.key, 'k', REQUEST_KEY_CHARS);
	memset(job.request.pool, 'p', POOL_NAME_CHARS);
	memset(job.reason, 'r', RESULT_REASON_CHARS);
	job.request.count = REQUEST_MAX_COUNT;
	job.request.workers = UINT32_MAX;
	job.attempts = UINT32_MAX;
	job.state = JOB_FAILED;
	job.ended_ms = UINT64_MAX;
	begin();
	ck_assert_int_eq(store_record(store, &job, result, size), STORE_DONE);
	commit();
	job.ended_ms = MEMBER_MAX_INTEGER; /* as on the wire */
	expect_job(&job, result);
	free(result);
}
END_TEST

/* --- transactions --- */

START_TEST(what_is_not_committed_is_not_there)
{
	struct job_record job = make_job(1);

	begin();
	accept_job(&job);
	expect_job(&job, NULL);
	expect_figures(1, 0);
	store_rollback(store);
	expect_no_job(job.id);
	expect_figures(0, 0);
	begin();
	accept_job(&job);
	reopen();
	expect_no_job(job.id);
}
END_TEST

START_TEST(changes_need_a_transaction)
{
	struct job_record job = make_job(1), there;
	uint32_t n;

	ck_assert_int_eq(store_accept(store, &job, &there), STORE_FAILED);
	ck_assert_int_eq(store_end(store, &job, "1", 1), STORE_FAILED);
	ck_assert_int_eq(store_record(store, &job, "1", 1), STORE_FAILED);
	ck_assert_int_eq(store_move(store, job.id, true, 1, 1), STORE_FAILED);
	ck_assert_int_eq(store_collect(store, job.id), STORE_FAILED);
	ck_assert_int_eq(store_trim(store, 1, 1, 1, &n), STORE_FAILED);
	ck_assert_int_eq(store_commit(store), -1);
	ck_assert_ptr_nonnull(strstr(store_error(store), "no transaction"));
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_begin(store), -1);
	commit();
}
END_TEST

/* --- retention --- */

static uint32_t
trim(uint64_t before_ms, uint64_t max_bytes, uint32_t max_jobs)
{
	uint32_t n;

	begin();
	ck_assert_msg(
	    store_trim(store, before_ms, max_bytes, max_jobs, &n) == STORE_DONE,
	    "%s", store_error(store));
	commit();
	return n;
}

START_TEST(what_ended_long_ago_goes)
{
	struct job_record waiting = make_job(0);

	accept_and_commit(&waiting);
	record_many(1, 20, 100);
	/* The job of number i ended 100 ms after it was accepted. */
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 4), 4);
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 100), 6);
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 100), 0);
	expect_figures(1, 10);
	expect_no_job(make_job(10).id);
	expect_job(&waiting, NULL);
	ck_assert_uint_eq(trim(UINT64_MAX, 0, 100), 10);
	expect_job(&waiting, NULL);
	expect_figures(1, 0);
}
END_TEST

static uint64_t
file_bytes(void)
{
	struct store_figures figures;

	ck_assert_int_eq(store_measure(store, &figures), STORE_DONE);
	return figures.file_bytes;
}

START_TEST(the_file_gets_smaller)
{
	struct stat status;
	uint64_t before, after;
	uint32_t n = 0, removed;

	record_many(1, 500, 10000);
	before = file_bytes();
	ck_assert_uint_gt(before, 500 * 10000);
	do {
		removed = trim(0, 1000000, 64);
		n += removed;
	} while (removed == 64);
	after = file_bytes();
	ck_assert_uint_gt(n, 380);
	ck_assert_uint_lt(n, 450);
	ck_assert_uint_le(after, 1000000);
	expect_no_job(make_job(n).id);
	expect_figures(0, 500 - n);
	/* And in the directory, when the log has been written back. */
	reopen();
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq((uint64_t)status.st_size, after);
	ck_assert_uint_eq(trim(0, 1, 1000), 500 - n);
	ck_assert_uint_lt(file_bytes(), 200000);
}
END_TEST

/* A log that only grew would fill the disk in the end. */
START_TEST(the_log_does_not_grow_without_end)
{
	struct stat status;
	char log[80];

	snprintf(log, sizeof(log), "%s-wal", path);
	for (uint64_t round = 0; round < 40; round++)
		record_many(1 + 100 * round, 100, 10000);
	ck_assert_int_eq(stat(log, &status), 0);
	ck_assert_int_lt(status.st_size, 10 << 20);
}
END_TEST

/* --- damaged rows --- */

/* Rows that are no jobs: each is told of, and harms nobody. */
START_TEST(rows_that_make_no_sense_are_told_of)
{
	static const char *const changes[] = {
	    "state = 0.5",
	    "state = -1",
	    "profile = 3",
	    "is_detached = 2",
	    "count = 0",
	    "count = 'many'",
	    "count = NULL",
	    "workers = 4294967296",
	    "priority = 10",
	    "accepted_ms = -5",
	    "pool = ''",
	    "pool = NULL",
	    "pool = x'61'",
	    "pool = printf('%.32c', 'a')",
	    "pool = 'a' || char(0)",
	    "key = printf('%.129c', 'a')",
	    "key = 'a' || char(10)",
	    "key = CAST(x'6180' AS TEXT)",
	    "reason = printf('%.160c', 'a')",
	    "reason = x'37'",
	    "io_every = 0",
	    "profile = 0",
	};

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct job_record jobs[3] = {
		    make_job(1), make_job(2), make_job(3)};
		struct store_query query = {.limit = 2};
		struct job_record job, page[2];
		struct seen seen = {0};
		char sql[200];
		uint32_t n;

		begin();
		for (int k = 0; k < 3; k++)
			accept_job(&jobs[k]);
		commit();
		store_close(store);
		snprintf(sql, sizeof(sql),
		    "UPDATE job SET %s WHERE count = 1002", changes[i]);
		run_sql(sql);
		store = open_store();
		ck_assert_msg(store != NULL, "%s: %s", changes[i], why);
		ck_assert_msg(
		    store_get(store, jobs[1].id, &job, NULL) == STORE_DAMAGED,
		    "%s", changes[i]);
		ck_assert_ptr_nonnull(
		    strstr(store_error(store), "makes no sense"));
		expect_job(&jobs[0], NULL);
		ck_assert_int_eq(
		    store_each_unfinished(store, see, &seen), STORE_DAMAGED);
		ck_assert_uint_eq(seen.n, 2);
		ck_assert_int_ne(
		    store_list(store, &query, page, &n), STORE_FAILED);
		ck_assert_uint_eq(n, 2);
		ck_assert_ptr_null(find_difference(&page[0], &jobs[0]));
		ck_assert_ptr_null(find_difference(&page[1], &jobs[2]));
		store_close(store);
		run_sql("DELETE FROM job");
		store = open_store();
	}
}
END_TEST

START_TEST(a_damaged_result_is_told_of)
{
	struct job_record job = make_job(1), got;
	char *result;

	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	store_close(store);
	run_sql("UPDATE job SET result = NULL");
	store = open_store();
	ck_assert_int_eq(
	    store_get(store, job.id, &got, &result), STORE_DAMAGED);
	ck_assert_ptr_null(result);
	store_close(store);
	run_sql("UPDATE job SET result = 'a' || char(0) || 'b'");
	store = open_store();
	ck_assert_int_eq(
	    store_get(store, job.id, &got, &result), STORE_DAMAGED);
	ck_assert_ptr_null(result);
	ck_assert_int_eq(store_get(store, job.id, &got, NULL), STORE_DONE);
}
END_TEST

/* A key whose row is damaged: the others of the commit do not suffer. */
START_TEST(a_damaged_row_spares_the_transaction)
{
	struct job_record job = make_job(1), next = make_job(2), there;

	strcpy(job.request.key, "a");
	accept_and_commit(&job);
	store_close(store);
	run_sql("UPDATE job SET workers = -1");
	store = open_store();
	begin();
	accept_job(&next);
	ck_assert_int_eq(store_accept(store, &job, &there), STORE_DAMAGED);
	commit();
	reopen();
	expect_job(&next, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *jobs = tcase_create("jobs");
	TCase *retention = tcase_create("retention");
	TCase *rows = tcase_create("damaged rows");

	tcase_add_checked_fixture(jobs, setup, teardown);
	tcase_add_test(jobs, a_job_goes_its_way);
	tcase_add_test(jobs, an_end_is_the_end);
	tcase_add_test(jobs, only_what_has_ended_is_collected);
	tcase_add_test(jobs, a_plain_jobs_history_is_kept);
	tcase_add_test(jobs, an_id_or_a_key_is_there_once);
	tcase_add_test(jobs, a_key_is_free_again_with_its_job_gone);
	tcase_add_test(jobs, the_longest_and_the_largest_fit);
	tcase_add_test(jobs, what_is_not_committed_is_not_there);
	tcase_add_test(jobs, changes_need_a_transaction);
	suite_add_tcase(suite, jobs);
	tcase_add_checked_fixture(retention, setup, teardown);
	tcase_add_test(retention, what_ended_long_ago_goes);
	tcase_add_test(retention, the_file_gets_smaller);
	tcase_add_test(retention, the_log_does_not_grow_without_end);
	suite_add_tcase(suite, retention);
	tcase_add_checked_fixture(rows, setup, teardown);
	tcase_add_test(rows, rows_that_make_no_sense_are_told_of);
	tcase_add_test(rows, a_damaged_result_is_told_of);
	tcase_add_test(rows, a_damaged_row_spares_the_transaction);
	suite_add_tcase(suite, rows);
	return suite_main(suite);
}
