/* What a handful of measurements says: its median, least and greatest. */
#ifndef GILD_CLIENT_SAMPLE_H
#define GILD_CLIENT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct sample {
	uint64_t median; /* of an even number: between the middle two */
	uint64_t min;
	uint64_t max;
};

/* Of n values, at least one, which are sorted in place. */
struct sample sample_take(uint64_t values[], size_t n);

/*
 * How far apart two values are, as a fraction of the mean of both: 0 when they
 * are equal, and when both are 0.
 */
double sample_distance(uint64_t a, uint64_t b);

#endif
