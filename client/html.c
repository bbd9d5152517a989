/* Pure but for the stream. */
#include "client/html.h"

#include <stdarg.h>
#include <stdlib.h>

#include "client/markup.h"

static void __attribute__((format(printf, 4, 0))) put(FILE *out,
    const char *tag, const char *class, const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) == -1)
		text = NULL;
	if (class != NULL)
		fprintf(out, "<%s class=\"%s\">", tag, class);
	else
		fprintf(out, "<%s>", tag);
	markup_put(out, text != NULL ? text : "?");
	fprintf(out, "</%s>\n", tag);
	free(text);
}

void
html_put(FILE *out, const char *tag, const char *class, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(out, tag, class, format, args);
	va_end(args);
}

void
html_table_open(FILE *out, const char *const headings[], size_t n)
{
	fputs("<div class=\"scroll\"><table>\n", out);
	if (n > 0) {
		fputs("<thead><tr>\n", out);
		for (size_t i = 0; i < n; i++)
			html_put(out, "th", NULL, "%s", headings[i]);
		fputs("</tr></thead>\n", out);
	}
	fputs("<tbody>\n", out);
}

void
html_table_close(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

void
html_row_open(FILE *out)
{
	fputs("<tr>\n", out);
}

void
html_row_close(FILE *out)
{
	fputs("</tr>\n", out);
}

void
html_pair(FILE *out, const char *name, const char *format, ...)
{
	va_list args;

	html_row_open(out);
	html_put(out, "th", NULL, "%s", name);
	va_start(args, format);
	put(out, "td", NULL, format, args);
	va_end(args);
	html_row_close(out);
}
