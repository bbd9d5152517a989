/*
 * gilctl compare: the experiment. Learns from the server which pools it has,
 * warms them up, runs the rounds, one job at a time over one connection, and
 * hands the runs to comparison.c.
 *
 * Each round runs every series once, in an order drawn anew: what changes
 * slowly on a machine (its temperature, its other users) then falls on all of
 * them alike.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/comparison.h"
#include "client/count.h"
#include "client/link.h"
#include "client/progress.h"
#include "client/show.h"
#include "client/chance.h"
#include "client/talk.h"
#include "client/units.h"

#define DEFAULT_COUNT UINT64_C(50000000)
#define MAX_ROUNDS 10000
#define WARM_UP_DIVISOR 50
#define NO_SEED UINT64_MAX
#define SEED_RANGE 100000 /* a chosen seed is short, to be typed again */

struct settings {
	uint64_t workers;
	uint64_t cost_ns;
	uint64_t rounds;
	uint64_t seed;
};

/* An experiment under way. */
struct experiment {
	const struct context *context;
	struct link *link;
	struct comparison comparison;
	struct progress progress;
	uint64_t start_ns;
	double turns_all;    /* of all runs, the warm-up left out */
	double turns_before; /* of the runs that have ended */
	char label[64];
};

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
draw(struct experiment *experiment, uint64_t turns)
{
	double fraction =
	    (experiment->turns_before + (double)turns) / experiment->turns_all;
	uint64_t elapsed_ns = now_ns(CLOCK_MONOTONIC) - experiment->start_ns;
	char detail[48] = "";

	if (fraction >= 0.05)
		snprintf(detail, sizeof(detail), "about %s left",
		    units_uptime((uint64_t)((double)elapsed_ns *
				     (1 - fraction) / fraction) +
			999999999)
			.text);
	progress_draw(
	    &experiment->progress, experiment->label, fraction, detail);
}

static void
see_progress(void *arg, enum job_state state, uint64_t turns)
{
	(void)state;
	draw(arg, turns);
}

/* Runs one job of an arm; `watcher` is NULL for the warm-up. */
static enum outcome
run_job(struct experiment *experiment, enum arm arm, uint64_t count,
    const struct talk_watcher *watcher, struct run *run)
{
	const struct row *row = &experiment->comparison.rows[arm];
	const struct context *context = experiment->context;
	struct job_request request;
	struct job_result result;
	enum outcome outcome;
	json_t *json;

	job_request_init(&request);
	strcpy(request.pool, row->pool);
	request.count = count;
	request.workers = row->workers;
	request.cost_ns = experiment->comparison.cost_ns;
	request.wants_progress =
	    watcher != NULL && progress_is_live(&experiment->progress);
	outcome = talk_run(context, experiment->link, &request, watcher,
	    &experiment->progress, &json, &result);
	if (outcome != OUTCOME_FINE)
		return outcome;
	*run = comparison_run(&result);
	if (result.state != JOB_DONE) {
		command_complain(context->command,
		    "the job in pool %s ended %s: %s", row->pool,
		    show_state(result.state), result.reason);
		outcome = OUTCOME_NOT_DONE;
	}
	job_result_free(&result);
	json_decref(json);
	return outcome;
}

/*
 * The pool of this kind that an arm uses: the one with the default name if
 * there is one, else the first.
 */
static const json_t *
find_pool(const json_t *pools, const char *kind)
{
	const json_t *found = NULL;
	const json_t *pool;
	size_t i;

	json_array_foreach (pools, i, pool) {
		if (strcmp(show_text(pool, "kind"), kind) != 0)
			continue;
		if (strcmp(show_text(pool, "name"), kind) == 0)
			return pool;
		if (found == NULL)
			found = pool;
	}
	return found;
}

static enum outcome
choose_pool(struct experiment *experiment, const json_t *info, enum arm arm,
    const char *kind, uint32_t workers)
{
	const json_t *pool = find_pool(json_object_get(info, "pools"), kind);
	struct row *row = &experiment->comparison.rows[arm];

	if (pool == NULL) {
		command_complain(experiment->context->command,
		    "the server has no pool of kind %s; gilctl pools shows "
		    "what it has",
		    kind);
		return OUTCOME_REFUSED;
	}
	snprintf(row->pool, sizeof(row->pool), "%s", show_text(pool, "name"));
	row->workers = workers;
	row->executors = (uint32_t)show_number(pool, "size");
	return OUTCOME_FINE;
}

/* Asks the server who it is and what pools it has. */
static enum outcome
meet_server(struct experiment *experiment)
{
	struct comparison *comparison = &experiment->comparison;
	json_t *info;
	enum outcome outcome = talk_ask(experiment->context, experiment->link,
	    "server.info", json_object(), &info);

	if (outcome != OUTCOME_FINE)
		return outcome;
	snprintf(comparison->version, sizeof(comparison->version), "%s",
	    show_text(info, "version"));
	comparison->cores = (uint32_t)show_number(info, "cores");
	outcome = choose_pool(experiment, info, ARM_SEQUENTIAL, "processes", 1);
	if (outcome == OUTCOME_FINE)
		outcome = choose_pool(experiment, info, ARM_THREADS, "threads",
		    comparison->workers);
	if (outcome == OUTCOME_FINE)
		outcome = choose_pool(experiment, info, ARM_PROCESSES,
		    "processes", comparison->workers);
	json_decref(info);
	return outcome;
}

