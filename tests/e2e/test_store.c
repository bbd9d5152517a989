/*
 * The job store as clients see it: detached jobs, keys, waits, lists,
 * cancels and bounds, over any connection and any frontend.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/operator.h"
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

#define UNKNOWN "01KAP4Z3M8W5Q7N2B6X9R1T0CE"

/* --- detach, wait, get, list, collect --- */

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
		json_t *error = peer_call_error(
		    peer, "no_such_job", methods[i], "{s:s}", "job", UNKNOWN);

		ck_assert_ptr_nonnull(
		    strstr(text_at(error, "data.detail"), UNKNOWN));
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

/* --- cancel --- */

START_TEST(a_cancelled_job_never_starts)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	json_t *record;

	detach_sleeping(peer, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	peer_cancel(other, queued);
	record = get_job(other, queued);
	ck_assert_str_eq(text_at(record, "state"), "cancelled");
	ck_assert_str_eq(text_at(record, "reason"), "cancelled by a client");
	ck_assert(json_is_null(value_at(record, "started_unix_ms")));
	ck_assert_int_eq(int_at(record, "attempts"), 0);
	json_decref(record);
	/* One that runs is stopped. */
	peer_cancel(other, running);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_that_has_ended_cannot_be_cancelled)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *error;

	detach_job(peer, 1000, job);
	json_decref(wait_job(peer, job));
	error = peer_call_error(
	    peer, "job_ended", "job.cancel", "{s:s}", "job", job);
	ck_assert_ptr_nonnull(strstr(text_at(error, "data.detail"), "done"));
	json_decref(error);
	await_state(peer, job, "done");
	gild_stop(gild);
}
END_TEST

/* Whatever comes first, both are told the same, and it stays so. */
START_TEST(cancels_race_with_starts_and_ends)
{
	enum { N = 200 };
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peers[2];
	size_t n_cancelled = 0;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	for (int i = 0; i < N; i++) {
		struct peer *peer = peers[i % 2], *other = peers[i / 2 % 2];
		char job[JOB_ID_CHARS + 1];
		const char *state;
		json_t *answer, *result;
		int64_t wait;

		detach_job(peer, 1 + i % 5 * 1000, job);
		wait = start_wait(peer, job);
		answer = peer_await(other,
		    peer_call_start(other, "job.cancel", "{s:s}", "job", job));
		state = json_object_get(answer, "result") != NULL ? "cancelled"
								  : "done";
		if (strcmp(state, "done") == 0)
			ck_assert_str_eq(
			    text_at(answer, "error.data.reason"), "job_ended");
		else
			n_cancelled++;
		json_decref(answer);
		result = answer_result(peer_await(peer, wait));
		ck_assert_str_eq(text_at(result, "state"), state);
		/* One that had not begun by then has no start. */
		if (int_at(result, "attempts") == 0)
			ck_assert_int_eq(
			    sum_of(value_at(result, "tasks"), "turns"), 0);
		json_decref(result);
		await_state(other, job, state);
	}
	ck_assert_uint_eq(count_jobs(peers[0], "cancelled"), n_cancelled);
	ck_assert_uint_eq(count_jobs(peers[0], "done"), N - n_cancelled);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* Of many that cancel, each is told that it is so. */
START_TEST(many_may_cancel_one_job)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peers[8];
	int64_t ids[COUNT(peers)];
	char job[JOB_ID_CHARS + 1];
	int n_cancelled = 0;

	for (size_t i = 0; i < COUNT(peers); i++)
		peers[i] = peer_connect(gild);
	detach_sleeping(peers[0], job);
	for (size_t i = 0; i < COUNT(peers); i++)
		ids[i] = peer_call_start(
		    peers[i], "job.cancel", "{s:s}", "job", job);
	for (size_t i = 0; i < COUNT(peers); i++) {
		json_t *answer = peer_await(peers[i], ids[i]);

		if (json_object_get(answer, "result") != NULL)
			n_cancelled++;
		else
			ck_assert_str_eq(
			    text_at(answer, "error.data.reason"), "job_ended");
		json_decref(answer);
	}
	ck_assert_int_ge(n_cancelled, 1);
	await_state(peers[1], job, "cancelled");
	gild_stop(gild);
}
END_TEST

/* --- keys --- */

/* Submits with a key, detached: whether the job is new. Its id goes to job. */
static bool
detach_key(struct peer *peer, json_int_t count, const char *key,
    char job[JOB_ID_CHARS + 1])
{
	json_t *answer = peer_call(peer, "job.submit", "{s:I, s:s, s:b}",
	    "count", count, "key", key, "detach", 1);
	bool is_new = json_is_true(value_at(answer, "created"));

	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
	return is_new;
}

