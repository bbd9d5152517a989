/*
 * A timeline as a picture: a lane a thread, coloured by state, over a time
 * axis, with the number of waiters below; for a README or a slide, on a light
 * or a dark page.
 *
 * Where a lane changes its state faster than can be drawn, a column shows the
 * shares of its states, one above the other; what is left out otherwise is
 * counted, and said below. So the file is never larger than some 300 KiB.
 */
#ifndef GILD_CLIENT_TRACE_SVG_H
#define GILD_CLIENT_TRACE_SVG_H

#include <stdio.h>

#include "client/mosaic.h"

/*
 * Draws a timeline that has ended and went into the mosaic. 0, or -1 with errno
 * (ENOMEM, or what the stream said).
 */
int trace_svg_write(const struct mosaic *mosaic,
    const struct timeline *timeline, const char *title, const char *subtitle,
    FILE *out) __attribute__((warn_unused_result));

#endif
