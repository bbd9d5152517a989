/*
 * A timeline of any length in the memory of a picture: what trace_svg.c draws.
 *
 * Time is cut into at most MOSAIC_BINS bins, which double in width when they do
 * not suffice, and a bin knows how long its lane was in which state. Of arrows
 * and marks the first ones are kept, and all are counted.
 */
#ifndef GILD_CLIENT_MOSAIC_H
#define GILD_CLIENT_MOSAIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/timeline.h"

#define MOSAIC_BINS 4096 /* several a pixel; even */
#define MOSAIC_FIRST_BIN_NS 64
#define MOSAIC_LANES 64 /* threads behind these are not kept */
#define MOSAIC_ARROWS 120
#define MOSAIC_MARKS 240

struct mosaic_lane {
	uint64_t state_ns[TIMELINE_STATES][MOSAIC_BINS];
};

struct mosaic {
	bool is_out_of_memory; /* and therefore of no use */
	uint64_t origin_ns;    /* when bin 0 begins: with the first event */
	uint64_t bin_ns;
	struct mosaic_lane *lanes[MOSAIC_LANES];     /* owned; NULL: nothing */
	uint64_t waiting_ns[MOSAIC_BINS];	     /* waiters times time */
	uint64_t n_arrows;			     /* that came; */
	struct timeline_arrow arrows[MOSAIC_ARROWS]; /* the first are kept */
	uint64_t n_marks[TIMELINE_MARKS];
	uint64_t n_all_marks;
	struct timeline_mark marks[MOSAIC_MARKS];

	/* Private. */
	uint64_t *waiters; /* owned: now, of each domain */
	size_t n_domains;
	uint64_t waiters_now; /* of all */
	uint64_t waiters_since_ns;
};

/* NULL when memory ran out. */
struct mosaic *mosaic_new(void);
void mosaic_free(struct mosaic *mosaic);

/* Where a timeline is to go. */
struct timeline_sink mosaic_sink(struct mosaic *mosaic);

/* The timeline has ended, at this time. */
void mosaic_end(struct mosaic *mosaic, uint64_t time_ns);

/* From the origin on; 0 before it. */
uint64_t mosaic_since_origin(const struct mosaic *mosaic, uint64_t time_ns);

#endif
