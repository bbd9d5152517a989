/*
 * Spinning. Run by each frontend and by each worker process, for itself.
 *
 * A spin that finds nothing costs its bound, so after it the next wait of its
 * kind is not tried, after two in a row the next two, then four, up to a bound;
 * one that finds something makes up for all. Whether the machine is busy is
 * asked now and then, by the kernel's figures of how long this thread ran and
 * how long it had to wait for that. And at each look the CPU is offered to
 * whoever waits for it (sched_yield(2)), so that a spin is in nobody's way; where
 * the clock jumps then, somebody wanted it, and we go to sleep as well.
 */
#include "daemon/spin.h"

#include <sched.h>

#include "daemon/clock.h"

#define MAX_SKIPS 64
/* After an interruption. */
#define TORN_SKIPS 16
/* Two looks are closer to each other than that. */
#define GAP_NS (15 * NS_PER_US)
/* Crowded is who waits for a CPU for more than this part of the time it has
 * one. */
#define CROWDED_SHARE 10
#define CHECK_EVERY_NS (100 * NS_PER_MS)

void
spinner_init(struct spinner *spinner, uint32_t bound_us,
    const struct schedstat *schedstat)
{
	*spinner = (struct spinner){
	    .bound_ns = bound_us * NS_PER_US,
	    .schedstat = schedstat,
	};
}

/* Looks whether the thread was kept waiting since the last look. */
static void
spinner_check(struct spinner *spinner, uint64_t now_ns)
{
	const struct schedstat_times before = spinner->times;
	struct schedstat_times *now = &spinner->times;

	spinner->checked_ns = now_ns;
	if (schedstat_read(spinner->schedstat, now))
		spinner->is_crowded =
		    (now->waited_ns - before.waited_ns) * CROWDED_SHARE >
		    now->ran_ns - before.ran_ns;
}

bool
spin_begin(struct spinner *spinner, struct spin *spin)
{
	if (spinner->bound_ns == 0)
		return false;
	if (spin->n_skips > 0) {
		spin->n_skips--;
		return false;
	}
	spinner->looked_ns = clock_monotonic_ns();
	if (spinner->looked_ns - spinner->checked_ns >= CHECK_EVERY_NS)
		spinner_check(spinner, spinner->looked_ns);
	if (spinner->is_crowded)
		return false;
	spinner->end_ns = spinner->looked_ns + spinner->bound_ns;
	spinner->is_torn = false;
	return true;
}

bool
spin_goes_on(struct spinner *spinner)
{
	uint64_t now_ns;

	sched_yield();
	now_ns = clock_monotonic_ns();
	spinner->is_torn = now_ns - spinner->looked_ns > GAP_NS;
	spinner->looked_ns = now_ns;
	return !spinner->is_torn && now_ns < spinner->end_ns;
}

void
spin_end(const struct spinner *spinner, struct spin *spin, bool has_found)
{
	if (spinner->is_torn)
		spin->penalty = TORN_SKIPS;
	else if (has_found)
		spin->penalty = 0;
	else if (spin->penalty == 0)
		spin->penalty = 1;
	else
		spin->penalty = spin->penalty < MAX_SKIPS / 2
		    ? 2 * spin->penalty
		    : MAX_SKIPS;
	spin->n_skips = spin->penalty;
}
