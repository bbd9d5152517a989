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
    "\"pool\":\"threads\",\"profile\":\"io\",\"count\":9,\"workers\":2,"
    "\"cost_ns\":20,\"io_every\":3,\"io_for_us\":50,\"attempts\":1,"
    "\"timing\":{\"queue_ns\":1,\"wall_ns\":2,\"total_ns\":3,"
    "\"cpu_ns\":4,\"cpu_wait_ns\":5,\"lock_wait_ns\":6,"
    "\"lock_held_ns\":7,\"switch_wait_ns\":8,\"native_ns\":9,"
    "\"io_ns\":10},\"lock\":{\"acquisitions\":30,\"switches\":31,"
    "\"requests_sent\":32,\"drop_requests\":33,\"honoured\":34,"
    "\"superseded\":35,\"missed\":36,\"withdrawn\":37,\"battles\":38,"
    "\"battles_lost\":39,\"held_ns\":40,\"wait_ns\":41,"
    "\"switch_wait_ns\":42,\"native_ns\":43,\"io_ns\":44,"
    "\"io_operations\":45,\"wakeups\":46,\"wakeup_ns\":47,"
    "\"safepoint_ns\":48,\"longest_hold_ns\":49,"
    "\"longest_wait_ns\":50,\"longest_wakeup_ns\":51,"
    "\"longest_safepoint_ns\":52},\"histograms\":{\"hold\":[[3,1],"
    "[4096,2]],\"wait\":[],\"io\":[[962072674304,5]]},"
    "\"tasks\":[{\"task\":0,\"pid\":16,\"tid\":17,\"attempts\":1,"
    "\"count\":5,\"turns\":5,\"start_ns\":200,\"wall_ns\":201,"
    "\"cpu_ns\":202,\"cpu_wait_ns\":203,\"lock_wait_ns\":311,"
    "\"lock_held_ns\":310,\"switch_wait_ns\":312,\"native_ns\":313,"
    "\"io_ns\":314,\"io_operations\":315,\"voluntary_switches\":204,"
    "\"involuntary_switches\":205,\"migrations\":206,"
    "\"lock\":{\"acquisitions\":300,\"switches\":301,"
    "\"requests_sent\":302,\"drop_requests\":303,\"honoured\":304,"
    "\"superseded\":305,\"missed\":306,\"withdrawn\":307,"
    "\"battles\":308,\"battles_lost\":309,\"held_ns\":310,"
    "\"wait_ns\":311,\"switch_wait_ns\":312,\"native_ns\":313,"
    "\"io_ns\":314,\"io_operations\":315,\"wakeups\":316,"
    "\"wakeup_ns\":317,\"safepoint_ns\":318,\"longest_hold_ns\":319,"
    "\"longest_wait_ns\":320,\"longest_wakeup_ns\":321,"
    "\"longest_safepoint_ns\":322,"
    "\"blockers\":{\"tasks\":[{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\","
    "\"task\":1,\"wait_ns\":70},"
    "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"task\":0,"
    "\"wait_ns\":60}],\"others_ns\":5}}},{\"task\":1,\"pid\":16,"
    "\"tid\":26,\"attempts\":1,\"count\":4,\"turns\":4,\"start_ns\":400,"
    "\"wall_ns\":401,\"cpu_ns\":402,\"cpu_wait_ns\":403,"
    "\"lock_wait_ns\":511,\"lock_held_ns\":510,"
    "\"switch_wait_ns\":512,\"native_ns\":513,\"io_ns\":514,"
    "\"io_operations\":515,\"voluntary_switches\":404,"
    "\"involuntary_switches\":405,\"migrations\":406,"
    "\"lock\":{\"acquisitions\":500,\"switches\":501,"
    "\"requests_sent\":502,\"drop_requests\":503,\"honoured\":504,"
    "\"superseded\":505,\"missed\":506,\"withdrawn\":507,"
    "\"battles\":508,\"battles_lost\":509,\"held_ns\":510,"
    "\"wait_ns\":511,\"switch_wait_ns\":512,\"native_ns\":513,"
    "\"io_ns\":514,\"io_operations\":515,\"wakeups\":516,"
    "\"wakeup_ns\":517,\"safepoint_ns\":518,\"longest_hold_ns\":519,"
    "\"longest_wait_ns\":520,\"longest_wakeup_ns\":521,"
    "\"longest_safepoint_ns\":522,\"blockers\":{\"tasks\":[],"
    "\"others_ns\":0}}}]}";

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

