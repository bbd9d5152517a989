/* What the two halves of gilctl submit share: one job, and a stream of them. */
#ifndef GILD_CLIENT_SUBMIT_H
#define GILD_CLIENT_SUBMIT_H

#include <stdint.h>

#include "client/command.h"

#define SUBMIT_NOT_GIVEN UINT64_MAX

/* From the options; what was not given is the server's default. */
struct submit_settings {
	const char *pool; /* or NULL */
	uint64_t workers; /* these three: or SUBMIT_NOT_GIVEN */
	uint64_t cost_ns;
	uint64_t timeout_ms;
	const char *profile; /* or NULL */
	uint64_t io_every;   /* these two: or SUBMIT_NOT_GIVEN */
	uint64_t io_for_us;
	uint64_t repeat;
	uint64_t in_flight; /* of a stream */
};

/*
 * submit -: reads the params of one job a line from standard input and writes
 * one line for each to standard output, as they end.
 */
enum outcome submit_stream(const struct context *context,
    const struct submit_settings *settings) __attribute__((warn_unused_result));

#endif
