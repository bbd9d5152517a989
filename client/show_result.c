/*
 * The result of a job, for people and as a table: how it ended, its tasks, what
 * the lock saw, and whom they waited for.
 */
#include "client/show.h"

#include <inttypes.h>
#include <string.h>

#include "client/table.h"
#include "client/units.h"

#define RATE_NS UINT64_C(100000000)
#define WORTH_TELLING_NS UINT64_C(1000000)
#define MAX_WAITS 4 /* tasks whose waits are told of, and each one's */
#define MAX_BLOCKERS 3
#define N_TASK_COLUMNS 12

const char *
show_state(enum job_state state)
{
	return state == JOB_TIMED_OUT ? "timed out" : job_state_name(state);
}

/* --- the table --- */

static void
add_task_columns(struct table *table, const struct job_result *result)
{
	enum table_align native =
	    result->profile == PROFILE_NATIVE ? TABLE_RIGHT : TABLE_MACHINE;
	enum table_align io =
	    result->profile == PROFILE_IO ? TABLE_RIGHT : TABLE_MACHINE;
	enum table_align lock = result->has_lock ? TABLE_RIGHT : TABLE_MACHINE;
	enum table_align cpu_wait =
	    result->profile == PROFILE_CPU ? TABLE_RIGHT : TABLE_MACHINE;

	table_column(table, TABLE_RIGHT, "task");
	table_column(table, TABLE_RIGHT, "pid");
	table_column(table, TABLE_RIGHT, "tid");
	table_column_named(table, TABLE_RIGHT, "start", "start_ns");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column_named(table, TABLE_RIGHT, "CPU", "cpu_ns");
	table_column_named(table, cpu_wait, "CPU wait", "cpu_wait_ns");
	table_column_named(table, lock, "lock wait", "lock_wait_ns");
	table_column_named(table, lock, "lock held", "lock_held_ns");
	table_column_named(
	    table, TABLE_MACHINE, "switch wait", "switch_wait_ns");
	table_column_named(table, native, "native", "native_ns");
	table_column_named(table, io, "io", "io_ns");
}

static void
add_task(struct table *table, uint32_t number, const struct task_result *task)
{
	table_cell(table, "%" PRIu32, number);
	if (task->pid == 0) { /* it never started */
		for (int i = 0; i < N_TASK_COLUMNS - 1; i++)
			table_word(table, "0", "-");
		return;
	}
	table_cell(table, "%d", (int)task->pid);
	table_cell(table, "%d", (int)task->tid);
	show_duration(table, task->start_ns);
	show_duration(table, task->wall_ns);
	show_duration(table, task->cpu_ns);
	show_duration(table, task->cpu_wait_ns);
	show_duration(table, task->lock.wait_ns);
	show_duration(table, task->lock.held_ns);
	show_duration(table, task->lock.switch_wait_ns);
	show_duration(table, task->lock.native_ns);
	show_duration(table, task->lock.io_ns);
}

static void
add_all(struct table *table, const struct job_result *result)
{
	table_cell(table, "all");
	table_cell(table, "%s", "");
	table_cell(table, "%s", "");
	show_duration(table, result->timing.queue_ns);
	show_duration(table, result->timing.wall_ns);
	show_duration(table, result->timing.cpu_ns);
	show_duration(table, result->timing.cpu_wait_ns);
	show_duration(table, result->timing.lock_wait_ns);
	show_duration(table, result->timing.lock_held_ns);
	show_duration(table, result->timing.switch_wait_ns);
	show_duration(table, result->timing.native_ns);
	show_duration(table, result->timing.io_ns);
}

static struct table *
make_task_table(const struct job_result *result)
{
	struct table *table = table_new();

	add_task_columns(table, result);
	for (uint32_t i = 0; i < result->n_tasks; i++)
		add_task(table, i, &result->tasks[i]);
	if (result->n_tasks > 1)
		add_all(table, result);
	return table;
}

/* --- sentences --- */

static void
show_lock(const struct term *term, const struct job_result *result)
{
	const struct lock_record *lock = &result->lock;
	char often[64] = "", requests[192] = "none";
	char text[512];

	/* Of a shorter job nobody can tell what a second of it would be. */
	if (result->timing.wall_ns >= RATE_NS)
		snprintf(often, sizeof(often), ", %s a second",
		    units_rate(lock->switches, result->timing.wall_ns).text);
	if (lock->drop_requests > 0)
		snprintf(requests, sizeof(requests),
		    "%s, honoured %s, superseded %s, missed %s",
		    units_count(lock->drop_requests).text,
		    units_count(lock->honoured).text,
		    units_count(lock->superseded).text,
		    units_count(lock->missed).text);
	snprintf(text, sizeof(text),
	    "The lock changed hands %s time%s%s; longest hold %s, longest wait "
	    "%s. Drop requests: %s.",
	    units_count(lock->switches).text, lock->switches == 1 ? "" : "s",
	    often, units_duration(lock->longest_hold_ns).text,
	    units_duration(lock->longest_wait_ns).text, requests);
	show_sentence(term, TERM_PLAIN, text);
	if (lock->battles == 0)
		return;
	snprintf(text, sizeof(text),
	    "Given up with others waiting %s time%s; %s of these they came "
	    "too late.",
	    units_count(lock->battles).text, lock->battles == 1 ? "" : "s",
	    lock->battles_lost == 0 ? "none"
				    : units_count(lock->battles_lost).text);
	if (lock->battles_lost > 0)
		show_sentence(term, TERM_PLAIN, text);
}

