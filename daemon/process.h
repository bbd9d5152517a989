/*
 * The processes of a generation, and how one is born. They are rows of a table
 * {name, main, descriptors it keeps}; the board numbers them: first the
 * frontends, then pool by pool its interpreter or its workers.
 */
#ifndef GILD_DAEMON_PROCESS_H
#define GILD_DAEMON_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/generation.h"

#define PROCESS_TITLE_CHARS 63
#define PROCESS_DEATH_CHARS 63

enum process_kind {
	PROCESS_FRONTEND,    /* frontend.c: owns clients and their jobs */
	PROCESS_INTERPRETER, /* interpreter.c: the threads of a pool */
	PROCESS_WORKER,	     /* worker.c: one of a pool's processes */
};

struct process {
	enum process_kind kind;
	uint32_t index;	 /* on the board */
	uint32_t number; /* among its like: frontend 1, worker 3 */
	uint32_t pool;	 /* of an executor */
	uint32_t first_seat, n_seats;
};

/* The process with this number on the board. */
struct process process_at(const struct generation *generation, uint32_t index);

/* "frontend", "interpreter", "worker" */
const char *process_kind_name(enum process_kind kind);

/* "frontend 0", "interpreter (threads)", "worker 3 (processes)" */
void process_title(const struct generation *generation,
    const struct process *process, char title[PROCESS_TITLE_CHARS + 1]);

/*
 * "killed by signal 9 (Killed)", "exited with status 1", from a wait status; of
 * a system call that a filter forbids it says so.
 */
void process_format_death(int status, char text[PROCESS_DEATH_CHARS + 1]);

/*
 * Forks a process with this title, which runs main(arg) and ends with what it
 * returns. It keeps the standard descriptors, that of the log and those named,
 * and leaves the terminal's and the supervisor's signals to the master. Returns
 * its pid, or -1 (errno is set).
 */
pid_t process_fork(const char *title, const int keeps[], size_t n_keeps,
    int (*main)(void *arg), void *arg) __attribute__((warn_unused_result));

/*
 * For a child that has seen the master's death: it needs no signal of that any
 * more, which would come later than the end of a pipe does.
 */
void process_unfollow(void);

/*
 * Forks the process. Returns its pid, or -1 (errno is set). The child never
 * returns: it keeps only the descriptors of its kind, leaves the terminal's
 * and the supervisor's signals to the master, and runs its main.
 */
pid_t process_spawn(const struct generation *generation,
    const struct process *process) __attribute__((warn_unused_result));

#endif
