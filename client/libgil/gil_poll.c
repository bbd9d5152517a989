/*
 * Owns: the bytes on their way in, and the event handed out last. All waiting
 * is in gil_poll(), with poll(2), in the thread that calls it.
 *
 * The end of a connection comes in steps: an open one has ended, or is broken.
 * When nothing is left to hand out the requests without an answer are, one by
 * one, and then the loss.
 */
#include "client/libgil/gil_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define READ_BYTES ((size_t)65536) /* room for them, before each read */

void
libgil_forget_event(struct gil *gil)
{
	json_decref(gil->json);
	gil->json = NULL;
	free(gil->tasks);
	gil->tasks = NULL;
	gil->n_tasks = 0;
	gil->has_tasks = false;
}

static void
read_some(struct gil *gil)
{
	struct libgil_buffer *in = &gil->in;
	size_t room;
	ssize_t got;

	/* And one for the NUL behind the last line. */
	if (libgil_buffer_reserve(in, READ_BYTES + 1) == -1) {
		libgil_lose_by(gil, LIBGIL_ENDED, ENOMEM);
		return;
	}
	room = in->size - in->end - 1;
	do
		got = recv(gil->fd, in->bytes + in->end, room, 0);
	while (got == -1 && errno == EINTR);
	gil->is_drained = got < (ssize_t)room;
	if (got > 0) {
		in->end += (size_t)got;
		gil->read_ns = libgil_now_ns();
	} else if (got == 0 && gil->was_reset) {
		libgil_lose_by(gil, LIBGIL_ENDED, ECONNRESET);
	} else if (got == 0) {
		gil->was_orderly = true;
		libgil_lose(gil, LIBGIL_ENDED, "the server closed it");
	} else if (errno != EAGAIN) {
		libgil_lose_by(gil, LIBGIL_ENDED, errno);
	}
}

/*
 * Cuts the next line off what was read, a NUL behind it: NULL when there is
 * none. Behind the end of the connection the last line needs no LF.
 */
static char *
next_line(struct gil *gil, size_t *length)
{
	struct libgil_buffer *in = &gil->in;
	char *line, *lf;

	for (;;) {
		size_t n = libgil_buffer_length(in);

		if (n == 0)
			return NULL;
		line = in->bytes + in->start;
		lf = memchr(line + gil->n_scanned, '\n', n - gil->n_scanned);
		if (lf == NULL && gil->end == LIBGIL_OPEN) {
			gil->n_scanned = n;
			if (n > gil->max_reply_bytes)
				libgil_lose(gil, LIBGIL_BROKEN,
				    "it sent too long a line");
			return NULL;
		}
		gil->n_scanned = 0;
		*length = lf != NULL ? (size_t)(lf - line) : n;
		/* The bytes stay until there is a new read. */
		libgil_buffer_drop(in, lf != NULL ? *length + 1 : n);
		if (*length > gil->max_reply_bytes) {
			libgil_lose(
			    gil, LIBGIL_BROKEN, "it sent too long a line");
			return NULL;
		}
		if (*length > 0 && line[*length - 1] == '\r')
			(*length)--;
		line[*length] = '\0';
		/* Blank lines ask whether one is there. */
		if (strspn(line, " \t\r") < *length)
			return line;
	}
}

/* Whose answer it is, or what it is about. */
static bool
match_request(struct gil *gil, struct gil_event *event)
{
	bool is_answer = event->type == GIL_RESULT || event->type == GIL_ERROR;
	struct libgil_entry entry = {0};
	bool is_known = is_answer
	    ? libgil_book_take(&gil->book, event->request, &entry)
	    : libgil_book_find(&gil->book, event->request, &entry);

	/* An error with the id null, and a notification, may be about none. */
	if (!is_known && is_answer && event->request != 0)
		return false;
	event->request = entry.request;
	event->tag = entry.tag;
	event->sent_ns = entry.sent_ns;
	event->received_ns = gil->read_ns;
	return true;
}

/* A line has come: false when it is none that one can go on with. */
static bool
take_line(struct gil *gil, char *line, size_t length)
{
	const char *wrong;
	char why[LIBGIL_WHY_CHARS + 1];

	wrong = libgil_reply_read(line, length, &gil->strings, &gil->event);
	if (wrong != NULL && errno == ENOMEM) {
		libgil_lose_by(gil, LIBGIL_BROKEN, ENOMEM);
	} else if (wrong != NULL) {
		snprintf(why, sizeof(why),
		    "it sent what is no JSON-RPC reply: %s", wrong);
		libgil_lose(gil, LIBGIL_BROKEN, why);
	} else if (!match_request(gil, &gil->event)) {
		libgil_lose(
		    gil, LIBGIL_BROKEN, "it answers what was not asked");
	} else {
		return true;
	}
	return false;
}