/* A result as a string, to be freed. */
static char *
written(const struct job_result *job)
{
	struct writer writer = {0};
	char *text;

	job_result_write(&writer, job);
	ck_assert(!writer.has_failed);
	text = strndup(writer.text, writer.length);
	writer_free(&writer);
	ck_assert_ptr_nonnull(text);
	return text;
}

static json_t *
as_json(const struct job_result *job)
{
	char *text = written(job);
	json_t *json = load(text);

	free(text);
	return json;
}

static void
expect_written(const char *expected)
{
	char *text = written(&result);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(what_is_read_is_written)
{
	ck_assert_int_eq(read_json(load(result_text)), 0);
	ck_assert_int_eq(result.state, JOB_DONE);
	ck_assert_str_eq(result.pool, "threads");
	ck_assert_uint_eq(result.count, 9);
	ck_assert_int_eq(result.profile, PROFILE_IO);
	ck_assert_uint_eq(result.io_every, 3);
	ck_assert_uint_eq(result.io_for_us, 50);
	ck_assert_uint_eq(result.timing.switch_wait_ns, 8);
	ck_assert_uint_eq(result.timing.io_ns, 10);
	ck_assert(result.has_lock);
	ck_assert_uint_eq(result.lock.missed, 36);
	ck_assert_uint_eq(result.histograms->hold.counts[3], 1);
	ck_assert_uint_eq(histogram_count(&result.histograms->hold), 3);
	ck_assert_uint_eq(
	    result.histograms->io.counts[HISTOGRAM_BUCKETS - 1], 5);
	ck_assert_uint_eq(result.n_tasks, 2);
	ck_assert_int_eq(result.tasks[1].tid, 26);
	ck_assert_uint_eq(result.tasks[1].involuntary_switches, 405);
	ck_assert_uint_eq(result.tasks[1].migrations, 406);
	ck_assert_uint_eq(result.tasks[1].lock.held_ns, 510);
	ck_assert_uint_eq(result.tasks[0].blame.n_blockers, 2);
	ck_assert_uint_eq(result.tasks[0].blame.blockers[0].label.task, 1);
	ck_assert_uint_eq(result.tasks[0].blame.blockers[1].wait_ns, 60);
	ck_assert_uint_eq(result.tasks[0].blame.others_ns, 5);
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
	    "\"reason\":\"worker 4711 killed by signal 9\","
	    "\"pool\":\"processes\",\"profile\":\"cpu\",\"count\":5,"
	    "\"workers\":1,\"cost_ns\":0,\"io_every\":0,\"io_for_us\":0,"
	    "\"attempts\":3,\"timing\":{\"queue_ns\":0,\"wall_ns\":0,"
	    "\"total_ns\":0,\"cpu_ns\":0,\"cpu_wait_ns\":0,"
	    "\"lock_wait_ns\":0,\"lock_held_ns\":0,\"switch_wait_ns\":0,"
	    "\"native_ns\":0,\"io_ns\":0},\"lock\":null,"
	    "\"histograms\":{\"hold\":[],\"wait\":[],\"io\":[]},"
	    "\"tasks\":[{\"task\":0,\"pid\":0,\"tid\":0,\"attempts\":0,"
	    "\"count\":5,\"turns\":0,\"start_ns\":0,\"wall_ns\":0,"
	    "\"cpu_ns\":0,\"cpu_wait_ns\":0,\"lock_wait_ns\":0,"
	    "\"lock_held_ns\":0,\"switch_wait_ns\":0,\"native_ns\":0,"
	    "\"io_ns\":0,\"io_operations\":0,\"voluntary_switches\":0,"
	    "\"involuntary_switches\":0,\"migrations\":0,\"lock\":null}]}");
	result.tasks = NULL;
	result.n_tasks = 0;
}
END_TEST

