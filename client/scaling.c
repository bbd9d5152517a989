/*
 * The fits are of medians, one for each number of workers: what the machine did
 * to a single run is not the law's business.
 */
#include "client/scaling.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chart.h"
#include "client/report.h"
#include "client/show.h"
#include "client/units.h"

#define CURVE_POINTS 65

static double
figure_rate(const struct run *run)
{
	const struct job_result *result = &run->result;
	uint64_t wall_ns = result->timing.wall_ns;

	return (double)result->count * 1e9 /
	    (double)(wall_ns > 0 ? wall_ns : 1);
}

static int
settle_pool(struct scaling_pool *pool, const struct run runs[], size_t n_runs,
    double rates[], double first_rates[])
{
	struct fit_point points[RANGE_MAX_VALUES];
	size_t n_first = run_figures(
	    runs, n_runs, pool->points[0].arm, figure_rate, first_rates, 0);

	for (size_t i = 0; i < pool->n_points; i++) {
		struct scaling_point *point = &pool->points[i];
		size_t n = run_figures(
		    runs, n_runs, point->arm, figure_rate, rates, 0);

		if (statistics_estimate_median(rates, n, &point->rate) == -1 ||
		    statistics_estimate_ratio(
			rates, n, first_rates, n_first, &point->speedup) == -1)
			return -1;
		points[i] = (struct fit_point){
		    .n = point->workers, .x = point->rate.value};
	}
	for (unsigned law = 0; law < FIT_LAWS; law++)
		pool->statuses[law] =
		    fit_find(law, points, pool->n_points, &pool->fits[law]);
	return 0;
}

int
scaling_settle(struct scaling *scaling, const struct run runs[], size_t n_runs)
{
	double *room = calloc(n_runs, 2 * sizeof(*room));
	int status = 0;

	if (room == NULL)
		return -1;
	for (size_t i = 0; i < scaling->n_pools && status == 0; i++)
		status = settle_pool(
		    &scaling->pools[i], runs, n_runs, room, room + n_runs);
	free(room);
	return status;
}

static json_t *
pool_to_json(const struct scaling_pool *pool)
{
	json_t *points = json_array();
	json_t *fits = json_array();

	for (size_t i = 0; i < pool->n_points; i++) {
		const struct scaling_point *point = &pool->points[i];

		if (json_array_append_new(points,
			json_pack("{s:I, s:o, s:o}", "workers",
			    (json_int_t)point->workers, "turns_per_s",
			    report_estimate(point->rate), "speedup",
			    report_estimate(point->speedup))) == -1)
			goto fail;
	}
	for (unsigned law = 0; law < FIT_LAWS; law++)
		if (pool->statuses[law] == FIT_FINE &&
		    json_array_append_new(
			fits, fit_to_json(&pool->fits[law])) == -1)
			goto fail;
	return json_pack("{s:s, s:I, s:o, s:o}", "pool", pool->pool->name,
	    "size", (json_int_t)pool->pool->size, "points", points, "fits",
	    fits);
fail:
	json_decref(points);
	json_decref(fits);
	return NULL;
}

json_t *
scaling_to_json(
    const struct scaling *scaling, const struct experiment *experiment)
{
	json_t *pools = json_array();

	for (size_t i = 0; i < scaling->n_pools; i++)
		if (json_array_append_new(
			pools, pool_to_json(&scaling->pools[i])) == -1) {
			json_decref(pools);
			return NULL;
		}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "sweep",
	    "workers", "count", (json_int_t)scaling->count, "cost_ns",
	    (json_int_t)scaling->cost_ns, "rounds",
	    (json_int_t)experiment->rounds, "seed",
	    (json_int_t)experiment->seed, "warm_up_ms",
	    (json_int_t)EXPERIMENT_WARM_UP_MS, "pools", pools, "weather",
	    weather_to_json(&experiment->weather));
}

static struct table *
make_table(const struct scaling *scaling)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_RIGHT, "workers");
	table_column_named(table, TABLE_RIGHT, "turns/s", "turns_per_s");
	table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_MACHINE, "", "turns_per_s_low");
	table_column_named(table, TABLE_MACHINE, "", "turns_per_s_high");
	table_column_named(table, TABLE_RIGHT, "speed-up", "speedup");
	table_column_named(table, TABLE_RIGHT, "interval", NULL);
	table_column_named(table, TABLE_MACHINE, "", "speedup_low");
	table_column_named(table, TABLE_MACHINE, "", "speedup_high");
	for (size_t i = 0; i < scaling->n_pools; i++)
		for (size_t j = 0; j < scaling->pools[i].n_points; j++) {
			const struct scaling_point *point =
			    &scaling->pools[i].points[j];
			const struct estimate *rate = &point->rate;
			const struct estimate *speedup = &point->speedup;

			table_cell(table, "%s", scaling->pools[i].pool->name);
			table_count(
			    table, point->workers, "%" PRIu32, point->workers);
			table_real(table, rate->value, "%s",
			    units_quantity(rate->value).text);
			table_cell(table, "%s .. %s",
			    units_quantity(rate->low).text,
			    units_quantity(rate->high).text);
			table_real(table, rate->low, "%s", "");
			table_real(table, rate->high, "%s", "");
			table_real(table, speedup->value, "%s",
			    units_ratio(speedup->value).text);
			table_cell(
			    table, "%.2f .. %.2f", speedup->low, speedup->high);
			table_real(table, speedup->low, "%s", "");
			table_real(table, speedup->high, "%s", "");
		}
	return table;
}

