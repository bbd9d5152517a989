/* The life of jobs, end to end: run, counted, cancelled, late, told of. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/board.h" /* BOARD_LOOKAHEAD */
#include "tests/e2e/harness.h"

static const char *const pool_names[] = {"processes", "threads"};

/* --- what a result says --- */

static void
check_times(const json_t *result)
{
	json_t *tasks = value_at(result, "tasks");
	int64_t wall_ns = int_at(result, "timing.wall_ns");

	ck_assert_int_gt(wall_ns, 0);
	ck_assert_int_le(int_at(result, "timing.queue_ns") + wall_ns,
	    int_at(result, "timing.total_ns"));
	ck_assert_int_eq(
	    int_at(result, "timing.cpu_ns"), sum_of(tasks, "cpu_ns"));
	ck_assert_int_eq(int_at(result, "timing.lock_wait_ns"),
	    sum_of(tasks, "lock_wait_ns"));
	ck_assert_int_eq(int_at(result, "timing.lock_held_ns"),
	    sum_of(tasks, "lock_held_ns"));
	for (size_t i = 0; i < json_array_size(tasks); i++) {
		const json_t *task = json_array_get(tasks, i);

		ck_assert_int_eq(int_at(task, "task"), (int64_t)i);
		ck_assert_int_le(int_at(task, "wall_ns"), wall_ns);
		ck_assert_int_eq(int_at(task, "attempts"), 1);
	}
}

START_TEST(processes_count_every_turn)
{
	struct gild *gild = gild_start("-o", "pool.processes.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(
	    peer, "job.submit", "{s:i, s:i}", "count", 10000001, "workers", 3);
	json_t *tasks = value_at(result, "tasks");
	pid_t pids[2];

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_ptr_null(json_object_get(result, "reason"));
	ck_assert_str_eq(text_at(result, "pool"), "processes");
	ck_assert_uint_eq(json_array_size(tasks), 3);
	ck_assert_int_eq(sum_of(tasks, "count"), 10000001);
	ck_assert_int_eq(sum_of(tasks, "turns"), 10000001);
	ck_assert(json_is_null(value_at(result, "lock")));
	check_times(result);
	ck_assert_uint_eq(gild_pids(gild, "worker", NULL, pids, 2), 2);
	for (size_t i = 0; i < 3; i++) {
		int64_t pid = int_at(json_array_get(tasks, i), "pid");

		ck_assert(pid == pids[0] || pid == pids[1]);
		ck_assert_int_eq(int_at(json_array_get(tasks, i), "tid"), pid);
	}
	json_decref(result);
	gild_stop(gild);
}
END_TEST

START_TEST(threads_count_every_turn)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=500", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:i, s:i, s:s}",
	    "count", 100001, "cost_ns", 1000, "workers", 3, "pool", "threads");
	json_t *tasks = value_at(result, "tasks");
	json_t *lock = value_at(result, "lock");
	pid_t pid;

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(sum_of(tasks, "turns"), 100001);
	check_times(result);
	ck_assert_uint_eq(gild_pids(gild, "interpreter", NULL, &pid, 1), 1);
	for (size_t i = 0; i < 3; i++) {
		const json_t *task = json_array_get(tasks, i);
		int64_t next_tid =
		    int_at(json_array_get(tasks, (i + 1) % 3), "tid");

		ck_assert_int_eq(int_at(task, "pid"), pid);
		ck_assert_int_ne(int_at(task, "tid"), next_tid);
	}
	/* 100 ms of work for each of three, who ask after 0.5 ms. */
	ck_assert_int_gt(int_at(lock, "switches"), 3);
	ck_assert_int_gt(int_at(lock, "honoured"), 3);
	ck_assert_int_le(
	    int_at(lock, "switches"), int_at(lock, "acquisitions"));
	ck_assert_int_eq(int_at(lock, "drop_requests"),
	    int_at(lock, "honoured") + int_at(lock, "superseded") +
		int_at(lock, "missed"));
	/* One at a time: together they held it no longer than it all took. */
	ck_assert_int_le(int_at(result, "timing.lock_held_ns"),
	    int_at(result, "timing.wall_ns"));
	json_decref(result);
	gild_stop(gild);
}
END_TEST

START_TEST(hold_never_switches)
{
	struct gild *gild = gild_start("-o", "pool.threads.policy=hold", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:i, s:i, s:s}",
	    "count", 100001, "cost_ns", 1000, "workers", 3, "pool", "threads");
	json_t *tasks = value_at(result, "tasks");

	ck_assert_int_eq(sum_of(tasks, "turns"), 100001);
	ck_assert_int_eq(int_at(result, "lock.acquisitions"), 3);
	ck_assert_int_eq(int_at(result, "lock.switches"), 0);
	ck_assert_int_eq(int_at(result, "lock.drop_requests"), 0);
	check_times(result);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

