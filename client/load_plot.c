/*
 * From a report to panels. What a panel points to stands in one struct for each
 * picture, which lives as long as that is drawn.
 *
 * Pure but for the stream.
 */
#include "client/load_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/load_series.h"
#include "client/markup.h"
#include "client/panel.h"

#define WIDE 1000
#define NARROW 360
#define TICKS_PER_HALF 5
#define MAX_HALVES 40
#define MAX_CURVE (TICKS_PER_HALF * MAX_HALVES + 2)
#define CLASS_CURVES 5 /* no more than can be told apart */
#define ROWS_PER_DOUBLING 6
#define MAX_ROWS (ROWS_PER_DOUBLING * 46)
#define TIME_ROOM 78 /* beside the fields of both pictures over time */

const char load_plot_style[] =
    ".plot{margin:0}\n"
    ".plot svg{display:block;width:100%;height:auto;overflow:visible}\n"
    ".plot svg.narrow,.keys{display:none}\n"
    ".keys{flex-wrap:wrap;gap:4px 16px;margin:0 0 6px;font-size:13px}\n"
    ".keys.always{display:flex}\n"
    ".key{display:inline-block;width:16px;height:3px;margin-right:6px;"
    "vertical-align:middle;background:currentColor}\n"
    ".key.box{width:12px;height:12px;border-radius:3px}\n"
    "@media (max-width:640px){.plot svg.wide{display:none}"
    ".plot svg.narrow{display:block}.keys{display:flex}}\n";

static void
write_keys(const struct chart *chart, FILE *out)
{
	if (chart->n_series < 2)
		return;
	fputs("<div class=\"keys\">\n", out);
	for (size_t i = 0; i < chart->n_series; i++) {
		fprintf(out, "<span><i class=\"key c%u\"></i>",
		    chart->series[i].colour % SVG_COLOURS);
		markup_put(out, chart->series[i].name);
		fputs("</span>\n", out);
	}
	fputs("</div>\n", out);
}

static int
write_panel(const struct panel *panel, double height, FILE *out)
{
	int status;

	fputs("<div class=\"plot\">\n", out);
	write_keys(panel->chart, out);
	status = svg_finish(panel_draw(panel, WIDE, height, "wide"), out);
	if (status == 0)
		status =
		    svg_finish(panel_draw(panel, NARROW, 260, "narrow"), out);
	fputs("</div>\n", out);
	return status;
}

/* --- percentiles --- */

struct curves {
	struct chart_point points[2 + CLASS_CURVES][MAX_CURVE];
	struct chart_series series[2 + CLASS_CURVES];
	size_t n;
};

/* A point at x, the nines of a percentile. */
static struct chart_point
curve_point(const struct hdr *hdr, double fraction, double nines)
{
	return (struct chart_point){
	    .x = estimate_exact(nines),
	    .y = estimate_exact((double)hdr_quantile(hdr, fraction)),
	};
}

/* As far as the nines of one job in all. */
static void
add_curve(struct curves *curves, const struct hdr *hdr, const char *name,
    unsigned colour, bool is_dashed)
{
	struct chart_point *points = curves->points[curves->n];
	double last = (double)hdr->count;
	size_t n = 0;

	if (hdr->count == 0)
		return;
	for (unsigned tick = 0; tick < TICKS_PER_HALF * MAX_HALVES; tick++) {
		double nines = exp2((double)tick / TICKS_PER_HALF);

		if (nines >= last)
			break;
		points[n++] = curve_point(hdr, 1 - 1 / nines, nines);
	}
	points[n++] = curve_point(hdr, 1, last);
	curves->series[curves->n++] = (struct chart_series){
	    .name = name,
	    .mark = CHART_CURVE,
	    .is_dashed = is_dashed,
	    .colour = colour,
	    .points = points,
	    .n_points = n,
	};
}

static size_t
find_levels(const struct load_report *report,
    struct panel_level levels[LOAD_MAX_EXPECTATIONS])
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_expectations; i++) {
		const struct load_expectation *expectation =
		    report->expectations[i].expectation;

		if (expectation->metric == LOAD_METRIC_QUANTILE ||
		    expectation->metric == LOAD_METRIC_MAX)
			levels[n++] = (struct panel_level){
			    expectation->limit, expectation->text};
	}
	return n;
}

