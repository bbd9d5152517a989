/*
 * Owns: how a timeline looks. Run by gilctl.
 *
 * A lane is a row of columns, each a bin of the mosaic wide, or more where it
 * would take more than its share of MAX_PIECES: neighbours that show one state
 * alone are one rectangle, others a stack of shares.
 */
#include "client/trace_svg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/svg.h"
#include "client/units.h"

#define MAX_PIECES 12000 /* rectangles in all, about */
#define MAX_COLUMN_PX 3.0

#define WIDTH 900.0
#define LEFT 84.0
#define RIGHT 40.0
#define TOP 96.0
#define PLOT (WIDTH - LEFT - RIGHT)
#define WAITERS_HEIGHT 34.0
#define AXIS_HEIGHT 34.0
#define NOTE_HEIGHT 16.0

#define WAITER_BINS 4 /* of a step in the number of waiters */
#define MAX_NOTES 5
#define NOTE_CHARS 192

/* What is drawn, and where. */
struct canvas {
	const struct mosaic *mosaic;
	const struct timeline *timeline;
	struct svg *svg;
	uint64_t span_ns;
	size_t n_lanes;			/* rows */
	uint16_t threads[MOSAIC_LANES]; /* whose row it is */
	size_t bins[MOSAIC_LANES];	/* of a column of each row */
	size_t left_out;		/* threads without a row */
	double row;			/* its height, with the space below */
	double bar;			/* without */
	bool has_stacks;
};

static const char *const state_classes[TIMELINE_STATES] = {
    [TIMELINE_RUNNING] = "s-running",
    [TIMELINE_WAITING] = "s-waiting",
    [TIMELINE_SWITCH_WAIT] = "s-switch",
    [TIMELINE_NATIVE] = "s-native",
    [TIMELINE_IO] = "s-io",
    [TIMELINE_LOST] = "s-lost",
};

/*
 * After the palette of Okabe and Ito, which the colour-blind can tell apart.
 * Waiting is pale, so that what is done stands out from what is not.
 */
static const char style[] =
    ".s-running{fill:#0072b2}.s-waiting{fill:#f2c9a8}"
    ".s-switch{fill:#d55e00}.s-native{fill:#009e73}.s-io{fill:#cc79a7}"
    ".s-lost{fill:#9a9a9a}.s-arrow{stroke:#222;stroke-width:.9;fill:none}"
    ".s-head{fill:#222}.s-ask{fill:#222}.s-missed{fill:#e00000}"
    ".s-gap{stroke:#e00000;stroke-width:1}.s-wait{fill:#f2a36b}"
    ".s-lane{fill:#888;fill-opacity:.08}"
    "@media(prefers-color-scheme:dark){.s-running{fill:#56b4e9}"
    ".s-waiting{fill:#6b4a33}.s-switch{fill:#e8792b}.s-native{fill:#1fbf93}"
    ".s-io{fill:#d78fb8}.s-lost{fill:#777}.s-arrow{stroke:#eee}"
    ".s-head,.s-ask{fill:#eee}.s-missed{fill:#ff6b6b}.s-gap{stroke:#ff6b6b}"
    ".s-wait{fill:#a8683a}}";

/* --- drawing: lanes --- */

static double
x_of(const struct canvas *canvas, uint64_t time_ns)
{
	return LEFT +
	    PLOT * (double)mosaic_since_origin(canvas->mosaic, time_ns) /
	    (double)canvas->span_ns;
}

static double
y_of(const struct canvas *canvas, size_t row)
{
	return TOP + canvas->row * (double)row;
}

/* The row of a thread, or n_lanes. */
static size_t
row_of(const struct canvas *canvas, uint16_t thread)
{
	size_t row = 0;

	while (row < canvas->n_lanes && canvas->threads[row] != thread)
		row++;
	return row;
}

/* Some neighbouring bins of a lane, to be drawn as one. */
struct column {
	size_t bins; /* of each column but the last */
	uint64_t start_ns;
	uint64_t ns; /* how long it is */
	uint64_t state_ns[TIMELINE_STATES];
	int state; /* the one that fills it, or -1: none or several do */
};

