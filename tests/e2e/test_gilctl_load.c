/*
 * gilctl load against a real gild: that it sends what the script says, counts
 * what comes of it, and explains what it cannot do.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/loading.h"
#include "tests/e2e/terminal.h"

/* The path of the file that it is in, not to be freed. */
static const char *
write_script(const char *text)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/load.json", scratch_dir());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/* --- what is sent --- */

START_TEST(a_rate_is_a_number_of_jobs)
{
	struct gild *gild = client_start_gild(NULL);
	json_t *report;

	report = load_report(0, "--rate", "200", "--arrival", "uniform",
	    "--for", "1s", "--warm-up", "100ms", "--seed", "7");
	ck_assert_int_eq(int_at(report, "jobs.scheduled"), 200);
	ck_assert_int_eq(int_at(report, "jobs.done"), 200);
	ck_assert_int_eq(int_at(report, "jobs.warm_up"), 20);
	ck_assert_int_eq(int_at(report, "seed"), 7);
	ck_assert_str_eq(text_at(report, "settings.mode"), "open");
	/* The server says how long each job was with it. */
	ck_assert_int_gt(int_at(report, "parts.run_ns"), 0);
	ck_assert_int_gt(int_at(report, "parts.queue_ns"), 0);
	ck_assert_int_eq(int_at(report, "parts.lock_wait_ns"), 0);
	json_decref(report);
	gild_stop(gild);
}
END_TEST

START_TEST(clients_wait_for_their_answers)
{
	struct gild *gild = client_start_gild(NULL);
	json_t *report;

	report = load_report(0, "--clients", "3", "--in-flight", "2",
	    "--threads", "2", "--for", "300ms", "--warm-up", "0ms", "-p",
	    "threads", "-n", "100");
	ck_assert_str_eq(text_at(report, "settings.mode"), "closed");
	ck_assert_int_eq(int_at(report, "settings.connections"), 3);
	ck_assert_int_eq(int_at(report, "jobs.skipped"), 0);
	ck_assert_int_eq(int_at(report, "jobs.failed"), 0);
	ck_assert_int_eq(int_at(report, "late.jobs"), 0);
	ck_assert_int_ge(int_at(report, "jobs.done"), 6);
	json_decref(report);
	gild_stop(gild);
}
END_TEST

START_TEST(a_script_is_run)
{
	struct gild *gild = client_start_gild(NULL);
	const char *path;
	struct run *run;
	json_t *report;

	path = write_script(
	    "{\"title\":\"Two of each\",\"arrival\":\"uniform\","
	    "\"connections\":2,\"seed\":5,\"warm_up_ms\":0,"
	    "\"phases\":[{\"name\":\"up\",\"for_ms\":500,\"from\":0,"
	    "\"to\":200},{\"name\":\"hold\",\"for_ms\":500,"
	    "\"rate\":200}],\"classes\":[{\"name\":\"tiny\","
	    "\"weight\":3,\"count\":1},{\"name\":\"pair\","
	    "\"pool\":\"threads\",\"workers\":2,\"count\":500}],"
	    "\"expect\":\"done=150,errors=0\"}");
	report = load_report(0, path);
	ck_assert_str_eq(text_at(report, "title"), "Two of each");
	ck_assert_int_eq(int_at(report, "by_phase.0.scheduled"), 50);
	ck_assert_int_eq(int_at(report, "by_phase.1.scheduled"), 100);
	ck_assert_str_eq(text_at(report, "by_class.1.name"), "pair");
	ck_assert_int_gt(int_at(report, "by_class.0.done"),
	    int_at(report, "by_class.1.done"));
	ck_assert_int_gt(int_at(report, "by_class.1.done"), 0);
	ck_assert(json_is_true(value_at(report, "expectations.0.met")));
	json_decref(report);
	/* For people: both have a row. */
	run = run_load(path);
	expect_exit(run, 0);
	expect_says(run->out, "Two of each");
	expect_says(run->out, "\n  tiny");
	expect_says(run->out, "\n  hold");
	expect_says(run->out, "errors=0");
	gild_stop(gild);
}
END_TEST

/* --- what goes wrong --- */

START_TEST(jobs_that_fail_are_counted_by_their_reason)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *report;

	report = load_report(
	    1, EVENLY("20", "500ms"), "-n", "1e15", "--timeout", "10");
	ck_assert_int_eq(int_at(report, "jobs.failed"), 10);
	ck_assert_str_eq(text_at(report, "errors.0.reason"), "timed_out");
	ck_assert_int_eq(int_at(report, "errors.0.jobs"), 10);
	json_decref(report);
	/* Refused, and what was expected decides. */
	run = run_load(EVENLY("20", "500ms"), "-n", "1000000", "-w", "100000",
	    "--expect", "errors=10,done=0");
	expect_exit(run, 0);
	expect_says(run->out, "invalid_params");
	expect_says(run->out, "workers must be");
	gild_stop(gild);
}
END_TEST

START_TEST(what_was_expected_is_the_exit_status)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;

	run = run_load("--rate", "100", "--for", "200ms", "--warm-up", "0ms",
	    "--expect", "p99<1us,errors=0");
	expect_exit(run, 5);
	expect_says(run->out, "p99<1us");
	expect_says(run->out, "NOT MET");
	expect_says(run->out, "  met\n");
	gild_stop(gild);
}
END_TEST

