/*
 * The file of the job store: made, opened by one process alone, brought up to
 * date, refused where it is not ours to write, and set aside where it is
 * damaged, never overwritten.
 */
#include "daemon/store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

/* --- opening --- */

START_TEST(the_file_is_its_owners_alone)
{
	struct job_record job = make_job(1);
	struct stat status;
	char log[80];

	accept_and_commit(&job);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0600);
	snprintf(log, sizeof(log), "%s-wal", path);
	ck_assert_int_eq(stat(log, &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0600);
}
END_TEST

static void
expect_in_use(void)
{
	ck_assert_ptr_null(open_store());
	ck_assert_msg(
	    strstr(why, "jobs.db: another process has it open") != NULL, "%s",
	    why);
}

START_TEST(a_second_one_is_refused)
{
	struct job_record job = make_job(1);
	pid_t pid;
	int status;

	expect_in_use();
	pid = fork();
	if (pid == 0) {
		expect_in_use();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* And the first one has lost nothing by it, its locks least of all. */
	accept_and_commit(&job);
	pid = fork();
	if (pid == 0) {
		expect_in_use();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	reopen();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(a_directory_must_be_there)
{
	char *set_aside;

	ck_assert_ptr_null(store_open("/nonexistent", &set_aside, why));
	ck_assert_str_eq(
	    why, "/nonexistent/jobs.db: No such file or directory");
	ck_assert_ptr_null(set_aside);
}
END_TEST

/* The first version: the table, and only the indexes that tell jobs apart. */
static const char version_1[] =
    "CREATE TABLE job("
    " id BLOB NOT NULL UNIQUE, state INTEGER, attempts INTEGER,"
    " is_detached INTEGER, is_collected INTEGER, accepted_ms INTEGER,"
    " started_ms INTEGER, ended_ms INTEGER, reason TEXT, pool TEXT, key TEXT,"
    " count INTEGER, workers INTEGER, cost_ns INTEGER, timeout_ms INTEGER,"
    " wants_progress INTEGER, profile INTEGER, io_every INTEGER,"
    " io_for_us INTEGER, priority INTEGER, start_after_ms INTEGER,"
    " detach INTEGER, queue_ns INTEGER, wall_ns INTEGER, total_ns INTEGER,"
    " cpu_ns INTEGER, cpu_wait_ns INTEGER, lock_wait_ns INTEGER,"
    " lock_held_ns INTEGER, switch_wait_ns INTEGER, native_ns INTEGER,"
    " io_ns INTEGER, result TEXT);"
    "CREATE UNIQUE INDEX job_key ON job(key) WHERE key IS NOT NULL;"
    "CREATE INDEX job_unfinished ON job(accepted_ms, id) WHERE state < 2;"
    "CREATE INDEX job_ended ON job(ended_ms, id) WHERE state >= 2;"
    "INSERT INTO job VALUES(x'018bcfe568000203000000000000002a', 2, 1, 1, 0,"
    " 1700000000000, 1700000000001, 1700000000002, '', 'threads', 'mine',"
    " 42, 1, 0, 0, 0, 0, 0, 0, 4, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, '{}');"
    "PRAGMA application_id = 0x67696c64;"
    "PRAGMA user_version = 1;";

START_TEST(an_older_store_is_brought_up_to_date)
{
	struct store_query query = {.limit = 2, .pool = "threads"};
	struct job_record expected = {
	    .id = make_id(FIRST_MS, 42),
	    .state = JOB_DONE,
	    .attempts = 1,
	    .is_detached = true,
	    .accepted_ms = FIRST_MS,
	    .started_ms = FIRST_MS + 1,
	    .ended_ms = FIRST_MS + 2,
	    .timing = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
	};
	struct job_record page[2];
	uint32_t n;

	job_request_init(&expected.request);
	strcpy(expected.request.pool, "threads");
	strcpy(expected.request.key, "mine");
	expected.request.count = 42;
	expected.request.detach = true;
	run_sql(version_1);
	for (int i = 0; i < 2; i++) {
		reopen();
		expect_job(&expected, "{}");
		expect_figures(0, 1);
		ck_assert_int_eq(
		    store_list(store, &query, page, &n), STORE_DONE);
		ck_assert_uint_eq(n, 1);
		ck_assert_ptr_null(find_difference(&page[0], &expected));
	}
}
END_TEST

/* Refused, for that reason, and the same afterwards to the last byte. */
static void
expect_refusal(const char *reason)
{
	char copy[80], command[200];

	snprintf(copy, sizeof(copy), "%s/copy", folder);
	snprintf(command, sizeof(command), "cp %s %s", path, copy);
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_null(open_store());
	ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
	snprintf(command, sizeof(command), "cmp %s %s", path, copy);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "%s-wal", path);
	ck_assert_int_ne(access(command, F_OK), 0);
}

START_TEST(a_newer_store_is_left_alone)
{
	run_sql("CREATE TABLE job(everything);"
		"PRAGMA application_id = 0x67696c64;"
		"PRAGMA user_version = 1000");
	expect_refusal("has version 1000, of a newer gild");
}
END_TEST

START_TEST(anothers_database_is_left_alone)
{
	run_sql("CREATE TABLE job(mine); INSERT INTO job VALUES (1)");
	expect_refusal("is no job store of gild");
	run_sql("PRAGMA application_id = 252006673");
	expect_refusal("is no job store of gild");
}
END_TEST

START_TEST(an_empty_file_is_a_new_store)
{
	struct job_record job = make_job(1);

	write_file(path, "");
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
	accept_and_commit(&job);
	reopen();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
	if (geteuid() == 0)
		return;
	write_file(path, "");
	ck_assert_int_eq(chmod(path, 0400), 0);
	ck_assert_ptr_null(open_store());
	ck_assert_msg(strstr(why, "cannot be written to") != NULL, "%s", why);
}
END_TEST

/* --- damage --- */

/* Opens what is damaged. The path it has now, to be freed. */
static char *
open_damaged(const char *reason)
{
	char *set_aside;

	store = store_open(folder, &set_aside, why);
	ck_assert_msg(store != NULL, "%s", why);
	ck_assert_ptr_nonnull(set_aside);
	ck_assert_ptr_nonnull(strstr(set_aside, "/jobs.db.damaged-20"));
	ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
	expect_figures(0, 0);
	return set_aside;
}

START_TEST(what_is_no_database_is_set_aside)
{
	struct job_record job = make_job(1);
	char log[80], aside_log[120];
	char *first, *second;

	snprintf(log, sizeof(log), "%s-wal", path);
	write_file(path,
	    "this is no database, and quite long enough for it: "
	    "a hundred bytes are what a header takes, or more");
	write_file(log, "nor is this a log");
	first = open_damaged("not a database");
	accept_and_commit(&job);
	reopen();
	expect_job(&job, NULL);
	store_close(store);
	/* Within the same second, so that the names are in each other's way. */
	write_file(path,
	    "nor is this one, though it says so in other words, "
	    "and at the same length: a hundred and some bytes");
	second = open_damaged("not a database");
	ck_assert_str_ne(first, second);
	expect_file(first,
	    "this is no database, and quite long enough for it: "
	    "a hundred bytes are what a header takes, or more");
	snprintf(aside_log, sizeof(aside_log), "%s-wal", first);
	expect_file(aside_log, "nor is this a log");
	free(first);
	free(second);
}
END_TEST

/* Overwrites a piece of the file with something else. */
static void
scribble(long offset, size_t size)
{
	FILE *file = fopen(path, "r+");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
	for (size_t i = 0; i < size; i++)
		fputc(0xa5, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_page_is_found)
{
	char *aside;

	store = open_store();
	record_many(1, 500, 1000);
	store_close(store);
	store = NULL;
	scribble(4096 * 60, 4096);
	aside = open_damaged("jobs.db: ");
	free(aside);
}
END_TEST

/* By another process, which is then killed, so that its log stays. */
static void
record_and_die(uint64_t from, uint64_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		store = open_store();
		record_many(from, n, 1000);
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_log_outlives_its_process)
{
	record_and_die(1, 3);
	store = open_store();
	expect_figures(0, 3);
}
END_TEST

START_TEST(a_damaged_file_and_its_log_stay_as_they_are)
{
	char command[300];
	char *aside;

	store = open_store();
	record_many(1, 500, 1000);
	store_close(store);
	record_and_die(501, 3);
	scribble(4096 * 60, 4096);
	snprintf(command, sizeof(command),
	    "cp %s %s/copy && cp %s-wal %s/copy-wal", path, folder, path,
	    folder);
	ck_assert_int_eq(system(command), 0);
	aside = open_damaged("jobs.db: ");
	snprintf(command, sizeof(command),
	    "cmp %s %s/copy && cmp %s-wal %s/copy-wal", aside, folder, aside,
	    folder);
	ck_assert_int_eq(system(command), 0);
	free(aside);
}
END_TEST

START_TEST(a_file_that_is_cut_off_is_found)
{
	char *aside;

	store = open_store();
	record_many(1, 500, 1000);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(truncate(path, 4096 * 20), 0);
	aside = open_damaged("malformed");
	free(aside);
}
END_TEST

START_TEST(our_numbers_without_our_table_are_damage)
{
	char *aside;

	run_sql("CREATE TABLE job(everything);"
		"PRAGMA application_id = 0x67696c64;"
		"PRAGMA user_version = 2");
	aside = open_damaged("no such");
	free(aside);
}
END_TEST

START_TEST(a_version_that_never_was_is_damage)
{
	char *aside;

	run_sql("PRAGMA application_id = 0x67696c64;"
		"PRAGMA user_version = -150929406");
	aside = open_damaged("has version -150929406, which never was");
	free(aside);
}
END_TEST

/* A log whose file is gone: SQLite would remove it, with what is in it. */
START_TEST(a_log_that_is_left_over_is_kept)
{
	char log[80];
	char *aside;

	snprintf(log, sizeof(log), "%s-wal", path);
	write_file(log, "jobs");
	aside = open_damaged("left its log behind");
	snprintf(log, sizeof(log), "%s-wal", aside);
	expect_file(log, "jobs");
	free(aside);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_file");
	TCase *files = tcase_create("files");
	TCase *others = tcase_create("files of others");

	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, the_file_is_its_owners_alone);
	tcase_add_test(files, a_second_one_is_refused);
	tcase_add_test(files, a_directory_must_be_there);
	suite_add_tcase(suite, files);
	tcase_add_checked_fixture(others, setup_without_store, teardown);
	tcase_add_test(others, an_older_store_is_brought_up_to_date);
	tcase_add_test(others, a_newer_store_is_left_alone);
	tcase_add_test(others, anothers_database_is_left_alone);
	tcase_add_test(others, an_empty_file_is_a_new_store);
	tcase_add_test(others, what_cannot_be_written_is_refused);
	tcase_add_test(others, what_is_no_database_is_set_aside);
	tcase_add_test(others, a_damaged_page_is_found);
	tcase_add_test(others, a_log_outlives_its_process);
	tcase_add_test(others, a_damaged_file_and_its_log_stay_as_they_are);
	tcase_add_test(others, a_file_that_is_cut_off_is_found);
	tcase_add_test(others, our_numbers_without_our_table_are_damage);
	tcase_add_test(others, a_version_that_never_was_is_damage);
	tcase_add_test(others, a_log_that_is_left_over_is_kept);
	suite_add_tcase(suite, others);
	return suite_main(suite);
}
