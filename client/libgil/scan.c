/*
 * Owns nothing: a pointer into the caller's text. The NUL behind the text is
 * neither a character of a string nor of anything else, so that no length has
 * to be looked at.
 */
#include "client/libgil/scan.h"

#include <string.h>

/* What a string's characters are: all but these are plain. */
static const bool is_special[256] = {
    [0 ... 31] = true, ['"'] = true, ['\\'] = true};

void
libgil_scan_init(struct libgil_scan *scan, const char *text)
{
	*scan = (struct libgil_scan){.at = text};
}

static const char *
skip_space(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
		at++;
	return at;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four of them, or -1. */
static int
read_unit(const char *at)
{
	int unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit == -1)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Behind the backslash; the byte behind the escape, or NULL. */
static const char *
pass_escape(const char *at)
{
	if (*at == 'u')
		return read_unit(at + 1) >= 0 ? at + 5 : NULL;
	return *at != '\0' && strchr("\"\\/bfnrt", *at) != NULL ? at + 1 : NULL;
}

/* At the opening quote; what is behind the closing one, or NULL. */
static const char *
pass_string(const char *at, struct libgil_text *text)
{
	text->bytes = ++at;
	text->is_escaped = false;
	for (;;) {
		while (!is_special[(unsigned char)*at])
			at++;
		if (*at == '"')
			break;
		if (*at != '\\')
			return NULL;
		text->is_escaped = true;
		at = pass_escape(at + 1);
		if (at == NULL)
			return NULL;
	}
	text->length = (size_t)(at - text->bytes);
	return at + 1;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
pass_digits(const char *at)
{
	if (!is_digit(*at))
		return NULL;
	while (is_digit(*at))
		at++;
	return at;
}

/* At a minus or a digit. *is_integer: no fraction, no exponent. */
static const char *
pass_number(const char *at, bool *is_integer)
{
	*is_integer = true;
	at += *at == '-';
	at = *at == '0' ? at + 1 : pass_digits(at);
	if (at != NULL && *at == '.') {
		*is_integer = false;
		at = pass_digits(at + 1);
	}
	if (at != NULL && (*at == 'e' || *at == 'E')) {
		*is_integer = false;
		at++;
		at = pass_digits(at + (*at == '+' || *at == '-'));
	}
	return at;
}

static const char *
pass_word(const char *at, const char *word)
{
	size_t length = strlen(word);

	return strncmp(at, word, length) == 0 ? at + length : NULL;
}

/* A value that is neither an array nor an object. */
static const char *
pass_scalar(const char *at)
{
	struct libgil_text text;
	bool is_integer;

	switch (*at) {
	case '"':
		return pass_string(at, &text);
	case 't':
		return pass_word(at, "true");
	case 'f':
		return pass_word(at, "false");
	case 'n':
		return pass_word(at, "null");
	default:
		return *at == '-' || is_digit(*at)
		    ? pass_number(at, &is_integer)
		    : NULL;
	}
}

/* A member's name and its colon. */
static const char *
pass_name(const char *at, struct libgil_text *name)
{
	if (*at != '"' || (at = pass_string(at, name)) == NULL)
		return NULL;
	at = skip_space(at);
	return *at == ':' ? at + 1 : NULL;
}

/* The arrays and objects that one is in, the innermost last. */
struct nest {
	size_t depth;
	bool is_object[LIBGIL_SCAN_DEPTH];
};

/*
 * Goes on from a value to the next one. NULL where there is no JSON; with
 * nest->depth 0 it is behind the last value.
 */
static const char *
pass_on(const char *at, struct nest *nest, bool is_after_value)
{
	struct libgil_text name;

	while (nest->depth > 0) {
		bool is_object = nest->is_object[nest->depth - 1];

		at = skip_space(at);
		if (*at == (is_object ? '}' : ']')) {
			nest->depth--;
			at++;
			is_after_value = true;
			continue;
		}
		if (is_after_value) {
			if (*at != ',')
				return NULL;
			at = skip_space(at + 1);
		}
		return is_object ? pass_name(at, &name) : at;
	}
	return at;
}

bool
libgil_scan_skip(struct libgil_scan *scan)
{
	const char *at = skip_space(scan->at);
	struct nest nest;

	nest.depth = 0;
	do {
		bool is_entered = *at == '{' || *at == '[';

		if (is_entered) {
			if (nest.depth == LIBGIL_SCAN_DEPTH)
				return false;
			nest.is_object[nest.depth++] = *at++ == '{';
		} else if ((at = pass_scalar(at)) == NULL) {
			return false;
		}
		at = pass_on(at, &nest, !is_entered);
		if (at == NULL)
			return false;
		if (nest.depth > 0)
			at = skip_space(at);
	} while (nest.depth > 0);
	scan->at = at;
	return true;
}

bool
libgil_scan_enter(struct libgil_scan *scan, char bracket)
{
	const char *at = skip_space(scan->at);

	if (*at != bracket)
		return false;
	scan->at = at + 1;
	scan->is_inside = false;
	return true;
}

/* To where the next value or name is. */
static enum libgil_step
step(struct libgil_scan *scan, char end)
{
	const char *at = skip_space(scan->at);

	if (*at == end) {
		scan->at = at + 1;
		scan->is_inside = true; /* of the one around it */
		return LIBGIL_END;
	}
	if (scan->is_inside) {
		if (*at != ',')
			return LIBGIL_BAD;
		at = skip_space(at + 1);
	}
	scan->at = at;
	scan->is_inside = true;
	return LIBGIL_MORE;
}

enum libgil_step
libgil_scan_member(struct libgil_scan *scan, struct libgil_text *name)
{
	enum libgil_step way = step(scan, '}');
	const char *at;

	if (way != LIBGIL_MORE)
		return way;
	at = pass_name(scan->at, name);
	if (at == NULL)
		return LIBGIL_BAD;
	scan->at = at;
	return LIBGIL_MORE;
}

enum libgil_step
libgil_scan_element(struct libgil_scan *scan)
{
	return step(scan, ']');
}

bool
libgil_scan_integer(struct libgil_scan *scan, int64_t *value)
{
	const char *from = skip_space(scan->at);
	bool is_negative = *from == '-', is_integer;
	const char *end;
	int64_t number = 0;

	if (!is_negative && !is_digit(*from))
		return libgil_scan_skip(scan);
	end = pass_number(from, &is_integer);
	if (end == NULL)
		return false;
	scan->at = end;
	/* 18 digits always fit; gild's integers have 16 at the most. */
	if (!is_integer || end - from > 18 + is_negative)
		return true;
	for (from += is_negative; from < end; from++)
		number = number * 10 + (*from - '0');
	*value = is_negative ? -number : number;
	return true;
}

bool
libgil_scan_count(struct libgil_scan *scan, uint64_t *value)
{
	int64_t number = -1;

	if (!libgil_scan_integer(scan, &number))
		return false;
	if (number >= 0)
		*value = (uint64_t)number;
	return true;
}

bool
libgil_scan_boolean(struct libgil_scan *scan, bool *value)
{
	const char *from = skip_space(scan->at);

	if (!libgil_scan_skip(scan))
		return false;
	if (*from == 't' || *from == 'f')
		*value = *from == 't';
	return true;
}

bool
libgil_scan_text(struct libgil_scan *scan, struct libgil_text *text)
{
	const char *at = skip_space(scan->at);

	*text = (struct libgil_text){0};
	if (*at != '"')
		return libgil_scan_skip(scan);
	at = pass_string(at, text);
	if (at == NULL)
		return false;
	scan->at = at;
	return true;
}

bool
libgil_scan_is_over(struct libgil_scan *scan)
{
	scan->at = skip_space(scan->at);
	return *scan->at == '\0';
}

static char *
put_utf8(unsigned point, char *to)
{
	if (point < 0x80) {
		*to++ = (char)point;
		return to;
	}
	if (point < 0x800) {
		*to++ = (char)(0xc0 | point >> 6);
	} else {
		if (point < 0x10000) {
			*to++ = (char)(0xe0 | point >> 12);
		} else {
			*to++ = (char)(0xf0 | point >> 18);
			*to++ = (char)(0x80 | (point >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (point >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (point & 0x3f));
	return to;
}

/* At the u of an escape; the byte behind it, or behind both of a pair. */
static const char *
copy_unit(const char *at, char **to)
{
	unsigned high = (unsigned)read_unit(at + 1);
	unsigned point = high;

	at += 5;
	if (high >= 0xd800 && high < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
		unsigned low = (unsigned)read_unit(at + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			point =
			    0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
			at += 6;
		}
	}
	if (point == 0 || (point >= 0xd800 && point < 0xe000))
		point = '?';
	*to = put_utf8(point, *to);
	return at;
}

char *
libgil_text_copy(const struct libgil_text *text, char *to)
{
	static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
	const char *at = text->bytes;
	const char *end = at + text->length;

	if (!text->is_escaped) {
		memcpy(to, at, text->length);
		to[text->length] = '\0';
		return to + text->length + 1;
	}
	while (at < end) {
		const char *letter;

		if (*at != '\\') {
			*to++ = *at++;
		} else if (*++at == 'u') {
			at = copy_unit(at, &to);
		} else {
			letter = strchr(from, *at);
			*to++ = letter != NULL ? into[letter - from] : *at;
			at++;
		}
	}
	*to = '\0';
	return to + 1;
}

bool
libgil_text_is(const struct libgil_text *text, const char *word)
{
	char room[128];

	if (text->bytes == NULL)
		return false;
	if (!text->is_escaped)
		return strlen(word) == text->length &&
		    memcmp(text->bytes, word, text->length) == 0;
	/* Nobody writes a word so, but everybody may. */
	if (text->length >= sizeof(room))
		return false;
	libgil_text_copy(text, room);
	return strcmp(room, word) == 0;
}
