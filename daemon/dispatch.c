/*
 * The dispatcher. Run by its frontend's one thread. It owns the frontend's
 * range of slots on the board, and what is private about each: whose task it
 * holds.
 *
 * A slot is free, or its ticket is under way: in `unsent`, in the pool's
 * queue, in a seat, or in our queue of ended tasks. Its ticket comes back
 * exactly once as far as we can see (a second one is stale), and only then is
 * the slot free again, also when its task was revoked.
 */
#include "daemon/dispatch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/board.h"
#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "daemon/log.h"

#define TAKE_MAX 256
#define RETRY_MS 10 /* a pool's queue was full */

/*
 * Tasks beyond one for each executor: as many as keep each at work for this
 * long, so that executors find the next task at once while tasks are short,
 * and none waits behind long ones in a pipe where it has no turn. A task that
 * is longer counts for as much, and so fills one executor's share.
 */
#define LOOKAHEAD_NS (10 * NS_PER_MS)

/*
 * Tasks shorter than this share a bundle, which one executor claims and hands
 * back in one go, of no more work than that in all: so that what a claim and a
 * wake-up cost is paid once for many, nobody waits behind a long task, and what
 * waits behind short ones waits for no longer than a wake-up may take anyway.
 */
#define TINY_NS (20 * NS_PER_US)
#define BUNDLE_NS (100 * NS_PER_US)

TAILQ_HEAD(turns, lane);

/* One pool as this frontend sees it. */
struct pool_view {
	const struct pool_settings *settings;
	struct tally *tally;
	/* Of each priority: lanes, the next to serve first. And a bit for each
	 * where there are any. */
	struct turns turns[REQUEST_PRIORITIES];
	uint32_t waiting;
	uint32_t n_under_way; /* slots that are not free */
	uint64_t work_ns;     /* of those, each LOOKAHEAD_NS at most */
	uint32_t n_unsent;    /* bundles, not in the pool's queue yet */
	struct bundle *unsent;
	/* Of the last one of these: how many may share it, how many do, and
	 * their work. */
	uint32_t n_share;
	uint32_t n_last;
	uint64_t last_ns;
};

/* Whose task a slot holds. */
struct holding {
	struct load *load; /* NULL: nobody's any more */
	uint32_t task;
	uint64_t work_ns; /* its part of its pool's */
};

struct dispatcher {
	struct frontend *frontend;
	const struct generation *generation;
	uint32_t first_slot, n_slots;
	uint32_t n_free;
	uint32_t *free_slots; /* numbers; a stack: warm slots first */
	struct holding *holdings;
	struct pool_view pools[SETTINGS_MAX_POOLS];
	struct lanes *line; /* everybody's, with queue = fifo; else NULL */
	struct event *ended_event;
	struct event *retry_timer;
	uint64_t n_ended;     /* tickets that came back */
	uint32_t n_under_way; /* in all pools */
};

static void
view_count(struct dispatcher *dispatcher, struct pool_view *view, int change)
{
	dispatcher->n_under_way += (uint32_t)change;
	view->n_under_way += (uint32_t)change;
	counter_set(&view->tally->tasks_dispatched, view->n_under_way);
}

/* --- loads --- */

bool
load_is_over(const struct load *load)
{
	return load->n_under_way == 0 && load->lane == NULL;
}

uint64_t
load_turns(const struct load *load, const struct board *board)
{
	uint64_t turns = 0;

	for (uint32_t i = 0; i < load->next_task; i++) {
		if (load->tickets[i] != TICKET_NONE)
			turns += counter_get(
			    &board_slot(board, load->tickets[i])->turns);
	}
	return turns;
}

uint32_t
load_attempts(const struct load *load, const struct board *board)
{
	uint32_t most = load->attempts;

	for (uint32_t i = 0; i < load->next_task; i++) {
		struct slot_view view;
		uint32_t lost;

		if (load->tickets[i] == TICKET_NONE)
			continue;
		view = slot_look(board_slot(board, load->tickets[i]));
		lost = view.attempts - (view.state == SLOT_RUNNING);
		if (lost > most)
			most = lost;
	}
	return most;
}

/* --- run queues --- */

int
dispatch_enqueue(
    struct dispatcher *dispatcher, struct lanes *lanes, struct load *load)
{
	struct pool_view *view = &dispatcher->pools[load->pool];
	struct lane *lane =
	    lane_open(dispatcher->line != NULL ? dispatcher->line : lanes,
		load->pool, load->priority);

	if (lane == NULL)
		return -1;
	if (TAILQ_EMPTY(&lane->loads))
		TAILQ_INSERT_TAIL(&view->turns[load->priority], lane, turn);
	view->waiting |= UINT32_C(1) << load->priority;
	TAILQ_INSERT_TAIL(&lane->loads, load, links);
	lanes_count(lane->lanes, 1);
	load->lane = lane;
	counter_add(&view->tally->tasks_queued, load->n_tasks);
	return 0;
}

