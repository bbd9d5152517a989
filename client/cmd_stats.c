/* gilctl stats: what the server has done so far and is doing now. */
#include "client/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/show.h"
#include "client/show_locks.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

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

static enum outcome
show_processes(const struct context *context, const json_t *stats)
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
show_stats(const struct context *context, const json_t *stats)
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
	if (outcome == OUTCOME_FINE)
		outcome = show_tasks(context, stats);
	if (outcome == OUTCOME_FINE)
		outcome = show_executors(context, stats);
	if (outcome == OUTCOME_FINE)
		outcome = show_locks(context, json_object_get(stats, "pools"));
	if (outcome == OUTCOME_FINE)
		outcome = show_processes(context, stats);
	return outcome;
}

static enum outcome
run_stats(const struct context *context, const void *settings, char **operands)
{
	json_t *stats;
	enum outcome outcome =
	    talk_ask_once(context, "server.stats", json_object(), &stats);

	(void)settings;
	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = context->format == FORMAT_JSON ? show_json(context, stats)
						 : show_stats(context, stats);
	json_decref(stats);
	return outcome;
}

const struct command command_stats = {
    .name = "stats",
    .operands = "",
    .summary = "Show what the server has done and is doing",
    .run = run_stats,
};
