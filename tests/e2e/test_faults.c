/*
 * Processes that die by kill -9 while jobs run: each job is still answered
 * exactly once, and says how often it was tried.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* Kills one process of a kind; which one follows from `turn`. */
static void
kill_one(struct gild *gild, const char *kind, size_t turn)
{
	pid_t pids[64];
	size_t n = gild_pids(gild, kind, NULL, pids, 64);

	/* None is ready: the last one killed is being replaced. */
	if (n > 0)
		kill(pids[turn % n], SIGKILL);
}

/* --- executors --- */

/*
 * n_jobs in flight on three connections, of turns that cost so much, and one
 * more kill after each `every` answers: each is answered once, as done, with all
 * its turns. Returns how many were tried more than once.
 */
static int
storm(struct gild *gild, const char *pool, const char *kind, int n_jobs,
    int cost_ns, int every)
{
	struct peer *peers[3];
	bool *has_seen = calloc((size_t)n_jobs, sizeof(*has_seen));
	int retried = 0;
	size_t kills = 0;

	ck_assert_ptr_nonnull(has_seen);
	for (int i = 0; i < 3; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < n_jobs; i++)
		peer_call_start(peers[i % 3], "job.submit",
		    "{s:i, s:i, s:i, s:s}", "count", 2000 + i, "cost_ns",
		    cost_ns, "workers", 1 + i % 2, "pool", pool);
	for (int i = 0; i < n_jobs; i++) {
		json_t *answer = peer_receive(peers[i % 3]);
		/* Ids count up from 1 on each connection. */
		int64_t job = (int_at(answer, "id") - 1) * 3 + i % 3;

		ck_assert(job >= 0 && job < n_jobs && !has_seen[job]);
		has_seen[job] = true;
		ck_assert_str_eq(text_at(answer, "result.state"), "done");
		ck_assert_int_eq(int_at(answer, "result.count"), 2000 + job);
		ck_assert_int_eq(
		    sum_of(value_at(answer, "result.tasks"), "turns"),
		    2000 + job);
		if (int_at(answer, "result.attempts") > 1)
			retried++;
		json_decref(answer);
		if (i % every == every - 1)
			kill_one(gild, kind, kills++);
	}
	free(has_seen);
	return retried;
}

/* Of tasks so short that a worker claims many at a time, and looks for more
 * before it sleeps. Few of them run when it dies: the others lose nothing. */
START_TEST(workers_die_with_bundles_in_hand)
{
	struct gild *gild = gild_start("-o", "max_attempts=100", NULL);

	storm(gild, "processes", "worker", 6000, 0, 100);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(workers_die_under_many_jobs)
{
	struct gild *gild =
	    gild_start("-o", "max_attempts=100", "-o", "spin_us=0", NULL);

	ck_assert_int_gt(
	    storm(gild, "processes", "worker", 1000, 1000, 100), 0);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(the_interpreter_dies_under_many_jobs)
{
	struct gild *gild = gild_start("-o", "max_attempts=100", NULL);

	ck_assert_int_gt(
	    storm(gild, "threads", "interpreter", 400, 1000, 80), 0);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* A task that kills each executor: tried max_attempts times, no more. */
static void
check_attempts(const char *pool, const char *noun)
{
	struct gild *gild = gild_start("-o", "max_attempts=2", NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1], reason[160];
	int64_t id = peer_submit_running(peer, job, pool, ENDLESS, 1);
	pid_t first = gild_await_busy(gild, pool, 0), second;
	json_t *result;

	kill(first, SIGKILL);
	second = gild_await_busy(gild, pool, first);
	/* Somebody else does not notice. */
	result = peer_call(other, "job.submit", "{s:i, s:s}", "count", 1000,
	    "pool", "processes");
	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	json_decref(result);

	kill(second, SIGKILL);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "job"), job);
	ck_assert_str_eq(text_at(result, "state"), "failed");
	snprintf(reason, sizeof(reason), "%s %d killed by signal 9", noun,
	    (int)second);
	ck_assert_msg(strstr(text_at(result, "reason"), reason) != NULL,
	    "the reason is: %s", text_at(result, "reason"));
	ck_assert_int_eq(int_at(result, "attempts"), 2);
	ck_assert_int_eq(int_at(result, "tasks.0.attempts"), 2);
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}

START_TEST(attempts_are_bounded_in_workers)
{
	check_attempts("processes", "worker");
}
END_TEST

START_TEST(attempts_are_bounded_in_threads)
{
	check_attempts("threads", "interpreter");
}
END_TEST

START_TEST(a_failed_part_ends_the_whole_job)
{
	struct gild *gild = gild_start(
	    "-o", "max_attempts=1", "-o", "pool.processes.size=3", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "processes", ENDLESS, 3);
	json_t *result;

	kill(gild_await_busy(gild, "processes", 0), SIGKILL);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "failed");
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	json_decref(result);
	/* The other two were called back. */
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_cancelled_job_is_not_tried_again)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	pid_t worker = gild_await_busy(gild, "processes", 0);
	json_t *result;

	/* It can neither obey nor die before the cancel is there. */
	kill(worker, SIGSTOP);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	kill(worker, SIGKILL);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

