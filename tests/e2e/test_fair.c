/*
 * Whose turn it is: fair turns between clients, priorities, one line for all,
 * and jobs that wait for their time. Orders and counts are looked at, not times:
 * one worker runs one job after the other, held back by an endless one before
 * and another endless one behind, so what was run in between stands still.
 */
#include <check.h>
#include <string.h>

#include "tests/e2e/harness.h"

#define MANY 2000

/* One frontend and one worker: one order of all jobs. */
static struct gild *
start_with_one_worker(const char *queue)
{
	return gild_start("-o", "frontends=1", "-o", "pool.processes.size=1",
	    "-o", queue, NULL);
}

/* A job that keeps the worker from all that comes behind it. */
static int64_t
plug(struct peer *peer, char job[JOB_ID_CHARS + 1])
{
	return peer_submit_running(peer, job, "processes", ENDLESS, 1);
}

static void
unplug(struct peer *peer, int64_t id, const char *job)
{
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(answer_result(peer_await(peer, id)));
}

static int64_t
submit(struct peer *peer, json_int_t count, int priority)
{
	return peer_call_start(peer, "job.submit", "{s:I, s:i}", "count", count,
	    "priority", priority);
}

static bool
are_queued(json_t *stats, void *n)
{
	return int_at(stats, "jobs.queued") == *(const int *)n;
}

static bool
is_one_running_of(json_t *stats, void *n)
{
	return are_queued(stats, n) && int_at(stats, "jobs.running") == 1;
}

/*
 * A queues many jobs of priority 4, then B one of another, and an endless one
 * that stops everything behind it. How many of A's were run before that.
 */
static int
count_run_before(const char *queue, int priority)
{
	struct gild *gild = start_with_one_worker(queue);
	struct peer *a = peer_connect(gild), *b = peer_connect(gild);
	struct peer *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t plugged = plug(other, job), id;
	int n_left, n_done;
	json_t *stats;

	for (int i = 0; i < MANY; i++)
		submit(a, 1, 4);
	json_decref(peer_call(a, "server.ping", NULL));
	id = submit(b, 1, priority);
	submit(b, ENDLESS, priority);
	json_decref(peer_call(b, "server.ping", NULL));
	n_left = MANY + 2;
	gild_await_stats(gild, "all wait", is_one_running_of, &n_left);
	unplug(other, plugged, job);
	json_decref(answer_result(peer_await(b, id)));
	gild_await_busy(gild, "processes", 0);
	/* B's second one runs as soon as nothing else does. */
	do {
		stats = gild_stats(gild);
		n_done = (int)int_at(stats, "jobs.done");
		n_left = (int)int_at(stats, "jobs.queued");
		json_decref(stats);
	} while (n_done + n_left + 1 != MANY + 2);
	peer_close(a);
	peer_close(b);
	gild_await_idle(gild);
	gild_stop(gild);
	return n_done - 1;
}

START_TEST(another_clients_job_waits_for_one_turn)
{
	/* One turn before each of the two jobs that it waits for. */
	ck_assert_int_le(count_run_before("queue=fair", 4), 2);
}
END_TEST

START_TEST(in_one_line_it_waits_for_all)
{
	ck_assert_int_eq(count_run_before("queue=fifo", 4), MANY);
}
END_TEST

START_TEST(a_higher_priority_waits_for_nobody)
{
	ck_assert_int_eq(count_run_before("queue=fair", 9), 0);
	ck_assert_int_eq(count_run_before("queue=fifo", 5), 0);
}
END_TEST

START_TEST(a_lower_priority_waits_for_all)
{
	ck_assert_int_eq(count_run_before("queue=fair", 3), MANY);
}
END_TEST

