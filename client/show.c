/*
 * Shared by the cmd_*.c files: the JSON line, tables, the table of pools, and
 * sentences.
 */
#include "client/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define SHOW_INDENT "  "

enum outcome
show_json(const struct context *context, const json_t *json)
{
	char *line = json != NULL
	    ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII)
	    : NULL;

	if (line == NULL)
		return talk_no_memory(context);
	fprintf(context->out.stream, "%s\n", line);
	fflush(context->out.stream);
	free(line);
	return OUTCOME_FINE;
}

enum outcome
show_table(const struct context *context, struct table *table)
{
	enum outcome outcome = OUTCOME_FINE;

	if (table_print(table, context->format, &context->out) == -1)
		outcome = talk_no_memory(context);
	table_free(table);
	return outcome;
}

void
show_count(struct table *table, uint64_t n)
{
	table_count(table, n, "%s", units_count(n).text);
}

void
show_duration(struct table *table, uint64_t ns)
{
	table_count(table, ns, "%s", units_duration(ns).text);
}

uint64_t
show_number(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

const char *
show_text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : "-";
}

/*
 * Up to the blank where a line may be broken: not between a figure and its
 * unit, such as "4 %" or "1.012 s".
 */
static size_t
word_length(const char *text)
{
	size_t length = strcspn(text, " ");

	while (text[length] == ' ' && length > 0 && text[length - 1] >= '0' &&
	    text[length - 1] <= '9' && strcspn(text + length + 1, " ") <= 3)
		length += 1 + strcspn(text + length + 1, " ");
	return length;
}

void
show_sentence(const struct term *term, enum term_style style, const char *text)
{
	size_t width = term->columns < 100 ? term->columns : 100;
	size_t column = 0;

	fputs(term_style(term, style), term->stream);
	while (*text != '\0') {
		size_t length = word_length(text);

		if (column > 0 && column + 1 + length >= width) {
			fputc('\n', term->stream);
			column = 0;
		}
		column += (size_t)fprintf(term->stream, "%s%.*s",
		    column == 0 ? SHOW_INDENT : " ", (int)length, text);
		text += length;
		text += *text == ' ';
	}
	fprintf(term->stream, "%s\n", term_style(term, TERM_PLAIN));
}

/* How the one that holds the lock comes to give it up. */
static void
describe_policy(const json_t *lock, char *text, size_t size)
{
	const char *policy = show_text(lock, "policy");
	uint64_t timer_us = show_number(lock, "timer_us");

	if (strcmp(policy, "interval") == 0)
		snprintf(text, size, "interval %s%s",
		    units_parameter_us(show_number(lock, "interval_us")).text,
		    json_is_true(json_object_get(lock, "force")) ? ", forced"
								 : "");
	else if (strcmp(policy, "ticks") == 0)
		snprintf(text, size, "ticks, every %" PRIu64 " turns",
		    show_number(lock, "check_interval"));
	else if (strcmp(policy, "fair") == 0)
		snprintf(text, size, "fair, %s%s%s",
		    units_parameter_us(show_number(lock, "quantum_us")).text,
		    timer_us > 0 ? ", timer " : "",
		    timer_us > 0 ? units_parameter_us(timer_us).text : "");
	else
		snprintf(text, size, "%s", policy);
}

/* "interval 5 ms, forced", "2 locks: hold", "free, 7 % overhead" */
static void
describe_lock(const json_t *lock, char *text, size_t size)
{
	uint64_t locks = show_number(lock, "locks");
	char policy[80];

	if (!json_is_object(lock)) {
		snprintf(text, size, "-");
		return;
	}
	/* A server that does not name the number has one. */
	if (json_object_get(lock, "locks") != NULL && locks == 0) {
		snprintf(text, size, "free, %" PRIu64 " %% overhead",
		    show_number(lock, "overhead_pct"));
		return;
	}
	describe_policy(lock, policy, sizeof(policy));
	if (locks > 1)
		snprintf(text, size, "%" PRIu64 " locks: %s", locks, policy);
	else
		snprintf(text, size, "%s", policy);
}

/* The lock's parameters, for machines: each has a column of its own. */
static const struct {
	const char *name;
	bool is_flag;
} lock_columns[] = {
    {"locks", false},
    {"interval_us", false},
    {"force", true},
    {"check_interval", false},
    {"quantum_us", false},
    {"timer_us", false},
    {"overhead_pct", false},
    {"events", true},
};
#define N_LOCK_COLUMNS (sizeof(lock_columns) / sizeof(lock_columns[0]))

static void
add_lock(struct table *table, const json_t *lock)
{
	bool has_lock = json_is_object(lock);
	bool is_recording = json_is_true(json_object_get(lock, "events"));
	char text[112];

	describe_lock(lock, text, sizeof(text));
	table_word(table, has_lock ? show_text(lock, "policy") : "", "%s%s",
	    text, is_recording ? ", events on" : "");
	for (size_t i = 0; i < N_LOCK_COLUMNS; i++) {
		const char *name = lock_columns[i].name;
		const json_t *value = json_object_get(lock, name);

		if (value == NULL)
			table_cell(table, "%s", "");
		else if (lock_columns[i].is_flag)
			table_word(table,
			    json_is_true(value) ? "true" : "false", "%s", "");
		else
			table_count(table, show_number(lock, name), "%s", "");
	}
}

enum outcome
show_pools(const struct context *context, const json_t *pools)
{
	struct table *table = table_new();
	const json_t *pool;
	size_t i;

	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_LEFT, "kind");
	table_column(table, TABLE_RIGHT, "size");
	table_column(table, TABLE_LEFT, "affinity");
	table_column_named(table, TABLE_LEFT, "lock", "policy");
	for (i = 0; i < N_LOCK_COLUMNS; i++)
		table_column_named(
		    table, TABLE_MACHINE, "", lock_columns[i].name);
	json_array_foreach (pools, i, pool) {
		table_cell(table, "%s", show_text(pool, "name"));
		table_cell(table, "%s", show_text(pool, "kind"));
		table_cell(table, "%" PRIu64, show_number(pool, "size"));
		table_cell(table, "%s", show_text(pool, "affinity"));
		add_lock(table, json_object_get(pool, "lock"));
	}
	return show_table(context, table);
}
