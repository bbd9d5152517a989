/*
 * Owns the last line of the terminal while something runs. The line is
 * written in one piece and kept a column shorter than the terminal, since some
 * terminals wrap when the last column is filled.
 */
#include "client/progress.h"

#include <string.h>

#include "client/bar.h"

#define PROGRESS_BAR_COLUMNS 30
#define PROGRESS_MIN_BAR_COLUMNS 8

void
progress_init(struct progress *progress)
{
	term_init(&progress->term, stderr);
	progress->is_drawn = false;
}

bool
progress_is_live(const struct progress *progress)
{
	return progress->term.is_live;
}

void
progress_draw(struct progress *progress, const char *label, double fraction,
    const char *detail)
{
	struct term *term = &progress->term;
	unsigned room, bar_columns;
	size_t words;

	if (!term->is_live)
		return;
	term_measure(term);
	room = term->columns - 1;
	words = strlen("  ") + strlen(label) + strlen("   100 %   ") +
	    strlen(detail);
	bar_columns = words < room ? room - (unsigned)words : 0;
	if (bar_columns > PROGRESS_BAR_COLUMNS)
		bar_columns = PROGRESS_BAR_COLUMNS;
	if (bar_columns < PROGRESS_MIN_BAR_COLUMNS)
		fprintf(stderr, "\r%.*s\033[K", (int)room, label);
	else
		fprintf(stderr, "\r  %s %s%s%s %3d %%   %s\033[K", label,
		    term_style(term, TERM_BAR),
		    bar_progress(fraction, bar_columns, term->has_utf8).text,
		    term_style(term, TERM_PLAIN), (int)(fraction * 100),
		    detail);
	fflush(stderr);
	progress->is_drawn = true;
}

void
progress_clear(struct progress *progress)
{
	if (!progress->is_drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->is_drawn = false;
}
