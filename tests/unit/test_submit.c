/* What the options and the lines of gilctl submit say. */
#include "client/submit.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct command command = {.name = "test"};
static const struct context context = {.command = &command};
static struct submit_settings settings;

static void
setup(void)
{
	settings = (struct submit_settings){
	    .workers = SUBMIT_NOT_GIVEN,
	    .cost_ns = SUBMIT_NOT_GIVEN,
	    .timeout_ms = SUBMIT_NOT_GIVEN,
	    .io_every = SUBMIT_NOT_GIVEN,
	    .io_for_us = SUBMIT_NOT_GIVEN,
	    .priority = SUBMIT_NOT_GIVEN,
	    .start_after_ms = SUBMIT_NOT_GIVEN,
	    .retry_for_ms = SUBMIT_NOT_GIVEN,
	    .repeat = 1,
	};
}

static void
set_everything(void)
{
	settings.pool = "threads";
	settings.workers = 2;
	settings.cost_ns = 20;
	settings.timeout_ms = 30;
	settings.profile = "io";
	settings.io_every = 40;
	settings.io_for_us = 50;
	settings.priority = 0;
	settings.start_after_ms = 60;
	settings.is_detached = true;
}

/* The options, and the same as a stream's defaults, are one request. */
START_TEST(options_are_a_request_and_defaults)
{
	struct job_request request, from_line;
	struct rpc_error error;
	json_t *defaults, *params;

	for (int i = 0; i < 2; i++) {
		if (i == 1)
			set_everything();
		ck_assert_int_eq(
		    submit_make_request(&context, &settings, "5k", &request),
		    OUTCOME_FINE);
		defaults = submit_make_defaults(&settings);
		params = submit_read_line(
		    "{\"count\":5000}", 14, 1, defaults, NULL, &error);
		ck_assert_ptr_nonnull(params);
		ck_assert_int_eq(
		    job_request_from_json(params, 64, &from_line, &error), 0);
		ck_assert(job_request_equals(&request, &from_line));
		ck_assert_int_eq(request.detach, i == 1);
		ck_assert_int_eq(from_line.detach, i == 1);
		ck_assert_uint_eq(
		    request.priority, i == 1 ? 0 : REQUEST_DEFAULT_PRIORITY);
		json_decref(params);
		json_decref(defaults);
	}
}
END_TEST

START_TEST(a_line_has_the_last_word)
{
	static const char line[] = "{\"count\":1,\"priority\":9,"
				   "\"detach\":false,\"key\":\"mine\"}";
	struct submit_keys keys = {"base"};
	struct rpc_error error;
	json_t *defaults, *params;

	set_everything();
	defaults = submit_make_defaults(&settings);
	params =
	    submit_read_line(line, strlen(line), 7, defaults, &keys, &error);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(params, "priority")), 9);
	ck_assert(json_is_false(json_object_get(params, "detach")));
	ck_assert_str_eq(
	    json_string_value(json_object_get(params, "key")), "mine");
	json_decref(params);
	params = submit_read_line("{}", 2, 7, defaults, &keys, &error);
	ck_assert_str_eq(
	    json_string_value(json_object_get(params, "key")), "base/7");
	json_decref(params);
	json_decref(defaults);
}
END_TEST

START_TEST(a_line_that_is_no_object_is_refused)
{
	static const struct {
		const char *line;
		enum rpc_error_kind kind;
	} lines[] = {
	    {"{", RPC_PARSE_ERROR},
	    {"[1]", RPC_INVALID_PARAMS},
	    {"7", RPC_INVALID_PARAMS},
	    {"{\"a\":1,\"a\":2}", RPC_PARSE_ERROR},
	};
	json_t *defaults = submit_make_defaults(&settings);
	struct rpc_error error;

	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert_ptr_null(submit_read_line(lines[i].line,
		    strlen(lines[i].line), 1, defaults, NULL, &error));
		ck_assert_int_eq(error.kind, lines[i].kind);
	}
	json_decref(defaults);
}
END_TEST

START_TEST(keys_are_made_up_once)
{
	struct submit_keys one, other;
	char first[REQUEST_KEY_CHARS + 1], second[REQUEST_KEY_CHARS + 1];

	ck_assert_int_eq(submit_make_keys(&context, &one), OUTCOME_FINE);
	ck_assert_int_eq(submit_make_keys(&context, &other), OUTCOME_FINE);
	ck_assert_str_ne(one.base, other.base);
	submit_write_key(&one, 1, first);
	submit_write_key(&one, 2, second);
	ck_assert_str_ne(first, second);
	ck_assert(job_key_is_valid(first));
	submit_write_key(&one, UINT64_MAX, first);
	ck_assert(job_key_is_valid(first));
}
END_TEST

START_TEST(patience_is_for_what_has_a_key)
{
	ck_assert_uint_eq(submit_retry_for_ms(&settings, false), 0);
	ck_assert_uint_eq(
	    submit_retry_for_ms(&settings, true), SUBMIT_RETRY_FOR_MS);
	settings.retry_for_ms = 7;
	ck_assert_uint_eq(submit_retry_for_ms(&settings, false), 7);
	ck_assert_uint_eq(submit_retry_for_ms(&settings, true), 7);
}
END_TEST

START_TEST(what_contradicts_itself_is_refused)
{
	struct job_request request;
	char key[REQUEST_KEY_CHARS + 2];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	settings.key = key;
	ck_assert_int_eq(
	    submit_make_request(&context, &settings, "1", &request),
	    OUTCOME_USAGE);
	settings.key = key + 1;
	ck_assert_int_eq(
	    submit_make_request(&context, &settings, "1", &request),
	    OUTCOME_FINE);
	ck_assert_str_eq(request.key, key + 1);
	settings.repeat = 2;
	ck_assert_int_eq(
	    submit_make_request(&context, &settings, "1", &request),
	    OUTCOME_USAGE);
	settings.repeat = 1;
	settings.io_every = 5;
	ck_assert_int_eq(
	    submit_make_request(&context, &settings, "1", &request),
	    OUTCOME_USAGE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("submit");
	TCase *tcase = tcase_create("submit");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, options_are_a_request_and_defaults);
	tcase_add_test(tcase, a_line_has_the_last_word);
	tcase_add_test(tcase, a_line_that_is_no_object_is_refused);
	tcase_add_test(tcase, keys_are_made_up_once);
	tcase_add_test(tcase, patience_is_for_what_has_a_key);
	tcase_add_test(tcase, what_contradicts_itself_is_refused);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
