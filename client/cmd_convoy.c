/*
 * gilctl convoy: one io task beside CPU-bound ones, in a pool of threads under
 * one or several switch intervals, and in a pool of processes. Chooses what to
 * run; experiment.c runs it, convoy.c says what came of it.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/convoy.h"
#include "client/operations.h"
#include "client/range.h"
#include "client/report.h"
#include "client/show.h"
#include "client/talk.h"

#define MAX_INTERVAL_US UINT64_C(10000000)
#define DEFAULT_TASKS 3 /* or what the pool has threads for */
#define NOT_GIVEN UINT64_MAX

struct settings {
	const char *pool; /* or NULL */
	uint64_t cpu_tasks;
	const char *interval; /* or NULL */
	uint64_t cost_ns;
	uint64_t io_every;
	uint64_t io_for_us;
	uint64_t for_ms;
	uint64_t rounds;
	uint64_t seed;
	const char *path; /* of the picture, or NULL */
};

/* How long a holder keeps the lock from those who want it; 0: who knows. */
static uint64_t
tenure_us(const struct roster_pool *pool)
{
	if (strcmp(pool->policy, "interval") == 0)
		return pool->interval_us;
	return strcmp(pool->policy, "fair") == 0 ? pool->quantum_us : 0;
}

/* One pool, under its own interval (0) or under this one. */
static enum outcome
add_line(struct convoy *convoy, struct experiment *experiment,
    const struct settings *settings, const struct roster_pool *pool,
    uint64_t interval_us)
{
	struct convoy_line *line = &convoy->lines[convoy->n_lines++];

	*line = (struct convoy_line){
	    .pool = pool,
	    .interval_us = interval_us > 0 ? interval_us : tenure_us(pool),
	};
	for (uint32_t i = 0; i <= convoy->cpu_tasks && i < pool->size; i++) {
		struct arm *arm = experiment_add(experiment, pool);

		if (arm == NULL)
			return OUTCOME_USAGE;
		operations_request(&arm->request, settings->io_every,
		    settings->io_for_us, settings->for_ms,
		    line->interval_us * i);
		arm->request.cost_ns = settings->cost_ns;
		arm->company = i;
		arm->interval_us = interval_us;
		snprintf(arm->label, sizeof(arm->label), "%s, beside %" PRIu32,
		    pool->name, i);
		line->points[line->n_points++].arm = experiment->n_arms - 1;
	}
	return OUTCOME_FINE;
}

/* The pool of threads, or NULL, which it explains. */
static const struct roster_pool *
choose_pool(const struct experiment *experiment,
    const struct settings *settings, uint32_t *cpu_tasks)
{
	const struct command *command = experiment->context->command;
	const struct roster_pool *pool = settings->pool != NULL
	    ? roster_find(&experiment->roster, settings->pool)
	    : roster_choose(&experiment->roster, ROLE_THREADS);

	if (pool == NULL) {
		command_complain(command,
		    "the server has no pool%s%s; gilctl pools shows what it "
		    "has",
		    settings->pool != NULL ? " " : " of threads under one lock",
		    settings->pool != NULL ? settings->pool : "");
		return NULL;
	}
	*cpu_tasks = settings->cpu_tasks != NOT_GIVEN
	    ? (uint32_t)settings->cpu_tasks
	    : pool->size <= DEFAULT_TASKS ? pool->size - 1
					  : DEFAULT_TASKS;
	if (pool->size <= *cpu_tasks || *cpu_tasks == 0) {
		command_complain(command,
		    "the pool %s has %" PRIu32 " executor%s; an io task beside "
		    "%" PRIu32 " CPU-bound ones needs %" PRIu32
		    ": take a smaller --cpu or give it a larger size",
		    pool->name, pool->size, pool->size == 1 ? "" : "s",
		    *cpu_tasks > 0 ? *cpu_tasks : 1,
		    *cpu_tasks > 0 ? *cpu_tasks + 1 : 2);
		return NULL;
	}
	if (settings->interval != NULL &&
	    strcmp(pool->policy, "interval") != 0) {
		command_complain(command,
		    "the pool %s has no lock of policy interval, so --interval "
		    "is nothing to it",
		    pool->name);
		return NULL;
	}
	return pool;
}

static enum outcome
add_lines(struct convoy *convoy, struct experiment *experiment,
    const struct settings *settings, const struct range *range)
{
	const struct roster_pool *pool =
	    choose_pool(experiment, settings, &convoy->cpu_tasks);
	const struct roster_pool *processes =
	    roster_choose(&experiment->roster, ROLE_PROCESSES);
	enum outcome outcome = OUTCOME_FINE;

	if (pool == NULL)
		return OUTCOME_REFUSED;
	for (size_t i = 0; i < range->n && outcome == OUTCOME_FINE; i++)
		outcome = add_line(
		    convoy, experiment, settings, pool, range->values[i]);
	if (outcome == OUTCOME_FINE && processes != NULL && processes != pool)
		outcome = add_line(convoy, experiment, settings, processes, 0);
	return outcome;
}

