/*
 * Peers: connections to a gild, for end-to-end tests. For the body of a Check
 * test; what goes wrong fails the test. Each wait has a deadline, deadline_ms()
 * long.
 */
#ifndef GILD_TESTS_E2E_PEER_H
#define GILD_TESTS_E2E_PEER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/jobid.h"

/* Turns that no machine gets through while a test lasts. */
#define ENDLESS ((json_int_t)1 << 52)

struct peer;

/*
 * Connects to an address as gild prints it. receive_bytes bounds what the
 * kernel keeps for a peer that does not read, 0 leaves that to the kernel.
 */
struct peer *peer_connect_to(const char *address, int receive_bytes);
void peer_close(struct peer *peer);
void peer_close_all(void);
int peer_fd(const struct peer *peer);
/* No more will be sent; answers are still read. */
void peer_half_close(struct peer *peer);

void peer_send_bytes(struct peer *peer, const void *bytes, size_t len);
/* As much as goes out before nothing moves for timeout_ms: returns it. */
size_t peer_try_send(
    struct peer *peer, const void *bytes, size_t len, int timeout_ms);
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
/* Nothing more comes but notifications, and the daemon closes. */
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
/* Start and await: the result, which must not be an error. */
json_t *peer_call(
    struct peer *peer, const char *method, const char *params, ...);
/* Start and await: the error object, whose data.reason must be the slug. */
json_t *peer_call_error(struct peer *peer, const char *slug, const char *method,
    const char *params, ...);
/* The result in an answer, which must not be an error: a new reference. */
json_t *answer_result(json_t *answer);

/* The id of the job that this call submits, with "progress". */
void peer_await_job(struct peer *peer, int64_t id, char job[JOB_ID_CHARS + 1]);
/*
 * Submits a job with "progress" and waits until turns of it are done. Its id
 * goes to job; what is returned is for peer_await().
 */
int64_t peer_submit_running(struct peer *peer, char job[JOB_ID_CHARS + 1],
    const char *pool, json_int_t count, unsigned workers);
/* The same of one that sleeps until it is cancelled, and uses no CPU. */
int64_t peer_submit_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1]);
/* Submits a job of turns of 1 us and waits for it: it is done, and so are all
 * of its turns. Its result, a new reference. */
json_t *peer_submit_done(
    struct peer *peer, const char *pool, int count, int workers);
/* job.cancel, which must work. */
void peer_cancel(struct peer *peer, const char *job);
/* The answer to a call is a result in this state. */
void peer_expect_end(struct peer *peer, int64_t id, const char *state);

#endif
