/*
 * Connections of a frontend, on libevent's bufferevents. Run by the frontend's
 * one thread.
 *
 * Bounds: the input buffer holds at most one line (max_line_bytes) and one
 * read; when more than max_unsent_bytes wait to be sent, no more is read from
 * this client until half of that is gone. So what a client can make us hold
 * is bounded by that, plus the results of the jobs it has in flight.
 *
 *	        line, answer           EOF               all answered
 *	  OPEN -------------> OPEN ------------> EOF -----------------> gone
 *	   | drained, all answered and sent       | probe finds it gone   ^
 *	   +------------> LINGERING --------------+-----------------------+
 *	                   EOF, a second is over
 *
 * A half-close (EOF) is not a departure: the client may still read. Whether it
 * does cannot be told from a FIN, so while jobs run for it we send a lone LF
 * now and then, which a client skips; a peer that is gone answers with RST.
 */
#include "daemon/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/answer.h"
#include "daemon/board.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/methods.h"
#include "proto/frame.h"
#include "proto/jsonrpc.h"

#define PROBE_EVERY_MS 250
#define PROBES_PER_LF 4
#define LINGER_MS 1000
/* Values in one line: enough for the largest batch of full requests. */
#define VALUES_PER_CALL 32

enum connection_state { OPEN, AT_EOF, LINGERING };

struct connection {
	struct frontend *frontend;
	struct bufferevent *bufferevent;
	struct frame_reader reader;
	enum connection_state state;
	bool is_paused;	  /* too much is unsent: not reading */
	bool is_draining; /* ends when it owes nothing */
	bool is_busy;	  /* on the stack: not to be freed */
	unsigned n_probes;
	struct event *timer; /* probes, or the end of lingering */
	struct job_owner owner;
	struct answer_list answers; /* not given yet */
	LIST_ENTRY(connection) links;
};

/* --- end --- */

/* The client is gone: so are its jobs, and answers go nowhere. */
static void
connection_free(struct connection *connection)
{
	job_owner_leave(&connection->owner);
	answers_abandon(&connection->answers);
	LIST_REMOVE(connection, links);
	frontend_remove(connection->frontend);
	if (connection->timer != NULL)
		event_free(connection->timer);
	bufferevent_free(connection->bufferevent);
	free(connection);
}

static size_t
connection_unsent(const struct connection *connection)
{
	return evbuffer_get_length(
	    bufferevent_get_output(connection->bufferevent));
}

/* Starts the timer for the state that needs one. */
static void
connection_set_timer(struct connection *connection, int ms)
{
	struct timeval delay = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (connection->timer != NULL)
		event_add(connection->timer, &delay);
}

/* Says that no more will come, and waits a moment for the client to hear it:
 * a close with unread input would reset answers that are still on their way. */
static void
connection_linger(struct connection *connection)
{
	connection->state = LINGERING;
	shutdown(bufferevent_getfd(connection->bufferevent), SHUT_WR);
	bufferevent_enable(connection->bufferevent, EV_READ);
	connection_set_timer(connection, LINGER_MS);
}

/* Ends the connection if nothing is owed any more. False when it freed it. */
static bool
connection_check_end(struct connection *connection)
{
	if (connection->is_busy || !LIST_EMPTY(&connection->answers) ||
	    connection->owner.n_jobs > 0 || connection_unsent(connection) > 0)
		return true;
	if (connection->state == AT_EOF) {
		connection_free(connection);
		return false;
	}
	if (connection->state == OPEN && connection->is_draining)
		connection_linger(connection);
	return true;
}

/* --- output --- */

/* Too much unsent: read no more until the client has taken half of it. */
static void
connection_check_backlog(struct connection *connection)
{
	if (connection->is_paused ||
	    connection_unsent(connection) <=
		connection->frontend->settings->max_unsent_bytes)
		return;
	connection->is_paused = true;
	bufferevent_disable(connection->bufferevent, EV_READ);
}

