/*
 * UTF-8 (RFC 3629), as far as gild looks into text: which bytes are one
 * character.
 */
#ifndef GILD_PROTO_UTF8_H
#define GILD_PROTO_UTF8_H

#include <stddef.h>

/*
 * How many bytes the well-formed character takes that begins at s, of which
 * there are `left` bytes: 1 to 4. 0 when there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF, none that is cut.
 */
size_t utf8_length(const char *s, size_t left);

#endif
