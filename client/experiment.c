/*
 * Runs an experiment's jobs and owns what it needs for that: the link, the line
 * that shows how far it is, and the pools' parameters that it changed. Those
 * are set back over a link of their own, so that it works whatever became of
 * the first one; only a second Ctrl-C, or a server that is gone, prevents it.
 *
 * What the figures mean is for the commands to say.
 */
#include "client/experiment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/chance.h"
#include "client/company.h"
#include "client/interrupt.h"
#include "client/libgil/gil.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/units.h"

#define SEED_RANGE 100000 /* a chosen seed is short, to be typed again */
#define ENDLESS_COUNT REQUEST_MAX_COUNT

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

enum outcome
experiment_meet(struct experiment *experiment, const struct context *context,
    uint32_t rounds, uint64_t seed)
{
	enum outcome outcome;
	json_t *info;

	*experiment = (struct experiment){
	    .context = context,
	    .rounds = rounds,
	    .seed = seed != EXPERIMENT_NO_SEED
		? seed
		: (now_ns(CLOCK_REALTIME) ^ (uint64_t)getpid()) % SEED_RANGE,
	};
	progress_init(&experiment->progress);
	outcome = talk_open(context, &experiment->gil);
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = talk_ask(
	    context, experiment->gil, "server.info", json_object(), &info);
	if (outcome != OUTCOME_FINE)
		return outcome;
	experiment->roster = roster_read(info);
	json_decref(info);
	return OUTCOME_FINE;
}

struct arm *
experiment_add(struct experiment *experiment, const struct roster_pool *pool)
{
	struct arm *arm;

	if (experiment->n_arms == EXPERIMENT_MAX_ARMS) {
		command_complain(experiment->context->command,
		    "more than %d arms: take fewer values or pools",
		    EXPERIMENT_MAX_ARMS);
		return NULL;
	}
	arm = &experiment->arms[experiment->n_arms++];
	*arm = (struct arm){.pool = pool};
	job_request_init(&arm->request);
	strcpy(arm->request.pool, pool->name);
	snprintf(arm->label, sizeof(arm->label), "%s", pool->name);
	return arm;
}

/* About how long an arm takes: what the progress bar counts in. */
static double
arm_work_ns(const struct arm *arm)
{
	const struct job_request *request = &arm->request;
	double work_ns =
	    (double)request->count * (double)(request->cost_ns + 1);

	if (request->timeout_ms > 0)
		return (double)request->timeout_ms * 1e6;
	if (request->profile == PROFILE_IO)
		work_ns += (double)(request->count / request->io_every) *
		    (double)request->io_for_us * 1e3;
	return work_ns / request->workers;
}

/* `done` is what part of the run under way is, 0 to 1. */
static void
draw(struct experiment *experiment, double done)
{
	double work =
	    experiment->work_before + done * arm_work_ns(experiment->under_way);
	double fraction = work / experiment->work_all;
	uint64_t elapsed_ns = now_ns(CLOCK_MONOTONIC) - experiment->start_ns;
	char detail[48] = "";

	if (fraction >= 0.05)
		snprintf(detail, sizeof(detail), "about %s left",
		    units_uptime((uint64_t)((double)elapsed_ns *
				     (1 - fraction) / fraction) +
			999999999)
			.text);
	progress_draw(
	    &experiment->progress, experiment->run_label, fraction, detail);
}

static void
see_progress(void *arg, enum job_state state, uint64_t turns)
{
	struct experiment *experiment = arg;
	const struct job_request *request = &experiment->under_way->request;
	uint64_t elapsed_ns =
	    now_ns(CLOCK_MONOTONIC) - experiment->run_start_ns;
	double done = request->timeout_ms > 0
	    ? (double)elapsed_ns / 1e6 / (double)request->timeout_ms
	    : (double)turns / (double)request->count;

	(void)state;
	draw(experiment, done < 1 ? done : 1);
}

static enum outcome
set_interval(const struct context *context, struct gil *gil,
    const struct roster_pool *pool, uint64_t interval_us)
{
	json_t *json;
	enum outcome outcome = talk_ask(context, gil, "pool.set",
	    json_pack("{s:s, s:I}", "pool", pool->name, "interval_us",
		(json_int_t)interval_us),
	    &json);

	if (outcome == OUTCOME_FINE)
		json_decref(json);
	return outcome;
}

