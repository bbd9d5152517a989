/*
 * Tasks. Run by each thread of an interpreter and by each worker process.
 *
 * The countdown comes up at a safepoint that found a flag set, and once a
 * stride: there the task publishes how far it is, gives the lock up if it was
 * asked to, or if it is time for a tick, and sees whether it was cancelled.
 *
 * Whoever is interrupted while it waits for the lock does not have it any
 * more: has_lock says whether there is something to release at the end.
 */
#include "daemon/task.h"

#include <sched.h>

#include "daemon/board.h"
#include "daemon/clock.h"
#include "daemon/countdown.h"

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
task_notice_cpu(struct task *task)
{
	int cpu = sched_getcpu();

	task->migrations += cpu != task->cpu;
	task->cpu = cpu;
}

/* After how many turns the lock is to be given up unasked. */
static uint64_t
task_turns_to_tick(const struct task *task)
{
	uint64_t from_tick_to_tick;

	if (!task->has_lock || task->is_native)
		return UINT64_MAX;
	from_tick_to_tick = gil_turns_to_tick(task->thread);
	return from_tick_to_tick > task->since_tick
	    ? from_tick_to_tick - task->since_tick
	    : 1; /* it was longer until now */
}

/* Of costly turns a stride has few: a part of one is owed to the next. */
static void
task_work_overhead(struct task *task, uint64_t turns)
{
	uint64_t owed = task->overhead_owed + turns * task->overhead_pct;

	task->overhead_owed = owed % 100;
	if (owed >= 100)
		countdown(
		    owed / 100, task->slot->spins, &task->slot->attention);
}

/* At a safepoint with turns left. False when the task is to end here. */
static bool
task_look_up(struct task *task, bool is_tick)
{
	uint32_t attention =
	    atomic_load_explicit(&task->slot->attention, memory_order_acquire);

	task_notice_cpu(task);
	if ((attention & SLOT_CANCEL) != 0)
		return false;
	if ((attention & GIL_DROP) != 0 || is_tick) {
		task->since_tick = 0;
		task->has_lock = gil_yield(task->thread) == GIL_TAKEN;
	}
	return task->thread == NULL || task->has_lock || task->is_native;
}

/* Counts so many turns of what is left. False when the task is to end. */
static bool
task_count(struct task *task, uint64_t turns)
{
	struct slot *slot = task->slot;

	task->since_tick = 0;
	while (turns > 0) {
		uint64_t tick = task_turns_to_tick(task);
		uint64_t stride = min_u64(min_u64(turns, slot->stride), tick);
		uint64_t done =
		    stride - countdown(stride, slot->spins, &slot->attention);

		turns -= done;
		task->left -= done;
		task->since_tick += done;
		counter_set(&slot->turns, slot->count - task->left);
		task_work_overhead(task, done);
		if (turns > 0 && !task_look_up(task, done == tick))
			return false;
	}
	return true;
}

/* All of it without the lock, as an extension in C that needs no interpreter.
 */
static bool
task_count_native(struct task *task)
{
	bool is_done;

	if (task->thread == NULL)
		return task_count(task, task->left);
	gil_pause(task->thread, LOCK_RELEASE_NATIVE);
	task->has_lock = false;
	task->is_native = true;
	is_done = task_count(task, task->left);
	task->is_native = false;
	task->has_lock = gil_resume(task->thread) == GIL_TAKEN;
	return is_done;
}

/* A blocking call: false when it, or the wait for the lock, was cut short. */
static bool
task_sleep(struct task *task)
{
	uint64_t duration_ns = task->slot->io_for_us * NS_PER_US;
	uint64_t start_ns, slept_ns;

	if (task->thread != NULL) {
		gil_pause(task->thread, LOCK_RELEASE_IO);
		slot_sleep(task->slot, duration_ns);
		task->has_lock = gil_resume(task->thread) == GIL_TAKEN;
		return task->has_lock;
	}
	start_ns = clock_monotonic_ns();
	slot_sleep(task->slot, duration_ns);
	slept_ns = clock_monotonic_ns() - start_ns;
	task->record.io_ns += slept_ns;
	task->record.io_operations++;
	if (slot_is_cancelled(task->slot))
		return false;
	histogram_add(&task->histograms->io, slept_ns);
	return true;
}

static bool
task_count_io(struct task *task)
{
	while (task->left > 0) {
		if (!task_count(
			task, min_u64(task->left, task->slot->io_every)) ||
		    !task_sleep(task))
			return false;
	}
	return true;
}

static bool
task_count_all(struct task *task)
{
	switch (task->slot->profile) {
	case PROFILE_NATIVE:
		return task_count_native(task);
	case PROFILE_IO:
		return task_count_io(task);
	default:
		return task_count(task, task->left);
	}
}

/* False when the task was cancelled before it began. */
static bool
task_enter(struct task *task)
{
	struct slot *slot = task->slot;
	struct gil_task gil_task = {
	    .attention = &slot->attention,
	    .interrupts = SLOT_CANCEL,
	    .label = {{slot->job.high, slot->job.low}, slot->task},
	};

	if (task->thread == NULL)
		return !slot_is_cancelled(slot);
	task->has_lock = gil_acquire(task->thread, &gil_task) == GIL_TAKEN;
	return task->has_lock;
}

enum task_end
task_run(struct task *task)
{
	struct slot *slot = task->slot;
	bool is_done;

	/* What a dead executor left of the attempt before this one. */
	atomic_fetch_and_explicit(
	    &slot->attention, ~GIL_DROP, memory_order_relaxed);
	counter_set(&slot->turns, 0);
	if (slot_has_histograms(slot, false))
		*task->histograms = (struct lock_histograms){0};
	task->left = slot->count;
	task->cpu = sched_getcpu();
	is_done = task_enter(task) && task_count_all(task);
	task_notice_cpu(task);
	if (task->has_lock)
		gil_release(task->thread,
		    is_done ? LOCK_RELEASE_FINAL : LOCK_RELEASE_CANCELLED);
	return is_done ? TASK_DONE : TASK_CANCELLED;
}
