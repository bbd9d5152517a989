/*
 * JSON-RPC 2.0: what is a request, what is refused and in which words, the
 * examples of the specification, and what is written.
 */
#include "proto/jsonrpc.h"

#include <check.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "proto/writer.h"
#include "tests/unit/suite.h"

static const struct jsonrpc_limits limits = {
    .max_batch = 8, .max_values = 5000};

static struct jsonrpc_message message;
static struct rpc_error error;

static void
teardown(void)
{
	jsonrpc_message_free(&message);
}

static int
parse(const char *line)
{
	memset(&error, 0, sizeof(error));
	jsonrpc_message_free(&message);
	return jsonrpc_parse(line, strlen(line), &limits, &message, &error);
}

static void
expect_json(const json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
}

static void
expect_call(size_t i, const char *method, const char *params, const char *id)
{
	const struct jsonrpc_call *call = &message.calls[i];

	ck_assert_uint_lt(i, message.n_calls);
	ck_assert_msg(
	    call->error.kind == RPC_OK, "call %zu: %s", i, call->error.detail);
	ck_assert_str_eq(call->method, method);
	ck_assert_uint_eq(call->method_len, strlen(method));
	if (params != NULL)
		expect_json(call->params, params);
	else
		ck_assert_ptr_null(call->params);
	if (id != NULL)
		expect_json(call->id, id);
	else
		ck_assert_ptr_null(call->id);
}

static void
expect_bad_call(size_t i, const char *id, const char *field, const char *detail)
{
	const struct jsonrpc_call *call = &message.calls[i];

	ck_assert_uint_lt(i, message.n_calls);
	ck_assert_int_eq(call->error.kind, RPC_INVALID_REQUEST);
	ck_assert_ptr_null(call->method);
	ck_assert_ptr_null(call->params);
	expect_json(call->id, id);
	ck_assert_str_eq(call->error.field, field);
	ck_assert_str_eq(call->error.detail, detail);
}

/* A line of one bad call. */
static void
expect_bad(
    const char *line, const char *id, const char *field, const char *detail)
{
	ck_assert_int_eq(parse(line), 0);
	ck_assert(!message.is_batch);
	ck_assert_uint_eq(message.n_calls, 1);
	expect_bad_call(0, id, field, detail);
}

/* A line that as a whole is no good. */
static void
expect_refused(const char *line, enum rpc_error_kind kind, const char *detail)
{
	ck_assert_int_eq(parse(line), -1);
	ck_assert_int_eq(error.kind, kind);
	ck_assert_str_eq(error.detail, detail);
	ck_assert_ptr_null(message.root);
}

START_TEST(spec_positional_params)
{
	ck_assert_int_eq(
	    parse("{\"jsonrpc\": \"2.0\", \"method\": "
		  "\"subtract\", \"params\": [42, 23], \"id\": 1}"),
	    0);
	ck_assert(!message.is_batch);
	expect_call(0, "subtract", "[42,23]", "1");
}
END_TEST

START_TEST(spec_named_params)
{
	ck_assert_int_eq(
	    parse("{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\":"
		  " {\"subtrahend\": 23, \"minuend\": 42}, \"id\": 3}"),
	    0);
	expect_call(0, "subtract", "{\"subtrahend\":23,\"minuend\":42}", "3");
}
END_TEST

START_TEST(spec_notification)
{
	ck_assert_int_eq(parse("{\"jsonrpc\": \"2.0\", \"method\": \"update\", "
			       "\"params\": [1,2,3,4,5]}"),
	    0);
	expect_call(0, "update", "[1,2,3,4,5]", NULL);
	ck_assert_int_eq(
	    parse("{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}"), 0);
	expect_call(0, "foobar", NULL, NULL);
}
END_TEST

START_TEST(spec_invalid_json)
{
	expect_refused("{\"jsonrpc\": \"2.0\", \"method\": \"foobar, "
		       "\"params\": \"bar\", \"baz]",
	    RPC_PARSE_ERROR, "column 45, byte 45: '}' expected near 'params'");
}
END_TEST

START_TEST(spec_invalid_request)
{
	expect_bad("{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}",
	    "null", "method", "method must be a string, not an integer");
}
END_TEST

START_TEST(spec_batch_invalid_json)
{
	ck_assert_int_eq(
	    parse(
		"[{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": "
		"[1,2,4], \"id\": \"1\"}, {\"jsonrpc\": \"2.0\", \"method\"]"),
	    -1);
	ck_assert_int_eq(error.kind, RPC_PARSE_ERROR);
}
END_TEST

