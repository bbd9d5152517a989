/*
 * The table of process kinds, and the way from fork() to a child's main. The
 * master runs process_spawn(); behind the fork the same function runs in the
 * child, single-threaded, until the main of its kind takes over.
 *
 * A child inherits everything and keeps what its row of the table names. Two
 * things depend on that: the end of a run queue is seen by executors because
 * nobody but the master and the frontends holds its write end, and the master's
 * death is seen because nobody but the master holds the life pipe's.
 *
 * An executor also has its filter of system calls made here, which its threads
 * then enter (sandbox.h).
 */
#include "daemon/process.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/frontend.h"
#include "daemon/interpreter.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/title.h"
#include "daemon/worker.h"

#define MAX_KEPT                                                               \
	(LISTENERS_MAX + 2 * SETTINGS_MAX_FRONTENDS + 2 * SETTINGS_MAX_POOLS + \
	    8)

/* Descriptors that a child keeps, beside standard input, output and error. */
struct kept {
	size_t n;
	int fds[MAX_KEPT];
};

static void
keep(struct kept *kept, int fd)
{
	if (fd > STDERR_FILENO && kept->n < MAX_KEPT)
		kept->fds[kept->n++] = fd;
}

static void
frontend_keeps(const struct generation *generation,
    const struct process *process, struct kept *kept)
{
	const struct settings *settings = generation->settings;

	for (size_t i = 0; i < generation->listeners->n; i++)
		keep(kept, generation->listeners->all[i].fd);
	for (size_t i = 0; i < settings->n_pools; i++) {
		keep(kept, generation->run[i].write_fd);
		keep(kept, generation->bells[i]);
	}
	for (size_t i = 0; i < settings->frontends; i++)
		keep(kept, generation->inbox_out[i]);
	keep(kept, generation->inbox_in[process->number]);
	keep(kept, generation->ended[process->number].read_fd);
	keep(kept, generation->desk_out);
}

static void
executor_keeps(const struct generation *generation,
    const struct process *process, struct kept *kept)
{
	keep(kept, generation->run[process->pool].read_fd);
	keep(kept, generation->bells[process->pool]);
	for (size_t i = 0; i < generation->settings->frontends; i++)
		keep(kept, generation->ended[i].write_fd);
}

/* The table. An executor holds nothing that outlives it, so the kernel may
 * kill it with the master. A frontend sees the life pipe's end and leaves, once
 * it is woken if it was stopped: it would keep the sockets from the next gild. */
static const struct {
	const char *name;
	int (*main)(const struct generation *, const struct process *);
	void (*keeps)(
	    const struct generation *, const struct process *, struct kept *);
	int signal_at_master_death;
	bool is_filtered;
} kinds[] = {
    [PROCESS_FRONTEND] = {"frontend", frontend_main, frontend_keeps, SIGCONT,
	false},
    [PROCESS_INTERPRETER] = {"interpreter", interpreter_main, executor_keeps,
	SIGKILL, true},
    [PROCESS_WORKER] = {"worker", worker_main, executor_keeps, SIGKILL, true},
};

struct process
process_at(const struct generation *generation, uint32_t index)
{
	const struct settings *settings = generation->settings;
	const struct board *board = &generation->board;
	struct process process = {.index = index};
	uint32_t pool = 0;

	if (index < settings->frontends) {
		process.kind = PROCESS_FRONTEND;
		process.number = index;
		return process;
	}
	while (pool + 1 < settings->n_pools &&
	    index >= board->first_process[pool + 1])
		pool++;
	process.pool = pool;
	process.number = index - board->first_process[pool];
	process.first_seat = board->first_seat[pool] + process.number;
	if (settings->pools[pool].kind == POOL_THREADS) {
		process.kind = PROCESS_INTERPRETER;
		process.n_seats = settings->pools[pool].size;
	} else {
		process.kind = PROCESS_WORKER;
		process.n_seats = 1;
	}
	return process;
}

const char *
process_kind_name(enum process_kind kind)
{
	return kinds[kind].name;
}

