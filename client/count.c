/*
 * A number is read as digits and a power of ten: "1.50M" is the digits 15 and
 * the power 5. Zeros that end a decimal part wait until a digit follows them,
 * so they never make the digits overflow. Only at the end is the power applied,
 * by multiplication that is checked, or by division that must leave no rest.
 *
 * Pure: no locale, no errno, no floating point.
 */
#include "client/count.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT_RIGHT "write 50000000, 50_000_000, 50M or 5e7"
#define COUNT_MAX_POWER 1000 /* beyond any number that could fit */

struct number {
	uint64_t digits;
	int power;	 /* of ten */
	bool is_too_big; /* the digits alone do not fit */
};

static int fail(char error[COUNT_ERROR_CHARS + 1], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(char error[COUNT_ERROR_CHARS + 1], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, COUNT_ERROR_CHARS + 1, format, args);
	va_end(args);
	return -1;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* digits = digits x 10 + digit */
static void
number_push(struct number *number, unsigned digit)
{
	if (__builtin_mul_overflow(number->digits, 10, &number->digits) ||
	    __builtin_add_overflow(number->digits, digit, &number->digits))
		number->is_too_big = true;
}

/* Commas stand between groups of three, or not at all. */
static bool
commas_are_right(const char *start, const char *end)
{
	const char *comma = memchr(start, ',', (size_t)(end - start));

	if (comma == NULL)
		return true;
	if (comma - start > 3 || memchr(start, '_', (size_t)(end - start)))
		return false;
	for (; comma < end; comma += 4)
		if (*comma != ',' || end - comma < 4 ||
		    memchr(comma + 1, ',', 3))
			return false;
	return true;
}

/* The whole part: digits, each separator between two of them. */
static const char *
read_whole(const char *at, struct number *number)
{
	const char *start = at;

	for (; is_digit(*at) || *at == '_' || *at == ','; at++) {
		if (is_digit(*at))
			number_push(number, (unsigned)(*at - '0'));
		else if (at == start || !is_digit(at[1]))
			return NULL;
	}
	return at > start && commas_are_right(start, at) ? at : NULL;
}

static const char *
read_decimals(const char *at, struct number *number)
{
	int zeros = 0;

	if (!is_digit(*at))
		return NULL;
	for (; is_digit(*at); at++) {
		if (*at == '0') {
			zeros++;
			continue;
		}
		for (; zeros > 0; zeros--) {
			number_push(number, 0);
			number->power--;
		}
		number_push(number, (unsigned)(*at - '0'));
		number->power--;
	}
	return at;
}

static const char *
read_power(const char *at, struct number *number)
{
	int power = 0;

	switch (*at) {
	case 'k':
	case 'K':
		power = 3;
		break;
	case 'M':
		power = 6;
		break;
	case 'G':
		power = 9;
		break;
	case 'e':
	case 'E':
		at += at[1] == '+' ? 2 : 1;
		if (!is_digit(*at))
			return NULL;
		for (; is_digit(at[0]) && is_digit(at[1]); at++)
			if (power < COUNT_MAX_POWER)
				power = power * 10 + (*at - '0');
		if (power < COUNT_MAX_POWER)
			power = power * 10 + (*at - '0');
		break;
	default:
		return at;
	}
	number->power += power;
	return at + 1;
}

static int
number_value(struct number number, uint64_t *value)
{
	if (number.is_too_big)
		return -1;
	for (; number.power > 0 && number.digits > 0; number.power--)
		if (__builtin_mul_overflow(number.digits, 10, &number.digits))
			return -1;
	*value = number.digits;
	return 0;
}

int
count_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value,
    char error[COUNT_ERROR_CHARS + 1])
{
	struct number number = {0};
	const char *at;
	uint64_t found;

	at = read_whole(text, &number);
	if (at != NULL && *at == '.')
		at = read_decimals(at + 1, &number);
	if (at != NULL)
		at = read_power(at, &number);
	if (at == NULL || *at != '\0')
		return fail(
		    error, "\"%.40s\" is not a number: " COUNT_RIGHT, text);
	/* What number_push() kept ends in no decimal zero. */
	if (number.power < 0 && !number.is_too_big && number.digits > 0)
		return fail(error, "\"%.40s\" is not a whole number", text);
	if (number_value(number, &found) == -1 || found > max)
		return fail(error, "\"%.40s\" is too large: at most %" PRIu64,
		    text, max);
	if (found < min)
		return fail(error, "\"%.40s\" is too small: at least %" PRIu64,
		    text, min);
	*value = found;
	return 0;
}
