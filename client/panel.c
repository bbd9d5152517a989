/*
 * What a pointer finds is a column of the field: each x that some series has a
 * point at, from halfway to its neighbours.
 *
 * Pure.
 */
#include "client/panel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chart_axis.h"

#define X_AXIS_ROOM 24
#define X_LABEL_ROOM 20
#define STAGE_ROOM 20
#define TOP_ROOM 10
#define EDGE 10
#define TICK_GAP 8
#define NAME_GAP 8
#define NAME_STEP 16
#define TICK_EVERY_X 84 /* pixels, about */
#define TICK_EVERY_Y 44
#define SMALL 12 /* the font's size */
#define TIP_BYTES 384

const char panel_style[] =
    ".hit{fill:currentColor;fill-opacity:0}\n"
    ".hit:hover{fill-opacity:0.12}\n"
    ".level{stroke:currentColor;stroke-width:1.25;stroke-dasharray:3 3}\n"
    ".fine{stroke-width:1.6}.fine.dashed{stroke-dasharray:4 4}\n"
    ".heat{fill:currentColor;shape-rendering:crispEdges}.heat1{fill-opacity:0."
    "08}"
    ".heat2{fill-opacity:0.16}.heat3{fill-opacity:0.26}"
    ".heat4{fill-opacity:0.38}.heat5{fill-opacity:0.52}\n"
    ".stage{stroke:currentColor;stroke-opacity:0.35;stroke-width:1;"
    "stroke-dasharray:2 4}\n";

/* Where the figures go. */
struct field {
	const struct panel *panel;
	struct svg *svg;
	struct axis x, y;
	double left, right, upper, lower;
	double width; /* of the whole picture */
	bool has_names;
};

static double
place_x(const struct field *field, double value)
{
	return field->left +
	    axis_place(&field->x, value) * (field->right - field->left);
}

static double
place_y(const struct field *field, double value)
{
	return field->lower -
	    axis_place(&field->y, value) * (field->lower - field->upper);
}

static bool
place(const struct field *field, const struct chart_point *point,
    struct svg_point *at)
{
	at->x = place_x(field, point->x.value);
	at->y = place_y(field, point->y.value);
	return isfinite(at->x) && isfinite(at->y);
}

static double
widest_tick(const struct axis *axis)
{
	double widest = 0;

	for (size_t i = 0; i < axis->n_ticks; i++)
		widest = fmax(widest,
		    svg_text_width(
			axis_tick(axis, axis->ticks[i]).text, SMALL));
	return widest;
}

static struct field
lay_out(const struct panel *panel, struct svg *svg, double width, double height)
{
	const struct chart *chart = panel->chart;
	struct field field = {.panel = panel, .svg = svg, .width = width};
	double names = 0;

	field.x = axis_make(chart, AXIS_X, (unsigned)(width / TICK_EVERY_X));
	field.y = axis_make(chart, AXIS_Y, (unsigned)(height / TICK_EVERY_Y));
	field.has_names = width >= PANEL_NAMES_FROM;
	for (size_t i = 0; i < chart->n_series && field.has_names; i++)
		names = fmax(
		    names, svg_text_width(chart->series[i].name, SMALL) + 4);
	field.left = widest_tick(&field.y) + TICK_GAP + 2;
	field.right = width - EDGE;
	if (field.has_names) {
		field.left = fmax(field.left, panel->left_room);
		field.right = width - fmax(names + NAME_GAP, panel->right_room);
	}
	field.upper = TOP_ROOM + (panel->n_stages > 0 ? STAGE_ROOM : 0);
	field.lower =
	    height - X_AXIS_ROOM - (chart->x.label != NULL ? X_LABEL_ROOM : 0);
	return field;
}

static void
draw_axes(const struct field *field)
{
	double end = -EDGE; /* of the last tick that was written */

	for (size_t i = 0; i < field->y.n_ticks; i++) {
		double y = place_y(field, field->y.ticks[i]);

		svg_line(
		    field->svg, "grid", field->left, y, field->right, y, NULL);
		svg_text(field->svg, "small muted", SVG_END,
		    field->left - TICK_GAP, y + 4,
		    axis_tick(&field->y, field->y.ticks[i]).text);
	}
	for (size_t i = 0; i < field->x.n_ticks; i++) {
		struct axis_text text = axis_tick(&field->x, field->x.ticks[i]);
		double half = svg_text_width(text.text, SMALL) / 2;
		double x = place_x(field, field->x.ticks[i]);

		svg_line(field->svg, "axis", x, field->lower, x,
		    field->lower + 4, NULL);
		if (x - half < end || x + half > field->width)
			continue;
		svg_text(field->svg, "small muted", SVG_MIDDLE, x,
		    field->lower + 18, text.text);
		end = x + half + 6;
	}
	svg_line(field->svg, "axis", field->left, field->lower, field->right,
	    field->lower, NULL);
	if (field->panel->chart->x.label != NULL)
		svg_text(field->svg, "small muted", SVG_MIDDLE,
		    (field->left + field->right) / 2, field->lower + 38,
		    field->panel->chart->x.label);
}

