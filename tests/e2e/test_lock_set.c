/*
 * The lock changed live by pool.set: every policy and parameter under load, and
 * what each of them then does. Counts and orders; no clock of the wall is
 * judged.
 */
#include <check.h>
#include <sched.h>

#include "tests/e2e/harness.h"

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

static const char *const kinds[] = {"threads", "processes"};

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
		result = peer_submit_done(peer, kinds[_i], 10, 1);
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
	json_t *without = peer_submit_done(peer, "free", 20000, 2), *with;

	json_decref(peer_call(peer, "pool.set", "{s:s, s:i}", "pool", "free",
	    "overhead_pct", 1000));
	with = peer_submit_done(peer, "free", 20000, 2);
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

int
main(void)
{
	const TTest *const tests[] = {
	    every_parameter_is_set_under_load,
	    all_is_checked_before_anything_is_set,
	    an_overhead_is_work,
	    costly_turns_have_their_overhead,
	    costly_turns_have_their_ticks,
	};
	int failed = run_suite("lock_set", tests, COUNT(tests));

	return failed |
	    run_loop_suite(
		"lock_set: affinity", affinity_is_set_live, COUNT(kinds));
}
