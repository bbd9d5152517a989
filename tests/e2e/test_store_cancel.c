/*
 * Stored jobs that are cancelled, from any frontend and while they start and
 * end: whoever asks is told what became of the job, and it stays so.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

START_TEST(a_cancelled_job_never_starts)
{
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect_frontend(gild, 0);
	struct peer *other = peer_connect_frontend(gild, 1);
	char running[JOB_ID_CHARS + 1], queued[JOB_ID_CHARS + 1];
	json_t *record;

	detach_sleeping(peer, running);
	await_state(peer, running, "running");
	detach_job(peer, 1000, queued);
	peer_cancel(other, queued);
	record = get_job(other, queued);
	ck_assert_str_eq(text_at(record, "state"), "cancelled");
	ck_assert_str_eq(text_at(record, "reason"), "cancelled by a client");
	ck_assert(json_is_null(value_at(record, "started_unix_ms")));
	ck_assert_int_eq(int_at(record, "attempts"), 0);
	json_decref(record);
	/* One that runs is stopped. */
	peer_cancel(other, running);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_that_has_ended_cannot_be_cancelled)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *error;

	detach_job(peer, 1000, job);
	json_decref(wait_job(peer, job));
	error = peer_call_error(
	    peer, "job_ended", "job.cancel", "{s:s}", "job", job);
	ck_assert_ptr_nonnull(strstr(text_at(error, "data.detail"), "done"));
	json_decref(error);
	await_state(peer, job, "done");
	gild_stop(gild);
}
END_TEST

/* Whatever comes first, both are told the same, and it stays so. */
START_TEST(cancels_race_with_starts_and_ends)
{
	enum { N = 200 };
	struct gild *gild = storing_start("-o", "pool.processes.size=1", NULL);
	struct peer *peers[2];
	size_t n_cancelled = 0;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	for (int i = 0; i < N; i++) {
		struct peer *peer = peers[i % 2], *other = peers[i / 2 % 2];
		char job[JOB_ID_CHARS + 1];
		const char *state;
		json_t *answer, *result;
		int64_t wait;

		detach_job(peer, 1 + i % 5 * 1000, job);
		wait = start_wait(peer, job);
		answer = peer_await(other,
		    peer_call_start(other, "job.cancel", "{s:s}", "job", job));
		state = json_object_get(answer, "result") != NULL ? "cancelled"
								  : "done";
		if (strcmp(state, "done") == 0)
			ck_assert_str_eq(
			    text_at(answer, "error.data.reason"), "job_ended");
		else
			n_cancelled++;
		json_decref(answer);
		result = answer_result(peer_await(peer, wait));
		ck_assert_str_eq(text_at(result, "state"), state);
		/* One that had not begun by then has no start. */
		if (int_at(result, "attempts") == 0)
			ck_assert_int_eq(
			    sum_of(value_at(result, "tasks"), "turns"), 0);
		json_decref(result);
		await_state(other, job, state);
	}
	ck_assert_uint_eq(count_jobs(peers[0], "cancelled"), n_cancelled);
	ck_assert_uint_eq(count_jobs(peers[0], "done"), N - n_cancelled);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* Of many that cancel, each is told that it is so. */
START_TEST(many_may_cancel_one_job)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peers[8];
	int64_t ids[COUNT(peers)];
	char job[JOB_ID_CHARS + 1];
	int n_cancelled = 0;

	for (size_t i = 0; i < COUNT(peers); i++)
		peers[i] = peer_connect(gild);
	detach_sleeping(peers[0], job);
	for (size_t i = 0; i < COUNT(peers); i++)
		ids[i] = peer_call_start(
		    peers[i], "job.cancel", "{s:s}", "job", job);
	for (size_t i = 0; i < COUNT(peers); i++) {
		json_t *answer = peer_await(peers[i], ids[i]);

		if (json_object_get(answer, "result") != NULL)
			n_cancelled++;
		else
			ck_assert_str_eq(
			    text_at(answer, "error.data.reason"), "job_ended");
		json_decref(answer);
	}
	ck_assert_int_ge(n_cancelled, 1);
	await_state(peers[1], job, "cancelled");
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_cancelled_job_never_starts,
	    a_job_that_has_ended_cannot_be_cancelled,
	    cancels_race_with_starts_and_ends,
	    many_may_cancel_one_job,
	};

	return run_suite("store_cancel", tests, COUNT(tests));
}
