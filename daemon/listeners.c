/*
 * Binding. Run by the master alone, before the first fork and at the very end.
 */
#include "daemon/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"

/* Many clients may arrive between two turns of a frontend's loop. */
#define BACKLOG SOMAXCONN

static int
listener_add(struct listeners *listeners, const struct address *address,
    char *error, size_t error_size)
{
	size_t i = listeners->n;
	int fd;

	fd = address_listen(address, BACKLOG, error, error_size);
	if (fd < 0)
		return -1;
	listeners->fds[i] = fd;
	listeners->addresses[i] = *address;
	listeners->n++;
	if (address_format_bound(fd, listeners->names[i]) != 0) {
		snprintf(error, error_size, "cannot tell a socket's address");
		return -1;
	}
	return 0;
}

static int
listeners_add_text(struct listeners *listeners, const char *text,
    bool allow_remote, char *error, size_t error_size)
{
	struct address found[ADDRESS_MAX_RESOLVED];
	int n = address_resolve(
	    text, found, ADDRESS_MAX_RESOLVED, error, error_size);

	for (int i = 0; i < n; i++) {
		if (address_check_reach(
			&found[i], text, allow_remote, error, error_size) != 0)
			return -1;
		if (listener_add(listeners, &found[i], error, error_size) != 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

int
listeners_open(struct listeners *listeners, const struct settings *settings,
    char *error, size_t error_size)
{
	listeners->n = 0;
	for (size_t i = 0; i < settings->n_listen; i++) {
		if (listeners_add_text(listeners, settings->listen[i],
			settings->allow_remote, error, error_size) != 0) {
			listeners_close(listeners);
			return -1;
		}
	}
	return 0;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->n; i++) {
		const char *path = listeners->addresses[i].unix_path;

		close(listeners->fds[i]);
		/* Whoever bound it may have been root, and may be no longer. */
		if (path[0] != '\0' && unlink(path) != 0 && errno != ENOENT)
			log_info("cannot remove %s: %s; the next start "
				 "replaces it",
			    path, strerror(errno));
	}
	listeners->n = 0;
}
