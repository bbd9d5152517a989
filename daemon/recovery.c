/*
 * Recovery after the death of an executor. Run by the master, after it reaped
 * the process: nobody else touches the seat then, and the slot only by moves
 * that are compare-and-swap.
 *
 * A seat names a bundle of tickets, and each of their slots says how far the
 * dead got with it: some may be over, one may be running, the rest not started.
 *	QUEUED    claimed and not started: back into the pool's queue
 *	RUNNING   started: the same while attempts are left, else failed
 *	FINISHED, REVOKED  perhaps not handed back yet: hand it back (again)
 *	anything else, or another tag: it was handed back long ago
 */
#include "daemon/recovery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/process.h"

int
recovery_init(struct recovery *recovery, const struct generation *generation)
{
	recovery->generation = generation;
	recovery->n_strays = 0;
	recovery->strays =
	    calloc(generation->board.n_slots, sizeof(*recovery->strays));
	return recovery->strays == NULL ? -1 : 0;
}

void
recovery_free(struct recovery *recovery)
{
	free(recovery->strays);
	recovery->strays = NULL;
	recovery->n_strays = 0;
}

/*
 * An executor died while it ran this task. What is the slot's is copied while
 * it is nobody else's: once it is queued again, its frontend may empty it.
 */
struct task_loss {
	struct job_id job;
	uint32_t pool;
	uint32_t task;
	uint32_t attempts;
	pid_t pid;
	int status; /* of waitpid(2) */
};

static int
stray_push(const struct generation *generation, const struct stray *stray)
{
	const struct board *board = &generation->board;
	const struct slot *slot = board_slot(board, stray->ticket);
	const struct queue *queue = stray->is_ended
	    ? &generation->ended[board_slot_owner(board, stray->ticket)]
	    : &generation->run[slot->pool];

	if (queue_has_ended(queue))
		return 0; /* the pool stops: nobody wants the task any more */
	return stray->is_ended ? queue_push(queue, &stray->ticket, 1)
			       : queue_push_bundle_of(queue, stray->ticket);
}

static void
ticket_push(struct recovery *recovery, uint32_t ticket, bool is_ended)
{
	struct stray stray = {.ticket = ticket, .is_ended = is_ended};

	if (stray_push(recovery->generation, &stray) == 0)
		return;
	if (errno != EAGAIN)
		fatal("cannot write to a queue: %s", strerror(errno));
	if (recovery->n_strays < recovery->generation->board.n_slots)
		recovery->strays[recovery->n_strays++] = stray;
}

bool
recovery_push_strays(struct recovery *recovery)
{
	size_t left = 0;

	for (size_t i = 0; i < recovery->n_strays; i++) {
		if (stray_push(recovery->generation, &recovery->strays[i]) != 0)
			recovery->strays[left++] = recovery->strays[i];
	}
	recovery->n_strays = left;
	return left == 0;
}

/* What a death means to a job, in one line. */
static void
death_log(const struct recovery *recovery, const struct task_loss *loss,
    const char *fate)
{
	const struct settings *settings = recovery->generation->settings;
	const char *pool = settings->pools[loss->pool].name;
	char job[JOB_ID_CHARS + 1], death[PROCESS_DEATH_CHARS + 1];
	struct log_fields fields = {.job = job, .pool = pool, .pid = loss->pid};

	job_id_format(loss->job, job);
	process_format_death(loss->status, death);
	log_event(LOG_LEVEL_WARN, &fields,
	    "task %u of job %s was lost with pid %d of pool %s, %s, in start "
	    "%u of %u: %s",
	    loss->task, job, (int)loss->pid, pool, death, loss->attempts,
	    settings->max_attempts, fate);
}

/* The last attempt failed: the master finishes what the executor can't. */
static void
slot_fail(const struct recovery *recovery, struct slot *slot, uint32_t ticket,
    const struct seat *seat, const struct task_loss *loss)
{
	slot->end = slot_is_cancelled(slot) ? TASK_CANCELLED : TASK_DIED;
	slot->dead_pid = loss->pid;
	slot->dead_status = loss->status;
	slot->result = (struct task_result){
	    .pid = loss->pid,
	    .tid = atomic_load(&seat->tid),
	    .attempts = slot_look(slot).attempts,
	    .count = slot->count,
	    .turns = counter_get(&slot->turns),
	};
	if (slot->end == TASK_DIED)
		death_log(recovery, loss, "the job has failed");
	slot_finish(slot, ticket);
}

/* True when the task goes back to its frontend, false to its pool. */
static bool
slot_recover(const struct recovery *recovery, struct slot *slot,
    uint32_t ticket, const struct seat *seat, pid_t pid, int status)
{
	const struct settings *settings = recovery->generation->settings;
	struct slot_view view = slot_look(slot);
	struct task_loss loss = {
	    .job = slot->job,
	    .pool = slot->pool,
	    .task = slot->task,
	    .attempts = view.attempts,
	    .pid = pid,
	    .status = status,
	};

	if (view.state == SLOT_QUEUED)
		return false;
	if (view.state != SLOT_RUNNING)
		return true;
	if (view.attempts < settings->max_attempts &&
	    !slot_is_cancelled(slot)) {
		slot_requeue(slot, ticket);
		if (!slot_is_cancelled(slot)) {
			death_log(recovery, &loss, "it is run again");
			return false;
		}
		/* Cancelled just now, by a frontend that may still have found
		 * it running: not to wait for an executor to notice. */
		if (!slot_start(slot, ticket))
			return true; /* revoked */
	}
	slot_fail(recovery, slot, ticket, seat, &loss);
	return true;
}

static void
ticket_recover(struct recovery *recovery, uint32_t ticket,
    const struct seat *seat, pid_t pid, int status)
{
	const struct board *board = &recovery->generation->board;
	struct slot *slot = board_slot(board, ticket);
	struct slot_view view;

	if (ticket == TICKET_NONE || slot == NULL ||
	    slot->pool >= recovery->generation->settings->n_pools)
		return;
	view = slot_look(slot);
	if (view.tag != ticket_tag(ticket) || view.state == SLOT_FREE)
		return;
	ticket_push(recovery, ticket,
	    slot_recover(recovery, slot, ticket, seat, pid, status));
}

void
recovery_empty_seat(
    struct recovery *recovery, struct seat *seat, pid_t pid, int status)
{
	for (size_t i = 0; i < BUNDLE_TICKETS; i++) {
		uint32_t ticket = atomic_load(&seat->tickets[i]);

		atomic_store(&seat->tickets[i], TICKET_NONE);
		ticket_recover(recovery, ticket, seat, pid, status);
	}
}
