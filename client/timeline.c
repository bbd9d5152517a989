/*
 * Owns: the states that the events of a lock's threads imply. Run by gilctl;
 * pure but for the sink's functions.
 *
 * A thread's events follow the grammar in proto/lockevent.h. As far as states
 * go that is one table: each kind of event finds its thread in one state and
 * leaves it in one. Where the thread is in another state, events of it are
 * missing, and from when it was last heard of to this event its lane is lost.
 *
 * A thread asks for the lock, and takes the time, before it has the lock's
 * mutex, and events are numbered under it. So times grow on each lane, but an
 * event may carry a slightly earlier time than one before it on another lane.
 */
#include "client/timeline.h"

#include <stdlib.h>
#include <string.h>

/* Beside the visible ones, states that are no slice. */
enum {
	STATE_UNKNOWN = TIMELINE_STATES, /* nothing was heard of it yet */
	STATE_IDLE,			 /* without a task */
	STATE_BETWEEN,			 /* the next event has the same time */
	STATE_LOST_IDLE,		 /* was idle when events were lost */
};

struct lane {
	struct timeline_lane told;
	int state;
	uint64_t since_ns;
	uint16_t domain;
	bool is_waiter; /* counted as one in its domain */
	bool has_label;
	struct lock_label label;
};

struct domain {
	bool is_known; /* whether it is held */
	uint16_t holder;
	uint16_t released_by; /* the last one, or LOCK_NO_THREAD */
	uint64_t released_ns;
	uint64_t waiters;
	uint64_t told_waiters;
	uint64_t told_ns;
};

struct timeline {
	struct timeline_sink sink;
	bool is_whole;
	bool has_events;
	uint64_t next_number;
	struct timeline_totals totals;
	struct lane *lanes; /* owned, n_lanes of them */
	size_t n_lanes;
	struct domain *domains; /* owned, n_domains of them */
	size_t n_domains;
};

static const char *const state_names[TIMELINE_STATES] = {
    [TIMELINE_RUNNING] = "running",
    [TIMELINE_WAITING] = "waiting",
    [TIMELINE_SWITCH_WAIT] = "switch-wait",
    [TIMELINE_NATIVE] = "native",
    [TIMELINE_IO] = "io",
    [TIMELINE_LOST] = "lost",
};

static const char *const mark_names[TIMELINE_MARKS] = {
    [TIMELINE_DROP_REQUEST] = "drop request",
    [TIMELINE_MISSED] = "missed switch",
    [TIMELINE_GAP] = "lost events",
};

/* What state an event finds its thread in, and what state it leaves it in. */
static const struct {
	int before;
	int after;
} steps[LOCK_EVENT_KINDS] = {
    [LOCK_TASK_START] = {STATE_IDLE, STATE_BETWEEN},
    [LOCK_TASK_END] = {STATE_BETWEEN, STATE_IDLE},
    [LOCK_REQUEST] = {STATE_BETWEEN, TIMELINE_WAITING},
    [LOCK_WAKE] = {TIMELINE_WAITING, TIMELINE_WAITING},
    [LOCK_DROP_REQUEST] = {TIMELINE_WAITING, TIMELINE_WAITING},
    [LOCK_WITHDRAW] = {TIMELINE_RUNNING, TIMELINE_RUNNING},
    [LOCK_ACQUIRE] = {TIMELINE_WAITING, TIMELINE_RUNNING},
    [LOCK_RELEASE] = {TIMELINE_RUNNING, STATE_BETWEEN},
    [LOCK_SWITCH_WAIT_START] = {STATE_BETWEEN, TIMELINE_SWITCH_WAIT},
    [LOCK_SWITCH_WAIT_END] = {TIMELINE_SWITCH_WAIT, STATE_BETWEEN},
    [LOCK_NATIVE_START] = {STATE_BETWEEN, TIMELINE_NATIVE},
    [LOCK_NATIVE_END] = {TIMELINE_NATIVE, STATE_BETWEEN},
    [LOCK_IO_START] = {STATE_BETWEEN, TIMELINE_IO},
    [LOCK_IO_END] = {TIMELINE_IO, STATE_BETWEEN},
};