START_TEST(spec_empty_batch)
{
	expect_refused("[]", RPC_INVALID_REQUEST,
	    "a batch must hold at least one request");
}
END_TEST

START_TEST(spec_invalid_batch)
{
	ck_assert_int_eq(parse("[1]"), 0);
	ck_assert(message.is_batch);
	ck_assert_uint_eq(message.n_calls, 1);
	expect_bad_call(
	    0, "null", "", "a request must be an object, not an integer");
	ck_assert_int_eq(parse("[1,2,3]"), 0);
	ck_assert(message.is_batch);
	ck_assert_uint_eq(message.n_calls, 3);
	for (size_t i = 0; i < 3; i++)
		expect_bad_call(i, "null", "",
		    "a request must be an object, not an integer");
}
END_TEST

START_TEST(spec_mixed_batch)
{
	ck_assert_int_eq(
	    parse(
		"[{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": "
		"[1,2,4], \"id\": \"1\"},{\"jsonrpc\": \"2.0\", \"method\": "
		"\"notify_hello\", \"params\": [7]},{\"jsonrpc\": \"2.0\", "
		"\"method\": \"subtract\", \"params\": [42,23], \"id\": \"2\"},"
		"{\"foo\": \"boo\"},{\"jsonrpc\": \"2.0\", \"method\": "
		"\"foo.get\", \"params\": {\"name\": \"myself\"}, \"id\": "
		"\"5\"},{\"jsonrpc\": \"2.0\", \"method\": \"get_data\", "
		"\"id\": \"9\"}]"),
	    0);
	ck_assert(message.is_batch);
	ck_assert_uint_eq(message.n_calls, 6);
	expect_call(0, "sum", "[1,2,4]", "\"1\"");
	expect_call(1, "notify_hello", "[7]", NULL);
	expect_call(2, "subtract", "[42,23]", "\"2\"");
	expect_bad_call(
	    3, "null", "jsonrpc", "jsonrpc is missing: it must be \"2.0\"");
	expect_call(4, "foo.get", "{\"name\":\"myself\"}", "\"5\"");
	expect_call(5, "get_data", NULL, "\"9\"");
}
END_TEST

START_TEST(spec_batch_of_notifications)
{
	ck_assert_int_eq(
	    parse("[{\"jsonrpc\": \"2.0\", \"method\": \"notify_sum\", "
		  "\"params\": [1,2,4]},{\"jsonrpc\": \"2.0\", \"method\": "
		  "\"notify_hello\", \"params\": [7]}]"),
	    0);
	ck_assert_uint_eq(message.n_calls, 2);
	expect_call(0, "notify_sum", "[1,2,4]", NULL);
	expect_call(1, "notify_hello", "[7]", NULL);
}
END_TEST

START_TEST(ids_are_strings_numbers_and_null)
{
	static const char *const ids[] = {
	    "0", "-1", "9223372036854775807", "1.5", "\"\"", "\"a\"", "null"};
	char line[128];

	for (size_t i = 0; i < COUNT(ids); i++) {
		snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%s}", ids[i]);
		ck_assert_int_eq(parse(line), 0);
		expect_call(0, "m", NULL, ids[i]);
	}
}
END_TEST

START_TEST(other_ids_are_refused)
{
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[1]}", "null",
	    "id", "id must be a string, a number or null, not an array");
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{}}", "null",
	    "id", "id must be a string, a number or null, not an object");
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":true}", "null",
	    "id", "id must be a string, a number or null, not true");
}
END_TEST

START_TEST(the_version_is_a_string)
{
	expect_bad("{\"method\":\"m\",\"id\":7}", "7", "jsonrpc",
	    "jsonrpc is missing: it must be \"2.0\"");
	expect_bad("{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":7}", "7",
	    "jsonrpc", "jsonrpc must be the string \"2.0\", not a real number");
	expect_bad("{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":7}", "7",
	    "jsonrpc", "jsonrpc must be \"2.0\", not \"1.0\"");
	expect_bad("{\"jsonrpc\":\"2.0\\u0000\",\"method\":\"m\",\"id\":7}",
	    "7", "jsonrpc", "jsonrpc must be \"2.0\", not \"2.0\"");
}
END_TEST

START_TEST(a_method_is_a_string)
{
	expect_bad("{\"jsonrpc\":\"2.0\",\"id\":\"x\"}", "\"x\"", "method",
	    "method is missing: it must be a string");
	expect_bad("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":null}",
	    "\"x\"", "method", "method must be a string, not null");
}
END_TEST

