/*
 * The experiments against a real gild: compare, sweep and convoy. Shapes, sums
 * and what is left behind; how long anything takes is no business of a test.
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

/* A gild with pools for all arms, found through the environment. */
static void
start(void)
{
	gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.hold.kind=threads", "-o", "pool.hold.policy=hold", "-o",
	    "pool.free.kind=threads", "-o", "pool.free.locks=0", "-o",
	    "pool.ticks.kind=threads", "-o", "pool.ticks.policy=ticks", NULL);
	client_use(gild->address);
}

/* The switch interval of the pool threads, as it is now. */
static int64_t
interval_us(struct peer *peer)
{
	json_t *result = peer_call(peer, "pool.list", NULL);
	int64_t us = int_at(pool_of(result, "threads"), "lock.interval_us");

	json_decref(result);
	ck_assert_int_gt(us, 0);
	return us;
}

static void
expect_names(const json_t *rows, const char *const names[], size_t n)
{
	ck_assert_uint_eq(json_array_size(rows), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(
		    text_at(json_array_get(rows, i), "name"), names[i]);
}

/* A split has all parts, none below 0, and what ran is in it. */
static void
expect_split(const json_t *row, int64_t min_run_ns)
{
	json_t *split = value_at(row, "split");
	const char *name;
	json_t *part;

	ck_assert_uint_eq(json_object_size(split), 10);
	json_object_foreach (split, name, part)
		ck_assert_int_ge(json_integer_value(part), 0);
	ck_assert_int_ge(int_at(split, "run_ns"), min_run_ns);
}

START_TEST(a_comparison_is_made)
{
	static const char *const names[] = {
	    "sequential", "threads", "processes"};
	struct run *run;
	json_t *json;

	gild = client_start_gild(NULL);
	json =
	    one_line(run_program(NULL, "gilctl", "--json", "compare", "-w", "3",
		"--cost", "10", "--rounds", "2", "--seed", "42", "200k", NULL));
	ck_assert_int_eq(int_at(json, "count"), 200000);
	ck_assert_int_eq(int_at(json, "workers"), 3);
	ck_assert_int_eq(int_at(json, "cost_ns"), 10);
	ck_assert_int_eq(int_at(json, "rounds"), 2);
	ck_assert_int_eq(int_at(json, "seed"), 42);
	ck_assert(json_is_real(value_at(json, "noise_floor")));
	ck_assert_uint_eq(json_array_size(value_at(json, "rows")), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *row = json_array_get(value_at(json, "rows"), i);

		ck_assert_str_eq(text_at(row, "name"), names[i]);
		ck_assert_int_eq(int_at(row, "workers"), i == 0 ? 1 : 3);
		ck_assert_int_gt(int_at(row, "wall_ns.min"), 0);
		ck_assert_int_ge(
		    int_at(row, "wall_ns.median"), int_at(row, "wall_ns.min"));
		ck_assert_int_ge(
		    int_at(row, "wall_ns.max"), int_at(row, "wall_ns.median"));
		ck_assert_int_gt(int_at(row, "cpu_ns"), 0);
		ck_assert(json_is_real(value_at(row, "speedup")));
	}
	ck_assert_int_gt(int_at(json, "rows.1.lock_wait_ns"), 0);
	ck_assert_int_eq(int_at(json, "rows.2.lock_wait_ns"), 0);
	json_decref(json);
	run = run_program(
	    NULL, "gilctl", "compare", "--rounds", "1", "100k", NULL);
	expect_exit(run, 0);
	expect_says(run->out,
	    "Countdown from 100,000 in 2 parts, 15 ns a turn\n"
	    "gild ");
	expect_says(run->out, ", 1 round, interleaved\n\n");
	expect_says(run->out, "\n  threads, one lock  ");
	expect_says(run->out, "wo processes");
	expect_says(run->out, "(Noise: the same job twice differs by ");
	ck_assert_str_eq(run->err, "");
	/* It fits in 80 columns; the locale C has no blocks. */
	for (const char *line = run->out; *line != '\0';
	     line += strcspn(line, "\n") + 1)
		ck_assert_uint_lt(strcspn(line, "\n"), 80);
	gild_stop(gild);
}
END_TEST

START_TEST(a_comparison_takes_all_that_the_server_has)
{
	static const char *const rows[] = {
	    "sequential", "threads", "free", "processes"};
	static const char *const controls[] = {"hold", "io_alone", "io"};
	json_t *json;

	start();
	json = one_line(run_program(NULL, "gilctl", "--json", "compare",
	    "--rounds", "2", "--seed", "7", "300k", NULL));
	expect_names(value_at(json, "rows"), rows, COUNT(rows));
	expect_names(value_at(json, "controls"), controls, COUNT(controls));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const json_t *row = json_array_get(value_at(json, "rows"), i);

		expect_split(row, 1);
		ck_assert_str_eq(text_at(row, "over"), "sequential");
	}
	/* In turn or not: while one holds it, the other waits. */
	ck_assert_int_gt(int_at(json, "controls.0.lock_wait_ns"), 0);
	ck_assert_int_eq(int_at(json, "controls.0.switches"), 0);
	ck_assert_str_eq(text_at(json, "controls.2.over"), "io_alone");
	/* 2 rounds, 48 naps of 2 ms. */
	ck_assert_int_ge(int_at(json, "controls.1.split.io_ns"), 192000000);
	ck_assert_int_ge(int_at(json, "controls.2.split.io_ns"), 192000000);
	ck_assert_int_eq(int_at(json, "seed"), 7);
	ck_assert(json_is_array(value_at(json, "weather.disturbances")));
	ck_assert_uint_gt(json_array_size(value_at(json, "verdict")), 0);
	json_decref(json);
	gild_stop(gild);
}
END_TEST

