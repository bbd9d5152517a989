/*
 * Connections of a frontend, on libevent's bufferevents. Run by the frontend's
 * one thread.
 *
 * Bounds: the input buffer holds at most one line (max_line_bytes) and one
 * read; when more than max_unsent_bytes wait to be sent, or are charged to the
 * connection for what cannot be sent yet, no more is read from this client
 * until that has changed. So what a client can make us hold is bounded by
 * that, plus the fixed size of each of its jobs. While nothing is read the
 * client's departure does not show by itself: the probe looks for it.
 *
 *	        lines              EOF            nobody holds it, all sent
 *	  OPEN -------> OPEN --------------> AT_EOF ---------------------> gone
 *	   | drained, nobody holds it, all sent | a probe finds nobody      ^
 *	   +------------> LINGERING ------------+---------------------------+
 *	   |               EOF, or a second is over                         |
 *	   +----------------------------------------------------------------+
 *	     to be given away, nobody holds it, all sent, and it was taken
 *
 * A half-close (EOF) is not a departure: the client may still read. Whether it
 * does cannot be told from a FIN, and in a pause even the FIN may be stuck
 * behind what we do not read. So while we do not read and the client is owed
 * something we send a lone LF now and then, which a client skips; a peer that
 * is gone answers with RST.
 */
#include "daemon/connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/scarcity.h"
#include "proto/jsonrpc.h"

#define PROBE_EVERY_MS 250
#define PROBES_PER_LF 4
#define LINGER_MS 1000
/* Of a connection that is to be given away: how long it is not read from, the
 * first time and at the most, and as long read from after that. */
#define REST_MS 250
#define REST_MAX_MS 1000
#define GIVE_AGAIN_MS 10

enum connection_state { OPEN, AT_EOF, LINGERING };

struct connection {
	const struct connection_handler *handler;
	void *arg;
	struct bufferevent *bufferevent;
	struct frame_reader reader;
	enum connection_state state;
	size_t max_unsent_bytes;
	size_t charged_bytes;
	bool is_paused;	  /* too much is unsent or charged: not reading */
	bool is_draining; /* ends when nobody holds it */
	bool is_leaving;  /* given away when nobody holds it */
	bool is_resting;  /* for that: not reading */
	bool is_busy;	  /* on the stack: not to be freed */
	unsigned n_holds;
	unsigned n_probes;
	struct event *timer; /* probes, or the end of lingering */
	int rest_ms;
	struct event *rest_timer;
};

/* --- end --- */

void
connection_close(struct connection *connection)
{
	connection->handler->gone(connection->arg);
	event_free(connection->timer);
	event_free(connection->rest_timer);
	bufferevent_free(connection->bufferevent);
	free(connection);
}

static size_t
connection_unsent(const struct connection *connection)
{
	return evbuffer_get_length(
	    bufferevent_get_output(connection->bufferevent));
}

int
connection_fd(const struct connection *connection)
{
	return bufferevent_getfd(connection->bufferevent);
}

static void
timer_set(struct event *timer, int ms)
{
	struct timeval delay = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(timer, &delay);
}

/* Reads from an open connection, or not. */
static void
connection_set_reading(struct connection *connection)
{
	if (connection->is_paused || connection->is_resting)
		bufferevent_disable(connection->bufferevent, EV_READ);
	else if (connection->state == OPEN)
		bufferevent_enable(connection->bufferevent, EV_READ);
}

/* Says that no more will come, and waits a moment for the client to hear it:
 * a close with unread input would reset answers that are still on their way. */
static void
connection_linger(struct connection *connection)
{
	connection->state = LINGERING;
	shutdown(connection_fd(connection), SHUT_WR);
	bufferevent_enable(connection->bufferevent, EV_READ);
	/* A check that is due already would take itself for the end. */
	event_del(connection->timer);
	timer_set(connection->timer, LINGER_MS);
}

/* Gives it away, or sees to it that this is tried again, or drains it. */
static void
connection_give(struct connection *connection)
{
	enum connection_gift gift = connection->handler->give(connection->arg,
	    connection_fd(connection),
	    bufferevent_get_input(connection->bufferevent));

	if (gift == GIFT_TAKEN) {
		connection_close(connection);
	} else if (gift == GIFT_LATER) {
		timer_set(connection->rest_timer, GIVE_AGAIN_MS);
	} else {
		connection->is_leaving = false;
		connection_drain(connection);
	}
}

