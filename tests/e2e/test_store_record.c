/*
 * What is recorded and where, by the options record and state_dir and by the
 * service manager; and what clients are told where there is no store.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

/* --- no store --- */

/* Every method that needs the store says why there is none. */
static void
expect_no_store(struct gild *gild, const char *why)
{
	static const char *const methods[] = {
	    "job.wait", "job.get", "job.collect"};
	struct peer *peer = peer_connect(gild);
	json_t *error = peer_call_error(peer, "store_unavailable", "job.submit",
	    "{s:i, s:b}", "count", 1, "detach", 1);
	json_t *info;

	ck_assert_ptr_nonnull(strstr(text_at(error, "data.detail"), why));
	ck_assert_ptr_null(
	    json_object_get(value_at(error, "data"), "retry_after_ms"));
	json_decref(error);
	json_decref(peer_call_error(peer, "store_unavailable", "job.submit",
	    "{s:i, s:s}", "count", 1, "key", "k"));
	json_decref(
	    peer_call_error(peer, "store_unavailable", "job.list", NULL));
	for (size_t i = 0; i < COUNT(methods); i++)
		json_decref(peer_call_error(peer, "store_unavailable",
		    methods[i], "{s:s}", "job", UNKNOWN_JOB));
	json_decref(peer_call_error(
	    peer, "no_such_job", "job.cancel", "{s:s}", "job", UNKNOWN_JOB));
	info = peer_call(peer, "server.info", NULL);
	ck_assert(json_is_false(value_at(info, "store.available")));
	ck_assert(json_is_string(value_at(info, "store.reason")));
	json_decref(info);
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
}

START_TEST(no_state_dir_is_no_store)
{
	struct gild *gild;

	unsetenv("STATE_DIRECTORY");
	gild = gild_start("-o", "record=all", NULL);
	expect_no_store(gild, "state_dir");
	gild_stop(gild);
}
END_TEST

START_TEST(record_none_is_no_store)
{
	struct gild *gild = storing_start_anyhow("-o", "record=none", NULL);

	expect_no_store(gild, "record = none");
	gild_stop(gild);
	ck_assert_int_ne(access(store_folder(), F_OK), 0);
}
END_TEST

START_TEST(the_service_managers_directory_is_taken)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1], value[200];

	snprintf(value, sizeof(value), "%s:/of/no/concern", store_folder());
	setenv("STATE_DIRECTORY", value, 1);
	gild = gild_start(NULL);
	await_store(gild, true);
	peer = peer_connect(gild);
	detach_job(peer, 1, job);
	json_decref(wait_job(peer, job));
	gild_stop(gild);
	ck_assert_int_eq(access(store_path("jobs.db"), F_OK), 0);
}
END_TEST

/* --- history --- */

START_TEST(record_all_keeps_plain_jobs_too)
{
	struct gild *gild = storing_start("-o", "record=all", NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char job[JOB_ID_CHARS + 1];
	int64_t end_ms = now_ms() + deadline_ms(), id;
	json_t *record;

	id = peer_submit_running(peer, job, "processes", ENDLESS, 2);
	json_decref(peer_call(other, "job.cancel", "{s:s}", "job", job));
	expect_result(peer, id, job, "cancelled");
	/* Nobody waits for it to be on the disk. */
	for (;;) {
		json_t *answer = peer_await(other,
		    peer_call_start(other, "job.get", "{s:s}", "job", job));

		record = json_incref(json_object_get(answer, "result"));
		json_decref(answer);
		if (record != NULL)
			break;
		ck_assert_int_gt(ms_until(end_ms), 0);
	}
	ck_assert_str_eq(text_at(record, "state"), "cancelled");
	ck_assert(json_is_false(value_at(record, "detached")));
	ck_assert_int_eq(int_at(record, "workers"), 2);
	ck_assert_str_eq(text_at(record, "result.job"), job);
	json_decref(record);
	record = wait_job(other, job);
	ck_assert_str_eq(text_at(record, "state"), "cancelled");
	json_decref(record);
	gild_stop(gild);
}
END_TEST

START_TEST(record_detached_keeps_no_plain_job)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit", "{s:i}", "count", 1);
	char job[JOB_ID_CHARS + 1];

	/* What is told behind it is on the disk: it would be, too. */
	detach_job(peer, 1, job);
	json_decref(wait_job(peer, job));
	json_decref(peer_call_error(peer, "no_such_job", "job.get", "{s:s}",
	    "job", text_at(result, "job")));
	ck_assert_uint_eq(count_jobs(peer, "ended"), 1);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    no_state_dir_is_no_store,
	    record_none_is_no_store,
	    the_service_managers_directory_is_taken,
	    record_all_keeps_plain_jobs_too,
	    record_detached_keeps_no_plain_job,
	};

	return run_suite("store_record", tests, COUNT(tests));
}
