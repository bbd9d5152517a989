/*
 * The convoy effect: how many operations an io task gets done beside 0 to K
 * CPU-bound ones, which under a lock it has to wait for after each sleep. The
 * figures of `convoy`.
 */
#ifndef GILD_CLIENT_CONVOY_H
#define GILD_CLIENT_CONVOY_H

#include <jansson.h>

#include "client/experiment.h"

#define CONVOY_MAX_LINES 17 /* pools and intervals: one, and 16 */
#define CONVOY_MAX_TASKS 64

/* Who the io task waited for: the CPU-bound tasks, by number, and others. */
struct convoy_blame {
	uint64_t tasks_ns[CONVOY_MAX_TASKS];
	uint64_t others_ns;
	uint64_t nobody_ns; /* the lock was on its way to somebody */
};

struct convoy_point {
	size_t arm;		    /* set beforehand */
	struct estimate operations; /* a second */
	double predicted;	    /* the same; NAN where nothing is */
	double wait_share;	    /* of its wall time, for the lock */
	uint64_t p50_ns;	    /* these two: 0 where unknown */
	uint64_t p99_ns;
	struct estimate rate; /* turns a second of the tasks beside it */
	struct convoy_blame blame;
};

/* One pool under one interval: point i is beside i CPU-bound tasks. */
struct convoy_line {
	const struct roster_pool *pool;
	uint64_t interval_us; /* how long each holds the lock; 0: no promise */
	size_t n_points;
	struct convoy_point points[CONVOY_MAX_TASKS + 1];
};

struct convoy {
	uint32_t cpu_tasks;
	uint64_t cost_ns;
	uint64_t io_every;
	uint64_t io_for_us;
	size_t n_lines;
	struct convoy_line lines[CONVOY_MAX_LINES];
};

/* 0, or -1 when memory ran out. */
int convoy_settle(struct convoy *convoy, const struct run runs[], size_t n_runs)
    __attribute__((warn_unused_result));

/*
 * Operations a second: 1 / (service + R x interval). An operation gives the
 * lock up once; it has it back when each of the tasks before it has had it for
 * an interval, so that R is their number. Pure.
 */
double convoy_predict(double service_ns, uint64_t interval_us, uint32_t r);

/* A new reference, or NULL when memory ran out. */
json_t *convoy_to_json(
    const struct convoy *convoy, const struct experiment *experiment);

/* All but JSON. */
enum outcome convoy_print(const struct convoy *convoy,
    const struct experiment *experiment) __attribute__((warn_unused_result));

/* The picture; nothing where path is NULL. */
enum outcome convoy_save(const struct convoy *convoy,
    const struct experiment *experiment, const char *path)
    __attribute__((warn_unused_result));

#endif