/* Takes the load out of its lane. False where that was the last one there: then
 * the lane is gone. */
static bool
lane_remove(struct pool_view *view, struct load *load)
{
	struct turns *turns = &view->turns[load->priority];
	struct lane *lane = load->lane;

	TAILQ_REMOVE(&lane->loads, load, links);
	lanes_count(lane->lanes, -1);
	load->lane = NULL;
	if (!TAILQ_EMPTY(&lane->loads))
		return true;
	TAILQ_REMOVE(turns, lane, turn);
	if (TAILQ_EMPTY(turns))
		view->waiting &= ~(UINT32_C(1) << load->priority);
	lane_close(lane);
	return false;
}

void
dispatch_withdraw(struct dispatcher *dispatcher, struct load *load)
{
	struct pool_view *view = &dispatcher->pools[load->pool];

	if (load->lane == NULL)
		return;
	counter_add(&view->tally->tasks_queued,
	    -(uint64_t)(load->n_tasks - load->next_task));
	lane_remove(view, load);
}

/* All its tasks are dispatched: the turn is the next lane's. */
static void
lane_end_turn(struct pool_view *view, struct load *load)
{
	struct turns *turns = &view->turns[load->priority];
	struct lane *lane = load->lane;

	if (!lane_remove(view, load))
		return;
	TAILQ_REMOVE(turns, lane, turn);
	TAILQ_INSERT_TAIL(turns, lane, turn);
}

/* --- out --- */

static bool
view_has_room(const struct pool_view *view)
{
	uint32_t size = view->settings->size;

	return view->n_under_way < size ||
	    (view->n_under_way < size + BOARD_LOOKAHEAD &&
		view->work_ns < size * LOOKAHEAD_NS);
}

/* Sends what is published. What does not fit is kept and tried again. */
static void
view_send(struct dispatcher *dispatcher, uint32_t pool)
{
	static const struct timeval retry = {.tv_usec = RETRY_MS * 1000};
	struct pool_view *view = &dispatcher->pools[pool];
	uint32_t sent = 0;

	while (sent < view->n_unsent) {
		uint32_t n = view->n_unsent - sent;

		if (n > QUEUE_MAX_BUNDLES)
			n = QUEUE_MAX_BUNDLES;
		if (queue_push_bundles(&dispatcher->generation->run[pool],
			&view->unsent[sent], n) != 0) {
			if (errno != EAGAIN)
				fatal("cannot write to a queue: %s",
				    strerror(errno));
			event_add(dispatcher->retry_timer, &retry);
			break;
		}
		sent += n;
	}
	if (sent > 0) /* other frontends count there too */
		atomic_fetch_add_explicit(
		    &dispatcher->frontend->board->pools[pool].pushes, 1,
		    memory_order_relaxed);
	view->n_unsent -= sent;
	memmove(view->unsent, view->unsent + sent,
	    view->n_unsent * sizeof(*view->unsent));
}

/*
 * How many tasks may share a bundle. Only so many that two bundles are left for
 * each executor, so that none has nothing to do while another has a bundle; and
 * one in a pool of threads, where who gets which task is what is looked at.
 */
static uint32_t
view_share(const struct pool_view *view)
{
	uint32_t size = view->settings->size;
	uint64_t n =
	    view->n_under_way + counter_get(&view->tally->tasks_queued);
	uint64_t share;

	if (view->settings->kind == POOL_THREADS)
		return 1;
	if (n > size + BOARD_LOOKAHEAD)
		n = size + BOARD_LOOKAHEAD;
	share = n / (2 * size);
	return share > BUNDLE_TICKETS ? BUNDLE_TICKETS : (uint32_t)share;
}

/* Puts a ticket into the last bundle that is unsent, or begins another. */
static void
view_bundle(struct pool_view *view, uint32_t ticket, uint64_t work_ns)
{
	bool is_tiny = work_ns < TINY_NS;

	if (!is_tiny || view->n_unsent == 0 || view->n_last >= view->n_share ||
	    view->last_ns + work_ns >= BUNDLE_NS) {
		view->unsent[view->n_unsent++] = (struct bundle){{0}};
		view->n_last = 0;
		view->last_ns = 0;
	}
	view->unsent[view->n_unsent - 1].tickets[view->n_last++] = ticket;
	view->last_ns += is_tiny ? work_ns : BUNDLE_NS;
}

/* The load whose turn it is; there is one. */
static struct load *
view_next(const struct pool_view *view)
{
	int highest = 31 - __builtin_clz(view->waiting);

	return TAILQ_FIRST(&TAILQ_FIRST(&view->turns[highest])->loads);
}

