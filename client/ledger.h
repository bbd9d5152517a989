/*
 * The records of many jobs, in the order in which the server gave them, and as
 * a table. Pure.
 */
#ifndef GILD_CLIENT_LEDGER_H
#define GILD_CLIENT_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "client/table.h"
#include "proto/record.h"

struct ledger {
	struct job_record *jobs; /* n of them, owned */
	size_t n;
	size_t room;
};

/* A ledger that is all zeros is empty. 0, or -1 when memory ran out. */
int ledger_add(struct ledger *ledger, const struct job_record *job)
    __attribute__((warn_unused_result));
/* Frees what the struct owns. */
void ledger_free(struct ledger *ledger);

struct ledger_summary {
	uint64_t n;
	uint64_t by_state[JOB_STATE_COUNT];
	uint64_t n_uncollected; /* have ended, and nobody has their result */
};

struct ledger_summary ledger_sum_up(const struct ledger *ledger);

/* "12 jobs: 3 running, 9 done; 4 wait to be collected." */
void ledger_write_summary(
    const struct ledger_summary *summary, char *text, size_t size);

/*
 * The jobs, a row each, in so many columns of a terminal where that is enough:
 * what is the same for all and goes without saying has no column, and keys that
 * leave no room for themselves stand below. CSV has everything. NULL when
 * memory ran out.
 */
struct table *ledger_make_table(
    const struct ledger *ledger, uint64_t now_ms, unsigned columns);

#endif
