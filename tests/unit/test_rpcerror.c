/*
 * The error table, and that an error's text can always be sent: cut at whole
 * characters, free of control characters, valid UTF-8.
 */
#include "proto/rpcerror.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct rpc_error error;

START_TEST(codes_and_slugs_are_unique)
{
	for (int i = RPC_OK + 1; i < RPC_ERROR_COUNT; i++) {
		enum rpc_error_kind kind = (enum rpc_error_kind)i;

		ck_assert_int_eq(
		    rpc_error_from_code(rpc_error_code(kind)), kind);
		for (int j = i + 1; j < RPC_ERROR_COUNT; j++)
			ck_assert_str_ne(rpc_error_slug(kind),
			    rpc_error_slug((enum rpc_error_kind)j));
	}
}
END_TEST

START_TEST(codes_are_the_specifications_or_ours)
{
	ck_assert_int_eq(rpc_error_code(RPC_PARSE_ERROR), -32700);
	ck_assert_int_eq(rpc_error_code(RPC_INVALID_REQUEST), -32600);
	ck_assert_int_eq(rpc_error_code(RPC_METHOD_NOT_FOUND), -32601);
	ck_assert_int_eq(rpc_error_code(RPC_INVALID_PARAMS), -32602);
	ck_assert_int_eq(rpc_error_code(RPC_INTERNAL), -32603);
	for (int i = RPC_BUSY; i < RPC_ERROR_COUNT; i++) {
		int code = rpc_error_code((enum rpc_error_kind)i);

		ck_assert_int_le(code, -32000);
		ck_assert_int_ge(code, -32099);
	}
}
END_TEST

START_TEST(other_codes_are_unknown)
{
	ck_assert_int_eq(rpc_error_from_code(0), RPC_OK);
	ck_assert_int_eq(rpc_error_from_code(-32099), RPC_OK);
	ck_assert_int_eq(rpc_error_from_code(1), RPC_OK);
}
END_TEST

START_TEST(set_fills_in_and_fails)
{
	ck_assert_int_eq(rpc_error_set(&error, RPC_INVALID_PARAMS, "workers",
			     "workers must be at most %d", 64),
	    -1);
	ck_assert_int_eq(error.kind, RPC_INVALID_PARAMS);
	ck_assert_str_eq(error.field, "workers");
	ck_assert_str_eq(error.detail, "workers must be at most 64");
	rpc_error_set(&error, RPC_BUSY, NULL, "full");
	ck_assert_str_eq(error.field, "");
}
END_TEST

/* What detail becomes of this many 'x' and a text behind them. */
static const char *
detail_of(size_t n, const char *text)
{
	char filler[2 * sizeof(error.detail)];

	memset(filler, 'x', n);
	filler[n] = '\0';
	rpc_error_set(&error, RPC_BUSY, filler, "%s%s", filler, text);
	return error.detail;
}

START_TEST(long_text_is_cut_at_a_character)
{
	const size_t room = sizeof(error.detail) - 1;
	static const char *const wide[] = {
	    "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

	ck_assert_uint_eq(strlen(detail_of(room + 50, "")), room);
	for (size_t w = 0; w < 3; w++) {
		size_t len = strlen(wide[w]);

		for (size_t in = 0; in <= len; in++) {
			const char *detail = detail_of(room - in, wide[w]);

			ck_assert_uint_eq(
			    strlen(detail), in == len ? room : room - in);
			ck_assert_ptr_null(strchr(detail, '?'));
		}
	}
	ck_assert_uint_eq(strlen(error.field), sizeof(error.field) - 1);
}
END_TEST

START_TEST(text_is_valid_utf8_on_one_line)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"a\nb\tc\x7f\x1b[31m", "a?b?c??[31m"},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"\xff\xfe", "??"},
	    {"\x80", "?"},
	    {"\xc3", "?"},
	    {"\xc3(", "?("},
	    {"\xc0\xaf", "??"},
	    {"\xe0\x80\xaf", "???"},
	    {"\xed\xa0\x80", "???"},
	    {"\xed\x9f\xbf", "\xed\x9f\xbf"},
	    {"\xf0\x80\x80\xaf", "????"},
	    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	    {"\xf4\x90\x80\x80", "????"},
	    {"\xf0\x9f\x98", "???"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *json;

		rpc_error_set(
		    &error, RPC_BUSY, cases[i].text, "%s", cases[i].text);
		ck_assert_str_eq(error.detail, cases[i].expected);
		ck_assert_str_eq(error.field, cases[i].expected);
		json = rpc_error_to_json(&error);
		ck_assert_ptr_nonnull(json);
		json_decref(json);
	}
}
END_TEST

