/*
 * Connections with buffers. A buffer is moved to its front when its end is
 * reached, and grows to what one round of a protocol needs: the benchmark bounds
 * it by the jobs that it has outstanding.
 */
#include "tests/bench/peers/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/bench/server.h"

#define FIRST_BYTES (256 * 1024)
#define PATIENCE_S 20 /* for whom a blocking wire waits */

static void
buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t length = buffer->end - buffer->begin;

	if (buffer->size - buffer->end >= more)
		return;
	if (length > 0)
		memmove(buffer->data, buffer->data + buffer->begin, length);
	buffer->begin = 0;
	buffer->end = length;
	if (buffer->size - length >= more)
		return;
	while (buffer->size - length < more)
		buffer->size *= 2;
	buffer->data = realloc(buffer->data, buffer->size);
	if (buffer->data == NULL)
		die("realloc");
}

static void
buffer_new(struct buffer *buffer)
{
	buffer->begin = buffer->end = 0;
	buffer->size = FIRST_BYTES;
	buffer->data = malloc(buffer->size);
	if (buffer->data == NULL)
		die("malloc");
}

void
wire_adopt(struct wire *wire, int fd)
{
	int on = 1;

	/* Not of every kind of socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	wire->fd = fd;
	wire->is_blocked = false;
	buffer_new(&wire->in);
	buffer_new(&wire->out);
}

void
wire_open(struct wire *wire, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(port)};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (void *)&address, sizeof(address)) != 0 ||
	    setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		die("connect");
	wire_adopt(wire, fd);
}

void
wire_set_nonblocking(struct wire *wire)
{
	if (fcntl(wire->fd, F_SETFL, O_NONBLOCK) != 0)
		die("fcntl");
}

void
wire_finish(struct wire *wire)
{
	char rest[4096];
	ssize_t got;

	if (fcntl(wire->fd, F_SETFL, 0) != 0 ||
	    shutdown(wire->fd, SHUT_WR) != 0)
		die("shutdown");
	do {
		got = recv(wire->fd, rest, sizeof(rest), 0);
	} while (got > 0);
	wire_close(wire);
}

void
wire_close(struct wire *wire)
{
	close(wire->fd);
	wire->fd = -1;
	free(wire->in.data);
	free(wire->out.data);
}

void
wire_put(struct wire *wire, const void *data, size_t length)
{
	buffer_reserve(&wire->out, length);
	memcpy(wire->out.data + wire->out.end, data, length);
	wire->out.end += length;
}

void
wire_put_text(struct wire *wire, const char *text)
{
	wire_put(wire, text, strlen(text));
}

void
wire_put_number(struct wire *wire, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	wire_put(wire, digits + at, sizeof(digits) - at);
}

void
wire_flush(struct wire *wire)
{
	struct buffer *out = &wire->out;

	wire->is_blocked = false;
	while (out->begin < out->end) {
		ssize_t sent = send(wire->fd, out->data + out->begin,
		    out->end - out->begin, MSG_NOSIGNAL);

		if (sent >= 0) {
			out->begin += (size_t)sent;
		} else if (errno == EAGAIN) {
			wire->is_blocked = true;
			return;
		} else if (errno != EINTR) {
			die("send");
		}
	}
	out->begin = out->end = 0;
}

bool
wire_fill(struct wire *wire, bool may_end)
{
	struct buffer *in = &wire->in;
	ssize_t got;

	if (in->begin == in->end)
		in->begin = in->end = 0;
	buffer_reserve(in, FIRST_BYTES / 4);
	got = recv(wire->fd, in->data + in->end, in->size - in->end, 0);
	if (got > 0) {
		in->end += (size_t)got;
		return true;
	}
	if (got < 0 && errno == EAGAIN)
		return false;
	if (!may_end) {
		if (got == 0)
			errno = ECONNRESET;
		die("the server hung up");
	}
	wire_close(wire);
	return false;
}
