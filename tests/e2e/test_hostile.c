/*
 * Hostile clients. Each case ends with the documented answers, while others are
 * served, and with frontends that never took more memory than server.info says:
 * what a case took at the most is printed.
 *
 * The limits are small, so that the bound says something. See test_bounds.c for
 * single limits, test_limits.c for what takes too long.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/e2e/harness.h"

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}"
#define JOB                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":10,\"workers\":2}}"

/* --- a gild with small limits, and whether it kept them --- */

static struct gild *
start(const char *option)
{
	return gild_start("-o", "frontends=1", "-o", "max_connections=1200",
	    "-o", "max_jobs=2000", "-o", "max_client_bytes=8M", "-o",
	    "max_line=256k", "-o", "max_unsent=256k", "-o", "stall_timeout=2s",
	    "-o", option, NULL);
}

/* A second client, whose ping and job are served whatever the others do. */
static void
check_served(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);
	json_t *result;

	json_decref(peer_call(peer, "server.ping", NULL));
	result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 100, "pool", "threads");
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	peer_close(peer);
}

static void
finish(struct gild *gild, const char *what)
{
	struct peer *peer;
	json_t *info;
	uint64_t bound_kib, peak_kib;
	pid_t pids[8];
	size_t n;

	check_served(gild);
	peer_close_all();
	gild_await_idle(gild);
	peer = peer_connect(gild);
	info = peer_call(peer, "server.info", NULL);
	bound_kib = (uint64_t)int_at(info, "memory.frontend_bytes") / 1024;
	json_decref(info);
	n = gild_pids(gild, "frontend", NULL, pids, COUNT(pids));
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		peak_kib = process_peak_kib(pids[i]);
		printf("%-44s peak %7.1f MiB, bound %7.1f MiB\n", what,
		    (double)peak_kib / 1024, (double)bound_kib / 1024);
		/* Sanitizers keep shadows and what was freed. */
		ck_assert_uint_gt(peak_kib, 0);
		if (test_scale() == 1)
			ck_assert_uint_le(peak_kib, bound_kib);
	}
	fflush(stdout);
	gild_stop(gild);
}

/* --- lines of all kinds, and what is answered --- */

struct hostile_line {
	const char *text;
	size_t len;	    /* 0: strlen(text) */
	const char *reason; /* of the error; NULL: a result */
};

static void
expect_reason(struct peer *peer, const char *reason, const char *line)
{
	const char *text = peer_receive_line(peer);
	json_t *answer, *error;

	ck_assert_msg(text != NULL, "gild closed: %.200s", line);
	answer = json_loads(text, JSON_ALLOW_NUL, NULL);
	ck_assert_msg(answer != NULL, "no JSON: %.200s", text);
	error = json_object_get(answer, "error");
	if (reason == NULL)
		ck_assert_msg(error == NULL, "an error: %.200s", line);
	else
		ck_assert_msg(error != NULL &&
			strcmp(text_at(error, "data.reason"), reason) == 0,
		    "not %s: %.200s", reason, line);
	json_decref(answer);
}

/* Sends each alone, and a ping behind it, which must be served. */
static void
check_lines(struct gild *gild, const struct hostile_line lines[], size_t n)
{
	struct peer *peer = peer_connect(gild);

	for (size_t i = 0; i < n; i++) {
		size_t len = lines[i].len;

		if (len == 0)
			len = strlen(lines[i].text);
		peer_send_bytes(peer, lines[i].text, len);
		peer_send_bytes(peer, "\n", 1);
		expect_reason(peer, lines[i].reason, lines[i].text);
		json_decref(peer_call(peer, "server.ping", NULL));
	}
	ck_assert(!peer_has_input(peer, 0));
	check_served(gild);
	peer_close(peer);
}

#define WITH_ID(id) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"server.ping\"}"
#define NUL_IN_ID "{\"jsonrpc\":\"2.0\",\"id\":\"a\0b\",\"method\":\"c\"}"
#define WITH_COUNT(count)                                          \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":" count "}}"

