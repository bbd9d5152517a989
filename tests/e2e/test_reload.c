/*
 * Reloads: a new generation takes the place of the one that serves; under load,
 * with several orders at the same time, and often. What clients notice of one is
 * test_reload_clients.c's, and what it changes test_reload_changes.c's.
 */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/operator.h"

/* --- a new generation --- */

START_TEST(a_signal_or_an_operator_reloads)
{
	struct gild *gild;
	struct peer *idle, *local;

	operator_write(SMALL);
	gild = operator_start(NULL);
	idle = peer_connect(gild);
	local = operator_connect();
	ck_assert_int_eq(peer_generation(idle), 1);
	gild_signal(gild, SIGHUP);
	gild_await_log(gild, "reloaded: generation 2 serves", 1);
	/* Who connects now gets to it at once, and who was there soon. */
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 2);
	peer_await_generation(idle, 2);
	ck_assert_int_eq(operator_reload(), 3);
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 3);
	peer_await_generation(idle, 3);
	peer_await_generation(local, 3);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/* The one that asks is handed over, too, and asks again and again. */
START_TEST(one_client_reloads_often)
{
	struct gild *gild;
	struct peer *peer;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = operator_connect();
	for (int i = 2; i < 12; i++) {
		json_t *said = peer_call(peer, "server.reload", NULL);

		ck_assert_int_eq(int_at(said, "generation"), i);
		ck_assert_str_eq(text_at(said, "addresses.0"), gild->address);
		ck_assert_str_eq(
		    text_at(said, "addresses.1"), operator_address());
		json_decref(said);
	}
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/* --- under load --- */

enum { CLIENTS = 6, IN_FLIGHT = 8, MAX_JOBS = 200000 };

struct client {
	struct peer *peer;
	int n_sent, n_answered;
	bool *has_seen; /* by the call's id */
};

static void
client_send(struct client *client)
{
	int n = ++client->n_sent;

	ck_assert_int_lt(n, MAX_JOBS);
	ck_assert_int_eq(
	    peer_call_start(client->peer, "job.submit", "{s:i, s:i, s:i, s:s}",
		"count", 100 + n % 1000, "cost_ns", 1000, "workers", 1 + n % 3,
		"pool", n % 2 == 0 ? "threads" : "processes"),
	    n);
}

static void
client_receive(struct client *client)
{
	json_t *answer = peer_receive(client->peer);
	int64_t id = int_at(answer, "id");

	ck_assert(id >= 1 && id <= client->n_sent && !client->has_seen[id]);
	client->has_seen[id] = true;
	client->n_answered++;
	ck_assert_str_eq(text_at(answer, "result.state"), "done");
	ck_assert_int_eq(int_at(answer, "result.count"), 100 + id % 1000);
	ck_assert_int_eq(
	    sum_of(value_at(answer, "result.tasks"), "turns"), 100 + id % 1000);
	ck_assert_int_eq(int_at(answer, "result.attempts"), 1);
	json_decref(answer);
}

/* Answers come and new jobs go until this peer has an answer, too. */
static void
keep_busy_until(struct client clients[CLIENTS], struct peer *operator)
{
	while (!peer_has_input(operator, 0)) {
		for (int i = 0; i < CLIENTS; i++) {
			struct client *client = &clients[i];

			while (client->n_sent - client->n_answered < IN_FLIGHT)
				client_send(client);
			while (peer_has_input(client->peer, 1))
				client_receive(client);
		}
	}
}

START_TEST(ten_reloads_under_load)
{
	struct client clients[CLIENTS] = {{.n_sent = 0}};
	struct gild *gild;
	struct peer *operator;

	operator_write("frontends = 2\n"
		       "pool \"threads\" { kind = threads size = 2 }\n"
		       "pool \"processes\" { kind = processes size = 2 }\n");
	gild = operator_start(NULL);
	operator= operator_connect();
	for (int i = 0; i < CLIENTS; i++) {
		clients[i].peer =
		    i % 2 == 0 ? peer_connect(gild) : operator_connect();
		clients[i].has_seen = calloc(MAX_JOBS, sizeof(bool));
		ck_assert_ptr_nonnull(clients[i].has_seen);
	}
	for (int i = 0; i < 10; i++) {
		int64_t id = peer_call_start(operator, "server.reload", NULL);
		json_t *result;

		keep_busy_until(clients, operator);
		result = answer_result(peer_await(operator, id));
		ck_assert_int_eq(int_at(result, "generation"), i + 2);
		json_decref(result);
	}
	for (int i = 0; i < CLIENTS; i++) {
		while (clients[i].n_answered < clients[i].n_sent)
			client_receive(&clients[i]);
		/* Nothing beyond that, and it is still connected. */
		peer_await_generation(clients[i].peer, 11);
		free(clients[i].has_seen);
	}
	operator_await_alone(gild, 2 + 1 + 2);
	gild_stop(gild);
}
END_TEST

/* Much is unsent and unread while its generation goes. */
START_TEST(who_does_not_read_gets_all_answers)
{
	enum { CALLS = 3000 };
	struct gild *gild;
	struct peer *slow;

	operator_write(SMALL "max_unsent = 64K\n");
	gild = operator_start(NULL);
	slow = peer_connect_small(gild);
	for (int i = 0; i < CALLS; i++) {
		char line[128];
		int n = snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":%d,"
		    "\"method\":\"server.info\"}\n",
		    i);

		if (i == CALLS / 2)
			operator_reload();
		if (peer_try_send(slow, line, (size_t)n, 100) < (size_t)n) {
			/* Gild reads no more: neither does it hold more. */
			ck_assert_int_gt(i, 0);
			for (int j = 0; j < i; j++) {
				json_t *answer = peer_receive(slow);

				ck_assert_int_eq(int_at(answer, "id"), j);
				json_decref(answer);
			}
			peer_close(slow);
			operator_await_alone(gild, SMALL_CHILDREN);
			gild_stop(gild);
			return;
		}
	}
	operator_reload();
	for (int i = 0; i < CALLS; i++) {
		json_t *answer = peer_receive(slow);

		ck_assert_int_eq(int_at(answer, "id"), i);
		json_decref(answer);
	}
	peer_await_generation(slow, 3);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

/* --- at the same time --- */

/* The master stands still meanwhile: what is asked of it comes all at once. */
START_TEST(a_second_order_is_refused_while_one_is_under_way)
{
	struct gild *gild;
	struct peer *peer;
	int64_t ids[2];
	json_t *answer, *result;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = operator_connect();
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_signal(gild, SIGSTOP);
	for (int i = 0; i < 2; i++)
		ids[i] = peer_call_start(peer, "server.reload", NULL);
	json_decref(peer_call(peer, "server.ping", NULL)); /* both are there */
	gild_signal(gild, SIGCONT);
	answer = peer_await(peer, ids[1]);
	ck_assert_str_eq(text_at(answer, "error.data.reason"), "busy");
	json_decref(answer);
	result = answer_result(peer_await(peer, ids[0]));
	ck_assert_int_eq(int_at(result, "generation"), 2);
	json_decref(result);
	ck_assert_int_eq(operator_reload(), 3);
	gild_stop(gild);
}
END_TEST

/* A signal is not refused: its reload comes behind the one under way. */
START_TEST(a_signal_while_a_reload_is_under_way_is_not_lost)
{
	struct gild *gild;
	struct peer *peer;
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = operator_connect();
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_signal(gild, SIGSTOP);
	id = peer_call_start(peer, "server.reload", NULL);
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_signal(gild, SIGHUP);
	gild_signal(gild, SIGCONT);
	/* Whichever it reads first: both, or the signal's and busy. */
	json_decref(peer_await(peer, id));
	gild_await_log(gild, "SIGHUP: reloading", 1);
	gild_await_log(gild, "reloaded: generation 2 serves", 1);
	operator_await_alone(gild, SMALL_CHILDREN);
	ck_assert_int_ge(peer_generation(peer_connect(gild)), 2);
	gild_stop(gild);
}
END_TEST

/* The new generation has not even begun to serve. */
START_TEST(stopping_while_a_reload_is_under_way)
{
	struct gild *gild;
	struct peer *peer, *operator;
	char job[JOB_ID_CHARS + 1];
	int64_t id, reload;
	json_t *answer;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = peer_connect(gild);
	operator= operator_connect();
	id = peer_submit_sleeping(peer, job);
	gild_signal(gild, SIGSTOP);
	reload = peer_call_start(operator, "server.reload", NULL);
	json_decref(peer_call(operator, "server.ping", NULL));
	gild_signal(gild, SIGHUP); /* the lower number: it is read first */
	gild_signal(gild, SIGTERM);
	gild_signal(gild, SIGCONT);
	answer = peer_await(operator, reload);
	ck_assert_ptr_nonnull(json_object_get(answer, "error"));
	json_decref(answer);
	peer_expect_eof(operator);
	peer_cancel(peer, job);
	peer_expect_end(peer, id, "cancelled");
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
	ck_assert_int_ne(access(operator_address() + strlen("unix:"), F_OK), 0);
}
END_TEST

START_TEST(reloading_while_it_drains)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	operator_write(SMALL);
	gild = operator_start(NULL);
	peer = operator_connect();
	id = peer_submit_sleeping(peer, job);
	json_decref(peer_call(peer, "server.drain", NULL));
	gild_signal(gild, SIGHUP);
	json_decref(
	    peer_call_error(peer, "shutting_down", "server.reload", NULL));
	peer_cancel(peer, job);
	peer_expect_end(peer, id, "cancelled");
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
}
END_TEST

