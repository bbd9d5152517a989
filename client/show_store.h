/* The job store, as server.info and server.stats describe it: a table each. */
#ifndef GILD_CLIENT_SHOW_STORE_H
#define GILD_CLIENT_SHOW_STORE_H

#include <jansson.h>
#include <stdbool.h>

#include "client/command.h"

/* How it is set. store may be NULL: an older server has none. */
enum outcome show_store_settings(const struct context *context,
    const json_t *store) __attribute__((warn_unused_result));

/* What it has done. One that is not there is passed over, but if is_all. */
enum outcome show_store_stats(const struct context *context,
    const json_t *store, bool is_all) __attribute__((warn_unused_result));

#endif
