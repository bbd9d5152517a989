/*
 * Stored jobs when gild stops in good order: what runs is finished or given
 * back, what waits is left to the next gild, and nobody waits in vain.
 */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <string.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

START_TEST(a_stop_leaves_the_queue_to_the_next_gild)
{
	static const char *const size = "pool.processes.size=1";
	struct gild *gild = storing_start("-o", size, NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	int64_t waits[2];

	detach_nap(peer, 500, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	waits[0] = start_wait(peer, queued);
	waits[1] = start_wait(other, running);
	json_decref(peer_call(other, "server.ping", NULL));
	gild_signal(gild, SIGTERM);
	for (int i = 0; i < 2; i++) {
		json_t *answer = peer_await(i == 0 ? peer : other, waits[i]);

		ck_assert_str_eq(
		    text_at(answer, "error.data.reason"), "shutting_down");
		json_decref(answer);
	}
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();
	/* What ran was finished first, and nothing else was begun. */
	gild = storing_start("-o", size, "-o", "max_attempts=1", NULL);
	peer = peer_connect(gild);
	expect_done(get_job(peer, running), 1);
	expect_done(wait_job(peer, queued), 1);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stop_gives_back_what_does_not_end)
{
	struct gild *gild = storing_start("-o", "drain_timeout=100ms", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	gild_stop(gild);
	/* That was nobody's failure: it is no attempt. */
	gild = storing_start("-o", "max_attempts=1", NULL);
	peer = peer_connect(gild);
	await_state(peer, job, "running");
	expect_attempts(peer, job, 0);
	peer_cancel(peer, job);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stopping_gild_takes_no_more)
{
	struct gild *gild = storing_start(
	    "-o", "pool.processes.size=1", "-o", "drain_timeout=24h", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1], plain[JOB_ID_CHARS + 1],
	    queued[JOB_ID_CHARS + 1];
	int64_t id;

	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	detach_job(peer, 1, queued);
	/* Something else keeps this client's frontend. */
	id = peer_submit_running(peer, plain, "threads", ENDLESS, 1);
	gild_signal(gild, SIGTERM);
	gild_await_log(gild, "then stopping", 1);
	for (;;) {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.wait", "{s:s, s:i}", "job", job,
			"timeout_ms", 10));
		bool is_stopping = strcmp(text_at(answer, "error.data.reason"),
				       "shutting_down") == 0;

		json_decref(answer);
		if (is_stopping)
			break;
	}
	json_decref(peer_call_error(peer, "shutting_down", "job.submit",
	    "{s:i, s:b}", "count", 1, "detach", 1));
	/* It can still be cancelled, and then nothing holds gild back. */
	peer_cancel(peer, job);
	/* So can one that nobody will begin any more. */
	peer_cancel(peer, queued);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", plain));
	expect_result(peer, id, plain, "cancelled");
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();
	gild = storing_start(NULL);
	peer = peer_connect(gild);
	await_state(peer, job, "cancelled");
	await_state(peer, queued, "cancelled");
	gild_stop(gild);
}
END_TEST

/* The recorder answers when its asker has been told to stop. */
START_TEST(a_key_taken_in_while_gild_stops_is_not_waited_for)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	pid_t recorder = recorder_pid(gild, 0);
	json_t *answer, *page;
	int64_t id;

	kill(recorder, SIGSTOP);
	id = peer_call_start(peer, "job.submit", "{s:I, s:s, s:s, s:i, s:i}",
	    "count", ENDLESS, "key", "late", "profile", "io", "io_every", 1,
	    "io_for_us", 10000);
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_signal(gild, SIGTERM);
	gild_await_log(gild, "then stopping", 1);
	kill(recorder, SIGCONT);
	answer = peer_await(peer, id);
	ck_assert_str_eq(text_at(answer, "error.data.reason"), "shutting_down");
	json_decref(answer);
	ck_assert_int_eq(gild_wait_exit(gild), 0);
	peer_close_all();

	gild = storing_start(NULL);
	peer = peer_connect(gild);
	page = peer_call(peer, "job.list", "{s:s}", "key", "late");
	peer_cancel(peer, text_at(page, "jobs.0.job"));
	json_decref(page);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_stop_leaves_the_queue_to_the_next_gild,
	    a_stop_gives_back_what_does_not_end,
	    a_stopping_gild_takes_no_more,
	    a_key_taken_in_while_gild_stops_is_not_waited_for,
	};

	return run_suite("store_stop", tests, COUNT(tests));
}
