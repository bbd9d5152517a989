/*
 * What a client can ask for is bounded: lines, batches, connections, jobs, and
 * what it leaves unread. The daemon stays small, and the others are served.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/e2e/harness.h"

#define KIB_PER_MIB 1024

/* What gild may grow by, in KiB; sanitizers keep shadows and freed memory. */
static uint64_t
grown_limit_kib(uint64_t mib)
{
	return mib * KIB_PER_MIB * (test_scale() > 1 ? 20 : 1);
}

static void
check_growth(struct gild *gild, uint64_t before_kib, uint64_t limit_mib)
{
	uint64_t after_kib = gild_rss_kib(gild);

	ck_assert_msg(after_kib < before_kib + grown_limit_kib(limit_mib),
	    "resident memory grew from %llu to %llu KiB",
	    (unsigned long long)before_kib, (unsigned long long)after_kib);
}

static void
check_served(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 1000, "pool", "threads");

	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	peer_close(peer);
}

START_TEST(line_without_end)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	uint64_t before_kib = gild_rss_kib(gild);
	static char chunk[1 << 20];
	json_t *answer;

	memset(chunk, 'x', sizeof(chunk));
	for (int mib = 0; mib < 256; mib++)
		peer_send_bytes(peer, chunk, sizeof(chunk));
	check_growth(gild, before_kib, 8);
	check_served(gild);
	answer = peer_receive(peer);
	ck_assert_str_eq(text_at(answer, "error.data.reason"), "line_too_long");
	ck_assert(json_is_null(value_at(answer, "id")));
	json_decref(answer);
	/* In step again behind the next LF, and it was said once. */
	peer_send_line(peer, "the end of it");
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert(!peer_has_input(peer, 0));
	gild_stop(gild);
}
END_TEST

START_TEST(line_at_the_bound)
{
	struct gild *gild = gild_start("-o", "max_line=4096", NULL);
	struct peer *peer = peer_connect(gild);
	static const char call[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}";
	char line[4097 + 1];
	json_t *answer;

	for (size_t len = 4096; len <= 4097; len++) {
		memset(line, ' ', sizeof(line));
		memcpy(line, call, sizeof(call) - 1);
		line[len] = '\n';
		peer_send_bytes(peer, line, len + (len < sizeof(line)));
		if (len == 4097)
			peer_send_bytes(peer, "\n", 1);
		answer = peer_receive(peer);
		if (len == 4096)
			ck_assert_int_eq(int_at(answer, "id"), 1);
		else
			ck_assert_str_eq(text_at(answer, "error.data.reason"),
			    "line_too_long");
		json_decref(answer);
	}
	gild_stop(gild);
}
END_TEST

static bool
are_connected(json_t *stats, void *n)
{
	return int_at(stats, "connections.open") > *(const int64_t *)n;
}

START_TEST(clients_that_say_nothing)
{
	struct gild *gild = gild_start(NULL);
	struct rlimit files;
	uint64_t before_kib = gild_rss_kib(gild);
	int64_t n = 2000;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < (rlim_t)n + 100)
		n = (int64_t)files.rlim_max - 100;
	for (int64_t i = 0; i < n; i++)
		peer_connect(gild);
	check_served(gild);
	gild_await_stats(gild, "all are connected", are_connected, &n);
	check_growth(gild, before_kib, 32);
	gild_stop(gild);
}
END_TEST

START_TEST(connections_are_bounded)
{
	struct gild *gild =
	    gild_start("-o", "frontends=1", "-o", "max_connections=4", NULL);
	struct peer *peers[5];
	json_t *stats;

	for (int i = 0; i < 5; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < 4; i++)
		json_decref(peer_call(peers[i], "server.ping", NULL));
	/* The fifth waits until one leaves, however often others are served. */
	peer_call_start(peers[4], "server.ping", NULL);
	for (int i = 0; i < 100; i++) {
		stats = peer_call(peers[i % 4], "server.stats", NULL);
		ck_assert_int_eq(int_at(stats, "connections.open"), 4);
		ck_assert_int_eq(int_at(stats, "connections.accepted"), 4);
		json_decref(stats);
	}
	ck_assert(!peer_has_input(peers[4], 0));
	peer_close(peers[0]);
	json_decref(answer_result(peer_receive(peers[4])));
	gild_stop(gild);
}
END_TEST