void
connection_break(struct connection *connection)
{
	/* libevent then reports the end, and the connection is freed there. */
	shutdown(bufferevent_getfd(connection->bufferevent), SHUT_RDWR);
}

void
connection_write(struct connection *connection, const json_t *message)
{
	if (message == NULL ||
	    jsonrpc_write(
		bufferevent_get_output(connection->bufferevent), message) != 0)
		connection_break(connection);
	connection_check_backlog(connection);
}

void
connection_write_buffer(struct connection *connection, struct evbuffer *buffer)
{
	if (evbuffer_add_buffer(
		bufferevent_get_output(connection->bufferevent), buffer) != 0)
		connection_break(connection);
	connection_check_backlog(connection);
}

void
connection_notify(struct connection *connection, json_t *message)
{
	if (message != NULL && !connection->is_paused &&
	    connection->state != LINGERING)
		connection_write(connection, message);
	json_decref(message);
}

/* --- input --- */

/* An error about a line as a whole: its id is not known. */
static void
connection_refuse(struct connection *connection, const struct rpc_error *error)
{
	json_t *message = jsonrpc_error(NULL, error);

	connection_write(connection, message);
	json_decref(message);
}

static void
connection_serve_call(struct connection *connection, struct batch *batch,
    const struct jsonrpc_call *call)
{
	struct answer *answer = NULL;

	if (call->id != NULL) {
		answer = answer_new(
		    connection, &connection->answers, batch, call->id);
		if (answer == NULL) {
			connection_break(connection);
			return;
		}
	}
	if (call->error.kind != RPC_OK)
		answer_error(answer, &call->error);
	else
		methods_call(connection->frontend, connection, call, answer);
}

static void
connection_serve_message(
    struct connection *connection, const struct jsonrpc_message *message)
{
	struct batch *batch = NULL;

	if (message->is_batch) {
		batch = batch_new();
		if (batch == NULL) {
			connection_break(connection);
			return;
		}
	}
	for (size_t i = 0; i < message->n_calls; i++)
		connection_serve_call(connection, batch, &message->calls[i]);
	if (batch != NULL)
		batch_release(connection, batch);
}

static void
connection_serve_line(
    struct connection *connection, const char *line, size_t len)
{
	const struct settings *settings = connection->frontend->settings;
	const struct jsonrpc_limits limits = {
	    .max_batch = settings->max_batch,
	    .max_values = (size_t)settings->max_batch * VALUES_PER_CALL,
	};
	struct jsonrpc_message message;
	struct rpc_error error;

	if (jsonrpc_parse(line, len, &limits, &message, &error) != 0) {
		connection_refuse(connection, &error);
		return;
	}
	connection_serve_message(connection, &message);
	jsonrpc_message_free(&message);
}

/* Serves one line. False when there is none. */
static bool
connection_serve_next(struct connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->bufferevent);
	struct rpc_error error;
	const char *line;
	size_t len;

	switch (frame_read(&connection->reader, input,
	    connection->state == AT_EOF, &line, &len)) {
	case FRAME_MORE:
		return false;
	case FRAME_LINE:
		connection_serve_line(connection, line, len);
		break;
	case FRAME_TOO_LONG:
		rpc_error_set(&error, RPC_LINE_TOO_LONG, NULL,
		    "a line has at most %zu bytes; this one was skipped",
		    connection->reader.max_line_bytes);
		connection_refuse(connection, &error);
		break;
	case FRAME_NUL:
		rpc_error_set(&error, RPC_PARSE_ERROR, NULL,
		    "the line holds a NUL byte; write \\u0000 inside a string");
		connection_refuse(connection, &error);
		break;
	}
	return true;
}

/* Serves what has arrived. May free the connection. */
static void
connection_serve(struct connection *connection)
{
	struct frontend *frontend = connection->frontend;

	connection->is_busy = true;
	while (!connection->is_paused && connection_serve_next(connection))
		;
	connection->is_busy = false;
	connection_check_end(connection);
	dispatch_pump(frontend->dispatcher);
}

