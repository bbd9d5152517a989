/*
 * Gild as a service: what it tells its manager, sockets that the manager made,
 * and the orders of an operator. The manager is the test.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/operator.h"

/* --- what the manager hears --- */

static int manager = -1;

/* The next gild that is started is this manager's. */
static void
manager_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify",
	    scratch_dir());
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(
	    bind(manager, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

/* The next message, or NULL when none comes for so long. */
static const char *
manager_hear(int timeout_ms)
{
	static char text[1024];
	struct pollfd ready = {.fd = manager, .events = POLLIN};
	ssize_t n;

	if (poll(&ready, 1, timeout_ms) <= 0)
		return NULL;
	n = recv(manager, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return text;
}

/* The next message that begins like this; others are passed over, but for one
 * that must not come before. */
static const char *
manager_await(const char *begin, const char *not_before)
{
	int64_t end_ms = now_ms() + deadline_ms();
	char last[1024] = "nothing";

	for (;;) {
		const char *text = manager_hear(ms_until(end_ms));

		ck_assert_msg(text != NULL && ms_until(end_ms) > 0,
		    "\"%s\" is not heard, the last status was %s", begin, last);
		if (strncmp(text, "STATUS=", 7) == 0)
			snprintf(last, sizeof(last), "%s", text);
		if (strncmp(text, begin, strlen(begin)) == 0)
			return text;
		ck_assert_msg(not_before == NULL ||
			strncmp(text, not_before, strlen(not_before)) != 0,
		    "\"%s\" before \"%s\"", text, begin);
	}
}

START_TEST(the_manager_hears_of_a_life)
{
	struct gild *gild;
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];
	unsigned long long usec;
	int64_t id;

	manager_open();
	setenv("WATCHDOG_USEC", "400000", 1);
	gild = operator_start(NULL);
	manager_await("STATUS=Serving: jobs 0 running, 0 queued, 0 done; "
		      "clients 0; generation 1",
	    "READY=1");
	manager_await("READY=1", NULL);
	for (int i = 0; i < 3; i++)
		manager_await("WATCHDOG=1", NULL);

	peer = peer_connect(gild);
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 10));
	manager_await("STATUS=Serving: jobs 0 running, 0 queued, 1 done; "
		      "clients 1; generation 1",
	    NULL);

	operator_reload();
	ck_assert_int_eq(sscanf(manager_await("RELOADING=1", "READY=1"),
			     "RELOADING=1\nMONOTONIC_USEC=%llu", &usec),
	    1);
	ck_assert_uint_le(usec / 1000, (unsigned long long)now_ms());
	manager_await("READY=1", NULL);
	operator_write("nonsense\n");
	gild_signal(gild, SIGHUP);
	manager_await("RELOADING=1", "READY=1");
	manager_await("READY=1", NULL);

	id = peer_submit_sleeping(peer, job);
	gild_signal(gild, SIGTERM);
	manager_await("STOPPING=1", "READY=1");
	manager_await("STATUS=Stopping: jobs 1 running", "READY=1");
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    sscanf(manager_await("EXTEND_TIMEOUT_USEC=", "READY=1"),
			"EXTEND_TIMEOUT_USEC=%llu", &usec),
		    1);
	ck_assert_uint_ge(usec, 1000000);
	manager_await("WATCHDOG=1", "READY=1"); /* it is well, too */
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	peer_expect_end(peer, id, "cancelled");
	gild_expect_exit(gild, 0);
}
END_TEST

