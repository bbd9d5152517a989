/*
 * What the parts of gilctl submit share: jobs that are waited for
 * (cmd_submit.c), jobs that are left to the server (cmd_detach.c), and a stream
 * of either (cmd_stream.c). What the options say is read here.
 */
#ifndef GILD_CLIENT_SUBMIT_H
#define GILD_CLIENT_SUBMIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/command.h"
#include "proto/request.h"
#include "proto/rpcerror.h"

struct gil;

#define SUBMIT_NOT_GIVEN UINT64_MAX
#define SUBMIT_RETRY_FOR_MS 30000

/* From the options; what was not given is the server's default. */
struct submit_settings {
	const char *pool; /* or NULL */
	uint64_t workers; /* these three: or SUBMIT_NOT_GIVEN */
	uint64_t cost_ns;
	uint64_t timeout_ms;
	const char *profile; /* or NULL */
	uint64_t io_every;   /* these four: or SUBMIT_NOT_GIVEN */
	uint64_t io_for_us;
	uint64_t priority;
	uint64_t start_after_ms;
	bool is_detached;
	const char *key;       /* or NULL */
	bool is_resumed;       /* a key is made up for each job */
	uint64_t retry_for_ms; /* or SUBMIT_NOT_GIVEN */
	uint64_t repeat;
	uint64_t in_flight; /* of a stream, and of detached jobs */
};

/* The beginning of an initialiser: no option was given. */
#define SUBMIT_NOTHING_GIVEN                                          \
	.workers = SUBMIT_NOT_GIVEN, .cost_ns = SUBMIT_NOT_GIVEN,     \
	.timeout_ms = SUBMIT_NOT_GIVEN, .io_every = SUBMIT_NOT_GIVEN, \
	.io_for_us = SUBMIT_NOT_GIVEN, .priority = SUBMIT_NOT_GIVEN,  \
	.start_after_ms = SUBMIT_NOT_GIVEN, .retry_for_ms = SUBMIT_NOT_GIVEN

/*
 * What a job's key is made of where nobody gave one: characters that no other
 * run of gilctl has, and a number.
 */
struct submit_keys {
	char base[REQUEST_KEY_CHARS / 2];
};

/* Fails where the system gives no random bytes, and says so. */
enum outcome submit_make_keys(const struct context *context,
    struct submit_keys *keys) __attribute__((warn_unused_result));
void submit_write_key(const struct submit_keys *keys, uint64_t number,
    char key[REQUEST_KEY_CHARS + 1]);

/* How long to go on trying when the server is away: 0, unless the options say
 * so or a job has a key. */
uint64_t submit_retry_for_ms(
    const struct submit_settings *settings, bool has_keys);

/* The params of one job; OUTCOME_USAGE, and said so, where they are wrong. */
enum outcome submit_make_request(const struct context *context,
    const struct submit_settings *settings, const char *count,
    struct job_request *request) __attribute__((warn_unused_result));

/* What the options say, as params without a count. NULL: no memory. */
json_t *submit_make_defaults(const struct submit_settings *settings);

/*
 * One line of a stream: the params of a job, what it leaves out taken from the
 * defaults, and a key from keys, unless that is NULL. The caller's reference,
 * or NULL with *error set (RPC_INTERNAL: memory ran out).
 */
json_t *submit_read_line(const char *text, size_t length, uint64_t number,
    const json_t *defaults, const struct submit_keys *keys,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* The server takes no more jobs at a time; more would only be refused. */
enum outcome submit_learn_limit(const struct context *context, struct gil *gil,
    uint64_t *in_flight) __attribute__((warn_unused_result));

/*
 * submit --detach: leaves the job, settings->repeat times, to the server and
 * prints the ids.
 */
enum outcome submit_detached(const struct context *context,
    const struct submit_settings *settings, const struct job_request *request)
    __attribute__((warn_unused_result));

/*
 * submit -: reads the params of one job a line from standard input and writes
 * one line for each to standard output, as they end.
 */
enum outcome submit_stream(const struct context *context,
    const struct submit_settings *settings) __attribute__((warn_unused_result));

#endif
