/*
 * The delay before a child is started again. The master keeps one per child;
 * nothing here reads a clock, allocates or fails.
 */
#include "daemon/backoff.h"

#include <stdbool.h>

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
backoff_init(struct backoff *backoff, uint64_t first_ns, uint64_t cap_ns,
    uint64_t quiet_ns)
{
	*backoff = (struct backoff){
	    .first_ns = least(first_ns, cap_ns),
	    .cap_ns = cap_ns,
	    .quiet_ns = quiet_ns,
	};
}

/*
 * The quiet time starts when the delay has passed: while we make a child wait
 * it cannot fail, and that says nothing for it.
 */
static bool
was_quiet(const struct backoff *backoff, uint64_t now_ns)
{
	uint64_t since_ns = now_ns - backoff->last_failure_ns;

	return since_ns >= backoff->delay_ns &&
	    since_ns - backoff->delay_ns >= backoff->quiet_ns;
}

uint64_t
backoff_fail(struct backoff *backoff, uint64_t now_ns)
{
	if (backoff->failures == 0 || was_quiet(backoff, now_ns)) {
		backoff->failures = 1;
		backoff->delay_ns = 0;
	} else {
		if (backoff->delay_ns == 0)
			backoff->delay_ns = backoff->first_ns;
		else if (backoff->delay_ns > backoff->cap_ns / 2)
			backoff->delay_ns = backoff->cap_ns;
		else
			backoff->delay_ns *= 2;
		if (backoff->failures < UINT32_MAX)
			backoff->failures++;
	}
	backoff->last_failure_ns = now_ns;
	return backoff->delay_ns;
}
