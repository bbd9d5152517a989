/*
 * What a task did with the lock, end to end: its time is accounted for whatever
 * its profile, by the job's result and by the stats. Counts, orders and sums;
 * no clock is judged.
 */
#include <check.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* --- profiles --- */

/*
 * Whatever a task did in its time is part of its time. That nothing is missing
 * but a reading of the clock is for an idle machine to show.
 */
static void
check_accounts(const json_t *result)
{
	const json_t *tasks = value_at(result, "tasks"), *task;
	static const char *const parts[] = {"lock_wait_ns", "lock_held_ns",
	    "switch_wait_ns", "native_ns", "io_ns"};
	size_t i;

	json_array_foreach (tasks, i, task) {
		int64_t sum = 0;

		for (size_t j = 0; j < COUNT(parts); j++)
			sum += int_at(task, parts[j]);
		ck_assert_int_gt(sum, 0);
		ck_assert_int_le(sum, int_at(task, "wall_ns"));
	}
	for (size_t j = 0; j < COUNT(parts); j++)
		ck_assert_int_eq(int_at(value_at(result, "timing"), parts[j]),
		    sum_of(tasks, parts[j]));
	ck_assert_int_eq(
	    int_at(result, "timing.cpu_wait_ns"), sum_of(tasks, "cpu_wait_ns"));
}

START_TEST(a_native_task_counts_without_the_lock)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit",
	    "{s:i, s:s, s:i, s:i, s:s}", "count", 20000, "pool", "threads",
	    "cost_ns", 1000, "workers", 2, "profile", "native");

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_str_eq(text_at(result, "profile"), "native");
	ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"), 20000);
	/* Once to begin and once to end. */
	ck_assert_int_eq(int_at(result, "lock.acquisitions"), 4);
	ck_assert_int_gt(int_at(result, "tasks.0.native_ns"), 0);
	ck_assert_int_gt(int_at(result, "tasks.1.native_ns"), 0);
	ck_assert_int_eq(int_at(result, "timing.io_ns"), 0);
	check_accounts(result);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

static const char *const kinds[] = {"threads", "processes"};

START_TEST(an_io_task_sleeps_as_often_and_as_long_as_was_asked)
{
	const char *pool = kinds[_i];
	struct gild *gild = gild_start(
	    "-o", "pool.threads.size=2", "-o", "pool.processes.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit",
	    "{s:i, s:s, s:i, s:s, s:i, s:i}", "count", 50, "pool", pool,
	    "workers", 2, "profile", "io", "io_every", 10, "io_for_us", 2000);
	const json_t *tasks = value_at(result, "tasks"), *bucket;
	int64_t n = 0;
	size_t i;

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(int_at(result, "io_every"), 10);
	ck_assert_int_eq(int_at(result, "io_for_us"), 2000);
	for (i = 0; i < 2; i++) {
		const json_t *task = json_array_get(tasks, i);

		ck_assert_int_eq(int_at(task, "turns"), 25);
		ck_assert_int_eq(int_at(task, "io_operations"), 3);
		ck_assert_int_ge(int_at(task, "io_ns"), 3 * 2000000);
		ck_assert_int_le(
		    int_at(task, "io_ns"), int_at(task, "wall_ns"));
	}
	json_array_foreach (value_at(result, "histograms.io"), i, bucket)
		n += json_integer_value(json_array_get(bucket, 1));
	ck_assert_int_eq(n, 6);
	if (strcmp(pool, "threads") == 0) {
		/* At the start, and after each sleep. */
		ck_assert_int_eq(int_at(result, "lock.acquisitions"), 8);
		check_accounts(result);
	} else {
		ck_assert(json_is_null(value_at(result, "lock")));
		ck_assert(json_is_null(value_at(result, "tasks.0.lock")));
	}
	json_decref(result);
	gild_stop(gild);
}
END_TEST

/*
 * A job with a time limit whose task came to the lock before that was over: on
 * a loaded machine not the first one.
 */
static json_t *
submit_to_wait(struct peer *peer)
{
	for (int timeout_ms = 100;; timeout_ms *= 2) {
		json_t *result =
		    peer_call(peer, "job.submit", "{s:i, s:s, s:i}", "count", 5,
			"pool", "threads", "timeout_ms", timeout_ms);

		/* Whatever became of it, it did not have the lock. */
		ck_assert_str_eq(text_at(result, "state"), "timed_out");
		if (int_at(result, "timing.lock_wait_ns") > 0 &&
		    json_array_size(
			value_at(result, "tasks.0.lock.blockers.tasks")) > 0)
			return result;
		json_decref(result);
	}
}

