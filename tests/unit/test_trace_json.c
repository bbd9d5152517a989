/*
 * Trace Event files, read back as those who open them do: well-formed, what is
 * needed is there, slices of a lane do not overlap, and each flow begins and
 * ends inside a slice.
 */
#include "client/trace_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NONE LOCK_NO_THREAD
#define GAP 19 /* before this event of the story */

static struct trace_json trace;
static char *text;
static size_t size;
static FILE *out;

static void
begin(void)
{
	out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	trace_json_begin(&trace, out);
}

/* The events of the file, a new reference. */
static json_t *
end(void)
{
	json_error_t error;
	json_t *root, *events;

	trace_json_end(&trace);
	ck_assert_int_eq(fclose(out), 0);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(root != NULL, "%s in %s", error.text, text);
	ck_assert_str_eq(
	    json_string_value(json_object_get(root, "displayTimeUnit")), "ns");
	events = json_incref(json_object_get(root, "traceEvents"));
	ck_assert(json_is_array(events));
	json_decref(root);
	free(text);
	return events;
}

/* Two threads that take turns, with io, a missed switch and a gap. */
static void
add_pool(const char *name)
{
	static const struct lock_event story[] = {
	    {.time_ns = 1000, .kind = LOCK_TASK_START, .label = {{1, 2}, 3}},
	    {.time_ns = 1000, .kind = LOCK_REQUEST},
	    {.time_ns = 1001, .kind = LOCK_ACQUIRE, .other = NONE},
	    {.time_ns = 1500, .thread = 1, .kind = LOCK_TASK_START},
	    {.time_ns = 1500, .thread = 1, .kind = LOCK_REQUEST},
	    {.time_ns = 6500, .thread = 1, .kind = LOCK_WAKE},
	    {.time_ns = 6500, .thread = 1, .kind = LOCK_DROP_REQUEST},
	    {.time_ns = 7777, .kind = LOCK_RELEASE},
	    {.time_ns = 7777, .kind = LOCK_SWITCH_WAIT_START},
	    {.time_ns = 8888, .thread = 1, .kind = LOCK_ACQUIRE, .other = 0},
	    {.time_ns = 8888, .kind = LOCK_SWITCH_WAIT_END},
	    {.time_ns = 8888, .kind = LOCK_REQUEST},
	    {.time_ns = 9001, .thread = 1, .kind = LOCK_RELEASE},
	    {.time_ns = 9001, .thread = 1, .kind = LOCK_REQUEST},
	    {.time_ns = 9002,
		.thread = 1,
		.kind = LOCK_ACQUIRE,
		.detail = 1,
		.other = 1},
	    {.time_ns = 9100, .thread = 1, .kind = LOCK_RELEASE},
	    {.time_ns = 9100, .thread = 1, .kind = LOCK_IO_START},
	    {.time_ns = 9110, .kind = LOCK_ACQUIRE, .other = 1},
	    {.time_ns = 9500, .thread = 1, .kind = LOCK_IO_END},
	    {.number = 99, .time_ns = 9999, .kind = LOCK_RELEASE},
	    {.time_ns = 10000, .kind = LOCK_TASK_END},
	};
	struct timeline_sink sink = trace_json_pool(&trace, name);
	struct timeline *timeline = timeline_new(&sink, true);

	ck_assert_ptr_nonnull(timeline);
	for (size_t i = 0; i < COUNT(story); i++) {
		struct lock_event event = story[i];

		if (event.number == 0)
			event.number = i < GAP ? i : 99 + i - GAP;
		ck_assert_int_eq(timeline_add(timeline, &event), 0);
	}
	timeline_end(timeline);
	trace_json_end_pool(&trace, timeline);
	timeline_free(timeline);
}

static const char *
text_of(const json_t *event, const char *name)
{
	const char *value = json_string_value(json_object_get(event, name));

	return value != NULL ? value : "";
}

static int
int_of(const json_t *event, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(event, name)),
	    "no integer %s", name);
	return (int)json_integer_value(json_object_get(event, name));
}

/* As those read it who take such files: a double of us, rounded to ns. */
static long
ns_of(const json_t *event, const char *name)
{
	ck_assert_msg(
	    json_is_number(json_object_get(event, name)), "no %s", name);
	return lround(json_number_value(json_object_get(event, name)) * 1000);
}

