/* Latencies by buckets: a number's leading 11 bits say which. */
#include "tests/bench/peers/latency.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>

static unsigned
shift_of(uint64_t ns)
{
	return ns < 2 * LATENCY_PARTS ? 0
				      : 64 - 11 - (unsigned)__builtin_clzll(ns);
}

void
latency_add(struct latency *latency, uint64_t ns)
{
	unsigned shift = shift_of(ns);

	latency->counts[shift * LATENCY_PARTS + (ns >> shift)]++;
	latency->n++;
}

/* The middle of a bucket, in ns. */
static double
middle(size_t bucket)
{
	size_t shift =
	    bucket < 2 * LATENCY_PARTS ? 0 : bucket / LATENCY_PARTS - 1;
	uint64_t least = (uint64_t)(bucket - shift * LATENCY_PARTS) << shift;

	return (double)least + (double)((UINT64_C(1) << shift) - 1) / 2;
}

double
latency_quantile_us(const struct latency *latency, double share)
{
	uint64_t rank = (uint64_t)(share * (double)(latency->n - 1));
	uint64_t below = 0;
	size_t bucket = 0;

	while (bucket < LATENCY_BUCKETS - 1 &&
	    below + latency->counts[bucket] <= rank)
		below += latency->counts[bucket++];
	return middle(bucket) / 1e3;
}

static double
cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static const struct {
	const char *name;
	double share;
} shares[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

void
latency_print(const struct latency *latency, double seconds, double elapsed_s)
{
	printf("{\"jobs\":%" PRIu64 ",\"jobs_per_s\":%.1f", latency->n,
	    (double)latency->n / seconds);
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		printf(",\"%s_us\":%.2f", shares[i].name,
		    latency_quantile_us(latency, shares[i].share));
	printf(",\"client_cpu\":%.3f}\n", cpu_seconds() / elapsed_s);
}
