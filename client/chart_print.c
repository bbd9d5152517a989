/*
 * A chart in characters. Curves are drawn into a grid of dots: eight of them a
 * character as braille has them (U+2800 and on), or one a character where the
 * terminal has only ASCII. Marks stand on top, a character each. Colours are
 * used where there are some, and are never all that tells two series apart.
 *
 * Pure but for the printing.
 */
#include "client/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/chart_axis.h"

#define MAX_COLUMNS 80
#define MIN_COLUMNS 20
#define ROWS 16
#define INDENT 2
#define TICK_COLUMNS 9 /* of a tick's text, about, and a gap */

struct cell {
	unsigned char dots; /* the bits of a braille character; ASCII: any */
	unsigned char style;
	const char *mark; /* on top, or NULL */
};

struct canvas {
	const struct chart *chart;
	const struct term *term;
	struct axis x, y;
	unsigned left;		/* columns of the ticks' texts */
	unsigned columns;	/* of the field */
	unsigned across, along; /* dots of a character: 2 x 4, or 1 x 1 */
	struct cell *cells;	/* ROWS of columns */
};

/* Both are indices of dots, from the upper left. */
struct spot {
	int x, y;
};

static const char *
mark_of(const struct chart_series *series, bool has_utf8)
{
	static const char *const shapes[SVG_COLOURS] = {"\u25cf", "\u25a0",
	    "\u25c6", "\u25b2", "\u25cb", "\u25a1", "\u25c7", "\u25b3"};
	static const char *const letters[SVG_COLOURS] = {
	    "a", "b", "c", "d", "e", "f", "g", "h"};
	unsigned i = series->colour % SVG_COLOURS;

	return has_utf8 ? shapes[i] : letters[i];
}

static enum term_style
style_of(const struct chart_series *series)
{
	static const enum term_style styles[] = {
	    TERM_BAR, TERM_WAIT, TERM_WARNING, TERM_BOLD};

	return styles[series->colour % 4];
}

static bool
find_spot(const struct canvas *canvas, double x, double y, struct spot *spot)
{
	double across = axis_place(&canvas->x, x);
	double up = axis_place(&canvas->y, y);

	if (!(across >= -1e-9 && across <= 1 + 1e-9) ||
	    !(up >= -1e-9 && up <= 1 + 1e-9))
		return false;
	spot->x = (int)lround(across * (canvas->columns * canvas->across - 1));
	spot->y = (int)lround((1 - up) * (ROWS * canvas->along - 1));
	return true;
}

static struct cell *
cell_at(const struct canvas *canvas, struct spot spot)
{
	unsigned column = (unsigned)spot.x / canvas->across;
	unsigned row = (unsigned)spot.y / canvas->along;

	return &canvas->cells[row * canvas->columns + column];
}

