/* What the files of the master share, and nobody else. */
#ifndef GILD_DAEMON_MASTER_PRIVATE_H
#define GILD_DAEMON_MASTER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/crew.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"

/* The one that serves, one that starts, and those that still finish. */
#define MASTER_MAX_CREWS 16

struct configuration;

/* A reload that is under way, or was asked for meanwhile. */
struct reload {
	bool is_under_way;
	bool is_asked_again; /* by a signal, while it is */
	bool has_asker;	     /* else a signal asked */
	struct master_request asked;
	/* An answer that found a full inbox. */
	bool is_answer_unsent;
	struct peer_message answer;
};

struct master {
	const struct configuration *configuration;
	int exit_status;
	int signal_fd;
	bool is_stopping;
	bool was_signalled;	  /* to stop */
	TAILQ_HEAD(, crew) crews; /* the newest first */
	struct crew *serving;	  /* these three are among them, or NULL */
	struct crew *coming;	  /* starts, to take the place of the other */
	struct crew *leaving;	  /* whose place was taken last, or NULL */
	uint32_t n_generations;	  /* that there have been */
	uint32_t n_others;	  /* crews beside one */
	struct crew_constants constants;
	struct notifier notifier;
	struct keeper keeper; /* of the recorder */
	bool is_recorder_alive;
	struct reload reload;
	uint64_t next_tick_ns;
};

/* --- master.c --- */

/* Stops: when all that is in flight is done, or cancelling it. */
void master_drain(struct master *master);
void master_shutdown(struct master *master);

/* --- start.c --- */

/*
 * Gets a new master ready to fork: its first crew is the one that comes.
 * settings are taken over. 0, or -1 (logged).
 */
int master_open(struct master *master, struct settings *settings)
    __attribute__((warn_unused_result));

/* --- reload.c --- */

/*
 * Begins a reload, for a request over a desk or (NULL) for a signal. Whoever
 * asked is told how it ended, now or later.
 */
void master_reload(struct master *master, const struct master_request *request);
/* Ends it, if one is under way. why_not: why nothing changed, or NULL. */
void master_end_reload(struct master *master, const char *why_not);
/* Begins the one that was asked for meanwhile, and sends what was unsent. True
 * when something has to be tried again soon. */
bool master_tend_reload(struct master *master);

/*
 * Whether executors can have the filter that the settings ask for: better none
 * than without. 0, or -1 with error filled in.
 */
int master_check_sandbox(const struct settings *settings, char *error,
    size_t error_size) __attribute__((warn_unused_result));

/*
 * A new crew, which is to serve. settings and listeners are taken over. 0, or
 * -1 (errno is set).
 */
int master_add_crew(struct master *master, struct settings *settings,
    struct listeners *listeners) __attribute__((warn_unused_result));
/* The crew of this generation, or NULL. */
struct crew *master_find_crew(struct master *master, uint32_t generation);
/* To be called when there are more crews, or fewer. */
void master_count_others(struct master *master);

#endif
