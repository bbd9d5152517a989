/*
 * Records are copied, a few hundred bytes each. Whether there is room for a
 * column of keys is found out beforehand, from how wide the others will be.
 */
#include "client/ledger.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/show.h"
#include "client/units.h"

#define COUNT_CHARS 64

int
ledger_add(struct ledger *ledger, const struct job_record *job)
{
	if (ledger->n == ledger->room) {
		size_t room = ledger->room > 0 ? ledger->room * 2 : 64;
		struct job_record *jobs =
		    realloc(ledger->jobs, room * sizeof(*jobs));

		if (jobs == NULL)
			return -1;
		ledger->jobs = jobs;
		ledger->room = room;
	}
	ledger->jobs[ledger->n++] = *job;
	return 0;
}

void
ledger_free(struct ledger *ledger)
{
	free(ledger->jobs);
	*ledger = (struct ledger){0};
}

struct ledger_summary
ledger_sum_up(const struct ledger *ledger)
{
	struct ledger_summary summary = {.n = ledger->n};

	for (size_t i = 0; i < ledger->n; i++) {
		const struct job_record *job = &ledger->jobs[i];

		summary.by_state[job->state]++;
		summary.n_uncollected += job->is_detached &&
		    !job->is_collected && job_state_is_end(job->state);
	}
	return summary;
}

void
ledger_write_summary(
    const struct ledger_summary *summary, char *text, size_t size)
{
	const char *between = ": ";
	size_t used = (size_t)snprintf(text, size, "%s job%s",
	    units_count(summary->n).text, summary->n == 1 ? "" : "s");

	for (int i = 0; i < JOB_STATE_COUNT && used < size; i++) {
		if (summary->by_state[i] == 0)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s %s",
		    between, units_count(summary->by_state[i]).text,
		    show_state((enum job_state)i));
		between = ", ";
	}
	if (summary->n_uncollected > 0 && used < size)
		used += (size_t)snprintf(text + used, size - used,
		    "; %s wait%s to be collected",
		    units_count(summary->n_uncollected).text,
		    summary->n_uncollected == 1 ? "s" : "");
	if (used < size)
		snprintf(text + used, size - used, ".");
}

/* "50M", "50M in 4": in so many parts */
static void
write_count(const struct job_request *request, char text[COUNT_CHARS])
{
	size_t used = (size_t)snprintf(
	    text, COUNT_CHARS, "%s", units_amount(request->count).text);

	if (request->workers > 1)
		snprintf(text + used, COUNT_CHARS - used, " in %" PRIu32,
		    request->workers);
}

static struct units_text
age_of(const struct job_record *job, uint64_t now_ms)
{
	uint64_t ago_ms =
	    now_ms > job->accepted_ms ? now_ms - job->accepted_ms : 0;

	return units_age(ago_ms * 1000000);
}

static const char *
wall_of(const struct job_record *job, struct units_text *room)
{
	if (job->timing.wall_ns == 0)
		return "-";
	*room = units_duration(job->timing.wall_ns);
	return room->text;
}

/*
 * Which of the columns that are not always there have something to say, and
 * whether there is room for them; else it is said below the row.
 */
struct layout {
	bool has_priority;
	bool has_key;
	bool has_room;
};

static void
widen(size_t *width, const char *text)
{
	if (strlen(text) > *width)
		*width = strlen(text);
}

static struct layout
plan(const struct ledger *ledger, uint64_t now_ms, unsigned columns)
{
	struct layout layout = {0};
	size_t state = 5, pool = 4, count = 5, age = 3, wall = 4, key = 0;
	size_t used;

	for (size_t i = 0; i < ledger->n; i++) {
		const struct job_record *job = &ledger->jobs[i];
		struct units_text room;
		char text[COUNT_CHARS];

		layout.has_priority |=
		    job->request.priority != REQUEST_DEFAULT_PRIORITY;
		write_count(&job->request, text);
		widen(&state, show_state(job->state));
		widen(&pool, job->request.pool);
		widen(&count, text);
		widen(&age, age_of(job, now_ms).text);
		widen(&wall, wall_of(job, &room));
		widen(&key, job->request.key);
	}
	/* Two blanks before each column; and the last place stays free. */
	used = 2 + JOB_ID_CHARS + 2 + state + 2 + pool + 2 + count + 2 + age +
	    2 + wall + (layout.has_priority ? 2 + strlen("prio") : 0) +
	    (key > 0 ? 2 + key : 0);
	layout.has_key = key > 0;
	layout.has_room = used < columns;
	return layout;
}

