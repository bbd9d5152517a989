/*
 * Histograms: which bucket a value falls into, that buckets leave no gap, sums,
 * and quantiles to within a bucket.
 */
#include "proto/histogram.h"

#include <check.h>

#include "tests/unit/suite.h"

START_TEST(small_values_have_a_bucket_each)
{
	for (uint64_t i = 0; i < 8; i++) {
		ck_assert_uint_eq(histogram_bucket(i), i);
		ck_assert_uint_eq(histogram_lower_bound(i), i);
	}
}
END_TEST

/* Each bucket begins where the one before it ends. */
START_TEST(buckets_leave_no_gap)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t lower = histogram_lower_bound(i);

		ck_assert_uint_eq(histogram_bucket(lower), i);
		if (i > 0)
			ck_assert_uint_eq(histogram_bucket(lower - 1), i - 1);
	}
}
END_TEST

START_TEST(a_bucket_is_a_quarter_wide_at_the_most)
{
	for (size_t i = 4; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t lower = histogram_lower_bound(i);

		ck_assert_uint_le(
		    histogram_lower_bound(i + 1) - lower, lower / 4);
	}
}
END_TEST

START_TEST(the_last_bucket_has_no_end)
{
	ck_assert_uint_eq(
	    histogram_lower_bound(HISTOGRAM_BUCKETS - 1), UINT64_C(7) << 37);
	ck_assert_uint_eq(
	    histogram_bucket(UINT64_C(1) << 40), HISTOGRAM_BUCKETS - 1);
	ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(histograms_add_up)
{
	struct histogram sum = {0}, add = {0};

	histogram_add(&sum, 5);
	histogram_add(&add, 5);
	histogram_add(&add, 1000000);
	histogram_merge(&sum, &add);
	ck_assert_uint_eq(histogram_count(&sum), 3);
	ck_assert_uint_eq(sum.counts[5], 2);
	ck_assert_uint_eq(sum.counts[histogram_bucket(1000000)], 1);
}
END_TEST

START_TEST(quantiles_are_within_their_bucket)
{
	static const struct {
		double q;
		uint64_t value;
	} cases[] = {{0, 1}, {0.01, 10}, {0.5, 500}, {0.99, 990}, {1, 1000}};
	struct histogram histogram = {0};

	ck_assert_uint_eq(histogram_quantile(&histogram, 0.5), 0);
	for (uint64_t i = 1; i <= 1000; i++)
		histogram_add(&histogram, i);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = histogram_quantile(&histogram, cases[i].q);

		ck_assert_uint_eq(
		    histogram_bucket(value), histogram_bucket(cases[i].value));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("histogram");
	TCase *tcase = tcase_create("histogram");

	tcase_add_test(tcase, small_values_have_a_bucket_each);
	tcase_add_test(tcase, buckets_leave_no_gap);
	tcase_add_test(tcase, a_bucket_is_a_quarter_wide_at_the_most);
	tcase_add_test(tcase, the_last_bucket_has_no_end);
	tcase_add_test(tcase, histograms_add_up);
	tcase_add_test(tcase, quantiles_are_within_their_bucket);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
