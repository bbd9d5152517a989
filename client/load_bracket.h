/*
 * The search for the highest rate that holds, as a sequence of rates to try: it
 * doubles until one does not hold (or halves until one does), and then takes
 * the middle of what it knows, until both ends are close. Pure.
 */
#ifndef GILD_CLIENT_LOAD_BRACKET_H
#define GILD_CLIENT_LOAD_BRACKET_H

#include <stdbool.h>
#include <stddef.h>

#define LOAD_MAX_STEPS 30
#define LOAD_CLOSE_ENOUGH 1.05 /* the ends' ratio */

struct load_bracket {
	double rate;  /* to be tried next */
	double holds; /* the highest that did; 0: none yet */
	double fails; /* the lowest that did not; 0: none yet */
	size_t n_steps;
};

/* Begins at this rate, which is at least 1. */
void load_bracket_init(struct load_bracket *bracket, double rate);

/* Whether the rate to be tried held; false when the search is over. */
bool load_bracket_tell(struct load_bracket *bracket, bool holds);

#endif
