/*
 * Gilds that keep jobs (stored.h), for end-to-end tests: one after another over
 * a store in the test's folder. For the body of a Check test; what goes wrong
 * fails the test.
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
/*
 * As storing_start(), on a Unix socket in the test's folder, where gilctl finds
 * each of them by GILD_SERVER.
 */
struct gild *storing_start_for_gilctl(const char *arg, ...);
/* Waits until each frontend says that the store serves, or (false) that it
 * does not. */
void await_store(struct gild *gild, bool is_available);

/* kill -9 of the master; its children leave. What else the test has started
 * stays, but for the peers. */
void gild_kill(struct gild *gild);

/* The pid of the recorder, once there is one that is not `but`. */
pid_t recorder_pid(struct gild *gild, pid_t but);
/* The pid of a frontend by its number, once it is ready and not `but`. */
pid_t frontend_pid(struct gild *gild, unsigned number, pid_t but);
/* A connection that the frontend with this number (0 or 1) serves; for a gild
 * that has two. */
struct peer *peer_connect_frontend(struct gild *gild, unsigned number);

#endif
