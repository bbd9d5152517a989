/* What jobs that have ended tell together. */
#include "client/history.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/suite.h"

#define FIRST_MS UINT64_C(1795770000000)
#define MS UINT64_C(1000000)

static struct ledger ledger;
static struct history history;

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	ledger = (struct ledger){0};
	history = (struct history){0};
}

static void
teardown(void)
{
	history_free(&history);
	ledger_free(&ledger);
}

static void
add(const char *pool, enum job_state state, uint64_t after_ms, uint64_t wall_ns)
{
	struct job_record job = {
	    .state = state,
	    .ended_ms = FIRST_MS + after_ms,
	    .timing = {.wall_ns = wall_ns, .queue_ns = 2 * wall_ns},
	};

	strcpy(job.request.pool, pool);
	ck_assert_int_eq(ledger_add(&ledger, &job), 0);
}

START_TEST(figures_are_of_those_done)
{
	for (uint64_t i = 1; i <= 10; i++)
		add("threads", JOB_DONE, 10000 - i * 1000, i * MS);
	add("threads", JOB_FAILED, 500, 99 * MS);
	add("processes", JOB_CANCELLED, 500, 99 * MS);
	ck_assert_int_eq(history_read(&history, &ledger), 0);
	ck_assert_uint_eq(history.n_pools, 2);
	ck_assert_str_eq(history.pools[0].name, "threads");
	ck_assert_uint_eq(history.pools[0].n, 11);
	ck_assert_uint_eq(history.pools[0].n_done, 10);
	ck_assert_uint_eq(history.pools[0].wall_ns.min, 1 * MS);
	ck_assert_uint_eq(history.pools[0].wall_ns.median, 5500000);
	ck_assert_uint_eq(history.pools[0].wall_90_ns, 9 * MS);
	ck_assert_uint_eq(history.pools[0].wall_ns.max, 10 * MS);
	ck_assert_uint_eq(history.pools[0].queue_ns.median, 11 * MS);
	ck_assert_str_eq(history.pools[1].name, "processes");
	ck_assert_uint_eq(history.pools[1].n_done, 0);
	ck_assert_uint_eq(history.pools[1].n_points, 0);
	ck_assert_uint_eq(history.first_ms, FIRST_MS);
	ck_assert_uint_eq(history.last_ms, FIRST_MS + 9000);
}
END_TEST

START_TEST(a_pool_is_a_row)
{
	char *text = NULL;
	size_t size;
	struct term term = {
	    .stream = open_memstream(&text, &size), .columns = 80};
	struct table *table;

	add("threads", JOB_DONE, 0, 1 * MS);
	add("threads", JOB_DONE, 0, 3 * MS);
	add("fair", JOB_FAILED, 0, 3 * MS);
	ck_assert_int_eq(history_read(&history, &ledger), 0);
	table = history_make_table(&history);
	ck_assert_int_eq(table_print(table, FORMAT_TEXT, &term), 0);
	table_free(table);
	fclose(term.stream);
	ck_assert_str_eq(text,
	    "  pool     done  not done  fastest   median     90 %  slowest   "
	    "queued\n"
	    "  threads     2         0  1.00 ms  2.00 ms  3.00 ms  3.00 ms  "
	    "4.00 ms\n"
	    "  fair        0         1        -        -        -        -     "
	    "   -\n");
	free(text);
}
END_TEST

START_TEST(time_has_a_fitting_unit)
{
	static const struct {
		uint64_t span_ms;
		const char *axis;
		double last;
	} cases[] = {
	    {0, "seconds after 2026-11-27 09:00:00", 0},
	    {9000, "seconds after 2026-11-27 09:00:00", 9},
	    {180000, "minutes after 2026-11-27 09:00:00", 3},
	    {3 * 3600000, "hours after 2026-11-27 09:00:00", 3},
	    {3 * 86400000, "days after 2026-11-27 09:00:00", 3},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct chart chart;

		add("threads", JOB_DONE, 0, 1);
		add("threads", JOB_DONE, cases[i].span_ms, 2);
		ck_assert_int_eq(history_read(&history, &ledger), 0);
		chart = history_make_chart(&history);
		ck_assert_str_eq(chart.x.label, cases[i].axis);
		ck_assert_uint_eq(chart.n_series, 1);
		ck_assert_uint_eq(chart.series[0].n_points, 2);
		ck_assert_double_eq_tol(
		    chart.series[0].points[1].x.value, cases[i].last, 1e-9);
		ck_assert_int_eq(chart.y.scale, CHART_LINEAR);
		teardown();
	}
}
END_TEST

START_TEST(what_differs_much_is_drawn_by_its_logarithm)
{
	add("threads", JOB_DONE, 0, 1 * MS);
	add("processes", JOB_DONE, 0, 30 * MS);
	ck_assert_int_eq(history_read(&history, &ledger), 0);
	ck_assert_int_eq(history_make_chart(&history).y.scale, CHART_LOG);
}
END_TEST

START_TEST(more_pools_than_colours_are_left_out)
{
	char name[] = "a";

	for (; name[0] < 'a' + HISTORY_MAX_POOLS + 2; name[0]++)
		add(name, JOB_DONE, 0, 1);
	ck_assert_int_eq(history_read(&history, &ledger), 0);
	ck_assert_uint_eq(history.n_pools, HISTORY_MAX_POOLS);
	ck_assert_uint_eq(history.n_left_out, 2);
}
END_TEST

START_TEST(no_jobs_are_no_trouble)
{
	ck_assert_int_eq(history_read(&history, &ledger), 0);
	ck_assert_uint_eq(history_make_chart(&history).n_series, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("history");
	TCase *tcase = tcase_create("history");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, figures_are_of_those_done);
	tcase_add_test(tcase, a_pool_is_a_row);
	tcase_add_test(tcase, time_has_a_fitting_unit);
	tcase_add_test(tcase, what_differs_much_is_drawn_by_its_logarithm);
	tcase_add_test(tcase, more_pools_than_colours_are_left_out);
	tcase_add_test(tcase, no_jobs_are_no_trouble);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
