/*
 * System calls that fail: a gild into which libgildfaults.so is preloaded says
 * so, tries again, or goes on without, and never hangs.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"
#include "tests/e2e/operator.h"
#include "tests/faults/steer.h"

#define N_PROCESSES 5 /* that gild starts with: see start_small() */

static const char *const small[] = {"frontends=2", "pool.threads.size=2",
    "pool.threads.kind=threads", "pool.processes.kind=processes",
    "pool.processes.size=2"};

/* Two frontends, an interpreter, two workers. */
static struct gild *
start_small(void)
{
	return gild_start("-o", small[0], "-o", small[1], "-o", small[2], "-o",
	    small[3], "-o", small[4], NULL);
}

static void
check_jobs(struct gild *gild, int n)
{
	struct peer *peer = peer_connect(gild);

	for (int i = 0; i < n; i++) {
		json_t *result = peer_call(peer, "job.submit",
		    "{s:i, s:s, s:i}", "count", 1000 + i, "pool",
		    i % 2 == 0 ? "threads" : "processes", "workers", 1 + i % 3);

		ck_assert_str_eq(text_at(result, "state"), "done");
		ck_assert_int_eq(
		    sum_of(value_at(result, "tasks"), "turns"), 1000 + i);
		json_decref(result);
	}
	peer_close(peer);
}

/* --- fork --- */

START_TEST(a_fork_that_fails_at_the_start_ends_gild)
{
	for (int n = 1; n <= N_PROCESSES; n++) {
		char rules[64];
		struct run *run;
		pid_t left;

		snprintf(rules, sizeof(rules), "fork:EAGAIN:from=%d", n);
		faults_set(rules);
		run = run_program(NULL, "gild", "-l", "127.0.0.1:0", "-o",
		    small[0], "-o", small[1], "-o", small[2], "-o", small[3],
		    "-o", small[4], NULL);
		faults_set(NULL);
		expect_exit(run, 1);
		expect_says(run->err, "cannot fork: Resource temporarily");
		ck_assert_str_eq(run->out, "");
		ck_assert_uint_eq(process_children(getpid(), &left, 1), 0);
	}
}
END_TEST

START_TEST(a_fork_that_fails_later_is_tried_again)
{
	struct gild *gild;
	pid_t pids[8];

	faults_set("fork:EAGAIN:held");
	gild = start_small();
	ck_assert_uint_eq(gild_pids(gild, "worker", NULL, pids, 8), 2);
	faults_arm(0, 1, 3);
	kill(pids[0], SIGKILL);
	faults_await(0, 3);
	gild_await_log(gild, "cannot fork: Resource temporarily", 1);
	gild_await_idle(gild);
	check_jobs(gild, 10);
	gild_stop(gild);
}
END_TEST

START_TEST(a_fork_that_fails_in_a_reload_changes_nothing)
{
	struct gild *gild;

	faults_set("fork:ENOMEM:held");
	gild = operator_start("-o", small[0], NULL);
	for (uint64_t n = 1; n <= 3; n++) {
		faults_arm(0, n, 1);
		expect_says(
		    operator_reload_error("reload_failed"), "cannot fork");
		ck_assert_uint_eq(faults_disarm(0), 1);
		check_jobs(gild, 4);
	}
	ck_assert_int_gt(operator_reload(), 1);
	check_jobs(gild, 4);
	gild_stop(gild);
}
END_TEST

/* --- accept --- */

START_TEST(descriptors_at_their_end_leave_all_others_served)
{
	struct gild *gild;
	struct peer *peer, *late;
	int64_t id;

	faults_set("accept:EMFILE:held");
	gild = start_small();
	peer = peer_connect(gild);
	json_decref(peer_call(peer, "server.ping", NULL));
	faults_arm(0, 1, 8);
	late = peer_connect(gild);
	id = peer_call_start(late, "server.ping", NULL);
	faults_await(0, 1);
	json_decref(peer_call(peer, "server.ping", NULL));
	/* Once there are some again it is served; its end does not matter. */
	json_decref(answer_result(peer_await(late, id)));
	gild_await_log(gild, "cannot accept clients: Too many open files", 1);
	gild_stop(gild);
}
END_TEST

/* --- calls that do less than they were asked to --- */

