/*
 * The board's layout. The master runs board_open() once, before it forks;
 * everything else here only computes addresses or counts.
 *
 * The memory is anonymous and shared, filled with zeros: zero is a free slot,
 * an empty seat, a process that is down, a counter that starts. It is touched
 * in full at the start (MAP_POPULATE), so that neither a shortage of memory
 * nor a page fault in the middle of a claim turns up later.
 */
#include "daemon/board.h"

#include <errno.h>
#include <sys/mman.h>

#include "daemon/clock.h"

#define ALIGNMENT 64

/* Reserves n bytes at the end of a layout and returns their offset. */
static size_t
layout_add(size_t *total, size_t n)
{
	size_t offset = *total;

	*total += (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return offset;
}

uint32_t
pool_process_count(const struct pool_settings *pool)
{
	return pool->kind == POOL_THREADS ? 1 : pool->size;
}

static void
board_count(struct board *board)
{
	const struct settings *settings = board->settings;

	board->n_processes = settings->frontends;
	for (size_t i = 0; i < settings->n_pools; i++) {
		const struct pool_settings *pool = &settings->pools[i];

		board->first_seat[i] = board->n_seats;
		board->first_process[i] = board->n_processes;
		board->n_seats += pool->size;
		board->n_processes += pool_process_count(pool);
		board->slots_per_frontend += pool->size + BOARD_LOOKAHEAD;
	}
	board->n_slots = board->slots_per_frontend * settings->frontends;
}

int
board_open(struct board *board, const struct settings *settings)
{
	size_t slots, seats, processes, tallies, frontends, pools, total = 0;
	char *memory;

	*board = (struct board){.settings = settings};
	board->started_ns = clock_monotonic_ns();
	board->started_unix_ms = clock_unix_ms();
	board_count(board);
	if (board->n_slots > SLOT_MAX_SLOTS) {
		errno = EOVERFLOW;
		return -1;
	}
	slots = layout_add(&total, sizeof(struct slot) * board->n_slots);
	seats = layout_add(&total, sizeof(struct seat) * board->n_seats);
	processes = layout_add(
	    &total, sizeof(struct process_record) * board->n_processes);
	tallies = layout_add(&total,
	    sizeof(struct tally) * settings->frontends * settings->n_pools);
	frontends = layout_add(
	    &total, sizeof(struct frontend_record) * settings->frontends);
	pools =
	    layout_add(&total, sizeof(struct pool_record) * settings->n_pools);

	memory = mmap(NULL, total, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	board->memory = memory;
	board->memory_bytes = total;
	board->slots = (struct slot *)(memory + slots);
	board->seats = (struct seat *)(memory + seats);
	board->processes = (struct process_record *)(memory + processes);
	board->tallies = (struct tally *)(memory + tallies);
	board->frontends = (struct frontend_record *)(memory + frontends);
	board->pools = (struct pool_record *)(memory + pools);
	for (size_t i = 0; i < settings->n_pools; i++)
		counter_set(&board->pools[i].interval_us,
		    settings->pools[i].interval_us);
	return 0;
}

void
board_close(struct board *board)
{
	if (board->memory != NULL)
		munmap(board->memory, board->memory_bytes);
	board->memory = NULL;
}

struct slot *
board_slot(const struct board *board, uint32_t ticket)
{
	uint32_t number = ticket_slot_number(ticket);

	return number < board->n_slots ? &board->slots[number] : NULL;
}

uint32_t
board_slot_owner(const struct board *board, uint32_t ticket)
{
	return ticket_slot_number(ticket) / board->slots_per_frontend;
}

struct tally *
board_tally(const struct board *board, uint32_t frontend, uint32_t pool)
{
	return &board->tallies[frontend * board->settings->n_pools + pool];
}

/* Only one executor writes, so that load, compare and store will do. */
static void
longest_raise(_Atomic uint64_t *longest, uint64_t value)
{
	if (value > counter_get(longest))
		counter_set(longest, value);
}

void
lock_totals_add(struct lock_totals *totals, const struct gil_record *record)
{
	counter_add(&totals->acquisitions, record->acquisitions);
	counter_add(&totals->switches, record->switches);
	counter_add(&totals->drop_requests, record->drop_requests);
	counter_add(&totals->honoured, record->honoured);
	counter_add(&totals->superseded, record->superseded);
	counter_add(&totals->missed, record->missed);
	counter_add(&totals->wait_ns, record->wait_ns);
	counter_add(&totals->held_ns, record->held_ns);
	counter_add(&totals->switch_wait_ns, record->switch_wait_ns);
	longest_raise(&totals->longest_hold_ns, record->longest_hold_ns);
	longest_raise(&totals->longest_wait_ns, record->longest_wait_ns);
}
