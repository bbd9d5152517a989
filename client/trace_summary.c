/* Owns: the words and figures about a timeline. Run by gilctl. */
#include "client/trace_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

/*
 * The counts of a lane, as they are called by people and by machines. Without a
 * heading it is for machines: people have 80 columns.
 */
static const struct {
	const char *heading;
	const char *name;
	size_t offset;
} counts[] = {
    {"", "tasks", offsetof(struct timeline_lane, tasks)},
    {"taken", "acquisitions", offsetof(struct timeline_lane, acquisitions)},
    {"handovers", "handovers", offsetof(struct timeline_lane, handovers)},
    {"requests", "requests", offsetof(struct timeline_lane, requests)},
    {"missed", "missed", offsetof(struct timeline_lane, missed)},
};
#define N_COUNTS (sizeof(counts) / sizeof(counts[0]))

static uint64_t
lane_count(const struct timeline_lane *lane, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)lane + counts[i].offset, sizeof(value));
	return value;
}

/* "switch_wait_ns" */
static void
state_member(enum timeline_state state, char name[32])
{
	snprintf(name, 32, "%s_ns", timeline_state_name(state));
	for (char *at = name; *at != '\0'; at++) {
		if (*at == '-')
			*at = '_';
	}
}

/* Of all lanes: which states are worth a column. */
static struct timeline_lane
sum_lanes(const struct timeline *timeline)
{
	struct timeline_lane sum = {0};

	for (size_t i = 0; i < timeline_lanes(timeline); i++) {
		const struct timeline_lane *lane = timeline_lane(timeline, i);

		sum.events += lane->events;
		sum.tasks += lane->tasks;
		sum.acquisitions += lane->acquisitions;
		sum.handovers += lane->handovers;
		sum.requests += lane->requests;
		sum.missed += lane->missed;
		for (size_t j = 0; j < TIMELINE_STATES; j++)
			sum.state_ns[j] += lane->state_ns[j];
	}
	return sum;
}

static void
add_lane(struct table *table, const struct timeline_lane *lane,
    const struct timeline_lane *sum)
{
	for (size_t i = 0; i < TIMELINE_STATES; i++) {
		if (i <= TIMELINE_WAITING || sum->state_ns[i] > 0)
			table_count(table, lane->state_ns[i], "%s",
			    units_duration(lane->state_ns[i]).text);
	}
	for (size_t i = 0; i < N_COUNTS; i++)
		table_count(table, lane_count(lane, i), "%s",
		    units_count(lane_count(lane, i)).text);
}

static struct table *
make_table(const struct timeline *timeline)
{
	struct timeline_lane sum = sum_lanes(timeline);
	struct table *table = table_new();
	size_t n = 0;

	table_column(table, TABLE_LEFT, "thread");
	for (size_t i = 0; i < TIMELINE_STATES; i++) {
		char name[32];

		state_member((enum timeline_state)i, name);
		if (i <= TIMELINE_WAITING || sum.state_ns[i] > 0)
			table_column_named(table, TABLE_RIGHT,
			    timeline_state_name((enum timeline_state)i), name);
	}
	for (size_t i = 0; i < N_COUNTS; i++)
		table_column_named(table,
		    *counts[i].heading != '\0' ? TABLE_RIGHT : TABLE_MACHINE,
		    counts[i].heading, counts[i].name);
	for (size_t i = 0; i < timeline_lanes(timeline); i++) {
		if (timeline_lane(timeline, i)->events == 0)
			continue;
		n++;
		table_cell(table, "%zu", i);
		add_lane(table, timeline_lane(timeline, i), &sum);
	}
	if (n > 1) {
		table_cell(table, "all");
		add_lane(table, &sum, &sum);
	}
	return table;
}

enum outcome
trace_summary_print(const struct context *context, const struct term *term,
    const char *pool, const struct timeline *timeline)
{
	struct timeline_totals totals = timeline_totals(timeline);
	struct table *table;
	char text[192];
	int status;

	if (format_has_words(context->format)) {
		snprintf(text, sizeof(text),
		    "%s event%s of pool %s in %s, %s lost.",
		    units_count(totals.events).text,
		    totals.events == 1 ? "" : "s", pool,
		    units_duration(totals.last_ns - totals.first_ns).text,
		    totals.lost == 0 ? "none" : units_count(totals.lost).text);
		term_tame(text);
		fprintf(term->stream, "%s%s%s\n\n",
		    context->format == FORMAT_TEXT ? term_style(term, TERM_BOLD)
						   : "",
		    text,
		    context->format == FORMAT_TEXT
			? term_style(term, TERM_PLAIN)
			: "");
	}
	table = make_table(timeline);
	status = table_print(table, context->format, term);
	table_free(table);
	return status == -1 ? talk_no_memory(context) : OUTCOME_FINE;
}

/* 0, or not. */
static int
set_count(json_t *object, const char *name, uint64_t value)
{
	return json_object_set_new(
	    object, name, json_integer((json_int_t)value));
}

static json_t *
lane_json(const struct timeline_lane *lane, size_t thread)
{
	json_t *object = json_object();
	int is_short = set_count(object, "thread", thread);

	is_short |= set_count(object, "events", lane->events);
	for (size_t i = 0; i < TIMELINE_STATES; i++) {
		char name[32];

		state_member((enum timeline_state)i, name);
		is_short |= set_count(object, name, lane->state_ns[i]);
	}
	for (size_t i = 0; i < N_COUNTS; i++)
		is_short |=
		    set_count(object, counts[i].name, lane_count(lane, i));
	if (is_short == 0)
		return object;
	json_decref(object);
	return NULL;
}

json_t *
trace_summary_json(const char *pool, const struct timeline *timeline)
{
	struct timeline_totals totals = timeline_totals(timeline);
	json_t *threads = json_array();
	int is_short = 0;

	for (size_t i = 0; i < timeline_lanes(timeline); i++) {
		const struct timeline_lane *lane = timeline_lane(timeline, i);

		if (lane->events > 0)
			is_short |=
			    json_array_append_new(threads, lane_json(lane, i));
	}
	if (is_short != 0) {
		json_decref(threads);
		return NULL;
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:o}", "pool", pool, "events",
	    (json_int_t)totals.events, "lost", (json_int_t)totals.lost,
	    "duration_ns", (json_int_t)(totals.last_ns - totals.first_ns),
	    "threads", threads);
}
