/*
 * A ring of lock events: one thread's latest, in memory that other processes
 * may read while it is written. The writer never waits; when the ring is full
 * the oldest event is overwritten, and its number is then missing.
 *
 * One writer at a time: whoever has the mutex of the thread's lock. It begins an
 * event before it takes the event's number, so that a reader that does not find
 * a number knows whether it may still come.
 */
#ifndef GILD_DAEMON_EVENT_RING_H
#define GILD_DAEMON_EVENT_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/lockevent.h"

#define EVENT_WORDS (sizeof(struct lock_event) / sizeof(uint64_t))

struct event_ring {
	_Atomic uint64_t begun;	  /* events ever, with one under way */
	_Atomic uint64_t written; /* events ever; the next one's place */
	uint32_t capacity;	  /* a power of two; fixed before it is used */
	_Atomic uint64_t words[]; /* capacity * EVENT_WORDS */
};

/* What a ring for so many events takes. */
size_t event_ring_bytes(uint32_t capacity);
/* In memory full of zeros. */
void event_ring_init(struct event_ring *ring, uint32_t capacity);

/* Before an event gets its number; then it is to be put. */
void event_ring_begin(struct event_ring *ring);
void event_ring_put(struct event_ring *ring, const struct lock_event *event);

/*
 * Copies the events that the ring still has, from place *cursor up, oldest
 * first, and moves *cursor behind the last one copied: up to max. A cursor
 * before the oldest event jumps to that. Returns how many were copied. Safe
 * while the ring is written: what is overwritten meanwhile is not copied.
 */
size_t event_ring_read(const struct event_ring *ring, uint64_t *cursor,
    struct lock_event events[], size_t max);

/* The place of the oldest event that the ring still has, and of the next. */
uint64_t event_ring_oldest(const struct event_ring *ring);
uint64_t event_ring_end(const struct event_ring *ring);

/*
 * How many events were begun, for who has seen the counter of their numbers: of
 * those numbers all that belong here are in places below that, and are there
 * once event_ring_end() is no less.
 */
uint64_t event_ring_begun(const struct event_ring *ring);

/* The writer was killed: what it had begun will not come. By the next one. */
void event_ring_recover(struct event_ring *ring);

#endif