START_TEST(a_method_may_hold_a_nul)
{
	ck_assert_int_eq(parse("{\"jsonrpc\":\"2.0\",\"id\":1,"
			       "\"method\":\"server.ping\\u0000\"}"),
	    0);
	ck_assert_int_eq(message.calls[0].error.kind, RPC_OK);
	ck_assert_uint_eq(message.calls[0].method_len, 12);
}
END_TEST

START_TEST(params_are_structured)
{
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"bar\","
		   "\"id\":2}",
	    "2", "params",
	    "params must be an object or an array, not a string");
	expect_bad(
	    "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":2}",
	    "2", "params", "params must be an object or an array, not null");
}
END_TEST

START_TEST(unknown_members_are_refused_by_name)
{
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{},"
		   "\"prams\":{},\"id\":2}",
	    "2", "prams", "unknown member \"prams\": did you mean \"params\"?");
	expect_bad("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"zzz\":{},\"id\":2}",
	    "2", "zzz",
	    "unknown member \"zzz\": known are jsonrpc, id, method, params");
}
END_TEST

START_TEST(a_lone_value_is_no_request)
{
	expect_bad(
	    "1", "null", "", "a request must be an object, not an integer");
	expect_bad(
	    "\"x\"", "null", "", "a request must be an object, not a string");
	expect_bad("null", "null", "", "a request must be an object, not null");
}
END_TEST

START_TEST(parse_errors_say_where)
{
	expect_refused("{\"a\":1,}", RPC_PARSE_ERROR,
	    "column 8, byte 8: string or '}' expected near '}'");
	expect_refused("\"\xc3\xa9\" x", RPC_PARSE_ERROR,
	    "column 5, byte 6: end of file expected near 'x'; a line holds one "
	    "message");
	expect_refused("[1", RPC_PARSE_ERROR,
	    "column 2, byte 2: ']' expected near end of file; a message is one "
	    "whole line");
	expect_refused("{\"a\":1,\"a\":2}", RPC_PARSE_ERROR,
	    "column 10, byte 10: duplicate object key near '\"a\"'");
}
END_TEST

START_TEST(numbers_that_do_not_fit_are_refused)
{
	expect_refused("9223372036854775808", RPC_PARSE_ERROR,
	    "column 19, byte 19: too big integer near '9223372036854775808'; "
	    "an integer takes 64 bits at the most");
	ck_assert_int_eq(parse("1e999"), -1);
	ck_assert_int_eq(error.kind, RPC_PARSE_ERROR);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused)
{
	static const char *const lines[] = {"\"\xff\"", "\"\xc0\x80\"",
	    "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\\ud800\"",
	    "\"\\udc00\\ud800\"", "\xef\xbb\xbf{}", "{\"a\\u0000\":1}"};

	for (size_t i = 0; i < COUNT(lines); i++) {
		json_t *json;

		ck_assert_int_eq(parse(lines[i]), -1);
		ck_assert_int_eq(error.kind, RPC_PARSE_ERROR);
		json = jsonrpc_error(NULL, &error);
		ck_assert_ptr_nonnull(json);
		json_decref(json);
	}
}
END_TEST

