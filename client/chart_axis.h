/*
 * An axis: from what to what it goes so that its ticks are round figures, where
 * a value stands on it, and how its ticks are written. Both ways of showing a
 * chart stand on it.
 */
#ifndef GILD_CLIENT_CHART_AXIS_H
#define GILD_CLIENT_CHART_AXIS_H

#include <stddef.h>

#include "client/chart.h"

#define AXIS_MAX_TICKS 24

struct axis_text {
	char text[32];
};

struct axis {
	const struct chart_axis *meaning;
	double low, high; /* its ends; low < high */
	double greatest;  /* of the figures: a clock's unit is for it */
	double ticks[AXIS_MAX_TICKS];
	size_t n_ticks;
};

/* The figures that a chart has on one axis. */
enum axis_side { AXIS_X, AXIS_Y };

/*
 * The axis for all points of a chart, error bars included, with about
 * `wanted` ticks. Pure.
 */
struct axis axis_make(
    const struct chart *chart, enum axis_side side, unsigned wanted);

/* Where a value stands: 0 (low) to 1 (high); not finite where nowhere. */
double axis_place(const struct axis *axis, double value);

/* A tick, as short as it can be: "0", "50 us", "12k", "1.5x". */
struct axis_text axis_tick(const struct axis *axis, double value);

/* Any value, with three or four digits, for tooltips. Nines have more. */
struct axis_text axis_value(const struct axis *axis, double value);

/* The name of a series beside its end, and how far down. */
struct axis_name {
	const struct chart_series *series;
	double y;
};

/*
 * Sorts names from above to below and moves them at least `step` apart, none
 * of them below `lowest`.
 */
void axis_spread_names(
    struct axis_name names[], size_t n, double step, double lowest);

#endif
