/*
 * Event rings. Written by the threads of an interpreter under their lock's
 * mutex, read by any frontend without it.
 *
 * The words of an event are stored one by one, and `written` after them; a
 * reader copies first and then looks how far the writer has come. What the
 * writer may have begun to overwrite by then, the place it writes at included,
 * is thrown away.
 */
#include "daemon/event_ring.h"

#include <string.h>

_Static_assert(sizeof(struct lock_event) % sizeof(uint64_t) == 0,
    "an event is whole words");

size_t
event_ring_bytes(uint32_t capacity)
{
	return sizeof(struct event_ring) +
	    capacity * EVENT_WORDS * sizeof(uint64_t);
}

void
event_ring_init(struct event_ring *ring, uint32_t capacity)
{
	ring->capacity = capacity;
}

void
event_ring_begin(struct event_ring *ring)
{
	/* Published together with the event's number, which is taken next. */
	atomic_store_explicit(&ring->begun,
	    atomic_load_explicit(&ring->written, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

static size_t
ring_word(const struct event_ring *ring, uint64_t place)
{
	return (size_t)(place & (ring->capacity - 1)) * EVENT_WORDS;
}

void
event_ring_put(struct event_ring *ring, const struct lock_event *event)
{
	uint64_t place =
	    atomic_load_explicit(&ring->written, memory_order_relaxed);
	_Atomic uint64_t *to = &ring->words[ring_word(ring, place)];
	uint64_t words[EVENT_WORDS];

	memcpy(words, event, sizeof(words));
	/* Who sees one of these words sees the count of events before it. */
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < EVENT_WORDS; i++)
		atomic_store_explicit(&to[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&ring->written, place + 1, memory_order_release);
}

static uint64_t
ring_oldest(const struct event_ring *ring, uint64_t written)
{
	return written < ring->capacity ? 0 : written - ring->capacity;
}

static void
ring_copy(
    const struct event_ring *ring, uint64_t place, struct lock_event *event)
{
	const _Atomic uint64_t *from = &ring->words[ring_word(ring, place)];
	uint64_t words[EVENT_WORDS] = {0};

	for (size_t i = 0; i < EVENT_WORDS; i++)
		words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
	memcpy(event, words, sizeof(words));
}

size_t
event_ring_read(const struct event_ring *ring, uint64_t *cursor,
    struct lock_event events[], size_t max)
{
	uint64_t written =
	    atomic_load_explicit(&ring->written, memory_order_acquire);
	uint64_t first = ring_oldest(ring, written);
	uint64_t safe;
	size_t n, stale;

	if (first < *cursor)
		first = *cursor;
	n = written > first ? (size_t)(written - first) : 0;
	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++)
		ring_copy(ring, first + i, &events[i]);

	/* Place `written` may be half written now: one more is not safe. */
	atomic_thread_fence(memory_order_acquire);
	written = atomic_load_explicit(&ring->written, memory_order_relaxed);
	safe = ring_oldest(ring, written + 1);
	stale = safe > first ? (size_t)(safe - first) : 0;
	if (stale > n)
		stale = n;
	memmove(events, events + stale, (n - stale) * sizeof(events[0]));
	*cursor = first + n;
	return n - stale;
}

uint64_t
event_ring_oldest(const struct event_ring *ring)
{
	return ring_oldest(ring, event_ring_end(ring));
}

uint64_t
event_ring_end(const struct event_ring *ring)
{
	return atomic_load_explicit(&ring->written, memory_order_acquire);
}

uint64_t
event_ring_begun(const struct event_ring *ring)
{
	return atomic_load_explicit(&ring->begun, memory_order_relaxed);
}

void
event_ring_recover(struct event_ring *ring)
{
	atomic_store_explicit(
	    &ring->begun, event_ring_end(ring), memory_order_relaxed);
}
