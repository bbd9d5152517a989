/*
 * A comparison's figures: the same countdown run by one worker, and in several
 * ways by several of them, a number of times each, and what that comes to. Two
 * controls bracket it: what cannot gain from more workers, a lock that is held
 * throughout; and what cannot fail to, tasks that do nothing but sleep.
 */
#ifndef GILD_CLIENT_COMPARISON_H
#define GILD_CLIENT_COMPARISON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/experiment.h"
#include "client/roster.h"
#include "client/sample.h"
#include "client/split.h"
#include "client/statistics.h"

#define COMPARISON_MAX_ROWS 24
#define ROW_TEXT_CHARS 47

enum row_kind {
	ROW_SEQUENTIAL, /* the first row, and no other */
	ROW_ARM,
	ROW_HOLD,	 /* control: the lock is held throughout */
	ROW_SLEEP_ALONE, /* control: one worker that sleeps; not shown */
	ROW_SLEEP,	 /* control: several of them */
};

enum difference { NOT_SEEN, FASTER, SLOWER };

/* How a row compares with another. */
struct contrast {
	struct estimate speedup; /* the other's median wall time / this one's */
	struct rank_test ranks;	 /* of the wall times */
	enum difference difference;
};

/* One row of the table. */
struct row {
	/* Whom: set beforehand. */
	enum row_kind kind;
	char name[ROW_TEXT_CHARS + 1];	/* for programs */
	char label[ROW_TEXT_CHARS + 1]; /* "one after another", for people */
	char scene[ROW_TEXT_CHARS + 1]; /* "under one lock", or "" */
	const char *noun;		/* "threads" */
	const struct roster_pool *pool;
	uint32_t workers;
	size_t base;	/* the row that it is compared with */
	size_t arms[2]; /* of the experiment; the second: measured again */
	size_t n_arms;	/* 1 or 2 */
	/* What came of it. */
	size_t n_walls;
	double *walls_ns;     /* owned */
	struct sample sample; /* of them */
	struct estimate wall_ns;
	uint64_t cpu_ns; /* these three: medians of sums over the tasks */
	uint64_t lock_wait_ns;
	uint64_t switches;
	struct split split;	       /* of all its runs together */
	struct contrast base_contrast; /* with the row `base` */
	struct contrast best_contrast; /* of the best row with this one */
};

struct comparison {
	/* What was asked. */
	uint64_t count;
	uint32_t workers;
	uint64_t cost_ns;
	uint32_t rounds;
	uint64_t seed;
	uint32_t cores;
	bool wants_controls; /* whoever misses them is to be told */
	/* What came of it. */
	size_t n_rows;
	struct row rows[COMPARISON_MAX_ROWS];
	double noise_floor; /* a fraction of the sequential row's wall time */
	size_t best;	    /* the row of kind ARM with the greatest speed-up */
};

/*
 * Settles rows and noise floor from the runs of an experiment. 0, or -1 when
 * memory ran out; comparison_free() is due either way.
 */
int comparison_settle(struct comparison *comparison, const struct run runs[],
    size_t n_runs) __attribute__((warn_unused_result));

/*
 * The last step of it, from the rows' walls_ns and the noise floor: estimates,
 * contrasts, the best. 0, or -1 when memory ran out.
 */
int comparison_weigh(struct comparison *comparison)
    __attribute__((warn_unused_result));

/* Frees what it owns, not the struct itself. */
void comparison_free(struct comparison *comparison);

/* How many of the row's workers can run at the same time. */
uint32_t comparison_parallel(
    const struct comparison *comparison, const struct row *row);

/* Whether the row's threads had to share a lock to count. */
bool row_has_lock(const struct row *row);

/* A new reference, or NULL when memory ran out. */
json_t *comparison_to_json(const struct comparison *comparison);

/*
 * The tables, the bars and the verdict, in the format that was asked for: all
 * but JSON.
 */
enum outcome comparison_print(const struct comparison *comparison,
    const struct experiment *experiment) __attribute__((warn_unused_result));

#endif
