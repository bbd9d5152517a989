/*
 * A chart as SVG. Its name of a curve stands at the curve's end where that is
 * at the right edge, in the curve's colour, moved apart from the others'; the
 * names of all other series are in a legend above. Series differ in the shape
 * of their marks and in dashes too, so that no colour needs to be seen.
 *
 * Pure.
 */
#include "client/chart.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/chart_axis.h"

#define WIDTH 880
#define HEIGHT 500
#define MARGIN 28
#define TITLE_ROOM 40
#define SUBTITLE_ROOM 24
#define LEGEND_ROOM 26
#define AXIS_ROOM 58  /* below: ticks and label */
#define LABEL_ROOM 26 /* to the left: the label that is read upwards */
#define TICK_GAP 10
#define NAME_GAP 12
#define NAME_STEP 18 /* names stand at least so far apart */
#define MARK_RADIUS 4.5
#define CAP 4 /* half of an error bar's end */

/* Where the figures of one chart go. */
struct plot {
	const struct chart *chart;
	struct svg *svg;
	struct axis x, y;
	double top;			  /* of the whole chart */
	double left, right, upper, lower; /* of the field */
	/* Drawn at the field's right edge. */
	bool is_named[CHART_MAX_SERIES];
};

static double
place_x(const struct plot *plot, double value)
{
	return plot->left +
	    axis_place(&plot->x, value) * (plot->right - plot->left);
}

static double
place_y(const struct plot *plot, double value)
{
	return plot->lower -
	    axis_place(&plot->y, value) * (plot->lower - plot->upper);
}

static bool
place(const struct plot *plot, const struct chart_point *point,
    struct svg_point *at)
{
	at->x = place_x(plot, point->x.value);
	at->y = place_y(plot, point->y.value);
	return isfinite(at->x) && isfinite(at->y);
}

/* Whether a series has a curve that ends near the right edge. */
static bool
ends_at_edge(const struct chart_series *series, const struct axis *axis)
{
	if (series->mark == CHART_POINTS || series->n_points == 0)
		return false;
	return axis_place(axis, series->points[series->n_points - 1].x.value) >
	    0.9;
}

static double
widest_tick(const struct axis *axis)
{
	double widest = 0;

	for (size_t i = 0; i < axis->n_ticks; i++)
		widest = fmax(widest,
		    svg_text_width(axis_tick(axis, axis->ticks[i]).text, 12));
	return widest;
}

static struct plot
lay_out(const struct chart *chart, struct svg *svg, double top)
{
	struct plot plot = {.chart = chart, .svg = svg, .top = top};
	bool has_legend = false;
	double names = 0;

	plot.x = axis_make(chart, AXIS_X, 10);
	plot.y = axis_make(chart, AXIS_Y, 6);
	for (size_t i = 0; i < chart->n_series; i++) {
		const struct chart_series *series = &chart->series[i];

		plot.is_named[i] = ends_at_edge(series, &plot.x);
		if (plot.is_named[i])
			names = fmax(
			    names, NAME_GAP + svg_text_width(series->name, 14));
		else
			has_legend = true;
	}
	plot.left = MARGIN + LABEL_ROOM + widest_tick(&plot.y) + TICK_GAP;
	plot.right = WIDTH - fmax(MARGIN, names + MARGIN / 2);
	plot.upper = top + MARGIN + TITLE_ROOM +
	    (chart->subtitle != NULL ? SUBTITLE_ROOM : 0) +
	    (has_legend ? LEGEND_ROOM : 0);
	plot.lower = top + HEIGHT - AXIS_ROOM;
	return plot;
}

static void
draw_x_axis(const struct plot *plot)
{
	double end = 0; /* of the last tick that was written */

	for (size_t i = 0; i < plot->x.n_ticks; i++) {
		double value = plot->x.ticks[i];
		struct axis_text text = axis_tick(&plot->x, value);
		double half = svg_text_width(text.text, 12) / 2;
		double x = place_x(plot, value);

		svg_line(plot->svg, "axis", x, plot->lower, x, plot->lower + 5,
		    NULL);
		if (x - half < end)
			continue;
		svg_text(plot->svg, "small muted", SVG_MIDDLE, x,
		    plot->lower + 21, text.text);
		end = x + half + 8;
	}
	svg_line(plot->svg, "axis", plot->left, plot->lower, plot->right,
	    plot->lower, NULL);
	svg_text(plot->svg, "label", SVG_MIDDLE, (plot->left + plot->right) / 2,
	    plot->lower + 44, plot->chart->x.label);
}

