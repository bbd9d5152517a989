/*
 * Figures for people. Each function returns its text by value, so that it can
 * stand in a printf's arguments: printf("%s\n", units_duration(ns).text).
 * Plain ASCII: "us" for microseconds.
 */
#ifndef GILD_CLIENT_UNITS_H
#define GILD_CLIENT_UNITS_H

#include <stdint.h>

struct units_text {
	char text[32];
};

/* 1.012 s, 31.2 ms, 120 us, 45 ns: four digits of seconds, three of less. */
struct units_text units_duration(uint64_t ns);

/*
 * The same in the unit, and with the decimals, that it would choose for
 * `like_ns`: for a column of durations that are to be compared.
 */
struct units_text units_duration_like(uint64_t ns, uint64_t like_ns);

/* A parameter in whole microseconds, as short as can be: 50 us, 5 ms, 2 s */
struct units_text units_parameter_us(uint64_t us);

/*
 * min .. max: "1.008 .. 1.019", both like `like_ns`, and without naming the
 * unit.
 */
struct units_text units_range(
    uint64_t min_ns, uint64_t max_ns, uint64_t like_ns);

/* A long time in its two largest units: 3 d 4 h, 2 h 5 min, 12 min 4 s, 31 s */
struct units_text units_uptime(uint64_t ns);

/* How old something is, in its largest unit: 3 d, 5 h, 12 min, 31 s */
struct units_text units_age(uint64_t ns);

/* 50,000,000 */
struct units_text units_count(uint64_t n);

/* The same as short as can be: 50M, 20k, 1,234; or its first digits: 66.4M */
struct units_text units_amount(uint64_t n);

/* How often n times in ns come in a second, rounded: 199 */
struct units_text units_rate(uint64_t n, uint64_t ns);

/* Three digits and the letters of count.h: 66.4M, 8.13k, 190, 0.42 */
struct units_text units_quantity(double value);

/* 5.2 GiB, 64 KiB, 512 bytes */
struct units_text units_bytes(uint64_t bytes);

/* 1.97x */
struct units_text units_ratio(double ratio);

/* A fraction: 0.006 is 0.6 %, 0.5 is 50 % */
struct units_text units_percent(double fraction);

/* "two" .. "twelve"; other numbers in digits */
struct units_text units_number_word(uint64_t n);

#endif