/* A name that has no room before the next one is left out; its line is not. */
static void
draw_stages(const struct field *field)
{
	double end = field->left - EDGE;

	for (size_t i = 0; i < field->panel->n_stages; i++) {
		const struct panel_stage *stage = &field->panel->stages[i];
		double x = place_x(field, stage->from);
		double width = svg_text_width(stage->name, SMALL);

		if (!isfinite(x) || x > field->right + 1)
			continue;
		x = fmax(x, field->left);
		svg_line(field->svg, "stage", x, field->upper - STAGE_ROOM + 4,
		    x, field->lower, NULL);
		if (x < end || x + 4 + width > field->right + EDGE)
			continue;
		svg_text(field->svg, "small muted", SVG_START, x + 4,
		    field->upper - 6, stage->name);
		end = x + 4 + width + 4;
	}
}

static void
draw_levels(const struct field *field)
{
	for (size_t i = 0; i < field->panel->n_levels; i++) {
		const struct panel_level *level = &field->panel->levels[i];
		double y = place_y(field, level->y);

		if (!isfinite(y) || y < field->upper || y > field->lower)
			continue;
		svg_line(field->svg, "level grey", field->left, y, field->right,
		    y, level->name);
		svg_text(field->svg, "small muted halo", SVG_START,
		    field->left + 6, y - 5, level->name);
	}
}

static double
limit(double value, double a, double b)
{
	return fmax(fmin(a, b), fmin(value, fmax(a, b)));
}

/* One cell's part of a path; what is beyond the field is cut off. */
static void
put_cell(const struct field *field, const struct panel_cell *cell, FILE *out)
{
	double x1 = place_x(field, cell->from.x),
	       x2 = place_x(field, cell->to.x);
	double y1 = place_y(field, cell->from.y),
	       y2 = place_y(field, cell->to.y);

	if (!isfinite(x1 + x2 + y1 + y2))
		return;
	x1 = limit(x1, field->left, field->right);
	x2 = limit(x2, field->left, field->right);
	y1 = limit(y1, field->upper, field->lower);
	y2 = limit(y2, field->upper, field->lower);
	if (fabs(x1 - x2) < 0.01 || fabs(y1 - y2) < 0.01)
		return;
	fprintf(out, "M%.1f %.1fH%.1fV%.1fH%.1fZ", x1, y1, x2, y2, x1);
}

/* All cells of one heat are one path. */
static void
draw_cells(const struct field *field)
{
	const struct panel *panel = field->panel;

	for (unsigned heat = 1; heat <= PANEL_HEATS; heat++) {
		char *commands = NULL, class[32];
		size_t size;
		FILE *out = open_memstream(&commands, &size);

		if (out == NULL)
			return;
		for (size_t i = 0; i < panel->n_cells; i++)
			if (panel->cells[i].heat == heat)
				put_cell(field, &panel->cells[i], out);
		snprintf(class, sizeof(class), "heat heat%u c0", heat);
		if (fclose(out) == 0 && size > 0)
			svg_path(field->svg, class, commands, NULL);
		free(commands);
	}
}

/* "M1 2L3 4...": a path's commands, with its end at the axis. */
static void
draw_area(const struct field *field, const struct chart_series *series,
    const struct svg_point path[], size_t n)
{
	char *commands = NULL;
	size_t size;
	FILE *out = open_memstream(&commands, &size);
	char class[32];

	if (out == NULL)
		return;
	fprintf(out, "M%.2f %.2f", path[0].x, field->lower);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "L%.2f %.2f", path[i].x, path[i].y);
	fprintf(out, "L%.2f %.2fZ", path[n - 1].x, field->lower);
	snprintf(
	    class, sizeof(class), "soft c%u", series->colour % SVG_COLOURS);
	if (fclose(out) == 0)
		svg_path(field->svg, class, commands, NULL);
	free(commands);
}

