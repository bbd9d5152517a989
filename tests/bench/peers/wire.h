/*
 * A TCP connection of the benchmark, with a buffer for each direction: what
 * clients and workers of every protocol are made of. It copies little and asks
 * the kernel as seldom as can be, so that what is measured is the server. What
 * goes wrong ends the program.
 */
#ifndef GILD_TESTS_BENCH_PEERS_WIRE_H
#define GILD_TESTS_BENCH_PEERS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;
	size_t begin, end, size;
};

struct wire {
	int fd;
	bool is_blocked; /* what is left in out waits for the kernel */
	struct buffer in, out;
};

/* Connects to a port of 127.0.0.1. */
void wire_open(struct wire *wire, uint16_t port);
/* One that somebody else connected. */
void wire_adopt(struct wire *wire, int fd);
void wire_set_nonblocking(struct wire *wire);
/*
 * Says that nothing more will come, waits until the peer has taken that in and
 * hangs up, and closes: what was sent last is done then.
 */
void wire_finish(struct wire *wire);
/* Ends it, with its buffers. */
void wire_close(struct wire *wire);

/* Appends to what goes out with the next flush. */
void wire_put(struct wire *wire, const void *data, size_t length);
void wire_put_text(struct wire *wire, const char *text);
void wire_put_number(struct wire *wire, uint64_t number);

/* Sends what there is, as far as the kernel takes it. */
void wire_flush(struct wire *wire);

/*
 * Reads once, waiting where the wire is a blocking one. False where there was
 * nothing to read. A peer that hangs up is an error, unless may_end; then the
 * wire is closed, and its fd -1.
 */
bool wire_fill(struct wire *wire, bool may_end);

/* Bytes that were read and not taken yet. */
static inline size_t
wire_unread(const struct wire *wire)
{
	return wire->in.end - wire->in.begin;
}

#endif
