/*
 * Shared by the cmd_*.c files: the JSON line, the result of a job, the table of
 * pools, and sentences.
 */
#include "client/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define SHOW_INDENT "  "
#define SHOW_RATE_NS UINT64_C(100000000)

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

const char *
show_state(enum job_state state)
{
	return state == JOB_TIMED_OUT ? "timed out" : job_state_name(state);
}

/* One row of figures; the lock's columns stay empty where there is no lock. */
static void
add_task_figures(struct table *table, bool has_lock, uint64_t start_ns,
    uint64_t wall_ns, uint64_t cpu_ns, uint64_t wait_ns, uint64_t held_ns)
{
	show_duration(table, start_ns);
	show_duration(table, wall_ns);
	show_duration(table, cpu_ns);
	if (has_lock) {
		show_duration(table, wait_ns);
		show_duration(table, held_ns);
	} else {
		table_cell(table, "%s", "");
		table_cell(table, "%s", "");
	}
}

static struct table *
make_task_table(const struct job_result *result)
{
	struct table *table = table_new();

	table_column(table, TABLE_RIGHT, "task");
	table_column(table, TABLE_RIGHT, "pid");
	table_column(table, TABLE_RIGHT, "tid");
	table_column_named(table, TABLE_RIGHT, "start", "start_ns");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column_named(table, TABLE_RIGHT, "CPU", "cpu_ns");
	table_column_named(table, TABLE_RIGHT,
	    result->has_lock ? "lock wait" : "", "lock_wait_ns");
	table_column_named(table, TABLE_RIGHT,
	    result->has_lock ? "lock held" : "", "lock_held_ns");
	for (uint32_t i = 0; i < result->n_tasks; i++) {
		const struct task_result *task = &result->tasks[i];

		table_cell(table, "%" PRIu32, i);
		table_cell(table, "%d", (int)task->pid);
		table_cell(table, "%d", (int)task->tid);
		add_task_figures(table, result->has_lock, task->start_ns,
		    task->wall_ns, task->cpu_ns, task->lock.wait_ns,
		    task->lock.held_ns);
	}
	if (result->n_tasks > 1) {
		table_cell(table, "all");
		table_cell(table, "%s", "");
		table_cell(table, "%s", "");
		add_task_figures(table, result->has_lock,
		    result->timing.queue_ns, result->timing.wall_ns,
		    result->timing.cpu_ns, result->timing.lock_wait_ns,
		    result->timing.lock_held_ns);
	}
	return table;
}

static void
show_lock(const struct term *term, const struct job_result *result)
{
	const struct lock_record *lock = &result->lock;
	char often[64] = "";
	char text[512];

	/* Of a shorter job nobody can tell what a second of it would be. */
	if (result->timing.wall_ns >= SHOW_RATE_NS)
		snprintf(often, sizeof(often), ", %s a second",
		    units_rate(lock->switches, result->timing.wall_ns).text);
	snprintf(text, sizeof(text),
	    "The lock changed hands %s time%s%s; longest hold %s, longest wait "
	    "%s. Drop requests %s: honoured %s, superseded %s, missed %s.",
	    units_count(lock->switches).text, lock->switches == 1 ? "" : "s",
	    often, units_duration(lock->longest_hold_ns).text,
	    units_duration(lock->longest_wait_ns).text,
	    units_count(lock->drop_requests).text,
	    units_count(lock->honoured).text,
	    units_count(lock->superseded).text, units_count(lock->missed).text);
	show_sentence(term, TERM_PLAIN, text);
}

/* "done: countdown from 50,000,000 in 2 parts, pool threads, 20 ns a turn" */
static void
show_result_heading(const struct term *term, const struct job_result *result)
{
	fprintf(term->stream, "%s%s%s: countdown from %s",
	    term_style(term, TERM_BOLD), show_state(result->state),
	    term_style(term, TERM_PLAIN), units_count(result->count).text);
	if (result->workers > 1)
		fprintf(term->stream, " in %" PRIu32 " parts", result->workers);
	fprintf(term->stream, ", pool %s", result->pool);
	if (result->cost_ns > 0)
		fprintf(term->stream, ", %s a turn",
		    units_duration(result->cost_ns).text);
	fputc('\n', term->stream);
	if (result->state != JOB_DONE && result->reason[0] != '\0') {
		char reason[RESULT_REASON_CHARS + 1];

		strcpy(reason, result->reason);
		term_tame(reason);
		show_sentence(term, TERM_WARNING, reason);
	}
	fputc('\n', term->stream);
}

enum outcome
show_result(const struct context *context, const struct job_result *result)
{
	const struct term *term = &context->out;
	bool has_words = format_has_words(context->format);
	enum outcome outcome;
	char id[JOB_ID_CHARS + 1];
	char text[160];

	if (has_words)
		show_result_heading(term, result);
	outcome = show_table(context, make_task_table(result));
	if (outcome != OUTCOME_FINE || !has_words)
		return outcome;
	fputc('\n', term->stream);
	if (result->has_lock)
		show_lock(term, result);
	job_id_format(result->job, id);
	snprintf(text, sizeof(text), "Job %s, answered after %s%s.", id,
	    units_duration(result->timing.total_ns).text,
	    result->attempts > 1 ? "; a task had to be started again" : "");
	show_sentence(term, TERM_DIM, text);
	return OUTCOME_FINE;
}

/* How the one that holds the lock comes to give it up. */
static void
describe_policy(const json_t *lock, char *text, size_t size)
{
	const char *policy = show_text(lock, "policy");

	if (strcmp(policy, "interval") == 0)
		snprintf(text, size, "interval %" PRIu64 " us%s",
		    show_number(lock, "interval_us"),
		    json_is_true(json_object_get(lock, "force")) ? ", forced"
								 : "");
	else if (strcmp(policy, "ticks") == 0)
		snprintf(text, size, "ticks, every %" PRIu64 " turns",
		    show_number(lock, "check_interval"));
	else if (strcmp(policy, "fair") == 0)
		snprintf(text, size, "fair, quantum %" PRIu64 " us",
		    show_number(lock, "quantum_us"));
	else
		snprintf(text, size, "%s", policy);
}

/* "interval 5000 us, forced", "2 locks: hold", "free, 7 % overhead" */
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
	char text[112];

	describe_lock(lock, text, sizeof(text));
	table_word(
	    table, has_lock ? show_text(lock, "policy") : "", "%s", text);
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
