/*
 * gilctl stats: what the server has done so far and is doing now. For people a
 * line a pool, and what is worth telling of its lock; --all, and CSV, have each
 * executor and process.
 */
#include "client/command.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "client/show.h"
#include "client/show_locks.h"
#include "client/show_store.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

struct settings {
	bool is_all;
};

static enum outcome
print_table(const struct context *context, struct table *table)
{
	enum outcome outcome = show_table(context, table);

	fputc('\n', context->out.stream);
	return outcome;
}

static void
add_count(struct table *table, const json_t *object, const char *name)
{
	show_count(table, show_number(object, name));
}

static void
add_jobs(struct table *table, const char *name, const json_t *jobs)
{
	table_cell(table, "%s", name);
	add_count(table, jobs, "queued");
	add_count(table, jobs, "running");
	add_count(table, jobs, "done");
	add_count(table, jobs, "failed");
	add_count(table, jobs, "cancelled");
	add_count(table, jobs, "timed_out");
}

static enum outcome
show_jobs(const struct context *context, const json_t *stats)
{
	const json_t *pools = json_object_get(stats, "pools");
	struct table *table = table_new();
	const json_t *pool;
	size_t i;

	table_column(table, TABLE_LEFT, "jobs");
	table_column(table, TABLE_RIGHT, "queued");
	table_column(table, TABLE_RIGHT, "running");
	table_column(table, TABLE_RIGHT, "done");
	table_column(table, TABLE_RIGHT, "failed");
	table_column(table, TABLE_RIGHT, "cancelled");
	table_column(table, TABLE_RIGHT, "timed out");
	json_array_foreach (pools, i, pool) {
		add_jobs(table, show_text(pool, "name"),
		    json_object_get(pool, "jobs"));
	}
	add_jobs(table, "all", json_object_get(stats, "jobs"));
	return print_table(context, table);
}

static enum outcome
show_tasks(const struct context *context, const json_t *stats)
{
	const json_t *pools = json_object_get(stats, "pools");
	struct table *table = table_new();
	const json_t *pool;
	size_t i;

	table_column(table, TABLE_LEFT, "tasks");
	table_column(table, TABLE_RIGHT, "queued");
	table_column(table, TABLE_RIGHT, "dispatched");
	json_array_foreach (pools, i, pool) {
		const json_t *tasks = json_object_get(pool, "tasks");

		table_cell(table, "%s", show_text(pool, "name"));
		add_count(table, tasks, "queued");
		add_count(table, tasks, "dispatched");
	}
	return print_table(context, table);
}

static enum outcome
show_executors(const struct context *context, const json_t *stats)
{
	const json_t *pools = json_object_get(stats, "pools");
	struct table *table = table_new();
	const json_t *pool, *executor;
	size_t i, j;

	table_column(table, TABLE_LEFT, "executors");
	table_column(table, TABLE_RIGHT, "pid");
	table_column(table, TABLE_RIGHT, "tid");
	table_column(table, TABLE_LEFT, "state");
	table_column(table, TABLE_RIGHT, "tasks done");
	table_column(table, TABLE_RIGHT, "restarts");
	json_array_foreach (pools, i, pool) {
		json_array_foreach (
		    json_object_get(pool, "executors"), j, executor) {
			const char *name = show_text(pool, "name");

			table_word(table, name, "%s", j == 0 ? name : "");
			table_cell(
			    table, "%" PRIu64, show_number(executor, "pid"));
			table_cell(
			    table, "%" PRIu64, show_number(executor, "tid"));
			table_cell(table, "%s", show_text(executor, "state"));
			add_count(table, executor, "tasks_done");
			add_count(table, executor, "restarts");
		}
	}
	return print_table(context, table);
}

/* Executors of a pool by what they do, and what they have done. */
struct crew {
	uint64_t idle, busy, away; /* starting, or down */
	uint64_t tasks_done, restarts;
};

static struct crew
count_crew(const json_t *pool)
{
	struct crew crew = {0};
	const json_t *executor;
	size_t i;

	json_array_foreach (json_object_get(pool, "executors"), i, executor) {
		const char *state = show_text(executor, "state");

		if (strcmp(state, "idle") == 0)
			crew.idle++;
		else if (strcmp(state, "busy") == 0)
			crew.busy++;
		else
			crew.away++;
		crew.tasks_done += show_number(executor, "tasks_done");
		crew.restarts += show_number(executor, "restarts");
	}
	return crew;
}