START_TEST(batch_over_the_cap)
{
	struct gild *gild = gild_start("-o", "max_batch=100", NULL);
	struct peer *peer = peer_connect(gild);
	uint64_t before_kib = gild_rss_kib(gild);
	enum { MEMBERS = 100000 };
	static char line[2 * MEMBERS + 1];
	json_t *answer;

	/* [1,1,...,1]: small on the wire, large as a tree. */
	for (size_t i = 0; i < MEMBERS; i++) {
		line[2 * i] = i == 0 ? '[' : ',';
		line[2 * i + 1] = '1';
	}
	line[2 * MEMBERS] = ']';
	peer_send_bytes(peer, line, sizeof(line));
	peer_send_bytes(peer, "\n", 1);
	answer = peer_receive(peer);
	ck_assert_str_eq(
	    text_at(answer, "error.data.reason"), "too_many_values");
	json_decref(answer);
	check_growth(gild, before_kib, 8);

	for (size_t members = 100; members <= 101; members++) {
		line[2 * members] = ']';
		line[2 * members + 1] = '\n';
		peer_send_bytes(peer, line, 2 * members + 2);
		answer = peer_receive(peer);
		if (members == 100)
			ck_assert_uint_eq(json_array_size(answer), 100);
		else
			ck_assert_str_eq(text_at(answer, "error.data.reason"),
			    "batch_too_large");
		json_decref(answer);
		line[2 * members] = ',';
		line[2 * members + 1] = '1';
	}
	gild_stop(gild);
}
END_TEST

START_TEST(client_that_never_reads)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect_small(gild);
	uint64_t before_kib = gild_rss_kib(gild);
	static const char call[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.stats\"}";
	enum { CALL_BYTES = 4096, CALLS = 16384 };
	char *calls = malloc((size_t)CALLS * CALL_BYTES);
	size_t sent;

	ck_assert_ptr_nonnull(calls);
	/* Blanks are no offence: a call is as long as we like. */
	memset(calls, ' ', (size_t)CALLS * CALL_BYTES);
	for (size_t i = 0; i < CALLS; i++) {
		memcpy(calls + i * CALL_BYTES, call, sizeof(call) - 1);
		calls[(i + 1) * CALL_BYTES - 1] = '\n';
	}
	/* Until it is not read from any more. */
	sent = peer_try_send(
	    peer, calls, (size_t)CALLS * CALL_BYTES, 500 * test_scale());
	ck_assert_uint_lt(sent, (size_t)CALLS * CALL_BYTES);
	check_growth(gild, before_kib, 16);
	check_served(gild);
	/* And once it reads, it gets an answer to each. */
	for (size_t i = 0; i < sent / CALL_BYTES; i++)
		ck_assert_ptr_nonnull(peer_receive_line(peer));
	free(calls);
	gild_stop(gild);
}
END_TEST

/* Bytes that come in before they are not read from any more. */
static size_t
send_until_full(struct peer *peer, const char *line, size_t len, int times)
{
	size_t sent = 0, last = len;

	for (int i = 0; i < times && last == len; i++) {
		last = peer_try_send(peer, line, len, 500 * test_scale());
		sent += last;
	}
	return sent;
}

static void
check_is_bounded(const char *line, size_t len)
{
	/* More than the kernel takes on both sides. */
	int times = (int)((64 << 20) / len);
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect_small(gild);
	uint64_t before_kib = gild_rss_kib(gild);

	ck_assert_uint_lt(
	    send_until_full(peer, line, len, times), len * (size_t)times);
	check_growth(gild, before_kib, 16);
	check_served(gild);
	/* It is not read from, and still seen to leave. */
	peer_close(peer);
	gild_await_idle(gild);
	gild_stop(gild);
}

