/*
 * Steps are 1, 2 or 5 times a power of ten, in whatever unit: of a time that
 * passes in minutes, hours or days where there are some. A linear y axis
 * ends at ticks, an x axis a little beyond its figures: curves that end there
 * have their names beside them. A logarithmic one ends at a 1, 2 or 5; its
 * ticks are powers of ten where 1, 2 and 5 would be more than are wanted. An
 * axis of nines ends where its figures do.
 *
 * Pure.
 */
#include "client/chart_axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double nice[] = {1, 2, 5, 10};
#define N_NICE 3
#define X_ROOM 0.03 /* of the figures' range */

/* What the points range over. */
struct extent {
	double least, most;
};

static void
extend(struct extent *extent, const struct chart_axis *axis, double value)
{
	if (!isfinite(value) || (axis->scale == CHART_LOG && value <= 0))
		return;
	extent->least = fmin(extent->least, value);
	extent->most = fmax(extent->most, value);
}

static struct extent
find_extent(const struct chart *chart, enum axis_side side)
{
	const struct chart_axis *axis = side == AXIS_X ? &chart->x : &chart->y;
	struct extent extent = {INFINITY, -INFINITY};

	for (size_t i = 0; i < chart->n_series; i++) {
		for (size_t j = 0; j < chart->series[i].n_points; j++) {
			const struct chart_point *point =
			    &chart->series[i].points[j];
			const struct estimate *at =
			    side == AXIS_X ? &point->x : &point->y;

			extend(&extent, axis, at->value);
			extend(&extent, axis, at->low);
			extend(&extent, axis, at->high);
		}
	}
	if (axis->scale == CHART_LINEAR && axis->has_zero)
		extend(&extent, axis, 0);
	return extent;
}

/* The least 1, 2 or 5 times a power of ten that is not below value > 0. */
static double
nice_above(double value)
{
	double ten = pow(10, floor(log10(value)));

	for (size_t i = 0; i < N_NICE; i++)
		if (nice[i] * ten >= value * (1 - 1e-9))
			return nice[i] * ten;
	return 10 * ten;
}

static double
nice_below(double value)
{
	double ten = pow(10, floor(log10(value)));

	for (size_t i = N_NICE; i > 0; i--)
		if (nice[i - 1] * ten <= value * (1 + 1e-9))
			return nice[i - 1] * ten;
	return ten;
}

static void
add_tick(struct axis *axis, double value)
{
	if (axis->n_ticks < AXIS_MAX_TICKS)
		axis->ticks[axis->n_ticks++] = value;
}

/* What value is written in: its factor and its name. */
struct scale {
	double one;
	const char *name;
};

/* The unit of a time that passes: the largest of which there are some. */
static struct scale
choose_clock(double ns)
{
	static const struct {
		double from;
		struct scale scale;
	} rows[] = {
	    {2 * 86400e9, {86400e9, " d"}},
	    {2 * 3600e9, {3600e9, " h"}},
	    {3 * 60e9, {60e9, " min"}},
	    {1e9, {1e9, " s"}},
	    {1e6, {1e6, " ms"}},
	    {0, {1e3, " us"}},
	};
	size_t i = 0;

	while (fabs(ns) < rows[i].from)
		i++;
	return rows[i].scale;
}

/* A step between ticks is a round number of the axis's unit. */
static double
choose_step(const struct axis *axis, struct extent extent, unsigned wanted)
{
	double step = (extent.most - extent.least) / wanted * 0.75;
	double one = axis->meaning->unit == CHART_CLOCK
	    ? choose_clock(axis->greatest).one
	    : 1;

	step = nice_above(step / one) * one;
	return axis->meaning->unit == CHART_COUNT ? fmax(step, 1) : step;
}

static void
make_linear(
    struct axis *axis, struct extent extent, unsigned wanted, bool ends_at_tick)
{
	double step, first, last;

	if (extent.least >= extent.most) {
		double room = extent.least != 0 ? fabs(extent.least) / 2 : 1;

		extent.least -= room;
		extent.most += room;
	}
	step = choose_step(axis, extent, wanted);
	first = floor(extent.least / step + 1e-9);
	last = ceil(extent.most / step - 1e-9);
	axis->low = first * step;
	axis->high = last * step;
	if (!ends_at_tick) {
		double room = (extent.most - extent.least) * X_ROOM;

		axis->low = fmax(axis->low, extent.least - room);
		axis->high = fmin(axis->high, extent.most + room);
	}
	for (double i = first; i <= last; i++)
		if (i * step >= axis->low - step * 1e-9 &&
		    i * step <= axis->high + step * 1e-9)
			add_tick(axis, i * step);
}

