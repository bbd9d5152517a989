/* The delay before another try. */
#include "daemon/backoff.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

#define FIRST 100
#define CAP 1000
#define QUIET 5000

static struct backoff backoff;

static void
setup(void)
{
	backoff_init(&backoff, FIRST, CAP, QUIET);
}

START_TEST(the_first_failure_costs_nothing)
{
	ck_assert_uint_eq(backoff_fail(&backoff, 0), 0);
	ck_assert_uint_eq(backoff.failures, 1);
	ck_assert_uint_eq(backoff.delay_ns, 0);
}
END_TEST

START_TEST(the_delay_doubles_to_its_cap)
{
	static const uint64_t delays[] = {0, 100, 200, 400, 800, 1000, 1000};
	uint64_t now = 77;

	for (size_t i = 0; i < COUNT(delays); i++) {
		ck_assert_uint_eq(backoff_fail(&backoff, now), delays[i]);
		ck_assert_uint_eq(backoff.delay_ns, delays[i]);
		ck_assert_uint_eq(backoff.last_failure_ns, now);
		ck_assert_uint_eq(backoff.failures, i + 1);
		now += delays[i] + 1;
	}
}
END_TEST

START_TEST(a_quiet_time_starts_afresh)
{
	ck_assert_uint_eq(backoff_fail(&backoff, 0), 0);
	ck_assert_uint_eq(backoff_fail(&backoff, 10), FIRST);
	ck_assert_uint_eq(backoff_fail(&backoff, 10 + FIRST + QUIET), 0);
	ck_assert_uint_eq(backoff.failures, 1);
}
END_TEST

START_TEST(a_time_not_quite_quiet_does_not)
{
	ck_assert_uint_eq(backoff_fail(&backoff, 0), 0);
	ck_assert_uint_eq(backoff_fail(&backoff, QUIET - 1), FIRST);
	ck_assert_uint_eq(
	    backoff_fail(&backoff, QUIET - 1 + FIRST + QUIET - 1), 2 * FIRST);
}
END_TEST

/* Who is made to wait cannot fail: a cap above the quiet time still caps. */
START_TEST(the_delay_itself_is_no_quiet_time)
{
	uint64_t now = 0;

	backoff_init(&backoff, 8 * QUIET, 16 * QUIET, QUIET);
	ck_assert_uint_eq(backoff_fail(&backoff, now), 0);
	for (int i = 0; i < 5; i++)
		now += backoff_fail(&backoff, now + 1) + 1;
	ck_assert_uint_eq(backoff.delay_ns, 16 * QUIET);
	ck_assert_uint_eq(backoff.failures, 6);
}
END_TEST

START_TEST(a_cap_below_the_first_delay_holds)
{
	backoff_init(&backoff, 100, 30, QUIET);
	ck_assert_uint_eq(backoff_fail(&backoff, 0), 0);
	ck_assert_uint_eq(backoff_fail(&backoff, 1), 30);
	ck_assert_uint_eq(backoff_fail(&backoff, 2), 30);
}
END_TEST

START_TEST(the_largest_numbers_do_not_wrap)
{
	backoff_init(&backoff, UINT64_MAX / 2 + 1, UINT64_MAX, UINT64_MAX);
	ck_assert_uint_eq(backoff_fail(&backoff, 0), 0);
	ck_assert_uint_eq(backoff_fail(&backoff, 1), UINT64_MAX / 2 + 1);
	ck_assert_uint_eq(backoff_fail(&backoff, 2), UINT64_MAX);
	ck_assert_uint_eq(backoff_fail(&backoff, 3), UINT64_MAX);
	backoff.failures = UINT32_MAX;
	ck_assert_uint_eq(backoff_fail(&backoff, 4), UINT64_MAX);
	ck_assert_uint_eq(backoff.failures, UINT32_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backoff");
	TCase *tcase = tcase_create("backoff");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_first_failure_costs_nothing);
	tcase_add_test(tcase, the_delay_doubles_to_its_cap);
	tcase_add_test(tcase, a_quiet_time_starts_afresh);
	tcase_add_test(tcase, a_time_not_quite_quiet_does_not);
	tcase_add_test(tcase, the_delay_itself_is_no_quiet_time);
	tcase_add_test(tcase, a_cap_below_the_first_delay_holds);
	tcase_add_test(tcase, the_largest_numbers_do_not_wrap);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
