/* Bars made of characters: blocks in eighths in UTF-8, '#' elsewhere. */
#ifndef GILD_CLIENT_BAR_H
#define GILD_CLIENT_BAR_H

#include <stdbool.h>
#include <stddef.h>

#define BAR_MAX_COLUMNS 200
#define BAR_BYTES (BAR_MAX_COLUMNS * 3 + 1)

enum bar_part { BAR_SOLID, BAR_SHADED, BAR_LIGHT, BAR_DOTTED, BAR_PARTS };

/* One bar as text; pass .text on at once. */
struct bar {
	char text[BAR_BYTES];
	size_t ends[BAR_PARTS]; /* of each part in text; bar_parts() alone */
};

/*
 * A bar that fills `fraction` (0 to 1) of `columns`, the rest a light track:
 * how far something has come.
 */
struct bar bar_progress(double fraction, unsigned columns, bool is_utf8);

/*
 * The same, and how it went so far: what is full is a curve of the n levels (0
 * to 1; NAN: not known), which stand evenly over the whole bar; of several for a
 * column the highest is seen. Letters cannot show it: then it is the bar alone.
 */
struct bar bar_curve(double fraction, const double levels[], size_t n,
    unsigned columns, bool is_utf8);

/*
 * A bar of parts, one behind the other, each a fraction of `columns`; nothing
 * follows them. What is less than half a column of a part is not to be seen,
 * but some of a bar that is not nothing always is.
 */
struct bar bar_parts(
    const double fractions[BAR_PARTS], unsigned columns, bool is_utf8);

/* What a part is drawn with, a character. */
const char *bar_mark(enum bar_part part, bool is_utf8);

#endif
