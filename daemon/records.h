/*
 * A frontend's side of the job store: what it asks of the recorder on behalf of
 * its clients, and what it tells it of the stored jobs that it has. Where no
 * store is configured every question is answered with an error.
 *
 * The recorder may die and be replaced: questions that it has not answered are
 * asked again, and a result is kept here until it is on the disk.
 */
#ifndef GILD_DAEMON_RECORDS_H
#define GILD_DAEMON_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"
#include "proto/record.h"
#include "proto/request.h"

struct answer;
struct frontend;
struct lanes;
struct records;

/* What the frontend does with the jobs of the store that it has. */
struct record_handler {
	/* Takes one over, into its client's lanes where these are known;
	 * is_cancelled: only to say so. 0, or -1: it cannot. */
	int (*adopt)(struct frontend *frontend, const struct job_record *record,
	    struct lanes *lanes, bool is_cancelled);
	/* Cancels one, if it has it. */
	void (*stop)(struct frontend *frontend, struct job_id id);
	/* Calls see for each: its id, whether it runs (state) and since when,
	 * and the attempts behind it that the recorder was told of. */
	void (*each)(struct frontend *frontend,
	    void (*see)(void *arg, const struct job_record *job), void *arg);
	/* Results wait for the disk: what has not begun is to be given back. */
	void (*full)(struct frontend *frontend);
	/* Less is left to be said than before. */
	void (*settled)(struct frontend *frontend);
};

/* handler must outlive the records. NULL when memory ran out. */
struct records *records_new(
    struct frontend *frontend, const struct record_handler *handler);
/* Questions that are still open are answered with an error. */
void records_free(struct records *records);

/* A recorder is there, at the other end of this socket, which is taken over. */
void records_link(struct records *records, int fd);

/* --- on behalf of clients: the answer is this function's from now on --- */

/* Takes a checked request with `detach` or a `key` into the store, as the job
 * with this new id. lanes are its client's. is_for_us: this frontend is to run
 * it, and not the one that the recorder chooses when there is room. */
void records_submit(struct records *records, struct job_id id,
    const struct job_request *request, struct lanes *lanes, bool is_for_us,
    struct answer *answer);
/* timeout_ms: 0: none. */
void records_wait(struct records *records, struct job_id id,
    uint64_t timeout_ms, struct answer *answer);
void records_get(
    struct records *records, struct job_id id, struct answer *answer);
void records_list(struct records *records, const struct store_query *query,
    struct answer *answer);
void records_cancel(
    struct records *records, struct job_id id, struct answer *answer);
void records_collect(
    struct records *records, struct job_id id, struct answer *answer);

/* --- about the jobs that this frontend has --- */

/* It runs from now on. */
void records_start(struct records *records, struct job_id id, uint64_t now_ms);
/* It has so many attempts behind it. */
void records_lose(struct records *records, struct job_id id, uint32_t attempts);
/* It is not this frontend's any more, and whoever gets it runs it. */
void records_release(struct records *records, struct job_id id);
/* It has ended. result (its text, malloc'd) is stolen. */
void records_end(
    struct records *records, const struct job_record *record, char *result);

/* Whether a store is configured. */
bool records_are_kept(const struct records *records);
/* Whether the history of plain jobs is wanted. */
bool records_want_history(const struct records *records);
/* A plain job has ended; result is its text, which is borrowed. Where the
 * recorder is slow it is forgotten. */
void records_history(struct records *records, const struct job_record *record,
    const char *result, size_t length);

/* --- the frontend's life --- */

/* No more jobs of the store are taken. */
void records_retire(struct records *records);
/* Clients that wait are told that gild stops. */
void records_drain(struct records *records);
/* Writes what is left to say, for some time at the most. Before the end. */
void records_flush(struct records *records);
/* Drops questions whose clients have left. To be called now and then. */
void records_sweep(struct records *records);
/* All that has ended is on the disk. */
bool records_are_settled(const struct records *records);

/* What server.info and server.stats say: a new reference or NULL. */
json_t *records_info(const struct records *records);
json_t *records_stats(const struct records *records);

#endif
