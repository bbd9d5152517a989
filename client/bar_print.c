/* Owns: how the parts of a bar look, beside their characters, which bar.c has. */
#include "client/bar_print.h"

#include <stdio.h>
#include <string.h>

static const enum term_style styles[BAR_PARTS] = {
    [BAR_SOLID] = TERM_BAR,
    [BAR_SHADED] = TERM_WAIT,
    [BAR_LIGHT] = TERM_DIM,
    [BAR_DOTTED] = TERM_DIM,
};

void
bar_print(const struct bar *bar, const struct term *term, struct bar_key *key)
{
	size_t start = 0;

	for (unsigned part = 0; part < BAR_PARTS; part++) {
		size_t length = bar->ends[part] - start;

		term_print(term, styles[part], bar->text + start, length);
		key->is_seen[part] = key->is_seen[part] || length > 0;
		start = bar->ends[part];
	}
}

void
bar_print_key(const struct bar_key *key, const struct term *term,
    unsigned indent, unsigned columns)
{
	unsigned column = indent;

	fprintf(term->stream, "%*s", (int)indent - 2, "");
	for (unsigned part = 0; part < BAR_PARTS; part++) {
		const char *mark = bar_mark(part, term->has_utf8);
		unsigned width = 4 + (unsigned)strlen(key->meanings[part]);

		if (!key->is_seen[part])
			continue;
		if (column > indent && column + width > columns) {
			fprintf(term->stream, "\n%*s", (int)indent - 2, "");
			column = indent;
		}
		fputs("  ", term->stream);
		term_print(term, styles[part], mark, strlen(mark));
		fprintf(term->stream, " %s", key->meanings[part]);
		column += width;
	}
	fputc('\n', term->stream);
}
