/*
 * gilctl and jobs that outlive it: detached ones, those with a key, their
 * results and their history, over the end of gilctl and of gild.
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
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

/* A job without an end, which sleeps all the time: options and a count. */
#define SLEEPING \
	"--profile", "io", "--io-every", "1", "--io-for", "10000000", "1e15"
#define ID_CHARS ((size_t)JOB_ID_CHARS)

static struct gild *gild;

static const char *
detach_sleeping_one(void)
{
	return stored_id(
	    run_program(NULL, "gilctl", "submit", "--detach", SLEEPING, NULL));
}

/* It keeps the history of all jobs. With several frontends a test would have to
 * submit jobs in order to find each. */
static struct gild *
start_recording(void)
{
	return storing_start_for_gilctl(
	    "-o", "frontends=1", "-o", "record=all", NULL);
}

/* --- detach and collect --- */

START_TEST(a_detached_job_is_collected_after_a_restart)
{
	const char *job;
	struct run *run;
	json_t *json;

	gild = storing_start_for_gilctl(NULL);
	job = stored_detach("20k");
	gild_stop(gild);
	gild = storing_start_for_gilctl(NULL);
	json = one_line(
	    run_program(NULL, "gilctl", "collect", "--json", job, NULL));
	ck_assert_str_eq(text_at(json, "job"), job);
	ck_assert_str_eq(text_at(json, "state"), "done");
	ck_assert_int_eq(int_at(json, "count"), 20000);
	json_decref(json);
	json = stored_job("--state", "ended");
	ck_assert(json_is_true(value_at(json, "collected")));
	json_decref(json);
	/* It is not there for all any more, but for who asks for it. */
	run = run_program(NULL, "gilctl", "collect", "--all", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "no job whose result has not been collected");
	run = run_program(NULL, "gilctl", "collect", job, NULL);
	expect_exit(run, 0);
	expect_says(run->out, "done: countdown from 20,000, pool processes\n");
	gild_stop(gild);
}
END_TEST

START_TEST(all_are_collected_once_after_a_crash)
{
	enum { N_JOBS = 300 };
	struct run *run;
	size_t n = 0;

	gild = storing_start_for_gilctl(NULL);
	run = run_program(NULL, "gilctl", "submit", "--detach", "--repeat",
	    "300", "--cost", "1000", "1k", NULL);
	expect_exit(run, 0);
	ck_assert_uint_eq(strlen(run->out), N_JOBS * (ID_CHARS + 1));
	gild_kill(gild);
	gild = storing_start_for_gilctl(NULL);
	run = run_program(NULL, "gilctl", "collect", "--all", "--csv", NULL);
	expect_exit(run, 0);
	ck_assert_int_eq(strncmp(run->out, "job,state,pool,count,", 21), 0);
	ck_assert_uint_eq(count_lines(run->out), N_JOBS + 1);
	for (const char *at = run->out; (at = strstr(at, ",done,")) != NULL;
	     at++)
		n++;
	ck_assert_uint_eq(n, N_JOBS);
	run = run_program(NULL, "gilctl", "collect", "--all", "--json", NULL);
	expect_exit(run, 0);
	ck_assert_str_eq(run->out, "");
	gild_stop(gild);
}
END_TEST

/* Beside the one that asks. */
static bool
a_client_is_connected(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "connections.open") > 1;
}

START_TEST(collect_waits_through_a_restart)
{
	struct client *client;
	const char *job;

	gild = storing_start_for_gilctl(NULL);
	job = stored_id(run_program(
	    NULL, "gilctl", "submit", "-d", "--key", "k", SLEEPING, NULL));
	client = client_start("collect", "--json", job, NULL);
	stored_await_state("k", "running");
	gild_await_stats(
	    gild, "collect is connected", a_client_is_connected, NULL);
	gild_kill(gild);
	gild = storing_start_for_gilctl(NULL);
	client_await(client, "trying again for 30 s");
	expect_exit(run_program(NULL, "gilctl", "cancel", job, NULL), 0);
	client_expect_exit(client, 1);
	expect_says(client->said, "\"state\":\"cancelled\"");
	gild_stop(gild);
}
END_TEST

