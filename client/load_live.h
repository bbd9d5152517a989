/*
 * The live line of a load run: how far it is, and what the last second was
 * like. It looks into the tallies of threads that are running.
 */
#ifndef GILD_CLIENT_LOAD_LIVE_H
#define GILD_CLIENT_LOAD_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "client/load_worker.h"
#include "client/progress.h"

struct load_live {
	struct progress progress;
	const char *label; /* borrowed */
	uint64_t drawn_ns; /* these three: when the last one was drawn */
	uint64_t done;
	uint64_t failed;
	struct hdr latency; /* of the last second, or interval; merged anew */
};

/* 0, or -1 when memory ran out; load_live_end() is due either way. */
int load_live_begin(struct load_live *live, const char *label)
    __attribute__((warn_unused_result));
/* Nothing of it is left on the terminal. */
void load_live_end(struct load_live *live);

/* Whether it is ever to be drawn. */
bool load_live_is_seen(const struct load_live *live);

/* Draws it: now_ns is a moment of the run. */
void load_live_draw(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns);

#endif
