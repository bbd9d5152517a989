/*
 * The link: one connection to a gild, over which JSON-RPC requests go out and
 * replies come back. It prints nothing and owns no loop: a caller with
 * descriptors of its own polls link_fd() for link_events() and calls
 * link_serve(); a caller that just wants an answer uses link_receive().
 *
 * Requests are numbered by the caller. The link counts those that have no
 * answer yet. While there are any, the end of the connection is a reset, and a
 * reset cancels the jobs at once; that is also what the kernel sends when this
 * process is killed, whatever kills it.
 */
#ifndef GILD_CLIENT_LINK_H
#define GILD_CLIENT_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/jsonrpc.h"

#define LINK_DEFAULT_SERVER "127.0.0.1:4453"
/* Of the commands that only a Unix socket carries; the build sets the path. */
#ifndef LINK_ADMIN_SERVER
#define LINK_ADMIN_SERVER "unix:/run/gild/gild.sock"
#endif
#define LINK_ERROR_CHARS 255
#define LINK_MAX_LINE_BYTES ((size_t)64 << 20) /* of a reply */
#define LINK_FOREVER (-1)

enum link_status {
	LINK_REPLY,	/* a reply was handed out */
	LINK_EMPTY,	/* there is none now */
	LINK_TIMED_OUT, /* none came in the time given */
	LINK_WOKEN,	/* wake_fd became readable */
	LINK_LOST,	/* the connection is gone; link_error() says how */
};

struct link_options {
	const char *server;	/* "HOST:PORT", "[ADDRESS]:PORT", "unix:PATH" */
	int connect_timeout_ms; /* over all addresses of a name; > 0 */
};

/* Why there is no link. */
struct link_failure {
	bool is_address_wrong; /* server is not written as one */
	char text[LINK_ERROR_CHARS + 1];
};

struct link;

/*
 * Connects. NULL with *failure saying why not: server cannot be read, a name
 * is not known, or the refusal of the last of its addresses. Resolving a name
 * may take longer than the timeout.
 */
struct link *link_open(const struct link_options *options,
    struct link_failure *failure) __attribute__((warn_unused_result));

/* Hangs up: jobs without an answer are cancelled. NULL is fine. */
void link_close(struct link *link);

/*
 * A descriptor, or -1, that ends every later wait of link_receive() when it
 * becomes readable. It stays the caller's and is not read.
 */
void link_set_wake_fd(struct link *link, int wake_fd);

/* As it was given to link_open(). */
const char *link_server(const struct link *link);
/*
 * The process that made the server's Unix socket listen, which is its master
 * or whoever passed the socket on to it; 0 where that cannot be seen from this
 * process's pid namespace, and where the socket is no Unix socket.
 */
pid_t link_peer_pid(const struct link *link);
/* Why the link was lost; "" while it is not. */
const char *link_error(const struct link *link);
/*
 * Whether the server ended the connection in good order: not by a reset, and
 * with its last line whole. What has no answer then was never served, as
 * PROTOCOL.md says of a gild that stops; one whose process was killed ends its
 * connections so, too.
 */
bool link_ended_in_order(const struct link *link);
/* Requests sent that have no answer yet. */
uint64_t link_unanswered(const struct link *link);
/* What waits here to be sent, in bytes. */
size_t link_unsent_bytes(const struct link *link);

/* For poll(2). */
int link_fd(const struct link *link);
short link_events(const struct link *link);

/*
 * Puts one request with this id behind those that wait to be sent; params is
 * stolen. Sends nothing yet. 0, or -1 when memory ran out or params is NULL.
 */
int link_send(struct link *link, uint64_t id, const char *method,
    json_t *params) __attribute__((warn_unused_result));

/*
 * Moves bytes: sends what the socket takes and reads what it has, without
 * waiting. What it finds is handed out by link_next().
 */
void link_serve(struct link *link);

/*
 * The next reply that is already here: LINK_REPLY, LINK_EMPTY, or LINK_LOST
 * when none can come any more. With LINK_REPLY the caller owns reply->root.
 */
enum link_status link_next(struct link *link, struct jsonrpc_reply *reply)
    __attribute__((warn_unused_result));

/*
 * Sends, waits and reads until there is a reply, for timeout_ms at the most
 * (LINK_FOREVER for no limit). Never LINK_EMPTY.
 */
enum link_status link_receive(struct link *link, int timeout_ms,
    struct jsonrpc_reply *reply) __attribute__((warn_unused_result));

#endif
