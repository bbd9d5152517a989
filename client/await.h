/*
 * Waiting for one job, from its submission to its result, over a lifeline. A
 * job with a key survives the connection, and is asked for again over the next.
 */
#ifndef GILD_CLIENT_AWAIT_H
#define GILD_CLIENT_AWAIT_H

#include <jansson.h>
#include <stdbool.h>

#include "client/command.h"
#include "client/lifeline.h"
#include "client/talk.h"
#include "proto/request.h"

/*
 * On OUTCOME_FINE *json is its result, the caller's reference, however the job
 * ended; everything else has been said. When interrupted: a job with a key that
 * was made up here (is_key_ours) is cancelled; one whose key the user knows goes
 * on, and he is told so; one without a key is cancelled when the lifeline is
 * closed.
 */
enum outcome await_job(struct lifeline *line, const struct job_request *request,
    bool is_key_ours, const struct talk_watcher *watcher, json_t **json)
    __attribute__((warn_unused_result));

#endif
