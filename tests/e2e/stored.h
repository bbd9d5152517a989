/*
 * Jobs in gild's store, for end-to-end tests: left there and asked for, over a
 * connection or with gilctl, which finds gild by GILD_SERVER. For the body of a
 * Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_STORED_H
#define GILD_TESTS_E2E_STORED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/e2e/peer.h"
#include "tests/e2e/process.h"

/* The id of a job that was never submitted. */
#define UNKNOWN_JOB "01KAP4Z3M8W5Q7N2B6X9R1T0CE"

/* --- over a connection --- */

/* Submits a detached job to pool "processes": its id. */
void detach_job(
    struct peer *peer, json_int_t count, char job[JOB_ID_CHARS + 1]);
/* One that sleeps until it is cancelled, and uses no CPU. */
void detach_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1]);
/* One that sleeps for about so many milliseconds. */
void detach_nap(struct peer *peer, int for_ms, char job[JOB_ID_CHARS + 1]);
/* One with a key: whether the job is new. Its id goes to job either way. */
bool detach_key(struct peer *peer, json_int_t count, const char *key,
    char job[JOB_ID_CHARS + 1]);

/* job.get: a new reference. */
json_t *get_job(struct peer *peer, const char *job);
/* Asks for it until it is in this state. */
void await_state(struct peer *peer, const char *job, const char *state);
/* job.wait: its result, a new reference. */
json_t *wait_job(struct peer *peer, const char *job);
/* job.wait, begun: for expect_result(). */
int64_t start_wait(struct peer *peer, const char *job);
/* The answer to a call is the result of this job, in this state. */
void expect_result(
    struct peer *peer, int64_t id, const char *job, const char *state);
/* What is told of a job, as a result or a record, which is let go: it was done,
 * at this attempt. */
void expect_done(json_t *told, int attempt);
/* It fails, and these words are in the reason. */
void expect_failed(struct peer *peer, const char *job, const char *why);
/* So many of its starts were lost: now; asks until it is so. */
void expect_attempts(struct peer *peer, const char *job, int attempts);
void await_attempts(struct peer *peer, const char *job, int attempts);
/* How many jobs job.list has, in this state ("ended" and "unfinished" too). */
size_t count_jobs(struct peer *peer, const char *state);

/* --- with gilctl --- */

/* The id that submit --detach printed; submits such a job. Not to be freed. */
const char *stored_id(const struct run *run);
const char *stored_detach(const char *count);

/* What gilctl list says of the only job that fits: a new reference. */
json_t *stored_job(const char *option, const char *value);
/* How many jobs fit. */
size_t stored_count(const char *option, const char *value);
/* Until there are so many: plain jobs are recorded behind their answers. */
void stored_await_count(size_t n);
/* Until a job whose key begins so is in this state. */
void stored_await_state(const char *key, const char *state);

#endif
