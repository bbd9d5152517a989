/*
 * A histogram of durations after the idea of Gil Tene's HdrHistogram
 * (http://hdrhistogram.org): values are counted in buckets whose width grows
 * with the value, so that every value from 1 ns to half a day is known to the
 * same relative precision in a fixed amount of memory. Histograms of the same
 * precision add up, and percentiles come from the sum. Of all values the
 * count, the least, the greatest and the sum are exact.
 *
 * One thread adds. Another may look at the same time: it sees each figure as it
 * was at some moment, but not all of them at the same one.
 */
#ifndef GILD_CLIENT_HDR_H
#define GILD_CLIENT_HDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values beyond it are counted as this one: some 9 h 46 min. */
#define HDR_MAX_NS ((UINT64_C(1) << 45) - 1)

/*
 * Buckets to a doubling, as a power of two. A percentile is off by half a
 * bucket at the most: 0.05 % and 0.8 %.
 */
enum hdr_precision {
	HDR_FINE = 10,	/* three significant digits, in 296 kB */
	HDR_COARSE = 6, /* for many of them: 21 kB */
};

struct hdr {
	enum hdr_precision precision;
	size_t n_buckets;
	uint64_t *counts; /* owned, n_buckets of them */
	uint64_t count;
	uint64_t min_ns; /* these two: 0 while count is */
	uint64_t max_ns;
	uint64_t sum_ns;
};

/* 0, or -1 when memory ran out; hdr_free() is due either way. */
int hdr_init(struct hdr *hdr, enum hdr_precision precision)
    __attribute__((warn_unused_result));
/* Frees what the struct owns; one that is all zeros owns nothing. */
void hdr_free(struct hdr *hdr);
void hdr_clear(struct hdr *hdr);

void hdr_add(struct hdr *hdr, uint64_t value_ns);
void hdr_add_many(struct hdr *hdr, uint64_t value_ns, uint64_t times);
/* Adds all that `add` has counted; both have the same precision. */
void hdr_merge(struct hdr *sum, const struct hdr *add);

/* The bucket that a value is counted in; those of a bucket, both inclusive. */
size_t hdr_bucket(enum hdr_precision precision, uint64_t value_ns);
uint64_t hdr_lowest_ns(enum hdr_precision precision, size_t bucket);
uint64_t hdr_highest_ns(enum hdr_precision precision, size_t bucket);

/*
 * The value that a fraction (0 to 1) of all values does not exceed: the middle
 * of its bucket, within the least and the greatest value. 0 is the least and
 * 1 the greatest, exactly. 0 for an empty histogram.
 */
uint64_t hdr_quantile(const struct hdr *hdr, double fraction);
/* Whether there are so many that one at least is beyond it: 1000 for p99.9. */
bool hdr_has_quantile(const struct hdr *hdr, double fraction);
/* How many values are above this one, to a bucket. */
uint64_t hdr_count_above(const struct hdr *hdr, uint64_t value_ns);
double hdr_mean(const struct hdr *hdr);
/* Standard deviation, from the middles of the buckets. */
double hdr_deviation(const struct hdr *hdr);

#endif
