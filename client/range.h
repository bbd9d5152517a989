/*
 * Lists and ranges as people write them on a command line: "1..8", "1,2,4",
 * "1..4,8", "50us..100ms", "1ms,5ms". What comes of them is in ascending
 * order, each value once.
 */
#ifndef GILD_CLIENT_RANGE_H
#define GILD_CLIENT_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define RANGE_MAX_VALUES 64
#define RANGE_ERROR_CHARS 159

struct range {
	size_t n; /* at least 1 */
	uint64_t values[RANGE_MAX_VALUES];
};

/*
 * Counts, as count.h reads them, from min to max; "a..b" is each whole number
 * from a to b. 0, or -1 with error saying what is wrong.
 */
int range_parse_counts(const char *text, uint64_t min, uint64_t max,
    struct range *range, char error[RANGE_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

/*
 * Durations with a unit (us, ms or s), in whole microseconds, from min_us to
 * max_us; "a..b" is both ends and what lies between them of 1, 2, 5, 10, 20,
 * 50 and so on: even steps on a logarithmic scale.
 */
int range_parse_durations_us(const char *text, uint64_t min_us, uint64_t max_us,
    struct range *range, char error[RANGE_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

#endif