START_TEST(duplicate_keys)
{
	static const struct hostile_line lines[] = {
	    {"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1}", 0,
		"parse_error"},
	    {"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1}", 0,
		"parse_error"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	     "\"params\":{\"count\":1,\"count\":2}}",
		0, "parse_error"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	     "\"params\":{\"count\":1,\"co\\u0075nt\":2}}",
		0, "parse_error"},
	    {"[{\"a\":{\"b\":{\"c\":1,\"c\":1}}}]", 0, "parse_error"},
	};
	struct gild *gild = start("max_batch=1000");

	check_lines(gild, lines, COUNT(lines));
	finish(gild, "duplicate keys");
}
END_TEST

START_TEST(huge_numbers)
{
	static const struct hostile_line lines[] = {
	    {WITH_COUNT("9007199254740992"), 0, "invalid_params"},
	    {WITH_COUNT("9223372036854775807"), 0, "invalid_params"},
	    {WITH_COUNT("9223372036854775808"), 0, "parse_error"},
	    {WITH_COUNT("-9223372036854775808"), 0, "invalid_params"},
	    {WITH_COUNT("-9223372036854775809"), 0, "parse_error"},
	    {WITH_COUNT("1e308"), 0, "invalid_params"},
	    {WITH_COUNT("1e309"), 0, "parse_error"},
	    {WITH_COUNT("1e-999999999"), 0, "invalid_params"},
	    {WITH_COUNT("-0"), 0, "invalid_params"},
	    {WITH_COUNT("01"), 0, "parse_error"},
	    {WITH_COUNT("+1"), 0, "parse_error"},
	    {WITH_COUNT("0x10"), 0, "parse_error"},
	    {WITH_COUNT("NaN"), 0, "parse_error"},
	    {WITH_COUNT("Infinity"), 0, "parse_error"},
	    {WITH_COUNT("1."), 0, "parse_error"},
	};
	static char digits[200000];
	struct hostile_line much = {.text = digits, .reason = "parse_error"};
	struct gild *gild = start("max_batch=1000");

	check_lines(gild, lines, COUNT(lines));
	memset(digits, '9', sizeof(digits) - 1);
	check_lines(gild, &much, 1);
	/* A number that is a number, however it is written. */
	digits[1] = '.';
	much.reason = "invalid_request";
	check_lines(gild, &much, 1);
	finish(gild, "huge numbers");
}
END_TEST