/* Jobs, a worker's death, a reload and the end, while these rules are armed. */
static void
check_all_is_done(const char *rules)
{
	struct gild *gild;
	pid_t pids[8];

	faults_set(rules);
	/* The filter of executors would not let them look for paths. */
	gild = operator_start("-o", "sandbox=false", NULL);
	check_jobs(gild, 40);
	ck_assert_uint_ge(gild_pids(gild, "worker", NULL, pids, 8), 1);
	kill(pids[0], SIGKILL);
	check_jobs(gild, 20);
	ck_assert_int_eq(operator_reload(), 2);
	check_jobs(gild, 20);
	gild_await_idle(gild);
	gild_stop(gild);
	ck_assert_uint_gt(faults_count(0), 0);
	ck_assert_uint_gt(faults_count(1), 0);
}

START_TEST(interrupted_calls_are_made_again)
{
	check_all_is_done("read:EINTR:every=3:count=0:path=[;"
			  "write:EINTR:every=3:count=0:path=[;"
			  "wait:EINTR:every=5:count=0");
}
END_TEST

START_TEST(a_pipe_or_socket_may_be_full_or_empty)
{
	check_all_is_done("read:EAGAIN:every=4:count=0:who=frontend;"
			  "write:EAGAIN:every=4:count=0:who=frontend");
}
END_TEST

START_TEST(streams_may_go_byte_by_byte)
{
	check_all_is_done("read:short:count=0:who=frontend:path=socket;"
			  "write:short:count=0:who=frontend:path=socket");
}
END_TEST

/* --- shared memory --- */

START_TEST(shared_memory_that_is_not_there_ends_gild)
{
	for (int n = 1; n <= 2; n++) {
		char rules[64];
		struct run *run;

		snprintf(rules, sizeof(rules), "mmap:ENOMEM:from=%d", n);
		faults_set(rules);
		run = run_program(NULL, "gild", "-l", "127.0.0.1:0", NULL);
		faults_set(NULL);
		expect_exit(run, 1);
		expect_says(run->err, "cannot start: Cannot allocate memory");
	}
}
END_TEST

START_TEST(shared_memory_that_is_not_there_fails_a_reload)
{
	struct gild *gild;

	faults_set("mmap:ENOMEM:held:who=gild");
	gild = operator_start(NULL);
	for (uint64_t n = 1; n <= 2; n++) {
		faults_arm(0, n, 1);
		expect_says(operator_reload_error("reload_failed"),
		    "Cannot allocate memory");
		ck_assert_uint_eq(faults_disarm(0), 1);
		check_jobs(gild, 4);
	}
	ck_assert_int_gt(operator_reload(), 1);
	gild_stop(gild);
}
END_TEST

/* --- descriptors --- */

START_TEST(a_start_without_descriptors_fails_at_once)
{
	int n_failed = 0;

	for (uint64_t n = 1;; n++) {
		n_failed += !faults_start("descriptor:EMFILE", n);
		if (faults_count(0) == 0)
			break;
	}
	ck_assert_int_gt(n_failed, 10);
}
END_TEST

START_TEST(a_reload_without_descriptors_changes_nothing)
{
	struct gild *gild;
	bool has_failed = true;
	int n_refused = 0;

	faults_set("descriptor:EMFILE:held:who=gild");
	gild = operator_start("-o", small[0], NULL);
	for (uint64_t n = 1; has_failed; n++) {
		struct peer *peer = operator_connect();
		json_t *answer;

		json_decref(peer_call(peer, "server.ping", NULL));
		faults_arm(0, n, 1);
		answer = peer_await(
		    peer, peer_call_start(peer, "server.reload", NULL));
		has_failed = faults_disarm(0) > 0;
		if (json_object_get(answer, "error") != NULL) {
			ck_assert_str_eq(text_at(answer, "error.data.reason"),
			    "reload_failed");
			n_refused++;
		}
		json_decref(answer);
		peer_close(peer);
		check_jobs(gild, 2);
	}
	ck_assert_int_gt(n_refused, 5);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    a_fork_that_fails_at_the_start_ends_gild,
	    a_fork_that_fails_later_is_tried_again,
	    a_fork_that_fails_in_a_reload_changes_nothing,
	    descriptors_at_their_end_leave_all_others_served,
	    a_start_without_descriptors_fails_at_once,
	    a_reload_without_descriptors_changes_nothing,
	    interrupted_calls_are_made_again,
	    a_pipe_or_socket_may_be_full_or_empty,
	    streams_may_go_byte_by_byte,
	    shared_memory_that_is_not_there_ends_gild,
	    shared_memory_that_is_not_there_fails_a_reload,
	};

	return faults_are_possible()
	    ? run_suite("injected", tests, COUNT(tests))
	    : SKIPPED;
}
