/*
 * Detached jobs as clients see them, over any connection and any frontend:
 * waited for, looked at, listed and collected, and how many there may be.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/e2e/operator.h"
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

static void
check_done(struct peer *peer, const char *job, bool is_collected)
{
	json_t *record = get_job(peer, job);

	ck_assert_str_eq(text_at(record, "state"), "done");
	ck_assert_int_eq(int_at(record, "count"), 12345);
	ck_assert_int_eq(int_at(record, "attempts"), 1);
	ck_assert(json_is_true(value_at(record, "detached")));
	ck_assert_int_eq(
	    json_is_true(value_at(record, "collected")), is_collected);
	ck_assert_int_le(int_at(record, "accepted_unix_ms"),
	    int_at(record, "started_unix_ms"));
	ck_assert_int_le(
	    int_at(record, "started_unix_ms"), int_at(record, "ended_unix_ms"));
	ck_assert_str_eq(text_at(record, "result.state"), "done");
	ck_assert_str_eq(text_at(record, "result.job"), job);
	json_decref(record);
}

/* What job.list says where collected is so. */
static void
expect_collected(struct peer *peer, const char *job, bool is_collected)
{
	json_t *list =
	    peer_call(peer, "job.list", "{s:b}", "collected", is_collected);

	ck_assert_uint_eq(json_array_size(value_at(list, "jobs")), 1);
	ck_assert_str_eq(text_at(list, "jobs.0.job"), job);
	ck_assert_ptr_null(json_object_get(value_at(list, "jobs.0"), "result"));
	ck_assert(json_is_null(value_at(list, "next")));
	json_decref(list);
	list = peer_call(peer, "job.list", "{s:b}", "collected", !is_collected);
	ck_assert_uint_eq(json_array_size(value_at(list, "jobs")), 0);
	json_decref(list);
}

START_TEST(any_connection_has_the_result)
{
	struct gild *gild = storing_start("-l", operator_address(), NULL);
	struct peer *from = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	struct peer *local = operator_connect();
	struct peer *peers[] = {from, other, local};
	char job[JOB_ID_CHARS + 1];

	detach_job(from, 12345, job);
	peer_close(from);
	peers[0] = peer_connect_frontend(gild, 0);
	for (size_t i = 0; i < COUNT(peers); i++) {
		json_t *result = wait_job(peers[i], job);

		ck_assert_str_eq(text_at(result, "state"), "done");
		ck_assert_int_eq(
		    sum_of(value_at(result, "tasks"), "turns"), 12345);
		json_decref(result);
		check_done(peers[i], job, false);
		expect_collected(peers[i], job, false);
	}
	/* It may be said twice. */
	for (size_t i = 0; i < 2; i++) {
		json_t *said =
		    peer_call(peers[i], "job.collect", "{s:s}", "job", job);

		ck_assert_str_eq(text_at(said, "job"), job);
		ck_assert(json_is_true(value_at(said, "collected")));
		json_decref(said);
	}
	for (size_t i = 0; i < COUNT(peers); i++) {
		check_done(peers[i], job, true);
		expect_collected(peers[i], job, true);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(a_running_job_is_told_as_such)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char job[JOB_ID_CHARS + 1];
	json_t *record;

	detach_sleeping(peer, job);
	await_state(other, job, "running");
	record = get_job(other, job);
	ck_assert_int_eq(int_at(record, "attempts"), 0);
	ck_assert(json_is_null(value_at(record, "result")));
	ck_assert(json_is_null(value_at(record, "timing")));
	ck_assert(json_is_null(value_at(record, "ended_unix_ms")));
	ck_assert_int_le(int_at(record, "accepted_unix_ms"),
	    int_at(record, "started_unix_ms"));
	json_decref(record);
	json_decref(peer_call_error(
	    other, "invalid_params", "job.collect", "{s:s}", "job", job));
	peer_cancel(peer, job);
	gild_stop(gild);
}
END_TEST

START_TEST(what_is_not_there_is_no_such_job)
{
	static const char *const methods[] = {
	    "job.wait", "job.get", "job.collect", "job.cancel"};
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);

	for (size_t i = 0; i < COUNT(methods); i++) {
		json_t *error = peer_call_error(peer, "no_such_job", methods[i],
		    "{s:s}", "job", UNKNOWN_JOB);

		ck_assert_ptr_nonnull(
		    strstr(text_at(error, "data.detail"), UNKNOWN_JOB));
		json_decref(error);
	}
	gild_stop(gild);
}
END_TEST

/* A thousand results of some 30 KB each, all at once, are more than the buffers
 * between two sockets hold. */
START_TEST(results_are_for_who_reads)
{
	enum { WAITS = 1000 };
	struct gild *gild =
	    storing_start("-o", "frontends=1", "-o", "max_unsent=16k", NULL);
	struct peer *peer = peer_connect_small(gild);
	struct peer *other = peer_connect(gild);
	size_t n_busy = 0, n_results = 0;
	char job[JOB_ID_CHARS + 1];
	json_t *answer = peer_call(other, "job.submit",
	    "{s:i, s:i, s:b, s:s, s:i, s:i}", "count", 64, "workers", 64,
	    "detach", 1, "profile", "io", "io_every", 1, "io_for_us", 10000000);

	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
	for (int i = 0; i < WAITS; i++)
		peer_call_start(peer, "job.wait", "{s:s}", "job", job);
	json_decref(peer_call(peer, "server.ping", NULL)); /* all are asked */
	peer_cancel(other, job);
	json_decref(wait_job(other, job)); /* behind all of them */
	while (n_busy + n_results < WAITS) {
		answer = peer_receive(peer);
		if (json_object_get(answer, "error") == NULL)
			n_results++;
		else if (strcmp(text_at(answer, "error.data.reason"), "busy") ==
		    0)
			n_busy++;
		json_decref(answer);
	}
	ck_assert_uint_gt(n_busy, 0);
	ck_assert_uint_gt(n_results, 0);
	expect_result(peer, start_wait(peer, job), job, "cancelled");
	gild_stop(gild);
}
END_TEST