START_TEST(invalid_utf8)
{
	static const char *const bytes[] = {"\xff", "\xfe", "\x80", "\xbf",
	    "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
	    "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x98",
	    "\xc3", "\xf8\x88\x80\x80\x80", "\xe2\x28\xa1", "\\ud800",
	    "\\udfff", "\\ud800\\u0041", "\\udc00\\ud800"};
	struct gild *gild = start("max_batch=1000");
	char text[256];

	for (size_t i = 0; i < COUNT(bytes); i++) {
		static const char *const forms[] = {
		    "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"a\"}",
		    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}",
		    "{\"%s\":1}", "%s"};

		for (size_t j = 0; j < COUNT(forms); j++) {
			const struct hostile_line line = {
			    .text = text, .reason = "parse_error"};
			int length;

			/* The formats are those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			length =
			    snprintf(text, sizeof(text), forms[j], bytes[i]);
#pragma GCC diagnostic pop
			ck_assert_int_lt(length, (int)sizeof(text));
			check_lines(gild, &line, 1);
		}
	}
	finish(gild, "invalid UTF-8");
}
END_TEST

START_TEST(nul_bytes)
{
	static const struct hostile_line lines[] = {
	    {"\0", 1, "parse_error"},
	    {"\0\0\0\0\0\0\0\0", 8, "parse_error"},
	    {PING "\0", sizeof(PING), "parse_error"},
	    {"\0" PING, sizeof(PING), "parse_error"},
	    {NUL_IN_ID, sizeof(NUL_IN_ID) - 1, "parse_error"},
	    {WITH_ID("\"\\u0000\""), 0, NULL},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\u0000\"}", 0,
		"method_not_found"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\","
	     "\"\\u0000\":1}",
		0, "parse_error"},
	    {WITH_COUNT("1,\"pool\":\"processes\\u0000\""), 0,
		"invalid_params"},
	};
	struct gild *gild = start("max_batch=1000");

	check_lines(gild, lines, COUNT(lines));
	finish(gild, "NUL bytes");
}
END_TEST

/* Opens so many brackets, with or without closing them. */
static char *
nested(size_t depth, bool is_closed, const char *open, char close)
{
	size_t unit = strlen(open), at = 0;
	char *text = malloc(depth * (unit + 1) + 2);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < depth; i++, at += unit)
		memcpy(text + at, open, unit);
	if (is_closed) {
		text[at++] = '1';
		memset(text + at, close, depth);
		at += depth;
	}
	text[at] = '\0';
	return text;
}

START_TEST(deep_nesting)
{
	static const struct {
		size_t depth;
		bool is_closed;
		const char *open;
		const char *reason;
	} cases[] = {
	    {2000, true, "[", "invalid_request"},
	    {2049, true, "[", "parse_error"},
	    {2049, true, "{\"a\":", "parse_error"},
	    {20000, true, "[", "parse_error"},
	    {20000, false, "[", "parse_error"},
	    {20000, false, "{\"a\":", "parse_error"},
	    {100000, true, "[", "too_many_values"},
	    {100000, false, "[", "too_many_values"},
	};
	struct gild *gild = start("max_batch=1000");

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = nested(cases[i].depth, cases[i].is_closed,
		    cases[i].open, cases[i].open[0] == '[' ? ']' : '}');
		struct peer *peer = peer_connect(gild);
		json_t *answer;

		peer_send_bytes(peer, text, strlen(text));
		peer_send_bytes(peer, "\n", 1);
		answer = peer_receive(peer);
		/* [[...]] is a batch, of one request that is none. */
		ck_assert_str_eq(
		    text_at(answer,
			json_is_array(answer) ? "0.error.data.reason"
					      : "error.data.reason"),
		    cases[i].reason);
		json_decref(answer);
		json_decref(peer_call(peer, "server.ping", NULL));
		peer_close(peer);
		free(text);
	}
	finish(gild, "deep nesting");
}
END_TEST

