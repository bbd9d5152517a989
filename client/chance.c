/*
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, OOPSLA 2014) and the shuffle of Fisher and Yates. The C library's
 * rand() would give another order on another machine.
 *
 * Pure.
 */
#include "client/chance.h"

void
chance_init(struct chance *chance, uint64_t seed)
{
	chance->state = seed;
}

static uint64_t
next_bits(struct chance *chance)
{
	uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* One of 0 .. n - 1. What would favour the small ones is drawn again. */
uint64_t
chance_below(struct chance *chance, uint64_t n)
{
	uint64_t biased = -n % n; /* 2^64 modulo n */
	uint64_t bits;

	do
		bits = next_bits(chance);
	while (bits < biased);
	return bits % n;
}

double
chance_real(struct chance *chance)
{
	return (double)((next_bits(chance) >> 11) + 1) * 0x1p-53;
}

void
chance_shuffle(struct chance *chance, unsigned items[], size_t n)
{
	for (; n > 1; n--) {
		size_t chosen = chance_below(chance, n);
		unsigned last = items[n - 1];

		items[n - 1] = items[chosen];
		items[chosen] = last;
	}
}
