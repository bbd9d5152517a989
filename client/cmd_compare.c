/*
 * gilctl compare: the experiment. Chooses the rows that the server has pools
 * for, has experiment.c measure them, and hands the runs to comparison.c.
 */
#include "client/command.h"

#include <stdlib.h>
#include <string.h>

#include "client/comparison.h"
#include "client/count.h"
#include "client/experiment.h"
#include "client/show.h"
#include "client/talk.h"

#define DEFAULT_COUNT UINT64_C(50000000)
#define NAME_CHARS 31
/* The sleeping control: so many naps for each of the workers. */
#define NAPS_PER_WORKER 24
#define NAP_US 2000

struct settings {
	uint64_t workers;
	uint64_t cost_ns;
	uint64_t rounds;
	uint64_t seed;
	const char *pools; /* these two: lists of names, or NULL */
	const char *arms;
};

/* What an arm of a name is. */
static const struct arm_kind {
	const char *name;
	enum row_kind kind;
	enum roster_role role;
	enum job_profile profile;
	const char *label;
	const char *scene;
	const char *noun;
	bool is_default; /* where the server has a pool for it */
} arm_kinds[] = {
    {"threads", ROW_ARM, ROLE_THREADS, PROFILE_CPU, "threads, one lock",
	"under one lock", "threads", true},
    {"fair", ROW_ARM, ROLE_FAIR, PROFILE_CPU, "threads, fair lock",
	"under a fair lock", "threads", false},
    {"ticks", ROW_ARM, ROLE_TICKS, PROFILE_CPU, "threads, ticks",
	"under a lock of ticks", "threads", false},
    {"native", ROW_ARM, ROLE_THREADS, PROFILE_NATIVE, "threads, native",
	"counting without the lock", "threads", false},
    {"free", ROW_ARM, ROLE_FREE, PROFILE_CPU, "threads, no lock",
	"without a lock", "threads", true},
    {"processes", ROW_ARM, ROLE_PROCESSES, PROFILE_CPU, "processes", "",
	"processes", true},
    {"hold", ROW_HOLD, ROLE_HOLD, PROFILE_CPU, "control: held lock", "",
	"threads", true},
    {"io", ROW_SLEEP, ROLE_THREADS, PROFILE_IO, "control: sleeping", "",
	"threads", true},
};
#define N_ARM_KINDS (sizeof(arm_kinds) / sizeof(arm_kinds[0]))

/* A comparison in the making. */
struct making {
	const struct context *context;
	struct experiment *experiment;
	struct comparison *comparison;
};

/*
 * A row, and the arm that is measured for it. NULL when there are too many,
 * which it says.
 */
static struct row *
add_row(struct making *making, enum row_kind kind, const char *name,
    const char *label, const struct roster_pool *pool, uint32_t workers)
{
	struct comparison *comparison = making->comparison;
	struct row *row;
	struct arm *arm;

	if (comparison->n_rows == COMPARISON_MAX_ROWS) {
		command_complain(making->context->command,
		    "more than %d arms: take fewer", COMPARISON_MAX_ROWS);
		return NULL;
	}
	arm = experiment_add(making->experiment, pool);
	if (arm == NULL)
		return NULL;
	snprintf(arm->label, sizeof(arm->label), "%s", label);
	arm->request.count = comparison->count;
	arm->request.workers = workers;
	arm->request.cost_ns = comparison->cost_ns;
	row = &comparison->rows[comparison->n_rows++];
	*row = (struct row){
	    .kind = kind,
	    .noun = pool->is_threads ? "threads" : "processes",
	    .pool = pool,
	    .workers = workers,
	    .arms = {making->experiment->n_arms - 1},
	    .n_arms = 1,
	};
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->label, sizeof(row->label), "%s", label);
	return row;
}

static struct job_request *
row_request(struct making *making, const struct row *row)
{
	return &making->experiment->arms[row->arms[0]].request;
}

