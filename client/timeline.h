/*
 * The timeline of a pool: from the events of its locks to what each thread was
 * doing when. A lane a thread, and on it slices, one state after the other;
 * arrows from a release to the acquisition that it enabled in another thread;
 * marks; and how many threads waited.
 *
 * Events go in one by one, in the order of their numbers, and what is known by
 * then comes out at once, so that nothing grows with the length of a recording
 * but the sums. What was lost is not made up: between the last that is known of
 * a thread before a gap and the first after it, its lane is `lost`.
 */
#ifndef GILD_CLIENT_TIMELINE_H
#define GILD_CLIENT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/lockevent.h"

/* What a thread with a task does. */
enum timeline_state {
	TIMELINE_RUNNING, /* it holds the lock */
	TIMELINE_WAITING, /* for the lock */
	TIMELINE_SWITCH_WAIT,
	TIMELINE_NATIVE,
	TIMELINE_IO,
	TIMELINE_LOST, /* events are missing: it is not known */
	TIMELINE_STATES
};

/* "running", "waiting", "switch-wait", "native", "io", "lost" */
const char *timeline_state_name(enum timeline_state state);

struct timeline_slice {
	uint16_t thread;
	uint16_t domain;
	enum timeline_state state;
	uint64_t start_ns;
	uint64_t end_ns;	 /* > start_ns */
	bool has_label;		 /* not when its task's start is not known */
	struct lock_label label; /* the task */
};

/* The lock went from one thread to another, which had waited for it. */
struct timeline_arrow {
	uint16_t domain;
	uint16_t from;
	uint16_t to;
	uint64_t from_ns; /* when it was released */
	uint64_t to_ns;	  /* when it was acquired */
};

enum timeline_mark_kind {
	TIMELINE_DROP_REQUEST, /* `thread`, a waiter, asks `other` */
	TIMELINE_MISSED,       /* `thread` gave the lock up while others waited
				* and took it again before they could */
	TIMELINE_GAP,	       /* n events are missing; of no thread */
	TIMELINE_MARKS
};

/* "drop request", "missed switch", "lost events" */
const char *timeline_mark_name(enum timeline_mark_kind kind);

struct timeline_mark {
	enum timeline_mark_kind kind;
	uint16_t thread; /* these two: or LOCK_NO_THREAD */
	uint16_t other;
	uint64_t time_ns;
	uint64_t n;
};

/*
 * Who is told. Each function may be NULL. Slices of one lane come in the order
 * of time and do not overlap; an arrow and a mark of a moment come before the
 * slice that begins then.
 */
struct timeline_sink {
	void *arg;
	/* First of all, with the time of the first event. A thread that asked
	 * for the lock before that, and was told of later, begins before. */
	void (*begin)(void *arg, uint64_t time_ns);
	void (*slice)(void *arg, const struct timeline_slice *slice);
	void (*arrow)(void *arg, const struct timeline_arrow *arrow);
	void (*mark)(void *arg, const struct timeline_mark *mark);
	/* From time_ns on so many wait for the lock of this domain. */
	void (*waiters)(
	    void *arg, uint16_t domain, uint64_t time_ns, uint64_t waiters);
};

/* What there is to tell of a lane when all is over. */
struct timeline_lane {
	uint64_t events; /* 0: nothing was heard of this thread */
	uint64_t tasks;	 /* of which the end or the start was seen */
	uint64_t acquisitions;
	uint64_t handovers; /* of these, from another thread */
	uint64_t requests;  /* drop requests that it sent */
	uint64_t missed;
	uint64_t state_ns[TIMELINE_STATES];
};

struct timeline_totals {
	uint64_t events;
	uint64_t lost; /* numbers that are missing */
	uint64_t first_ns;
	uint64_t last_ns;
};

struct timeline;

/*
 * is_whole: all events of a pool come, so that a missing number is a loss;
 * otherwise they are a choice (those of some jobs), and a loss shows only where
 * a thread's events do not follow each other. The sink is copied. NULL when
 * memory ran out.
 */
struct timeline *timeline_new(const struct timeline_sink *sink, bool is_whole);
void timeline_free(struct timeline *timeline);

/*
 * The next event. Its number must be above the one before; one that is not is
 * ignored. 0, or -1 when memory ran out.
 */
int timeline_add(struct timeline *timeline, const struct lock_event *event)
    __attribute__((warn_unused_result));

/*
 * n events that would come next are lost: for losses that are known without a
 * number, behind the last event or where is_whole is not set.
 */
void timeline_add_loss(struct timeline *timeline, uint64_t n);

/* No more events: what is under way ends at the time of the last one. */
void timeline_end(struct timeline *timeline);

struct timeline_totals timeline_totals(const struct timeline *timeline);
/* Lanes are those of threads 0 to this number less one. */
size_t timeline_lanes(const struct timeline *timeline);
const struct timeline_lane *timeline_lane(
    const struct timeline *timeline, size_t thread);

#endif
