/* Bars: lengths, eighths, and plain ASCII. */
#include "client/bar.h"

#include <check.h>
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

START_TEST(parts_are_solid_then_shaded)
{
	ck_assert_str_eq(bar_parts(1, 0, 4, false).text, "####");
	ck_assert_str_eq(bar_parts(0.5, 0.5, 4, false).text, "##--");
	ck_assert_str_eq(bar_parts(0.25, 0.25, 4, false).text, "#-");
	ck_assert_str_eq(bar_parts(0.5, 0.5, 2, true).text, FULL SHADE);
	ck_assert_str_eq(bar_parts(0.75, 0, 2, true).text, FULL HALF);
}
END_TEST

START_TEST(both_parts_are_as_long_as_their_sum)
{
	for (int percent = 1; percent < 100; percent++)
		ck_assert_uint_eq(strlen(bar_parts(percent / 100.0,
				      1 - percent / 100.0, 50, false)
					     .text),
		    50);
}
END_TEST

START_TEST(what_is_not_nothing_shows)
{
	ck_assert_str_eq(bar_parts(0.0001, 0, 10, false).text, "#");
	ck_assert_str_eq(bar_parts(0.0001, 0, 10, true).text, "\u258f");
	ck_assert_str_eq(bar_parts(0, 0, 10, true).text, "");
	ck_assert_str_eq(bar_parts(0.5, 0.0001, 4, false).text, "#-");
}
END_TEST

START_TEST(too_long_is_cut)
{
	ck_assert_uint_eq(
	    strlen(bar_parts(1, 0, 100000, true).text), BAR_BYTES - 1);
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
	tcase_add_test(tcase, parts_are_solid_then_shaded);
	tcase_add_test(tcase, both_parts_are_as_long_as_their_sum);
	tcase_add_test(tcase, what_is_not_nothing_shows);
	tcase_add_test(tcase, too_long_is_cut);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