START_TEST(numbers_stop_at_2_to_the_53)
{
	json_t *json;

	result = (struct job_result){.state = JOB_DONE, .count = UINT64_MAX};
	json = as_json(&result);
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

/*
 * With null for any one of its members, here or deeper, the whole is refused,
 * by that one's name. The number of a task is its place, and not read.
 */
static void
expect_all_needed(json_t *whole, json_t *part, const char *where)
{
	const char *name;
	json_t *member;

	json_object_foreach (part, name, member) {
		char field[128];

		snprintf(field, sizeof(field), "%s%s", where, name);
		if (json_is_object(member)) {
			strcat(field, ".");
			expect_all_needed(whole, member, field);
			continue;
		}
		for (size_t i = 0; i < json_array_size(member); i++) {
			char in_array[160];

			snprintf(
			    in_array, sizeof(in_array), "%s[%zu].", field, i);
			expect_all_needed(
			    whole, json_array_get(member, i), in_array);
		}
		if (strcmp(field, "tasks[0].task") == 0 ||
		    strcmp(field, "tasks[1].task") == 0)
			continue;
		json_incref(member);
		json_object_set_new(part, name, json_null());
		ck_assert_int_eq(read_json(json_incref(whole)), -1);
		ck_assert_str_eq(error.field, field);
		ck_assert_str_ne(error.detail, "");
		ck_assert_ptr_null(result.tasks);
		json_object_set_new(part, name, member);
	}
}

START_TEST(every_member_is_needed)
{
	json_t *whole = load(result_text);

	expect_all_needed(whole, whole, "");
	ck_assert_int_eq(read_json(whole), 0);
}
END_TEST

/* All of a job's tasks have the lock that the job has, or none. */
START_TEST(tasks_have_a_lock_where_the_job_has_one)
{
	json_t *json = load(result_text);

	json_object_set_new(json, "lock", json_null());
	ck_assert_int_eq(read_json(json), -1);
	ck_assert_str_eq(error.field, "tasks[0].lock");
	json = load(result_text);
	json_object_set_new(json_array_get(json_object_get(json, "tasks"), 1),
	    "lock", json_null());
	ck_assert_int_eq(read_json(json), -1);
	ck_assert_str_eq(error.field, "tasks[1].lock");
	ck_assert_str_eq(error.detail, "tasks[1].lock must be an object");
}
END_TEST

/* What a task slept is told of where there is no lock, too. */
START_TEST(io_is_there_without_a_lock)
{
	struct task_result tasks[] = {
	    {.lock = {.io_ns = 70, .io_operations = 9}, .cpu_wait_ns = 3},
	    {.lock = {.io_ns = 7}, .cpu_wait_ns = 4}};
	struct job_result job = {.state = JOB_DONE,
	    .pool = "processes",
	    .profile = PROFILE_IO,
	    .n_tasks = 2,
	    .tasks = tasks};

	job_result_sum_up(&job, 100);
	ck_assert_int_eq(read_json(as_json(&job)), 0);
	ck_assert(!result.has_lock);
	ck_assert_uint_eq(result.timing.io_ns, 77);
	ck_assert_uint_eq(result.timing.cpu_wait_ns, 7);
	ck_assert_uint_eq(result.tasks[0].lock.io_ns, 70);
	ck_assert_uint_eq(result.tasks[1].lock.io_ns, 7);
	ck_assert_uint_eq(result.tasks[0].lock.io_operations, 9);
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
	expect_refused("profile", json_string("gpu"), "profile");
	expect_refused("reason", json_integer(1), "reason");
	expect_refused("reason", json_string(reason), "reason");
	expect_refused("count", json_integer(-1), "count");
	expect_refused("count", json_real(1.5), "count");
	expect_refused("count", json_string("1"), "count");
	expect_refused("count", json_integer((json_int_t)1 << 53), "count");
	expect_refused("workers", json_integer(4294967296), "workers");
	expect_refused("timing", json_null(), "timing.queue_ns");
	expect_refused("lock", json_integer(1), "lock.acquisitions");
	expect_refused("histograms", json_null(), "histograms.hold");
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

START_TEST(tasks_sum_up_to_the_job)
{
	struct task_result tasks[] = {
	    {.attempts = 1, .start_ns = 30, .wall_ns = 50, .cpu_ns = 40},
	    {.attempts = 3,
		.start_ns = 20,
		.wall_ns = 10,
		.cpu_ns = 7,
		.cpu_wait_ns = 5,
		.lock = {.wait_ns = 1,
		    .held_ns = 2,
		    .switch_wait_ns = 4,
		    .native_ns = 16,
		    .io_ns = 32,
		    .longest_wait_ns = 6}},
	    /* This one's executor died. */
	    {.attempts = 2, .lock = {.wait_ns = 8, .longest_wait_ns = 5}},
	};
	struct job_result job = {.n_tasks = 3, .tasks = tasks};

	job_result_sum_up(&job, 100);
	ck_assert_uint_eq(job.attempts, 3);
	ck_assert_uint_eq(job.timing.queue_ns, 20);
	ck_assert_uint_eq(job.timing.wall_ns, 60);
	ck_assert_uint_eq(job.timing.total_ns, 100);
	ck_assert_uint_eq(job.timing.cpu_ns, 47);
	ck_assert_uint_eq(job.timing.cpu_wait_ns, 5);
	ck_assert_uint_eq(job.timing.lock_wait_ns, 9);
	ck_assert_uint_eq(job.timing.lock_held_ns, 2);
	ck_assert_uint_eq(job.timing.switch_wait_ns, 4);
	ck_assert_uint_eq(job.timing.native_ns, 16);
	ck_assert_uint_eq(job.timing.io_ns, 32);
	ck_assert_uint_eq(job.lock.wait_ns, 9);
	ck_assert_uint_eq(job.lock.longest_wait_ns, 6);
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

/* --- any result --- */

#define N_RESULTS 300
#define MAX_TASKS 5

static uint64_t state;

/* splitmix64 */
static uint64_t
next_random(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t
random_below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* Of any length up to that of max, a power of ten and its neighbour, too. */
static uint64_t
random_number(uint64_t max)
{
	uint64_t number = next_random() >> random_below(64), ten = 1;

	if (random_below(4) == 0) {
		for (uint32_t i = random_below(17); i > 0; i--)
			ten *= 10;
		number = ten - random_below(2);
	}
	return number <= max ? number : max - number % 3;
}

/* Text of the strangest characters that it can hold; true: there is some. */
static void
random_reason(char reason[RESULT_REASON_CHARS + 1])
{
	static const char *const pieces[] = {"a", "worker 4711 ", "\"", "\\",
	    "/", "\b\f\n\r\t", "\x01", "\x1f", "\x7f", "\xc2\x80", "\u00e9",
	    "\u07ff", "\u0800", "\ud7ff", "\ufffd", "\uffff", "\U00010000",
	    "\U0001f600", "\U0010ffff"};
	size_t length = 0;

	reason[0] = '\0';
	for (uint32_t i = random_below(40); i > 0; i--) {
		const char *piece = pieces[random_below(COUNT(pieces))];

		if (length + strlen(piece) > RESULT_REASON_CHARS)
			break;
		strcpy(reason + length, piece);
		length += strlen(piece);
	}
}

static void
random_counters(void *record, size_t n)
{
	uint64_t *counters = record;

	for (size_t i = 0; i < n; i++)
		counters[i] = random_number(MEMBER_MAX_INTEGER);
}

static void
random_histogram(struct histogram *histogram)
{
	for (uint32_t i = random_below(8); i > 0; i--)
		histogram->counts[random_below(HISTOGRAM_BUCKETS)] =
		    random_number(MEMBER_MAX_INTEGER);
}

static void
random_task(struct task_result *task, bool has_lock)
{
	task->pid = (pid_t)random_number(INT32_MAX);
	task->tid = (pid_t)random_number(INT32_MAX);
	task->attempts = (uint32_t)random_number(UINT32_MAX);
	random_counters(&task->count,
	    (offsetof(struct task_result, migrations) -
		offsetof(struct task_result, count)) /
		    sizeof(uint64_t) +
		1);
	random_counters(&task->lock, LOCK_COUNTERS);
	for (uint32_t i = has_lock ? random_below(12) : 0; i > 0; i--)
		lock_blame_add(&task->blame,
		    (struct lock_label){{next_random(), next_random()},
			(uint32_t)random_number(UINT32_MAX)},
		    random_number(UINT32_MAX));
}

static void
random_result(struct job_result *job)
{
	*job = (struct job_result){
	    .job = {next_random(), next_random()},
	    .state = (enum job_state)random_below(JOB_STATE_COUNT),
	    .pool = "threads-2",
	    .count = random_number(MEMBER_MAX_INTEGER),
	    .workers = (uint32_t)random_number(UINT32_MAX),
	    .profile = (enum job_profile)random_below(PROFILE_COUNT),
	    .cost_ns = random_number(MEMBER_MAX_INTEGER),
	    .attempts = (uint32_t)random_number(UINT32_MAX),
	    .has_lock = random_below(2),
	    .n_tasks = random_below(MAX_TASKS + 1),
	};
	random_reason(job->reason);
	random_counters(&job->timing, sizeof(job->timing) / sizeof(uint64_t));
	if (job->has_lock)
		random_counters(&job->lock, LOCK_COUNTERS);
	if (job->has_lock || random_below(2)) {
		job->histograms = calloc(1, sizeof(*job->histograms));
		random_histogram(&job->histograms->hold);
		random_histogram(&job->histograms->wait);
		random_histogram(&job->histograms->io);
	}
	job->tasks = calloc(MAX_TASKS, sizeof(*job->tasks));
	for (uint32_t i = 0; i < job->n_tasks; i++)
		random_task(&job->tasks[i], job->has_lock);
}

/* The same as jansson would write it; and read back and written, it is again. */
START_TEST(any_result_is_what_jansson_writes)
{
	for (state = 0; state < N_RESULTS;) {
		struct job_result job;
		uint64_t seed = ++state;
		char *text, *again;
		json_t *json;

		state = seed << 32;
		random_result(&job);
		text = written(&job);
		json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json != NULL, "%s", text);
		again = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
		ck_assert_str_eq(text, again);
		free(again);
		ck_assert_msg(read_json(json) == 0, "%s", error.detail);
		ck_assert_str_eq(result.reason, job.reason);
		again = written(&result);
		ck_assert_str_eq(text, again);
		free(again);
		free(text);
		job_result_free(&result);
		job_result_free(&job);
		state = seed;
	}
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
	tcase_add_test(tcase, tasks_have_a_lock_where_the_job_has_one);
	tcase_add_test(tcase, io_is_there_without_a_lock);
	tcase_add_test(tcase, wrong_members_are_refused);
	tcase_add_test(tcase, a_pid_is_31_bits);
	tcase_add_test(tcase, states_have_names);
	tcase_add_test(tcase, tasks_sum_up_to_the_job);
	tcase_add_test(tcase, a_job_that_never_ran_only_waited);
	tcase_add_test(tcase, any_result_is_what_jansson_writes);
	tcase_add_test(tcase, nothing_can_be_freed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
