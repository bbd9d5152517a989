/*
 * The lock laboratory, end to end: profiles, every policy and its parameters
 * changed live under load, what stats tell of locks, and the events read while
 * they happen. Counts, orders and sums; no clock is judged.
 */
#include <check.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "tests/e2e/harness.h"

static json_t *
pool_of(const json_t *stats, const char *name)
{
	json_t *pools = value_at(stats, "pools"), *pool;
	size_t i;

	json_array_foreach (pools, i, pool)
		if (strcmp(text_at(pool, "name"), name) == 0)
			return pool;
	ck_abort_msg("no pool %s", name);
}

static json_t *
submit(struct peer *peer, const char *pool, int count, int workers)
{
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:s, s:i, s:i}",
	    "count", count, "pool", pool, "cost_ns", 1000, "workers", workers);

	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"), count);
	return result;
}

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

/* --- pool.set --- */

/* Another thread than before has the lock, at least once more than then. */
static bool
has_moved(json_t *stats, void *arg)
{
	int64_t *last = arg;
	const json_t *domains =
	    value_at(pool_of(stats, "threads"), "lock.domains");

	return sum_of(domains, "handovers") > *last;
}

static void
await_handover(struct gild *gild)
{
	json_t *stats = gild_stats(gild);
	int64_t last = sum_of(
	    value_at(pool_of(stats, "threads"), "lock.domains"), "handovers");

	json_decref(stats);
	gild_await_stats(
	    gild, "no thread takes the lock from another", has_moved, &last);
}

/* As JSON: what one call sets, and whether the lock then changes hands. */
static const struct {
	const char *params;
	bool moves;
} settings[] = {
    {"{\"interval_us\":100}", true},
    {"{\"interval_us\":10000000}", false},
    {"{\"force\":false,\"interval_us\":100}", true},
    {"{\"force\":true}", true},
    {"{\"policy\":\"hold\"}", false},
    {"{\"policy\":\"fair\",\"quantum_us\":200}", true},
    {"{\"quantum_us\":10000000}", false},
    {"{\"quantum_us\":100,\"timer_us\":300}", true},
    {"{\"timer_us\":0}", true},
    {"{\"policy\":\"ruby\"}", false},
    {"{\"policy\":\"ocaml\",\"quantum_us\":100}", true},
    {"{\"policy\":\"ticks\",\"check_interval\":1000000000}", false},
    {"{\"check_interval\":10}", false},
    {"{\"events\":true,\"affinity\":\"one\"}", false},
    {"{\"policy\":\"interval\",\"force\":true,\"interval_us\":50}", true},
    {"{\"events\":false,\"affinity\":\"none\"}", true},
};

/*
 * Three tasks without an end, and every parameter set under them, the policies
 * from each to the next. None is stuck: at the end all three are among those
 * that take the lock, and can be cancelled.
 */
START_TEST(every_parameter_is_set_under_load)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=200", NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int64_t id = peer_submit_running(peer, job, "threads", ENDLESS, 3);
	json_t *answer, *result;

	for (size_t i = 0; i < 3 * COUNT(settings); i++) {
		json_t *params =
		    json_loads(settings[i % COUNT(settings)].params, 0, NULL);

		ck_assert_ptr_nonnull(params);
		json_object_set_new(params, "pool", json_string("threads"));
		json_decref(peer_call(peer, "pool.set", "O", params));
		json_decref(params);
		if (settings[i % COUNT(settings)].moves)
			await_handover(gild);
	}
	json_decref(peer_call(peer, "job.cancel", "{s:s}", "job", job));
	answer = peer_await(peer, id);
	result = answer_result(answer);
	ck_assert_str_eq(text_at(result, "state"), "cancelled");
	for (size_t i = 0; i < 3; i++) {
		const json_t *task =
		    json_array_get(value_at(result, "tasks"), i);

		ck_assert_int_gt(int_at(task, "turns"), 0);
		ck_assert_int_gt(int_at(task, "lock.acquisitions"), 1);
		ck_assert_int_eq(int_at(task, "lock.drop_requests"),
		    int_at(task, "lock.honoured") +
			int_at(task, "lock.superseded") +
			int_at(task, "lock.missed"));
	}
	json_decref(result);
	gild_await_idle(gild);
	gild_stop(gild);
}
END_TEST

