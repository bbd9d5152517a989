/* Timelines: from events to slices, arrows, marks and waiters. */
#include "client/timeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NONE LOCK_NO_THREAD

/* All that a timeline told, a line each. */
static char told[16384];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *format, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + used, sizeof(told) - used, format, args);
	va_end(args);
}

static void
tell_begin(void *arg, uint64_t time_ns)
{
	(void)arg;
	tell("begin %u\n", (unsigned)time_ns);
}

static void
tell_slice(void *arg, const struct timeline_slice *slice)
{
	(void)arg;
	tell("%u %s %u..%u", slice->thread, timeline_state_name(slice->state),
	    (unsigned)slice->start_ns, (unsigned)slice->end_ns);
	if (slice->has_label)
		tell(" task %u", (unsigned)slice->label.task);
	tell("\n");
}

static void
tell_arrow(void *arg, const struct timeline_arrow *arrow)
{
	(void)arg;
	tell("arrow %u@%u -> %u@%u\n", arrow->from, (unsigned)arrow->from_ns,
	    arrow->to, (unsigned)arrow->to_ns);
}

static void
tell_mark(void *arg, const struct timeline_mark *mark)
{
	(void)arg;
	tell("%s %d %d @%u n %u\n", timeline_mark_name(mark->kind),
	    mark->thread == NONE ? -1 : mark->thread,
	    mark->other == NONE ? -1 : mark->other, (unsigned)mark->time_ns,
	    (unsigned)mark->n);
}

static void
tell_waiters(void *arg, uint16_t domain, uint64_t time_ns, uint64_t waiters)
{
	(void)arg;
	tell("lock %u waiters %u @%u\n", domain, (unsigned)waiters,
	    (unsigned)time_ns);
}

static const struct timeline_sink sink = {
    .begin = tell_begin,
    .slice = tell_slice,
    .arrow = tell_arrow,
    .mark = tell_mark,
    .waiters = tell_waiters,
};

static struct timeline *timeline;
static uint64_t number;

static void
begin(bool is_whole)
{
	*told = '\0';
	number = 0;
	timeline = timeline_new(&sink, is_whole);
	ck_assert_ptr_nonnull(timeline);
}

static void
add(uint16_t thread, enum lock_event_kind kind, uint64_t time_ns,
    unsigned detail, uint16_t other)
{
	struct lock_event event = {
	    .number = number,
	    .time_ns = time_ns,
	    .kind = (uint8_t)kind,
	    .detail = (uint8_t)detail,
	    .thread = thread,
	    .other = other,
	};

	number++;
	if (kind == LOCK_TASK_START)
		event.label.task = detail;
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
}

/* Ends the timeline: what it told, in all, is this. */
static void
expect(const char *text)
{
	timeline_end(timeline);
	ck_assert_str_eq(told, text);
}

static void
start_task(uint16_t thread, uint64_t time_ns, unsigned task)
{
	add(thread, LOCK_TASK_START, time_ns, task, NONE);
	add(thread, LOCK_REQUEST, time_ns, 0, NONE);
}

