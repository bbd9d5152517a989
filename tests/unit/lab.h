/* Runs made by hand, for the tests of what is made of them. */
#ifndef GILD_TESTS_UNIT_LAB_H
#define GILD_TESTS_UNIT_LAB_H

#include <string.h>

#include "client/experiment.h"

#define LAB_MAX_RUNS 32
#define LAB_MAX_TASKS 4

struct lab {
	size_t n_runs;
	struct run runs[LAB_MAX_RUNS];
	struct task_result tasks[LAB_MAX_RUNS][1];
	struct task_result company[LAB_MAX_RUNS][LAB_MAX_TASKS];
	struct lock_histograms histograms[LAB_MAX_RUNS];
};

/* One more run: its wall time, its count. */
static inline struct run *
lab_run(struct lab *lab, size_t arm, uint64_t count, uint64_t wall_ns)
{
	struct run *run = &lab->runs[lab->n_runs];

	run->arm = arm;
	run->result.count = count;
	run->result.timing.wall_ns = wall_ns;
	run->result.n_tasks = 1;
	run->result.tasks = lab->tasks[lab->n_runs];
	run->result.histograms = &lab->histograms[lab->n_runs++];
	return run;
}

/* The run is one of an io task: its operations, how long each took. */
static inline void
lab_operations(
    struct run *run, uint64_t operations, uint64_t io_ns, uint64_t wait_ns)
{
	struct lock_record *lock = &run->result.tasks[0].lock;

	lock->io_operations = operations;
	run->result.timing.io_ns = operations * io_ns;
	run->result.timing.lock_wait_ns = operations * wait_ns;
	for (uint64_t i = 0; i < operations; i++)
		histogram_add(&run->result.histograms->io, io_ns + wait_ns);
}

/* Beside it: so many tasks, each with these turns, in the run's wall time. */
static inline void
lab_company(struct lab *lab, struct run *run, uint32_t n_tasks, uint64_t turns)
{
	run->company.n_tasks = n_tasks;
	run->company.tasks = lab->company[run - lab->runs];
	run->company.timing.wall_ns = run->result.timing.wall_ns;
	for (uint32_t i = 0; i < n_tasks; i++)
		run->company.tasks[i].turns = turns;
}

#endif
