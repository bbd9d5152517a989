/*
 * Owns: the connection, with its socket, its bytes on their way in and out, the
 * requests under way, and the event handed out last. One thread at a time; the
 * socket never blocks, and all waiting is in gil_poll(), with poll(2).
 *
 * The end of a connection comes in steps: an open one has ended (no more will
 * be read; what is here is still good) or is broken (what is here cannot be
 * understood). When nothing is left to hand out the requests without an answer
 * are, one by one, and then the loss.
 *
 * While there are requests without an answer the end of the connection is a
 * reset, and a reset cancels their jobs at once: connect.c sees to that, and
 * gil_close() turns it off when there are none.
 */
#include "client/libgil/gil.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/libgil/book.h"
#include "client/libgil/buffer.h"
#include "client/libgil/connect.h"
#include "client/libgil/reply.h"
#include "client/libgil/write.h"

#define CONNECT_TIMEOUT_MS 5000
#define MAX_REPLY_BYTES ((size_t)64 << 20)
#define READ_BYTES ((size_t)65536)  /* room for them, before each read */
#define FLUSH_BYTES ((size_t)65536) /* new ones that are sent unasked */
#define WHY_CHARS 255

enum end {
	OPEN,
	ENDED,
	BROKEN,
};

struct gil {
	int fd;
	int wake_fd;
	char server[LIBGIL_SERVER_CHARS + 1];
	size_t max_reply_bytes;

	enum end end;
	bool was_orderly;  /* its end: no reset */
	bool is_told;	   /* that it is lost */
	char why[WHY_CHARS + 1];
	uint64_t end_ns;

	struct libgil_buffer in;
	size_t n_scanned; /* bytes at its start that hold no LF */
	bool is_drained;  /* the last read took all that there was */
	uint64_t read_ns; /* when that was */
	struct libgil_buffer out;
	size_t flush_at; /* bytes in out that are sent without being asked */
	struct libgil_book book;

	struct gil_event event;
	struct libgil_strings strings;
	bool has_tasks; /* these are the event's */
	struct gil_task *tasks;
	size_t n_tasks;
	json_t *json; /* of the event, when it was asked for */
};

static uint64_t
now_ns(void)
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
		libgil_put_errno(
		    failure->text, sizeof(failure->text), ENOMEM);
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

/* What was found in the event that is handed out goes. */
static void
forget_event(struct gil *gil)
{
	json_decref(gil->json);
	gil->json = NULL;
	free(gil->tasks);
	gil->tasks = NULL;
	gil->n_tasks = 0;
	gil->has_tasks = false;
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
	forget_event(gil);
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
	return gil->end == ENDED && gil->was_orderly;
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

/* The connection is at its end, for this reason if it is the first one. */
static void
lose(struct gil *gil, enum end end, const char *why)
{
	if (gil->end == OPEN) {
		snprintf(gil->why, sizeof(gil->why), "%s", why);
		gil->end_ns = now_ns();
	}
	gil->end = end;
	drop_unsent(gil);
}

static void
lose_by(struct gil *gil, enum end end, int error)
{
	char why[WHY_CHARS + 1];

	libgil_put_errno(why, sizeof(why), error);
	lose(gil, end, why);
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
			 * there to be read; reading finds the end.
			 */
			if (errno == EPIPE || errno == ECONNRESET)
				drop_unsent(gil);
			else if (errno != EAGAIN)
				lose_by(gil, ENDED, errno);
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
	    .request = request, .tag = tag, .sent_ns = now_ns()};

	libgil_book_enter(&gil->book, &entry);
	/* Of an end that the caller does not know of yet it will hear. */
	if (gil->end != OPEN)
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
gil_call(
    struct gil *gil, const char *method, const char *params, uint64_t tag)
{
	uint64_t request = begin_request(gil);

	if (request == 0 ||
	    libgil_write_call(&gil->out, request, method, params) == -1)
		return -1;
	end_request(gil, request, tag);
	return 0;
}

static void
read_some(struct gil *gil)
{
	struct libgil_buffer *in = &gil->in;
	size_t room;
	ssize_t got;

	/* And one for the NUL behind the last line. */
	if (libgil_buffer_reserve(in, READ_BYTES + 1) == -1) {
		lose_by(gil, ENDED, ENOMEM);
		return;
	}
	room = in->size - in->end - 1;
	do
		got = recv(gil->fd, in->bytes + in->end, room, 0);
	while (got == -1 && errno == EINTR);
	gil->is_drained = got < (ssize_t)room;
	if (got > 0) {
		in->end += (size_t)got;
		gil->read_ns = now_ns();
	} else if (got == 0) {
		gil->was_orderly = true;
		lose(gil, ENDED, "the server closed it");
	} else if (errno != EAGAIN) {
		lose_by(gil, ENDED, errno);
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
		if (lf == NULL && gil->end == OPEN) {
			gil->n_scanned = n;
			if (n > gil->max_reply_bytes)
				lose(gil, BROKEN, "it sent too long a line");
			return NULL;
		}
		gil->n_scanned = 0;
		*length = lf != NULL ? (size_t)(lf - line) : n;
		/* The bytes stay until there is a new read. */
		libgil_buffer_drop(in, lf != NULL ? *length + 1 : n);
		if (*length > gil->max_reply_bytes) {
			lose(gil, BROKEN, "it sent too long a line");
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
	char why[WHY_CHARS + 1];

	wrong =
	    libgil_reply_read(line, length, &gil->strings, &gil->event);
	if (wrong != NULL && errno == ENOMEM) {
		lose_by(gil, BROKEN, ENOMEM);
	} else if (wrong != NULL) {
		snprintf(why, sizeof(why),
		    "it sent what is no JSON-RPC reply: %s", wrong);
		lose(gil, BROKEN, why);
	} else if (!match_request(gil, &gil->event)) {
		lose(gil, BROKEN, "it answers what was not asked");
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

	return gil->end != BROKEN && (line = next_line(gil, &length)) != NULL &&
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

	forget_event(gil);
	if (take_next(gil))
		return &gil->event;
	if (timeout_ms >= 0)
		deadline_ms = libgil_now_ms() + timeout_ms;
	gil_flush(gil);
	/* What is empty need not be read before it has been waited for. */
	if (gil->end == OPEN && (timeout_ms == 0 || !gil->is_drained))
		read_some(gil);
	while (!take_next(gil)) {
		/* poll(2) leaves out a negative descriptor. */
		struct pollfd fds[] = {
		    {.fd = gil->fd, .events = gil_events(gil)},
		    {.fd = gil->wake_fd, .events = POLLIN},
		};
		int n_ready;

		if (gil->end != OPEN)
			return hand_out_loss(gil);
		if (timeout_ms == 0 && gil->wake_fd == -1)
			return hand_out(gil, GIL_NOTHING);
		n_ready = libgil_await(fds, 2, deadline_ms);
		if (n_ready == 0)
			return hand_out(gil, GIL_NOTHING);
		if (n_ready == -1)
			lose_by(gil, ENDED, errno);
		else if (fds[1].revents != 0)
			return hand_out(gil, GIL_WOKEN);
		gil_flush(gil);
		if (gil->end == OPEN)
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
