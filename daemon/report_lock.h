/*
 * What gild tells of a pool's locks. Each function returns a new reference, or
 * NULL when memory ran out; JSON's null for a pool of kind processes.
 */
#ifndef GILD_DAEMON_REPORT_LOCK_H
#define GILD_DAEMON_REPORT_LOCK_H

#include <jansson.h>
#include <stdint.h>

struct generation;

/* The parameters as they are now: `lock` of a pool in pool.list. */
json_t *report_lock_parameters(
    const struct generation *generation, uint32_t pool);

/* All that was counted: `lock` of a pool in server.stats. */
json_t *report_lock_stats(const struct generation *generation, uint32_t pool);

#endif