/* What people want to know of executors and tasks: a line a pool. */
static enum outcome
show_crews(const struct context *context, const json_t *stats)
{
	struct table *table = table_new();
	const json_t *pool;
	size_t i;

	table_column(table, TABLE_LEFT, "executors");
	table_column(table, TABLE_RIGHT, "idle");
	table_column(table, TABLE_RIGHT, "busy");
	table_column(table, TABLE_RIGHT, "away");
	table_column(table, TABLE_RIGHT, "restarts");
	table_column(table, TABLE_RIGHT, "tasks queued");
	table_column(table, TABLE_RIGHT, "dispatched");
	table_column(table, TABLE_RIGHT, "ended");
	json_array_foreach (json_object_get(stats, "pools"), i, pool) {
		const json_t *tasks = json_object_get(pool, "tasks");
		struct crew crew = count_crew(pool);

		table_cell(table, "%s", show_text(pool, "name"));
		show_count(table, crew.idle);
		show_count(table, crew.busy);
		show_count(table, crew.away);
		show_count(table, crew.restarts);
		add_count(table, tasks, "queued");
		add_count(table, tasks, "dispatched");
		show_count(table, crew.tasks_done);
	}
	return print_table(context, table);
}

/* A process that its pool's line does not tell of, or that had trouble. */
static bool
is_worth_a_line(const json_t *process)
{
	return !json_is_string(json_object_get(process, "pool")) ||
	    show_number(process, "restarts") > 0 ||
	    strcmp(show_text(process, "state"), "ready") != 0;
}

static enum outcome
show_processes(const struct context *context, const json_t *stats, bool is_all)
{
	struct table *table = table_new();
	const json_t *process;
	size_t i;

	table_column(table, TABLE_LEFT, "process");
	table_column(table, TABLE_RIGHT, "number");
	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_RIGHT, "pid");
	table_column(table, TABLE_LEFT, "state");
	table_column(table, TABLE_RIGHT, "restarts");
	json_array_foreach (json_object_get(stats, "processes"), i, process) {
		if (!is_all && !is_worth_a_line(process))
			continue;
		table_cell(table, "%s", show_text(process, "kind"));
		table_cell(table, "%" PRIu64, show_number(process, "number"));
		table_cell(table, "%s", show_text(process, "pool"));
		table_cell(table, "%" PRIu64, show_number(process, "pid"));
		table_cell(table, "%s", show_text(process, "state"));
		add_count(table, process, "restarts");
	}
	return show_table(context, table);
}

static enum outcome
show_stats(const struct context *context, const json_t *stats, bool is_all)
{
	const struct term *term = &context->out;
	const json_t *connections = json_object_get(stats, "connections");
	uint64_t open = show_number(connections, "open");
	enum outcome outcome;

	if (format_has_words(context->format))
		fprintf(term->stream,
		    "%sup %s%s, %s connection%s open, %s accepted\n\n",
		    term_style(term, TERM_BOLD),
		    units_uptime(show_number(stats, "uptime_ns")).text,
		    term_style(term, TERM_PLAIN), units_count(open).text,
		    open == 1 ? "" : "s",
		    units_count(show_number(connections, "accepted")).text);
	outcome = show_jobs(context, stats);
	if (outcome == OUTCOME_FINE && is_all)
		outcome = show_tasks(context, stats);
	if (outcome == OUTCOME_FINE)
		outcome = is_all ? show_executors(context, stats)
				 : show_crews(context, stats);
	if (outcome == OUTCOME_FINE)
		outcome = show_locks(
		    context, json_object_get(stats, "pools"), is_all);
	if (outcome == OUTCOME_FINE)
		outcome = show_store_stats(
		    context, json_object_get(stats, "store"), is_all);
	if (outcome == OUTCOME_FINE)
		outcome = show_processes(context, stats, is_all);
	return outcome;
}

static enum outcome
run_stats(const struct context *context, const void *settings_, char **operands)
{
	const struct settings *settings = settings_;
	bool is_all = settings->is_all || !format_has_words(context->format);
	json_t *stats;
	enum outcome outcome =
	    talk_ask_once(context, "server.stats", json_object(), &stats);

	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = context->format == FORMAT_JSON
	    ? show_json(context, stats)
	    : show_stats(context, stats, is_all);
	json_decref(stats);
	return outcome;
}

static const struct settings defaults;

static const struct option_row options[] = {
    {"all", 'a', NULL, OPTION_FLAG, offsetof(struct settings, is_all), 0, 0,
	"each executor, process, lock and counter"},
    {0},
};

const struct command command_stats = {
    .name = "stats",
    .operands = "",
    .summary = "Show what the server has done and is doing",
    .notes =
	"A line for each pool; of locks that threads compete for, what is not "
	"zero; and\nwho waited longest for whom.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_stats,
};
