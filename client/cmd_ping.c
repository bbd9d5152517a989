/*
 * gilctl ping: how long the server takes to answer a request that costs it
 * nothing. One connection, one request at a time; connecting is not counted.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "client/libgil/gil.h"
#include "client/sample.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define MAX_PINGS 1000000

struct settings {
	uint64_t count;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static enum outcome
ping_all(const struct context *context, struct gil *gil, uint64_t times_ns[],
    uint64_t n_times)
{
	for (uint64_t i = 0; i < n_times; i++) {
		uint64_t start_ns = now_ns();
		enum outcome outcome;
		json_t *answer;

		outcome = talk_ask(
		    context, gil, "server.ping", json_object(), &answer);
		if (outcome != OUTCOME_FINE)
			return outcome;
		json_decref(answer);
		times_ns[i] = now_ns() - start_ns;
	}
	return OUTCOME_FINE;
}

static enum outcome
show_sample(const struct context *context, const struct sample *sample,
    uint64_t n_times)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "server");
	table_column_named(table, TABLE_RIGHT, "pings", "count");
	table_column_named(table, TABLE_RIGHT, "median", "median_ns");
	table_column_named(table, TABLE_RIGHT, "min", "min_ns");
	table_column_named(table, TABLE_RIGHT, "max", "max_ns");
	table_cell(table, "%s", context->server);
	table_count(table, n_times, "%s", units_count(n_times).text);
	show_duration(table, sample->median);
	show_duration(table, sample->min);
	show_duration(table, sample->max);
	return show_table(context, table);
}

static enum outcome
show_times(const struct context *context, uint64_t times_ns[], uint64_t n_times)
{
	struct sample sample = sample_take(times_ns, n_times);
	enum outcome outcome = OUTCOME_FINE;
	json_t *json;

	if (context->format == FORMAT_JSON) {
		json = json_pack("{s:I, s:{s:I, s:I, s:I}}", "count",
		    (json_int_t)n_times, "round_trip_ns", "median",
		    (json_int_t)sample.median, "min", (json_int_t)sample.min,
		    "max", (json_int_t)sample.max);
		outcome = show_json(context, json);
		json_decref(json);
	} else if (context->format != FORMAT_TEXT) {
		outcome = show_sample(context, &sample, n_times);
	} else {
		fprintf(context->out.stream,
		    "%s answered %s ping%s: min %s, median %s, max %s\n",
		    context->server, units_count(n_times).text,
		    n_times == 1 ? "" : "s", units_duration(sample.min).text,
		    units_duration(sample.median).text,
		    units_duration(sample.max).text);
	}
	return outcome;
}

static enum outcome
run_ping(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct settings *settings = settings_given;
	uint64_t *times_ns = calloc(settings->count, sizeof(*times_ns));
	struct gil *gil = NULL;
	enum outcome outcome;

	(void)operands;
	if (times_ns == NULL)
		return talk_no_memory(context);
	outcome = talk_open(context, &gil);
	if (outcome == OUTCOME_FINE)
		outcome = ping_all(context, gil, times_ns, settings->count);
	if (outcome == OUTCOME_FINE)
		outcome = show_times(context, times_ns, settings->count);
	gil_close(gil);
	free(times_ns);
	return outcome;
}

static const struct settings defaults = {.count = 5};

static const struct option_row options[] = {
    {"count", 'n', "COUNT", OPTION_NUMBER, offsetof(struct settings, count), 1,
	MAX_PINGS, "how many (5)"},
    {0},
};

const struct command command_ping = {
    .name = "ping",
    .operands = "",
    .summary = "Measure the round trip to the server",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_ping,
};
