/*
 * How a gilctl submit ends before its job: interrupted, or without its reader
 * or its server. No job is left to a gild that nobody waits for.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/client.h"
#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/terminal.h"

#define ENDLESS_TEXT "1000000000000000"

static bool
one_is_running(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.running") == 1;
}

static bool
one_is_cancelled(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.cancelled") == 1 &&
	    int_at(stats, "jobs.running") == 0;
}

/* gilctl submit of an endless job, by its operand or by a line of its input. */
struct submit {
	pid_t pid;
	int in, out;
};

/* One whose job runs. err is its standard error. */
static struct submit
start_endless(struct gild *gild, bool is_stream, int err)
{
	const char *argv[] = {
	    "gilctl", "submit", is_stream ? "-" : ENDLESS_TEXT, NULL};
	const char *line = "{\"count\":" ENDLESS_TEXT "}\n";
	struct submit submit;
	int in[2], out[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	submit = (struct submit){.in = in[1], .out = out[0]};
	submit.pid = process_spawn(argv, in[0], out[1], err);
	close(in[0]);
	close(out[1]);
	if (is_stream)
		ck_assert_int_eq(write(submit.in, line, strlen(line)),
		    (ssize_t)strlen(line));
	gild_await_stats(gild, "the job runs", one_is_running, NULL);
	return submit;
}

static void
expect_killed(pid_t pid, int signal_number)
{
	int status;

	ck_assert(process_reap(pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), signal_number);
}

static void
await_cancelled(struct gild *gild)
{
	gild_await_stats(gild, "it is cancelled", one_is_cancelled, NULL);
}

static const struct {
	int signal;
	bool is_stream;
} interruptions[] = {{SIGINT, false}, {SIGTERM, false}, {SIGHUP, true},
    {SIGINT, true}, {SIGKILL, false}, {SIGKILL, true}};

START_TEST(who_is_interrupted_leaves_no_job)
{
	for (size_t i = 0; i < COUNT(interruptions); i++) {
		struct gild *gild = client_start_gild(NULL);
		struct submit submit = start_endless(
		    gild, interruptions[i].is_stream, STDERR_FILENO);

		ck_assert_int_eq(kill(submit.pid, interruptions[i].signal), 0);
		expect_killed(submit.pid, interruptions[i].signal);
		await_cancelled(gild);
		close(submit.in);
		close(submit.out);
		gild_stop(gild);
	}
}
END_TEST

START_TEST(a_reader_that_leaves_ends_a_stream_quietly)
{
	struct gild *gild = client_start_gild(NULL);
	struct submit submit = start_endless(gild, true, STDERR_FILENO);

	/* Nothing is to be written yet; it notices all the same. */
	close(submit.out);
	expect_killed(submit.pid, SIGPIPE);
	await_cancelled(gild);
	close(submit.in);
	gild_stop(gild);
}
END_TEST

/* What gilctl submit says on standard error when its server is killed. */
static void
lose_server(bool is_stream, char *said, size_t size)
{
	struct gild *gild = client_start_gild(NULL);
	struct submit submit;
	int err[2], status;
	ssize_t got;

	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	submit = start_endless(gild, is_stream, err[1]);
	close(err[1]);
	gild_signal(gild, SIGKILL);
	ck_assert(process_reap(submit.pid, &status, now_ms() + deadline_ms()));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	got = read(err[0], said, size - 1);
	ck_assert_int_gt(got, 0);
	said[got] = '\0';
	close(err[0]);
	close(submit.in);
	close(submit.out);
	gild_wait_exit(gild);
}

START_TEST(a_server_that_dies_is_3)
{
	char said[512];

	lose_server(false, said, sizeof(said));
	expect_says(said, "gilctl: submit: lost the connection to ");
	lose_server(true, said, sizeof(said));
	expect_says(said, "1 line had no answer, the first of them line 1\n");
	expect_says(said, "gilctl: submit: lost the connection to ");
}
END_TEST

START_TEST(a_terminal_shows_a_bar_and_forgets_it)
{
	static struct terminal terminal;
	struct gild *gild = client_start_gild(NULL);
	const char *argv[] = {"gilctl", "submit", ENDLESS_TEXT, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	ck_assert_int_ne(null, -1);
	terminal_open(&terminal, 80);
	pid = process_spawn(argv, null, null, terminal.line);
	terminal_await(&terminal, "\r  running .....");
	terminal_await(&terminal, " turns, about ");
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	expect_killed(pid, SIGINT);
	terminal_forget(&terminal);
	terminal_await(&terminal, "\r\033[K");
	/* NO_COLOR holds: nothing but erasing. */
	ck_assert_ptr_null(strstr(terminal.shown, "\033[3"));
	terminal_close(&terminal);
	close(null);
	await_cancelled(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_is_interrupted_leaves_no_job,
	    a_reader_that_leaves_ends_a_stream_quietly,
	    a_server_that_dies_is_3,
	    a_terminal_shows_a_bar_and_forgets_it,
	};

	return run_suite("gilctl_ends", tests, COUNT(tests));
}
