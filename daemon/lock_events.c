/*
 * Pages of events. Run by a frontend's one thread, which serves its clients in
 * between: so a page reads no more than so many events, of other jobs too, and
 * the search for a job looks at no more than the latest.
 *
 * An event does not say whose task it is of; the start of the task, before it
 * in the thread's ring, does. What comes before the first start that is kept is
 * nobody's.
 */
#include "daemon/lock_events.h"

#include <stdlib.h>

#include "daemon/board.h"
#include "daemon/event_reader.h"
#include "proto/lockwire.h"
#include "proto/member.h"

#define MAX_PASSED 65536		 /* events of other jobs in one page */
#define MAX_SEARCHED (UINT64_C(1) << 22) /* events, for a job's pool */
#define CHUNK 64

static bool
is_of_job(const struct lock_event *event, struct job_id job)
{
	return event->kind == LOCK_TASK_START &&
	    event->label.job[0] == job.high && event->label.job[1] == job.low;
}

/*
 * The latest one, of at most n events before a place in a ring, that begins or
 * ends a task; with job, only the start of one of its tasks counts.
 */
static bool
find_back(const struct event_ring *ring, uint64_t place, uint64_t n,
    const struct job_id *job, struct lock_event *found)
{
	uint64_t oldest = event_ring_oldest(ring);
	uint64_t end = place - oldest > n ? place - n : oldest;

	while (place > end) {
		struct lock_event events[CHUNK];
		size_t chunk =
		    place - end < CHUNK ? (size_t)(place - end) : CHUNK;
		uint64_t cursor = place - chunk;
		size_t n_read = event_ring_read(ring, &cursor, events, chunk);

		if (cursor > place)
			return false; /* all of these are overwritten */
		for (size_t i = n_read; i > 0; i--) {
			*found = events[i - 1];
			if (job != NULL ? is_of_job(found, *job)
					: found->kind <= LOCK_TASK_END)
				return true;
		}
		place -= chunk;
	}
	return false;
}

int
lock_events_find_pool(
    const struct board *board, struct job_id job, uint32_t *pool)
{
	const struct settings *settings = board->settings;
	uint64_t share = MAX_SEARCHED / board->n_seats;

	for (uint32_t i = 0; i < settings->n_pools; i++) {
		const struct pool_settings *candidate = &settings->pools[i];

		if (candidate->kind != POOL_THREADS)
			continue;
		for (uint32_t j = 0; j < candidate->size; j++) {
			const struct event_ring *ring = board_ring(board, i, j);
			struct lock_event start;

			if (!find_back(ring, event_ring_end(ring), share, &job,
				&start))
				continue;
			*pool = i;
			return 0;
		}
	}
	return -1;
}

/* The events of one job, as they pass by. */
struct job_filter {
	const struct job_id *job; /* NULL: every event passes */
	bool *is_inside;	  /* of each thread: in a task of the job */
};

static int
filter_open(struct job_filter *filter, const struct board *board,
    const struct lock_events_query *query, const struct event_reader *reader)
{
	*filter = (struct job_filter){.job = query->job};
	if (query->job == NULL)
		return 0;
	filter->is_inside =
	    calloc(reader->n_sources, sizeof(filter->is_inside[0]));
	if (filter->is_inside == NULL)
		return -1;
	for (uint32_t i = 0; i < reader->n_sources; i++) {
		struct lock_event event;

		filter->is_inside[i] =
		    find_back(board_ring(board, query->pool, i),
			event_reader_place(reader, i), UINT64_MAX, NULL,
			&event) &&
		    is_of_job(&event, *query->job);
	}
	return 0;
}

static bool
filter_passes(struct job_filter *filter, const struct lock_event *event)
{
	bool *is_inside;
	bool passes;

	if (filter->job == NULL)
		return true;
	is_inside = &filter->is_inside[event->thread];
	if (event->kind == LOCK_TASK_START)
		*is_inside = is_of_job(event, *filter->job);
	passes = *is_inside;
	if (event->kind == LOCK_TASK_END)
		*is_inside = false;
	return passes;
}

/*
 * The page itself. *lost counts from `since` on; where it is not given, from
 * the first event that is told of.
 */
static json_t *
read_page(const struct board *board, const struct lock_events_query *query,
    struct event_reader *reader, struct job_filter *filter, uint64_t *lost)
{
	json_t *events = json_array();
	size_t n = 0, n_passed = 0;
	struct lock_event event;
	uint64_t lost_before = 0;
	bool is_short = false;

	while (!is_short && n < query->limit && n_passed < MAX_PASSED &&
	    event_reader_next(reader, &event)) {
		if (!filter_passes(filter, &event)) {
			n_passed++;
			continue;
		}
		if (n++ == 0 && !query->has_since)
			lost_before = reader->lost;
		event.time_ns -= board->started_ns;
		is_short |=
		    json_array_append_new(events, lock_event_to_json(&event));
	}
	*lost = n == 0 && !query->has_since ? 0 : reader->lost - lost_before;
	if (is_short) {
		json_decref(events);
		events = NULL;
	}
	return events;
}

json_t *
lock_events_read(
    const struct board *board, const struct lock_events_query *query)
{
	struct event_reader reader;
	struct job_filter filter = {.job = NULL};
	json_t *events, *result = NULL;
	uint64_t lost;

	if (event_reader_open(&reader, board, query->pool,
		query->has_since ? query->since : EVENT_READER_OLDEST) != 0)
		return NULL;
	if (filter_open(&filter, board, query, &reader) != 0)
		goto out;
	events = read_page(board, query, &reader, &filter, &lost);
	result = json_pack("{s:s, s:o, s:o, s:o, s:b}", "pool",
	    board->settings->pools[query->pool].name, "events", events, "next",
	    member_integer(reader.number), "lost", member_integer(lost),
	    "is_recording",
	    counter_get(&board->pools[query->pool].events) != 0);
out:
	free(filter.is_inside);
	event_reader_close(&reader);
	return result;
}
