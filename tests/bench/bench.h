/* What benchmarks have in common: the loop to be measured by, and quantiles. */
#ifndef GILD_TESTS_BENCH_BENCH_H
#define GILD_TESTS_BENCH_BENCH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * The countdown as one would write it by hand, with a check on each turn.
 * Returns the turns left.
 */
static __attribute__((noinline, aligned(64), unused)) uint64_t
loop_checked(uint64_t turns, const _Atomic uint32_t *word)
{
	while (turns > 0) {
		if (atomic_load_explicit(word, memory_order_relaxed) != 0)
			break;
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
	return turns;
}

static inline int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double
quantile(double *values, size_t n, double q)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return values[(size_t)((double)(n - 1) * q)];
}

static inline double
median(double *values, size_t n)
{
	return quantile(values, n, 0.5);
}

#endif
