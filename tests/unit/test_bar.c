/* Bars: lengths, eighths, and plain ASCII. */
#include "client/bar.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "client/term.h"
#include "tests/unit/suite.h"

#define FULL "\u2588"
#define HALF "\u258c"
#define TRACK "\u2591"
#define SHADE "\u2592"

START_TEST(progress_fills_its_track)
{
	ck_assert_str_eq(bar_progress(0, 4, false).text, "....");
	ck_assert_str_eq(bar_progress(0.5, 4, false).text, "##..");
	ck_assert_str_eq(bar_progress(0.99, 4, false).text, "###.");
	ck_assert_str_eq(bar_progress(1, 4, false).text, "####");
	ck_assert_str_eq(bar_progress(0.5, 3, true).text, FULL HALF TRACK);
}
END_TEST

START_TEST(progress_is_as_long_as_asked_whatever_it_is_told)
{
	for (int percent = -50; percent <= 150; percent++) {
		ck_assert_uint_eq(
		    term_width(bar_progress(percent / 100.0, 30, true).text),
		    30);
		ck_assert_uint_eq(
		    term_width(bar_progress(percent / 100.0, 30, false).text),
		    30);
	}
}
END_TEST

START_TEST(a_curve_shows_how_it_went)
{
	const double levels[] = {NAN, 0, 0.5, 0, 1, 0, NAN, NAN};

	ck_assert_str_eq(bar_curve(0.75, levels, 8, 8, true).text,
	    "\u00b7\u2581\u2585\u2581\u2588\u2581" TRACK TRACK);
	/* The highest of two. */
	ck_assert_str_eq(bar_curve(0.75, levels, 8, 4, true).text,
	    "\u2581\u2585\u2588" TRACK);
	ck_assert_uint_eq(
	    term_width(bar_curve(1, levels, 8, 30, true).text), 30);
	ck_assert_str_eq(bar_curve(0.5, levels, 8, 4, false).text, "##..");
	ck_assert_str_eq(
	    bar_curve(0.5, NULL, 0, 3, true).text, FULL HALF TRACK);
}
END_TEST

static struct bar
parts(double solid, double shaded, double light, unsigned columns, bool is_utf8)
{
	double fractions[BAR_PARTS] = {solid, shaded, light};

	return bar_parts(fractions, columns, is_utf8);
}

START_TEST(parts_stand_behind_each_other)
{
	ck_assert_str_eq(parts(1, 0, 0, 4, false).text, "####");
	ck_assert_str_eq(parts(0.5, 0.5, 0, 4, false).text, "##--");
	ck_assert_str_eq(parts(0.25, 0.25, 0, 4, false).text, "#-");
	ck_assert_str_eq(parts(0.5, 0.25, 0.25, 4, false).text, "##-.");
	ck_assert_str_eq(parts(0, 0, 0.5, 4, false).text, "..");
	ck_assert_str_eq(
	    parts(0.25, 0.5, 0.25, 4, true).text, FULL SHADE SHADE TRACK);
}
END_TEST

START_TEST(the_rest_is_dotted)
{
	double fractions[BAR_PARTS] = {0.25, 0.25, 0.25, 0.25};

	ck_assert_str_eq(bar_parts(fractions, 4, false).text, "#-.:");
	ck_assert_str_eq(
	    bar_parts(fractions, 4, true).text, FULL SHADE TRACK "\u00b7");
}
END_TEST

static void
assert_ends(struct bar bar, size_t solid, size_t shaded, size_t light)
{
	ck_assert_uint_eq(bar.ends[BAR_SOLID], solid);
	ck_assert_uint_eq(bar.ends[BAR_SHADED], shaded);
	ck_assert_uint_eq(bar.ends[BAR_LIGHT], light);
	ck_assert_uint_eq(strlen(bar.text), light);
}

START_TEST(parts_tell_where_they_end)
{
	assert_ends(parts(0.25, 0.5, 0.25, 4, true), 3, 9, 12);
	assert_ends(parts(0.5, 0, 0.5, 4, false), 2, 2, 4);
	assert_ends(parts(0.75, 0, 0, 2, true), 6, 6, 6);
	assert_ends(parts(0.0001, 0, 0, 10, false), 1, 1, 1);
	assert_ends(parts(0, 0, 0, 4, true), 0, 0, 0);
}
END_TEST

START_TEST(full_blocks_alone_come_in_eighths)
{
	ck_assert_str_eq(parts(0.75, 0, 0, 2, true).text, FULL HALF);
	/* Parts too small to be seen do not change that. */
	ck_assert_str_eq(parts(0.74, 0.005, 0.005, 2, true).text, FULL HALF);
	ck_assert_str_eq(parts(0.5, 0.5, 0, 2, true).text, FULL SHADE);
}
END_TEST

START_TEST(parts_are_as_long_as_their_sum)
{
	for (int solid = 0; solid <= 100; solid++)
		for (int shaded = 0; solid + shaded <= 100; shaded++)
			ck_assert_uint_eq(
			    strlen(parts(solid / 100.0, shaded / 100.0,
				(100 - solid - shaded) / 100.0, 50, false)
				       .text),
			    50);
}
END_TEST

START_TEST(what_is_not_nothing_shows)
{
	ck_assert_str_eq(parts(0.0001, 0, 0, 10, false).text, "#");
	ck_assert_str_eq(parts(0.0001, 0, 0, 10, true).text, "\u258f");
	ck_assert_str_eq(parts(0, 0, 0, 10, true).text, "");
	ck_assert_str_eq(parts(0, 0, 0, 10, false).text, "");
}
END_TEST

/* Clocks differ by a little: a rest below 0, a sum above 1. */
START_TEST(parts_that_cannot_be_are_made_to_fit)
{
	ck_assert_str_eq(parts(1.2, 0.3, -0.5, 4, false).text, "####");
	ck_assert_str_eq(parts(0.5, 0.7, -0.2, 4, false).text, "##--");
	ck_assert_str_eq(parts(-1, -1, -1, 4, true).text, "");
}
END_TEST

START_TEST(too_long_is_cut)
{
	ck_assert_uint_eq(
	    strlen(parts(1, 0, 0, 100000, true).text), BAR_BYTES - 1);
	ck_assert_uint_eq(
	    strlen(bar_progress(1, 100000, true).text), BAR_BYTES - 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bar");
	TCase *tcase = tcase_create("bar");

	tcase_add_test(tcase, progress_fills_its_track);
	tcase_add_test(tcase, progress_is_as_long_as_asked_whatever_it_is_told);
	tcase_add_test(tcase, parts_stand_behind_each_other);
	tcase_add_test(tcase, parts_tell_where_they_end);
	tcase_add_test(tcase, full_blocks_alone_come_in_eighths);
	tcase_add_test(tcase, parts_are_as_long_as_their_sum);
	tcase_add_test(tcase, what_is_not_nothing_shows);
	tcase_add_test(tcase, parts_that_cannot_be_are_made_to_fit);
	tcase_add_test(tcase, too_long_is_cut);
	tcase_add_test(tcase, the_rest_is_dotted);
	tcase_add_test(tcase, a_curve_shows_how_it_went);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
