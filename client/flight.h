/*
 * Jobs on their way: a bounded number of them, each with the line that it came
 * from and its params, for another try where the server was busy. Pure: the
 * caller sends, and brings the clock.
 */
#ifndef GILD_CLIENT_FLIGHT_H
#define GILD_CLIENT_FLIGHT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLIGHT_FIRST_PAUSE_MS 10 /* after "busy"; doubles to the last */
#define FLIGHT_LAST_PAUSE_MS 1000

struct flight_job {
	uint64_t line;	/* of the input, from 1; 0: no job */
	json_t *params; /* owned */
	bool is_put_off;
};

struct flight {
	size_t size;
	struct flight_job *jobs; /* size of them */
	size_t *idle;		 /* a stack of those that are no job now */
	size_t n_idle;
	size_t *busy; /* a queue of those put off, the oldest first */
	size_t first_busy;
	size_t n_busy;
	int64_t retry_at_ms; /* while any is put off */
	int64_t pause_ms;
};

/* 0, or -1 when memory ran out; flight_free() is due either way. */
int flight_init(struct flight *flight, size_t size)
    __attribute__((warn_unused_result));
/* Frees what the struct owns; one that is all zeroes owns nothing. */
void flight_free(struct flight *flight);

bool flight_is_full(const struct flight *flight);
bool flight_is_empty(const struct flight *flight);

/*
 * One more job (it must not be full); params is stolen. Returns its id, which
 * no other job of this flight has or had.
 */
uint64_t flight_add(struct flight *flight, uint64_t line, json_t *params);

/*
 * The job with this id that an answer may be for, or NULL: it has ended, waits
 * for its next try, or never was. Borrowed.
 */
const struct flight_job *flight_find(const struct flight *flight, uint64_t id);

/* A job that flight_find() finds has ended: the server has room again. */
void flight_land(struct flight *flight, uint64_t id);

/*
 * The server was too busy for a job that flight_find() finds: it waits, for
 * at_least_ms or longer.
 */
void flight_put_off(
    struct flight *flight, uint64_t id, int64_t now_ms, int64_t at_least_ms);

/* The job that has waited longest tries again: its id, or 0 for none. */
uint64_t flight_retry(struct flight *flight);

/*
 * When the pause is over: how many are to try again, now. The next pause is a
 * longer one, until a job lands.
 */
size_t flight_retries_due(struct flight *flight, int64_t now_ms);

/*
 * To look at all jobs that an answer may be for: the id of the one in this
 * place, from 0 to flight->size - 1, or 0.
 */
uint64_t flight_at(const struct flight *flight, size_t place);

/*
 * How many jobs have a key, by which the server knows them beyond their
 * connection; and how many that an answer may be for have none.
 */
size_t flight_count_keyed(const struct flight *flight);
size_t flight_count_bare(const struct flight *flight);

/* How many jobs there are, and the first of their lines (0 for none). */
size_t flight_count(const struct flight *flight, uint64_t *first_line);

#endif