/* Nothing of a call is done when one of its params is wrong. */
START_TEST(all_is_checked_before_anything_is_set)
{
	static const char *const wrong[] = {
	    "{\"pool\":\"threads\",\"policy\":\"hold\",\"interval_us\":0}",
	    "{\"pool\":\"threads\",\"interval_us\":7,\"affinity\":\"all\"}",
	    "{\"pool\":\"threads\",\"force\":false,\"timer_us\":10000001}",
	    "{\"pool\":\"threads\",\"events\":true,\"quantum_us\":0}",
	    "{\"pool\":\"threads\",\"events\":true,\"overhead_pct\":1}",
	    "{\"pool\":\"threads\",\"check_interval\":7,\"force\":1}",
	    "{\"pool\":\"threads\",\"check_interval\":7,\"colour\":1}",
	    "{\"pool\":\"free\",\"overhead_pct\":7,\"policy\":\"fair\"}",
	    "{\"pool\":\"processes\",\"affinity\":\"one\",\"events\":true}",
	};
	struct gild *gild = gild_start(
	    "-o", "pool.free.kind=threads", "-o", "pool.free.locks=0", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *before = peer_call(peer, "pool.list", NULL), *after;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		json_t *params = json_loads(wrong[i], 0, NULL);

		ck_assert_ptr_nonnull(params);
		json_decref(peer_call_error(
		    peer, "invalid_params", "pool.set", "O", params));
		json_decref(params);
	}
	after = peer_call(peer, "pool.list", NULL);
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	gild_stop(gild);
}
END_TEST

static int
cpus_of(int64_t tid)
{
	cpu_set_t set;

	ck_assert_int_eq(sched_getaffinity((pid_t)tid, sizeof(set), &set), 0);
	return CPU_COUNT(&set);
}

/* Each executor follows before its next task. */
START_TEST(affinity_is_set_live)
{
	static const struct {
		const char *affinity;
		bool is_pinned;
	} steps[] = {{"one", true}, {"spread", true}, {"none", false}};
	struct gild *gild = gild_start(
	    "-o", "pool.threads.size=1", "-o", "pool.processes.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	int all = cpus_of(0);

	for (size_t i = 0; i < COUNT(steps); i++) {
		json_t *result = peer_call(peer, "pool.set", "{s:s, s:s}",
		    "pool", kinds[_i], "affinity", steps[i].affinity);

		ck_assert_str_eq(
		    text_at(result, "affinity"), steps[i].affinity);
		json_decref(result);
		result = submit(peer, kinds[_i], 10, 1);
		ck_assert_int_eq(cpus_of(int_at(result, "tasks.0.tid")),
		    steps[i].is_pinned ? 1 : all);
		json_decref(result);
	}
	gild_stop(gild);
}
END_TEST

/* Eleven times the work is more than three times the CPU time. */
START_TEST(an_overhead_is_work)
{
	struct gild *gild = gild_start("-o", "pool.free.kind=threads", "-o",
	    "pool.free.locks=0", "-o", "pool.free.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *without = submit(peer, "free", 20000, 2), *with;

	json_decref(peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "free",
	    "overhead_pct", 1000));
	with = submit(peer, "free", 20000, 2);
	ck_assert_int_gt(int_at(with, "timing.cpu_ns"),
	    3 * int_at(without, "timing.cpu_ns"));
	/* Each has a lock for itself, and waits for nobody. */
	ck_assert_int_eq(int_at(with, "lock.acquisitions"), 2);
	ck_assert_int_eq(int_at(with, "lock.switches"), 0);
	ck_assert_int_eq(
	    json_array_size(value_at(with, "tasks.0.lock.blockers.tasks")), 0);
	json_decref(without);
	json_decref(with);
	gild_stop(gild);
}
END_TEST

/* A turn of a millisecond, which is all that a task counts at a time. */
#define COSTLY "cost_ns", 1000000

/* The least of several: what shares the core with it adds to CPU time, too. */
static int64_t
least_cpu_ns(struct peer *peer)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 8; i++) {
		json_t *result = peer_call(peer, "job.submit",
		    "{s:i, s:s, s:i}", "count", 20, "pool", "free", COSTLY);
		int64_t cpu_ns = int_at(result, "timing.cpu_ns");

		least = cpu_ns < least ? cpu_ns : least;
		json_decref(result);
	}
	return least;
}

