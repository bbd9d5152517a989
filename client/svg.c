/*
 * A picture is written into memory as it is drawn, and handed out when it is
 * whole; so no half a file is left where something failed. All text and all
 * attributes go through markup_put(), all coordinates through put_number():
 * there is no other way into the document.
 *
 * The colours are Okabe and Ito's (Color Universal Design, 2008), the yellow
 * and the black of which are not to be seen on one of our two pages: they are
 * replaced by an olive and a slate.
 *
 * Pure but for svg_save().
 */
#include "client/svg.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/markup.h"

static const char style_sheet[] =
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Liberation Sans',Arial,sans-serif;font-size:14px;fill:#24292f}\n"
    ".title{font-size:20px;font-weight:600}\n"
    ".label{font-size:14px}\n"
    ".small{font-size:12px}\n"
    ".bold{font-weight:600}\n"
    ".mono{font-family:ui-monospace,'Liberation Mono',monospace}\n"
    ".muted{fill:#656d76}\n"
    ".page{fill:#ffffff}\n"
    ".halo{stroke:#ffffff;stroke-width:4;stroke-linejoin:round;"
    "paint-order:stroke}\n"
    ".axis{stroke:#656d76;stroke-width:1;fill:none}\n"
    ".grid{stroke:#e4e7ea;stroke-width:1;fill:none}\n"
    ".line{stroke:currentColor;stroke-width:2.5;fill:none;"
    "stroke-linejoin:round;stroke-linecap:round}\n"
    ".thin{stroke-width:1.25}\n"
    ".dashed{stroke-dasharray:7 5}\n"
    ".fill{fill:currentColor}\n"
    ".soft{fill:currentColor;fill-opacity:0.18}\n"
    ".grey{color:#8c959f}\n"
    ".c0{color:#0072b2}.c1{color:#d55e00}.c2{color:#009e73}"
    ".c3{color:#b5588f}\n"
    ".c4{color:#3a9bd9}.c5{color:#c98a00}.c6{color:#7a7a00}"
    ".c7{color:#57606a}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.muted{fill:#9198a1}.page{fill:#0d1117}"
    ".halo{stroke:#0d1117}\n"
    ".axis{stroke:#9198a1}.grid{stroke:#262c36}.grey{color:#767e89}\n"
    ".c0{color:#4aa8e0}.c1{color:#f08a4b}.c2{color:#2fc79a}"
    ".c3{color:#e08cc0}\n"
    ".c4{color:#8fd0f5}.c5{color:#e6ab2e}.c6{color:#c3c34a}"
    ".c7{color:#aab4bf}\n"
    "}\n";

struct svg {
	FILE *stream; /* into text */
	char *text;
	size_t length;
	size_t depth; /* of open groups */
	int error;    /* the first one's errno */
};

static void
remember(struct svg *svg, int error)
{
	if (svg->error == 0)
		svg->error = error;
}

static void
put(struct svg *svg, const char *text)
{
	if (fputs(text, svg->stream) == EOF)
		remember(svg, ENOMEM);
}

/* ' name="1.25"': two decimals at most, and no zeroes at the end. */
static void
put_number(struct svg *svg, const char *name, double value)
{
	char text[32];
	size_t length;

	if (!isfinite(value) || fabs(value) > 1e9) {
		remember(svg, EDOM);
		return;
	}
	length = (size_t)snprintf(text, sizeof(text), "%.2f", value);
	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	text[length] = '\0';
	if (strcmp(text, "-0") == 0)
		strcpy(text, "0");
	if (name != NULL)
		fprintf(svg->stream, " %s=\"%s\"", name, text);
	else
		put(svg, text);
}

static void
put_attribute(struct svg *svg, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fprintf(svg->stream, " %s=\"", name);
	markup_put(svg->stream, value);
	put(svg, "\"");
}