/* With room for two calls at a time, and two jobs that do not end. */
START_TEST(collect_asks_for_no_more_than_there_is_room_for)
{
	const char *first, *last;
	struct run *run;

	gild = storing_start_for_gilctl("-o", "max_in_flight=2", NULL);
	first = detach_sleeping_one();
	expect_exit(run_program(NULL, "gilctl", "submit", "-d", "--repeat",
			"20", "1k", NULL),
	    0);
	last = detach_sleeping_one();
	run = run_program(
	    NULL, "gilctl", "collect", "--all", "--timeout", "500", NULL);
	expect_exit(run, 5);
	expect_says(run->err, "2 of 22 jobs have not ended in 500 ms\n");
	expect_says(run->out, "20 jobs: 20 done.");
	expect_exit(
	    run_program(NULL, "gilctl", "cancel", first, last, NULL), 0);
	gild_stop(gild);
}
END_TEST

START_TEST(what_was_not_written_is_not_collected)
{
	const char *job, *argv[] = {"gilctl", "collect", "--all", NULL};
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status;
	json_t *json;
	pid_t pid;

	ck_assert_int_ge(full, 0);
	gild = storing_start_for_gilctl(NULL);
	job = stored_detach("1k");
	pid = process_spawn(argv, null, full, null);
	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	/* Nor where it is to be kept. */
	expect_exit(
	    run_program(NULL, "gilctl", "collect", "--keep", job, NULL), 0);
	json = stored_job("--state", "done");
	ck_assert(json_is_false(value_at(json, "collected")));
	json_decref(json);
	close(full);
	close(null);
	gild_stop(gild);
}
END_TEST

START_TEST(collect_may_be_tired_of_waiting)
{
	const char *fast, *slow;
	struct run *run;

	gild = storing_start_for_gilctl(NULL);
	fast = stored_detach("1k");
	expect_exit(
	    run_program(NULL, "gilctl", "collect", fast, "--keep", NULL), 0);
	slow = detach_sleeping_one();
	run = run_program(
	    NULL, "gilctl", "collect", "--all", "--timeout", "0", NULL);
	expect_exit(run, 5);
	expect_says(run->out, fast);
	expect_says(run->out, "1 job: 1 done.");
	expect_says(run->err, "1 of 2 jobs has not ended yet");
	run = run_program(NULL, "gilctl", "collect",
	    "01ARZ3NDEKTSV4RRFFQ69G5FAV", slow, "--timeout", "1", NULL);
	expect_exit(run, 5);
	expect_says(run->err, "job 01ARZ3NDEKTSV4RRFFQ69G5FAV: ");
	expect_exit(run_program(NULL, "gilctl", "cancel", slow, NULL), 0);
	gild_stop(gild);
}
END_TEST

/* --- list, history, cancel --- */

START_TEST(jobs_are_found_by_what_they_are)
{
	struct run *run;
	const char *job;

	gild = start_recording();
	for (int i = 0; i < 3; i++)
		expect_exit(
		    run_program(NULL, "gilctl", "submit", "1k", NULL), 0);
	expect_exit(run_program(NULL, "gilctl", "submit", "-p", "threads", "-w",
			"2", "--key", "night/1", "1k", NULL),
	    0);
	job = stored_id(run_program(NULL, "gilctl", "submit", "-d", "--key",
	    "night/2", "--priority", "9", SLEEPING, NULL));
	stored_await_count(5);
	ck_assert_uint_eq(stored_count("-n", "2"), 2);
	ck_assert_uint_eq(stored_count("--state", "ended"), 4);
	ck_assert_uint_eq(stored_count("--state", "unfinished"), 1);
	ck_assert_uint_eq(stored_count("-p", "threads"), 1);
	ck_assert_uint_eq(stored_count("--key", "night/"), 2);
	ck_assert_uint_eq(stored_count("--since", "1h"), 5);
	ck_assert_uint_eq(stored_count("--until", "1h"), 0);
	run = run_program(NULL, "gilctl", "list", "--newest", "-n", "1", NULL);
	expect_exit(run, 0);
	expect_says(run->out, job);
	expect_says(run->out, "night/2");
	expect_says(run->out, "There are more: -n 0 lists all.");
	run = run_program(NULL, "gilctl", "list", "--state", "lost", NULL);
	expect_exit(run, 2);
	run = run_program(NULL, "gilctl", "list", "--since", "soon", NULL);
	expect_exit(run, 2);
	expect_says(run->err, "--since: \"soon\" is no time");
	expect_exit(run_program(NULL, "gilctl", "cancel", job, NULL), 0);
	gild_stop(gild);
}
END_TEST