START_TEST(a_forced_switch)
{
	const struct timeline_lane *lane;

	begin(true);
	start_task(0, 100, 5);
	add(0, LOCK_ACQUIRE, 101, 0, NONE);
	start_task(1, 120, 6);
	add(1, LOCK_WAKE, 200, LOCK_WAKE_TIMEOUT, NONE);
	add(1, LOCK_DROP_REQUEST, 200, 0, 0);
	add(0, LOCK_RELEASE, 210, LOCK_RELEASE_REQUESTED, NONE);
	add(0, LOCK_SWITCH_WAIT_START, 210, 0, NONE);
	add(1, LOCK_WAKE, 215, LOCK_WAKE_SIGNAL, NONE);
	add(1, LOCK_ACQUIRE, 220, 0, 0);
	add(0, LOCK_SWITCH_WAIT_END, 220, 0, NONE);
	add(0, LOCK_REQUEST, 220, 0, NONE);
	add(1, LOCK_RELEASE, 300, LOCK_RELEASE_FINAL, NONE);
	add(1, LOCK_TASK_END, 300, 0, NONE);
	add(0, LOCK_WAKE, 305, LOCK_WAKE_SIGNAL, NONE);
	add(0, LOCK_ACQUIRE, 310, 0, 1);
	add(0, LOCK_RELEASE, 350, LOCK_RELEASE_FINAL, NONE);
	add(0, LOCK_TASK_END, 350, 0, NONE);
	expect("begin 100\n"
	       "lock 0 waiters 1 @100\n" /* nobody knows who has it */
	       "0 waiting 100..101 task 5\n"
	       "lock 0 waiters 0 @101\n"
	       "lock 0 waiters 1 @120\n"
	       "drop request 1 0 @200 n 1\n"
	       "0 running 101..210 task 5\n"
	       "1 waiting 120..220 task 6\n"
	       "arrow 0@210 -> 1@220\n"
	       "lock 0 waiters 0 @220\n"
	       "0 switch-wait 210..220 task 5\n"
	       "lock 0 waiters 1 @220\n"
	       "1 running 220..300 task 6\n"
	       "0 waiting 220..310 task 5\n"
	       "arrow 1@300 -> 0@310\n"
	       "lock 0 waiters 0 @310\n"
	       "0 running 310..350 task 5\n");

	ck_assert_uint_eq(timeline_lanes(timeline), 2);
	lane = timeline_lane(timeline, 0);
	ck_assert_uint_eq(lane->state_ns[TIMELINE_RUNNING], 109 + 40);
	ck_assert_uint_eq(lane->state_ns[TIMELINE_WAITING], 1 + 90);
	ck_assert_uint_eq(lane->state_ns[TIMELINE_SWITCH_WAIT], 10);
	ck_assert_uint_eq(lane->tasks, 1);
	ck_assert_uint_eq(lane->acquisitions, 2);
	ck_assert_uint_eq(lane->handovers, 1);
	ck_assert_uint_eq(timeline_lane(timeline, 1)->requests, 1);
	ck_assert_uint_eq(timeline_totals(timeline).events, number);
	ck_assert_uint_eq(timeline_totals(timeline).first_ns, 100);
	ck_assert_uint_eq(timeline_totals(timeline).last_ns, 350);
	timeline_free(timeline);
}
END_TEST

START_TEST(native_and_io_have_slices)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	add(0, LOCK_RELEASE, 10, LOCK_RELEASE_NATIVE, NONE);
	add(0, LOCK_NATIVE_START, 10, 0, NONE);
	add(0, LOCK_NATIVE_END, 30, 0, NONE);
	add(0, LOCK_REQUEST, 30, 0, NONE);
	add(0, LOCK_ACQUIRE, 30, 0, 0);
	add(0, LOCK_RELEASE, 40, LOCK_RELEASE_IO, NONE);
	add(0, LOCK_IO_START, 40, 0, NONE);
	add(0, LOCK_IO_END, 90, 0, NONE);
	add(0, LOCK_REQUEST, 90, 0, NONE);
	add(0, LOCK_ACQUIRE, 92, 0, 0);
	add(0, LOCK_RELEASE, 99, LOCK_RELEASE_FINAL, NONE);
	add(0, LOCK_TASK_END, 99, 0, NONE);
	expect("begin 0\n"
	       "lock 0 waiters 1 @0\n"
	       "0 waiting 0..1 task 0\n"
	       "lock 0 waiters 0 @1\n"
	       "0 running 1..10 task 0\n"
	       "0 native 10..30 task 0\n"
	       "0 running 30..40 task 0\n"
	       "0 io 40..90 task 0\n"
	       "0 waiting 90..92 task 0\n"
	       "0 running 92..99 task 0\n");
	timeline_free(timeline);
}
END_TEST

/* Who finds the lock free is no waiter, and no arrow points at him. */
START_TEST(a_free_lock_has_no_waiters)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	add(0, LOCK_RELEASE, 10, LOCK_RELEASE_FINAL, NONE);
	add(0, LOCK_TASK_END, 10, 0, NONE);
	*told = '\0';
	start_task(1, 20, 1);
	add(1, LOCK_ACQUIRE, 21, 0, 0);
	add(1, LOCK_RELEASE, 30, LOCK_RELEASE_FINAL, NONE);
	add(1, LOCK_TASK_END, 30, 0, NONE);
	expect("1 waiting 20..21 task 1\n"
	       "1 running 21..30 task 1\n");
	timeline_free(timeline);
}
END_TEST

