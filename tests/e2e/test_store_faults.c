/*
 * What gild promises of stored jobs when processes die, hang, stop, start
 * again and are replaced: each job ends once, and whoever waits for it is told.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/operator.h"
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

static void
expect_failed(struct peer *peer, const char *job, const char *why)
{
	json_t *result = wait_job(peer, job);

	ck_assert_str_eq(text_at(result, "state"), "failed");
	ck_assert_msg(strstr(text_at(result, "reason"), why) != NULL,
	    "the reason is: %s", text_at(result, "reason"));
	json_decref(result);
}

/* What is told of a job: it was done, at this attempt. The telling is let go. */
static void
expect_done(json_t *told, int attempt)
{
	ck_assert_str_eq(text_at(told, "state"), "done");
	ck_assert_int_eq(int_at(told, "attempts"), attempt);
	json_decref(told);
}

static void
expect_attempts(struct peer *peer, const char *job, int attempts)
{
	json_t *record = get_job(peer, job);

	ck_assert_int_eq(int_at(record, "attempts"), attempts);
	json_decref(record);
}

/* Asks until so many starts were lost. */
static void
await_attempts(struct peer *peer, const char *job, int attempts)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		json_t *record = get_job(peer, job);
		bool is_so = int_at(record, "attempts") == attempts;

		ck_assert_msg(is_so || ms_until(end_ms) > 0,
		    "attempts are %lld, not %d",
		    (long long)int_at(record, "attempts"), attempts);
		json_decref(record);
		if (is_so)
			return;
		poll(NULL, 0, 10); /* nobody tells of it */
	}
}

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

/* --- the master, and restarts --- */

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

/* --- orderly stops --- */

START_TEST(a_stop_leaves_the_queue_to_the_next_gild)
{
	static const char *const size = "pool.processes.size=1";
	struct gild *gild = storing_start("-o", size, NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];

	detach_nap(peer, 500, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, queued);
	waits[1] = start_wait(other, running);
	json_decref(peer_call(other, "server.ping", NULL));
	gild_signal(gild, SIGTERM);
	for (int i = 0; i < 2; i++) {
		json_t *answer = peer_await(i == 0 ? peer : other, waits[i]);

		ck_assert_str_eq(
		    text_at(answer, "error.data.reason"), "shutting_down");
		json_decref(answer);
	}
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();
	/* What ran was finished first, and nothing else was begun. */
	gild = storing_start("-o", size, "-o", "max_attempts=1", NULL);
	peer = peer_connect(gild);
	expect_done(get_job(peer, running), 1);
	expect_done(wait_job(peer, queued), 1);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stop_gives_back_what_does_not_end)
{
	struct gild *gild = storing_start("-o", "drain_timeout=100ms", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	gild_stop(gild);
	/* That was nobody's failure: it is no attempt. */
	gild = storing_start("-o", "max_attempts=1", NULL);
	peer = peer_connect(gild);
	await_state(peer, job, "running");
	expect_attempts(peer, job, 0);
	peer_cancel(peer, job);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stopping_gild_takes_no_more)
{
	struct gild *gild = storing_start(
	    "-o", "pool.processes.size=1", "-o", "drain_timeout=24h", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1], plain[JOB_ID_CHARS + 1],
	    queued[JOB_ID_CHARS + 1];
	int64_t id;

	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	detach_job(peer, 1, queued);
	/* Something else keeps this client's frontend. */
	id = peer_submit_running(peer, plain, "threads", ENDLESS, 1);
	gild_signal(gild, SIGTERM);
	gild_await_log(gild, "then stopping", 1);
	for (;;) {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.wait", "{s:s, s:i}", "job", job,
			"timeout_ms", 10));
		bool is_stopping = strcmp(text_at(answer, "error.data.reason"),
				       "shutting_down") == 0;

		json_decref(answer);
		if (is_stopping)
			break;
	}
	json_decref(peer_call_error(peer, "shutting_down", "job.submit",
	    "{s:i, s:b}", "count", 1, "detach", 1));
	/* It can still be cancelled, and then nothing holds gild back. */
	peer_cancel(peer, job);
	/* So can one that nobody will begin any more. */
	peer_cancel(peer, queued);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", plain));
	expect_result(peer, id, plain, "cancelled");
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();
	gild = storing_start(NULL);
	peer = peer_connect(gild);
	await_state(peer, job, "cancelled");
	await_state(peer, queued, "cancelled");
	gild_stop(gild);
}
END_TEST

/* The recorder answers when its asker has been told to stop. */
START_TEST(a_key_taken_in_while_gild_stops_is_not_waited_for)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	pid_t recorder = recorder_pid(gild, 0);
	json_t *answer, *page;
	int64_t id;

	kill(recorder, SIGSTOP);
	id = peer_call_start(peer, "job.submit", "{s:I, s:s, s:s, s:i, s:i}",
	    "count", ENDLESS, "key", "late", "profile", "io", "io_every", 1,
	    "io_for_us", 10000);
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_signal(gild, SIGTERM);
	gild_await_log(gild, "then stopping", 1);
	kill(recorder, SIGCONT);
	answer = peer_await(peer, id);
	ck_assert_str_eq(text_at(answer, "error.data.reason"), "shutting_down");
	json_decref(answer);
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();

	gild = storing_start(NULL);
	peer = peer_connect(gild);
	page = peer_call(peer, "job.list", "{s:s}", "key", "late");
	peer_cancel(peer, text_at(page, "jobs.0.job"));
	json_decref(page);
	gild_stop(gild);
}
END_TEST

