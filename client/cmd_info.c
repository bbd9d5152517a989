/*
 * gilctl info: what the server is and how it is set; and gilctl pools, the part
 * of it that is about pools.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

static void
add_pair(struct table *table, const char *name, struct units_text value)
{
	table_cell(table, "%s", name);
	table_cell(table, "%s", value.text);
}

static enum outcome
show_limits(const struct context *context, const json_t *limits)
{
	static const char *const counts[] = {"frontends", "max_connections",
	    "max_jobs", "max_in_flight", "max_batch", "max_workers",
	    "max_attempts"};
	struct table *table = table_new();
	enum outcome outcome = OUTCOME_FINE;

	table_column(table, TABLE_LEFT, "limit");
	table_column(table, TABLE_RIGHT, "");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		add_pair(table, counts[i],
		    units_count(show_number(limits, counts[i])));
	add_pair(table, "max_line_bytes",
	    units_bytes(show_number(limits, "max_line_bytes")));
	add_pair(table, "max_unsent_bytes",
	    units_bytes(show_number(limits, "max_unsent_bytes")));
	add_pair(table, "drain_timeout",
	    units_duration(show_number(limits, "drain_timeout_ns")));
	if (table_print(table, &context->out) == -1)
		outcome = talk_no_memory(context);
	table_free(table);
	return outcome;
}

static void
print_line(const struct term *term, const char *name, const char *value)
{
	fprintf(term->stream, "  %s%-14s%s%s\n", term_style(term, TERM_DIM),
	    name, term_style(term, TERM_PLAIN), value);
}

static void
show_server(const struct context *context, const json_t *info)
{
	const struct term *term = &context->out;
	const json_t *addresses = json_object_get(info, "addresses");
	const json_t *calibration = json_object_get(info, "calibration");
	time_t started = (time_t)(show_number(info, "started_ms") / 1000);
	const json_t *address;
	struct tm broken_down;
	char text[256];
	size_t i;

	snprintf(text, sizeof(text), "gild %s", show_text(info, "version"));
	term_tame(text);
	fprintf(term->stream, "%s%s%s, pid %" PRIu64 ", %" PRIu64 " core%s\n\n",
	    term_style(term, TERM_BOLD), text, term_style(term, TERM_PLAIN),
	    show_number(info, "pid"), show_number(info, "cores"),
	    show_number(info, "cores") == 1 ? "" : "s");
	if (localtime_r(&started, &broken_down) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken_down) > 0)
		print_line(term, "since", text);
	json_array_foreach (addresses, i, address) {
		snprintf(text, sizeof(text), "%s",
		    json_is_string(address) ? json_string_value(address) : "-");
		term_tame(text);
		print_line(term, i == 0 ? "listening on" : "", text);
	}
	snprintf(text, sizeof(text), "%.3f ns, a spin of busy work %.3f ns",
	    (double)show_number(calibration, "turn_ps") / 1000,
	    (double)show_number(calibration, "spin_ps") / 1000);
	print_line(term, "a bare turn", text);
	fputc('\n', term->stream);
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
	if (context->is_json) {
		outcome = show_json(context, info);
	} else {
		show_server(context, info);
		outcome = show_pools(context, json_object_get(info, "pools"));
		fputc('\n', context->out.stream);
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
	outcome = context->is_json
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
