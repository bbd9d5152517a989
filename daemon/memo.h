/*
 * Memos: what frontends and the recorder write to each other, over a stream
 * socket between two processes that were forked from one: a struct, and behind
 * it as many bytes as it says. Questions have a number, which is the frontend's
 * own and comes back with the answer; a new recorder is asked again what the
 * one before it has not answered, so each may be asked twice.
 */
#ifndef GILD_DAEMON_MEMO_H
#define GILD_DAEMON_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

struct evbuffer;

/* No memo is larger: the longest is a list of jobs. */
#define MEMO_MAX_BYTES (UINT64_C(64) << 20)

enum memo_kind {
	/* A frontend tells. */
	MEMO_OWN,     /* I have this job of yours; when the link is new */
	MEMO_READY,   /* that were all that I have; n: and I take more */
	MEMO_RETIRE,  /* I take no more */
	MEMO_START,   /* it runs since job.started_ms */
	MEMO_LOSE,    /* the same, and it has job.attempts behind it */
	MEMO_RELEASE, /* it waits, and I have it no more */
	MEMO_END,     /* it has ended; behind it the result */
	MEMO_HISTORY, /* a plain job has; behind it the result */
	MEMO_FORGET,  /* a question: not to be answered any more */
	/* A frontend asks. */
	MEMO_SUBMIT,  /* take it in; n: and leave it to me */
	MEMO_WAIT,    /* what is its result, once there is one */
	MEMO_GET,     /* what do you know of it */
	MEMO_LIST,    /* behind it: a struct store_query */
	MEMO_CANCEL,  /* have it cancelled, and tell me how it ended */
	MEMO_COLLECT, /* it is collected */
	/* The recorder says. */
	MEMO_ANSWER, /* to a question: the outcome, the job, and behind it its
		      * result or an array of n struct job_record; of a job
		      * that was taken in, n: and it is yours */
	MEMO_RUN,    /* this job is yours; n: cancelled */
	MEMO_STOP,   /* cancel this job of yours */
	MEMO_ENDED,  /* that it has ended is on the disk */
	MEMO_STATUS, /* behind it: a struct recorder_status */
};

enum memo_outcome {
	MEMO_FINE,
	MEMO_THERE,	  /* a job with that key is there: job */
	MEMO_NO_JOB,	  /* there is none with that id */
	MEMO_UNENDED,	  /* it has not ended */
	MEMO_FULL,	  /* max_detached jobs are unfinished: n */
	MEMO_DAMAGED,	  /* its row in the store makes no sense */
	MEMO_UNAVAILABLE, /* the disk does not do it */
};

struct memo {
	enum memo_kind kind;
	enum memo_outcome outcome;
	uint64_t question;
	uint64_t n;
	uint64_t size; /* of what is behind it */
	struct job_record job;
};

struct recorder_status {
	int32_t pid; /* the recorder's */
	uint32_t is_available;
	char reason[STORE_ERROR_CHARS + 1]; /* why not */
	struct store_figures figures;
	uint64_t n_commits; /* these two: since the recorder started */
	uint64_t n_changes;
	uint64_t n_forgotten; /* histories that it could not write */
};

/* Appends one, with memo->size bytes behind it. 0, or -1: no memory. */
int memo_write(struct evbuffer *buffer, const struct memo *memo,
    const void *behind) __attribute__((warn_unused_result));

/*
 * Takes the first one out of the buffer. *behind is what is behind it, with a
 * NUL added, to be freed; NULL where there is nothing. 1, or 0 when not all of
 * it is there yet, or -1 when it is none, or there is no memory.
 */
int memo_read(struct evbuffer *buffer, struct memo *memo, char **behind)
    __attribute__((warn_unused_result));

#endif