START_TEST(depth_is_bounded)
{
	char line[4000];

	memset(line, '[', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	ck_assert_int_eq(parse(line), -1);
	ck_assert_int_eq(error.kind, RPC_PARSE_ERROR);
	ck_assert_ptr_nonnull(strstr(error.detail, "maximum parsing depth"));
}
END_TEST

START_TEST(values_are_bounded_before_parsing)
{
	static const struct jsonrpc_limits few = {
	    .max_batch = 8, .max_values = 4};
	const char *fits = "[1,2,\",[{\\\",[{\"]", *over = "[1,2,3,4]";

	ck_assert_int_eq(
	    jsonrpc_parse(fits, strlen(fits), &few, &message, &error), 0);
	jsonrpc_message_free(&message);
	ck_assert_int_eq(
	    jsonrpc_parse(over, strlen(over), &few, &message, &error), -1);
	ck_assert_int_eq(error.kind, RPC_TOO_MANY_VALUES);
	ck_assert_str_eq(error.detail, "a line may hold 4 JSON values, not 5");
}
END_TEST

START_TEST(batches_are_bounded)
{
	ck_assert_int_eq(parse("[1,2,3,4,5,6,7,8]"), 0);
	expect_refused("[1,2,3,4,5,6,7,8,9]", RPC_BATCH_TOO_LARGE,
	    "a batch may hold 8 requests, not 9");
}
END_TEST

START_TEST(an_empty_message_can_be_freed)
{
	jsonrpc_message_free(NULL);
	jsonrpc_message_free(&message);
	ck_assert_ptr_null(message.calls);
}
END_TEST

/* Steals json. */
static void
expect_written(json_t *json, const char *expected)
{
	struct evbuffer *buffer = evbuffer_new();
	size_t len;

	ck_assert_ptr_nonnull(json);
	ck_assert_int_eq(jsonrpc_write(buffer, json), 0);
	len = evbuffer_get_length(buffer);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(evbuffer_pullup(buffer, -1), expected, len);
	evbuffer_free(buffer);
	json_decref(json);
}

START_TEST(answers_are_one_line_of_ascii)
{
	json_t *id = json_string("\xc3\xa9\n\xf0\x9f\x98\x80");

	expect_written(jsonrpc_result(id, json_pack("{s:b}", "pong", 1)),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"\\u00E9\\n\\uD83D\\uDE00\","
	    "\"result\":{\"pong\":true}}\n");
	expect_written(jsonrpc_result(NULL, json_integer(1)),
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}\n");
	json_decref(id);
}
END_TEST

/* Steals id. */
static void
expect_same_envelope(json_t *id)
{
	json_t *json = jsonrpc_result(id, json_pack("{s:i}", "a", 1));
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	struct writer writer = {0};

	jsonrpc_begin_result(&writer, id);
	writer_begin_object(&writer);
	writer_name(&writer, "a");
	writer_integer(&writer, 1);
	writer_end_object(&writer);
	jsonrpc_end_result(&writer);
	ck_assert(!writer.has_failed);
	ck_assert_uint_eq(writer.length, strlen(text));
	ck_assert_mem_eq(writer.text, text, writer.length);
	writer_free(&writer);
	free(text);
	json_decref(json);
	json_decref(id);
}

START_TEST(a_result_as_text_has_the_same_envelope)
{
	expect_same_envelope(NULL);
	expect_same_envelope(json_null());
	expect_same_envelope(json_integer(0));
	expect_same_envelope(json_integer(-4711));
	expect_same_envelope(json_integer(INT64_MIN));
	expect_same_envelope(json_real(1.5));
	expect_same_envelope(json_real(1e300));
	expect_same_envelope(json_string(""));
	expect_same_envelope(json_stringn("\"\\\xc3\xa9\n\0\x7f", 7));
	expect_same_envelope(json_string("\xf0\x9f\x98\x80"));
}
END_TEST

START_TEST(errors_carry_their_reason)
{
	json_t *id = json_integer(7);

	rpc_error_set(&error, RPC_INVALID_PARAMS, "workers", "too many");
	expect_written(jsonrpc_error(id, &error),
	    "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,"
	    "\"message\":\"Invalid params\",\"data\":{\"reason\":"
	    "\"invalid_params\",\"field\":\"workers\",\"detail\":\"too "
	    "many\"}}}\n");
	json_decref(id);
}
END_TEST

START_TEST(requests_and_notifications_are_written)
{
	json_t *id = json_integer(7);

	expect_written(jsonrpc_request(id, "server.ping", json_object()),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\",\"params\":{},"
	    "\"id\":7}\n");
	expect_written(jsonrpc_notification(
			   "job.progress", json_pack("{s:i}", "turns", 5)),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"job.progress\",\"params\":"
	    "{\"turns\":5}}\n");
	json_decref(id);
}
END_TEST

START_TEST(what_could_not_be_built_is_not_written)
{
	json_t *id = json_integer(7);

	ck_assert_ptr_null(jsonrpc_result(id, NULL));
	ck_assert_ptr_null(jsonrpc_request(id, "m", NULL));
	ck_assert_ptr_null(jsonrpc_notification("m", NULL));
	ck_assert_uint_eq(id->refcount, 1);
	json_decref(id);
}
END_TEST

START_TEST(a_failed_write_leaves_nothing)
{
	struct evbuffer *buffer = evbuffer_new();
	json_t *array = json_array(), *inner = json_array();

	json_array_append_new(array, json_string("begun"));
	json_array_append(array, inner);
	json_array_append_new(inner, json_string("deeper"));
	json_array_append(inner, array); /* a circle: cannot be written */
	ck_assert_int_eq(jsonrpc_write(buffer, array), -1);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
	json_array_clear(inner);
	json_decref(inner);
	json_decref(array);
	evbuffer_free(buffer);
}
END_TEST

static int
parse_reply(const char *line, struct jsonrpc_reply *reply)
{
	memset(&error, 0, sizeof(error));
	return jsonrpc_parse_reply(line, strlen(line), reply, &error);
}

START_TEST(replies_are_results_errors_and_notifications)
{
	struct jsonrpc_reply reply;

	ck_assert_int_eq(
	    parse_reply(
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", &reply),
	    0);
	expect_json(reply.id, "1");
	expect_json(reply.result, "null");
	ck_assert_ptr_null(reply.error);
	ck_assert_ptr_null(reply.method);
	json_decref(reply.root);

	ck_assert_int_eq(
	    parse_reply("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":"
			"{\"code\":-32000,\"message\":\"Busy\"}}",
		&reply),
	    0);
	expect_json(reply.id, "null");
	ck_assert_ptr_null(reply.result);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(reply.error, "code")), -32000);
	json_decref(reply.root);

	ck_assert_int_eq(parse_reply("{\"jsonrpc\":\"2.0\",\"method\":"
				     "\"job.progress\",\"params\":{\"x\":1}}",
			     &reply),
	    0);
	ck_assert_ptr_null(reply.id);
	ck_assert_str_eq(reply.method, "job.progress");
	expect_json(reply.params, "{\"x\":1}");
	json_decref(reply.root);
}
END_TEST

