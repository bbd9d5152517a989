/*
 * A job's record: its exact members, the way there and back, and what is
 * refused when reading one.
 */
#include "proto/record.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const char *const ended_text =
    "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"state\":\"timed_out\","
    "\"reason\":\"after 5 ms\",\"pool\":\"threads\",\"profile\":\"io\","
    "\"count\":9,\"workers\":2,\"cost_ns\":20,\"io_every\":3,"
    "\"io_for_us\":50,\"priority\":7,\"timeout_ms\":5,"
    "\"start_after_ms\":4,\"attempts\":6,"
    "\"accepted_unix_ms\":1469918176385,\"key\":\"night/1\","
    "\"detached\":true,\"collected\":true,"
    "\"started_unix_ms\":1469918176386,\"ended_unix_ms\":1469918176387,"
    "\"timing\":{\"queue_ns\":1,\"wall_ns\":2,\"total_ns\":3,"
    "\"cpu_ns\":4,\"cpu_wait_ns\":5,\"lock_wait_ns\":6,"
    "\"lock_held_ns\":7,\"switch_wait_ns\":8,\"native_ns\":9,"
    "\"io_ns\":10}}";

static const char *const queued_text =
    "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"state\":\"queued\","
    "\"pool\":\"processes\",\"profile\":\"cpu\",\"count\":9,\"workers\":1,"
    "\"cost_ns\":0,\"io_every\":0,\"io_for_us\":0,\"priority\":4,"
    "\"timeout_ms\":0,\"start_after_ms\":0,\"attempts\":0,"
    "\"accepted_unix_ms\":1469918176385,\"key\":null,\"detached\":true,"
    "\"collected\":false,\"started_unix_ms\":null,"
    "\"ended_unix_ms\":null,\"timing\":null,\"result\":null}";

static struct job_record record;
static struct rpc_error error;

static json_t *
load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

/* Reads json, and lets it go. */
static int
read_json(json_t *json)
{
	int rc;

	memset(&error, 0, sizeof(error));
	rc = record_from_json(json, &record, &error);
	json_decref(json);
	return rc;
}

static void
expect_written(json_t *result, const char *expected)
{
	json_t *json = record_to_json(&record, result);
	char *text = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(json);
}

START_TEST(what_is_read_is_written)
{
	ck_assert_int_eq(read_json(load(ended_text)), 0);
	ck_assert_int_eq(record.state, JOB_TIMED_OUT);
	ck_assert_str_eq(record.reason, "after 5 ms");
	ck_assert_str_eq(record.request.pool, "threads");
	ck_assert_int_eq(record.request.profile, PROFILE_IO);
	ck_assert_uint_eq(record.request.count, 9);
	ck_assert_uint_eq(record.request.workers, 2);
	ck_assert_uint_eq(record.request.priority, 7);
	ck_assert_uint_eq(record.request.timeout_ms, 5);
	ck_assert_uint_eq(record.request.start_after_ms, 4);
	ck_assert_str_eq(record.request.key, "night/1");
	ck_assert(record.is_detached);
	ck_assert(record.is_collected);
	ck_assert_uint_eq(record.attempts, 6);
	ck_assert_uint_eq(record.accepted_ms, 1469918176385);
	ck_assert_uint_eq(record.started_ms, 1469918176386);
	ck_assert_uint_eq(record.ended_ms, 1469918176387);
	ck_assert_uint_eq(record.timing.io_ns, 10);
	expect_written(NULL, ended_text);
}
END_TEST

START_TEST(what_has_not_been_is_null)
{
	ck_assert_int_eq(read_json(load(queued_text)), 0);
	ck_assert_int_eq(record.state, JOB_QUEUED);
	ck_assert_str_eq(record.request.key, "");
	ck_assert(!record.is_collected);
	ck_assert_uint_eq(record.started_ms, 0);
	ck_assert_uint_eq(record.ended_ms, 0);
	ck_assert_uint_eq(record.timing.total_ns, 0);
	expect_written(json_null(), queued_text);
}
END_TEST

START_TEST(a_result_stands_in_its_record)
{
	json_t *result = json_pack("{s:s}", "state", "timed_out");
	json_t *json;

	ck_assert_int_eq(read_json(load(ended_text)), 0);
	json = record_to_json(&record, result);
	ck_assert_ptr_eq(json_object_get(json, "result"), result);
	ck_assert_int_eq(read_json(json), 0);
}
END_TEST

START_TEST(every_member_but_the_reason_is_needed)
{
	json_t *whole = load(ended_text);
	const char *name;
	json_t *member;

	json_object_foreach (whole, name, member) {
		json_t *part = json_copy(whole);

		json_object_del(part, name);
		if (strcmp(name, "reason") == 0) {
			ck_assert_int_eq(read_json(part), 0);
			continue;
		}
		ck_assert_int_eq(read_json(part), -1);
		ck_assert_str_eq(error.field,
		    strcmp(name, "timing") == 0 ? "timing.queue_ns" : name);
		ck_assert_str_ne(error.detail, "");
	}
	json_decref(whole);
}
END_TEST

static void
expect_refused(const char *name, json_t *value, const char *field)
{
	json_t *json = load(ended_text);

	json_object_set_new(json, name, value);
	ck_assert_int_eq(read_json(json), -1);
	ck_assert_str_eq(error.field, field);
}

START_TEST(wrong_members_are_refused)
{
	char key[REQUEST_KEY_CHARS + 2];

	memset(key, 'x', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	expect_refused("job", json_string("x"), "job");
	expect_refused("state", json_string("lost"), "state");
	expect_refused("pool", json_string("Threads"), "pool");
	expect_refused("workers", json_integer(4294967296), "workers");
	expect_refused("priority", json_integer(10), "priority");
	expect_refused("key", json_integer(1), "key");
	expect_refused("key", json_string(""), "key");
	expect_refused("key", json_string(key), "key");
	expect_refused("detached", json_null(), "detached");
	expect_refused("collected", json_integer(1), "collected");
	expect_refused("started_unix_ms", json_true(), "started_unix_ms");
	expect_refused("ended_unix_ms", json_integer(-1), "ended_unix_ms");
	expect_refused("timing", json_null(), "timing.queue_ns");
	ck_assert_int_eq(read_json(json_array()), -1);
	ck_assert_int_eq(read_json(NULL), -1);
}
END_TEST

START_TEST(unknown_members_are_ignored)
{
	json_t *json = load(ended_text);

	json_object_set_new(json, "weather", json_string("fine"));
	ck_assert_int_eq(read_json(json), 0);
	expect_written(NULL, ended_text);
}
END_TEST

START_TEST(ends_are_told_from_what_comes_before)
{
	static const bool is_end[JOB_STATE_COUNT] = {
	    [JOB_DONE] = true,
	    [JOB_FAILED] = true,
	    [JOB_CANCELLED] = true,
	    [JOB_TIMED_OUT] = true,
	};

	for (int i = 0; i < JOB_STATE_COUNT; i++)
		ck_assert_int_eq(
		    job_state_is_end((enum job_state)i), is_end[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, what_is_read_is_written);
	tcase_add_test(tcase, what_has_not_been_is_null);
	tcase_add_test(tcase, a_result_stands_in_its_record);
	tcase_add_test(tcase, every_member_but_the_reason_is_needed);
	tcase_add_test(tcase, wrong_members_are_refused);
	tcase_add_test(tcase, unknown_members_are_ignored);
	tcase_add_test(tcase, ends_are_told_from_what_comes_before);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