static void
add_columns(struct table *table, const struct layout *layout)
{
	table_column(table, TABLE_LEFT, "job");
	table_column(table, TABLE_LEFT, "state");
	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_RIGHT, "count");
	table_column_named(table, TABLE_MACHINE, "", "workers");
	table_column_named(table,
	    layout->has_priority && layout->has_room ? TABLE_RIGHT
						     : TABLE_MACHINE,
	    "prio", "priority");
	table_column_named(table, TABLE_RIGHT, "age", "accepted_unix_ms");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column(table,
	    layout->has_key && layout->has_room ? TABLE_LEFT : TABLE_MACHINE,
	    "key");
	table_column_named(table, TABLE_MACHINE, "", "profile");
	table_column_named(table, TABLE_MACHINE, "", "cost_ns");
	table_column_named(table, TABLE_MACHINE, "", "timeout_ms");
	table_column_named(table, TABLE_MACHINE, "", "start_after_ms");
	table_column_named(table, TABLE_MACHINE, "", "detached");
	table_column_named(table, TABLE_MACHINE, "", "collected");
	table_column_named(table, TABLE_MACHINE, "", "attempts");
	table_column_named(table, TABLE_MACHINE, "", "started_unix_ms");
	table_column_named(table, TABLE_MACHINE, "", "ended_unix_ms");
	table_column_named(table, TABLE_MACHINE, "", "queue_ns");
	table_column_named(table, TABLE_MACHINE, "", "total_ns");
	table_column_named(table, TABLE_MACHINE, "", "cpu_ns");
	table_column_named(table, TABLE_MACHINE, "", "lock_wait_ns");
	table_column_named(table, TABLE_MACHINE, "", "reason");
}

static void
add_number(struct table *table, uint64_t number)
{
	table_cell(table, "%" PRIu64, number);
}

/* What is not known yet is an empty field. */
static void
add_figure(struct table *table, uint64_t figure, bool is_known)
{
	if (is_known)
		add_number(table, figure);
	else
		table_cell(table, "%s", "");
}

/* "priority 9, key night/1, worker 4711 killed by signal 9" */
static void
add_note(struct table *table, const struct job_record *job,
    const struct layout *layout)
{
	const struct job_request *request = &job->request;
	bool has_priority =
	    !layout->has_room && request->priority != REQUEST_DEFAULT_PRIORITY;
	bool has_key = !layout->has_room && request->key[0] != '\0';
	bool has_reason = job->state == JOB_FAILED;
	char priority[24] = "";

	if (has_priority)
		snprintf(priority, sizeof(priority), "priority %" PRIu32,
		    request->priority);
	if (has_priority || has_key || has_reason)
		table_note(table, "%s%s%s%s%s%s", priority,
		    has_priority && has_key ? ", " : "", has_key ? "key " : "",
		    has_key ? request->key : "",
		    has_reason && (has_priority || has_key) ? ", " : "",
		    has_reason ? job->reason : "");
}

static void
add_row(struct table *table, const struct job_record *job, uint64_t now_ms,
    const struct layout *layout)
{
	const struct job_request *request = &job->request;
	bool has_ended = job_state_is_end(job->state);
	struct units_text room;
	char count[COUNT_CHARS], id[JOB_ID_CHARS + 1];

	job_id_format(job->id, id);
	write_count(request, count);
	table_cell(table, "%s", id);
	table_word(
	    table, job_state_name(job->state), "%s", show_state(job->state));
	table_cell(table, "%s", request->pool);
	table_count(table, request->count, "%s", count);
	add_number(table, request->workers);
	add_number(table, request->priority);
	table_count(table, job->accepted_ms, "%s", age_of(job, now_ms).text);
	if (has_ended)
		table_count(
		    table, job->timing.wall_ns, "%s", wall_of(job, &room));
	else
		table_word(table, "", "-");
	table_cell(table, "%s", request->key);
	table_cell(table, "%s", job_profile_name(request->profile));
	add_number(table, request->cost_ns);
	add_number(table, request->timeout_ms);
	add_number(table, request->start_after_ms);
	table_cell(table, "%s", job->is_detached ? "true" : "false");
	table_cell(table, "%s", job->is_collected ? "true" : "false");
	add_number(table, job->attempts);
	add_figure(table, job->started_ms, job->started_ms != 0);
	add_figure(table, job->ended_ms, job->ended_ms != 0);
	add_figure(table, job->timing.queue_ns, has_ended);
	add_figure(table, job->timing.total_ns, has_ended);
	add_figure(table, job->timing.cpu_ns, has_ended);
	add_figure(table, job->timing.lock_wait_ns, has_ended);
	table_cell(table, "%s", job->reason);
	add_note(table, job, layout);
}

struct table *
ledger_make_table(
    const struct ledger *ledger, uint64_t now_ms, unsigned columns)
{
	struct layout layout = plan(ledger, now_ms, columns);
	struct table *table = table_new();

	add_columns(table, &layout);
	for (size_t i = 0; i < ledger->n; i++)
		add_row(table, &ledger->jobs[i], now_ms, &layout);
	return table;
}
