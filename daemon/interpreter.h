/* An interpreter: the one process of a pool of kind threads. */
#ifndef GILD_DAEMON_INTERPRETER_H
#define GILD_DAEMON_INTERPRETER_H

struct generation;
struct process;

/* Runs until the pool's queue ends. The exit status. */
int interpreter_main(
    const struct generation *generation, const struct process *process);

#endif
