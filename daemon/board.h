/*
 * The board: the shared memory that all processes map. The master lays it out
 * before it forks anybody and then only reads it, but for the slots and seats
 * of the dead. Whoever writes a field is named beside it; every field that
 * others read while it changes is atomic, and no lock lives here, since its
 * holder could be killed.
 */
#ifndef GILD_DAEMON_BOARD_H
#define GILD_DAEMON_BOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/countdown.h"
#include "daemon/event_ring.h"
#include "daemon/gil.h"
#include "daemon/queue.h"
#include "daemon/settings.h"
#include "daemon/slot.h"

/* The most tasks a frontend has under way in a pool beyond its executors. */
#define BOARD_LOOKAHEAD 256

enum process_state {
	PROCESS_DOWN, /* to be respawned */
	PROCESS_STARTING,
	PROCESS_READY,
};

/*
 * What an executor went through since it was first started: a lock_record and
 * its histograms, which it alone adds to after each task.
 */
struct lock_totals {
	_Atomic uint64_t counters[LOCK_COUNTERS]; /* as in lock_counters[] */
	_Atomic uint64_t hold[HISTOGRAM_BUCKETS];
	_Atomic uint64_t wait[HISTOGRAM_BUCKETS];
	_Atomic uint64_t io[HISTOGRAM_BUCKETS];
};

/*
 * The seat of one executor: a thread of a threads pool or a worker process.
 * It outlives them: the replacement of a dead executor takes its seat.
 */
struct seat {
	/* The tickets being served, and TICKET_NONE behind them. read(2) writes
	 * them there, the executor clears them when all have gone back, the
	 * master does for a dead one. */
	_Atomic uint32_t tickets[BUNDLE_TICKETS];
	/* The ticket of the task that runs, or TICKET_NONE: for the pulse of
	 * its own process. Those above are the kernel's to write, which no
	 * other thread can look at in good order. */
	_Atomic uint32_t running;
	_Atomic int32_t pid; /* these five: the executor */
	_Atomic int32_t tid;
	_Atomic uint64_t tasks_done;
	struct lock_totals lock;
} __attribute__((aligned(64)));

/* One process, as server.stats shows it. Written by the master, but for ready
 * and the beats, which are the process's own: see pulse.h. */
struct process_record {
	_Atomic int32_t pid;
	_Atomic uint32_t state; /* enum process_state */
	_Atomic uint64_t restarts;
	_Atomic uint64_t beats;
};

/* What one frontend counted in one pool. It alone writes. */
struct tally {
	_Atomic uint64_t jobs[JOB_STATE_COUNT]; /* queued and running: now;
						 * the ends: since the start */
	_Atomic uint64_t tasks_queued;	   /* in the frontend's run queue */
	_Atomic uint64_t tasks_dispatched; /* in the pool's queue or running */
} __attribute__((aligned(64)));

/* What one frontend counted of its clients, and of results for the job store
 * that are not on the disk yet or never will be. It alone writes. */
struct frontend_record {
	_Atomic uint64_t connections_open;
	_Atomic uint64_t connections_accepted;
	_Atomic uint64_t are_doors_shut; /* for good */
	_Atomic uint64_t results_waiting;
	_Atomic uint64_t histories_forgotten;
	_Atomic uint64_t links_missed; /* when it had none to the recorder */
} __attribute__((aligned(64)));

/*
 * The live settings of a pool: pool.set writes, each with one store; the
 * interpreter reads them when it is rung, executors before each task. And the
 * numbers of its events.
 */
struct pool_record {
	_Atomic uint64_t policy; /* enum gil_policy */
	_Atomic uint64_t force;
	_Atomic uint64_t events;
	_Atomic uint64_t interval_us;
	_Atomic uint64_t check_interval;
	_Atomic uint64_t quantum_us;
	_Atomic uint64_t timer_us;
	_Atomic uint64_t overhead_pct;
	_Atomic uint64_t affinity;     /* enum affinity */
	_Atomic uint64_t changes;      /* moves behind each change of these */
	_Atomic uint64_t event_number; /* the next event's: interpreter */
	/* How often frontends put something into its queue. Workers look at it
	 * all the time, so it has a line for itself. */
	_Atomic uint64_t pushes __attribute__((aligned(64)));
} __attribute__((aligned(64)));

