/*
 * Clients, end to end: those that leave, those that ask for much at once, and
 * those that share a gild with others.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* --- clients that leave --- */

static bool
is_left_with_two_cancelled(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "jobs.cancelled") == 2 &&
	    int_at(stats, "connections.open") == 1;
}

START_TEST(client_that_leaves_takes_its_jobs_along)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	peer_submit_running(peer, job, "processes", ENDLESS, 64);
	peer_submit_running(peer, job, "threads", ENDLESS, 4);
	peer_close(peer);
	gild_await_idle(gild);
	gild_await_stats(gild, "two are cancelled, and who asks is alone",
	    is_left_with_two_cancelled, NULL);
	gild_stop(gild);
}
END_TEST

static bool
two_are_running(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "jobs.running") == 2;
}

/* One answer of the batch was given, two will go nowhere. */
START_TEST(client_that_leaves_a_batch_behind)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);

	peer_send_line(peer,
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"count\":%lld}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"server.ping\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"job.submit\","
	    "\"params\":{\"count\":%lld,\"pool\":\"threads\"}}]",
	    (long long)ENDLESS, (long long)ENDLESS);
	gild_await_stats(gild, "two are running", two_are_running, NULL);
	ck_assert(!peer_has_input(peer, 0));
	peer_close(peer);
	gild_await_idle(gild);
	gild_await_stats(gild, "two are cancelled, and who asks is alone",
	    is_left_with_two_cancelled, NULL);
	gild_stop(gild);
}
END_TEST

START_TEST(client_that_half_closes_is_served)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	int64_t id = peer_call_start(peer, "job.submit", "{s:i, s:i, s:i}",
	    "count", 300000, "cost_ns", 1000, "workers", 2);
	static const char last[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\"server.ping\"}";
	json_t *result;

	/* The last line has no LF: the end of the stream ends it. */
	peer_send_bytes(peer, last, sizeof(last) - 1);
	peer_half_close(peer);
	json_decref(answer_result(peer_await(peer, 99)));
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	peer_expect_eof(peer);
	gild_stop(gild);
}
END_TEST

START_TEST(client_that_half_closes_and_leaves_is_noticed)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	peer_submit_running(peer, job, "processes", ENDLESS, 1);
	peer_half_close(peer);
	/* Still there: its job runs on. */
	gild_await_busy(gild, "processes", 0);
	peer_close(peer);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* --- many --- */

START_TEST(batch_is_answered_in_one_line)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *answers;
	bool has_seen[4] = {false};

	peer_send_line(peer,
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"count\":100000,\"pool\":\"threads\"}},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"job.submit\","
	    "\"params\":{\"count\":1}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"server.ping\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"no.such\"}]");
	answers = peer_receive(peer);
	ck_assert_uint_eq(json_array_size(answers), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *answer = json_array_get(answers, i);
		int64_t id = int_at(answer, "id");

		ck_assert(id >= 1 && id <= 3 && !has_seen[id]);
		has_seen[id] = true;
		if (id == 1)
			ck_assert_str_eq(
			    text_at(answer, "result.state"), "done");
		if (id == 3)
			ck_assert_int_eq(int_at(answer, "error.code"), -32601);
	}
	json_decref(answers);
	gild_stop(gild);
}
END_TEST

static bool
one_is_done(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "jobs.done") == 1;
}

START_TEST(notification_runs_and_is_not_answered)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *answer;

	peer_send_line(peer,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"job.submit\","
	    "\"params\":{\"count\":1000}}");
	gild_await_stats(gild, "one job is done", one_is_done, NULL);
	peer_send_line(peer,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"server.ping\"}");
	answer = peer_receive(peer);
	ck_assert_str_eq(text_at(answer, "id"), "a");
	json_decref(answer);
	gild_stop(gild);
}
END_TEST

START_TEST(each_of_many_is_answered_once)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	enum { MANY = 2000 };
	static bool has_seen[MANY + 1];
	json_t *stats;

	for (int i = 0; i < MANY; i++)
		peer_call_start(peer, "job.submit", "{s:i, s:s, s:i}", "count",
		    1 + i, "pool", i % 2 == 0 ? "processes" : "threads",
		    "workers", 1 + i % 3);
	for (int i = 0; i < MANY; i++) {
		json_t *answer = peer_receive(peer);
		int64_t id = int_at(answer, "id");

		ck_assert(id >= 1 && id <= MANY && !has_seen[id]);
		has_seen[id] = true;
		ck_assert_int_eq(int_at(answer, "result.count"), id);
		ck_assert_int_eq(
		    sum_of(value_at(answer, "result.tasks"), "turns"), id);
		json_decref(answer);
	}
	stats = gild_stats(gild);
	ck_assert_int_eq(int_at(stats, "jobs.done"), MANY);
	ck_assert_int_eq(int_at(stats, "jobs.running"), 0);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