int
load_plot_percentiles(const struct load_report *report, FILE *out)
{
	static const unsigned colours[CLASS_CURVES] = {1, 2, 3, 5, 4};
	const struct load_script *script = report->script;
	struct curves *curves = calloc(1, sizeof(*curves));
	struct panel_level levels[LOAD_MAX_EXPECTATIONS];
	struct chart chart = {
	    .title = "Latency by percentile",
	    .x = {.label = "percentile",
		.scale = CHART_LOG,
		.unit = CHART_NINES},
	    .y = {.scale = CHART_LOG, .unit = CHART_DURATION},
	};
	struct panel panel = {.chart = &chart, .levels = levels};
	int status;

	if (curves == NULL)
		return -1;
	add_curve(curves, &report->latency, "latency", 0, false);
	add_curve(curves, &report->service, "once sent", 7, true);
	for (size_t i = 0; i < script->n_classes && script->n_classes > 1 &&
	     script->n_classes <= CLASS_CURVES;
	     i++)
		add_curve(curves, &report->classes[i].latency,
		    script->classes[i].name, colours[i], false);
	chart.series = curves->series;
	chart.n_series = curves->n;
	panel.n_levels = find_levels(report, levels);
	status = write_panel(&panel, 360, out);
	free(curves);
	return status;
}

/* --- over time --- */

#define TIME_SERIES 3

struct times {
	struct load_series stretches;
	struct chart_point *points[TIME_SERIES];
	struct chart_series series[TIME_SERIES];
	size_t n_series;
	struct panel_stage stages[LOAD_MAX_PHASES + 1];
	size_t n_stages;
	struct panel_level levels[LOAD_MAX_EXPECTATIONS];
	struct panel_cell *cells;
	size_t n_cells;
};

static void
times_free(struct times *times)
{
	load_series_free(&times->stretches);
	for (size_t i = 0; i < TIME_SERIES; i++)
		free(times->points[i]);
	free(times->cells);
}

/* Where the phases begin, and the wait for the last answers. */
static void
find_stages(struct times *times, const struct load_report *report)
{
	const struct load_script *script = report->script;

	for (size_t i = 0; i < script->n_phases && script->n_phases > 1; i++)
		times->stages[times->n_stages++] = (struct panel_stage){
		    (double)(script->phases[i].start_ns - script->warm_up_ns),
		    script->phases[i].name};
	if (times->stretches.n_sending < times->stretches.n)
		times->stages[times->n_stages++] =
		    (struct panel_stage){(double)report->measured_ns, "drain"};
}

/* 0, or -1 when memory ran out; times_free() is due either way. */
static int
times_init(struct times *times, const struct load_report *report)
{
	*times = (struct times){0};
	if (load_series_make(&times->stretches, report) == -1)
		return -1;
	for (size_t i = 0; i < TIME_SERIES; i++) {
		times->points[i] =
		    calloc(times->stretches.n + 1, sizeof(*times->points[i]));
		if (times->points[i] == NULL)
			return -1;
	}
	find_stages(times, report);
	return 0;
}

/* A series of a figure of each stretch, which stands at its middle. */
static void
add_times(struct times *times, const char *name, unsigned colour,
    bool is_dashed, struct estimate (*figure)(const struct load_point *point))
{
	struct chart_point *points = times->points[times->n_series];

	for (size_t i = 0; i < times->stretches.n; i++) {
		const struct load_point *point = &times->stretches.points[i];

		points[i] = (struct chart_point){
		    .x = estimate_exact(
			(double)point->start_ns + (double)point->length_ns / 2),
		    .y = figure(point),
		};
	}
	times->series[times->n_series++] = (struct chart_series){
	    .name = name,
	    .mark = CHART_CURVE,
	    .is_dashed = is_dashed,
	    .colour = colour,
	    .points = points,
	    .n_points = times->stretches.n,
	};
}

static struct chart
times_chart(const struct times *times, const char *title, enum chart_unit unit)
{
	return (struct chart){
	    .title = title,
	    .x = {.label = "time", .unit = CHART_CLOCK},
	    .y = {.unit = unit,
		.scale = unit == CHART_DURATION ? CHART_LOG : CHART_LINEAR,
		.has_zero = true},
	    .series = times->series,
	    .n_series = times->n_series,
	};
}

/* Nothing was done: nothing to be drawn. */
static struct estimate
figure_of(const struct load_point *point, uint64_t ns)
{
	return estimate_exact(point->done > 0 ? (double)ns : NAN);
}

/* With the least latency as its low end, for which the axis has room then. */
static struct estimate
figure_p50(const struct load_point *point)
{
	struct estimate p50 = figure_of(point, point->p50_ns);
	const struct hdr *hdr = &point->latency;

	for (size_t i = 0; i < hdr->n_buckets; i++)
		if (hdr->counts[i] > 0) {
			p50.low =
			    fmax(1, (double)hdr_lowest_ns(hdr->precision, i));
			break;
		}
	return p50;
}

static struct estimate
figure_p99(const struct load_point *point)
{
	return figure_of(point, point->p99_ns);
}

