/* Charts: axes with round figures, and what is drawn where. */
#include "client/chart.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chart_axis.h"
#include "tests/unit/suite.h"

static char *text;
static size_t size;

static void
teardown(void)
{
	free(text);
	text = NULL;
}

static struct chart_point
point(double x, double y)
{
	return (struct chart_point){estimate_exact(x), estimate_exact(y), NULL};
}

/* The axis for two figures. */
static struct axis
axis_of(const struct chart_axis *meaning, double least, double most)
{
	struct chart_point points[] = {point(0, least), point(0, most)};
	struct chart_series series = {.points = points, .n_points = 2};
	struct chart chart = {.y = *meaning, .series = &series, .n_series = 1};
	struct axis axis = axis_make(&chart, AXIS_Y, 6);

	axis.meaning = meaning;
	return axis;
}

/* "0 50 100": an axis' ticks. */
static const char *
ticks_of(const struct chart_axis *meaning, double least, double most)
{
	static char ticks[512];
	struct axis axis = axis_of(meaning, least, most);
	size_t used = 0;

	ticks[0] = '\0';
	for (size_t i = 0; i < axis.n_ticks; i++)
		used += (size_t)snprintf(ticks + used, sizeof(ticks) - used,
		    "%s%s", i > 0 ? ", " : "",
		    axis_tick(&axis, axis.ticks[i]).text);
	return ticks;
}

START_TEST(linear_ticks_are_round)
{
	const struct chart_axis number = {.scale = CHART_LINEAR};
	const struct chart_axis from_zero = {.has_zero = true};
	const struct chart_axis time = {
	    .unit = CHART_DURATION, .has_zero = true};
	const struct chart_axis ratio = {.unit = CHART_RATIO};
	const struct chart_axis count = {.unit = CHART_COUNT};

	ck_assert_str_eq(ticks_of(&number, 1, 8), "1, 2, 3, 4, 5, 6, 7, 8");
	ck_assert_str_eq(
	    ticks_of(&from_zero, 64.9, 1853.2), "0, 500, 1000, 1500, 2000");
	ck_assert_str_eq(
	    ticks_of(&number, -0.3, 0.3), "-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3");
	ck_assert_str_eq(
	    ticks_of(&from_zero, 1, 12e6), "0, 2M, 4M, 6M, 8M, 10M, 12M");
	ck_assert_str_eq(
	    ticks_of(&from_zero, 1, 50000), "0, 10k, 20k, 30k, 40k, 50k");
	ck_assert_str_eq(
	    ticks_of(&time, 1e5, 2e6), "0, 0.5 ms, 1 ms, 1.5 ms, 2 ms");
	ck_assert_str_eq(
	    ticks_of(&ratio, 1, 2), "1x, 1.2x, 1.4x, 1.6x, 1.8x, 2x");
	/* There is nothing between two workers. */
	ck_assert_str_eq(ticks_of(&count, 1, 3), "1, 2, 3");
	ck_assert_str_eq(ticks_of(&count, 0, 50), "0, 10, 20, 30, 40, 50");
}
END_TEST

START_TEST(a_long_time_has_ticks_in_minutes_hours_and_days)
{
	const struct chart_axis clock = {.unit = CHART_CLOCK, .has_zero = true};

	ck_assert_str_eq(
	    ticks_of(&clock, 0, 0.2e9), "0, 50 ms, 100 ms, 150 ms, 200 ms");
	ck_assert_str_eq(
	    ticks_of(&clock, 0, 179e9), "0, 50 s, 100 s, 150 s, 200 s");
	ck_assert_str_eq(ticks_of(&clock, 0, 600e9),
	    "0, 2 min, 4 min, 6 min, 8 min, 10 min");
	ck_assert_str_eq(
	    ticks_of(&clock, 0, 10 * 3600e9), "0, 2 h, 4 h, 6 h, 8 h, 10 h");
	ck_assert_str_eq(ticks_of(&clock, 0, 7 * 86400e9),
	    "0, 1 d, 2 d, 3 d, 4 d, 5 d, 6 d, 7 d");
}
END_TEST

START_TEST(logarithmic_ticks_are_ones_twos_and_fives)
{
	const struct chart_axis time = {
	    .scale = CHART_LOG, .unit = CHART_DURATION};
	const struct chart_axis number = {.scale = CHART_LOG};

	ck_assert_str_eq(
	    ticks_of(&time, 5e4, 1e6), "50 us, 100 us, 200 us, 500 us, 1 ms");
	ck_assert_str_eq(
	    ticks_of(&time, 5e4, 1e8), "100 us, 1 ms, 10 ms, 100 ms");
	ck_assert_str_eq(ticks_of(&number, 3, 30), "2, 5, 10, 20, 50");
}
END_TEST

