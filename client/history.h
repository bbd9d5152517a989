/*
 * What jobs that have ended tell together: how many of each pool were done, how
 * long they took, and how that went over time. Pure.
 */
#ifndef GILD_CLIENT_HISTORY_H
#define GILD_CLIENT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "client/chart.h"
#include "client/ledger.h"
#include "client/sample.h"
#include "client/table.h"

#define HISTORY_MAX_POOLS CHART_MAX_SERIES

struct history_pool {
	const char *name;
	uint64_t n;
	uint64_t n_done;
	/* Of those done. */
	struct sample wall_ns;
	struct sample queue_ns;
	uint64_t wall_90_ns; /* 90 % took no longer */
	struct chart_point *points;
	size_t n_points;
};

struct history {
	struct history_pool pools[HISTORY_MAX_POOLS];
	size_t n_pools;
	uint64_t n_left_out; /* jobs of more pools than that */
	uint64_t first_ms;   /* when the first one ended; 0: none */
	uint64_t last_ms;
	struct chart_series series[HISTORY_MAX_POOLS];
	char axis[64];
};

/*
 * Reads the ledger, whose jobs have all ended, and which must outlive it. 0, or
 * -1 when memory ran out; history_free() is due either way.
 */
int history_read(struct history *history, const struct ledger *ledger)
    __attribute__((warn_unused_result));
void history_free(struct history *history);

/* A row for each pool. NULL when memory ran out. */
struct table *history_make_table(const struct history *history);

/*
 * Wall time over the time of the end, a series for each pool. It points into
 * the history. Its series are empty where no job was done.
 */
struct chart history_make_chart(struct history *history);

#endif
