/* "Did you mean ...?": what is near, and what is not. */
#include "proto/nearest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const char *const known[] = {
    "count", "pool", "workers", "cost_ns", "timeout_ms", "progress", "id"};

static const char *
nearest(const char *name)
{
	return nearest_name(name, known, COUNT(known));
}

START_TEST(typing_mistakes_are_near)
{
	ck_assert_str_eq(nearest("cuont"), "count");	 /* swapped */
	ck_assert_str_eq(nearest("cont"), "count");	 /* dropped */
	ck_assert_str_eq(nearest("coount"), "count");	 /* added */
	ck_assert_str_eq(nearest("caunt"), "count");	 /* changed */
	ck_assert_str_eq(nearest("wrokres"), "workers"); /* two of them */
	ck_assert_str_eq(nearest("Count"), "count");
	ck_assert_str_eq(nearest("COST_NS"), "cost_ns");
	ck_assert_str_eq(nearest("cost-ns"), "cost_ns");
}
END_TEST

START_TEST(beginnings_are_near)
{
	ck_assert_str_eq(nearest("cost"), "cost_ns");
	ck_assert_str_eq(nearest("timeout"), "timeout_ms");
	ck_assert_str_eq(nearest("pool_name"), "pool");
	ck_assert_str_eq(nearest("pro"), "progress");
}
END_TEST

START_TEST(the_nearest_of_several_is_taken)
{
	static const char *const names[] = {"stats", "start", "state"};

	ck_assert_str_eq(nearest_name("strat", names, 3), "start");
	ck_assert_str_eq(nearest_name("statee", names, 3), "state");
	ck_assert_str_eq(nearest_name("stats", names, 3), "stats");
}
END_TEST

START_TEST(others_are_not_near)
{
	ck_assert_ptr_null(nearest(""));
	ck_assert_ptr_null(nearest("c"));
	ck_assert_ptr_null(nearest("xx"));
	ck_assert_ptr_null(nearest("colour"));
	ck_assert_ptr_null(nearest("priority"));
	ck_assert_ptr_null(nearest_name("count", NULL, 0));
}
END_TEST

START_TEST(long_names_are_near_to_nothing)
{
	char name[100];
	const char *long_known[] = {name};

	memset(name, 'c', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(nearest(name));
	ck_assert_ptr_null(nearest_name("ccc", long_known, 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = tcase_create("nearest");

	tcase_add_test(tcase, typing_mistakes_are_near);
	tcase_add_test(tcase, beginnings_are_near);
	tcase_add_test(tcase, the_nearest_of_several_is_taken);
	tcase_add_test(tcase, others_are_not_near);
	tcase_add_test(tcase, long_names_are_near_to_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
