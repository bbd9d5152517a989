/*
 * The executor's loop. Run by each thread of an interpreter, and by a worker
 * process as its only one.
 *
 * It can be killed between any two instructions. What it serves is always
 * named by its seat, from the read(2) that claims a bundle to the stores that
 * clear it after all of its tickets have gone back, so that the master can see
 * what became of each. Only tasks in RUNNING state are written to.
 *
 * Once it has opened what it needs it enters the filter of system calls: what it
 * calls from then on is in sandbox.c's table, or the kernel kills the process.
 */
#include "daemon/executor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/fault.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/task.h"

/* How long what has ended is held back for the rest of its bundle. */
#define HOLD_NS (200 * NS_PER_US)

void
executor_init(struct executor *executor, const struct generation *generation,
    uint32_t pool, uint32_t seat, struct gil_thread *thread)
{
	*executor = (struct executor){
	    .generation = generation,
	    .pool = pool,
	    .number = seat - generation->board.first_seat[pool],
	    .seat = &generation->board.seats[seat],
	    .thread = thread,
	};
}

/* Logs a warning about its pool, and slot's job if there is one; then errno. */
static void
executor_warn(
    const struct executor *executor, const struct slot *slot, const char *what)
{
	const struct settings *settings = executor->generation->settings;
	struct log_fields fields = {
	    .pool = settings->pools[executor->pool].name};
	char job[JOB_ID_CHARS + 1];
	int error = errno;

	if (slot == NULL) {
		log_event(LOG_LEVEL_WARN, &fields, "cannot %s: %s", what,
		    strerror(error));
		return;
	}
	job_id_format(slot->job, job);
	fields.job = job;
	log_event(LOG_LEVEL_WARN, &fields, "cannot %s of job %s: %s", what, job,
	    strerror(error));
}

/* --- where it runs --- */

/* The n-th CPU of a set, counted round and round. */
static int
cpu_at(const cpu_set_t *set, uint32_t n)
{
	int left = (int)(n % (uint32_t)CPU_COUNT(set));
	int cpu = 0;

	while (!CPU_ISSET(cpu, set) || left-- > 0)
		cpu++;
	return cpu;
}

