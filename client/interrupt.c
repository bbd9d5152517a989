/*
 * A pipe to ourselves: the handler writes the signal's number into it, so that
 * poll(2) sees it and none is missed between a look and a wait. The handler
 * is installed for one shot (SA_RESETHAND): whoever presses Ctrl-C twice means
 * it. But SIGPIPE comes with each line that is written, and nobody means that.
 */
#include "client/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static int pipe_fds[2] = {-1, -1};
static volatile sig_atomic_t caught;

static void
note_signal(int number)
{
	int saved_errno = errno;

	caught = number;
	/* One byte is enough to be seen: a full pipe loses nothing. */
	(void)!write(pipe_fds[1], "", 1);
	errno = saved_errno;
}

int
interrupt_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction action = {.sa_handler = note_signal};

	if (pipe_fds[0] != -1)
		return 0;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction before;

		action.sa_flags = numbers[i] == SIGPIPE ? 0 : (int)SA_RESETHAND;
		if (sigaction(numbers[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	return 0;
}

int
interrupt_fd(void)
{
	return pipe_fds[0];
}

bool
interrupt_is_by_reader(void)
{
	return caught == SIGPIPE;
}

void
interrupt_die(void)
{
	int number = caught != 0 ? caught : SIGINT;

	signal(number, SIG_DFL);
	raise(number);
	_exit(128 + number); /* the signal is blocked: say it by status */
}
