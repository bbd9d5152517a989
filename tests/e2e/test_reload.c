/*
 * Reloads: a new generation takes the place of the one that serves, and no
 * client notices. What changes with it, what fails, and what happens at the
 * same time.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/operator.h"

/* A frontend, a worker, an interpreter. */
#define SMALL                                            \
	"frontends = 1\n"                                \
	"pool \"threads\" { kind = threads size = 2 }\n" \
	"pool \"processes\" { kind = processes size = 1 }\n"
#define SMALL_CHILDREN 3

/* Waits until this peer's client has been handed over to a generation. */
static void
await_generation(struct peer *peer, int64_t number)
{
	int64_t end_ms = now_ms() + deadline_ms(), is;

	while ((is = peer_generation(peer)) != number)
		ck_assert_msg(ms_until(end_ms) > 0,
		    "generation %lld serves, not %lld", (long long)is,
		    (long long)number);
}

/* A job that sleeps until it is cancelled, and uses no CPU. */
static int64_t
submit_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1])
{
	int64_t id = peer_call_start(peer, "job.submit",
	    "{s:s, s:I, s:s, s:i, s:i, s:b}", "pool", "processes", "count",
	    ENDLESS, "profile", "io", "io_every", 1, "io_for_us", 10000000,
	    "progress", 1);

	peer_await_job(peer, id, job);
	return id;
}

/* The state in which a job has ended. */
static void
expect_end(struct peer *peer, int64_t id, const char *state)
{
	json_t *result = answer_result(peer_await(peer, id));

	ck_assert_str_eq(text_at(result, "state"), state);
	json_decref(result);
}

static void
cancel(struct peer *peer, const char *job)
{
	json_t *said = peer_call(peer, "job.cancel", "{s:s}", "job", job);

	ck_assert_str_eq(text_at(said, "state"), "cancelled");
	json_decref(said);
}

static void
expect_exit(struct gild *gild, int exit_status)
{
	int status = gild_wait_exit(gild);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == exit_status,
	    "gild ended with wait status %#x", (unsigned)status);
}

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
	await_generation(idle, 2);
	ck_assert_int_eq(operator_reload(), 3);
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 3);
	await_generation(idle, 3);
	await_generation(local, 3);
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
		await_generation(clients[i].peer, 11);
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
	await_generation(slow, 3);
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

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
	expect_end(peer, id, "done");
	await_generation(peer, 2);
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
	await_generation(peer, 2);
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
	expect_end(half, id, "done");
	peer_expect_eof(half);
	await_generation(idle, 2);
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
		ids[i] = submit_sleeping(owners[i], jobs[i]);
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
	cancel(owners[0], jobs[1]);
	expect_end(owners[1], ids[1], "cancelled");
	cancel(newest, jobs[0]);
	expect_end(owners[0], ids[0], "cancelled");
	cancel(newest, jobs[2]);
	expect_end(owners[2], ids[2], "cancelled");
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
	submit_sleeping(owner, job);
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
	id = submit_sleeping(peer, job);
	operator_reload();
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	ck_assert_int_eq(kill(frontend, SIGSTOP), 0);
	cancel(peer, job);
	expect_end(peer, id, "cancelled");
	/* The first generation has nobody left, and goes. */
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_signal(gild, SIGHUP);
	/* The third is there, and cannot take over from who does not answer. */
	operator_await_alone(gild, 2 * SMALL_CHILDREN);
	gild_await_log(gild, "SIGHUP: reloading", 1);
	ck_assert_int_eq(peer_generation(operator_connect()), 3);
	ck_assert_int_eq(kill(frontend, SIGKILL), 0);
	gild_await_log(gild, "reloaded: generation 3 serves", 1);
	await_generation(peer, 3);
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
		ids[i] = submit_sleeping(peers[i], jobs[i]);
	}
	operator_reload();
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	ck_assert_int_eq(kill(frontend, SIGSTOP), 0);
	for (int i = 0; i < MANY; i++) {
		cancel(peers[i], jobs[i]);
		expect_end(peers[i], ids[i], "cancelled");
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
		await_generation(peers[i], 2);
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
	id = submit_sleeping(peer, job);
	operator_write("frontends = 1\npool \"other\" { kind = threads }\n");
	operator_reload();
	ck_assert_int_eq(peer_generation(peer), 1);
	json_decref(peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 10, "pool", "threads"));
	cancel(peer, job);
	expect_end(peer, id, "cancelled");
	await_generation(peer, 2);
	json_decref(peer_call_error(peer, "no_such_pool", "job.submit",
	    "{s:i, s:s}", "count", 10, "pool", "threads"));
	gild_stop(gild);
}
END_TEST