/* How often two threads with 100 ms of work each ask each other. */
static int64_t
count_requests(struct peer *peer)
{
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:i, s:i, s:s}",
	    "count", 200000, "cost_ns", 1000, "workers", 2, "pool", "threads");
	int64_t n = int_at(result, "lock.drop_requests");

	json_decref(result);
	return n;
}

/* Until there are any, or none. */
static void
await_requests(struct peer *peer, bool any)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while ((count_requests(peer) > 0) != any)
		ck_assert_msg(ms_until(end_ms) > 0,
		    "the threads still %s each other",
		    any ? "do not ask" : "ask");
}

/* The pool's process hears of a change a moment after the answer. */
START_TEST(interval_changes_while_gild_runs)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *pool;

	await_requests(peer, true);
	pool = peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "threads",
	    "interval_us", 10000000);
	ck_assert_int_eq(int_at(pool, "lock.interval_us"), 10000000);
	json_decref(pool);
	await_requests(peer, false);
	json_decref(peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "threads",
	    "interval_us", 500));
	await_requests(peer, true);
	json_decref(peer_call_error(peer, "invalid_params", "pool.set",
	    "{s:s, s:i}", "pool", "processes", "interval_us", 500));
	gild_stop(gild);
}
END_TEST

/* --- cancelled --- */

START_TEST(cancel_of_a_running_job)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	for (size_t i = 0; i < 2; i++) {
		int64_t id =
		    peer_submit_running(peer, job, pool_names[i], ENDLESS, 2);
		json_t *said =
		    peer_call(other, "job.cancel", "{s:s}", "job", job);
		json_t *result = answer_result(peer_await(peer, id));

		ck_assert_str_eq(text_at(said, "job"), job);
		ck_assert_str_eq(text_at(said, "state"), "cancelled");
		ck_assert_str_eq(text_at(result, "job"), job);
		ck_assert_str_eq(text_at(result, "state"), "cancelled");
		ck_assert_str_ne(text_at(result, "reason"), "");
		ck_assert_int_gt(sum_of(value_at(result, "tasks"), "turns"), 0);
		json_decref(said);
		json_decref(result);
		/* It is not known any more. */
		json_decref(peer_call_error(
		    other, "no_such_job", "job.cancel", "{s:s}", "job", job));
	}
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* Behind a running job and n_others: their tasks go ahead into the pool. */
static void
check_cancel_of_queued(int n_others)
{
	struct gild *gild = gild_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result;
	char first_job[JOB_ID_CHARS + 1], job[JOB_ID_CHARS + 1];
	int64_t first, second, third = 0;

	first = peer_submit_running(peer, first_job, "processes", ENDLESS, 1);
	for (int i = 0; i < n_others; i++)
		third =
		    peer_call_start(peer, "job.submit", "{s:i}", "count", 1);
	second = peer_call_start(
	    peer, "job.submit", "{s:I, s:b}", "count", ENDLESS, "progress", 1);
	peer_await_job(peer, second, job);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	result = answer_result(peer_await(peer, second));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_int_eq(int_at(result, "attempts"), 0);
	ck_assert_int_eq(int_at(result, "timing.wall_ns"), 0);
	ck_assert_int_eq(int_at(result, "tasks.0.pid"), 0);
	json_decref(result);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", first_job));
	json_decref(peer_await(peer, first));
	result = answer_result(peer_await(peer, third));
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}

START_TEST(cancel_of_a_job_in_the_pools_queue)
{
	check_cancel_of_queued(BOARD_LOOKAHEAD / 4);
}
END_TEST

START_TEST(cancel_of_a_job_in_the_frontends_queue)
{
	check_cancel_of_queued(BOARD_LOOKAHEAD + 64);
}
END_TEST

static bool
two_are_busy(json_t *stats, void *unused)
{
	json_t *executors = value_at(stats, "pools.0.executors"), *executor;
	size_t i, n = 0;

	(void)unused;
	json_array_foreach (executors, i, executor)
		n += strcmp(text_at(executor, "state"), "busy") == 0;
	return n == 2;
}

/* Nobody but the bell wakes a thread that waits for a lock that is held. */
START_TEST(cancel_of_a_job_that_waits_for_the_lock)
{
	struct gild *gild = gild_start("-o", "pool.threads.policy=hold", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1], waiting[JOB_ID_CHARS + 1];
	int64_t first = peer_submit_running(peer, job, "threads", ENDLESS, 1);
	int64_t second = peer_call_start(peer, "job.submit", "{s:i, s:s, s:b}",
	    "count", 1, "pool", "threads", "progress", 1);
	json_t *result;

	peer_await_job(peer, second, waiting);
	gild_await_stats(gild, "two threads are at it", two_are_busy, NULL);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", waiting));
	result = answer_result(peer_await(peer, second));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_int_eq(int_at(result, "attempts"), 1);
	ck_assert_int_eq(int_at(result, "lock.acquisitions"), 0);
	ck_assert_int_gt(int_at(result, "timing.lock_wait_ns"), 0);
	json_decref(result);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, first));
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

