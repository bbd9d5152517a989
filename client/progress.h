/*
 * The live line: one line on a terminal that is drawn over and over, and gone
 * without a trace when it is cleared. Where there is no terminal nothing is
 * ever written.
 */
#ifndef GILD_CLIENT_PROGRESS_H
#define GILD_CLIENT_PROGRESS_H

#include "client/term.h"

struct progress {
	struct term term;
	bool is_drawn; /* something is on the line now */
};

/* On the standard error stream. */
void progress_init(struct progress *progress);

/* Whether anyone watches; if not, the daemon need not send notifications. */
bool progress_is_live(const struct progress *progress);

/*
 * label, a bar that is `fraction` full, the percentage, and detail; where the
 * terminal is narrow without the bar, and cut to its width.
 */
void progress_draw(struct progress *progress, const char *label,
    double fraction, const char *detail);

/* The same with a curve for a bar: bar_curve(). */
void progress_draw_curve(struct progress *progress, const char *label,
    double fraction, const double levels[], size_t n, const char *detail);

/* The columns that detail may have beside a bar that can be read. */
size_t progress_room(struct progress *progress, const char *label);

void progress_clear(struct progress *progress);

#endif
