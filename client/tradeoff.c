/*
 * A shorter interval lets the io task in sooner and makes the CPU-bound tasks
 * switch more often, which costs them. Which is worth more nobody can say but
 * the reader; what can be said is how short an interval costs nothing.
 */
#include "client/tradeoff.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/chart.h"
#include "client/operations.h"
#include "client/report.h"
#include "client/units.h"

/* A throughput that may be this much of the best is as good. */
#define AS_GOOD 0.99

static int
settle_point(
    struct tradeoff_point *point, const struct run runs[], size_t n_runs)
{
	struct histogram histogram =
	    operations_histogram(runs, n_runs, point->arm);
	const struct {
		double (*figure)(const struct run *run);
		struct estimate *estimate;
	} figures[] = {
	    {operations_company_rate, &point->rate},
	    {operations_latency_ns, &point->latency_ns},
	    {operations_per_second, &point->operations},
	    {operations_switch_rate, &point->switches},
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (operations_estimate(runs, n_runs, point->arm,
			figures[i].figure, figures[i].estimate) == -1)
			return -1;
	point->n_operations = histogram_count(&histogram);
	point->p50_ns = histogram_quantile(&histogram, 0.5);
	point->p99_ns = histogram_quantile(&histogram, 0.99);
	return 0;
}

int
tradeoff_settle(
    struct tradeoff *tradeoff, const struct run runs[], size_t n_runs)
{
	for (size_t i = 0; i < tradeoff->n_points; i++)
		if (settle_point(&tradeoff->points[i], runs, n_runs) == -1)
			return -1;
	tradeoff_choose(tradeoff);
	return 0;
}

void
tradeoff_choose(struct tradeoff *tradeoff)
{
	const struct tradeoff_point *points = tradeoff->points;
	double best;

	tradeoff->best = 0;
	for (size_t i = 1; i < tradeoff->n_points; i++)
		if (points[i].rate.value > points[tradeoff->best].rate.value)
			tradeoff->best = i;
	best = points[tradeoff->best].rate.value;
	tradeoff->knee = tradeoff->best;
	for (size_t i = 0; i < tradeoff->n_points; i++)
		if (points[i].rate.value >= AS_GOOD * best &&
		    points[i].latency_ns.value <
			points[tradeoff->knee].latency_ns.value)
			tradeoff->knee = i;
}

json_t *
tradeoff_to_json(
    const struct tradeoff *tradeoff, const struct experiment *experiment)
{
	json_t *points = json_array();

	for (size_t i = 0; i < tradeoff->n_points; i++) {
		const struct tradeoff_point *point = &tradeoff->points[i];

		if (json_array_append_new(points,
			json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I}",
			    "interval_us", (json_int_t)point->interval_us,
			    "turns_per_s", report_estimate(point->rate),
			    "latency_ns", report_estimate(point->latency_ns),
			    "operations_per_s",
			    report_estimate(point->operations),
			    "switches_per_s", report_estimate(point->switches),
			    "operations", (json_int_t)point->n_operations,
			    "p50_ns", (json_int_t)point->p50_ns, "p99_ns",
			    (json_int_t)point->p99_ns)) == -1) {
			json_decref(points);
			return NULL;
		}
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, "
			 "s:I, s:I, s:o}",
	    "sweep", "interval", "pool", tradeoff->pool->name, "cpu_tasks",
	    (json_int_t)tradeoff->cpu_tasks, "cost_ns",
	    (json_int_t)tradeoff->cost_ns, "io_every",
	    (json_int_t)tradeoff->io_every, "io_for_us",
	    (json_int_t)tradeoff->io_for_us, "rounds",
	    (json_int_t)experiment->rounds, "seed",
	    (json_int_t)experiment->seed, "warm_up_ms",
	    (json_int_t)EXPERIMENT_WARM_UP_MS, "points", points,
	    "best_interval_us",
	    (json_int_t)tradeoff->points[tradeoff->best].interval_us,
	    "knee_interval_us",
	    (json_int_t)tradeoff->points[tradeoff->knee].interval_us, "weather",
	    weather_to_json(&experiment->weather));
}

static void
add_duration(struct table *table, double ns)
{
	table_real(table, ns, "%s",
	    isfinite(ns) && ns > 0 ? units_duration((uint64_t)ns).text : "-");
}