START_TEST(a_missed_switch_is_marked)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	start_task(1, 2, 1);
	add(0, LOCK_RELEASE, 10, LOCK_RELEASE_TICK, NONE);
	add(0, LOCK_REQUEST, 10, 0, NONE);
	*told = '\0';
	add(0, LOCK_ACQUIRE, 11, 1, 0);
	ck_assert_str_eq(told,
	    "0 waiting 10..11 task 0\n"
	    "lock 0 waiters 1 @11\n"
	    "missed switch 0 -1 @11 n 1\n");
	ck_assert_uint_eq(timeline_lane(timeline, 0)->missed, 1);
	ck_assert_uint_eq(timeline_lane(timeline, 0)->handovers, 0);
	timeline_free(timeline);
}
END_TEST

START_TEST(a_waiter_that_gives_up)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	start_task(1, 2, 1);
	*told = '\0';
	add(1, LOCK_WAKE, 9, LOCK_WAKE_SPURIOUS, NONE);
	add(1, LOCK_TASK_END, 9, 0, NONE);
	ck_assert_str_eq(told, "1 waiting 2..9 task 1\nlock 0 waiters 0 @9\n");
	timeline_free(timeline);
}
END_TEST

/* --- what is not known --- */

START_TEST(a_trace_that_begins_and_ends_in_mid_task)
{
	begin(true);
	number = 77;
	add(3, LOCK_RELEASE, 10, LOCK_RELEASE_TICK, NONE);
	add(3, LOCK_REQUEST, 10, 0, NONE);
	add(3, LOCK_ACQUIRE, 12, 0, 3);
	add(1, LOCK_WAKE, 20, LOCK_WAKE_TIMEOUT, NONE);
	expect("begin 10\n"
	       "3 waiting 10..12\n"
	       "lock 0 waiters 1 @20\n"
	       "3 running 12..20\n");
	ck_assert_uint_eq(timeline_totals(timeline).lost, 0);
	ck_assert_uint_eq(timeline_lane(timeline, 0)->events, 0);
	ck_assert_uint_eq(timeline_lane(timeline, 3)->events, 3);
	timeline_free(timeline);
}
END_TEST

/* What was before a gap is known up to it; then nothing, until it speaks. */
START_TEST(lost_events_are_not_made_up)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	start_task(1, 5, 1);
	add(2, LOCK_TASK_START, 6, 2, NONE);
	add(2, LOCK_REQUEST, 6, 0, NONE);
	add(2, LOCK_TASK_END, 10, 0, NONE); /* idle from then on */
	*told = '\0';
	number += 40;
	add(0, LOCK_REQUEST, 50, 0, NONE);
	add(1, LOCK_RELEASE, 60, LOCK_RELEASE_FINAL, NONE);
	add(1, LOCK_TASK_END, 60, 0, NONE);
	add(2, LOCK_TASK_START, 70, 9, NONE);
	expect("lost events -1 -1 @10 n 40\n"
	       "0 running 1..10 task 0\n"
	       "1 waiting 5..10 task 1\n"
	       "lock 0 waiters 0 @10\n"
	       "0 lost 10..50 task 0\n"
	       "lock 0 waiters 1 @50\n"
	       "1 lost 10..60 task 1\n"
	       "0 waiting 50..70 task 0\n");
	ck_assert_uint_eq(timeline_totals(timeline).lost, 40);
	ck_assert_uint_eq(
	    timeline_lane(timeline, 0)->state_ns[TIMELINE_LOST], 40);
	ck_assert_uint_eq(
	    timeline_lane(timeline, 2)->state_ns[TIMELINE_LOST], 0);
	timeline_free(timeline);
}
END_TEST

/* An interpreter that was killed: its thread begins anew, without a gap. */
START_TEST(a_thread_that_began_anew)
{
	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 1, 0, NONE);
	*told = '\0';
	start_task(0, 90, 1);
	add(0, LOCK_ACQUIRE, 95, 0, NONE);
	ck_assert_str_eq(told,
	    "0 lost 1..90 task 0\n"
	    "lock 0 waiters 1 @90\n"
	    "0 waiting 90..95 task 1\n"
	    "lock 0 waiters 0 @95\n");
	timeline_free(timeline);
}
END_TEST