/* Older generations stop with the newest. */
START_TEST(stopping_with_several_generations)
{
	for (int i = 0; i < 2; i++) {
		struct gild *gild;
		struct peer *peers[3];
		char job[JOB_ID_CHARS + 1];
		int64_t ids[3];

		operator_write(SMALL "drain_timeout = 200ms\n");
		gild = operator_start(NULL);
		for (int j = 0; j < 3; j++) {
			peers[j] = peer_connect(gild);
			ids[j] = peer_submit_sleeping(peers[j], job);
			if (j < 2)
				operator_reload();
		}
		if (i == 0)
			gild_signal(gild, SIGTERM);
		else
			json_decref(peer_call(
			    operator_connect(), "server.shutdown", NULL));
		for (int j = 0; j < 3; j++) {
			peer_expect_end(peers[j], ids[j], "cancelled");
			peer_expect_eof(peers[j]);
		}
		peer_close_all();
		gild_expect_exit(gild, 0);
	}
}
END_TEST

/* --- many --- */

enum { MAX_CREWS = 16 }; /* as in daemon/master_private.h */

/* As the answer says: when some have ended, which the master sees last. */
static void
reload_again(void)
{
	struct peer *peer = operator_connect();
	int64_t end_ms = now_ms() + deadline_ms();
	bool is_done = false;

	while (!is_done) {
		json_t *answer = peer_await(
		    peer, peer_call_start(peer, "server.reload", NULL));

		is_done = json_object_get(answer, "result") != NULL;
		ck_assert(is_done || ms_until(end_ms) > 0);
		json_decref(answer);
	}
	ck_assert_int_eq(
	    peer_generation(peer_connect_to(operator_address(), 0)),
	    MAX_CREWS + 1);
	peer_close(peer);
}