static void
read_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;

	if (connection->state == LINGERING) {
		struct evbuffer *input = bufferevent_get_input(bufferevent);

		evbuffer_drain(input, evbuffer_get_length(input));
		return;
	}
	connection_serve(connection);
}

/* Called when half of the unsent bound or less is left. */
static void
write_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;

	if (connection->is_paused) {
		connection->is_paused = false;
		if (connection->state == OPEN)
			bufferevent_enable(bufferevent, EV_READ);
		connection_serve(connection);
		return;
	}
	connection_check_end(connection);
}

static void
event_cb(struct bufferevent *bufferevent, short what, void *arg)
{
	struct connection *connection = arg;

	(void)bufferevent;
	if ((what & BEV_EVENT_EOF) == 0 || connection->state != OPEN) {
		connection_free(connection);
		return;
	}
	connection->state = AT_EOF;
	connection_set_timer(connection, PROBE_EVERY_MS);
	connection_serve(connection);
}

/* A half-closed client's jobs run: is it still there? */
static void
connection_probe(struct connection *connection)
{
	struct pollfd peer = {
	    .fd = bufferevent_getfd(connection->bufferevent),
	};

	if (poll(&peer, 1, 0) > 0 &&
	    (peer.revents & (POLLERR | POLLHUP)) != 0) {
		connection_free(connection);
		return;
	}
	if (++connection->n_probes % PROBES_PER_LF == 0 &&
	    connection_unsent(connection) == 0)
		bufferevent_write(connection->bufferevent, "\n", 1);
	connection_set_timer(connection, PROBE_EVERY_MS);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->state == LINGERING)
		connection_free(connection);
	else if (connection_check_end(connection) &&
	    connection->state == AT_EOF)
		connection_probe(connection);
}

/* --- begin --- */

int
connection_open(struct frontend *frontend, int fd)
{
	const struct settings *settings = frontend->settings;
	struct connection *connection = calloc(1, sizeof(*connection));
	int on = 1;

	if (connection == NULL) {
		close(fd);
		return -1;
	}
	connection->bufferevent =
	    bufferevent_socket_new(frontend->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection->bufferevent == NULL) {
		free(connection);
		close(fd);
		return -1;
	}
	connection->frontend = frontend;
	LIST_INIT(&connection->answers);
	LIST_INSERT_HEAD(&frontend->connections, connection, links);
	frontend_add(frontend);
	connection->timer =
	    event_new(frontend->base, -1, 0, timer_cb, connection);
	if (connection->timer == NULL ||
	    job_owner_init(&connection->owner, frontend, connection) != 0) {
		connection_free(connection);
		return -1;
	}
	/* Answers are small and somebody waits for them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	frame_reader_init(&connection->reader, settings->max_line_bytes);
	bufferevent_setcb(
	    connection->bufferevent, read_cb, write_cb, event_cb, connection);
	bufferevent_setwatermark(connection->bufferevent, EV_WRITE,
	    settings->max_unsent_bytes / 2, 0);
	bufferevent_enable(connection->bufferevent, EV_READ | EV_WRITE);
	return 0;
}

void
connection_drain_all(struct frontend *frontend)
{
	struct connection *connection, *next;

	for (connection = LIST_FIRST(&frontend->connections);
	     connection != NULL; connection = next) {
		next = LIST_NEXT(connection, links);
		connection->is_draining = true;
		connection_check_end(connection);
	}
}

void
connection_free_all(struct frontend *frontend)
{
	struct connection *connection;

	while ((connection = LIST_FIRST(&frontend->connections)) != NULL)
		connection_free(connection);
}

void
connection_settle(struct connection *connection)
{
	/* Not at once: the caller may be in the middle of a list of jobs. */
	event_active(connection->timer, EV_TIMEOUT, 0);
}

struct job_owner *
connection_owner(struct connection *connection)
{
	return &connection->owner;
}
