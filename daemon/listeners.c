/*
 * Binding, sharing and inheriting. Run by the master alone, before it forks a
 * generation and when that retires.
 */
#include "daemon/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"

/* Many clients may arrive between two turns of a frontend's loop. */
#define BACKLOG SOMAXCONN

#define FIRST_INHERITED_FD 3 /* SD_LISTEN_FDS_START */

/* Takes over fd, also where it fails. */
static int
listener_add(struct listeners *listeners, int fd,
    const struct listener *pattern, char *error, size_t error_size)
{
	struct listener *listener = &listeners->all[listeners->n];

	*listener = *pattern;
	listener->fd = fd;
	listeners->n++;
	if (address_format_bound(fd, listener->name) == 0)
		return 0;
	snprintf(error, error_size, "cannot tell a socket's address");
	return -1;
}

/* --- our own --- */

static bool
address_equals(const struct address *a, const struct address *b)
{
	return a->length == b->length &&
	    memcmp(&a->storage, &b->storage, a->length) == 0;
}

static size_t
listeners_count(
    const struct listeners *listeners, const struct address *address)
{
	size_t n = 0;

	for (size_t i = 0; i < listeners->n; i++)
		n += address_equals(&listeners->all[i].address, address);
	return n;
}

/*
 * The predecessor's (NULL: there is none) for the next one at this address: port
 * 0 may be asked for several times, and is as many ports then.
 */
static const struct listener *
listeners_find_next(const struct listeners *listeners,
    const struct listeners *predecessor, const struct address *address)
{
	size_t n_before = listeners_count(listeners, address);

	for (size_t i = 0; predecessor != NULL && i < predecessor->n; i++) {
		if (address_equals(&predecessor->all[i].address, address) &&
		    n_before-- == 0)
			return &predecessor->all[i];
	}
	return NULL;
}

/* The same socket once more. It is the predecessor's until it is handed on. */
static int
listener_share(struct listeners *listeners, const struct listener *of,
    char *error, size_t error_size)
{
	struct listener pattern = *of;
	int fd = fcntl(of->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0) {
		snprintf(error, error_size, "cannot go on listening on %s: %s",
		    of->name, strerror(errno));
		return -1;
	}
	pattern.owns_path = false;
	return listener_add(listeners, fd, &pattern, error, error_size);
}

static int
listener_bind(struct listeners *listeners, const struct address *address,
    char *error, size_t error_size)
{
	struct listener pattern = {
	    .address = *address,
	    .owns_path = address->unix_path[0] != '\0',
	};
	int fd = address_listen(address, BACKLOG, error, error_size);

	return fd < 0
	    ? -1
	    : listener_add(listeners, fd, &pattern, error, error_size);
}

