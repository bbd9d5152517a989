/* A thread's schedstat. Run by frontends and executors, each for itself. */
#include "daemon/schedstat.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void
schedstat_open(struct schedstat *schedstat)
{
	schedstat->fd =
	    open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

void
schedstat_close(struct schedstat *schedstat)
{
	if (schedstat->fd >= 0)
		close(schedstat->fd);
	schedstat->fd = -1;
}

bool
schedstat_read(const struct schedstat *schedstat, struct schedstat_times *times)
{
	char text[96], *rest;
	ssize_t length = pread(schedstat->fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return false;
	text[length] = '\0';
	times->ran_ns = strtoull(text, &rest, 10);
	times->waited_ns = strtoull(rest, NULL, 10);
	return true;
}
