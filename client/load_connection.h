/*
 * A connection of the load generator and the jobs on their way over it: a table
 * of so many places. A place is idle, busy with a job, or resting, which is the
 * place of a client that is not there in this phase. A job's tag is its place.
 *
 * All of it is the worker's that it belongs to, but for the wire.
 */
#ifndef GILD_CLIENT_LOAD_CONNECTION_H
#define GILD_CLIENT_LOAD_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/load_schedule.h"
#include "client/load_script.h"
#include "client/load_wire.h"

/* A job on its way. */
struct load_slot {
	struct load_job job;
	uint64_t sent_ns;
	bool is_busy;
};

struct load_connection {
	uint32_t number; /* of all of the run */
	/* NULL while it is down: taken out by the worker, and then put in by
	 * the main thread, each only where the other has left it so. */
	_Atomic(struct load_wire *) wire;
	bool was_up; /* these and what follows: the worker's */
	uint32_t n_slots;
	struct load_slot *slots; /* owned; a tag is a place in it */
	uint32_t *idle;		 /* owned: a stack of places */
	uint32_t n_idle;
	uint32_t *resting; /* owned: those whose client is not there now */
	uint32_t n_resting;
};

/*
 * The connection with this number, of all of the script's. In an open loop it
 * has in_flight places; in a closed one each of its clients has the script's.
 * 0, or -1 when memory ran out; load_connection_free() is due either way.
 */
int load_connection_init(struct load_connection *connection, uint32_t number,
    const struct load_script *script, uint32_t in_flight)
    __attribute__((warn_unused_result));
/* Closes the wire, too. */
void load_connection_free(struct load_connection *connection);

/* Takes an idle place, of which there is one; and makes it idle again. */
uint32_t load_connection_take(struct load_connection *connection);
void load_connection_give(struct load_connection *connection, uint32_t place);
/* A place that was taken rests; all that rest are idle again. */
void load_connection_rest(struct load_connection *connection, uint32_t place);
void load_connection_wake(struct load_connection *connection);

/* Whether a job with this tag is on its way. */
bool load_connection_has(
    const struct load_connection *connection, uint64_t tag);
bool load_connection_is_busy(const struct load_connection *connection);

/* Closed loop: the client that a place belongs to, of all of the script's. */
uint32_t load_connection_client(const struct load_connection *connection,
    const struct load_script *script, uint32_t place);

#endif
