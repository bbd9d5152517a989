/* gilctl fit: laws of scaling, fitted to what others have measured. */
#include <check.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

#define PUBLISHED                                                      \
	"# N X\n1 64.9\n18 995.9\n36, 1652.4\n\n72\t1853.2 # so far\n" \
	"108 1828.9\n144 1775.0\n216 1702.2\n"

/* Without a server: gild need not run for it. */
START_TEST(published_data_are_fitted)
{
	struct run *run = run_program(PUBLISHED, "gilctl", "fit", "-", NULL);
	json_t *json;

	expect_exit(run, 0);
	expect_says(run->out, "89.9952");
	expect_says(run->out, "0.0277285");
	expect_says(run->out, "0.000104365");
	expect_says(run->out, "throughput peaks at N = 96.5 with X = 1884");
	json = one_line(
	    run_program(PUBLISHED, "gilctl", "--json", "fit", "-", NULL));
	ck_assert_int_eq(int_at(json, "points"), 7);
	ck_assert_str_eq(text_at(json, "fits.0.law"), "amdahl");
	ck_assert_str_eq(text_at(json, "fits.1.law"), "universal");
	value_at(json, "fits.1.coherency.error");
	json_decref(json);
	run = run_program(PUBLISHED, "gilctl", "fit", "--csv", "-o",
	    "/dev/stderr", "-", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\nuniversal,89.99");
	expect_says(run->err, "<svg xmlns=");
	expect_says(run->err, "</svg>\n");
}
END_TEST

START_TEST(what_cannot_be_fitted_is_told)
{
	static const struct {
		const char *input;
		int exit_status;
		const char *words;
	} rows[] = {
	    {"1 2\nfour five\n", 2, "standard input:2: not a point"},
	    {"1 2 3\n", 2, "standard input:1: not a point"},
	    {"1 2\n2 3\n", 2, "too few points"},
	    {"1 2\n2 0\n3 4\n4 5\n", 2, "X above 0"},
	    {"1 5\n2 5\n3 5\n4 5\n", 2, "show no curve"},
	    /* Enough for one law, and the other is not dropped silently. */
	    {"1 10\n2 18\n4 30\n", 0,
		"Universal Scalability Law: too few points"},
	};
	struct run *run;

	for (size_t i = 0; i < COUNT(rows); i++) {
		run = run_program(rows[i].input, "gilctl", "fit", "-", NULL);
		expect_exit(run, rows[i].exit_status);
		expect_says(run->err, rows[i].words);
	}
	run = run_program(NULL, "gilctl", "fit", "/nowhere/at/all", NULL);
	expect_exit(run, 2);
	expect_says(run->err, "/nowhere/at/all: No such file");
	run = run_program(
	    PUBLISHED, "gilctl", "fit", "-o", "/nowhere/x.svg", "-", NULL);
	expect_exit(run, 1);
	expect_says(run->err, "/nowhere/x.svg: No such file");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    published_data_are_fitted,
	    what_cannot_be_fitted_is_told,
	};

	return run_suite("gilctl_fit", tests, COUNT(tests));
}