static void
draw_y_axis(const struct plot *plot)
{
	for (size_t i = 0; i < plot->y.n_ticks; i++) {
		double y = place_y(plot, plot->y.ticks[i]);

		svg_line(
		    plot->svg, "grid", plot->left, y, plot->right, y, NULL);
		svg_text(plot->svg, "small muted", SVG_END,
		    plot->left - TICK_GAP, y + 4,
		    axis_tick(&plot->y, plot->y.ticks[i]).text);
	}
	svg_text_upwards(plot->svg, "label", SVG_MIDDLE, MARGIN + 4,
	    (plot->upper + plot->lower) / 2, plot->chart->y.label);
}

/* "line c2 dashed": the classes of a part of a series. */
static struct axis_text
classes(const char *shape, const struct chart_series *series)
{
	struct axis_text out;

	snprintf(out.text, sizeof(out.text), "%s c%u%s", shape,
	    series->colour % SVG_COLOURS, series->is_dashed ? " dashed" : "");
	return out;
}

/* A circle, a square, a diamond or a triangle; in that colour. */
static void
draw_mark(struct svg *svg, const struct chart_series *series,
    struct svg_point at, const char *tooltip)
{
	struct axis_text class;
	double r = MARK_RADIUS;
	char commands[160];

	snprintf(class.text, sizeof(class.text), "fill c%u",
	    series->colour % SVG_COLOURS);
	switch (series->colour % 4) {
	case 0:
		svg_circle(svg, class.text, at.x, at.y, r, tooltip);
		return;
	case 1:
		r *= 0.9;
		svg_rect(
		    svg, class.text, at.x - r, at.y - r, 2 * r, 2 * r, tooltip);
		return;
	case 2:
		r *= 1.3;
		snprintf(commands, sizeof(commands),
		    "M%.2f %.2fL%.2f %.2fL%.2f %.2fL%.2f %.2fZ", at.x, at.y - r,
		    at.x + r, at.y, at.x, at.y + r, at.x - r, at.y);
		break;
	default:
		r *= 1.2;
		snprintf(commands, sizeof(commands),
		    "M%.2f %.2fL%.2f %.2fL%.2f %.2fZ", at.x, at.y - r, at.x + r,
		    at.y + r * 0.75, at.x - r, at.y + r * 0.75);
	}
	svg_path(svg, class.text, commands, tooltip);
}

static void
draw_bar(const struct plot *plot, const char *class, double x1, double y1,
    double x2, double y2)
{
	double across = x1 == x2 ? CAP : 0, along = CAP - across;

	if (!isfinite(x1 + y1 + x2 + y2) || (x1 == x2 && y1 == y2))
		return;
	svg_line(plot->svg, class, x1, y1, x2, y2, NULL);
	svg_line(plot->svg, class, x1 - across, y1 - along, x1 + across,
	    y1 + along, NULL);
	svg_line(plot->svg, class, x2 - across, y2 - along, x2 + across,
	    y2 + along, NULL);
}

static void
draw_bars(const struct plot *plot, const struct chart_series *series,
    const struct chart_point *point)
{
	struct axis_text class;
	double x = place_x(plot, point->x.value);
	double y = place_y(plot, point->y.value);

	snprintf(class.text, sizeof(class.text), "line c%u thin",
	    series->colour % SVG_COLOURS);
	draw_bar(plot, class.text, x, place_y(plot, point->y.low), x,
	    place_y(plot, point->y.high));
	draw_bar(plot, class.text, place_x(plot, point->x.low), y,
	    place_x(plot, point->x.high), y);
}

/* "threads: 4, 12.3k (12.1k to 12.6k)" */
static void
write_tooltip(const struct plot *plot, const struct chart_series *series,
    const struct chart_point *point, char *text, size_t size)
{
	const struct estimate *y = &point->y;
	int used = snprintf(text, size, "%s%s%s: %s, %s", series->name,
	    point->label != NULL ? ", " : "",
	    point->label != NULL ? point->label : "",
	    axis_value(&plot->x, point->x.value).text,
	    axis_value(&plot->y, y->value).text);

	if (y->low < y->high && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, " (%s to %s)",
		    axis_value(&plot->y, y->low).text,
		    axis_value(&plot->y, y->high).text);
}

/* Beside the point, and out of the way of a line that rises. */
static void
draw_label(const struct plot *plot, const struct chart_series *series, size_t i,
    struct svg_point at)
{
	struct svg_point next;
	bool rises = i + 1 < series->n_points &&
	    place(plot, &series->points[i + 1], &next) && next.y < at.y - 4;

