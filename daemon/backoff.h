/*
 * A delay that doubles with each failure up to a cap, and falls back to
 * nothing after a quiet time. Pure: the caller brings the clock.
 */
#ifndef GILD_DAEMON_BACKOFF_H
#define GILD_DAEMON_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t first_ns; /* the delay after a second failure in a row */
	uint64_t cap_ns;
	uint64_t quiet_ns; /* this long without a failure: start afresh */
	uint64_t delay_ns; /* of the last failure */
	uint64_t last_failure_ns;
	uint32_t failures; /* in a row */
};

void backoff_init(struct backoff *backoff, uint64_t first_ns, uint64_t cap_ns,
    uint64_t quiet_ns);

/*
 * Notes a failure at now_ns and returns how long to wait before the next try:
 * 0 after the first in a row, then first_ns, twice that, and so on to cap_ns.
 */
uint64_t backoff_fail(struct backoff *backoff, uint64_t now_ns);

#endif