START_TEST(few_figures_still_have_an_axis)
{
	const struct chart_axis linear = {.scale = CHART_LINEAR};
	const struct chart_axis logarithmic = {.scale = CHART_LOG};
	const struct chart none = {0};
	struct axis axis = axis_of(&linear, 5, 5);

	ck_assert_double_lt(axis.low, 5);
	ck_assert_double_gt(axis.high, 5);
	axis = axis_of(&linear, 0, 0);
	ck_assert_double_lt(axis.low, axis.high);
	axis = axis_of(&logarithmic, 5, 5);
	ck_assert_double_lt(axis.low, 5);
	ck_assert_double_gt(axis.high, 5);
	/* Not to be drawn there: as if there were none. */
	axis = axis_of(&logarithmic, 0, -1);
	ck_assert_double_eq(axis.low, 1);
	ck_assert_double_eq(axis.high, 10);
	axis = axis_make(&none, AXIS_X, 6);
	ck_assert_double_eq(axis.low, 0);
	ck_assert_double_eq(axis.high, 1);
}
END_TEST

START_TEST(values_have_their_places)
{
	const struct chart_axis linear = {.has_zero = true};
	const struct chart_axis logarithmic = {.scale = CHART_LOG};
	struct axis axis = axis_of(&linear, 0, 100);

	ck_assert_double_eq_tol(axis_place(&axis, 0), 0, 1e-12);
	ck_assert_double_eq_tol(axis_place(&axis, 25), 0.25, 1e-12);
	ck_assert_double_eq_tol(axis_place(&axis, 100), 1, 1e-12);
	axis = axis_of(&logarithmic, 1, 10000);
	ck_assert_double_eq_tol(axis_place(&axis, 100), 0.5, 1e-12);
	ck_assert(!isfinite(axis_place(&axis, 0)));
	ck_assert(!isfinite(axis_place(&axis, -5)));
}
END_TEST

/* Error bars are part of what an axis has to show. */
START_TEST(error_bars_fit_on_the_axis)
{
	struct chart_point points[] = {{{1, 0, 3}, {10, 2, 47}, NULL}};
	struct chart_series series = {.points = points, .n_points = 1};
	struct chart chart = {.series = &series, .n_series = 1};
	struct axis axis = axis_make(&chart, AXIS_Y, 6);

	ck_assert_double_le(axis.low, 2);
	ck_assert_double_ge(axis.high, 47);
	axis = axis_make(&chart, AXIS_X, 6);
	ck_assert_double_le(axis.low, 0);
	ck_assert_double_ge(axis.high, 3);
}
END_TEST

static const char *
printed(const struct chart *chart, bool has_utf8, unsigned columns)
{
	struct term term = {.stream = open_memstream(&text, &size),
	    .columns = columns,
	    .has_utf8 = has_utf8};

	ck_assert_ptr_nonnull(term.stream);
	ck_assert_int_eq(chart_print(chart, &term), 0);
	fclose(term.stream);
	return text;
}

START_TEST(a_line_is_where_it_belongs)
{
	const struct chart_point points[] = {
	    point(0, 0), point(5, 5), point(10, 10)};
	const struct chart_series series = {.name = "equal",
	    .mark = CHART_STEPS,
	    .points = points,
	    .n_points = 3};
	const struct chart chart = {
	    .title = "Straight",
	    .subtitle = "and simple",
	    .x = {.label = "n", .has_zero = true},
	    .y = {.label = "as much", .has_zero = true},
	    .series = &series,
	    .n_series = 1,
	};

	ck_assert_str_eq(printed(&chart, false, 40),
	    "  Straight\n"
	    "  and simple\n"
	    "\n"
	    "  as much\n"
	    "  10 +                               .a\n"
	    "     |                             ..\n"
	    "     |                           ..\n"
	    "   8 +                         ..\n"
	    "     |                       ..\n"
	    "     |                     ..\n"
	    "   6 +                   ..\n"
	    "     |                 ..\n"
	    "     |               .a\n"
	    "   4 +             ..\n"
	    "     |           ..\n"
	    "     |        ...\n"
	    "   2 +      ..\n"
	    "     |    ..\n"
	    "     |  ..\n"
	    "   0 +a.\n"
	    "     ++---------------+---------------+\n"
	    "      0               5              10\n"
	    "                      n\n"
	    "      a equal\n");
}
END_TEST

/* What a chart may have to bear. */
static const struct chart_point odd_points[] = {
    {{1, 1, 1}, {5, 0, 9}, "first"},
    {{2, 1.5, 2.5}, {NAN, NAN, NAN}, NULL},
    {{NAN, NAN, NAN}, {3, 3, 3}, NULL},
    {{4, 4, 4}, {0, 0, 0}, NULL},
    {{1000, 900, 1100}, {70, -INFINITY, INFINITY}, "a <b> & \"c\""},
};

static struct chart
make_odd(const struct chart_series series[], enum chart_scale scale)
{
	return (struct chart){
	    .title = "Odd & <rare>",
	    .x = {.label = "x", .scale = scale},
	    .y = {.label = "y", .scale = scale, .unit = CHART_DURATION},
	    .series = series,
	    .n_series = 4,
	};
}

static const struct chart_series odd_series[] = {
    {"points", CHART_POINTS, false, 0, odd_points, COUNT(odd_points)},
    {"steps, with quite a long name", CHART_STEPS, true, 3, odd_points,
	COUNT(odd_points)},
    {"curve", CHART_CURVE, true, 6, odd_points, COUNT(odd_points)},
    {"nothing", CHART_STEPS, false, 1, NULL, 0},
};

