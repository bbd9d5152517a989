/*
 * How a server is spoken to: one table a protocol, with a client's side and a
 * worker's. The client (load.c) and the workers (workers.c) do all the rest, for
 * every protocol alike.
 *
 * Every function appends to a wire what is to be sent; who called it sends all
 * of that at once. The take functions get what was read and not taken yet, and
 * return the bytes of the first message of it, or 0 while it is not whole.
 */
#ifndef GILD_TESTS_BENCH_PEERS_PROTOCOL_H
#define GILD_TESTS_BENCH_PEERS_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/peers/job.h"
#include "tests/bench/peers/wire.h"

/* A client's connections to one server. */
struct wires {
	struct wire *wires;
	size_t n;
};

struct protocol {
	const char *name;
	/* A job in flight needs a connection of its own. */
	bool has_one_job_a_wire;
	/* The jobs are in JSON, whatever is asked for. */
	bool is_json;

	/* What a client says first, on its n-th wire. May be NULL. */
	void (*greet)(struct wire *wire, size_t n);
	/* Asks for a job. slot is below the number of jobs in flight. */
	void (*ask)(struct wires *wires, size_t slot, uint64_t tag);
	/* Takes a message. *tag is the job's that it answers, or JOB_NO_TAG. */
	size_t (*take)(
	    struct wire *wire, const char *data, size_t length, uint64_t *tag);

	/*
	 * A worker's, where the server has workers that connect to it: what it
	 * says first, with as many jobs asked for at once as it may have; and a
	 * message, with the work and its answer.
	 */
	void (*enlist)(struct wire *wire, unsigned n_ahead);
	size_t (*serve)(struct wire *wire, const char *data, size_t length);
	/* A worker is ready once it has got a message that begins so, or, with
	 * NULL, has said what it says first. */
	const char *ready_word;
};

extern const struct protocol beanstalkd_protocol;
extern const struct protocol echo_protocol;
extern const struct protocol gearman_protocol;
extern const struct protocol gild_protocol;
extern const struct protocol http_protocol;
extern const struct protocol lines_protocol;
extern const struct protocol nats_protocol;
extern const struct protocol redis_protocol;

/* NULL, and those that there are on standard error, where no other is named. */
const struct protocol *protocol_find(const char *name);

/*
 * Where what waits keeps its connection from everything behind it, a client
 * sends jobs on the first half of its wires and waits on the others: one of
 * either half, jobs in turns. A single wire is both.
 */
struct wire *wires_for_jobs(const struct wires *wires, size_t slot);
struct wire *wires_for_waits(const struct wires *wires, size_t slot);

/* The bytes of the first line, its LF counted, or 0 while there is none. */
size_t line_length(const char *data, size_t length);

/* Whether data begins with the word. */
bool has_word(const char *data, size_t length, const char *word);

/* A message that the protocol does not know: says so and ends the program. */
void protocol_fail(const char *name, const char *data, size_t length)
    __attribute__((noreturn));

#endif
