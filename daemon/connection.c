/*
 * Connections of a frontend, on libevent's bufferevents. Run by the frontend's
 * one thread.
 *
 * Bounds: the input buffer holds at most one line (max_line_bytes) and one
 * read; when more than max_unsent_bytes wait to be sent, or are charged to the
 * connection for what cannot be sent yet, no more is read from this client
 * until that has changed (it is paused). So what a client can make us hold is
 * bounded by that, plus the fixed size of each of its jobs. While the crowd is
 * full its share is the bound: for what waits to be sent, and for that together
 * with what was read (then it is blocked). While nothing is read the client's
 * departure does not show by itself: the probe looks for it.
 *
 * What it is answered is written when the loop's turn ends: see
 * connection_output.c.
 *
 * What was read and has an end is always served, unless it is paused; so all
 * that a blocked connection holds goes away with time: see connection_time.c.
 *
 *	        lines              EOF            nobody holds it, all sent
 *	  OPEN -------> OPEN --------------> AT_EOF ---------------------> gone
 *	   | drained, nobody holds it, all sent | a probe finds nobody      ^
 *	   +------------> LINGERING ------------+---------------------------+
 *	   |               EOF, or a second is over                         |
 *	   +----------------------------------------------------------------+
 *	     to be given away, nobody holds it, all sent, and it was taken
 *
 * Who takes too long is drained, and what it still says is not read; who takes
 * no answers is gone at once (connection_time.c).
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
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/clock.h"
#include "daemon/connection_private.h"
#include "daemon/scarcity.h"

#define PROBE_EVERY_MS 250
#define PROBES_PER_LF 4
#define LINGER_MS 1000
/* Of a connection that is to be given away: how long it is not read from, the
 * first time and at the most, and as long read from after that. */
#define REST_MS 250
#define REST_MAX_MS 1000
#define GIVE_AGAIN_MS 10

/* --- end --- */

void
connection_close(struct connection *connection)
{
	connection->handler->gone(connection->arg);
	LIST_REMOVE(connection, links);
	connection_forget_due(connection);
	crowd_count(connection->crowd, connection->counted_bytes, 0);
	if (connection->timer != NULL)
		event_free(connection->timer);
	if (connection->rest_timer != NULL)
		event_free(connection->rest_timer);
	bufferevent_free(connection->bufferevent);
	free(connection);
}

int
connection_fd(const struct connection *connection)
{
	return bufferevent_getfd(connection->bufferevent);
}

/* Makes a timer at its first use. NULL when memory ran out: then the client is
 * cut off. */
static struct event *
timer_get(struct connection *connection, struct event **timer,
    event_callback_fn callback)
{
	if (*timer == NULL)
		*timer = event_new(
		    connection->crowd->base, -1, 0, callback, connection);
	if (*timer == NULL)
		connection_break(connection);
	return *timer;
}

static void
timer_add(struct event *timer, int ms)
{
	struct timeval delay = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (timer != NULL)
		event_add(timer, &delay);
}

static void timer_cb(evutil_socket_t fd, short what, void *arg);
static void rest_cb(evutil_socket_t fd, short what, void *arg);

static void
timer_set(struct connection *connection, int ms)
{
	timer_add(timer_get(connection, &connection->timer, timer_cb), ms);
}

void
connection_start_probes(struct connection *connection)
{
	timer_set(connection, PROBE_EVERY_MS);
}

static void
rest_timer_set(struct connection *connection, int ms)
{
	timer_add(timer_get(connection, &connection->rest_timer, rest_cb), ms);
}

/* Whether it is not read from for more than a moment. */
static bool
connection_is_unheard(const struct connection *connection)
{
	return connection->is_paused || connection->is_blocked ||
	    connection->is_deaf;
}

void
connection_set_reading(struct connection *connection)
{
	if (connection_is_unheard(connection) || connection->is_resting)
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
	if (connection->timer != NULL)
		event_del(connection->timer);
	timer_set(connection, LINGER_MS);
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
		rest_timer_set(connection, GIVE_AGAIN_MS);
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
	rest_timer_set(connection, connection->rest_ms);
}

void
connection_give_away(struct connection *connection)
{
	connection->is_leaving = true;
	connection->rest_ms = REST_MS;
	rest_cb(-1, 0, connection);
}

void
connection_stop_listening(struct connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->bufferevent);

	connection->is_deaf = true;
	connection->line_since_ns = 0;
	connection_set_reading(connection);
	evbuffer_drain(input, evbuffer_get_length(input));
	frame_reader_init(
	    &connection->reader, connection->reader.max_line_bytes);
	connection_start_probes(connection);
	connection_drain(connection);
}

unsigned
connection_holds(const struct connection *connection)
{
	return connection->n_holds;
}

void
connection_hold(struct connection *connection)
{
	connection->n_holds++;
}

void
connection_release(struct connection *connection)
{
	struct event *timer;

	if (--connection->n_holds > 0 ||
	    (connection->state != AT_EOF && !connection->is_draining &&
		!connection->is_leaving))
		return;
	/* Not at once: the caller may be in the middle of many of ours. */
	timer = timer_get(connection, &connection->timer, timer_cb);
	if (timer != NULL)
		event_active(timer, EV_TIMEOUT, 0);
}

