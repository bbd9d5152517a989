/*
 * gilctl load, for end-to-end tests: how it is run, and its report. For the body
 * of a Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_LOADING_H
#define GILD_TESTS_E2E_LOADING_H

#include <jansson.h>

#include "tests/e2e/process.h"

/* Arguments: so many jobs a second, evenly, for so long, and all are counted. */
#define EVENLY(rate, time)                                                  \
	"--rate", rate, "--arrival", "uniform", "--for", time, "--warm-up", \
	    "0ms"

/* Runs it with these arguments: a struct run. */
#define run_load(...) run_program(NULL, "gilctl", "load", __VA_ARGS__, NULL)
/* Runs it with --json and these: what loading_expect_report() returns. */
#define load_report(exit_status, ...) \
	loading_expect_report(exit_status, run_load("--json", __VA_ARGS__))

/* The report in what it printed: a new reference. err is shown where there is
 * none. */
json_t *loading_report(const char *out, const char *err);
/* What every report's counts come to, whatever happened. */
void loading_expect_sums(const json_t *report);
/* The report of a run that exited so, whose counts come to that. */
json_t *loading_expect_report(int exit_status, const struct run *run);

#endif
