/*
 * The params of job.submit: defaults, bounds, every refusal in its words, and
 * the way there and back. The readers of params.c are tested through it.
 */
#include "proto/request.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "proto/params.h"
#include "tests/unit/suite.h"

#define MAX_WORKERS 64

static struct job_request request;
static struct rpc_error error;

static int
read_params(const char *text)
{
	json_t *params =
	    json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	int rc;

	ck_assert_ptr_nonnull(params);
	memset(&error, 0, sizeof(error));
	rc = job_request_from_json(params, MAX_WORKERS, &request, &error);
	json_decref(params);
	return rc;
}

static void
expect_fine(const char *text)
{
	int rc = read_params(text);

	ck_assert_msg(rc == 0, "%s: %s", text, error.detail);
}

static void
expect_refused(const char *text, const char *field, const char *detail)
{
	ck_assert_int_eq(read_params(text), -1);
	ck_assert_int_eq(error.kind, RPC_INVALID_PARAMS);
	ck_assert_str_eq(error.field, field);
	ck_assert_str_eq(error.detail, detail);
}

START_TEST(defaults_stand_for_what_is_absent)
{
	expect_fine("{\"count\":5}");
	ck_assert_uint_eq(request.count, 5);
	ck_assert_str_eq(request.pool, "processes");
	ck_assert_uint_eq(request.workers, 1);
	ck_assert_uint_eq(request.cost_ns, 0);
	ck_assert_uint_eq(request.timeout_ms, 0);
	ck_assert(!request.wants_progress);
	ck_assert_int_eq(request.profile, PROFILE_CPU);
	ck_assert_uint_eq(request.io_every, 0);
	ck_assert_uint_eq(request.io_for_us, 0);
	ck_assert_uint_eq(request.priority, 4);
	ck_assert_uint_eq(request.start_after_ms, 0);
	ck_assert(!request.detach);
	ck_assert_str_eq(request.key, "");
}
END_TEST

START_TEST(every_parameter_is_read)
{
	expect_fine("{\"count\":50000000,\"pool\":\"threads\",\"workers\":2,"
		    "\"cost_ns\":20,\"timeout_ms\":1500,\"progress\":true}");
	ck_assert_uint_eq(request.count, 50000000);
	ck_assert_str_eq(request.pool, "threads");
	ck_assert_uint_eq(request.workers, 2);
	ck_assert_uint_eq(request.cost_ns, 20);
	ck_assert_uint_eq(request.timeout_ms, 1500);
	ck_assert(request.wants_progress);
}
END_TEST

START_TEST(what_the_store_and_the_queue_need_is_read)
{
	expect_fine("{\"count\":5,\"priority\":0,\"start_after_ms\":2147483647,"
		    "\"detach\":true,\"key\":\"\\u00e9 7\"}");
	ck_assert_uint_eq(request.priority, 0);
	ck_assert_uint_eq(request.start_after_ms, 2147483647);
	ck_assert(request.detach);
	ck_assert_str_eq(request.key, "\xc3\xa9 7");
	expect_refused("{\"count\":1,\"priority\":10}", "priority",
	    "priority must be an integer from 0 to 9, not 10");
	expect_refused("{\"count\":1,\"start_after_ms\":-1}", "start_after_ms",
	    "start_after_ms must be an integer from 0 to 2147483647, not -1");
	expect_refused("{\"count\":1,\"detach\":\"yes\"}", "detach",
	    "detach must be true or false, not a string");
}
END_TEST

START_TEST(a_key_has_bytes_and_no_control_characters)
{
	static const char *const wrong[] = {"", "a\nb", "\x7f", "\xc2\x9b"};
	char key[REQUEST_KEY_CHARS + 2];

	memset(key, 'k', sizeof(key) - 1);
	key[REQUEST_KEY_CHARS + 1] = '\0';
	ck_assert(!job_key_is_valid(key));
	key[REQUEST_KEY_CHARS] = '\0';
	ck_assert(job_key_is_valid(key));
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert(!job_key_is_valid(wrong[i]));
	expect_refused("{\"count\":1,\"key\":\"\"}", "key",
	    "key must be 1 to 128 bytes without control characters");
}
END_TEST

