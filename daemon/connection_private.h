/*
 * A connection from within: what connection.c, which moves its bytes,
 * connection_output.c, which writes them, connection_bound.c, which counts them,
 * and connection_time.c, which looks at what is overdue, share.
 */
#ifndef GILD_DAEMON_CONNECTION_PRIVATE_H
#define GILD_DAEMON_CONNECTION_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/connection.h"
#include "daemon/crowd.h"

struct bufferevent;

enum connection_state { OPEN, AT_EOF, LINGERING };

/* Ten thousand idle ones are nothing special: what an idle one does not need is
 * made when it is needed. */
struct connection {
	const struct connection_handler *handler;
	void *arg;
	struct crowd *crowd;
	LIST_ENTRY(connection) links;
	TAILQ_ENTRY(connection) due_links;
	struct bufferevent *bufferevent;
	struct frame_reader reader;
	size_t charged_bytes;
	size_t reserved_bytes;
	uint64_t counted_bytes; /* as the crowd knows it */
	enum connection_state state;
	bool is_paused;	  /* too much is unsent or charged: not reading */
	bool is_blocked;  /* the crowd is full, it has too much: the same */
	bool is_draining; /* ends when nobody holds it */
	bool is_deaf;	  /* what it may still send is not wanted */
	bool is_leaving;  /* given away when nobody holds it */
	bool is_resting;  /* for that: not reading */
	bool is_busy;	  /* on the stack: not to be freed */
	bool is_due;	  /* to be written when the loop's turn ends */
	unsigned n_holds;
	unsigned n_probes;
	int rest_ms;
	struct event *timer; /* probes, or the end of lingering; NULL: unused */
	struct event *rest_timer;  /* the same */
	uint64_t quiet_since_ns;   /* nothing came, nothing was owed */
	uint64_t line_since_ns;	   /* a line has begun; 0: none */
	uint64_t written_bytes;	   /* given to be sent, in all */
	uint64_t taken_bytes;	   /* of these: sent, when it was last looked */
	uint64_t stalled_since_ns; /* nothing more was; 0: none waits */
};

/* What waits to be sent. */
size_t connection_unsent(const struct connection *connection);
/* The output has grown, from so many bytes: it is due. */
void connection_note_written(struct connection *connection, size_t before);
/* Writes what is due to the socket. It may be gone when this returns. */
void connection_flush(struct connection *connection);
/* It is not due any more, whatever waits. */
void connection_forget_due(struct connection *connection);
/* A part of the output was sent, and half of its bound or less is left. Nothing
 * is discharged but by an answer, so this is also where a pause for charges
 * ends. It may be gone when this returns. */
void connection_go_on(struct connection *connection);

/* Reads from an open connection, unless something is against it. */
void connection_set_reading(struct connection *connection);
/* Looks from now on whether the client is there, while nothing is read. */
void connection_start_probes(struct connection *connection);

/* Tells the crowd what it holds, and reads no more while that is too much. */
void connection_count(struct connection *connection);
/* Whether too much is unsent or charged, and reads no more while that is so. */
void connection_check_backlog(struct connection *connection);
/* Looks at what holds it up, and what it holds, anew. May serve it. */
void connection_recount(struct connection *connection);

/*
 * Reads no more, forgets what was read, and ends it as soon as all is answered
 * and sent; it may be gone when this returns.
 */
void connection_stop_listening(struct connection *connection);

/* To be called now and then: ends it where something is overdue. */
void connection_look(struct connection *connection, uint64_t now_ns);

#endif
