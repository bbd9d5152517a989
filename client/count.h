/*
 * Counts as people write them: 50000000, 50_000_000, 50,000,000, 50M, 1.5G,
 * 5e7. The arithmetic is exact: 0.5 is refused, and so is what does not fit.
 */
#ifndef GILD_CLIENT_COUNT_H
#define GILD_CLIENT_COUNT_H

#include <stdint.h>

#define COUNT_ERROR_CHARS 159

/*
 * Reads a whole number from min to max. A number is digits, with single
 * underscores between them or with commas between groups of three; then maybe
 * a decimal part; then maybe a power of ten, as e7 or as one of the letters k,
 * M and G. 0, or -1 with error saying what is wrong and what would be right.
 */
int count_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value,
    char error[COUNT_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

#endif
