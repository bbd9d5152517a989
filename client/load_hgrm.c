/*
 * The percentiles are walked upwards together with the buckets, so that both
 * columns rise, and each value is looked at once. Halving what is left cannot
 * go on for ever: what is left is less than one value at some time.
 *
 * Pure but for the stream.
 */
#include "client/load_hgrm.h"

#include <inttypes.h>

#define TICKS_PER_HALF 5
#define NS_PER_MS 1e6

/* A place in the histogram: a bucket, and how many values are in or below. */
struct walk {
	const struct hdr *hdr;
	size_t bucket;
	uint64_t seen;
};

/* Goes on to the bucket where the fraction is reached. */
static void
walk_to(struct walk *walk, double fraction)
{
	const struct hdr *hdr = walk->hdr;
	double wanted = fraction * (double)hdr->count;

	while ((walk->seen == 0 || (double)walk->seen < wanted) &&
	    walk->seen < hdr->count && walk->bucket + 1 < hdr->n_buckets)
		walk->seen += hdr->counts[++walk->bucket];
}

static double
walk_value_ms(const struct walk *walk)
{
	uint64_t ns = hdr_highest_ns(walk->hdr->precision, walk->bucket);

	if (ns > walk->hdr->max_ns)
		ns = walk->hdr->max_ns;
	return (double)ns / NS_PER_MS;
}

static void
write_lines(const struct hdr *hdr, FILE *out)
{
	struct walk walk = {.hdr = hdr};
	double left = 1; /* from the last halving on */

	walk.seen = hdr->counts[0];
	walk_to(&walk, 0);
	for (unsigned tick = 0; walk.seen < hdr->count; tick++) {
		double fraction;

		if (tick > 0 && tick % TICKS_PER_HALF == 0)
			left /= 2;
		fraction = 1 - left +
		    left / 2 * (tick % TICKS_PER_HALF) / TICKS_PER_HALF;
		walk_to(&walk, fraction);
		fprintf(out, "%12.6f %.12f %10" PRIu64 " %14.2f\n",
		    walk_value_ms(&walk), fraction, walk.seen,
		    1 / (1 - fraction));
	}
	fprintf(out, "%12.6f %.12f %10" PRIu64 "\n",
	    (double)hdr->max_ns / NS_PER_MS, 1.0, hdr->count);
}

void
load_hgrm_write(const struct hdr *hdr, FILE *out)
{
	unsigned sub_buckets = 1U << hdr->precision;

	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
	    "TotalCount", "1/(1-Percentile)");
	write_lines(hdr, out);
	fprintf(out, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n",
	    hdr_mean(hdr) / NS_PER_MS, hdr_deviation(hdr) / NS_PER_MS);
	fprintf(out, "#[Max     = %12.6f, Total count    = %12" PRIu64 "]\n",
	    (double)hdr->max_ns / NS_PER_MS, hdr->count);
	fprintf(out, "#[Buckets = %12zu, SubBuckets     = %12u]\n",
	    hdr->n_buckets / sub_buckets, sub_buckets);
}
