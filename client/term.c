/*
 * The styles are bold, dim, and a colour each for bars, for waiting and for
 * warnings; they are the sixteen-colour sequences that every terminal of today
 * knows, so no terminal database is asked.
 */
#include "client/term.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

void
term_init(struct term *term, FILE *stream)
{
	const char *kind = getenv("TERM");

	*term = (struct term){
	    .stream = stream,
	    .columns = TERM_DEFAULT_COLUMNS,
	    .is_live = isatty(fileno(stream)) && kind != NULL &&
		*kind != '\0' && strcmp(kind, "dumb") != 0,
	    .has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	term->has_colour = term->is_live && !is_set("NO_COLOR");
	term_measure(term);
}

void
term_measure(struct term *term)
{
	struct winsize size;

	if (term->is_live &&
	    ioctl(fileno(term->stream), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0)
		term->columns = size.ws_col;
}

const char *
term_style(const struct term *term, enum term_style style)
{
	static const char *const sequences[] = {
	    [TERM_PLAIN] = "\033[0m",
	    [TERM_BOLD] = "\033[1m",
	    [TERM_DIM] = "\033[2m",
	    [TERM_BAR] = "\033[36m",
	    [TERM_WAIT] = "\033[31m",
	    [TERM_WARNING] = "\033[33m",
	};

	return term->has_colour ? sequences[style] : "";
}

size_t
term_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void
term_print(const struct term *term, enum term_style style, const char *text,
    size_t length)
{
	if (length > 0)
		fprintf(term->stream, "%s%.*s%s", term_style(term, style),
		    (int)length, text, term_style(term, TERM_PLAIN));
}

void
term_tame(char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
		/* U+0080 to U+009F: some terminals obey these too. */
		if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			at[0] = at[1] = '?';
	}
}
