/* Token buckets, at times of the test's own making. */
#include "daemon/bucket.h"

#include <check.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

#define START_NS (UINT64_C(1234567) * NS_PER_S)

static struct bucket bucket;

/* How many tokens can be taken now, up to a bound. */
static uint32_t
take_all(uint32_t rate, uint64_t now_ns)
{
	uint32_t n = 0;

	while (n <= BUCKET_MAX_RATE && bucket_take(&bucket, rate, now_ns) == 0)
		n++;
	return n;
}

static const uint32_t rates[] = {1, 2, 3, 7, 1000, 999999, BUCKET_MAX_RATE};

START_TEST(it_holds_one_seconds_worth)
{
	uint32_t rate = rates[_i];

	ck_assert_uint_eq(take_all(rate, START_NS), rate);
	ck_assert_uint_eq(take_all(rate, START_NS + NS_PER_S), rate);
	/* However long nobody came. */
	ck_assert_uint_eq(take_all(rate, START_NS + 100000 * NS_PER_S), rate);
	ck_assert_uint_eq(take_all(rate, UINT64_MAX), rate);
}
END_TEST

START_TEST(it_says_when_the_next_token_comes)
{
	uint32_t rate = rates[_i];
	uint64_t now_ns = START_NS, wait_ns;

	take_all(rate, now_ns);
	for (int i = 0; i < 1000; i++) {
		wait_ns = bucket_take(&bucket, rate, now_ns);
		ck_assert_uint_gt(wait_ns, 0);
		ck_assert_uint_le(wait_ns, (NS_PER_S + rate - 1) / rate);
		if (wait_ns > 1)
			ck_assert_uint_eq(
			    bucket_take(&bucket, rate, now_ns + wait_ns - 1),
			    1);
		now_ns += wait_ns;
		ck_assert_uint_eq(bucket_take(&bucket, rate, now_ns), 0);
	}
	/* No token is lost to rounding, and none is won. */
	ck_assert_uint_ge(now_ns - START_NS, 1000 * NS_PER_S / rate);
	ck_assert_uint_le(now_ns - START_NS, 1000 * NS_PER_S / rate + 1000);
}
END_TEST

START_TEST(asking_too_early_costs_nothing)
{
	take_all(2, START_NS);
	for (uint64_t ns = 1; ns < NS_PER_S / 2; ns += NS_PER_MS)
		ck_assert_uint_eq(
		    bucket_take(&bucket, 2, START_NS + ns), NS_PER_S / 2 - ns);
	ck_assert_uint_eq(take_all(2, START_NS + NS_PER_S / 2), 1);
}
END_TEST

START_TEST(without_a_rate_there_is_no_bound)
{
	ck_assert_uint_eq(take_all(0, START_NS), BUCKET_MAX_RATE + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bucket");
	TCase *tcase = tcase_create("bucket");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, it_holds_one_seconds_worth, 0, COUNT(rates));
	tcase_add_loop_test(
	    tcase, it_says_when_the_next_token_comes, 0, COUNT(rates));
	tcase_add_test(tcase, asking_too_early_costs_nothing);
	tcase_add_test(tcase, without_a_rate_there_is_no_bound);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
