/*
 * After POLLOUT a pipe takes PIPE_BUF bytes without blocking, whatever its
 * descriptor's flags, which are not ours to change: others may share it.
 */
#include "client/outlet.h"

#include <errno.h>
#include <event2/buffer.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "proto/jsonrpc.h"

int
outlet_init(struct outlet *outlet)
{
	outlet->buffer = evbuffer_new();
	return outlet->buffer == NULL ? -1 : 0;
}

void
outlet_free(struct outlet *outlet)
{
	if (outlet->buffer != NULL)
		evbuffer_free(outlet->buffer);
	outlet->buffer = NULL;
}

size_t
outlet_length(const struct outlet *outlet)
{
	return evbuffer_get_length(outlet->buffer);
}

int
outlet_put(struct outlet *outlet, const json_t *json)
{
	return json == NULL ? -1 : jsonrpc_write(outlet->buffer, json);
}

int
outlet_write(struct outlet *outlet)
{
	size_t length = outlet_length(outlet);
	ssize_t written;

	if (length > PIPE_BUF)
		length = PIPE_BUF;
	written = write(STDOUT_FILENO,
	    evbuffer_pullup(outlet->buffer, (ev_ssize_t)length), length);
	if (written == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	evbuffer_drain(outlet->buffer, (size_t)written);
	return 0;
}

int
outlet_flush(struct outlet *outlet, int wake_fd)
{
	while (outlet_length(outlet) > 0) {
		struct pollfd fds[] = {
		    {.fd = STDOUT_FILENO, .events = POLLOUT},
		    {.fd = wake_fd, .events = POLLIN},
		};

		if (poll(fds, 2, -1) == -1 && errno != EINTR)
			return -1;
		if (fds[1].revents != 0)
			return 0;
		if (fds[0].revents != 0 && outlet_write(outlet) == -1)
			return -1;
	}
	return 0;
}
