/*
 * A job's result: its exact members, the way there and back, and what is
 * refused when reading one.
 */
#include "proto/result.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const char *const result_text =
    "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"state\":\"done\","
    "\"pool\":\"threads\",\"count\":9,\"workers\":2,\"cost_ns\":20,"
    "\"attempts\":1,\"timing\":{\"queue_ns\":1,\"wall_ns\":2,\"total_ns\":3,"
    "\"cpu_ns\":4,\"lock_wait_ns\":5,\"lock_held_ns\":6,"
    "\"switch_wait_ns\":7},\"lock\":{\"acquisitions\":8,\"switches\":9,"
    "\"drop_requests\":10,\"honoured\":11,\"superseded\":12,\"missed\":13,"
    "\"longest_hold_ns\":14,\"longest_wait_ns\":15},\"tasks\":["
    "{\"task\":0,\"pid\":16,\"tid\":17,\"attempts\":1,\"count\":5,"
    "\"turns\":5,\"start_ns\":18,\"wall_ns\":19,\"cpu_ns\":20,"
    "\"lock_wait_ns\":21,\"lock_held_ns\":22,\"switch_wait_ns\":23,"
    "\"voluntary_switches\":24,\"involuntary_switches\":25},"
    "{\"task\":1,\"pid\":16,\"tid\":26,\"attempts\":1,\"count\":4,"
    "\"turns\":4,\"start_ns\":27,\"wall_ns\":28,\"cpu_ns\":29,"
    "\"lock_wait_ns\":30,\"lock_held_ns\":31,\"switch_wait_ns\":32,"
    "\"voluntary_switches\":33,\"involuntary_switches\":34}]}";

static struct job_result result;
static struct rpc_error error;

static void
teardown(void)
{
	job_result_free(&result);
}

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
	rc = job_result_from_json(json, &result, &error);
	json_decref(json);
	return rc;
}

static void
expect_written(const char *expected)
{
	json_t *json = job_result_to_json(&result);
	char *text = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(json);
}

START_TEST(what_is_read_is_written)
{
	ck_assert_int_eq(read_json(load(result_text)), 0);
	ck_assert_int_eq(result.state, JOB_DONE);
	ck_assert_str_eq(result.pool, "threads");
	ck_assert_uint_eq(result.count, 9);
	ck_assert_uint_eq(result.timing.switch_wait_ns, 7);
	ck_assert(result.has_lock);
	ck_assert_uint_eq(result.lock.missed, 13);
	ck_assert_uint_eq(result.n_tasks, 2);
	ck_assert_int_eq(result.tasks[1].tid, 26);
	ck_assert_uint_eq(result.tasks[1].involuntary_switches, 34);
	expect_written(result_text);
}
END_TEST

START_TEST(a_job_that_failed_says_why)
{
	struct task_result task = {.count = 5};

	result = (struct job_result){
	    .job = {1, 2},
	    .state = JOB_FAILED,
	    .reason = "worker 4711 killed by signal 9",
	    .pool = "processes",
	    .count = 5,
	    .workers = 1,
	    .attempts = 3,
	    .n_tasks = 1,
	    .tasks = &task,
	};
	expect_written(
	    "{\"job\":\"0000000000000G000000000002\",\"state\":\"failed\","
	    "\"reason\":\"worker 4711 killed by signal 9\",\"pool\":"
	    "\"processes\",\"count\":5,\"workers\":1,\"cost_ns\":0,"
	    "\"attempts\":3,\"timing\":{\"queue_ns\":0,\"wall_ns\":0,"
	    "\"total_ns\":0,\"cpu_ns\":0,\"lock_wait_ns\":0,"
	    "\"lock_held_ns\":0,\"switch_wait_ns\":0},\"lock\":null,"
	    "\"tasks\":[{\"task\":0,\"pid\":0,\"tid\":0,\"attempts\":0,"
	    "\"count\":5,\"turns\":0,\"start_ns\":0,\"wall_ns\":0,"
	    "\"cpu_ns\":0,\"lock_wait_ns\":0,\"lock_held_ns\":0,"
	    "\"switch_wait_ns\":0,\"voluntary_switches\":0,"
	    "\"involuntary_switches\":0}]}");
	result.tasks = NULL;
	result.n_tasks = 0;
}
END_TEST

