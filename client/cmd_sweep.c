/*
 * gilctl sweep: the same measurement over a range. --workers: throughput and
 * the number of workers (scaling.c). --interval: throughput against latency
 * over the switch interval of one pool (tradeoff.c), which is set for each run
 * and set back in the end (experiment.c).
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/experiment.h"
#include "client/operations.h"
#include "client/range.h"
#include "client/report.h"
#include "client/scaling.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/tradeoff.h"

#define MAX_INTERVAL_US UINT64_C(10000000)
#define MAX_WORKERS 1024

struct settings {
	const char *workers; /* these three: or NULL */
	const char *interval;
	const char *pools;
	uint64_t count;
	uint64_t cost_ns;
	uint64_t cpu_tasks;
	uint64_t io_every;
	uint64_t io_for_us;
	uint64_t for_ms;
	uint64_t rounds;
	uint64_t seed;
	const char *path; /* of the picture, or NULL */
};

static enum outcome
complain_pool(const struct context *context, const char *name)
{
	command_complain(context->command,
	    "the server has no pool \"%s\"; gilctl pools shows what it has",
	    name);
	return OUTCOME_REFUSED;
}

/* --- over the number of workers --- */

static enum outcome
add_scaling_pool(struct scaling *scaling, struct experiment *experiment,
    const struct roster_pool *pool, const struct range *range)
{
	struct scaling_pool *series;

	if (scaling->n_pools == SCALING_MAX_POOLS) {
		command_complain(experiment->context->command,
		    "--pools: at most %d of them", SCALING_MAX_POOLS);
		return OUTCOME_USAGE;
	}
	series = &scaling->pools[scaling->n_pools++];
	*series = (struct scaling_pool){.pool = pool, .n_points = range->n};
	for (size_t i = 0; i < range->n; i++) {
		struct arm *arm = experiment_add(experiment, pool);

		if (arm == NULL)
			return OUTCOME_USAGE;
		arm->request.count = scaling->count;
		arm->request.cost_ns = scaling->cost_ns;
		arm->request.workers = (uint32_t)range->values[i];
		snprintf(arm->label, sizeof(arm->label),
		    "%s, %" PRIu64 " worker%s", pool->name, range->values[i],
		    range->values[i] == 1 ? "" : "s");
		series->points[i] = (struct scaling_point){
		    .arm = experiment->n_arms - 1,
		    .workers = arm->request.workers,
		};
	}
	return OUTCOME_FINE;
}

/* Those of --pools, else the threads and the processes. */
static enum outcome
add_scaling_pools(struct scaling *scaling, struct experiment *experiment,
    const char *names, const struct range *range)
{
	static const enum roster_role roles[] = {ROLE_THREADS, ROLE_PROCESSES};
	enum outcome outcome = OUTCOME_FINE;

	for (size_t i = 0; i < 2 && names == NULL; i++) {
		const struct roster_pool *pool =
		    roster_choose(&experiment->roster, roles[i]);

		if (pool != NULL && outcome == OUTCOME_FINE)
			outcome =
			    add_scaling_pool(scaling, experiment, pool, range);
	}
	while (names != NULL && outcome == OUTCOME_FINE) {
		size_t length = strcspn(names, ",");
		char name[POOL_NAME_CHARS + 1];
		const struct roster_pool *pool;

		snprintf(name, sizeof(name), "%.*s", (int)length, names);
		pool = roster_find(&experiment->roster, name);
		if (pool == NULL || length > POOL_NAME_CHARS)
			return complain_pool(experiment->context, name);
		outcome = add_scaling_pool(scaling, experiment, pool, range);
		names = names[length] == ',' ? names + length + 1 : NULL;
	}
	if (outcome == OUTCOME_FINE && scaling->n_pools == 0)
		return complain_pool(experiment->context, "threads");
	return outcome;
}

static enum outcome
sweep_workers(struct experiment *experiment, const struct settings *settings,
    const struct range *range)
{
	const struct context *context = experiment->context;
	struct scaling scaling = {
	    .count = settings->count, .cost_ns = settings->cost_ns};
	enum outcome outcome;
	json_t *json;

	outcome =
	    add_scaling_pools(&scaling, experiment, settings->pools, range);
	if (outcome == OUTCOME_FINE)
		outcome = experiment_run(experiment);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (scaling_settle(&scaling, experiment->runs, experiment->n_runs) ==
	    -1)
		return talk_no_memory(context);
	outcome = scaling_save(&scaling, experiment, settings->path);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format != FORMAT_JSON)
		return scaling_print(&scaling, experiment);
	json = scaling_to_json(&scaling, experiment);
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

