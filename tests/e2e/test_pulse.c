/*
 * Processes that hang: who is stopped gives no sign of life, is killed and
 * replaced. And those that only look as if they hung, which are left alone.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

#define ALARM "has given no sign of life"

/* An option for a heartbeat_timeout of so many ms, stretched. */
static const char *
timeout(int ms)
{
	static char option[64];

	snprintf(option, sizeof(option), "heartbeat_timeout=%dms",
	    ms * test_scale());
	return option;
}

static pid_t
first_pid(struct gild *gild, const char *kind)
{
	pid_t pids[16];

	ck_assert_uint_gt(gild_pids(gild, kind, NULL, pids, 16), 0);
	return pids[0];
}

/* Another process of this kind is there for the one that hung. */
static void
await_replacement(struct gild *gild, const char *kind, pid_t hung)
{
	pid_t pids[16];
	char *log;
	char expected[64];
	size_t n;

	gild_await_log(gild, "replacing it", 1);
	gild_await_idle(gild);
	n = gild_pids(gild, kind, NULL, pids, 16);
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_ne(pids[i], hung);
	snprintf(expected, sizeof(expected), "pid %d, " ALARM, (int)hung);
	log = gild_log(gild);
	ck_assert_msg(strstr(log, expected) != NULL, "%s", log);
	free(log);
}

static void
expect_no_alarm(struct gild *gild)
{
	char *log = gild_log(gild);

	ck_assert_msg(strstr(log, ALARM) == NULL, "%s", log);
	free(log);
}

/* --- who hangs --- */

START_TEST(an_idle_process_hangs)
{
	static const char *const kinds[] = {
	    "worker", "interpreter", "frontend"};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct gild *gild = gild_start("-o", timeout(500), NULL);
		pid_t hung = first_pid(gild, kinds[i]);

		ck_assert_int_eq(kill(hung, SIGSTOP), 0);
		/* A client that it let in would wait for it. */
		gild_await_log(gild, "replacing it", 1);
		await_replacement(gild, kinds[i], hung);
		json_decref(peer_call(
		    peer_connect(gild), "job.submit", "{s:i}", "count", 10));
		gild_stop(gild);
	}
}
END_TEST

/* Jobs in the pool, one of whose processes hangs, are run again and done. */
static void
check_busy(const char *pool, const char *kind, int n_jobs)
{
	struct gild *gild =
	    gild_start("-o", timeout(500), "-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	int64_t ids[8];
	int n_retried = 0;
	pid_t hung;

	for (int i = 0; i < n_jobs; i++)
		ids[i] = peer_call_start(peer, "job.submit", "{s:i, s:i, s:s}",
		    "count", 200000, "cost_ns", 1000, "pool", pool);
	hung = gild_await_busy(gild, pool, 0);
	ck_assert_int_eq(kill(hung, SIGSTOP), 0);
	for (int i = 0; i < n_jobs; i++) {
		json_t *result = answer_result(peer_await(peer, ids[i]));
		int64_t attempts = int_at(result, "attempts");

		ck_assert_str_eq(text_at(result, "state"), "done");
		ck_assert_int_ge(attempts, 1);
		ck_assert_int_le(attempts, 2);
		n_retried += attempts == 2;
		json_decref(result);
	}
	ck_assert_int_gt(n_retried, 0);
	await_replacement(gild, kind, hung);
	gild_stop(gild);
}

START_TEST(a_worker_with_a_job_hangs)
{
	check_busy("processes", "worker", 2);
}
END_TEST

START_TEST(an_interpreter_with_jobs_hangs)
{
	check_busy("threads", "interpreter", 6);
}
END_TEST

START_TEST(a_frontend_with_clients_hangs)
{
	enum { CLIENTS = 16 };
	struct gild *gild =
	    gild_start("-o", timeout(500), "-o", "frontends=2", NULL);
	struct peer *peers[CLIENTS];
	int64_t ids[CLIENTS];
	int n_lost = 0;
	pid_t pids[2];

	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, pids, 2), 2);
	/* The first are pids[0]'s, while the other one stands still for a
	 * moment; who has the rest is left to chance. */
	for (int i = 0; i < CLIENTS; i++) {
		if (i == 0)
			ck_assert_int_eq(kill(pids[1], SIGSTOP), 0);
		peers[i] = peer_connect(gild);
		if (i < 4)
			json_decref(peer_call(peers[i], "server.ping", NULL));
		if (i == 3)
			ck_assert_int_eq(kill(pids[1], SIGCONT), 0);
	}
	for (int i = 0; i < CLIENTS; i++)
		json_decref(peer_call(peers[i], "server.ping", NULL));
	for (int i = 0; i < CLIENTS; i++)
		ids[i] = peer_call_start(peers[i], "job.submit",
		    "{s:i, s:i, s:s}", "count", 1000, "cost_ns", 1000, "pool",
		    i % 2 == 0 ? "threads" : "processes");
	for (int i = 0; i < CLIENTS; i++)
		json_decref(answer_result(peer_await(peers[i], ids[i])));
	ck_assert_int_eq(kill(pids[0], SIGSTOP), 0);
	for (int i = 0; i < CLIENTS; i++)
		peer_call_start(peers[i], "job.submit", "{s:i, s:i}", "count",
		    1000, "cost_ns", 1000);
	for (int i = 0; i < CLIENTS; i++) {
		const char *line = peer_receive_line(peers[i]);

		n_lost += line == NULL;
		ck_assert(i >= 4 || line == NULL);
		ck_assert(
		    line == NULL || strstr(line, "\"state\":\"done\"") != NULL);
	}
	ck_assert_int_ge(n_lost, 4);
	await_replacement(gild, "frontend", pids[0]);
	gild_stop(gild);
}
END_TEST

