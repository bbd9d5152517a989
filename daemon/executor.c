/*
 * The executor's loop. Run by each thread of an interpreter, and by a worker
 * process as its only one.
 *
 * It can be killed between any two instructions. What it serves is always
 * named by its seat, from the read(2) that claims it to the store that clears
 * it after the ticket has gone back, so that the master can see what became of
 * it. Only tasks in RUNNING state are written to.
 */
#include "daemon/executor.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "daemon/log.h"

/* What one attempt costs, read at its start and at its end. */
struct meter {
	uint64_t monotonic_ns;
	uint64_t cpu_ns;
	struct rusage usage;
};

static void
meter_read(struct meter *meter)
{
	meter->monotonic_ns = clock_monotonic_ns();
	meter->cpu_ns = clock_thread_cpu_ns();
	getrusage(RUSAGE_THREAD, &meter->usage);
}

void
executor_init(struct executor *executor, const struct generation *generation,
    uint32_t pool, uint32_t seat, struct gil *gil)
{
	*executor = (struct executor){
	    .generation = generation,
	    .pool = pool,
	    .seat = &generation->board.seats[seat],
	    .gil = gil,
	};
}

/*
 * Counts a task down, with the lock held where there is one. The countdown
 * comes up at a safepoint that found a flag set, and once a stride.
 */
static enum task_end
task_count(struct executor *executor, struct slot *slot)
{
	uint64_t left = slot->count;

	while (left > 0) {
		uint64_t stride = left < slot->stride ? left : slot->stride;
		uint32_t attention;

		left -= stride;
		left += countdown(stride, slot->spins, &slot->attention);
		counter_set(&slot->turns, slot->count - left);
		attention = atomic_load_explicit(
		    &slot->attention, memory_order_acquire);
		if (left > 0 && (attention & SLOT_CANCEL) != 0)
			break;
		if (left > 0 && (attention & GIL_DROP) != 0 &&
		    gil_yield(executor->gil, &executor->thread) != GIL_TAKEN)
			return TASK_CANCELLED;
	}
	if (executor->gil != NULL)
		gil_release(executor->gil, &executor->thread);
	return left == 0 ? TASK_DONE : TASK_CANCELLED;
}

/* Counts a task down, waiting for the lock first where there is one. */
static enum task_end
task_run(struct executor *executor, struct slot *slot)
{
	/* What a dead executor left of the attempt before this one. */
	atomic_fetch_and_explicit(
	    &slot->attention, ~GIL_DROP, memory_order_relaxed);
	counter_set(&slot->turns, 0);
	if (executor->gil == NULL)
		return slot_is_cancelled(slot) ? TASK_CANCELLED
					       : task_count(executor, slot);
	gil_thread_begin(&executor->thread, &slot->attention, SLOT_CANCEL);
	if (gil_acquire(executor->gil, &executor->thread) != GIL_TAKEN)
		return TASK_CANCELLED;
	return task_count(executor, slot);
}

static void
task_write_lock(struct slot *slot, const struct gil_record *record)
{
	slot->lock = (struct lock_record){
	    .acquisitions = record->acquisitions,
	    .switches = record->switches,
	    .drop_requests = record->drop_requests,
	    .honoured = record->honoured,
	    .superseded = record->superseded,
	    .missed = record->missed,
	    .longest_hold_ns = record->longest_hold_ns,
	    .longest_wait_ns = record->longest_wait_ns,
	};
	slot->result.lock_wait_ns = record->wait_ns;
	slot->result.lock_held_ns = record->held_ns;
	slot->result.switch_wait_ns = record->switch_wait_ns;
}

static void
task_write_result(struct executor *executor, struct slot *slot,
    const struct meter *start, const struct meter *end)
{
	const struct seat *seat = executor->seat;

	slot->result = (struct task_result){
	    .pid = atomic_load_explicit(&seat->pid, memory_order_relaxed),
	    .tid = atomic_load_explicit(&seat->tid, memory_order_relaxed),
	    .attempts = slot_look(slot).attempts,
	    .count = slot->count,
	    .turns = counter_get(&slot->turns),
	    .start_ns = start->monotonic_ns - slot->arrival_ns,
	    .wall_ns = end->monotonic_ns - start->monotonic_ns,
	    .cpu_ns = end->cpu_ns - start->cpu_ns,
	    .voluntary_switches =
		(uint64_t)(end->usage.ru_nvcsw - start->usage.ru_nvcsw),
	    .involuntary_switches =
		(uint64_t)(end->usage.ru_nivcsw - start->usage.ru_nivcsw),
	};
	slot->lock = (struct lock_record){0};
	if (executor->gil != NULL)
		task_write_lock(slot, &executor->thread.record);
}

/* Serves what the seat names. 0, or -1 when its frontend cannot be told. */
static int
seat_serve(struct executor *executor, uint32_t ticket)
{
	const struct generation *generation = executor->generation;
	const struct board *board = &generation->board;
	struct slot *slot = board_slot(board, ticket);
	struct meter start, end;

	if (slot == NULL) {
		log_warn("ticket %#x names no slot: ignored", ticket);
		return 0;
	}
	if (slot_start(slot, ticket)) {
		meter_read(&start);
		slot->end = task_run(executor, slot);
		meter_read(&end);
		task_write_result(executor, slot, &start, &end);
		slot_finish(slot, ticket);
		counter_add(&executor->seat->tasks_done, 1);
		if (executor->gil != NULL)
			lock_totals_add(
			    &executor->seat->lock, &executor->thread.record);
	}
	/* Revoked while it was queued, or stale: it goes back all the same. */
	return queue_push_wait(
	    &generation->ended[board_slot_owner(board, ticket)], ticket);
}

int
executor_run(struct executor *executor)
{
	struct seat *seat = executor->seat;
	int claimed;

	atomic_store(&seat->pid, getpid());
	atomic_store(&seat->tid, gettid());
	while (
	    (claimed = queue_claim(&executor->generation->run[executor->pool],
		 &seat->ticket)) > 0) {
		uint32_t ticket =
		    atomic_load_explicit(&seat->ticket, memory_order_acquire);

		if (seat_serve(executor, ticket) != 0) {
			log_warn(
			    "cannot hand a task back: %s", strerror(errno));
			return -1;
		}
		atomic_store_explicit(
		    &seat->ticket, TICKET_NONE, memory_order_release);
	}
	if (claimed < 0)
		log_warn("cannot claim tasks: %s", strerror(errno));
	return claimed;
}
