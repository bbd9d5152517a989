/* Chance that can be repeated: the same seed gives the same numbers. */
#ifndef GILD_CLIENT_CHANCE_H
#define GILD_CLIENT_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

void chance_init(struct chance *chance, uint64_t seed);

/* One of 0 .. n - 1, each equally likely; n > 0. */
uint64_t chance_below(struct chance *chance, uint64_t n);

/* Above 0 and up to 1, all of the 2^53 steps equally likely. */
double chance_real(struct chance *chance);

/* Puts n items into an order, each one of the n! equally likely. */
void chance_shuffle(struct chance *chance, unsigned items[], size_t n);

#endif