START_TEST(a_key_is_one_job)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peers[2];
	char job[JOB_ID_CHARS + 1], again[JOB_ID_CHARS + 1];
	json_t *result;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	ck_assert(detach_key(peers[0], 1000, "k", job));
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!detach_key(peers[i], 1000, "k", again));
		ck_assert_str_eq(again, job);
		json_decref(peer_call_error(peers[i], "key_conflict",
		    "job.submit", "{s:i, s:s, s:b}", "count", 1001, "key", "k",
		    "detach", 1));
	}
	json_decref(wait_job(peers[0], job));
	/* Without detach the answer is its result, also now. */
	for (unsigned i = 0; i < 2; i++) {
		result = peer_call(peers[i], "job.submit", "{s:i, s:s}",
		    "count", 1000, "key", "k");
		ck_assert_str_eq(text_at(result, "job"), job);
		ck_assert_str_eq(text_at(result, "state"), "done");
		json_decref(result);
	}
	ck_assert(!detach_key(peers[1], 1000, "k", again));
	ck_assert_uint_eq(count_jobs(peers[0], "ended"), 1);
	gild_stop(gild);
	/* Nor is it forgotten. */
	gild = storing_start(NULL);
	peers[0] = peer_connect(gild);
	ck_assert(!detach_key(peers[0], 1000, "k", again));
	ck_assert_str_eq(again, job);
	json_decref(peer_call_error(peers[0], "key_conflict", "job.submit",
	    "{s:i, s:s}", "count", 1, "key", "k"));
	gild_stop(gild);
}
END_TEST

START_TEST(a_key_from_many_at_once_is_one_job)
{
	enum { N = 8, KEYS = 20 };
	struct gild *gild = storing_start(NULL);
	struct peer *peers[N];

	for (unsigned i = 0; i < N; i++)
		peers[i] = peer_connect_frontend(gild, i % 2);
	for (int k = 0; k < KEYS; k++) {
		char key[16], job[JOB_ID_CHARS + 1] = "";
		int64_t ids[N];
		int n_new = 0;

		snprintf(key, sizeof(key), "key %d", k);
		for (int i = 0; i < N; i++)
			ids[i] = peer_call_start(peers[i], "job.submit",
			    "{s:i, s:s, s:b}", "count", 100, "key", key,
			    "detach", 1);
		for (int i = 0; i < N; i++) {
			json_t *answer =
			    answer_result(peer_await(peers[i], ids[i]));

			n_new += json_is_true(value_at(answer, "created"));
			if (job[0] == '\0')
				strcpy(job, text_at(answer, "job"));
			ck_assert_str_eq(text_at(answer, "job"), job);
			json_decref(answer);
		}
		ck_assert_int_eq(n_new, 1);
		json_decref(wait_job(peers[0], job));
	}
	ck_assert_uint_eq(count_jobs(peers[0], "ended"), KEYS);
	gild_stop(gild);
}
END_TEST

/* Each of max_jobs calls is still there when its job has been taken in. */
START_TEST(who_was_taken_in_is_not_busy)
{
	enum { N = 4 };
	struct gild *gild =
	    storing_start("-o", "frontends=1", "-o", "max_jobs=4", NULL);
	struct peer *peers[N];
	int64_t ids[N];

	for (int i = 0; i < N; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < N; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key %d", i);
		ids[i] = peer_call_start(peers[i], "job.submit", "{s:i, s:s}",
		    "count", 1000, "key", key);
	}
	for (int i = 0; i < N; i++) {
		json_t *result = answer_result(peer_await(peers[i], ids[i]));

		ck_assert_str_eq(text_at(result, "state"), "done");
		json_decref(result);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(who_submits_with_a_key_may_leave)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *list, *result;

	peer_call_start(peer, "job.submit", "{s:i, s:s, s:i, s:i, s:s}",
	    "count", 300, "profile", "io", "io_every", 1, "io_for_us", 1000,
	    "key", "mine");
	/* It is asked for once it is known to be there. */
	do {
		list = peer_call(other, "job.list", "{s:s}", "key", "mi");
		if (json_array_size(value_at(list, "jobs")) == 1)
			break;
		json_decref(list);
	} while (true);
	strcpy(job, text_at(list, "jobs.0.job"));
	ck_assert_str_eq(text_at(list, "jobs.0.key"), "mine");
	json_decref(list);
	peer_close(peer);
	result = wait_job(other, job);
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
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

/* --- bounds, and no store --- */

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
		    methods[i], "{s:s}", "job", UNKNOWN));
	json_decref(peer_call_error(
	    peer, "no_such_job", "job.cancel", "{s:s}", "job", UNKNOWN));
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
	    any_connection_has_the_result,
	    a_running_job_is_told_as_such,
	    what_is_not_there_is_no_such_job,
	    results_are_for_who_reads,
	    waits_time_out_and_the_job_goes_on,
	    lists_are_paged_without_gaps,
	    a_cancelled_job_never_starts,
	    a_job_that_has_ended_cannot_be_cancelled,
	    cancels_race_with_starts_and_ends,
	    many_may_cancel_one_job,
	    a_key_is_one_job,
	    a_key_from_many_at_once_is_one_job,
	    who_was_taken_in_is_not_busy,
	    who_submits_with_a_key_may_leave,
	    progress_is_not_told_of_stored_jobs,
	    max_detached_bounds_what_is_unfinished,
	    no_state_dir_is_no_store,
	    record_none_is_no_store,
	    the_service_managers_directory_is_taken,
	    record_all_keeps_plain_jobs_too,
	    record_detached_keeps_no_plain_job,
	};

	return run_suite("store", tests, COUNT(tests));
}
