/*
 * Gilds that keep jobs, for end-to-end tests: a store in the test's folder,
 * which outlives the gilds that use it, and the jobs in it. For the body of a
 * Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_E2E_STORING_H
#define GILD_TESTS_E2E_STORING_H

#include "tests/e2e/harness.h"

/* The store's folder, and a file in it; neither is made. Not to be freed. */
const char *store_folder(void);
const char *store_path(const char *name);

/*
 * Starts gild with two frontends, this state_dir and these arguments (ended by
 * NULL, which may say otherwise), and waits until the store serves.
 */
struct gild *storing_start(const char *arg, ...);
/* The same, and does not wait. */
struct gild *storing_start_anyhow(const char *arg, ...);
/* Waits until each frontend says that the store serves, or (false) that it
 * does not. */
void await_store(struct gild *gild, bool is_available);

/* kill -9 of the master; the others leave. */
void gild_kill(struct gild *gild);

/* The pid of the recorder, once there is one that is not `but`. */
pid_t recorder_pid(struct gild *gild, pid_t but);
/* The pid of a frontend by its number, once it is ready and not `but`. */
pid_t frontend_pid(struct gild *gild, unsigned number, pid_t but);
/* A connection that the frontend with this number (0 or 1) serves; for a gild
 * that has two. */
struct peer *peer_connect_frontend(struct gild *gild, unsigned number);

/* Submits a detached job to pool "processes": its id. */
void detach_job(
    struct peer *peer, json_int_t count, char job[JOB_ID_CHARS + 1]);
/* One that sleeps until it is cancelled, and uses no CPU. */
void detach_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1]);
/* One that sleeps for about so many milliseconds. */
void detach_nap(struct peer *peer, int for_ms, char job[JOB_ID_CHARS + 1]);

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
/* job.cancel, which must work. */
void cancel_job(struct peer *peer, const char *job);
/* How many jobs job.list has, in this state ("ended" and "unfinished" too). */
size_t count_jobs(struct peer *peer, const char *state);

#endif
