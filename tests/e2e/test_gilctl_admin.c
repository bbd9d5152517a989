/*
 * gilctl reload, drain, shutdown against a daemon that this test plays: a
 * process with a Unix socket, which answers one request with what the test
 * wants and then lives on until it is told to end. Against a real gild, what it
 * says over TCP.
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

#define RESULT "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{%s}}\n"
#define ERROR                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":%d,"      \
	"\"message\":\"%s\",\"data\":{\"reason\":\"%s\",\"detail\":" \
	"\"%s\"}}}\n"
#define PID "<PID>"
#define LEFT "\"queued\":14,\"running\":2,\"drain_timeout_ns\":30000000000"

/* The daemon that is played. */
static struct {
	pid_t pid;
	int gate;	   /* its end: closing it lets the process end */
	char address[128]; /* unix:PATH */
	char answer[512];  /* PID stands for its pid */
	const char *method;
} fake;

static void __attribute__((noreturn)) serve(int listener, int gate)
{
	struct pollfd request = {.fd = listener, .events = POLLIN};
	char line[512] = "", answer[sizeof(fake.answer) + 16], byte;
	const char *mark;
	int fd;

	prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
	if (poll(&request, 1, deadline_ms()) != 1)
		_exit(1);
	fd = accept(listener, NULL, NULL);
	for (size_t n = 0; strchr(line, '\n') == NULL;) {
		ssize_t got = recv(fd, line + n, sizeof(line) - 1 - n, 0);

		if (got <= 0)
			_exit(2);
		n += (size_t)got;
	}
	if (strstr(line, fake.method) == NULL)
		_exit(3);
	mark = strstr(fake.answer, PID);
	if (mark != NULL)
		snprintf(answer, sizeof(answer), "%.*s%d%s",
		    (int)(mark - fake.answer), fake.answer, (int)getpid(),
		    mark + strlen(PID));
	else
		strcpy(answer, fake.answer);
	send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	close(fd);
	_exit(read(gate, &byte, 1) == 0 ? 0 : 4);
}

/* fake.answer holds the answer to this method. */
static void
start_fake(const char *method)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int gate[2];

	fake.method = method;
	ck_assert_int_eq(snprintf(name.sun_path, sizeof(name.sun_path), "%s/s",
			     scratch_dir()) < 100,
	    1);
	unlink(name.sun_path);
	snprintf(fake.address, sizeof(fake.address), "unix:%s", name.sun_path);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
	fake.pid = fork();
	ck_assert_int_ge(fake.pid, 0);
	if (fake.pid == 0) {
		close(gate[1]);
		serve(listener, gate[0]);
	}
	close(gate[0]);
	close(listener);
	fake.gate = gate[1];
	ck_assert_int_eq(setenv("GILD_SERVER", fake.address, 1), 0);
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
}

static void
end_fake(void)
{
	close(fake.gate);
}

/* It has ended, and done as it should. */
static void
reap_fake(void)
{
	int status;

	ck_assert(process_reap(fake.pid, &status, now_ms() + deadline_ms()));
	ck_assert_int_eq(status, 0);
}

/* --- reload --- */

static void
answer_reload(void)
{
	snprintf(fake.answer, sizeof(fake.answer), RESULT,
	    "\"generation\":3,\"addresses\":[\"127.0.0.1:4453\","
	    "\"unix:/run/gild/gild.sock\"]");
	start_fake("server.reload");
}

START_TEST(a_reload_says_what_serves)
{
	struct run *run;
	json_t *json;

	answer_reload();
	run = run_program(NULL, "gilctl", "reload", NULL);
	expect_exit(run, 0);
	ck_assert_str_eq(run->out,
	    "reloaded: generation 3 serves, listening on 127.0.0.1:4453, "
	    "unix:/run/gild/gild.sock\n");
	ck_assert_str_eq(run->err, "");
	end_fake();
	reap_fake();
	answer_reload();
	json = one_line(run_program(NULL, "gilctl", "reload", "--json", NULL));
	ck_assert_int_eq(int_at(json, "generation"), 3);
	json_decref(json);
	end_fake();
	reap_fake();
	answer_reload();
	run = run_program(NULL, "gilctl", "--csv", "reload", NULL);
	expect_exit(run, 0);
	ck_assert_str_eq(run->out,
	    "generation,address\n3,127.0.0.1:4453\n"
	    "3,unix:/run/gild/gild.sock\n");
	end_fake();
	reap_fake();
}
END_TEST

