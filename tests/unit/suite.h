/* What the tests' programs have in common: one suite each, and its main. */
#ifndef GILD_TESTS_UNIT_SUITE_H
#define GILD_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Adds a case of tests that each begin and end with these, in a process of its
 * own. The case is the suite's.
 */
static inline TCase *
suite_add_case(Suite *suite, const char *name, SFun begin, SFun end,
    const TTest *const tests[], size_t n_tests)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, begin, end);
	for (size_t i = 0; i < n_tests; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/*
 * Runs the suite and frees it. The exit status. A test that hangs is to end
 * some day, and one that a loaded machine holds up is not: Check's own limit of
 * four seconds is too short for that.
 */
static inline int
suite_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
