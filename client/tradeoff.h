/*
 * What a switch interval trades: the throughput of CPU-bound tasks against the
 * latency of an io task beside them. The figures of `sweep --interval`.
 */
#ifndef GILD_CLIENT_TRADEOFF_H
#define GILD_CLIENT_TRADEOFF_H

#include <jansson.h>

#include "client/experiment.h"
#include "client/range.h"

struct tradeoff_point {
	size_t arm; /* these two: set beforehand */
	uint64_t interval_us;
	struct estimate rate;	    /* turns a second of the CPU-bound tasks */
	struct estimate latency_ns; /* mean of an operation; may be infinite */
	struct estimate operations; /* a second */
	struct estimate switches;   /* a second */
	uint64_t n_operations;	    /* measured, in all */
	uint64_t p50_ns;	    /* these two: 0 where there were none */
	uint64_t p99_ns;
};

struct tradeoff {
	const struct roster_pool *pool;
	uint32_t cpu_tasks;
	uint64_t cost_ns;
	uint64_t io_every;
	uint64_t io_for_us;
	size_t n_points;
	struct tradeoff_point points[RANGE_MAX_VALUES];
	size_t best; /* the point of the greatest throughput */
	size_t knee; /* of those as good as the best, the least latency */
};

/* 0, or -1 when memory ran out. */
int tradeoff_settle(struct tradeoff *tradeoff, const struct run runs[],
    size_t n_runs) __attribute__((warn_unused_result));

/* Finds best and knee from the points' estimates. Pure. */
void tradeoff_choose(struct tradeoff *tradeoff);

/* A new reference, or NULL when memory ran out. */
json_t *tradeoff_to_json(
    const struct tradeoff *tradeoff, const struct experiment *experiment);

/* All but JSON. */
enum outcome tradeoff_print(const struct tradeoff *tradeoff,
    const struct experiment *experiment) __attribute__((warn_unused_result));

/* The picture; nothing where path is NULL. */
enum outcome tradeoff_save(const struct tradeoff *tradeoff,
    const struct experiment *experiment, const char *path)
    __attribute__((warn_unused_result));

#endif
