/*
 * A writer of JSON: text, piece by piece, into one buffer that grows. What it
 * writes is what jansson writes with JSON_COMPACT and JSON_ENSURE_ASCII, byte
 * for byte, and costs a tenth of a tree that is made only to be written.
 *
 * Values and names are put in the order in which they are to stand; commas come
 * by themselves. That brackets match, and that each value of an object has its
 * name, is up to the caller.
 *
 * Errors stick: once memory has run out all that follows is a no-op, and
 * whoever takes the text looks at has_failed first, once.
 */
#ifndef GILD_PROTO_WRITER_H
#define GILD_PROTO_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/token.h"

/* All zeros is an empty one. */
struct writer {
	char *text; /* owned; `length` bytes, and no NUL behind them */
	size_t length;
	size_t size;	  /* of the memory at text */
	bool wants_comma; /* a value stands before */
	bool has_failed;
};

/* Begins anew; a buffer of an ordinary size is kept for what follows. */
void writer_reset(struct writer *writer);
/* Frees what it owns, not the struct; it is an empty one then. */
void writer_free(struct writer *writer);

void writer_begin_object(struct writer *writer);
void writer_end_object(struct writer *writer);
void writer_begin_array(struct writer *writer);
void writer_end_array(struct writer *writer);

/* The name of the value that follows: ASCII, with nothing to escape in it. */
void writer_name(struct writer *writer, const char *name);

void writer_integer(struct writer *writer, int64_t number);

/* An integer with its name. */
void writer_member(
    struct writer *writer, const struct token *token, int64_t number);

void writer_boolean(struct writer *writer, bool truth);
void writer_null(struct writer *writer);
/* UTF-8, which may hold NULs; what is none becomes U+FFFD, byte by byte. */
void writer_string(struct writer *writer, const char *text, size_t length);
/* Any value, as jansson has it; NULL is written as null. */
void writer_value(struct writer *writer, const json_t *value);

/* An LF behind the whole: the end of a line. */
void writer_end_line(struct writer *writer);

/*
 * What was written, one whole value, as jansson reads it: a new reference, or
 * NULL when memory ran out, now or before.
 */
json_t *writer_to_json(const struct writer *writer);

#endif
