/*
 * gilctl trace against a real gild: what it records, what it writes, and that
 * it leaves the pool as it found it.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

static struct gild *gild;
static char svg_path[256], json_path[256];

static void
start(const char *option)
{
	gild = client_start_gild(option);
	snprintf(svg_path, sizeof(svg_path), "%s/t.svg", scratch_dir());
	snprintf(json_path, sizeof(json_path), "%s/t.json", scratch_dir());
}

static void
expect_events(bool is_on)
{
	struct peer *peer = peer_connect(gild);
	json_t *pools = peer_call(peer, "pool.list", NULL);

	ck_assert_str_eq(text_at(pools, "pools.0.name"), "threads");
	ck_assert_int_eq(
	    json_is_true(value_at(pools, "pools.0.lock.events")), is_on);
	json_decref(pools);
	peer_close(peer);
}

/* The time of all slices of this name in a Trace Event file, in ns. */
static int64_t
sum_slices(const json_t *file, const char *name)
{
	const json_t *event;
	double sum_us = 0;
	size_t i;

	json_array_foreach (value_at(file, "traceEvents"), i, event) {
		if (strcmp(text_at(event, "ph"), "X") == 0 &&
		    strcmp(text_at(event, "name"), name) == 0)
			sum_us +=
			    json_number_value(json_object_get(event, "dur"));
	}
	return (int64_t)(sum_us * 1000 + 0.5);
}

static json_t *
read_json(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	ck_assert_msg(json != NULL, "%s in: %.500s", error.text, text);
	return json;
}

/* --- one command --- */

START_TEST(a_job_is_run_and_drawn)
{
	struct run *run;
	char *picture;

	start(NULL);
	run = run_program(NULL, "gilctl", "trace", "-p", "threads", "--run",
	    "20k", "--cost", "1000", "-o", svg_path, NULL);
	expect_exit(run, 0);
	expect_says(run->err, "turned the events of pool threads on");
	expect_says(run->out, " of pool threads in ");
	expect_says(run->out, ", none lost.\n");
	expect_says(run->out, "\nWrote ");
	picture = read_file(svg_path);
	expect_says(picture, "Pool threads: policy interval, 5 ms");
	expect_says(picture, "countdown from 20,000 in 2 parts");
	expect_says(picture, "</svg>");
	free(picture);
	expect_events(false);
	gild_stop(gild);
}
END_TEST

