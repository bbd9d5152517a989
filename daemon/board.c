/*
 * The board's layout. The master runs board_open() once, before it forks;
 * everything else here only computes addresses or counts.
 *
 * The memory is anonymous and shared, filled with zeros: zero is a free slot,
 * an empty seat, a process that is down, a counter that starts. What a job's way
 * leads through is touched in full at the start (MAP_POPULATE), so that neither
 * a shortage of memory nor a page fault in the middle of a claim turns up
 * later. The records of the locks, which are large and mostly not looked at,
 * take memory as they are filled.
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

uint32_t
pool_domain_count(const struct pool_settings *pool)
{
	if (pool->kind != POOL_THREADS)
		return 0;
	return pool->locks == 0 ? pool->size : pool->locks;
}

uint32_t
pool_thread_domain(const struct pool_settings *pool, uint32_t thread)
{
	return thread % pool_domain_count(pool);
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

/* What all processes touch all the time. */
static int
board_map(struct board *board)
{
	const struct settings *settings = board->settings;
	size_t shared, slots, seats, processes, tallies, frontends, pools,
	    total = 0;
	char *memory;

	shared = layout_add(&total, sizeof(struct shared_record));
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
	board->shared = (struct shared_record *)(memory + shared);
	board->slots = (struct slot *)(memory + slots);
	board->seats = (struct seat *)(memory + seats);
	board->processes = (struct process_record *)(memory + processes);
	board->tallies = (struct tally *)(memory + tallies);
	board->frontends = (struct frontend_record *)(memory + frontends);
	board->pools = (struct pool_record *)(memory + pools);
	return 0;
}

