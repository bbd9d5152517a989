/*
 * How a convoy looks: the table, operations a second as a chart, and who was in
 * the way, in words.
 */
#include "client/convoy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/chart.h"
#include "client/report.h"
#include "client/units.h"

#define MAX_DRAWN_LINES 4 /* each a colour, for points and for its law */
#define LINE_CHARS 71
#define TOLD_WAIT_SHARE 0.01 /* less is nobody's fault */

/* "threads, 5 ms" */
static void
name_line(const struct convoy_line *line, char name[LINE_CHARS + 1])
{
	if (line->interval_us > 0)
		snprintf(name, LINE_CHARS + 1, "%s, %s", line->pool->name,
		    units_parameter_us(line->interval_us).text);
	else
		snprintf(name, LINE_CHARS + 1, "%s", line->pool->name);
}

static void
add_duration(struct table *table, uint64_t ns)
{
	table_count(table, ns, "%s", ns > 0 ? units_duration(ns).text : "-");
}

static void
add_point(struct table *table, const struct convoy_line *line, size_t i)
{
	const struct convoy_point *point = &line->points[i];
	const struct estimate *operations = &point->operations;
	char name[LINE_CHARS + 1];

	name_line(line, name);
	table_cell(table, "%s", name);
	table_cell(table, "%s", line->pool->name);
	table_count(table, line->interval_us, "%s", "");
	table_count(table, i, "%zu", i);
	table_real(table, operations->value, "%s",
	    units_quantity(operations->value).text);
	table_cell(table, "%s .. %s", units_quantity(operations->low).text,
	    units_quantity(operations->high).text);
	table_real(table, operations->low, "%s", "");
	table_real(table, operations->high, "%s", "");
	table_real(table, point->predicted, "%s",
	    isfinite(point->predicted) ? units_quantity(point->predicted).text
				       : "-");
	add_duration(table, point->p50_ns);
	add_duration(table, point->p99_ns);
	table_real(table, point->wait_share, "%s", "");
	table_real(table, point->rate.value, "%s", "");
}

static struct table *
make_table(const struct convoy *convoy)
{
	struct table *table = table_new();

	table_column_named(table, TABLE_LEFT, "pool", NULL);
	table_column_named(table, TABLE_MACHINE, "", "pool");
	table_column_named(table, TABLE_MACHINE, "", "interval_us");
	table_column_named(table, TABLE_RIGHT, "beside", "cpu_tasks");
	table_column_named(table, TABLE_RIGHT, "io/s", "operations_per_s");
	table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_MACHINE, "", "operations_per_s_low");
	table_column_named(table, TABLE_MACHINE, "", "operations_per_s_high");
	table_column_named(table, TABLE_RIGHT, "predicted", "predicted_per_s");
	table_column_named(table, TABLE_RIGHT, "p50", "p50_ns");
	table_column_named(table, TABLE_RIGHT, "p99", "p99_ns");
	table_column_named(table, TABLE_MACHINE, "", "lock_wait_share");
	table_column_named(table, TABLE_MACHINE, "", "turns_per_s");
	for (size_t i = 0; i < convoy->n_lines; i++)
		for (size_t j = 0; j < convoy->lines[i].n_points; j++)
			add_point(table, &convoy->lines[i], j);
	return table;
}

/* What the chart is made of. */
struct drawing {
	char names[MAX_DRAWN_LINES][LINE_CHARS + 1];
	char subtitle[128];
	struct chart_point measured[MAX_DRAWN_LINES][CONVOY_MAX_TASKS + 1];
	struct chart_point predicted[MAX_DRAWN_LINES][CONVOY_MAX_TASKS + 1];
	struct chart_series series[2 * MAX_DRAWN_LINES];
};

static void
draw_line(struct drawing *drawing, struct chart *chart,
    const struct convoy_line *line, unsigned i)
{
	name_line(line, drawing->names[i]);
	for (size_t j = 0; j < line->n_points; j++) {
		struct estimate beside = estimate_exact((double)j);

		drawing->measured[i][j] = (struct chart_point){
		    beside, line->points[j].operations, NULL};
		drawing->predicted[i][j] = (struct chart_point){
		    beside, estimate_exact(line->points[j].predicted), NULL};
	}
	drawing->series[chart->n_series++] = (struct chart_series){
	    .name = drawing->names[i],
	    .mark = CHART_STEPS,
	    .colour = i,
	    .points = drawing->measured[i],
	    .n_points = line->n_points,
	};
	if (line->interval_us == 0)
		return;
	drawing->series[chart->n_series++] = (struct chart_series){
	    .name = "predicted",
	    .mark = CHART_STEPS,
	    .is_dashed = true,
	    .colour = i,
	    .points = drawing->predicted[i],
	    .n_points = line->n_points,
	};
}

