/*
 * Owns: the text of a Trace Event file. Run by gilctl.
 *
 * Numbers of processes and threads begin at 1, for 0 means something of its own
 * to those who read such files, and no two lanes of a file share one.
 *
 * A flow is bound to the slice that is there at its time, and at the moment of
 * a release or an acquisition two slices meet. So a flow begins a nanosecond
 * before the release and ends a nanosecond behind the acquisition: inside.
 */
#include "client/trace_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jobid.h"

#define LANES_MAX 65536 /* of a pool */

/* --- parts of an event --- */

/* Of every event, even where the format asks for no category: readers do. */
static void
put_start(struct trace_json *trace, const char *phase, const char *name,
    const char *category)
{
	fprintf(trace->out,
	    "%s{\"ph\":\"%s\",\"name\":\"%s\",\"cat\":\"%s\",\"pid\":%u",
	    trace->events++ == 0 ? "\n" : ",\n", phase, name, category,
	    trace->pools);
}

static void
put_lane(struct trace_json *trace, unsigned thread)
{
	fprintf(trace->out, ",\"tid\":%u",
	    (trace->pools - 1) * LANES_MAX + thread + 1);
}

/* As microseconds: 1234567 ns are 1234.567. */
static void
put_time(struct trace_json *trace, const char *member, uint64_t ns)
{
	fprintf(trace->out, ",\"%s\":%" PRIu64 ".%03u", member, ns / 1000,
	    (unsigned)(ns % 1000));
}

/* --- the sink --- */

static void
put_slice(void *arg, const struct timeline_slice *slice)
{
	struct trace_json *trace = arg;

	put_start(trace, "X", timeline_state_name(slice->state), "lock");
	put_lane(trace, slice->thread);
	put_time(trace, "ts", slice->start_ns);
	put_time(trace, "dur", slice->end_ns - slice->start_ns);
	fprintf(trace->out, ",\"args\":{\"lock\":%u", slice->domain);
	if (slice->has_label) {
		struct job_id id = {slice->label.job[0], slice->label.job[1]};
		char job[JOB_ID_CHARS + 1];

		job_id_format(id, job);
		fprintf(trace->out, ",\"job\":\"%s\",\"task\":%" PRIu32, job,
		    slice->label.task);
	}
	fprintf(trace->out, "}}");
}

static void
put_flow_end(struct trace_json *trace, const char *phase, uint16_t thread,
    uint64_t time_ns)
{
	put_start(trace, phase, "handover", "handover");
	fprintf(trace->out, ",\"id\":%" PRIu64, trace->flows);
	put_lane(trace, thread);
	put_time(trace, "ts", time_ns);
}

static void
put_arrow(void *arg, const struct timeline_arrow *arrow)
{
	struct trace_json *trace = arg;

	trace->flows++;
	put_flow_end(trace, "s", arrow->from,
	    arrow->from_ns > 0 ? arrow->from_ns - 1 : 0);
	fprintf(trace->out, "}");
	put_flow_end(trace, "f", arrow->to, arrow->to_ns + 1);
	fprintf(trace->out, ",\"bp\":\"e\"}");
}

static void
put_mark(void *arg, const struct timeline_mark *mark)
{
	struct trace_json *trace = arg;
	bool has_lane = mark->thread != LOCK_NO_THREAD;

	put_start(trace, "i", timeline_mark_name(mark->kind), "lock");
	fprintf(trace->out, ",\"s\":\"%s\"", has_lane ? "t" : "p");
	put_lane(trace, has_lane ? mark->thread : 0);
	put_time(trace, "ts", mark->time_ns);
	if (mark->kind == TIMELINE_GAP)
		fprintf(
		    trace->out, ",\"args\":{\"events\":%" PRIu64 "}", mark->n);
	else if (mark->other != LOCK_NO_THREAD)
		fprintf(trace->out, ",\"args\":{\"target\":\"thread %u\"}",
		    mark->other);
	fprintf(trace->out, "}");
}

static void
put_waiters(void *arg, uint16_t domain, uint64_t time_ns, uint64_t waiters)
{
	struct trace_json *trace = arg;
	char name[32] = "waiters";

	if (domain > 0)
		snprintf(name, sizeof(name), "waiters of lock %u", domain);
	put_start(trace, "C", name, "lock");
	put_lane(trace, 0);
	put_time(trace, "ts", time_ns);
	fprintf(trace->out, ",\"args\":{\"waiters\":%" PRIu64 "}}", waiters);
}

/* --- names --- */

static void
put_name(struct trace_json *trace, const char *what, unsigned thread,
    const char *prefix, const char *name)
{
	json_t *text = json_sprintf("%s%s", prefix, name);

	put_start(trace, "M", what, "__metadata");
	put_lane(trace, thread);
	fprintf(trace->out, ",\"args\":{\"name\":");
	/* What the server calls a pool may be no text at all: then a number. */
	if (text == NULL ||
	    json_dumpf(text, trace->out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII))
		fprintf(trace->out, "\"%s%u\"", prefix, trace->pools);
	fprintf(trace->out, "}}");
	json_decref(text);
}

static void
put_place(
    struct trace_json *trace, const char *what, unsigned thread, unsigned place)
{
	put_start(trace, "M", what, "__metadata");
	put_lane(trace, thread);
	fprintf(trace->out, ",\"args\":{\"sort_index\":%u}}", place);
}

struct timeline_sink
trace_json_pool(struct trace_json *trace, const char *name)
{
	trace->pools++;
	put_name(trace, "process_name", 0, "pool ", name);
	put_place(trace, "process_sort_index", 0, trace->pools);
	return (struct timeline_sink){
	    .arg = trace,
	    .slice = put_slice,
	    .arrow = put_arrow,
	    .mark = put_mark,
	    .waiters = put_waiters,
	};
}

void
trace_json_end_pool(struct trace_json *trace, const struct timeline *timeline)
{
	unsigned n = (unsigned)timeline_lanes(timeline);

	for (unsigned i = 0; i < n; i++) {
		char number[16];

		if (timeline_lane(timeline, i)->events == 0)
			continue;
		snprintf(number, sizeof(number), "%u", i);
		put_name(trace, "thread_name", i, "thread ", number);
		put_place(trace, "thread_sort_index", i, i);
	}
}

void
trace_json_begin(struct trace_json *trace, FILE *out)
{
	*trace = (struct trace_json){.out = out};
	fprintf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
}

void
trace_json_end(struct trace_json *trace)
{
	fprintf(trace->out, "\n]}\n");
}