START_TEST(arms_and_pools_are_chosen)
{
	static const char *const arms[] = {"sequential", "native", "ticks"};
	static const char *const pools[] = {
	    "sequential", "hold", "free", "threads"};
	static const char *const controls[] = {"hold"};
	struct run *run;
	json_t *json;

	start();
	json = one_line(run_program(NULL, "gilctl", "--json", "compare",
	    "--rounds", "1", "--arms", "native,ticks,hold", "100k", NULL));
	expect_names(value_at(json, "rows"), arms, COUNT(arms));
	expect_names(value_at(json, "controls"), controls, 1);
	ck_assert_int_gt(int_at(json, "rows.1.split.native_ns"), 0);
	json_decref(json);
	json = one_line(run_program(NULL, "gilctl", "--json", "compare",
	    "--rounds", "1", "--pools", "hold,free,threads", "100k", NULL));
	expect_names(value_at(json, "rows"), pools, COUNT(pools));
	ck_assert_uint_eq(json_array_size(value_at(json, "controls")), 0);
	json_decref(json);
	run = run_program(NULL, "gilctl", "compare", "--pools", "nobody", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "the server has no pool \"nobody\"");
	run = run_program(NULL, "gilctl", "compare", "--arms", "fair", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "no pool for the arm fair");
	run = run_program(NULL, "gilctl", "compare", "--arms", "thread", NULL);
	expect_exit(run, 2);
	expect_says(run->err, "no arm is called \"thread\"");
	run =
	    run_program(NULL, "gilctl", "compare", "--arms", "threads,", NULL);
	expect_exit(run, 2);
	gild_stop(gild);
}
END_TEST

START_TEST(a_missing_control_is_named)
{
	struct run *run;

	gild = client_start_gild(NULL);
	run = run_program(
	    NULL, "gilctl", "compare", "--rounds", "1", "100k", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "the server has no pool");
	expect_says(run->out, "control: sleeping");
	gild_stop(gild);
}
END_TEST

START_TEST(workers_are_swept)
{
	char path[256];
	char *picture;
	struct run *run;
	json_t *json;

	start();
	snprintf(path, sizeof(path), "%s/sweep.svg", scratch_dir());
	json = one_line(run_program(NULL, "gilctl", "--json", "sweep",
	    "--workers", "1..3,5", "-n", "50k", "--rounds", "2", "-p",
	    "threads,free", "-o", path, NULL));
	ck_assert_str_eq(text_at(json, "sweep"), "workers");
	ck_assert_uint_eq(json_array_size(value_at(json, "pools")), 2);
	ck_assert_str_eq(text_at(json, "pools.1.pool"), "free");
	ck_assert_uint_eq(json_array_size(value_at(json, "pools.1.points")), 4);
	ck_assert_int_eq(int_at(json, "pools.1.points.3.workers"), 5);
	ck_assert(json_is_real(value_at(json, "pools.0.points.0.speedup.low")));
	json_decref(json);
	picture = read_file(path);
	expect_says(picture, "<svg");
	expect_says(picture, "</svg>");
	free(picture);
	/* Two points are too few for a law, so there is no table of laws. */
	run = run_program(NULL, "gilctl", "sweep", "--workers", "1..2", "-n",
	    "50k", "--rounds", "1", "-p", "threads", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "no law is fitted");
	ck_assert_ptr_null(strstr(run->out, "peak at"));
	expect_exit(run_program(NULL, "gilctl", "sweep", NULL), 2);
	expect_exit(run_program(NULL, "gilctl", "sweep", "--workers", "1..2",
			"--interval", "5ms", NULL),
	    2);
	expect_exit(
	    run_program(NULL, "gilctl", "sweep", "--workers", "2..1", NULL), 2);
	expect_exit(run_program(NULL, "gilctl", "sweep", "--workers", "1,2",
			"-p", "threads,nobody", NULL),
	    4);
	gild_stop(gild);
}
END_TEST