/* Whether there is an event at hand. */
static bool
take_next(struct gil *gil)
{
	size_t length;
	char *line;

	return gil->end != LIBGIL_BROKEN &&
	    (line = next_line(gil, &length)) != NULL &&
	    take_line(gil, line, length);
}

static const struct gil_event *
hand_out(struct gil *gil, enum gil_event_type type)
{
	gil->event = (struct gil_event){.type = type, .json = "", .text = ""};
	return &gil->event;
}

/* All that came before the end has been handed out. */
static const struct gil_event *
hand_out_loss(struct gil *gil)
{
	struct libgil_entry entry = {0};

	gil->is_told = true;
	hand_out(gil,
	    libgil_book_take_any(&gil->book, &entry) ? GIL_UNANSWERED
						     : GIL_LOST);
	gil->event.was_orderly = gil_was_orderly(gil);
	gil->event.tag = entry.tag;
	gil->event.request = entry.request;
	gil->event.sent_ns = entry.sent_ns;
	gil->event.received_ns = gil->end_ns;
	gil->event.text = gil->why;
	return &gil->event;
}

const struct gil_event *
gil_poll(struct gil *gil, int timeout_ms)
{
	int64_t deadline_ms = -1;
	bool is_late = false;

	libgil_forget_event(gil);
	if (take_next(gil))
		return &gil->event;
	if (timeout_ms >= 0)
		deadline_ms = libgil_now_ms() + timeout_ms;
	gil_flush(gil);
	/* What is empty need not be read before it has been waited for. */
	if (gil->end == LIBGIL_OPEN && (timeout_ms == 0 || !gil->is_drained))
		read_some(gil);
	while (!take_next(gil)) {
		/* poll(2) leaves out a negative descriptor. */
		struct pollfd fds[] = {
		    {.fd = gil->fd, .events = gil_events(gil)},
		    {.fd = gil->wake_fd, .events = POLLIN},
		};
		int n_ready;

		if (gil->end != LIBGIL_OPEN)
			return hand_out_loss(gil);
		/* However much has come that makes no event. */
		if (is_late || (timeout_ms == 0 && gil->wake_fd == -1))
			return hand_out(gil, GIL_NOTHING);
		is_late = timeout_ms >= 0 && libgil_now_ms() >= deadline_ms;
		n_ready = libgil_await(fds, 2, deadline_ms);
		if (n_ready == 0)
			return hand_out(gil, GIL_NOTHING);
		if (n_ready == -1)
			libgil_lose_by(gil, LIBGIL_ENDED, errno);
		else if (fds[1].revents != 0)
			return hand_out(gil, GIL_WOKEN);
		gil_flush(gil);
		if (gil->end == LIBGIL_OPEN)
			read_some(gil);
	}
	return &gil->event;
}

const struct gil_task *
gil_tasks(struct gil *gil, size_t *n_tasks)
{
	errno = 0;
	if (!gil->has_tasks && gil->event.type == GIL_RESULT) {
		if (libgil_reply_tasks(
			gil->event.json, &gil->tasks, &gil->n_tasks) == -1)
			errno = ENOMEM;
		else
			gil->has_tasks = true;
	}
	*n_tasks = gil->n_tasks;
	return gil->tasks;
}

struct json_t *
gil_json(struct gil *gil)
{
	if (gil->json == NULL && gil->event.json_bytes > 0)
		gil->json = json_loadb(gil->event.json, gil->event.json_bytes,
		    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
		    NULL);
	return gil->json;
}

const char *
gil_state_name(enum gil_state state)
{
	static const char *const names[] = {
	    [GIL_STATE_NONE] = "unknown",
	    [GIL_QUEUED] = "queued",
	    [GIL_RUNNING] = "running",
	    [GIL_DONE] = "done",
	    [GIL_FAILED] = "failed",
	    [GIL_CANCELLED] = "cancelled",
	    [GIL_TIMED_OUT] = "timed_out",
	};

	return (unsigned)state <= GIL_TIMED_OUT ? names[state] : names[0];
}
