/*
 * Stored jobs when the whole gild dies, and in the one that is started next:
 * they go on with what they were submitted with, their attempts and deadlines.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <string.h>

#include "tests/e2e/operator.h"
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

START_TEST(the_master_dies_and_jobs_go_on_in_the_next_gild)
{
	static const char *const size = "pool.processes.size=1";
	struct gild *gild = storing_start("-o", size, NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	char ended[JOB_ID_CHARS + 1], running[JOB_ID_CHARS + 1];
	char queued[JOB_ID_CHARS + 1], keyed[JOB_ID_CHARS + 1];
	json_t *result, *before, *after;

	detach_job(peer, 1000, ended);
	json_decref(wait_job(peer, ended));
	before = get_job(peer, ended);
	detach_nap(peer, 500, running);
	await_state(peer, running, "running");
	detach_job(peer, 2000, queued);
	result = peer_call(peer, "job.submit", "{s:i, s:s, s:b}", "count", 3000,
	    "key", "k", "detach", 1);
	strcpy(keyed, text_at(result, "job"));
	json_decref(result);
	gild_kill(gild);

	gild = storing_start("-o", size, NULL);
	peer = peer_connect_frontend(gild, 1);
	after = get_job(peer, ended);
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	expect_done(wait_job(peer, running), 2);
	expect_done(wait_job(peer, queued), 1);
	/* Its key is known, and nothing is run twice for it. */
	result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 3000, "key", "k");
	ck_assert_str_eq(text_at(result, "job"), keyed);
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	json_decref(result);
	ck_assert_uint_eq(count_jobs(peer, "done"), 4);
	gild_stop(gild);
}
END_TEST

START_TEST(what_kills_gild_each_time_fails)
{
	char job[JOB_ID_CHARS + 1];
	struct gild *gild;
	struct peer *peer;

	for (int i = 0; i < 2; i++) {
		gild = storing_start("-o", "max_attempts=2", NULL);
		peer = peer_connect(gild);
		if (i == 0)
			detach_sleeping(peer, job);
		await_state(peer, job, "running");
		await_attempts(peer, job, i);
		gild_kill(gild);
	}
	gild = storing_start("-o", "max_attempts=2", NULL);
	peer = peer_connect(gild);
	expect_failed(peer, job, "attempt 2 of 2");
	expect_attempts(peer, job, 2);
	gild_stop(gild);
}
END_TEST

START_TEST(deadlines_count_while_gild_is_down)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	char first[JOB_ID_CHARS + 1], job[JOB_ID_CHARS + 1];
	int64_t end_ms;
	json_t *answer, *result;

	detach_sleeping(peer, first);
	await_state(peer, first, "running");
	end_ms = now_ms() + 300;
	answer = peer_call(peer, "job.submit", "{s:i, s:b, s:i}", "count", 1000,
	    "detach", 1, "timeout_ms", 300);
	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
	gild_kill(gild);
	while (ms_until(end_ms) > 0) /* the time is what is waited for */
		poll(NULL, 0, ms_until(end_ms));

	gild = storing_start("-o", "pool.processes.size=1", NULL);
	peer = peer_connect(gild);
	result = wait_job(peer, job);
	ck_assert_str_eq(text_at(result, "state"), "timed_out");
	ck_assert_int_ge(int_at(result, "timing.total_ns"), INT64_C(300000000));
	json_decref(result);
	peer_cancel(peer, first);
	gild_stop(gild);
}
END_TEST

/* What a job was submitted with is kept, and its delay counts from then on. */
START_TEST(delays_and_priorities_outlive_gild)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	char soon[JOB_ID_CHARS + 1], late[JOB_ID_CHARS + 1];
	json_t *answer;

	answer = peer_call(peer, "job.submit", "{s:i, s:b, s:i, s:i}", "count",
	    1000, "detach", 1, "start_after_ms", 1000, "priority", 7);
	strcpy(soon, text_at(answer, "job"));
	json_decref(answer);
	answer = peer_call(peer, "job.submit", "{s:i, s:b, s:i}", "count", 1000,
	    "detach", 1, "start_after_ms", 3600000);
	strcpy(late, text_at(answer, "job"));
	json_decref(answer);
	gild_kill(gild);

	gild = storing_start(NULL);
	peer = peer_connect(gild);
	answer = wait_job(peer, soon);
	ck_assert_str_eq(text_at(answer, "state"), "done");
	ck_assert_int_eq(int_at(answer, "attempts"), 1);
	ck_assert_int_ge(
	    int_at(answer, "timing.total_ns"), INT64_C(1000000000));
	json_decref(answer);
	answer = get_job(peer, soon);
	ck_assert_int_eq(int_at(answer, "priority"), 7);
	ck_assert_int_eq(int_at(answer, "start_after_ms"), 1000);
	ck_assert_int_ge(int_at(answer, "started_unix_ms"),
	    int_at(answer, "accepted_unix_ms") + 1000);
	json_decref(answer);
	await_state(peer, late, "queued");
	gild_stop(gild);

	gild = storing_start(NULL);
	peer = peer_connect(gild);
	await_state(peer, late, "queued");
	peer_cancel(peer, late);
	answer = get_job(peer, late);
	ck_assert(json_is_null(value_at(answer, "started_unix_ms")));
	json_decref(answer);
	gild_stop(gild);
}
END_TEST

START_TEST(a_pool_that_is_gone_fails_its_jobs)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	json_t *answer;

	operator_write("state_dir = \"%s\"\n"
		       "pool \"threads\" { kind = threads size = 1 }\n"
		       "pool \"here\" { kind = processes size = 1 }\n",
	    store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	peer = peer_connect(gild);
	answer = peer_call(peer, "job.submit", "{s:I, s:b, s:s}", "count",
	    ENDLESS, "detach", 1, "pool", "here");
	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
	gild_kill(gild);

	operator_write("state_dir = \"%s\"\n"
		       "pool \"threads\" { kind = threads size = 1 }\n"
		       "pool \"there\" { kind = processes size = 1 }\n",
	    store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	peer = peer_connect(gild);
	expect_failed(peer, job, "here");
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_master_dies_and_jobs_go_on_in_the_next_gild,
	    what_kills_gild_each_time_fails,
	    deadlines_count_while_gild_is_down,
	    delays_and_priorities_outlive_gild,
	    a_pool_that_is_gone_fails_its_jobs,
	};

	return run_suite("store_restart", tests, COUNT(tests));
}
