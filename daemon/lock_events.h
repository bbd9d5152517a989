/*
 * lock.events: a page of what the threads of a pool recorded, as JSON, read
 * from the board while they go on.
 */
#ifndef GILD_DAEMON_LOCK_EVENTS_H
#define GILD_DAEMON_LOCK_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/jobid.h"

#define LOCK_EVENTS_MAX_LIMIT 4000
#define LOCK_EVENTS_DEFAULT_LIMIT 1000
/* The longest event takes less on the wire. */
#define LOCK_EVENTS_EVENT_BYTES 160

struct board;

struct lock_events_query {
	uint32_t pool;		  /* of kind threads */
	const struct job_id *job; /* only the events of its tasks; or NULL */
	bool has_since;
	uint64_t since; /* the number to begin with */
	size_t limit;	/* at most so many events, > 0 */
};

/*
 * {"pool", "events", "next", "lost", "is_recording"}: a new reference, or NULL
 * when memory ran out. PROTOCOL.md says what they are.
 */
json_t *lock_events_read(
    const struct board *board, const struct lock_events_query *query);

/*
 * The pool in whose rings the start of one of the job's tasks is found. 0, or
 * -1 when there is none.
 */
int lock_events_find_pool(const struct board *board, struct job_id job,
    uint32_t *pool) __attribute__((warn_unused_result));

#endif
