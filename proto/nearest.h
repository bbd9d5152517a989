/*
 * "Did you mean ...?": the known name that is nearest to a mistyped one. For
 * parameters, methods, pools, options and sub-commands alike.
 */
#ifndef GILD_PROTO_NEAREST_H
#define GILD_PROTO_NEAREST_H

#include <stddef.h>

/*
 * The one of n_known names that somebody who wrote `name` most likely meant:
 * few letters added, dropped, changed or swapped with their neighbour, in
 * either case, or the beginning of it. NULL when none is near.
 */
const char *nearest_name(
    const char *name, const char *const known[], size_t n_known);

#endif
