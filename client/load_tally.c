/*
 * Owns: counting. What is written while the run goes on is one figure at a
 * time, by one thread, with relaxed atomic stores (as in hdr.c).
 *
 * Runs in the threads of the load generator, each with a tally of its own; the
 * main thread looks at counts and histograms, and merges when they have ended.
 */
#include "client/load_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER "other"

static void
count_up(uint64_t *figure, uint64_t n)
{
	__atomic_store_n(figure, *figure + n, __ATOMIC_RELAXED);
}

/* 1, 2, 5, 10, 20, 50, ... ms: the first that gives few enough of them. */
uint64_t
load_tally_interval_ns(uint64_t measured_ns)
{
	uint64_t power_ns = 1000000;

	for (;; power_ns *= 10)
		for (uint64_t step = 1; step <= 5; step += step == 1 ? 1 : 3)
			if (measured_ns / (step * power_ns) <
			    LOAD_MAX_INTERVALS)
				return step * power_ns;
}

static int
init_intervals(struct load_tally *tally)
{
	const struct load_script *script = tally->script;
	uint64_t measured_ns =
	    load_script_duration_ns(script) - script->warm_up_ns;

	tally->interval_ns = load_tally_interval_ns(measured_ns);
	tally->n_intervals =
	    (size_t)((measured_ns + script->drain_ns) / tally->interval_ns) + 1;
	if (tally->n_intervals > 2 * LOAD_MAX_INTERVALS)
		tally->n_intervals = 2 * LOAD_MAX_INTERVALS;
	tally->intervals =
	    calloc(tally->n_intervals, sizeof(tally->intervals[0]));
	if (tally->intervals == NULL)
		return -1;
	for (size_t i = 0; i < tally->n_intervals; i++)
		if (hdr_init(&tally->intervals[i].latency, HDR_COARSE) == -1)
			return -1;
	return 0;
}

int
load_tally_init(struct load_tally *tally, const struct load_script *script)
{
	*tally = (struct load_tally){
	    .script = script,
	    .end_ns = load_script_duration_ns(script),
	};
	tally->classes = calloc(script->n_classes, sizeof(tally->classes[0]));
	tally->phases = calloc(script->n_phases, sizeof(tally->phases[0]));
	if (tally->classes == NULL || tally->phases == NULL ||
	    hdr_init(&tally->service, HDR_FINE) == -1)
		return -1;
	tally->by_bucket =
	    calloc(tally->service.n_buckets, sizeof(tally->by_bucket[0]));
	if (tally->by_bucket == NULL)
		return -1;
	for (size_t i = 0; i < script->n_classes; i++)
		if (hdr_init(&tally->classes[i].latency, HDR_FINE) == -1)
			return -1;
	for (size_t i = 0; i < script->n_phases; i++)
		if (hdr_init(&tally->phases[i].latency, HDR_FINE) == -1)
			return -1;
	return init_intervals(tally);
}

void
load_tally_free(struct load_tally *tally)
{
	const struct load_script *script = tally->script;

	if (script == NULL)
		return;
	for (size_t i = 0; tally->classes && i < script->n_classes; i++)
		hdr_free(&tally->classes[i].latency);
	for (size_t i = 0; tally->phases && i < script->n_phases; i++)
		hdr_free(&tally->phases[i].latency);
	for (size_t i = 0; tally->intervals && i < tally->n_intervals; i++)
		hdr_free(&tally->intervals[i].latency);
	hdr_free(&tally->service);
	free(tally->classes);
	free(tally->phases);
	free(tally->by_bucket);
	free(tally->intervals);
	*tally = (struct load_tally){0};
}

/* The stretch of a moment; NULL in the warm-up. The last one has no end. */
static struct load_interval *
interval_at(struct load_tally *tally, uint64_t now_ns)
{
	uint64_t warm_up_ns = tally->script->warm_up_ns;
	uint64_t i;

	if (now_ns < warm_up_ns)
		return NULL;
	i = (now_ns - warm_up_ns) / tally->interval_ns;
	return &tally->intervals[i < tally->n_intervals
		? i
		: tally->n_intervals - 1];
}

/* One of the counts, of the job's class and of its phase. */
static void
count_job(struct load_tally *tally, const struct load_job *job, size_t offset)
{
	char *of_class = (char *)&tally->classes[job->class].counts;
	char *of_phase = (char *)&tally->phases[job->phase].counts;

	count_up((uint64_t *)(void *)(of_class + offset), 1);
	count_up((uint64_t *)(void *)(of_phase + offset), 1);
}

#define COUNT_JOB(tally, job, member) \
	count_job(tally, job, offsetof(struct load_counts, member))

void
load_tally_scheduled(struct load_tally *tally, const struct load_job *job)
{
	struct load_interval *interval = interval_at(tally, job->at_ns);

	if (interval != NULL)
		count_up(&interval->scheduled, 1);
	if (job->phase == LOAD_WARM_UP)
		count_up(&tally->warm_up, 1);
	else
		COUNT_JOB(tally, job, scheduled);
}