static size_t
ring_bytes(const struct pool_settings *pool)
{
	size_t bytes = event_ring_bytes(pool->events_kept);

	return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* What the locks leave behind: most of it is never touched. */
static int
board_map_records(struct board *board)
{
	const struct settings *settings = board->settings;
	size_t domains[SETTINGS_MAX_POOLS], rings[SETTINGS_MAX_POOLS];
	size_t blocked[SETTINGS_MAX_POOLS], histograms, total = 0;
	char *memory;

	histograms =
	    layout_add(&total, sizeof(struct lock_histograms) * board->n_slots);
	for (size_t i = 0; i < settings->n_pools; i++) {
		const struct pool_settings *pool = &settings->pools[i];

		if (pool->kind != POOL_THREADS)
			continue;
		domains[i] = layout_add(&total,
		    sizeof(struct gil_totals) * pool_domain_count(pool));
		rings[i] = layout_add(&total, ring_bytes(pool) * pool->size);
		blocked[i] = layout_add(
		    &total, sizeof(uint64_t) * pool->size * pool->size);
	}
	memory = mmap(NULL, total, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	board->records = memory;
	board->records_bytes = total;
	board->histograms = (struct lock_histograms *)(memory + histograms);
	for (size_t i = 0; i < settings->n_pools; i++) {
		if (settings->pools[i].kind != POOL_THREADS)
			continue;
		board->domains[i] = (struct gil_totals *)(memory + domains[i]);
		board->rings[i] = memory + rings[i];
		board->blocked[i] = (_Atomic uint64_t *)(memory + blocked[i]);
	}
	return 0;
}

static void
board_init_pool(struct board *board, uint32_t number)
{
	const struct pool_settings *pool = &board->settings->pools[number];
	struct pool_record *record = &board->pools[number];

	counter_set(&record->policy, pool->policy);
	counter_set(&record->force, pool->force);
	counter_set(&record->events, pool->events);
	counter_set(&record->interval_us, pool->interval_us);
	counter_set(&record->check_interval, pool->check_interval);
	counter_set(&record->quantum_us, pool->quantum_us);
	counter_set(&record->timer_us, pool->timer_us);
	counter_set(&record->overhead_pct, pool->overhead_pct);
	counter_set(&record->affinity, pool->affinity);
	for (uint32_t i = 0; pool->kind == POOL_THREADS && i < pool->size; i++)
		event_ring_init(
		    board_ring(board, number, i), pool->events_kept);
}

int
board_open(struct board *board, const struct settings *settings)
{
	*board = (struct board){.settings = settings};
	board->started_ns = clock_monotonic_ns();
	board->started_unix_ms = clock_unix_ms();
	board_count(board);
	if (board->n_slots > SLOT_MAX_SLOTS) {
		errno = EOVERFLOW;
		return -1;
	}
	if (board_map(board) != 0 || board_map_records(board) != 0) {
		int error = errno;

		board_close(board);
		errno = error;
		return -1;
	}
	for (size_t i = 0; i < settings->n_pools; i++)
		board_init_pool(board, (uint32_t)i);
	return 0;
}

void
board_close(struct board *board)
{
	if (board->memory != NULL)
		munmap(board->memory, board->memory_bytes);
	if (board->records != NULL)
		munmap(board->records, board->records_bytes);
	board->memory = NULL;
	board->records = NULL;
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

struct event_ring *
board_ring(const struct board *board, uint32_t pool, uint32_t thread)
{
	size_t bytes = ring_bytes(&board->settings->pools[pool]);

	return (struct event_ring *)(board->rings[pool] + bytes * thread);
}

_Atomic uint64_t *
board_blocked(const struct board *board, uint32_t pool, uint32_t waiter)
{
	return board->blocked[pool] +
	    (size_t)board->settings->pools[pool].size * waiter;
}

struct lock_histograms *
board_histograms(const struct board *board, const struct slot *slot)
{
	return &board->histograms[slot - board->slots];
}

struct gil_parameters
board_gil_parameters(const struct board *board, uint32_t pool)
{
	const struct pool_record *record = &board->pools[pool];
	/* First: what follows is then no older than that. */
	uint64_t changes =
	    atomic_load_explicit(&record->changes, memory_order_acquire);
	struct gil_parameters parameters = {
	    .policy = (enum gil_policy)counter_get(&record->policy),
	    .force = counter_get(&record->force) != 0,
	    .has_events = counter_get(&record->events) != 0,
	    .interval_ns = counter_get(&record->interval_us) * NS_PER_US,
	    .check_interval = counter_get(&record->check_interval),
	    .quantum_ns = counter_get(&record->quantum_us) * NS_PER_US,
	    .timer_ns = counter_get(&record->timer_us) * NS_PER_US,
	    .number = changes,
	};

	/* A lock that each thread has for itself: nobody waits for it. */
	if (board->settings->pools[pool].locks == 0)
		parameters.policy = GIL_HOLD;
	return parameters;
}

/* Only one executor writes, so that load, compare and store will do. */
static void
longest_raise(_Atomic uint64_t *longest, uint64_t value)
{
	if (value > counter_get(longest))
		counter_set(longest, value);
}

static void
histogram_publish(
    _Atomic uint64_t total[HISTOGRAM_BUCKETS], const struct histogram *add)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (add->counts[i] != 0)
			counter_set(
			    &total[i], counter_get(&total[i]) + add->counts[i]);
	}
}

void
lock_totals_add(struct lock_totals *totals, const struct lock_record *record,
    const struct lock_histograms *histograms)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		_Atomic uint64_t *counter = &totals->counters[i];
		uint64_t value = lock_record_get(record, i);

		if (lock_counters[i].is_longest)
			longest_raise(counter, value);
		else
			counter_set(counter, counter_get(counter) + value);
	}
	histogram_publish(totals->hold, &histograms->hold);
	histogram_publish(totals->wait, &histograms->wait);
	histogram_publish(totals->io, &histograms->io);
}

static void
histogram_sum(
    struct histogram *sum, const _Atomic uint64_t total[HISTOGRAM_BUCKETS])
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->counts[i] += counter_get(&total[i]);
}

void
lock_totals_sum(const struct lock_totals *totals, struct lock_record *record,
    struct lock_histograms *histograms)
{
	struct lock_record one = {0};

	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		lock_record_set(&one, i, counter_get(&totals->counters[i]));
	lock_record_add(record, &one);
	histogram_sum(&histograms->hold, totals->hold);
	histogram_sum(&histograms->wait, totals->wait);
	histogram_sum(&histograms->io, totals->io);
}
