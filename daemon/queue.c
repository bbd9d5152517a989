/*
 * Queues as pipes. Run by every process: the frontend pushes into pools' run
 * queues and takes from its own queue of ended tasks, executors the other way
 * round, and the master pushes for executors that died.
 */
#include "daemon/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define QUEUE_ROOM_BYTES (1 << 20)

_Static_assert(QUEUE_MAX_PUSH * sizeof(uint32_t) <= PIPE_BUF,
    "a push is one atomic write");
_Static_assert(
    PIPE_BUF % sizeof(struct bundle) == 0, "pages hold whole bundles");
_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t),
    "the kernel writes a seat's tickets as plain bytes");

static int
fd_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
queue_open(struct queue *queue, bool reader_blocks)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	queue->read_fd = ends[0];
	queue->write_fd = ends[1];
	if (fd_set_nonblocking(queue->write_fd) != 0 ||
	    (!reader_blocks && fd_set_nonblocking(queue->read_fd) != 0)) {
		queue_close(queue);
		return -1;
	}
	/* More room is welcome, and refused when the user's share is used. */
	(void)fcntl(queue->write_fd, F_SETPIPE_SZ, QUEUE_ROOM_BYTES);
	return 0;
}

void
queue_close(struct queue *queue)
{
	queue_close_writer(queue);
	if (queue->read_fd >= 0)
		close(queue->read_fd);
	queue->read_fd = -1;
}

void
queue_close_writer(struct queue *queue)
{
	if (queue->write_fd >= 0)
		close(queue->write_fd);
	queue->write_fd = -1;
}

bool
queue_has_ended(const struct queue *queue)
{
	return queue->write_fd < 0;
}

/* All or nothing: no more than PIPE_BUF bytes. */
static int
queue_write(const struct queue *queue, const void *bytes, size_t size)
{
	ssize_t written;

	do
		written = write(queue->write_fd, bytes, size);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -1 : 0;
}

int
queue_push(const struct queue *queue, const uint32_t *tickets, size_t n)
{
	return queue_write(queue, tickets, n * sizeof(*tickets));
}

int
queue_push_bundles(
    const struct queue *queue, const struct bundle *bundles, size_t n)
{
	return queue_write(queue, bundles, n * sizeof(*bundles));
}

int
queue_push_bundle_of(const struct queue *queue, uint32_t ticket)
{
	const struct bundle bundle = {.tickets = {ticket}};

	return queue_push_bundles(queue, &bundle, 1);
}

int
queue_push_wait(const struct queue *queue, const uint32_t *tickets, size_t n)
{
	while (queue_push(queue, tickets, n) != 0) {
		struct pollfd room = {.fd = queue->write_fd, .events = POLLOUT};

		if (errno != EAGAIN)
			return -1;
		if (poll(&room, 1, -1) < 0 && errno != EINTR)
			return -1;
	}
	return 0;
}

int
queue_claim(const struct queue *queue, _Atomic uint32_t seat[BUNDLE_TICKETS])
{
	ssize_t got;

	do
		got = read(queue->read_fd, (void *)seat, sizeof(struct bundle));
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(struct bundle))
		return 1;
	return got == 0 ? 0 : -1;
}

bool
queue_is_ready(const struct queue *queue)
{
	struct pollfd look = {.fd = queue->read_fd, .events = POLLIN};

	return poll(&look, 1, 0) != 0;
}

size_t
queue_take(const struct queue *queue, uint32_t *tickets, size_t max)
{
	ssize_t got;

	do
		got = read(queue->read_fd, tickets, max * sizeof(*tickets));
	while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : (size_t)got / sizeof(*tickets);
}
