/*
 * A client of the frontend that is driven: what it sent, what that asks for,
 * what came back. It reads lines as frame.c and jsonrpc.c do, which have fuzz
 * targets of their own.
 */
#ifndef GILD_TESTS_FUZZ_CLIENT_H
#define GILD_TESTS_FUZZ_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/fuzz/grammar.h"

struct evbuffer;
struct settings;

struct client {
	int fd; /* -1: there is none, or it has left */
	bool is_half_closed;
	bool is_at_end;		 /* the frontend has closed its side */
	bool was_too_slow;	 /* and said so */
	unsigned n_disasters;	 /* of the world, when it came */
	struct evbuffer *sent;	 /* all of it */
	struct evbuffer *unread; /* no whole line yet */
	json_t *got;		 /* how many of which answer */
};

/* Takes over a socket that does not block. */
void client_open(struct client *client, int fd, unsigned n_disasters);
/* Leaves, if it is there; a socket with unread answers is reset. */
void client_close(struct client *client);

/* Sends as much of the bytes as there is room for. */
void client_send(struct client *client, const void *bytes, size_t size);
void client_half_close(struct client *client);

/* Reads what there is; each line must be one that a client may get. */
void client_read(struct client *client, struct known_jobs *known);

/*
 * What came is what was asked for: one answer for each call with an id, and for
 * each line that is none; those of a batch in one line. Unless is_whole some,
 * or all, may be missing.
 */
void client_check(const struct client *client, const struct settings *settings,
    bool is_whole);

#endif