/* --- reloads --- */

#define FILE_TEXT              \
	"state_dir = \"%s\"\n" \
	"frontends = 1\n"      \
	"pool \"processes\" { kind = processes size = 1 }\n"
#define FILE_CHILDREN 3 /* a frontend, a worker, the recorder */

START_TEST(a_reload_takes_the_queue_along)
{
	struct gild *gild;
	struct peer *peer, *fresh;
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];
	json_t *result;

	operator_write(FILE_TEXT, store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	peer = peer_connect(gild);
	detach_sleeping(peer, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, running);
	waits[1] = start_wait(peer, queued);
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert_int_eq(operator_reload(), 2);
	/* The new generation has an executor of its own for it. */
	expect_result(peer, waits[1], queued, "done");
	fresh = peer_connect(gild);
	await_state(fresh, running, "running");
	expect_attempts(fresh, running, 0);
	peer_cancel(fresh, running);
	expect_result(peer, waits[0], running, "cancelled");
	operator_await_alone(gild, FILE_CHILDREN);
	/* Its client is served by the new one. */
	detach_job(peer, 1, queued);
	result = wait_job(peer, queued);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

START_TEST(state_dir_is_not_changed_by_a_reload)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];

	operator_write(FILE_TEXT, store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	operator_write(FILE_TEXT, store_path("elsewhere"));
	ck_assert_ptr_nonnull(strstr(
	    operator_reload_error("reload_failed"), store_path("elsewhere")));
	peer = peer_connect(gild);
	ck_assert_int_eq(peer_generation(peer), 1);
	detach_job(peer, 1, job);
	json_decref(wait_job(peer, job));
	gild_stop(gild);
}
END_TEST

/* No more is taken in, and what is there is finished. */
START_TEST(a_reload_ends_the_recording)
{
	struct gild *gild;
	struct peer *peer;
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];

	operator_write(FILE_TEXT, store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	peer = peer_connect(gild);
	detach_nap(peer, 500, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, running);
	waits[1] = start_wait(peer, queued);
	json_decref(peer_call(peer, "server.ping", NULL));
	operator_write(FILE_TEXT "record = none\n", store_folder());
	operator_reload();
	json_decref(peer_call_error(peer_connect(gild), "store_unavailable",
	    "job.submit", "{s:i, s:b}", "count", 1, "detach", 1));
	expect_result(peer, waits[0], running, "done");
	expect_result(peer, waits[1], queued, "done");
	operator_await_alone(gild, FILE_CHILDREN);
	/* And back. */
	operator_write(FILE_TEXT, store_folder());
	operator_reload();
	peer = peer_connect(gild);
	await_store(gild, true);
	await_state(peer, running, "done");
	await_state(peer, queued, "done");
	gild_stop(gild);
}
END_TEST

/* max_detached and the pulse that is expected change with a reload. */
START_TEST(a_reload_changes_the_recorders_limits)
{
	struct gild *gild;
	struct peer *peer;
	char jobs[2][JOB_ID_CHARS + 1];
	pid_t recorder;
	int64_t end_ms;

	operator_write(FILE_TEXT "heartbeat_timeout = 60s\n", store_folder());
	gild = operator_start(NULL);
	await_store(gild, true);
	recorder = recorder_pid(gild, 0);
	operator_write(FILE_TEXT "heartbeat_timeout = 1s\nmax_detached = 1\n",
	    store_folder());
	operator_reload();
	peer = peer_connect(gild);
	detach_sleeping(peer, jobs[0]);
	json_decref(peer_call_error(
	    peer, "busy", "job.submit", "{s:i, s:b}", "count", 1, "detach", 1));
	/* For longer than that it is not taken for dead; when it hangs it is. */
	for (end_ms = now_ms() + 1500; ms_until(end_ms) > 0;)
		poll(NULL, 0, ms_until(end_ms));
	ck_assert_int_eq(recorder_pid(gild, 0), recorder);
	kill(recorder, SIGSTOP);
	recorder_pid(gild, recorder);
	await_state(peer, jobs[0], "running");
	peer_cancel(peer, jobs[0]);
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
	    the_master_dies_and_jobs_go_on_in_the_next_gild,
	    what_kills_gild_each_time_fails,
	    deadlines_count_while_gild_is_down,
	    delays_and_priorities_outlive_gild,
	    a_pool_that_is_gone_fails_its_jobs,
	    a_stop_leaves_the_queue_to_the_next_gild,
	    a_stop_gives_back_what_does_not_end,
	    a_stopping_gild_takes_no_more,
	    a_key_taken_in_while_gild_stops_is_not_waited_for,
	    a_reload_takes_the_queue_along,
	    state_dir_is_not_changed_by_a_reload,
	    a_reload_ends_the_recording,
	    a_reload_changes_the_recorders_limits,
	    nothing_is_left_behind,
	};

	return run_suite("store_faults", tests, COUNT(tests));
}