/* Some jobs' events: numbers between them are of others, not lost. */
START_TEST(a_choice_of_events_has_no_gaps)
{
	begin(false);
	start_task(0, 0, 0);
	number += 100;
	add(0, LOCK_ACQUIRE, 10, 0, 4);
	number += 100;
	add(0, LOCK_RELEASE, 30, LOCK_RELEASE_FINAL, NONE);
	add(0, LOCK_TASK_END, 30, 0, NONE);
	expect("begin 0\n"
	       "lock 0 waiters 1 @0\n"
	       "0 waiting 0..10 task 0\n"
	       "lock 0 waiters 0 @10\n"
	       "0 running 10..30 task 0\n");
	ck_assert_uint_eq(timeline_totals(timeline).lost, 0);
	timeline_free(timeline);
}
END_TEST

START_TEST(a_loss_without_numbers)
{
	begin(false);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 10, 0, NONE);
	*told = '\0';
	timeline_add_loss(timeline, 0);
	ck_assert_str_eq(told, "");
	timeline_add_loss(timeline, 3);
	number += 3;
	add(0, LOCK_RELEASE, 30, LOCK_RELEASE_FINAL, NONE);
	expect("lost events -1 -1 @10 n 3\n"
	       "0 lost 10..30 task 0\n");
	ck_assert_uint_eq(timeline_totals(timeline).lost, 3);
	timeline_free(timeline);
}
END_TEST

/* A thread takes the time before it has the mutex. */
START_TEST(times_of_different_threads_may_be_a_little_off)
{
	begin(true);
	start_task(0, 100, 0);
	add(0, LOCK_ACQUIRE, 110, 0, NONE);
	*told = '\0';
	start_task(1, 95, 1); /* asked before all else that was heard */
	add(0, LOCK_RELEASE, 120, LOCK_RELEASE_FINAL, NONE);
	add(0, LOCK_TASK_END, 120, 0, NONE);
	add(1, LOCK_ACQUIRE, 130, 0, 0);
	expect("lock 0 waiters 1 @110\n" /* never backwards */
	       "0 running 110..120 task 0\n"
	       "1 waiting 100..130 task 1\n" /* never before the beginning */
	       "arrow 0@120 -> 1@130\n"
	       "lock 0 waiters 0 @130\n");
	timeline_free(timeline);
}
END_TEST

START_TEST(what_cannot_be_is_ignored)
{
	struct lock_event event = {.kind = LOCK_EVENT_KINDS};

	begin(true);
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
	event =
	    (struct lock_event){.kind = LOCK_REQUEST, .thread = LOCK_NO_THREAD};
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
	number = 5;
	start_task(0, 10, 0);
	number = 2;
	add(0, LOCK_ACQUIRE, 20, 0, NONE); /* an old number */
	expect("begin 10\nlock 0 waiters 1 @10\n");
	ck_assert_uint_eq(timeline_totals(timeline).events, 2);
	timeline_free(timeline);
	timeline_free(NULL);
}
END_TEST

START_TEST(locks_have_waiters_of_their_own)
{
	struct lock_event event = {
	    .kind = LOCK_TASK_START, .domain = 1, .thread = 4};

	begin(true);
	start_task(0, 0, 0);
	add(0, LOCK_ACQUIRE, 0, 0, NONE);
	*told = '\0';
	event.number = number++;
	event.time_ns = 5;
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
	event.number = number++;
	event.kind = LOCK_REQUEST;
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
	ck_assert_str_eq(told, "lock 1 waiters 1 @5\n");
	timeline_free(timeline);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tcase = tcase_create("timeline");

	tcase_add_test(tcase, a_forced_switch);
	tcase_add_test(tcase, native_and_io_have_slices);
	tcase_add_test(tcase, a_free_lock_has_no_waiters);
	tcase_add_test(tcase, a_missed_switch_is_marked);
	tcase_add_test(tcase, a_waiter_that_gives_up);
	tcase_add_test(tcase, a_trace_that_begins_and_ends_in_mid_task);
	tcase_add_test(tcase, lost_events_are_not_made_up);
	tcase_add_test(tcase, a_thread_that_began_anew);
	tcase_add_test(tcase, a_choice_of_events_has_no_gaps);
	tcase_add_test(tcase, a_loss_without_numbers);
	tcase_add_test(tcase, times_of_different_threads_may_be_a_little_off);
	tcase_add_test(tcase, what_cannot_be_is_ignored);
	tcase_add_test(tcase, locks_have_waiters_of_their_own);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
