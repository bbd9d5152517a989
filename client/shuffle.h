/* Chance that can be repeated: the same seed gives the same order. */
#ifndef GILD_CLIENT_SHUFFLE_H
#define GILD_CLIENT_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

struct shuffle {
	uint64_t state;
};

void shuffle_init(struct shuffle *shuffle, uint64_t seed);

/* Puts n items into an order, each one of the n! equally likely. */
void shuffle_order(struct shuffle *shuffle, unsigned items[], size_t n);

#endif
