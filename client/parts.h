/*
 * A time that is divided into parts: what the several divisions have in common
 * (split.h, load_report.h). Pure.
 */
#ifndef GILD_CLIENT_PARTS_H
#define GILD_CLIENT_PARTS_H

#include <stddef.h>
#include <stdint.h>

/* Adds each of n parts to that of the sum. */
void parts_add(uint64_t sum_ns[], const uint64_t add_ns[], size_t n);

uint64_t parts_total(const uint64_t ns[], size_t n);

/* Part i's share of the whole, 0 to 1; 0 of nothing. */
double parts_share(const uint64_t ns[], size_t n, size_t i);

#endif