START_TEST(what_is_no_reply_is_refused)
{
	static const char *const lines[] = {"[]", "1", "{}",
	    "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":1}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1}",
	    "{\"jsonrpc\":\"2.0\",\"result\":1}",
	    "{\"jsonrpc\":\"2.0\",\"id\":[],\"result\":1}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":1}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"x\"}}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}",
	    "{\"jsonrpc\":\"2.0\",\"method\":1}",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":1}"};
	struct jsonrpc_reply reply;

	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert_int_eq(parse_reply(lines[i], &reply), -1);
		ck_assert_int_eq(error.kind, RPC_INVALID_REQUEST);
		ck_assert_str_ne(error.detail, "");
		ck_assert_ptr_null(reply.root);
	}
	ck_assert_int_eq(parse_reply("{", &reply), -1);
	ck_assert_int_eq(error.kind, RPC_PARSE_ERROR);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jsonrpc");
	TCase *spec = tcase_create("specification");
	TCase *strict = tcase_create("strict");
	TCase *written = tcase_create("written");

	tcase_add_checked_fixture(spec, NULL, teardown);
	tcase_add_test(spec, spec_positional_params);
	tcase_add_test(spec, spec_named_params);
	tcase_add_test(spec, spec_notification);
	tcase_add_test(spec, spec_invalid_json);
	tcase_add_test(spec, spec_invalid_request);
	tcase_add_test(spec, spec_batch_invalid_json);
	tcase_add_test(spec, spec_empty_batch);
	tcase_add_test(spec, spec_invalid_batch);
	tcase_add_test(spec, spec_mixed_batch);
	tcase_add_test(spec, spec_batch_of_notifications);
	suite_add_tcase(suite, spec);
	tcase_add_checked_fixture(strict, NULL, teardown);
	tcase_add_test(strict, ids_are_strings_numbers_and_null);
	tcase_add_test(strict, other_ids_are_refused);
	tcase_add_test(strict, the_version_is_a_string);
	tcase_add_test(strict, a_method_is_a_string);
	tcase_add_test(strict, a_method_may_hold_a_nul);
	tcase_add_test(strict, params_are_structured);
	tcase_add_test(strict, unknown_members_are_refused_by_name);
	tcase_add_test(strict, a_lone_value_is_no_request);
	tcase_add_test(strict, parse_errors_say_where);
	tcase_add_test(strict, numbers_that_do_not_fit_are_refused);
	tcase_add_test(strict, text_that_is_not_utf8_is_refused);
	tcase_add_test(strict, depth_is_bounded);
	tcase_add_test(strict, values_are_bounded_before_parsing);
	tcase_add_test(strict, batches_are_bounded);
	tcase_add_test(strict, an_empty_message_can_be_freed);
	suite_add_tcase(suite, strict);
	tcase_add_test(written, answers_are_one_line_of_ascii);
	tcase_add_test(written, a_result_as_text_has_the_same_envelope);
	tcase_add_test(written, errors_carry_their_reason);
	tcase_add_test(written, requests_and_notifications_are_written);
	tcase_add_test(written, what_could_not_be_built_is_not_written);
	tcase_add_test(written, a_failed_write_leaves_nothing);
	tcase_add_test(written, replies_are_results_errors_and_notifications);
	tcase_add_test(written, what_is_no_reply_is_refused);
	suite_add_tcase(suite, written);
	return suite_main(suite);
}