/* Of the generation as a whole. The master writes. */
struct shared_record {
	_Atomic uint64_t n_others; /* generations that live beside it */
} __attribute__((aligned(64)));

/* Where things are. The struct is each process's own copy, made before the
 * fork; the pointers lead into the shared memory. */
struct board {
	const struct settings *settings;
	struct calibration calibration;
	uint64_t event_ps;	  /* what recording one event costs */
	uint64_t started_ns;	  /* monotonic */
	uint64_t started_unix_ms; /* wall clock */

	uint32_t slots_per_frontend;
	uint32_t n_slots;
	uint32_t n_seats;
	uint32_t n_processes;
	uint32_t first_seat[SETTINGS_MAX_POOLS];    /* of each pool */
	uint32_t first_process[SETTINGS_MAX_POOLS]; /* the frontends are 0.. */

	struct shared_record *shared;
	struct slot *slots;
	struct seat *seats;
	struct process_record *processes;
	struct tally *tallies; /* a row a frontend, a column a pool */
	struct frontend_record *frontends;
	struct pool_record *pools;

	/*
	 * Of pools of kind threads, touched only as it is used (the kernel
	 * gives memory at the first touch): totals of each lock, a ring of
	 * events a thread, who blocked whom, histograms of the tasks.
	 */
	struct gil_totals *domains[SETTINGS_MAX_POOLS];
	char *rings[SETTINGS_MAX_POOLS];
	_Atomic uint64_t *blocked[SETTINGS_MAX_POOLS]; /* size rows of size */
	struct lock_histograms *histograms;	       /* one a slot */

	void *memory;
	size_t memory_bytes;
	void *records;
	size_t records_bytes;
};

/*
 * Maps and lays out a board for these settings, which must outlive it. 0, or
 * -1 (errno is set).
 */
int board_open(struct board *board, const struct settings *settings)
    __attribute__((warn_unused_result));
void board_close(struct board *board);

/* How many processes a pool is: 1 for threads, its size for processes. */
uint32_t pool_process_count(const struct pool_settings *pool);

/* The slot that a ticket names, or NULL when the number is out of range. */
struct slot *board_slot(const struct board *board, uint32_t ticket);
/* The frontend that owns it. */
uint32_t board_slot_owner(const struct board *board, uint32_t ticket);

struct tally *board_tally(
    const struct board *board, uint32_t frontend, uint32_t pool);

/* How many locks a pool has: its domains. */
uint32_t pool_domain_count(const struct pool_settings *pool);
/* The lock of its thread with this number. */
uint32_t pool_thread_domain(const struct pool_settings *pool, uint32_t thread);

/* The ring of a pool's thread. */
struct event_ring *board_ring(
    const struct board *board, uint32_t pool, uint32_t thread);
/* How long a pool's thread `waiter` waited, by the number of the holder. */
_Atomic uint64_t *board_blocked(
    const struct board *board, uint32_t pool, uint32_t waiter);
/* The histograms of the task in a slot: valid as long as its result is. */
struct lock_histograms *board_histograms(
    const struct board *board, const struct slot *slot);

/* The live parameters of a pool's locks. */
struct gil_parameters board_gil_parameters(
    const struct board *board, uint32_t pool);

/* Adds one task to an executor's totals. */
void lock_totals_add(struct lock_totals *totals,
    const struct lock_record *record, const struct lock_histograms *histograms);
/* Adds an executor's totals to a sum. */
void lock_totals_sum(const struct lock_totals *totals,
    struct lock_record *record, struct lock_histograms *histograms);

/*
 * Relaxed, for counters that nothing is ordered by. Only one thread at a time
 * may add to one: a load and a store, which others see as a whole, are enough
 * then, and cost a tenth of an atomic addition.
 */
static inline uint64_t
counter_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void
counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, before + n, memory_order_relaxed);
}

static inline void
counter_set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

#endif