static void
put_element(struct svg *svg, const char *name, const char *text)
{
	if (text == NULL)
		return;
	fprintf(svg->stream, "<%s>", name);
	markup_put(svg->stream, text);
	fprintf(svg->stream, "</%s>\n", name);
}

static void
shape_open(struct svg *svg, const char *name, const char *class)
{
	fprintf(svg->stream, "<%s", name);
	put_attribute(svg, "class", class);
}

static void
shape_close(struct svg *svg, const char *name, const char *tooltip)
{
	if (tooltip == NULL) {
		put(svg, "/>\n");
		return;
	}
	put(svg, "><title>");
	markup_put(svg->stream, tooltip);
	fprintf(svg->stream, "</title></%s>\n", name);
}

/* NULL when memory ran out. */
static struct svg *
make(void)
{
	struct svg *svg = calloc(1, sizeof(*svg));

	if (svg == NULL)
		return NULL;
	svg->stream = open_memstream(&svg->text, &svg->length);
	if (svg->stream == NULL) {
		free(svg);
		return NULL;
	}
	return svg;
}

/* What is left of its first tag, and what it is for those who cannot see it. */
static void
put_head(struct svg *svg, double width, double height, const char *title,
    const char *description)
{
	put(svg, " viewBox=\"0 0 ");
	put_number(svg, NULL, width);
	put(svg, " ");
	put_number(svg, NULL, height);
	put(svg, "\">\n");
	put_element(svg, "title", title);
	put_element(svg, "desc", description);
}

