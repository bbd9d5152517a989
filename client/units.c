/*
 * Durations are rounded in integers before the unit is chosen, so that
 * 999,999 ns is "1.00 ms" and never "1000 us".
 *
 * Pure: no locale. Commas and points are these everywhere.
 */
#include "client/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct scale {
	const char *name;
	uint64_t ns;
	unsigned digits; /* shown, when the unit is this one */
} scales[] = {
    {"ns", 1, 3},
    {"us", 1000, 3},
    {"ms", 1000000, 3},
    {"s", 1000000000, 4},
};
#define N_SCALES (sizeof(scales) / sizeof(scales[0]))

/* How a duration is written: a row of scales, and how many decimals. */
struct form {
	const struct scale *scale;
	unsigned decimals;
};

static uint64_t
power_of_ten(unsigned n)
{
	uint64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

static unsigned
count_digits(uint64_t n)
{
	unsigned digits = 1;

	for (; n >= 10; n /= 10)
		digits++;
	return digits;
}

/* ns as a multiple of the last decimal place that form shows. */
static uint64_t
places(uint64_t ns, struct form form)
{
	uint64_t place = form.scale->ns / power_of_ten(form.decimals);

	return ns / place + (ns % place >= place - place / 2);
}

static struct form
choose_form(uint64_t ns)
{
	struct form form = {&scales[0], 0};

	for (size_t i = 0; i < N_SCALES; i++) {
		const struct scale *scale = &scales[i];
		unsigned digits = count_digits(ns / scale->ns);

		form.scale = scale;
		form.decimals =
		    digits < scale->digits ? scale->digits - digits : 0;
		if (scale->ns == 1)
			form.decimals = 0;
		/* Rounded up to one digit more: one decimal less. */
		if (form.decimals > 0 &&
		    count_digits(places(ns, form)) > scale->digits)
			form.decimals--;
		if (i + 1 == N_SCALES ||
		    places(ns, form) < 1000 * power_of_ten(form.decimals))
			break;
	}
	return form;
}

static void
put_duration(char *text, size_t size, uint64_t ns, struct form form)
{
	uint64_t n = places(ns, form);
	uint64_t one = power_of_ten(form.decimals);

	if (form.decimals == 0)
		snprintf(text, size, "%" PRIu64, n);
	else
		snprintf(text, size, "%" PRIu64 ".%0*" PRIu64, n / one,
		    (int)form.decimals, n % one);
}

struct units_text
units_duration(uint64_t ns)
{
	return units_duration_like(ns, ns);
}

struct units_text
units_duration_like(uint64_t ns, uint64_t like_ns)
{
	struct units_text out;
	struct form form = choose_form(like_ns);
	size_t used;

	put_duration(out.text, sizeof(out.text), ns, form);
	used = strlen(out.text);
	snprintf(
	    out.text + used, sizeof(out.text) - used, " %s", form.scale->name);
	return out;
}

struct units_text
units_parameter_us(uint64_t us)
{
	struct units_text out;

	if (us >= 1000000 && us % 1000000 == 0)
		snprintf(
		    out.text, sizeof(out.text), "%" PRIu64 " s", us / 1000000);
	else if (us >= 1000 && us % 1000 == 0)
		snprintf(
		    out.text, sizeof(out.text), "%" PRIu64 " ms", us / 1000);
	else
		snprintf(out.text, sizeof(out.text), "%" PRIu64 " us", us);
	return out;
}

struct units_text
units_range(uint64_t min_ns, uint64_t max_ns, uint64_t like_ns)
{
	struct units_text out;
	struct form form = choose_form(like_ns);
	size_t used;

	put_duration(out.text, 14, min_ns, form);
	used = strlen(out.text);
	memcpy(out.text + used, " .. ", 4);
	used += 4;
	put_duration(out.text + used, sizeof(out.text) - used, max_ns, form);
	return out;
}

/* The units of long times, the largest first. */
static const struct span {
	const char *name;
	uint64_t seconds;
} spans[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
#define LAST_SPAN (&spans[sizeof(spans) / sizeof(spans[0]) - 1])

/* The largest of which there is at least one, if there is. */
static const struct span *
find_span(uint64_t seconds)
{
	const struct span *span = spans;

	while (span < LAST_SPAN && seconds < span->seconds)
		span++;
	return span;
}

struct units_text
units_uptime(uint64_t ns)
{
	struct units_text out = units_age(ns);
	uint64_t seconds = ns / 1000000000;
	const struct span *span = find_span(seconds);
	size_t used = strlen(out.text);

	if (span < LAST_SPAN)
		snprintf(out.text + used, sizeof(out.text) - used,
		    " %" PRIu64 " %s",
		    seconds % span->seconds / span[1].seconds, span[1].name);
	return out;
}

struct units_text
units_age(uint64_t ns)
{
	struct units_text out;
	uint64_t seconds = ns / 1000000000;
	const struct span *span = find_span(seconds);

	snprintf(out.text, sizeof(out.text), "%" PRIu64 " %s",
	    seconds / span->seconds, span->name);
	return out;
}

struct units_text
units_amount(uint64_t n)
{
	static const struct {
		char letter;
		uint64_t size;
	} units[] = {{'G', 1000000000}, {'M', 1000000}, {'k', 1000}};
	struct units_text out;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (n > 0 && n % units[i].size == 0 &&
		    n / units[i].size < 10000) {
			snprintf(out.text, sizeof(out.text), "%" PRIu64 "%c",
			    n / units[i].size, units[i].letter);
			return out;
		}
	}
	return n < 1000000 ? units_count(n) : units_quantity((double)n);
}

struct units_text
units_count(uint64_t n)
{
	struct units_text out = {""};
	char plain[24];
	size_t length;
	char *to = out.text;

	length = (size_t)snprintf(plain, sizeof(plain), "%" PRIu64, n);
	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = plain[i];
	}
	*to = '\0';
	return out;
}

