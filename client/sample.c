/*
 * Order statistics rather than mean and deviation: the noise of a machine is
 * one-sided (things come between, nothing makes a countdown faster), and one
 * outlier among three rounds would move a mean.
 *
 * Pure.
 */
#include "client/sample.h"

#include <stdlib.h>

static int
compare_values(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

struct sample
sample_take(uint64_t values[], size_t n)
{
	uint64_t low, high;

	qsort(values, n, sizeof(values[0]), compare_values);
	low = values[(n - 1) / 2];
	high = values[n / 2];
	return (struct sample){
	    .median = low + (high - low) / 2,
	    .min = values[0],
	    .max = values[n - 1],
	};
}

double
sample_distance(uint64_t a, uint64_t b)
{
	double mean = ((double)a + (double)b) / 2;
	double apart = a > b ? (double)(a - b) : (double)(b - a);

	return mean > 0 ? apart / mean : 0;
}
