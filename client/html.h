/*
 * The elements of a page, one function each. All text goes through markup_put();
 * errors stay in the stream, for ferror().
 */
#ifndef GILD_CLIENT_HTML_H
#define GILD_CLIENT_HTML_H

#include <stddef.h>
#include <stdio.h>

/* <tag class="class">text</tag>; class may be NULL. */
void html_put(FILE *out, const char *tag, const char *class, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/*
 * A table, which may be wider than a phone: its headings, the first to the left
 * and the others, of figures, to the right. Without headings (n = 0) there is
 * no head.
 */
void html_table_open(FILE *out, const char *const headings[], size_t n);
void html_table_close(FILE *out);

void html_row_open(FILE *out);
void html_row_close(FILE *out);

/* A whole row of two: what it is, and how it is. */
void html_pair(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
