/*
 * Memory that runs out: each allocation of a process in turn finds none
 * (libgildfaults.so). At the start gild says so and ends; later one client is
 * answered with an error, or cut off, and all others are served.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/e2e/harness.h"
#include "tests/e2e/operator.h"
#include "tests/faults/steer.h"

#define FAR 5000 /* more allocations than anything here takes */

/* --- at the start --- */

START_TEST(a_start_without_memory_fails_at_once)
{
	int n_failed = 0;

	/* Not each one: a start takes its time. */
	for (uint64_t n = 1; n < FAR; n += 1 + n / 8) {
		n_failed += !faults_start("malloc:ENOMEM", n);
		if (faults_count(0) == 0)
			break;
	}
	ck_assert_int_gt(n_failed, 0);
}
END_TEST

/* --- a frontend that serves --- */

static void
check_served(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);

	json_decref(peer_call(peer, "server.ping", NULL));
	peer_close(peer);
}

/* What was asked was answered, by whole JSON, or the client is cut off. */
static void
expect_answer_or_end(struct peer *peer, uint64_t n)
{
	const char *line;
	json_t *answer;

	ck_assert_msg(peer_has_input(peer, deadline_ms()),
	    "allocation %llu failed, and nothing came", (unsigned long long)n);
	line = peer_receive_line(peer);
	if (line == NULL)
		return;
	answer = json_loads(line, 0, NULL);
	ck_assert_msg(answer != NULL, "allocation %llu failed: %s",
	    (unsigned long long)n, line);
	json_decref(answer);
}

/*
 * One line of a client that has just come, or (is_new false) of one that was
 * served before, while allocation n of the frontend fails. Whether it did.
 */
static bool
ask_once(struct gild *gild, const char *line, bool is_new, uint64_t n)
{
	struct peer *peer = is_new ? NULL : peer_connect(gild);
	bool has_failed;

	if (peer != NULL)
		json_decref(peer_call(peer, "server.ping", NULL));
	faults_arm(0, n, 1);
	if (peer == NULL)
		peer = peer_connect(gild);
	peer_try_send(peer, line, strlen(line), deadline_ms());
	expect_answer_or_end(peer, n);
	has_failed = faults_disarm(0) > 0;
	peer_close(peer);
	check_served(gild);
	return has_failed;
}

/* `who` is whose memory it is. */
static void
ask_with_each_failing(const char *who, const char *line)
{
	struct gild *gild;
	char text[256];

	snprintf(text, sizeof(text), "malloc:ENOMEM:held:who=%s", who);
	faults_set(text);
	snprintf(text, sizeof(text), "state_dir=%s/state", scratch_dir());
	mkdir(strchr(text, '=') + 1, 0700);
	gild = gild_start("-o", "frontends=1", "-o", text, NULL);
	for (int is_new = 0; is_new < 2; is_new++) {
		uint64_t n = 1;

		while (n < FAR && ask_once(gild, line, is_new == 1, n))
			n++;
		ck_assert_uint_gt(n, 1);
		ck_assert_uint_lt(n, FAR);
	}
	gild_await_idle(gild);
	gild_stop(gild);
}

#define CALL(id, method, params)                                  \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method \
	"\",\"params\":" params "}"

START_TEST(a_job_without_memory_is_answered)
{
	ask_with_each_failing("frontend",
	    CALL("1", "job.submit",
		"{\"count\":10,\"pool\":\"threads\",\"workers\":2,"
		"\"timeout_ms\":10000,\"progress\":false}") "\n");
}
END_TEST

START_TEST(a_batch_without_memory_is_answered)
{
	ask_with_each_failing("frontend",
	    "[" CALL("1", "server.ping", "{}") "," CALL("2", "pool.list",
		"{}") "," CALL("3", "job.submit", "{\"count\":10}") "]\n");
}
END_TEST

START_TEST(figures_without_memory_are_answered)
{
	ask_with_each_failing("frontend", CALL("1", "server.stats", "{}") "\n");
}
END_TEST

#define DETACHED "{\"count\":10,\"detach\":true,\"key\":\"the same\"}"

START_TEST(a_detached_job_without_memory_is_answered)
{
	ask_with_each_failing(
	    "frontend", CALL("1", "job.submit", DETACHED) "\n");
}
END_TEST

START_TEST(a_list_without_memory_is_answered)
{
	ask_with_each_failing(
	    "frontend", CALL("1", "job.list", "{\"limit\":10}") "\n");
}
END_TEST

START_TEST(a_recorder_without_memory_is_replaced)
{
	ask_with_each_failing("recorder",
	    CALL("1", "job.submit", "{\"count\":10,\"detach\":true}") "\n");
}
END_TEST

/* --- the master --- */

/*
 * The scanner of libConfuse ends a process that has no memory for it, by an
 * exit or by an assert. Nothing else may.
 */
static void
expect_scanner_ended(struct gild *gild)
{
	char *log;

	ck_assert(process_reap(gild->pid, NULL, now_ms() + deadline_ms()));
	gild->pid = 0; /* its children see that, and leave */
	log = gild_log(gild);
	ck_assert_msg(strstr(log, "out of dynamic memory in yy") != NULL ||
		strstr(log, "lexer.l:") != NULL,
	    "the master has ended, and not by its scanner");
	free(log);
}

/*
 * One reload while allocation n of the master fails; *was_refused when it said
 * no. False when it is gone.
 */
static bool
reload_once(struct gild *gild, uint64_t n, bool *was_refused)
{
	struct peer *peer = operator_connect();
	const char *line;

	json_decref(peer_call(peer, "server.ping", NULL));
	faults_arm(0, n, 1);
	peer_send_line(peer, CALL("1", "server.reload", "{}"));
	line = peer_receive_line(peer);
	if (line == NULL) {
		expect_scanner_ended(gild);
		return false;
	}
	*was_refused = strstr(line, "\"reload_failed\"") != NULL;
	ck_assert_msg(*was_refused || strstr(line, "\"generation\"") != NULL,
	    "allocation %llu failed: %s", (unsigned long long)n, line);
	peer_close(peer);
	check_served(gild);
	return true;
}

START_TEST(a_reload_without_memory_fails_and_changes_nothing)
{
	struct gild *gild;
	int n_refused = 0;

	faults_set("malloc:ENOMEM:held:who=gild");
	gild = operator_start("-o", "frontends=1", NULL);
	for (uint64_t n = 1;; n++) {
		bool was_refused = false;

		ck_assert_uint_lt(n, FAR);
		if (!reload_once(gild, n, &was_refused)) {
			peer_close_all();
			gild = operator_start("-o", "frontends=1", NULL);
			continue;
		}
		n_refused += was_refused;
		if (faults_disarm(0) == 0)
			break;
	}
	ck_assert_int_gt(n_refused, 10);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    a_start_without_memory_fails_at_once,
	    a_job_without_memory_is_answered,
	    a_batch_without_memory_is_answered,
	    figures_without_memory_are_answered,
	    a_detached_job_without_memory_is_answered,
	    a_list_without_memory_is_answered,
	    a_recorder_without_memory_is_replaced,
	    a_reload_without_memory_fails_and_changes_nothing,
	};

	return faults_are_possible()
	    ? run_suite("injected memory", tests, COUNT(tests))
	    : SKIPPED;
}
