/* The series, coarse enough to be drawn: nothing of it is lost. */
#include "client/load_series.h"

#include <check.h>

#include "tests/unit/load_sample.h"
#include "tests/unit/suite.h"

static struct fixture fixture;
static struct load_series series;

static void
setup(void)
{
	fixture_make(&fixture, 7, 1);
}

static void
teardown(void)
{
	load_series_free(&series);
	fixture_free(&fixture);
}

static void
check_sums(void)
{
	const struct load_report *report = &fixture.report;
	uint64_t done = 0, scheduled = 0, length_ns = 0, values = 0;

	ck_assert_uint_eq(series.points[0].start_ns, 0);
	for (size_t i = 0; i < report->n_points; i++) {
		done += report->points[i].done;
		scheduled += report->points[i].scheduled;
		length_ns += report->points[i].length_ns;
	}
	for (size_t i = 0; i < series.n; i++) {
		const struct load_point *point = &series.points[i];

		done -= point->done;
		scheduled -= point->scheduled;
		length_ns -= point->length_ns;
		values += point->latency.count - point->done;
		if (i > 0)
			ck_assert_uint_eq(point->start_ns,
			    series.points[i - 1].start_ns +
				series.points[i - 1].length_ns);
	}
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_eq(scheduled, 0);
	ck_assert_uint_eq(length_ns, 0);
	ck_assert_uint_eq(values, 0);
}

START_TEST(what_has_enough_jobs_stays_as_it_is)
{
	ck_assert_int_eq(load_series_make(&series, &fixture.report), 0);
	ck_assert_uint_eq(series.n, fixture.report.n_points);
	for (size_t i = 0; i < series.n; i++)
		ck_assert_uint_eq(
		    series.points[i].p99_ns, fixture.report.points[i].p99_ns);
	check_sums();
}
END_TEST

START_TEST(where_few_jobs_were_done_stretches_are_longer)
{
	fixture.report.counts.done = 600;
	ck_assert_int_eq(load_series_make(&series, &fixture.report), 0);
	ck_assert_uint_le(series.n, 600 / LOAD_SERIES_JOBS + 1);
	ck_assert_uint_ge(series.n, LOAD_SERIES_POINTS);
	check_sums();
}
END_TEST

START_TEST(few_stretches_are_left_in_any_case)
{
	fixture.report.counts.done = 1;
	ck_assert_int_eq(load_series_make(&series, &fixture.report), 0);
	ck_assert_uint_ge(series.n, LOAD_SERIES_POINTS);
	ck_assert_uint_le(series.n, 2 * LOAD_SERIES_POINTS);
	check_sums();
}
END_TEST

/* A stretch of both would have a rate that is of neither. */
START_TEST(the_drain_has_stretches_of_its_own)
{
	struct load_report *report = &fixture.report;

	report->counts.done = 600;
	report->run_ns = report->points[45].start_ns;
	ck_assert_int_eq(load_series_make(&series, report), 0);
	ck_assert_uint_lt(series.n_sending, series.n);
	ck_assert_uint_eq(series.points[series.n_sending].start_ns,
	    report->run_ns - fixture.script.warm_up_ns);
	check_sums();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_series");
	TCase *tcase = tcase_create("load_series");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_has_enough_jobs_stays_as_it_is);
	tcase_add_test(tcase, where_few_jobs_were_done_stretches_are_longer);
	tcase_add_test(tcase, few_stretches_are_left_in_any_case);
	tcase_add_test(tcase, the_drain_has_stretches_of_its_own);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