/* --- what a configuration changes --- */

static size_t
count_executors(struct gild *gild, const char *pool)
{
	json_t *stats = gild_stats(gild), *entry;
	size_t i, n = 0;

	json_array_foreach (value_at(stats, "pools"), i, entry) {
		if (strcmp(text_at(entry, "name"), pool) == 0)
			n = json_array_size(value_at(entry, "executors"));
	}
	json_decref(stats);
	return n;
}

START_TEST(pools_come_go_and_change_their_size)
{
	struct gild *gild;
	struct peer *old, *peer;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	operator_write("frontends = 1\n"
		       "pool \"processes\" { kind = processes size = 1 }\n"
		       "pool \"sized\" { kind = processes size = 1 }\n");
	gild = operator_start(NULL);
	old = peer_connect(gild);
	id = submit_sleeping(old, job);
	operator_write("frontends = 2\n"
		       "pool \"sized\" { kind = processes size = 4 }\n"
		       "pool \"new\" { kind = threads size = 3 }\n");
	operator_reload();
	peer = peer_connect(gild);
	ck_assert_uint_eq(count_executors(gild, "processes"), 0);
	ck_assert_uint_eq(count_executors(gild, "sized"), 4);
	ck_assert_uint_eq(count_executors(gild, "new"), 3);
	json_decref(peer_call(peer, "job.submit", "{s:i, s:s, s:i}", "count",
	    100, "pool", "new", "workers", 3));
	json_decref(peer_call_error(peer, "no_such_pool", "job.submit",
	    "{s:i, s:s}", "count", 100, "pool", "processes"));
	cancel(peer, job);
	expect_end(old, id, "cancelled");
	operator_await_alone(gild, 2 + 4 + 1);
	gild_stop(gild);
}
END_TEST

static bool
exists(const char *address)
{
	struct stat stat_of;

	return lstat(address + strlen("unix:"), &stat_of) == 0;
}

START_TEST(addresses_come_and_go)
{
	struct gild *gild;
	struct peer *old, *peer;
	char other[128];
	json_t *info;

	snprintf(other, sizeof(other), "unix:%s/other.sock", scratch_dir());
	operator_write(
	    "listen = {\"%s\", \"%s\"}\n" SMALL, other, operator_address());
	gild = operator_start(NULL);
	ck_assert_str_eq(gild->address, other);
	old = peer_connect(gild);
	json_decref(peer_call(old, "server.ping", NULL));
	operator_write(
	    "listen = {\"%s\", \"127.0.0.1:0\"}\n" SMALL, operator_address());
	operator_reload();
	ck_assert(!exists(other));
	ck_assert(exists(operator_address()));
	info = peer_call(operator_connect(), "server.info", NULL);
	ck_assert_uint_eq(json_array_size(value_at(info, "addresses")), 2);
	peer = peer_connect_to(text_at(info, "addresses.1"), 0);
	ck_assert_int_eq(peer_generation(peer), 2);
	/* Who came by the old address is still there. */
	await_generation(old, 2);
	/* The port that the kernel chose is kept, as long as it is asked for. */
	operator_reload();
	json_decref(peer_call(peer_connect_to(text_at(info, "addresses.1"), 0),
	    "server.ping", NULL));
	json_decref(info);
	operator_write(
	    "listen = {\"%s\", \"%s\"}\n" SMALL, operator_address(), other);
	operator_reload();
	ck_assert(exists(other));
	ck_assert_int_eq(peer_generation(peer_connect_to(other, 0)), 4);
	gild_stop(gild);
	ck_assert(!exists(other));
	ck_assert(!exists(operator_address()));
}
END_TEST

