/*
 * Random mixed loads under each policy, with events on: the checker of
 * tests/trace proves the lock's promises from the events, and works the jobs'
 * records out a second time. GILD_TEST_SEED repeats a run that printed its
 * seed.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/e2e/harness.h"
#include "tests/trace/page.h"

#define LOADS 10
#define MAX_JOBS 5
#define PAGE 4000

/* A policy, and what of it changes while loads run. */
static const struct policy {
	const char *name;
	const char *options[4]; /* of the pool */
	const char *parameter;	/* in steps of `unit`, 1 to 10 of them */
	int unit;
	struct check_rules rules;
} policies[] = {
    {"interval", {"policy=interval", "interval_us=500"}, "interval_us", 100,
	{0}},
    {"interval without force",
	{"policy=interval", "force=false", "interval_us=500"}, "interval_us",
	100, {0}},
    {"ticks", {"policy=ticks", "check_interval=200"}, "check_interval", 200,
	{.may_lose = true}},
    {"hold", {"policy=hold"}, NULL, 0, {0}},
    {"fair", {"policy=fair", "quantum_us=500"}, "quantum_us", 100,
	{.is_fair = true}},
    {"ruby", {"policy=ruby", "quantum_us=2000", "timer_us=500"}, "timer_us",
	100, {.is_fair = true}},
    {"two locks", {"locks=2", "size=5", "interval_us=500"}, "interval_us", 100,
	{0}},
    {"a lock for each", {"locks=0"}, "overhead_pct", 10, {0}},
};

#define FAIR 4 /* its place above */

/* A run of loads in one pool. */
struct run_of_loads {
	const struct policy *policy;
	unsigned seed;	    /* as rand_r() leaves it */
	struct peer *peer;  /* whose jobs they are */
	struct peer *other; /* who reads events, and disturbs */
	struct check *check;
	int64_t next; /* event */
	FILE *record; /* of all that was read; or NULL */
};

static int
draw(struct run_of_loads *run, int min, int max)
{
	return min + rand_r(&run->seed) % (max - min + 1);
}

static void
write_record(struct run_of_loads *run, const json_t *json)
{
	if (run->record == NULL)
		return;
	ck_assert_int_eq(json_dumpf(json, run->record, JSON_COMPACT), 0);
	fputc('\n', run->record);
}

/* One page of events; how many there were. */
static int
read_page(struct run_of_loads *run)
{
	struct rpc_error error;
	json_t *page = peer_call(run->other, "lock.events", "{s:s, s:I, s:i}",
	    "pool", "threads", "since", (json_int_t)run->next, "limit", PAGE);
	int n = page_check(run->check, page, &error);

	ck_assert_msg(n >= 0, "%s", error.detail);
	ck_assert(json_is_true(value_at(page, "is_recording")));
	ck_assert_int_ge(int_at(page, "next"), run->next);
	run->next = int_at(page, "next");
	write_record(run, page);
	json_decref(page);
	return n;
}

/* Short tasks of all profiles: up to 30 ms of work, some io. */
static int64_t
start_job(struct run_of_loads *run, bool tells_id)
{
	static const char *const profiles[] = {"cpu", "cpu", "native", "io"};
	const char *profile = profiles[draw(run, 0, 3)];
	int cost_ns = draw(run, 0, 4) * 50;
	int count = draw(run, 2, 100) * (cost_ns > 0 ? 300000 / cost_ns : 5000);
	json_t *params = json_pack("{s:s, s:s, s:i, s:i, s:i}", "pool",
	    "threads", "profile", profile, "count", count, "cost_ns", cost_ns,
	    "workers", draw(run, 1, 4));

	ck_assert_ptr_nonnull(params);
	if (strcmp(profile, "io") == 0) {
		int every = count / draw(run, 1, 5) + 1;

		if (every > count)
			every = count;
		json_object_set_new(params, "io_every", json_integer(every));
		json_object_set_new(
		    params, "io_for_us", json_integer(draw(run, 1, 500)));
	}
	if (draw(run, 0, 7) == 0)
		json_object_set_new(
		    params, "timeout_ms", json_integer(draw(run, 1, 10)));
	if (tells_id)
		json_object_set_new(params, "progress", json_true());
	return peer_call_start(run->peer, "job.submit", "o", params);
}

/* The server may not know the job any more: any answer will do. */
static void
cancel_job(struct run_of_loads *run, int64_t id)
{
	char job[JOB_ID_CHARS + 1];

	peer_await_job(run->peer, id, job);
	json_decref(peer_await(run->other,
	    peer_call_start(run->other, "job.cancel", "{s:s}", "job", job)));
}

static void
change_parameter(struct run_of_loads *run)
{
	const struct policy *policy = run->policy;

	if (policy->parameter == NULL)
		return;
	json_decref(peer_call(run->other, "pool.set", "{s:s, s:i}", "pool",
	    "threads", policy->parameter, policy->unit * draw(run, 1, 10)));
}

