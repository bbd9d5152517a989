/*
 * Floods: as much as is let in of everything, from clients that read nothing,
 * while others are served and memory keeps to its bound. See test_bounds.c for
 * single limits, test_limits.c for what takes too long.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/e2e/hostile.h"

/* A client that sends a line again and again, and reads nothing. */
struct flood {
	struct peer *peer;
	char *lines;
	size_t len, sent; /* of the lines; they are sent round and round */
	bool is_cut_off;
};

static struct flood
flood_open(struct gild *gild, const char *line)
{
	size_t len = strlen(line);
	struct flood flood = {
	    .peer = peer_connect_small(gild),
	    .lines = malloc(len * 100),
	    .len = len * 100,
	};

	ck_assert_ptr_nonnull(flood.lines);
	for (size_t i = 0; i < 100; i++)
		memcpy(flood.lines + i * len, line, len);
	return flood;
}

/* As much as goes out now. */
static void
flood_go_on(struct flood *flood)
{
	size_t left = flood->len - flood->sent;
	size_t n;

	errno = 0;
	n = peer_try_send(flood->peer, flood->lines + flood->sent, left, 0);
	flood->is_cut_off = n < left && errno != EAGAIN;
	flood->sent = (flood->sent + n) % flood->len;
}

static bool
is_alone(json_t *stats, void *unused)
{
	(void)unused;
	return int_at(stats, "connections.open") == 1;
}

/* Jobs of long answers, pings and stats, of clients that read nothing. They are
 * read no more, and then reset. */
START_TEST(nobody_reads)
{
	static const char *const lines[] = {PING "\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.stats\"}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"count\":64,\"workers\":64}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"count\":64,\"workers\":64,\"pool\":\"threads\"}}\n"};
	struct gild *gild = hostile_start(NULL);
	/* First the sockets' buffers have to be full, megabytes of them. */
	int64_t end_ms = now_ms() + 3 * deadline_ms();
	struct flood floods[COUNT(lines)];
	size_t n_left = COUNT(floods);

	for (size_t i = 0; i < COUNT(floods); i++)
		floods[i] = flood_open(gild, lines[i]);
	while (n_left > 0) {
		n_left = 0;
		for (size_t i = 0; i < COUNT(floods); i++) {
			if (!floods[i].is_cut_off)
				flood_go_on(&floods[i]);
			n_left += !floods[i].is_cut_off;
		}
		ck_assert_msg(ms_until(end_ms) > 0, "%zu go on", n_left);
		hostile_check_served(gild);
	}
	for (size_t i = 0; i < COUNT(floods); i++)
		free(floods[i].lines);
	gild_await_stats(gild, "they are cut off", is_alone, NULL);
	hostile_finish(gild, "four floods, nobody reads");
}
END_TEST

/* As many jobs with as many tasks as are let in, and all of them wait. */
START_TEST(all_the_jobs_that_there_may_be)
{
	struct gild *gild = hostile_start(NULL);
	struct peer *peer = peer_connect(gild);
	size_t n_busy = 0, n_pings = 0;

	for (int i = 0; i < 3000; i++)
		peer_send_line(peer,
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
		    "\"params\":{\"count\":%lld,\"workers\":2}}",
		    (long long)ENDLESS);
	peer_send_line(
	    peer, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"server.ping\"}");
	while (n_pings == 0) {
		json_t *answer = peer_receive(peer);

		if (int_at(answer, "id") == 2)
			n_pings++;
		else if (strcmp(text_at(answer, "error.data.reason"), "busy") ==
		    0)
			n_busy++;
		json_decref(answer);
	}
	ck_assert_uint_eq(n_busy, 1000);
	json_decref(peer_call(peer, "server.ping", NULL));
	peer_close(peer);
	gild_await_idle(gild);
	hostile_finish(gild, "2,000 endless jobs");
}
END_TEST

