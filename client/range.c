/*
 * One reader for lists of anything: what an item is and how to step from one
 * end of a range to the other is the notation's affair, of which there are two.
 *
 * Pure.
 */
#include "client/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/count.h"
#include "client/units.h"

#define ITEM_CHARS 47 /* of "a..b" */

/* How values are written, and what lies between two of them. */
struct notation {
	uint64_t min;
	uint64_t max;
	/* 0, or -1 with error saying what is wrong. */
	int (*read)(const struct notation *notation, const char *text,
	    uint64_t *value, char error[RANGE_ERROR_CHARS + 1]);
	uint64_t (*next)(uint64_t value); /* a greater one */
};

_Static_assert(RANGE_ERROR_CHARS >= COUNT_ERROR_CHARS, "an error fits");

static int
read_count(const struct notation *notation, const char *text, uint64_t *value,
    char error[RANGE_ERROR_CHARS + 1])
{
	return count_parse(text, notation->min, notation->max, value, error);
}

static uint64_t
next_count(uint64_t value)
{
	return value + 1;
}

/*
 * The unit becomes a power of ten behind the number, so that 0.5ms is read as
 * exactly as 0.5e3 is.
 */
static int
read_duration_us(const struct notation *notation, const char *text,
    uint64_t *value, char error[RANGE_ERROR_CHARS + 1])
{
	static const struct {
		const char *unit;
		const char *power;
	} units[] = {{"us", "e0"}, {"ms", "e3"}, {"s", "e6"}};
	int digits = (int)strcspn(text, "ums");
	char number[ITEM_CHARS + 3];
	char ignored[COUNT_ERROR_CHARS + 1];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		snprintf(number, sizeof(number), "%.*s%s", digits, text,
		    units[i].power);
		if (count_parse(number, notation->min, notation->max, value,
			ignored) == 0)
			return 0;
	}
	snprintf(error, RANGE_ERROR_CHARS + 1,
	    "\"%s\" is no duration from %s to %s: write 50us, 5ms or 1s", text,
	    units_duration(notation->min * 1000).text,
	    units_duration(notation->max * 1000).text);
	return -1;
}

/* The next of 1, 2, 5, 10, 20, 50, ... */
static uint64_t
next_duration(uint64_t value)
{
	uint64_t power = 1;

	while (value / power >= 10)
		power *= 10;
	if (value / power < 2)
		return 2 * power;
	return (value / power < 5 ? 5 : 10) * power;
}

static int
add_value(struct range *range, uint64_t value, char error[])
{
	for (size_t i = 0; i < range->n; i++)
		if (range->values[i] == value)
			return 0;
	if (range->n == RANGE_MAX_VALUES) {
		snprintf(error, RANGE_ERROR_CHARS + 1,
		    "more than %d values: take fewer", RANGE_MAX_VALUES);
		return -1;
	}
	range->values[range->n++] = value;
	return 0;
}

/* "a" or "a..b" */
static int
add_item(const struct notation *notation, char *item, struct range *range,
    char error[RANGE_ERROR_CHARS + 1])
{
	char *dots = strstr(item, "..");
	uint64_t first, last;

	if (dots != NULL)
		*dots = '\0';
	if (notation->read(notation, item, &first, error) == -1)
		return -1;
	if (dots == NULL)
		return add_value(range, first, error);
	if (notation->read(notation, dots + 2, &last, error) == -1)
		return -1;
	if (last < first) {
		snprintf(error, RANGE_ERROR_CHARS + 1,
		    "\"%s..%s\" is empty: the smaller end goes first", item,
		    dots + 2);
		return -1;
	}
	for (uint64_t value = first; value < last;
	     value = notation->next(value))
		if (add_value(range, value, error) == -1)
			return -1;
	return add_value(range, last, error);
}

static int
compare_values(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static int
parse(const struct notation *notation, const char *text, struct range *range,
    char error[RANGE_ERROR_CHARS + 1])
{
	range->n = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		char item[ITEM_CHARS + 1];

		if (length == 0 || length >= sizeof(item)) {
			snprintf(error, RANGE_ERROR_CHARS + 1,
			    "\"%.40s\" is no list such as A,B or A..B", text);
			return -1;
		}
		memcpy(item, text, length);
		item[length] = '\0';
		if (add_item(notation, item, range, error) == -1)
			return -1;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	qsort(
	    range->values, range->n, sizeof(range->values[0]), compare_values);
	return 0;
}

int
range_parse_counts(const char *text, uint64_t min, uint64_t max,
    struct range *range, char error[RANGE_ERROR_CHARS + 1])
{
	struct notation notation = {min, max, read_count, next_count};

	return parse(&notation, text, range, error);
}

int
range_parse_durations_us(const char *text, uint64_t min_us, uint64_t max_us,
    struct range *range, char error[RANGE_ERROR_CHARS + 1])
{
	struct notation notation = {
	    min_us, max_us, read_duration_us, next_duration};

	return parse(&notation, text, range, error);
}
