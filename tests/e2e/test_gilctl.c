/* gilctl against a real gild: what each command says, and how it ends. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

/* gilctl with these arguments ends with this status; the run. */
#define GILCTL(status, ...) GILCTL_FED(status, NULL, __VA_ARGS__)
#define GILCTL_FED(status, input, ...) \
	check_run(status, run_program(input, "gilctl", __VA_ARGS__, NULL))

static struct run *
check_run(int status, struct run *run)
{
	ck_assert_msg(run->exit_status == status,
	    "exit status %d, expected %d; it said: %s%s", run->exit_status,
	    status, run->out, run->err);
	/* What went wrong is said on stderr, and what did not is not. */
	if (status >= 2)
		ck_assert_msg(strncmp(run->err, "gilctl: ", 8) == 0,
		    "no word of why: %s", run->err);
	return run;
}

static void
check_says(const char *text, const char *what)
{
	ck_assert_msg(
	    strstr(text, what) != NULL, "no \"%s\" in: %s", what, text);
}

static json_t *
json_of(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	ck_assert_msg(value != NULL, "%s in: %s", error.text, text);
	return value;
}

/* --- commands --- */

START_TEST(ping_pools_info_and_stats)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", NULL);
	json_t *value;

	check_says(GILCTL(0, "-s", gild->address, "ping")->out, gild->address);
	check_says(GILCTL(0, "-s", gild->address, "pools")->out, "threads");
	check_says(
	    GILCTL(0, "info", "-s", gild->address)->out, PACKAGE_VERSION);
	check_says(GILCTL(0, "stats", "-s", gild->address)->out, "worker");

	value = json_of(GILCTL(0, "-s", gild->address, "--json", "info")->out);
	ck_assert_int_eq(int_at(value, "pid"), gild->pid);
	ck_assert_str_eq(text_at(value, "addresses.0"), gild->address);
	json_decref(value);
	value = json_of(GILCTL(0, "-s", gild->address, "stats", "--json")->out);
	ck_assert_int_eq(int_at(value, "connections.open"), 1);
	json_decref(value);
	gild_stop(gild);
}
END_TEST

START_TEST(submit_shows_what_the_daemon_measured)
{
	struct gild *gild = gild_start(NULL);
	struct run *run = GILCTL(0, "-s", gild->address, "--json", "submit",
	    "-p", "threads", "-w", "3", "--cost", "100", "30_000");
	json_t *result = json_of(run->out);

	ck_assert_str_eq(run->err, ""); /* no bar where there is no terminal */
	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_str_eq(text_at(result, "pool"), "threads");
	ck_assert_int_eq(int_at(result, "count"), 30000);
	ck_assert_int_eq(int_at(result, "cost_ns"), 100);
	ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"), 30000);
	json_decref(result);

	run = GILCTL(0, "-s", gild->address, "submit", "5e3");
	check_says(run->out, "5,000");
	check_says(run->out, "done");
	run = GILCTL(0, "-s", gild->address, "submit", "--repeat", "4", "1k");
	check_says(run->out, "median");
	gild_stop(gild);
}
END_TEST

START_TEST(submit_reads_jobs_from_its_input)
{
	struct gild *gild = gild_start(NULL);
	bool has_seen[201] = {false};
	char input[8192];
	size_t len = 0;
	struct run *run;
	char *line;

	for (int i = 1; i <= 200; i++)
		len += (size_t)snprintf(input + len, sizeof(input) - len,
		    "{\"count\":%d,\"workers\":%d}\n", i, 1 + i % 2);
	run = GILCTL_FED(0, input, "-s", gild->address, "submit", "-p",
	    "threads", "--in-flight", "16", "-");
	for (line = strtok(run->out, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		json_t *value = json_of(line);
		int64_t number = int_at(value, "line");

		ck_assert(number >= 1 && number <= 200 && !has_seen[number]);
		has_seen[number] = true;
		ck_assert_int_eq(int_at(value, "result.count"), number);
		ck_assert_str_eq(text_at(value, "result.pool"), "threads");
		json_decref(value);
	}
	for (int i = 1; i <= 200; i++)
		ck_assert_msg(has_seen[i], "line %d has no result", i);
	gild_stop(gild);
}
END_TEST

START_TEST(compare_measures_three_arms)
{
	static const char *const names[] = {
	    "sequential", "threads", "processes"};
	struct gild *gild = gild_start(NULL);
	struct run *run = GILCTL(0, "-s", gild->address, "--json", "compare",
	    "--rounds", "2", "--cost", "50", "1M");
	json_t *value = json_of(run->out);

	ck_assert_int_eq(int_at(value, "count"), 1000000);
	ck_assert_int_eq(int_at(value, "workers"), 2);
	ck_assert_int_eq(int_at(value, "rounds"), 2);
	ck_assert(json_is_number(value_at(value, "noise_floor")));
	ck_assert_uint_eq(json_array_size(value_at(value, "rows")), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *row = json_array_get(value_at(value, "rows"), i);

		ck_assert_str_eq(text_at(row, "name"), names[i]);
		ck_assert_int_eq(int_at(row, "workers"), i == 0 ? 1 : 2);
		ck_assert_int_le(
		    int_at(row, "wall_ns.min"), int_at(row, "wall_ns.median"));
		ck_assert_int_le(
		    int_at(row, "wall_ns.median"), int_at(row, "wall_ns.max"));
		/* The same work in each: 50 ms of it, and hardly less. */
		ck_assert_int_gt(int_at(row, "cpu_ns"), 25 * 1000000);
		ck_assert(json_is_number(value_at(row, "speedup")));
	}
	json_decref(value);
	run = GILCTL(0, "-s", gild->address, "compare", "--rounds", "1", "1M");
	check_says(run->out, "one after another");
	check_says(run->out, "threads, one lock");
	check_says(run->out, "speed-up");
	gild_stop(gild);
}
END_TEST

START_TEST(set_changes_the_interval)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *pools;

	GILCTL(0, "-s", gild->address, "set", "threads", "interval_us=750");
	pools = peer_call(peer, "pool.list", NULL);
	ck_assert_int_eq(int_at(pools, "pools.0.lock.interval_us"), 750);
	json_decref(pools);
	gild_stop(gild);
}
END_TEST

