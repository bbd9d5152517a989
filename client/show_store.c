/* The job store for people: whether it is there, what is in it, how it is set. */
#include "client/show_store.h"

#include <stdio.h>
#include <string.h>

#include "client/show.h"
#include "client/table.h"
#include "client/units.h"

static bool
is_available(const json_t *store)
{
	return json_is_true(json_object_get(store, "available"));
}

/* 7 d, and not 7 d 0 h */
static struct units_text
write_span(uint64_t ns)
{
	struct units_text text = units_age(ns);

	return ns % UINT64_C(86400000000000) == 0 ? text : units_uptime(ns);
}

enum outcome
show_store_settings(const struct context *context, const json_t *store)
{
	static const struct {
		const char *name;
		const char *label; /* for people */
		struct units_text (*write)(uint64_t);
	} rows[] = {
	    {"keep_for_ns", "keep_for", write_span},
	    {"keep_bytes", "keep_size", units_bytes},
	    {"max_detached", "max_detached", units_count},
	    {"commit_group", "commit_group", units_count},
	};
	struct table *table;

	if (store == NULL)
		return OUTCOME_FINE;
	table = table_new();
	table_column(table, TABLE_LEFT, "store");
	table_column_named(table, TABLE_LEFT, "", "value");
	table_cell(table, "available");
	table_word(table, is_available(store) ? "true" : "false", "%s%s",
	    is_available(store) ? "yes" : "no: ",
	    is_available(store) ? "" : show_text(store, "reason"));
	table_cell(table, "record");
	table_cell(table, "%s", show_text(store, "record"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = show_number(store, rows[i].name);

		if (json_object_get(store, rows[i].name) == NULL)
			continue;
		table_word(table, rows[i].name, "%s", rows[i].label);
		table_count(table, value, "%s", rows[i].write(value).text);
	}
	return show_table(context, table);
}

enum outcome
show_store_stats(
    const struct context *context, const json_t *store, bool is_all)
{
	struct table *table;
	enum outcome outcome;

	/* Where nobody serves it, none is wanted. */
	if (store == NULL ||
	    (!is_available(store) && show_number(store, "pid") == 0 && !is_all))
		return OUTCOME_FINE;
	table = table_new();
	table_column(table, TABLE_LEFT, "store");
	table_column(table, TABLE_RIGHT, "unfinished");
	table_column(table, TABLE_RIGHT, "ended");
	table_column_named(table, TABLE_RIGHT, "file", "file_bytes");
	table_column(table, TABLE_RIGHT, "commits");
	table_column(table, TABLE_RIGHT, "changes");
	table_cell(
	    table, "%s", is_available(store) ? "serving" : "unavailable");
	show_count(table, show_number(store, "unfinished"));
	show_count(table, show_number(store, "ended"));
	table_count(table, show_number(store, "file_bytes"), "%s",
	    units_bytes(show_number(store, "file_bytes")).text);
	show_count(table, show_number(store, "commits"));
	show_count(table, show_number(store, "changes"));
	outcome = show_table(context, table);
	if (!is_available(store) && context->format == FORMAT_TEXT) {
		char text[512];

		snprintf(text, sizeof(text), "No jobs are taken in: %s.",
		    show_text(store, "reason"));
		term_tame(text);
		fputc('\n', context->out.stream);
		show_sentence(&context->out, TERM_PLAIN, text);
	}
	fputc('\n', context->out.stream);
	return outcome;
}