static void
add_rate(struct table *table, const struct estimate *rate)
{
	table_real(table, rate->value, "%s", units_quantity(rate->value).text);
	table_real(table, rate->low, "%s", "");
	table_real(table, rate->high, "%s", "");
}

static struct table *
make_table(const struct tradeoff *tradeoff)
{
	double best = tradeoff->points[tradeoff->best].rate.value;
	struct table *table = table_new();

	table_column_named(table, TABLE_RIGHT, "interval", "interval_us");
	table_column_named(table, TABLE_RIGHT, "turns/s", "turns_per_s");
	table_column_named(table, TABLE_MACHINE, "", "turns_per_s_low");
	table_column_named(table, TABLE_MACHINE, "", "turns_per_s_high");
	table_column_named(table, TABLE_RIGHT, "of best", NULL);
	table_column_named(table, TABLE_RIGHT, "switches/s", "switches_per_s");
	table_column_named(table, TABLE_MACHINE, "", "switches_per_s_low");
	table_column_named(table, TABLE_MACHINE, "", "switches_per_s_high");
	table_column_named(table, TABLE_RIGHT, "io/s", "operations_per_s");
	table_column_named(table, TABLE_MACHINE, "", "operations_per_s_low");
	table_column_named(table, TABLE_MACHINE, "", "operations_per_s_high");
	table_column_named(table, TABLE_RIGHT, "io mean", "latency_ns");
	table_column_named(table, TABLE_MACHINE, "", "latency_low_ns");
	table_column_named(table, TABLE_MACHINE, "", "latency_high_ns");
	table_column_named(table, TABLE_RIGHT, "p50", "p50_ns");
	table_column_named(table, TABLE_RIGHT, "p99", "p99_ns");
	for (size_t i = 0; i < tradeoff->n_points; i++) {
		const struct tradeoff_point *point = &tradeoff->points[i];

		table_count(table, point->interval_us, "%s",
		    units_parameter_us(point->interval_us).text);
		add_rate(table, &point->rate);
		table_cell(table, "%s",
		    units_percent(best > 0 ? point->rate.value / best : 0)
			.text);
		add_rate(table, &point->switches);
		add_rate(table, &point->operations);
		add_duration(table, point->latency_ns.value);
		table_real(table, point->latency_ns.low, "%s", "");
		table_real(table, point->latency_ns.high, "%s", "");
		add_duration(table, (double)point->p50_ns);
		add_duration(table, (double)point->p99_ns);
	}
	return table;
}

/* What the charts are made of. */
struct drawing {
	char subtitle[192];
	struct units_text labels[RANGE_MAX_VALUES];
	struct chart_point trade[RANGE_MAX_VALUES];
	struct chart_point p50[RANGE_MAX_VALUES];
	struct chart_point p99[RANGE_MAX_VALUES];
	struct chart_series trade_series[1];
	struct chart_series latency_series[2];
	struct chart charts[2];
};

/* A percentile that is not known is no point. */
static struct estimate
percentile(uint64_t ns)
{
	return estimate_exact(ns > 0 ? (double)ns : INFINITY);
}

static struct chart_series
steps(const char *name, const struct chart_point points[], size_t n_points,
    unsigned colour)
{
	return (struct chart_series){
	    .name = name,
	    .mark = CHART_STEPS,
	    .colour = colour,
	    .points = points,
	    .n_points = n_points,
	};
}

static void
draw(const struct tradeoff *tradeoff, const struct experiment *experiment,
    struct drawing *drawing)
{
	size_t n = tradeoff->n_points;

	for (size_t i = 0; i < n; i++) {
		const struct tradeoff_point *point = &tradeoff->points[i];
		struct estimate interval =
		    estimate_exact((double)point->interval_us * 1e3);

		drawing->labels[i] = units_parameter_us(point->interval_us);
		drawing->trade[i] = (struct chart_point){
		    point->latency_ns, point->rate, drawing->labels[i].text};
		drawing->p50[i] = (struct chart_point){
		    interval, percentile(point->p50_ns), NULL};
		drawing->p99[i] = (struct chart_point){
		    interval, percentile(point->p99_ns), NULL};
	}
	report_setting(
	    experiment, drawing->subtitle, sizeof(drawing->subtitle));
	drawing->trade_series[0] =
	    steps("switch interval", drawing->trade, n, 0);
	drawing->latency_series[0] = steps("p50", drawing->p50, n, 0);
	drawing->latency_series[1] = steps("p99", drawing->p99, n, 1);
	drawing->charts[0] = (struct chart){
	    .title = "What a shorter switch interval costs and buys",
	    .subtitle = drawing->subtitle,
	    .x = {.label = "mean latency of an io operation",
		.scale = CHART_LOG,
		.unit = CHART_DURATION},
	    .y = {.label = "turns a second of the CPU-bound tasks"},
	    .series = drawing->trade_series,
	    .n_series = 1,
	};
	drawing->charts[1] = (struct chart){
	    .title = "Latency and the switch interval",
	    .x = {.label = "switch interval",
		.scale = CHART_LOG,
		.unit = CHART_DURATION},
	    .y = {.label = "latency of an io operation",
		.scale = CHART_LOG,
		.unit = CHART_DURATION},
	    .series = drawing->latency_series,
	    .n_series = 2,
	};
}