static void
show_io(const struct term *term, const struct job_result *result)
{
	const struct histogram *io;
	char text[256];
	uint64_t n;

	if (result->histograms == NULL)
		return;
	io = &result->histograms->io;
	n = histogram_count(io);
	if (n == 0)
		return;
	snprintf(text, sizeof(text),
	    "Of %s io operation%s of %s half took %s%s, and 99 %% no more than "
	    "%s.",
	    units_count(n).text, n == 1 ? "" : "s",
	    units_duration(result->io_for_us * 1000).text,
	    units_duration(histogram_quantile(io, 0.5)).text,
	    result->has_lock ? " until the lock was had again" : "",
	    units_duration(histogram_quantile(io, 0.99)).text);
	show_sentence(term, TERM_PLAIN, text);
}

/* "task 1", or "01ARZ3NDEKTSV4RRFFQ69G5FAV task 1" of another job. */
static void
write_label(const struct job_result *result, struct lock_label label,
    char *text, size_t size)
{
	struct job_id job = {label.job[0], label.job[1]};
	char id[JOB_ID_CHARS + 1] = "";

	if (!job_id_equals(job, result->job))
		job_id_format(job, id);
	snprintf(text, size, "%s%stask %" PRIu32, id, id[0] != '\0' ? " " : "",
	    label.task);
}

/* "Task 0 waited 1.200 s, of that 1.100 s for task 1, 90.0 ms for task 2." */
static void
show_wait(
    const struct term *term, const struct job_result *result, uint32_t number)
{
	const struct task_result *task = &result->tasks[number];
	char text[512], label[JOB_ID_CHARS + 32];
	size_t used =
	    (size_t)snprintf(text, sizeof(text), "Task %" PRIu32 " waited %s",
		number, units_duration(task->lock.wait_ns).text);

	for (uint32_t i = 0; i < task->blame.n_blockers && i < MAX_BLOCKERS;
	     i++) {
		const struct lock_blocker *blocker = &task->blame.blockers[i];

		write_label(result, blocker->label, label, sizeof(label));
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s %s for %s", i == 0 ? ", of that" : ",",
		    units_duration(blocker->wait_ns).text, label);
	}
	snprintf(text + used, sizeof(text) - used, ".");
	show_sentence(term, TERM_PLAIN, text);
}

/* Those that waited longest, in the order of their numbers. */
static void
show_waits(const struct term *term, const struct job_result *result)
{
	for (uint32_t i = 0; i < result->n_tasks; i++) {
		uint64_t wait_ns = result->tasks[i].lock.wait_ns;
		uint32_t longer = 0;

		for (uint32_t j = 0; j < result->n_tasks; j++)
			longer += result->tasks[j].lock.wait_ns > wait_ns;
		if (wait_ns >= WORTH_TELLING_NS && longer < MAX_WAITS &&
		    result->tasks[i].blame.n_blockers > 0)
			show_wait(term, result, i);
	}
}

/* "done: countdown from 50,000,000 in 2 parts, pool threads, 20 ns a turn" */
static void
show_heading(const struct term *term, const struct job_result *result)
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
	if (result->profile == PROFILE_NATIVE)
		fputs(", without the lock", term->stream);
	if (result->profile == PROFILE_IO)
		fprintf(term->stream, ",\n  asleep for %s after every %s turns",
		    units_duration(result->io_for_us * 1000).text,
		    units_count(result->io_every).text);
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
		show_heading(term, result);
	outcome = show_table(context, make_task_table(result));
	if (outcome != OUTCOME_FINE || !has_words)
		return outcome;
	fputc('\n', term->stream);
	if (result->has_lock) {
		show_lock(term, result);
		show_waits(term, result);
	}
	show_io(term, result);
	job_id_format(result->job, id);
	snprintf(text, sizeof(text), "Job %s, answered after %s%s.", id,
	    units_duration(result->timing.total_ns).text,
	    result->attempts > 1 ? "; a task had to be started again" : "");
	show_sentence(term, TERM_DIM, text);
	return OUTCOME_FINE;
}