START_TEST(intervals_are_swept_and_set_back)
{
	struct peer *peer;
	struct run *run;
	json_t *json;

	start();
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "threads",
	    "interval_us", 7000));
	json = one_line(run_program(NULL, "gilctl", "--json", "sweep",
	    "--interval", "1ms,200us", "--for", "50", "--rounds", "1", NULL));
	ck_assert_str_eq(text_at(json, "sweep"), "interval");
	ck_assert_str_eq(text_at(json, "pool"), "threads");
	ck_assert_uint_eq(json_array_size(value_at(json, "points")), 2);
	ck_assert_int_eq(int_at(json, "points.0.interval_us"), 200);
	ck_assert_int_eq(int_at(json, "points.1.interval_us"), 1000);
	ck_assert(json_is_object(value_at(json, "points.0.turns_per_s")));
	json_decref(json);
	ck_assert_int_eq(interval_us(peer), 7000);
	run = run_program(
	    NULL, "gilctl", "sweep", "--interval", "1ms", "--cpu", "3", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "the pool threads has 3 threads");
	run = run_program(
	    NULL, "gilctl", "sweep", "--interval", "1ms", "-p", "hold", NULL);
	expect_exit(run, 4);
	expect_exit(
	    run_program(NULL, "gilctl", "sweep", "--interval", "5", NULL), 2);
	ck_assert_int_eq(interval_us(peer), 7000);
	gild_stop(gild);
}
END_TEST

static bool
none_runs(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.running") == 0 &&
	    int_at(stats, "jobs.cancelled") == 2;
}

static bool
two_run(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.running") == 2;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* Both jobs of it are cancelled, and the pool is as it was. */
START_TEST(who_is_interrupted_sets_the_interval_back)
{
	const char *argv[] = {
	    "gilctl", "sweep", "--interval", "1ms", "--for", "100000000", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct peer *peer;
	int status;
	pid_t pid;

	ck_assert_int_ne(null, -1);
	start();
	peer = peer_connect(gild);
	pid = process_spawn(argv, null, null, null);
	gild_await_stats(gild, "both jobs run", two_run, NULL);
	ck_assert_int_eq(interval_us(peer), 1000);
	ck_assert_int_eq(kill(pid, signals[_i]), 0);
	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), signals[_i]);
	ck_assert_int_eq(interval_us(peer), 5000);
	gild_await_stats(gild, "both are cancelled", none_runs, NULL);
	close(null);
	gild_stop(gild);
}
END_TEST

