/*
 * Owns nothing that lasts. Whoever calls gil_connect() waits here, in poll(2).
 *
 * The socket lingers for 0 seconds from the start, so that its close, by us or
 * by the kernel after our death, is a reset: a half-close would tell gild only
 * that nothing more is asked. (A Unix socket knows no reset; there a close is
 * always seen as a hang-up.)
 */
#include "client/libgil/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void
put_text(struct gil_failure *failure, const char *text)
{
	snprintf(failure->text, sizeof(failure->text), "%s", text);
}

void
libgil_put_errno(char *text, size_t size, int error)
{
	char room[128];

	/* strerror(3) is not for threads everywhere. */
	snprintf(text, size, "%s", strerror_r(error, room, sizeof(room)));
}

int64_t
libgil_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
libgil_await(struct pollfd *fds, unsigned n_fds, int64_t deadline_ms)
{
	for (;;) {
		int timeout_ms = -1;
		int n_ready;

		if (deadline_ms >= 0) {
			int64_t left_ms = deadline_ms - libgil_now_ms();

			if (left_ms < 0)
				left_ms = 0;
			timeout_ms = left_ms < INT_MAX ? (int)left_ms : INT_MAX;
		}
		n_ready = poll(fds, n_fds, timeout_ms);
		if (n_ready >= 0 || errno != EINTR)
			return n_ready;
	}
}

static int
make_tcp_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int on = 1;

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* A connected socket, or -1 with errno. */
static int
connect_address(
    const struct sockaddr *address, socklen_t length, int64_t deadline_ms)
{
	struct pollfd ready = {.events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	ready.fd = make_tcp_socket(address->sa_family);
	if (ready.fd == -1)
		return -1;
	if (connect(ready.fd, address, length) == 0)
		return ready.fd;
	if (errno != EINPROGRESS && errno != EINTR)
		error = errno;
	else if (libgil_await(&ready, 1, deadline_ms) != 1)
		error = ETIMEDOUT;
	else if (getsockopt(ready.fd, SOL_SOCKET, SO_ERROR, &error, &size) ==
	    -1)
		error = errno;
	if (error == 0)
		return ready.fd;
	close(ready.fd);
	errno = error;
	return -1;
}

/*
 * A Unix socket's connect(2) is never "in progress": where its listener's queue
 * is full it waits, or fails at once if it may not wait. It is made to wait, with
 * a limit. With one a signal ends it, SA_RESTART or not: it then waits on for
 * what is left. 0, or -1 with errno.
 */
static int
await_unix(int fd, const struct sockaddr_un *address, int64_t deadline_ms)
{
	for (;;) {
		int64_t left_ms = deadline_ms - libgil_now_ms();
		struct timeval limit = {
		    .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};

		/* To the kernel 0 is no limit. */
		if (left_ms <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
			sizeof(limit)) == -1)
			return -1;
		if (connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) == 0)
			return 0;
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		if (errno != EINTR)
			return -1;
	}
}

static int
connect_unix(const char *path, int timeout_ms, struct gil_failure *failure)
{
	int64_t deadline_ms = libgil_now_ms() + timeout_ms;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		failure->kind = GIL_BAD_ADDRESS;
		snprintf(failure->text, sizeof(failure->text),
		    "a path of 1 to %zu bytes follows unix:",
		    sizeof(address.sun_path) - 1);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || await_unix(fd, &address, deadline_ms) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
		libgil_put_errno(failure->text, sizeof(failure->text), errno);
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

/*
 * getaddrinfo(3) keeps the low 16 bits of a larger number. A port may also be
 * a service's name, which it knows or not.
 */
static bool
port_fits(const char *port)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	return *end != '\0' || (number > 0 && number <= 65535);
}

/* Splits "HOST:PORT" or "[ADDRESS]:PORT" in place; false when it is neither. */
static bool
split_server(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon == text || colon[1] == '\0')
		return false;
	*colon = '\0';
	*port = colon + 1;
	*host = text;
	if (*text == '[') {
		if (colon[-1] != ']' || colon - text < 3)
			return false;
		colon[-1] = '\0';
		*host = text + 1;
	} else if (strchr(text, ':') != NULL) {
		return false;
	}
	return true;
}

static int
connect_tcp(const char *server, int timeout_ms, struct gil_failure *failure)
{
	int64_t deadline_ms = libgil_now_ms() + timeout_ms;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char text[LIBGIL_SERVER_CHARS + 1];
	char *host, *port;
	int status, fd = -1;

	snprintf(text, sizeof(text), "%s", server);
	if (!split_server(text, &host, &port)) {
		failure->kind = GIL_BAD_ADDRESS;
		put_text(
		    failure, "write HOST:PORT, [ADDRESS]:PORT or unix:PATH");
		return -1;
	}
	if (!port_fits(port)) {
		failure->kind = GIL_BAD_ADDRESS;
		put_text(failure, "a port is from 1 to 65535");
		return -1;
	}
	status = getaddrinfo(host, port, &hints, &found);
	if (status != 0) {
		if (status == EAI_SYSTEM)
			libgil_put_errno(
			    failure->text, sizeof(failure->text), errno);
		else
			put_text(failure, gai_strerror(status));
		return -1;
	}
	for (struct addrinfo *at = found; at != NULL && fd == -1;
	     at = at->ai_next)
		fd = connect_address(at->ai_addr, at->ai_addrlen, deadline_ms);
	if (fd == -1)
		libgil_put_errno(failure->text, sizeof(failure->text), errno);
	freeaddrinfo(found);
	return fd;
}

int
libgil_connect(const char *server, int timeout_ms, struct gil_failure *failure)
{
	failure->kind = GIL_NO_SERVER;
	if (strlen(server) > LIBGIL_SERVER_CHARS) {
		failure->kind = GIL_BAD_ADDRESS;
		snprintf(failure->text, sizeof(failure->text),
		    "at most %d characters make an address",
		    LIBGIL_SERVER_CHARS);
		return -1;
	}
	if (strncmp(server, "unix:", 5) == 0)
		return connect_unix(server + 5, timeout_ms, failure);
	return connect_tcp(server, timeout_ms, failure);
}

void
libgil_end_in_order(int fd)
{
	struct linger orderly = {.l_onoff = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &orderly, sizeof(orderly));
}