void
connection_break(struct connection *connection)
{
	/* libevent, or our probe, then finds the end. */
	shutdown(connection_fd(connection), SHUT_RDWR);
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

/*
 * Since when a line has begun and not ended, after what has arrived was served:
 * had_end where another one ended meanwhile.
 */
static void
connection_note_line(struct connection *connection, bool had_end)
{
	bool has_begun = connection->reader.is_skipping ||
	    evbuffer_get_length(
		bufferevent_get_input(connection->bufferevent)) > 0;

	if (!has_begun || connection->is_paused)
		connection->line_since_ns = 0;
	else if (had_end || connection->line_since_ns == 0)
		connection->line_since_ns = clock_monotonic_ns();
}

/* Serves what has arrived. The connection may be gone behind it. */
static void
connection_serve(struct connection *connection)
{
	const struct evbuffer *input =
	    bufferevent_get_input(connection->bufferevent);
	size_t before = evbuffer_get_length(input);
	bool was_skipping = connection->reader.is_skipping, had_end = false;

	connection->is_busy = true;
	while (!connection->is_paused && connection_serve_next(connection))
		had_end = had_end || !connection->reader.is_skipping;
	/* Blank lines go without being handed out. */
	if (evbuffer_get_length(input) < before &&
	    !(was_skipping && connection->reader.is_skipping) &&
	    !connection->reader.is_skipping)
		had_end = true;
	connection_note_line(connection, had_end);
	connection->handler->served(connection->arg);
	connection_count(connection);
	connection->is_busy = false;
	connection_check_end(connection);
}

static void
read_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(bufferevent);

	connection->quiet_since_ns = clock_monotonic_ns();
	connection->crowd->n_reads++;
	if (connection->state == LINGERING || connection->is_deaf)
		evbuffer_drain(input, evbuffer_get_length(input));
	else
		connection_serve(connection);
}

/* Goes on with a connection that was paused. */
static void
connection_resume(struct connection *connection)
{
	connection->is_paused = false;
	connection_set_reading(connection);
	connection_serve(connection);
}

void
connection_recount(struct connection *connection)
{
	size_t bound = connection->crowd->limits.max_unsent_bytes;

	connection_count(connection);
	connection_check_backlog(connection);
	if (connection->is_paused && !connection_is_overdrawn(connection) &&
	    connection_unsent(connection) <= bound / 2)
		connection_resume(connection);
}

void
connection_go_on(struct connection *connection)
{
	connection_count(connection);
	if (!connection->is_paused || connection_is_overdrawn(connection))
		connection_check_end(connection);
	else
		connection_resume(connection);
}

/* The socket took more of what it had not taken at once: half of the unsent
 * bound or less is left. */
static void
write_cb(struct bufferevent *bufferevent, void *arg)
{
	struct connection *connection = arg;

	if (connection_unsent(connection) == 0)
		bufferevent_disable(bufferevent, EV_WRITE);
	connection_go_on(connection);
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
	connection_start_probes(connection);
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
	    connection_unsent(connection) == 0) {
		evbuffer_add(
		    bufferevent_get_output(connection->bufferevent), "\n", 1);
		connection_note_written(connection, 0);
	}
	connection_start_probes(connection);
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
	    (connection->state == AT_EOF || connection_is_unheard(connection)))
		connection_probe(connection);
}

/* --- begin --- */

struct connection *
connection_open(struct crowd *crowd, int fd,
    const struct connection_handler *handler, void *arg)
{
	const struct crowd_limits *limits = &crowd->limits;
	struct connection *connection = calloc(1, sizeof(*connection));
	unsigned long n_scarce = scarcity_count();
	int on = 1;

	if (connection == NULL)
		return NULL;
	connection->bufferevent =
	    bufferevent_socket_new(crowd->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection->bufferevent == NULL) {
		free(connection);
		return NULL;
	}
	connection->crowd = crowd;
	connection->handler = handler;
	connection->arg = arg;
	connection->quiet_since_ns = clock_monotonic_ns();
	frame_reader_init(&connection->reader, limits->max_line_bytes);
	LIST_INSERT_HEAD(&crowd->all, connection, links);
	/* Answers are small and somebody waits for them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(
	    connection->bufferevent, read_cb, write_cb, event_cb, connection);
	bufferevent_setwatermark(
	    connection->bufferevent, EV_WRITE, limits->max_unsent_bytes / 2, 0);
	/* Not to wait for room until there is none: see connection_output.c. */
	bufferevent_disable(connection->bufferevent, EV_WRITE);
	/* Else it would be there, and not heard. */
	if (bufferevent_enable(connection->bufferevent, EV_READ) == 0 &&
	    scarcity_count() == n_scarce)
		return connection;
	LIST_REMOVE(connection, links);
	bufferevent_setfd(connection->bufferevent, -1); /* the caller's */
	bufferevent_free(connection->bufferevent);
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
