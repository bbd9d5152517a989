/*
 * The job store: detached jobs from their acceptance on, and the history of
 * jobs that ended, in one SQLite file of the directory that it is given. It
 * knows no process and no JSON: a job is a struct job_record, its result a text
 * that comes back as it went in.
 *
 * Only one process has a store open, for writing and for reading. What was
 * changed between store_begin() and a store_commit() that returned 0 is on the
 * disk, power cut or not; a commit that failed has changed nothing. So many
 * changes can share one commit, and its wait for the disk.
 */
#ifndef GILD_DAEMON_STORE_H
#define GILD_DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/jobid.h"
#include "proto/record.h"
#include "proto/request.h"

/* Room for why a store cannot be used. */
#define STORE_ERROR_CHARS 255

struct store;

enum store_outcome {
	STORE_DONE,
	STORE_NO_JOB, /* there is no such job, or not in that state */
	STORE_THERE,  /* a job with this key or id is there already */
	STORE_FAILED, /* the disk, the file: store_error() tells */
};

/*
 * Opens the store in a directory, which must exist; makes it if there is none,
 * and brings an older schema up to date. A file that is damaged is set aside
 * under another name, never written to, and a new one made; *set_aside (freed
 * by the caller) is then its new path, else NULL. A file of a newer schema, or
 * one that another process has open, is left alone: that is a failure. NULL
 * with error filled in.
 */
struct store *store_open(const char *directory, char **set_aside,
    char error[STORE_ERROR_CHARS + 1]) __attribute__((warn_unused_result));
/* Rolls back what is not committed. NULL is fine. */
void store_close(struct store *store);

/* Why the last call failed. */
const char *store_error(const struct store *store);

/* --- changes: 0, or -1 (store_error()) --- */

int store_begin(struct store *store) __attribute__((warn_unused_result));
int store_commit(struct store *store) __attribute__((warn_unused_result));
void store_rollback(struct store *store);

/* --- changes within a transaction --- */

/*
 * Takes in a detached job, in the state queued. STORE_THERE: one with its id
 * or its key is there, and is now in *there.
 */
enum store_outcome store_accept(
    struct store *store, const struct job_record *job, struct job_record *there)
    __attribute__((warn_unused_result));

/* An unfinished job runs from now on, or (is_running false) waits again, with
 * so many attempts behind it. STORE_NO_JOB: it is not unfinished. */
enum store_outcome store_move(struct store *store, struct job_id id,
    bool is_running, uint32_t attempts, uint64_t now_ms)
    __attribute__((warn_unused_result));

/*
 * An unfinished job has ended: job->state, attempts, ended_ms, reason and timing
 * and its result. STORE_NO_JOB: it has ended before, and this changes nothing.
 */
enum store_outcome store_end(struct store *store, const struct job_record *job,
    const char *result, size_t size) __attribute__((warn_unused_result));

/* The history of a job that was never in the store and has ended. */
enum store_outcome store_record(struct store *store,
    const struct job_record *job, const char *result, size_t size)
    __attribute__((warn_unused_result));

/* Marks an ended job as collected. */
enum store_outcome store_collect(struct store *store, struct job_id id)
    __attribute__((warn_unused_result));

/*
 * Removes ended jobs: those that ended before before_ms, and the oldest while
 * the file holds more than max_bytes (0: no bound); of all these max_jobs at
 * the most, so that it takes no time, and *n is how many. Space comes back to
 * the file system.
 */
enum store_outcome store_trim(struct store *store, uint64_t before_ms,
    uint64_t max_bytes, uint32_t max_jobs, uint32_t *n)
    __attribute__((warn_unused_result));

/* --- questions --- */

/* One job; *result (freed by the caller) is NULL unless it has ended. result
 * may be NULL: not wanted. */
enum store_outcome store_get(struct store *store, struct job_id id,
    struct job_record *job, char **result) __attribute__((warn_unused_result));

/* Which jobs, and in which order. All of them that fit every condition. */
struct store_query {
	uint32_t states;		 /* bits 1 << state; 0: any */
	char pool[POOL_NAME_CHARS + 1];	 /* "": any */
	char key[REQUEST_KEY_CHARS + 1]; /* what keys begin with; "": any */
	uint64_t since_ms, until_ms;	 /* accepted then; 0: any time */
	bool has_detached, is_detached;
	bool has_collected, is_collected;
	bool newest_first;
	bool has_after;
	struct job_id after; /* only those behind this one in that order */
	uint32_t limit;	     /* > 0 */
};

/* Writes up to query->limit jobs to jobs and their number to *n. */
enum store_outcome store_list(struct store *store,
    const struct store_query *query, struct job_record *jobs, uint32_t *n)
    __attribute__((warn_unused_result));

/* Calls see for each unfinished job, the oldest first. */
enum store_outcome store_each_unfinished(struct store *store,
    void (*see)(void *arg, const struct job_record *job), void *arg)
    __attribute__((warn_unused_result));

struct store_figures {
	uint64_t n_unfinished;
	uint64_t n_ended;
	uint64_t file_bytes; /* of the data file, what is free in it counted */
};

enum store_outcome store_measure(struct store *store,
    struct store_figures *figures) __attribute__((warn_unused_result));

#endif
