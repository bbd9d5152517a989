/*
 * A pidfd becomes readable when its process ends, and cannot come to mean
 * another one. Where there is none, kill(2) with signal 0 is asked again and
 * again, which it answers for any process, ours to kill or not.
 */
#include "client/ending.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ENDING_ASK_MS 50 /* from one kill(2) to the next */

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * How many pid namespaces, from ours inwards, the process is in, and its pid in
 * the innermost; 0 where that cannot be read.
 */
static unsigned
read_namespaces(pid_t pid, pid_t *innermost)
{
	char path[64], line[256];
	unsigned n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%jd/status", (intmax_t)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + strlen("NSpid:");
		int inner, length;

		if (strncmp(line, "NSpid:", strlen("NSpid:")) != 0)
			continue;
		for (; sscanf(at, "%d%n", &inner, &length) == 1; at += length) {
			*innermost = inner;
			n++;
		}
		break;
	}
	fclose(file);
	return n;
}

pid_t
ending_find_pid(pid_t named, pid_t peer)
{
	pid_t innermost = 0;

	if (named <= 0 || peer <= 0)
		return 0;
	if (read_namespaces(peer, &innermost) <= 1)
		return named;
	/* What the daemon says is of its own namespace. */
	return innermost == named ? peer : 0;
}

static int
open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}

static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) == -1 && errno == ESRCH;
}

/* What is left until then, for poll(2): at most limit_ms. */
static int
left_ms(uint64_t deadline_ms, int limit_ms)
{
	uint64_t now = now_ms();

	if (deadline_ms <= now)
		return 0;
	return deadline_ms - now < (uint64_t)limit_ms ? (int)(deadline_ms - now)
						      : limit_ms;
}

enum ending_status
ending_await(pid_t pid, uint64_t timeout_ms, int wake_fd)
{
	/* poll(2) leaves out a negative descriptor. */
	struct pollfd fds[] = {
	    {.fd = open_pidfd(pid), .events = POLLIN},
	    {.fd = wake_fd, .events = POLLIN},
	};
	bool has_pidfd = fds[0].fd != -1;
	enum ending_status status = ENDING_CAME;
	uint64_t begin_ms = now_ms(), deadline_ms = UINT64_MAX;

	if (timeout_ms < UINT64_MAX - begin_ms)
		deadline_ms = begin_ms + timeout_ms;
	if (!has_pidfd && errno == ESRCH)
		return ENDING_CAME;
	while (has_pidfd || !is_gone(pid)) {
		int wait_ms =
		    left_ms(deadline_ms, has_pidfd ? INT_MAX : ENDING_ASK_MS);

		if (poll(fds, 2, wait_ms) == -1 && errno != EINTR) {
			status = ENDING_FAILED;
			break;
		}
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0) {
			status = ENDING_WOKEN;
			break;
		}
		if (now_ms() >= deadline_ms) {
			status = ENDING_TIMED_OUT;
			break;
		}
	}
	if (has_pidfd)
		close(fds[0].fd);
	return status;
}
