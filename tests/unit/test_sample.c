/* Medians, extremes and distances. */
#include "client/sample.h"

#include <check.h>

#include "tests/unit/suite.h"

START_TEST(an_odd_number_has_a_middle)
{
	uint64_t values[] = {30, 10, 20};
	struct sample sample = sample_take(values, 3);

	ck_assert_uint_eq(sample.median, 20);
	ck_assert_uint_eq(sample.min, 10);
	ck_assert_uint_eq(sample.max, 30);
}
END_TEST

START_TEST(an_even_number_has_a_mean_of_two)
{
	uint64_t values[] = {40, 10, 21, 30};
	struct sample sample = sample_take(values, 4);

	ck_assert_uint_eq(sample.median, 25);
	ck_assert_uint_eq(sample.min, 10);
	ck_assert_uint_eq(sample.max, 40);
}
END_TEST

START_TEST(one_value_is_all_three)
{
	uint64_t values[] = {7};
	struct sample sample = sample_take(values, 1);

	ck_assert_uint_eq(sample.median, 7);
	ck_assert_uint_eq(sample.min, 7);
	ck_assert_uint_eq(sample.max, 7);
}
END_TEST

START_TEST(large_values_do_not_overflow)
{
	uint64_t values[] = {UINT64_MAX, UINT64_MAX - 2};

	ck_assert_uint_eq(sample_take(values, 2).median, UINT64_MAX - 1);
}
END_TEST

START_TEST(one_outlier_moves_no_median)
{
	uint64_t values[] = {11, 1000000, 10, 12, 9};

	ck_assert_uint_eq(sample_take(values, 5).median, 11);
}
END_TEST

START_TEST(distance_is_a_fraction_of_the_mean)
{
	ck_assert_double_eq(sample_distance(0, 0), 0);
	ck_assert_double_eq(sample_distance(5, 5), 0);
	ck_assert_double_eq_tol(sample_distance(99, 101), 0.02, 1e-12);
	ck_assert_double_eq_tol(sample_distance(101, 99), 0.02, 1e-12);
	ck_assert_double_eq(sample_distance(0, 10), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sample");
	TCase *tcase = tcase_create("sample");

	tcase_add_test(tcase, an_odd_number_has_a_middle);
	tcase_add_test(tcase, an_even_number_has_a_mean_of_two);
	tcase_add_test(tcase, one_value_is_all_three);
	tcase_add_test(tcase, large_values_do_not_overflow);
	tcase_add_test(tcase, one_outlier_moves_no_median);
	tcase_add_test(tcase, distance_is_a_fraction_of_the_mean);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
