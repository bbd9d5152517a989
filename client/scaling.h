/*
 * How throughput grows with the number of workers, pool by pool: the figures of
 * `sweep --workers`, and the laws that they follow.
 */
#ifndef GILD_CLIENT_SCALING_H
#define GILD_CLIENT_SCALING_H

#include <jansson.h>

#include "client/experiment.h"
#include "client/fit.h"
#include "client/range.h"

#define SCALING_MAX_POOLS 4 /* each a colour, for points and for the curve */

struct scaling_point {
	size_t arm; /* these two: set beforehand */
	uint32_t workers;
	struct estimate rate;	 /* turns a second */
	struct estimate speedup; /* over the first point of its pool */
};

struct scaling_pool {
	const struct roster_pool *pool;
	size_t n_points;
	struct scaling_point points[RANGE_MAX_VALUES];
	enum fit_status statuses[FIT_LAWS];
	struct fit fits[FIT_LAWS]; /* where the status is FIT_FINE */
};

struct scaling {
	uint64_t count;
	uint64_t cost_ns;
	size_t n_pools;
	struct scaling_pool pools[SCALING_MAX_POOLS];
};

/* 0, or -1 when memory ran out. */
int scaling_settle(struct scaling *scaling, const struct run runs[],
    size_t n_runs) __attribute__((warn_unused_result));

/* A new reference, or NULL when memory ran out. */
json_t *scaling_to_json(
    const struct scaling *scaling, const struct experiment *experiment);

/* All but JSON. */
enum outcome scaling_print(const struct scaling *scaling,
    const struct experiment *experiment) __attribute__((warn_unused_result));

/* The picture; nothing where path is NULL. */
enum outcome scaling_save(const struct scaling *scaling,
    const struct experiment *experiment, const char *path)
    __attribute__((warn_unused_result));

#endif