const char *
timeline_state_name(enum timeline_state state)
{
	return state_names[state];
}

const char *
timeline_mark_name(enum timeline_mark_kind kind)
{
	return mark_names[kind];
}

struct timeline *
timeline_new(const struct timeline_sink *sink, bool is_whole)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (timeline == NULL)
		return NULL;
	timeline->sink = *sink;
	timeline->is_whole = is_whole;
	return timeline;
}

void
timeline_free(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	free(timeline->lanes);
	free(timeline->domains);
	free(timeline);
}

/* Makes an array that has *n elements of a size have one at `last`, too. */
static void *
grow_to(void *array, size_t *n, size_t last, size_t size)
{
	char *grown = array;

	if (last < *n)
		return array;
	grown = realloc(array, (last + 1) * size);
	if (grown == NULL)
		return NULL;
	memset(grown + *n * size, 0, (last + 1 - *n) * size);
	*n = last + 1;
	return grown;
}

static int
timeline_reach(struct timeline *timeline, const struct lock_event *event)
{
	size_t lanes_before = timeline->n_lanes;
	size_t domains_before = timeline->n_domains;
	void *grown;

	grown = grow_to(timeline->lanes, &timeline->n_lanes, event->thread,
	    sizeof(*timeline->lanes));
	if (grown == NULL)
		return -1;
	timeline->lanes = grown;
	for (size_t i = lanes_before; i < timeline->n_lanes; i++)
		timeline->lanes[i].state = STATE_UNKNOWN;
	grown = grow_to(timeline->domains, &timeline->n_domains, event->domain,
	    sizeof(*timeline->domains));
	if (grown == NULL)
		return -1;
	timeline->domains = grown;
	for (size_t i = domains_before; i < timeline->n_domains; i++)
		timeline->domains[i].released_by = LOCK_NO_THREAD;
	return 0;
}

static void
tell_mark(const struct timeline *timeline, enum timeline_mark_kind kind,
    uint16_t thread, uint16_t other, uint64_t time_ns, uint64_t n)
{
	struct timeline_mark mark = {kind, thread, other, time_ns, n};

	if (timeline->sink.mark != NULL)
		timeline->sink.mark(timeline->sink.arg, &mark);
}

/* What the lane showed up to now is over. */
static void
lane_close(struct timeline *timeline, struct lane *lane, uint64_t time_ns)
{
	struct timeline_slice slice = {
	    .thread = (uint16_t)(lane - timeline->lanes),
	    .domain = lane->domain,
	    .start_ns = lane->since_ns,
	    .end_ns = time_ns,
	    .has_label = lane->has_label,
	    .label = lane->label,
	};

	if (time_ns <= lane->since_ns)
		return;
	lane->since_ns = time_ns;
	if (lane->state >= TIMELINE_STATES)
		return;
	slice.state = (enum timeline_state)lane->state;
	lane->told.state_ns[slice.state] += slice.end_ns - slice.start_ns;
	if (timeline->sink.slice != NULL)
		timeline->sink.slice(timeline->sink.arg, &slice);
}

static void
lane_set(struct lane *lane, int state, uint64_t time_ns)
{
	lane->state = state;
	if (lane->since_ns < time_ns)
		lane->since_ns = time_ns;
}

/* Tells of the waiters once their number is another. */
static void
domain_tell(struct timeline *timeline, uint16_t number, uint64_t time_ns)
{
	struct domain *domain = &timeline->domains[number];

	if (domain->told_ns < time_ns)
		domain->told_ns = time_ns;
	if (domain->waiters == domain->told_waiters)
		return;
	domain->told_waiters = domain->waiters;
	if (timeline->sink.waiters != NULL)
		timeline->sink.waiters(timeline->sink.arg, number,
		    domain->told_ns, domain->waiters);
}