START_TEST(pages_are_put_together)
{
	struct run *run;

	gild = storing_start_for_gilctl(NULL);
	expect_exit(run_program(NULL, "gilctl", "submit", "-d", "--repeat",
			"1100", "1", NULL),
	    0);
	ck_assert_uint_eq(stored_count("-n", "0"), 1100);
	ck_assert_uint_eq(stored_count("-n", "1050"), 1050);
	run = run_program(NULL, "gilctl", "collect", "--all", "--json", NULL);
	expect_exit(run, 0);
	ck_assert_uint_eq(count_lines(run->out), 1100);
	gild_stop(gild);
}
END_TEST

START_TEST(history_is_summed_up_and_drawn)
{
	char path[160];
	struct run *run;
	char *picture;

	gild = start_recording();
	run = run_program(NULL, "gilctl", "history", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "0 jobs.");
	expect_exit(
	    run_program(NULL, "gilctl", "submit", "--repeat", "5", "20k", NULL),
	    0);
	stored_await_count(5);
	snprintf(path, sizeof(path), "%s/history.svg", scratch_dir());
	run = run_program(NULL, "gilctl", "history", "-o", path, NULL);
	expect_exit(run, 0);
	expect_says(run->out, "  processes     5         0  ");
	expect_says(run->out, "Wall time of jobs that were done");
	expect_says(run->out, "5 jobs: 5 done.");
	picture = read_file(path);
	expect_says(picture, "<svg");
	free(picture);
	run = run_program(NULL, "gilctl", "history", "--csv", NULL);
	ck_assert_uint_eq(count_lines(run->out), 6);
	run =
	    run_program(NULL, "gilctl", "history", "--state", "running", NULL);
	expect_exit(run, 2);
	gild_stop(gild);
}
END_TEST

START_TEST(several_are_cancelled)
{
	const char *first, *second;
	struct run *run;

	gild = storing_start_for_gilctl(NULL);
	first = detach_sleeping_one();
	second = detach_sleeping_one();
	run = run_program(NULL, "gilctl", "cancel", first, second, NULL);
	expect_exit(run, 0);
	expect_says(run->out, first);
	expect_says(run->out, second);
	/* Whoever comes too late is told so. */
	run = run_program(NULL, "gilctl", "cancel", first, NULL);
	expect_exit(run, 4);
	expect_says(run->err, "ended");
	expect_says(run->err, "cancelled");
	run = run_program(NULL, "gilctl", "collect", first, NULL);
	expect_exit(run, 1);
	expect_says(run->out, "cancelled: countdown from");
	gild_stop(gild);
}
END_TEST

START_TEST(without_a_store_it_is_refused)
{
	struct run *run;

	gild = client_start_gild(NULL);
	run = run_program(NULL, "gilctl", "submit", "-d", "1k", NULL);
	expect_exit(run, 4);
	expect_says(run->err, "gilctl: submit: the server refused: ");
	run = run_program(NULL, "gilctl", "submit", "--resume", "1k", NULL);
	expect_exit(run, 4);
	gild_stop(gild);
}
END_TEST

START_TEST(a_wrong_command_line_is_2)
{
	static const char *const lines[][4] = {
	    {"collect"},
	    {"collect", "--all", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"collect", "job"},
	    {"collect", "--key", "k", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"cancel"},
	    {"cancel", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "job"},
	    {"submit", "--key", "", "1k"},
	    {"submit", "--key", "\xff", "1k"},
	    {"list", "--key", "\xc3"},
	    {"submit", "--priority", "10", "1k"},
	    {"submit", "--key", "k", "-"},
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		expect_exit(run_program(NULL, "gilctl", lines[i][0],
				lines[i][1], lines[i][2], lines[i][3], NULL),
		    2);
	expect_exit(run_program(NULL, "gilctl", "submit", "--key", "k",
			"--repeat", "2", "1k", NULL),
	    2);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_detached_job_is_collected_after_a_restart,
	    all_are_collected_once_after_a_crash,
	    collect_waits_through_a_restart,
	    collect_asks_for_no_more_than_there_is_room_for,
	    what_was_not_written_is_not_collected,
	    collect_may_be_tired_of_waiting,
	    jobs_are_found_by_what_they_are,
	    pages_are_put_together,
	    history_is_summed_up_and_drawn,
	    several_are_cancelled,
	    without_a_store_it_is_refused,
	    a_wrong_command_line_is_2,
	};

	return run_suite("gilctl_store", tests, COUNT(tests));
}
