/*
 * A slot: the board's record of one task, in memory that all processes share.
 *
 * A slot belongs to the frontend in whose range it lies; only that frontend
 * takes it and frees it. One 32-bit word says which task it is and how far
 * along, and every move of it is one compare-and-swap, so that a process can
 * be killed between any two instructions:
 *
 *	         publish              start                finish
 *	  FREE ----------> QUEUED -----------> RUNNING ------------> FINISHED
 *	   ^   frontend      | ^   executor      |     executor, or     |
 *	   |                 | +-----------------+     master for the   |
 *	   |          revoke |      requeue            dead             |
 *	   |        frontend v      master, for the dead                |
 *	   +------------ REVOKED                                        |
 *	   |     free                                                   |
 *	   +------------------------------------------------------------+
 *	         free: frontend, when the ticket has come back to it
 *
 * A ticket is what travels in the queues, to the executors in bundles of some
 * (see queue.h), of which each is dealt with on its own whatever becomes of the
 * others: the seat of an executor names them all. It is the slot's number and a tag that
 * changes each time the slot is published. A ticket whose tag is no longer the
 * slot's is stale and is ignored wherever it turns up, so a ticket that arrives
 * twice does no harm. At most a window of a frontend's tickets is under way
 * in a queue, far fewer than there are tags, so no tag comes round again while
 * an old ticket still lies in a pipe.
 *
 * The plain fields are written by the one who owns the slot in that state (the
 * frontend before publish, the executor while RUNNING, the master for a dead
 * executor) and read by others only after a move that they saw.
 */
#ifndef GILD_DAEMON_SLOT_H
#define GILD_DAEMON_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/gil.h"
#include "proto/jobid.h"
#include "proto/result.h"

#define SLOT_NUMBER_BITS 20
#define SLOT_MAX_SLOTS (UINT32_C(1) << SLOT_NUMBER_BITS)
#define SLOT_MAX_ATTEMPTS 255

/* A bit of the attention word, beside GIL_DROP: stop counting and finish. */
#define SLOT_CANCEL UINT32_C(2)

/* How often a task publishes its progress, about: a stride of it takes that. */
#define SLOT_STRIDE_NS UINT64_C(1000000)

/* A ticket that names no slot: tags start at 1. */
#define TICKET_NONE UINT32_C(0)

enum slot_state {
	SLOT_FREE,
	SLOT_QUEUED,
	SLOT_RUNNING,
	SLOT_FINISHED,
	SLOT_REVOKED,
};

/* How a task ended. */
enum task_end {
	TASK_DONE,	/* counted down to 0 */
	TASK_CANCELLED, /* saw SLOT_CANCEL */
	TASK_DIED,	/* its executor died, for the last time allowed */
};

struct slot {
	_Atomic uint32_t word;	    /* tag, attempts, state: see slot.c */
	_Atomic uint32_t attention; /* GIL_DROP and SLOT_CANCEL */
	_Atomic uint64_t turns;	    /* done so far: the executor publishes it */

	/* The request. */
	struct job_id job;
	uint64_t arrival_ns; /* of the job, monotonic */
	uint64_t count;
	uint64_t stride; /* turns between two looks up from the countdown */
	uint32_t spins;	 /* a turn's busy work */
	uint32_t pool;
	uint32_t task; /* its number in the job */
	enum job_profile profile;
	uint64_t io_every; /* these two: with PROFILE_IO */
	uint64_t io_for_us;

	/* The outcome. */
	enum task_end end;
	pid_t dead_pid;	 /* with TASK_DIED: who, and */
	int dead_status; /* its wait status */
	struct task_result result;
} __attribute__((aligned(64)));

/* What the word says, taken apart. */
struct slot_view {
	uint32_t tag;
	uint32_t attempts;
	enum slot_state state;
};

uint32_t ticket_slot_number(uint32_t ticket);
uint32_t ticket_tag(uint32_t ticket);

struct slot_view slot_look(const struct slot *slot);

/*
 * FREE -> QUEUED under a new tag, with so many attempts made before and a clear
 * attention word. Returns the ticket. Number is the slot's own.
 */
uint32_t slot_publish_after(
    struct slot *slot, uint32_t number, uint32_t attempts);
/* With none made before. */
static inline uint32_t
slot_publish(struct slot *slot, uint32_t number)
{
	return slot_publish_after(slot, number, 0);
}

/*
 * The other moves. Each is true if it was made, and false when the ticket is
 * stale or the slot in another state (somebody else was first).
 */
bool slot_start(struct slot *slot, uint32_t ticket); /* attempts + 1 */
bool slot_finish(struct slot *slot, uint32_t ticket);
bool slot_requeue(struct slot *slot, uint32_t ticket);
bool slot_revoke(struct slot *slot, uint32_t ticket);
/* From FINISHED or REVOKED. */
bool slot_free(struct slot *slot, uint32_t ticket);

/*
 * For the replacement of a dead frontend: frees the slot whatever it holds, or
 * returns false because it is RUNNING; its ticket is then in *ticket, and it
 * comes back as any other.
 */
bool slot_reclaim(struct slot *slot, uint32_t number, uint32_t *ticket);

/*
 * Tells whoever runs the task to stop. To be followed by slot_revoke(), not to
 * follow it: then either the revocation finds the task queued, or the master,
 * which looks at the flag after it put a dead executor's task back, finds the
 * flag, and no cancelled task waits in a queue.
 */
void slot_cancel(struct slot *slot);
/* Sleeps for so long, or until slot_cancel(). By its executor. */
void slot_sleep(struct slot *slot, uint64_t duration_ns);
/*
 * Whether its task leaves histograms behind (board_histograms()): one with a
 * lock does, and one that sleeps.
 */
bool slot_has_histograms(const struct slot *slot, bool has_lock);
bool slot_is_cancelled(const struct slot *slot);

/*
 * The result, in and out, as far as its task fills one: the lock's part of it,
 * which is most of it, only where it leaves histograms behind. The rest of
 * *result is left alone. Lines of memory that nobody looks at need not travel
 * from CPU to CPU.
 */
void slot_put_result(
    struct slot *slot, bool has_lock, const struct task_result *result);
void slot_get_result(
    const struct slot *slot, bool has_lock, struct task_result *result);

#endif