START_TEST(costly_turns_have_their_overhead)
{
	struct gild *gild = gild_start("-o", "pool.free.kind=threads", "-o",
	    "pool.free.locks=0", "-o", "pool.free.size=1", NULL);
	struct peer *peer = peer_connect(gild);
	int64_t without = least_cpu_ns(peer);

	json_decref(peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "free",
	    "overhead_pct", 99));
	ck_assert_int_gt(2 * least_cpu_ns(peer), 3 * without);
	gild_stop(gild);
}
END_TEST

/* Two ticks, and none where the task ends. */
START_TEST(costly_turns_have_their_ticks)
{
	struct gild *gild = gild_start("-o", "pool.threads.policy=ticks", "-o",
	    "pool.threads.check_interval=20", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = peer_call(peer, "job.submit", "{s:i, s:s, s:i}",
	    "count", 60, "pool", "threads", COSTLY);

	ck_assert_int_eq(int_at(result, "lock.acquisitions"), 3);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

/* --- server.stats --- */

START_TEST(stats_tell_of_each_lock_and_thread)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=4", "-o",
	    "pool.threads.locks=2", "-o", "pool.threads.interval_us=200", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *result = submit(peer, "threads", 200000, 4), *stats;
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

/* --- lock.events --- */

/* What was read of a pool's events so far. */
struct stream {
	struct peer *peer;
	const char *pool;
	int limit;
	int64_t next;
	int64_t n_events;
	int64_t n_lost;
	int64_t last; /* number */
	int64_t acquired, released, started, ended;
};

static void
note_event(struct stream *stream, const json_t *event)
{
	const char *kind = text_at(event, "event");

	ck_assert_int_gt(int_at(event, "number"), stream->last);
	stream->last = int_at(event, "number");
	stream->n_events++;
	stream->acquired += strcmp(kind, "acquire") == 0;
	stream->released += strcmp(kind, "release") == 0;
	stream->started += strcmp(kind, "task_start") == 0;
	stream->ended += strcmp(kind, "task_end") == 0;
}

/* One page. Returns whether it moved on. */
static bool
read_page(struct stream *stream)
{
	json_t *page = peer_call(stream->peer, "lock.events", "{s:s, s:I, s:i}",
	    "pool", stream->pool, "since", (json_int_t)stream->next, "limit",
	    stream->limit);
	const json_t *events = value_at(page, "events"), *event;
	int64_t before = stream->next;
	size_t i;

	ck_assert_uint_le(json_array_size(events), (size_t)stream->limit);
	json_array_foreach (events, i, event)
		note_event(stream, event);
	stream->next = int_at(page, "next");
	stream->n_lost += int_at(page, "lost");
	ck_assert_int_lt(stream->last, stream->next);
	ck_assert_int_eq(stream->n_events + stream->n_lost, stream->next);
	json_decref(page);
	return stream->next > before;
}

static int64_t
recorded(struct gild *gild, const char *pool)
{
	json_t *stats = gild_stats(gild);
	int64_t n = int_at(pool_of(stats, pool), "lock.events.recorded");

	json_decref(stats);
	return n;
}

/* Reads on until all that was recorded is read. */
static void
read_rest(struct gild *gild, struct stream *stream)
{
	int64_t end;

	gild_await_idle(gild);
	end = recorded(gild, stream->pool);
	while (read_page(stream))
		;
	ck_assert_int_eq(stream->next, end);
}

/*
 * Read page by page while a job runs: every number once, and none lost. What
 * was acquired was released, and what was started has ended.
 */
START_TEST(events_are_read_while_they_happen)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=200", "-o", "pool.threads.events=true",
	    NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 7,
	    .last = -1,
	};
	struct peer *worker = peer_connect(gild);
	json_t *answer, *result;
	int64_t id = peer_call_start(worker, "job.submit",
	    "{s:i, s:s, s:i, s:i}", "count", 300000, "pool", "threads",
	    "cost_ns", 1000, "workers", 3);

	while (!peer_has_input(worker, 0))
		read_page(&stream);
	answer = peer_await(worker, id);
	result = answer_result(answer);
	read_rest(gild, &stream);
	ck_assert_int_eq(stream.n_lost, 0);
	ck_assert_int_eq(stream.started, 3);
	ck_assert_int_eq(stream.ended, 3);
	ck_assert_int_eq(stream.acquired, int_at(result, "lock.acquisitions"));
	ck_assert_int_eq(stream.released, stream.acquired);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

/* Threads that write far faster than anybody reads, in small rings. */
START_TEST(losses_are_counted)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", "-o",
	    "pool.threads.policy=ticks", "-o", "pool.threads.check_interval=1",
	    "-o", "pool.threads.events=true", "-o",
	    "pool.threads.events_kept=64", NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 1000,
	    .last = -1,
	};
	struct peer *worker = peer_connect(gild);
	int64_t id = peer_call_start(worker, "job.submit", "{s:i, s:s, s:i}",
	    "count", 300000, "pool", "threads", "workers", 2);

	while (!peer_has_input(worker, 0))
		read_page(&stream);
	json_decref(peer_await(worker, id));
	read_rest(gild, &stream);
	ck_assert_int_gt(stream.n_lost, 0);
	ck_assert_int_gt(stream.n_events, 0);
	/* A request, an acquisition and a release for each tick. */
	ck_assert_int_ge(stream.next, 3 * 300000);
	gild_stop(gild);
}
END_TEST

