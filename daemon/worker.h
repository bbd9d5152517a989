/* A worker: a process of a pool of kind processes, one executor. */
#ifndef GILD_DAEMON_WORKER_H
#define GILD_DAEMON_WORKER_H

struct generation;
struct process;

/* Runs until the pool's queue ends. The exit status. */
int worker_main(
    const struct generation *generation, const struct process *process);

#endif