/* The pool as the arm wants it. */
static enum outcome
prepare_pool(struct experiment *experiment, const struct arm *arm)
{
	size_t i = (size_t)(arm->pool - experiment->roster.pools);
	enum outcome outcome = talk_catch(experiment->context);

	if (arm->interval_us == 0 || outcome != OUTCOME_FINE)
		return outcome;
	gil_set_wake_fd(experiment->gil, interrupt_fd());
	/* Even if no answer comes it may have been done. */
	experiment->is_changed[i] = true;
	return set_interval(
	    experiment->context, experiment->gil, arm->pool, arm->interval_us);
}

static enum outcome
check_end(struct experiment *experiment, const struct arm *arm,
    const struct job_result *result)
{
	if (result->state == JOB_DONE ||
	    (result->state == JOB_TIMED_OUT && arm->request.timeout_ms > 0))
		return OUTCOME_FINE;
	progress_clear(&experiment->progress);
	command_complain(experiment->context->command,
	    "the job in pool %s ended %s: %s", arm->pool->name,
	    show_state(result->state), result->reason);
	return OUTCOME_NOT_DONE;
}

/* Runs an arm's job, and its company; `watcher` may be NULL. */
static enum outcome
run_arm(struct experiment *experiment, const struct arm *arm,
    const struct talk_watcher *watcher, struct run *run)
{
	const struct context *context = experiment->context;
	struct job_request request = arm->request;
	enum outcome outcome = prepare_pool(experiment, arm);
	json_t *json;

	if (outcome != OUTCOME_FINE)
		return outcome;
	request.wants_progress =
	    watcher != NULL && progress_is_live(&experiment->progress);
	if (arm->company > 0) {
		struct job_request company;

		job_request_init(&company);
		strcpy(company.pool, request.pool);
		company.count = ENDLESS_COUNT;
		company.workers = arm->company;
		company.cost_ns = request.cost_ns;
		company.wants_progress = true;
		outcome = company_run(context, experiment->gil, &request,
		    &company, watcher, &experiment->progress, &run->result,
		    &run->company);
	} else {
		outcome = talk_run(context, experiment->gil, &request, watcher,
		    &experiment->progress, &json, &run->result);
		if (outcome == OUTCOME_FINE)
			json_decref(json);
	}
	if (outcome != OUTCOME_FINE)
		return outcome;
	experiment->own_cpu_ns +=
	    run->result.timing.cpu_ns + run->company.timing.cpu_ns;
	return check_end(experiment, arm, &run->result);
}

static void
run_free(struct run *run)
{
	job_result_free(&run->result);
	job_result_free(&run->company);
}

static bool
is_warmed_up(const struct experiment *experiment, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (experiment->arms[j].pool == experiment->arms[i].pool &&
		    experiment->arms[j].request.workers >=
			experiment->arms[i].request.workers)
			return true;
	return false;
}

/*
 * A short job in each pool, not counted: page faults and clock speeds settle.
 */
static enum outcome
warm_up(struct experiment *experiment)
{
	enum outcome outcome = OUTCOME_FINE;

	for (size_t i = 0; i < experiment->n_arms && outcome == OUTCOME_FINE;
	     i++) {
		struct arm arm = {
		    .pool = experiment->arms[i].pool,
		    .request = experiment->arms[i].request,
		};
		struct run run = {0};

		if (is_warmed_up(experiment, i))
			continue;
		arm.request.profile = PROFILE_CPU;
		arm.request.io_every = arm.request.io_for_us = 0;
		arm.request.count = REQUEST_MAX_COUNT;
		arm.request.timeout_ms = EXPERIMENT_WARM_UP_MS;
		outcome = run_arm(experiment, &arm, NULL, &run);
		run_free(&run);
	}
	return outcome;
}