/* Moves the thread if the pool's affinity is not the one that it follows. */
static void
executor_follow_affinity(struct executor *executor)
{
	const struct pool_record *record =
	    &executor->generation->board.pools[executor->pool];
	enum affinity affinity = (enum affinity)counter_get(&record->affinity);
	cpu_set_t set = executor->allowed_cpus;

	if (affinity == executor->affinity)
		return;
	executor->affinity = affinity;
	if (affinity != AFFINITY_NONE) {
		int cpu = cpu_at(&executor->allowed_cpus,
		    affinity == AFFINITY_SPREAD ? executor->number : 0);

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		executor_warn(executor, NULL, "choose a CPU");
}

/* --- what its lock is to do --- */

/*
 * The main thread tells the lock of new parameters too, a moment after the bell
 * rang. But a task that was submitted behind a change must not begin before it.
 */
static void
executor_follow_parameters(struct executor *executor)
{
	struct gil_parameters parameters =
	    board_gil_parameters(&executor->generation->board, executor->pool);

	if (parameters.number == executor->changes)
		return;
	gil_set_parameters(executor->thread->gil, &parameters);
	executor->changes = parameters.number;
}

/* --- one task --- */

static void
task_write_result(const struct executor *executor, const struct task *task,
    uint64_t start_ns, const struct meter_reading *cost)
{
	const struct seat *seat = executor->seat;
	const struct gil_thread *thread = executor->thread;
	struct slot *slot = task->slot;
	uint64_t wall_ns = cost->monotonic_ns - start_ns;
	struct task_result result = {
	    .pid = atomic_load_explicit(&seat->pid, memory_order_relaxed),
	    .tid = atomic_load_explicit(&seat->tid, memory_order_relaxed),
	    .attempts = slot_look(slot).attempts,
	    .count = slot->count,
	    .turns = counter_get(&slot->turns),
	    .start_ns = start_ns - slot->arrival_ns,
	    .wall_ns = wall_ns,
	    .cpu_ns = cost->cpu_ns < wall_ns ? cost->cpu_ns : wall_ns,
	    .cpu_wait_ns = cost->cpu_wait_ns,
	    .voluntary_switches = cost->voluntary_switches,
	    .involuntary_switches = cost->involuntary_switches,
	    .migrations = task->migrations,
	    .lock = thread != NULL ? thread->record : task->record,
	};
	if (thread != NULL) {
		result.blame = thread->blame;
		*task->histograms = thread->histograms;
	}
	slot_put_result(slot, thread != NULL, &result);
}

/* Whether its task is over soon, unless something comes between. Who may have to
 * wait for a lock, or sleeps, is measured in full. */
static bool
slot_is_short(const struct executor *executor, const struct slot *slot)
{
	return slot->count < slot->stride / (SLOT_STRIDE_NS / METER_SHORT_NS) &&
	    slot->profile != PROFILE_IO && executor->thread == NULL;
}

static void
executor_run_task(struct executor *executor, struct slot *slot)
{
	const struct board *board = &executor->generation->board;
	struct task task = {
	    .slot = slot,
	    .thread = executor->thread,
	    .histograms = board_histograms(board, slot),
	    .overhead_pct =
		counter_get(&board->pools[executor->pool].overhead_pct),
	};
	struct meter_reading cost;
	uint64_t start_ns;

	executor_follow_affinity(executor);
	if (executor->thread != NULL)
		executor_follow_parameters(executor);
	fault_at_task(slot->count);
	meter_start(&executor->meter, slot_is_short(executor, slot));
	slot->end = task_run(&task);
	cost = meter_stop(&executor->meter, &start_ns);
	if (executor->thread != NULL) {
		/* The lock's own stamps: whoever it woke by the release may
		 * have had this CPU since. */
		start_ns = executor->thread->task_start_ns;
		cost.monotonic_ns = executor->thread->task_end_ns;
	}
	executor->ended_ns = cost.monotonic_ns;
	task_write_result(executor, &task, start_ns, &cost);
	counter_add(&executor->seat->tasks_done, 1);
	if (executor->thread != NULL)
		lock_totals_add(&executor->seat->lock,
		    &executor->thread->record, &executor->thread->histograms);
}

/* Tickets that are to go back to their frontend. */
struct handful {
	uint32_t n;
	uint32_t owner;
	uint64_t since_ns; /* the first of their tasks ended */
	uint32_t tickets[BUNDLE_TICKETS];
};

/* 0, or -1 when the frontend cannot be told (logged). */
static int
executor_hand_back(struct executor *executor, struct handful *handful)
{
	const struct generation *generation = executor->generation;
	uint32_t n = handful->n;

	handful->n = 0;
	if (n == 0 ||
	    queue_push_wait(
		&generation->ended[handful->owner], handful->tickets, n) == 0)
		return 0;
	executor_warn(executor,
	    board_slot(&generation->board, handful->tickets[0]),
	    "hand back a task");
	return -1;
}

/* Serves one of the tickets that the seat names. */
static void
executor_serve(struct executor *executor, struct slot *slot, uint32_t ticket)
{
	_Atomic uint32_t *running = &executor->seat->running;

	/* Not if it was revoked while it was queued, or is stale. */
	if (!slot_start(slot, ticket))
		return;
	atomic_store_explicit(running, ticket, memory_order_release);
	executor_run_task(executor, slot);
	atomic_store_explicit(running, TICKET_NONE, memory_order_release);
	slot_finish(slot, ticket);
}

/*
 * Serves what the seat names, and clears it. What has ended goes back in one
 * write, unless the others take longer than they should. 0, or -1 when a
 * frontend cannot be told (logged).
 */
static int
seat_serve(struct executor *executor)
{
	const struct board *board = &executor->generation->board;
	struct seat *seat = executor->seat;
	struct handful handful = {.n = 0};

	for (size_t i = 0; i < BUNDLE_TICKETS; i++) {
		uint32_t ticket = atomic_load_explicit(
		    &seat->tickets[i], memory_order_acquire);
		struct slot *slot = board_slot(board, ticket);

		if (ticket == TICKET_NONE)
			break;
		if (slot == NULL) {
			log_warn("ticket %#x names no slot: ignored", ticket);
			continue;
		}
		if (handful.n > 0 &&
		    (board_slot_owner(board, ticket) != handful.owner ||
			executor->ended_ns - handful.since_ns > HOLD_NS) &&
		    executor_hand_back(executor, &handful) != 0)
			return -1;
		executor_serve(executor, slot, ticket);
		handful.owner = board_slot_owner(board, ticket);
		if (handful.n == 0)
			handful.since_ns = executor->ended_ns;
		handful.tickets[handful.n++] = ticket;
	}
	if (executor_hand_back(executor, &handful) != 0)
		return -1;
	for (size_t i = 0; i < BUNDLE_TICKETS; i++)
		atomic_store_explicit(
		    &seat->tickets[i], TICKET_NONE, memory_order_release);
	return 0;
}

/* What the thread itself has to look up before its first task. */
static void
executor_settle(struct executor *executor)
{
	schedstat_open(&executor->schedstat);
	meter_open(&executor->meter, &executor->schedstat);
	/* Beside threads that count the CPU is never idle. */
	spinner_init(&executor->spinner,
	    executor->thread == NULL ? executor->generation->settings->spin_us
				     : 0,
	    &executor->schedstat);
	if (sched_getaffinity(0, sizeof(executor->allowed_cpus),
		&executor->allowed_cpus) != 0)
		CPU_SET(0, &executor->allowed_cpus);
}

/* Waits a moment for something to claim, so as not to sleep. */
static void
executor_spin(struct executor *executor)
{
	const struct generation *generation = executor->generation;
	const struct queue *run = &generation->run[executor->pool];
	const _Atomic uint64_t *pushes =
	    &generation->board.pools[executor->pool].pushes;
	uint64_t seen;
	bool has_found;

	if (!spin_begin(&executor->spinner, &executor->spin))
		return;
	seen = counter_get(pushes);
	has_found = queue_is_ready(run);
	while (!has_found && spin_goes_on(&executor->spinner))
		has_found = counter_get(pushes) != seen;
	spin_end(&executor->spinner, &executor->spin, has_found);
}

/* Into its seat: 1, or 0 at the queue's end, or -1 (errno is set). */
static int
executor_claim(struct executor *executor)
{
	executor_spin(executor);
	return queue_claim(&executor->generation->run[executor->pool],
	    executor->seat->tickets);
}

int
executor_run(struct executor *executor)
{
	struct seat *seat = executor->seat;
	int claimed;

	atomic_store(&seat->pid, getpid());
	atomic_store(&seat->tid, gettid());
	/* What a predecessor was killed over. */
	atomic_store(&seat->running, TICKET_NONE);
	executor_settle(executor);
	if (sandbox_enter() != 0)
		fatal("cannot filter system calls: %s", strerror(errno));
	while ((claimed = executor_claim(executor)) > 0) {
		if (seat_serve(executor) != 0)
			return -1;
	}
	meter_close(&executor->meter);
	schedstat_close(&executor->schedstat);
	if (claimed < 0)
		executor_warn(executor, NULL, "claim tasks");
	return claimed;
}