/* Ends the connection if that is due. False when it is gone, as far as we know,
 * or quiet and still to be taken. */
static bool
connection_check_end(struct connection *connection)
{
	if (connection->is_busy || connection->n_holds > 0 ||
	    connection_unsent(connection) > 0)
		return true;
	if (connection->state == AT_EOF) {
		connection_close(connection);
		return false;
	}
	if (connection->state != OPEN)
		return true;
	if (connection->is_draining)
		connection_linger(connection);
	else if (connection->is_leaving && !connection->is_paused &&
	    !connection->reader.is_skipping) {
		connection_give(connection);
		return false;
	}
	return true;
}

void
connection_drain(struct connection *connection)
{
	connection->is_draining = true;
	if (connection->is_resting) {
		connection->is_resting = false;
		connection_set_reading(connection);
	}
	connection_check_end(connection);
}

/* Reading and resting in turn, until a rest was long enough. */
static void
rest_cb(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->state != OPEN || connection->is_draining)
		return;
	if (!connection_check_end(connection))
		return;
	if (connection->is_resting && connection->rest_ms < REST_MAX_MS)
		connection->rest_ms *= 2;
	connection->is_resting = !connection->is_resting;
	connection_set_reading(connection);
	timer_set(connection->rest_timer, connection->rest_ms);
}

void
connection_give_away(struct connection *connection)
{
	connection->is_leaving = true;
	connection->rest_ms = REST_MS;
	rest_cb(-1, 0, connection);
}

void
connection_hold(struct connection *connection)
{
	connection->n_holds++;
}

void
connection_release(struct connection *connection)
{
	/* Not at once: the caller may be in the middle of many of ours. */
	if (--connection->n_holds == 0 &&
	    (connection->state == AT_EOF || connection->is_draining ||
		connection->is_leaving))
		event_active(connection->timer, EV_TIMEOUT, 0);
}

/* --- output --- */

static bool
connection_is_overdrawn(const struct connection *connection)
{
	return connection_unsent(connection) + connection->charged_bytes >
	    connection->max_unsent_bytes;
}

/* Read no more while too much is unsent or charged. */
static void
connection_check_backlog(struct connection *connection)
{
	if (connection->is_paused || !connection_is_overdrawn(connection))
		return;
	connection->is_paused = true;
	connection_set_reading(connection);
	timer_set(connection->timer, PROBE_EVERY_MS);
}

void
connection_charge(struct connection *connection, size_t bytes)
{
	connection->charged_bytes += bytes;
	connection_check_backlog(connection);
}

void
connection_discharge(struct connection *connection, size_t bytes)
{
	connection->charged_bytes -= bytes;
}

void
connection_break(struct connection *connection)
{
	/* libevent, or our probe, then finds the end. */
	shutdown(connection_fd(connection), SHUT_RDWR);
}

void
connection_send(struct connection *connection, const json_t *message)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);

	if (message == NULL || jsonrpc_write(output, message) != 0)
		connection_break(connection);
	connection_check_backlog(connection);
}

void
connection_send_buffer(struct connection *connection, struct evbuffer *buffer)
{
	struct evbuffer *output =
	    bufferevent_get_output(connection->bufferevent);

	if (evbuffer_add_buffer(output, buffer) != 0)
		connection_break(connection);
	connection_check_backlog(connection);
}

void
connection_notify(struct connection *connection, json_t *message)
{
	if (message != NULL && connection->state != LINGERING &&
	    connection_unsent(connection) <= connection->max_unsent_bytes / 2)
		connection_send(connection, message);
	json_decref(message);
}

/* --- input --- */

/* Hands out one line. False when there is none. */
static bool
connection_serve_next(struct connection *connection)
{
	enum frame_status status;
	const char *line;
	size_t len;

	status = frame_read(&connection->reader,
	    bufferevent_get_input(connection->bufferevent),
	    connection->state == AT_EOF, &line, &len);
	if (status == FRAME_MORE)
		return false;
	if (status == FRAME_LINE)
		connection->handler->line(connection->arg, line, len);
	else
		connection->handler->bad_line(connection->arg, status);
	return true;
}

