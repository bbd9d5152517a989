/*
 * Talking to the server on behalf of a sub-command: each function reports its
 * failure on standard error and says what exit status that means.
 */
#ifndef GILD_CLIENT_TALK_H
#define GILD_CLIENT_TALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/command.h"
#include "client/libgil/gil.h"
#include "client/progress.h"
#include "proto/request.h"
#include "proto/result.h"

/* Connects. On OUTCOME_FINE *gil is the caller's. */
enum outcome talk_open(const struct context *context, struct gil **gil)
    __attribute__((warn_unused_result));

/*
 * A short question: sends one request and waits for its answer, for some
 * seconds at the most. params is stolen. On OUTCOME_FINE *result is the
 * caller's reference.
 */
enum outcome talk_ask(const struct context *context, struct gil *gil,
    const char *method, json_t *params, json_t **result)
    __attribute__((warn_unused_result));

/* The same for a question whose answer may take timeout_ms. */
enum outcome talk_ask_patiently(const struct context *context, struct gil *gil,
    const char *method, json_t *params, int timeout_ms, json_t **result)
    __attribute__((warn_unused_result));

/* The short question, over a link of its own. */
enum outcome talk_ask_once(const struct context *context, const char *method,
    json_t *params, json_t **result) __attribute__((warn_unused_result));

/* interrupt_catch(), before jobs are waited for. */
enum outcome talk_catch(const struct context *context)
    __attribute__((warn_unused_result));

/* Told how far a job has come, while talk_run() waits for it. */
struct talk_watcher {
	void (*see)(void *arg, enum job_state state, uint64_t turns);
	void *arg;
};

/* Tells a watcher, or nobody (NULL), what a notification says. */
void talk_watch(
    const struct talk_watcher *watcher, const struct gil_event *event);

/*
 * Runs a job and waits for its result, however long it takes, or for Ctrl-C
 * (OUTCOME_INTERRUPTED; closing the link then cancels the job). A watcher that
 * is not NULL is called for each notification. `progress` is cleared before
 * anything is said. On OUTCOME_FINE, however the job ended, *json is the
 * caller's reference and *result is to be freed.
 */
enum outcome talk_run(const struct context *context, struct gil *gil,
    const struct job_request *request, const struct talk_watcher *watcher,
    struct progress *progress, json_t **json, struct job_result *result)
    __attribute__((warn_unused_result));

/*
 * Puts a request with this tag behind those that wait to be sent, its params
 * stolen; *id is its number, which the event that answers it has, too. For
 * those who sort answers themselves.
 */
enum outcome talk_send(const struct context *context, struct gil *gil,
    const char *method, json_t *params, uint64_t tag, uint64_t *id)
    __attribute__((warn_unused_result));

/* A job in this way. */
enum outcome talk_submit(const struct context *context, struct gil *gil,
    const struct job_request *request, uint64_t *id)
    __attribute__((warn_unused_result));

/*
 * The next answer or notification, or OUTCOME_INTERRUPTED. When there is none
 * `progress` (or NULL) is cleared, and it says why.
 */
enum outcome talk_receive(const struct context *context, struct gil *gil,
    int timeout_ms, struct progress *progress, const struct gil_event **event)
    __attribute__((warn_unused_result));

/* Whether it is a result or an error. */
bool talk_is_answer(const struct gil_event *event);

/*
 * The last event's value, which must be an object: on OUTCOME_FINE it is the
 * caller's reference.
 */
enum outcome talk_take(const struct context *context, struct gil *gil,
    json_t **value) __attribute__((warn_unused_result));

/* What the answer to talk_submit() says. On OUTCOME_FINE it is to be freed. */
enum outcome talk_take_result(const struct context *context, struct gil *gil,
    const struct gil_event *event, struct job_result *result)
    __attribute__((warn_unused_result));

/* Says how the server refused: the error of its answer. OUTCOME_REFUSED. */
enum outcome talk_refused(const struct context *context, const json_t *error);

/* Says that an answer cannot be what gild sends, and why. */
enum outcome talk_not_understood(
    const struct context *context, const struct gil *gil, const char *why);

/* Says that memory ran out. */
enum outcome talk_no_memory(const struct context *context);

/* Says that the link is gone, and why. */
enum outcome talk_lost(const struct context *context, const struct gil *gil);

#endif
