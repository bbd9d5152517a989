/*
 * Runs of gilctl load and their reports. It runs in the process that Check forks
 * for a test.
 */
#include "tests/e2e/loading.h"

#include <check.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/value.h"

json_t *
loading_report(const char *out, const char *err)
{
	json_t *report = json_loads(out, 0, NULL);

	ck_assert_msg(report != NULL, "no report: %.300s%.300s", out, err);
	return report;
}

void
loading_expect_sums(const json_t *report)
{
	const json_t *jobs = value_at(report, "jobs");

	ck_assert_int_eq(int_at(jobs, "scheduled"),
	    int_at(jobs, "sent") + int_at(jobs, "skipped") +
		int_at(jobs, "not_sent"));
	ck_assert_int_eq(int_at(jobs, "sent"),
	    int_at(jobs, "done") + int_at(jobs, "failed"));
	ck_assert_int_eq(int_at(jobs, "done"), int_at(report, "latency.count"));
	ck_assert_int_eq(
	    int_at(jobs, "failed"), sum_of(value_at(report, "errors"), "jobs"));
	ck_assert_int_eq(
	    int_at(jobs, "done"), sum_of(value_at(report, "bands"), "jobs"));
	ck_assert_int_eq(int_at(jobs, "scheduled"),
	    sum_of(value_at(report, "by_class"), "scheduled"));
	ck_assert_int_eq(int_at(jobs, "scheduled"),
	    sum_of(value_at(report, "by_phase"), "scheduled"));
}

json_t *
loading_expect_report(int exit_status, const struct run *run)
{
	json_t *report;

	expect_exit(run, exit_status);
	report = loading_report(run->out, run->err);
	loading_expect_sums(report);
	return report;
}