void
process_title(const struct generation *generation,
    const struct process *process, char title[PROCESS_TITLE_CHARS + 1])
{
	const char *name = process_kind_name(process->kind);
	const char *pool = generation->settings->pools[process->pool].name;

	switch (process->kind) {
	case PROCESS_FRONTEND:
		snprintf(title, PROCESS_TITLE_CHARS + 1, "%s %u", name,
		    process->number);
		break;
	case PROCESS_INTERPRETER:
		snprintf(title, PROCESS_TITLE_CHARS + 1, "%s (%s)", name, pool);
		break;
	case PROCESS_WORKER:
		snprintf(title, PROCESS_TITLE_CHARS + 1, "%s %u (%s)", name,
		    process->number, pool);
		break;
	}
}

void
process_format_death(int status, char text[PROCESS_DEATH_CHARS + 1])
{
	if (WIFSIGNALED(status))
		snprintf(text, PROCESS_DEATH_CHARS + 1,
		    "killed by signal %d (%s%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)),
		    WTERMSIG(status) == SIGSYS ? ": its filter forbids it"
					       : "");
	else
		snprintf(text, PROCESS_DEATH_CHARS + 1, "exited with status %d",
		    WEXITSTATUS(status));
}

static int
fd_compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes everything but the standard three and what is kept. */
static void
close_others(struct kept *kept)
{
	unsigned next = STDERR_FILENO + 1;

	qsort(kept->fds, kept->n, sizeof(kept->fds[0]), fd_compare);
	for (size_t i = 0; i < kept->n; i++) {
		unsigned fd = (unsigned)kept->fds[i];

		if (fd > next && close_range(next, fd - 1, 0) != 0)
			fatal("cannot close descriptors: %s", strerror(errno));
		if (fd >= next)
			next = fd + 1;
	}
	if (close_range(next, ~0U, 0) != 0)
		fatal("cannot close descriptors: %s", strerror(errno));
}

/*
 * What a child does is the master's word, not a signal's: a Ctrl-C goes to the
 * whole terminal and a supervisor's SIGTERM often to the whole group, and in
 * both cases the master decides what happens to jobs in flight.
 */
static void
child_set_signals(void)
{
	static const int ignored[] = {
	    SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Has the kernel send this signal when the master dies. */
static void
child_follow(pid_t master, int number)
{
	prctl(PR_SET_PDEATHSIG, number);
	if (getppid() != master)
		_exit(EXIT_FAILURE); /* it died before that line */
}

void
process_unfollow(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
}

/* What every child does first; what it keeps is closed with close_others(). */
static void
child_begin(const char *title, struct kept *kept)
{
	child_set_signals();
	log_open(title);
	prctl(PR_SET_NAME, title);
	title_set("%s", title);
	keep(kept, log_fd());
}

static void __attribute__((noreturn))
child_run(const struct generation *generation, const struct process *process)
{
	char title[PROCESS_TITLE_CHARS + 1];
	struct kept kept = {0};

	child_follow(generation->master_pid,
	    kinds[process->kind].signal_at_master_death);
	process_title(generation, process, title);
	child_begin(title, &kept);
	keep(&kept, generation->life_in);
	keep(&kept, generation->news_out);
	kinds[process->kind].keeps(generation, process, &kept);
	close_others(&kept);
	if (kinds[process->kind].is_filtered && generation->settings->sandbox &&
	    sandbox_prepare(log_fd()) != 0)
		fatal("cannot make a filter of system calls: %s",
		    strerror(errno));
	exit(kinds[process->kind].main(generation, process));
}

pid_t
process_spawn(
    const struct generation *generation, const struct process *process)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child_run(generation, process);
	return pid;
}

pid_t
process_fork(const char *title, const int keeps[], size_t n_keeps,
    int (*main)(void *arg), void *arg)
{
	struct kept kept = {0};
	pid_t master = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid;
	child_follow(master, SIGCONT);
	child_begin(title, &kept);
	for (size_t i = 0; i < n_keeps; i++)
		keep(&kept, keeps[i]);
	close_others(&kept);
	exit(main(arg));
}
