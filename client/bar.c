/*
 * The block elements U+2588 (full) to U+258F (one eighth), U+2581 (low) to
 * U+2588 (high), U+2591 (light shade) and U+2592 (medium shade), three bytes
 * each in UTF-8, and U+00B7, a dot. No bar has more than BAR_MAX_COLUMNS of them, so BAR_BYTES is enough.
 *
 * Pure.
 */
#include "client/bar.h"

#include <math.h>
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

struct bar
bar_progress(double fraction, unsigned columns, bool is_utf8)
{
	struct bar bar = {.text = ""};
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

/* Of the levels that a column stands for the highest; NAN: none is known. */
static double
level_of(const double levels[], size_t n, unsigned column, unsigned columns)
{
	size_t from = column * n / columns, to = (column + 1) * n / columns;
	double highest = NAN;

	for (size_t i = from; i < to || i == from; i++)
		highest = fmax(highest, levels[i]);
	return highest;
}

struct bar
bar_curve(double fraction, const double levels[], size_t n, unsigned columns,
    bool is_utf8)
{
	static const char *const heights[] = {"\u2581", "\u2582", "\u2583",
	    "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
	struct bar bar = {.text = ""};
	unsigned full;

	if (!is_utf8 || n == 0)
		return bar_progress(fraction, columns, is_utf8);
	if (columns > BAR_MAX_COLUMNS)
		columns = BAR_MAX_COLUMNS;
	full = (unsigned)(clamp(fraction, 1) * columns);
	for (unsigned column = 0; column < full; column++) {
		double level = level_of(levels, n, column, columns);

		add(&bar,
		    isnan(level)
			? bar_mark(BAR_DOTTED, true)
			: heights[(unsigned)(clamp(level, 1) * 7 + 0.5)],
		    1);
	}
	add(&bar, "\u2591", columns - full);
	return bar;
}

const char *
bar_mark(enum bar_part part, bool is_utf8)
{
	static const char *const blocks[BAR_PARTS] = {
	    "\u2588", "\u2592", "\u2591", "\u00b7"};
	static const char *const letters[BAR_PARTS] = {"#", "-", ".", ":"};

	return is_utf8 ? blocks[part] : letters[part];
}

/* A bar of full blocks, to the eighth of a column; at least one eighth. */
static void
add_solid(struct bar *bar, double columns)
{
	unsigned n_eighths = (unsigned)(columns * 8 + 0.5);

	if (n_eighths == 0 && columns > 0)
		n_eighths = 1;
	add(bar, eighths[8], n_eighths / 8);
	add(bar, eighths[n_eighths % 8], 1);
}

/* All of it is the first part. */
static void
end_all(struct bar *bar)
{
	for (unsigned i = 0; i < BAR_PARTS; i++)
		bar->ends[i] = strlen(bar->text);
}

struct bar
bar_parts(const double fractions[BAR_PARTS], unsigned columns, bool is_utf8)
{
	double sums[BAR_PARTS]; /* of a part and those before it, in columns */
	struct bar bar = {.text = ""};
	double sum = 0;

	if (columns > BAR_MAX_COLUMNS)
		columns = BAR_MAX_COLUMNS;
	for (unsigned i = 0; i < BAR_PARTS; i++) {
		sum = clamp(sum + clamp(fractions[i], 1), 1);
		sums[i] = sum * columns;
	}
	/* Too little of the others to be seen: it is solid to its end. */
	if (sums[BAR_PARTS - 1] - sums[BAR_SOLID] < 0.5)
		for (unsigned i = 0; i < BAR_PARTS; i++)
			sums[i] = sums[BAR_PARTS - 1];
	/* Only full blocks come in eighths. */
	if (is_utf8 && sums[BAR_SOLID] >= sums[BAR_PARTS - 1]) {
		add_solid(&bar, sums[BAR_SOLID]);
		end_all(&bar);
		return bar;
	}
	for (unsigned i = 0, drawn = 0; i < BAR_PARTS; i++) {
		unsigned end = (unsigned)(sums[i] + 0.5);

		add(&bar, bar_mark(i, is_utf8), end - drawn);
		bar.ends[i] = strlen(bar.text);
		drawn = end;
	}
	if (bar.text[0] == '\0' && sum > 0) {
		add(&bar, bar_mark(BAR_SOLID, false), 1);
		end_all(&bar);
	}
	return bar;
}
