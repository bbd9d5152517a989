/*
 * Timelines as Trace Event Format, the JSON that ui.perfetto.dev and
 * chrome://tracing open ("Trace Event Format", a public document of the
 * Chromium project). A process a pool, a thread a lane; complete slices ("X"),
 * flows ("s" and "f") for arrows, instants ("i") for marks, a counter ("C") for
 * waiters. Times are microseconds with three decimals.
 *
 * Each event is written as it comes; nothing is kept.
 */
#ifndef GILD_CLIENT_TRACE_JSON_H
#define GILD_CLIENT_TRACE_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "client/timeline.h"

struct trace_json {
	FILE *out;
	unsigned pools; /* begun so far */
	uint64_t events;
	uint64_t flows;
};

/* Begins a file. Whoever owns the stream looks at ferror() in the end. */
void trace_json_begin(struct trace_json *trace, FILE *out);

/*
 * One more pool, called `name`, whose timeline's sink is returned. Pools come
 * one after the other: the timeline is over when trace_json_end_pool() names
 * its lanes.
 */
struct timeline_sink trace_json_pool(
    struct trace_json *trace, const char *name);
void trace_json_end_pool(
    struct trace_json *trace, const struct timeline *timeline);

/* Ends the file. */
void trace_json_end(struct trace_json *trace);

#endif
