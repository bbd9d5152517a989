/*
 * The moves of a slot. Run by every process; the memory is shared, the code
 * keeps no state of its own.
 *
 * The word, from its low end: 4 bits state, 8 bits attempts, 12 bits tag. A
 * ticket: 20 bits slot number, 12 bits tag. Tag 0 is never used, so that no
 * ticket is TICKET_NONE.
 *
 * Every move is a compare-and-swap: who sees the new state sees what was
 * written into the slot before it. Moves and the cancel flag have one order
 * for all processes (seq_cst), which slot_cancel() promises.
 */
#include "daemon/slot.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"

#define STATE_BITS 4
#define ATTEMPT_BITS 8
#define TAG_BITS 12
#define TAG_MASK ((UINT32_C(1) << TAG_BITS) - 1)

static uint32_t
word_make(struct slot_view view)
{
	return view.tag << (STATE_BITS + ATTEMPT_BITS) |
	    view.attempts << STATE_BITS | (uint32_t)view.state;
}

static struct slot_view
word_view(uint32_t word)
{
	return (struct slot_view){
	    .tag = word >> (STATE_BITS + ATTEMPT_BITS),
	    .attempts =
		(word >> STATE_BITS) & ((UINT32_C(1) << ATTEMPT_BITS) - 1),
	    .state =
		(enum slot_state)(word & ((UINT32_C(1) << STATE_BITS) - 1)),
	};
}

static uint32_t
ticket_make(uint32_t number, uint32_t tag)
{
	return tag << SLOT_NUMBER_BITS | number;
}

uint32_t
ticket_slot_number(uint32_t ticket)
{
	return ticket & (SLOT_MAX_SLOTS - 1);
}

uint32_t
ticket_tag(uint32_t ticket)
{
	return ticket >> SLOT_NUMBER_BITS;
}

struct slot_view
slot_look(const struct slot *slot)
{
	return word_view(atomic_load(&slot->word));
}

static bool
slot_swap(struct slot *slot, struct slot_view from, struct slot_view to)
{
	uint32_t expected = word_make(from);

	return atomic_compare_exchange_strong(
	    &slot->word, &expected, word_make(to));
}

/* The one function that moves a slot on, under the tag that it has. */
static bool
slot_move(struct slot *slot, uint32_t ticket, enum slot_state from,
    enum slot_state to)
{
	struct slot_view now = slot_look(slot), next = now;

	if (now.tag != ticket_tag(ticket) || now.state != from)
		return false;
	next.state = to;
	if (to == SLOT_RUNNING && next.attempts < SLOT_MAX_ATTEMPTS)
		next.attempts++;
	return slot_swap(slot, now, next);
}

uint32_t
slot_publish_after(struct slot *slot, uint32_t number, uint32_t attempts)
{
	struct slot_view view = slot_look(slot);

	view.tag = view.tag == TAG_MASK ? 1 : view.tag + 1;
	view.attempts =
	    attempts < SLOT_MAX_ATTEMPTS ? attempts : SLOT_MAX_ATTEMPTS;
	view.state = SLOT_QUEUED;
	atomic_store_explicit(&slot->attention, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->turns, 0, memory_order_relaxed);
	atomic_store_explicit(
	    &slot->word, word_make(view), memory_order_release);
	return ticket_make(number, view.tag);
}

bool
slot_start(struct slot *slot, uint32_t ticket)
{
	return slot_move(slot, ticket, SLOT_QUEUED, SLOT_RUNNING);
}

bool
slot_finish(struct slot *slot, uint32_t ticket)
{
	return slot_move(slot, ticket, SLOT_RUNNING, SLOT_FINISHED);
}

bool
slot_requeue(struct slot *slot, uint32_t ticket)
{
	return slot_move(slot, ticket, SLOT_RUNNING, SLOT_QUEUED);
}

bool
slot_revoke(struct slot *slot, uint32_t ticket)
{
	return slot_move(slot, ticket, SLOT_QUEUED, SLOT_REVOKED);
}

bool
slot_free(struct slot *slot, uint32_t ticket)
{
	return slot_move(slot, ticket, SLOT_FINISHED, SLOT_FREE) ||
	    slot_move(slot, ticket, SLOT_REVOKED, SLOT_FREE);
}

bool
slot_reclaim(struct slot *slot, uint32_t number, uint32_t *ticket)
{
	for (;;) {
		struct slot_view now = slot_look(slot), next = now;

		if (now.state == SLOT_RUNNING) {
			*ticket = ticket_make(number, now.tag);
			return false;
		}
		next.state = SLOT_FREE;
		if (slot_swap(slot, now, next))
			return true;
	}
}

/* The memory is shared: so is the futex. */
static void
slot_wait(struct slot *slot, uint32_t attention, uint64_t deadline_ns)
{
	struct timespec deadline = {
	    .tv_sec = (time_t)(deadline_ns / NS_PER_S),
	    .tv_nsec = (long)(deadline_ns % NS_PER_S),
	};

	/* Until then on the monotonic clock, or while the word is the same. */
	syscall(SYS_futex, &slot->attention, FUTEX_WAIT_BITSET, attention,
	    &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

void
slot_sleep(struct slot *slot, uint64_t duration_ns)
{
	uint64_t deadline_ns = clock_monotonic_ns() + duration_ns;
	uint32_t attention = atomic_load(&slot->attention);

	while ((attention & SLOT_CANCEL) == 0 &&
	    clock_monotonic_ns() < deadline_ns) {
		slot_wait(slot, attention, deadline_ns);
		attention = atomic_load(&slot->attention);
	}
}

void
slot_cancel(struct slot *slot)
{
	atomic_fetch_or(&slot->attention, SLOT_CANCEL);
	if (slot->profile == PROFILE_IO)
		syscall(SYS_futex, &slot->attention, FUTEX_WAKE, INT_MAX, NULL,
		    NULL, 0);
}

bool
slot_has_histograms(const struct slot *slot, bool has_lock)
{
	return has_lock || slot->profile == PROFILE_IO;
}

bool
slot_is_cancelled(const struct slot *slot)
{
	return (atomic_load(&slot->attention) & SLOT_CANCEL) != 0;
}

static size_t
slot_result_size(const struct slot *slot, bool has_lock)
{
	return slot_has_histograms(slot, has_lock)
	    ? sizeof(struct task_result)
	    : offsetof(struct task_result, lock);
}

void
slot_put_result(
    struct slot *slot, bool has_lock, const struct task_result *result)
{
	memcpy(&slot->result, result, slot_result_size(slot, has_lock));
}

void
slot_get_result(
    const struct slot *slot, bool has_lock, struct task_result *result)
{
	memcpy(result, &slot->result, slot_result_size(slot, has_lock));
}
