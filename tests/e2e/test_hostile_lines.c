/*
 * Hostile lines: each ends with the documented answer, and the client that sent
 * it is served on.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/hostile.h"

struct hostile_line {
	const char *text;
	size_t len;	    /* 0: strlen(text) */
	const char *reason; /* of the error; NULL: a result */
};

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
		hostile_expect_reason(peer, lines[i].reason, lines[i].text);
		json_decref(peer_call(peer, "server.ping", NULL));
	}
	ck_assert(!peer_has_input(peer, 0));
	hostile_check_served(gild);
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
	struct gild *gild = hostile_start(NULL);

	check_lines(gild, lines, COUNT(lines));
	hostile_finish(gild, "duplicate keys");
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
	struct gild *gild = hostile_start(NULL);

	check_lines(gild, lines, COUNT(lines));
	memset(digits, '9', sizeof(digits) - 1);
	check_lines(gild, &much, 1);
	/* A number that is a number, however it is written. */
	digits[1] = '.';
	much.reason = "invalid_request";
	check_lines(gild, &much, 1);
	hostile_finish(gild, "huge numbers");
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
	struct gild *gild = hostile_start(NULL);
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
	hostile_finish(gild, "invalid UTF-8");
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
	struct gild *gild = hostile_start(NULL);

	check_lines(gild, lines, COUNT(lines));
	hostile_finish(gild, "NUL bytes");
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
	struct gild *gild = hostile_start(NULL);

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
	hostile_finish(gild, "deep nesting");
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
	struct gild *gild = hostile_start(NULL);
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
	hostile_finish(gild, "ids of every type and size");
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
	};

	return run_suite("hostile_lines", tests, COUNT(tests));
}
