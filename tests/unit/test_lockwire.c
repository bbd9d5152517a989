/*
 * A lock's records, histograms, blame and events on the wire: their exact
 * members, the way there and back, and what is refused when reading.
 */
#include "proto/lockwire.h"

#include <check.h>
#include <string.h>

#include "proto/jobid.h"
#include "tests/unit/suite.h"

#define JOB "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static struct rpc_error error;

static json_t *
load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

/* Lets json go. */
static void
expect_text(json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(json);
}

START_TEST(a_record_is_its_counters)
{
	struct lock_record record = {0}, read;
	json_t *json;

	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		lock_record_set(&record, i, i + 1);
	json = lock_record_to_json(&record);
	ck_assert_uint_eq(json_object_size(json), LOCK_COUNTERS);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "acquisitions")), 1);
	ck_assert_int_eq(lock_record_from_json(json, "", &read, &error), 0);
	ck_assert_mem_eq(&record, &read, sizeof(record));
	json_object_del(json, "missed");
	ck_assert_int_eq(
	    lock_record_from_json(json, "lock.", &read, &error), -1);
	ck_assert_str_eq(error.field, "lock.missed");
	ck_assert_str_eq(error.detail,
	    "lock.missed must be an integer from 0 to 9007199254740991");
	json_decref(json);
	ck_assert_int_eq(lock_record_from_json(NULL, "", &read, &error), -1);
	ck_assert_str_eq(error.field, "acquisitions");
}
END_TEST

START_TEST(a_histogram_is_its_full_buckets)
{
	static struct lock_histograms histograms, read;
	json_t *json;

	histogram_add(&histograms.hold, 5000);
	histogram_add(&histograms.hold, 5119);
	histogram_add(&histograms.hold, 3);
	histogram_add(&histograms.io, UINT64_MAX);
	json = lock_histograms_to_json(&histograms);
	ck_assert_int_eq(lock_histograms_from_json(json, "", &read, &error), 0);
	ck_assert_mem_eq(&histograms, &read, sizeof(read));
	expect_text(json,
	    "{\"hold\":[[3,1],[4096,2]],\"wait\":[],"
	    "\"io\":[[962072674304,1]]}");
}
END_TEST

START_TEST(wrong_histograms_are_refused)
{
	static const char *const wrong[] = {"null", "{}", "[3]", "[[3]]",
	    "[[3,1,1]]", "[[3,0]]", "[[3,-1]]", "[[-3,1]]", "[[3,1.5]]",
	    "[[\"3\",1]]", "[[4097,1]]", "[[4,1],[3,1]]", "[[3,1],[3,1]]",
	    "[[3,9007199254740992]]"};
	static struct lock_histograms read;
	char text[128];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		json_t *json;

		snprintf(text, sizeof(text),
		    "{\"hold\":[],\"wait\":%s,\"io\":[]}", wrong[i]);
		json = load(text);
		ck_assert_msg(
		    lock_histograms_from_json(json, "h.", &read, &error) == -1,
		    "%s", text);
		ck_assert_str_eq(error.field, "h.wait");
		json_decref(json);
	}
}
END_TEST

START_TEST(the_longest_blocker_comes_first)
{
	struct lock_blame blame = {.others_ns = 9}, read;
	struct job_id id;
	struct writer writer = {0};
	json_t *json;

	ck_assert_int_eq(job_id_parse(JOB, &id), 0);
	for (uint32_t task = 0; task < 4; task++)
		lock_blame_add(&blame,
		    (struct lock_label){{id.high, id.low}, task},
		    task == 2	    ? 70
			: task == 0 ? 5
				    : 30);
	lock_blame_put(&writer, &blame);
	json = writer_to_json(&writer);
	writer_free(&writer);
	ck_assert_int_eq(lock_blame_from_json(json, "", &read, &error), 0);
	ck_assert_uint_eq(read.n_blockers, 4);
	ck_assert_uint_eq(read.blockers[0].label.task, 2);
	ck_assert_uint_eq(read.blockers[0].label.job[0], id.high);
	ck_assert_uint_eq(read.blockers[0].label.job[1], id.low);
	expect_text(json,
	    "{\"tasks\":[{\"job\":\"" JOB "\",\"task\":2,\"wait_ns\":70},"
	    "{\"job\":\"" JOB "\",\"task\":1,\"wait_ns\":30},"
	    "{\"job\":\"" JOB "\",\"task\":3,\"wait_ns\":30},"
	    "{\"job\":\"" JOB "\",\"task\":0,\"wait_ns\":5}],\"others_ns\":9}");
}
END_TEST

/* A later gild may tell more of them apart. */
START_TEST(more_blockers_than_there_is_room_for_are_others)
{
	json_t *json = load("{\"tasks\":[],\"others_ns\":5}");
	json_t *tasks = json_object_get(json, "tasks");
	struct lock_blame read;

	for (int task = 0; task < LOCK_MAX_BLOCKERS + 2; task++)
		json_array_append_new(tasks,
		    json_pack("{s:s, s:i, s:i}", "job", JOB, "task", task,
			"wait_ns", 10));
	ck_assert_int_eq(lock_blame_from_json(json, "", &read, &error), 0);
	ck_assert_uint_eq(read.n_blockers, LOCK_MAX_BLOCKERS);
	ck_assert_uint_eq(read.others_ns, 25);
	json_decref(json);
}
END_TEST

