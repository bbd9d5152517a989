/*
 * Where the time of a job's workers went. A worker's life is the job's, from
 * its arrival to its answer, whether it had begun or had ended or not; the
 * parts of all workers' lives add up to workers x total_ns, to the nanosecond.
 */
#ifndef GILD_CLIENT_SPLIT_H
#define GILD_CLIENT_SPLIT_H

#include <jansson.h>
#include <stdint.h>

#include "proto/result.h"

enum split_part {
	SPLIT_RUN,	   /* on a CPU, with the lock where there is one */
	SPLIT_NATIVE,	   /* on a CPU, without it */
	SPLIT_LOCK_WAIT,   /* for the lock */
	SPLIT_SWITCH_WAIT, /* for another to take the lock that it gave up */
	SPLIT_CPU_WAIT,	   /* ready to run, but the CPU was another's */
	SPLIT_IO,	   /* slept */
	SPLIT_START_UP,	   /* the first worker had begun, and this one not */
	SPLIT_IDLE,	   /* this worker was done, and the last one not */
	SPLIT_DISPATCH,	   /* before the first began, after the last ended */
	SPLIT_REST,	   /* none of these */
	SPLIT_PARTS
};

struct split {
	uint64_t ns[SPLIT_PARTS];
};

/* "run", "native", "lock wait": a heading for people. */
const char *split_part_label(enum split_part part);
/* "run_ns", "native_ns", "lock_wait_ns": for programs. */
const char *split_part_name(enum split_part part);

/*
 * A job's. What the daemon's figures claim beyond a worker's life is cut, the
 * last parts first. Pure.
 */
struct split split_take(const struct job_result *result);

void split_add(struct split *sum, const struct split *add);
uint64_t split_total(const struct split *split);

/* A part's share of the whole, 0 to 1; 0 of nothing. */
double split_share(const struct split *split, enum split_part part);

/*
 * The shares in thousandths, which add up to 1000: each rounded down, and those
 * that lost most by it up again (the method of the largest remainder). All 0
 * for nothing.
 */
void split_permille(const struct split *split, unsigned permille[SPLIT_PARTS]);

/* {"run_ns": N, ...}: a new reference, or NULL when memory ran out. */
json_t *split_to_json(const struct split *split);

#endif
