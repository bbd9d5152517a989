/*
 * The end-to-end harness: a real gild, started for one test, and peers that
 * talk to it.
 *
 * Everything here is for the body of a Check test that runs in a process of
 * its own (CK_FORK, the default). What goes wrong fails the test; nothing
 * returns an error. Each wait has a deadline, deadline_ms() long, and no
 * function sleeps where it can wait for an event. When a test fails the
 * daemon's log is printed; no process outlives its test.
 *
 * Environment: GILD and GILCTL name the programs (./gild and ./gilctl when
 * they are not set); GILD_TEST_SCALE stretches all deadlines, for builds with
 * a sanitizer.
 */
#ifndef GILD_TESTS_E2E_HARNESS_H
#define GILD_TESTS_E2E_HARNESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds that a wait may last: 20 s times the scale. */
int deadline_ms(void);
/* GILD_TEST_SCALE, 1 where it is not set. */
int test_scale(void);

/* --- the daemon --- */

struct gild {
	pid_t pid;	   /* the master; 0 once it has been reaped */
	char address[128]; /* the first "listening on": 127.0.0.1:40123 */
	char host[128];	   /* its parts */
	char port[16];	   /* "" for a Unix socket, whose path host then is */
	int out_fd;	   /* its stdout */
	char log_path[64]; /* its stderr */
};

/*
 * Starts gild with `-l 127.0.0.1:0` and these arguments, ended by NULL, and
 * waits until it says `ready`. Owned by the harness: it lives until the test
 * ends, also when it fails. A test may start several.
 */
struct gild *gild_start(const char *arg, ...) __attribute__((sentinel));
/* The same without the -l: the arguments name an address, or a file does. */
struct gild *gild_start_plain(const char *arg, ...) __attribute__((sentinel));

/*
 * SIGTERM, and all that must follow: exit status 0, no child left behind,
 * nothing from a sanitizer in the log.
 */
void gild_stop(struct gild *gild);
/* The same without the signal: waits for the end, returns the wait status. */
int gild_wait_exit(struct gild *gild);
void gild_signal(struct gild *gild, int signal_number);

/* The log so far: free() it. */
char *gild_log(const struct gild *gild);

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
/* Resident memory of the master and all its children, in KiB. */
uint64_t gild_rss_kib(struct gild *gild);

/* --- peers: connections to it --- */

struct peer;

struct peer *peer_connect(struct gild *gild);
/* A peer whose socket buffers are as small as the kernel allows. */
struct peer *peer_connect_small(struct gild *gild);
void peer_close(struct peer *peer);
int peer_fd(const struct peer *peer);
/* No more will be sent; answers are still read. */
void peer_half_close(struct peer *peer);

void peer_send_bytes(struct peer *peer, const void *bytes, size_t len);
/* Formats, and adds the LF. */
void peer_send_line(struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The next line without its LF (blank ones are skipped), valid until the next
 * call; NULL at the end of the stream.
 */
const char *peer_receive_line(struct peer *peer);
/* The next line as JSON: a new reference. */
json_t *peer_receive(struct peer *peer);
/* Nothing more comes, and the daemon closes. */
void peer_expect_eof(struct peer *peer);
/* Whether a line (or the end) can be read within this time. */
bool peer_has_input(struct peer *peer, int timeout_ms);

/*
 * Calls. params is a format of json_pack(), NULL for an empty object. An id is
 * chosen by the peer; what arrives in between is kept for later calls.
 */
int64_t peer_call_start(
    struct peer *peer, const char *method, const char *params, ...);
/* The whole answer to a call: a new reference. */
json_t *peer_await(struct peer *peer, int64_t id);
/* The params of the next notification of this method: a new reference. */
json_t *peer_await_notification(struct peer *peer, const char *method);
/* Start and await: the result, which must not be an error. */
json_t *peer_call(
    struct peer *peer, const char *method, const char *params, ...);
/* Start and await: the error object, whose data.reason must be the slug. */
json_t *peer_call_error(struct peer *peer, const char *slug, const char *method,
    const char *params, ...);
/* The result in an answer, which must not be an error: a new reference. */
json_t *answer_result(json_t *answer);

/*
 * Submits a job with "progress" and waits until it runs. Its id goes to job
 * (27 bytes); what is returned is for peer_await().
 */
int64_t peer_submit_running(struct peer *peer, char job[27], const char *pool,
    uint64_t count, unsigned workers);

/* --- values --- */

/* By a path like "tasks.0.turns"; the value must be there. Borrowed. */
json_t *value_at(const json_t *value, const char *path);
int64_t int_at(const json_t *value, const char *path);
const char *text_at(const json_t *value, const char *path);
/* The sum of a member over the members of an array. */
int64_t sum_of(const json_t *array, const char *member);

/* --- other programs --- */

struct run {
	int status;	 /* as of waitpid() */
	int exit_status; /* -1 when a signal ended it */
	char *out;
	char *err;
};

/*
 * Runs a program to its end, with input as its stdin (NULL for none). "gild"
 * and "gilctl" are those that were built. Owned by the harness.
 */
struct run *run_program(const char *input, const char *program, ...)
    __attribute__((sentinel));

/* A new private folder, removed when the test ends. Owned by the harness. */
const char *scratch_dir(void);

#endif