static void
set_dot(const struct canvas *canvas, struct spot spot, enum term_style style)
{
	/* Braille numbers the dots of a column 1, 2, 3, 7 and 4, 5, 6, 8. */
	static const unsigned char bits[2][4] = {
	    {0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
	struct cell *cell = cell_at(canvas, spot);

	cell->dots |= bits[(unsigned)spot.x % canvas->across]
			  [(unsigned)spot.y % canvas->along];
	cell->style = (unsigned char)style;
}

static void
draw_line(const struct canvas *canvas, struct spot from, struct spot to,
    enum term_style style, bool is_dashed)
{
	int steps = abs(to.x - from.x) > abs(to.y - from.y)
	    ? abs(to.x - from.x)
	    : abs(to.y - from.y);

	for (int i = 0; i <= steps; i++) {
		double part = steps > 0 ? (double)i / steps : 0;
		struct spot spot = {
		    from.x + (int)lround(part * (to.x - from.x)),
		    from.y + (int)lround(part * (to.y - from.y)),
		};

		/* By where it is: a curve is made of many short lines. */
		if (!is_dashed || (spot.x + spot.y) % 6 < 3)
			set_dot(canvas, spot, style);
	}
}

static void
draw_series(const struct canvas *canvas, const struct chart_series *series)
{
	enum term_style style = style_of(series);
	struct spot last;
	bool has_last = false;

	for (size_t i = 0; i < series->n_points; i++) {
		const struct chart_point *point = &series->points[i];
		double x = point->x.value, y = point->y.value;
		struct spot here, end;

		if (!find_spot(canvas, x, y, &here))
			continue;
		if (series->mark != CHART_POINTS && has_last)
			draw_line(canvas, last, here, style, series->is_dashed);
		last = here;
		has_last = true;
		if (series->mark == CHART_CURVE)
			continue;
		if (find_spot(canvas, x, point->y.low, &end))
			draw_line(canvas, here, end, style, false);
		if (find_spot(canvas, x, point->y.high, &end))
			draw_line(canvas, here, end, style, false);
		if (find_spot(canvas, point->x.low, y, &end))
			draw_line(canvas, here, end, style, false);
		if (find_spot(canvas, point->x.high, y, &end))
			draw_line(canvas, here, end, style, false);
	}
}

/* After all lines. A dashed one has none: it would look like its like. */
static void
draw_marks(const struct canvas *canvas, const struct chart_series *series)
{
	if (series->mark == CHART_CURVE || series->is_dashed)
		return;
	for (size_t i = 0; i < series->n_points; i++) {
		const struct chart_point *point = &series->points[i];
		struct spot spot;
		struct cell *cell;

		if (!find_spot(canvas, point->x.value, point->y.value, &spot))
			continue;
		cell = cell_at(canvas, spot);
		cell->mark = mark_of(series, canvas->term->has_utf8);
		cell->style = (unsigned char)style_of(series);
	}
}

static void
print_cell(const struct canvas *canvas, const struct cell *cell)
{
	const struct term *term = canvas->term;
	char braille[4] = {(char)0xe2, (char)(0xa0 | cell->dots >> 6),
	    (char)(0x80 | (cell->dots & 0x3f)), '\0'};
	const char *text = cell->mark != NULL ? cell->mark
	    : cell->dots == 0		      ? " "
	    : term->has_utf8		      ? braille
					      : ".";

	if (*text == ' ')
		fputs(text, term->stream);
	else
		fprintf(term->stream, "%s%s%s", term_style(term, cell->style),
		    text, term_style(term, TERM_PLAIN));
}

/* The y axis' tick in this row, or "". */
static struct axis_text
tick_in_row(const struct canvas *canvas, unsigned row)
{
	for (size_t i = 0; i < canvas->y.n_ticks; i++) {
		double value = canvas->y.ticks[i];
		struct spot spot;

		if (find_spot(canvas, canvas->x.low, value, &spot) &&
		    (unsigned)spot.y / canvas->along == row)
			return axis_tick(&canvas->y, value);
	}
	return (struct axis_text){""};
}

static void
print_field(const struct canvas *canvas)
{
	bool has_utf8 = canvas->term->has_utf8;
	FILE *out = canvas->term->stream;

	for (unsigned row = 0; row < ROWS; row++) {
		struct axis_text tick = tick_in_row(canvas, row);
		const struct cell *cells =
		    &canvas->cells[row * canvas->columns];
		unsigned end = canvas->columns;

		while (end > 0 && cells[end - 1].mark == NULL &&
		    cells[end - 1].dots == 0)
			end--;
		fprintf(out, "%*s%*s %s", INDENT, "", (int)canvas->left,
		    tick.text,
		    has_utf8 ? *tick.text != '\0' ? "\u2524" : "\u2502"
			: *tick.text != '\0' ? "+"
					     : "|");
		for (unsigned i = 0; i < end; i++)
			print_cell(canvas, &cells[i]);
		fputc('\n', out);
	}
}

/* The line below the field, and the ticks' texts below that. */
static void
print_x_axis(const struct canvas *canvas)
{
	bool has_utf8 = canvas->term->has_utf8;
	FILE *out = canvas->term->stream;
	char texts[MAX_COLUMNS + 1] = "";
	bool is_tick[MAX_COLUMNS] = {false};
	unsigned used = 0;

	for (size_t i = 0; i < canvas->x.n_ticks; i++) {
		struct axis_text text =
		    axis_tick(&canvas->x, canvas->x.ticks[i]);
		unsigned width = (unsigned)strlen(text.text);
		unsigned column, start;
		struct spot spot;

		if (!find_spot(
			canvas, canvas->x.ticks[i], canvas->y.low, &spot))
			continue;
		column = (unsigned)spot.x / canvas->across;
		start = column > width / 2 ? column - width / 2 : 0;
		if (start + width > canvas->columns)
			start = canvas->columns - width;
		if (used > 0 && start < used + 2)
			continue;
		is_tick[column] = true;
		snprintf(texts + used, sizeof(texts) - used, "%*s%s",
		    (int)(start - used), "", text.text);
		used = start + width;
	}
	fprintf(out, "%*s%s", INDENT + (int)canvas->left + 1, "",
	    has_utf8 ? "\u2514" : "+");
	for (unsigned i = 0; i < canvas->columns; i++)
		fputs(has_utf8	     ? is_tick[i] ? "\u252c" : "\u2500"
			: is_tick[i] ? "+"
				     : "-",
		    out);
	fprintf(out, "\n%*s%s\n", INDENT + (int)canvas->left + 2, "", texts);
	fprintf(out, "%*s%s\n",
	    INDENT + (int)canvas->left + 2 +
		(int)(canvas->columns - term_width(canvas->chart->x.label)) / 2,
	    "", canvas->chart->x.label);
}

/* "● measured   ── Amdahl's law", over as many lines as it takes. */
static void
print_legend(const struct canvas *canvas)
{
	const struct chart *chart = canvas->chart;
	const struct term *term = canvas->term;
	unsigned indent = INDENT + canvas->left + 2, column = indent;

	fprintf(term->stream, "%*s", (int)indent, "");
	for (size_t i = 0; i < chart->n_series; i++) {
		const struct chart_series *series = &chart->series[i];
		bool is_curve = series->mark == CHART_CURVE;
		const char *mark = !is_curve && !series->is_dashed
		    ? mark_of(series, term->has_utf8)
		    : series->is_dashed
		    ? term->has_utf8 ? "\u2504\u2504" : ". ."
		    : term->has_utf8 ? "\u2500\u2500"
				     : "...";
		unsigned width =
		    (unsigned)(term_width(mark) + 1 + term_width(series->name));

		if (column > indent && column + 3 + width >= MAX_COLUMNS) {
			fprintf(term->stream, "\n%*s", (int)indent, "");
			column = indent;
		}
		fprintf(term->stream, "%s%s%s%s %s",
		    column > indent ? "   " : "",
		    term_style(term, style_of(series)), mark,
		    term_style(term, TERM_PLAIN), series->name);
		column += (column > indent ? 3 : 0) + width;
	}
	fputc('\n', term->stream);
}

static void
print_heading(const struct canvas *canvas)
{
	const struct chart *chart = canvas->chart;
	const struct term *term = canvas->term;

	fprintf(term->stream, "%*s%s%s%s\n", INDENT, "",
	    term_style(term, TERM_BOLD), chart->title,
	    term_style(term, TERM_PLAIN));
	if (chart->subtitle != NULL)
		fprintf(term->stream, "%*s%s%s%s\n", INDENT, "",
		    term_style(term, TERM_DIM), chart->subtitle,
		    term_style(term, TERM_PLAIN));
	fprintf(term->stream, "\n%*s%s\n", INDENT, "", chart->y.label);
}

static unsigned
widest_tick(const struct axis *axis)
{
	size_t widest = 0;

	for (size_t i = 0; i < axis->n_ticks; i++) {
		size_t width = strlen(axis_tick(axis, axis->ticks[i]).text);

		if (width > widest)
			widest = width;
	}
	return (unsigned)widest;
}

int
chart_print(const struct chart *chart, const struct term *term)
{
	struct canvas canvas = {
	    .chart = chart,
	    .term = term,
	    .y = axis_make(chart, AXIS_Y, 5),
	    .across = term->has_utf8 ? 2 : 1,
	    .along = term->has_utf8 ? 4 : 1,
	};
	unsigned columns =
	    term->columns < MAX_COLUMNS ? term->columns : MAX_COLUMNS;
	unsigned around;

	canvas.left = widest_tick(&canvas.y);
	around = INDENT + canvas.left + 2 + 1;
	canvas.columns =
	    columns > around + MIN_COLUMNS ? columns - around : MIN_COLUMNS;
	canvas.x = axis_make(chart, AXIS_X, canvas.columns / TICK_COLUMNS);
	canvas.cells =
	    calloc((size_t)ROWS * canvas.columns, sizeof(*canvas.cells));
	if (canvas.cells == NULL)
		return -1;
	for (size_t i = 0; i < chart->n_series; i++)
		draw_series(&canvas, &chart->series[i]);
	for (size_t i = 0; i < chart->n_series; i++)
		draw_marks(&canvas, &chart->series[i]);
	print_heading(&canvas);
	print_field(&canvas);
	print_x_axis(&canvas);
	print_legend(&canvas);
	free(canvas.cells);
	return 0;
}
