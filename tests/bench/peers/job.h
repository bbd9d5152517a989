/*
 * The job of the benchmark, the same for every server: count down from 1. It
 * goes over the wire in one of two forms.
 *
 *	bare	"TAG,COUNT"; its answer is "TAG"
 *	JSON	gild's own request and result, on one line without its LF
 *
 * The tag is what the client knows a job by.
 */
#ifndef GILD_TESTS_BENCH_PEERS_JOB_H
#define GILD_TESTS_BENCH_PEERS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_NO_TAG UINT64_MAX
#define JOB_REQUEST_BYTES 128
#define JOB_ANSWER_BYTES 2048

/* Chosen once, at the start: all jobs of this program are in JSON. */
void job_use_json(void);

/* Writes a request; how long it is. */
size_t job_request(char to[JOB_REQUEST_BYTES], uint64_t tag);

/*
 * What a worker does with a request: it reads it, counts down, and writes the
 * answer; how long that is.
 */
size_t job_work(char to[JOB_ANSWER_BYTES], const char *request, size_t length);

/* The tag of an answer. One that says anything but done ends the program. */
uint64_t job_answered(const char *answer, size_t length);

/* The tag of a request in JSON. */
uint64_t job_asked(const char *request, size_t length);

/* A number at the start of text that may have no end. */
uint64_t job_number(const char *text, size_t length);

#endif
