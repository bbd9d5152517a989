/*
 * Looking for more work for a moment before going to sleep.
 *
 * To put a process to sleep and to wake it costs more than a tiny task. Who
 * expects work within microseconds does better to keep looking, if the CPU is
 * not wanted by anybody else. So a thread spins only where that has paid lately,
 * for each kind of wait by itself, gives the CPU to whoever wants it as it
 * looks, and does not spin at all for a while after it did, or while it finds
 * itself waiting for a CPU as it would on a busy machine.
 */
#ifndef GILD_DAEMON_SPIN_H
#define GILD_DAEMON_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/schedstat.h"

#define SPIN_MAX_US 50

/* One thread's. */
struct spinner {
	uint64_t bound_ns; /* of one spin; 0: none */
	const struct schedstat *schedstat;
	uint64_t checked_ns;
	struct schedstat_times times; /* by then */
	bool is_crowded;	      /* it had to wait for a CPU lately */
	uint64_t end_ns, looked_ns;   /* of the spin that is going on */
	bool is_torn;		      /* it was interrupted */
};

/* One kind of wait of that thread; begins as zeros. */
struct spin {
	uint32_t n_skips; /* waits that are not worth a try */
	uint32_t penalty; /* the last one was this many */
};

/* The schedstat is the thread's, and is to outlive the spinner. */
void spinner_init(struct spinner *spinner, uint32_t bound_us,
    const struct schedstat *schedstat);

/*
 * Before such a wait: whether to look around first. If so spin_goes_on() is to
 * be asked between any two looks, and the end is to be told: whether there was
 * something to do.
 */
bool spin_begin(struct spinner *spinner, struct spin *spin);
bool spin_goes_on(struct spinner *spinner);
void spin_end(const struct spinner *spinner, struct spin *spin, bool has_found);

#endif
