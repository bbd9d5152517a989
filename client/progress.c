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
#define PROGRESS_GOOD_BAR_COLUMNS 16
#define FREE_COLUMNS 1
#define TEXT_BYTES 256

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

/* What stands around the bar: "  LABEL BAR 100 %   DETAIL" */
static size_t
words_around(const char *label)
{
	return strlen("  ") + strlen(label) + strlen("   100 %   ");
}

size_t
progress_room(struct progress *progress, const char *label)
{
	size_t taken =
	    words_around(label) + PROGRESS_GOOD_BAR_COLUMNS + FREE_COLUMNS;

	term_measure(&progress->term);
	return progress->term.columns > taken ? progress->term.columns - taken
					      : 0;
}

void
progress_draw(struct progress *progress, const char *label, double fraction,
    const char *detail)
{
	progress_draw_curve(progress, label, fraction, NULL, 0, detail);
}

void
progress_draw_curve(struct progress *progress, const char *label,
    double fraction, const double levels[], size_t n, const char *detail)
{
	struct term *term = &progress->term;
	unsigned room, bar_columns;
	size_t words = words_around(label) + strlen(detail);
	char text[TEXT_BYTES];

	if (!term->is_live)
		return;
	term_measure(term);
	room = term->columns - FREE_COLUMNS;
	bar_columns = words < room ? room - (unsigned)words : 0;
	if (bar_columns > PROGRESS_BAR_COLUMNS)
		bar_columns = PROGRESS_BAR_COLUMNS;
	if (bar_columns < PROGRESS_MIN_BAR_COLUMNS) {
		snprintf(text, sizeof(text), "  %s %3d %%   %s", label,
		    (int)(fraction * 100), detail);
		fprintf(stderr, "\r%.*s\033[K", (int)room, text);
	} else {
		fprintf(stderr, "\r  %s %s%s%s %3d %%   %s\033[K", label,
		    term_style(term, TERM_BAR),
		    bar_curve(fraction, levels, n, bar_columns, term->has_utf8)
			.text,
		    term_style(term, TERM_PLAIN), (int)(fraction * 100),
		    detail);
	}
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
