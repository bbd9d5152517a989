/*
 * Medians, intervals and ranks, against what books and R 4 say: quantile(),
 * wilcox.test(), and its own data sets.
 */
#include "client/statistics.h"

#include <check.h>
#include <math.h>

#include "tests/unit/suite.h"

START_TEST(a_median_is_in_the_middle)
{
	double odd[] = {5, 1, 9};
	double even[] = {4, 1, 3, 10};
	double one[] = {7};

	ck_assert_double_eq(statistics_median(odd, 3), 5);
	ck_assert_double_eq(statistics_median(even, 4), 3.5);
	ck_assert_double_eq(statistics_median(one, 1), 7);
}
END_TEST

/* quantile(c(3,1,4,1,5,9,2,6), c(.025,.25,.5,.9)) */
START_TEST(quantiles_are_those_of_R)
{
	double values[] = {3, 1, 4, 1, 5, 9, 2, 6};

	ck_assert_double_eq_tol(
	    statistics_quantile(values, 8, 0.025), 1, 1e-12);
	ck_assert_double_eq_tol(
	    statistics_quantile(values, 8, 0.25), 1.75, 1e-12);
	ck_assert_double_eq_tol(
	    statistics_quantile(values, 8, 0.5), 3.5, 1e-12);
	ck_assert_double_eq_tol(
	    statistics_quantile(values, 8, 0.9), 6.9, 1e-12);
	ck_assert_double_eq(statistics_quantile(values, 8, 0), 1);
	ck_assert_double_eq(statistics_quantile(values, 8, 1), 9);
}
END_TEST

START_TEST(of_one_value_the_interval_is_that_value)
{
	const double value = 3.25;
	struct estimate estimate;

	ck_assert_int_eq(statistics_estimate_median(&value, 1, &estimate), 0);
	ck_assert_double_eq(estimate.low, 3.25);
	ck_assert_double_eq(estimate.value, 3.25);
	ck_assert_double_eq(estimate.high, 3.25);
}
END_TEST

/*
 * The medians of samples of three different values have a known distribution:
 * the least of them is the median of 7 in 27, which is more than 2.5 %.
 */
START_TEST(of_three_values_the_interval_is_all_of_them)
{
	const double values[] = {30, 10, 20};
	struct estimate estimate;

	ck_assert_int_eq(statistics_estimate_median(values, 3, &estimate), 0);
	ck_assert_double_eq(estimate.low, 10);
	ck_assert_double_eq(estimate.value, 20);
	ck_assert_double_eq(estimate.high, 30);
}
END_TEST

/*
 * Of 1 .. 25 the median of a sample is at most k when at least 13 of 25 draws
 * are: a binomial chance, 1.0 % for 7, 3.0 % for 8. So the bounds are known.
 */
START_TEST(an_interval_is_that_of_the_binomial)
{
	double values[25];
	struct estimate estimate, again;

	for (size_t i = 0; i < 25; i++)
		values[i] = (double)((i * 7) % 25 + 1);
	ck_assert_int_eq(statistics_estimate_median(values, 25, &estimate), 0);
	ck_assert_double_eq(estimate.low, 8);
	ck_assert_double_eq(estimate.value, 13);
	ck_assert_double_eq(estimate.high, 18);
	/* Their order was kept, and chance begins anew. */
	ck_assert_double_eq(values[1], 8);
	ck_assert_int_eq(statistics_estimate_median(values, 25, &again), 0);
	ck_assert_double_eq(again.low, estimate.low);
	ck_assert_double_eq(again.high, estimate.high);
}
END_TEST

START_TEST(an_even_number_has_its_median_between)
{
	const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct estimate estimate;

	ck_assert_int_eq(statistics_estimate_median(values, 10, &estimate), 0);
	ck_assert_double_eq(estimate.value, 5.5);
	ck_assert_double_eq(estimate.low, 3);
	ck_assert_double_eq(estimate.high, 8);
}
END_TEST

START_TEST(a_ratio_has_an_interval_too)
{
	const double above[] = {30, 31, 29, 30, 30.5};
	const double below[] = {10, 10.5, 9.5, 10, 10};
	struct estimate ratio;

	ck_assert_int_eq(
	    statistics_estimate_ratio(above, 5, below, 5, &ratio), 0);
	ck_assert_double_eq(ratio.value, 3);
	ck_assert_double_lt(ratio.low, 3);
	ck_assert_double_gt(ratio.low, 29 / 10.5);
	ck_assert_double_gt(ratio.high, 3);
	ck_assert_double_lt(ratio.high, 31 / 9.5);
}
END_TEST

/* Two series that are resampled in step would have the ratio 1 and no doubt. */
START_TEST(each_side_of_a_ratio_is_resampled_for_itself)
{
	const double values[] = {8, 9, 10, 11, 12};
	struct estimate ratio;

	ck_assert_int_eq(
	    statistics_estimate_ratio(values, 5, values, 5, &ratio), 0);
	ck_assert_double_eq(ratio.value, 1);
	ck_assert_double_lt(ratio.low, 0.85);
	ck_assert_double_gt(ratio.high, 1.15);
}
END_TEST