struct svg *
svg_new(double width, double height, const char *title, const char *description,
    const char *style)
{
	struct svg *svg = make();

	if (svg == NULL)
		return NULL;
	put(svg,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
	put_number(svg, "width", width);
	put_number(svg, "height", height);
	put_head(svg, width, height, title, description);
	put(svg, "<style>\n");
	put(svg, style_sheet);
	/* Escaped, '>' in a selector is read as it was meant. */
	if (style != NULL)
		markup_put(svg->stream, style);
	put(svg, "</style>\n");
	svg_rect(svg, "page", 0, 0, width, height, NULL);
	return svg;
}

struct svg *
svg_new_inline(
    double width, double height, const char *label, const char *class)
{
	struct svg *svg = make();

	if (svg == NULL)
		return NULL;
	put(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
	put_attribute(svg, "class", class);
	put_attribute(svg, "aria-label", label);
	put_head(svg, width, height, NULL, NULL);
	return svg;
}

const char *
svg_style(void)
{
	return style_sheet;
}

void
svg_free(struct svg *svg)
{
	if (svg == NULL)
		return;
	fclose(svg->stream);
	free(svg->text);
	free(svg);
}

void
svg_group_open(struct svg *svg, const char *class)
{
	if (svg == NULL)
		return;
	shape_open(svg, "g", class);
	put(svg, ">\n");
	svg->depth++;
}

void
svg_group_close(struct svg *svg)
{
	if (svg == NULL)
		return;
	if (svg->depth == 0) {
		remember(svg, EINVAL);
		return;
	}
	put(svg, "</g>\n");
	svg->depth--;
}

void
svg_rect(struct svg *svg, const char *class, double x, double y, double width,
    double height, const char *tooltip)
{
	if (svg == NULL)
		return;
	shape_open(svg, "rect", class);
	put_number(svg, "x", x);
	put_number(svg, "y", y);
	put_number(svg, "width", width);
	put_number(svg, "height", height);
	shape_close(svg, "rect", tooltip);
}

void
svg_circle(struct svg *svg, const char *class, double x, double y,
    double radius, const char *tooltip)
{
	if (svg == NULL)
		return;
	shape_open(svg, "circle", class);
	put_number(svg, "cx", x);
	put_number(svg, "cy", y);
	put_number(svg, "r", radius);
	shape_close(svg, "circle", tooltip);
}

void
svg_line(struct svg *svg, const char *class, double x1, double y1, double x2,
    double y2, const char *tooltip)
{
	if (svg == NULL)
		return;
	shape_open(svg, "line", class);
	put_number(svg, "x1", x1);
	put_number(svg, "y1", y1);
	put_number(svg, "x2", x2);
	put_number(svg, "y2", y2);
	shape_close(svg, "line", tooltip);
}

void
svg_polyline(struct svg *svg, const char *class,
    const struct svg_point points[], size_t n, const char *tooltip)
{
	if (svg == NULL)
		return;
	shape_open(svg, "polyline", class);
	put(svg, " points=\"");
	for (size_t i = 0; i < n; i++) {
		put(svg, i > 0 ? " " : "");
		put_number(svg, NULL, points[i].x);
		put(svg, ",");
		put_number(svg, NULL, points[i].y);
	}
	put(svg, "\"");
	shape_close(svg, "polyline", tooltip);
}

void
svg_path(struct svg *svg, const char *class, const char *commands,
    const char *tooltip)
{
	if (svg == NULL)
		return;
	shape_open(svg, "path", class);
	put_attribute(svg, "d", commands);
	shape_close(svg, "path", tooltip);
}

static void
text_open(struct svg *svg, const char *class, enum svg_anchor anchor, double x,
    double y)
{
	shape_open(svg, "text", class);
	put_number(svg, "x", x);
	put_number(svg, "y", y);
	if (anchor != SVG_START)
		put_attribute(svg, "text-anchor",
		    anchor == SVG_MIDDLE ? "middle" : "end");
}

static void
text_close(struct svg *svg, const char *text)
{
	put(svg, ">");
	markup_put(svg->stream, text);
	put(svg, "</text>\n");
}

void
svg_text(struct svg *svg, const char *class, enum svg_anchor anchor, double x,
    double y, const char *text)
{
	if (svg == NULL)
		return;
	text_open(svg, class, anchor, x, y);
	text_close(svg, text);
}

void
svg_text_upwards(struct svg *svg, const char *class, enum svg_anchor anchor,
    double x, double y, const char *text)
{
	if (svg == NULL)
		return;
	text_open(svg, class, anchor, x, y);
	put(svg, " transform=\"rotate(-90 ");
	put_number(svg, NULL, x);
	put(svg, " ");
	put_number(svg, NULL, y);
	put(svg, ")\"");
	text_close(svg, text);
}

/* In the wider ones of the usual fonts a letter is 0.6 of their size. */
double
svg_text_width(const char *text, double font_size)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return (double)n * font_size * 0.6;
}

int
svg_write(struct svg *svg, FILE *out)
{
	if (svg == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if (svg->depth > 0)
		remember(svg, EINVAL);
	if (fflush(svg->stream) == EOF || ferror(svg->stream))
		remember(svg, ENOMEM);
	if (svg->error != 0) {
		errno = svg->error;
		return -1;
	}
	if (fwrite(svg->text, 1, svg->length, out) != svg->length ||
	    fputs("</svg>\n", out) == EOF || fflush(out) == EOF)
		return -1;
	return 0;
}

int
svg_finish(struct svg *svg, FILE *out)
{
	int status = svg_write(svg, out), error = errno;

	svg_free(svg);
	errno = error;
	return status;
}

int
svg_save(struct svg *svg, const char *path)
{
	FILE *out;
	int status, error;

	if (strcmp(path, "-") == 0)
		return svg_write(svg, stdout);
	/* What cannot be drawn is not to cost the file that is there. */
	if (svg == NULL || svg->error != 0 || svg->depth > 0) {
		errno = svg == NULL ? ENOMEM : svg->error ? svg->error : EINVAL;
		return -1;
	}
	out = fopen(path, "we");
	if (out == NULL)
		return -1;
	status = svg_write(svg, out);
	error = errno;
	if (fclose(out) == EOF && status == 0)
		return -1;
	errno = error;
	return status;
}
