/*
 * What an io task did in a run: its operations, how many a second, how long
 * they took; and what the CPU-bound tasks beside it did. An operation is some
 * turns, a sleep without the lock, and the way back to it.
 */
#ifndef GILD_CLIENT_OPERATIONS_H
#define GILD_CLIENT_OPERATIONS_H

#include "client/experiment.h"

/* Of one run; all pure. */
double operations_number(const struct run *run);
double operations_per_second(const struct run *run);
/* Mean time asleep and waiting for the lock; infinity without operations. */
double operations_latency_ns(const struct run *run);
/* Turns a second of the tasks beside it, all together. */
double operations_company_rate(const struct run *run);
/* How often a second the lock went from one task to another. */
double operations_switch_rate(const struct run *run);

/* How long each operation of all of an arm's runs took; empty if unknown. */
struct histogram operations_histogram(
    const struct run runs[], size_t n_runs, size_t arm);

/*
 * Makes an arm of it: one task that every so many turns sleeps, for as long as
 * it takes to see `enough` operations that each wait for so long, and at least
 * for_ms.
 */
void operations_request(struct job_request *request, uint64_t every,
    uint64_t sleep_us, uint64_t for_ms, uint64_t wait_us);

/* The median of a figure over an arm's runs. 0, or -1: no memory. */
int operations_estimate(const struct run runs[], size_t n_runs, size_t arm,
    double (*figure)(const struct run *run), struct estimate *estimate)
    __attribute__((warn_unused_result));

#endif
