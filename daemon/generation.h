/*
 * A generation: a board, its queues, and what its processes talk over. The
 * master makes it whole before it forks the first child, and every child
 * inherits it and closes the ends that are not its own (see process.h). A
 * reload makes another one; the older ones end when nobody needs them.
 *
 *	run[pool]        frontends, master -> executors    bundles to serve
 *	ended[frontend]  executors, master -> frontend     tickets come back
 *	inbox[frontend]  master, frontends -> frontend     struct peer_message
 *	bell[pool]       frontends -> interpreter          "look at your flags"
 *	life             master -> all: nothing; its end is the master's death
 *	news             all -> master                     "look at the board"
 *	desk             frontends -> master               struct master_request
 */
#ifndef GILD_DAEMON_GENERATION_H
#define GILD_DAEMON_GENERATION_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/board.h"
#include "daemon/listeners.h"
#include "daemon/packet.h"
#include "daemon/queue.h"
#include "proto/jobid.h"

struct generation {
	const struct settings *settings;
	const struct listeners *listeners;
	uint32_t number; /* 1 for the first, one more at each reload */
	struct board board;
	struct queue run[SETTINGS_MAX_POOLS];
	struct queue ended[SETTINGS_MAX_FRONTENDS];
	int inbox_in[SETTINGS_MAX_FRONTENDS];  /* the frontend reads */
	int inbox_out[SETTINGS_MAX_FRONTENDS]; /* anybody writes */
	int bells[SETTINGS_MAX_POOLS];	       /* eventfd; -1: no such pool */
	int life_in, life_out;
	int news_in, news_out;
	int desk_in, desk_out;
	int master_pid;
};

/* Room for what the master has to say to somebody. */
#define PEER_TEXT_CHARS 511

enum peer_kind {
	PEER_SERVE,	/* master: open the doors */
	PEER_RETIRE,	/* master: hand clients over, then leave */
	PEER_DRAIN,	/* master: finish what is in flight, then leave */
	PEER_ABORT,	/* master: cancel what is in flight, then leave */
	PEER_CLIENT,	/* master: a client that another one handed over */
	PEER_RECORDER,	/* master: your link to the recorder */
	PEER_RELOADED,	/* master answers: the new generation serves */
	PEER_UNCHANGED, /* master answers: nothing was reloaded, text says why */
	PEER_CANCEL,	/* a frontend asks: cancel this job of yours */
	PEER_CANCELLED, /* the answer to that */
};

/* What goes through an inbox, one packet each; unused fields are 0. */
struct peer_message {
	enum peer_kind kind;
	uint32_t generation; /* these three: who asked, comes back with the */
	uint32_t from;	     /* answer; from is a frontend */
	uint64_t question;
	struct job_id job;		/* of a PEER_CANCEL */
	uint32_t was_found;		/* of a PEER_CANCELLED */
	uint32_t is_busy;		/* of a PEER_UNCHANGED: try again; */
	uint32_t is_stopping;		/* or never */
	uint32_t new_generation;	/* of a PEER_RELOADED, whose */
	char text[PEER_TEXT_CHARS + 1]; /* has its addresses, a line each */
};

enum master_request_kind {
	MASTER_RELOAD,	  /* read the configuration again */
	MASTER_DRAIN,	  /* finish what is in flight, then stop */
	MASTER_SHUTDOWN,  /* cancel what is in flight, then stop */
	MASTER_CLIENT,	  /* give this client to the generation that serves */
	MASTER_CANCEL,	  /* ask the other generations about this job */
	MASTER_CANCELLED, /* the answer to such a question */
};

/* What goes over the desk, one packet each. */
struct master_request {
	enum master_request_kind kind;
	uint32_t generation; /* these three as above */
	uint32_t from;
	uint64_t question;
	struct job_id job;
	uint32_t was_found;
};

/* Empty: nothing is open, closing it does nothing. */
void generation_init(struct generation *generation);
/* 0, or -1 (errno is set; what was opened is closed again). */
int generation_open(struct generation *generation,
    const struct settings *settings, const struct listeners *listeners)
    __attribute__((warn_unused_result));
void generation_close(struct generation *generation);

/*
 * To a frontend; descriptors (NULL: none) are lent. 0, or -1 with errno EAGAIN
 * when the inbox is full. Never blocks.
 */
int generation_tell(const struct generation *generation, uint32_t frontend,
    const struct peer_message *message, const struct packet_fds *fds)
    __attribute__((warn_unused_result));

/* From a frontend to the master; the same. */
int generation_ask_master(const struct generation *generation,
    const struct master_request *request, const struct packet_fds *fds)
    __attribute__((warn_unused_result));

/* Makes the threads of a pool look at their flags. */
void generation_ring(const struct generation *generation, uint32_t pool);

/* Makes the master look at the board: something on it has changed. */
void generation_wake_master(const struct generation *generation);

/* A child says that it serves. */
void generation_announce(const struct generation *generation, uint32_t process);

#endif