static struct chart
draw(const struct convoy *convoy, const struct experiment *experiment,
    struct drawing *drawing)
{
	struct chart chart = {
	    .title = "An io task beside CPU-bound ones",
	    .subtitle = drawing->subtitle,
	    .x = {.label = "CPU-bound tasks beside it", .unit = CHART_COUNT},
	    .y = {.label = "operations a second",
		.scale = CHART_LOG,
		.unit = CHART_NUMBER},
	    .series = drawing->series,
	};

	report_setting(
	    experiment, drawing->subtitle, sizeof(drawing->subtitle));
	for (size_t i = 0; i < convoy->n_lines && i < MAX_DRAWN_LINES; i++)
		draw_line(drawing, &chart, &convoy->lines[i], (unsigned)i);
	return chart;
}

enum outcome
convoy_save(const struct convoy *convoy, const struct experiment *experiment,
    const char *path)
{
	struct drawing drawing = {.subtitle = ""};
	struct chart chart = draw(convoy, experiment, &drawing);

	return report_save(experiment->context, &chart, 1, path);
}

static void
print_heading(const struct convoy *convoy, const struct experiment *experiment)
{
	char title[128], subtitle[256], setting[128];

	snprintf(title, sizeof(title),
	    "The convoy: an io task beside up to %" PRIu32 " CPU-bound task%s",
	    convoy->cpu_tasks, convoy->cpu_tasks == 1 ? "" : "s");
	report_setting(experiment, setting, sizeof(setting));
	snprintf(subtitle, sizeof(subtitle),
	    "%s\nEach operation: %" PRIu64
	    " turn%s of %s, then %s of sleep without the lock",
	    setting, convoy->io_every, convoy->io_every == 1 ? "" : "s",
	    units_duration(convoy->cost_ns).text,
	    units_parameter_us(convoy->io_for_us).text);
	report_heading(experiment->context, title, subtitle);
}

/* What happened to a line's io task: from alone to beside them all. */
static void
explain(const struct convoy_line *line, const struct context *context)
{
	size_t most = line->n_points - 1;
	double alone = line->points[0].operations.value;
	double beside = line->points[most].operations.value;
	char name[LINE_CHARS + 1];
	char text[384];

	if (most == 0 || alone <= 0)
		return;
	name_line(line, name);
	if (beside * 1e6 < alone)
		snprintf(text, sizeof(text),
		    "%s: %s operations a second alone, none beside %s "
		    "CPU-bound task%s.",
		    name, units_quantity(alone).text,
		    units_number_word(most).text, most == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text),
		    "%s: %s operations a second alone, %s beside %s CPU-bound "
		    "task%s: %s of it.",
		    name, units_quantity(alone).text,
		    units_quantity(beside).text, units_number_word(most).text,
		    most == 1 ? "" : "s", units_percent(beside / alone).text);
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	term_tame(text);
	report_sentence(context, TERM_PLAIN, text);
}

/* Who was in the way. */
static void
blame(const struct convoy_line *line, const struct context *context)
{
	size_t n_tasks = line->n_points - 1;
	const struct convoy_point *point = &line->points[n_tasks];
	const struct convoy_blame *who = &point->blame;
	uint64_t all_ns = who->others_ns + who->nobody_ns;
	char text[512];
	size_t used;

	for (size_t i = 0; i < n_tasks; i++)
		all_ns += who->tasks_ns[i];
	if (n_tasks == 0 || point->wait_share < TOLD_WAIT_SHARE)
		return;
	used = (size_t)snprintf(text, sizeof(text),
	    "Of its time beside them it waited %s for the lock. Who had it:",
	    units_percent(point->wait_share).text);
	for (size_t i = 0; i < n_tasks && used < sizeof(text) - 64; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    " CPU-bound task %zu %s%s", i + 1,
		    units_percent((double)who->tasks_ns[i] / (double)all_ns)
			.text,
		    i + 1 < n_tasks ? "," : "");
	snprintf(text + used, sizeof(text) - used,
	    ", others %s, nobody %s (it was on its way).",
	    units_percent((double)who->others_ns / (double)all_ns).text,
	    units_percent((double)who->nobody_ns / (double)all_ns).text);
	report_sentence(context, TERM_PLAIN, text);
}

