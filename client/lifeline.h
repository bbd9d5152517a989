/*
 * A lifeline: a link that is tied again when it tears, because the server was
 * restarted under it, for as long as the caller's patience lasts. What was on
 * its way when it tore is the caller's to send again.
 */
#ifndef GILD_CLIENT_LIFELINE_H
#define GILD_CLIENT_LIFELINE_H

#include <stdint.h>

#include "client/command.h"
#include "client/patience.h"
#include "client/progress.h"

struct gil;

struct lifeline {
	const struct context *context;
	struct gil *gil; /* NULL before the first, and between two */
	struct patience patience;
	struct progress *progress; /* or NULL: cleared before words */
};

/* With no patience (0) a link that tears is the end. */
void lifeline_init(struct lifeline *line, const struct context *context,
    uint64_t retry_for_ms, struct progress *progress);

/* The first link, tried once; signals are caught from now on. */
enum outcome lifeline_open(struct lifeline *line)
    __attribute__((warn_unused_result));

/*
 * The link was lost: says so, and tries to have another. OUTCOME_NO_SERVER, and
 * said so, when none could be had in time.
 */
enum outcome lifeline_reopen(struct lifeline *line)
    __attribute__((warn_unused_result));

/* The server has answered: patience begins anew. */
void lifeline_prove(struct lifeline *line);

/* Hangs up. */
void lifeline_close(struct lifeline *line);

#endif
