/* The locks of server.stats, for people and as tables. */
#ifndef GILD_CLIENT_SHOW_LOCKS_H
#define GILD_CLIENT_SHOW_LOCKS_H

#include <jansson.h>

#include "client/command.h"

/*
 * Each table with an empty line behind it. pools is the array of server.stats;
 * without is_all only of the locks that threads competed for, and only what is
 * not zero.
 */
enum outcome show_locks(const struct context *context, const json_t *pools,
    bool is_all) __attribute__((warn_unused_result));

#endif