/* Publishes the next task of that load. */
static void
view_dispatch_next(struct dispatcher *dispatcher, struct pool_view *view)
{
	struct load *load = view_next(view);
	struct holding *holding;
	uint32_t number, ticket;
	struct slot *slot;

	if (load->next_task == 0 && load->type->begin(load) != 0)
		return;
	number = dispatcher->free_slots[--dispatcher->n_free];
	slot = &dispatcher->frontend->board->slots[number];
	load->type->fill(load, load->next_task, slot);
	slot->pool = load->pool;
	holding = &dispatcher->holdings[number - dispatcher->first_slot];
	*holding = (struct holding){
	    .load = load,
	    .task = load->next_task,
	    .work_ns =
		load->task_ns < LOOKAHEAD_NS ? load->task_ns : LOOKAHEAD_NS,
	};
	view->work_ns += holding->work_ns;
	ticket = slot_publish_after(slot, number, load->attempts);
	load->tickets[load->next_task++] = ticket;
	load->n_under_way++;
	view_bundle(view, ticket, load->task_ns);
	view_count(dispatcher, view, 1);
	counter_add(&view->tally->tasks_queued, (uint64_t)-1);
	if (load->next_task == load->n_tasks)
		lane_end_turn(view, load);
}

void
dispatch_pump(struct dispatcher *dispatcher)
{
	for (uint32_t i = 0; i < dispatcher->frontend->settings->n_pools; i++) {
		struct pool_view *view = &dispatcher->pools[i];

		view->n_share = view_share(view);
		while (view_has_room(view) && dispatcher->n_free > 0 &&
		    view->waiting != 0)
			view_dispatch_next(dispatcher, view);
		if (view->n_unsent > 0)
			view_send(dispatcher, i);
	}
}

static void
retry_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dispatch_pump(arg);
}

/* The slot's task is nobody's any more, and no work. */
static void
holding_clear(struct pool_view *view, struct holding *holding)
{
	view->work_ns -= holding->work_ns;
	*holding = (struct holding){.load = NULL};
}

/*
 * Calls a task back. True when it had not started: it never will. False when
 * it runs (it was told to stop) or has ended (its ticket is on its way).
 */
static bool
dispatch_stop(struct dispatcher *dispatcher, uint32_t ticket)
{
	uint32_t number = ticket_slot_number(ticket);
	struct slot *slot = &dispatcher->frontend->board->slots[number];

	/* The flag first: see slot_cancel(). */
	slot_cancel(slot);
	if (slot_revoke(slot, ticket)) {
		holding_clear(&dispatcher->pools[slot->pool],
		    &dispatcher->holdings[number - dispatcher->first_slot]);
		return true;
	}
	generation_ring(dispatcher->generation, slot->pool);
	return false;
}

void
dispatch_recall(struct dispatcher *dispatcher, struct load *load)
{
	dispatch_withdraw(dispatcher, load);
	for (uint32_t i = 0; i < load->next_task; i++) {
		if (load->tickets[i] == TICKET_NONE ||
		    !dispatch_stop(dispatcher, load->tickets[i]))
			continue;
		load->tickets[i] = TICKET_NONE;
		load->n_under_way--;
	}
}

/* --- in --- */

static void
load_end_task(struct load *load, uint32_t task, const struct slot *slot)
{
	load->tickets[task] = TICKET_NONE;
	load->n_under_way--;
	load->type->ended(load, task, slot);
}

static void
dispatch_take_back(struct dispatcher *dispatcher, uint32_t ticket)
{
	uint32_t number = ticket_slot_number(ticket);
	uint32_t local = number - dispatcher->first_slot;
	struct slot *slot;
	struct slot_view seen;
	struct holding holding;
	struct pool_view *view;

	if (local >= dispatcher->n_slots)
		return;
	slot = &dispatcher->frontend->board->slots[number];
	seen = slot_look(slot);
	if (seen.tag != ticket_tag(ticket) ||
	    (seen.state != SLOT_FINISHED && seen.state != SLOT_REVOKED))
		return; /* stale: it came back before */
	holding = dispatcher->holdings[local];
	view = &dispatcher->pools[slot->pool];
	holding_clear(view, &dispatcher->holdings[local]);
	if (seen.state == SLOT_FINISHED && holding.load != NULL)
		load_end_task(holding.load, holding.task, slot);
	slot_free(slot, ticket);
	dispatcher->free_slots[dispatcher->n_free++] = number;
	view_count(dispatcher, view, -1);
}