/* A worker that sleeps as often as several of them do together. */
static enum outcome
add_sleepers(struct making *making, const struct arm_kind *kind,
    const struct roster_pool *pool)
{
	struct comparison *comparison = making->comparison;
	size_t alone = comparison->n_rows;
	uint32_t workers[2] = {1, comparison->workers};

	for (size_t i = 0; i < 2; i++) {
		struct row *row =
		    add_row(making, i == 0 ? ROW_SLEEP_ALONE : ROW_SLEEP,
			i == 0 ? "io_alone" : kind->name, kind->label, pool,
			workers[i]);
		struct job_request *request;

		if (row == NULL)
			return OUTCOME_USAGE;
		row->base = alone;
		request = row_request(making, row);
		request->count =
		    (uint64_t)NAPS_PER_WORKER * comparison->workers;
		request->cost_ns = 0;
		request->profile = PROFILE_IO;
		request->io_every = 1;
		request->io_for_us = NAP_US;
	}
	return OUTCOME_FINE;
}

static enum outcome
add_kind(struct making *making, const struct arm_kind *kind, bool is_asked)
{
	const struct roster_pool *pool =
	    roster_choose(&making->experiment->roster, kind->role);
	struct row *row;

	/* The lock is not what a sleeper tests. */
	if (pool == NULL && kind->kind == ROW_SLEEP)
		pool =
		    roster_choose(&making->experiment->roster, ROLE_PROCESSES);
	if (pool == NULL && !is_asked)
		return OUTCOME_FINE;
	if (pool == NULL) {
		command_complain(making->context->command,
		    "the server has no pool for the arm %s; gilctl pools shows "
		    "what it has",
		    kind->name);
		return OUTCOME_REFUSED;
	}
	if (kind->kind == ROW_SLEEP)
		return add_sleepers(making, kind, pool);
	row = add_row(making, kind->kind, kind->name, kind->label, pool,
	    making->comparison->workers);
	if (row == NULL)
		return OUTCOME_USAGE;
	snprintf(row->scene, sizeof(row->scene), "%s", kind->scene);
	row_request(making, row)->profile = kind->profile;
	return OUTCOME_FINE;
}

static enum outcome
add_named_kind(struct making *making, const char *name)
{
	for (size_t i = 0; i < N_ARM_KINDS; i++)
		if (strcmp(arm_kinds[i].name, name) == 0)
			return add_kind(making, &arm_kinds[i], true);
	command_complain(making->context->command,
	    "no arm is called \"%s\": there are threads, fair, ticks, native, "
	    "free, processes, hold and io; --pools takes pools",
	    name);
	return OUTCOME_USAGE;
}

static enum outcome
add_pool(struct making *making, const char *name)
{
	const struct roster_pool *pool =
	    roster_find(&making->experiment->roster, name);
	struct row *row;

	if (pool == NULL) {
		command_complain(making->context->command,
		    "the server has no pool \"%s\"; gilctl pools shows what it "
		    "has",
		    name);
		return OUTCOME_REFUSED;
	}
	row = add_row(making, ROW_ARM, pool->name, pool->name, pool,
	    making->comparison->workers);
	if (row == NULL)
		return OUTCOME_USAGE;
	snprintf(row->scene, sizeof(row->scene), "in the pool %s", pool->name);
	return OUTCOME_FINE;
}

/* "A,B,C", each of them by add(). */
static enum outcome
add_list(struct making *making, const char *option, const char *list,
    enum outcome (*add)(struct making *making, const char *name))
{
	enum outcome outcome = OUTCOME_FINE;
	const char *at = list;

	for (;;) {
		size_t length = strcspn(at, ",");
		char name[NAME_CHARS + 1];

		if (length == 0 || length > NAME_CHARS) {
			command_complain(making->context->command,
			    "--%s: \"%.80s\" is no list of names such as A,B",
			    option, list);
			return OUTCOME_USAGE;
		}
		memcpy(name, at, length);
		name[length] = '\0';
		outcome = add(making, name);
		if (outcome != OUTCOME_FINE || at[length] == '\0')
			return outcome;
		at += length + 1;
	}
}

/* One worker, one part after another; measured twice in each round. */
static enum outcome
add_sequential(struct making *making)
{
	const struct roster *roster = &making->experiment->roster;
	const struct roster_pool *pool = roster_choose(roster, ROLE_PROCESSES);
	struct row *row;
	struct arm *again;

	/* One thread alone has the lock for itself. */
	if (pool == NULL && roster->n_pools > 0)
		pool = &roster->pools[0];
	if (pool == NULL) {
		command_complain(
		    making->context->command, "the server tells of no pool");
		return OUTCOME_REFUSED;
	}
	row = add_row(
	    making, ROW_SEQUENTIAL, "sequential", "one after another", pool, 1);
	again = row != NULL ? experiment_add(making->experiment, pool) : NULL;
	if (again == NULL)
		return OUTCOME_USAGE;
	*again = making->experiment->arms[row->arms[0]];
	row->arms[row->n_arms++] = making->experiment->n_arms - 1;
	return OUTCOME_FINE;
}

