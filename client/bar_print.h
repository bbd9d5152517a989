/*
 * Bars on a terminal, in colour where it has some, and the key to their parts:
 * only those that were to be seen in one of the bars are told of.
 */
#ifndef GILD_CLIENT_BAR_PRINT_H
#define GILD_CLIENT_BAR_PRINT_H

#include <stdbool.h>

#include "client/bar.h"
#include "client/term.h"

struct bar_key {
	const char *meanings[BAR_PARTS]; /* in this order; borrowed */
	bool is_seen[BAR_PARTS];	 /* of the bars printed so far */
};

/* Prints a bar of bar_parts(), without an end of line. */
void bar_print(
    const struct bar *bar, const struct term *term, struct bar_key *key);

/*
 * What the parts mean, `indent` columns from the left (at least 2), over as
 * many lines of `columns` as it takes.
 */
void bar_print_key(const struct bar_key *key, const struct term *term,
    unsigned indent, unsigned columns);

#endif