/* --- how it ends --- */

START_TEST(status_1_a_job_did_not_end_done)
{
	struct gild *gild = gild_start(NULL);
	struct run *run = GILCTL(1, "-s", gild->address, "submit", "--timeout",
	    "50", "1_000_000_000_000");

	check_says(run->out, "timed_out");
	run = GILCTL_FED(1,
	    "{\"count\":1}\n{\"count\":1000000000000,\"timeout_ms\":50}\n",
	    "-s", gild->address, "submit", "-");
	check_says(run->out, "\"state\":\"done\"");
	check_says(run->out, "\"state\":\"timed_out\"");
	gild_stop(gild);
}
END_TEST

START_TEST(status_2_the_command_line_is_wrong)
{
	GILCTL(2, "no-such-command");
	GILCTL(2, "submit");
	GILCTL(2, "submit", "many");
	GILCTL(2, "submit", "1.5");
	GILCTL(2, "submit", "5M", "5M");
	GILCTL(2, "submit", "--no-such-option", "5");
	GILCTL(2, "compare", "-w", "1");
	GILCTL(2, "set", "threads");
	GILCTL(2, "cancel");
	GILCTL(2, "-s", "nonsense", "ping");
	check_run(2, run_program(NULL, "gilctl", NULL));
}
END_TEST

START_TEST(status_3_it_cannot_connect)
{
	struct gild *gild = gild_start(NULL);
	char address[128];
	struct run *run;

	snprintf(address, sizeof(address), "%s", gild->address);
	gild_stop(gild);
	run = GILCTL(3, "-s", address, "ping");
	check_says(run->err, address);
	run = GILCTL(3, "-s", "unix:/no/such/socket", "ping");
	check_says(run->err, "/no/such/socket");
}
END_TEST

START_TEST(status_4_the_server_refused)
{
	struct gild *gild = gild_start(NULL);
	struct run *run;

	run = GILCTL(4, "-s", gild->address, "submit", "-p", "nowhere", "5");
	check_says(run->err, "nowhere");
	GILCTL(4, "-s", gild->address, "submit", "-w", "1000", "5000");
	GILCTL(4, "-s", gild->address, "cancel", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	GILCTL(4, "-s", gild->address, "set", "processes", "interval_us=1");
	run = run_program("{\"count\":0}\n", "gilctl", "-s", gild->address,
	    "submit", "-", NULL);
	ck_assert_int_eq(run->exit_status, 4);
	check_says(run->out, "\"error\"");
	gild_stop(gild);
}
END_TEST

START_TEST(version_and_help)
{
	struct run *run = GILCTL(0, "-V");

	ck_assert_str_eq(run->out, "gilctl " PACKAGE_VERSION "\n");
	check_says(GILCTL(0, "-h")->out, "compare");
	check_says(GILCTL(0, "submit", "-h")->out, "--in-flight");
}
END_TEST

/* gilctl in the background, its output thrown away. */
static pid_t
gilctl_spawn(const char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	ck_assert_int_ge(null, 0);
	pid = process_spawn(argv, null, null, null);
	close(null);
	return pid;
}

START_TEST(interrupted_it_cancels_its_jobs)
{
	struct gild *gild = gild_start(NULL);
	const char *const argv[] = {
	    "gilctl", "-s", gild->address, "submit", "1e15", NULL};
	pid_t pid = gilctl_spawn(argv);
	json_t *stats;
	int status;

	gild_await_busy(gild, "processes", 0);
	kill(pid, SIGINT);
	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	gild_await_idle(gild);
	stats = gild_stats(gild);
	ck_assert_int_eq(int_at(stats, "jobs.cancelled"), 1);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

START_TEST(a_lost_connection_is_said)
{
	struct gild *gild = gild_start("-o", "frontends=1", NULL);
	const char *const argv[] = {
	    "gilctl", "-s", gild->address, "submit", "1e15", NULL};
	pid_t pid = gilctl_spawn(argv), frontend;
	int status;

	gild_await_busy(gild, "processes", 0);
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, &frontend, 1), 1);
	kill(frontend, SIGKILL);
	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    ping_pools_info_and_stats,
	    submit_shows_what_the_daemon_measured,
	    submit_reads_jobs_from_its_input,
	    compare_measures_three_arms,
	    set_changes_the_interval,
	    status_1_a_job_did_not_end_done,
	    status_2_the_command_line_is_wrong,
	    status_3_it_cannot_connect,
	    status_4_the_server_refused,
	    version_and_help,
	    interrupted_it_cancels_its_jobs,
	    a_lost_connection_is_said,
	};

	return run_suite("gilctl", tests, sizeof(tests) / sizeof(tests[0]));
}
