/*
 * Owns: which rate is tried next. Rates are whole jobs a second, so that a
 * search between 1 and 2 ends, too. Pure.
 */
#include "client/load_bracket.h"

#include <math.h>

#include "client/load_script.h"

void
load_bracket_init(struct load_bracket *bracket, double rate)
{
	*bracket = (struct load_bracket){.rate = rate};
}

/* Whole jobs a second; the middle is that of the logarithms. */
static double
next_rate(const struct load_bracket *bracket)
{
	if (bracket->fails <= 0)
		return bracket->holds * 2;
	if (bracket->holds <= 0)
		return floor(bracket->fails / 2);
	return round(sqrt(bracket->holds * bracket->fails));
}

bool
load_bracket_tell(struct load_bracket *bracket, bool holds)
{
	if (holds)
		bracket->holds = bracket->rate;
	else
		bracket->fails = bracket->rate;
	bracket->n_steps++;
	bracket->rate = next_rate(bracket);
	if (bracket->n_steps == LOAD_MAX_STEPS || bracket->rate < 1 ||
	    bracket->rate > LOAD_MAX_RATE)
		return false;
	return bracket->fails <= 0 || bracket->holds <= 0 ||
	    (bracket->fails > bracket->holds * LOAD_CLOSE_ENOUGH &&
		bracket->rate > bracket->holds &&
		bracket->rate < bracket->fails);
}
