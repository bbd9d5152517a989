/*
 * A frontend without its process, and the world around it, played by whoever
 * drives it: the master, another frontend, the executors, and time.
 *
 * Time stands still until it is told to go on: libevent and daemon/clock.h ask
 * this world's clock for the monotonic one.
 */
#ifndef GILD_TESTS_FUZZ_WORLD_H
#define GILD_TESTS_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/frontend.h"
#include "daemon/listeners.h"
#include "daemon/recovery.h"
#include "tests/fuzz/grammar.h"

#define WORLD_MAX_SEATS 8
#define WORLD_MAX_LETTERS 32

/* How far an executor is with the ticket of its seat that it is at. */
enum stage {
	STAGE_IDLE,
	STAGE_CLAIMED,
	STAGE_STARTED,
	STAGE_FINISHED,
	STAGE_HANDED_BACK,
};

/* A question that waits for the master or for frontend 1. */
struct letter {
	bool is_reload;
	uint64_t question;
	struct job_id job;
};

struct world {
	const struct settings *settings;
	struct listeners listeners; /* a copy, for the frontend to close */
	int listener;		    /* a Unix socket, abstract */
	struct generation generation;
	struct recovery recovery;
	struct frontend frontend;
	bool is_open;	      /* the frontend lives */
	bool is_masterless;   /* and no other can follow */
	enum peer_kind phase; /* the last of SERVE, RETIRE, DRAIN, ABORT */
	unsigned n_disasters; /* after each, answers may be missing */
	enum stage stages[WORLD_MAX_SEATS];
	size_t at[WORLD_MAX_SEATS]; /* of the seat's tickets */
	size_t n_letters, n_clients;
	struct letter letters[WORLD_MAX_LETTERS];
	struct packet_fds clients[WORLD_MAX_LETTERS]; /* handed over */
};

/* is_narrow: all bounds are low. */
void world_open(struct world *world, bool is_narrow);
/* What there is, however far it is. */
void world_close(struct world *world);

/* --- time --- */

void world_wait(uint64_t ms);
/* Whatever is ready: one turn of the frontend's loop. */
void world_turn(struct world *world);

/* --- clients: a socket that does not block, or -1 --- */

int world_connect(struct world *world);
/* By way of another frontend, which had read so much. */
int world_hand_over(struct world *world, const void *bytes, size_t size);

/* --- the master and its letters --- */

/* SERVE, RETIRE, DRAIN or ABORT, never one that comes before the last. */
void world_order(struct world *world, enum peer_kind order);
/* Collects questions and clients; obeys operators if it is obedient. */
void world_read_letters(struct world *world, bool is_obedient);
/* Answers a question, in one of four ways. */
void world_answer(struct world *world, unsigned how);
/* A packet of a process that is dying. */
void world_tell_nonsense(
    struct world *world, const void *bytes, size_t size, unsigned kind);
/* Somebody cancels a job: frontend 1, or another generation. */
void world_cancel(struct world *world, const char *id, bool is_of_others);
void world_lose_master(struct world *world);
/* kill -9, and another one in its place. */
void world_kill_frontend(struct world *world);
/* If the frontend has left: the next one, that serves. */
void world_go_on(struct world *world);

/* --- executors --- */

uint32_t world_seats(const struct world *world);
/* The next stage of what one does. */
void world_work(struct world *world, uint32_t seat, unsigned how);
void world_kill_executor(struct world *world, uint32_t seat, int status);
/* All that is queued, from its start to its end. */
void world_work_all(struct world *world);
/* Old tickets without end in a pool's queue and the frontend's. */
void world_flood_queues(struct world *world);

/* Nothing is queued, runs, or is counted as such; nobody is connected. */
bool world_is_at_rest(const struct world *world);

#endif