START_TEST(profiles_are_read)
{
	expect_fine("{\"count\":5,\"profile\":\"cpu\"}");
	ck_assert_int_eq(request.profile, PROFILE_CPU);
	expect_fine("{\"count\":5,\"profile\":\"native\"}");
	ck_assert_int_eq(request.profile, PROFILE_NATIVE);
	expect_fine("{\"count\":5,\"profile\":\"io\",\"io_every\":3,"
		    "\"io_for_us\":200}");
	ck_assert_int_eq(request.profile, PROFILE_IO);
	ck_assert_uint_eq(request.io_every, 3);
	ck_assert_uint_eq(request.io_for_us, 200);
	expect_fine("{\"count\":1,\"profile\":\"io\","
		    "\"io_every\":9007199254740991,\"io_for_us\":10000000}");
	ck_assert_uint_eq(request.io_for_us, REQUEST_MAX_IO_FOR_US);
}
END_TEST

START_TEST(a_profile_is_one_of_three)
{
	expect_refused("{\"count\":1,\"profile\":\"gpu\"}", "profile",
	    "profile must be \"cpu\", \"native\" or \"io\", not \"gpu\"");
	expect_refused("{\"count\":1,\"profile\":2}", "profile",
	    "profile must be \"cpu\", \"native\" or \"io\", not an integer");
}
END_TEST

START_TEST(io_says_how_often_and_how_long)
{
	expect_refused("{\"count\":1,\"profile\":\"io\",\"io_for_us\":1}",
	    "io_every",
	    "io_every is missing: it must be the number of turns before each "
	    "sleep, an integer");
	expect_refused("{\"count\":1,\"profile\":\"io\",\"io_every\":1}",
	    "io_for_us",
	    "io_for_us is missing: it must be the length of each sleep in us, "
	    "an integer");
	expect_refused("{\"count\":1,\"profile\":\"io\",\"io_every\":0,"
		       "\"io_for_us\":1}",
	    "io_every",
	    "io_every must be an integer from 1 to 9007199254740991, not 0");
	expect_refused("{\"count\":1,\"profile\":\"io\",\"io_every\":1,"
		       "\"io_for_us\":10000001}",
	    "io_for_us",
	    "io_for_us must be an integer from 1 to 10000000, not 10000001");
}
END_TEST

START_TEST(other_profiles_take_no_io)
{
	expect_refused("{\"count\":1,\"io_every\":5}", "io_every",
	    "io_every is for the profile \"io\" only, and this one's is "
	    "\"cpu\"");
	expect_refused("{\"count\":1,\"profile\":\"native\",\"io_for_us\":0}",
	    "io_for_us",
	    "io_for_us is for the profile \"io\" only, and this one's is "
	    "\"native\"");
}
END_TEST

START_TEST(bounds_are_included)
{
	expect_fine("{\"count\":1,\"workers\":1,\"cost_ns\":0,"
		    "\"timeout_ms\":0,\"progress\":false,\"pool\":\"a\"}");
	expect_fine("{\"count\":9007199254740991,\"workers\":64,"
		    "\"cost_ns\":1000000,\"timeout_ms\":2147483647,"
		    "\"pool\":\"a234567890123456789012345678-_1\"}");
	ck_assert_uint_eq(request.count, REQUEST_MAX_COUNT);
	ck_assert_uint_eq(strlen(request.pool), POOL_NAME_CHARS);
}
END_TEST

START_TEST(count_is_required)
{
	expect_refused("{}", "count",
	    "count is missing: it must be the number of turns to count down, "
	    "an integer");
	memset(&error, 0, sizeof(error));
	ck_assert_int_eq(
	    job_request_from_json(NULL, MAX_WORKERS, &request, &error), -1);
	ck_assert_str_eq(error.field, "count");
}
END_TEST

