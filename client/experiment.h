/*
 * An experiment: arms, each of them a job and what runs beside it, measured in
 * rounds. Each round runs every arm once, in an order drawn anew: what changes
 * slowly on a machine (its temperature, its other users) then falls on all of
 * them alike. One job at a time is measured, over one connection. Nothing that
 * was measured is dropped.
 *
 *	experiment_meet()   whom with: fills in the roster
 *	experiment_add()    the arms, as the roster allows
 *	experiment_run()    warm-up, weather, rounds, weather
 *	experiment_end()    pools are as they were; frees everything
 */
#ifndef GILD_CLIENT_EXPERIMENT_H
#define GILD_CLIENT_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/command.h"
#include "client/progress.h"
#include "client/roster.h"
#include "client/statistics.h"
#include "client/weather.h"
#include "proto/request.h"
#include "proto/result.h"

#define ARM_LABEL_CHARS 63
#define EXPERIMENT_MAX_ARMS 256
#define EXPERIMENT_MAX_ROUNDS 10000
#define EXPERIMENT_NO_SEED UINT64_MAX
#define EXPERIMENT_WARM_UP_MS 20

struct gil;

struct arm {
	char label[ARM_LABEL_CHARS + 1]; /* while it runs, for people */
	const struct roster_pool *pool;	 /* borrowed from the roster */
	/* With a time limit that is how long it is meant to run. */
	struct job_request request;
	uint32_t company;     /* CPU-bound tasks beside it, in the same pool */
	uint64_t interval_us; /* what the pool's is set to; 0: left alone */
};

/* What one arm came to in one round. */
struct run {
	size_t arm;
	uint32_t round;
	struct job_result result;  /* owned, as the next one */
	struct job_result company; /* zeros where there was none */
};

struct experiment {
	const struct context *context;
	uint32_t rounds;
	uint64_t seed;
	struct roster roster;
	size_t n_arms;
	struct arm arms[EXPERIMENT_MAX_ARMS];
	size_t n_runs;
	struct run *runs; /* in the order in which they were made */
	struct weather weather;

	/* experiment.c alone: */
	struct gil *gil;
	struct progress progress;
	uint64_t own_cpu_ns;
	uint64_t start_ns;     /* of the rounds */
	uint64_t run_start_ns; /* of the run under way */
	double work_all;       /* in nanoseconds, about */
	double work_before;    /* of the runs that have ended */
	const struct arm *under_way;
	char run_label[96];
	bool is_changed[ROSTER_MAX_POOLS]; /* interval_us, by the roster */
};

/* Connects, and asks the server who it is. seed: or EXPERIMENT_NO_SEED. */
enum outcome experiment_meet(struct experiment *experiment,
    const struct context *context, uint32_t rounds, uint64_t seed)
    __attribute__((warn_unused_result));

/*
 * One more arm in this pool, its request with the pool's name and all else at
 * its default. NULL when there are too many, which it says.
 */
struct arm *experiment_add(struct experiment *experiment,
    const struct roster_pool *pool) __attribute__((warn_unused_result));

/* Reports its own errors; a job that does not end as it should is one. */
enum outcome experiment_run(struct experiment *experiment)
    __attribute__((warn_unused_result));

/*
 * Hangs up, sets back what was set, frees. With the outcome so far: returns
 * that, or what went wrong here.
 */
enum outcome experiment_end(struct experiment *experiment, enum outcome outcome)
    __attribute__((warn_unused_result));

/*
 * A figure of each of an arm's runs, appended at values[n], which has room.
 * Returns how many there are then. Pure.
 */
size_t run_figures(const struct run runs[], size_t n_runs, size_t arm,
    double (*figure)(const struct run *run), double values[], size_t n);

#endif
