/*
 * What one thread of the load generator has seen: every job is told of here,
 * once for each thing that happens to it. Tallies of several threads are added
 * up at the end, and then make the report.
 *
 * For each bucket of the latency there are the sums of where its jobs' time
 * went, so that what a percentile band is made of can be told exactly after the
 * run, when one knows where the band lies.
 *
 * One thread writes; a live line may look at the same time at whatever is a
 * count or a histogram.
 */
#ifndef GILD_CLIENT_LOAD_TALLY_H
#define GILD_CLIENT_LOAD_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/hdr.h"
#include "client/load_report.h"
#include "client/load_schedule.h"
#include "client/load_script.h"

#define LOAD_MAX_INTERVALS 64 /* of what is measured */

/* What happened in a stretch of the time. */
struct load_interval {
	uint64_t scheduled;
	uint64_t sent;
	uint64_t failed;
	struct hdr latency; /* HDR_COARSE: of what was done */
};

/* Where and how the time went, by the server's clocks. */
struct load_times {
	uint64_t sent_ns; /* these two: since the start of the run */
	uint64_t received_ns;
	uint64_t queue_ns;
	uint64_t wall_ns;
	uint64_t total_ns;
	uint64_t lock_wait_ns; /* of all workers */
	uint32_t workers;
};

struct load_tally {
	const struct load_script *script; /* borrowed */
	uint64_t end_ns; /* of sending: the script's, or when it was stopped */
	struct load_class_row *classes; /* owned, as in the report */
	struct load_phase_row *phases;	/* the same */
	struct hdr service;
	struct load_parts *by_bucket; /* owned: of HDR_FINE latencies */
	uint64_t done_in_time;	      /* answered while it was measured */
	uint64_t sent;		      /* these three: with the warm-up's */
	uint64_t done;
	uint64_t failed;
	uint64_t warm_up;
	uint64_t skipped_down;
	uint64_t late;
	uint64_t worst_late_ns;
	uint64_t lost;
	uint64_t reopened;
	size_t n_errors;
	struct load_error_row errors[LOAD_MAX_ERRORS];
	uint64_t interval_ns;
	size_t n_intervals;		 /* with those of the drain */
	struct load_interval *intervals; /* owned */
};

/* 0, or -1 when memory ran out; load_tally_free() is due either way. */
int load_tally_init(struct load_tally *tally, const struct load_script *script)
    __attribute__((warn_unused_result));
void load_tally_free(struct load_tally *tally);

/* A job's moment has come. Then it is sent, skipped, or left. */
void load_tally_scheduled(struct load_tally *tally, const struct load_job *job);
void load_tally_sent(
    struct load_tally *tally, const struct load_job *job, uint64_t now_ns);
void load_tally_skipped(
    struct load_tally *tally, const struct load_job *job, bool is_down);
void load_tally_left(struct load_tally *tally, const struct load_job *job);

/* A job that was sent is done, or is not. example may be "". */
void load_tally_done(struct load_tally *tally, const struct load_job *job,
    const struct load_times *times);
void load_tally_failed(struct load_tally *tally, const struct load_job *job,
    uint64_t now_ns, const char *reason, const char *example);

/* The row of a reason: a new one, or the last, where there are too many. */
struct load_error_row *load_tally_error(
    struct load_tally *tally, const char *reason, const char *example);

void load_tally_lost(struct load_tally *tally);
void load_tally_reopened(struct load_tally *tally);

/* The parts of a latency, which they add up to, whatever the clocks said. */
struct load_parts load_tally_split(
    uint64_t scheduled_ns, const struct load_times *times);

/* How long an interval is, for so much that is measured. */
uint64_t load_tally_interval_ns(uint64_t measured_ns);

void load_tally_merge(struct load_tally *sum, const struct load_tally *add);

/*
 * Fills in what of the report comes from the jobs, all but its class and phase
 * rows' memory, which load_report_init() has made. 0, or -1 when memory ran
 * out.
 */
int load_tally_settle(const struct load_tally *tally,
    struct load_report *report) __attribute__((warn_unused_result));

#endif