/*
 * A job of 100 ms first, so that gild knows this pool for a slow one and hands
 * few tasks out ahead. Then a thousand of 5 ms from one client, and one from
 * another, which is to run among the first of them.
 */
START_TEST(clients_take_turns)
{
	struct gild *gild = gild_start(
	    "-o", "pool.processes.size=1", "-o", "frontends=1", NULL);
	struct peer *greedy = peer_connect(gild), *modest = peer_connect(gild);
	json_t *stats;

	json_decref(peer_call(greedy, "job.submit", "{s:i, s:i}", "count",
	    100000, "cost_ns", 1000));
	for (int i = 0; i < 1000; i++)
		peer_call_start(greedy, "job.submit", "{s:i, s:i}", "count",
		    5000, "cost_ns", 1000);
	json_decref(peer_call(greedy, "server.ping", NULL));
	/* Whoever comes now comes behind all of them. */
	json_decref(peer_call(modest, "job.submit", "{s:i}", "count", 1));
	stats = peer_call(modest, "server.stats", NULL);
	ck_assert_int_gt(int_at(stats, "jobs.queued"), 800);
	json_decref(stats);
	peer_close(greedy);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* --- several frontends --- */

/* A client of one of two frontends: the other one is stopped meanwhile. */
static struct peer *
connect_to_frontend(struct gild *gild, const pid_t pids[2], int which)
{
	struct peer *peer;

	ck_assert_int_eq(kill(pids[1 - which], SIGSTOP), 0);
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert_int_eq(kill(pids[1 - which], SIGCONT), 0);
	return peer;
}

START_TEST(a_client_of_another_frontend_cancels)
{
	struct gild *gild = gild_start("-o", "frontends=2", NULL);
	struct peer *peers[2];
	pid_t pids[2];

	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, pids, 2), 2);
	for (int i = 0; i < 2; i++)
		peers[i] = connect_to_frontend(gild, pids, i);
	for (int i = 0; i < 2; i++) {
		struct peer *owner = peers[i], *other = peers[1 - i];
		char job[JOB_ID_CHARS + 1];
		int64_t running =
		    peer_submit_running(owner, job, "processes", ENDLESS, 1);
		struct job_id id;
		json_t *said, *result;

		ck_assert_int_eq(job_id_parse(job, &id), 0);
		ck_assert_uint_eq(job_id_frontend(id), i);
		said = peer_call(other, "job.cancel", "{s:s}", "job", job);
		ck_assert_str_eq(text_at(said, "job"), job);
		ck_assert_str_eq(text_at(said, "state"), "cancelled");
		result = answer_result(peer_await(owner, running));
		ck_assert_str_eq(text_at(result, "state"), "cancelled");
		json_decref(said);
		json_decref(result);
		json_decref(peer_call_error(
		    other, "no_such_job", "job.cancel", "{s:s}", "job", job));
	}
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_cancel_is_answered_when_its_frontend_cannot)
{
	/* One that is stopped would be killed, and be replaced. */
	struct gild *gild =
	    gild_start("-o", "frontends=2", "-o", "heartbeat_timeout=0", NULL);
	struct peer *owner, *other;
	char job[JOB_ID_CHARS + 1];
	pid_t pids[2];

	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, pids, 2), 2);
	owner = connect_to_frontend(gild, pids, 0);
	other = connect_to_frontend(gild, pids, 1);
	peer_submit_running(owner, job, "processes", ENDLESS, 1);
	ck_assert_int_eq(kill(pids[0], SIGSTOP), 0);
	json_decref(peer_call_error(
	    other, "internal_error", "job.cancel", "{s:s}", "job", job));
	ck_assert_int_eq(kill(pids[0], SIGCONT), 0);
	peer_close(owner);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    client_that_leaves_takes_its_jobs_along,
	    client_that_leaves_a_batch_behind,
	    client_that_half_closes_is_served,
	    client_that_half_closes_and_leaves_is_noticed,
	    batch_is_answered_in_one_line,
	    notification_runs_and_is_not_answered,
	    each_of_many_is_answered_once,
	    clients_take_turns,
	    a_client_of_another_frontend_cancels,
	    a_cancel_is_answered_when_its_frontend_cannot,
	};

	return run_suite("clients", tests, COUNT(tests));
}