/* --- who does not --- */

/* Takes about so long, and all of it counts. */
static void
work(struct gild *gild, int ms)
{
	struct peer *peer = peer_connect(gild);

	json_decref(peer_call(peer, "job.submit", "{s:i, s:i, s:s}", "count",
	    ms, "cost_ns", 1000000, "pool", "threads"));
	peer_close(peer);
}

START_TEST(a_timeout_of_0_turns_it_off)
{
	struct gild *gild = gild_start("-o", "heartbeat_timeout=0", NULL);
	pid_t worker = first_pid(gild, "worker");

	ck_assert_int_eq(kill(worker, SIGSTOP), 0);
	work(gild, 1500);
	expect_no_alarm(gild);
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	gild_stop(gild);
}
END_TEST

START_TEST(long_turns_waits_and_sleeps_are_no_hangs)
{
	/* Each lasts longer than the timeout: it holds what the others want,
	 * waits for it, sleeps, or has costly turns. */
	static const char *const jobs[] = {
	    "{\"pool\":\"processes\",\"count\":1200,\"cost_ns\":1000000}",
	    "{\"pool\":\"held\",\"count\":1200,\"cost_ns\":1000000}",
	    "{\"pool\":\"held\",\"count\":1000,\"workers\":2}",
	    "{\"pool\":\"threads\",\"count\":1200,\"cost_ns\":1000000,"
	    "\"profile\":\"native\"}",
	    "{\"pool\":\"threads\",\"count\":900,\"cost_ns\":1000000,"
	    "\"workers\":3}",
	    "{\"pool\":\"sleepers\",\"count\":1,\"profile\":\"io\","
	    "\"io_every\":1,\"io_for_us\":3000000}",
	    "{\"pool\":\"sleeping\",\"count\":1,\"profile\":\"io\","
	    "\"io_every\":1,\"io_for_us\":3000000}",
	    "{\"pool\":\"free\",\"count\":300,\"cost_ns\":1000000}",
	};
	struct gild *gild;
	struct peer *peer;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/gild.conf", scratch_dir());
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs("pool \"processes\" { kind = processes size = 2 }\n"
	      "pool \"sleepers\" { kind = processes size = 1 }\n"
	      "pool \"threads\" { kind = threads size = 4 }\n"
	      "pool \"sleeping\" { kind = threads size = 2 }\n"
	      "pool \"held\" { kind = threads size = 3 policy = hold }\n"
	      "pool \"free\" { kind = threads size = 2 locks = 0 "
	      "overhead_pct = 300 }\n",
	    file);
	fclose(file);
	gild = gild_start("-c", path, "-o", timeout(1000), NULL);
	peer = peer_connect(gild);
	for (size_t i = 0; i < COUNT(jobs); i++)
		peer_send_line(peer,
		    "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"job.submit\","
		    "\"params\":%s}",
		    i, jobs[i]);
	for (size_t i = 0; i < COUNT(jobs); i++) {
		json_t *answer = peer_receive(peer);

		ck_assert_str_eq(text_at(answer, "result.state"), "done");
		ck_assert_int_eq(int_at(answer, "result.attempts"), 1);
		json_decref(answer);
	}
	expect_no_alarm(gild);
	gild_stop(gild);
}
END_TEST

/* It was away for longer than the timeout, and has missed nothing. */
START_TEST(a_master_that_stood_still_kills_nobody)
{
	struct gild *gild = gild_start("-o", timeout(1000), NULL);

	gild_signal(gild, SIGSTOP);
	work(gild, 1500);
	gild_signal(gild, SIGCONT);
	work(gild, 1500);
	expect_no_alarm(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_idle_process_hangs,
	    a_worker_with_a_job_hangs,
	    an_interpreter_with_jobs_hangs,
	    a_frontend_with_clients_hangs,
	    a_timeout_of_0_turns_it_off,
	    long_turns_waits_and_sleeps_are_no_hangs,
	    a_master_that_stood_still_kills_nobody,
	};

	return run_suite("pulse", tests, COUNT(tests));
}
