/*
 * Owns: the connection from its beginning to its end, its properties, and the
 * requests on their way out. One thread at a time; the socket never blocks.
 *
 * While there are requests without an answer the end of the connection is a
 * reset, and a reset cancels their jobs at once: connect.c sees to that, and
 * gil_close() turns it off when there are none.
 */
#include "client/libgil/gil_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/libgil/write.h"

#define CONNECT_TIMEOUT_MS 5000
#define MAX_REPLY_BYTES ((size_t)64 << 20)
#define FLUSH_BYTES ((size_t)65536) /* new ones that are sent unasked */

uint64_t
libgil_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct gil *
gil_connect(const struct gil_options *options, struct gil_failure *failure)
{
	static const struct gil_options defaults;
	struct gil_failure ignored;
	const char *server;
	struct gil *gil;
	int timeout_ms;

	if (options == NULL)
		options = &defaults;
	if (failure == NULL)
		failure = &ignored;
	*failure = (struct gil_failure){0};
	server = options->server != NULL ? options->server : GIL_DEFAULT_SERVER;
	timeout_ms = options->connect_timeout_ms > 0
	    ? options->connect_timeout_ms
	    : CONNECT_TIMEOUT_MS;
	gil = calloc(1, sizeof(*gil));
	if (gil == NULL) {
		failure->kind = GIL_NO_MEMORY;
		libgil_put_errno(failure->text, sizeof(failure->text), ENOMEM);
		return NULL;
	}
	gil->wake_fd = -1;
	gil->flush_at = FLUSH_BYTES;
	gil->max_reply_bytes = options->max_reply_bytes > 0
	    ? options->max_reply_bytes
	    : MAX_REPLY_BYTES;
	gil->event.json = gil->event.text = "";
	gil->fd = libgil_connect(server, timeout_ms, failure);
	if (gil->fd == -1) {
		gil_close(gil);
		return NULL;
	}
	strcpy(gil->server, server);
	return gil;
}

void
gil_close(struct gil *gil)
{
	if (gil == NULL)
		return;
	if (gil->fd != -1) {
		if (gil->book.n == 0)
			libgil_end_in_order(gil->fd);
		close(gil->fd);
	}
	libgil_forget_event(gil);
	libgil_buffer_free(&gil->in);
	libgil_buffer_free(&gil->out);
	libgil_book_free(&gil->book);
	libgil_strings_free(&gil->strings);
	free(gil);
}

const char *
gil_server(const struct gil *gil)
{
	return gil->server;
}

pid_t
gil_peer_pid(const struct gil *gil)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	/* Of a TCP socket Linux says pid 0. */
	if (getsockopt(gil->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return 0;
	return peer.pid;
}

void
gil_set_wake_fd(struct gil *gil, int wake_fd)
{
	gil->wake_fd = wake_fd;
}

const char *
gil_why(const struct gil *gil)
{
	return gil->why;
}

bool
gil_was_orderly(const struct gil *gil)
{
	return gil->end == LIBGIL_ENDED && gil->was_orderly;
}

int
gil_fd(const struct gil *gil)
{
	return gil->fd;
}

short
gil_events(const struct gil *gil)
{
	return libgil_buffer_length(&gil->out) > 0 ? POLLIN | POLLOUT : POLLIN;
}

uint64_t
gil_last_request(const struct gil *gil)
{
	return gil->book.last;
}

uint64_t
gil_unanswered(const struct gil *gil)
{
	return gil->book.n;
}

size_t
gil_unsent_bytes(const struct gil *gil)
{
	return libgil_buffer_length(&gil->out);
}

static void
drop_unsent(struct gil *gil)
{
	libgil_buffer_drop(&gil->out, libgil_buffer_length(&gil->out));
}

void
libgil_lose(struct gil *gil, enum libgil_end end, const char *why)
{
	if (gil->end == LIBGIL_OPEN) {
		snprintf(gil->why, sizeof(gil->why), "%s", why);
		gil->end_ns = libgil_now_ns();
	}
	gil->end = end;
	drop_unsent(gil);
}

void
libgil_lose_by(struct gil *gil, enum libgil_end end, int error)
{
	char why[LIBGIL_WHY_CHARS + 1];

	libgil_put_errno(why, sizeof(why), error);
	libgil_lose(gil, end, why);
}

void
gil_flush(struct gil *gil)
{
	struct libgil_buffer *out = &gil->out;

	while (libgil_buffer_length(out) > 0) {
		ssize_t sent = send(gil->fd, out->bytes + out->start,
		    libgil_buffer_length(out), MSG_NOSIGNAL);

		if (sent >= 0) {
			libgil_buffer_drop(out, (size_t)sent);
		} else if (errno != EINTR) {
			/*
			 * What the server said before it left may still be
			 * there to be read; reading finds the end. But a reset
			 * is told once, here or there.
			 */
			gil->was_reset |= errno == ECONNRESET;
			if (errno == EPIPE || errno == ECONNRESET)
				drop_unsent(gil);
			else if (errno != EAGAIN)
				libgil_lose_by(gil, LIBGIL_ENDED, errno);
			break;
		}
	}
	gil->flush_at = libgil_buffer_length(out) + FLUSH_BYTES;
}

/* A number for the next request; 0 with errno where there can be none. */
static uint64_t
begin_request(struct gil *gil)
{
	if (!gil->is_told)
		return libgil_book_next(&gil->book);
	errno = ENOTCONN;
	return 0;
}

/* Its text is in the buffer. */
static void
end_request(struct gil *gil, uint64_t request, uint64_t tag)
{
	struct libgil_entry entry = {
	    .request = request, .tag = tag, .sent_ns = libgil_now_ns()};

	libgil_book_enter(&gil->book, &entry);
	/* Of an end that the caller does not know of yet it will hear. */
	if (gil->end != LIBGIL_OPEN)
		drop_unsent(gil);
	else if (libgil_buffer_length(&gil->out) >= gil->flush_at)
		gil_flush(gil);
}

int
gil_submit(struct gil *gil, const struct gil_job *job, uint64_t tag)
{
	uint64_t request = begin_request(gil);

	if (request == 0 || libgil_write_submit(&gil->out, request, job) == -1)
		return -1;
	end_request(gil, request, tag);
	return 0;
}

int
gil_cancel(struct gil *gil, const char *job, uint64_t tag)
{
	uint64_t request = begin_request(gil);

	if (request == 0 || libgil_write_cancel(&gil->out, request, job) == -1)
		return -1;
	end_request(gil, request, tag);
	return 0;
}

int
gil_call(struct gil *gil, const char *method, const char *params, uint64_t tag)
{
	uint64_t request = begin_request(gil);

	if (request == 0 ||
	    libgil_write_call(&gil->out, request, method, params) == -1)
		return -1;
	end_request(gil, request, tag);
	return 0;
}
