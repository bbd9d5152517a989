/*
 * Charts: curves and points with error bars over two axes, as SVG and in the
 * terminal. The same description serves both. Pure but for the printing.
 */
#ifndef GILD_CLIENT_CHART_H
#define GILD_CLIENT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "client/statistics.h"
#include "client/svg.h"
#include "client/term.h"

#define CHART_MAX_SERIES SVG_COLOURS

enum chart_scale {
	CHART_LINEAR,
	CHART_LOG, /* what is not above 0 is not drawn */
};

enum chart_unit {
	CHART_NUMBER,	/* 0.05; 12k; 1.5M */
	CHART_COUNT,	/* of whole things: no ticks between two */
	CHART_DURATION, /* of nanoseconds: 50 us, 5 ms */
	CHART_CLOCK,	/* of nanoseconds that pass: 500 ms, 20 s, 5 min, 2 h */
	CHART_RATIO,	/* 1.5x */
	CHART_NINES,	/* 1 / (1 - p) of a percentile, on a logarithmic axis:
			   0 %, 50 %, 90 %, 99 %, 99.9 % */
};

struct chart_axis {
	const char *label; /* "workers", "jobs a second" */
	enum chart_scale scale;
	enum chart_unit unit;
	bool has_zero; /* a linear axis has 0 on it, whatever the figures */
};

struct chart_point {
	struct estimate x; /* estimate_exact(), or with an error bar */
	struct estimate y;
	const char *label; /* beside the point, or NULL */
};

enum chart_mark {
	CHART_POINTS,
	CHART_CURVE, /* a smooth law, given by many points: no dots */
	CHART_STEPS, /* points joined by straight lines */
};

struct chart_series {
	const char *name;
	enum chart_mark mark;
	bool is_dashed;
	unsigned colour; /* below SVG_COLOURS */
	const struct chart_point *points;
	size_t n_points;
};

struct chart {
	const char *title;
	const char *subtitle; /* or NULL */
	struct chart_axis x;
	struct chart_axis y;
	const struct chart_series *series;
	size_t n_series; /* up to CHART_MAX_SERIES */
};

/*
 * The charts, one below the other, as one picture: the caller's, to be saved
 * and freed. NULL when memory ran out. Points that are not finite are left out.
 */
struct svg *chart_draw(const struct chart charts[], size_t n_charts)
    __attribute__((warn_unused_result));

/*
 * One chart in characters, at most 80 columns: braille dots in UTF-8, letters
 * else. 0, or -1 with nothing printed when memory ran out.
 */
int chart_print(const struct chart *chart, const struct term *term)
    __attribute__((warn_unused_result));

#endif