START_TEST(cancel_of_what_is_no_job)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *error;

	json_decref(peer_call_error(peer, "no_such_job", "job.cancel", "{s:s}",
	    "job", "01ARZ3NDEKTSV4RRFFQ69G5FAV"));
	error = peer_call_error(
	    peer, "invalid_params", "job.cancel", "{s:s}", "job", "nonsense");
	ck_assert_str_eq(text_at(error, "data.field"), "job");
	json_decref(error);
	gild_stop(gild);
}
END_TEST

/* --- late --- */

START_TEST(timeout_of_a_running_job)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	int timeout_ms = 300 * test_scale();
	char reason[64];

	snprintf(reason, sizeof(reason), "timed out after %d ms", timeout_ms);
	for (size_t i = 0; i < 2; i++) {
		json_t *result = peer_call(peer, "job.submit",
		    "{s:I, s:s, s:i, s:i}", "count", ENDLESS, "pool",
		    pool_names[i], "workers", 2, "timeout_ms", timeout_ms);

		ck_assert_str_eq(text_at(result, "state"), "timed_out");
		ck_assert_str_eq(text_at(result, "reason"), reason);
		ck_assert_int_ge(int_at(result, "timing.total_ns"),
		    timeout_ms * INT64_C(1000000));
		ck_assert_int_gt(sum_of(value_at(result, "tasks"), "turns"), 0);
		json_decref(result);
	}
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/*
 * It is cancelled while its worker is stopped, so that it is not over yet when
 * its time is. By then another job's time is over, too, which was submitted
 * later.
 */
START_TEST(timeout_of_a_cancelled_job_changes_nothing)
{
	struct gild *gild = gild_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	int timeout_ms = 2000 * test_scale();
	int64_t id = peer_call_start(peer, "job.submit", "{s:I, s:i, s:b}",
	    "count", ENDLESS, "timeout_ms", timeout_ms, "progress", 1);
	pid_t worker = gild_await_busy(gild, "processes", 0);
	char job[JOB_ID_CHARS + 1];
	json_t *result, *stats;

	peer_await_job(peer, id, job);
	ck_assert_int_eq(kill(worker, SIGSTOP), 0);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_call(peer, "job.submit", "{s:I, s:s, s:i}", "count",
	    ENDLESS, "pool", "threads", "timeout_ms", timeout_ms));
	json_decref(peer_call_error(
	    peer, "no_such_job", "job.cancel", "{s:s}", "job", job));
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	result = answer_result(peer_await(peer, id));
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	ck_assert_str_eq(text_at(result, "reason"), "cancelled by a client");
	json_decref(result);
	gild_await_idle(gild);
	stats = peer_call(peer, "server.stats", NULL);
	ck_assert_int_eq(int_at(stats, "jobs.cancelled"), 1);
	ck_assert_int_eq(int_at(stats, "jobs.timed_out"), 1);
	json_decref(stats);
	gild_stop(gild);
}
END_TEST

/* Behind a running job and n_others, as above. */
static void
check_timeout_of_queued(int n_others)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t first = peer_submit_running(peer, job, "threads", ENDLESS, 1);
	json_t *result;

	for (int i = 0; i < n_others; i++)
		peer_call_start(peer, "job.submit", "{s:i, s:s}", "count", 1,
		    "pool", "threads");
	result = peer_call(peer, "job.submit", "{s:i, s:s, s:i}", "count", 1,
	    "pool", "threads", "timeout_ms", 50);
	ck_assert_str_eq(text_at(result, "state"), "timed_out");
	ck_assert_int_eq(int_at(result, "attempts"), 0);
	ck_assert_int_ge(int_at(result, "timing.queue_ns"), 50000000);
	ck_assert_int_eq(int_at(result, "timing.wall_ns"), 0);
	json_decref(result);
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	json_decref(peer_await(peer, first));
	/* The pool is whole. */
	result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 7, "pool", "threads");
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}

START_TEST(timeout_of_a_job_in_the_pools_queue)
{
	check_timeout_of_queued(0);
}
END_TEST

START_TEST(timeout_of_a_job_in_the_frontends_queue)
{
	check_timeout_of_queued(BOARD_LOOKAHEAD + 64);
}
END_TEST

/* --- told of --- */

