/* The figures of io tasks and of those beside them. */
#include "client/operations.h"

#include <check.h>
#include <math.h>

#include "tests/unit/lab.h"
#include "tests/unit/suite.h"

static struct lab lab;
static struct run *run;

static void
setup(void)
{
	memset(&lab, 0, sizeof(lab));
	/* In half a second 100 operations; they slept 1 ms and waited 3 ms. */
	run = lab_run(&lab, 5, 10000, 500000000);
	lab_operations(run, 100, 1000000, 3000000);
	lab_company(&lab, run, 2, 1000);
	run->result.lock.switches = 120;
	run->company.lock.switches = 80;
}

START_TEST(one_run_has_figures)
{
	ck_assert_double_eq(operations_number(run), 100);
	ck_assert_double_eq(operations_per_second(run), 200);
	ck_assert_double_eq(operations_latency_ns(run), 4e6);
	ck_assert_double_eq(operations_company_rate(run), 4000);
	ck_assert_double_eq(operations_switch_rate(run), 400);
}
END_TEST

START_TEST(nothing_done_takes_for_ever)
{
	run = lab_run(&lab, 5, 10000, 500000000);
	run->result.timing.lock_wait_ns = 1;
	ck_assert_double_eq(operations_per_second(run), 0);
	ck_assert(isinf(operations_latency_ns(run)));
	run->result.timing.wall_ns = 0;
	ck_assert_double_eq(operations_per_second(run), 0);
	ck_assert_double_eq(operations_company_rate(run), 0);
	ck_assert_double_eq(operations_switch_rate(run), 0);
}
END_TEST

START_TEST(histograms_of_an_arm_add_up)
{
	struct histogram histogram;

	lab_operations(lab_run(&lab, 5, 1, 1), 7, 10, 10);
	lab_operations(lab_run(&lab, 6, 1, 1), 1000, 10, 10);
	histogram = operations_histogram(lab.runs, lab.n_runs, 5);
	ck_assert_uint_eq(histogram_count(&histogram), 107);
}
END_TEST

START_TEST(an_arm_has_an_estimate)
{
	struct estimate estimate;

	lab_operations(lab_run(&lab, 5, 1, 1000000000), 220, 1, 1);
	lab_operations(lab_run(&lab, 6, 1, 1000000000), 999, 1, 1);
	lab_operations(lab_run(&lab, 5, 1, 1000000000), 210, 1, 1);
	ck_assert_int_eq(operations_estimate(lab.runs, lab.n_runs, 5,
			     operations_per_second, &estimate),
	    0);
	ck_assert_double_eq(estimate.value, 210);
	ck_assert_double_ge(estimate.low, 200);
	ck_assert_double_le(estimate.high, 220);
	/* One run without an operation: the latency has no end. */
	lab_run(&lab, 5, 1, 1000000000)->result.timing.lock_wait_ns = 1;
	ck_assert_int_eq(operations_estimate(lab.runs, lab.n_runs, 5,
			     operations_latency_ns, &estimate),
	    0);
	ck_assert(isinf(estimate.value));
}
END_TEST

START_TEST(a_run_is_long_enough_for_some_operations)
{
	struct job_request request;

	job_request_init(&request);
	operations_request(&request, 100, 50, 500, 5000);
	ck_assert_int_eq(request.profile, PROFILE_IO);
	ck_assert_uint_eq(request.io_every, 100);
	ck_assert_uint_eq(request.io_for_us, 50);
	ck_assert_uint_eq(request.timeout_ms, 500);
	operations_request(&request, 100, 0, 500, 100000);
	ck_assert_uint_eq(request.timeout_ms, 2000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("operations");
	TCase *tcase = tcase_create("operations");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, one_run_has_figures);
	tcase_add_test(tcase, nothing_done_takes_for_ever);
	tcase_add_test(tcase, histograms_of_an_arm_add_up);
	tcase_add_test(tcase, an_arm_has_an_estimate);
	tcase_add_test(tcase, a_run_is_long_enough_for_some_operations);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