/* The column that begins with bin `first`; false when there is none. */
static bool
column_take(const struct canvas *canvas, const struct mosaic_lane *lane,
    size_t first, struct column *column)
{
	uint64_t bin_ns = canvas->mosaic->bin_ns;
	size_t last = first + column->bins;

	column->start_ns = first * bin_ns;
	if (column->start_ns >= canvas->span_ns)
		return false;
	column->ns = canvas->span_ns - column->start_ns;
	if (column->ns > column->bins * bin_ns)
		column->ns = column->bins * bin_ns;
	column->state = -1;
	for (int state = 0; state < TIMELINE_STATES; state++) {
		column->state_ns[state] = 0;
		for (size_t i = first; i < last && i < MOSAIC_BINS; i++)
			column->state_ns[state] += lane->state_ns[state][i];
		if (column->state_ns[state] == column->ns)
			column->state = state;
	}
	return true;
}

/* How many rectangles a lane takes with columns of so many bins. */
static size_t
count_pieces(
    const struct canvas *canvas, const struct mosaic_lane *lane, size_t bins)
{
	struct column column = {.bins = bins};
	size_t pieces = 0;
	int before = -1;

	for (size_t i = 0; column_take(canvas, lane, i, &column); i += bins) {
		if (column.state != -1) {
			pieces += column.state != before;
		} else {
			for (size_t j = 0; j < TIMELINE_STATES; j++)
				pieces += column.state_ns[j] > 0;
		}
		before = column.state;
	}
	return pieces;
}

/* A rectangle more in the path of a state. */
static void
put_piece(const struct canvas *canvas, FILE *path, uint64_t start_ns,
    uint64_t ns, double y, double height)
{
	double scale = PLOT / (double)canvas->span_ns;
	double width = scale * (double)ns;

	fprintf(path, "M%.2f %.2fh%.2fv%.2fh-%.2fz",
	    LEFT + scale * (double)start_ns, y, width, height, width);
}

/* From below to above, in the order of the states. */
static void
put_stack(const struct canvas *canvas, const struct column *column, double y,
    FILE *paths[TIMELINE_STATES])
{
	double base = y + canvas->bar;

	for (size_t state = 0; state < TIMELINE_STATES; state++) {
		double height = canvas->bar * (double)column->state_ns[state] /
		    (double)column->ns;

		if (column->state_ns[state] == 0)
			continue;
		base -= height;
		put_piece(canvas, paths[state], column->start_ns, column->ns,
		    base, height);
	}
}

static void
put_columns(const struct canvas *canvas, const struct mosaic_lane *lane,
    size_t bins, double y, FILE *paths[TIMELINE_STATES])
{
	struct column column = {.bins = bins};
	int state = -1; /* of a rectangle that is not written yet */
	uint64_t since_ns = 0;

	for (size_t i = 0; column_take(canvas, lane, i, &column); i += bins) {
		if (state != -1 && column.state != state)
			put_piece(canvas, paths[state], since_ns,
			    column.start_ns - since_ns, y, canvas->bar);
		if (column.state == -1)
			put_stack(canvas, &column, y, paths);
		if (column.state != state)
			since_ns = column.start_ns;
		state = column.state;
	}
	if (state != -1)
		put_piece(canvas, paths[state], since_ns,
		    canvas->span_ns - since_ns, y, canvas->bar);
}

/* One bin where the lane's share of pieces suffices, and up to some pixels. */
static size_t
choose_bins(const struct canvas *canvas, const struct mosaic_lane *lane)
{
	double bin_px =
	    PLOT * (double)canvas->mosaic->bin_ns / (double)canvas->span_ns;
	size_t bins = 1;

	while ((double)bins * bin_px < MAX_COLUMN_PX &&
	    count_pieces(canvas, lane, bins) > MAX_PIECES / canvas->n_lanes)
		bins *= 2;
	return bins;
}

/* 0, or -1 with errno. */
static int
draw_states(const struct canvas *canvas, const struct mosaic_lane *lane,
    size_t bins, double y)
{
	FILE *paths[TIMELINE_STATES] = {NULL};
	char *texts[TIMELINE_STATES] = {NULL};
	size_t sizes[TIMELINE_STATES];
	int status = 0;

	for (size_t i = 0; i < TIMELINE_STATES; i++) {
		paths[i] = open_memstream(&texts[i], &sizes[i]);
		if (paths[i] == NULL)
			status = -1;
	}
	if (status == 0)
		put_columns(canvas, lane, bins, y, paths);
	for (size_t i = 0; i < TIMELINE_STATES; i++) {
		if (paths[i] == NULL)
			continue;
		if (fclose(paths[i]) == EOF)
			status = -1;
		else if (*texts[i] != '\0')
			svg_path(canvas->svg, state_classes[i], texts[i],
			    timeline_state_name((enum timeline_state)i));
		free(texts[i]);
	}
	return status;
}

