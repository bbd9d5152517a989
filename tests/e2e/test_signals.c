/* The start and the end of gild: its command line, its sockets, signals. */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/harness.h"

/* Waits until gild refuses jobs because it is about to stop. */
static void
await_draining(struct peer *peer)
{
	for (;;) {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.submit", "{s:i, s:s}", "count",
			1, "pool", "threads"));
		const json_t *error = json_object_get(answer, "error");
		bool is_draining = error != NULL;

		if (is_draining)
			ck_assert_str_eq(
			    text_at(error, "data.reason"), "shutting_down");
		json_decref(answer);
		if (is_draining)
			return;
	}
}

/* --- signals --- */

START_TEST(stop_finishes_what_is_in_flight)
{
	static const int signals[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		struct gild *gild = gild_start(NULL);
		struct peer *peer = peer_connect(gild);
		struct peer *idle = peer_connect(gild);
		char job[JOB_ID_CHARS + 1];
		int64_t ids[3];

		json_decref(peer_call(idle, "server.ping", NULL));
		ids[0] =
		    peer_submit_running(peer, job, "processes", ENDLESS, 1);
		/* One in each pool, and more than can run at once. */
		ids[1] = peer_call_start(peer, "job.submit", "{s:i, s:i}",
		    "count", 100000, "workers", 64);
		ids[2] = peer_call_start(peer, "job.submit", "{s:i, s:i, s:s}",
		    "count", 100000, "cost_ns", 1000, "pool", "threads");
		json_decref(peer_call(peer, "server.ping", NULL));
		gild_signal(gild, signals[i]);
		await_draining(peer);
		/* Who waits for nothing is sent away. */
		peer_expect_eof(idle);
		json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
		for (int j = 0; j < 3; j++) {
			json_t *result =
			    answer_result(peer_await(peer, ids[j]));

			ck_assert_str_eq(text_at(result, "state"),
			    j == 0 ? "cancelled" : "done");
			json_decref(result);
		}
		peer_expect_eof(peer);
		gild_expect_exit(gild, 0);
	}
}
END_TEST

START_TEST(drain_timeout_ends_the_wait)
{
	struct gild *gild = gild_start("-o", "drain_timeout=200ms", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "threads", ENDLESS, 2);
	json_t *result;

	gild_signal(gild, SIGTERM);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_str_ne(text_at(result, "reason"), "");
	json_decref(result);
	peer_expect_eof(peer);
	gild_expect_exit(gild, 0);
}
END_TEST

START_TEST(stopping_refuses_new_clients_at_once)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	int64_t end_ms = now_ms() + deadline_ms();
	struct sockaddr_in to = {.sin_family = AF_INET};
	char job[27];

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)atoi(strrchr(gild->address, ':') + 1));
	peer_submit_running(peer, job, "processes", ENDLESS, 1);
	gild_signal(gild, SIGTERM);
	await_draining(peer);
	/* As soon as the last frontend has heard of it, and the job goes on. */
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int result = connect(fd, (struct sockaddr *)&to, sizeof(to));
		int error = errno;

		close(fd);
		/* One that was let in as the door closed is reset. */
		if (result != 0 && error != ECONNRESET) {
			ck_assert_int_eq(error, ECONNREFUSED);
			break;
		}
		ck_assert_msg(now_ms() < end_ms, "clients are still let in");
	}
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	gild_expect_exit(gild, 0);
}
END_TEST

START_TEST(second_signal_ends_at_once)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	peer_submit_running(peer, job, "processes", ENDLESS, 2);
	gild_signal(gild, SIGTERM);
	await_draining(peer);
	gild_signal(gild, SIGTERM);
	peer_expect_eof(peer);
	gild_expect_exit(gild, 1);
}
END_TEST

START_TEST(children_leave_when_the_master_is_killed)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int status;

	peer_submit_running(peer, job, "processes", ENDLESS, 2);
	peer_submit_running(peer, job, "threads", ENDLESS, 2);
	gild_signal(gild, SIGKILL);
	status = gild_wait_exit(gild); /* and its children */
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	peer_expect_eof(peer);
}
END_TEST

/* On an address that is nobody else's, who might be given the port between. */
START_TEST(a_stopped_gild_starts_again_on_its_port)
{
	struct gild *gild, *next;
	struct peer *peer;
	char address[128];
	int pid = (int)getpid();

	snprintf(address, sizeof(address), "127.%d.%d.%d:0",
	    (pid >> 16 & 0x7f) + 1, pid >> 8 & 0xff, (pid & 0x7f) + 1);
	gild = gild_start_plain("-l", address, NULL);
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "server.ping", NULL));
	snprintf(address, sizeof(address), "%s", gild->address);
	gild_stop(gild);
	next = gild_start_plain("-l", address, NULL);
	ck_assert_str_eq(next->address, address);
	json_decref(peer_call(peer_connect(next), "server.ping", NULL));
	gild_stop(next);
}
END_TEST

/* A parent that wants to know of no child hands that on through exec(3). */
START_TEST(sigchld_ignored_by_the_parent)
{
	struct gild *gild;
	pid_t before, after;

	signal(SIGCHLD, SIG_IGN);
	gild = gild_start(NULL);
	signal(SIGCHLD, SIG_DFL);
	ck_assert_uint_eq(gild_pids(gild, "interpreter", NULL, &before, 1), 1);
	kill(before, SIGKILL);
	do
		gild_await_idle(gild);
	while (gild_pids(gild, "interpreter", NULL, &after, 1) == 0 ||
	    after == before);
	gild_stop(gild);
}
END_TEST

