/*
 * What gild promises of stored jobs when its processes die or hang: each job
 * ends once, whoever waits for it is told, and nothing is left behind. The
 * master's own death is test_store_restart's.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

/* --- the recorder --- */

START_TEST(the_recorder_dies_and_nobody_notices)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=2", NULL);
	struct peer *peers[2];
	char running[JOB_ID_CHARS + 1], nap[JOB_ID_CHARS + 1];
	char late[JOB_ID_CHARS + 1];
	pid_t recorder = 0;
	int64_t waits[2], submit;
	json_t *answer;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	detach_sleeping(peers[0], running);
	await_state(peers[0], running, "running");
	for (unsigned i = 0; i < 2; i++)
		waits[i] = start_wait(peers[i], running);
	for (int i = 0; i < 2; i++) {
		recorder = recorder_pid(gild, recorder);
		/* What ends while there is none is kept, too. */
		detach_nap(peers[1], 100, nap);
		kill(recorder, SIGKILL);
		submit = peer_call_start(peers[1], "job.submit", "{s:i, s:b}",
		    "count", 1000, "detach", 1);
		answer = answer_result(peer_await(peers[1], submit));
		ck_assert(json_is_true(value_at(answer, "created")));
		strcpy(late, text_at(answer, "job"));
		json_decref(answer);
		expect_done(wait_job(peers[0], late), 1);
		expect_done(wait_job(peers[0], nap), 1);
		/* It runs still, and that is known. */
		await_state(peers[0], running, "running");
		expect_attempts(peers[0], running, 0);
	}
	peer_cancel(peers[1], running);
	for (unsigned i = 0; i < 2; i++)
		expect_result(peers[i], waits[i], running, "cancelled");
	ck_assert_uint_eq(count_jobs(peers[0], "done"), 4);
	gild_stop(gild);
}
END_TEST

static bool
second_job_runs(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "jobs.done") == 1 &&
	    int_at(stats, "jobs.running") == 1;
}

/* It dies before it has read that a job runs: the next one is told. */
START_TEST(a_start_is_told_to_the_next_recorder)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=1", "-o",
	    "frontends=1", "-o", "heartbeat_timeout=0", NULL);
	struct peer *peer = peer_connect(gild);
	char first[JOB_ID_CHARS + 1], second[JOB_ID_CHARS + 1];
	pid_t recorder = recorder_pid(gild, 0);

	detach_nap(peer, 500, first);
	await_state(peer, first, "running");
	detach_sleeping(peer, second);
	kill(recorder, SIGSTOP);
	gild_await_stats(gild, "the second runs", second_job_runs, NULL);
	kill(recorder, SIGKILL);
	recorder_pid(gild, recorder);
	await_state(peer, second, "running");
	await_state(peer, first, "done");
	peer_cancel(peer, second);
	gild_stop(gild);
}
END_TEST

/* Whatever was asked of one that died is asked of the next. */
START_TEST(each_question_is_answered_by_the_next_recorder)
{
	struct gild *gild = storing_start("-o", "heartbeat_timeout=0", NULL);
	struct peer *peer = peer_connect(gild);
	char ended[JOB_ID_CHARS + 1], running[JOB_ID_CHARS + 1];
	pid_t recorder = recorder_pid(gild, 0);
	int64_t get, list, collect, wait, cancel, submit;
	json_t *answer;

	detach_job(peer, 1000, ended);
	json_decref(wait_job(peer, ended));
	detach_sleeping(peer, running);
	await_state(peer, running, "running");
	kill(recorder, SIGSTOP);
	get = peer_call_start(peer, "job.get", "{s:s}", "job", ended);
	list = peer_call_start(peer, "job.list", "{s:s}", "state", "ended");
	collect = peer_call_start(peer, "job.collect", "{s:s}", "job", ended);
	wait = start_wait(peer, running);
	cancel = peer_call_start(peer, "job.cancel", "{s:s}", "job", running);
	submit = peer_call_start(
	    peer, "job.submit", "{s:i, s:s}", "count", 1000, "key", "k");
	/* That they are asked shows in the order of answers of others. */
	json_decref(peer_call(peer, "server.ping", NULL));
	kill(recorder, SIGKILL);
	expect_done(answer_result(peer_await(peer, get)), 1);
	answer = answer_result(peer_await(peer, list));
	ck_assert_uint_ge(json_array_size(value_at(answer, "jobs")), 1);
	json_decref(answer);
	answer = answer_result(peer_await(peer, collect));
	ck_assert(json_is_true(value_at(answer, "collected")));
	json_decref(answer);
	expect_result(peer, wait, running, "cancelled");
	answer = answer_result(peer_await(peer, cancel));
	ck_assert_str_eq(text_at(answer, "state"), "cancelled");
	json_decref(answer);
	expect_done(answer_result(peer_await(peer, submit)), 1);
	ck_assert_uint_eq(count_jobs(peer, "ended"), 3);
	gild_stop(gild);
}
END_TEST

/* Killed with a submit that it may or may not have taken in: still one job. */
START_TEST(a_submit_meets_a_recorder_that_dies)
{
	enum { ROUNDS = 5, N = 20 };
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	pid_t recorder = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t ids[N];

		recorder = recorder_pid(gild, recorder);
		for (int j = 0; j < N; j++) {
			ids[j] = peer_call_start(peer, "job.submit",
			    "{s:i, s:b}", "count", 100, "detach", 1);
			if (j == i * 4)
				kill(recorder, SIGKILL);
		}
		for (int j = 0; j < N; j++) {
			json_t *answer =
			    answer_result(peer_await(peer, ids[j]));

			ck_assert(json_is_true(value_at(answer, "created")));
			json_decref(wait_job(peer, text_at(answer, "job")));
			json_decref(answer);
		}
	}
	ck_assert_uint_eq(count_jobs(peer, "done"), ROUNDS * N);
	ck_assert_uint_eq(count_jobs(peer, "unfinished"), 0);
	gild_stop(gild);
}
END_TEST