/* Serves what has arrived. The connection may be gone behind it. */
static void
connection_serve(struct connection *connection)
{
	connection->is_busy = true;
	while (!connection->is_paused && connection_serve_next(connection))
		;
	connection->handler->served(connection->arg);
	connection->is_busy = false;
	connection_check_end(connection);
}

static void
read_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(bufferevent);

	if (connection->state == LINGERING)
		evbuffer_drain(input, evbuffer_get_length(input));
	else
		connection_serve(connection);
}

/* Called when half of the unsent bound or less is left. Nothing is discharged
 * but by an answer, so this is also where a pause for charges ends. */
static void
write_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;

	(void)bufferevent;
	if (!connection->is_paused || connection_is_overdrawn(connection)) {
		connection_check_end(connection);
		return;
	}
	connection->is_paused = false;
	connection_set_reading(connection);
	connection_serve(connection);
}

static void
event_cb(struct bufferevent *bufferevent, short what, void *arg)
{
	struct connection *connection = arg;

	(void)bufferevent;
	if ((what & BEV_EVENT_EOF) == 0 || connection->state != OPEN) {
		connection_close(connection);
		return;
	}
	connection->state = AT_EOF;
	timer_set(connection->timer, PROBE_EVERY_MS);
	connection_serve(connection);
}

/* Something is owed to a client that we do not read from, because it closed
 * its side or because of a pause: is it still there? */
static void
connection_probe(struct connection *connection)
{
	struct pollfd peer = {.fd = connection_fd(connection)};

	if (poll(&peer, 1, 0) > 0 &&
	    (peer.revents & (POLLERR | POLLHUP)) != 0) {
		connection_close(connection);
		return;
	}
	if (++connection->n_probes % PROBES_PER_LF == 0 &&
	    connection_unsent(connection) == 0)
		bufferevent_write(connection->bufferevent, "\n", 1);
	timer_set(connection->timer, PROBE_EVERY_MS);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->state == LINGERING)
		connection_close(connection);
	else if (connection_check_end(connection) &&
	    (connection->state == AT_EOF || connection->is_paused))
		connection_probe(connection);
}

/* --- begin --- */

struct connection *
connection_open(struct event_base *base, int fd,
    const struct connection_limits *limits,
    const struct connection_handler *handler, void *arg)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	unsigned long n_scarce = scarcity_count();
	int on = 1;

	if (connection == NULL)
		return NULL;
	connection->timer = event_new(base, -1, 0, timer_cb, connection);
	connection->rest_timer = event_new(base, -1, 0, rest_cb, connection);
	if (connection->timer == NULL || connection->rest_timer == NULL)
		goto fail;
	connection->bufferevent =
	    bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection->bufferevent == NULL)
		goto fail;
	connection->handler = handler;
	connection->arg = arg;
	connection->max_unsent_bytes = limits->max_unsent_bytes;
	frame_reader_init(&connection->reader, limits->max_line_bytes);
	/* Answers are small and somebody waits for them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(
	    connection->bufferevent, read_cb, write_cb, event_cb, connection);
	bufferevent_setwatermark(
	    connection->bufferevent, EV_WRITE, limits->max_unsent_bytes / 2, 0);
	/* Else it would be there, and not heard, or get no answer. */
	if (bufferevent_enable(connection->bufferevent, EV_READ | EV_WRITE) ==
		0 &&
	    scarcity_count() == n_scarce)
		return connection;
	bufferevent_setfd(connection->bufferevent, -1); /* the caller's */
	bufferevent_free(connection->bufferevent);
fail:
	if (connection->timer != NULL)
		event_free(connection->timer);
	if (connection->rest_timer != NULL)
		event_free(connection->rest_timer);
	free(connection);
	return NULL;
}

int
connection_feed(struct connection *connection, const void *bytes, size_t size)
{
	struct evbuffer *input = bufferevent_get_input(connection->bufferevent);
	int result;

	/* The buffer's end is the socket's; here it is ours for once. */
	evbuffer_unfreeze(input, 0);
	result = evbuffer_add(input, bytes, size);
	evbuffer_freeze(input, 0);
	if (result == 0)
		bufferevent_trigger(connection->bufferevent, EV_READ,
		    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	return result;
}
