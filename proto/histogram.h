/*
 * A histogram of durations: how often each length came. Four buckets to the
 * doubling, so that a bucket is at most a quarter wider than its lower bound;
 * below 4 ns each nanosecond has its own. Adding costs a few instructions,
 * histograms of different threads add up, and quantiles come from the sum
 * (after the idea of G. Tene's HdrHistogram, with fixed memory).
 */
#ifndef GILD_PROTO_HISTOGRAM_H
#define GILD_PROTO_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* The last bucket begins at 7 << 37 ns, some 16 minutes, and has no end. */
#define HISTOGRAM_BUCKETS 156

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
};

/* The bucket of a value, and the least value of a bucket. */
size_t histogram_bucket(uint64_t value_ns);
uint64_t histogram_lower_bound(size_t bucket);

void histogram_add(struct histogram *histogram, uint64_t value_ns);
void histogram_merge(struct histogram *sum, const struct histogram *add);
uint64_t histogram_count(const struct histogram *histogram);

/*
 * The value that a fraction q (0 to 1) of all values does not exceed, to
 * within its bucket: the bucket's middle. 0 for an empty histogram.
 */
uint64_t histogram_quantile(const struct histogram *histogram, double q);

#endif
