/*
 * Owns: the parts of a load run's page that are not of every run: the chart
 * over time, the expectations, and the steps of a search.
 */
#include "client/load_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/chart.h"
#include "client/load_judge.h"
#include "client/load_series.h"
#include "client/report.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define MIN_CHART_POINTS 4

/* --- latency and rate over time --- */

/* A latency that is not known is no point. */
static struct estimate
latency_estimate(uint64_t ns)
{
	return estimate_exact(ns > 0 ? (double)ns : INFINITY);
}

static void
fill_points(const struct load_series *series, struct chart_point *p50,
    struct chart_point *p99, struct chart_point *rate)
{
	for (size_t i = 0; i < series->n_sending; i++) {
		const struct load_point *point = &series->points[i];
		struct estimate at = estimate_exact(
		    (double)(point->start_ns + point->length_ns / 2));

		p50[i] = (struct chart_point){
		    .x = at, .y = latency_estimate(point->p50_ns)};
		p99[i] = (struct chart_point){
		    .x = at, .y = latency_estimate(point->p99_ns)};
		rate[i] = (struct chart_point){.x = at,
		    .y = estimate_exact(
			load_rate(point->done, point->length_ns))};
	}
}

/*
 * The stretches of the time in which jobs were sent. The drain may be long and
 * has nothing in it.
 */
static enum outcome
print_charts(const struct context *context, const struct load_series *series)
{
	size_t n = series->n_sending;
	struct chart_point *points = calloc(3 * n, sizeof(points[0]));
	enum outcome outcome;

	if (points == NULL)
		return talk_no_memory(context);
	fill_points(series, points, points + n, points + 2 * n);
	const struct chart_series latencies[] = {
	    {.name = "p99",
		.mark = CHART_STEPS,
		.colour = 1,
		.points = points + n,
		.n_points = n},
	    {.name = "p50",
		.mark = CHART_STEPS,
		.colour = 0,
		.points = points,
		.n_points = n},
	};
	const struct chart_series rates[] = {
	    {.name = "jobs done a second",
		.mark = CHART_STEPS,
		.colour = 2,
		.points = points + 2 * n,
		.n_points = n},
	};
	const struct chart_axis time = {
	    .label = "time", .unit = CHART_CLOCK, .has_zero = true};
	const struct chart latency = {
	    .title = "Latency over time",
	    .x = time,
	    .y = {.label = "latency",
		.scale = CHART_LOG,
		.unit = CHART_DURATION},
	    .series = latencies,
	    .n_series = 2,
	};
	const struct chart rate = {
	    .title = "Rate over time",
	    .x = time,
	    .y = {.label = "jobs done a second",
		.unit = CHART_NUMBER,
		.has_zero = true},
	    .series = rates,
	    .n_series = 1,
	};

	outcome = report_chart(context, &latency);
	report_gap(context);
	if (outcome == OUTCOME_FINE)
		outcome = report_chart(context, &rate);
	report_gap(context);
	free(points);
	return outcome;
}

enum outcome
load_print_chart(
    const struct context *context, const struct load_report *report)
{
	struct load_series series;
	enum outcome outcome = OUTCOME_FINE;

	if (context->format != FORMAT_TEXT || report->counts.done == 0)
		return OUTCOME_FINE;
	if (load_series_make(&series, report) == -1)
		outcome = talk_no_memory(context);
	else if (series.n_sending >= MIN_CHART_POINTS)
		outcome = print_charts(context, &series);
	load_series_free(&series);
	return outcome;
}

/* --- what was expected --- */

static void
add_actual(struct table *table, const struct load_expectation *expectation,
    bool is_known, double actual)
{
	char text[LOAD_EXPECT_CHARS + 1];

	if (!is_known) {
		table_word(table, "", "-");
		return;
	}
	load_expect_format(expectation, actual, text);
	table_real(table, actual, "%s", text);
}

enum outcome
load_print_expectations(
    const struct context *context, const struct load_report *report)
{
	enum outcome outcome;
	struct table *table;

	if (report->n_expectations == 0)
		return OUTCOME_FINE;
	table = table_new();
	table_column(table, TABLE_LEFT, "expected");
	table_column(table, TABLE_RIGHT, "actual");
	table_column(table, TABLE_LEFT, "");
	for (size_t i = 0; i < report->n_expectations; i++) {
		const struct load_expectation_row *row =
		    &report->expectations[i];

		table_cell(table, "%s", row->expectation->text);
		add_actual(table, row->expectation, row->is_known, row->actual);
		table_cell(table, "%s", row->is_met ? "met" : "NOT MET");
	}
	outcome = report_table(context, table);
	report_gap(context);
	return outcome;
}

/* --- the highest rate --- */

static void
add_step(struct table *table, const struct load_script *script,
    const struct load_step *step)
{
	table_real(table, step->rate, "%s",
	    units_count((uint64_t)(step->rate + 0.5)).text);
	table_real(table, step->done_rate, "%s",
	    units_count((uint64_t)(step->done_rate + 0.5)).text);
	for (size_t i = 0; i < script->n_expectations; i++)
		add_actual(table, &script->expectations[i], step->is_known[i],
		    step->actual[i]);
	table_cell(table, "%s", load_judge_limit(step).text);
	table_real(table, step->busiest_share, "%s", "");
	table_real(table, step->late_share, "%s", "");
	table_word(table, step->is_met ? "holds" : "does_not_hold", "%s",
	    step->is_met ? "holds" : "does not hold");
}

static void
print_search_heading(
    const struct context *context, const struct load_script *script)
{
	char text[192];

	snprintf(text, sizeof(text),
	    "Runs of %s each; gilctl: where it was the limit itself",
	    units_duration(script->phases[0].duration_ns).text);
	report_heading(context, "Search for the highest rate", text);
}

static void
print_found(const struct context *context, const struct load_report *report)
{
	char text[160], doubt[LOAD_SENTENCE_CHARS + 1];

	if (report->best_rate > 0)
		snprintf(text, sizeof(text),
		    "The highest rate that held%s: %s jobs a second.",
		    report->is_interrupted ? ", so far" : "",
		    units_count((uint64_t)(report->best_rate + 0.5)).text);
	else
		snprintf(text, sizeof(text),
		    "No rate held, not even the lowest that was tried.");
	report_sentence(context, TERM_BOLD, text);
	if (load_judge_search(report, doubt))
		report_warning(context, doubt);
	if (context->format == FORMAT_TEXT)
		report_gap(context);
}

enum outcome
load_print_search(
    const struct context *context, const struct load_report *report)
{
	const struct load_script *script = report->script;
	struct table *table = table_new();
	enum outcome outcome;

	print_search_heading(context, script);
	table_column_named(table, TABLE_RIGHT, "jobs/s", "rate");
	table_column_named(table, TABLE_RIGHT, "done/s", "done_per_s");
	for (size_t i = 0; i < script->n_expectations; i++)
		table_column(table, TABLE_RIGHT, script->expectations[i].text);
	table_column_named(table, TABLE_RIGHT, "gilctl", NULL);
	table_column_named(table, TABLE_MACHINE, "", "busiest_share");
	table_column_named(table, TABLE_MACHINE, "", "late_share");
	table_column_named(table, TABLE_LEFT, "", "verdict");
	for (size_t i = 0; i < report->n_steps; i++)
		add_step(table, script, &report->steps[i]);
	outcome = report_table(context, table);
	report_gap(context);
	print_found(context, report);
	return outcome;
}