START_TEST(no_line_is_longer_than_80_columns)
{
	for (unsigned i = 0; i < 4; i++) {
		struct chart chart =
		    make_odd(odd_series, i % 2 ? CHART_LOG : CHART_LINEAR);
		const char *line = printed(&chart, i / 2, i % 2 ? 200 : 80);

		while (*line != '\0') {
			size_t length = strcspn(line, "\n");
			char copy[512];

			ck_assert_uint_lt(length, sizeof(copy));
			memcpy(copy, line, length);
			copy[length] = '\0';
			ck_assert_uint_le(term_width(copy), 80);
			for (size_t j = 0; j < length && i / 2 == 0; j++)
				ck_assert_int_ge(copy[j], ' ');
			line += length + 1;
		}
		free(text);
		text = NULL;
	}
}
END_TEST

static unsigned
count(const char *haystack, const char *needle)
{
	unsigned n = 0;

	while ((haystack = strstr(haystack, needle)) != NULL) {
		haystack += strlen(needle);
		n++;
	}
	return n;
}

static void
draw(const struct chart charts[], size_t n)
{
	struct svg *svg = chart_draw(charts, n);
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(svg);
	ck_assert_int_eq(svg_write(svg, out), 0);
	fclose(out);
	svg_free(svg);
}

START_TEST(odd_points_are_left_out_of_a_picture)
{
	struct chart chart = make_odd(odd_series, CHART_LINEAR);

	draw(&chart, 1);
	/* Three of the five points are somewhere. */
	ck_assert_uint_eq(count(text, "<circle class=\"fill c0\""),
	    3 + 1 /* in the legend */);
	ck_assert_uint_eq(count(text, "<polyline class=\"line c6 dashed\""), 1);
	ck_assert_uint_eq(
	    count(text, "<title>points, first: 1, 5 ns (0 ns to 9 ns)"), 1);
	ck_assert_uint_eq(
	    count(text, "a &lt;b&gt; &amp; &quot;c&quot;</text>"), 2);
	free(text);
	chart = make_odd(odd_series, CHART_LOG);
	draw(&chart, 1);
	ck_assert_uint_eq(count(text, "<circle class=\"fill c0\""), 2 + 1);
}
END_TEST

/* Each is named once: where its curve ends, or in the legend. */
START_TEST(each_series_is_named_once)
{
	const struct chart_point all[] = {point(1, 1), point(10, 2)};
	const struct chart_point half[] = {point(1, 1), point(4, 2)};
	const struct chart_series series[] = {
	    {"to the edge", CHART_STEPS, false, 0, all, 2},
	    {"not so far", CHART_CURVE, false, 1, half, 2},
	    {"dots", CHART_POINTS, false, 2, all, 2},
	    {"also to the edge", CHART_CURVE, false, 3, all, 2},
	};
	const struct chart chart = {.title = "names",
	    .x = {.label = "x"},
	    .y = {.label = "y"},
	    .series = series,
	    .n_series = COUNT(series)};

	draw(&chart, 1);
	for (size_t i = 0; i < COUNT(series); i++) {
		char name[64];

		snprintf(name, sizeof(name), ">%s</text>", series[i].name);
		ck_assert_uint_eq(count(text, name), 1);
	}
	ck_assert_uint_eq(count(text, "class=\"fill bold c0\""), 1);
	ck_assert_uint_eq(count(text, "class=\"fill bold c1\""), 0);
	ck_assert_uint_eq(count(text, "class=\"fill bold c2\""), 0);
	ck_assert_uint_eq(count(text, "class=\"fill bold c3\""), 1);
}
END_TEST

START_TEST(charts_stand_below_one_another)
{
	struct chart charts[] = {make_odd(odd_series, CHART_LINEAR),
	    make_odd(odd_series, CHART_LOG)};

	draw(charts, 2);
	ck_assert_uint_eq(count(text, "<g>"), 2);
	ck_assert_uint_eq(count(text, ">Odd &amp; &lt;rare&gt;</text>"), 2);
	ck_assert_uint_eq(count(text, "viewBox=\"0 0 880 1000\""), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chart");
	TCase *tcase = tcase_create("chart");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, linear_ticks_are_round);
	tcase_add_test(tcase, a_long_time_has_ticks_in_minutes_hours_and_days);
	tcase_add_test(tcase, logarithmic_ticks_are_ones_twos_and_fives);
	tcase_add_test(tcase, few_figures_still_have_an_axis);
	tcase_add_test(tcase, values_have_their_places);
	tcase_add_test(tcase, error_bars_fit_on_the_axis);
	tcase_add_test(tcase, a_line_is_where_it_belongs);
	tcase_add_test(tcase, no_line_is_longer_than_80_columns);
	tcase_add_test(tcase, odd_points_are_left_out_of_a_picture);
	tcase_add_test(tcase, each_series_is_named_once);
	tcase_add_test(tcase, charts_stand_below_one_another);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