START_TEST(a_convoy_is_measured)
{
	struct run *run;
	json_t *json;
	int64_t blamed;

	start();
	json = one_line(run_program(NULL, "gilctl", "--json", "convoy", "--cpu",
	    "2", "--for", "200", "--rounds", "1", "--interval", "1ms,2ms",
	    NULL));
	/* Two intervals in threads, and the processes. */
	ck_assert_uint_eq(json_array_size(value_at(json, "lines")), 3);
	ck_assert_str_eq(text_at(json, "lines.0.pool"), "threads");
	ck_assert_int_eq(int_at(json, "lines.1.interval_us"), 2000);
	ck_assert_str_eq(text_at(json, "lines.2.pool"), "processes");
	ck_assert_uint_eq(json_array_size(value_at(json, "lines.0.points")), 3);
	ck_assert_double_gt(json_real_value(value_at(json,
				"lines.0.points.0.operations_per_s.median")),
	    0);
	ck_assert_double_gt(json_real_value(value_at(json,
				"lines.2.points.0.operations_per_s.median")),
	    0);
	ck_assert(
	    json_is_null(value_at(json, "lines.2.points.0.predicted_per_s")));
	/* Alone it waits for nobody; beside two it does, and for them. */
	ck_assert_uint_eq(
	    json_array_size(value_at(json, "lines.0.points.0.blame.tasks_ns")),
	    0);
	ck_assert_int_eq(int_at(json, "lines.0.points.0.blame.others_ns"), 0);
	blamed = int_at(json, "lines.0.points.2.blame.tasks_ns.0") +
	    int_at(json, "lines.0.points.2.blame.tasks_ns.1");
	ck_assert_int_gt(blamed, 0);
	ck_assert_int_eq(int_at(json, "lines.0.points.2.blame.others_ns"), 0);
	json_decref(json);
	/* Where nobody waits for a lock it is no lock that hinders. */
	json = one_line(run_program(NULL, "gilctl", "--json", "convoy", "-p",
	    "free", "--cpu", "1", "--for", "60", "--rounds", "1", NULL));
	ck_assert_int_eq(int_at(json, "lines.0.points.1.blame.tasks_ns.0"), 0);
	ck_assert_int_eq(int_at(json, "lines.0.points.1.blame.others_ns"), 0);
	json_decref(json);
	run = run_program(NULL, "gilctl", "convoy", "--cpu", "3", NULL);
	expect_exit(run, 4);
	expect_says(run->err,
	    "the pool threads has 3 executors; an io task beside 3 CPU-bound "
	    "ones needs 4");
	run = run_program(NULL, "gilctl", "convoy", "-p", "nobody", NULL);
	expect_exit(run, 4);
	expect_exit(run_program(NULL, "gilctl", "convoy", "-p", "hold",
			"--interval", "5ms", NULL),
	    4);
	expect_exit(
	    run_program(NULL, "gilctl", "convoy", "--interval", "x", NULL), 2);
	gild_stop(gild);
}
END_TEST

START_TEST(each_experiment_speaks_all_formats)
{
	static const struct {
		const char *argv[12];
		const char *title;
		size_t n_csv; /* lines, with the heading */
		const char *column;
	} experiments[] = {
	    {{"compare", "--rounds", "1", "100k"}, "Countdown from 100,000", 7,
		"speedup_low"},
	    {{"sweep", "--workers", "1,2", "-n", "20k", "--rounds", "1"},
		"Countdown from 20,000", 5, "turns_per_s_high"},
	    {{"sweep", "--interval", "1ms,2ms", "--for", "30", "--rounds", "1"},
		"The switch interval of the pool threads", 3, "p99_ns"},
	    {{"convoy", "--cpu", "1", "--for", "30", "--rounds", "1"},
		"The convoy", 0, "predicted_per_s"},
	};

	start();
	for (size_t i = 0; i < COUNT(experiments); i++) {
		const char *const *argv = experiments[i].argv;
		struct run *run;

#define RUN(format)                                                    \
	run_program(NULL, "gilctl", format, argv[0], argv[1], argv[2], \
	    argv[3], argv[4], argv[5], argv[6], argv[7], NULL)
		run = RUN("--csv");
		expect_exit(run, 0);
		expect_says(run->out, experiments[i].column);
		if (experiments[i].n_csv > 0)
			ck_assert_uint_eq(
			    count_lines(run->out), experiments[i].n_csv);
		run = RUN("--markdown");
		expect_exit(run, 0);
		ck_assert_ptr_eq(strstr(run->out, "### "), run->out);
		expect_says(run->out, experiments[i].title);
		expect_says(run->out, "\n| ");
		run = RUN("--connect-timeout=5000");
		expect_exit(run, 0);
		ck_assert_ptr_eq(
		    strstr(run->out, experiments[i].title), run->out);
		expect_says(run->out, "--seed ");
		for (const char *line = run->out; *line != '\0';
		     line += strcspn(line, "\n") + 1)
			ck_assert_msg(strcspn(line, "\n") < 80, "%zu: %.100s",
			    strcspn(line, "\n"), line);
#undef RUN
	}
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_comparison_is_made,
	    a_comparison_takes_all_that_the_server_has,
	    arms_and_pools_are_chosen,
	    a_missing_control_is_named,
	    workers_are_swept,
	    intervals_are_swept_and_set_back,
	    a_convoy_is_measured,
	    each_experiment_speaks_all_formats,
	};
	int status = run_suite("lab", tests, COUNT(tests));
	int interrupted = run_loop_suite("lab, interrupted",
	    who_is_interrupted_sets_the_interval_back, COUNT(signals));

	return status != EXIT_SUCCESS ? status : interrupted;
}
