/* Pure. */
#include "client/parts.h"

void
parts_add(uint64_t sum_ns[], const uint64_t add_ns[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum_ns[i] += add_ns[i];
}

uint64_t
parts_total(const uint64_t ns[], size_t n)
{
	uint64_t total_ns = 0;

	for (size_t i = 0; i < n; i++)
		total_ns += ns[i];
	return total_ns;
}

double
parts_share(const uint64_t ns[], size_t n, size_t i)
{
	uint64_t total_ns = parts_total(ns, n);

	return total_ns > 0 ? (double)ns[i] / (double)total_ns : 0;
}
