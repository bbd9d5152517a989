/*
 * Owns: how JSON is spelled. Pure; any process and thread.
 *
 * Invariant: length <= size. Room for a piece is made before any of it is
 * written, so a piece is there as a whole or not at all.
 */
#include "proto/writer.h"

#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

#define MIN_BYTES ((size_t)1024)
/* A buffer that one long answer made larger is not kept. */
#define KEPT_BYTES ((size_t)64 * 1024)
#define INTEGER_CHARS 20 /* of -9223372036854775808 */
#define REAL_BYTES ((size_t)64)
#define ESCAPE_CHARS 6 /* \u00e9 */
#define REPLACEMENT 0xfffd

/* --- memory --- */

void
writer_free(struct writer *writer)
{
	free(writer->text);
	*writer = (struct writer){0};
}

void
writer_reset(struct writer *writer)
{
	if (writer->size > KEPT_BYTES)
		writer_free(writer);
	writer->length = 0;
	writer->wants_comma = false;
	writer->has_failed = false;
}

static int
writer_grow(struct writer *writer, size_t bytes)
{
	size_t size = writer->size * 2;
	char *text;

	if (bytes > SIZE_MAX / 2 - writer->length)
		return -1;
	if (size < MIN_BYTES)
		size = MIN_BYTES;
	if (size < writer->length + bytes)
		size = writer->length + bytes;
	text = realloc(writer->text, size);
	if (text == NULL)
		return -1;
	writer->text = text;
	writer->size = size;
	return 0;
}

/* Where so many bytes more may be written, or NULL. */
static inline char *
writer_reserve(struct writer *writer, size_t bytes)
{
	if (__builtin_expect(writer->has_failed, false))
		return NULL;
	if (__builtin_expect(writer->size - writer->length < bytes, false) &&
	    writer_grow(writer, bytes) != 0) {
		writer->has_failed = true;
		return NULL;
	}
	return writer->text + writer->length;
}

/* Room for a value of so many bytes, and the comma before it, if any, is there
 * already. NULL when there is no room. */
static inline char *
writer_begin_value(struct writer *writer, size_t bytes)
{
	char *to = writer_reserve(writer, bytes + 1);

	if (to == NULL)
		return NULL;
	*to = ',';
	return to + writer->wants_comma;
}

/* A value, or what else wants a comma behind it, goes up to here. */
static inline void
writer_end_value(struct writer *writer, const char *to)
{
	writer->length = (size_t)(to - writer->text);
	writer->wants_comma = true;
}

/* --- objects and arrays --- */

static void
writer_open(struct writer *writer, char bracket)
{
	char *to = writer_begin_value(writer, 1);

	if (to == NULL)
		return;
	*to++ = bracket;
	writer_end_value(writer, to);
	writer->wants_comma = false;
}

static void
writer_close(struct writer *writer, char bracket)
{
	char *to = writer_reserve(writer, 1);

	if (to == NULL)
		return;
	*to++ = bracket;
	writer_end_value(writer, to);
}

void
writer_begin_object(struct writer *writer)
{
	writer_open(writer, '{');
}

void
writer_end_object(struct writer *writer)
{
	writer_close(writer, '}');
}

void
writer_begin_array(struct writer *writer)
{
	writer_open(writer, '[');
}

void
writer_end_array(struct writer *writer)
{
	writer_close(writer, ']');
}

void
writer_name(struct writer *writer, const char *name)
{
	size_t length = strlen(name);
	char *to = writer_begin_value(writer, length + 3);

	if (to == NULL)
		return;
	*to++ = '"';
	memcpy(to, name, length);
	to += length;
	*to++ = '"';
	*to++ = ':';
	writer_end_value(writer, to);
	writer->wants_comma = false;
}

void
writer_end_line(struct writer *writer)
{
	writer_close(writer, '\n');
}

/* --- numbers and words --- */

/* Writes the digits of number up to `end`. Where they begin. */
static char *
put_digits(char *end, uint64_t number)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	while (number >= 100) {
		end -= 2;
		memcpy(end, &pairs[number % 100 * 2], 2);
		number /= 100;
	}
	if (number >= 10) {
		end -= 2;
		memcpy(end, &pairs[number * 2], 2);
	} else {
		*--end = (char)('0' + number);
	}
	return end;
}

/* Writes the number, of INTEGER_CHARS at the most. Where it ends. */
static inline char *
put_integer(char *to, int64_t number)
{
	uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[INTEGER_CHARS], *end = digits + sizeof(digits), *begin;

	*to = '-';
	to += number < 0;
	if (magnitude < 10) {
		*to = (char)('0' + magnitude);
		return to + 1;
	}
	begin = put_digits(end, magnitude);
	memcpy(to, begin, (size_t)(end - begin));
	return to + (end - begin);
}

