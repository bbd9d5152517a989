/*
 * The experiment's figures: one job run by one process, by threads that share
 * a lock, and by processes, several times each, and what that comes to.
 */
#ifndef GILD_CLIENT_COMPARISON_H
#define GILD_CLIENT_COMPARISON_H

#include <jansson.h>
#include <stdint.h>

#include "client/sample.h"
#include "client/term.h"
#include "proto/request.h"
#include "proto/result.h"

enum arm { ARM_SEQUENTIAL, ARM_THREADS, ARM_PROCESSES, ARM_COUNT };

/*
 * What is run in each round. The sequential arm is measured as two series; how
 * much they differ is the noise floor.
 */
enum series {
	SERIES_SEQUENTIAL,
	SERIES_AGAIN,
	SERIES_THREADS,
	SERIES_PROCESSES,
	SERIES_COUNT
};

enum arm comparison_arm(enum series series);
/* "sequential", "threads", "processes" */
const char *comparison_arm_name(enum arm arm);
/* The same for people: "one after another", "threads, one lock", "processes" */
const char *comparison_arm_label(enum arm arm);

/* What one job said. */
struct run {
	uint64_t wall_ns;
	uint64_t cpu_ns;       /* these three: sums over its tasks */
	uint64_t lock_wait_ns; /* 0 where there is no lock */
	uint64_t switches;
};

struct run comparison_run(const struct job_result *result);

/* One row of the table. */
struct row {
	char pool[POOL_NAME_CHARS + 1];
	uint32_t workers;
	uint32_t executors; /* that the pool has */
	struct sample wall_ns;
	uint64_t cpu_ns; /* these three: medians */
	uint64_t lock_wait_ns;
	uint64_t switches;
	double speedup; /* over the sequential row's median */
};

struct comparison {
	/* What was asked. */
	uint64_t count;
	uint32_t workers;
	uint64_t cost_ns;
	uint32_t rounds;
	uint64_t seed;
	/* Whom. */
	char version[32];
	uint32_t cores;
	/* What came of it. pool, workers and executors are set beforehand. */
	struct row rows[ARM_COUNT];
	double noise_floor; /* a fraction of the sequential row's wall time */
};

/*
 * Settles the rows and the noise floor from runs[round * SERIES_COUNT +
 * series]. 0, or -1 when memory ran out.
 */
int comparison_settle(struct comparison *comparison, const struct run runs[])
    __attribute__((warn_unused_result));

/* A new reference, or NULL when memory ran out. */
json_t *comparison_to_json(const struct comparison *comparison);

/* The table, the bars and the verdict. 0, or -1 when memory ran out. */
int comparison_print(const struct comparison *comparison,
    const struct term *term) __attribute__((warn_unused_result));

#endif