/*
 * A rate holds while fewer than 100 jobs are sent in half a second: 199 a
 * second at the most. What a busy machine fails to do only makes it less.
 */
START_TEST(the_highest_rate_is_searched)
{
	struct gild *gild = client_start_gild(NULL);
	struct run *run;
	json_t *report, *step;
	size_t i;

	run =
	    run_load("--json", EVENLY("50", "500ms"), "--find-max", "sent<100");
	report = loading_report(run->out, run->err);
	ck_assert_double_eq(
	    json_number_value(value_at(report, "search.steps.0.rate")), 50);
	json_array_foreach (value_at(report, "search.steps"), i, step) {
		bool is_met = json_is_true(value_at(step, "met"));

		ck_assert(
		    !is_met || json_number_value(value_at(step, "rate")) < 200);
	}
	ck_assert_uint_ge(i, 3);
	ck_assert_uint_le(i, 30);
	expect_exit(
	    run, json_is_null(value_at(report, "search.best_rate")) ? 5 : 0);
	json_decref(report);
	gild_stop(gild);
}
END_TEST

static const struct {
	const char *args[6];
	const char *says;
} wrongs[] = {
    {{NULL}, "how much? Give --rate 1000"},
    {{"--rate", "10", "--clients", "3"}, "--clients: does not go with"},
    {{"--rate", "10.."}, "--rate: a rate is missing"},
    {{"--rate", "10,,20"}, "--rate: a rate is missing"},
    {{"--count", "1", "x.json"}, "--count: does not go with a script"},
    {{"--cost", "0", "x.json"}, "--cost: does not go with a script"},
    {{"--rate", "0"}, "--rate: "},
    {{"--rate", "10", "--for", "10"}, "--for: \"10\" is no duration"},
    {{"--rate", "10,20", "--for", "1s,1s,1s"}, "one for each"},
    {{"--rate", "10", "--arrival", "random"}, "write poisson or uniform"},
    {{"--clients", "2", "--arrival", "uniform"}, "--arrival: "},
    {{"--rate", "10", "--expect", "p9<1"}, "--expect: p9 is a duration"},
    {{"--rate", "1..9", "--find-max", "p9<1s"}, "--find-max: goes with one"},
    {{"--rate", "10", "--in-flight", "2"}, "--in-flight: "},
    {{"--rate", "10", "--profile", "io"}, "needs --io-every"},
    {{"/nonexistent.json"}, "/nonexistent.json: cannot be read: No such"},
};

START_TEST(a_wrong_command_line_is_explained)
{
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		const char *const *args = wrongs[i].args;
		struct run *run = run_load(
		    args[0], args[1], args[2], args[3], args[4], args[5]);

		expect_exit(run, 2);
		expect_says(run->err, wrongs[i].says);
	}
}
END_TEST

START_TEST(a_wrong_script_is_explained)
{
	struct gild *gild = client_start_gild(NULL);
	const char *path;
	struct run *run;

	path = write_script("{\"phases\":[{\"for_ms\":10,\"rte\":1}],"
			    "\"classes\":[{\"count\":1}]}");
	run = run_load(path);
	expect_exit(run, 2);
	expect_says(run->err, "load.json: phases[0].rte: unknown member");
	expect_says(run->err, "did you mean \"rate\"?");
	path = write_script("{\"phases\":\n[}");
	run = run_load(path);
	expect_exit(run, 2);
	expect_says(run->err, "load.json: line 2, column 2: ");
	run = run_load(path, "--rate", "5");
	expect_exit(run, 2);
	expect_says(run->err, "--rate: does not go with a script");
	run = run_load("--rate", "5", "-p", "swimming");
	expect_exit(run, 4);
	expect_says(run->err, "no pool \"swimming\"");
	gild_stop(gild);
	run = run_load("--rate", "5");
	expect_exit(run, 3);
}
END_TEST

/* --- what is shown meanwhile --- */

/* A narrow terminal has no room for the bar, and has the figures all the same. */
static const struct {
	unsigned columns;
	const char *first;
} terminals[] = {
    {80, "\r  load ................   0 %   warming up"},
    {30, "\r  load   0 %   warming up"},
};

START_TEST(a_terminal_shows_how_it_goes)
{
	static struct terminal terminal;
	struct gild *gild = client_start_gild(NULL);
	const char *argv[] = {
	    "gilctl", "load", "-r", "50", "--warm-up", "600s", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status;

	ck_assert_int_ne(null, -1);
	for (size_t i = 0; i < COUNT(terminals); i++) {
		pid_t pid;

		terminal_open(&terminal, terminals[i].columns);
		pid = process_spawn(argv, null, null, terminal.line);
		terminal_await(&terminal, terminals[i].first);
		terminal_await(&terminal, "/s  warming");
		ck_assert_int_eq(kill(pid, SIGINT), 0);
		ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
		terminal_forget(&terminal);
		terminal_await(&terminal, "\r\033[K");
		terminal_close(&terminal);
	}
	close(null);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_rate_is_a_number_of_jobs,
	    clients_wait_for_their_answers,
	    a_script_is_run,
	    jobs_that_fail_are_counted_by_their_reason,
	    what_was_expected_is_the_exit_status,
	    the_highest_rate_is_searched,
	    a_terminal_shows_how_it_goes,
	    a_wrong_command_line_is_explained,
	    a_wrong_script_is_explained,
	};

	return run_suite("gilctl_load", tests, COUNT(tests));
}
