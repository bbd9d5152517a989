/* A job by gilctl submit: what is told of it, its lock and its end. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

START_TEST(a_job_is_submitted)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *json;

	run = run_program(NULL, "gilctl", "submit", "-p", "threads", "-w", "2",
	    "--cost", "5", "20_000", NULL);
	expect_exit(run, 0);
	expect_says(run->out,
	    "done: countdown from 20,000 in 2 parts, pool "
	    "threads, 5 ns a turn\n");
	expect_says(run->out, "\n   all ");
	expect_says(run->out, "The lock changed hands ");
	json = one_line(run_program(NULL, "gilctl", "submit", "--json", "-p",
	    "threads", "-w", "2", "--cost", "5", "2e4", NULL));
	ck_assert_str_eq(text_at(json, "state"), "done");
	ck_assert_str_eq(text_at(json, "pool"), "threads");
	ck_assert_int_eq(int_at(json, "cost_ns"), 5);
	ck_assert_int_eq(
	    sum_of(json_object_get(json, "tasks"), "turns"), 20000);
	json_decref(json);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_is_repeated)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;

	run =
	    run_program(NULL, "gilctl", "submit", "--repeat", "3", "1k", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\n       3 ");
	expect_says(run->out, "\n  median ");
	run = run_program(
	    NULL, "gilctl", "--json", "submit", "--repeat", "3", "1k", NULL);
	expect_exit(run, 0);
	ck_assert_uint_eq(count_lines(run->out), 3);
	gild_stop(gild);
}
END_TEST

START_TEST(runs_are_printed_as_csv)
{
	static const char header[] =
	    "run,wall_ns,cpu_ns,lock_wait_ns,total_ns,switches\n";
	struct gild *gild = client_start_gild(NULL);
	const char *line;
	struct run *run;

	run = run_program(NULL, "gilctl", "submit", "--csv", "-p", "threads",
	    "-w", "2", "--repeat", "2", "20k", NULL);
	expect_exit(run, 0);
	line = run->out;
	for (unsigned i = 0; i < 6; i++) {
		unsigned long figures[5];
		char name[16];

		if (i == 0)
			ck_assert_int_eq(
			    strncmp(line, header, strlen(header)), 0);
		else
			ck_assert_int_eq(
			    sscanf(line, "%15[^,],%lu,%lu,%lu,%lu,%lu", name,
				&figures[0], &figures[1], &figures[2],
				&figures[3], &figures[4]),
			    6);
		line = strchr(line, '\n') + 1;
	}
	ck_assert_str_eq(line, "");
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_has_a_profile)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *json;

	json = one_line(run_program(NULL, "gilctl", "--json", "submit", "-p",
	    "threads", "--profile", "io", "--io-every", "10", "--io-for",
	    "1000", "30", NULL));
	ck_assert_str_eq(text_at(json, "profile"), "io");
	ck_assert_int_eq(int_at(json, "tasks.0.io_operations"), 3);
	json_decref(json);
	run =
	    run_program(NULL, "gilctl", "submit", "-p", "threads", "--profile",
		"io", "--io-every", "10", "--io-for", "1000", "30", NULL);
	expect_exit(run, 0);
	expect_says(run->out, ",\n  asleep for 1.00 ms after every 10 turns");
	expect_says(run->out, "Of 3 io operations of 1.00 ms half took ");
	run = run_program(NULL, "gilctl", "submit", "-p", "threads",
	    "--profile", "native", "30", NULL);
	expect_exit(run, 0);
	expect_says(run->out, ", without the lock");
	run = run_program("{\"count\":5}\n{\"count\":6}\n", "gilctl", "submit",
	    "--profile", "native", "-p", "threads", "-", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\"profile\":\"native\"");
	gild_stop(gild);
}
END_TEST

/* Who waited is told for whom: a job of its own name, or a task of its own. */
START_TEST(waits_are_told_of)
{
	struct gild *gild = client_start_gild("pool.threads.policy=hold");
	char job[JOB_ID_CHARS + 1], text[80];
	bool is_told = false;
	struct peer *peer;
	struct run *run;
	int64_t id;

	peer = peer_connect(gild);
	id = peer_submit_running(peer, job, "threads", ENDLESS, 1);
	snprintf(text, sizeof(text), "for %s task 0.", job);
	/* Until a task comes to the lock before its time is over. */
	for (int timeout_ms = 100; !is_told; timeout_ms *= 2) {
		char timeout[16];

		snprintf(timeout, sizeof(timeout), "%d", timeout_ms);
		run = run_program(NULL, "gilctl", "submit", "-p", "threads",
		    "--timeout", timeout, "5", NULL);
		expect_exit(run, 1);
		is_told = strstr(run->out, text) != NULL;
	}
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, id));
	run = run_program(NULL, "gilctl", "stats", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "contended");
	expect_says(run->out, "for thread");
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_that_is_not_done_is_1)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;

	run = run_program(
	    NULL, "gilctl", "submit", "--timeout", "20", "1e15", NULL);
	expect_exit(run, 1);
	expect_says(run->out, "timed out: countdown from ");
	run = run_program(NULL, "gilctl", "--json", "submit", "--timeout", "20",
	    "1e15", NULL);
	expect_exit(run, 1);
	expect_says(run->out, "\"state\":\"timed_out\"");
	gild_stop(gild);
}
END_TEST

START_TEST(another_ones_job_is_cancelled)
{
	struct gild *gild = client_start_gild(NULL);
	struct peer *peer;
	struct run *run;
	json_t *result;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	peer = peer_connect(gild);
	id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	run = run_program(NULL, "gilctl", "cancel", job, NULL);
	expect_exit(run, 0);
	expect_says(run->out, " is cancelled\n");
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	json_decref(result);
	/* It is gone now. */
	run = run_program(NULL, "gilctl", "cancel", job, NULL);
	expect_exit(run, 4);
	expect_says(run->err, "gilctl: cancel: the server refused: ");
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_job_is_submitted,
	    a_job_is_repeated,
	    runs_are_printed_as_csv,
	    a_job_has_a_profile,
	    waits_are_told_of,
	    a_job_that_is_not_done_is_1,
	    another_ones_job_is_cancelled,
	};

	return run_suite("gilctl_submit", tests, COUNT(tests));
}
