/*
 * The limits of one connection and of all: the error of each, what it says, when
 * to try again, and that it is so. And what takes a client too long. The limits
 * on lines, batches and numbers of jobs are test_bounds.c's.
 */
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/harness.h"
#include "tests/e2e/operator.h"

/* Aborts unless the error says when to try again, and names the limit. */
static int64_t
check_limit(json_t *error, const char *limit)
{
	int64_t retry_ms = int_at(error, "data.retry_after_ms");

	ck_assert_int_gt(retry_ms, 0);
	ck_assert_ptr_nonnull(strstr(text_at(error, "data.detail"), limit));
	json_decref(error);
	return retry_ms;
}

static void
check_served(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);

	json_decref(peer_call(peer, "server.ping", NULL));
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
	peer_close(peer);
}

/* --- jobs --- */

START_TEST(jobs_that_have_not_begun_are_bounded)
{
	struct gild *gild = gild_start(
	    "-o", "max_queued=3", "-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t running =
	    peer_submit_running(peer, job, "processes", ENDLESS, 1);
	int64_t ids[3], late;

	/* One of them waits for its time. */
	for (int i = 0; i < 3; i++)
		ids[i] = peer_call_start(peer, "job.submit", "{s:i, s:i}",
		    "count", 1, "start_after_ms", i == 0 ? 3600000 : 0);
	check_limit(
	    peer_call_error(peer, "busy", "job.submit", "{s:i}", "count", 1),
	    "max_queued = 3");
	late = peer_call_start(other, "job.submit", "{s:i}", "count", 1);
	/* The one that runs makes room for them, and they for others. */
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(answer_result(peer_await(peer, running)));
	for (int i = 1; i < 3; i++)
		json_decref(answer_result(peer_await(peer, ids[i])));
	json_decref(answer_result(peer_await(other, late)));
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
	gild_stop(gild);
}
END_TEST

START_TEST(jobs_in_flight_and_in_all_say_when_to_try_again)
{
	struct gild *gild = gild_start("-o", "frontends=1", "-o",
	    "max_in_flight=1", "-o", "max_jobs=2", NULL);
	struct peer *peers[3];
	char job[JOB_ID_CHARS + 1];
	int64_t id = 0;

	for (int i = 0; i < 3; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < 2; i++)
		id =
		    peer_submit_running(peers[i], job, "processes", ENDLESS, 1);
	check_limit(peer_call_error(
			peers[0], "busy", "job.submit", "{s:i}", "count", 1),
	    "max_in_flight = 1");
	check_limit(peer_call_error(
			peers[2], "busy", "job.submit", "{s:i}", "count", 1),
	    "max_jobs = 2");
	json_decref(peer_call(peers[2], "job.cancel", "{s:s}", "job", job));
	json_decref(answer_result(peer_await(peers[1], id)));
	json_decref(peer_call(peers[2], "job.submit", "{s:i}", "count", 1));
	gild_stop(gild);
}
END_TEST

/* How many of so many are not rate_limited. */
static int
count_admitted(struct peer *peer, int n)
{
	int n_admitted = 0;

	for (int i = 0; i < n; i++) {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.submit", "{s:i}", "count", 1));
		const json_t *error = json_object_get(answer, "error");

		if (error == NULL)
			n_admitted++;
		else
			ck_assert_str_eq(
			    text_at(error, "data.reason"), "rate_limited");
		json_decref(answer);
	}
	return n_admitted;
}

START_TEST(jobs_a_second_are_bounded)
{
	struct gild *gild = gild_start("-o", "max_rate=2", NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	int64_t start_ms = now_ms(), retry_ms, end_ms;
	int n_admitted = count_admitted(peer, 10);
	json_t *answer = NULL, *error;

	ck_assert_int_ge(n_admitted, 2);
	ck_assert_int_le(
	    n_admitted, 2 + 2 * (now_ms() - start_ms + 1000) / 1000);
	/* It is each connection's own; and only jobs count. */
	json_decref(peer_call(other, "job.submit", "{s:i}", "count", 1));
	for (int i = 0; i < 10; i++)
		json_decref(peer_call(peer, "server.ping", NULL));
	/* What is wrong costs nothing. */
	json_decref(peer_call_error(other, "no_such_pool", "job.submit",
	    "{s:i, s:s}", "count", 1, "pool", "none"));
	json_decref(peer_call_error(
	    other, "invalid_params", "job.submit", "{s:i}", "count", 0));
	json_decref(peer_call(other, "job.submit", "{s:i}", "count", 1));
	/* And when it is said to be time, it is. */
	do {
		json_decref(answer);
		answer = peer_await(peer,
		    peer_call_start(peer, "job.submit", "{s:i}", "count", 1));
		error = json_object_get(answer, "error");
	} while (error == NULL);
	retry_ms = check_limit(json_incref(error), "max_rate = 2");
	json_decref(answer);
	ck_assert_int_le(retry_ms, 500);
	end_ms = now_ms() + retry_ms;
	while (ms_until(end_ms) > 0)
		ck_assert(!peer_has_input(peer, ms_until(end_ms)));
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
	gild_stop(gild);
}
END_TEST

/* --- bytes --- */

/* Submits so many endless jobs of 64 tasks at once; how many are accepted. */
static int
count_accepted(struct peer *peer, int n)
{
	int n_accepted = n;
	int64_t ping;

	for (int i = 0; i < n; i++)
		peer_call_start(peer, "job.submit", "{s:I, s:i}", "count",
		    ENDLESS, "workers", 64);
	/* What is refused is refused before this is answered. */
	ping = peer_call_start(peer, "server.ping", NULL);
	for (;;) {
		json_t *answer = peer_receive(peer);

		if (int_at(answer, "id") == ping) {
			json_decref(answer_result(answer));
			return n_accepted;
		}
		ck_assert_str_eq(text_at(answer, "error.data.reason"), "busy");
		check_limit(json_incref(value_at(answer, "error")),
		    "max_client_bytes = 524288");
		json_decref(answer);
		n_accepted--;
	}
}

/* Room for answers, 33 KiB each, is what one has and another has not. */
START_TEST(answers_that_are_to_come_are_bounded)
{
	struct gild *gild = gild_start("-o", "frontends=1", "-o",
	    "max_client_bytes=512k", "-o", "max_connections=8", NULL);
	struct peer *greedy = peer_connect(gild), *modest = peer_connect(gild);
	json_t *answer;

	ck_assert_int_eq(count_accepted(greedy, 30), 15);
	ck_assert_int_eq(count_accepted(modest, 2), 0);
	/* The other one has its share, of 32 KiB. */
	answer = peer_call(modest, "job.submit", "{s:i, s:s, s:i}", "count", 4,
	    "pool", "threads", "workers", 4);
	ck_assert_str_eq(text_at(answer, "state"), "done");
	json_decref(answer);
	peer_close(greedy);
	gild_await_idle(gild);
	ck_assert_int_eq(count_accepted(modest, 2), 2);
	gild_stop(gild);
}
END_TEST

/* Lines that do not end, of many clients: together they have a bound. */
START_TEST(half_lines_are_bounded_in_all)
{
	enum { CLIENTS = 32, EACH = 900000 };
	struct gild *gild =
	    gild_start("-o", "frontends=1", "-o", "max_client_bytes=1M", "-o",
		"max_connections=64", "-o", "line_timeout=2s", NULL);
	struct peer *peers[CLIENTS];
	static char part[EACH];
	uint64_t before_kib = gild_rss_kib(gild);

	memset(part, 'x', sizeof(part));
	for (int i = 0; i < CLIENTS; i++) {
		peers[i] = peer_connect_small(gild);
		peer_try_send(peers[i], part, sizeof(part), 50);
	}
	/* What it would read it has read by then. */
	for (int i = 0; i < 100; i++)
		check_served(gild);
	ck_assert_uint_lt(gild_rss_kib(gild),
	    before_kib + 8 * 1024 * (test_scale() > 1 ? 20 : 1));
	/* Those who had begun are told to have been too late. */
	for (int i = 0; i < CLIENTS; i++) {
		json_t *answer = peer_receive(peers[i]);

		ck_assert_str_eq(text_at(answer, "error.data.reason"),
		    "connection_timed_out");
		json_decref(answer);
	}
	gild_stop(gild);
}
END_TEST

/* As PROTOCOL.md has the formula. */
START_TEST(the_bound_on_memory_is_what_it_says)
{
	struct gild *gild = gild_start("-o", "frontends=3", "-o",
	    "max_connections=100", "-o", "max_jobs=5000", "-o",
	    "max_client_bytes=64M", "-o", "max_workers=8", "-o", "max_line=2k",
	    "-o", "max_batch=10", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *info = peer_call(peer, "server.info", NULL), *pool;
	int64_t shared = int_at(info, "memory.shared_bytes"), own, running = 0;
	size_t i;

	json_array_foreach (value_at(info, "pools"), i, pool)
		running += int_at(pool, "size") + 256 + 10;
	own = (16 << 20) + 100 * int_at(info, "memory.connection_bytes") +
	    5000 * int_at(info, "memory.job_bytes") +
	    running * (8 * int_at(info, "memory.task_bytes") + 4096) +
	    (64 << 20) + 2 * 100 * ((64 << 20) / 2 / 100) + 4 * 2048 +
	    10 * 32 * 256;
	ck_assert_int_gt(shared, 0);
	ck_assert_int_eq(int_at(info, "memory.frontend_bytes"), own + shared);
	ck_assert_int_eq(int_at(info, "memory.total_bytes"), 3 * own + shared);
	json_decref(info);
	gild_stop(gild);
}
END_TEST

/* --- time --- */

/* The next message that is no job.progress. */
static json_t *
receive_answer(struct peer *peer)
{
	json_t *answer = peer_receive(peer);

	while (json_object_get(answer, "method") != NULL) {
		json_decref(answer);
		answer = peer_receive(peer);
	}
	return answer;
}

static void
expect_timed_out(struct peer *peer, const char *option)
{
	json_t *answer = receive_answer(peer);

	ck_assert(json_is_null(value_at(answer, "id")));
	ck_assert_int_eq(int_at(answer, "error.code"), -32014);
	ck_assert_ptr_nonnull(
	    strstr(text_at(answer, "error.data.detail"), option));
	json_decref(answer);
	peer_expect_eof(peer);
}

START_TEST(an_idle_connection_ends)
{
	struct gild *gild = gild_start("-o", "idle_timeout=1s", NULL);
	struct peer *peer = peer_connect(gild), *busy = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(busy, job, "processes", ENDLESS, 1);

	expect_timed_out(peer, "idle_timeout = 1000");
	/* Who waits for an answer is not idle. */
	json_decref(peer_call(busy, "job.cancel", "{s:s}", "job", job));
	json_decref(answer_result(peer_await(busy, id)));
	expect_timed_out(busy, "idle_timeout = 1000");
	gild_stop(gild);
}
END_TEST

/* Blanks too, and however steadily they come. */
START_TEST(a_line_that_does_not_end_is_given_up)
{
	struct gild *gild = gild_start("-o", "line_timeout=1s", NULL);
	struct peer *peer = peer_connect(gild), *silent = peer_connect(gild);
	int64_t end_ms = now_ms() + deadline_ms();

	while (!peer_has_input(peer, 20)) {
		ck_assert_int_gt(ms_until(end_ms), 0);
		peer_send_bytes(peer, " ", 1);
	}
	expect_timed_out(peer, "line_timeout = 1000");
	/* Silence is no line. */
	ck_assert(!peer_has_input(silent, 0));
	json_decref(peer_call(silent, "server.ping", NULL));
	gild_stop(gild);
}
END_TEST

START_TEST(who_gives_up_a_line_gets_its_answers)
{
	struct gild *gild = gild_start("-o", "line_timeout=1s", NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	json_t *answer;

	peer_send_bytes(peer, "{", 1);
	answer = receive_answer(peer);
	ck_assert_str_eq(
	    text_at(answer, "error.data.reason"), "connection_timed_out");
	json_decref(answer);
	json_decref(peer_call(other, "job.cancel", "{s:s}", "job", job));
	answer = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(answer, "state"), "cancelled");
	json_decref(answer);
	peer_expect_eof(peer);
	gild_stop(gild);
}
END_TEST

/* Sends calls with long answers and reads none, until no more is read. */
static void
stop_reading(struct peer *peer)
{
	static const char call[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.stats\"}\n";
	static char calls[sizeof(call) * 4096];
	size_t len = sizeof(call) - 1;

	for (size_t i = 0; i < 4096; i++)
		memcpy(calls + i * len, call, len);
	while (peer_try_send(peer, calls, 4096 * len, 100) == 4096 * len)
		;
}

static bool
is_alone(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "connections.open") == 1;
}

START_TEST(who_reads_no_answer_is_reset)
{
	struct gild *gild = gild_start("-o", "stall_timeout=1s", NULL);
	struct peer *peer = peer_connect_small(gild);
	char byte[4096];
	ssize_t n;

	stop_reading(peer);
	gild_await_stats(gild, "it is gone", is_alone, NULL);
	check_served(gild);
	while ((n = read(peer_fd(peer), byte, sizeof(byte))) > 0)
		;
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(errno, ECONNRESET);
	gild_stop(gild);
}
END_TEST

/* --- an old generation's clients --- */

START_TEST(a_reload_outlives_clients_that_do_nothing_whole)
{
	struct peer *reader, *writer;
	static char line[4096];
	struct gild *gild;

	operator_write("stall_timeout = 1s\nline_timeout = 1s\nmax_line = 1k\n"
		       "frontends = 1\npool p { kind = processes size = 1 }\n");
	gild = operator_start(NULL);
	reader = peer_connect_small(gild);
	writer = peer_connect(gild);
	/* A line that is being dropped, and answers that are not read. */
	memset(line, 'x', sizeof(line));
	peer_send_bytes(writer, line, sizeof(line));
	json_decref(peer_receive(writer)); /* line_too_long */
	stop_reading(reader);
	ck_assert_int_eq(operator_reload(), 2);
	operator_await_alone(gild, 2);
	expect_timed_out(writer, "line_timeout = 1000");
	gild_stop(gild);
}
END_TEST

/* --- descriptors --- */

/*
 * gild may open no more: those who are connected are served, the others wait in
 * the backlog until somebody leaves, and the log says it once, not each time.
 */
START_TEST(descriptors_run_out)
{
	struct gild *gild = gild_start("-o", "frontends=1", NULL);
	struct rlimit few = {.rlim_cur = 0};
	struct peer *inside[64], *outside;
	pid_t frontend;
	size_t n = 0, n_fds;
	char *log;

	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	gild_await_idle(gild);
	inside[n] = peer_connect(gild);
	json_decref(peer_call(inside[n++], "server.ping", NULL));
	n_fds = process_count_fds(frontend);
	few.rlim_cur = few.rlim_max = n_fds + 8;
	ck_assert_int_eq(prlimit(frontend, RLIMIT_NOFILE, &few, NULL), 0);
	while (n < COUNT(inside))
		inside[n++] = peer_connect(gild);
	gild_await_log(gild, "cannot accept clients", 1);
	for (int i = 0; i < 10; i++) {
		json_decref(peer_call(inside[i % 2], "server.ping", NULL));
		json_decref(peer_call(
		    inside[i % 2], "job.submit", "{s:i}", "count", 1));
	}
	/* Who waits gets in as soon as others leave. */
	outside = inside[n - 1];
	peer_call_start(outside, "server.ping", NULL);
	ck_assert(!peer_has_input(outside, 300));
	while (n > 2)
		if (inside[--n] != outside)
			peer_close(inside[n]);
	json_decref(answer_result(peer_receive(outside)));
	log = gild_log(gild);
	for (int i = 0, at = 0; strstr(log + at, "cannot accept") != NULL;
	     i++) {
		ck_assert_int_le(i, 3);
		at = (int)(strstr(log + at, "cannot accept") - log) + 1;
	}
	free(log);
	gild_stop(gild);
}
END_TEST

/*
 * More clients knock than the kernel keeps waiting: those who are connected do
 * not notice, and when they have left others get in.
 */
START_TEST(a_full_backlog_is_nobodys_harm)
{
	struct gild *gild =
	    gild_start("-o", "frontends=1", "-o", "max_connections=2", NULL);
	struct peer *inside[2], *outside;
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static int knocking[6000];
	struct rlimit files;
	size_t n = 0, n_waiting = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	address.sin_port =
	    htons((in_port_t)atoi(strrchr(gild->address, ':') + 1));
	for (int i = 0; i < 2; i++) {
		inside[i] = peer_connect(gild);
		json_decref(peer_call(inside[i], "server.ping", NULL));
	}
	outside = peer_connect(gild);
	peer_call_start(outside, "server.ping", NULL);
	/* Until one is not let into the backlog at once. */
	while (
	    n_waiting == 0 && n < COUNT(knocking) && n + 100 < files.rlim_max) {
		struct pollfd done = {.events = POLLOUT};
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		ck_assert_int_ge(fd, 0);
		knocking[n++] = done.fd = fd;
		if (connect(fd, (void *)&address, sizeof(address)) != 0 &&
		    poll(&done, 1, 20) == 0)
			n_waiting++;
	}
	/* Unless we may not knock so often. */
	ck_assert(n_waiting > 0 || n + 100 >= files.rlim_max);
	for (int i = 0; i < 20; i++) {
		json_decref(peer_call(inside[i % 2], "server.ping", NULL));
		json_decref(peer_call(
		    inside[i % 2], "job.submit", "{s:i}", "count", 1));
	}
	ck_assert(!peer_has_input(outside, 0));
	while (n > 0)
		close(knocking[--n]);
	peer_close(inside[0]);
	json_decref(answer_result(peer_receive(outside)));
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    jobs_that_have_not_begun_are_bounded,
	    jobs_in_flight_and_in_all_say_when_to_try_again,
	    jobs_a_second_are_bounded,
	    answers_that_are_to_come_are_bounded,
	    half_lines_are_bounded_in_all,
	    the_bound_on_memory_is_what_it_says,
	    an_idle_connection_ends,
	    a_line_that_does_not_end_is_given_up,
	    who_gives_up_a_line_gets_its_answers,
	    who_reads_no_answer_is_reset,
	    a_reload_outlives_clients_that_do_nothing_whole,
	    descriptors_run_out,
	    a_full_backlog_is_nobodys_harm,
	};

	return run_suite("limits", tests, COUNT(tests));
}
