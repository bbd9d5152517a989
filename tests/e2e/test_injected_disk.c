/*
 * A disk that fails under the job store (libgildfaults.so): what is written to
 * it, and what waits for it, does not get there. Detached jobs are refused
 * while that lasts, plain ones go on, and what was answered holds.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/e2e/harness.h"
#include "tests/faults/steer.h"

enum { FSYNC, WRITE };

static const char rules[] = "fsync:EIO:held:who=recorder:path=jobs.db;"
			    "write:ENOSPC:held:who=recorder:path=jobs.db";

/* With its state in the test's folder: what a gild before this one left. */
static struct gild *
start_with_store(void)
{
	char option[256];

	snprintf(option, sizeof(option), "state_dir=%s/state", scratch_dir());
	mkdir(strchr(option, '=') + 1, 0700);
	return gild_start("-o", "frontends=1", "-o", option, NULL);
}

static json_t *
submit(struct peer *peer, json_int_t count)
{
	int64_t id = peer_call_start(
	    peer, "job.submit", "{s:I, s:b}", "count", count, "detach", 1);

	return peer_await(peer, id);
}

/* Whether a detached job was accepted. Else it was refused as is right. */
static bool
is_accepted(json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");

	if (error == NULL) {
		ck_assert_str_eq(text_at(answer, "result.state"), "queued");
		return true;
	}
	ck_assert_str_eq(text_at(error, "data.reason"), "store_unavailable");
	ck_assert_int_gt(int_at(error, "data.retry_after_ms"), 0);
	return false;
}

static bool
try_submit(struct peer *peer, json_int_t count)
{
	json_t *answer = submit(peer, count);
	bool was_accepted = is_accepted(answer);

	json_decref(answer);
	return was_accepted;
}

static void
await_accepted(struct peer *peer, json_int_t count)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while (!try_submit(peer, count)) {
		ck_assert_msg(ms_until(end_ms) > 0, "the store stays away");
		poll(NULL, 0, 20); /* nothing tells that it is back */
	}
}

static void
check_plain_job(struct peer *peer)
{
	json_t *result = peer_call(peer, "job.submit", "{s:i}", "count", 1000);

	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
}

/* How many jobs of so many turns the store has. */
static int
count_jobs(struct peer *peer, json_int_t count)
{
	json_t *page = peer_call(peer, "job.list", "{s:i}", "limit", 1000);
	json_t *job;
	size_t i;
	int n = 0;

	json_array_foreach (value_at(page, "jobs"), i, job)
		n += int_at(job, "count") == count;
	json_decref(page);
	return n;
}

/* --- the tests --- */

static void
check_outage(unsigned rule)
{
	struct gild *gild;
	struct peer *peer;

	faults_set(rules);
	gild = start_with_store();
	peer = peer_connect(gild);
	await_accepted(peer, 1);
	faults_arm(rule, 1, 0);
	while (try_submit(peer, 2))
		;
	gild_await_log(gild, "the job store is unavailable", 1);
	check_plain_job(peer);
	ck_assert(!try_submit(peer, 3));
	ck_assert_uint_gt(faults_disarm(rule), 0);
	await_accepted(peer, 4);
	ck_assert_int_eq(count_jobs(peer, 1), 1);
	ck_assert_int_eq(count_jobs(peer, 3), 0);
	ck_assert_int_eq(count_jobs(peer, 4), 1);
	gild_stop(gild);
}

START_TEST(a_disk_that_takes_nothing_more)
{
	check_outage(WRITE);
}
END_TEST

START_TEST(a_disk_that_does_not_sync)
{
	check_outage(FSYNC);
}
END_TEST

/* All at once, so that nobody has the time to put anything in order. */
static void
kill_all(struct gild *gild)
{
	pid_t pids[32];
	size_t n;

	gild_signal(gild, SIGSTOP);
	n = process_children(gild->pid, pids, 32);
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	gild_signal(gild, SIGKILL);
	gild_wait_exit(gild);
}

/*
 * Call after call fails, once each. What was accepted is there, once, and what
 * was refused is not: also after the death of all, at once after the answer.
 */
static void
check_each(unsigned rule)
{
	enum { TIMES = 12 };
	bool was_accepted[TIMES + 1];
	struct gild *gild;
	struct peer *peer;

	faults_set(rules);
	for (int n = 1; n <= TIMES; n++) {
		gild = start_with_store();
		peer = peer_connect(gild);
		await_accepted(peer, 1000 + n);
		faults_arm(rule, (uint64_t)n, 1);
		was_accepted[n] = try_submit(peer, n);
		kill_all(gild);
		faults_disarm(rule);
		peer_close_all();
	}
	gild = start_with_store();
	peer = peer_connect(gild);
	for (int n = 1; n <= TIMES; n++) {
		ck_assert_int_eq(count_jobs(peer, 1000 + n), 1);
		ck_assert_msg(count_jobs(peer, n) == (was_accepted[n] ? 1 : 0),
		    "call %d failed: the job was %s, and is there %d times", n,
		    was_accepted[n] ? "accepted" : "refused",
		    count_jobs(peer, n));
	}
	gild_stop(gild);
}

START_TEST(what_was_answered_holds_whichever_write_fails)
{
	check_each(WRITE);
}
END_TEST

START_TEST(what_was_answered_holds_whichever_sync_fails)
{
	check_each(FSYNC);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    a_disk_that_takes_nothing_more,
	    a_disk_that_does_not_sync,
	    what_was_answered_holds_whichever_write_fails,
	    what_was_answered_holds_whichever_sync_fails,
	};

	return faults_are_possible()
	    ? run_suite("injected disk", tests, COUNT(tests))
	    : SKIPPED;
}
