/* Pictures of timelines: what is drawn, what is said, and how large it gets. */
#include "client/trace_svg.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct mosaic *mosaic;
static struct timeline *timeline;
static uint64_t number, now_ns;

static void
set_up(void)
{
	struct timeline_sink sink;

	mosaic = mosaic_new();
	ck_assert_ptr_nonnull(mosaic);
	sink = mosaic_sink(mosaic);
	timeline = timeline_new(&sink, true);
	ck_assert_ptr_nonnull(timeline);
	number = now_ns = 0;
}

static void
tear_down(void)
{
	timeline_free(timeline);
	mosaic_free(mosaic);
}

static void
add(uint16_t thread, enum lock_event_kind kind, uint16_t other)
{
	struct lock_event event = {
	    .number = number,
	    .time_ns = now_ns,
	    .kind = (uint8_t)kind,
	    .thread = thread,
	    .other = other,
	};

	number++;
	ck_assert_int_eq(timeline_add(timeline, &event), 0);
}

/* n_threads that pass the lock on, so many times, for so long each. */
static void
add_turns(uint16_t n_threads, unsigned turns, uint64_t turn_ns)
{
	uint16_t before = LOCK_NO_THREAD;

	for (uint16_t i = 0; i < n_threads; i++) {
		add(i, LOCK_TASK_START, LOCK_NO_THREAD);
		add(i, LOCK_REQUEST, LOCK_NO_THREAD);
	}
	for (unsigned i = 0; i < turns; i++) {
		uint16_t thread = (uint16_t)(i % n_threads);

		add(thread, LOCK_ACQUIRE, before);
		now_ns += turn_ns;
		add(thread, LOCK_RELEASE, LOCK_NO_THREAD);
		add(thread, LOCK_REQUEST, LOCK_NO_THREAD);
		before = thread;
	}
}

/* The picture's text: free() it. */
static char *
draw(const char *title)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	timeline_end(timeline);
	mosaic_end(mosaic, timeline_totals(timeline).last_ns);
	ck_assert_int_eq(
	    trace_svg_write(mosaic, timeline, title, "a subtitle", out), 0);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

static void
expect_says(const char *text, const char *words)
{
	ck_assert_msg(
	    strstr(text, words) != NULL, "not there: %s\n%.2000s", words, text);
}

START_TEST(a_short_recording_is_drawn_in_full)
{
	char *text;

	add_turns(2, 10, 5000000);
	text = draw("Pool <threads>");
	expect_says(text, "Pool &lt;threads&gt;");
	expect_says(text, "a subtitle");
	expect_says(text, ">thread 0<");
	expect_says(text, ">thread 1<");
	expect_says(text, ">running<");
	expect_says(text, ">waiting<");
	expect_says(text, ">50 ms<");
	expect_says(text, "prefers-color-scheme:dark");
	/* An arrow for each time that it went to the other one. */
	ck_assert_uint_eq(count(text, "class=\"s-arrow\""), 9);
	ck_assert_uint_eq(count(text, "class=\"s-head\""), 9);
	/* A path for each state of each lane, and one in the legend. */
	ck_assert_uint_eq(count(text, "class=\"s-running\""), 3);
	ck_assert_uint_eq(count(text, "class=\"s-waiting\""), 3);
	/* States that there are none of have no legend. */
	ck_assert_uint_eq(count(text, "class=\"s-io\""), 0);
	ck_assert_ptr_null(strstr(text, "shares"));
	ck_assert_ptr_null(strstr(text, "too many"));
	free(text);
}
END_TEST

START_TEST(what_is_too_much_is_said)
{
	char *text;

	add_turns(70, 40000, 1700);
	number += 5;
	add(0, LOCK_WAKE, LOCK_NO_THREAD);
	text = draw("many");
	expect_says(text, "39,999 handovers are too many for arrows.");
	expect_says(text, "each column shows their shares.");
	expect_says(text, "6 more threads are not drawn.");
	expect_says(text, "5 of 120,146 events were lost.");
	ck_assert_uint_eq(count(text, "class=\"s-arrow\""), 0);
	ck_assert_uint_eq(count(text, ">thread "), 64);
	ck_assert_uint_lt(strlen(text), 600000);
	free(text);
}
END_TEST

/* However long and however fast. */
START_TEST(the_size_is_bounded)
{
	char *text;

	add_turns(4, 200000, 977);
	text = draw("long");
	ck_assert_uint_lt(strlen(text), 400000);
	free(text);
}
END_TEST

START_TEST(marks_are_drawn_while_they_are_few)
{
	char *text;

	add_turns(2, 2, 1000000);
	add(1, LOCK_WAKE, LOCK_NO_THREAD);
	add(1, LOCK_DROP_REQUEST, 0);
	now_ns += 1000;
	text = draw("marks");
	expect_says(text, ">drop request<");
	/* One on the lane, one in the legend. */
	ck_assert_uint_eq(count(text, "class=\"s-ask\""), 2);
	ck_assert_uint_eq(count(text, "class=\"s-missed\""), 0);
	free(text);
}
END_TEST

START_TEST(an_instant_is_a_picture_too)
{
	char *text;

	add(0, LOCK_TASK_START, LOCK_NO_THREAD);
	text = draw("instant");
	expect_says(text, "</svg>");
	free(text);
}
END_TEST

START_TEST(a_failed_write_is_told)
{
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	setvbuf(out, NULL, _IONBF, 0);
	add_turns(2, 2, 1000);
	timeline_end(timeline);
	mosaic_end(mosaic, timeline_totals(timeline).last_ns);
	ck_assert_int_eq(
	    trace_svg_write(mosaic, timeline, "full", "disk", out), -1);
	fclose(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trace_svg");
	TCase *tcase = tcase_create("trace_svg");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_short_recording_is_drawn_in_full);
	tcase_add_test(tcase, what_is_too_much_is_said);
	tcase_add_test(tcase, the_size_is_bounded);
	tcase_add_test(tcase, marks_are_drawn_while_they_are_few);
	tcase_add_test(tcase, an_instant_is_a_picture_too);
	tcase_add_test(tcase, a_failed_write_is_told);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