/* What to do about it, by the last of the lines of each kind. */
static void
advise(const struct convoy *convoy, const struct context *context)
{
	const struct convoy_line *threads = &convoy->lines[0];
	const struct convoy_line *processes = NULL;
	double in_threads, in_processes, times;
	char text[320];
	size_t n;

	for (size_t i = 1; i < convoy->n_lines; i++)
		if (!convoy->lines[i].pool->is_threads)
			processes = &convoy->lines[i];
	if (processes == NULL || processes->n_points < 2 ||
	    threads->n_points < 2)
		return;
	n = threads->n_points < processes->n_points ? threads->n_points
						    : processes->n_points;
	in_threads = threads->points[n - 1].operations.low;
	in_processes = processes->points[n - 1].operations.high;
	times = in_threads > 0 ? in_processes / in_threads : 0;
	if (threads->points[n - 1].wait_share < TOLD_WAIT_SHARE ||
	    threads->points[n - 1].operations.high >=
		processes->points[n - 1].operations.low)
		snprintf(text, sizeof(text),
		    "No difference seen between threads and processes: the "
		    "lock does not hinder this io task.");
	else if (in_threads > 0)
		snprintf(text, sizeof(text),
		    "Keep CPU-bound work out of its process: beside %s such "
		    "task%s in processes of their own it does up to %.*f times "
		    "as much.",
		    units_number_word(n - 1).text, n == 2 ? "" : "s",
		    times < 10 ? 1 : 0, times);
	else
		snprintf(text, sizeof(text),
		    "Keep CPU-bound work out of its process: beside it, it "
		    "gets nothing done.");
	report_sentence(context, TERM_BOLD, text);
}

static void
warn_of_sizes(const struct convoy *convoy, const struct experiment *experiment)
{
	const struct context *context = experiment->context;
	char text[256];

	for (size_t i = 0; i < convoy->n_lines; i++) {
		const struct convoy_line *line = &convoy->lines[i];

		if (line->n_points > convoy->cpu_tasks)
			continue;
		snprintf(text, sizeof(text),
		    "the pool %s has %" PRIu32 " executor%s, so it is not "
		    "measured beside more than %zu.",
		    line->pool->name, line->pool->size,
		    line->pool->size == 1 ? "" : "s", line->n_points - 1);
		report_warning(context, text);
	}
	if (convoy->cpu_tasks >= experiment->roster.cores) {
		snprintf(text, sizeof(text),
		    "%" PRIu32 " CPU%s: beside as many CPU-bound tasks the io "
		    "task may wait for a CPU too.",
		    experiment->roster.cores,
		    experiment->roster.cores == 1 ? "" : "s");
		report_warning(context, text);
	}
}

enum outcome
convoy_print(const struct convoy *convoy, const struct experiment *experiment)
{
	const struct context *context = experiment->context;
	struct drawing drawing = {.subtitle = ""};
	struct chart chart = draw(convoy, experiment, &drawing);
	enum outcome outcome;

	chart.subtitle = NULL;
	print_heading(convoy, experiment);
	outcome = report_table(context, make_table(convoy));
	if (outcome != OUTCOME_FINE || context->format == FORMAT_CSV)
		return outcome;
	report_gap(context);
	outcome = report_chart(context, &chart);
	if (outcome != OUTCOME_FINE)
		return outcome;
	report_gap(context);
	for (size_t i = 0; i < convoy->n_lines; i++) {
		explain(&convoy->lines[i], context);
		blame(&convoy->lines[i], context);
	}
	advise(convoy, context);
	warn_of_sizes(convoy, experiment);
	report_weather(experiment);
	report_note(experiment,
	    "Predicted: 1 / (service + R x interval), the service being an "
	    "operation alone and R the tasks that have the lock before it. "
	    "Percentiles are of an operation, asleep and waiting, to an "
	    "eighth.");
	return OUTCOME_FINE;
}
