/*
 * The live line of a load run: how far it is, what the last second was like,
 * and in its bar how p99 went so far. It looks into the tallies of threads that
 * are running.
 */
#ifndef GILD_CLIENT_LOAD_LIVE_H
#define GILD_CLIENT_LOAD_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "client/load_worker.h"
#include "client/progress.h"

#define LOAD_LIVE_CHARS 159

struct load_live {
	struct progress progress;
	const char *label; /* borrowed */
	bool has_begun;	   /* these three: when the last one was drawn */
	uint64_t drawn_ns;
	uint64_t done;
	struct hdr latency; /* of the last second, or interval; merged anew */
};

/* What the line is made from: one moment of the run. */
struct load_moment {
	bool is_first; /* no rate is known yet */
	bool is_warm_up;
	bool is_drain;
	double rate;	  /* jobs done a second, since the last one */
	bool has_latency; /* something was done in the last second */
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t failed; /* so far */
	uint64_t under_way;
	uint64_t left_ns; /* to the end of sending */
};

/* 0, or -1 when memory ran out; load_live_end() is due either way. */
int load_live_begin(struct load_live *live, const char *label)
    __attribute__((warn_unused_result));
/* Nothing of it is left on the terminal. */
void load_live_end(struct load_live *live);

/*
 * When it is to be drawn next, for poll(2): 0 is now, and -1 never, since nobody
 * watches.
 */
int load_live_timeout_ms(const struct load_live *live, uint64_t now_ns);

/* Draws it: now_ns is a moment of the run. */
void load_live_draw(struct load_live *live, const struct load_worker workers[],
    size_t n_workers, uint64_t now_ns);

/*
 * The figures of a moment in words, so many of them as there is room for, the
 * most wanted first: "2,001/s  p50 159 us  p99 1.2 ms  27 s left". Pure.
 */
void load_live_describe(const struct load_moment *moment, size_t room,
    char text[LOAD_LIVE_CHARS + 1]);

/*
 * Heights for a curve of durations, in place: 0 for the shortest and 1 for the
 * longest, by their logarithms, but for ten times the shortest at the least,
 * since small differences are none; NAN for one that is 0. Pure.
 */
void load_live_scale(double durations_ns[], size_t n);

#endif
