/*
 * A client's connection: bytes in and out, lines, backpressure, its end. It
 * knows nothing of what the lines mean; its handler does.
 *
 * A connection ends when the client resets it or when, after the client closed
 * its sending side or the connection was drained, nobody holds it and all that
 * was sent is on its way. Whoever owes the client something holds it.
 */
#ifndef GILD_DAEMON_CONNECTION_H
#define GILD_DAEMON_CONNECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/frame.h"

struct connection;
struct crowd;
struct evbuffer;

/* What became of a connection that was to be given away. */
enum connection_gift {
	GIFT_TAKEN,
	GIFT_LATER, /* not now: to be tried again */
	GIFT_REFUSED,
};

/* What took a client too long. */
enum connection_delay {
	DELAY_IDLE, /* it said nothing, and waited for nothing */
	DELAY_LINE, /* a line has no end */
};

/* The upper side of a connection; arg is what connection_open() was given. */
struct connection_handler {
	/* A line has come. It is valid until the handler returns. */
	void (*line)(void *arg, const char *line, size_t len);
	/* One was dropped: FRAME_TOO_LONG or FRAME_NUL. */
	void (*bad_line)(void *arg, enum frame_status why);
	/* All lines that had come were handed out. */
	void (*served)(void *arg);
	/* The client took too long, and may be told so; it is not read from any
	 * more, and ends in good order. */
	void (*late)(void *arg, enum connection_delay why);
	/* It has ended, and is freed when the handler returns. */
	void (*gone)(void *arg);
	/* Takes the socket, which is lent, to somebody else; rest is what was
	 * read from it and is no whole line. If it is taken gone() follows. */
	enum connection_gift (*give)(
	    void *arg, int fd, const struct evbuffer *rest);
};

/*
 * Serves a socket that was accepted, as one of a crowd, which has its limits and
 * its event loop. handler and crowd must outlive the connection. NULL when
 * memory ran out; fd is then still the caller's.
 */
struct connection *connection_open(struct crowd *crowd, int fd,
    const struct connection_handler *handler, void *arg);

/* Ends it now: gone() is called. Not from within line() or bad_line(). */
void connection_close(struct connection *connection);

/* Ends it as soon as nobody holds it and all is sent, or now if that is so;
 * it may be gone when this returns. Lines that come until then are served. */
void connection_drain(struct connection *connection);

/*
 * Gives it away as soon as nobody holds it and all is sent, or now if that is
 * so; it may be gone when this returns. Until then lines that come are served,
 * but not all the time: who always has something in flight gets pauses, in
 * which what it sends waits in the socket. If nobody wants it, it is drained.
 */
void connection_give_away(struct connection *connection);

/*
 * What another process has read of a socket before it was given to this one: to
 * be called before anything else. 0, or -1 when memory ran out.
 */
int connection_feed(struct connection *connection, const void *bytes,
    size_t size) __attribute__((warn_unused_result));

/* Its socket, to be asked about, not used. */
int connection_fd(const struct connection *connection);

/* More is unsent or charged than may be: it is not read from. */
bool connection_is_overdrawn(const struct connection *connection);
/* How many hold it: answers that it is owed, and jobs. */
unsigned connection_holds(const struct connection *connection);

/* Whoever holds a connection keeps it from ending in good order. */
void connection_hold(struct connection *connection);
void connection_release(struct connection *connection);

/*
 * Charges bytes to a connection: what a client makes us keep until an answer
 * of its is sent, and decided the size of. Discharged with that answer.
 */
void connection_charge(struct connection *connection, size_t bytes);
void connection_discharge(struct connection *connection, size_t bytes);

/*
 * Whether there is room to keep so many bytes for this client later; they count
 * with what it holds from connection_reserve() on. Its reading does not suffer.
 */
bool connection_has_room(const struct connection *connection, size_t bytes);
void connection_reserve(struct connection *connection, size_t bytes);
void connection_unreserve(struct connection *connection, size_t bytes);

/* How long an answer may be now, that could be shorter. */
size_t connection_allowance(const struct connection *connection);

/*
 * Sends a message, which is borrowed. NULL stands for one that there was no
 * memory for: the client is better cut off than left waiting.
 */
void connection_send(struct connection *connection, const json_t *message);
/* The same of one that was written already, as lines. */
void connection_send_text(
    struct connection *connection, const char *text, size_t length);
/* Sends all that buffer holds, and empties it. */
void connection_send_buffer(
    struct connection *connection, struct evbuffer *buffer);

/*
 * Sends a message that may be lost: it is dropped when the client reads so
 * slowly that others wait. Steals message, which may be NULL.
 */
void connection_notify(struct connection *connection, json_t *message);

/* Cuts the client off. gone() follows, not from within this call. */
void connection_break(struct connection *connection);

#endif