/* Of jobs at the cap, which makes results; one over it; notifications only. */
START_TEST(batches_at_the_cap)
{
	static const char job[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
				  "\"job.submit\",\"params\":{\"count\":1}}";
	static const char note[] = "{\"jsonrpc\":\"2.0\",\"method\":"
				   "\"job.submit\",\"params\":{\"count\":1}}";
	struct gild *gild = hostile_start("max_unsent=2M");
	struct peer *peer = peer_connect(gild);

	for (int times = 0; times < 5; times++) {
		for (size_t n = 1000; n <= 1001; n++) {
			json_t *answer;

			for (size_t i = 0; i < n; i++) {
				peer_send_bytes(peer, i == 0 ? "[" : ",", 1);
				peer_send_bytes(peer, job, sizeof(job) - 1);
			}
			peer_send_bytes(peer, "]\n", 2);
			answer = peer_receive(peer);
			if (n == 1000)
				ck_assert_uint_eq(json_array_size(answer), n);
			else
				ck_assert_str_eq(
				    text_at(answer, "error.data.reason"),
				    "batch_too_large");
			json_decref(answer);
		}
		for (size_t i = 0; i < 1000; i++) {
			peer_send_bytes(peer, i == 0 ? "[" : ",", 1);
			peer_send_bytes(peer, note, sizeof(note) - 1);
		}
		peer_send_bytes(peer, "]\n", 2);
		hostile_check_served(gild);
	}
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert(!peer_has_input(peer, 0));
	hostile_finish(gild, "batches at and over the cap");
}
END_TEST

START_TEST(a_thousand_connections)
{
	enum { MANY = 1000 };
	struct gild *gild = hostile_start(NULL);
	static struct peer *peers[MANY];
	struct rlimit files;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (size_t i = 0; i < MANY; i++) {
		peers[i] = peer_connect(gild);
		/* A half line of each, and a job for it to be cancelled. */
		peer_send_line(peers[i], "%s", JOB);
		peer_send_bytes(peers[i], "{\"jsonrpc\":", 11);
	}
	hostile_check_served(gild);
	for (size_t i = 0; i < MANY; i++)
		json_decref(answer_result(peer_await(peers[i], 7)));
	/* They come and go. */
	for (size_t i = 0; i < MANY; i++) {
		peer_close(peers[i]);
		hostile_reset(peer_connect(gild));
	}
	hostile_finish(gild, "1,000 connections");
}
END_TEST

/* Of jobs that are not there, of another frontend's ids, and of its own. */
START_TEST(floods_of_cancels)
{
	enum { MANY = 20000, AT_ONCE = 500 };
	struct gild *gild = hostile_start("frontends=2");
	struct peer *peer = peer_connect(gild);
	static int64_t ids[AT_ONCE];
	struct job_id_source source;
	size_t n_unknown = 0, n_busy = 0;

	for (int i = 0; i < MANY / AT_ONCE; i++) {
		for (int j = 0; j < AT_ONCE; j++) {
			char job[JOB_ID_CHARS + 1];

			/* Another frontend's, or one that does not exist. */
			ck_assert_int_eq(
			    job_id_source_init(&source, (uint8_t)(j % 3)), 0);
			job_id_format(job_id_next(&source, 1), job);
			ids[j] = peer_call_start(
			    peer, "job.cancel", "{s:s}", "job", job);
		}
		for (int j = 0; j < AT_ONCE; j++) {
			json_t *answer = peer_await(peer, ids[j]);
			const char *reason =
			    text_at(answer, "error.data.reason");

			if (strcmp(reason, "busy") == 0)
				n_busy++;
			else if (strcmp(reason, "no_such_job") == 0)
				n_unknown++;
			json_decref(answer);
		}
		if (i % 8 == 0)
			hostile_check_served(gild);
	}
	ck_assert_uint_eq(n_unknown + n_busy, MANY);
	hostile_finish(gild, "20,000 cancels");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    nobody_reads,
	    all_the_jobs_that_there_may_be,
	    batches_at_the_cap,
	    a_thousand_connections,
	    floods_of_cancels,
	};

	return run_suite("hostile_floods", tests, COUNT(tests));
}
