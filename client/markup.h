/*
 * Text that stands in XML or HTML: whatever it is, what comes out is text
 * there and nothing else.
 */
#ifndef GILD_CLIENT_MARKUP_H
#define GILD_CLIENT_MARKUP_H

#include <stdio.h>

/*
 * Writes text, for between two tags or between the quotes of an attribute:
 * '&', '<', '>' and '"' as entities, and '?' for each byte that is not UTF-8 or
 * of a character that XML 1.0 has not (its section 2.2). Errors stay in the
 * stream, for ferror().
 */
void markup_put(FILE *out, const char *text);

#endif