static enum outcome
add_rows(struct making *making, const struct settings *settings)
{
	enum outcome outcome = add_sequential(making);
	bool has_names = settings->pools != NULL || settings->arms != NULL;

	making->comparison->wants_controls = !has_names;
	if (outcome == OUTCOME_FINE && settings->pools != NULL)
		outcome = add_list(making, "pools", settings->pools, add_pool);
	if (outcome == OUTCOME_FINE && settings->arms != NULL)
		outcome =
		    add_list(making, "arms", settings->arms, add_named_kind);
	for (size_t i = 0;
	     i < N_ARM_KINDS && outcome == OUTCOME_FINE && !has_names; i++)
		if (arm_kinds[i].is_default)
			outcome = add_kind(making, &arm_kinds[i], false);
	return outcome;
}

static enum outcome
report(const struct experiment *experiment, struct comparison *comparison)
{
	const struct context *context = experiment->context;
	enum outcome outcome;
	json_t *json;

	if (comparison_settle(
		comparison, experiment->runs, experiment->n_runs) == -1)
		return talk_no_memory(context);
	if (context->format != FORMAT_JSON)
		return comparison_print(comparison, experiment);
	json = comparison_to_json(comparison);
	if (json != NULL &&
	    json_object_set_new(
		json, "weather", weather_to_json(&experiment->weather)) == -1) {
		json_decref(json);
		return talk_no_memory(context);
	}
	outcome = show_json(context, json);
	json_decref(json);
	return outcome;
}

static enum outcome
run_compare(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	struct comparison comparison = {
	    .count = DEFAULT_COUNT,
	    .workers = (uint32_t)settings->workers,
	    .cost_ns = settings->cost_ns,
	    .rounds = (uint32_t)settings->rounds,
	};
	struct experiment experiment;
	struct making making = {context, &experiment, &comparison};
	char error[COUNT_ERROR_CHARS + 1];
	enum outcome outcome;

	if (operands[0] != NULL &&
	    count_parse(operands[0], settings->workers, REQUEST_MAX_COUNT,
		&comparison.count, error) == -1) {
		command_complain(context->command, "COUNT: %s", error);
		return OUTCOME_USAGE;
	}
	outcome = experiment_meet(
	    &experiment, context, comparison.rounds, settings->seed);
	comparison.seed = experiment.seed;
	comparison.cores = experiment.roster.cores;
	if (outcome == OUTCOME_FINE)
		outcome = add_rows(&making, settings);
	if (outcome == OUTCOME_FINE)
		outcome = experiment_run(&experiment);
	if (outcome == OUTCOME_FINE)
		outcome = report(&experiment, &comparison);
	comparison_free(&comparison);
	return experiment_end(&experiment, outcome);
}

static const struct settings defaults = {
    .workers = 2, .cost_ns = 15, .rounds = 3, .seed = EXPERIMENT_NO_SEED};

static const struct option_row options[] = {
    {"workers", 'w', "WORKERS", OPTION_NUMBER,
	offsetof(struct settings, workers), 2, UINT32_MAX,
	"how many threads, and processes (2)"},
    {"pools", 0, "A,B,C", OPTION_TEXT, offsetof(struct settings, pools), 0, 0,
	"compare these pools"},
    {"arms", 0, "A,B,C", OPTION_TEXT, offsetof(struct settings, arms), 0, 0,
	"compare these of threads, fair, ticks,\n"
	"native, free, processes, hold, io"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct settings, cost_ns), 0,
	REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (15)"},
    {"rounds", 0, "N", OPTION_NUMBER, offsetof(struct settings, rounds), 1,
	EXPERIMENT_MAX_ROUNDS, "times that each arm is measured (3)"},
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
	     "means and where the time\nwent. Two controls bracket it: "
	     "sleeping threads, which must gain from more of\nthem, and a lock "
	     "that is held throughout, which cannot.\nCOUNT may be written "
	     "50000000, 50_000_000, 50M or 5e7.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_compare,
};
