/*
 * Where the time went as stacked bars: one for all jobs, one for each band of
 * percentiles, and one for each class of jobs where there are several. Each bar
 * is a whole, so that they can be compared; how long it stands for is written
 * beside it.
 *
 * Pure but for the stream.
 */
#include "client/load_plot.h"

#include <math.h>
#include <stdio.h>

#include "client/markup.h"
#include "client/svg.h"
#include "client/units.h"

#define WIDE 1000
#define NARROW 360
#define BAR 24
#define FONT_SIZE 14
#define STEP 38
#define NAME_GAP 12 /* beside the bars of a wide picture */
#define MEAN_ROOM 90
#define NAME_LINE 18	 /* above those of a narrow one */
#define TOLD_WIDTH 40	 /* of a part that has room for its figure */
#define DRAWN_SHARE 5e-4 /* half a pixel */

unsigned
load_part_colour(enum load_part part)
{
	static const unsigned colours[LOAD_PARTS] = {
	    [LOAD_CLIENT] = 7,
	    [LOAD_WAY] = 4,
	    [LOAD_QUEUE] = 5,
	    [LOAD_LOCK_WAIT] = 1,
	    [LOAD_RUN] = 2,
	    [LOAD_DISPATCH] = 3,
	};

	return colours[part];
}

#define MAX_CLASSES 8 /* no more bars than that */
#define MAX_BARS (1 + LOAD_BANDS + MAX_CLASSES)

struct bar {
	char name[48];
	uint64_t jobs;
	const struct load_parts *parts;
};

/* "90 to 99 %", "above 99.9 %" */
static void
write_name(const struct load_band *band, char *name, size_t size)
{
	if (band->from <= 0)
		snprintf(name, size, "fastest %g %%", band->to * 100);
	else if (band->to >= 1)
		snprintf(name, size, "above %g %%", band->from * 100);
	else
		snprintf(name, size, "%g to %g %%", band->from * 100,
		    band->to * 100);
}

static size_t
add_classes(const struct load_report *report, struct bar bars[], size_t n)
{
	const struct load_script *script = report->script;

	if (script->n_classes < 2)
		return n;
	for (size_t i = 0; i < script->n_classes && i < MAX_CLASSES; i++) {
		const struct load_class_row *row = &report->classes[i];

		if (row->counts.done == 0)
			continue;
		bars[n].jobs = row->counts.done;
		bars[n].parts = &row->parts;
		snprintf(bars[n].name, sizeof(bars[n].name), "%s",
		    script->classes[i].name);
		n++;
	}
	return n;
}

/* All, each band that has jobs, and each class that has some. */
static size_t
find_bars(const struct load_report *report, struct bar bars[MAX_BARS])
{
	size_t n = 0;

	if (report->counts.done == 0)
		return 0;
	bars[n++] =
	    (struct bar){"all jobs", report->counts.done, &report->parts};
	for (size_t i = 0; i < LOAD_BANDS; i++) {
		const struct load_band *band = &report->bands[i];

		if (band->jobs == 0)
			continue;
		bars[n].jobs = band->jobs;
		bars[n].parts = &band->parts;
		write_name(band, bars[n].name, sizeof(bars[n].name));
		n++;
	}
	return add_classes(report, bars, n);
}

static void
draw_parts(
    struct svg *svg, const struct bar *bar, double x, double y, double width)
{
	for (unsigned part = 0; part < LOAD_PARTS; part++) {
		double share = load_parts_share(bar->parts, part);
		uint64_t mean_ns = bar->parts->ns[part] / bar->jobs;
		char class[32], tip[128], figure[16];

		if (share < DRAWN_SHARE)
			continue;
		snprintf(
		    class, sizeof(class), "fill c%u", load_part_colour(part));
		snprintf(tip, sizeof(tip), "%s: %s, %s of each job's latency",
		    load_part_label(part), units_percent(share).text,
		    units_duration(mean_ns).text);
		svg_rect(svg, class, x, y, share * width, BAR, tip);
		snprintf(figure, sizeof(figure), "%.0f %%", share * 100);
		if (share * width > TOLD_WIDTH)
			svg_text(svg, "small inbar", SVG_MIDDLE,
			    x + share * width / 2, y + BAR / 2 + 4, figure);
		x += share * width;
	}
}

static double
widest_name(const struct bar bars[], size_t n)
{
	double widest = 0;

	for (size_t i = 0; i < n; i++)
		widest = fmax(widest, svg_text_width(bars[i].name, FONT_SIZE));
	return widest;
}

/* Names and means stand beside the bars where there is room, else above. */
static struct svg *
draw_bars(const struct bar bars[], size_t n, double width, const char *class)
{
	bool is_wide = width > NARROW;
	double step = STEP + (is_wide ? 0 : NAME_LINE);
	double left = is_wide ? widest_name(bars, n) + NAME_GAP : 0;
	double right = width - (is_wide ? MEAN_ROOM : 0);
	struct svg *svg = svg_new_inline(width, (double)n * step,
	    "Where the time went, by percentile band", class);

	for (size_t i = 0; i < n; i++) {
		const struct bar *bar = &bars[i];
		double y = (double)i * step + (is_wide ? 0 : NAME_LINE);
		double text = is_wide ? y + BAR / 2 + 5 : y - 5;
		char mean[48];

		snprintf(mean, sizeof(mean), "%s",
		    units_duration(load_parts_total(bar->parts) / bar->jobs)
			.text);
		svg_text(
		    svg, i == 0 ? "bold" : NULL, SVG_START, 0, text, bar->name);
		draw_parts(svg, bar, left, y, right - left);
		svg_text(svg, "bold", SVG_END, width, text, mean);
	}
	return svg;
}

int
load_plot_bands(const struct load_report *report, FILE *out)
{
	struct bar bars[MAX_BARS];
	size_t n = find_bars(report, bars);
	int status;

	fputs("<div class=\"plot\">\n<div class=\"keys always\">\n", out);
	for (unsigned part = 0; part < LOAD_PARTS; part++) {
		fprintf(out, "<span><i class=\"key box c%u\"></i>",
		    load_part_colour(part));
		markup_put(out, load_part_label(part));
		fputs("</span>\n", out);
	}
	fputs("</div>\n", out);
	status = svg_finish(draw_bars(bars, n, WIDE, "wide"), out);
	if (status == 0)
		status = svg_finish(draw_bars(bars, n, NARROW, "narrow"), out);
	fputs("</div>\n", out);
	return status;
}
