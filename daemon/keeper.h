/*
 * The keeper: the master's part of the recorder. It starts the recorder, starts
 * it again when it dies, and links each frontend of each crew to it. Where no
 * state_dir is configured it keeps none, and does nothing.
 */
#ifndef GILD_DAEMON_KEEPER_H
#define GILD_DAEMON_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/backoff.h"
#include "daemon/recorder.h"
#include "daemon/settings.h"

struct crew;

struct keeper {
	char *directory; /* owned; NULL: there is no store */
	struct recorder_limits limits;
	struct recorder_record *record; /* shared with the recorder */
	pid_t pid;			/* 0: down */
	int inbox;			/* ours to write */
	uint32_t epoch;			/* counts the recorders that were */
	bool has_told_all;
	bool is_stopping;
	uint64_t respawn_at_ns;
	uint64_t kill_at_ns; /* while it stops */
	struct backoff backoff;
	uint64_t beats; /* these three as of other children */
	uint32_t n_silent;
	bool is_given_up;
};

/* 0, or -1 (errno is set). */
int keeper_open(struct keeper *keeper, const struct settings *settings)
    __attribute__((warn_unused_result));
/* To be called once the recorder is gone. */
void keeper_close(struct keeper *keeper);

/* Whether a reload may have these settings: the directory stays what it is. 0,
 * or -1 with error filled in. */
int keeper_check(const struct keeper *keeper, const struct settings *settings,
    char *error, size_t error_size) __attribute__((warn_unused_result));
/* Settings that serve from now on. */
void keeper_follow(struct keeper *keeper, const struct settings *settings);

/* Starts the recorder where that is due. */
void keeper_tend(struct keeper *keeper, uint64_t now_ns);
/* Links the frontends of a crew that are not linked yet. True when that has to
 * be tried again soon. */
bool keeper_link(struct keeper *keeper, struct crew *crew);
/* All crews were linked. */
void keeper_link_end(struct keeper *keeper);
uint64_t keeper_next_ns(const struct keeper *keeper);

/* If pid is the recorder: buries it, and true. */
bool keeper_bury(struct keeper *keeper, pid_t pid, int status);
/* As crew_feel_pulse(). */
bool keeper_feel_pulse(struct keeper *keeper, const struct settings *settings);

/* All frontends are gone, or will be soon: it is to finish and to leave. */
void keeper_stop(struct keeper *keeper);
bool keeper_is_gone(const struct keeper *keeper);

#endif
