/* Charts as parts of a page. */
#include "client/panel.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tests/unit/xml.h"

static char *text;
static size_t size;

static void
teardown(void)
{
	free(text);
	text = NULL;
}

#define POINT(x_value, y_value)                                       \
	{                                                             \
		.x = {(x_value), (x_value), (x_value)},               \
		.y = {(y_value), (y_value), (y_value)}, .label = NULL \
	}

static const struct chart_point points[] = {
    POINT(1, 5), POINT(2, 50), POINT(3, 0), POINT(4, 5), POINT(10, 500)};
static const struct chart_point others[] = {POINT(2, 7), POINT(4, 70)};
static const struct chart_series series[] = {
    {"first & foremost", CHART_CURVE, false, 2, points, COUNT(points)},
    {"second", CHART_CURVE, true, 5, others, COUNT(others)},
};
static const struct chart chart = {
    .title = "A <chart>",
    .x = {.label = "percentile", .scale = CHART_LOG, .unit = CHART_NINES},
    .y = {.scale = CHART_LOG, .unit = CHART_DURATION},
    .series = series,
    .n_series = COUNT(series),
};

static void
draw(const struct panel *panel, double width)
{
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(
	    svg_finish(panel_draw(panel, width, 300, "wide"), out), 0);
	fclose(out);
	ck_assert_msg(is_well_formed(text), "%s", text);
}

static unsigned
count(const char *needle)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, needle)) != NULL; at++)
		n++;
	return n;
}

START_TEST(it_is_a_part_of_a_page)
{
	const struct panel panel = {.chart = &chart};

	draw(&panel, 800);
	ck_assert(strncmp(text, "<svg ", 5) == 0);
	ck_assert_ptr_null(strstr(text, "<style"));
	ck_assert_ptr_nonnull(strstr(text, "class=\"wide\""));
	ck_assert_ptr_nonnull(strstr(text, "aria-label=\"A &lt;chart&gt;\""));
	ck_assert_ptr_nonnull(strstr(text, ">90 %</text>"));
}
END_TEST

/* 0 is nowhere on a logarithmic axis: two curves, and not a line across. */
START_TEST(a_gap_is_a_gap)
{
	const struct panel panel = {.chart = &chart};

	draw(&panel, 800);
	ck_assert_uint_eq(count("<polyline class=\"line c2\""), 2);
	ck_assert_uint_eq(count("<polyline class=\"line c5 dashed\""), 1);
}
END_TEST

START_TEST(a_narrow_one_has_no_names)
{
	const struct panel panel = {.chart = &chart};

	draw(&panel, PANEL_NAMES_FROM);
	ck_assert_uint_eq(count(">first &amp; foremost</text>"), 1);
	free(text);
	draw(&panel, PANEL_NAMES_FROM - 1);
	ck_assert_uint_eq(count(">first &amp; foremost</text>"), 0);
}
END_TEST

/* A column for each point, which says what all series are there. */
START_TEST(a_pointer_finds_all_series)
{
	const struct panel panel = {.chart = &chart};

	draw(&panel, 800);
	ck_assert_uint_eq(count("<rect class=\"hit\""), COUNT(points));
	ck_assert_ptr_nonnull(strstr(text,
	    "<title>50.0 %\nfirst &amp; foremost: 50 ns\nsecond: 7 "
	    "ns</title>"));
}
END_TEST

START_TEST(stages_levels_and_cells_are_drawn)
{
	const struct panel_stage stages[] = {{1, "one"}, {4, "four & more"},
	    {4.01, "no room for this"}, {1000, "beyond"}};
	const struct panel_level levels[] = {{20, "p99<20ns"}, {1e9, "far"}};
	const struct panel_cell cells[] = {{{1, 5}, {2, 10}, 5},
	    {{2, 5}, {4, 1e12}, 1}, {{5000, 5}, {6000, 10}, 1},
	    {{-1, 0}, {2, 5}, 3}};
	const struct panel panel = {
	    .chart = &chart,
	    .is_filled = true,
	    .stages = stages,
	    .n_stages = COUNT(stages),
	    .levels = levels,
	    .n_levels = COUNT(levels),
	    .cells = cells,
	    .n_cells = COUNT(cells),
	};

	draw(&panel, 800);
	ck_assert_uint_eq(count("class=\"stage\""), 3);
	ck_assert_uint_eq(count(">four &amp; more</text>"), 1);
	ck_assert_uint_eq(count(">no room for this</text>"), 0);
	ck_assert_uint_eq(count(">p99&lt;20ns</text>"), 1);
	ck_assert_uint_eq(count("class=\"level"), 1);
	ck_assert_uint_eq(count("<path class=\"soft c2\""), 2);
	/* One beyond the field, and one that is nowhere, are left out. */
	ck_assert_uint_eq(count("<path class=\"heat heat5 c0\""), 1);
	ck_assert_uint_eq(count("<path class=\"heat heat1 c0\""), 1);
	ck_assert_uint_eq(count("<path class=\"heat heat3"), 0);
}
END_TEST

START_TEST(nothing_is_drawn_of_nothing)
{
	const struct chart empty = {.title = "nothing"};
	const struct panel panel = {.chart = &empty};

	draw(&panel, 800);
	ck_assert_uint_eq(count("<polyline"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("panel");
	TCase *tcase = tcase_create("panel");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, it_is_a_part_of_a_page);
	tcase_add_test(tcase, a_gap_is_a_gap);
	tcase_add_test(tcase, a_narrow_one_has_no_names);
	tcase_add_test(tcase, a_pointer_finds_all_series);
	tcase_add_test(tcase, stages_levels_and_cells_are_drawn);
	tcase_add_test(tcase, nothing_is_drawn_of_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
