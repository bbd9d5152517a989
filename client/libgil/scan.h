/*
 * JSON, read from front to back and without a tree: the caller asks for what it
 * wants of each value, and skips the rest. All that is passed over is checked
 * against the grammar (RFC 8259), but not for what needs memory: names that
 * come twice, and whether bytes from 128 up are UTF-8.
 *
 * A text is ended by a NUL. The functions that read a value take exactly one,
 * whatever its type, with spaces before it; they return false where there is
 * none that the grammar knows, and then nothing more is to be read.
 */
#ifndef GILD_LIBGIL_SCAN_H
#define GILD_LIBGIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of arrays and objects; deeper is refused. It is jansson's bound. */
#define LIBGIL_SCAN_DEPTH 2048

struct libgil_scan {
	const char *at;
	bool is_inside; /* a value has been read of the innermost { or [ */
};

/* A string as it stands in the text, between its quotes. */
struct libgil_text {
	const char *bytes; /* NULL: the value was no string */
	size_t length;
	bool is_escaped; /* there is a backslash in it */
};

enum libgil_step {
	LIBGIL_BAD, /* no JSON */
	LIBGIL_END, /* of this array or object, which is behind us now */
	LIBGIL_MORE,
};

void libgil_scan_init(struct libgil_scan *scan, const char *text);

/* Goes into an object, or an array; false, and nothing read, when it is none. */
bool libgil_scan_enter(struct libgil_scan *scan, char bracket);
/* The name of the next member of the object that one is in. Its value is next
 * to be read. */
enum libgil_step libgil_scan_member(
    struct libgil_scan *scan, struct libgil_text *name);
/* The next element of the array that one is in. */
enum libgil_step libgil_scan_element(struct libgil_scan *scan);

/* Values. What is of another type, or does not fit, leaves *value as it is. */
bool libgil_scan_integer(struct libgil_scan *scan, int64_t *value)
    __attribute__((warn_unused_result));
bool libgil_scan_count(struct libgil_scan *scan, uint64_t *value)
    __attribute__((warn_unused_result));
bool libgil_scan_boolean(struct libgil_scan *scan, bool *value)
    __attribute__((warn_unused_result));
/* text->bytes is NULL where it is no string. */
bool libgil_scan_text(struct libgil_scan *scan, struct libgil_text *text)
    __attribute__((warn_unused_result));
bool libgil_scan_skip(struct libgil_scan *scan)
    __attribute__((warn_unused_result));

/* Whether nothing but spaces is left. */
bool libgil_scan_is_over(struct libgil_scan *scan);

/* Whether it means this word, of at most 20 characters. */
bool libgil_text_is(const struct libgil_text *text, const char *word);

/*
 * Writes what the text means and a NUL, text->length + 1 bytes at the most;
 * returns the byte behind. A NUL and half a surrogate become '?'.
 */
char *libgil_text_copy(const struct libgil_text *text, char *to);

#endif
