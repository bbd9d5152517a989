/*
 * Job ids: ULIDs (https://github.com/ulid/spec), 128 bits written as 26
 * characters of Crockford's base 32. The first 48 bits are Unix time in
 * milliseconds, so ids sort by age. Of the 80 bits that the specification
 * leaves to chance we use 8 for the frontend that owns the job, which lets
 * any other frontend find its owner, 40 for chance drawn once a process, and
 * 32 for a counter. The counter makes ids of one process ascend within a
 * millisecond, and unique.
 */
#ifndef GILD_PROTO_JOBID_H
#define GILD_PROTO_JOBID_H

#include <stdbool.h>
#include <stdint.h>

#define JOB_ID_CHARS 26

struct job_id {
	uint64_t high; /* 48 bits time, 8 bits frontend, 8 bits of chance */
	uint64_t low;  /* 32 bits of chance, 32 bits counter */
};

/* Where ids come from; one a process. */
struct job_id_source {
	uint8_t frontend;
	uint64_t chance; /* 40 bits */
	uint32_t counter;
	uint64_t last_ms; /* time never runs backwards in ids */
};

/* 0, or -1 when the system gives no random bytes (errno is set). */
int job_id_source_init(struct job_id_source *source, uint8_t frontend)
    __attribute__((warn_unused_result));

/* The next id. unix_ms is the wall clock's time in milliseconds. */
struct job_id job_id_next(struct job_id_source *source, uint64_t unix_ms);

uint8_t job_id_frontend(struct job_id id);
bool job_id_equals(struct job_id a, struct job_id b);

/* text is NUL-terminated. */
void job_id_format(struct job_id id, char text[JOB_ID_CHARS + 1]);

/*
 * 0, or -1 when text is no id. Lower case and Crockford's look-alikes (i and l
 * for 1, o for 0) are read as he asks.
 */
int job_id_parse(const char *text, struct job_id *id)
    __attribute__((warn_unused_result));

#endif