void
load_tally_sent(
    struct load_tally *tally, const struct load_job *job, uint64_t now_ns)
{
	struct load_interval *interval = interval_at(tally, now_ns);
	uint64_t late_ns = now_ns > job->at_ns ? now_ns - job->at_ns : 0;

	count_up(&tally->sent, 1);
	if (interval != NULL)
		count_up(&interval->sent, 1);
	if (job->phase == LOAD_WARM_UP)
		return;
	COUNT_JOB(tally, job, sent);
	if (late_ns > LOAD_LATE_NS)
		count_up(&tally->late, 1);
	if (late_ns > tally->worst_late_ns)
		tally->worst_late_ns = late_ns;
}

void
load_tally_skipped(
    struct load_tally *tally, const struct load_job *job, bool is_down)
{
	if (job->phase == LOAD_WARM_UP)
		return;
	COUNT_JOB(tally, job, skipped);
	if (is_down)
		count_up(&tally->skipped_down, 1);
}

void
load_tally_left(struct load_tally *tally, const struct load_job *job)
{
	if (job->phase != LOAD_WARM_UP)
		COUNT_JOB(tally, job, not_sent);
}

/* Takes a part out of what is left. */
static uint64_t
take(uint64_t *left_ns, uint64_t part_ns)
{
	uint64_t taken_ns = part_ns < *left_ns ? part_ns : *left_ns;

	*left_ns -= taken_ns;
	return taken_ns;
}

struct load_parts
load_tally_split(uint64_t scheduled_ns, const struct load_times *times)
{
	uint64_t left_ns = times->received_ns > scheduled_ns
	    ? times->received_ns - scheduled_ns
	    : 0;
	struct load_parts parts;
	uint64_t served_ns, wall_ns;

	parts.ns[LOAD_CLIENT] = take(&left_ns,
	    times->sent_ns > scheduled_ns ? times->sent_ns - scheduled_ns : 0);
	served_ns = take(&left_ns, times->total_ns);
	parts.ns[LOAD_WAY] = left_ns;
	parts.ns[LOAD_QUEUE] = take(&served_ns, times->queue_ns);
	wall_ns = take(&served_ns, times->wall_ns);
	parts.ns[LOAD_DISPATCH] = served_ns;
	parts.ns[LOAD_LOCK_WAIT] =
	    take(&wall_ns, times->lock_wait_ns / times->workers);
	parts.ns[LOAD_RUN] = wall_ns;
	return parts;
}

void
load_tally_done(struct load_tally *tally, const struct load_job *job,
    const struct load_times *times)
{
	struct load_parts parts = load_tally_split(job->at_ns, times);
	uint64_t latency_ns = load_parts_total(&parts);
	struct load_interval *interval = interval_at(tally, times->received_ns);

	count_up(&tally->done, 1);
	if (interval != NULL)
		hdr_add(&interval->latency, latency_ns);
	if (interval != NULL && times->received_ns <= tally->end_ns)
		count_up(&tally->done_in_time, 1);
	if (job->phase == LOAD_WARM_UP)
		return;
	COUNT_JOB(tally, job, done);
	hdr_add(&tally->classes[job->class].latency, latency_ns);
	hdr_add(&tally->phases[job->phase].latency, latency_ns);
	hdr_add(&tally->service, latency_ns - parts.ns[LOAD_CLIENT]);
	load_parts_add(&tally->classes[job->class].parts, &parts);
	load_parts_add(
	    &tally->by_bucket[hdr_bucket(HDR_FINE, latency_ns)], &parts);
}

struct load_error_row *
load_tally_error(
    struct load_tally *tally, const char *reason, const char *example)
{
	struct load_error_row *row = tally->errors;

	for (size_t i = 0; i < tally->n_errors; i++, row++)
		if (strcmp(row->reason, reason) == 0)
			return row;
	if (tally->n_errors == LOAD_MAX_ERRORS)
		return row - 1;
	if (++tally->n_errors == LOAD_MAX_ERRORS)
		reason = OTHER;
	snprintf(row->reason, sizeof(row->reason), "%s", reason);
	snprintf(row->example, sizeof(row->example), "%s", example);
	return row;
}

void
load_tally_failed(struct load_tally *tally, const struct load_job *job,
    uint64_t now_ns, const char *reason, const char *example)
{
	struct load_interval *interval = interval_at(tally, now_ns);

	count_up(&tally->failed, 1);
	if (interval != NULL)
		count_up(&interval->failed, 1);
	if (job->phase == LOAD_WARM_UP)
		return;
	COUNT_JOB(tally, job, failed);
	load_tally_error(tally, reason, example)->jobs++;
}

void
load_tally_lost(struct load_tally *tally)
{
	count_up(&tally->lost, 1);
}

void
load_tally_reopened(struct load_tally *tally)
{
	count_up(&tally->reopened, 1);
}