/* A gap in the figures is a gap in the curve. */
static void
draw_series(const struct field *field, const struct chart_series *series,
    bool is_filled)
{
	struct svg_point *path = calloc(series->n_points + 1, sizeof(*path));
	char class[40];
	size_t n = 0;

	if (path == NULL) {
		/* Told by svg_write(): a point that is nowhere. */
		svg_circle(field->svg, NULL, NAN, NAN, 0, NULL);
		return;
	}
	snprintf(class, sizeof(class), "line c%u%s%s",
	    series->colour % SVG_COLOURS, series->is_dashed ? " dashed" : "",
	    field->panel->is_fine ? " fine" : "");
	for (size_t i = 0; i <= series->n_points; i++) {
		if (i < series->n_points &&
		    place(field, &series->points[i], &path[n])) {
			n++;
			continue;
		}
		if (n == 1)
			svg_circle(
			    field->svg, class, path[0].x, path[0].y, 1, NULL);
		if (n > 1 && is_filled)
			draw_area(field, series, path, n);
		if (n > 1)
			svg_polyline(field->svg, class, path, n, NULL);
		n = 0;
	}
	free(path);
}

static void
draw_names(const struct field *field)
{
	const struct chart *chart = field->panel->chart;
	struct axis_name names[CHART_MAX_SERIES] = {{NULL, 0}};
	size_t n = 0;

	for (size_t i = 0; i < chart->n_series; i++) {
		const struct chart_series *series = &chart->series[i];
		struct svg_point end;

		for (size_t j = series->n_points; j > 0; j--)
			if (place(field, &series->points[j - 1], &end)) {
				names[n++] = (struct axis_name){series, end.y};
				break;
			}
	}
	axis_spread_names(names, n, NAME_STEP, field->lower);
	for (size_t i = 0; i < n; i++) {
		char class[32];

		snprintf(class, sizeof(class), "fill small bold c%u",
		    names[i].series->colour % SVG_COLOURS);
		svg_text(field->svg, class, SVG_START, field->right + NAME_GAP,
		    names[i].y + 4, names[i].series->name);
	}
}

/* "12 s\np50: 1.2 ms\np99: 5 ms", of all series with a point at x. */
static void
write_tip(const struct field *field, double x, char tip[TIP_BYTES])
{
	const struct chart *chart = field->panel->chart;
	int used =
	    snprintf(tip, TIP_BYTES, "%s", axis_value(&field->x, x).text);

	for (size_t i = 0; i < chart->n_series; i++) {
		const struct chart_series *series = &chart->series[i];

		for (size_t j = 0; j < series->n_points; j++) {
			if (series->points[j].x.value != x ||
			    !isfinite(series->points[j].y.value))
				continue;
			if (used < TIP_BYTES)
				used += snprintf(tip + used,
				    (size_t)(TIP_BYTES - used), "\n%s: %s",
				    series->name,
				    axis_value(
					&field->y, series->points[j].y.value)
					.text);
			break;
		}
	}
}

/* The columns are those of the series with the most points. */
static void
draw_hits(const struct field *field)
{
	const struct chart *chart = field->panel->chart;
	const struct chart_series *most = NULL;
	double from = field->left;

	for (size_t i = 0; i < chart->n_series; i++)
		if (most == NULL || chart->series[i].n_points > most->n_points)
			most = &chart->series[i];
	if (most == NULL)
		return;
	svg_group_open(field->svg, "grey");
	for (size_t i = 0; i < most->n_points; i++) {
		double x = place_x(field, most->points[i].x.value);
		double to = field->right;
		char tip[TIP_BYTES];

		if (i + 1 < most->n_points)
			to = (x + place_x(field, most->points[i + 1].x.value)) /
			    2;
		if (!isfinite(to) || to <= from)
			continue;
		write_tip(field, most->points[i].x.value, tip);
		svg_rect(field->svg, "hit", from, field->upper, to - from,
		    field->lower - field->upper, tip);
		from = to;
	}
	svg_group_close(field->svg);
}

struct svg *
panel_draw(
    const struct panel *panel, double width, double height, const char *class)
{
	const struct chart *chart = panel->chart;
	struct svg *svg = svg_new_inline(width, height, chart->title, class);
	struct field field;

	if (svg == NULL)
		return NULL;
	field = lay_out(panel, svg, width, height);
	draw_axes(&field);
	draw_cells(&field);
	draw_stages(&field);
	for (size_t i = 0; i < chart->n_series; i++)
		draw_series(
		    &field, &chart->series[i], panel->is_filled && i == 0);
	draw_levels(&field);
	if (field.has_names)
		draw_names(&field);
	draw_hits(&field);
	return svg;
}