START_TEST(waits_time_out_and_the_job_goes_on)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peers[2];
	char job[JOB_ID_CHARS + 1];
	int64_t ids[2];

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	detach_sleeping(peers[0], job);
	for (unsigned i = 0; i < 2; i++) {
		json_t *error;

		ids[i] = start_wait(peers[i], job);
		error = peer_call_error(peers[i], "wait_timed_out", "job.wait",
		    "{s:s, s:i}", "job", job, "timeout_ms", 20);
		ck_assert_str_eq(text_at(error, "data.field"), "timeout_ms");
		json_decref(error);
	}
	await_state(peers[1], job, "running");
	peer_cancel(peers[1], job);
	for (unsigned i = 0; i < 2; i++)
		expect_result(peers[i], ids[i], job, "cancelled");
	gild_stop(gild);
}
END_TEST

/* The ids of a list, page by page; how many there are. */
static size_t
list_all(struct peer *peer, int limit, bool newest_first,
    char ids[][JOB_ID_CHARS + 1], size_t max)
{
	char after[JOB_ID_CHARS + 1];
	size_t n = 0;
	bool is_first = true;

	for (;;) {
		json_t *list = is_first
		    ? peer_call(peer, "job.list", "{s:i, s:b}", "limit", limit,
			  "newest_first", newest_first)
		    : peer_call(peer, "job.list", "{s:i, s:b, s:s}", "limit",
			  limit, "newest_first", newest_first, "after", after);
		json_t *jobs = value_at(list, "jobs"), *record;
		bool is_last = json_is_null(value_at(list, "next"));
		size_t i;

		ck_assert_uint_le(json_array_size(jobs), (size_t)limit);
		json_array_foreach (jobs, i, record) {
			ck_assert_uint_lt(n, max);
			strcpy(ids[n++], text_at(record, "job"));
		}
		if (!is_last)
			strcpy(after, text_at(list, "next"));
		json_decref(list);
		if (is_last)
			return n;
		is_first = false;
	}
}

START_TEST(lists_are_paged_without_gaps)
{
	enum { N = 25 };
	struct gild *gild = storing_start(NULL);
	struct peer *peers[2];
	char jobs[N][JOB_ID_CHARS + 1], ids[N][JOB_ID_CHARS + 1];

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	for (int i = 0; i < N; i++)
		detach_job(peers[i % 2], 1 + i, jobs[i]);
	for (int limit = 1; limit <= N + 1; limit += 6) {
		ck_assert_uint_eq(list_all(peers[0], limit, false, ids, N), N);
		for (int i = 0; i < N; i++) {
			bool is_there = false;

			for (int j = 0; j < N; j++)
				is_there =
				    is_there || strcmp(ids[j], jobs[i]) == 0;
			ck_assert(is_there);
		}
		ck_assert_uint_eq(list_all(peers[1], limit, true, ids, N), N);
	}
	for (int i = 0; i < N; i++)
		json_decref(wait_job(peers[0], jobs[i]));
	ck_assert_uint_eq(count_jobs(peers[1], "ended"), N);
	ck_assert_uint_eq(count_jobs(peers[1], "unfinished"), 0);
	gild_stop(gild);
}
END_TEST

START_TEST(progress_is_not_told_of_stored_jobs)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *error = peer_call_error(peer, "invalid_params", "job.submit",
	    "{s:i, s:b, s:b}", "count", 1, "detach", 1, "progress", 1);

	ck_assert_str_eq(text_at(error, "data.field"), "progress");
	json_decref(error);
	gild_stop(gild);
}
END_TEST

START_TEST(max_detached_bounds_what_is_unfinished)
{
	struct gild *gild = storing_start("-o", "max_detached=2", NULL);
	struct peer *peers[2];
	char jobs[3][JOB_ID_CHARS + 1], again[JOB_ID_CHARS + 1];
	json_t *error;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	ck_assert(detach_key(peers[0], ENDLESS, "k", jobs[0]));
	detach_sleeping(peers[1], jobs[1]);
	for (unsigned i = 0; i < 2; i++) {
		error = peer_call_error(peers[i], "busy", "job.submit",
		    "{s:i, s:b}", "count", 1, "detach", 1);
		ck_assert_int_gt(int_at(error, "data.retry_after_ms"), 0);
		json_decref(error);
		/* What is there is no more than before. */
		ck_assert(!detach_key(peers[i], ENDLESS, "k", again));
		ck_assert_str_eq(again, jobs[0]);
		/* Other jobs have other bounds. */
		json_decref(peer_call(peers[i], "job.submit", "{s:i, s:s}",
		    "count", 1, "pool", "threads"));
	}
	peer_cancel(peers[0], jobs[1]);
	detach_job(peers[1], 1, jobs[2]);
	json_decref(wait_job(peers[0], jobs[2]));
	peer_cancel(peers[0], jobs[0]);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    any_connection_has_the_result,
	    a_running_job_is_told_as_such,
	    what_is_not_there_is_no_such_job,
	    results_are_for_who_reads,
	    waits_time_out_and_the_job_goes_on,
	    lists_are_paged_without_gaps,
	    progress_is_not_told_of_stored_jobs,
	    max_detached_bounds_what_is_unfinished,
	};

	return run_suite("store", tests, COUNT(tests));
}
