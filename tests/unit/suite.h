/* What the tests' programs have in common: one suite each, and its main. */
#ifndef GILD_TESTS_UNIT_SUITE_H
#define GILD_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
