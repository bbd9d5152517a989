/*
 * The load generator's histogram: how far its percentiles are from exact ones,
 * over ten million values of three distributions, and what adding one costs.
 */
#include <stdio.h>
#include <time.h>

#include "client/hdr.h"
#include "tests/unit/draws.h"

#define N_VALUES 10000000
#define SEED 4711

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nanoseconds to draw a value, and to count it if there is where. */
static double
cost_ns(struct hdr *hdr)
{
	double start_s = now_s();
	struct chance chance;
	uint64_t sum = 0;

	chance_init(&chance, SEED);
	for (size_t i = 0; i < N_VALUES; i++) {
		uint64_t value_ns = chance_below(&chance, 1 << 30);

		if (hdr != NULL)
			hdr_add(hdr, value_ns);
		sum += value_ns;
	}
	__asm__ volatile("" : : "r"(sum));
	return (now_s() - start_s) * 1e9 / N_VALUES;
}

int
main(void)
{
	struct hdr hdr;

	for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
		double worst = worst_error(i, N_VALUES, SEED);

		if (worst < 0)
			return 1;
		printf("%-10s  %d values, p0.1 to p99.999: the worst is %.4f "
		       "%% off\n",
		    draws[i].name, N_VALUES, worst * 100);
	}
	if (hdr_init(&hdr, HDR_FINE) == -1)
		return 1;
	printf("hdr_add()   %.1f ns\n", cost_ns(&hdr) - cost_ns(NULL));
	hdr_free(&hdr);
	return 0;
}