START_TEST(unknown_names_get_the_nearest)
{
	static const char *const known[] = {"count", "pool", "workers"};

	ck_assert_int_eq(rpc_error_set_unknown(&error, RPC_INVALID_PARAMS,
			     "cuont", "parameter", "cuont", known, 3),
	    -1);
	ck_assert_int_eq(error.kind, RPC_INVALID_PARAMS);
	ck_assert_str_eq(error.field, "cuont");
	ck_assert_str_eq(error.detail,
	    "unknown parameter \"cuont\": did you mean \"count\"?");
	rpc_error_set_unknown(
	    &error, RPC_NO_SUCH_POOL, NULL, "pool", "colour", known, 3);
	ck_assert_str_eq(error.detail,
	    "unknown pool \"colour\": known are count, pool, workers");
	rpc_error_set_unknown(
	    &error, RPC_INVALID_PARAMS, "x", "parameter", "x", known, 0);
	ck_assert_str_eq(
	    error.detail, "unknown parameter \"x\": none is expected");
}
END_TEST

START_TEST(a_list_of_names_that_does_not_fit_is_cut)
{
	static const char *known[200];

	for (size_t i = 0; i < 200; i++)
		known[i] = "abcdefghijkl";
	rpc_error_set_unknown(&error, RPC_INVALID_PARAMS, NULL, "parameter",
	    "zzzzzz", known, 200);
	ck_assert_uint_eq(strlen(error.detail), sizeof(error.detail) - 1);
}
END_TEST

START_TEST(empty_parts_are_left_out)
{
	json_t *json, *data;

	rpc_error_set(&error, RPC_NO_SUCH_JOB, NULL, "%s", "");
	json = rpc_error_to_json(&error);
	data = json_object_get(json, "data");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "code")), -32003);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json, "message")), "No such job");
	ck_assert_str_eq(
	    json_string_value(json_object_get(data, "reason")), "no_such_job");
	ck_assert_uint_eq(json_object_size(data), 1);
	json_decref(json);
}
END_TEST

START_TEST(types_have_names)
{
	static const struct {
		const char *text, *name;
	} cases[] = {{"{}", "an object"}, {"[]", "an array"},
	    {"\"\"", "a string"}, {"1", "an integer"}, {"1.5", "a real number"},
	    {"true", "true"}, {"false", "false"}, {"null", "null"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *json = json_loads(cases[i].text, JSON_DECODE_ANY, NULL);

		ck_assert_str_eq(rpc_json_type(json), cases[i].name);
		json_decref(json);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpcerror");
	TCase *tcase = tcase_create("rpcerror");

	tcase_add_test(tcase, codes_and_slugs_are_unique);
	tcase_add_test(tcase, codes_are_the_specifications_or_ours);
	tcase_add_test(tcase, other_codes_are_unknown);
	tcase_add_test(tcase, set_fills_in_and_fails);
	tcase_add_test(tcase, long_text_is_cut_at_a_character);
	tcase_add_test(tcase, text_is_valid_utf8_on_one_line);
	tcase_add_test(tcase, unknown_names_get_the_nearest);
	tcase_add_test(tcase, a_list_of_names_that_does_not_fit_is_cut);
	tcase_add_test(tcase, empty_parts_are_left_out);
	tcase_add_test(tcase, types_have_names);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
