/*
 * An executor: claims tasks, counts each down, hands them back, for ever. The
 * same code is a thread of an interpreter (with a lock) and a worker process
 * (without).
 */
#ifndef GILD_DAEMON_EXECUTOR_H
#define GILD_DAEMON_EXECUTOR_H

#include <sched.h>
#include <stdint.h>

#include "daemon/generation.h"
#include "daemon/gil.h"
#include "daemon/meter.h"
#include "daemon/spin.h"

struct executor {
	const struct generation *generation;
	uint32_t pool;
	uint32_t number; /* among the pool's executors */
	struct seat *seat;
	struct gil_thread *thread; /* NULL: no lock */
	cpu_set_t allowed_cpus;	   /* those that gild was started on */
	enum affinity affinity;	   /* that it follows */
	uint64_t changes;	   /* of the pool's parameters, followed */
	struct schedstat schedstat;
	struct meter meter;
	uint64_t ended_ns; /* when its last task did; monotonic */
	struct spinner spinner;
	struct spin spin;
};

/*
 * Takes the seat with this number on the board. thread has joined a lock, or
 * is NULL.
 */
void executor_init(struct executor *executor,
    const struct generation *generation, uint32_t pool, uint32_t seat,
    struct gil_thread *thread);

/*
 * Runs until the pool's queue ends: 0, or -1 when it broke (logged). To be
 * called by the thread that is the executor.
 */
int executor_run(struct executor *executor) __attribute__((warn_unused_result));

#endif
