/*
 * server.stats at rest: whatever became of the jobs, they are all accounted
 * for, once, and what the pools count is what the results said.
 */
#include <check.h>
#include <signal.h>

#include "tests/e2e/harness.h"

static const char *const states[] = {
    "queued", "running", "done", "failed", "cancelled", "timed_out"};
static const char *const sums[] = {"acquisitions", "switches", "drop_requests",
    "honoured", "superseded", "missed"};
static const char *const longest[] = {"longest_hold_ns", "longest_wait_ns"};

/* Jobs by state, in the order of `states`. */
static void
expect_jobs(const json_t *counted, const int64_t expected[])
{
	const json_t *jobs = value_at(counted, "jobs");

	ck_assert_uint_eq(json_object_size(jobs), COUNT(states));
	for (size_t i = 0; i < COUNT(states); i++)
		ck_assert_msg(int_at(jobs, states[i]) == expected[i],
		    "%s: %lld, not %lld", states[i],
		    (long long)int_at(jobs, states[i]), (long long)expected[i]);
}

static json_t *
submit(struct peer *peer, const char *pool, int workers)
{
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:s, s:i, s:i}",
	    "count", 20000, "pool", pool, "cost_ns", 1000, "workers", workers);

	ck_assert_str_eq(text_at(result, "state"), "done");
	return result;
}

START_TEST(jobs_are_counted_by_how_they_ended)
{
	struct gild *gild = gild_start("-o", "max_attempts=1", "-o",
	    "pool.processes.size=2", "-o", "pool.threads.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *stats;
	int64_t id;

	json_decref(submit(peer, "processes", 2));
	json_decref(submit(peer, "processes", 1));
	json_decref(submit(peer, "threads", 3));
	id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, id));
	id = peer_submit_running(peer, job, "processes", ENDLESS, 1);
	kill(gild_await_busy(gild, "processes", 0), SIGKILL);
	json_decref(peer_await(peer, id));
	json_decref(peer_call(peer, "job.submit", "{s:I, s:s, s:i}", "count",
	    ENDLESS, "pool", "threads", "timeout_ms", 50));
	gild_await_idle(gild);

	stats = peer_call(peer, "server.stats", NULL);
	expect_jobs(stats, (int64_t[]){0, 0, 3, 1, 1, 1});
	expect_jobs(pool_of(stats, "processes"), (int64_t[]){0, 0, 2, 1, 1, 0});
	expect_jobs(pool_of(stats, "threads"), (int64_t[]){0, 0, 1, 0, 0, 1});
	/* Three tasks done and one cancelled; who was killed ended none. */
	ck_assert_int_eq(
	    sum_of(value_at(pool_of(stats, "processes"), "executors"),
		"tasks_done"),
	    4);
	ck_assert_int_eq(
	    sum_of(
		value_at(pool_of(stats, "processes"), "executors"), "restarts"),
	    1);
	ck_assert_int_eq(sum_of(value_at(stats, "processes"), "restarts"), 1);
	ck_assert(json_is_null(value_at(pool_of(stats, "processes"), "lock")));
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

START_TEST(the_locks_totals_are_those_of_the_jobs)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=500", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *a = submit(peer, "threads", 3), *b = submit(peer, "threads", 2);
	json_t *stats = peer_call(peer, "server.stats", NULL);
	const json_t *lock = value_at(pool_of(stats, "threads"), "lock");
	const json_t *locks[] = {value_at(a, "lock"), value_at(b, "lock")};

	for (size_t i = 0; i < COUNT(sums); i++)
		ck_assert_int_eq(int_at(lock, sums[i]),
		    int_at(locks[0], sums[i]) + int_at(locks[1], sums[i]));
	for (size_t i = 0; i < COUNT(longest); i++) {
		int64_t x = int_at(locks[0], longest[i]);
		int64_t y = int_at(locks[1], longest[i]);

		ck_assert_int_eq(int_at(lock, longest[i]), x > y ? x : y);
	}
	ck_assert_int_eq(int_at(lock, "wait_ns"),
	    int_at(a, "timing.lock_wait_ns") +
		int_at(b, "timing.lock_wait_ns"));
	ck_assert_int_eq(int_at(lock, "held_ns"),
	    int_at(a, "timing.lock_held_ns") +
		int_at(b, "timing.lock_held_ns"));
	ck_assert_int_eq(int_at(lock, "switch_wait_ns"),
	    int_at(a, "timing.switch_wait_ns") +
		int_at(b, "timing.switch_wait_ns"));
	json_decref(a);
	json_decref(b);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

START_TEST(connections_are_counted)
{
	struct gild *gild = gild_start("-o", "frontends=3", NULL);
	struct peer *peers[5];
	json_t *stats;

	for (size_t i = 0; i < COUNT(peers); i++) {
		peers[i] = peer_connect(gild);
		json_decref(peer_call(peers[i], "server.ping", NULL));
	}
	stats = peer_call(peers[0], "server.stats", NULL);
	ck_assert_int_eq(int_at(stats, "connections.open"), 5);
	ck_assert_int_eq(int_at(stats, "connections.accepted"), 5);
	ck_assert_int_gt(int_at(stats, "uptime_ns"), 0);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    jobs_are_counted_by_how_they_ended,
	    the_locks_totals_are_those_of_the_jobs,
	    connections_are_counted,
	};

	return run_suite("stats", tests, COUNT(tests));
}