/* 0, or -1 with errno. */
static int
draw_lane(const struct canvas *canvas, size_t row)
{
	const struct mosaic_lane *lane =
	    canvas->mosaic->lanes[canvas->threads[row]];
	double y = y_of(canvas, row);
	char name[32];

	snprintf(name, sizeof(name), "thread %u", canvas->threads[row]);
	svg_text(canvas->svg, "small", SVG_END, LEFT - 8,
	    y + canvas->bar / 2 + 4, name);
	svg_rect(canvas->svg, "s-lane", LEFT, y, PLOT, canvas->bar, NULL);
	return draw_states(canvas, lane, canvas->bins[row], y);
}

/* --- drawing: what lies over the lanes --- */

static void
draw_arrow(const struct canvas *canvas, const struct timeline_arrow *arrow)
{
	size_t from = row_of(canvas, arrow->from);
	size_t to = row_of(canvas, arrow->to);
	bool goes_down = to > from;
	double x1 = x_of(canvas, arrow->from_ns);
	double x2 = x_of(canvas, arrow->to_ns);
	double y1, y2, head = goes_down ? -5.0 : 5.0;
	char path[128];

	if (from == canvas->n_lanes || to == canvas->n_lanes)
		return;
	y1 = y_of(canvas, from) + (goes_down ? canvas->bar : 0);
	y2 = y_of(canvas, to) + (goes_down ? 0 : canvas->bar);
	svg_line(canvas->svg, "s-arrow", x1, y1, x2, y2 + head, NULL);
	snprintf(path, sizeof(path), "M%.2f %.2fl-2.4 %.2fh4.8z", x2, y2, head);
	svg_path(canvas->svg, "s-head", path, NULL);
}

static void
draw_mark(const struct canvas *canvas, const struct timeline_mark *mark)
{
	double x = x_of(canvas, mark->time_ns);
	size_t row = row_of(canvas, mark->thread);
	double y = y_of(canvas, row);

	if (mark->kind == TIMELINE_GAP) {
		svg_line(canvas->svg, "s-gap dashed", x, TOP - 4, x,
		    y_of(canvas, canvas->n_lanes), "events were lost here");
		return;
	}
	if (row == canvas->n_lanes)
		return;
	svg_circle(canvas->svg,
	    mark->kind == TIMELINE_MISSED ? "s-missed" : "s-ask", x,
	    y + canvas->bar / 2, canvas->bar < 10 ? 1.2 : 2.2,
	    timeline_mark_name(mark->kind));
}

static bool
has_all_marks(const struct mosaic *mosaic)
{
	return mosaic->n_all_marks <= MOSAIC_MARKS;
}

static void
draw_overlay(const struct canvas *canvas)
{
	const struct mosaic *mosaic = canvas->mosaic;

	if (mosaic->n_arrows <= MOSAIC_ARROWS) {
		for (size_t i = 0; i < mosaic->n_arrows; i++)
			draw_arrow(canvas, &mosaic->arrows[i]);
	}
	if (has_all_marks(mosaic)) {
		for (size_t i = 0; i < mosaic->n_all_marks; i++)
			draw_mark(canvas, &mosaic->marks[i]);
	}
}

/* --- drawing: waiters, axis, words --- */

/*
 * As steps of the mean over some bins; the highest step fills the height. 0, or
 * -1 with errno.
 */
