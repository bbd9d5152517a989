/*
 * Owns: the buckets' bounds. Pure; any process and thread.
 *
 * A value's bucket is its highest bit and the two bits below that one: its
 * floating-point number with a mantissa of two bits.
 */
#include "proto/histogram.h"

#define FRACTION_BITS 2
#define PER_DOUBLING (UINT64_C(1) << FRACTION_BITS)

size_t
histogram_bucket(uint64_t value_ns)
{
	unsigned exponent;
	size_t bucket;

	if (value_ns < PER_DOUBLING)
		return (size_t)value_ns;
	exponent = 63 - (unsigned)__builtin_clzll(value_ns);
	bucket = (exponent - FRACTION_BITS + 1) * PER_DOUBLING +
	    ((value_ns >> (exponent - FRACTION_BITS)) & (PER_DOUBLING - 1));
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

uint64_t
histogram_lower_bound(size_t bucket)
{
	uint64_t doublings = bucket / PER_DOUBLING;
	uint64_t fraction = bucket % PER_DOUBLING;

	if (doublings == 0)
		return fraction;
	return (PER_DOUBLING + fraction) << (doublings - 1);
}

void
histogram_add(struct histogram *histogram, uint64_t value_ns)
{
	histogram->counts[histogram_bucket(value_ns)]++;
}

void
histogram_merge(struct histogram *sum, const struct histogram *add)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->counts[i] += add->counts[i];
}

uint64_t
histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->counts[i];
	return count;
}

uint64_t
histogram_quantile(const struct histogram *histogram, double q)
{
	uint64_t count = histogram_count(histogram), seen = 0;
	double wanted = q * (double)count;
	size_t last = 0;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->counts[i] == 0)
			continue;
		last = i;
		seen += histogram->counts[i];
		if ((double)seen >= wanted)
			break;
	}
	return (histogram_lower_bound(last) + histogram_lower_bound(last + 1)) /
	    2;
}