START_TEST(a_reload_that_fails_is_4_and_says_why)
{
	struct run *run;

	snprintf(fake.answer, sizeof(fake.answer), ERROR, -32008,
	    "Reload failed", "reload_failed",
	    "/etc/gild.conf:7: frontends must be an integer from 1 to 64, "
	    "not 0");
	start_fake("server.reload");
	run = run_program(NULL, "gilctl", "reload", NULL);
	expect_exit(run, 4);
	ck_assert_str_eq(run->out, "");
	ck_assert_str_eq(run->err,
	    "gilctl: reload: the server refused: /etc/gild.conf:7: frontends "
	    "must be an integer from 1 to 64, not 0\n");
	end_fake();
	reap_fake();
}
END_TEST

/* --- drain and shutdown --- */

static void
answer_stop(const char *method, const char *state)
{
	char members[256];

	snprintf(members, sizeof(members),
	    "\"state\":\"%s\",\"pid\":" PID "," LEFT, state);
	snprintf(fake.answer, sizeof(fake.answer), RESULT, members);
	start_fake(method);
}

/* gilctl with its outputs on pipes. */
struct client {
	pid_t pid;
	int out, err;
};

static struct client
start_client(const char *command)
{
	const char *argv[] = {"gilctl", command, NULL};
	int out[2], err[2];
	struct client client;

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	client.pid = process_spawn(argv, 0, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	client.out = out[0];
	client.err = err[0];
	return client;
}

/* Reads until all of this text has come, and nothing else. */
static void
expect_text(int fd, const char *text)
{
	size_t length = strlen(text), n = 0;
	char got[512] = "";

	ck_assert_uint_lt(length, sizeof(got));
	while (n < length) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t more;

		ck_assert_msg(poll(&ready, 1, deadline_ms()) == 1,
		    "only \"%s\" came", got);
		more = read(fd, got + n, length - n);
		ck_assert_msg(more > 0, "only \"%s\" came", got);
		n += (size_t)more;
		got[n] = '\0';
	}
	ck_assert_str_eq(got, text);
}

static void
expect_end(struct client *client, int status)
{
	int actual;

	expect_text(client->out, "");
	ck_assert(process_reap(client->pid, &actual, now_ms() + deadline_ms()));
	ck_assert_int_eq(actual, status);
	close(client->out);
	close(client->err);
}

static const struct {
	const char *command, *method, *state, *begun, *over, *goes_on;
} stops[] = {
    {"drain", "server.drain", "draining",
	"draining: 2 jobs running, 14 queued; gild stops when they are done\n",
	"drained\n", "it goes on draining\n"},
    {"shutdown", "server.shutdown", "stopping",
	"stopping: 2 jobs running, 14 queued; they are cancelled\n",
	"stopped\n", "it goes on stopping\n"},
};

START_TEST(a_stop_is_waited_for)
{
	for (size_t i = 0; i < COUNT(stops); i++) {
		struct client client;

		answer_stop(stops[i].method, stops[i].state);
		client = start_client(stops[i].command);
		expect_text(client.out, stops[i].begun);
		end_fake();
		expect_text(client.out, stops[i].over);
		expect_end(&client, 0);
		reap_fake();
	}
}
END_TEST

START_TEST(a_wait_has_its_limit)
{
	for (size_t i = 0; i < COUNT(stops); i++) {
		struct run *run;
		char said[256];

		answer_stop(stops[i].method, stops[i].state);
		run = run_program(
		    NULL, "gilctl", stops[i].command, "--timeout", "1", NULL);
		expect_exit(run, 5);
		ck_assert_str_eq(run->out, stops[i].begun);
		snprintf(said, sizeof(said),
		    "gilctl: %s: gild has not ended in 1 s; %s",
		    stops[i].command, stops[i].goes_on);
		ck_assert_str_eq(run->err, said);
		end_fake();
		reap_fake();
	}
}
END_TEST

START_TEST(nobody_has_to_wait)
{
	for (size_t i = 0; i < COUNT(stops); i++) {
		struct run *run;

		answer_stop(stops[i].method, stops[i].state);
		run = run_program(
		    NULL, "gilctl", stops[i].command, "--no-wait", NULL);
		expect_exit(run, 0);
		ck_assert_str_eq(run->out, stops[i].begun);
		ck_assert_str_eq(run->err, "");
		end_fake();
		reap_fake();
	}
}
END_TEST

START_TEST(an_interrupt_ends_the_wait_alone)
{
	for (size_t i = 0; i < COUNT(stops); i++) {
		struct client client;
		char said[128];

		answer_stop(stops[i].method, stops[i].state);
		client = start_client(stops[i].command);
		expect_text(client.out, stops[i].begun);
		ck_assert_int_eq(kill(client.pid, SIGINT), 0);
		snprintf(said, sizeof(said),
		    "gilctl: %s: waiting no longer; %s", stops[i].command,
		    stops[i].goes_on);
		expect_text(client.err, said);
		expect_end(&client, SIGINT);
		end_fake();
		reap_fake();
	}
}
END_TEST