/* The n-th event of this phase and name, or NULL. */
static const json_t *
find(const json_t *events, const char *phase, const char *name, int n)
{
	const json_t *event;
	size_t i;

	json_array_foreach (events, i, event) {
		if (strcmp(text_of(event, "ph"), phase) == 0 &&
		    strcmp(text_of(event, "name"), name) == 0 && n-- == 0)
			return event;
	}
	return NULL;
}

/* The slice of a lane that a moment lies in, or NULL. */
static const json_t *
slice_at(const json_t *events, int pid, int tid, long ns)
{
	const json_t *event;
	size_t i;

	json_array_foreach (events, i, event) {
		long start_ns;

		if (strcmp(text_of(event, "ph"), "X") != 0 ||
		    int_of(event, "pid") != pid || int_of(event, "tid") != tid)
			continue;
		start_ns = ns_of(event, "ts");
		if (start_ns < ns && ns < start_ns + ns_of(event, "dur"))
			return event;
	}
	return NULL;
}

START_TEST(every_event_has_what_it_needs)
{
	const json_t *event;
	json_t *events;
	size_t i;

	begin();
	add_pool("threads");
	events = end();
	json_array_foreach (events, i, event) {
		const char *phase = text_of(event, "ph");

		ck_assert_uint_eq(strlen(phase), 1);
		ck_assert_msg(strchr("MXsfiC", *phase) != NULL, "%s", phase);
		ck_assert_str_ne(text_of(event, "name"), "");
		ck_assert_str_ne(text_of(event, "cat"), "");
		ck_assert_int_gt(int_of(event, "pid"), 0);
		ck_assert_int_gt(int_of(event, "tid"), 0);
		if (*phase != 'M')
			ck_assert_int_ge(ns_of(event, "ts"), 1000);
		if (*phase == 'X')
			ck_assert_int_gt(ns_of(event, "dur"), 0);
		if (*phase == 's' || *phase == 'f')
			ck_assert_int_gt(int_of(event, "id"), 0);
		if (*phase == 'f')
			ck_assert_str_eq(text_of(event, "bp"), "e");
		if (*phase == 'i')
			ck_assert(strcmp(text_of(event, "s"), "t") == 0 ||
			    strcmp(text_of(event, "s"), "p") == 0);
	}
	json_decref(events);
}
END_TEST

START_TEST(lanes_have_names)
{
	static const char *const processes[] = {"pool threads", "pool a\"b"};
	json_t *events;
	int tids[4] = {0};

	begin();
	add_pool("threads");
	add_pool("a\"b");
	events = end();
	for (int pid = 1; pid <= 2; pid++) {
		const json_t *name = find(events, "M", "process_name", pid - 1);
		const json_t *place =
		    find(events, "M", "process_sort_index", pid - 1);

		ck_assert_int_eq(int_of(name, "pid"), pid);
		ck_assert_str_eq(text_of(json_object_get(name, "args"), "name"),
		    processes[pid - 1]);
		ck_assert_int_eq(
		    int_of(json_object_get(place, "args"), "sort_index"), pid);
	}
	for (int i = 0; i < 4; i++) {
		const json_t *name = find(events, "M", "thread_name", i);

		ck_assert_int_eq(int_of(name, "pid"), i / 2 + 1);
		ck_assert_str_eq(text_of(json_object_get(name, "args"), "name"),
		    i % 2 == 0 ? "thread 0" : "thread 1");
		tids[i] = int_of(name, "tid");
		for (int j = 0; j < i; j++)
			ck_assert_int_ne(tids[i], tids[j]);
	}
	json_decref(events);
}
END_TEST

START_TEST(slices_of_a_lane_do_not_overlap)
{
	const json_t *event, *other;
	json_t *events;
	size_t i, j;

	begin();
	add_pool("threads");
	events = end();
	json_array_foreach (events, i, event) {
		if (strcmp(text_of(event, "ph"), "X") != 0)
			continue;
		json_array_foreach (events, j, other) {
			if (i == j || strcmp(text_of(other, "ph"), "X") != 0 ||
			    int_of(event, "tid") != int_of(other, "tid"))
				continue;
			ck_assert(ns_of(event, "ts") + ns_of(event, "dur") <=
				ns_of(other, "ts") ||
			    ns_of(other, "ts") + ns_of(other, "dur") <=
				ns_of(event, "ts"));
		}
	}
	json_decref(events);
}
END_TEST

