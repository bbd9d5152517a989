/* Points in time as people write them. */
#include "client/when.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/suite.h"

#define NOW_MS UINT64_C(1795770000123)

static char error[WHEN_ERROR_CHARS + 1];

/* A zone with a summer time, whatever the machine's. */
static void
setup(void)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
}

static void
expect(const char *text, uint64_t unix_ms)
{
	uint64_t got = 0;
	int rc = when_parse(text, NOW_MS, &got, error);

	ck_assert_msg(rc == 0, "%s: %s", text, error);
	ck_assert_msg(got == unix_ms, "%s is %llu, not %llu", text,
	    (unsigned long long)got, (unsigned long long)unix_ms);
}

START_TEST(some_time_ago)
{
	expect("0s", NOW_MS);
	expect("90s", NOW_MS - 90000);
	expect("10m", NOW_MS - 600000);
	expect("2h", NOW_MS - 7200000);
	expect("3d", NOW_MS - 259200000);
	expect("1w", NOW_MS - 604800000);
	/* Before the beginning of time is at its beginning. */
	expect("100000w", 0);
}
END_TEST

START_TEST(a_date_is_local)
{
	expect("2026-01-02", UINT64_C(1767308400000));
	expect("2026-01-02T10:00", UINT64_C(1767344400000));
	expect("2026-01-02 10:00:05", UINT64_C(1767344405000));
	expect("2026-07-02T10:00:05", UINT64_C(1782979205000));
	expect("2028-02-29", UINT64_C(1835391600000));
}
END_TEST

START_TEST(unix_time_is_in_seconds)
{
	expect("@0", 0);
	expect("@1795770000", UINT64_C(1795770000000));
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
	static const char *const texts[] = {"", "10", "m", "-1m", "10x", "10 m",
	    "1.5h", "10mm", "@", "@-1", "@1.5", "@253402300800",
	    "99999999999999999999s", "2026", "2026-1-2", "2026-13-01",
	    "2026-02-29", "2026-00-10", "2026-01-32", "2026-01-02T",
	    "2026-01-02T10", "2026-01-02T24:00", "2026-01-02T10:60",
	    "2026-01-02T10:00:60", "2026-01-02T10:00:00Z", "2026-01-02x10:00",
	    "1969-01-01", "yesterday"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t got;

		ck_assert_msg(when_parse(texts[i], NOW_MS, &got, error) == -1,
		    "%s", texts[i]);
		ck_assert_ptr_nonnull(strstr(error, "is no time: write 90s"));
	}
}
END_TEST

START_TEST(now_is_after_this_was_written)
{
	ck_assert_uint_gt(when_now_ms(), UINT64_C(1600000000000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("when");
	TCase *tcase = tcase_create("when");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, some_time_ago);
	tcase_add_test(tcase, a_date_is_local);
	tcase_add_test(tcase, unix_time_is_in_seconds);
	tcase_add_test(tcase, what_is_no_time_is_refused);
	tcase_add_test(tcase, now_is_after_this_was_written);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