static enum outcome
run_rounds(struct experiment *experiment)
{
	struct talk_watcher watcher = {see_progress, experiment};
	unsigned order[EXPERIMENT_MAX_ARMS];
	struct chance chance;

	for (unsigned i = 0; i < experiment->n_arms; i++) {
		order[i] = i;
		experiment->work_all +=
		    arm_work_ns(&experiment->arms[i]) * experiment->rounds;
	}
	chance_init(&chance, experiment->seed);
	experiment->start_ns = now_ns(CLOCK_MONOTONIC);
	for (uint32_t round = 0; round < experiment->rounds; round++) {
		chance_shuffle(&chance, order, experiment->n_arms);
		for (size_t i = 0; i < experiment->n_arms; i++) {
			struct arm *arm = &experiment->arms[order[i]];
			struct run *run = &experiment->runs[experiment->n_runs];
			enum outcome outcome;

			snprintf(experiment->run_label,
			    sizeof(experiment->run_label),
			    "round %" PRIu32 " of %" PRIu32 "  %-17s",
			    round + 1, experiment->rounds, arm->label);
			term_tame(experiment->run_label);
			experiment->under_way = arm;
			experiment->run_start_ns = now_ns(CLOCK_MONOTONIC);
			draw(experiment, 0);
			*run = (struct run){.arm = order[i], .round = round};
			outcome = run_arm(experiment, arm, &watcher, run);
			experiment->n_runs++;
			if (outcome != OUTCOME_FINE)
				return outcome;
			experiment->work_before += arm_work_ns(arm);
		}
	}
	return OUTCOME_FINE;
}

static enum outcome
observe(struct experiment *experiment, struct weather_observation *observation)
{
	if (weather_observe(observation) == 0)
		return OUTCOME_FINE;
	progress_clear(&experiment->progress);
	command_complain(experiment->context->command,
	    "cannot observe this machine: %s", strerror(errno));
	return OUTCOME_NOT_DONE;
}

enum outcome
experiment_run(struct experiment *experiment)
{
	struct weather_observation before, after;
	enum outcome outcome;

	experiment->runs =
	    calloc(experiment->rounds, sizeof(struct run) * experiment->n_arms);
	if (experiment->runs == NULL)
		return talk_no_memory(experiment->context);
	outcome = warm_up(experiment);
	experiment->own_cpu_ns = 0;
	if (outcome == OUTCOME_FINE)
		outcome = observe(experiment, &before);
	if (outcome == OUTCOME_FINE)
		outcome = run_rounds(experiment);
	progress_clear(&experiment->progress);
	if (outcome == OUTCOME_FINE)
		outcome = observe(experiment, &after);
	if (outcome == OUTCOME_FINE)
		experiment->weather =
		    weather_judge(&before, &after, experiment->own_cpu_ns);
	return outcome;
}

/* Sets a pool back over this link, or says that it could not. */
static enum outcome
restore_pool(const struct experiment *experiment, struct gil *gil,
    const struct roster_pool *pool)
{
	const struct context *context = experiment->context;
	enum outcome outcome = gil != NULL
	    ? set_interval(context, gil, pool, pool->interval_us)
	    : OUTCOME_NO_SERVER;

	if (outcome != OUTCOME_FINE)
		command_complain(context->command,
		    "could not set it back; do: gilctl set %s "
		    "interval_us=%" PRIu64,
		    pool->name, pool->interval_us);
	return outcome;
}

static enum outcome
restore_pools(struct experiment *experiment)
{
	enum outcome worst = OUTCOME_FINE;
	struct gil *gil = NULL;

	for (size_t i = 0; i < experiment->roster.n_pools; i++) {
		enum outcome outcome = OUTCOME_FINE;

		if (!experiment->is_changed[i])
			continue;
		if (gil == NULL)
			outcome = talk_open(experiment->context, &gil);
		if (outcome == OUTCOME_FINE || gil == NULL)
			outcome = restore_pool(
			    experiment, gil, &experiment->roster.pools[i]);
		if (outcome != OUTCOME_FINE)
			worst = outcome;
	}
	gil_close(gil);
	return worst;
}

enum outcome
experiment_end(struct experiment *experiment, enum outcome outcome)
{
	enum outcome restored;

	progress_clear(&experiment->progress);
	gil_close(experiment->gil);
	restored = restore_pools(experiment);
	for (size_t i = 0; i < experiment->n_runs; i++)
		run_free(&experiment->runs[i]);
	free(experiment->runs);
	return outcome == OUTCOME_FINE ? restored : outcome;
}

size_t
run_figures(const struct run runs[], size_t n_runs, size_t arm,
    double (*figure)(const struct run *run), double values[], size_t n)
{
	for (size_t i = 0; i < n_runs; i++)
		if (runs[i].arm == arm)
			values[n++] = figure(&runs[i]);
	return n;
}