/* --- the command line --- */

START_TEST(version_and_help)
{
	struct run *run = run_program(NULL, "gild", "-V", NULL);

	ck_assert_int_eq(run->exit_status, 0);
	ck_assert_str_eq(run->out, "gild " PACKAGE_VERSION "\n");
	run = run_program(NULL, "gild", "-h", NULL);
	ck_assert_int_eq(run->exit_status, 0);
	ck_assert_ptr_nonnull(strstr(run->out, "drain_timeout"));
	ck_assert_str_eq(run->err, "");
}
END_TEST

START_TEST(check_prints_what_can_be_read_back)
{
	struct run *run, *again;
	char path[128];
	FILE *file;

	run = run_program(NULL, "gild", "-o", "pool.threads.size=7", "-o",
	    "drain_timeout=5s", "-l", "127.0.0.1:0", "-t", NULL);
	ck_assert_int_eq(run->exit_status, 0);
	ck_assert_ptr_nonnull(strstr(run->out, "7"));
	snprintf(path, sizeof(path), "%s/gild.conf", scratch_dir());
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(run->out, file);
	fclose(file);
	again = run_program(NULL, "gild", "-c", path, "-t", NULL);
	ck_assert_int_eq(again->exit_status, 0);
	ck_assert_str_eq(again->out, run->out);
}
END_TEST

/* gild with these arguments says `text` and ends with this status. */
#define REFUSED(status, text, ...)                                            \
	do {                                                                  \
		struct run *run =                                             \
		    run_program(NULL, "gild", __VA_ARGS__, NULL);             \
		ck_assert_int_eq(run->exit_status, status);                   \
		ck_assert_msg(                                                \
		    strstr(run->err, text) != NULL, "it said: %s", run->err); \
		ck_assert_str_eq(run->out, "");                               \
	} while (0)

START_TEST(wrong_command_lines_are_refused)
{
	REFUSED(2, "-x", "-x");
	REFUSED(2, "extra", "extra");
	REFUSED(1, "frontend", "-o", "frontend=2");
	REFUSED(1, "frontends", "-o", "frontends=none");
	REFUSED(1, "/no/such/file", "-c", "/no/such/file");
	REFUSED(1, "nonsense", "-l", "nonsense");
}
END_TEST

START_TEST(address_beyond_this_machine_needs_a_word)
{
	struct gild *gild;

	REFUSED(1, "allow_remote", "-l", "0.0.0.0:0");
	REFUSED(1, "allow_remote", "-l", "0.0.0.0:0", "-t");
	gild = gild_start_plain(
	    "-l", "0.0.0.0:0", "-o", "allow_remote=true", NULL);
	gild_stop(gild);
}
END_TEST

START_TEST(port_in_use)
{
	struct gild *gild = gild_start(NULL);

	REFUSED(1, gild->address, "-l", gild->address);
	json_decref(peer_call(peer_connect(gild), "server.ping", NULL));
	gild_stop(gild);
}
END_TEST

START_TEST(unix_socket)
{
	struct gild *gild, *next;
	struct peer *peer;
	struct stat stat_of;
	char address[128];

	snprintf(address, sizeof(address), "unix:%s/gild.sock", scratch_dir());
	gild = gild_start_plain("-l", address, "-l", "127.0.0.1:0", NULL);
	ck_assert_str_eq(gild->address, address);
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 10));
	REFUSED(1, address + 5, "-l", address);
	/* What a dead process left behind is replaced. */
	gild_signal(gild, SIGKILL);
	gild_wait_exit(gild);
	ck_assert_int_eq(stat(address + 5, &stat_of), 0);
	next = gild_start_plain("-l", address, NULL);
	json_decref(peer_call(peer_connect(next), "server.ping", NULL));
	gild_stop(next);
	/* A stopped one leaves nothing behind. */
	ck_assert_int_eq(stat(address + 5, &stat_of), -1);
}
END_TEST

START_TEST(several_addresses)
{
	struct gild *gild =
	    gild_start("-l", "127.0.0.1:0", "-o", "frontends=3", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *info = peer_call(peer, "server.info", NULL);
	const char *second = text_at(info, "addresses.1");

	ck_assert_str_eq(text_at(info, "version"), PACKAGE_VERSION);
	ck_assert_int_eq(int_at(info, "pid"), gild->pid);
	ck_assert_str_eq(text_at(info, "addresses.0"), gild->address);
	ck_assert_str_ne(second, gild->address);
	json_decref(peer_call(peer_connect_to(second, 0), "server.ping", NULL));
	json_decref(info);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    stop_finishes_what_is_in_flight,
	    drain_timeout_ends_the_wait,
	    stopping_refuses_new_clients_at_once,
	    second_signal_ends_at_once,
	    children_leave_when_the_master_is_killed,
	    a_stopped_gild_starts_again_on_its_port,
	    sigchld_ignored_by_the_parent,
	    version_and_help,
	    check_prints_what_can_be_read_back,
	    wrong_command_lines_are_refused,
	    address_beyond_this_machine_needs_a_word,
	    port_in_use,
	    unix_socket,
	    several_addresses,
	};

	return run_suite("signals", tests, COUNT(tests));
}