void
writer_integer(struct writer *writer, int64_t number)
{
	char *to = writer_begin_value(writer, INTEGER_CHARS);

	if (to != NULL)
		writer_end_value(writer, put_integer(to, number));
}

void
writer_member(struct writer *writer, const struct token *token, int64_t number)
{
	char *to = writer_reserve(writer, TOKEN_BYTES + INTEGER_CHARS);
	size_t skipped = !writer->wants_comma;

	if (to == NULL)
		return;
	memcpy(to, token->text + skipped, TOKEN_BYTES - 1);
	to += token->length - skipped;
	writer_end_value(writer, put_integer(to, number));
}

static void
writer_word(struct writer *writer, const char *word, size_t length)
{
	char *to = writer_begin_value(writer, length);

	if (to == NULL)
		return;
	memcpy(to, word, length);
	writer_end_value(writer, to + length);
}

void
writer_boolean(struct writer *writer, bool truth)
{
	if (truth)
		writer_word(writer, "true", 4);
	else
		writer_word(writer, "false", 5);
}

void
writer_null(struct writer *writer)
{
	writer_word(writer, "null", 4);
}

/* --- strings --- */

/* A character that stands for itself. */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The letter behind the backslash; 0: there is none, it takes a number. */
static char
escape_letter(uint32_t code)
{
	switch (code) {
	case '"':
	case '\\':
		return (char)code;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static char *
put_hex(char *to, uint32_t unit)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = digits[unit >> shift & 0xf];
	return to;
}

/* Above U+FFFF it takes two units of UTF-16. */
static char *
put_escape(char *to, uint32_t code)
{
	char letter = escape_letter(code);

	if (letter != 0) {
		*to++ = '\\';
		*to++ = letter;
		return to;
	}
	if (code < 0x10000)
		return put_hex(to, code);
	code -= 0x10000;
	return put_hex(
	    put_hex(to, 0xd800 | code >> 10), 0xdc00 | (code & 0x3ff));
}

/* The character at *text, which moves behind it. */
static uint32_t
take_character(const char **text, size_t left)
{
	const char *s = *text;
	size_t length = utf8_length(s, left);
	uint32_t code = (unsigned char)s[0];

	*text += length > 0 ? length : 1;
	if (length == 0)
		return REPLACEMENT;
	if (length > 1)
		code &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

/* How long the text is when it is written; where `to` is not NULL it is. */
static size_t
put_text(char *to, const char *text, size_t length)
{
	const char *end = text + length;
	char escape[2 * ESCAPE_CHARS];
	size_t written = 0;

	while (text < end) {
		const char *from = text;
		size_t run;

		while (text < end && is_plain((unsigned char)*text))
			text++;
		run = (size_t)(text - from);
		if (to != NULL)
			memcpy(to + written, from, run);
		written += run;
		if (text == end)
			break;
		run =
		    (size_t)(put_escape(escape,
				 take_character(&text, (size_t)(end - text))) -
			escape);
		if (to != NULL)
			memcpy(to + written, escape, run);
		written += run;
	}
	return written;
}

void
writer_string(struct writer *writer, const char *text, size_t length)
{
	size_t escaped = put_text(NULL, text, length);
	char *to = writer_begin_value(writer, escaped + 2);

	if (to == NULL)
		return;
	*to++ = '"';
	if (escaped == length)
		memcpy(to, text, length);
	else
		put_text(to, text, length);
	to += escaped;
	*to++ = '"';
	writer_end_value(writer, to);
}

/* --- trees --- */

/* All that jansson writes itself: into memory that is there it writes all. */
static void
writer_dump(struct writer *writer, const json_t *value)
{
	static const size_t flags =
	    JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII;
	size_t room = REAL_BYTES, length;
	char *to = writer_begin_value(writer, room);

	if (to == NULL)
		return;
	length = json_dumpb(value, to, room, flags);
	if (length > room) {
		to = writer_begin_value(writer, length);
		if (to == NULL)
			return;
		room = length;
		length = json_dumpb(value, to, room, flags);
	}
	if (length == 0 || length > room)
		writer->has_failed = true;
	else
		writer_end_value(writer, to + length);
}

void
writer_value(struct writer *writer, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		writer_null(writer);
	else if (json_is_integer(value))
		writer_integer(writer, json_integer_value(value));
	else if (json_is_string(value))
		writer_string(writer, json_string_value(value),
		    json_string_length(value));
	else
		writer_dump(writer, value);
}

json_t *
writer_to_json(const struct writer *writer)
{
	if (writer->has_failed)
		return NULL;
	return json_loadb(writer->text, writer->length,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}