START_TEST(params_go_by_name)
{
	expect_refused("[50000000]", "",
	    "params must be an object, each parameter by its name, not an "
	    "array");
}
END_TEST

START_TEST(integers_are_within_bounds)
{
	expect_refused("{\"count\":0}", "count",
	    "count must be an integer from 1 to 9007199254740991, not 0");
	expect_refused("{\"count\":-1}", "count",
	    "count must be an integer from 1 to 9007199254740991, not -1");
	expect_refused("{\"count\":9007199254740992}", "count",
	    "count must be an integer from 1 to 9007199254740991, not "
	    "9007199254740992");
	expect_refused("{\"count\":1,\"workers\":0}", "workers",
	    "workers must be an integer from 1 to 64, not 0");
	expect_refused("{\"count\":1,\"workers\":65}", "workers",
	    "workers must be an integer from 1 to 64, not 65");
	expect_refused("{\"count\":1,\"workers\":4294967297}", "workers",
	    "workers must be an integer from 1 to 64, not 4294967297");
	expect_refused("{\"count\":1,\"cost_ns\":1000001}", "cost_ns",
	    "cost_ns must be an integer from 0 to 1000000, not 1000001");
	expect_refused("{\"count\":1,\"timeout_ms\":-9223372036854775808}",
	    "timeout_ms",
	    "timeout_ms must be an integer from 0 to 2147483647, not "
	    "-9223372036854775808");
}
END_TEST

START_TEST(integers_are_json_integers)
{
	expect_refused("{\"count\":5e7}", "count",
	    "count must be an integer from 1 to 9007199254740991, written "
	    "without a point or an exponent");
	expect_refused("{\"count\":1,\"workers\":1.0}", "workers",
	    "workers must be an integer from 1 to 64, written without a point "
	    "or an exponent");
	expect_refused("{\"count\":\"5\"}", "count",
	    "count must be an integer from 1 to 9007199254740991, not a "
	    "string");
	expect_refused("{\"count\":null}", "count",
	    "count must be an integer from 1 to 9007199254740991, not null");
}
END_TEST

START_TEST(progress_is_a_boolean)
{
	expect_refused("{\"count\":1,\"progress\":1}", "progress",
	    "progress must be true or false, not an integer");
}
END_TEST

START_TEST(a_pool_has_a_name)
{
	expect_refused("{\"count\":1,\"pool\":3}", "pool",
	    "pool must be a string, not an integer");
	expect_refused("{\"count\":1,\"pool\":\"\"}", "pool",
	    "pool must be 1 to 31 of a-z, 0-9, '-' and '_', a letter first, "
	    "not \"\"");
	expect_refused("{\"count\":1,\"pool\":\"Threads\"}", "pool",
	    "pool must be 1 to 31 of a-z, 0-9, '-' and '_', a letter first, "
	    "not \"Threads\"");
	expect_refused("{\"count\":1,\"pool\":\"threads\\u0000\"}", "pool",
	    "pool must not hold a NUL");
}
END_TEST

START_TEST(unknown_parameters_are_refused_by_name)
{
	expect_refused("{\"cuont\":1}", "cuont",
	    "unknown parameter \"cuont\": did you mean \"count\"?");
	expect_refused("{\"count\":1,\"timeout\":5}", "timeout",
	    "unknown parameter \"timeout\": did you mean \"timeout_ms\"?");
	expect_refused("{\"count\":1,\"colour\":5}", "colour",
	    "unknown parameter \"colour\": known are count, pool, workers, "
	    "cost_ns, timeout_ms, progress, profile, io_every, io_for_us, "
	    "priority, start_after_ms, detach, key");
}
END_TEST