/*
 * Who finds the lock free takes it in the same breath and is no waiter. A lock
 * that waiters are on their way to is not free for certain.
 */
static void
lane_come(struct timeline *timeline, struct lane *lane, uint64_t time_ns)
{
	struct domain *domain = &timeline->domains[lane->domain];

	if (lane->is_waiter ||
	    (domain->is_known && domain->waiters == 0 &&
		domain->holder == LOCK_NO_THREAD))
		return;
	lane->is_waiter = true;
	domain->waiters++;
	domain_tell(timeline, lane->domain, time_ns);
}

static void
lane_go(struct timeline *timeline, struct lane *lane, uint64_t time_ns)
{
	if (!lane->is_waiter)
		return;
	lane->is_waiter = false;
	timeline->domains[lane->domain].waiters--;
	domain_tell(timeline, lane->domain, time_ns);
}

/* Nobody knows what happened meanwhile; what was so far is known. */
static void
timeline_lose(struct timeline *timeline, uint64_t n)
{
	uint64_t now_ns = timeline->totals.last_ns;

	timeline->totals.lost += n;
	tell_mark(
	    timeline, TIMELINE_GAP, LOCK_NO_THREAD, LOCK_NO_THREAD, now_ns, n);
	for (size_t i = 0; i < timeline->n_lanes; i++) {
		struct lane *lane = &timeline->lanes[i];

		if (lane->state == STATE_UNKNOWN)
			continue;
		lane_close(timeline, lane, now_ns);
		lane_go(timeline, lane, now_ns);
		if (lane->state == STATE_IDLE || lane->state == STATE_LOST_IDLE)
			lane_set(lane, STATE_LOST_IDLE, now_ns);
		else
			lane_set(lane, TIMELINE_LOST, now_ns);
	}
	for (size_t i = 0; i < timeline->n_domains; i++) {
		timeline->domains[i].is_known = false;
		timeline->domains[i].released_by = LOCK_NO_THREAD;
	}
}

/* Whether the event can be the next of its thread, as far as is known. */
static bool
lane_expects(const struct lane *lane, const struct lock_event *event)
{
	if (lane->state == steps[event->kind].before)
		return true;
	if (event->kind == LOCK_TASK_START)
		return lane->state == STATE_UNKNOWN ||
		    lane->state == STATE_LOST_IDLE;
	return event->kind == LOCK_TASK_END && lane->state == TIMELINE_WAITING;
}

/* The lane's state up to this event; one that goes on is not over. */
static void
lane_leave(struct timeline *timeline, struct lane *lane,
    const struct lock_event *event)
{
	bool is_expected = lane_expects(lane, event);

	if (is_expected && lane->state == steps[event->kind].after)
		return;
	if (!is_expected && lane->state < STATE_LOST_IDLE &&
	    lane->state != STATE_UNKNOWN) {
		lane->state = TIMELINE_LOST;
		lane_go(timeline, lane, event->time_ns);
	}
	lane_close(timeline, lane, event->time_ns);
	lane_set(lane, steps[event->kind].after, event->time_ns);
}

static void
tell_arrow(struct timeline *timeline, const struct lock_event *event)
{
	const struct domain *domain = &timeline->domains[event->domain];
	struct timeline_arrow arrow = {
	    .domain = event->domain,
	    .from = event->other,
	    .to = event->thread,
	    .from_ns = domain->released_ns,
	    .to_ns = event->time_ns,
	};

	if (event->other == event->thread || event->other == LOCK_NO_THREAD ||
	    domain->released_by != event->other ||
	    !timeline->lanes[event->thread].is_waiter ||
	    timeline->sink.arrow == NULL)
		return;
	timeline->sink.arrow(timeline->sink.arg, &arrow);
}