/* A port that is no longer ours refuses. */
START_TEST(a_tcp_address_that_was_removed_refuses)
{
	struct gild *gild;
	struct run *run;

	operator_write(SMALL);
	gild = operator_start(NULL);
	operator_write("listen = {\"%s\"}\n" SMALL, operator_address());
	operator_reload();
	run = run_program(NULL, "gilctl", "-s", gild->address, "ping", NULL);
	ck_assert_int_ne(run->exit_status, 0);
	ck_assert_ptr_nonnull(strstr(run->err, strerror(ECONNREFUSED)));
	gild_stop(gild);
}
END_TEST

/* --- what fails changes nothing --- */

START_TEST(a_broken_file_changes_nothing)
{
	struct gild *gild;
	char expected[256];
	size_t n_fds;

	operator_write(SMALL);
	gild = operator_start(NULL);
	n_fds = process_count_fds(gild->pid);
	operator_write("frontends = 1\nmax_jobs = lots\n");
	snprintf(
	    expected, sizeof(expected), "%s:3: max_jobs: ", operator_file());
	ck_assert_int_eq(strncmp(operator_reload_error("reload_failed"),
			     expected, strlen(expected)),
	    0);
	gild_signal(gild, SIGHUP);
	gild_await_log(gild, "nothing was reloaded: ", 2);
	operator_write("listen = {\"unix:/no/such/folder/sock\"}\n");
	ck_assert_ptr_nonnull(strstr(
	    operator_reload_error("reload_failed"), "/no/such/folder/sock"));
	operator_write("listen = {\"0.0.0.0:0\"}\n");
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), "allow_remote"));
	ck_assert_int_eq(unlink(operator_file()), 0);
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), operator_file()));
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_uint_eq(process_count_fds(gild->pid), n_fds);
	/* And then it is put right. */
	operator_write(SMALL);
	ck_assert_int_eq(operator_reload(), 2);
	gild_stop(gild);
}
END_TEST

/* Nothing is left for another generation: no descriptors. */
START_TEST(a_generation_that_cannot_be_made_changes_nothing)
{
	struct gild *gild;
	struct rlimit before, limit;
	pid_t pids[16];

	operator_write(SMALL);
	gild = operator_start(NULL);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, NULL, &before), 0);
	limit = before;
	limit.rlim_cur = process_count_fds(gild->pid) + 4;
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, &limit, NULL), 0);
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), strerror(EMFILE)));
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_uint_eq(
	    process_children(gild->pid, pids, 16), SMALL_CHILDREN);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, &before, NULL), 0);
	ck_assert_int_eq(operator_reload(), 2);
	gild_stop(gild);
}
END_TEST

static uint64_t
address_space_bytes(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* An interpreter that cannot have all of its threads gives up. */
START_TEST(a_generation_that_does_not_get_ready_changes_nothing)
{
	struct gild *gild;
	struct rlimit before, limit;
	const char *detail;

	if (test_scale() > 1)
		return; /* a sanitizer does not survive that */
	operator_write(SMALL);
	gild = operator_start(NULL);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, NULL, &before), 0);
	limit = before;
	limit.rlim_cur = address_space_bytes(gild->pid) + (256 << 20);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, &limit, NULL), 0);
	operator_write("frontends = 1\npool \"many\" { kind = threads size = "
		       "200 events_kept = 64 }\n");
	detail = operator_reload_error("reload_failed");
	ck_assert_msg(strstr(detail, "interpreter (many)") != NULL &&
		strstr(detail, "before it was ready") != NULL,
	    "%s", detail);
	operator_await_alone(gild, SMALL_CHILDREN);
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, &before, NULL), 0);
	operator_reload();
	operator_await_alone(gild, 2);
	gild_stop(gild);
}
END_TEST

/* A user who has no other process. */
static char somebody[16];

/*
 * Root may fork as often as it likes: gild is a copy that somebody else runs.
 */
static void
become_somebody_else(void)
{
	static char wrapper[128];
	const char *gild = getenv("GILD");
	char copy[128], command[1024];
	FILE *file;

	snprintf(copy, sizeof(copy), "%s/gild", scratch_dir());
	snprintf(command, sizeof(command),
	    "cp %s %s && chmod 0711 %s/.. && chmod 0777 %s",
	    gild != NULL && gild[0] != '\0' ? gild : "./gild", copy,
	    scratch_dir(), scratch_dir());
	ck_assert_int_eq(
	    run_program(NULL, "sh", "-c", command, NULL)->exit_status, 0);
	snprintf(wrapper, sizeof(wrapper), "%s/wrapper", scratch_dir());
	file = fopen(wrapper, "we");
	ck_assert_ptr_nonnull(file);
	snprintf(
	    somebody, sizeof(somebody), "%u", 1000000000U + (unsigned)getpid());
	fprintf(file,
	    "#!/bin/sh\nexec setpriv --reuid %s --regid %s --clear-groups "
	    "%s \"$@\"\n",
	    somebody, somebody, copy);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(wrapper, 0755), 0);
	setenv("GILD", wrapper, 1);
}