static int
listeners_add_text(struct listeners *listeners, const char *text,
    const struct settings *settings, const struct listeners *predecessor,
    char *error, size_t error_size)
{
	struct address found[ADDRESS_MAX_RESOLVED];
	int n = address_resolve(
	    text, found, ADDRESS_MAX_RESOLVED, error, error_size);

	for (int i = 0; i < n; i++) {
		const struct listener *before =
		    listeners_find_next(listeners, predecessor, &found[i]);

		if (address_check_reach(&found[i], text, settings->allow_remote,
			error, error_size) != 0 ||
		    (before != NULL ? listener_share(
					  listeners, before, error, error_size)
				    : listener_bind(listeners, &found[i], error,
					  error_size)) != 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

static int
listeners_share_all(struct listeners *listeners,
    const struct listeners *predecessor, char *error, size_t error_size)
{
	for (size_t i = 0; i < predecessor->n; i++) {
		if (listener_share(listeners, &predecessor->all[i], error,
			error_size) != 0)
			return -1;
	}
	return 0;
}

int
listeners_open(struct listeners *listeners, const struct settings *settings,
    const struct listeners *predecessor, char *error, size_t error_size)
{
	int result = 0;

	listeners->n = 0;
	if (predecessor != NULL && listeners_are_inherited(predecessor)) {
		result = listeners_share_all(
		    listeners, predecessor, error, error_size);
	} else {
		for (size_t i = 0; i < settings->n_listen && result == 0; i++)
			result =
			    listeners_add_text(listeners, settings->listen[i],
				settings, predecessor, error, error_size);
	}
	if (result != 0)
		listeners_close(listeners);
	return result;
}

void
listeners_hand_on(struct listeners *listeners, struct listeners *successor)
{
	for (size_t i = 0; i < successor->n; i++) {
		struct listener *to = &successor->all[i];

		for (size_t j = 0; j < listeners->n; j++) {
			struct listener *from = &listeners->all[j];

			if (!from->owns_path ||
			    !address_equals(&from->address, &to->address))
				continue;
			to->owns_path = true;
			from->owns_path = false;
		}
	}
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = &listeners->all[i];

		close(listener->fd);
		if (listener->owns_path &&
		    unlink(listener->address.unix_path) != 0 && errno != ENOENT)
			/* Root bound it, and we are root no longer. */
			log_info("cannot remove %s: %s; the next start "
				 "replaces it",
			    listener->address.unix_path, strerror(errno));
	}
	listeners->n = 0;
}

bool
listeners_are_inherited(const struct listeners *listeners)
{
	return listeners->n > 0 && listeners->all[0].is_inherited;
}

/* --- a service manager's --- */

/* An environment variable's number, or 0. */
static long
environment_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long number;

	if (text == NULL || *text == '\0')
		return 0;
	number = strtol(text, &end, 10);
	return *end == '\0' && number > 0 ? number : 0;
}

static int
socket_option(int fd, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value
								      : -1;
}

/* NULL, or what is wrong with a socket that was passed on. */
static const char *
why_unusable(int fd, struct address *address)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return "is not open";
	if (socket_option(fd, SO_TYPE) != SOCK_STREAM)
		return "is no stream socket: write ListenStream= in its unit";
	if (socket_option(fd, SO_ACCEPTCONN) != 1)
		return "does not listen: write Accept=no in its unit";
	address->length = sizeof(address->storage);
	if (getsockname(fd, (struct sockaddr *)&address->storage,
		&address->length) != 0)
		return "has no address";
	switch (address->storage.ss_family) {
	case AF_INET:
	case AF_INET6:
	case AF_UNIX:
		break;
	default:
		return "is neither TCP nor a Unix socket";
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return "cannot be set not to block";
	return NULL;
}

/* name is the descriptor's, as FileDescriptorName= gives it. */
static int
listener_inherit(struct listeners *listeners, int fd, const char *name,
    const struct settings *settings, char *error, size_t error_size)
{
	struct listener pattern = {.is_inherited = true};
	const char *why = why_unusable(fd, &pattern.address);

	if (why != NULL) {
		snprintf(error, error_size,
		    "the inherited descriptor %d (%s) %s", fd, name, why);
		return -1;
	}
	if (listener_add(listeners, fd, &pattern, error, error_size) != 0)
		return -1;
	return address_check_reach(&listeners->all[listeners->n - 1].address,
	    listeners->all[listeners->n - 1].name, settings->allow_remote,
	    error, error_size);
}

int
listeners_inherit(struct listeners *listeners, const struct settings *settings,
    char *error, size_t error_size)
{
	long pid = environment_number("LISTEN_PID");
	long n = environment_number("LISTEN_FDS");
	const char *given = getenv("LISTEN_FDNAMES");
	char *names = strdup(given == NULL ? "" : given), *rest = names;
	int result = -1;

	listeners->n = 0;
	if (pid != (long)getpid()) /* they were somebody else's */
		n = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (names == NULL) {
		snprintf(error, error_size, "out of memory");
		goto out;
	}
	if (n > LISTENERS_MAX) {
		snprintf(error, error_size,
		    "%ld sockets were passed on, at most %d can be used", n,
		    LISTENERS_MAX);
		goto out;
	}
	for (int i = 0; i < n; i++) {
		const char *name = rest == NULL ? "" : strsep(&rest, ":");

		if (*name == '\0')
			name = "unnamed";
		if (listener_inherit(listeners, FIRST_INHERITED_FD + i, name,
			settings, error, error_size) != 0)
			goto out;
		log_info("%s was inherited as %s",
		    listeners->all[listeners->n - 1].name, name);
	}
	result = (int)n;
out:
	if (result < 0)
		listeners_close(listeners);
	free(names);
	return result;
}
