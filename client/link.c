/*
 * Owns the client's socket and the bytes on their way in and out. The socket
 * never blocks; all waiting is in await(), with poll(2).
 *
 * The socket lingers for 0 seconds from the start, so that its close, by us or
 * by the kernel after our death, is a reset. A half-close would tell gild only
 * that nothing more is asked. link_close() turns that off when no request is
 * without its answer. (A Unix socket knows no reset; there a close is always
 * seen as a hang-up.)
 *
 * Sending uses MSG_NOSIGNAL: SIGPIPE is for the standard output alone.
 */
#include "client/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/frame.h"

#define LINK_READ_BYTES 65536
#define LINK_SERVER_CHARS 255

/* How far the connection has come to its end; error says why. */
enum link_end {
	LINK_OPEN,
	LINK_ENDED,  /* no more will be read; what is here is still good */
	LINK_BROKEN, /* what is here cannot be understood */
};

struct link {
	int fd;
	int wake_fd;
	char server[LINK_SERVER_CHARS + 1];
	char error[LINK_ERROR_CHARS + 1];
	enum link_end end;
	bool is_orderly; /* its end: no reset */
	uint64_t unanswered;
	struct evbuffer *in;
	struct evbuffer *out;
	struct frame_reader reader;
};

static void put_error(char error[LINK_ERROR_CHARS + 1], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
put_error(char error[LINK_ERROR_CHARS + 1], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, LINK_ERROR_CHARS + 1, format, args);
	va_end(args);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * poll(2) until deadline_ms (negative: for ever), going on after signals.
 * Like poll(2) it returns how many are ready.
 */
static int
await(struct pollfd *fds, nfds_t n_fds, int64_t deadline_ms)
{
	for (;;) {
		int timeout_ms = -1;
		int n_ready;

		if (deadline_ms >= 0) {
			int64_t left_ms = deadline_ms - now_ms();

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
	else if (await(&ready, 1, deadline_ms) != 1)
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
 * is full it waits, or fails at once if it may not wait. It is made to wait,
 * with a limit.
 */
static int
connect_unix(const char *path, int timeout_ms, struct link_failure *failure)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {
	    .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		failure->is_address_wrong = true;
		put_error(failure->text,
		    "a path of 1 to %zu bytes follows unix:",
		    sizeof(address.sun_path) - 1);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		-1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
		put_error(failure->text, "%s",
		    strerror(errno == EAGAIN ? ETIMEDOUT : errno));
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
connect_tcp(const char *server, int timeout_ms, struct link_failure *failure)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char text[LINK_SERVER_CHARS + 1];
	char *host, *port;
	int status, fd = -1;

	snprintf(text, sizeof(text), "%s", server);
	if (!split_server(text, &host, &port)) {
		failure->is_address_wrong = true;
		put_error(failure->text,
		    "write HOST:PORT, [ADDRESS]:PORT or unix:PATH");
		return -1;
	}
	if (!port_fits(port)) {
		failure->is_address_wrong = true;
		put_error(failure->text, "a port is from 1 to 65535");
		return -1;
	}
	status = getaddrinfo(host, port, &hints, &found);
	if (status != 0) {
		put_error(failure->text, "%s",
		    status == EAI_SYSTEM ? strerror(errno)
					 : gai_strerror(status));
		return -1;
	}
	for (struct addrinfo *at = found; at != NULL && fd == -1;
	     at = at->ai_next)
		fd = connect_address(at->ai_addr, at->ai_addrlen, deadline_ms);
	if (fd == -1)
		put_error(failure->text, "%s", strerror(errno));
	freeaddrinfo(found);
	return fd;
}

struct link *
link_open(const struct link_options *options, struct link_failure *failure)
{
	struct link *link = calloc(1, sizeof(*link));

	*failure = (struct link_failure){0};
	if (link == NULL)
		goto out_of_memory;
	link->fd = -1;
	link->wake_fd = -1;
	link->in = evbuffer_new();
	link->out = evbuffer_new();
	if (link->in == NULL || link->out == NULL)
		goto out_of_memory;
	frame_reader_init(&link->reader, LINK_MAX_LINE_BYTES);
	if (strlen(options->server) > LINK_SERVER_CHARS) {
		put_error(failure->text,
		    "at most %d characters make an address", LINK_SERVER_CHARS);
		failure->is_address_wrong = true;
		goto fail;
	}
	strcpy(link->server, options->server);
	if (strncmp(link->server, "unix:", 5) == 0)
		link->fd = connect_unix(
		    link->server + 5, options->connect_timeout_ms, failure);
	else
		link->fd = connect_tcp(
		    link->server, options->connect_timeout_ms, failure);
	if (link->fd == -1)
		goto fail;
	return link;

out_of_memory:
	put_error(failure->text, "%s", strerror(ENOMEM));
fail:
	link_close(link);
	return NULL;
}

void
link_close(struct link *link)
{
	struct linger orderly = {.l_onoff = 0};

	if (link == NULL)
		return;
	if (link->fd != -1) {
		if (link->unanswered == 0)
			setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &orderly,
			    sizeof(orderly));
		close(link->fd);
	}
	if (link->in != NULL)
		evbuffer_free(link->in);
	if (link->out != NULL)
		evbuffer_free(link->out);
	free(link);
}

void
link_set_wake_fd(struct link *link, int wake_fd)
{
	link->wake_fd = wake_fd;
}

const char *
link_server(const struct link *link)
{
	return link->server;
}

pid_t
link_peer_pid(const struct link *link)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	/* Of a TCP socket Linux says pid 0. */
	if (getsockopt(link->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return 0;
	return peer.pid;
}

const char *
link_error(const struct link *link)
{
	return link->error;
}

bool
link_ended_in_order(const struct link *link)
{
	return link->end == LINK_ENDED && link->is_orderly;
}

uint64_t
link_unanswered(const struct link *link)
{
	return link->unanswered;
}

size_t
link_unsent_bytes(const struct link *link)
{
	return evbuffer_get_length(link->out);
}

int
link_fd(const struct link *link)
{
	return link->fd;
}

short
link_events(const struct link *link)
{
	return evbuffer_get_length(link->out) > 0 ? POLLIN | POLLOUT : POLLIN;
}

int
link_send(struct link *link, uint64_t id, const char *method, json_t *params)
{
	json_t *json_id = json_integer((json_int_t)id);
	json_t *request = NULL;
	int status = -1;

	if (json_id == NULL || params == NULL) {
		json_decref(params);
		goto out;
	}
	request = jsonrpc_request(json_id, method, params);
	if (request == NULL || jsonrpc_write(link->out, request) == -1)
		goto out;
	link->unanswered++;
	status = 0;
out:
	json_decref(request);
	json_decref(json_id);
	return status;
}

static void
lose(struct link *link, enum link_end end, const char *why)
{
	if (link->end == LINK_OPEN)
		put_error(link->error, "%s", why);
	link->end = end;
	evbuffer_drain(link->out, evbuffer_get_length(link->out));
}

static void
send_some(struct link *link)
{
	size_t length;

	while ((length = evbuffer_get_contiguous_space(link->out)) > 0) {
		ssize_t sent = send(link->fd,
		    evbuffer_pullup(link->out, (ev_ssize_t)length), length,
		    MSG_NOSIGNAL);

		if (sent >= 0) {
			evbuffer_drain(link->out, (size_t)sent);
		} else if (errno != EINTR) {
			/*
			 * What the peer said before it left may still be
			 * there to be read; reading finds the end.
			 */
			if (errno == EPIPE || errno == ECONNRESET)
				evbuffer_drain(
				    link->out, evbuffer_get_length(link->out));
			else if (errno != EAGAIN)
				lose(link, LINK_ENDED, strerror(errno));
			break;
		}
	}
}

static void
read_some(struct link *link)
{
	struct evbuffer_iovec room;
	ssize_t got;

	if (evbuffer_reserve_space(link->in, LINK_READ_BYTES, &room, 1) != 1) {
		lose(link, LINK_ENDED, strerror(ENOMEM));
		return;
	}
	got = recv(link->fd, room.iov_base, room.iov_len, 0);
	if (got > 0) {
		room.iov_len = (size_t)got;
		if (evbuffer_commit_space(link->in, &room, 1) == -1)
			lose(link, LINK_BROKEN, strerror(ENOMEM));
	} else if (got == 0) {
		link->is_orderly = true;
		lose(link, LINK_ENDED, "the server closed it");
	} else if (errno != EAGAIN && errno != EINTR) {
		lose(link, LINK_ENDED, strerror(errno));
	}
}

void
link_serve(struct link *link)
{
	if (link->end == LINK_OPEN)
		send_some(link);
	if (link->end == LINK_OPEN)
		read_some(link);
}

/* A line has come. */
static enum link_status
understand(struct link *link, const char *line, size_t length,
    struct jsonrpc_reply *reply)
{
	struct rpc_error error = {0};
	char why[LINK_ERROR_CHARS + 1];

	if (jsonrpc_parse_reply(line, length, reply, &error) == -1) {
		put_error(why, "it sent what is no JSON-RPC reply: %.200s",
		    error.detail);
		lose(link, LINK_BROKEN, why);
		return LINK_LOST;
	}
	if (reply->method == NULL && link->unanswered > 0)
		link->unanswered--;
	return LINK_REPLY;
}

enum link_status
link_next(struct link *link, struct jsonrpc_reply *reply)
{
	const char *line;
	size_t length;

	if (link->end == LINK_BROKEN)
		return LINK_LOST;
	switch (frame_read(
	    &link->reader, link->in, link->end == LINK_ENDED, &line, &length)) {
	case FRAME_LINE:
		return understand(link, line, length, reply);
	case FRAME_TOO_LONG:
		lose(link, LINK_BROKEN, "it sent too long a line");
		return LINK_LOST;
	case FRAME_NUL:
		lose(link, LINK_BROKEN, "it sent a NUL byte");
		return LINK_LOST;
	case FRAME_MORE:
		break;
	}
	return link->end == LINK_OPEN ? LINK_EMPTY : LINK_LOST;
}

enum link_status
link_receive(struct link *link, int timeout_ms, struct jsonrpc_reply *reply)
{
	int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	enum link_status status;

	link_serve(link);
	while ((status = link_next(link, reply)) == LINK_EMPTY) {
		/* poll(2) leaves out a negative descriptor. */
		struct pollfd fds[] = {
		    {.fd = link->fd, .events = link_events(link)},
		    {.fd = link->wake_fd, .events = POLLIN},
		};
		int n_ready = await(fds, 2, deadline_ms);

		if (n_ready == 0)
			return LINK_TIMED_OUT;
		if (n_ready == -1) {
			lose(link, LINK_ENDED, strerror(errno));
			return LINK_LOST;
		}
		if (fds[1].revents != 0)
			return LINK_WOKEN;
		link_serve(link);
	}
	return status;
}