START_TEST(there_is_a_bound_on_generations)
{
	struct gild *gild;
	struct peer *peers[MAX_CREWS - 1];
	char jobs[MAX_CREWS - 1][JOB_ID_CHARS + 1];
	int64_t ids[MAX_CREWS - 1];
	const char *detail;

	operator_write(SMALL);
	gild = operator_start(NULL);
	for (int i = 0; i < MAX_CREWS - 1; i++) {
		peers[i] = peer_connect(gild);
		ids[i] = peer_submit_sleeping(peers[i], jobs[i]);
		ck_assert_int_eq(operator_reload(), i + 2);
	}
	detail = operator_reload_error("reload_failed");
	ck_assert_msg(strstr(detail, "15 generations") != NULL, "%s", detail);
	/* One goes, whichever it is: there is room for another. */
	peer_cancel(peers[7], jobs[7]);
	peer_expect_end(peers[7], ids[7], "cancelled");
	operator_await_alone(gild, (MAX_CREWS - 1) * SMALL_CHILDREN);
	reload_again();
	for (int i = 0; i < MAX_CREWS - 1; i++) {
		if (i == 7)
			continue;
		peer_cancel(peers[MAX_CREWS - 2], jobs[i]);
		peer_expect_end(peers[i], ids[i], "cancelled");
	}
	for (int i = 0; i < MAX_CREWS - 1; i++)
		peer_await_generation(peers[i], MAX_CREWS + 1);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

static void
fail_to_reload(void)
{
	operator_write("frontends = 0\n");
	operator_reload_error("reload_failed");
	operator_write("listen = {\"127.0.0.1:0\", \"unix:/no/such/sock\"}\n");
	operator_reload_error("reload_failed");
	operator_write(SMALL);
}

START_TEST(reloads_leave_nothing_behind)
{
	struct gild *gild;
	struct peer *idle;
	size_t n_fds;

	operator_write(SMALL);
	gild = operator_start(NULL);
	idle = peer_connect(gild);
	/* Behind a reload they might be those of two generations still. */
	n_fds = process_count_fds(gild->pid);
	for (int i = 0; i < 50; i++) {
		operator_reload();
		if (i % 10 == 9) /* and some that fail */
			fail_to_reload();
	}
	operator_await_alone(gild, SMALL_CHILDREN);
	peer_await_generation(idle, 51);
	/* The last child has gone, and its crew a turn later. */
	for (int64_t end_ms = now_ms() + deadline_ms();
	     process_count_fds(gild->pid) != n_fds; poll(NULL, 0, 10))
		ck_assert_msg(ms_until(end_ms) > 0, "%zu descriptors, not %zu",
		    process_count_fds(gild->pid), n_fds);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_signal_or_an_operator_reloads,
	    one_client_reloads_often,
	    ten_reloads_under_load,
	    who_does_not_read_gets_all_answers,
	    a_second_order_is_refused_while_one_is_under_way,
	    a_signal_while_a_reload_is_under_way_is_not_lost,
	    stopping_while_a_reload_is_under_way,
	    reloading_while_it_drains,
	    stopping_with_several_generations,
	    there_is_a_bound_on_generations,
	    reloads_leave_nothing_behind,
	};

	return run_suite("reload", tests, COUNT(tests));
}
