/*
 * Stored jobs when gild reloads: the queue and the waits go along, and what a
 * reload may change of the recording is changed.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "tests/e2e/operator.h"
#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

#define FILE_TEXT              \
	"state_dir = \"%s\"\n" \
	"frontends = 1\n"      \
	"pool \"processes\" { kind = processes size = 1 }\n"
#define FILE_CHILDREN 3 /* a frontend, a worker, the recorder */

static void
write_file(const char *more)
{
	operator_write(FILE_TEXT "%s", store_folder(), more);
}

/* gild with that file, and its store. */
static struct gild *
start(const char *more)
{
	struct gild *gild;

	write_file(more);
	gild = operator_start(NULL);
	await_store(gild, true);
	return gild;
}

START_TEST(a_reload_takes_the_queue_along)
{
	struct gild *gild = start("");
	struct peer *peer = peer_connect(gild), *fresh;
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];
	json_t *result;

	detach_sleeping(peer, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, running);
	waits[1] = start_wait(peer, queued);
	json_decref(peer_call(peer, "server.ping", NULL));
	ck_assert_int_eq(operator_reload(), 2);
	/* The new generation has an executor of its own for it. */
	expect_result(peer, waits[1], queued, "done");
	fresh = peer_connect(gild);
	await_state(fresh, running, "running");
	expect_attempts(fresh, running, 0);
	peer_cancel(fresh, running);
	expect_result(peer, waits[0], running, "cancelled");
	operator_await_alone(gild, FILE_CHILDREN);
	/* Its client is served by the new one. */
	detach_job(peer, 1, queued);
	result = wait_job(peer, queued);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

START_TEST(state_dir_is_not_changed_by_a_reload)
{
	struct gild *gild = start("");
	struct peer *peer;
	char job[JOB_ID_CHARS + 1];

	operator_write(FILE_TEXT, store_path("elsewhere"));
	ck_assert_ptr_nonnull(strstr(
	    operator_reload_error("reload_failed"), store_path("elsewhere")));
	peer = peer_connect(gild);
	ck_assert_int_eq(peer_generation(peer), 1);
	detach_job(peer, 1, job);
	json_decref(wait_job(peer, job));
	gild_stop(gild);
}
END_TEST

/* No more is taken in, and what is there is finished. */
START_TEST(a_reload_ends_the_recording)
{
	struct gild *gild = start("");
	struct peer *peer = peer_connect(gild);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];

	detach_nap(peer, 500, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, running);
	waits[1] = start_wait(peer, queued);
	json_decref(peer_call(peer, "server.ping", NULL));
	write_file("record = none\n");
	operator_reload();
	json_decref(peer_call_error(peer_connect(gild), "store_unavailable",
	    "job.submit", "{s:i, s:b}", "count", 1, "detach", 1));
	expect_result(peer, waits[0], running, "done");
	expect_result(peer, waits[1], queued, "done");
	operator_await_alone(gild, FILE_CHILDREN);
	/* And back. */
	write_file("");
	operator_reload();
	peer = peer_connect(gild);
	await_store(gild, true);
	await_state(peer, running, "done");
	await_state(peer, queued, "done");
	gild_stop(gild);
}
END_TEST

/* max_detached and the pulse that is expected change with a reload. */
START_TEST(a_reload_changes_the_recorders_limits)
{
	struct gild *gild = start("heartbeat_timeout = 60s\n");
	struct peer *peer;
	char jobs[2][JOB_ID_CHARS + 1];
	pid_t recorder;
	int64_t end_ms;

	recorder = recorder_pid(gild, 0);
	write_file("heartbeat_timeout = 1s\nmax_detached = 1\n");
	operator_reload();
	peer = peer_connect(gild);
	detach_sleeping(peer, jobs[0]);
	json_decref(peer_call_error(
	    peer, "busy", "job.submit", "{s:i, s:b}", "count", 1, "detach", 1));
	/* For longer than that it is not taken for dead; when it hangs it is. */
	for (end_ms = now_ms() + 1500; ms_until(end_ms) > 0;)
		poll(NULL, 0, ms_until(end_ms));
	ck_assert_int_eq(recorder_pid(gild, 0), recorder);
	kill(recorder, SIGSTOP);
	recorder_pid(gild, recorder);
	await_state(peer, jobs[0], "running");
	peer_cancel(peer, jobs[0]);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_reload_takes_the_queue_along,
	    state_dir_is_not_changed_by_a_reload,
	    a_reload_ends_the_recording,
	    a_reload_changes_the_recorders_limits,
	};

	return run_suite("store_reload", tests, COUNT(tests));
}