static void
make_log(struct axis *axis, struct extent extent, unsigned wanted)
{
	size_t n_nice = N_NICE;
	double first;

	if (extent.least * 1.5 >= extent.most) {
		extent.least /= 1.5;
		extent.most *= 1.5;
	}
	axis->low = nice_below(extent.least);
	axis->high = nice_above(extent.most);
	if (log10(axis->high / axis->low) * N_NICE > wanted)
		n_nice = 1;
	first = pow(10, floor(log10(axis->low) + 1e-9));
	for (double ten = first; ten <= axis->high * (1 + 1e-9); ten *= 10)
		for (size_t i = 0; i < n_nice; i++)
			if (nice[i] * ten >= axis->low * (1 - 1e-9) &&
			    nice[i] * ten <= axis->high * (1 + 1e-9))
				add_tick(axis, nice[i] * ten);
}

/* 0 %, 50 %, and then one nine more at each tick. */
static void
make_nines(struct axis *axis, struct extent extent)
{
	axis->low = 1;
	axis->high = fmax(extent.most, 10);
	add_tick(axis, 1);
	add_tick(axis, 2);
	for (double ten = 10; ten <= axis->high * (1 + 1e-9); ten *= 10)
		add_tick(axis, ten);
}

struct axis
axis_make(const struct chart *chart, enum axis_side side, unsigned wanted)
{
	struct extent extent = find_extent(chart, side);
	struct axis axis = {
	    .meaning = side == AXIS_X ? &chart->x : &chart->y,
	};
	bool is_log = axis.meaning->scale == CHART_LOG;

	axis.greatest = extent.most;
	/* No point at all. */
	if (extent.least > extent.most)
		extent =
		    is_log ? (struct extent){1, 10} : (struct extent){0, 1};
	if (axis.meaning->unit == CHART_NINES)
		make_nines(&axis, extent);
	else if (is_log)
		make_log(&axis, extent, wanted);
	else
		make_linear(&axis, extent, wanted, side == AXIS_Y);
	return axis;
}

double
axis_place(const struct axis *axis, double value)
{
	if (axis->meaning->scale == CHART_LINEAR)
		return (value - axis->low) / (axis->high - axis->low);
	if (!(value > 0))
		return NAN;
	return log(value / axis->low) / log(axis->high / axis->low);
}

static struct scale
choose_scale(enum chart_unit unit, double value)
{
	static const struct scale durations[] = {
	    {1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
	static const struct scale numbers[] = {
	    {1e9, "G"}, {1e6, "M"}, {1e4, "k"}, {0, ""}};
	double size = fabs(value) * (1 + 1e-9);

	if (unit == CHART_RATIO)
		return (struct scale){1, "x"};
	if (unit == CHART_CLOCK)
		return choose_clock(size);
	for (size_t i = 0; i < 4; i++) {
		struct scale scale =
		    unit == CHART_DURATION ? durations[i] : numbers[i];

		if (size < scale.one && i < 3)
			continue;
		/* A thousand is written in full: 5000, but 50k. */
		if (scale.one == 1e4)
			scale.one = 1e3;
		if (scale.one == 0)
			scale.one = 1;
		return scale;
	}
	return (struct scale){1, ""};
}

static struct axis_text
write_value(double value, struct scale scale, int digits)
{
	struct axis_text out;

	snprintf(out.text, sizeof(out.text), "%.*g%s", digits,
	    value / scale.one, scale.name);
	return out;
}

/* 1 / (1 - p) as p in per cent, with so many decimals beyond its nines. */
static struct axis_text
write_nines(double value, int more)
{
	struct axis_text out;
	double nines = floor(log10(fmax(value, 1)) + 1e-9);
	int decimals = (int)fmax(nines - 2, 0) + more;

	snprintf(out.text, sizeof(out.text), "%.*f %%", decimals,
	    100 * (1 - 1 / fmax(value, 1)));
	return out;
}

struct axis_text
axis_tick(const struct axis *axis, double value)
{
	/* On a linear axis all ticks have the unit of its far end. */
	double like = axis->meaning->unit == CHART_CLOCK ? axis->greatest
	    : axis->meaning->scale == CHART_LINEAR
	    ? fmax(fabs(axis->low), fabs(axis->high))
	    : value;

	if (axis->meaning->unit == CHART_NINES)
		return write_nines(value, 0);
	if (value == 0)
		return (struct axis_text){"0"};
	return write_value(value, choose_scale(axis->meaning->unit, like), 6);
}

struct axis_text
axis_value(const struct axis *axis, double value)
{
	if (axis->meaning->unit == CHART_NINES)
		return write_nines(value, 1);
	return write_value(value, choose_scale(axis->meaning->unit, value), 4);
}

static int
compare_names(const void *a, const void *b)
{
	const struct axis_name *left = a, *right = b;

	return (left->y > right->y) - (left->y < right->y);
}

void
axis_spread_names(
    struct axis_name names[], size_t n, double step, double lowest)
{
	if (n == 0)
		return;
	qsort(names, n, sizeof(names[0]), compare_names);
	/* Apart, from above to below; then up again from the lower edge. */
	for (size_t i = 1; i < n; i++)
		names[i].y = fmax(names[i].y, names[i - 1].y + step);
	names[n - 1].y = fmin(names[n - 1].y, lowest);
	for (size_t i = n - 1; i > 0; i--)
		names[i - 1].y = fmin(names[i - 1].y, names[i].y - step);
}