/* A short untimed job for each arm: page faults and clock speeds settle. */
static enum outcome
warm_up(struct experiment *experiment)
{
	uint64_t count = experiment->comparison.count / WARM_UP_DIVISOR;
	enum outcome outcome = OUTCOME_FINE;
	struct run ignored;

	if (count < experiment->comparison.workers)
		count = experiment->comparison.workers;
	for (unsigned arm = 0; arm < ARM_COUNT && outcome == OUTCOME_FINE;
	     arm++)
		outcome = run_job(experiment, arm, count, NULL, &ignored);
	return outcome;
}

static enum outcome
run_rounds(struct experiment *experiment, struct run runs[])
{
	const struct comparison *comparison = &experiment->comparison;
	struct talk_watcher watcher = {see_progress, experiment};
	unsigned order[SERIES_COUNT];
	struct chance chance;

	for (unsigned i = 0; i < SERIES_COUNT; i++)
		order[i] = i;
	chance_init(&chance, comparison->seed);
	experiment->start_ns = now_ns(CLOCK_MONOTONIC);
	for (uint32_t round = 0; round < comparison->rounds; round++) {
		chance_shuffle(&chance, order, SERIES_COUNT);
		for (unsigned i = 0; i < SERIES_COUNT; i++) {
			enum arm arm = comparison_arm(order[i]);
			enum outcome outcome;

			snprintf(experiment->label, sizeof(experiment->label),
			    "round %" PRIu32 " of %" PRIu32 "  %-17s",
			    round + 1, comparison->rounds,
			    comparison_arm_label(arm));
			draw(experiment, 0);
			outcome = run_job(experiment, arm, comparison->count,
			    &watcher, &runs[round * SERIES_COUNT + order[i]]);
			if (outcome != OUTCOME_FINE)
				return outcome;
			experiment->turns_before += (double)comparison->count;
		}
	}
	return OUTCOME_FINE;
}

static enum outcome
report(struct experiment *experiment, const struct run runs[])
{
	const struct context *context = experiment->context;
	struct comparison *comparison = &experiment->comparison;
	enum outcome outcome;
	json_t *json;

	if (comparison_settle(comparison, runs) == -1)
		return talk_no_memory(context);
	if (context->format != FORMAT_JSON)
		return comparison_print(comparison, &context->out) == -1
		    ? talk_no_memory(context)
		    : OUTCOME_FINE;
	json = comparison_to_json(comparison);
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

static enum outcome
run_experiment(struct experiment *experiment)
{
	const struct comparison *comparison = &experiment->comparison;
	struct run *runs =
	    calloc(comparison->rounds, sizeof(*runs) * SERIES_COUNT);
	enum outcome outcome;

	if (runs == NULL)
		return talk_no_memory(experiment->context);
	outcome = meet_server(experiment);
	if (outcome == OUTCOME_FINE)
		outcome = warm_up(experiment);
	if (outcome == OUTCOME_FINE)
		outcome = run_rounds(experiment, runs);
	if (outcome == OUTCOME_FINE)
		outcome = report(experiment, runs);
	free(runs);
	return outcome;
}

static enum outcome
run_compare(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	struct experiment experiment = {.context = context};
	struct comparison *comparison = &experiment.comparison;
	char error[COUNT_ERROR_CHARS + 1];
	enum outcome outcome;

	comparison->count = DEFAULT_COUNT;
	if (operands[0] != NULL &&
	    count_parse(operands[0], settings->workers, REQUEST_MAX_COUNT,
		&comparison->count, error) == -1) {
		command_complain(context->command, "COUNT: %s", error);
		return OUTCOME_USAGE;
	}
	comparison->workers = (uint32_t)settings->workers;
	comparison->cost_ns = settings->cost_ns;
	comparison->rounds = (uint32_t)settings->rounds;
	comparison->seed = settings->seed != NO_SEED
	    ? settings->seed
	    : (now_ns(CLOCK_REALTIME) ^ (uint64_t)getpid()) % SEED_RANGE;
	experiment.turns_all =
	    (double)comparison->count * comparison->rounds * SERIES_COUNT;
	progress_init(&experiment.progress);
	outcome = talk_open(context, &experiment.link);
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = run_experiment(&experiment);
	link_close(experiment.link);
	return outcome;
}

static const struct settings defaults = {
    .workers = 2, .cost_ns = 20, .rounds = 3, .seed = NO_SEED};

static const struct option_row options[] = {
    {"workers", 'w', "WORKERS", OPTION_NUMBER,
	offsetof(struct settings, workers), 2, UINT32_MAX,
	"how many threads, and processes (2)"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct settings, cost_ns), 0,
	REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (20)"},
    {"rounds", 0, "N", OPTION_NUMBER, offsetof(struct settings, rounds), 1,
	MAX_ROUNDS, "times that each arm is measured (3)"},
    {"seed", 0, "N", OPTION_NUMBER, offsetof(struct settings, seed), 0,
	REQUEST_MAX_INTEGER, "order the runs as an earlier comparison did"},
    {0},
};

const struct command command_compare = {
    .name = "compare",
    .operands = "[COUNT]",
    .max_operands = 1,
    .summary = "Compare one worker, threads under one lock, and processes",
    .notes = "Counts down from COUNT (50M) in one worker process, in threads "
	     "that share a\nlock, and in worker processes, and says what that "
	     "means.\nCOUNT may be written 50000000, 50_000_000, 50M or 5e7.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_compare,
};
