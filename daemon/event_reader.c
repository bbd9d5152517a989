/*
 * Merges the rings of a pool's threads. Run by a frontend's one thread, against
 * threads of another process that go on writing.
 *
 * Why no event is passed over while it is written: a writer begins an event in
 * its ring before it takes the number. The reader looks at the counter of the
 * numbers first (end), and at what each ring has begun afterwards. So all
 * numbers below end that belong to a ring are in places below its begun. While
 * the writer has not come that far, a number that is missing may be the one
 * that it holds in hand. Within a ring the numbers ascend.
 */
#include "daemon/event_reader.h"

#include <stdlib.h>

#include "daemon/board.h"

#define CHUNK 32 /* events that are read from a ring at a time */

struct event_source {
	const struct event_ring *ring;
	uint64_t begun;	 /* places from here on hold no number below end */
	uint64_t cursor; /* the place to read from next */
	size_t first, n; /* in events: what was read and not taken */
	struct lock_event events[CHUNK];
};

/* Whether it has an event at hand, which is then events[first]. */
static bool
source_fill(struct event_source *source)
{
	while (source->n == 0 && source->cursor < source->begun) {
		uint64_t left = source->begun - source->cursor;

		if (event_ring_end(source->ring) <= source->cursor)
			break;
		source->first = 0;
		source->n = event_ring_read(source->ring, &source->cursor,
		    source->events, left < CHUNK ? (size_t)left : CHUNK);
	}
	return source->n > 0;
}

/* Whether an event that it has begun is not there yet. */
static bool
source_is_behind(struct event_source *source)
{
	return !source_fill(source) && source->cursor < source->begun;
}

/* To the first event from a number on: all before it have smaller ones. */
static void
source_seek(struct event_source *source, uint64_t number)
{
	uint64_t low = event_ring_oldest(source->ring);
	uint64_t high = event_ring_end(source->ring);

	while (low < high) {
		uint64_t middle = low + (high - low) / 2, place = middle;
		struct lock_event event;
		size_t n = event_ring_read(source->ring, &place, &event, 1);

		/* What was overwritten meanwhile is older than what is left. */
		if (n == 0 || place != middle + 1 || event.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	source->cursor = low;
}

/* The source with the smallest number at hand, or NULL. */
static struct event_source *
reader_least(struct event_reader *reader)
{
	struct event_source *least = NULL;
	uint64_t least_number = reader->end;

	for (uint32_t i = 0; i < reader->n_sources; i++) {
		struct event_source *source = &reader->sources[i];

		if (!source_fill(source) ||
		    source->events[source->first].number >= least_number)
			continue;
		least = source;
		least_number = source->events[source->first].number;
	}
	return least;
}

/* Whether a number that is missing may still come. */
static bool
reader_is_behind(struct event_reader *reader)
{
	for (uint32_t i = 0; i < reader->n_sources; i++) {
		if (source_is_behind(&reader->sources[i]))
			return true;
	}
	return false;
}

/*
 * The first number that is kept. As long as no ring was ever full, that is the
 * first one there was, though its event may yet have to come.
 */
static uint64_t
reader_oldest(struct event_reader *reader)
{
	const struct event_source *least;
	bool is_full = false;

	for (uint32_t i = 0; i < reader->n_sources; i++)
		is_full |= reader->sources[i].cursor > 0;
	if (!is_full)
		return 0;
	least = reader_least(reader);
	return least != NULL ? least->events[least->first].number : reader->end;
}

int
event_reader_open(struct event_reader *reader, const struct board *board,
    uint32_t pool, uint64_t since)
{
	uint32_t n = board->settings->pools[pool].size;

	*reader = (struct event_reader){
	    .n_sources = n,
	    .sources = calloc(n, sizeof(*reader->sources)),
	};
	if (reader->sources == NULL)
		return -1;
	/* Pairs with the writers' taking of numbers. */
	reader->end = atomic_load_explicit(
	    &board->pools[pool].event_number, memory_order_acquire);
	for (uint32_t i = 0; i < n; i++) {
		struct event_source *source = &reader->sources[i];

		source->ring = board_ring(board, pool, i);
		source->begun = event_ring_begun(source->ring);
		if (since == EVENT_READER_OLDEST)
			source->cursor = event_ring_oldest(source->ring);
		else
			source_seek(source, since);
	}
	reader->number =
	    since == EVENT_READER_OLDEST ? reader_oldest(reader) : since;
	return 0;
}

void
event_reader_close(struct event_reader *reader)
{
	free(reader->sources);
	reader->sources = NULL;
}

bool
event_reader_next(struct event_reader *reader, struct lock_event *event)
{
	struct event_source *least = reader_least(reader);
	uint64_t number;

	/* A number is missing: look again at who may have it in hand. */
	if (least == NULL ||
	    least->events[least->first].number > reader->number) {
		if (reader->number >= reader->end || reader_is_behind(reader))
			return false;
		least = reader_least(reader);
	}
	number =
	    least != NULL ? least->events[least->first].number : reader->end;
	reader->lost += number - reader->number;
	reader->number = number;
	if (least == NULL)
		return false;
	*event = least->events[least->first++];
	least->n--;
	reader->number++;
	return true;
}

uint64_t
event_reader_place(const struct event_reader *reader, uint32_t thread)
{
	const struct event_source *source = &reader->sources[thread];

	return source->cursor - source->n;
}