/* Nothing that is of a higher priority comes behind what is of a lower one. */
START_TEST(jobs_run_in_the_order_of_their_priorities)
{
	static const int priorities[] = {
	    0, 9, 4, 4, 5, 3, 9, 1, 2, 8, 7, 6, 4, 0, 9};
	static const int order[] = {
	    1, 6, 14, 9, 10, 11, 4, 2, 3, 12, 5, 8, 7, 0, 13};
	struct gild *gild = start_with_one_worker("queue=fair");
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t plugged = plug(other, job), first = 0;

	for (size_t i = 0; i < COUNT(priorities); i++) {
		int64_t id = submit(peer, 1, priorities[i]);

		first = i == 0 ? id : first;
	}
	json_decref(peer_call(peer, "server.ping", NULL));
	unplug(other, plugged, job);
	for (size_t i = 0; i < COUNT(order); i++) {
		json_t *answer = peer_receive(peer);

		ck_assert_int_eq(int_at(answer, "id"), first + order[i]);
		json_decref(answer_result(answer));
	}
	gild_stop(gild);
}
END_TEST

/* --- delays --- */

START_TEST(a_delay_is_waited_for_and_counts_as_queued)
{
	enum { DELAY_MS = 200 };
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	int64_t id = peer_call_start(peer, "job.submit", "{s:i, s:i}", "count",
	    1, "start_after_ms", DELAY_MS);
	json_t *result;

	/* Others do not wait for it. */
	json_decref(peer_call(peer, "job.submit", "{s:i}", "count", 1));
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_ge(
	    int_at(result, "timing.queue_ns"), DELAY_MS * INT64_C(1000000));
	ck_assert_int_ge(int_at(result, "timing.total_ns"),
	    int_at(result, "timing.queue_ns"));
	json_decref(result);
	gild_stop(gild);
}
END_TEST

static int64_t
submit_for_later(struct peer *peer, char job[JOB_ID_CHARS + 1], int timeout_ms)
{
	int64_t id = peer_call_start(peer, "job.submit", "{s:i, s:i, s:i, s:b}",
	    "count", 1, "start_after_ms", 24 * 3600000, "timeout_ms",
	    timeout_ms, "progress", 1);

	peer_await_job(peer, id, job);
	return id;
}

START_TEST(a_delayed_job_can_be_cancelled)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = submit_for_later(peer, job, 0);
	int n_queued = 1;
	json_t *result;

	gild_await_stats(gild, "it is queued", are_queued, &n_queued);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_int_eq(int_at(result, "attempts"), 0);
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(a_deadline_counts_while_a_job_is_delayed)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *result =
	    answer_result(peer_await(peer, submit_for_later(peer, job, 50)));

	ck_assert_str_eq(text_at(result, "state"), "timed_out");
	ck_assert_int_eq(int_at(result, "attempts"), 0);
	json_decref(result);
	/* And behind the delay, from the arrival on. */
	result = peer_call(peer, "job.submit", "{s:I, s:i, s:i}", "count",
	    ENDLESS, "start_after_ms", 50, "timeout_ms", 300 * test_scale());
	ck_assert_str_eq(text_at(result, "state"), "timed_out");
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	ck_assert_int_ge(int_at(result, "timing.total_ns"),
	    300 * test_scale() * INT64_C(1000000));
	json_decref(result);
	gild_stop(gild);
}
END_TEST

START_TEST(a_delayed_job_is_in_flight_and_leaves_with_its_client)
{
	struct gild *gild = gild_start("-o", "max_in_flight=1", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	submit_for_later(peer, job, 0);
	json_decref(
	    peer_call_error(peer, "busy", "job.submit", "{s:i}", "count", 1));
	peer_close(peer);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    another_clients_job_waits_for_one_turn,
	    in_one_line_it_waits_for_all,
	    a_higher_priority_waits_for_nobody,
	    a_lower_priority_waits_for_all,
	    jobs_run_in_the_order_of_their_priorities,
	    a_delay_is_waited_for_and_counts_as_queued,
	    a_delayed_job_can_be_cancelled,
	    a_deadline_counts_while_a_job_is_delayed,
	    a_delayed_job_is_in_flight_and_leaves_with_its_client,
	};

	return run_suite("fair", tests, COUNT(tests));
}