static void
ended_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dispatcher *dispatcher = arg;
	uint32_t tickets[TAKE_MAX];
	size_t n;

	(void)fd;
	(void)what;
	n = queue_take(
	    &dispatcher->generation->ended[dispatcher->frontend->number],
	    tickets, TAKE_MAX);
	dispatcher->n_ended += n;
	for (size_t i = 0; i < n; i++)
		dispatch_take_back(dispatcher, tickets[i]);
	dispatch_pump(dispatcher);
}

uint64_t
dispatch_count_ended(const struct dispatcher *dispatcher)
{
	return dispatcher->n_ended;
}

uint32_t
dispatch_count_under_way(const struct dispatcher *dispatcher)
{
	return dispatcher->n_under_way;
}

/* --- begin and end --- */

/* What a predecessor left running is cancelled, and comes back as any other;
 * all else is ours at once, and tickets of it in the queues are stale. */
static void
dispatcher_reclaim_slots(struct dispatcher *dispatcher)
{
	for (uint32_t i = 0; i < dispatcher->n_slots; i++) {
		uint32_t number = dispatcher->first_slot + i, ticket;
		struct slot *slot = &dispatcher->frontend->board->slots[number];

		if (slot_reclaim(slot, number, &ticket)) {
			dispatcher->free_slots[dispatcher->n_free++] = number;
			continue;
		}
		slot_cancel(slot);
		generation_ring(dispatcher->generation, slot->pool);
		view_count(dispatcher, &dispatcher->pools[slot->pool], 1);
	}
}

/* Jobs that a predecessor counted as unfinished ended with it. */
static void
tally_inherit(struct tally *tally)
{
	counter_add(&tally->jobs[JOB_CANCELLED],
	    counter_get(&tally->jobs[JOB_QUEUED]) +
		counter_get(&tally->jobs[JOB_RUNNING]));
	counter_set(&tally->jobs[JOB_QUEUED], 0);
	counter_set(&tally->jobs[JOB_RUNNING], 0);
	counter_set(&tally->tasks_queued, 0);
	counter_set(&tally->tasks_dispatched, 0);
}

static int
dispatcher_open_pools(struct dispatcher *dispatcher)
{
	struct frontend *frontend = dispatcher->frontend;

	for (uint32_t i = 0; i < frontend->settings->n_pools; i++) {
		struct pool_view *view = &dispatcher->pools[i];

		view->settings = &frontend->settings->pools[i];
		view->tally = board_tally(frontend->board, frontend->number, i);
		tally_inherit(view->tally);
		for (size_t j = 0; j < REQUEST_PRIORITIES; j++)
			TAILQ_INIT(&view->turns[j]);
		view->unsent = calloc(view->settings->size + BOARD_LOOKAHEAD,
		    sizeof(*view->unsent));
		if (view->unsent == NULL)
			return -1;
	}
	return 0;
}

struct dispatcher *
dispatcher_new(struct frontend *frontend)
{
	struct dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));
	uint32_t n = frontend->board->slots_per_frontend;

	if (dispatcher == NULL)
		return NULL;
	dispatcher->frontend = frontend;
	dispatcher->generation = frontend->generation;
	dispatcher->first_slot = frontend->number * n;
	dispatcher->n_slots = n;
	dispatcher->free_slots = calloc(n, sizeof(*dispatcher->free_slots));
	dispatcher->holdings = calloc(n, sizeof(*dispatcher->holdings));
	dispatcher->ended_event = event_new(frontend->base,
	    frontend->generation->ended[frontend->number].read_fd,
	    EV_READ | EV_PERSIST, ended_cb, dispatcher);
	dispatcher->retry_timer =
	    event_new(frontend->base, -1, 0, retry_cb, dispatcher);
	if (frontend->settings->queue == QUEUE_FIFO)
		dispatcher->line = lanes_new();
	if (dispatcher->free_slots == NULL || dispatcher->holdings == NULL ||
	    (frontend->settings->queue == QUEUE_FIFO &&
		dispatcher->line == NULL) ||
	    dispatcher->ended_event == NULL ||
	    dispatcher->retry_timer == NULL ||
	    dispatcher_open_pools(dispatcher) != 0 ||
	    event_add(dispatcher->ended_event, NULL) != 0) {
		dispatcher_free(dispatcher);
		return NULL;
	}
	dispatcher_reclaim_slots(dispatcher);
	return dispatcher;
}

void
dispatcher_free(struct dispatcher *dispatcher)
{
	if (dispatcher == NULL)
		return;
	if (dispatcher->ended_event != NULL)
		event_free(dispatcher->ended_event);
	if (dispatcher->retry_timer != NULL)
		event_free(dispatcher->retry_timer);
	for (size_t i = 0; i < SETTINGS_MAX_POOLS; i++)
		free(dispatcher->pools[i].unsent);
	lanes_unref(dispatcher->line);
	free(dispatcher->holdings);
	free(dispatcher->free_slots);
	free(dispatcher);
}