/* The slices of each state are as long as the job's record says. */
START_TEST(slices_are_what_the_record_says)
{
	static const char *const states[][3] = {
	    {"running", "running_ns", "result.timing.lock_held_ns"},
	    {"waiting", "waiting_ns", "result.timing.lock_wait_ns"},
	    {"switch-wait", "switch_wait_ns", "result.timing.switch_wait_ns"},
	    {"native", "native_ns", "result.timing.native_ns"},
	    {"io", "io_ns", "result.timing.io_ns"},
	    {"lost", "lost_ns", NULL},
	};
	static const char *const profiles[] = {"cpu", "native"};

	start("pool.threads.interval_us=500");
	for (size_t i = 0; i < 3; i++) {
		struct run *run = i < 2
		    ? run_program(NULL, "gilctl", "trace", "--json", "-p",
			  "threads", "--run", "30k", "-w", "3", "--cost", "500",
			  "--profile", profiles[i], "-o", json_path, NULL)
		    : run_program(NULL, "gilctl", "trace", "--json", "-p",
			  "threads", "--run", "30k", "-w", "3", "--cost", "500",
			  "--profile", "io", "--io-every", "1000", "--io-for",
			  "100", "-o", json_path, NULL);
		json_t *said = read_json(run->out);
		char *text = read_file(json_path);
		json_t *file = read_json(text);
		json_t *threads = value_at(said, "pools.0.threads");

		expect_exit(run, 0);
		ck_assert_int_eq(int_at(said, "pools.0.lost"), 0);
		ck_assert_str_eq(text_at(said, "result.state"), "done");
		for (size_t j = 0; j < COUNT(states); j++) {
			int64_t sum_ns = sum_of(threads, states[j][1]);

			ck_assert_int_eq(
			    sum_slices(file, states[j][0]), sum_ns);
			ck_assert_int_eq(sum_ns,
			    states[j][2] != NULL ? int_at(said, states[j][2])
						 : 0);
		}
		ck_assert_int_eq(sum_of(threads, "acquisitions"),
		    int_at(said, "result.lock.acquisitions"));
		ck_assert_int_eq(sum_of(threads, "requests"),
		    int_at(said, "result.lock.requests_sent"));
		ck_assert_int_eq(sum_of(threads, "tasks"), 3);
		json_decref(file);
		json_decref(said);
		free(text);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(what_is_kept_of_a_job)
{
	struct peer *peer;
	json_t *result, *file;
	struct run *run;
	char *picture;

	start("pool.threads.events=true");
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "job.submit", "{s:s, s:i, s:i}", "pool",
	    "threads", "count", 50, "workers", 4));
	result = peer_call(peer, "job.submit", "{s:s, s:i, s:i, s:i}", "pool",
	    "threads", "count", 20000, "cost_ns", 500, "workers", 2);
	/* On standard output, and the words elsewhere. */
	run = run_program(
	    NULL, "gilctl", "trace", text_at(result, "job"), "-o", "-", NULL);
	expect_exit(run, 0);
	file = read_json(run->out);
	ck_assert_int_eq(
	    sum_slices(file, "running"), int_at(result, "timing.lock_held_ns"));
	ck_assert_int_eq(
	    sum_slices(file, "waiting"), int_at(result, "timing.lock_wait_ns"));
	json_decref(file);
	expect_says(run->err, " of pool threads in ");
	ck_assert_ptr_null(strstr(run->err, "turned"));
	run = run_program(NULL, "gilctl", "trace", text_at(result, "job"), "-o",
	    svg_path, NULL);
	expect_exit(run, 0);
	picture = read_file(svg_path);
	expect_says(picture, text_at(result, "job"));
	free(picture);
	expect_events(true);
	json_decref(result);
	/* One that never was. */
	run = run_program(NULL, "gilctl", "trace", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    "-o", svg_path, NULL);
	ck_assert_int_ne(run->exit_status, 0);
	gild_stop(gild);
}
END_TEST

/* --- interrupted --- */

static bool
is_recording(json_t *stats, void *arg)
{
	return json_is_true(value_at(stats,
		   "pools.0.lock.events.is_recording")) == *(const bool *)arg;
}

static pid_t
start_trace(const char *option, const char *value)
{
	const char *argv[] = {"gilctl", "trace", "-p", "threads", "-o",
	    json_path, option, value, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool is_on = true;
	pid_t pid;

	ck_assert_int_ge(null, 0);
	pid = process_spawn(argv, null, null, null);
	close(null);
	gild_await_stats(gild, "it records", is_recording, &is_on);
	return pid;
}

static int
reap(pid_t pid)
{
	int status;

	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	return status;
}

static void
run_short_job(void)
{
	struct peer *peer = peer_connect(gild);

	json_decref(peer_call(peer, "job.submit", "{s:s, s:i, s:i}", "pool",
	    "threads", "count", 1000, "workers", 2));
	peer_close(peer);
}

/* Ctrl-C is how a recording without an end ends; else it is an interruption. */
START_TEST(an_interrupted_recording_is_written)
{
	static const char *const options[][2] = {
	    {NULL, NULL}, {"--for", "3600s"}, {"--run", "1e15"}};
	bool is_off = false;

	start(NULL);
	for (size_t i = 0; i < COUNT(options); i++) {
		pid_t pid = start_trace(options[i][0], options[i][1]);
		json_t *file;
		char *text;
		int status;

		run_short_job();
		ck_assert_int_eq(kill(pid, SIGINT), 0);
		status = reap(pid);
		if (i == 0) {
			ck_assert(WIFEXITED(status));
			ck_assert_int_eq(WEXITSTATUS(status), 0);
		} else {
			ck_assert(WIFSIGNALED(status));
			ck_assert_int_eq(WTERMSIG(status), SIGINT);
		}
		text = read_file(json_path);
		file = read_json(text);
		ck_assert_int_gt(sum_slices(file, "running"), 0);
		json_decref(file);
		free(text);
		ck_assert_int_eq(unlink(json_path), 0);
		gild_await_stats(gild, "events are off", is_recording, &is_off);
		gild_await_idle(gild);
	}
	gild_stop(gild);
}
END_TEST

/* As "gilctl trace ... 2>&1 | head -1": its messages, and then its output. */
START_TEST(a_reader_that_leaves_is_an_interruption)
{
	bool is_off = false;

	start(NULL);
	for (int i = 0; i < 2; i++) {
		const char *argv[] = {"gilctl", "trace", "-p", "threads", "-o",
		    "-", "--run", i == 0 ? "1e15" : "10", NULL};
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		int pipe_fds[2], status;

		ck_assert_int_ge(null, 0);
		ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
		close(pipe_fds[0]);
		status = reap(process_spawn(argv, null,
		    i == 0 ? null : pipe_fds[1], i == 0 ? pipe_fds[1] : null));
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), SIGPIPE);
		close(pipe_fds[1]);
		close(null);
		gild_await_stats(gild, "events are off", is_recording, &is_off);
		gild_await_idle(gild);
	}
	gild_stop(gild);
}
END_TEST

