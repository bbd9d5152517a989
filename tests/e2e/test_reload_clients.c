/*
 * Reloads that no client notices, whatever it is about: with half a line sent,
 * with jobs, idle, half-closed, leaving, and with jobs of another generation to
 * cancel.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/operator.h"

/* --- clients in every state --- */

START_TEST(a_line_may_begin_before_and_end_behind)
{
	static const char begin[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"co";
	static const char end[] = "unt\":1234}}\n";
	struct gild *gild;
	struct peer *peers[2];
	char *spaces = calloc(1, 300000);
	json_t *answer;

	ck_assert_ptr_nonnull(spaces);
	memset(spaces, ' ', 300000 - 1);
	operator_write(SMALL);
	gild = operator_start(NULL);
	for (int i = 0; i < 2; i++) {
		peers[i] = peer_connect(gild);
		json_decref(peer_call(peers[i], "server.ping", NULL));
	}
	/* A short one, and one of some size, a byte at a time. */
	peer_send_bytes(peers[0], begin, sizeof(begin) - 1);
	peer_send_bytes(peers[1], spaces, 300000 - 1);
	operator_reload();
	for (size_t i = 0; i < sizeof(begin) - 1; i++) {
		peer_send_bytes(peers[1], begin + i, 1);
		if (i % 20 == 0)
			operator_reload();
	}
	for (int i = 0; i < 2; i++) {
		peer_send_bytes(peers[i], end, sizeof(end) - 1);
		answer = peer_receive(peers[i]);
		ck_assert_int_eq(int_at(answer, "id"), 1);
		ck_assert_int_eq(int_at(answer, "result.count"), 1234);
		json_decref(answer);
	}
	free(spaces);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_of_the_old_generation_finishes)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = peer_connect(gild);
	id = peer_call_start(peer, "job.submit", "{s:i, s:i, s:s, s:b}",
	    "count", 500000, "cost_ns", 1000, "pool", "threads", "progress", 1);
	peer_await_job(peer, id, job);
	ck_assert_int_eq(operator_reload(), 2);
	peer_expect_end(peer, id, "done");
	peer_await_generation(peer, 2);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/* Its job is run again, in its own generation. */
START_TEST(an_executor_of_the_old_generation_is_replaced)
{
	struct gild *gild;
	struct peer *peer;
	json_t *result;
	pid_t worker;
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = peer_connect(gild);
	id = peer_call_start(peer, "job.submit", "{s:i, s:i, s:s}", "count",
	    500000, "cost_ns", 1000, "pool", "processes");
	worker = gild_await_busy(gild, "processes", 0);
	ck_assert_int_eq(kill(worker, SIGSTOP), 0); /* it does not get done */
	operator_reload();
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(int_at(result, "attempts"), 2);
	json_decref(result);
	peer_await_generation(peer, 2);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

START_TEST(half_closed_and_idle_clients)
{
	struct gild *gild;
	struct peer *half, *done, *idle;
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	half = peer_connect(gild);
	done = peer_connect(gild);
	idle = peer_connect(gild);
	json_decref(peer_call(idle, "server.ping", NULL));
	json_decref(peer_call(done, "server.ping", NULL));
	id = peer_call_start(
	    half, "job.submit", "{s:i, s:i}", "count", 500000, "cost_ns", 1000);
	peer_half_close(half);
	operator_reload();
	peer_half_close(done);
	peer_expect_eof(done);
	peer_expect_end(half, id, "done");
	peer_expect_eof(half);
	peer_await_generation(idle, 2);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

START_TEST(clients_leave_at_a_reload)
{
	struct gild *gild;
	char job[JOB_ID_CHARS + 1];

	operator_write(SMALL);
	gild = operator_start(NULL);
	for (int i = 0; i < 5; i++) {
		struct peer *busy = peer_connect(gild);
		struct peer *idle = peer_connect(gild);

		json_decref(peer_call(idle, "server.ping", NULL));
		peer_submit_running(busy, job, "processes", ENDLESS, 1);
		operator_reload();
		peer_close(busy);
		peer_close(idle);
	}
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* --- job.cancel across generations --- */

START_TEST(a_job_of_any_generation_is_cancelled)
{
	struct gild *gild;
	struct peer *owners[3], *newest;
	char jobs[3][JOB_ID_CHARS + 1];
	int64_t ids[3];

	operator_write("frontends = 2\npool \"processes\" "
		       "{ kind = processes size = 2 }\n");
	gild = operator_start(NULL);
	for (int i = 0; i < 3; i++) {
		owners[i] = peer_connect(gild);
		ids[i] = peer_submit_sleeping(owners[i], jobs[i]);
		/* With fewer frontends, and with more. */
		operator_write("frontends = %d\npool \"processes\" "
			       "{ kind = processes size = 2 }\n",
		    i == 0 ? 1 : 3);
		operator_reload();
	}
	newest = peer_connect(gild);
	json_decref(peer_call_error(newest, "no_such_job", "job.cancel",
	    "{s:s}", "job", "01ARZ3NDEKTSV4RRFFQ69G5FAV"));
	/* A newer one's, an older one's, one's own. */
	peer_cancel(owners[0], jobs[1]);
	peer_expect_end(owners[1], ids[1], "cancelled");
	peer_cancel(newest, jobs[0]);
	peer_expect_end(owners[0], ids[0], "cancelled");
	peer_cancel(newest, jobs[2]);
	peer_expect_end(owners[2], ids[2], "cancelled");
	for (int i = 0; i < 3; i++)
		json_decref(peer_call_error(newest, "no_such_job", "job.cancel",
		    "{s:s}", "job", jobs[i]));
	operator_await_alone(gild, 3 + 2);
	gild_stop(gild);
}
END_TEST

/* Its frontend was told of the question, and is gone before it answers. */
START_TEST(a_question_to_a_frontend_that_goes_is_answered)
{
	struct gild *gild;
	struct peer *owner, *other;
	char job[JOB_ID_CHARS + 1];
	json_t *answer;
	pid_t frontend;
	int64_t id;

	operator_write(SMALL "heartbeat_timeout = 0\n");
	gild = operator_start(NULL);
	owner = peer_connect(gild);
	peer_submit_sleeping(owner, job);
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	operator_reload();
	ck_assert_int_eq(kill(frontend, SIGSTOP), 0);
	other = peer_connect(gild);
	id = peer_call_start(other, "job.cancel", "{s:s}", "job", job);
	/* What was asked of the master before is done when this is answered. */
	json_decref(peer_call_error(other, "no_such_job", "job.cancel", "{s:s}",
	    "job", "05ARZ3NDEKTSV4RRFFQ69G5FAV"));
	ck_assert_int_eq(kill(frontend, SIGKILL), 0);
	answer = peer_await(other, id);
	ck_assert_str_eq(text_at(answer, "error.data.reason"), "no_such_job");
	json_decref(answer);
	peer_expect_eof(owner);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/* It was given to a frontend that retired, and died, before it looked. */
START_TEST(a_client_on_its_way_to_a_frontend_that_goes_arrives)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	pid_t frontend;
	int64_t id;

	operator_write(SMALL "heartbeat_timeout = 0\n");
	gild = operator_start(NULL);
	peer = peer_connect(gild);
	id = peer_submit_sleeping(peer, job);
	operator_reload();
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	ck_assert_int_eq(kill(frontend, SIGSTOP), 0);
	peer_cancel(peer, job);
	peer_expect_end(peer, id, "cancelled");
	/* The first generation has nobody left, and goes. */
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_signal(gild, SIGHUP);
	/* The third is there, and cannot take over from who does not answer. */
	operator_await_alone(gild, 2 * SMALL_CHILDREN);
	gild_await_log(gild, "SIGHUP: reloading", 1);
	ck_assert_int_eq(peer_generation(operator_connect()), 3);
	ck_assert_int_eq(kill(frontend, SIGKILL), 0);
	gild_await_log(gild, "reloaded: generation 3 serves", 1);
	peer_await_generation(peer, 3);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/*
 * More clients are on their way than an inbox holds, and less than it and the
 * master's desk hold: their old generation goes, while the new one does not look.
 */
START_TEST(clients_on_their_way_outlive_their_generation)
{
	enum { MANY = 300 };
	struct gild *gild;
	struct peer *peers[MANY];
	char jobs[MANY][JOB_ID_CHARS + 1];
	int64_t ids[MANY];
	pid_t frontend;

	operator_write(SMALL "heartbeat_timeout = 0\n");
	gild = operator_start(NULL);
	for (int i = 0; i < MANY; i++) {
		peers[i] = peer_connect(gild);
		ids[i] = peer_submit_sleeping(peers[i], jobs[i]);
	}
	operator_reload();
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	ck_assert_int_eq(kill(frontend, SIGSTOP), 0);
	for (int i = 0; i < MANY; i++) {
		peer_cancel(peers[i], jobs[i]);
		peer_expect_end(peers[i], ids[i], "cancelled");
	}
	operator_await_alone(gild, SMALL_CHILDREN);
	/* It has seen that by the second of these. */
	operator_write("nonsense\n");
	for (int i = 1; i <= 2; i++) {
		gild_signal(gild, SIGHUP);
		gild_await_log(gild, "nothing was reloaded", i);
	}
	ck_assert_int_eq(kill(frontend, SIGCONT), 0);
	for (int i = 0; i < MANY; i++)
		peer_await_generation(peers[i], 2);
	gild_stop(gild);
}
END_TEST

/* It goes on by the old configuration for as long as it is there. */
START_TEST(the_owner_cancels_its_own)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = peer_connect(gild);
	id = peer_submit_sleeping(peer, job);
	operator_write("frontends = 1\npool \"other\" { kind = threads }\n");
	operator_reload();
	ck_assert_int_eq(peer_generation(peer), 1);
	json_decref(peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 10, "pool", "threads"));
	peer_cancel(peer, job);
	peer_expect_end(peer, id, "cancelled");
	peer_await_generation(peer, 2);
	json_decref(peer_call_error(peer, "no_such_pool", "job.submit",
	    "{s:i, s:s}", "count", 10, "pool", "threads"));
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_line_may_begin_before_and_end_behind,
	    a_job_of_the_old_generation_finishes,
	    an_executor_of_the_old_generation_is_replaced,
	    half_closed_and_idle_clients,
	    clients_leave_at_a_reload,
	    a_job_of_any_generation_is_cancelled,
	    a_question_to_a_frontend_that_goes_is_answered,
	    a_client_on_its_way_to_a_frontend_that_goes_arrives,
	    clients_on_their_way_outlive_their_generation,
	    the_owner_cancels_its_own,
	};

	return run_suite("reload_clients", tests, COUNT(tests));
}
