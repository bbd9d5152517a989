/* Whether a load run's figures are the server's, or those of who asked. */
#ifndef GILD_CLIENT_LOAD_JUDGE_H
#define GILD_CLIENT_LOAD_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load_report.h"
#include "client/load_worker.h"
#include "client/units.h"

#define LOAD_BUSY_SHARE 0.9  /* of a thread's time: it has none to spare */
#define LOAD_LATE_SHARE 0.01 /* of the jobs: sent late */

/* What the judgement is made from. */
struct load_evidence {
	double cpu_share; /* as in struct load_generator */
	double busiest_share;
	uint32_t threads;
};

/* Fills in report->generator from that and the counts. Pure. */
void load_judge(
    struct load_report *report, const struct load_evidence *evidence);

/* The same from the threads, and the CPU time of the whole program. */
void load_judge_generator(struct load_report *report,
    const struct load_worker workers[], size_t n_workers, uint64_t cpu_ns);

/* What gilctl lacked in a step of a search: "98 % busy", "12 % late", "-". */
struct units_text load_judge_limit(const struct load_step *step);

/*
 * Whether a search ended where gilctl could not do more itself; then a sentence
 * says so. Pure.
 */
bool load_judge_search(
    const struct load_report *report, char text[LOAD_SENTENCE_CHARS + 1]);

#endif