/* It has the lock all the time, and the other waits for nobody else. */
START_TEST(a_wait_is_charged_to_the_one_that_had_the_lock)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", "-o",
	    "pool.threads.policy=hold", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "threads", ENDLESS, 1);
	json_t *result = submit_to_wait(peer);
	json_t *blocked;

	ck_assert_str_eq(
	    text_at(result, "tasks.0.lock.blockers.tasks.0.job"), job);
	ck_assert_int_eq(
	    int_at(result, "tasks.0.lock.blockers.tasks.0.task"), 0);
	blocked = value_at(result, "tasks.0.lock.blockers.tasks");
	ck_assert_uint_eq(json_array_size(blocked), 1);
	ck_assert_int_gt(sum_of(blocked, "wait_ns"), 0);
	ck_assert_int_le(
	    sum_of(blocked, "wait_ns"), int_at(result, "timing.lock_wait_ns"));
	json_decref(result);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, id));
	gild_stop(gild);
}
END_TEST

/* --- server.stats --- */

START_TEST(stats_tell_of_each_lock_and_thread)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=4", "-o",
	    "pool.threads.locks=2", "-o", "pool.threads.interval_us=200", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_submit_done(peer, "threads", 200000, 4), *stats;
	const json_t *lock, *threads, *blocked, *pair, *thread, *domain;
	int64_t last = INT64_MAX;
	size_t i;

	gild_await_idle(gild);
	stats = gild_stats(gild);
	lock = value_at(pool_of(stats, "threads"), "lock");
	threads = value_at(lock, "threads");
	blocked = value_at(lock, "blocked");
	ck_assert_uint_eq(json_array_size(value_at(lock, "domains")), 2);
	ck_assert_uint_eq(json_array_size(threads), 4);
	json_array_foreach (value_at(lock, "domains"), i, domain) {
		ck_assert_int_eq(int_at(domain, "domain"), (int64_t)i);
		ck_assert_int_eq(int_at(domain, "threads"), 2);
		ck_assert_int_ge(
		    int_at(domain, "handovers"), int_at(domain, "switches"));
		ck_assert_int_le(int_at(domain, "held_ppm"), 1000000);
		ck_assert_int_le(int_at(domain, "contended_ppm"), 1000000);
		ck_assert_int_ge(int_at(domain, "fairness_ppm"), 500000);
		ck_assert_int_le(int_at(domain, "fairness_ppm"), 1000000);
	}
	ck_assert_int_gt(sum_of(value_at(lock, "domains"), "held_ns"), 0);
	json_array_foreach (threads, i, thread) {
		ck_assert_int_eq(int_at(thread, "thread"), (int64_t)i);
		ck_assert_int_eq(int_at(thread, "domain"), (int64_t)i % 2);
	}
	ck_assert_int_eq(sum_of(threads, "acquisitions"),
	    int_at(result, "lock.acquisitions"));
	ck_assert_int_eq(
	    sum_of(threads, "held_ns"), int_at(result, "lock.held_ns"));
	ck_assert_int_eq(sum_of(value_at(lock, "domains"), "switches"),
	    int_at(lock, "switches"));
	ck_assert(json_equal(
	    value_at(lock, "histograms"), value_at(result, "histograms")));
	/* Who shares no lock blocks nobody; the longest first. */
	json_array_foreach (blocked, i, pair) {
		ck_assert_int_ne(
		    int_at(pair, "waiter"), int_at(pair, "holder"));
		ck_assert_int_eq(
		    int_at(pair, "waiter") % 2, int_at(pair, "holder") % 2);
		ck_assert_int_gt(int_at(pair, "wait_ns"), 0);
		ck_assert_int_le(int_at(pair, "wait_ns"), last);
		last = int_at(pair, "wait_ns");
	}
	ck_assert_int_le(sum_of(blocked, "wait_ns"), int_at(lock, "wait_ns"));
	ck_assert_int_eq(int_at(lock, "events.recorded"), 0);
	ck_assert_int_eq(int_at(lock, "events.overhead_ppm"), 0);
	json_decref(result);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_native_task_counts_without_the_lock,
	    a_wait_is_charged_to_the_one_that_had_the_lock,
	    stats_tell_of_each_lock_and_thread,
	};
	int failed = run_suite("lock", tests, COUNT(tests));

	return failed |
	    run_loop_suite("lock: io",
		an_io_task_sleeps_as_often_and_as_long_as_was_asked,
		COUNT(kinds));
}