struct units_text
units_rate(uint64_t n, uint64_t ns)
{
	double rate = ns > 0 ? (double)n * 1e9 / (double)ns : 0;

	/* Beyond this a uint64_t might not hold it, nor would anyone care. */
	return units_count(rate < 1e18 ? (uint64_t)(rate + 0.5)
				       : UINT64_C(1000000000000000000));
}

struct units_text
units_quantity(double value)
{
	static const char *const letters[] = {"", "k", "M", "G", "T"};
	struct units_text out;
	size_t i = 0;

	/* 999.5 and more would be written as 1000. */
	for (; value >= 999.5 && i < 4; i++)
		value /= 1000;
	snprintf(out.text, sizeof(out.text), "%.*f%s",
	    value < 9.995	? 2
		: value < 99.95 ? 1
				: 0,
	    value, letters[i]);
	return out;
}

struct units_text
units_bytes(uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	struct units_text out;
	double value = (double)bytes;
	size_t i;

	if (bytes < 1024) {
		snprintf(out.text, sizeof(out.text), "%" PRIu64 " byte%s",
		    bytes, bytes == 1 ? "" : "s");
		return out;
	}
	value /= 1024;
	/* 1023.5 and more would be written as 1024. */
	for (i = 0; value >= 1023.5 && i + 1 < sizeof(names) / sizeof(names[0]);
	     i++)
		value /= 1024;
	if (value < 9.95 && value != (double)(uint64_t)value)
		snprintf(
		    out.text, sizeof(out.text), "%.1f %s", value, names[i]);
	else
		snprintf(
		    out.text, sizeof(out.text), "%.0f %s", value, names[i]);
	return out;
}

struct units_text
units_ratio(double ratio)
{
	struct units_text out;

	snprintf(out.text, sizeof(out.text), "%.2fx", ratio);
	return out;
}

struct units_text
units_percent(double fraction)
{
	struct units_text out;
	double percent = fraction * 100;
	int decimals = percent < 9.95 && percent > -9.95 ? 1 : 0;

	snprintf(out.text, sizeof(out.text), "%.*f %%", decimals, percent);
	return out;
}

struct units_text
units_number_word(uint64_t n)
{
	static const char *const words[] = {"no", "one", "two", "three", "four",
	    "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"};
	struct units_text out;

	if (n < sizeof(words) / sizeof(words[0]))
		snprintf(out.text, sizeof(out.text), "%s", words[n]);
	else
		out = units_count(n);
	return out;
}
