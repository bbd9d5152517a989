/* The locks of server.stats, for people and as tables. */
#ifndef GILD_CLIENT_SHOW_LOCKS_H
#define GILD_CLIENT_SHOW_LOCKS_H

#include <jansson.h>

#include "client/command.h"

/*
 * Each table with an empty line behind it; of those that nobody has used yet
 * people see no figures. pools is the array of server.stats.
 */
enum outcome show_locks(const struct context *context, const json_t *pools)
    __attribute__((warn_unused_result));

#endif
