/* Bars made of characters: blocks in eighths in UTF-8, '#' elsewhere. */
#ifndef GILD_CLIENT_BAR_H
#define GILD_CLIENT_BAR_H

#include <stdbool.h>

#define BAR_MAX_COLUMNS 200
#define BAR_BYTES (BAR_MAX_COLUMNS * 3 + 1)

/* One bar as text; pass .text on at once. */
struct bar {
	char text[BAR_BYTES];
};

/*
 * A bar that fills `fraction` (0 to 1) of `columns`, the rest a light track:
 * how far something has come.
 */
struct bar bar_progress(double fraction, unsigned columns, bool is_utf8);

/*
 * A bar of two parts, a solid one and a shaded one behind it, both fractions
 * of `columns`; nothing follows. A part above 0 shows at least a little, and
 * both together are as long as one bar of their sum.
 */
struct bar bar_parts(
    double solid, double shaded, unsigned columns, bool is_utf8);

#endif
