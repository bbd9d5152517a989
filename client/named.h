/* What a command line names: a key, and jobs by their ids. */
#ifndef GILD_CLIENT_NAMED_H
#define GILD_CLIENT_NAMED_H

#include "client/command.h"
#include "proto/jobid.h"

/* OUTCOME_USAGE, and said so, where --key is none that a job can have. */
enum outcome named_check_key(const struct context *context, const char *key)
    __attribute__((warn_unused_result));

/* OUTCOME_USAGE, and said so, where text is no job's id. */
enum outcome named_read_job(const struct context *context, const char *text,
    struct job_id *job) __attribute__((warn_unused_result));

#endif
