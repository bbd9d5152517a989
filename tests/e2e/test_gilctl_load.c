/*
 * gilctl load against a real gild: that it sends what the script says and
 * counts what comes of it, that a server that stands still is seen for as long
 * as it does, and how it ends.
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/operator.h"
#include "tests/e2e/terminal.h"

#define RATE 200 /* jobs a second: few, for a machine that is busy */

static struct gild *gild;
static char script_path[256], out_path[256];

static void
use(const char *server)
{
	ck_assert_int_eq(setenv("GILD_SERVER", server, 1), 0);
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
	snprintf(
	    script_path, sizeof(script_path), "%s/load.json", scratch_dir());
	snprintf(out_path, sizeof(out_path), "%s/out.json", scratch_dir());
}

static void
start(const char *option)
{
	gild =
	    option != NULL ? gild_start("-o", option, NULL) : gild_start(NULL);
	use(gild->address);
}

static void
write_script(const char *text)
{
	FILE *file = fopen(script_path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* The report that a run printed, whatever its exit status: a new reference. */
static json_t *
report_of(const struct run *run)
{
	json_t *report = json_loads(run->out, 0, NULL);

	ck_assert_msg(
	    report != NULL, "no report: %.300s%.300s", run->out, run->err);
	return report;
}

/* What every report's counts come to, whatever happened. */
static void
expect_sums(const json_t *report)
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

/* The least value of a bucket of the latencies: see client/hdr.h. */
static int64_t
bucket_ns(int64_t bucket)
{
	int64_t shift = (bucket >> 10) - 1;

	return shift < 1 ? bucket : (bucket - (shift << 10)) << shift;
}

static int64_t
count_above(const json_t *report, int64_t limit_ns)
{
	const json_t *pair;
	int64_t above = 0;
	size_t i;

	json_array_foreach (value_at(report, "latency.buckets"), i, pair)
		if (bucket_ns(int_at(pair, "0")) >= limit_ns)
			above += int_at(pair, "1");
	return above;
}

/* --- what is sent --- */

START_TEST(a_rate_is_a_number_of_jobs)
{
	struct run *run;
	json_t *report;

	start(NULL);
	run = run_program(NULL, "gilctl", "load", "--json", "--rate", "200",
	    "--arrival", "uniform", "--for", "1s", "--warm-up", "100ms",
	    "--seed", "7", NULL);
	expect_exit(run, 0);
	report = report_of(run);
	expect_sums(report);
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
	struct run *run;
	json_t *report;

	start(NULL);
	run = run_program(NULL, "gilctl", "load", "--json", "--clients", "3",
	    "--in-flight", "2", "--threads", "2", "--for", "300ms", "--warm-up",
	    "0ms", "-p", "threads", "-n", "100", NULL);
	expect_exit(run, 0);
	report = report_of(run);
	expect_sums(report);
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
	struct run *run;
	json_t *report;

	start(NULL);
	write_script("{\"title\":\"Two of each\",\"arrival\":\"uniform\","
		     "\"connections\":2,\"seed\":5,\"warm_up_ms\":0,"
		     "\"phases\":[{\"name\":\"up\",\"for_ms\":500,\"from\":0,"
		     "\"to\":200},{\"name\":\"hold\",\"for_ms\":500,"
		     "\"rate\":200}],\"classes\":[{\"name\":\"tiny\","
		     "\"weight\":3,\"count\":1},{\"name\":\"pair\","
		     "\"pool\":\"threads\",\"workers\":2,\"count\":500}],"
		     "\"expect\":\"done=150,errors=0\"}");
	run = run_program(NULL, "gilctl", "load", "--json", script_path, NULL);
	expect_exit(run, 0);
	report = report_of(run);
	expect_sums(report);
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
	run = run_program(NULL, "gilctl", "load", script_path, NULL);
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
	struct run *run;
	json_t *report;

	start(NULL);
	run = run_program(NULL, "gilctl", "load", "--json", "--rate", "20",
	    "--arrival", "uniform", "--for", "500ms", "--warm-up", "0ms", "-n",
	    "1e15", "--timeout", "10", NULL);
	expect_exit(run, 1);
	report = report_of(run);
	expect_sums(report);
	ck_assert_int_eq(int_at(report, "jobs.failed"), 10);
	ck_assert_str_eq(text_at(report, "errors.0.reason"), "timed_out");
	ck_assert_int_eq(int_at(report, "errors.0.jobs"), 10);
	json_decref(report);
	/* Refused, and what was expected decides. */
	run = run_program(NULL, "gilctl", "load", "--rate", "20", "--arrival",
	    "uniform", "--for", "500ms", "--warm-up", "0ms", "-n", "1000000",
	    "-w", "100000", "--expect", "errors=10,done=0", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "invalid_params");
	expect_says(run->out, "workers must be");
	gild_stop(gild);
}
END_TEST

START_TEST(what_was_expected_is_the_exit_status)
{
	struct run *run;

	start(NULL);
	run = run_program(NULL, "gilctl", "load", "--rate", "100", "--for",
	    "200ms", "--warm-up", "0ms", "--expect", "p99<1us,errors=0", NULL);
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
	struct run *run;
	json_t *report, *step;
	size_t i;

	start(NULL);
	run = run_program(NULL, "gilctl", "load", "--json", "--rate", "50",
	    "--arrival", "uniform", "--for", "500ms", "--warm-up", "0ms",
	    "--find-max", "sent<100", NULL);
	report = report_of(run);
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
		struct run *run = run_program(NULL, "gilctl", "load", args[0],
		    args[1], args[2], args[3], args[4], args[5], NULL);

		expect_exit(run, 2);
		expect_says(run->err, wrongs[i].says);
	}
}
END_TEST

START_TEST(a_wrong_script_is_explained)
{
	struct run *run;

	start(NULL);
	write_script("{\"phases\":[{\"for_ms\":10,\"rte\":1}],"
		     "\"classes\":[{\"count\":1}]}");
	run = run_program(NULL, "gilctl", "load", script_path, NULL);
	expect_exit(run, 2);
	expect_says(run->err, "load.json: phases[0].rte: unknown member");
	expect_says(run->err, "did you mean \"rate\"?");
	write_script("{\"phases\":\n[}");
	run = run_program(NULL, "gilctl", "load", script_path, NULL);
	expect_exit(run, 2);
	expect_says(run->err, "load.json: line 2, column 2: ");
	run = run_program(
	    NULL, "gilctl", "load", script_path, "--rate", "5", NULL);
	expect_exit(run, 2);
	expect_says(run->err, "--rate: does not go with a script");
	run = run_program(
	    NULL, "gilctl", "load", "--rate", "5", "-p", "swimming", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "no pool \"swimming\"");
	gild_stop(gild);
	run = run_program(NULL, "gilctl", "load", "--rate", "5", NULL);
	expect_exit(run, 3);
}
END_TEST

/* --- a server that stands still, is restarted, or is left --- */

static bool
has_done(json_t *stats, void *arg)
{
	return int_at(stats, "jobs.done") >= *(const int64_t *)arg;
}

/* gilctl load with its report in out_path, once it has so many answers. */
static pid_t
start_load(const char *duration, int64_t wanted)
{
	const char *argv[] = {"gilctl", "load", "--json", "--rate", "200",
	    "--arrival", "uniform", "--warm-up", "0ms", "--connections", "2",
	    "--for", duration, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out =
	    open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	ck_assert(null >= 0 && out >= 0);
	pid = process_spawn(argv, null, out, STDERR_FILENO);
	close(null);
	close(out);
	gild_await_stats(gild, "the load runs", has_done, &wanted);
	return pid;
}

/* Waits for its end: the wait status. Its report, which may be NULL. */
static int
end_load(pid_t pid, json_t **report)
{
	char *text;
	int status;

	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	text = read_file(out_path);
	*report = json_loads(text, 0, NULL);
	ck_assert_msg(*report != NULL, "no report: %.300s", text);
	free(text);
	return status;
}

static void
signal_all(int signal_number)
{
	pid_t pids[64];
	size_t n = process_children(gild->pid, pids, COUNT(pids));

	ck_assert_uint_lt(n, COUNT(pids));
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(kill(pids[i], signal_number), 0);
	gild_signal(gild, signal_number);
}

/*
 * At rate R a server that stands still for S holds up R (S - x) jobs for longer
 * than x. That many there are at least; more is what the machine's other users
 * did. A client that waits for its answers before it sends on would see two.
 */
START_TEST(a_second_that_is_lost_is_seen)
{
	int64_t stopped_ms, continued_ms, stall_ms, gap_ns = 1000000000 / RATE;
	json_t *report, *point;
	size_t i, n_silent = 0;
	pid_t pid;

	start(NULL);
	pid = start_load("4s", 2);
	signal_all(SIGSTOP);
	stopped_ms = now_ms();
	poll(NULL, 0, 1000);
	stall_ms = now_ms() - stopped_ms;
	signal_all(SIGCONT);
	continued_ms = now_ms() - stopped_ms;
	ck_assert_int_eq(end_load(pid, &report), 0);
	expect_sums(report);
	ck_assert_int_eq(int_at(report, "jobs.scheduled"), 4 * RATE);
	ck_assert_int_eq(int_at(report, "jobs.failed"), 0);
	ck_assert_int_eq(int_at(report, "jobs.skipped"), 0);
	for (int64_t x_ms = 200; x_ms <= 800; x_ms += 200) {
		int64_t above = count_above(report, x_ms * 1000000);

		ck_assert_int_ge(above, RATE * (stall_ms - x_ms) / 1000 - 3);
		ck_assert_int_le(above,
		    RATE * (continued_ms - x_ms) / 1000 +
			RATE * test_scale() / 2);
	}
	ck_assert_int_ge(
	    int_at(report, "latency.max_ns"), stall_ms * 1000000 - 3 * gap_ns);
	/* And so it is in the series: it is silent. */
	json_array_foreach (value_at(report, "series"), i, point)
		n_silent += int_at(point, "scheduled") > 0 &&
		    int_at(point, "done") == 0;
	ck_assert_int_ge((int64_t)n_silent * int_at(report, "interval_ns"),
	    stall_ms * 1000000 - 3 * int_at(report, "interval_ns"));
	/* All of it is before the server had read the jobs. */
	ck_assert_int_gt(int_at(report, "bands.3.parts.way_ns"),
	    int_at(report, "bands.3.parts.run_ns"));
	json_decref(report);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* Ends the daemon, and leaves its client alone. */
static void
stop_under_load(void)
{
	int status;

	gild_signal(gild, SIGTERM);
	ck_assert(process_reap(gild->pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	gild->pid = 0;
	close(gild->out_fd);
}

/* The second daemon is another one at the same address. */
START_TEST(a_daemon_may_be_restarted_under_load)
{
	json_t *report;
	int64_t sent;
	pid_t pid;

	gild = operator_start(NULL);
	use(operator_address());
	pid = start_load("4s", 50);
	stop_under_load();
	gild = operator_start(NULL);
	ck_assert(WIFEXITED(end_load(pid, &report)));
	expect_sums(report);
	sent = int_at(report, "jobs.sent");
	ck_assert_int_ge(int_at(report, "connections.lost"), 2);
	ck_assert_int_ge(int_at(report, "connections.reopened"), 2);
	ck_assert_int_eq(int_at(report, "jobs.skipped"),
	    int_at(report, "jobs.skipped_down"));
	/* Most of them before it and after it. */
	ck_assert_int_gt(int_at(report, "jobs.done"), 60);
	ck_assert_int_le(int_at(report, "jobs.done"), sent);
	json_decref(report);
	gild_stop(gild);
}
END_TEST

START_TEST(ctrl_c_reports_what_there_was)
{
	json_t *report;
	int status;
	pid_t pid;

	start(NULL);
	pid = start_load("3600s", 20);
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	status = end_load(pid, &report);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
	expect_sums(report);
	ck_assert(json_is_true(value_at(report, "interrupted")));
	ck_assert_int_ge(int_at(report, "jobs.done"), 20);
	ck_assert_int_lt(int_at(report, "jobs.scheduled"), 3600 * RATE);
	json_decref(report);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

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
	const char *argv[] = {
	    "gilctl", "load", "-r", "50", "--warm-up", "600s", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status;

	ck_assert_int_ne(null, -1);
	start(NULL);
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
	    a_second_that_is_lost_is_seen,
	    a_daemon_may_be_restarted_under_load,
	    ctrl_c_reports_what_there_was,
	};

	return run_suite("gilctl_load", tests, COUNT(tests));
}
