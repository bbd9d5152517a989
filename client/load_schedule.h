/*
 * When an open loop sends what: the moments and the classes of one thread's
 * share of the jobs. The rate of a ramp goes from one to the other in a
 * straight line, so that the number of jobs up to a moment is its integral.
 *
 * Uniform: the k-th job of all threads (from 0) is where the integral is k +
 * 1/2, counted from the end of the warm-up; the threads take turns. Poisson:
 * gaps are exponentially distributed, and each thread has an equal part of the
 * rate: what comes from several independent ones is a Poisson process again.
 *
 * Pure: the same seed gives the same schedule.
 */
#ifndef GILD_CLIENT_LOAD_SCHEDULE_H
#define GILD_CLIENT_LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/chance.h"
#include "client/load_script.h"

#define LOAD_WARM_UP SIZE_MAX /* instead of a phase's number */

struct load_job {
	uint64_t at_ns; /* since the start of the run */
	size_t phase;	/* or LOAD_WARM_UP */
	size_t class;
};

struct load_schedule {
	const struct load_script *script; /* borrowed, settled */
	struct chance chance;
	uint32_t n_threads;
	size_t stretch;	  /* 0: the warm-up; i + 1: phase i */
	double before;	  /* jobs up to its start; 0 at the warm-up's end */
	double position;  /* of the next job on the same scale */
	uint64_t weights; /* sum of the classes' */
};

/* The share of thread `thread` of n_threads. */
void load_schedule_init(struct load_schedule *schedule,
    const struct load_script *script, uint32_t thread, uint32_t n_threads);

/* The next job, later than the one before; false when there are no more. */
bool load_schedule_next(struct load_schedule *schedule, struct load_job *job);

/* A class by its weight: of a closed loop, too. */
size_t load_schedule_class(struct load_schedule *schedule);

/*
 * Of a closed loop: the phase at a moment of the run, and how many clients are
 * there; past the end the last phase.
 */
size_t load_schedule_phase(const struct load_script *script, uint64_t at_ns);
uint32_t load_schedule_clients(
    const struct load_script *script, uint64_t at_ns);

#endif