START_TEST(wrong_blame_is_refused)
{
	static const struct {
		const char *text, *field;
	} wrong[] = {
	    {"{}", "b.tasks"},
	    {"{\"tasks\":[]}", "b.others_ns"},
	    {"{\"tasks\":[3],\"others_ns\":0}", "b.tasks[0].job"},
	    {"{\"tasks\":[{\"job\":\"x\"}],\"others_ns\":0}", "b.tasks[0].job"},
	    {"{\"tasks\":[{\"job\":\"" JOB "\"}],\"others_ns\":0}",
		"b.tasks[0].task"},
	    {"{\"tasks\":[{\"job\":\"" JOB "\",\"task\":0}],\"others_ns\":0}",
		"b.tasks[0].wait_ns"},
	};
	struct lock_blame read;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		json_t *json = load(wrong[i].text);

		ck_assert_int_eq(
		    lock_blame_from_json(json, "b.", &read, &error), -1);
		ck_assert_str_eq(error.field, wrong[i].field);
		json_decref(json);
	}
}
END_TEST

#define HEAD "{\"number\":7,\"time_ns\":8,\"thread\":2,\"domain\":1,\"event\":"

static const char *const event_texts[] = {
    HEAD "\"task_start\",\"job\":\"" JOB "\",\"task\":3}",
    HEAD "\"task_end\"}",
    HEAD "\"request\"}",
    HEAD "\"wake\",\"by\":\"timeout\"}",
    HEAD "\"drop_request\",\"target\":4}",
    HEAD "\"withdraw\",\"by\":0}",
    HEAD "\"withdraw\",\"by\":null}",
    HEAD "\"acquire\",\"from\":3,\"waited_ns\":9,\"missed\":false}",
    HEAD "\"acquire\",\"from\":null,\"waited_ns\":0,\"missed\":true}",
    HEAD "\"release\",\"reason\":\"quantum\"}",
    HEAD "\"switch_wait_start\"}",
    HEAD "\"switch_wait_end\"}",
    HEAD "\"native_start\"}",
    HEAD "\"native_end\"}",
    HEAD "\"io_start\"}",
    HEAD "\"io_end\"}",
};

START_TEST(every_kind_of_event_is_read_and_written)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < COUNT(event_texts); i++) {
		json_t *json = load(event_texts[i]);
		struct lock_event event;

		ck_assert_int_eq(lock_event_from_json(json, &event, &error), 0);
		ck_assert_uint_eq(event.number, 7);
		ck_assert_uint_eq(event.time_ns, 8);
		ck_assert_uint_eq(event.thread, 2);
		ck_assert_uint_eq(event.domain, 1);
		kinds |= 1u << event.kind;
		json_decref(json);
		expect_text(lock_event_to_json(&event), event_texts[i]);
	}
	ck_assert_uint_eq(kinds, (1u << LOCK_EVENT_KINDS) - 1);
}
END_TEST

/* Without any of its members an event is refused, by that one's name. */
START_TEST(an_event_needs_all_its_members)
{
	for (size_t i = 0; i < COUNT(event_texts); i++) {
		json_t *whole = load(event_texts[i]), *member;
		struct lock_event event;
		const char *name;

		json_object_foreach (whole, name, member) {
			json_t *part = json_deep_copy(whole);

			json_object_del(part, name);
			ck_assert_int_eq(
			    lock_event_from_json(part, &event, &error), -1);
			ck_assert_str_eq(error.field, name);
			json_decref(part);
		}
		json_decref(whole);
	}
}
END_TEST

START_TEST(wrong_events_are_refused)
{
	static const struct {
		const char *text, *field;
	} wrong[] = {
	    {HEAD "\"lunch\"}", "event"},
	    {HEAD "3}", "event"},
	    {HEAD "\"wake\",\"by\":\"noise\"}", "by"},
	    {HEAD "\"release\",\"reason\":\"boredom\"}", "reason"},
	    {HEAD "\"drop_request\",\"target\":65535}", "target"},
	    {HEAD "\"acquire\",\"from\":1,\"waited_ns\":0,\"missed\":1}",
		"missed"},
	    {"[]", "number"},
	};
	struct lock_event event;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		json_t *json = load(wrong[i].text);

		ck_assert_int_eq(
		    lock_event_from_json(json, &event, &error), -1);
		ck_assert_str_eq(error.field, wrong[i].field);
		ck_assert_str_ne(error.detail, "");
		json_decref(json);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lockwire");
	TCase *tcase = tcase_create("lockwire");

	tcase_add_test(tcase, a_record_is_its_counters);
	tcase_add_test(tcase, a_histogram_is_its_full_buckets);
	tcase_add_test(tcase, wrong_histograms_are_refused);
	tcase_add_test(tcase, the_longest_blocker_comes_first);
	tcase_add_test(tcase, more_blockers_than_there_is_room_for_are_others);
	tcase_add_test(tcase, wrong_blame_is_refused);
	tcase_add_test(tcase, every_kind_of_event_is_read_and_written);
	tcase_add_test(tcase, an_event_needs_all_its_members);
	tcase_add_test(tcase, wrong_events_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