/* The intervals to be set; one of 0 leaves it as it is. */
static enum outcome
read_intervals(const struct context *context, const struct settings *settings,
    struct range *range)
{
	char error[RANGE_ERROR_CHARS + 1];

	*range = (struct range){.n = 1};
	if (settings->interval == NULL)
		return OUTCOME_FINE;
	if (range_parse_durations_us(
		settings->interval, 1, MAX_INTERVAL_US, range, error) == -1) {
		command_complain(context->command, "--interval: %s", error);
		return OUTCOME_USAGE;
	}
	if (range->n >= CONVOY_MAX_LINES) {
		command_complain(context->command,
		    "--interval: at most %d of them", CONVOY_MAX_LINES - 1);
		return OUTCOME_USAGE;
	}
	return OUTCOME_FINE;
}

static enum outcome
report(struct convoy *convoy, const struct experiment *experiment,
    const char *path)
{
	const struct context *context = experiment->context;
	enum outcome outcome;
	json_t *json;

	if (convoy_settle(convoy, experiment->runs, experiment->n_runs) == -1)
		return talk_no_memory(context);
	outcome = convoy_save(convoy, experiment, path);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format != FORMAT_JSON)
		return convoy_print(convoy, experiment);
	json = convoy_to_json(convoy, experiment);
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

static enum outcome
run_convoy(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	struct convoy *convoy = calloc(1, sizeof(*convoy));
	struct experiment experiment;
	struct range range;
	enum outcome outcome;

	(void)operands;
	if (convoy == NULL)
		return talk_no_memory(context);
	convoy->cost_ns = settings->cost_ns;
	convoy->io_every = settings->io_every;
	convoy->io_for_us = settings->io_for_us;
	outcome = read_intervals(context, settings, &range);
	if (outcome == OUTCOME_FINE)
		outcome = report_check_picture(context, settings->path);
	if (outcome != OUTCOME_FINE)
		goto out;
	outcome = experiment_meet(
	    &experiment, context, (uint32_t)settings->rounds, settings->seed);
	if (outcome == OUTCOME_FINE)
		outcome = add_lines(convoy, &experiment, settings, &range);
	if (outcome == OUTCOME_FINE)
		outcome = experiment_run(&experiment);
	if (outcome == OUTCOME_FINE)
		outcome = report(convoy, &experiment, settings->path);
	outcome = experiment_end(&experiment, outcome);
out:
	free(convoy);
	return outcome;
}

static const struct settings defaults = {
    .cpu_tasks = NOT_GIVEN,
    .cost_ns = 15,
    .io_every = 100,
    .io_for_us = 100,
    .for_ms = 500,
    .rounds = 3,
    .seed = EXPERIMENT_NO_SEED,
};

static const struct option_row options[] = {
    {"pool", 'p', "POOL", OPTION_TEXT, offsetof(struct settings, pool), 0, 0,
	"the pool of threads (threads)"},
    {"cpu", 0, "TASKS", OPTION_NUMBER, offsetof(struct settings, cpu_tasks), 1,
	CONVOY_MAX_TASKS, "beside 0 to this many CPU-bound tasks (3)"},
    {"interval", 0, "RANGE", OPTION_TEXT, offsetof(struct settings, interval),
	0, 0, "under these switch intervals, such as\n500us,5ms (as it is)"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct settings, cost_ns), 0,
	REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (15)"},
    {"io-every", 0, "TURNS", OPTION_NUMBER, offsetof(struct settings, io_every),
	1, REQUEST_MAX_COUNT, "turns of an operation (100)"},
    {"io-for", 0, "US", OPTION_NUMBER, offsetof(struct settings, io_for_us), 1,
	REQUEST_MAX_IO_FOR_US, "its sleep, in microseconds (100)"},
    {"for", 0, "MS", OPTION_NUMBER, offsetof(struct settings, for_ms), 10,
	REQUEST_MAX_TIMEOUT_MS,
	"a run takes this long, or 20 operations (500)"},
    {"rounds", 0, "N", OPTION_NUMBER, offsetof(struct settings, rounds), 1,
	EXPERIMENT_MAX_ROUNDS, "times that each point is measured (3)"},
    {"seed", 0, "N", OPTION_NUMBER, offsetof(struct settings, seed), 0,
	REQUEST_MAX_INTEGER, "order the runs as an earlier convoy did"},
    {"output", 'o', "FILE.svg", OPTION_TEXT, offsetof(struct settings, path), 0,
	0, "draw it into this file too"},
    {0},
};

const struct command command_convoy = {
    .name = "convoy",
    .operands = "",
    .summary = "An io task beside CPU-bound ones: who waits for whom",
    .notes = "Measures the operations a second of a task that sleeps again "
	     "and again, beside\n0 to TASKS tasks that only count: in a pool "
	     "of threads, where after each sleep\nit has to wait for the lock, "
	     "and in a pool of processes. An interval that is\nset is set "
	     "back at the end.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_convoy,
};
