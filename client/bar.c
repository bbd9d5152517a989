/*
 * The block elements U+2588 (full) to U+258F (one eighth), U+2591 (light
 * shade) and U+2592 (medium shade): three bytes each in UTF-8, so BAR_BYTES
 * is enough for any bar.
 *
 * Pure.
 */
#include "client/bar.h"

#include <string.h>

static const char *const eighths[] = {"", "\u258f", "\u258e", "\u258d",
    "\u258c", "\u258b", "\u258a", "\u2589", "\u2588"};

static double
clamp(double value, double max)
{
	return value > 0 ? (value < max ? value : max) : 0;
}

static void
add(struct bar *bar, const char *part, unsigned times)
{
	while (times-- > 0)
		strcat(bar->text, part);
}

/* units of 1/scale column, at least one for what is not nothing */
static unsigned
round_up_from_nothing(double columns, unsigned scale)
{
	unsigned units = (unsigned)(columns * scale + 0.5);

	return units == 0 && columns > 0 ? 1 : units;
}

struct bar
bar_progress(double fraction, unsigned columns, bool is_utf8)
{
	struct bar bar = {""};
	unsigned full, part;

	if (columns > BAR_MAX_COLUMNS)
		columns = BAR_MAX_COLUMNS;
	part = (unsigned)(clamp(fraction, 1) * columns * 8);
	full = part / 8;
	part %= 8;
	add(&bar, is_utf8 ? eighths[8] : "#", full);
	if (is_utf8 && part > 0) {
		add(&bar, eighths[part], 1);
		full++;
	}
	add(&bar, is_utf8 ? "\u2591" : ".", columns - full);
	return bar;
}

struct bar
bar_parts(double solid, double shaded, unsigned columns, bool is_utf8)
{
	struct bar bar = {""};
	unsigned scale, solid_units, all_units;

	if (columns > BAR_MAX_COLUMNS)
		columns = BAR_MAX_COLUMNS;
	solid = clamp(solid, 1);
	shaded = clamp(shaded, 1 - solid);
	/* Only what ends in solid blocks can end in eighths. */
	scale = is_utf8 && shaded == 0 ? 8 : 1;
	solid_units = round_up_from_nothing(solid * columns, scale);
	all_units = round_up_from_nothing((solid + shaded) * columns, scale);
	if (shaded > 0 && all_units == solid_units && solid_units > 1)
		solid_units--;
	add(&bar, is_utf8 ? eighths[8] : "#", solid_units / scale);
	if (scale == 8)
		add(&bar, eighths[solid_units % 8], 1);
	add(&bar, is_utf8 ? "\u2592" : "-", all_units - solid_units);
	return bar;
}
