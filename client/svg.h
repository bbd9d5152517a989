/*
 * Pictures as SVG 1.1, one self-contained file: no script, no font, no other
 * file. Whatever is drawn, what comes out is well-formed XML: text is escaped,
 * what XML cannot hold comes out as '?', elements are closed in their order.
 *
 * How things look is said by classes, once, in the style sheet that every
 * picture carries; SVG_STYLE lists ours. Colours are fit for the colour-blind,
 * and change where the reader prefers a dark page.
 *
 * A failed allocation, or a coordinate that is not finite, is remembered and
 * told once, at the end; all functions bear with NULL.
 */
#ifndef GILD_CLIENT_SVG_H
#define GILD_CLIENT_SVG_H

#include <stddef.h>
#include <stdio.h>

/*
 * The classes. Of text: "title", "label", "small" (how large), "muted", "bold",
 * "mono". Of shapes: "page" (the background), "axis", "grid", "line" (a stroke
 * in the current colour), "thin", "dashed", "fill" (filled with the current
 * colour), "soft" (the same, see-through), "halo" (text with a rim of the
 * page's colour). The current colour: "c0" to "c7" (SVG_COLOURS of them), and
 * "grey". An element has several classes, with blanks between: "line c2".
 */
#define SVG_COLOURS 8

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

struct svg_point {
	double x, y;
};

struct svg;

/*
 * width and height are in pixels, y goes down. title and description are for
 * those who cannot see it, and are not drawn; style, more of a style sheet, may
 * be NULL. NULL when memory ran out.
 */
struct svg *svg_new(double width, double height, const char *title,
    const char *description, const char *style);
/*
 * The same as a part of an HTML page: as wide as what it stands in, on that
 * one's background, with a class of its own. The page has svg_style(), once.
 * label says what it is to those who cannot see it, and is no tooltip.
 */
struct svg *svg_new_inline(
    double width, double height, const char *label, const char *class);
void svg_free(struct svg *svg);

/* The style sheet of the classes above, for a page: not to be escaped. */
const char *svg_style(void);

/* What is drawn until the group is closed is part of it, and has its class. */
void svg_group_open(struct svg *svg, const char *class);
void svg_group_close(struct svg *svg);

/* Of all shapes: class and tooltip (what a pointer over it shows) may be NULL.
 */
void svg_rect(struct svg *svg, const char *class, double x, double y,
    double width, double height, const char *tooltip);
void svg_circle(struct svg *svg, const char *class, double x, double y,
    double radius, const char *tooltip);
void svg_line(struct svg *svg, const char *class, double x1, double y1,
    double x2, double y2, const char *tooltip);
void svg_polyline(struct svg *svg, const char *class,
    const struct svg_point points[], size_t n, const char *tooltip);
/* commands are those of a path's d: "M 0 0 L 5 5". */
void svg_path(struct svg *svg, const char *class, const char *commands,
    const char *tooltip);

/* x, y: the anchor, on the base line. */
void svg_text(struct svg *svg, const char *class, enum svg_anchor anchor,
    double x, double y, const char *text);
/* The same, read from below to above. */
void svg_text_upwards(struct svg *svg, const char *class,
    enum svg_anchor anchor, double x, double y, const char *text);

/*
 * About how wide text is in a font of this size, in pixels: for leaving room.
 * Nobody knows the reader's font; it is rather too wide than too narrow.
 */
double svg_text_width(const char *text, double font_size);

/*
 * Writes it; all groups are to be closed. 0, or -1 with errno: ENOMEM, EDOM (a
 * coordinate was not finite), EINVAL (groups), or what the stream said.
 */
int svg_write(struct svg *svg, FILE *out) __attribute__((warn_unused_result));

/* The same, and frees it, however it ends. */
int svg_finish(struct svg *svg, FILE *out) __attribute__((warn_unused_result));

/* svg_write() into a file, which is made or replaced; "-" is standard output. */
int svg_save(struct svg *svg, const char *path)
    __attribute__((warn_unused_result));

#endif