START_TEST(numbers_stop_at_2_to_the_53)
{
	json_t *json;

	result = (struct job_result){.state = JOB_DONE, .count = UINT64_MAX};
	json = job_result_to_json(&result);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "count")),
	    (json_int_t)REQUEST_MAX_INTEGER);
	json_decref(json);
}
END_TEST

START_TEST(a_reason_is_read_back)
{
	json_t *json = load(result_text);

	json_object_set_new(json, "state", json_string("timed_out"));
	json_object_set_new(json, "reason", json_string("after 5 ms"));
	json_object_set_new(json, "lock", json_null());
	json_object_set_new(json, "tasks", json_array());
	ck_assert_int_eq(read_json(json), 0);
	ck_assert_int_eq(result.state, JOB_TIMED_OUT);
	ck_assert_str_eq(result.reason, "after 5 ms");
	ck_assert(!result.has_lock);
	ck_assert_uint_eq(result.n_tasks, 0);
	ck_assert_ptr_null(result.tasks);
}
END_TEST

START_TEST(unknown_members_are_ignored)
{
	json_t *json = load(result_text);

	json_object_set_new(json, "weather", json_string("fine"));
	json_object_set_new(json_object_get(json, "timing"), "x", json_null());
	ck_assert_int_eq(read_json(json), 0);
	expect_written(result_text);
}
END_TEST

/* Without any one of its members the whole is refused, by that one's name. */
static void
expect_all_needed(const char *path, const char *where)
{
	json_t *whole = load(result_text), *part;
	const char *name;
	json_t *member;

	part = path != NULL ? json_object_get(whole, path) : whole;
	if (json_is_array(part))
		part = json_array_get(part, 1);
	json_object_foreach (part, name, member) {
		json_t *copy = json_deep_copy(whole), *in_copy;
		char field[64];

		if (strcmp(name, "task") == 0 || json_is_object(member)) {
			json_decref(copy);
			continue;
		}
		in_copy = path != NULL ? json_object_get(copy, path) : copy;
		if (json_is_array(in_copy))
			in_copy = json_array_get(in_copy, 1);
		json_object_del(in_copy, name);
		snprintf(field, sizeof(field), "%s%s", where, name);
		ck_assert_int_eq(read_json(copy), -1);
		ck_assert_str_eq(error.field, field);
		ck_assert_str_ne(error.detail, "");
		ck_assert_ptr_null(result.tasks);
	}
	json_decref(whole);
}

START_TEST(every_member_is_needed)
{
	expect_all_needed(NULL, "");
	expect_all_needed("timing", "timing.");
	expect_all_needed("lock", "lock.");
	expect_all_needed("tasks", "tasks[1].");
}
END_TEST

static void
expect_refused(const char *name, json_t *value, const char *field)
{
	json_t *json = load(result_text);

	json_object_set_new(json, name, value);
	ck_assert_int_eq(read_json(json), -1);
	ck_assert_str_eq(error.field, field);
}

START_TEST(wrong_members_are_refused)
{
	char reason[RESULT_REASON_CHARS + 2];

	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	expect_refused("job", json_string("x"), "job");
	expect_refused("job", json_integer(1), "job");
	expect_refused("state", json_string("lost"), "state");
	expect_refused("pool", json_string(""), "pool");
	expect_refused("pool", json_string("Threads"), "pool");
	expect_refused("reason", json_integer(1), "reason");
	expect_refused("reason", json_string(reason), "reason");
	expect_refused("count", json_integer(-1), "count");
	expect_refused("count", json_real(1.5), "count");
	expect_refused("count", json_string("1"), "count");
	expect_refused("count", json_integer((json_int_t)1 << 53), "count");
	expect_refused("workers", json_integer(4294967296), "workers");
	expect_refused("timing", json_null(), "timing.queue_ns");
	expect_refused("lock", json_integer(1), "lock.acquisitions");
	expect_refused("tasks", json_null(), "tasks");
	expect_refused("tasks", json_pack("[n]"), "tasks[0].pid");
	ck_assert_int_eq(read_json(json_array()), -1);
	ck_assert_int_eq(read_json(NULL), -1);
}
END_TEST

START_TEST(a_pid_is_31_bits)
{
	json_t *json = load(result_text);

	json_object_set_new(json_array_get(json_object_get(json, "tasks"), 0),
	    "pid", json_integer(2147483648));
	ck_assert_int_eq(read_json(json), -1);
	ck_assert_str_eq(error.field, "tasks[0].pid");
}
END_TEST

