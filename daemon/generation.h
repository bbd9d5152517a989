/*
 * A generation: a board, its queues, and what its processes talk over. The
 * master makes it whole before it forks the first child, and every child
 * inherits it and closes the ends that are not its own (see process.h).
 *
 *	run[pool]        frontends, master -> executors    tickets to serve
 *	ended[frontend]  executors, master -> frontend     tickets come back
 *	inbox[frontend]  master, frontends -> frontend     struct peer_message
 *	bell[pool]       frontends -> interpreter          "look at your flags"
 *	life             master -> all: nothing; its end is the master's death
 *	news             all -> master                     "process N is ready"
 */
#ifndef GILD_DAEMON_GENERATION_H
#define GILD_DAEMON_GENERATION_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/board.h"
#include "daemon/listeners.h"
#include "daemon/queue.h"
#include "proto/jobid.h"

struct generation {
	const struct settings *settings;
	const struct listeners *listeners;
	struct board board;
	struct queue run[SETTINGS_MAX_POOLS];
	struct queue ended[SETTINGS_MAX_FRONTENDS];
	int inbox_in[SETTINGS_MAX_FRONTENDS];  /* the frontend reads */
	int inbox_out[SETTINGS_MAX_FRONTENDS]; /* anybody writes */
	int bells[SETTINGS_MAX_POOLS];	       /* eventfd; -1: no such pool */
	int life_in, life_out;
	int news_in, news_out;
	int master_pid;
};

enum peer_kind {
	PEER_DRAIN,	/* master: finish what is in flight, then leave */
	PEER_ABORT,	/* master: cancel what is in flight, then leave */
	PEER_CANCEL,	/* a frontend asks: cancel this job of yours */
	PEER_CANCELLED, /* the answer to that */
};

/* What goes through an inbox, one packet each. */
struct peer_message {
	enum peer_kind kind;
	uint32_t from;	   /* frontend, of a PEER_CANCEL */
	uint64_t question; /* of a PEER_CANCEL, comes back in the answer */
	struct job_id job;
	uint32_t was_found; /* of a PEER_CANCELLED */
};

/* Empty: nothing is open, closing it does nothing. */
void generation_init(struct generation *generation);
/* 0, or -1 (errno is set; what was opened is closed again). */
int generation_open(struct generation *generation,
    const struct settings *settings, const struct listeners *listeners)
    __attribute__((warn_unused_result));
void generation_close(struct generation *generation);

/* 0, or -1 with errno EAGAIN when the inbox is full. Never blocks. */
int generation_tell(const struct generation *generation, uint32_t frontend,
    const struct peer_message *message) __attribute__((warn_unused_result));

/* Makes the threads of a pool look at their flags. */
void generation_ring(const struct generation *generation, uint32_t pool);

/* A child says that it serves. */
void generation_announce(const struct generation *generation, uint32_t process);

#endif