START_TEST(pool_names)
{
	ck_assert(pool_name_is_valid("a"));
	ck_assert(pool_name_is_valid("threads"));
	ck_assert(pool_name_is_valid("no-gil_2"));
	ck_assert(pool_name_is_valid("a234567890123456789012345678901"));
	ck_assert(!pool_name_is_valid("a2345678901234567890123456789012"));
	ck_assert(!pool_name_is_valid(""));
	ck_assert(!pool_name_is_valid("2threads"));
	ck_assert(!pool_name_is_valid("-a"));
	ck_assert(!pool_name_is_valid("_a"));
	ck_assert(!pool_name_is_valid("a.b"));
	ck_assert(!pool_name_is_valid("a b"));
	ck_assert(!pool_name_is_valid("\xc3\xa9"));
}
END_TEST

static void
expect_written(const char *expected)
{
	json_t *json = job_request_to_json(&request);
	char *text = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(json);
}

START_TEST(defaults_are_not_written)
{
	job_request_init(&request);
	request.count = 7;
	expect_written("{\"count\":7}");
	request.workers = 2;
	request.cost_ns = 20;
	request.timeout_ms = 10;
	request.wants_progress = true;
	strcpy(request.pool, "threads");
	expect_written("{\"count\":7,\"pool\":\"threads\",\"workers\":2,"
		       "\"cost_ns\":20,\"timeout_ms\":10,\"progress\":true}");
	expect_fine("{\"count\":7,\"pool\":\"threads\",\"workers\":2,"
		    "\"cost_ns\":20,\"timeout_ms\":10,\"progress\":true}");
	expect_written("{\"count\":7,\"pool\":\"threads\",\"workers\":2,"
		       "\"cost_ns\":20,\"timeout_ms\":10,\"progress\":true}");
}
END_TEST

START_TEST(profiles_are_written)
{
	expect_fine("{\"count\":5,\"profile\":\"native\"}");
	expect_written("{\"count\":5,\"profile\":\"native\"}");
	expect_fine("{\"count\":5,\"profile\":\"io\",\"io_every\":3,"
		    "\"io_for_us\":200}");
	expect_written("{\"count\":5,\"profile\":\"io\",\"io_every\":3,"
		       "\"io_for_us\":200}");
}
END_TEST

START_TEST(a_method_without_params_takes_none)
{
	json_t *params = json_pack("{s:i}", "x", 1);

	ck_assert_int_eq(params_check(NULL, NULL, 0, &error), 0);
	ck_assert_int_eq(params_check(params, NULL, 0, &error), -1);
	ck_assert_str_eq(
	    error.detail, "unknown parameter \"x\": none is expected");
	json_object_clear(params);
	ck_assert_int_eq(params_check(params, NULL, 0, &error), 0);
	json_decref(params);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("request");
	TCase *tcase = tcase_create("request");

	tcase_add_test(tcase, defaults_stand_for_what_is_absent);
	tcase_add_test(tcase, every_parameter_is_read);
	tcase_add_test(tcase, what_the_store_and_the_queue_need_is_read);
	tcase_add_test(tcase, a_key_has_bytes_and_no_control_characters);
	tcase_add_test(tcase, profiles_are_read);
	tcase_add_test(tcase, a_profile_is_one_of_three);
	tcase_add_test(tcase, io_says_how_often_and_how_long);
	tcase_add_test(tcase, other_profiles_take_no_io);
	tcase_add_test(tcase, bounds_are_included);
	tcase_add_test(tcase, count_is_required);
	tcase_add_test(tcase, params_go_by_name);
	tcase_add_test(tcase, integers_are_within_bounds);
	tcase_add_test(tcase, integers_are_json_integers);
	tcase_add_test(tcase, progress_is_a_boolean);
	tcase_add_test(tcase, a_pool_has_a_name);
	tcase_add_test(tcase, unknown_parameters_are_refused_by_name);
	tcase_add_test(tcase, pool_names);
	tcase_add_test(tcase, defaults_are_not_written);
	tcase_add_test(tcase, profiles_are_written);
	tcase_add_test(tcase, a_method_without_params_takes_none);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
