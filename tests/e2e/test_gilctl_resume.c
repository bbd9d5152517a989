/*
 * gilctl submit of jobs with a key, given or made up: one job, over the end of
 * gilctl and of gild; and streams of them.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
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
#define SLEEPING_LINE                                                    \
	"{\"count\":1000000000000000,\"profile\":\"io\",\"io_every\":1," \
	"\"io_for_us\":10000000"

static struct gild *gild;

/* Cancels the job whose key begins so, which is not to have ended. */
static void
cancel_it(const char *key)
{
	json_t *json = stored_job("--key", key);

	expect_exit(
	    run_program(NULL, "gilctl", "cancel", text_at(json, "job"), NULL),
	    0);
	json_decref(json);
}

/* --- keys --- */

START_TEST(a_key_stands_for_one_job)
{
	struct run *run;
	const char *job;
	json_t *json;

	gild = storing_start_for_gilctl(NULL);
	job = stored_id(run_program(
	    NULL, "gilctl", "submit", "-d", "--key", "k", "20k", NULL));
	ck_assert_str_eq(stored_id(run_program(NULL, "gilctl", "submit", "-d",
			     "--key", "k", "20k", NULL)),
	    job);
	gild_kill(gild);
	gild = storing_start_for_gilctl(NULL);
	json = one_line(run_program(
	    NULL, "gilctl", "submit", "--key", "k", "--json", "20k", NULL));
	ck_assert_str_eq(text_at(json, "job"), job);
	ck_assert_str_eq(text_at(json, "state"), "done");
	json_decref(json);
	run = run_program(NULL, "gilctl", "submit", "--key", "k", "30k", NULL);
	expect_exit(run, 4);
	expect_says(run->err, job);
	gild_stop(gild);
}
END_TEST

static void
resume_over(const char *option, const char *value)
{
	struct client *client;
	struct run *run;
	json_t *json;

	gild = storing_start_for_gilctl(NULL);
	client =
	    client_start("submit", "--json", SLEEPING, option, value, NULL);
	stored_await_state(value != NULL ? value : "0", "running");
	gild_kill(gild);
	gild = storing_start_for_gilctl(NULL);
	client_await(client, "trying again for 30 s");
	json = stored_job("--state", "unfinished");
	run = run_program(NULL, "gilctl", "cancel", text_at(json, "job"), NULL);
	expect_exit(run, 0);
	json_decref(json);
	client_expect_exit(client, 1);
	expect_says(client->said, "\"state\":\"cancelled\"");
	/* It was one job all the time. */
	json_decref(stored_job("--state", "ended"));
	gild_stop(gild);
}

START_TEST(a_waiting_submit_outlives_its_server)
{
	resume_over("--key", "k");
}
END_TEST

START_TEST(a_key_may_be_made_up)
{
	resume_over("--resume", NULL);
}
END_TEST

START_TEST(ctrl_c_cancels_what_nobody_else_knows)
{
	struct client *client;
	json_t *json;
	int status;

	gild = storing_start_for_gilctl(NULL);
	client = client_start("submit", "--resume", SLEEPING, NULL);
	stored_await_state("0", "running");
	ck_assert_int_eq(kill(client->pid, SIGINT), 0);
	status = client_end(client);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	json = stored_job("--state", "ended");
	ck_assert_str_eq(text_at(json, "state"), "cancelled");
	json_decref(json);
	gild_stop(gild);
}
END_TEST

START_TEST(ctrl_c_leaves_what_has_a_key)
{
	struct client *client;
	int status;

	gild = storing_start_for_gilctl(NULL);
	client = client_start("submit", "--key", "k", SLEEPING, NULL);
	stored_await_state("k", "running");
	ck_assert_int_eq(kill(client->pid, SIGINT), 0);
	status = client_end(client);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	expect_says(client->said, "the job with the key \"k\" goes on");
	cancel_it("k");
	gild_stop(gild);
}
END_TEST

/* --- streams --- */

START_TEST(a_stream_outlives_its_server)
{
	struct client *client;

	gild = storing_start_for_gilctl(NULL);
	client = client_start("submit", "--resume", "-", NULL);
	client_say(client, "{\"count\":1000}\n");
	client_await(client, "{\"line\":1,\"result\":");
	client_say(client, SLEEPING_LINE ",\"key\":\"k\"}\n");
	stored_await_state("k", "running");
	gild_kill(gild);
	gild = storing_start_for_gilctl(NULL);
	client_say(client, "{\"count\":1000}\n");
	client_half_close(client);
	client_await(client, "{\"line\":3,\"result\":");
	cancel_it("k");
	client_expect_exit(client, 1);
	expect_says(client->said, "{\"line\":2,\"result\":");
	gild_stop(gild);
}
END_TEST

START_TEST(ctrl_c_leaves_the_lines_that_have_a_key)
{
	struct client *client;
	int status;

	gild = storing_start_for_gilctl(NULL);
	client = client_start("submit", "-", NULL);
	client_say(client, SLEEPING_LINE ",\"key\":\"k\"}\n");
	stored_await_state("k", "running");
	ck_assert_int_eq(kill(client->pid, SIGINT), 0);
	status = client_end(client);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	expect_says(client->said, "1 job with a key goes on");
	cancel_it("k");
	gild_stop(gild);
}
END_TEST

START_TEST(a_line_without_a_key_is_lost_with_its_server)
{
	struct client *client;

	gild = storing_start_for_gilctl(
	    "-o", "frontends=1", "-o", "record=all", NULL);
	client = client_start("submit", "-", NULL);
	client_say(client, "{\"count\":1000,\"key\":\"k\"}\n");
	client_await(client, "{\"line\":1,\"result\":");
	client_say(client, SLEEPING_LINE "}\n");
	client_say(client, "{\"count\":1000}\n");
	client_await(client, "{\"line\":3,\"result\":");
	gild_signal(gild, SIGKILL);
	client_expect_exit(client, 3);
	expect_says(client->said,
	    "1 line had no answer, the first of them "
	    "line 2");
	gild_wait_exit(gild);
}
END_TEST

START_TEST(a_stream_may_detach)
{
	struct run *run;

	gild = storing_start_for_gilctl(NULL);
	run =
	    run_program("{\"count\":1000}\n{\"count\":2000,\"detach\":false}\n",
		"gilctl", "submit", "-d", "-", NULL);
	expect_exit(run, 0);
	expect_says(run->out, "\"created\":true");
	expect_says(run->out, "\"state\":\"done\"");
	ck_assert_uint_eq(count_lines(run->out), 2);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_key_stands_for_one_job,
	    a_waiting_submit_outlives_its_server,
	    a_key_may_be_made_up,
	    ctrl_c_cancels_what_nobody_else_knows,
	    ctrl_c_leaves_what_has_a_key,
	    a_stream_outlives_its_server,
	    ctrl_c_leaves_the_lines_that_have_a_key,
	    a_line_without_a_key_is_lost_with_its_server,
	    a_stream_may_detach,
	};

	return run_suite("gilctl_resume", tests, COUNT(tests));
}