static struct estimate
figure_max(const struct load_point *point)
{
	return figure_of(point, point->max_ns);
}

static unsigned
row_of(uint64_t value_ns)
{
	return value_ns < 2
	    ? 0
	    : (unsigned)(ROWS_PER_DOUBLING * log2((double)value_ns));
}

/* How many latencies of a stretch fall into each row. */
static void
fill_rows(const struct hdr *hdr, uint64_t rows[MAX_ROWS])
{
	memset(rows, 0, MAX_ROWS * sizeof(rows[0]));
	for (size_t i = 0; i < hdr->n_buckets; i++)
		if (hdr->counts[i] > 0)
			rows[row_of(hdr_lowest_ns(hdr->precision, i))] +=
			    hdr->counts[i];
}

static uint64_t
find_most(const struct load_series *stretches)
{
	uint64_t rows[MAX_ROWS], most = 1;

	for (size_t i = 0; i < stretches->n; i++) {
		fill_rows(&stretches->points[i].latency, rows);
		for (size_t j = 0; j < MAX_ROWS; j++)
			if (rows[j] > most)
				most = rows[j];
	}
	return most;
}

/*
 * The heat is that of the count's logarithm, so that what happened once in a
 * stretch can be seen beside what happened a thousand times.
 */
static int
find_cells(struct times *times)
{
	const struct load_series *stretches = &times->stretches;
	double most = log1p((double)find_most(stretches));

	times->cells =
	    calloc(stretches->n * MAX_ROWS + 1, sizeof(*times->cells));
	if (times->cells == NULL)
		return -1;
	for (size_t i = 0; i < stretches->n; i++) {
		const struct load_point *point = &stretches->points[i];
		uint64_t rows[MAX_ROWS];
		double from = (double)point->start_ns;

		fill_rows(&point->latency, rows);
		for (size_t j = 0; j < MAX_ROWS; j++) {
			struct panel_cell *cell = &times->cells[times->n_cells];

			if (rows[j] == 0)
				continue;
			times->n_cells++;
			cell->from.x = from;
			cell->to.x = from + (double)point->length_ns;
			cell->from.y = exp2((double)j / ROWS_PER_DOUBLING);
			cell->to.y = exp2((double)(j + 1) / ROWS_PER_DOUBLING);
			cell->heat = (unsigned)ceil(
			    PANEL_HEATS * log1p((double)rows[j]) / most);
			if (cell->heat > PANEL_HEATS)
				cell->heat = PANEL_HEATS;
		}
	}
	return 0;
}

static int
write_times(struct times *times, const struct chart *chart, bool is_filled,
    size_t n_levels, FILE *out)
{
	const struct panel panel = {
	    .chart = chart,
	    .is_filled = is_filled,
	    .is_fine = true,
	    .left_room = TIME_ROOM,
	    .right_room = TIME_ROOM,
	    .cells = times->cells,
	    .n_cells = times->n_cells,
	    .stages = times->stages,
	    .n_stages = times->n_stages,
	    .levels = times->levels,
	    .n_levels = n_levels,
	};

	return write_panel(&panel, 320, out);
}

int
load_plot_latency(const struct load_report *report, FILE *out)
{
	struct times times;
	struct chart chart;
	int status = -1;

	if (times_init(&times, report) == -1 || find_cells(&times) == -1)
		goto out;
	add_times(&times, "max", 1, false, figure_max);
	add_times(&times, "p99", 5, false, figure_p99);
	add_times(&times, "p50", 2, false, figure_p50);
	chart = times_chart(&times, "Latency over time", CHART_DURATION);
	status = write_times(
	    &times, &chart, false, find_levels(report, times.levels), out);
out:
	times_free(&times);
	return status;
}

static struct estimate
figure_scheduled(const struct load_point *point)
{
	return estimate_exact(load_rate(point->scheduled, point->length_ns));
}

static struct estimate
figure_done(const struct load_point *point)
{
	return estimate_exact(load_rate(point->done, point->length_ns));
}

static struct estimate
figure_failed(const struct load_point *point)
{
	return estimate_exact(load_rate(point->failed, point->length_ns));
}

int
load_plot_rate(const struct load_report *report, FILE *out)
{
	struct times times;
	struct chart chart;
	int status = -1;

	if (times_init(&times, report) == -1)
		goto out;
	add_times(&times, "done", 2, false, figure_done);
	add_times(&times, "scheduled", 7, true, figure_scheduled);
	if (report->counts.failed > 0)
		add_times(&times, "failed", 1, false, figure_failed);
	chart = times_chart(&times, "Jobs a second over time", CHART_NUMBER);
	status = write_times(&times, &chart, true, 0, out);
out:
	times_free(&times);
	return status;
}
