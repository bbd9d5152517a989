/* The names of a lock's events: all there, all different, and read back. */
#include "proto/lockevent.h"

#include <check.h>

#include "tests/unit/suite.h"

static void
expect_names(const char *(*name)(unsigned), int (*parse)(const char *), int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(name((unsigned)i));
		ck_assert_int_eq(parse(name((unsigned)i)), i);
	}
	ck_assert_ptr_null(name((unsigned)n));
	ck_assert_ptr_null(name(UINT8_MAX));
	ck_assert_int_eq(parse(""), -1);
	ck_assert_int_eq(parse("lunch"), -1);
}

START_TEST(kinds_have_names)
{
	expect_names(
	    lock_event_kind_name, lock_event_kind_parse, LOCK_EVENT_KINDS);
	ck_assert_str_eq(
	    lock_event_kind_name(LOCK_SWITCH_WAIT_START), "switch_wait_start");
}
END_TEST

START_TEST(wakes_have_names)
{
	expect_names(lock_wake_name, lock_wake_parse, LOCK_WAKES);
	ck_assert_str_eq(lock_wake_name(LOCK_WAKE_TIMEOUT), "timeout");
}
END_TEST

START_TEST(releases_have_names)
{
	expect_names(lock_release_name, lock_release_parse, LOCK_RELEASES);
	ck_assert_str_eq(lock_release_name(LOCK_RELEASE_QUANTUM), "quantum");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lockevent");
	TCase *tcase = tcase_create("lockevent");

	tcase_add_test(tcase, kinds_have_names);
	tcase_add_test(tcase, wakes_have_names);
	tcase_add_test(tcase, releases_have_names);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
