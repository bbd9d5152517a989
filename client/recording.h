/*
 * Recording the events of a pool's locks while the pool runs: events are turned
 * on for that time where they are off, and the server is asked for what there
 * is, page by page. And what is still kept of a job that ran.
 */
#ifndef GILD_CLIENT_RECORDING_H
#define GILD_CLIENT_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk.h"
#include "client/timeline.h"

struct recording {
	const struct context *context;
	struct gil *gil;
	const char *pool;   /* borrowed */
	json_t *parameters; /* owned: the pool, as pool.list describes it */
	bool has_turned_on;
	bool has_lost_track; /* the link is of no use any more */
	uint64_t next;	     /* the number of the next event */
};

/*
 * Begins with what happens from now on. Turning the pool's events on is said on
 * standard error. When it fails nothing is to be ended.
 */
enum outcome recording_begin(struct recording *recording,
    const struct context *context, struct gil *gil, const char *pool)
    __attribute__((warn_unused_result));

/*
 * Puts what was recorded since the last time on the timeline, until there is no
 * more, or a few pages have come.
 */
enum outcome recording_follow(struct recording *recording,
    struct timeline *timeline) __attribute__((warn_unused_result));

/*
 * Turns the events off again where they were off, and puts what is left of
 * what was recorded until now on the timeline (NULL: nowhere).
 */
enum outcome recording_end(struct recording *recording,
    struct timeline *timeline) __attribute__((warn_unused_result));

/* Frees what the struct owns. */
void recording_free(struct recording *recording);

/* The events of one job that are still kept: of which pool, and how many. */
struct recording_kept {
	char pool[POOL_NAME_CHARS + 1];
	struct lock_event *events; /* owned, n_events of them */
	size_t n_events;
};

/*
 * Reads them. That there are none is said, and OUTCOME_NOT_DONE. On
 * OUTCOME_FINE kept->events is to be freed.
 */
enum outcome recording_read_job(const struct context *context, struct gil *gil,
    const char *job, struct recording_kept *kept)
    __attribute__((warn_unused_result));

#endif