enum outcome
tradeoff_save(const struct tradeoff *tradeoff,
    const struct experiment *experiment, const char *path)
{
	struct drawing drawing = {.subtitle = ""};

	draw(tradeoff, experiment, &drawing);
	return report_save(experiment->context, drawing.charts, 2, path);
}

static void
print_heading(
    const struct tradeoff *tradeoff, const struct experiment *experiment)
{
	char title[160], subtitle[256], setting[128];

	snprintf(title, sizeof(title),
	    "The switch interval of the pool %s: %" PRIu32
	    " CPU-bound task%s and an io task",
	    tradeoff->pool->name, tradeoff->cpu_tasks,
	    tradeoff->cpu_tasks == 1 ? "" : "s");
	report_setting(experiment, setting, sizeof(setting));
	snprintf(subtitle, sizeof(subtitle),
	    "%s\nEach operation: %" PRIu64
	    " turn%s of %s, then %s of sleep without the lock",
	    setting, tradeoff->io_every, tradeoff->io_every == 1 ? "" : "s",
	    units_duration(tradeoff->cost_ns).text,
	    units_duration(tradeoff->io_for_us * 1000).text);
	report_heading(experiment->context, title, subtitle);
}

static void
print_verdict(const struct tradeoff *tradeoff, const struct context *context)
{
	const struct tradeoff_point *points = tradeoff->points;
	const struct tradeoff_point *best = &points[tradeoff->best];
	const struct tradeoff_point *knee = &points[tradeoff->knee];
	const struct tradeoff_point *shortest = &points[0];
	char text[320];

	if (!isfinite(knee->latency_ns.value)) {
		report_sentence(context, TERM_BOLD,
		    "The io task came through nowhere that the CPU-bound tasks "
		    "did well. Take a longer --for, or other intervals.");
		return;
	}
	if (shortest->rate.value < AS_GOOD * best->rate.value) {
		snprintf(text, sizeof(text),
		    "An interval of %s costs the CPU-bound tasks %s of their "
		    "throughput.",
		    units_parameter_us(shortest->interval_us).text,
		    units_percent(1 - shortest->rate.value / best->rate.value)
			.text);
		report_sentence(context, TERM_PLAIN, text);
	}
	snprintf(text, sizeof(text),
	    "Take %s: an operation takes %s there, and the CPU-bound tasks do "
	    "%s of the most that they did.",
	    units_parameter_us(knee->interval_us).text,
	    units_duration((uint64_t)knee->latency_ns.value).text,
	    units_percent(knee->rate.value / best->rate.value).text);
	report_sentence(context, TERM_BOLD, text);
}

enum outcome
tradeoff_print(
    const struct tradeoff *tradeoff, const struct experiment *experiment)
{
	const struct context *context = experiment->context;
	struct drawing drawing = {.subtitle = ""};
	enum outcome outcome;

	draw(tradeoff, experiment, &drawing);
	drawing.charts[0].subtitle = NULL;
	print_heading(tradeoff, experiment);
	outcome = report_table(context, make_table(tradeoff));
	if (outcome != OUTCOME_FINE || context->format == FORMAT_CSV)
		return outcome;
	report_gap(context);
	outcome = report_chart(context, &drawing.charts[0]);
	if (outcome != OUTCOME_FINE)
		return outcome;
	report_gap(context);
	print_verdict(tradeoff, context);
	report_weather(experiment);
	report_note(experiment,
	    "io: operations of the io task, how long they took, asleep and "
	    "waiting for the lock; percentiles to an eighth. All else is of "
	    "the CPU-bound tasks.");
	return OUTCOME_FINE;
}
