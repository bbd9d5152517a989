/*
 * A crew: the signal of a parent's death ends each member, also if the parent
 * dies before a member asks for the signal: nobody is said to be ready until all
 * have asked.
 */
#include "tests/bench/peers/crew.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/server.h"

static int told = -1; /* a member's */

static void __attribute__((noreturn))
join(void (*work)(void *arg), void *arg, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		work(arg);
	_exit(EXIT_FAILURE);
}

void
crew_start(unsigned n, void (*work)(void *arg), void *arg)
{
	pid_t parent = getpid();
	int ends[2];
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe(ends) != 0)
		die("pipe");
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(ends[0]);
			told = ends[1];
			join(work, arg, parent);
		}
	}
	close(ends[1]);
	for (unsigned i = 0; i < n; i++) {
		if (read(ends[0], &byte, 1) != 1)
			exit(EXIT_FAILURE);
	}
	close(ends[0]);
}

void
crew_is_ready(void)
{
	if (write(told, "", 1) != 1)
		die("write");
	close(told);
}

void
crew_await_end(void)
{
	wait(NULL);
	exit(EXIT_FAILURE);
}