static void
add_coefficient(struct table *table, const struct fit_coefficient *coefficient)
{
	if (coefficient->is_bound)
		table_cell(table, "%.3g (its limit)", coefficient->value);
	else
		table_cell(table, "%.3g +- %.1g", coefficient->value,
		    coefficient->error);
}

static bool
is_fitted(const struct scaling *scaling)
{
	for (size_t i = 0; i < scaling->n_pools; i++)
		if (scaling->pools[i].statuses[FIT_AMDAHL] == FIT_FINE)
			return true;
	return false;
}

static struct table *
make_fit_table(const struct scaling *scaling)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "pool");
	table_column(table, TABLE_LEFT, "law");
	table_column(table, TABLE_RIGHT, "contention");
	table_column(table, TABLE_RIGHT, "coherency");
	table_column(table, TABLE_RIGHT, "peak at");
	table_column(table, TABLE_RIGHT, "R^2");
	for (size_t i = 0; i < scaling->n_pools; i++)
		for (unsigned law = 0; law < FIT_LAWS; law++) {
			const struct scaling_pool *pool = &scaling->pools[i];
			const struct fit *fit = &pool->fits[law];

			if (pool->statuses[law] != FIT_FINE)
				continue;
			table_cell(table, "%s", pool->pool->name);
			table_cell(table, "%s",
			    law == FIT_AMDAHL ? "Amdahl" : "universal");
			add_coefficient(table, &fit->sigma);
			if (law == FIT_AMDAHL)
				table_cell(table, "-");
			else
				add_coefficient(table, &fit->kappa);
			if (fit->has_peak)
				table_cell(table, "%.1f", fit->peak_n);
			else
				table_cell(table, "-");
			/* No curve at all is a zero, not a negative one. */
			table_cell(table, "%.4f",
			    fit->r_squared > 0 ? fit->r_squared : 0);
		}
	return table;
}

/* What the law says of a pool, in words. */
static void
explain(const struct context *context, const struct scaling_pool *pool)
{
	enum fit_law law = pool->statuses[FIT_UNIVERSAL] == FIT_FINE
	    ? FIT_UNIVERSAL
	    : FIT_AMDAHL;
	const struct fit *fit = &pool->fits[law];
	char text[320];

	if (pool->statuses[law] != FIT_FINE)
		snprintf(text, sizeof(text),
		    "In the pool %s no law is fitted: %s.", pool->pool->name,
		    fit_status_text(pool->statuses[law]));
	else if (fit->has_peak && fit->peak_n > 1)
		snprintf(text, sizeof(text),
		    "In the pool %s %s of the work is done one at a time; most "
		    "is done by %.1f workers, %s turns a second, and more "
		    "workers do less.",
		    pool->pool->name, units_percent(fit->sigma.value).text,
		    fit->peak_n, units_quantity(fit->peak_x).text);
	else if (fit->sigma.value >= 0.005)
		snprintf(text, sizeof(text),
		    "In the pool %s %s of the work is done one at a time: "
		    "however many workers there are, they do no more than "
		    "%.2f times what one does.",
		    pool->pool->name, units_percent(fit->sigma.value).text,
		    1 / fit->sigma.value);
	else
		snprintf(text, sizeof(text),
		    "In the pool %s nothing is seen to be done one at a time: "
		    "it scales with its workers, as far as was measured.",
		    pool->pool->name);
	term_tame(text);
	report_sentence(context, TERM_PLAIN, text);
}

