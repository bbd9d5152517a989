/* What gilctl trace says of a timeline: how much it is, and who did what. */
#ifndef GILD_CLIENT_TRACE_SUMMARY_H
#define GILD_CLIENT_TRACE_SUMMARY_H

#include <jansson.h>

#include "client/command.h"
#include "client/timeline.h"

/*
 * A sentence and a table of the states of each thread (in CSV the table alone),
 * to term, in the format that was asked for.
 */
enum outcome trace_summary_print(const struct context *context,
    const struct term *term, const char *pool, const struct timeline *timeline)
    __attribute__((warn_unused_result));

/*
 * {"pool", "events", "lost", "duration_ns", "threads": [{"thread", ...}]}: a
 * new reference, or NULL when memory ran out.
 */
json_t *trace_summary_json(const char *pool, const struct timeline *timeline);

#endif
