/*
 * How long jobs took: any number of them in fixed memory, each kept to within a
 * 1024th. 1024 buckets to the doubling; below 2048 ns each nanosecond has its own.
 */
#ifndef GILD_TESTS_BENCH_PEERS_LATENCY_H
#define GILD_TESTS_BENCH_PEERS_LATENCY_H

#include <stdint.h>

#define LATENCY_PARTS 1024
#define LATENCY_BUCKETS (55 * LATENCY_PARTS) /* all 64 bits */

struct latency {
	uint64_t counts[LATENCY_BUCKETS];
	uint64_t n;
};

void latency_add(struct latency *latency, uint64_t ns);

/* What a share (0 to 1) of them does not exceed, in us. There are some. */
double latency_quantile_us(const struct latency *latency, double share);

/*
 * Prints a client's line of JSON: how many there were in so many seconds, and
 * what shares of them do not exceed; and what this process took of a CPU in the
 * elapsed seconds since its start.
 */
void latency_print(
    const struct latency *latency, double seconds, double elapsed_s);

#endif
