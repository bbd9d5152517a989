/*
 * The series of a load run, coarse enough to be drawn: stretches in which some
 * jobs at least are done, so that a percentile of them means something.
 */
#ifndef GILD_CLIENT_LOAD_SERIES_H
#define GILD_CLIENT_LOAD_SERIES_H

#include <stddef.h>

#include "client/load_report.h"

#define LOAD_SERIES_JOBS 20   /* done in a stretch, on average */
#define LOAD_SERIES_POINTS 12 /* but no fewer stretches than these */

/* Moments are since the measurement began: the warm-up is not in it. */
struct load_series {
	size_t n;
	size_t n_sending;	   /* of them: the rest is of the drain */
	struct load_point *points; /* owned, with their histograms */
};

/*
 * The report's series, so many neighbours made one as that takes; but none of
 * the drain with one before. 0, or -1 when memory ran out; load_series_free()
 * is due either way.
 */
int load_series_make(struct load_series *series,
    const struct load_report *report) __attribute__((warn_unused_result));
void load_series_free(struct load_series *series);

#endif
