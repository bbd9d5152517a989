/* Durations of three kinds, to try histograms with: in nanoseconds. */
#ifndef GILD_TESTS_UNIT_DRAWS_H
#define GILD_TESTS_UNIT_DRAWS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "client/chance.h"
#include "client/hdr.h"

static const double draw_fractions[] = {
    0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 0.99999};

/* 0 to 1 s */
static inline uint64_t
draw_uniform(struct chance *chance)
{
	return (uint64_t)(chance_real(chance) * 1e9);
}

/* A median of 100 us, and now and then a second: Box and Muller's normals. */
static inline uint64_t
draw_log_normal(struct chance *chance)
{
	double normal = sqrt(-2 * log(chance_real(chance))) *
	    cos(6.283185307179586 * chance_real(chance));

	return (uint64_t)(1e5 * exp(1.5 * normal));
}

/* At least 10 us, and a tail so heavy that it has no mean. */
static inline uint64_t
draw_pareto(struct chance *chance)
{
	double value = 1e4 / chance_real(chance);

	return value < (double)HDR_MAX_NS ? (uint64_t)value : HDR_MAX_NS;
}

static const struct {
	const char *name;
	uint64_t (*draw)(struct chance *chance);
} draws[] = {{"uniform", draw_uniform}, {"log-normal", draw_log_normal},
    {"pareto", draw_pareto}};

static inline int
compare_draws(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* The exact value that a fraction of n sorted ones does not exceed. */
static inline uint64_t
exact_quantile(const uint64_t sorted[], size_t n, double fraction)
{
	size_t rank = (size_t)ceil(nextafter(fraction, 0) * (double)n);

	return sorted[rank > 0 ? rank - 1 : 0];
}

/*
 * Draws n values, counts them, and returns how far the worst of the
 * percentiles is from the exact one, as a fraction of it; negative when memory
 * ran out.
 */
static inline double
worst_error(size_t which, size_t n, uint64_t seed)
{
	uint64_t *values = calloc(n, sizeof(values[0]));
	struct chance chance;
	struct hdr hdr;
	double worst = -1;

	if (hdr_init(&hdr, HDR_FINE) == -1 || values == NULL)
		goto out;
	chance_init(&chance, seed);
	for (size_t i = 0; i < n; i++) {
		values[i] = draws[which].draw(&chance);
		hdr_add(&hdr, values[i]);
	}
	qsort(values, n, sizeof(values[0]), compare_draws);
	worst = 0;
	for (size_t i = 0;
	     i < sizeof(draw_fractions) / sizeof(draw_fractions[0]); i++) {
		double exact =
		    (double)exact_quantile(values, n, draw_fractions[i]);
		double off =
		    fabs((double)hdr_quantile(&hdr, draw_fractions[i]) - exact);

		if (off / exact > worst)
			worst = off / exact;
	}
out:
	hdr_free(&hdr);
	free(values);
	return worst;
}

#endif
