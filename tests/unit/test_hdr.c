/*
 * The histogram of latencies: buckets that leave no gap and are narrow enough,
 * what is exact, sums of several, and percentiles against exact ones.
 */
#include "client/hdr.h"

#include <check.h>

#include "tests/unit/draws.h"
#include "tests/unit/suite.h"

static const enum hdr_precision precisions[] = {HDR_FINE, HDR_COARSE};

static struct hdr hdr;

static void
begin(void)
{
	ck_assert_int_eq(hdr_init(&hdr, HDR_FINE), 0);
}

static void
end(void)
{
	hdr_free(&hdr);
}

START_TEST(buckets_leave_no_gap)
{
	enum hdr_precision precision = precisions[_i];
	size_t n = hdr_bucket(precision, HDR_MAX_NS) + 1;

	ck_assert_uint_eq(hdr_lowest_ns(precision, 0), 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t low_ns = hdr_lowest_ns(precision, i);
		uint64_t high_ns = hdr_highest_ns(precision, i);

		ck_assert_uint_eq(hdr_bucket(precision, low_ns), i);
		ck_assert_uint_eq(hdr_bucket(precision, high_ns), i);
		ck_assert_uint_eq(hdr_lowest_ns(precision, i + 1), high_ns + 1);
		/* Half a bucket is what a percentile may be off. */
		ck_assert_uint_le((high_ns - low_ns) << precision, low_ns);
	}
}
END_TEST

START_TEST(small_values_are_exact)
{
	for (uint64_t i = 0; i < UINT64_C(2) << HDR_FINE; i++) {
		size_t bucket = hdr_bucket(HDR_FINE, i);

		ck_assert_uint_eq(hdr_lowest_ns(HDR_FINE, bucket), i);
		ck_assert_uint_eq(hdr_highest_ns(HDR_FINE, bucket), i);
	}
}
END_TEST

START_TEST(an_empty_one_has_no_figures)
{
	ck_assert_uint_eq(hdr_quantile(&hdr, 0), 0);
	ck_assert_uint_eq(hdr_quantile(&hdr, 0.99), 0);
	ck_assert_uint_eq(hdr_quantile(&hdr, 1), 0);
	ck_assert_uint_eq(hdr_count_above(&hdr, 0), 0);
	ck_assert_double_eq(hdr_mean(&hdr), 0);
	ck_assert_double_eq(hdr_deviation(&hdr), 0);
}
END_TEST

START_TEST(count_least_greatest_and_sum_are_exact)
{
	hdr_add(&hdr, 1000000007);
	hdr_add(&hdr, 999983);
	hdr_add_many(&hdr, 5000011, 3);
	hdr_add_many(&hdr, 1, 0);
	ck_assert_uint_eq(hdr.count, 5);
	ck_assert_uint_eq(hdr.min_ns, 999983);
	ck_assert_uint_eq(hdr.max_ns, 1000000007);
	ck_assert_uint_eq(hdr.sum_ns, 1000000007 + 999983 + 3 * 5000011);
	ck_assert_uint_eq(hdr_quantile(&hdr, 0), 999983);
	ck_assert_uint_eq(hdr_quantile(&hdr, 1), 1000000007);
	ck_assert_double_eq_tol(hdr_mean(&hdr), (double)hdr.sum_ns / 5, 1e-6);
}
END_TEST

START_TEST(what_is_too_long_is_the_longest)
{
	hdr_add(&hdr, UINT64_MAX);
	ck_assert_uint_eq(hdr.max_ns, HDR_MAX_NS);
	ck_assert_uint_eq(hdr.sum_ns, HDR_MAX_NS);
	ck_assert_uint_eq(hdr.counts[hdr.n_buckets - 1], 1);
}
END_TEST