START_TEST(ids_of_every_type)
{
	static const struct {
		const char *id; /* which comes back */
		bool is_valid;
	} ids[] = {
	    {"\"\"", true},
	    {"\"a\"", true},
	    {"\"\\u0000\\u001f\"", true},
	    {"\"\\ud83d\\ude00\"", true},
	    {"0", true},
	    {"-1", true},
	    {"9223372036854775807", true},
	    {"-9223372036854775808", true},
	    {"1.5", true},
	    {"-0.0", true},
	    {"1e300", true},
	    {"null", true},
	    {"true", false},
	    {"false", false},
	    {"[]", false},
	    {"{}", false},
	    {"[[[[1]]]]", false},
	    {"{\"id\":1}", false},
	};
	struct gild *gild = start("max_batch=1000");
	struct peer *peer = peer_connect(gild);
	static char big[200000];

	for (size_t i = 0; i < COUNT(ids); i++) {
		json_t *expected = json_loads(
		    ids[i].id, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		json_t *answer;
		const char *line;

		peer_send_line(peer,
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"server."
		    "ping\"}",
		    ids[i].id);
		line = peer_receive_line(peer);
		ck_assert_ptr_nonnull(line);
		answer = json_loads(line, JSON_ALLOW_NUL, NULL);
		ck_assert_ptr_nonnull(answer);
		if (ids[i].is_valid)
			ck_assert(json_equal(
			    json_object_get(answer, "id"), expected));
		else
			ck_assert(json_is_null(json_object_get(answer, "id")));
		ck_assert_int_eq(
		    json_object_get(answer, "error") == NULL, ids[i].is_valid);
		json_decref(expected);
		json_decref(answer);
	}
	/* Of every size, up to what a line may hold. */
	memset(big, 'x', sizeof(big) - 1);
	for (size_t length = 1; length < sizeof(big); length *= 3) {
		json_t *answer;

		peer_send_line(peer,
		    "{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"method\":"
		    "\"server.ping\"}",
		    (int)length, big);
		answer = peer_receive(peer);
		ck_assert_uint_eq(
		    json_string_length(value_at(answer, "id")), length);
		json_decref(answer_result(answer));
	}
	finish(gild, "ids of every type and size");
}
END_TEST

/* --- bytes that come in an unfriendly way --- */

START_TEST(one_byte_at_a_time)
{
	static const char lines[] = JOB "\r\n\n" PING "\n";
	struct gild *gild = start("max_batch=1000");
	struct peer *peer = peer_connect(gild);
	json_t *answer;

	for (size_t i = 0; i < sizeof(lines) - 1; i++) {
		peer_send_bytes(peer, lines + i, 1);
		if (i % 16 == 0)
			check_served(gild);
	}
	answer = peer_await(peer, 7);
	ck_assert_str_eq(text_at(answer, "result.state"), "done");
	json_decref(answer);
	json_decref(answer_result(peer_await(peer, 1)));
	finish(gild, "one byte at a time");
}
END_TEST

START_TEST(half_closes_at_each_point_of_a_line)
{
	static const char line[] = JOB "\n";
	struct gild *gild = start("max_batch=1000");

	for (size_t i = 0; i < sizeof(line); i++) {
		struct peer *peer = peer_connect(gild);

		peer_send_bytes(peer, line, i);
		peer_half_close(peer);
		/* Whole with its last brace; of nothing comes nothing. */
		if (i > 0)
			expect_reason(peer,
			    i >= sizeof(line) - 2 ? NULL : "parse_error", line);
		ck_assert_ptr_null(peer_receive_line(peer));
		peer_close(peer);
	}
	finish(gild, "half-closes at each point");
}
END_TEST

static void
reset(struct peer *peer)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	ck_assert_int_eq(setsockopt(peer_fd(peer), SOL_SOCKET, SO_LINGER,
			     &at_once, sizeof(at_once)),
	    0);
	peer_close(peer);
}

START_TEST(resets_at_each_point_of_a_line)
{
	static const char line[] = JOB "\n";
	struct gild *gild = start("max_batch=1000");

	for (int times = 0; times < 10; times++) {
		for (size_t i = 0; i < sizeof(line); i++) {
			struct peer *peer = peer_connect(gild);

			peer_send_bytes(peer, line, i);
			reset(peer);
		}
		check_served(gild);
	}
	finish(gild, "resets at each point");
}
END_TEST

/* Many that send a byte now and then and never a whole line. */
START_TEST(slow_lorises)
{
	enum { MANY = 200 };
	struct gild *gild = start("line_timeout=1s");
	static struct peer *peers[MANY];
	static bool has_ended[MANY];
	int64_t end_ms = now_ms() + deadline_ms();
	size_t n_left = MANY;

	for (size_t i = 0; i < MANY; i++)
		peers[i] = peer_connect(gild);
	while (n_left > 0) {
		ck_assert_int_gt(ms_until(end_ms), 0);
		for (size_t i = 0; i < MANY; i++) {
			if (has_ended[i])
				continue;
			if (!peer_has_input(peers[i], 0)) {
				peer_try_send(peers[i], "{", 1, 0);
				continue;
			}
			expect_reason(peers[i], "connection_timed_out", "slow");
			has_ended[i] = true;
			n_left--;
		}
		check_served(gild);
	}
	finish(gild, "200 slow lorises");
}
END_TEST