/* --- what goes wrong --- */

START_TEST(nothing_happened)
{
	struct run *run;

	start(NULL);
	run = run_program(NULL, "gilctl", "trace", "-p", "threads", "--for",
	    "50ms", "-o", svg_path, NULL);
	expect_exit(run, 1);
	expect_says(run->err, "nothing happened");
	ck_assert_int_eq(access(svg_path, F_OK), -1);
	expect_events(false);
	gild_stop(gild);
}
END_TEST

START_TEST(wrong_command_lines_are_2)
{
	static const char *const lines[][6] = {
	    {"-p", "threads"},
	    {"-o", "x.svg"},
	    {"-p", "threads", "-o", "x.png"},
	    {"-p", "Threads", "-o", "x.svg"},
	    {"-p", "threads", "-o", "x.svg", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"-o", "x.svg", "no-job"},
	    {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "-o", "x.svg", "--for", "1s"},
	    {"-p", "threads", "-o", "x.svg", "--for", "1"},
	    {"-p", "threads", "-o", "x.svg", "--run", "0"},
	    {"-p", "threads", "-o", "-", "--json"},
	};

	start(NULL);
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct run *run = run_program(NULL, "gilctl", "trace",
		    lines[i][0], lines[i][1], lines[i][2], lines[i][3],
		    lines[i][4], lines[i][5], NULL);

		expect_exit(run, 2);
		expect_says(run->err, "gilctl: trace: ");
	}
	gild_stop(gild);
}
END_TEST

START_TEST(pools_without_a_lock_are_4)
{
	struct run *run;

	start(NULL);
	run = run_program(
	    NULL, "gilctl", "trace", "-p", "processes", "-o", svg_path, NULL);
	expect_exit(run, 4);
	expect_says(run->err, "no lock to record");
	run = run_program(
	    NULL, "gilctl", "trace", "-p", "nobody", "-o", svg_path, NULL);
	expect_exit(run, 4);
	expect_says(run->err, "there is no pool \"nobody\"");
	ck_assert_int_eq(access(svg_path, F_OK), -1);
	gild_stop(gild);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_1)
{
	struct run *run;
	char path[300];

	start(NULL);
	run = run_program(NULL, "gilctl", "trace", "-p", "threads", "--run",
	    "10", "-o", "/no/such/folder/t.svg", NULL);
	expect_exit(run, 1);
	expect_says(run->err, "cannot write /no/such/folder/t.svg: No such");
	/* A full disk. */
	snprintf(path, sizeof(path), "%s/full.json", scratch_dir());
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	run = run_program(NULL, "gilctl", "trace", "-p", "threads", "--run",
	    "10", "-o", path, NULL);
	expect_exit(run, 1);
	expect_says(run->err, "No space left on device");
	expect_events(false);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_job_is_run_and_drawn,
	    slices_are_what_the_record_says,
	    what_is_kept_of_a_job,
	    an_interrupted_recording_is_written,
	    a_reader_that_leaves_is_an_interruption,
	    nothing_happened,
	    wrong_command_lines_are_2,
	    pools_without_a_lock_are_4,
	    a_file_that_cannot_be_written_is_1,
	};

	return run_suite("gilctl_trace", tests, COUNT(tests));
}
