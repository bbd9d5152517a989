/*
 * The end-to-end harness: a real gild, started for one test. This is what a
 * suite includes; peer.h talks to it, process.h knows of processes and time.
 *
 * Everything here is for the body of a Check test that runs in a process of
 * its own (CK_FORK, the default). What goes wrong fails the test; nothing
 * returns an error. Each wait has a deadline, deadline_ms() long, and no
 * function sleeps where it can wait for an event. When a test fails the
 * daemon's log is printed; no process outlives its test.
 *
 * Environment: GILD and GILCTL name the programs (./gild and ./gilctl when
 * they are not set); GILD_TEST_SCALE stretches all deadlines, for builds with
 * a sanitizer, and gild's heartbeat_timeout where a test does not set it.
 */
#ifndef GILD_TESTS_E2E_HARNESS_H
#define GILD_TESTS_E2E_HARNESS_H

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/e2e/peer.h"
#include "tests/e2e/process.h"
#include "tests/e2e/value.h"
#include "tests/unit/suite.h"

/* The body of main(): runs the tests as one suite, returns its exit status. */
int run_suite(const char *name, const TTest *const tests[], size_t n_tests);
/* The same for one test, n_times, with _i from 0 on. */
int run_loop_suite(const char *name, const TTest *test, size_t n_times);

struct gild {
	pid_t pid;	    /* the master; 0 once it has been reaped */
	char address[128];  /* the first "listening on": 127.0.0.1:40123 */
	int out_fd;	    /* its stdout */
	char log_path[128]; /* its stderr */
};

/*
 * Starts gild with `-l 127.0.0.1:0` and these arguments, ended by NULL, and
 * waits until it says `ready`. Not to be freed. Where a test fails it is
 * killed; one that passes has stopped it. A test may start several.
 */
struct gild *gild_start(const char *arg, ...);
/* The same without the -l: the arguments name an address, or a file does. */
struct gild *gild_start_plain(const char *arg, ...);
/* As gild_start(), of another program that is a gild: its path. */
struct gild *gild_start_program(const char *program, const char *arg, ...);

/*
 * Closes all peers, and SIGTERM, and all that must follow: exit status 0, no
 * child left behind, nothing from a sanitizer in the log.
 */
void gild_stop(struct gild *gild);
/*
 * The same without the signal: waits for the end, returns the wait status.
 * Where a signal ended the master its children have until the deadline to
 * leave.
 */
int gild_wait_exit(struct gild *gild);
/* It ends by itself, with this status. */
void gild_expect_exit(struct gild *gild, int exit_status);
void gild_signal(struct gild *gild, int signal_number);

/* The log so far: free() it. */
char *gild_log(const struct gild *gild);

/* Waits until the log says this, so many times. */
void gild_await_log(struct gild *gild, const char *text, int times);

/* A call of server.stats on a connection of its own: a new reference. */
json_t *gild_stats(struct gild *gild);
/*
 * Asks for server.stats again and again until is_so(stats, arg) holds; fails
 * with `what` at the deadline.
 */
void gild_await_stats(struct gild *gild, const char *what,
    bool (*is_so)(json_t *stats, void *arg), void *arg);

/*
 * The pids of the processes of a kind ("frontend", "interpreter", "worker")
 * that are ready, of one pool (NULL for all). Returns how many.
 */
size_t gild_pids(struct gild *gild, const char *kind, const char *pool,
    pid_t pids[], size_t max_pids);
/*
 * Waits until no job is queued or running, no task is under way, every process
 * is ready and every executor idle.
 */
void gild_await_idle(struct gild *gild);
/*
 * The pid of the process that runs a task of this pool, once there is one;
 * another one than `but`.
 */
pid_t gild_await_busy(struct gild *gild, const char *pool, pid_t but);
/* Resident memory of the master and all its children, in KiB. */
uint64_t gild_rss_kib(struct gild *gild);

struct peer *peer_connect(struct gild *gild);
/* A peer for which the kernel keeps as little as it can. */
struct peer *peer_connect_small(struct gild *gild);

#endif
