/*
 * A connection of the load generator: jobs go out, each with a tag of the
 * caller's, and what became of them comes back. It never waits; whoever has it
 * polls load_wire_fd(). One thread at a time.
 */
#ifndef GILD_CLIENT_LOAD_WIRE_H
#define GILD_CLIENT_LOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/request.h"

#define LOAD_WIRE_ERROR_CHARS 255

struct load_wire;

/* An answer: of a job that is done its timing, else why it is not. */
struct load_answer {
	uint64_t tag;
	uint64_t received_ns; /* when its bytes were here */
	bool is_done;
	uint64_t queue_ns; /* these four: by the server's clocks */
	uint64_t wall_ns;
	uint64_t total_ns;
	uint64_t lock_wait_ns; /* the sum over its workers */
	const char *reason;    /* a slug; "" where it is done */
	const char *detail;    /* for people; both until the next call */
};

enum load_wire_status {
	LOAD_WIRE_ANSWER,
	LOAD_WIRE_EMPTY, /* none is here now */
	LOAD_WIRE_LOST,	 /* what has no answer will have none */
};

/* Connects, and waits for it. NULL with error saying why not. */
struct load_wire *load_wire_open(const char *server, int timeout_ms,
    char error[LOAD_WIRE_ERROR_CHARS + 1]) __attribute__((warn_unused_result));
/* Hangs up: jobs without an answer are cancelled. NULL is fine. */
void load_wire_close(struct load_wire *wire);

/* For poll(2). */
int load_wire_fd(const struct load_wire *wire);
short load_wire_events(const struct load_wire *wire);
size_t load_wire_unsent_bytes(const struct load_wire *wire);

/* Puts a job behind what waits to be sent. 0, or -1 when memory ran out. */
int load_wire_submit(struct load_wire *wire, const struct job_request *request,
    uint64_t tag) __attribute__((warn_unused_result));

/* Sends what the socket takes. */
void load_wire_flush(struct load_wire *wire);

/*
 * The next answer. Those that were read together are handed out before more is
 * read.
 */
enum load_wire_status load_wire_next(struct load_wire *wire,
    struct load_answer *answer) __attribute__((warn_unused_result));
/* Why it was lost; "" while it is not. */
const char *load_wire_error(const struct load_wire *wire);

#endif