static int
draw_waiters(const struct canvas *canvas, double bottom)
{
	double mean[MOSAIC_BINS / WAITER_BINS], max = 1;
	uint64_t step_ns = canvas->mosaic->bin_ns * WAITER_BINS;
	size_t n = 0, size;
	char *path = NULL, label[32];
	FILE *stream = open_memstream(&path, &size);

	if (stream == NULL)
		return -1;
	for (; n * step_ns < canvas->span_ns && n < MOSAIC_BINS / WAITER_BINS;
	     n++) {
		uint64_t left_ns = canvas->span_ns - n * step_ns;
		uint64_t sum_ns = 0;

		for (size_t i = 0; i < WAITER_BINS; i++)
			sum_ns +=
			    canvas->mosaic->waiting_ns[n * WAITER_BINS + i];
		mean[n] = (double)sum_ns /
		    (double)(left_ns < step_ns ? left_ns : step_ns);
		max = fmax(max, mean[n]);
	}
	fprintf(stream, "M%.2f %.2f", LEFT, bottom);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || mean[i] != mean[i - 1])
			fprintf(stream, "H%.2fV%.2f",
			    LEFT +
				PLOT * (double)(i * step_ns) /
				    (double)canvas->span_ns,
			    bottom - WAITERS_HEIGHT * mean[i] / max);
	fprintf(stream, "H%.2fV%.2fz", LEFT + PLOT, bottom);
	if (fclose(stream) == EOF) {
		free(path);
		return -1;
	}
	svg_path(canvas->svg, "s-wait", path, "waiters");
	free(path);
	snprintf(label, sizeof(label), "%.3g", max);
	svg_text(canvas->svg, "small", SVG_END, LEFT - 8,
	    bottom - WAITERS_HEIGHT / 2 + 4, "waiters");
	svg_text(canvas->svg, "small muted", SVG_START, LEFT + PLOT + 4,
	    bottom - WAITERS_HEIGHT + 8, label);
	return 0;
}

/* The least of 1, 2, 5, 10, ... ns of which at most eight fit in. */
static uint64_t
tick_length(uint64_t span_ns)
{
	uint64_t length = 1;

	for (;;) {
		static const unsigned steps[] = {1, 2, 5};

		for (size_t i = 0; i < 3; i++) {
			if (span_ns / (length * steps[i]) <= 8)
				return length * steps[i];
		}
		length *= 10;
	}
}

