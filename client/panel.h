/*
 * A chart as a part of an HTML page: no title of its own, its style from the
 * page, drawn for a given width. Where a pointer rests it shows what all series
 * are there, without a script.
 *
 * Beside what a chart has, a panel has cells (a heat map, behind all else),
 * stages (a line upwards where each begins, and its name) and levels (a dashed
 * line across, and its name).
 */
#ifndef GILD_CLIENT_PANEL_H
#define GILD_CLIENT_PANEL_H

#include <stdbool.h>
#include <stddef.h>

#include "client/chart.h"
#include "client/svg.h"

#define PANEL_NAMES_FROM 560 /* wide enough for names beside the curves */

struct panel_stage {
	double from; /* on the x axis */
	const char *name;
};

struct panel_level {
	double y;
	const char *name;
};

#define PANEL_HEATS 5

struct panel_cell {
	struct svg_point from, to; /* two of its corners, on the axes */
	unsigned heat;		   /* 1, pale, to PANEL_HEATS */
};

struct panel {
	const struct chart *chart; /* its title is for those who cannot see */
	bool is_filled;		   /* the area below the first series */
	bool is_fine;		   /* lines are thinner: of many points */
	/* At least so much beside a wide field, so that panels line up. */
	double left_room, right_room;
	const struct panel_cell *cells;
	size_t n_cells;
	const struct panel_stage *stages;
	size_t n_stages;
	const struct panel_level *levels;
	size_t n_levels;
};

/*
 * What panel_draw() needs of a style sheet beside svg_style(): what lights up
 * under a pointer.
 */
extern const char panel_style[];

/*
 * Width and height in pixels. From PANEL_NAMES_FROM on series have their names
 * beside their ends; in a narrower one they have none: the page lists them. The
 * picture is the caller's; NULL when memory ran out.
 */
struct svg *panel_draw(const struct panel *panel, double width, double height,
    const char *class) __attribute__((warn_unused_result));

#endif