/* Of two tasks, one after the other: what the first did goes on counting. */
START_TEST(progress_is_told)
{
	struct gild *gild = gild_start("-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	json_int_t count = 500000;
	int64_t id = peer_call_start(peer, "job.submit", "{s:I, s:i, s:i, s:b}",
	    "count", count, "cost_ns", 1000, "workers", 2, "progress", 1);
	int64_t turns = 0;
	int notices = 0;
	char job[JOB_ID_CHARS + 1];

	for (;;) {
		json_t *message = peer_receive(peer);
		const json_t *params = json_object_get(message, "params");

		if (params == NULL) { /* the answer ends it */
			ck_assert_int_eq(int_at(message, "id"), id);
			ck_assert_str_eq(text_at(message, "result.job"), job);
			json_decref(message);
			break;
		}
		ck_assert_ptr_null(json_object_get(message, "id"));
		ck_assert_str_eq(text_at(message, "method"), "job.progress");
		ck_assert_int_eq(int_at(params, "request"), id);
		ck_assert_int_eq(int_at(params, "count"), count);
		ck_assert_int_ge(int_at(params, "turns"), turns);
		ck_assert_int_le(int_at(params, "turns"), count);
		turns = int_at(params, "turns");
		if (notices++ == 0) {
			ck_assert_str_eq(text_at(params, "state"), "queued");
			ck_assert_int_eq(turns, 0);
			snprintf(
			    job, sizeof(job), "%s", text_at(params, "job"));
		}
		ck_assert_str_eq(text_at(params, "job"), job);
		json_decref(message);
	}
	/* Half a second of work: some of it was seen. */
	ck_assert_int_ge(notices, 2);
	ck_assert_int_gt(turns, 0);
	json_decref(peer_call(peer, "server.ping", NULL));
	gild_stop(gild);
}
END_TEST

static bool
two_are_dispatched(json_t *stats, void *arg)
{
	const char *pool = *(const char **)arg;

	for (size_t i = 0; i < 2; i++) {
		const json_t *of =
		    value_at(stats, i == 0 ? "pools.0" : "pools.1");

		if (strcmp(text_at(of, "name"), pool) == 0)
			return int_at(of, "tasks.dispatched") == 2 &&
			    int_at(of, "tasks.queued") == 98;
	}
	return false;
}

/* From the first on: a new gild has seen none of them end. */
START_TEST(long_jobs_do_not_go_ahead_of_their_turn)
{
	for (size_t i = 0; i < 2; i++) {
		struct gild *gild = gild_start("-o", "frontends=1", "-o",
		    "pool.processes.size=2", "-o", "pool.threads.size=2", NULL);
		struct peer *peer = peer_connect(gild);

		for (int j = 0; j < 100; j++)
			peer_call_start(peer, "job.submit", "{s:I, s:s}",
			    "count", ENDLESS, "pool", pool_names[i]);
		gild_await_stats(gild, "one task for each executor",
		    two_are_dispatched, (void *)&pool_names[i]);
		peer_close(peer);
		gild_await_idle(gild);
		gild_stop(gild);
	}
}
END_TEST

/* While gild has so much else to do that its loop never waits: a timer that
 * comes early is then not made late by a wait. */
START_TEST(no_job_times_out_before_its_time)
{
	enum { JOBS = 200, CALLS = 50, TIMEOUT_MS = 20 };
	static int64_t ids[JOBS];
	struct gild *gild = gild_start("-o", "frontends=1", NULL);
	struct peer *peer = peer_connect(gild);

	for (int i = 0; i < JOBS; i++) {
		for (int j = 0; j < CALLS; j++)
			peer_send_line(peer,
			    "{\"jsonrpc\":\"2.0\","
			    "\"method\":\"server.stats\"}");
		ids[i] = peer_call_start(peer, "job.submit", "{s:I, s:i}",
		    "count", ENDLESS, "timeout_ms", TIMEOUT_MS);
	}
	for (int i = 0; i < JOBS; i++) {
		json_t *result = answer_result(peer_await(peer, ids[i]));

		ck_assert_str_eq(text_at(result, "state"), "timed_out");
		ck_assert_int_ge(int_at(result, "timing.total_ns"),
		    TIMEOUT_MS * INT64_C(1000000));
		json_decref(result);
	}
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    processes_count_every_turn,
	    threads_count_every_turn,
	    hold_never_switches,
	    interval_changes_while_gild_runs,
	    cancel_of_a_running_job,
	    cancel_of_a_job_in_the_pools_queue,
	    cancel_of_a_job_in_the_frontends_queue,
	    cancel_of_a_job_that_waits_for_the_lock,
	    cancel_of_what_is_no_job,
	    timeout_of_a_running_job,
	    timeout_of_a_job_in_the_pools_queue,
	    timeout_of_a_job_in_the_frontends_queue,
	    timeout_of_a_cancelled_job_changes_nothing,
	    no_job_times_out_before_its_time,
	    progress_is_told,
	    long_jobs_do_not_go_ahead_of_their_turn,
	};

	return run_suite("jobs", tests, COUNT(tests));
}