START_TEST(states_jobs_and_times)
{
	const json_t *slice, *args;
	json_t *events;

	begin();
	add_pool("threads");
	events = end();
	slice = find(events, "X", "running", 0);
	ck_assert_int_eq(ns_of(slice, "ts"), 1001);
	ck_assert_int_eq(ns_of(slice, "dur"), 7777 - 1001);
	args = json_object_get(slice, "args");
	ck_assert_str_eq(text_of(args, "job"), "0000000000000G000000000002");
	ck_assert_int_eq(int_of(args, "task"), 3);
	ck_assert_int_eq(int_of(args, "lock"), 0);
	ck_assert_ptr_nonnull(find(events, "X", "waiting", 0));
	ck_assert_ptr_nonnull(find(events, "X", "switch-wait", 0));
	ck_assert_ptr_nonnull(find(events, "X", "io", 0));
	ck_assert_ptr_nonnull(find(events, "X", "lost", 0));
	ck_assert_ptr_null(find(events, "X", "native", 0));
	json_decref(events);
}
END_TEST

/* A flow's ends lie inside the tenures that it goes from and to. */
START_TEST(flows_join_tenures)
{
	json_t *events;
	int n = 0;

	begin();
	add_pool("threads");
	add_pool("others");
	events = end();
	for (;; n++) {
		const json_t *start = find(events, "s", "handover", n);
		const json_t *finish = find(events, "f", "handover", n);
		const json_t *from, *to;

		if (start == NULL)
			break;
		ck_assert_ptr_nonnull(finish);
		ck_assert_int_eq(int_of(start, "id"), int_of(finish, "id"));
		ck_assert_int_lt(ns_of(start, "ts"), ns_of(finish, "ts"));
		from = slice_at(events, int_of(start, "pid"),
		    int_of(start, "tid"), ns_of(start, "ts"));
		to = slice_at(events, int_of(finish, "pid"),
		    int_of(finish, "tid"), ns_of(finish, "ts"));
		ck_assert_str_eq(text_of(from, "name"), "running");
		ck_assert_str_eq(text_of(to, "name"), "running");
		ck_assert_ptr_ne(from, to);
	}
	ck_assert_int_eq(n, 4);
	json_decref(events);
}
END_TEST

START_TEST(marks_and_counters)
{
	const json_t *event;
	json_t *events;

	begin();
	add_pool("threads");
	events = end();
	event = find(events, "i", "drop request", 0);
	ck_assert_int_eq(ns_of(event, "ts"), 6500);
	ck_assert_str_eq(
	    text_of(json_object_get(event, "args"), "target"), "thread 0");
	event = find(events, "i", "missed switch", 0);
	ck_assert_int_eq(ns_of(event, "ts"), 9002);
	event = find(events, "i", "lost events", 0);
	ck_assert_str_eq(text_of(event, "s"), "p");
	ck_assert_int_eq(
	    int_of(json_object_get(event, "args"), "events"), 99 - GAP);
	event = find(events, "C", "waiters", 2);
	ck_assert_int_eq(ns_of(event, "ts"), 1500);
	ck_assert_int_eq(int_of(json_object_get(event, "args"), "waiters"), 1);
	json_decref(events);
}
END_TEST

START_TEST(an_empty_file)
{
	json_t *events;

	begin();
	events = end();
	ck_assert_uint_eq(json_array_size(events), 0);
	json_decref(events);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trace_json");
	TCase *tcase = tcase_create("trace_json");

	tcase_add_test(tcase, every_event_has_what_it_needs);
	tcase_add_test(tcase, lanes_have_names);
	tcase_add_test(tcase, slices_of_a_lane_do_not_overlap);
	tcase_add_test(tcase, states_jobs_and_times);
	tcase_add_test(tcase, flows_join_tenures);
	tcase_add_test(tcase, marks_and_counters);
	tcase_add_test(tcase, an_empty_file);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