static bool
restarts_are(json_t *stats, void *arg)
{
	return sum_of(value_at(stats, "processes"), "restarts") == *(int *)arg;
}

START_TEST(every_process_is_replaced)
{
	static const char *const kinds[] = {
	    "worker", "interpreter", "frontend"};
	struct gild *gild = gild_start(NULL);
	int restarts = 0;

	for (size_t i = 0; i < 3; i++) {
		pid_t before[64], after[64];
		size_t n = gild_pids(gild, kinds[i], NULL, before, 64);

		ck_assert_uint_gt(n, 0);
		kill(before[0], SIGKILL);
		restarts++;
		gild_await_stats(
		    gild, "it was replaced", restarts_are, &restarts);
		gild_await_idle(gild); /* and it is ready */
		ck_assert_uint_eq(
		    gild_pids(gild, kinds[i], NULL, after, 64), n);
		for (size_t j = 0; j < n; j++)
			ck_assert_int_ne(after[j], before[0]);
	}
	gild_stop(gild);
}
END_TEST

/* --- frontends --- */

enum { CLIENTS = 16 };

/* Kills frontend i; which clients it had is known by who is cut off. */
static int
kill_frontend(struct gild *gild, size_t i, struct peer *peers[CLIENTS])
{
	pid_t pids[8];
	int restarts = (int)i + 1, cut = 0;

	gild_await_idle(gild);
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, pids, 8), 2);
	for (int j = 0; j < CLIENTS; j++) {
		if (peers[j] != NULL)
			peer_call_start(peers[j], "job.submit",
			    "{s:i, s:i, s:s}", "count", 20000, "cost_ns", 1000,
			    "pool", j % 2 == 0 ? "threads" : "processes");
	}
	kill(pids[i], SIGKILL);
	for (int j = 0; j < CLIENTS; j++) {
		const char *line;

		if (peers[j] == NULL)
			continue;
		line = peer_receive_line(peers[j]);
		if (line == NULL) {
			peer_close(peers[j]);
			peers[j] = NULL;
			cut++;
			continue;
		}
		ck_assert_ptr_nonnull(strstr(line, "\"state\":\"done\""));
		ck_assert_ptr_nonnull(strstr(line, "\"attempts\":1"));
	}
	gild_await_stats(gild, "it was replaced", restarts_are, &restarts);
	return cut;
}

START_TEST(a_frontend_dies_and_the_others_clients_do_not_notice)
{
	struct gild *gild = gild_start("-o", "frontends=2", NULL);
	struct peer *peers[CLIENTS];
	int cut;

	for (int i = 0; i < CLIENTS; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < CLIENTS; i++)
		json_decref(peer_call(peers[i], "server.ping", NULL));
	/* Who is whose is not known, but each is somebody's. */
	cut = kill_frontend(gild, 0, peers);
	cut += kill_frontend(gild, 1, peers);
	ck_assert_int_eq(cut, CLIENTS);
	/* And what the dead left running was called back. */
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

static bool
two_are_cancelled(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "jobs.cancelled") == 2;
}

START_TEST(a_frontend_dies_and_its_endless_jobs_end)
{
	struct gild *gild = gild_start("-o", "frontends=1", NULL);
	struct peer *peer = peer_connect(gild);
	pid_t frontend;
	char job[JOB_ID_CHARS + 1];

	peer_submit_running(peer, job, "processes", ENDLESS, 8);
	peer_submit_running(peer, job, "threads", ENDLESS, 4);
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	kill(frontend, SIGKILL);
	peer_expect_eof(peer);
	gild_await_idle(gild);
	/* Their client is gone: no job vanishes unaccounted. */
	gild_await_stats(gild, "both are cancelled", two_are_cancelled, NULL);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    workers_die_under_many_jobs,
	    workers_die_with_bundles_in_hand,
	    the_interpreter_dies_under_many_jobs,
	    attempts_are_bounded_in_workers,
	    attempts_are_bounded_in_threads,
	    a_failed_part_ends_the_whole_job,
	    a_cancelled_job_is_not_tried_again,
	    every_process_is_replaced,
	    a_frontend_dies_and_the_others_clients_do_not_notice,
	    a_frontend_dies_and_its_endless_jobs_end,
	};

	return run_suite("faults", tests, COUNT(tests));
}