/* What we keep of a call until its answer, for as long as a job runs. */
START_TEST(ids_of_open_calls_are_bounded)
{
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"method\":"
				   "\"job.submit\",\"params\":{\"count\":"
				   "4503599627370496},\"id\":\"";
	static const char tail[] = "\"}\n";
	static char line[1000000];

	memset(line, 'x', sizeof(line));
	memcpy(line, head, sizeof(head) - 1);
	memcpy(
	    line + sizeof(line) - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	check_is_bounded(line, sizeof(line));
}
END_TEST

/* One endless job in each batch keeps all its other answers back. */
START_TEST(answers_of_open_batches_are_bounded)
{
	static const char first[] = "[{\"jsonrpc\":\"2.0\",\"method\":"
				    "\"job.submit\",\"params\":{\"count\":"
				    "4503599627370496},\"id\":1}";
	static const char next[] = ",{\"jsonrpc\":\"2.0\",\"method\":"
				   "\"server.ping\",\"id\":2}";
	static char line[65536];
	size_t len = sizeof(first) - 1;

	memcpy(line, first, len);
	for (int i = 0; i < 900; i++) {
		memcpy(line + len, next, sizeof(next) - 1);
		len += sizeof(next) - 1;
	}
	memset(line + len, ' ', sizeof(line) - len);
	line[sizeof(line) - 2] = ']';
	line[sizeof(line) - 1] = '\n';
	check_is_bounded(line, sizeof(line));
}
END_TEST

/* Short calls with long answers. What has no answer is carried out. */
START_TEST(answers_of_a_batch_are_bounded)
{
	struct gild *gild = gild_start("-o", "max_unsent=1k", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *answer, *pool;

	peer_send_line(peer,
	    "[{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"server.stats\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.stats\"},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"pool.set\",\"params\":"
	    "{\"pool\":\"threads\",\"interval_us\":77}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"nonsense\"}]");
	answer = peer_receive(peer);
	ck_assert_uint_eq(json_array_size(answer), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *one = json_array_get(answer, i);

		if (int_at(one, "id") == 0)
			ck_assert_ptr_nonnull(value_at(one, "result"));
		else
			ck_assert_str_eq(
			    text_at(one, "error.data.reason"), "busy");
	}
	json_decref(answer);
	pool = peer_call(
	    peer, "pool.set", "{s:s, s:b}", "pool", "threads", "events", 0);
	ck_assert_int_eq(int_at(pool, "lock.interval_us"), 77);
	json_decref(pool);
	gild_stop(gild);
}
END_TEST

START_TEST(jobs_of_a_connection_are_bounded)
{
	struct gild *gild = gild_start("-o", "max_in_flight=4", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "processes", ENDLESS, 1);

	for (int i = 0; i < 3; i++)
		peer_call_start(peer, "job.submit", "{s:I}", "count", ENDLESS);
	json_decref(
	    peer_call_error(peer, "busy", "job.submit", "{s:i}", "count", 1));
	check_served(gild);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(answer_result(peer_await(peer, id)));
	/* One has ended: there is room for one. */
	peer_call_start(peer, "job.submit", "{s:I}", "count", ENDLESS);
	json_decref(
	    peer_call_error(peer, "busy", "job.submit", "{s:i}", "count", 1));
	peer_close(peer);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(jobs_of_a_frontend_are_bounded)
{
	struct gild *gild = gild_start("-o", "max_jobs=8", "-o", "frontends=1",
	    "-o", "pool.processes.size=1", NULL);
	struct peer *peers[3];

	for (int i = 0; i < 3; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < 8; i++)
		peer_call_start(
		    peers[i % 2], "job.submit", "{s:I}", "count", ENDLESS);
	for (int i = 0; i < 2; i++)
		json_decref(peer_call(peers[i], "server.ping", NULL));
	json_decref(peer_call_error(
	    peers[2], "busy", "job.submit", "{s:i}", "count", 1));
	peer_close(peers[0]);
	peer_close(peers[1]);
	gild_await_idle(gild);
	json_decref(peer_call(peers[2], "job.submit", "{s:i}", "count", 1));
	gild_stop(gild);
}
END_TEST

START_TEST(parts_of_a_job_are_bounded)
{
	struct gild *gild = gild_start("-o", "max_workers=8", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *error = peer_call_error(peer, "invalid_params", "job.submit",
	    "{s:i, s:i}", "count", 100, "workers", 9);
	json_t *result;

	ck_assert_str_eq(text_at(error, "data.field"), "workers");
	json_decref(error);
	result = peer_call(
	    peer, "job.submit", "{s:i, s:i}", "count", 100, "workers", 8);
	ck_assert_uint_eq(json_array_size(value_at(result, "tasks")), 8);
	ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"), 100);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    line_without_end,
	    line_at_the_bound,
	    clients_that_say_nothing,
	    connections_are_bounded,
	    batch_over_the_cap,
	    client_that_never_reads,
	    ids_of_open_calls_are_bounded,
	    answers_of_open_batches_are_bounded,
	    answers_of_a_batch_are_bounded,
	    jobs_of_a_connection_are_bounded,
	    jobs_of_a_frontend_are_bounded,
	    parts_of_a_job_are_bounded,
	};

	return run_suite("bounds", tests, COUNT(tests));
}
