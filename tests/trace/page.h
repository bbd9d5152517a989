/*
 * What the checker reads on the wire: pages of lock.events, and results of
 * jobs, as the server answers them.
 */
#ifndef GILD_TESTS_TRACE_PAGE_H
#define GILD_TESTS_TRACE_PAGE_H

#include <jansson.h>

#include "proto/rpcerror.h"
#include "tests/trace/check.h"

/*
 * Gives the events of a page, the result of lock.events, to the checker: how
 * many there were, or -1 with *error.
 */
int page_check(struct check *check, const json_t *page, struct rpc_error *error)
    __attribute__((warn_unused_result));

/* The same for a job's result: 0, or -1 with *error. */
int page_check_result(struct check *check, const json_t *result,
    struct rpc_error *error) __attribute__((warn_unused_result));

#endif