START_TEST(a_recorder_that_hangs_is_replaced)
{
	struct gild *gild = storing_start("-o", "heartbeat_timeout=1s", NULL);
	struct peer *peer = peer_connect(gild);
	pid_t recorder = recorder_pid(gild, 0);
	char job[JOB_ID_CHARS + 1];

	kill(recorder, SIGSTOP);
	/* A plain one needs it not. */
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
	detach_job(peer, 1000, job);
	ck_assert_int_ne(recorder_pid(gild, recorder), recorder);
	gild_await_log(gild, "has given no sign of life", 1);
	json_decref(wait_job(peer, job));
	gild_stop(gild);
}
END_TEST

/* --- frontends and workers --- */

START_TEST(a_frontend_dies_and_its_stored_jobs_go_on)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];
	pid_t frontend = frontend_pid(gild, 0, 0);

	detach_nap(peer, 1000, running);
	await_state(other, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(other, running);
	waits[1] = start_wait(other, queued);
	kill(frontend, SIGKILL);
	peer_expect_eof(peer);
	expect_done(answer_result(peer_await(other, waits[0])), 2);
	/* The other was never begun. */
	expect_done(answer_result(peer_await(other, waits[1])), 1);
	frontend_pid(gild, 0, frontend);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(the_only_frontend_dies)
{
	struct gild *gild = storing_start("-o", "frontends=1", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	pid_t frontend = frontend_pid(gild, 0, 0);

	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	kill(frontend, SIGKILL);
	peer_expect_eof(peer);
	frontend_pid(gild, 0, frontend);
	peer = peer_connect(gild);
	await_attempts(peer, job, 1);
	await_state(peer, job, "running");
	peer_cancel(peer, job);
	gild_stop(gild);
}
END_TEST

START_TEST(a_frontend_that_hangs_loses_its_jobs)
{
	struct gild *gild = storing_start("-o", "heartbeat_timeout=1s", NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	detach_nap(peer, 300, job);
	await_state(other, job, "running");
	id = start_wait(other, job);
	kill(frontend_pid(gild, 0, 0), SIGSTOP);
	expect_done(answer_result(peer_await(other, id)), 2);
	gild_stop(gild);
}
END_TEST

START_TEST(attempts_of_workers_count)
{
	struct gild *gild = storing_start(
	    "-o", "pool.processes.size=1", "-o", "max_attempts=2", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	pid_t first, second;

	detach_sleeping(peer, job);
	first = gild_await_busy(gild, "processes", 0);
	kill(first, SIGKILL);
	await_attempts(peer, job, 1);
	second = gild_await_busy(gild, "processes", first);
	kill(second, SIGKILL);
	expect_failed(peer, job, "attempt 2 of 2");
	expect_attempts(peer, job, 2);
	gild_stop(gild);
}
END_TEST

/* --- what is left behind --- */

static bool
restarts_are(json_t *stats, void *arg)
{
	return sum_of(value_at(stats, "processes"), "restarts") == *(int *)arg;
}

START_TEST(nothing_is_left_behind)
{
	enum { ROUNDS = 5 };
	struct gild *gild = storing_start(NULL);
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	size_t n_fds[2];
	pid_t recorder = recorder_pid(gild, 0), pids[64];
	int restarts = 0;
	size_t n_children;

	gild_await_idle(gild);
	n_fds[0] = process_count_fds(gild->pid);
	n_children = process_children(gild->pid, pids, 64);
	for (int i = 0; i < ROUNDS; i++) {
		pid_t frontend;

		kill(recorder, SIGKILL);
		recorder = recorder_pid(gild, recorder);
		await_store(gild, true);
		frontend = frontend_pid(gild, i % 2, 0);
		kill(frontend, SIGKILL);
		restarts++;
		gild_await_stats(
		    gild, "it was replaced", restarts_are, &restarts);
		frontend_pid(gild, i % 2, frontend);
		await_store(gild, true);
		peer = peer_connect(gild);
		detach_job(peer, 1000, job);
		json_decref(wait_job(peer, job));
	}
	gild_await_idle(gild);
	n_fds[1] = process_count_fds(gild->pid);
	ck_assert_uint_eq(n_fds[1], n_fds[0]);
	ck_assert_uint_eq(process_children(gild->pid, pids, 64), n_children);
	gild_stop(gild);
	ck_assert_int_eq(access(store_path("jobs.db"), F_OK), 0);
	ck_assert_int_ne(access(store_path("jobs.db-wal"), F_OK), 0);
	ck_assert_int_ne(access(store_path("jobs.db-shm"), F_OK), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_recorder_dies_and_nobody_notices,
	    a_start_is_told_to_the_next_recorder,
	    each_question_is_answered_by_the_next_recorder,
	    a_submit_meets_a_recorder_that_dies,
	    a_recorder_that_hangs_is_replaced,
	    a_frontend_dies_and_its_stored_jobs_go_on,
	    the_only_frontend_dies,
	    a_frontend_that_hangs_loses_its_jobs,
	    attempts_of_workers_count,
	    nothing_is_left_behind,
	};

	return run_suite("store_faults", tests, COUNT(tests));
}