/* The answer to a job: of its turns all are done, or it says why not. */
static json_t *
await_job(struct run_of_loads *run, int64_t id)
{
	json_t *result = answer_result(peer_await(run->peer, id));
	const char *state = text_at(result, "state");

	if (strcmp(state, "done") == 0)
		ck_assert_int_eq(sum_of(value_at(result, "tasks"), "turns"),
		    int_at(result, "count"));
	else
		ck_assert(strcmp(state, "cancelled") == 0 ||
		    strcmp(state, "timed_out") == 0);
	write_record(run, result);
	return result;
}

static void
run_load(struct run_of_loads *run)
{
	json_t *results[MAX_JOBS];
	int64_t ids[MAX_JOBS];
	int n = draw(run, 1, MAX_JOBS);
	struct rpc_error error;

	for (int i = 0; i < n; i++) {
		bool is_cancelled = draw(run, 0, 6) == 0;

		ids[i] = start_job(run, is_cancelled);
		if (draw(run, 0, 2) == 0)
			change_parameter(run);
		if (is_cancelled)
			cancel_job(run, ids[i]);
		read_page(run);
	}
	for (int i = 0; i < n; i++) {
		results[i] = await_job(run, ids[i]);
		read_page(run);
	}
	/* A task's last event is there before the answer is. */
	while (read_page(run) == PAGE)
		continue;
	for (int i = 0; i < n; i++) {
		ck_assert_msg(
		    page_check_result(run->check, results[i], &error) == 0,
		    "%s", error.detail);
		json_decref(results[i]);
	}
}

static struct gild *
start_with(const struct policy *policy)
{
	char words[4][64];
	const char *args[4];
	size_t n = 0;

	for (; n < 3 && policy->options[n] != NULL; n++)
		snprintf(words[n], sizeof(words[n]), "pool.threads.%s",
		    policy->options[n]);
	for (size_t i = 0; i < 4; i++)
		args[i] = i < n ? words[i] : "pool.threads.events=true";
	return gild_start(
	    "-o", args[0], "-o", args[1], "-o", args[2], "-o", args[3], NULL);
}

/* All loads of a policy, each with a seed of its own, in one gild. */
static void
run_loads(struct run_of_loads *run, const struct policy *policy)
{
	const char *given = getenv("GILD_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
				      : (unsigned)time(NULL);
	struct gild *gild = start_with(policy);
	struct check_figures figures;

	run->policy = policy;
	run->peer = peer_connect(gild);
	run->other = peer_connect(gild);
	run->check = check_new(&policy->rules);
	run->next = 0;
	for (unsigned i = 0; i < LOADS; i++) {
		run->seed = seed + i;
		run_load(run);
		for (size_t j = 0; check_breach(run->check, j) != NULL; j++)
			fprintf(stderr, "%s\n", check_breach(run->check, j));
		figures = check_figures(run->check);
		ck_assert_msg(figures.breaches == 0,
		    "policy %s: load %u of seed %u breaks a promise",
		    policy->name, i, seed);
	}
	printf("%-22s seed %u: %" PRIu64 " events, %" PRIu64 " lost, %" PRIu64
	       " requests; %" PRIu64 " of %" PRIu64 " tasks compared, %" PRIu64
	       " within 1 %%\n",
	    policy->name, seed, figures.events, figures.lost, figures.requests,
	    figures.compared, figures.tasks, figures.within);
	ck_assert_uint_eq(figures.within, figures.compared);
	if (figures.lost == 0)
		ck_assert_uint_eq(figures.certain, figures.tasks);
	gild_await_idle(gild);
	gild_stop(gild);
}

/* The program comes to the same, from what was written down. */
static void
check_record(const char *record)
{
	const char *builddir = getenv("builddir");
	struct run *program;
	char path[256];

	snprintf(path, sizeof(path), "%s/tests/trace/check_trace",
	    builddir != NULL ? builddir : ".");
	program = run_program(record, path, "--fair", NULL);
	ck_assert_msg(
	    program->exit_status == 0, "%s%s", program->out, program->err);
	ck_assert_ptr_nonnull(strstr(program->out, " 0 breaches\n"));
}

START_TEST(every_policy_keeps_its_promises)
{
	struct run_of_loads run = {.record = NULL};
	char *text = NULL;
	size_t size;

	if (_i == FAIR) {
		run.record = open_memstream(&text, &size);
		ck_assert_ptr_nonnull(run.record);
	}
	run_loads(&run, &policies[_i]);
	ck_assert_uint_ge(check_figures(run.check).compared, LOADS);
	check_free(run.check);
	if (run.record != NULL) {
		ck_assert_int_eq(fclose(run.record), 0);
		check_record(text);
		free(text);
	}
}
END_TEST

int
main(void)
{
	return run_loop_suite(
	    "trace", every_policy_keeps_its_promises, COUNT(policies));
}
