/*
 * A gild that stands still, is restarted or is left under gilctl load: what was
 * lost is seen in the report, for as long as it was so.
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/client.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/loading.h"
#include "tests/e2e/operator.h"

#define RATE 200 /* jobs a second: few, for a machine that is busy */

static struct gild *gild;

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

static const char *
report_path(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/out.json", scratch_dir());
	return path;
}

static bool
has_done(json_t *stats, void *arg)
{
	return int_at(stats, "jobs.done") >= *(const int64_t *)arg;
}

/* gilctl load with its report in that file, once it has so many answers. */
static pid_t
start_load(const char *duration, int64_t wanted)
{
	const char *argv[] = {"gilctl", "load", "--json",
	    EVENLY("200", duration), "--connections", "2", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out =
	    open(report_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	ck_assert(null >= 0 && out >= 0);
	pid = process_spawn(argv, null, out, STDERR_FILENO);
	close(null);
	close(out);
	gild_await_stats(gild, "the load runs", has_done, &wanted);
	return pid;
}

/* Waits for its end: the wait status, and its report. */
static int
end_load(pid_t pid, json_t **report)
{
	char *text;
	int status;

	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	text = read_file(report_path());
	*report = loading_report(text, "");
	loading_expect_sums(*report);
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

	gild = client_start_gild(NULL);
	pid = start_load("4s", 2);
	signal_all(SIGSTOP);
	stopped_ms = now_ms();
	poll(NULL, 0, 1000);
	stall_ms = now_ms() - stopped_ms;
	signal_all(SIGCONT);
	continued_ms = now_ms() - stopped_ms;
	ck_assert_int_eq(end_load(pid, &report), 0);
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
	client_use(operator_address());
	pid = start_load("4s", 50);
	stop_under_load();
	gild = operator_start(NULL);
	ck_assert(WIFEXITED(end_load(pid, &report)));
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

	gild = client_start_gild(NULL);
	pid = start_load("3600s", 20);
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	status = end_load(pid, &report);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
	ck_assert(json_is_true(value_at(report, "interrupted")));
	ck_assert_int_ge(int_at(report, "jobs.done"), 20);
	ck_assert_int_lt(int_at(report, "jobs.scheduled"), 3600 * RATE);
	json_decref(report);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_second_that_is_lost_is_seen,
	    a_daemon_may_be_restarted_under_load,
	    ctrl_c_reports_what_there_was,
	};

	return run_suite("gilctl_stall", tests, COUNT(tests));
}