	svg_text(plot->svg, "small muted halo", SVG_START, at.x + 8,
	    at.y + (rises ? 17 : -8), series->points[i].label);
}

static void
draw_series(const struct plot *plot, const struct chart_series *series)
{
	struct svg_point *path = calloc(series->n_points + 1, sizeof(*path));
	size_t n = 0;

	if (path == NULL) {
		/* Told by svg_write(): a point that is nowhere. */
		svg_circle(plot->svg, NULL, NAN, NAN, 0, NULL);
		return;
	}
	for (size_t i = 0; i < series->n_points; i++)
		if (place(plot, &series->points[i], &path[n]))
			n++;
	if (series->mark != CHART_POINTS && n > 1)
		svg_polyline(plot->svg, classes("line", series).text, path, n,
		    series->name);
	free(path);
	for (size_t i = 0; i < series->n_points; i++) {
		const struct chart_point *point = &series->points[i];
		struct svg_point at;
		char tooltip[256];

		if (series->mark == CHART_CURVE || !place(plot, point, &at))
			continue;
		draw_bars(plot, series, point);
		write_tooltip(plot, series, point, tooltip, sizeof(tooltip));
		draw_mark(plot->svg, series, at, tooltip);
		if (point->label != NULL)
			draw_label(plot, series, i, at);
	}
}

static void
draw_names(const struct plot *plot)
{
	struct axis_name names[CHART_MAX_SERIES] = {{NULL, 0}};
	size_t n = 0;

	for (size_t i = 0; i < plot->chart->n_series; i++) {
		const struct chart_series *series = &plot->chart->series[i];
		struct svg_point end;

		if (plot->is_named[i] &&
		    place(plot, &series->points[series->n_points - 1], &end))
			names[n++] = (struct axis_name){series, end.y};
	}
	axis_spread_names(names, n, NAME_STEP, plot->lower);
	for (size_t i = 0; i < n; i++)
		svg_text(plot->svg, classes("fill bold", names[i].series).text,
		    SVG_START, plot->right + NAME_GAP, names[i].y + 5,
		    names[i].series->name);
}

static void
draw_legend(const struct plot *plot)
{
	double x = plot->left, y = plot->upper - LEGEND_ROOM + 2;

	for (size_t i = 0; i < plot->chart->n_series; i++) {
		const struct chart_series *series = &plot->chart->series[i];
		double width = series->mark == CHART_POINTS ? 10 : 28;
		struct svg_point middle = {x + width / 2, y - 5};

		if (plot->is_named[i])
			continue;
		if (series->mark != CHART_POINTS)
			svg_line(plot->svg, classes("line", series).text, x,
			    middle.y, x + width, middle.y, NULL);
		if (series->mark != CHART_CURVE)
			draw_mark(plot->svg, series, middle, NULL);
		x += width + 8;
		svg_text(plot->svg, "label", SVG_START, x, y, series->name);
		x += svg_text_width(series->name, 14) + 24;
	}
}

static void
draw_one(const struct chart *chart, struct svg *svg, double top)
{
	struct plot plot = lay_out(chart, svg, top);
	double y = top + MARGIN + 16;

	svg_group_open(svg, NULL);
	svg_text(svg, "title", SVG_START, MARGIN, y, chart->title);
	if (chart->subtitle != NULL)
		svg_text(svg, "label muted", SVG_START, MARGIN,
		    y + SUBTITLE_ROOM, chart->subtitle);
	draw_y_axis(&plot);
	draw_x_axis(&plot);
	/* Marks are not to be under curves. */
	for (size_t i = 0; i < chart->n_series; i++)
		if (chart->series[i].mark == CHART_CURVE)
			draw_series(&plot, &chart->series[i]);
	for (size_t i = 0; i < chart->n_series; i++)
		if (chart->series[i].mark != CHART_CURVE)
			draw_series(&plot, &chart->series[i]);
	draw_names(&plot);
	draw_legend(&plot);
	svg_group_close(svg);
}

struct svg *
chart_draw(const struct chart charts[], size_t n_charts)
{
	struct svg *svg = svg_new(WIDTH, (double)n_charts * HEIGHT,
	    n_charts > 0 ? charts[0].title : "",
	    n_charts > 0 ? charts[0].subtitle : NULL, NULL);

	for (size_t i = 0; i < n_charts && svg != NULL; i++)
		draw_one(&charts[i], svg, (double)i * HEIGHT);
	return svg;
}
