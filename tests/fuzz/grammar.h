/*
 * A small grammar of requests: most are right, some nearly so.
 */
#ifndef GILD_TESTS_FUZZ_GRAMMAR_H
#define GILD_TESTS_FUZZ_GRAMMAR_H

#include "proto/jobid.h"
#include "tests/fuzz/input.h"

#define KNOWN_JOBS 8

/* The latest jobs that answers and notifications told of. */
struct known_jobs {
	unsigned n; /* ever */
	char ids[KNOWN_JOBS][JOB_ID_CHARS + 1];
};

void known_jobs_add(struct known_jobs *known, const char *id);
/* One of them, or one that nobody has had, of frontend 0 to 2. */
void known_jobs_choose(const struct known_jobs *known, struct input *input,
    char id[JOB_ID_CHARS + 1]);

struct evbuffer;

/* Appends one request as the input chooses it, without an LF. */
void grammar_request(
    struct evbuffer *out, struct input *input, const struct known_jobs *known);

#endif