START_TEST(programs_get_the_answer_and_the_exit_status)
{
	for (size_t i = 0; i < COUNT(stops); i++) {
		struct run *run;
		char expected[128];
		json_t *json;

		answer_stop(stops[i].method, stops[i].state);
		end_fake();
		json = one_line(run_program(
		    NULL, "gilctl", "--json", stops[i].command, NULL));
		ck_assert_str_eq(text_at(json, "state"), stops[i].state);
		ck_assert_int_eq(int_at(json, "pid"), fake.pid);
		json_decref(json);
		reap_fake();
		answer_stop(stops[i].method, stops[i].state);
		end_fake();
		run = run_program(
		    NULL, "gilctl", "--csv", stops[i].command, NULL);
		expect_exit(run, 0);
		snprintf(expected, sizeof(expected),
		    "state,pid,running,queued\n%s,%d,2,14\n", stops[i].state,
		    (int)fake.pid);
		ck_assert_str_eq(run->out, expected);
		reap_fake();
	}
}
END_TEST

START_TEST(nothing_left_is_said)
{
	struct run *run;

	snprintf(fake.answer, sizeof(fake.answer), RESULT,
	    "\"state\":\"draining\",\"pid\":" PID
	    ",\"queued\":0,\"running\":0");
	start_fake("server.drain");
	end_fake();
	run = run_program(NULL, "gilctl", "drain", NULL);
	expect_exit(run, 0);
	ck_assert_str_eq(run->out, "draining: no jobs are left\ndrained\n");
	reap_fake();
}
END_TEST

/* Of a daemon whose processes have no names here. */
START_TEST(an_end_that_cannot_be_seen_is_5)
{
	struct run *run;

	snprintf(fake.answer, sizeof(fake.answer), RESULT,
	    "\"state\":\"draining\",\"pid\":0,\"queued\":0,\"running\":1");
	start_fake("server.drain");
	run = run_program(NULL, "gilctl", "drain", NULL);
	expect_exit(run, 5);
	ck_assert_str_eq(run->out,
	    "draining: 1 job running, 0 queued; gild stops when they are "
	    "done\n");
	expect_says(run->err, "cannot be seen from here");
	end_fake();
	reap_fake();
}
END_TEST

/* --- where they go --- */

START_TEST(over_tcp_they_are_refused)
{
	static const char *const commands[] = {"reload", "drain", "shutdown"};
	struct gild *gild = gild_start(NULL);
	json_t *stats;

	for (size_t i = 0; i < COUNT(commands); i++) {
		struct run *run = run_program(
		    NULL, "gilctl", "-s", gild->address, commands[i], NULL);

		expect_exit(run, 4);
		ck_assert_str_eq(run->out, "");
		expect_says(run->err, "the server refused: ");
	}
	/* And it serves. */
	stats = gild_stats(gild);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

/* Whatever gild runs on this machine is left alone. */
START_TEST(without_a_name_it_is_the_services_socket)
{
	static const char *const commands[] = {"reload", "drain", "shutdown"};

	unsetenv("GILD_SERVER");
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct run *run =
		    run_program(NULL, "gilctl", commands[i], "--help", NULL);
		const char *path;
		char file[256];

		expect_exit(run, 0);
		path = strstr(run->out, " it is unix:");
		ck_assert_ptr_nonnull(path);
		ck_assert_int_eq(
		    sscanf(path, " it is unix:%255[^\n]", file), 1);
		ck_assert_uint_gt(strlen(file), 1);
		file[strlen(file) - 1] = '\0'; /* the sentence's end */
		if (access(file, F_OK) == 0)
			continue;
		run = run_program(NULL, "gilctl", commands[i], NULL);
		expect_exit(run, 3);
		expect_says(run->err, "cannot connect to unix:");
		expect_says(run->err, file);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_reload_says_what_serves,
	    a_reload_that_fails_is_4_and_says_why,
	    a_stop_is_waited_for,
	    a_wait_has_its_limit,
	    nobody_has_to_wait,
	    an_interrupt_ends_the_wait_alone,
	    programs_get_the_answer_and_the_exit_status,
	    nothing_left_is_said,
	    an_end_that_cannot_be_seen_is_5,
	    over_tcp_they_are_refused,
	    without_a_name_it_is_the_services_socket,
	};

	return run_suite("gilctl_admin", tests, COUNT(tests));
}