/* The lane has the event's state; what else the event says. */
static void
timeline_take(struct timeline *timeline, const struct lock_event *event)
{
	struct domain *domain = &timeline->domains[event->domain];
	struct lane *lane = &timeline->lanes[event->thread];

	switch (event->kind) {
	case LOCK_TASK_START:
		lane->has_label = true;
		lane->label = event->label;
		lane->told.tasks++;
		break;
	case LOCK_TASK_END:
		lane_go(timeline, lane, event->time_ns);
		lane->told.tasks += !lane->has_label;
		lane->has_label = false;
		break;
	case LOCK_REQUEST:
	case LOCK_WAKE:
		lane_come(timeline, lane, event->time_ns);
		break;
	case LOCK_DROP_REQUEST:
		lane->told.requests++;
		tell_mark(timeline, TIMELINE_DROP_REQUEST, event->thread,
		    event->other, event->time_ns, 1);
		break;
	case LOCK_ACQUIRE:
		tell_arrow(timeline, event);
		lane_go(timeline, lane, event->time_ns);
		lane->told.acquisitions++;
		lane->told.handovers += event->other != event->thread &&
		    event->other != LOCK_NO_THREAD;
		domain->is_known = true;
		domain->holder = event->thread;
		if (event->detail == 0)
			break;
		lane->told.missed++;
		tell_mark(timeline, TIMELINE_MISSED, event->thread,
		    LOCK_NO_THREAD, event->time_ns, 1);
		break;
	case LOCK_RELEASE:
		domain->is_known = true;
		domain->holder = LOCK_NO_THREAD;
		domain->released_by = event->thread;
		domain->released_ns = event->time_ns;
		break;
	default:
		break;
	}
}

static void
timeline_begin(struct timeline *timeline, uint64_t time_ns)
{
	timeline->has_events = true;
	timeline->totals.first_ns = timeline->totals.last_ns = time_ns;
	if (timeline->sink.begin != NULL)
		timeline->sink.begin(timeline->sink.arg, time_ns);
}

int
timeline_add(struct timeline *timeline, const struct lock_event *event)
{
	struct timeline_totals *totals = &timeline->totals;
	struct lane *lane;

	if ((timeline->has_events && event->number < timeline->next_number) ||
	    event->kind >= LOCK_EVENT_KINDS || event->thread == LOCK_NO_THREAD)
		return 0;
	if (!timeline->has_events)
		timeline_begin(timeline, event->time_ns);
	else if (timeline->is_whole && event->number > timeline->next_number)
		timeline_lose(timeline, event->number - timeline->next_number);
	if (timeline_reach(timeline, event) == -1)
		return -1;
	timeline->next_number = event->number + 1;
	totals->events++;
	if (totals->first_ns > event->time_ns)
		totals->first_ns = event->time_ns;
	if (totals->last_ns < event->time_ns)
		totals->last_ns = event->time_ns;

	lane = &timeline->lanes[event->thread];
	lane->told.events++;
	lane_leave(timeline, lane, event);
	lane->domain = event->domain;
	timeline_take(timeline, event);
	return 0;
}

void
timeline_add_loss(struct timeline *timeline, uint64_t n)
{
	if (n == 0)
		return;
	timeline_lose(timeline, n);
	timeline->next_number += n;
}

void
timeline_end(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->n_lanes; i++) {
		struct lane *lane = &timeline->lanes[i];

		lane_close(timeline, lane, timeline->totals.last_ns);
		lane_set(lane, STATE_UNKNOWN, timeline->totals.last_ns);
	}
}

struct timeline_totals
timeline_totals(const struct timeline *timeline)
{
	return timeline->totals;
}

size_t
timeline_lanes(const struct timeline *timeline)
{
	return timeline->n_lanes;
}

const struct timeline_lane *
timeline_lane(const struct timeline *timeline, size_t thread)
{
	return &timeline->lanes[thread].told;
}
