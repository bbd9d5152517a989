/*
 * The executors of a world: slots move as executor.c and recovery.c move them,
 * one stage at a time, so that one can die in any.
 */
#include <stdatomic.h>
#include <string.h>

#include "daemon/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#define EXECUTOR_PID 4711
#define WORK_MAX 2048 /* stages in one go */

uint32_t
world_seats(const struct world *world)
{
	return world->generation.board.n_seats;
}

static uint32_t
pool_of(const struct world *world, uint32_t seat)
{
	uint32_t pool = 0;

	while (pool + 1 < world->settings->n_pools &&
	    world->generation.board.first_seat[pool + 1] <= seat)
		pool++;
	return pool;
}

/* One in the ring of a thread, if its pool keeps any. */
static void
record_event(const struct world *world, uint32_t seat, const struct slot *slot,
    enum lock_event_kind kind)
{
	const struct board *board = &world->generation.board;
	uint32_t thread = seat - board->first_seat[slot->pool];
	struct pool_record *record = &board->pools[slot->pool];
	struct lock_event event = {
	    .kind = (uint8_t)kind,
	    .time_ns = clock_monotonic_ns(),
	    .thread = (uint16_t)thread,
	    .other = LOCK_NO_THREAD,
	};

	if (world->settings->pools[slot->pool].kind != POOL_THREADS ||
	    counter_get(&record->events) == 0)
		return;
	if (kind == LOCK_TASK_START)
		event.label = (struct lock_label){
		    {slot->job.high, slot->job.low}, slot->task};
	event_ring_begin(board_ring(board, slot->pool, thread));
	event.number = atomic_fetch_add(&record->event_number, 1);
	event_ring_put(board_ring(board, slot->pool, thread), &event);
}

/* What executor.c writes, with figures that add up. */
static void
end_task(const struct world *world, struct slot *slot, unsigned how)
{
	struct lock_histograms *histograms =
	    board_histograms(&world->generation.board, slot);
	uint64_t turns = how % 2 == 0 ? slot->count : slot->count / 2;

	slot->end = turns == slot->count || !slot_is_cancelled(slot)
	    ? TASK_DONE
	    : TASK_CANCELLED;
	if (slot->end == TASK_DONE)
		turns = slot->count;
	counter_set(&slot->turns, turns);
	slot->result = (struct task_result){
	    .pid = EXECUTOR_PID,
	    .tid = EXECUTOR_PID,
	    .attempts = slot_look(slot).attempts,
	    .count = slot->count,
	    .turns = turns,
	    .start_ns = clock_monotonic_ns() - slot->arrival_ns,
	    .wall_ns = how,
	    .cpu_ns = how,
	};
	memset(histograms, 0, sizeof(*histograms));
	histogram_add(&histograms->hold, how);
}

/* All that the seat names, as far as at has come. */
static int
hand_back(const struct world *world, const struct seat *seat, size_t at)
{
	uint32_t tickets[BUNDLE_TICKETS];

	for (size_t i = 0; i <= at; i++)
		tickets[i] = atomic_load(&seat->tickets[i]);
	return queue_push(&world->generation.ended[0], tickets, at + 1);
}

void
world_work(struct world *world, uint32_t number, unsigned how)
{
	const struct generation *generation = &world->generation;
	struct seat *seat = &generation->board.seats[number];
	size_t *at = &world->at[number];
	uint32_t ticket = atomic_load(&seat->tickets[*at]);
	struct slot *slot = board_slot(&generation->board, ticket);
	enum stage *stage = &world->stages[number];

	switch (*stage) {
	case STAGE_IDLE:
		if (queue_claim(&generation->run[pool_of(world, number)],
			seat->tickets) > 0)
			*stage = STAGE_CLAIMED;
		break;
	case STAGE_CLAIMED:
		MUST(slot != NULL);
		*stage = STAGE_FINISHED;
		if (!slot_start(slot, ticket))
			break;
		*stage = STAGE_STARTED;
		record_event(world, number, slot, LOCK_TASK_START);
		break;
	case STAGE_STARTED:
		for (unsigned i = 0; i < how % 32; i++)
			record_event(world, number, slot, LOCK_ACQUIRE);
		record_event(world, number, slot, LOCK_TASK_END);
		end_task(world, slot, how);
		MUST(slot_finish(slot, ticket));
		*stage = STAGE_FINISHED;
		break;
	case STAGE_FINISHED:
		if (*at + 1 < BUNDLE_TICKETS &&
		    atomic_load(&seat->tickets[*at + 1]) != TICKET_NONE) {
			++*at;
			*stage = STAGE_CLAIMED;
		} else if (hand_back(world, seat, *at) == 0) {
			*stage = STAGE_HANDED_BACK;
		}
		break;
	case STAGE_HANDED_BACK:
		for (size_t i = 0; i < BUNDLE_TICKETS; i++)
			atomic_store(&seat->tickets[i], TICKET_NONE);
		*at = 0;
		*stage = STAGE_IDLE;
		break;
	}
}

void
world_kill_executor(struct world *world, uint32_t seat, int status)
{
	recovery_empty_seat(&world->recovery,
	    &world->generation.board.seats[seat], EXECUTOR_PID, status);
	world->stages[seat] = STAGE_IDLE;
	world->at[seat] = 0;
}

void
world_work_all(struct world *world)
{
	unsigned n_idle = 0;

	(void)recovery_push_strays(&world->recovery);
	for (unsigned i = 0; i < WORK_MAX && n_idle < world_seats(world); i++) {
		uint32_t seat = i % world_seats(world);
		enum stage before = world->stages[seat];

		world_work(world, seat, 2);
		n_idle = world->stages[seat] == before ? n_idle + 1 : 0;
	}
}

void
world_flood_queues(struct world *world)
{
	/* Of slot 0, under a tag that it has after 4,095 tasks only. */
	const uint32_t stale = UINT32_C(0xfff) << SLOT_NUMBER_BITS;

	while (queue_push_bundle_of(&world->generation.run[0], stale) == 0)
		;
	while (queue_push(&world->generation.ended[0], &stale, 1) == 0)
		;
}
