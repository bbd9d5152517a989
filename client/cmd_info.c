/*
 * gilctl info: what the server is and how it is set; and gilctl pools, the part
 * of it that is about pools.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client/show.h"
#include "client/show_store.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

static enum outcome
show_limits(const struct context *context, const json_t *limits)
{
	static const struct {
		const char *name;
		const char *label; /* for people, where it is another */
		struct units_text (*write)(uint64_t);
	} rows[] = {
	    {"frontends", NULL, units_count},
	    {"spin_us", NULL, units_count},
	    {"max_connections", NULL, units_count},
	    {"max_jobs", NULL, units_count},
	    {"max_in_flight", NULL, units_count},
	    {"max_queued", NULL, units_count},
	    {"max_rate", NULL, units_count},
	    {"max_batch", NULL, units_count},
	    {"max_workers", NULL, units_count},
	    {"max_attempts", NULL, units_count},
	    {"max_line_bytes", NULL, units_bytes},
	    {"max_unsent_bytes", NULL, units_bytes},
	    {"max_client_bytes", NULL, units_bytes},
	    {"idle_timeout_ns", "idle_timeout", units_duration},
	    {"line_timeout_ns", "line_timeout", units_duration},
	    {"stall_timeout_ns", "stall_timeout", units_duration},
	    {"drain_timeout_ns", "drain_timeout", units_duration},
	    {"heartbeat_timeout_ns", "heartbeat_timeout", units_duration},
	};
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "limit");
	table_column_named(table, TABLE_RIGHT, "", "value");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = rows[i].name;
		uint64_t value = show_number(limits, name);

		/* An older gild has fewer. */
		if (json_object_get(limits, name) == NULL)
			continue;
		table_word(table, name, "%s",
		    rows[i].label != NULL ? rows[i].label : name);
		table_count(table, value, "%s",
		    value > 0 ? rows[i].write(value).text : "none");
	}
	return show_table(context, table);
}

/* How fast the server's machine is, in picoseconds. */
static void
add_calibration(struct table *table, const json_t *calibration)
{
	static const struct {
		const char *name;
		const char *label;
	} rows[] = {
	    {"turn_ps", "a bare turn"},
	    {"spin_ps", "a spin of work"},
	    {"event_ps", "a lock's event"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ps = show_number(calibration, rows[i].name);

		if (json_object_get(calibration, rows[i].name) == NULL)
			continue;
		table_word(table, rows[i].name, "%s", rows[i].label);
		table_count(table, ps, "%.3f ns", (double)ps / 1000);
	}
}

/* Of the server itself; on a terminal its name stands above. */
static enum outcome
show_server(const struct context *context, const json_t *info)
{
	const struct term *term = &context->out;
	uint64_t started_ms = show_number(info, "started_ms");
	uint64_t cores = show_number(info, "cores");
	uint64_t memory =
	    show_number(json_object_get(info, "memory"), "total_bytes");
	time_t started = (time_t)(started_ms / 1000);
	struct table *table = table_new();
	const json_t *address;
	enum outcome outcome;
	struct tm when;
	char text[256];
	size_t i;

	table_column_named(table, TABLE_LEFT, "", "server");
	table_column_named(table, TABLE_LEFT, "", "value");
	snprintf(text, sizeof(text), "gild %s", show_text(info, "version"));
	term_tame(text);
	if (context->format == FORMAT_TEXT) {
		fprintf(term->stream,
		    "%s%s%s, pid %" PRIu64 ", %" PRIu64 " core%s\n\n",
		    term_style(term, TERM_BOLD), text,
		    term_style(term, TERM_PLAIN), show_number(info, "pid"),
		    cores, cores == 1 ? "" : "s");
	} else {
		table_cell(table, "version");
		table_cell(table, "%s", show_text(info, "version"));
		table_cell(table, "pid");
		table_cell(table, "%" PRIu64, show_number(info, "pid"));
		table_cell(table, "cores");
		table_cell(table, "%" PRIu64, cores);
	}
	if (localtime_r(&started, &when) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &when) > 0) {
		table_word(table, "started_ms", "since");
		table_count(table, started_ms, "%s", text);
	}
	json_array_foreach (json_object_get(info, "addresses"), i, address) {
		const char *value = json_string_value(address);

		table_word(
		    table, "address", "%s", i == 0 ? "listening on" : "");
		table_cell(table, "%s", value != NULL ? value : "-");
	}
	add_calibration(table, json_object_get(info, "calibration"));
	if (memory > 0) {
		table_word(table, "memory_bytes", "memory");
		table_count(
		    table, memory, "%s at most", units_bytes(memory).text);
	}
	outcome = show_table(context, table);
	fputc('\n', term->stream);
	return outcome;
}

static enum outcome
run_info(const struct context *context, const void *settings, char **operands)
{
	json_t *info;
	enum outcome outcome =
	    talk_ask_once(context, "server.info", json_object(), &info);

	(void)settings;
	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format == FORMAT_JSON) {
		outcome = show_json(context, info);
	} else {
		const json_t *store = json_object_get(info, "store");

		outcome = show_server(context, info);
		if (outcome == OUTCOME_FINE)
			outcome =
			    show_pools(context, json_object_get(info, "pools"));
		fputc('\n', context->out.stream);
		if (outcome == OUTCOME_FINE && store != NULL) {
			outcome = show_store_settings(context, store);
			fputc('\n', context->out.stream);
		}
		if (outcome == OUTCOME_FINE)
			outcome = show_limits(
			    context, json_object_get(info, "limits"));
	}
	json_decref(info);
	return outcome;
}

static enum outcome
run_pools(const struct context *context, const void *settings, char **operands)
{
	json_t *list;
	enum outcome outcome =
	    talk_ask_once(context, "pool.list", json_object(), &list);

	(void)settings;
	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = context->format == FORMAT_JSON
	    ? show_json(context, list)
	    : show_pools(context, json_object_get(list, "pools"));
	json_decref(list);
	return outcome;
}

const struct command command_info = {
    .name = "info",
    .operands = "",
    .summary = "Show what the server is and how it is set",
    .run = run_info,
};

const struct command command_pools = {
    .name = "pools",
    .operands = "",
    .summary = "List the pools and their locks",
    .run = run_pools,
};