START_TEST(the_watchdog_hears_nothing_while_a_process_hangs)
{
	struct gild *gild;
	char option[64], usec[32];
	int silence_ms = 500 * test_scale();
	pid_t worker;

	manager_open();
	snprintf(usec, sizeof(usec), "%d", 200000 * test_scale());
	setenv("WATCHDOG_USEC", usec, 1);
	snprintf(
	    option, sizeof(option), "heartbeat_timeout=%ds", 2 * test_scale());
	gild = operator_start("-o", option, NULL);
	manager_await("WATCHDOG=1", NULL);
	ck_assert_uint_gt(gild_pids(gild, "worker", NULL, &worker, 1), 0);
	ck_assert_int_eq(kill(worker, SIGSTOP), 0);
	/* Until nothing has come for a time in which several should have. */
	for (int64_t last_ms = now_ms(), end_ms = last_ms + deadline_ms();
	     now_ms() - last_ms < silence_ms;) {
		const char *text = manager_hear(10);

		if (text != NULL && strcmp(text, "WATCHDOG=1") == 0)
			last_ms = now_ms();
		ck_assert_msg(ms_until(end_ms) > 0, "it is still heard");
	}
	/* It is replaced, and all is well again. */
	gild_await_log(gild, "has given no sign of life", 1);
	manager_await("WATCHDOG=1", NULL);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_watchdog_of_somebody_else_is_not_fed)
{
	struct gild *gild;
	const char *text;

	manager_open();
	setenv("WATCHDOG_USEC", "100000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	gild = operator_start(NULL);
	manager_await("READY=1", "WATCHDOG=1");
	gild_stop(gild);
	manager_await("STOPPING=1", "WATCHDOG=1");
	while ((text = manager_hear(0)) != NULL)
		ck_assert_str_ne(text, "WATCHDOG=1");
}
END_TEST

/* --- sockets of the manager --- */

static int
listen_tcp(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 50), 0);
	return fd;
}

static int
listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 50), 0);
	return fd;
}

