/*
 * The benchmark's latencies: every value has a bucket, and quantiles are those of
 * the values themselves, to within a 1024th.
 */
#include "tests/bench/peers/latency.h"

#include <check.h>

#include "tests/unit/suite.h"

#define VALUES 20000

static struct latency latency;

static void
check_one(uint64_t ns)
{
	double us;

	latency = (struct latency){0};
	latency_add(&latency, ns);
	us = latency_quantile_us(&latency, 1);
	ck_assert_double_ge(us * 1024, (double)ns / 1e3 * 1023);
	ck_assert_double_le(us * 1024, (double)ns / 1e3 * 1025);
}

START_TEST(small_values_are_exact)
{
	for (uint64_t ns = 0; ns < 2 * LATENCY_PARTS; ns += 23) {
		latency = (struct latency){0};
		latency_add(&latency, ns);
		ck_assert_double_eq(
		    latency_quantile_us(&latency, 0.5), (double)ns / 1e3);
	}
}
END_TEST

START_TEST(every_value_is_close)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t ns = UINT64_C(1) << bit;

		check_one(ns - 1);
		check_one(ns);
		check_one(ns + ns / 3);
		check_one(ns + (ns - 1));
	}
	check_one(UINT64_MAX);
}
END_TEST

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Values of all sizes, as a generator of random numbers has them. */
START_TEST(quantiles_are_those_of_the_values)
{
	static const double shares[] = {0, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
	static uint64_t values[VALUES];
	uint64_t state = 1;

	latency = (struct latency){0};
	for (size_t i = 0; i < VALUES; i++) {
		state = state * UINT64_C(6364136223846793005) + 1;
		values[i] = state >> 24 >> (state >> 59);
		latency_add(&latency, values[i]);
	}
	qsort(values, VALUES, sizeof(*values), compare);
	for (size_t i = 0; i < COUNT(shares); i++) {
		size_t rank = (size_t)(shares[i] * (VALUES - 1));
		double exact = (double)values[rank] / 1e3;
		double us = latency_quantile_us(&latency, shares[i]);

		ck_assert_double_ge(us * 1024, exact * 1023);
		ck_assert_double_le(us * 1024, exact * 1025);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("latency");
	TCase *tcase = tcase_create("latency");

	tcase_add_test(tcase, small_values_are_exact);
	tcase_add_test(tcase, every_value_is_close);
	tcase_add_test(tcase, quantiles_are_those_of_the_values);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
