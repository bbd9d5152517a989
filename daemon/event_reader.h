/*
 * The events of a pool in the order of their numbers: merged from the rings of
 * its threads, while those are written and overwritten.
 *
 * A reader sees the events that had their numbers when it was opened. A number
 * that is in no ring is a lost event: overwritten, or its writer was killed.
 * One that is just being written is not lost: the reader ends before it.
 */
#ifndef GILD_DAEMON_EVENT_READER_H
#define GILD_DAEMON_EVENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/lockevent.h"

struct board;
struct event_source;

struct event_reader {
	uint64_t number; /* where it has come to: the next event's */
	uint64_t end;	 /* behind the last number that it sees */
	uint64_t lost;	 /* numbers passed over so far */
	uint32_t n_sources;
	struct event_source *sources; /* one a thread */
};

/* In since: from the oldest event that is kept. */
#define EVENT_READER_OLDEST UINT64_MAX

/*
 * Opens a reader on a pool of kind threads, at the number since, which may be
 * any. 0, or -1 when memory ran out.
 */
int event_reader_open(struct event_reader *reader, const struct board *board,
    uint32_t pool, uint64_t since) __attribute__((warn_unused_result));
void event_reader_close(struct event_reader *reader);

/* The next event; false when there is none (yet). */
bool event_reader_next(struct event_reader *reader, struct lock_event *event);

/* The place in its ring of the first event of a thread that is to come. */
uint64_t event_reader_place(const struct event_reader *reader, uint32_t thread);

#endif