START_TEST(what_cannot_be_estimated_is_refused)
{
	const double fine[] = {1, 2, 3};
	const double with_nan[] = {1, NAN, 3};
	const double with_zero[] = {1, 0, 3};
	const double endless[] = {1, 2, INFINITY};
	struct estimate out;
	struct rank_test test;

	ck_assert_int_eq(statistics_estimate_median(fine, 0, &out), -1);
	ck_assert_int_eq(statistics_estimate_median(with_nan, 3, &out), -1);
	ck_assert_int_eq(statistics_estimate_median(endless, 3, &out), -1);
	ck_assert_int_eq(
	    statistics_estimate_ratio(fine, 3, with_zero, 3, &out), -1);
	ck_assert_int_eq(
	    statistics_estimate_ratio(with_nan, 3, fine, 3, &out), -1);
	ck_assert_int_eq(statistics_estimate_ratio(fine, 3, fine, 0, &out), -1);
	ck_assert_int_eq(
	    statistics_estimate_ratio(with_zero, 3, fine, 3, &out), 0);
	ck_assert_int_eq(
	    statistics_compare_ranks(fine, 3, with_nan, 3, &test), -1);
	ck_assert_int_eq(statistics_compare_ranks(fine, 0, fine, 3, &test), -1);
}
END_TEST

static struct rank_test
compare(const double a[], size_t n_a, const double b[], size_t n_b)
{
	struct rank_test test, turned;

	ck_assert_int_eq(statistics_compare_ranks(a, n_a, b, n_b, &test), 0);
	/* The other way round the pairs are the others, and p is the same. */
	ck_assert_int_eq(statistics_compare_ranks(b, n_b, a, n_a, &turned), 0);
	ck_assert_double_eq_tol(
	    test.u + turned.u, (double)n_a * (double)n_b, 1e-9);
	ck_assert_double_eq_tol(test.p, turned.p, 1e-12);
	ck_assert(test.is_exact == turned.is_exact);
	return test;
}

/*
 * Of 3 and 3 there are 20 orders, of 5 and 5 there are 252: U = 0 is one, U up
 * to 2 are four of them (Mann and Whitney 1947, table 1: .050 and .016).
 */
START_TEST(small_samples_are_counted)
{
	const double low3[] = {1, 2, 3}, high3[] = {4, 5, 6};
	const double low5[] = {1, 2, 3, 4, 7}, high5[] = {5, 6, 8, 9, 10};
	struct rank_test test = compare(low3, 3, high3, 3);

	ck_assert(test.is_exact);
	ck_assert_double_eq(test.u, 0);
	ck_assert_double_eq_tol(test.p, 2 / 20.0, 1e-12);
	test = compare(low5, 5, high5, 5);
	ck_assert_double_eq(test.u, 2);
	ck_assert_double_eq_tol(test.p, 2 * 4 / 252.0, 1e-12);
}
END_TEST

START_TEST(the_middle_is_no_evidence)
{
	const double a[] = {1, 4}, b[] = {2, 3};
	struct rank_test test = compare(a, 2, b, 2);

	ck_assert_double_eq(test.u, 2);
	ck_assert_double_eq(test.p, 1);
}
END_TEST

/* Hollander and Wolfe (1973), page 69; R's own example: W = 35. */
START_TEST(a_books_example_is_exact)
{
	const double x[] = {
	    0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct rank_test test = compare(x, COUNT(x), y, COUNT(y));

	ck_assert(test.is_exact);
	ck_assert_double_eq(test.u, 35);
	ck_assert_double_eq_tol(test.p, 0.254412254412, 1e-11);
}
END_TEST

/* R's data set airquality, ozone in May and in August: W = 127.5. */
START_TEST(equal_values_are_approximated)
{
	const double may[] = {41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18,
	    14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37};
	const double august[] = {39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28,
	    65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85};
	struct rank_test test = compare(may, COUNT(may), august, COUNT(august));

	ck_assert(!test.is_exact);
	ck_assert_double_eq(test.u, 127.5);
	ck_assert_double_eq_tol(test.p, 1.20807830769e-4, 1e-14);
}
END_TEST

/* a <- (0:49 * 1.37) %% 10; b <- (0:39 * 2.11) %% 11 + 0.5 */
START_TEST(large_samples_are_approximated)
{
	double a[50], b[40];
	struct rank_test test;

	for (size_t i = 0; i < 50; i++)
		a[i] = fmod((double)i * 1.37, 10);
	for (size_t i = 0; i < 40; i++)
		b[i] = fmod((double)i * 2.11, 11) + 0.5;
	test = compare(a, 50, b, 40);
	ck_assert(!test.is_exact);
	ck_assert_double_eq(test.u, 803);
	ck_assert_double_eq_tol(test.p, 0.110583498815, 1e-11);
	test = compare(a, 49, b, 40);
	ck_assert(test.is_exact);
	ck_assert_double_eq(test.u, 778);
	ck_assert_double_eq_tol(test.p, 0.0966631297657, 1e-11);
}
END_TEST

START_TEST(equal_samples_do_not_differ)
{
	const double values[] = {4, 4, 4, 4};
	struct rank_test test = compare(values, 4, values, 4);

	ck_assert_double_eq(test.u, 8);
	ck_assert_double_eq(test.p, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("statistics");
	TCase *tcase = tcase_create("statistics");

	tcase_add_test(tcase, a_median_is_in_the_middle);
	tcase_add_test(tcase, quantiles_are_those_of_R);
	tcase_add_test(tcase, of_one_value_the_interval_is_that_value);
	tcase_add_test(tcase, of_three_values_the_interval_is_all_of_them);
	tcase_add_test(tcase, an_interval_is_that_of_the_binomial);
	tcase_add_test(tcase, an_even_number_has_its_median_between);
	tcase_add_test(tcase, a_ratio_has_an_interval_too);
	tcase_add_test(tcase, each_side_of_a_ratio_is_resampled_for_itself);
	tcase_add_test(tcase, what_cannot_be_estimated_is_refused);
	tcase_add_test(tcase, small_samples_are_counted);
	tcase_add_test(tcase, the_middle_is_no_evidence);
	tcase_add_test(tcase, a_books_example_is_exact);
	tcase_add_test(tcase, equal_values_are_approximated);
	tcase_add_test(tcase, large_samples_are_approximated);
	tcase_add_test(tcase, equal_samples_do_not_differ);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
