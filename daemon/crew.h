/*
 * A crew: one generation and its processes, as the master keeps them. It
 * forks, buries and replaces them, and leads all of them through one life:
 *
 *	            all ready            a newer crew serves
 *	STARTING -------------> SERVING ---------------------> RETIRING
 *	    |                      |                             |   |
 *	    |                      v          asked to stop      |   |
 *	    |                   DRAINING <-----------------------+   |
 *	    |  a child fails       |   | drain_timeout               |
 *	    |                      |   v                             |
 *	    |                      |  ABORTING                       |
 *	    |                      |   |      frontends gone         |
 *	    v                      v   v                             v
 *	 KILLING <-------------- STOPPING <--------------------------+
 *	    |    a grace period     |
 *	    v    is over            v
 *	  GONE <--------------------+
 *
 * SERVING: the frontends' doors are open. RETIRING: they are shut; clients are
 * handed over to the newer crew as soon as nothing is owed to them. DRAINING:
 * frontends finish what is in flight. ABORTING: they were told to cancel it and
 * answer. STOPPING: they are gone, the executors' queues have ended. KILLING:
 * SIGKILL. GONE: no process is left.
 */
#ifndef GILD_DAEMON_CREW_H
#define GILD_DAEMON_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/backoff.h"
#include "daemon/desk.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/process.h"
#include "daemon/recovery.h"
#include "daemon/settings.h"

enum crew_phase {
	CREW_STARTING,
	CREW_SERVING,
	CREW_RETIRING,
	CREW_DRAINING,
	CREW_ABORTING,
	CREW_STOPPING,
	CREW_KILLING,
	CREW_GONE,
};

struct child {
	struct process process;
	pid_t pid; /* 0: down */
	uint64_t respawn_at_ns;
	struct backoff backoff;
	bool is_told;		 /* of a frontend: the present phase */
	uint64_t beats;		 /* when it was last looked at */
	uint32_t n_silent;	 /* looks since then that found no more */
	bool is_given_up;	 /* killed for that */
	uint32_t recorder_epoch; /* of a frontend: see keeper.c; 0: none */
	uint64_t links_missed;	 /* of its record, when it was linked last */
};

struct crew {
	TAILQ_ENTRY(crew) links;
	struct settings settings;   /* owned */
	struct listeners listeners; /* owned */
	struct generation generation;
	struct recovery recovery;
	enum crew_phase phase;
	uint64_t deadline_ns; /* of the present phase; UINT64_MAX: none */
	uint32_t n_children;
	struct child *children; /* as the board numbers them */
	struct desk desk;
	uint32_t next_frontend; /* that gets a client */
	uint64_t next_look_ns;	/* these two are the master's: signs of life */
	bool is_alive;
	bool lost_jobs;	   /* it had to be killed while there were some */
	char failure[256]; /* "" unless it failed to start: why */
};

/* What does not change from one generation to the next. */
struct crew_constants {
	struct calibration calibration;
	uint64_t event_ps;
	uint64_t started_ns; /* the daemon; as on the board */
	uint64_t started_unix_ms;
};

/*
 * A crew in STARTING, with no process yet. settings and listeners are taken over
 * (emptied), also where it fails: NULL (errno is set).
 */
struct crew *crew_new(struct settings *settings, struct listeners *listeners,
    uint32_t number, const struct crew_constants *constants);
/* Only without processes. NULL is fine. */
void crew_free(struct crew *crew);

/*
 * Moves the phase on where that is due, replaces the dead, and tells frontends
 * what they do not know yet. True when something has to be tried again soon.
 */
bool crew_tend(struct crew *crew, uint64_t now_ns);
/* When it has to be tended next; UINT64_MAX: only when something happens. */
uint64_t crew_next_ns(const struct crew *crew);
/*
 * Tells frontends of the present phase, if they do not know yet: for when it was
 * changed after crew_tend(). False when that has to be tried again soon.
 */
bool crew_tell(struct crew *crew);
/* Every frontend that lives has been told of the present phase. */
bool crew_has_told_all(const struct crew *crew);

/* No frontend lets anybody in any more. */
bool crew_doors_are_shut(const struct crew *crew);

/* If pid is a child of this crew: buries it, and true. */
bool crew_bury(struct crew *crew, pid_t pid, int status);

/* A newer one serves. */
void crew_retire(struct crew *crew);
/* To stop: with drain_timeout for what is in flight, cancelling it, or by
 * SIGKILL. Each does nothing when the crew is as far already. */
void crew_drain(struct crew *crew);
void crew_abort(struct crew *crew);
void crew_kill(struct crew *crew);

/*
 * To be called once a heartbeat's period: kills who has given no sign of life
 * for heartbeat_timeout. True when all have given one of late.
 */
bool crew_feel_pulse(struct crew *crew);

/* Jobs of all its frontends and pools. */
uint64_t crew_count_jobs(const struct crew *crew, enum job_state state);

/* Clients of all its frontends. */
uint64_t crew_count_clients(const struct crew *crew);

/* The frontend that gets the next client: one that is ready if there is any. */
uint32_t crew_choose_frontend(struct crew *crew);

#endif