/* A page is no longer than what may be unsent. */
START_TEST(a_page_keeps_to_the_bounds_of_a_client)
{
	struct gild *gild = gild_start(
	    "-o", "pool.threads.events=true", "-o", "max_unsent=1k", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *page;

	json_decref(submit(peer, "threads", 4, 4));
	page = peer_call(peer, "lock.events", "{s:s}", "pool", "threads");
	ck_assert_uint_eq(json_array_size(value_at(page, "events")), 6);
	ck_assert_int_eq(int_at(page, "next"), 6);
	json_decref(page);
	gild_stop(gild);
}
END_TEST

/* All pages of a job: its own tasks' starts and ends, and nobody else's. */
static void
expect_jobs_events(
    struct peer *peer, const json_t *result, int workers, bool with_pool)
{
	const char *job = text_at(result, "job");
	json_int_t next = 0, before;
	int started = 0, ended = 0;

	do {
		json_t *page = with_pool
		    ? peer_call(peer, "lock.events", "{s:s, s:s, s:I, s:i}",
			  "job", job, "pool", "threads", "since", next, "limit",
			  5)
		    : peer_call(peer, "lock.events", "{s:s, s:I, s:i}", "job",
			  job, "since", next, "limit", 5);
		const json_t *event;
		size_t i;

		ck_assert_str_eq(text_at(page, "pool"), "threads");
		json_array_foreach (value_at(page, "events"), i, event) {
			const char *kind = text_at(event, "event");

			if (strcmp(kind, "task_start") == 0) {
				ck_assert_str_eq(text_at(event, "job"), job);
				started++;
			}
			ended += strcmp(kind, "task_end") == 0;
		}
		before = next;
		next = int_at(page, "next");
		json_decref(page);
	} while (next > before);
	ck_assert_int_eq(started, workers);
	ck_assert_int_eq(ended, workers);
}

START_TEST(events_are_read_by_job)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=200", "-o", "pool.threads.events=true",
	    NULL);
	struct peer *peer = peer_connect(gild);
	int64_t id = peer_call_start(peer, "job.submit", "{s:i, s:s, s:i}",
	    "count", 50000, "pool", "threads", "cost_ns", 1000);
	json_t *mine = submit(peer, "threads", 100000, 2);
	json_t *answer = peer_await(peer, id), *other = answer_result(answer);

	gild_await_idle(gild);
	expect_jobs_events(peer, mine, 2, false);
	expect_jobs_events(peer, mine, 2, true);
	expect_jobs_events(peer, other, 1, false);
	json_decref(mine);
	json_decref(other);
	other = submit(peer, "processes", 5, 1);
	json_decref(peer_call_error(peer, "no_such_job", "lock.events", "{s:s}",
	    "job", text_at(other, "job")));
	json_decref(other);
	gild_stop(gild);
}
END_TEST

