/*
 * What gild tells of itself: server.info, server.stats, pool.list. All of it
 * is read from the board and the settings, so any frontend can tell of all.
 * Each function returns a new reference, or NULL when memory ran out.
 */
#ifndef GILD_DAEMON_REPORT_H
#define GILD_DAEMON_REPORT_H

#include <jansson.h>
#include <stdint.h>

struct generation;

json_t *report_info(const struct generation *generation);
json_t *report_stats(const struct generation *generation);
json_t *report_pools(const struct generation *generation);
/* Of a server.drain or server.shutdown: what is left to do. */
json_t *report_stopping(const struct generation *generation, const char *state);
json_t *report_pool(const struct generation *generation, uint32_t pool);

#endif