/* 1.5 ms, 20 us: without zeros at the end. */
static void
format_tick(uint64_t ns, uint64_t span_ns, char text[32])
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {
	    {1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	size_t i = 0;

	while (i < 3 && span_ns < units[i].ns)
		i++;
	snprintf(text, 32, "%.6g %s", (double)ns / (double)units[i].ns,
	    units[i].name);
}

static void
draw_axis(const struct canvas *canvas, double y)
{
	uint64_t step_ns = tick_length(canvas->span_ns);

	svg_line(canvas->svg, "axis", LEFT, y, LEFT + PLOT, y, NULL);
	for (uint64_t at = 0; at <= canvas->span_ns; at += step_ns) {
		double x = LEFT + PLOT * (double)at / (double)canvas->span_ns;
		char text[32];

		format_tick(at, canvas->span_ns, text);
		svg_line(canvas->svg, "grid", x, TOP - 4, x, y, NULL);
		svg_line(canvas->svg, "axis", x, y, x, y + 4, NULL);
		svg_text(canvas->svg, "small", SVG_MIDDLE, x, y + 17, text);
	}
}

/* Those states that there are. */
static void
draw_legend(const struct canvas *canvas)
{
	double x = LEFT, y = TOP - 20;

	for (size_t state = 0; state < TIMELINE_STATES; state++) {
		const char *name =
		    timeline_state_name((enum timeline_state)state);
		uint64_t sum_ns = 0;

		for (size_t i = 0; i < timeline_lanes(canvas->timeline); i++)
			sum_ns +=
			    timeline_lane(canvas->timeline, i)->state_ns[state];
		if (sum_ns == 0)
			continue;
		svg_rect(
		    canvas->svg, state_classes[state], x, y - 9, 12, 10, NULL);
		svg_text(canvas->svg, "label", SVG_START, x + 17, y, name);
		x += 17 + svg_text_width(name, 12) + 18;
	}
	if (!has_all_marks(canvas->mosaic))
		return;
	for (int kind = 0; kind < TIMELINE_GAP; kind++) {
		const char *name =
		    timeline_mark_name((enum timeline_mark_kind)kind);

		if (canvas->mosaic->n_marks[kind] == 0)
			continue;
		svg_circle(canvas->svg,
		    kind == TIMELINE_MISSED ? "s-missed" : "s-ask", x + 3,
		    y - 4, 2.2, NULL);
		svg_text(canvas->svg, "label", SVG_START, x + 11, y, name);
		x += 11 + svg_text_width(name, 12) + 18;
	}
}

/* What the picture does not show. Returns how many notes there are. */
static size_t
make_notes(const struct canvas *canvas, char notes[MAX_NOTES][NOTE_CHARS])
{
	const struct mosaic *mosaic = canvas->mosaic;
	struct timeline_totals totals = timeline_totals(canvas->timeline);
	size_t n = 0;

	if (mosaic->n_arrows > MOSAIC_ARROWS)
		snprintf(notes[n++], NOTE_CHARS,
		    "%s handovers are too many for arrows.",
		    units_count(mosaic->n_arrows).text);
	if (!has_all_marks(mosaic))
		snprintf(notes[n++], NOTE_CHARS,
		    "Not marked: %s drop requests, %s missed switches, %s "
		    "gaps.",
		    units_count(mosaic->n_marks[TIMELINE_DROP_REQUEST]).text,
		    units_count(mosaic->n_marks[TIMELINE_MISSED]).text,
		    units_count(mosaic->n_marks[TIMELINE_GAP]).text);
	if (canvas->has_stacks)
		snprintf(notes[n++], NOTE_CHARS,
		    "States change faster than can be drawn: each column "
		    "shows their shares.");
	if (canvas->left_out > 0)
		snprintf(notes[n++], NOTE_CHARS,
		    "%zu more threads are not drawn.", canvas->left_out);
	if (totals.lost > 0)
		snprintf(notes[n++], NOTE_CHARS, "%s of %s events were lost.",
		    units_count(totals.lost).text,
		    units_count(totals.lost + totals.events).text);
	return n;
}

static void
canvas_init(struct canvas *canvas, const struct mosaic *mosaic,
    const struct timeline *timeline)
{
	struct timeline_totals totals = timeline_totals(timeline);

	*canvas = (struct canvas){.mosaic = mosaic, .timeline = timeline};
	canvas->span_ns = mosaic_since_origin(mosaic, totals.last_ns);
	if (canvas->span_ns == 0)
		canvas->span_ns = 1;
	for (size_t i = 0; i < timeline_lanes(timeline); i++) {
		if (timeline_lane(timeline, i)->events == 0)
			continue;
		if (i >= MOSAIC_LANES)
			canvas->left_out++;
		else if (mosaic->lanes[i] != NULL)
			canvas->threads[canvas->n_lanes++] = (uint16_t)i;
	}
	canvas->row = canvas->n_lanes <= 8 ? 34
	    : canvas->n_lanes <= 24	   ? 20
					   : 12;
	canvas->bar = canvas->row * 0.64;
	for (size_t i = 0; i < canvas->n_lanes; i++) {
		canvas->bins[i] =
		    choose_bins(canvas, mosaic->lanes[canvas->threads[i]]);
		canvas->has_stacks |= canvas->bins[i] > 1;
	}
}

int
trace_svg_write(const struct mosaic *mosaic, const struct timeline *timeline,
    const char *title, const char *subtitle, FILE *out)
{
	char notes[MAX_NOTES][NOTE_CHARS];
	struct canvas canvas;
	double bottom, height;
	size_t n_notes;
	int status = 0;

	if (mosaic->is_out_of_memory) {
		errno = ENOMEM;
		return -1;
	}
	canvas_init(&canvas, mosaic, timeline);
	n_notes = make_notes(&canvas, notes);
	bottom = y_of(&canvas, canvas.n_lanes) + 8 + WAITERS_HEIGHT;
	height = bottom + AXIS_HEIGHT + NOTE_HEIGHT * (double)n_notes;
	canvas.svg = svg_new(WIDTH, height, title, subtitle, style);
	svg_rect(canvas.svg, "page", 0, 0, WIDTH, height, NULL);
	svg_text(canvas.svg, "title bold", SVG_START, 20, 30, title);
	svg_text(canvas.svg, "muted label", SVG_START, 20, 50, subtitle);
	draw_legend(&canvas);
	draw_axis(&canvas, bottom + 4);
	for (size_t row = 0; row < canvas.n_lanes; row++)
		status |= draw_lane(&canvas, row);
	status |= draw_waiters(&canvas, bottom);
	draw_overlay(&canvas);
	for (size_t i = 0; i < n_notes; i++)
		svg_text(canvas.svg, "small muted", SVG_START, LEFT,
		    bottom + AXIS_HEIGHT + 4 + NOTE_HEIGHT * (double)i,
		    notes[i]);
	if (status == 0)
		status = svg_write(canvas.svg, out);
	svg_free(canvas.svg);
	return status;
}
