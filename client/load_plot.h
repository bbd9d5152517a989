/*
 * The pictures of a load run, as parts of an HTML page. Each is drawn twice,
 * for a wide page (class "wide") and a narrow one ("narrow"), and the page's
 * style sheet shows one of them; so nothing is too small to read on a phone.
 *
 * All write a <div class="plot">. 0, or -1 with errno: ENOMEM, or what the
 * stream said.
 */
#ifndef GILD_CLIENT_LOAD_PLOT_H
#define GILD_CLIENT_LOAD_PLOT_H

#include <stdio.h>

#include "client/load_report.h"

/* Of what a page has to have besides svg_style(): panel_style, and this. */
extern const char load_plot_style[];

/*
 * Latency over percentile, the nines evenly apart: from the scheduled moment,
 * from the moment sent, and of each class where there are several.
 */
int load_plot_percentiles(const struct load_report *report, FILE *out)
    __attribute__((warn_unused_result));

/* Percentiles over time, above a heat map of all latencies. */
int load_plot_latency(const struct load_report *report, FILE *out)
    __attribute__((warn_unused_result));

/* Jobs a second over time: scheduled, done, failed. */
int load_plot_rate(const struct load_report *report, FILE *out)
    __attribute__((warn_unused_result));

/* Where the time went, a bar for each percentile band. */
int load_plot_bands(const struct load_report *report, FILE *out)
    __attribute__((warn_unused_result));

/* The colour that a part has there: of class "c4", so that a page may say. */
unsigned load_part_colour(enum load_part part);

#endif