/* Random bytes, always the same ones; LF comes as often as others. */
START_TEST(noise)
{
	enum { BYTES = 4 << 20 };
	struct gild *gild = start("max_batch=1000");
	struct peer *peer = peer_connect(gild);
	static char bytes[65536];
	uint64_t state = 88172645463325252u;
	size_t n_answers = 0;
	bool is_over = false;

	for (size_t sent = 0; sent < BYTES; sent += sizeof(bytes)) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[i] = (char)state;
		}
		peer_send_bytes(peer, bytes, sizeof(bytes));
		while (peer_has_input(peer, 0)) {
			json_t *answer = peer_receive(peer);

			ck_assert(json_is_null(value_at(answer, "id")));
			json_decref(answer);
			n_answers++;
		}
	}
	peer_send_line(peer,
	    "\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}");
	while (!is_over) {
		json_t *answer = peer_receive(peer);

		is_over = !json_is_null(value_at(answer, "id"));
		n_answers += !is_over;
		json_decref(answer);
	}
	ck_assert_uint_gt(n_answers, BYTES / 1024);
	finish(gild, "4 MiB of noise");
}
END_TEST

/* --- much of everything --- */

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
	struct gild *gild = start("max_batch=1000");
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
		check_served(gild);
	}
	for (size_t i = 0; i < COUNT(floods); i++)
		free(floods[i].lines);
	gild_await_stats(gild, "they are cut off", is_alone, NULL);
	finish(gild, "four floods, nobody reads");
}
END_TEST

/* As many jobs with as many tasks as are let in, and all of them wait. */
START_TEST(all_the_jobs_that_there_may_be)
{
	struct gild *gild = start("max_batch=1000");
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
	finish(gild, "2,000 endless jobs");
}
END_TEST

/* Of jobs at the cap, which makes results; one over it; notifications only. */
START_TEST(batches_at_the_cap)
{
	static const char job[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
				  "\"job.submit\",\"params\":{\"count\":1}}";
	static const char note[] = "{\"jsonrpc\":\"2.0\",\"method\":"
				   "\"job.submit\",\"params\":{\"count\":1}}";
	struct gild *gild = start("max_unsent=2M");
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
		check_served(gild);
	}
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert(!peer_has_input(peer, 0));
	finish(gild, "batches at and over the cap");
}
END_TEST

START_TEST(a_thousand_connections)
{
	enum { MANY = 1000 };
	struct gild *gild = start("max_batch=1000");
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
	check_served(gild);
	for (size_t i = 0; i < MANY; i++)
		json_decref(answer_result(peer_await(peers[i], 7)));
	/* They come and go. */
	for (size_t i = 0; i < MANY; i++) {
		peer_close(peers[i]);
		reset(peer_connect(gild));
	}
	finish(gild, "1,000 connections");
}
END_TEST

/* Of jobs that are not there, of another frontend's ids, and of its own. */
START_TEST(floods_of_cancels)
{
	enum { MANY = 20000, AT_ONCE = 500 };
	struct gild *gild = start("frontends=2");
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
			check_served(gild);
	}
	ck_assert_uint_eq(n_unknown + n_busy, MANY);
	finish(gild, "20,000 cancels");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    duplicate_keys,
	    huge_numbers,
	    invalid_utf8,
	    nul_bytes,
	    deep_nesting,
	    ids_of_every_type,
	    one_byte_at_a_time,
	    half_closes_at_each_point_of_a_line,
	    resets_at_each_point_of_a_line,
	    slow_lorises,
	    noise,
	    nobody_reads,
	    all_the_jobs_that_there_may_be,
	    batches_at_the_cap,
	    a_thousand_connections,
	    floods_of_cancels,
	};

	return run_suite("hostile", tests, COUNT(tests));
}
