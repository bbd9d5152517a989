/*
 * Three ways to write a time; the first character, or a '-' in fifth place,
 * tells which. Local time is mktime(3)'s; a date that it would have to correct,
 * such as 30 February, is none.
 */
#include "client/when.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_SECONDS UINT64_C(253402300799) /* the end of the year 9999 */

uint64_t
when_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Digits, up to `max`; moves *text behind them. */
static bool
read_number(const char **text, uint64_t max, uint64_t *number)
{
	const char *at = *text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		*number = *number * 10 + (uint64_t)(*at - '0');
		if (*number > max)
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

/* Exactly so many digits. */
static bool
read_digits(const char **text, int n, int *number)
{
	*number = 0;
	for (; n > 0; n--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool
read_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* "T10:00:00", or less of it. */
static bool
read_clock(const char *text, struct tm *tm)
{
	if (*text == '\0')
		return true;
	if (!read_char(&text, 'T') && !read_char(&text, ' '))
		return false;
	if (!read_digits(&text, 2, &tm->tm_hour) || !read_char(&text, ':') ||
	    !read_digits(&text, 2, &tm->tm_min))
		return false;
	if (*text != '\0' &&
	    (!read_char(&text, ':') || !read_digits(&text, 2, &tm->tm_sec)))
		return false;
	return *text == '\0' && tm->tm_hour < 24 && tm->tm_min < 60 &&
	    tm->tm_sec < 60;
}

static bool
read_date(const char *text, uint64_t *unix_ms)
{
	struct tm tm = {.tm_isdst = -1}, made;
	time_t seconds;

	if (!read_digits(&text, 4, &tm.tm_year) || !read_char(&text, '-') ||
	    !read_digits(&text, 2, &tm.tm_mon) || !read_char(&text, '-') ||
	    !read_digits(&text, 2, &tm.tm_mday) || !read_clock(text, &tm))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	made = tm;
	seconds = mktime(&made);
	if (seconds < 0 || made.tm_mon != tm.tm_mon ||
	    made.tm_mday != tm.tm_mday)
		return false;
	*unix_ms = (uint64_t)seconds * 1000;
	return true;
}

static bool
read_ago(const char *text, uint64_t now_ms, uint64_t *unix_ms)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t n;

	if (!read_number(&text, MAX_SECONDS, &n))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(text) == 1 && *text == units[i].letter) {
			uint64_t ago_ms = n * units[i].seconds * 1000;

			*unix_ms = ago_ms < now_ms ? now_ms - ago_ms : 0;
			return true;
		}
	}
	return false;
}

int
when_parse(const char *text, uint64_t now_ms, uint64_t *unix_ms,
    char error[WHEN_ERROR_CHARS + 1])
{
	const char *at = text;
	bool is_fine;

	if (read_char(&at, '@')) {
		is_fine = read_number(&at, MAX_SECONDS, unix_ms) && *at == '\0';
		*unix_ms *= 1000;
	} else if (strlen(text) > 4 && text[4] == '-') {
		is_fine = read_date(text, unix_ms);
	} else {
		is_fine = read_ago(text, now_ms, unix_ms);
	}
	if (is_fine)
		return 0;
	snprintf(error, WHEN_ERROR_CHARS + 1,
	    "\"%.40s\" is no time: write 90s, 10m, 2h, 3d or 1w (ago), "
	    "2026-11-27, 2026-11-27T10:00 or @SECONDS of Unix time",
	    text);
	return -1;
}
