/*
 * A job in company: it runs while another job counts beside it, from before its
 * start until after its end. The company would never end by itself;
 * what it has done by then is measured too.
 */
#ifndef GILD_CLIENT_COMPANY_H
#define GILD_CLIENT_COMPANY_H

#include "client/talk.h"

/*
 * Starts the company, then the job; when the job has ended, ends the company.
 * watcher, which may be NULL, sees the job alone. On OUTCOME_FINE, however the
 * job ended, both results are to be freed. When anything goes wrong jobs may
 * be left running: closing the link cancels them.
 */
enum outcome company_run(const struct context *context, struct gil *gil,
    const struct job_request *request, const struct job_request *company,
    const struct talk_watcher *watcher, struct progress *progress,
    struct job_result *result, struct job_result *company_result)
    __attribute__((warn_unused_result));

#endif
