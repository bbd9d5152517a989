/*
 * The job store: detached jobs from their acceptance on, and the history of
 * jobs that ended, in one SQLite file of the directory that it is given. It
 * knows no process and no JSON: a job is a struct job_record, its result a text
 * that comes back as it went in.
 *
 * Only one process has a store open, for writing and for reading: not one that
 * it forks either. What was changed between store_begin() and a store_commit()
 * that returned 0 is on the disk, power cut or not; a commit that failed has
 * changed nothing. So many changes can share one commit, and its wait for the
 * disk. (One exception nobody can rule out: where the disk took a commit, said
 * that it did not, and the process dies before it takes anything else.)
 *
 * Whatever failed, the store can be used again at once, and works again when
 * the disk does. Calls wait for the disk, and for nothing else.
 */
#ifndef GILD_DAEMON_STORE_H
#define GILD_DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/jobid.h"
#include "proto/record.h"
#include "proto/request.h"
#include "proto/result.h"

/* Room for why a store cannot be used. */
#define STORE_ERROR_CHARS 255

struct store;

enum store_outcome {
	STORE_DONE,
	STORE_NO_JOB,  /* there is no such job, or not in that state */
	STORE_THERE,   /* a job with this key or id is there already */
	STORE_FAILED,  /* the disk, the file: store_error() tells. Within a
		       * transaction all of it is rolled back, and whatever
		       * follows in it fails, its commit too */
	STORE_DAMAGED, /* this job's row makes no sense: store_error() tells.
			* Others are fine, and so is the transaction */
};

/*
 * Opens the store in a directory, which must exist; makes it if there is none,
 * and brings an older schema up to date. A file that is damaged is set aside
 * under another name, never written to, and a new one made; *set_aside (freed
 * by the caller) is then its new path, else NULL, and error says what was wrong
 * with it. A file of a newer schema, one of another program, or one that
 * another process has open is left alone: that is a failure. NULL with error
 * filled in; *set_aside may be set then too.
 *
 * All of the file is read once, to check it. Later on the store opens no file
 * by name but its write-ahead log.
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
 * Takes in a detached job, in the state queued. STORE_THERE: one with its key
 * or its id is there, and is now in *there.
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
 * and its result, a text of UTF-8. STORE_NO_JOB: it has ended before, and this
 * changes nothing.
 */
enum store_outcome store_end(struct store *store, const struct job_record *job,
    const char *result, size_t size) __attribute__((warn_unused_result));

/* The history of a job that was never in the store and has ended. STORE_THERE:
 * one with its id or its key is there. */
enum store_outcome store_record(struct store *store,
    const struct job_record *job, const char *result, size_t size)
    __attribute__((warn_unused_result));

/* Marks an ended job as collected. STORE_NO_JOB: it has not ended, or there is
 * none. */
enum store_outcome store_collect(struct store *store, struct job_id id)
    __attribute__((warn_unused_result));

/*
 * Removes ended jobs, those first that ended first: while they ended before
 * before_ms, or the file holds more than max_bytes (0: no bound); of all these
 * max_jobs at the most, so that it takes no time, and *n is how many. Where it
 * is max_jobs there may be more. The file gets shorter by the room of these,
 * and by some more that was free before.
 */
enum store_outcome store_trim(struct store *store, uint64_t before_ms,
    uint64_t max_bytes, uint32_t max_jobs, uint32_t *n)
    __attribute__((warn_unused_result));

/* Writes a page, and changes nothing: whether that works. */
enum store_outcome store_touch(struct store *store)
    __attribute__((warn_unused_result));

/* --- questions --- */

/* One job; *result (freed by the caller) is NULL unless it has ended. result
 * may be NULL: not wanted. */
enum store_outcome store_get(struct store *store, struct job_id id,
    struct job_record *job, char **result) __attribute__((warn_unused_result));

/* The job that has the key of this one, or else its id. */
enum store_outcome store_find_like(
    struct store *store, const struct job_record *job, struct job_record *there)
    __attribute__((warn_unused_result));

/*
 * Which jobs, and in which order: by when they were accepted, and by id within
 * a millisecond. All of them that fit every condition. A list with `after` goes
 * on behind that job, also when it is not there any more.
 */
struct store_query {
	uint32_t states;		 /* bits 1 << state; 0: any */
	char pool[POOL_NAME_CHARS + 1];	 /* "": any */
	char key[REQUEST_KEY_CHARS + 1]; /* what keys begin with; "": any */
	uint64_t since_ms;		 /* accepted then or later */
	uint64_t until_ms; /* accepted before then; 0: at any time */
	bool has_detached, is_detached;
	bool has_collected, is_collected;
	bool newest_first;
	bool has_after;
	struct job_id after; /* only what is behind this one in that order */
	uint32_t limit;	     /* > 0 */
};

/*
 * Writes up to query->limit jobs to jobs and their number to *n. STORE_DAMAGED:
 * just so, but some that are damaged were passed over.
 */
enum store_outcome store_list(struct store *store,
    const struct store_query *query, struct job_record *jobs, uint32_t *n)
    __attribute__((warn_unused_result));

/*
 * Calls see for each unfinished job, the first accepted first; it must not call
 * the store. STORE_DAMAGED: some that are damaged were passed over, and all
 * others have been seen.
 */
enum store_outcome store_each_unfinished(struct store *store,
    void (*see)(void *arg, const struct job_record *job), void *arg)
    __attribute__((warn_unused_result));

/* What is not committed yet counts. */
struct store_figures {
	uint64_t n_unfinished;
	uint64_t n_ended;
	uint64_t file_bytes; /* of the data file, what is free in it counted */
};

enum store_outcome store_measure(struct store *store,
    struct store_figures *figures) __attribute__((warn_unused_result));

#endif