/* --- over the switch interval --- */

/* The pool whose interval is swept, or NULL, which it explains. */
static const struct roster_pool *
choose_interval_pool(
    const struct experiment *experiment, const struct settings *settings)
{
	const struct command *command = experiment->context->command;
	uint32_t size = (uint32_t)settings->cpu_tasks + 1;
	const struct roster_pool *pool = settings->pools != NULL
	    ? roster_find(&experiment->roster, settings->pools)
	    : roster_choose(&experiment->roster, ROLE_THREADS);

	if (pool == NULL || strcmp(pool->policy, "interval") != 0) {
		command_complain(command,
		    "%s%s: a pool of threads under a lock of policy interval "
		    "is needed; gilctl pools shows what there is",
		    settings->pools != NULL ? "--pools " : "no pool",
		    settings->pools != NULL ? settings->pools : "");
		return NULL;
	}
	if (pool->size < size) {
		command_complain(command,
		    "the pool %s has %" PRIu32 " threads; %" PRIu64
		    " CPU-bound tasks and an io task need %" PRIu32
		    ": take a smaller --cpu or give it a larger size",
		    pool->name, pool->size, settings->cpu_tasks, size);
		return NULL;
	}
	return pool;
}

static enum outcome
add_tradeoff_points(struct tradeoff *tradeoff, struct experiment *experiment,
    const struct settings *settings, const struct range *range)
{
	tradeoff->n_points = range->n;
	for (size_t i = 0; i < range->n; i++) {
		struct arm *arm = experiment_add(experiment, tradeoff->pool);

		if (arm == NULL)
			return OUTCOME_USAGE;
		operations_request(&arm->request, settings->io_every,
		    settings->io_for_us, settings->for_ms,
		    range->values[i] * settings->cpu_tasks);
		arm->request.cost_ns = settings->cost_ns;
		arm->company = (uint32_t)settings->cpu_tasks;
		arm->interval_us = range->values[i];
		snprintf(arm->label, sizeof(arm->label),
		    "interval %" PRIu64 " us", range->values[i]);
		tradeoff->points[i] = (struct tradeoff_point){
		    .arm = experiment->n_arms - 1,
		    .interval_us = range->values[i],
		};
	}
	return OUTCOME_FINE;
}

static enum outcome
sweep_interval(struct experiment *experiment, const struct settings *settings,
    const struct range *range)
{
	const struct context *context = experiment->context;
	struct tradeoff tradeoff = {
	    .cpu_tasks = (uint32_t)settings->cpu_tasks,
	    .cost_ns = settings->cost_ns,
	    .io_every = settings->io_every,
	    .io_for_us = settings->io_for_us,
	};
	enum outcome outcome;
	json_t *json;

	tradeoff.pool = choose_interval_pool(experiment, settings);
	if (tradeoff.pool == NULL)
		return OUTCOME_REFUSED;
	outcome = add_tradeoff_points(&tradeoff, experiment, settings, range);
	if (outcome == OUTCOME_FINE)
		outcome = experiment_run(experiment);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (tradeoff_settle(&tradeoff, experiment->runs, experiment->n_runs) ==
	    -1)
		return talk_no_memory(context);
	outcome = tradeoff_save(&tradeoff, experiment, settings->path);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format != FORMAT_JSON)
		return tradeoff_print(&tradeoff, experiment);
	json = tradeoff_to_json(&tradeoff, experiment);
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

/* What it is swept over. */
static enum outcome
read_range(const struct context *context, const struct settings *settings,
    struct range *range)
{
	char error[RANGE_ERROR_CHARS + 1];