static void
warn_of_sizes(
    const struct scaling *scaling, const struct experiment *experiment)
{
	uint32_t cores = experiment->roster.cores;
	char text[256];
	uint32_t most = 0;

	for (size_t i = 0; i < scaling->n_pools; i++) {
		const struct scaling_pool *pool = &scaling->pools[i];

		most = pool->points[pool->n_points - 1].workers;
		if (most <= pool->pool->size)
			continue;
		snprintf(text, sizeof(text),
		    "the pool %s has %" PRIu32 " executor%s: more workers than "
		    "that wait for one another.",
		    pool->pool->name, pool->pool->size,
		    pool->pool->size == 1 ? "" : "s");
		report_warning(experiment->context, text);
	}
	if (most > cores) {
		snprintf(text, sizeof(text),
		    "more than %" PRIu32 " worker%s share the CPU%s, which the "
		    "laws count as contention.",
		    cores, cores == 1 ? "" : "s", cores == 1 ? "" : "s");
		report_warning(experiment->context, text);
	}
}

/* What a chart of it is made of. */
struct drawing {
	struct chart_series series[2 * SCALING_MAX_POOLS];
	struct chart_point points[SCALING_MAX_POOLS][RANGE_MAX_VALUES];
	struct chart_point curves[SCALING_MAX_POOLS][CURVE_POINTS];
	char subtitle[128];
};

static void
draw_pool(struct drawing *drawing, struct chart *chart,
    const struct scaling_pool *pool, unsigned i)
{
	double first = pool->points[0].workers;
	double last = pool->points[pool->n_points - 1].workers;

	for (size_t j = 0; j < pool->n_points; j++)
		drawing->points[i][j] = (struct chart_point){
		    .x = estimate_exact(pool->points[j].workers),
		    .y = pool->points[j].rate,
		};
	drawing->series[chart->n_series++] = (struct chart_series){
	    .name = pool->pool->name,
	    .mark = CHART_POINTS,
	    .colour = i,
	    .points = drawing->points[i],
	    .n_points = pool->n_points,
	};
	if (pool->statuses[FIT_UNIVERSAL] != FIT_FINE)
		return;
	for (size_t j = 0; j < CURVE_POINTS; j++) {
		double n =
		    first + (last - first) * (double)j / (CURVE_POINTS - 1);

		drawing->curves[i][j] = (struct chart_point){
		    .x = estimate_exact(n),
		    .y = estimate_exact(fit_at(&pool->fits[FIT_UNIVERSAL], n)),
		};
	}
	drawing->series[chart->n_series++] = (struct chart_series){
	    .name = "its law",
	    .mark = CHART_CURVE,
	    .colour = i,
	    .points = drawing->curves[i],
	    .n_points = CURVE_POINTS,
	};
}

static struct chart
draw(const struct scaling *scaling, const struct experiment *experiment,
    struct drawing *drawing)
{
	struct chart chart = {
	    .title = "Throughput and the number of workers",
	    .subtitle = drawing->subtitle,
	    .x = {.label = "workers", .unit = CHART_COUNT},
	    .y = {.label = "turns a second",
		.unit = CHART_NUMBER,
		.has_zero = true},
	    .series = drawing->series,
	};

	report_setting(
	    experiment, drawing->subtitle, sizeof(drawing->subtitle));
	for (size_t i = 0; i < scaling->n_pools; i++)
		draw_pool(drawing, &chart, &scaling->pools[i], (unsigned)i);
	return chart;
}

enum outcome
scaling_save(const struct scaling *scaling, const struct experiment *experiment,
    const char *path)
{
	struct drawing drawing = {.subtitle = ""};
	struct chart chart = draw(scaling, experiment, &drawing);

	return report_save(experiment->context, &chart, 1, path);
}

enum outcome
scaling_print(
    const struct scaling *scaling, const struct experiment *experiment)
{
	const struct context *context = experiment->context;
	struct drawing drawing = {.subtitle = ""};
	struct chart chart = draw(scaling, experiment, &drawing);
	char title[128];
	enum outcome outcome;

	chart.subtitle = NULL;
	snprintf(title, sizeof(title),
	    "Countdown from %s, %s a turn, and the number of workers",
	    units_count(scaling->count).text,
	    units_duration(scaling->cost_ns).text);
	report_heading(context, title, drawing.subtitle);
	outcome = report_table(context, make_table(scaling));
	if (outcome != OUTCOME_FINE || context->format == FORMAT_CSV)
		return outcome;
	report_gap(context);
	outcome = report_chart(context, &chart);
	if (outcome != OUTCOME_FINE)
		return outcome;
	report_gap(context);
	if (is_fitted(scaling)) {
		outcome = report_table(context, make_fit_table(scaling));
		if (outcome != OUTCOME_FINE)
			return outcome;
		report_gap(context);
	}
	for (size_t i = 0; i < scaling->n_pools; i++)
		explain(context, &scaling->pools[i]);
	warn_of_sizes(scaling, experiment);
	report_weather(experiment);
	report_note(experiment,
	    "Speed-up: over the first line of the same pool. Contention is the "
	    "share of the work that is done one at a time, coherency what each "
	    "pair of workers costs.");
	return OUTCOME_FINE;
}
