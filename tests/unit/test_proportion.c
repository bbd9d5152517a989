/* Shares and their intervals, against figures that others have published. */
#include "client/proportion.h"

#include <check.h>
#include <math.h>

#include "tests/unit/suite.h"

START_TEST(students_t_is_that_of_the_tables)
{
	ck_assert_double_eq_tol(students_t(3), 3.182, 0.03);
	ck_assert_double_eq_tol(students_t(10), 2.228, 0.002);
	ck_assert_double_eq_tol(students_t(29), 2.045, 0.001);
	ck_assert_double_eq_tol(students_t(1e9), 1.960, 0.001);
}
END_TEST

/* Newcombe (1998), the example of 81 of 263, and the ends. */
START_TEST(an_interval_of_a_share_is_wilsons)
{
	struct estimate share = proportion_estimate(81, 263);

	ck_assert_double_eq_tol(share.value, 0.3080, 1e-4);
	ck_assert_double_eq_tol(share.low, 0.2553, 1e-4);
	ck_assert_double_eq_tol(share.high, 0.3662, 1e-4);
	share = proportion_estimate(0, 20);
	ck_assert_double_eq(share.low, 0);
	ck_assert_double_eq_tol(share.high, 0.1611, 1e-4);
	share = proportion_estimate(29, 29);
	ck_assert_double_eq_tol(share.low, 0.8830, 1e-4);
	ck_assert_double_eq(share.high, 1);
	share = proportion_estimate(0, 0);
	ck_assert_double_eq(share.low, 0);
	ck_assert_double_eq(share.high, 1);
}
END_TEST

/* qbinom() of R, at 0.025 and 0.975. */
START_TEST(a_range_is_the_binomials)
{
	static const struct {
		double n, p, low, high;
	} rows[] = {{100, 0.5, 40, 60}, {10, 0.1, 0, 3}, {10, 0.9, 7, 10},
	    {1000, 0.01, 4, 17}, {20, 0, 0, 0}, {5, 1, 5, 5}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		double low, high;

		proportion_range(rows[i].n, rows[i].p, &low, &high);
		ck_assert_double_eq(low, rows[i].low);
		ck_assert_double_eq(high, rows[i].high);
	}
}
END_TEST

/* The sum and the normal distribution agree where one follows the other. */
START_TEST(a_range_has_no_step_where_the_method_changes)
{
	double low[2], high[2];

	proportion_range(29999, 0.01, &low[0], &high[0]);
	proportion_range(30001, 0.01, &low[1], &high[1]);
	ck_assert_double_eq_tol(low[0], low[1], 2);
	ck_assert_double_eq_tol(high[0], high[1], 2);
}
END_TEST

START_TEST(jobs_that_fail_together_count_for_less)
{
	double hits[30] = {100, 100, 100}, sizes[30], even[30];

	for (size_t i = 0; i < 30; i++) {
		sizes[i] = 100;
		even[i] = 10;
	}
	/* 30/29 x 27000 / 3000^2 over 0.1 x 0.9 / 3000, and t^2 / z^2 of 2. */
	ck_assert_double_eq_tol(proportion_design_effect(hits, sizes, 30),
	    103.45 * pow(students_t(2) / 1.96, 2), 0.2);
	ck_assert_double_eq(proportion_design_effect(even, sizes, 30), 1);
	/* Of one stretch, none, and all there is nothing to be learnt. */
	ck_assert_double_eq(proportion_design_effect(hits, sizes, 1), 1);
	ck_assert_double_eq(proportion_design_effect(hits + 3, sizes, 27), 1);
	ck_assert_double_eq(proportion_design_effect(sizes, sizes, 30), 1);
}
END_TEST

/* Newcombe (1998), method 10: 56 of 70 less 48 of 80. */
START_TEST(a_difference_is_newcombes)
{
	struct estimate difference = estimate_difference(
	    proportion_estimate(56, 70), proportion_estimate(48, 80));

	ck_assert_double_eq_tol(difference.value, 0.2, 1e-4);
	ck_assert_double_eq_tol(difference.low, 0.0524, 1e-4);
	ck_assert_double_eq_tol(difference.high, 0.3339, 1e-4);
}
END_TEST

START_TEST(a_ratio_has_the_doubt_of_both)
{
	struct estimate ratio = estimate_ratio(
	    (struct estimate){2, 1, 4}, (struct estimate){1, 0.5, 2});

	ck_assert_double_eq_tol(ratio.value, 2, 1e-9);
	ck_assert_double_eq_tol(ratio.low, 2 * exp(-sqrt(2) * log(2)), 1e-9);
	ck_assert_double_eq_tol(ratio.high, 2 * exp(sqrt(2) * log(2)), 1e-9);
	/* What is not known of one is not known of the ratio. */
	ratio = estimate_ratio(
	    (struct estimate){2, 1, INFINITY}, (struct estimate){1, 0.5, 2});
	ck_assert(isinf(ratio.high));
	ck_assert_double_eq_tol(ratio.low, 2 * exp(-sqrt(2) * log(2)), 1e-9);
	ratio = estimate_ratio(
	    (struct estimate){2, 1, 4}, (struct estimate){1, 0.5, INFINITY});
	ck_assert_double_eq(ratio.low, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proportion");
	TCase *tcase = tcase_create("proportion");

	tcase_add_test(tcase, students_t_is_that_of_the_tables);
	tcase_add_test(tcase, an_interval_of_a_share_is_wilsons);
	tcase_add_test(tcase, a_range_is_the_binomials);
	tcase_add_test(tcase, a_range_has_no_step_where_the_method_changes);
	tcase_add_test(tcase, jobs_that_fail_together_count_for_less);
	tcase_add_test(tcase, a_difference_is_newcombes);
	tcase_add_test(tcase, a_ratio_has_the_doubt_of_both);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