	if ((settings->workers == NULL) == (settings->interval == NULL)) {
		command_complain(context->command,
		    "sweep what? Give --workers 1..8 or --interval "
		    "50us..100ms");
		return OUTCOME_USAGE;
	}
	if (settings->interval != NULL) {
		if (range_parse_durations_us(settings->interval, 1,
			MAX_INTERVAL_US, range, error) == 0)
			return OUTCOME_FINE;
		command_complain(context->command, "--interval: %s", error);
		return OUTCOME_USAGE;
	}
	if (range_parse_counts(
		settings->workers, 1, MAX_WORKERS, range, error) == -1) {
		command_complain(context->command, "--workers: %s", error);
		return OUTCOME_USAGE;
	}
	if (range->values[range->n - 1] > settings->count) {
		command_complain(context->command,
		    "--count: at least a turn for each worker");
		return OUTCOME_USAGE;
	}
	return OUTCOME_FINE;
}

static enum outcome
run_sweep(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	struct experiment experiment;
	struct range range;
	enum outcome outcome = read_range(context, settings, &range);

	(void)operands;
	if (outcome == OUTCOME_FINE)
		outcome = report_check_picture(context, settings->path);
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = experiment_meet(
	    &experiment, context, (uint32_t)settings->rounds, settings->seed);
	if (outcome == OUTCOME_FINE)
		outcome = settings->workers != NULL
		    ? sweep_workers(&experiment, settings, &range)
		    : sweep_interval(&experiment, settings, &range);
	return experiment_end(&experiment, outcome);
}

static const struct settings defaults = {
    .count = 10000000,
    .cost_ns = 15,
    .cpu_tasks = 2,
    .io_every = 100,
    .io_for_us = 100,
    .for_ms = 500,
    .rounds = 3,
    .seed = EXPERIMENT_NO_SEED,
};

static const struct option_row options[] = {
    {"workers", 'w', "RANGE", OPTION_TEXT, offsetof(struct settings, workers),
	0, 0, "over these numbers of workers: 1..8, or\n1,2,4"},
    {"interval", 0, "RANGE", OPTION_TEXT, offsetof(struct settings, interval),
	0, 0, "over these switch intervals: 50us..100ms, or\n1ms,5ms"},
    {"pools", 'p', "A,B,C", OPTION_TEXT, offsetof(struct settings, pools), 0, 0,
	"the pools (threads and processes); with\n--interval only one"},
    {"count", 'n', "COUNT", OPTION_NUMBER, offsetof(struct settings, count), 1,
	REQUEST_MAX_COUNT, "with --workers: count down from this (10M)"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct settings, cost_ns), 0,
	REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (15)"},
    {"cpu", 0, "TASKS", OPTION_NUMBER, offsetof(struct settings, cpu_tasks), 1,
	MAX_WORKERS, "with --interval: CPU-bound tasks (2)"},
    {"io-every", 0, "TURNS", OPTION_NUMBER, offsetof(struct settings, io_every),
	1, REQUEST_MAX_COUNT, "with --interval: turns of an operation (100)"},
    {"io-for", 0, "US", OPTION_NUMBER, offsetof(struct settings, io_for_us), 1,
	REQUEST_MAX_IO_FOR_US, "with --interval: its sleep, in us (100)"},
    {"for", 0, "MS", OPTION_NUMBER, offsetof(struct settings, for_ms), 10,
	REQUEST_MAX_TIMEOUT_MS,
	"with --interval: a run takes this long, or\n20 operations (500)"},
    {"rounds", 0, "N", OPTION_NUMBER, offsetof(struct settings, rounds), 1,
	EXPERIMENT_MAX_ROUNDS, "times that each point is measured (3)"},
    {"seed", 0, "N", OPTION_NUMBER, offsetof(struct settings, seed), 0,
	REQUEST_MAX_INTEGER, "order the runs as an earlier sweep did"},
    {"output", 'o', "FILE.svg", OPTION_TEXT, offsetof(struct settings, path), 0,
	0, "draw it into this file too"},
    {0},
};

const struct command command_sweep = {
    .name = "sweep",
    .operands = "",
    .summary = "Throughput over workers, or over switch intervals",
    .notes =
	"--workers: how throughput grows with the number of workers, and what\n"
	"Amdahl's law and the Universal Scalability Law make of it.\n"
	"--interval: what a switch interval costs CPU-bound tasks and buys an "
	"io task\nbeside them. The pool's interval_us is set for each run, "
	"and\n"
	"set back at the end.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_sweep,
};