/* Somebody's soft limit of processes and threads. */
static void
limit_processes(struct gild *gild, const char *n)
{
	char pid[16], limit[32];

	snprintf(pid, sizeof(pid), "%d", (int)gild->pid);
	snprintf(limit, sizeof(limit), "--nproc=%s:", n);
	ck_assert_int_eq(run_program(NULL, "setpriv", "--reuid", somebody,
			     "--regid", somebody, "--clear-groups", "prlimit",
			     "--pid", pid, limit, NULL)
			     ->exit_status,
	    0);
}

START_TEST(a_generation_that_cannot_fork_changes_nothing)
{
	/* Not once, and once beside the master and its children, one of which
	 * has two threads more. */
	static const char *const limits[] = {"1", "7"};
	struct gild *gild;

	if (geteuid() != 0 || !scratch_open_to_others())
		return; /* who else runs as we do counts, too */
	become_somebody_else();
	operator_write(SMALL);
	gild = operator_start(NULL);
	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *detail;

		limit_processes(gild, limits[i]);
		detail = operator_reload_error("reload_failed");
		ck_assert_msg(
		    strstr(detail, "cannot fork") != NULL, "%s", detail);
		operator_await_alone(gild, SMALL_CHILDREN);
		ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	}
	limit_processes(gild, "1000");
	operator_reload();
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
	id = submit_sleeping(peer, job);
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
	cancel(peer, job);
	expect_end(peer, id, "cancelled");
	peer_expect_eof(peer);
	expect_exit(gild, 0);
	ck_assert(!exists(operator_address()));
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
	id = submit_sleeping(peer, job);
	json_decref(peer_call(peer, "server.drain", NULL));
	gild_signal(gild, SIGHUP);
	json_decref(
	    peer_call_error(peer, "shutting_down", "server.reload", NULL));
	cancel(peer, job);
	expect_end(peer, id, "cancelled");
	peer_expect_eof(peer);
	expect_exit(gild, 0);
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
			ids[j] = submit_sleeping(peers[j], job);
			if (j < 2)
				operator_reload();
		}
		if (i == 0)
			gild_signal(gild, SIGTERM);
		else
			json_decref(peer_call(
			    operator_connect(), "server.shutdown", NULL));
		for (int j = 0; j < 3; j++) {
			expect_end(peers[j], ids[j], "cancelled");
			peer_expect_eof(peers[j]);
		}
		peer_close_all();
		expect_exit(gild, 0);
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
		ids[i] = submit_sleeping(peers[i], jobs[i]);
		ck_assert_int_eq(operator_reload(), i + 2);
	}
	detail = operator_reload_error("reload_failed");
	ck_assert_msg(strstr(detail, "15 generations") != NULL, "%s", detail);
	/* One goes, whichever it is: there is room for another. */
	cancel(peers[7], jobs[7]);
	expect_end(peers[7], ids[7], "cancelled");
	operator_await_alone(gild, (MAX_CREWS - 1) * SMALL_CHILDREN);
	reload_again();
	for (int i = 0; i < MAX_CREWS - 1; i++) {
		if (i == 7)
			continue;
		cancel(peers[MAX_CREWS - 2], jobs[i]);
		expect_end(peers[i], ids[i], "cancelled");
	}
	for (int i = 0; i < MAX_CREWS - 1; i++)
		await_generation(peers[i], MAX_CREWS + 1);
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
	await_generation(idle, 51);
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
	    pools_come_go_and_change_their_size,
	    addresses_come_and_go,
	    a_tcp_address_that_was_removed_refuses,
	    a_broken_file_changes_nothing,
	    a_generation_that_cannot_be_made_changes_nothing,
	    a_generation_that_does_not_get_ready_changes_nothing,
	    a_generation_that_cannot_fork_changes_nothing,
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