START_TEST(a_managers_sockets_outlive_gild)
{
	char tcp[128], local[128];
	const char *path = operator_address() + strlen("unix:");
	struct peer *waiting[2];
	struct stat stat_of;
	struct gild *gild;
	char *log;
	int fds[2];

	fds[0] = listen_tcp(SOCK_STREAM);
	fds[1] = listen_unix(path);
	process_pass_sockets(fds, 2, "tcp:local");
	gild = gild_start(NULL); /* -l 127.0.0.1:0 */
	snprintf(tcp, sizeof(tcp), "%s", gild->address);
	snprintf(local, sizeof(local), "%s", operator_address());
	json_decref(peer_call(peer_connect_to(tcp, 0), "server.ping", NULL));
	for (int i = 2; i < 5; i++) {
		json_t *said =
		    peer_call(peer_connect_to(local, 0), "server.reload", NULL);

		ck_assert_int_eq(int_at(said, "generation"), i);
		ck_assert_uint_eq(
		    json_array_size(value_at(said, "addresses")), 2);
		ck_assert_str_eq(text_at(said, "addresses.0"), tcp);
		ck_assert_str_eq(text_at(said, "addresses.1"), local);
		json_decref(said);
	}
	log = gild_log(gild);
	expect_says(log, "was inherited as tcp");
	expect_says(log, "was inherited as local");
	expect_says(log, "`listen` and -l say has no effect");
	free(log);
	gild_stop(gild);
	ck_assert_int_eq(lstat(path, &stat_of), 0);

	/* Who comes while there is no gild is served by the next. */
	waiting[0] = peer_connect_to(tcp, 0);
	waiting[1] = peer_connect_to(local, 0);
	for (int i = 0; i < 2; i++)
		peer_send_line(waiting[i],
		    "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"job.submit\","
		    "\"params\":{\"count\":42}}");
	process_pass_sockets(fds, 2, "tcp:local");
	gild = gild_start_plain(NULL);
	for (int i = 0; i < 2; i++) {
		json_t *answer = peer_receive(waiting[i]);

		ck_assert_int_eq(int_at(answer, "id"), 77);
		ck_assert_int_eq(int_at(answer, "result.count"), 42);
		json_decref(answer);
	}
	gild_stop(gild);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(a_socket_of_another_kind_is_refused)
{
	struct run *run;
	int fd = listen_tcp(SOCK_DGRAM);

	process_pass_sockets(&fd, 1, "udp");
	run = run_program(NULL, "gild", NULL);
	ck_assert_int_eq(run->exit_status, 1);
	expect_says(run->err,
	    "the inherited descriptor 3 (udp) is no stream socket: write "
	    "ListenStream= in its unit");
	close(fd);
}
END_TEST

/* --- orders --- */

START_TEST(drain_finishes_what_is_in_flight)
{
	struct gild *gild = operator_start(NULL);
	struct peer *peer = peer_connect(gild), *boss = operator_connect();
	char job[JOB_ID_CHARS + 1];
	int64_t ids[2];
	json_t *said;

	ids[0] = peer_submit_sleeping(peer, job);
	ids[1] = peer_call_start(peer, "job.submit", "{s:i, s:i, s:s}", "count",
	    300000, "cost_ns", 1000, "pool", "threads");
	json_decref(peer_call(peer, "server.ping", NULL));
	said = peer_call(boss, "server.drain", NULL);
	ck_assert_str_eq(text_at(said, "state"), "draining");
	ck_assert_int_eq(int_at(said, "pid"), gild->pid);
	ck_assert_int_eq(int_at(said, "queued") + int_at(said, "running"), 2);
	ck_assert_int_eq(
	    int_at(said, "drain_timeout_ns"), INT64_C(30000000000));
	json_decref(said);
	peer_expect_eof(boss);
	/* The first signal behind an order says the same again. */
	gild_signal(gild, SIGTERM);
	peer_expect_end(peer, ids[1], "done");
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	peer_expect_end(peer, ids[0], "cancelled");
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
}
END_TEST

START_TEST(shutdown_cancels_what_is_in_flight)
{
	struct gild *gild = operator_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = operator_connect();
	char job[JOB_ID_CHARS + 1];
	int64_t ids[4];
	json_t *said;

	ids[0] = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	ids[1] = peer_submit_running(peer, job, "threads", ENDLESS, 2);
	for (int i = 2; i < 4; i++) /* and some that wait */
		ids[i] = peer_call_start(
		    peer, "job.submit", "{s:I}", "count", ENDLESS);
	said = peer_call(peer, "server.shutdown", NULL);
	ck_assert_str_eq(text_at(said, "state"), "stopping");
	ck_assert_int_eq(int_at(said, "pid"), gild->pid);
	ck_assert_int_eq(int_at(said, "queued") + int_at(said, "running"), 4);
	json_decref(said);
	for (int i = 0; i < 4; i++)
		peer_expect_end(peer, ids[i], "cancelled");
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
}
END_TEST

START_TEST(shutdown_ends_a_drain)
{
	struct gild *gild = operator_start(NULL);
	struct peer *peer = operator_connect();
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_sleeping(peer, job);

	json_decref(peer_call(peer, "server.drain", NULL));
	json_decref(peer_call(peer, "server.shutdown", NULL));
	peer_expect_end(peer, id, "cancelled");
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
}
END_TEST

/* None of the orders is carried out for this peer. */
static void
expect_forbidden(struct gild *gild, struct peer *peer)
{
	static const char *const orders[] = {
	    "server.reload", "server.drain", "server.shutdown"};

	for (size_t i = 0; i < COUNT(orders); i++)
		json_decref(
		    peer_call_error(peer, "forbidden", orders[i], NULL));
	ck_assert_int_eq(peer_generation(peer), 1);
	json_decref(
	    peer_call(peer_connect(gild), "job.submit", "{s:i}", "count", 10));
}

START_TEST(orders_over_tcp_are_forbidden)
{
	struct gild *gild = operator_start(NULL);

	expect_forbidden(gild, peer_connect(gild));
	gild_stop(gild);
}
END_TEST

START_TEST(orders_of_another_user_are_forbidden)
{
	const char *path = operator_address() + strlen("unix:");
	struct gild *gild;
	struct peer *peer;

	if (geteuid() != 0 || !scratch_open_to_others())
		return; /* we cannot become somebody else */
	gild = operator_start(NULL);
	/* They may connect, and submit. */
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(65534), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	peer = operator_connect();
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	expect_forbidden(gild, peer);
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 10));
	gild_stop(gild);
}
END_TEST

START_TEST(orders_have_no_parameters)
{
	struct gild *gild = operator_start(NULL);

	json_decref(peer_call_error(operator_connect(), "invalid_params",
	    "server.shutdown", "{s:b}", "now", 1));
	json_decref(peer_call(peer_connect(gild), "server.ping", NULL));
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_manager_hears_of_a_life,
	    the_watchdog_hears_nothing_while_a_process_hangs,
	    a_watchdog_of_somebody_else_is_not_fed,
	    a_managers_sockets_outlive_gild,
	    a_socket_of_another_kind_is_refused,
	    drain_finishes_what_is_in_flight,
	    shutdown_cancels_what_is_in_flight,
	    shutdown_ends_a_drain,
	    orders_over_tcp_are_forbidden,
	    orders_of_another_user_are_forbidden,
	    orders_have_no_parameters,
	};

	return run_suite("service", tests, COUNT(tests));
}