START_TEST(states_have_names)
{
	static const char *const names[] = {
	    "queued", "running", "done", "failed", "cancelled", "timed_out"};
	enum job_state state;

	for (int i = 0; i < JOB_STATE_COUNT; i++) {
		ck_assert_str_eq(job_state_name((enum job_state)i), names[i]);
		ck_assert_int_eq(job_state_parse(names[i], &state), 0);
		ck_assert_int_eq(state, i);
	}
	ck_assert_int_eq(job_state_parse("", &state), -1);
	ck_assert_int_eq(job_state_parse("Done", &state), -1);
}
END_TEST

START_TEST(lock_records_add_up)
{
	struct lock_record sum = {1, 2, 3, 4, 5, 6, 7, 8};
	const struct lock_record add = {10, 20, 30, 40, 50, 60, 5, 9};

	lock_record_add(&sum, &add);
	ck_assert_uint_eq(sum.acquisitions, 11);
	ck_assert_uint_eq(sum.switches, 22);
	ck_assert_uint_eq(sum.drop_requests, 33);
	ck_assert_uint_eq(sum.honoured, 44);
	ck_assert_uint_eq(sum.superseded, 55);
	ck_assert_uint_eq(sum.missed, 66);
	ck_assert_uint_eq(sum.longest_hold_ns, 7);
	ck_assert_uint_eq(sum.longest_wait_ns, 9);
}
END_TEST

START_TEST(tasks_sum_up_to_the_job)
{
	struct task_result tasks[] = {
	    {.attempts = 1, .start_ns = 30, .wall_ns = 50, .cpu_ns = 40},
	    {.attempts = 3,
		.start_ns = 20,
		.wall_ns = 10,
		.cpu_ns = 7,
		.lock_wait_ns = 1,
		.lock_held_ns = 2,
		.switch_wait_ns = 4},
	    {.attempts = 2, .lock_wait_ns = 8}, /* its executor died */
	};
	struct job_result job = {.n_tasks = 3, .tasks = tasks};

	job_result_sum_up(&job, 100);
	ck_assert_uint_eq(job.attempts, 3);
	ck_assert_uint_eq(job.timing.queue_ns, 20);
	ck_assert_uint_eq(job.timing.wall_ns, 60);
	ck_assert_uint_eq(job.timing.total_ns, 100);
	ck_assert_uint_eq(job.timing.cpu_ns, 47);
	ck_assert_uint_eq(job.timing.lock_wait_ns, 9);
	ck_assert_uint_eq(job.timing.lock_held_ns, 2);
	ck_assert_uint_eq(job.timing.switch_wait_ns, 4);
}
END_TEST

START_TEST(a_job_that_never_ran_only_waited)
{
	struct task_result tasks[2] = {{.count = 1}, {.count = 1}};
	struct job_result job = {.n_tasks = 2, .tasks = tasks};

	job_result_sum_up(&job, 100);
	ck_assert_uint_eq(job.attempts, 0);
	ck_assert_uint_eq(job.timing.queue_ns, 100);
	ck_assert_uint_eq(job.timing.wall_ns, 0);
	ck_assert_uint_eq(job.timing.total_ns, 100);
}
END_TEST

START_TEST(nothing_can_be_freed)
{
	job_result_free(NULL);
	job_result_free(&result);
	job_result_free(&result);
	ck_assert_ptr_null(result.tasks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("result");
	TCase *tcase = tcase_create("result");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, what_is_read_is_written);
	tcase_add_test(tcase, a_job_that_failed_says_why);
	tcase_add_test(tcase, numbers_stop_at_2_to_the_53);
	tcase_add_test(tcase, a_reason_is_read_back);
	tcase_add_test(tcase, unknown_members_are_ignored);
	tcase_add_test(tcase, every_member_is_needed);
	tcase_add_test(tcase, wrong_members_are_refused);
	tcase_add_test(tcase, a_pid_is_31_bits);
	tcase_add_test(tcase, states_have_names);
	tcase_add_test(tcase, lock_records_add_up);
	tcase_add_test(tcase, tasks_sum_up_to_the_job);
	tcase_add_test(tcase, a_job_that_never_ran_only_waited);
	tcase_add_test(tcase, nothing_can_be_freed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