START_TEST(recording_is_turned_on_and_off)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	int64_t n;

	json_decref(submit(peer, "threads", 2, 2));
	ck_assert_int_eq(recorded(gild, "threads"), 0);
	json_decref(peer_call(
	    peer, "pool.set", "{s:s, s:b}", "pool", "threads", "events", 1));
	/* A moment later: the pool's process has heard the bell. */
	while ((n = recorded(gild, "threads")) == 0)
		json_decref(submit(peer, "threads", 2, 2));
	json_decref(peer_call(
	    peer, "pool.set", "{s:s, s:b}", "pool", "threads", "events", 0));
	do {
		n = recorded(gild, "threads");
		json_decref(submit(peer, "threads", 2, 2));
	} while (recorded(gild, "threads") != n);
	gild_stop(gild);
}
END_TEST

/* The stream goes on where it was, whatever the dead one had in hand. */
START_TEST(events_go_on_when_the_pools_process_was_killed)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", "-o",
	    "pool.threads.policy=ticks", "-o", "pool.threads.check_interval=1",
	    "-o", "pool.threads.events=true", "-o", "max_attempts=1", NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 4000,
	    .last = -1,
	};
	char job[JOB_ID_CHARS + 1];

	for (int round = 0; round < 5; round++) {
		int64_t id = peer_submit_running(
		    stream.peer, job, "threads", ENDLESS, 2);
		int64_t ended = stream.ended;

		kill(gild_await_busy(gild, "threads", 0), SIGKILL);
		json_decref(peer_await(stream.peer, id));
		gild_await_idle(gild);
		json_decref(submit(stream.peer, "threads", 2, 2));
		read_rest(gild, &stream);
		ck_assert_int_ge(stream.ended, ended + 2);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(what_an_event_costs_is_told)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *info = peer_call(peer, "server.info", NULL);

	ck_assert(json_is_integer(value_at(info, "calibration.event_ps")));
	json_decref(info);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_native_task_counts_without_the_lock,
	    a_wait_is_charged_to_the_one_that_had_the_lock,
	    every_parameter_is_set_under_load,
	    all_is_checked_before_anything_is_set,
	    an_overhead_is_work,
	    costly_turns_have_their_overhead,
	    costly_turns_have_their_ticks,
	    stats_tell_of_each_lock_and_thread,
	    events_are_read_while_they_happen,
	    losses_are_counted,
	    a_page_keeps_to_the_bounds_of_a_client,
	    events_are_read_by_job,
	    recording_is_turned_on_and_off,
	    events_go_on_when_the_pools_process_was_killed,
	    what_an_event_costs_is_told,
	};
	int failed = run_suite("lock", tests, COUNT(tests));

	failed |= run_loop_suite("lock: io",
	    an_io_task_sleeps_as_often_and_as_long_as_was_asked, COUNT(kinds));
	return failed |
	    run_loop_suite(
		"lock: affinity", affinity_is_set_live, COUNT(kinds));
}
