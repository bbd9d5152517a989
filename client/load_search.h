/*
 * --find-max: short runs, each at another rate, until it is known how many jobs
 * a second the server can do and still be as expected.
 */
#ifndef GILD_CLIENT_LOAD_SEARCH_H
#define GILD_CLIENT_LOAD_SEARCH_H

#include "client/command.h"
#include "client/load_drive.h"
#include "client/load_report.h"
#include "client/load_script.h"

/* What was found. Not to be copied: the report borrows its script. */
struct load_search {
	struct load_script script; /* of the report */
	struct load_report report; /* of the best run, or of the last */
};

/*
 * Searches from the rate of the script's one phase. On OUTCOME_FINE and
 * OUTCOME_INTERRUPTED the report is filled in, with its steps. Everything
 * else has been said. load_search_free() is due either way.
 */
enum outcome load_search(const struct context *context,
    const struct load_script *script, const struct load_server *server,
    struct load_search *search) __attribute__((warn_unused_result));
void load_search_free(struct load_search *search);

#endif