START_TEST(ranks_are_counted_from_the_least)
{
	for (uint64_t i = 1; i <= 100; i++)
		hdr_add(&hdr, i);
	for (unsigned percent = 1; percent <= 100; percent++)
		ck_assert_uint_eq(hdr_quantile(&hdr, percent / 100.0), percent);
	ck_assert_uint_eq(hdr_quantile(&hdr, 0.501), 51);
	ck_assert_uint_eq(hdr_count_above(&hdr, 90), 10);
	ck_assert_uint_eq(hdr_count_above(&hdr, 100), 0);
}
END_TEST

START_TEST(a_percentile_takes_jobs_beyond_it)
{
	ck_assert(!hdr_has_quantile(&hdr, 0.5));
	ck_assert(!hdr_has_quantile(&hdr, 1));
	hdr_add_many(&hdr, 5, 999);
	ck_assert(hdr_has_quantile(&hdr, 0.99));
	ck_assert(!hdr_has_quantile(&hdr, 0.999));
	hdr_add(&hdr, 5);
	ck_assert(hdr_has_quantile(&hdr, 0.999));
	ck_assert(hdr_has_quantile(&hdr, 1));
}
END_TEST

/* Several threads' histograms are the one that all would have filled. */
START_TEST(histograms_add_up)
{
	struct hdr parts[3], sum;
	struct chance chance;

	chance_init(&chance, 1);
	ck_assert_int_eq(hdr_init(&sum, HDR_FINE), 0);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(hdr_init(&parts[i], HDR_FINE), 0);
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t value_ns = draw_log_normal(&chance);

		hdr_add(&hdr, value_ns);
		hdr_add(&parts[i % 2], value_ns); /* the third is empty */
	}
	for (size_t i = 0; i < 3; i++)
		hdr_merge(&sum, &parts[i]);
	ck_assert_uint_eq(sum.count, hdr.count);
	ck_assert_uint_eq(sum.min_ns, hdr.min_ns);
	ck_assert_uint_eq(sum.max_ns, hdr.max_ns);
	ck_assert_uint_eq(sum.sum_ns, hdr.sum_ns);
	ck_assert_mem_eq(
	    sum.counts, hdr.counts, hdr.n_buckets * sizeof(hdr.counts[0]));
	hdr_clear(&sum);
	ck_assert_uint_eq(sum.count + sum.max_ns + sum.sum_ns, 0);
	ck_assert_uint_eq(hdr_quantile(&sum, 0.5), 0);
	for (size_t i = 0; i < 3; i++)
		hdr_free(&parts[i]);
	hdr_free(&sum);
}
END_TEST

START_TEST(a_deviation_is_that_of_the_values)
{
	for (uint64_t i = 0; i < 1000; i++)
		hdr_add(&hdr, 1000000 + (i % 2) * 200000);
	ck_assert_double_eq_tol(hdr_deviation(&hdr), 100000, 600);
}
END_TEST

/* tests/bench/bench_hdr does the same with ten million of each. */
START_TEST(percentiles_are_within_a_thousandth)
{
	double worst = worst_error((size_t)_i, 200000, 4711);

	ck_assert_double_ge(worst, 0);
	ck_assert_double_le(worst, 0.001);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdr");
	TCase *tcase = tcase_create("hdr");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, buckets_leave_no_gap, 0, COUNT(precisions));
	tcase_add_test(tcase, small_values_are_exact);
	tcase_add_test(tcase, an_empty_one_has_no_figures);
	tcase_add_test(tcase, count_least_greatest_and_sum_are_exact);
	tcase_add_test(tcase, what_is_too_long_is_the_longest);
	tcase_add_test(tcase, ranks_are_counted_from_the_least);
	tcase_add_test(tcase, a_percentile_takes_jobs_beyond_it);
	tcase_add_test(tcase, histograms_add_up);
	tcase_add_test(tcase, a_deviation_is_that_of_the_values);
	tcase_add_loop_test(
	    tcase, percentiles_are_within_a_thousandth, 0, COUNT(draws));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
