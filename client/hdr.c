/*
 * Owns: the buckets of an hdr histogram and what can be told from them. Pure;
 * any thread, and one at a time that adds.
 *
 * Up to 2^(precision + 1) each value has a bucket of its own; from there on
 * each doubling is divided into 2^precision buckets of the same width. A
 * value's bucket is thus its highest precision + 1 bits, and how far they are
 * shifted.
 *
 * The figures are stored with relaxed atomic stores, which cost nothing more
 * than plain ones, so that a live display may read while one thread adds.
 */
#include "client/hdr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BITS 45 /* of HDR_MAX_NS */

static uint64_t
look(const uint64_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

static void
put(uint64_t *figure, uint64_t value)
{
	__atomic_store_n(figure, value, __ATOMIC_RELAXED);
}

size_t
hdr_bucket(enum hdr_precision precision, uint64_t value_ns)
{
	unsigned bits = precision;
	unsigned shift;

	if (value_ns > HDR_MAX_NS)
		value_ns = HDR_MAX_NS;
	if (value_ns >> (bits + 1) == 0)
		return (size_t)value_ns;
	shift = 63 - (unsigned)__builtin_clzll(value_ns) - bits;
	return ((size_t)shift << bits) + (size_t)(value_ns >> shift);
}

uint64_t
hdr_lowest_ns(enum hdr_precision precision, size_t bucket)
{
	unsigned bits = precision;
	size_t shift = bucket >> bits;

	if (shift < 2)
		return bucket;
	shift--;
	return (uint64_t)(bucket - (shift << bits)) << shift;
}

uint64_t
hdr_highest_ns(enum hdr_precision precision, size_t bucket)
{
	return hdr_lowest_ns(precision, bucket + 1) - 1;
}

int
hdr_init(struct hdr *hdr, enum hdr_precision precision)
{
	*hdr = (struct hdr){
	    .precision = precision,
	    .n_buckets = hdr_bucket(precision, HDR_MAX_NS) + 1,
	};
	hdr->counts = calloc(hdr->n_buckets, sizeof(hdr->counts[0]));
	return hdr->counts != NULL ? 0 : -1;
}

void
hdr_free(struct hdr *hdr)
{
	free(hdr->counts);
	*hdr = (struct hdr){0};
}

void
hdr_clear(struct hdr *hdr)
{
	memset(hdr->counts, 0, hdr->n_buckets * sizeof(hdr->counts[0]));
	hdr->count = 0;
	hdr->min_ns = 0;
	hdr->max_ns = 0;
	hdr->sum_ns = 0;
}

void
hdr_add(struct hdr *hdr, uint64_t value_ns)
{
	hdr_add_many(hdr, value_ns, 1);
}

void
hdr_add_many(struct hdr *hdr, uint64_t value_ns, uint64_t times)
{
	uint64_t *at = &hdr->counts[hdr_bucket(hdr->precision, value_ns)];

	if (times == 0)
		return;
	if (value_ns > HDR_MAX_NS)
		value_ns = HDR_MAX_NS;
	if (hdr->count == 0 || value_ns < hdr->min_ns)
		put(&hdr->min_ns, value_ns);
	if (value_ns > hdr->max_ns)
		put(&hdr->max_ns, value_ns);
	put(&hdr->sum_ns, hdr->sum_ns + value_ns * times);
	put(at, *at + times);
	put(&hdr->count, hdr->count + times);
}

void
hdr_merge(struct hdr *sum, const struct hdr *add)
{
	uint64_t count = look(&add->count);
	uint64_t min_ns = look(&add->min_ns), max_ns = look(&add->max_ns);

	if (count == 0)
		return;
	for (size_t i = hdr_bucket(add->precision, min_ns);
	     i <= hdr_bucket(add->precision, max_ns); i++)
		sum->counts[i] += look(&add->counts[i]);
	if (sum->count == 0 || min_ns < sum->min_ns)
		sum->min_ns = min_ns;
	if (max_ns > sum->max_ns)
		sum->max_ns = max_ns;
	sum->count += count;
	sum->sum_ns += look(&add->sum_ns);
}

/* Where the value with this rank (from 1) is, or the last that there is. */
static size_t
find_rank(const struct hdr *hdr, uint64_t rank)
{
	size_t last = hdr_bucket(hdr->precision, hdr->max_ns);
	size_t i = hdr_bucket(hdr->precision, hdr->min_ns);
	uint64_t seen = hdr->counts[i];

	while (seen < rank && i < last)
		seen += hdr->counts[++i];
	return i;
}

static uint64_t
middle_ns(const struct hdr *hdr, size_t bucket)
{
	uint64_t low_ns = hdr_lowest_ns(hdr->precision, bucket);
	uint64_t high_ns = hdr_highest_ns(hdr->precision, bucket);

	return low_ns + (high_ns - low_ns) / 2;
}

uint64_t
hdr_quantile(const struct hdr *hdr, double fraction)
{
	/* 0.07 * 100 is 7.000000000000001, and not to be the 8th. */
	double wanted = ceil(nextafter(fraction, 0) * (double)hdr->count);
	uint64_t value_ns;

	if (hdr->count == 0 || wanted < 1)
		return hdr->min_ns;
	if (wanted >= (double)hdr->count)
		return hdr->max_ns;
	value_ns = middle_ns(hdr, find_rank(hdr, (uint64_t)wanted));
	if (value_ns < hdr->min_ns)
		return hdr->min_ns;
	return value_ns < hdr->max_ns ? value_ns : hdr->max_ns;
}

bool
hdr_has_quantile(const struct hdr *hdr, double fraction)
{
	/* 1000 * (1 - 0.999) is 1 but for a rounding error. */
	return hdr->count > 0 &&
	    (fraction >= 1 || (double)hdr->count * (1 - fraction) > 1 - 1e-9);
}

uint64_t
hdr_count_above(const struct hdr *hdr, uint64_t value_ns)
{
	uint64_t above = 0;

	for (size_t i = hdr_bucket(hdr->precision, value_ns) + 1;
	     i < hdr->n_buckets; i++)
		above += hdr->counts[i];
	return above;
}

double
hdr_mean(const struct hdr *hdr)
{
	return hdr->count > 0 ? (double)hdr->sum_ns / (double)hdr->count : 0;
}

double
hdr_deviation(const struct hdr *hdr)
{
	double mean = hdr_mean(hdr), squares = 0;

	if (hdr->count == 0)
		return 0;
	for (size_t i = 0; i < hdr->n_buckets; i++)
		if (hdr->counts[i] > 0) {
			double off = (double)middle_ns(hdr, i) - mean;

			squares += off * off * (double)hdr->counts[i];
		}
	return sqrt(squares / (double)hdr->count);
}
