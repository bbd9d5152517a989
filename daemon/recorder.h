/*
 * The recorder: the one process that has the job store open. It lives beside
 * all generations; the master links each frontend to it by a socket over which
 * the two write memos (memo.h). It decides which frontend has which unfinished
 * job of the store; a job that nobody has, since its frontend died or gild was
 * started again, is given to one that takes more.
 */
#ifndef GILD_DAEMON_RECORDER_H
#define GILD_DAEMON_RECORDER_H

#include <stdatomic.h>
#include <stdint.h>

/* What may change at a reload. */
struct recorder_limits {
	uint64_t keep_for_ms;	/* of jobs that have ended */
	uint64_t keep_bytes;	/* of the file; 0: no bound */
	uint32_t commit_group;	/* changes that share a commit */
	uint32_t max_detached;	/* unfinished jobs */
	uint64_t beat_every_ns; /* 0: nobody feels its pulse */
};

enum recorder_order_kind {
	RECORDER_LIMITS, /* these are your limits from now on */
	RECORDER_LINK,	 /* here is a frontend: its socket */
	RECORDER_ALL,	 /* these were all frontends that lived before you */
};

/* What the master sends to its inbox, one packet each. */
struct recorder_order {
	enum recorder_order_kind kind;
	uint32_t frontend; /* of a link: for the log */
	struct recorder_limits limits;
};

/* Shared with the master. */
struct recorder_record {
	_Atomic uint64_t beats;
};

struct recorder_setup {
	const char *directory;
	int inbox; /* its end is the master's death, or its word to stop */
	struct recorder_record *record;
	struct recorder_limits limits;
};

/* Runs until the inbox ends and all frontends have left. The exit status. */
int recorder_main(const struct recorder_setup *setup);

#endif
