/*
 * Which of the server's jobs are meant: the options that list, history and
 * collect --all share, as params of job.list; and going through all that fit,
 * page by page.
 */
#ifndef GILD_CLIENT_FILTER_H
#define GILD_CLIENT_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/command.h"
#include "client/ledger.h"
#include "client/lifeline.h"

#define FILTER_PAGE 1000	 /* what job.list gives at the most */
#define FILTER_RETRY_FOR_MS 3000 /* a store that starts is there soon */

/* Texts are NULL where they were not given. */
struct filter {
	const char *state;
	const char *pool;
	const char *key; /* what a key begins with */
	const char *since;
	const char *until;
	bool is_newest_first;
	uint64_t limit; /* 0: all */
};

/* Rows of a table of options, for settings of this type that have a `filter`;
 * states says which states there are. */
#define FILTER_OPTIONS(type, states)                                           \
	{"state", 0, "STATE", OPTION_TEXT, offsetof(type, filter.state), 0, 0, \
	    states},                                                           \
	    {"pool", 'p', "POOL", OPTION_TEXT, offsetof(type, filter.pool), 0, \
		0, "of this pool"},                                            \
	    {"key", 0, "PREFIX", OPTION_TEXT, offsetof(type, filter.key), 0,   \
		0, "whose key begins so"},                                     \
	    {"since", 0, "WHEN", OPTION_TEXT, offsetof(type, filter.since), 0, \
		0, "accepted then or later"},                                  \
	{                                                                      \
		"until", 0, "WHEN", OPTION_TEXT, offsetof(type, filter.until), \
		    0, 0, "accepted then or earlier"                           \
	}

/* What WHEN may be: notes for --help. */
#define FILTER_NOTES                                                          \
	"WHEN is 90s, 10m, 2h, 3d or 1w (ago), 2026-11-27, 2026-11-27T10:00 " \
	"(local time),\nor @SECONDS of Unix time.\n"

/*
 * The params of job.list without limit and after; OUTCOME_USAGE, and said so,
 * where the filter is wrong. A state that is not given is `state` (or NULL).
 */
enum outcome filter_make_params(const struct context *context,
    const struct filter *filter, const char *state, json_t **params)
    __attribute__((warn_unused_result));

/*
 * Calls see for each record that fits, up to `limit` (0: all); it ends when see
 * says other than OUTCOME_FINE. params is stolen. *has_more: there are more
 * than the limit.
 */
enum outcome filter_each(struct lifeline *line, json_t *params, uint64_t limit,
    enum outcome (*see)(void *arg, const json_t *record), void *arg,
    bool *has_more) __attribute__((warn_unused_result));

/*
 * The same into a ledger; where results are wanted as JSON, each record is
 * printed as it comes instead.
 */
enum outcome filter_fetch(struct lifeline *line, json_t *params, uint64_t limit,
    struct ledger *ledger, bool *has_more) __attribute__((warn_unused_result));

#endif
