/*
 * Owns: counting. What is written while the run goes on is one figure at a
 * time, by one thread, with relaxed atomic stores (as in hdr.c).
 *
 * Runs in the threads of the load generator, each with a tally of its own; the
 * main thread looks at counts and histograms, and merges when they have ended.
 */
#include "client/load_tally.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>

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

static void
add_parts(struct load_parts *sum, const struct load_parts *add)
{
	for (size_t i = 0; i < LOAD_PARTS; i++)
		sum->ns[i] += add->ns[i];
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
	add_parts(&tally->classes[job->class].parts, &parts);
	add_parts(&tally->by_bucket[hdr_bucket(HDR_FINE, latency_ns)], &parts);
}

/* The row of a reason: a new one, or the last, where there are too many. */
static struct load_error_row *
find_error(struct load_tally *tally, const char *reason, const char *example)
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
	find_error(tally, reason, example)->jobs++;
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

/* --- when all threads have ended --- */

static void
add_counts(struct load_counts *sum, const struct load_counts *add)
{
	sum->scheduled += add->scheduled;
	sum->sent += add->sent;
	sum->done += add->done;
	sum->failed += add->failed;
	sum->skipped += add->skipped;
	sum->not_sent += add->not_sent;
}

static void
merge_rows(struct load_tally *sum, const struct load_tally *add)
{
	const struct load_script *script = sum->script;

	for (size_t i = 0; i < script->n_classes; i++) {
		add_counts(&sum->classes[i].counts, &add->classes[i].counts);
		hdr_merge(&sum->classes[i].latency, &add->classes[i].latency);
		add_parts(&sum->classes[i].parts, &add->classes[i].parts);
	}
	for (size_t i = 0; i < script->n_phases; i++) {
		add_counts(&sum->phases[i].counts, &add->phases[i].counts);
		hdr_merge(&sum->phases[i].latency, &add->phases[i].latency);
	}
	for (size_t i = 0; i < sum->n_intervals; i++) {
		struct load_interval *interval = &sum->intervals[i];
		const struct load_interval *other = &add->intervals[i];

		interval->scheduled += other->scheduled;
		interval->sent += other->sent;
		interval->failed += other->failed;
		hdr_merge(&interval->latency, &other->latency);
	}
}

void
load_tally_merge(struct load_tally *sum, const struct load_tally *add)
{
	merge_rows(sum, add);
	hdr_merge(&sum->service, &add->service);
	for (size_t i = 0; i < sum->service.n_buckets; i++)
		add_parts(&sum->by_bucket[i], &add->by_bucket[i]);
	if (add->end_ns < sum->end_ns)
		sum->end_ns = add->end_ns;
	sum->done_in_time += add->done_in_time;
	sum->done += add->done;
	sum->failed += add->failed;
	sum->warm_up += add->warm_up;
	sum->skipped_down += add->skipped_down;
	sum->late += add->late;
	if (add->worst_late_ns > sum->worst_late_ns)
		sum->worst_late_ns = add->worst_late_ns;
	sum->lost += add->lost;
	sum->reopened += add->reopened;
	for (size_t i = 0; i < add->n_errors; i++)
		find_error(sum, add->errors[i].reason, add->errors[i].example)
		    ->jobs += add->errors[i].jobs;
}

/* --- the report --- */

static int
compare_errors(const void *a, const void *b)
{
	const struct load_error_row *left = a, *right = b;

	if (left->jobs != right->jobs)
		return left->jobs < right->jobs ? 1 : -1;
	return strcmp(left->reason, right->reason);
}

static void
settle_rows(const struct load_tally *tally, struct load_report *report)
{
	const struct load_script *script = tally->script;

	for (size_t i = 0; i < script->n_classes; i++) {
		const struct load_class_row *row = &tally->classes[i];

		report->classes[i].counts = row->counts;
		report->classes[i].parts = row->parts;
		hdr_merge(&report->classes[i].latency, &row->latency);
		hdr_merge(&report->latency, &row->latency);
		add_counts(&report->counts, &row->counts);
		add_parts(&report->parts, &row->parts);
	}
	for (size_t i = 0; i < script->n_phases; i++) {
		const struct load_phase *phase = &script->phases[i];
		uint64_t ran_ns = tally->end_ns > phase->start_ns
		    ? tally->end_ns - phase->start_ns
		    : 0;

		report->phases[i].counts = tally->phases[i].counts;
		report->phases[i].measured_ns =
		    ran_ns < phase->duration_ns ? ran_ns : phase->duration_ns;
		hdr_merge(
		    &report->phases[i].latency, &tally->phases[i].latency);
	}
}

/*
 * Takes up to `wanted` of a bucket's jobs, and the same part of their time, out
 * of what is left of it.
 */
static uint64_t
take_jobs(uint64_t wanted, uint64_t *left, struct load_parts *left_parts,
    struct load_parts *parts)
{
	uint64_t taken = wanted < *left ? wanted : *left;

	for (size_t i = 0; i < LOAD_PARTS && taken > 0; i++) {
		uint64_t ns = taken == *left
		    ? left_parts->ns[i]
		    : (uint64_t)((double)left_parts->ns[i] * (double)taken /
			  (double)*left);

		left_parts->ns[i] -= ns;
		parts->ns[i] += ns;
	}
	*left -= taken;
	return taken;
}

static void
settle_bands(const struct load_tally *tally, struct load_report *report)
{
	static const double edges[LOAD_BANDS + 1] = {
	    0, 0.5, 0.9, 0.99, 0.999, 1};
	const struct hdr *latency = &report->latency;
	size_t bucket = 0;
	uint64_t left = latency->counts[0], ranks = 0;
	struct load_parts left_parts = tally->by_bucket[0];

	for (size_t i = 0; i < LOAD_BANDS; i++) {
		struct load_band *band = &report->bands[i];
		uint64_t last = i + 1 < LOAD_BANDS
		    ? (uint64_t)(edges[i + 1] * (double)latency->count)
		    : latency->count;

		*band = (struct load_band){
		    .from = edges[i],
		    .to = edges[i + 1],
		    .jobs = last - ranks,
		    .low_ns = hdr_quantile(latency, edges[i]),
		    .high_ns = hdr_quantile(latency, edges[i + 1]),
		};
		for (;;) {
			ranks += take_jobs(
			    last - ranks, &left, &left_parts, &band->parts);
			if (ranks == last)
				break;
			bucket++;
			left = latency->counts[bucket];
			left_parts = tally->by_bucket[bucket];
		}
	}
}

/* Up to the end of sending, and behind it as far as anything happened. */
static size_t
count_points(const struct load_tally *tally, uint64_t measured_ns)
{
	size_t n = (size_t)((measured_ns + tally->interval_ns - 1) /
	    tally->interval_ns);

	if (n > tally->n_intervals)
		n = tally->n_intervals;
	for (size_t i = tally->n_intervals; i > n; i--)
		if (tally->intervals[i - 1].failed > 0 ||
		    tally->intervals[i - 1].latency.count > 0)
			return i;
	return n;
}

static int
settle_points(const struct load_tally *tally, struct load_report *report)
{
	report->interval_ns = tally->interval_ns;
	report->n_points = count_points(tally, report->measured_ns);
	report->points =
	    calloc(report->n_points + 1, sizeof(report->points[0]));
	if (report->points == NULL)
		return -1;
	for (size_t i = 0; i < report->n_points; i++) {
		const struct load_interval *interval = &tally->intervals[i];
		uint64_t since_ns = (uint64_t)i * tally->interval_ns;

		report->points[i] = (struct load_point){
		    .start_ns = tally->script->warm_up_ns + since_ns,
		    .length_ns = tally->interval_ns,
		    .scheduled = interval->scheduled,
		    .sent = interval->sent,
		    .done = interval->latency.count,
		    .failed = interval->failed,
		    .p50_ns = hdr_quantile(&interval->latency, 0.5),
		    .p99_ns = hdr_quantile(&interval->latency, 0.99),
		    .max_ns = interval->latency.max_ns,
		};
		if (since_ns < report->measured_ns &&
		    report->measured_ns - since_ns < tally->interval_ns)
			report->points[i].length_ns =
			    report->measured_ns - since_ns;
		if (hdr_init(&report->points[i].latency, HDR_COARSE) == -1)
			return -1;
		hdr_merge(&report->points[i].latency, &interval->latency);
	}
	return 0;
}

int
load_tally_settle(const struct load_tally *tally, struct load_report *report)
{
	uint64_t warm_up_ns = tally->script->warm_up_ns;

	report->run_ns = tally->end_ns;
	report->measured_ns =
	    tally->end_ns > warm_up_ns ? tally->end_ns - warm_up_ns : 0;
	report->rate = load_rate(tally->done_in_time, report->measured_ns);
	report->skipped_down = tally->skipped_down;
	report->warm_up = tally->warm_up;
	report->late = tally->late;
	report->worst_late_ns = tally->worst_late_ns;
	report->lost = tally->lost;
	report->reopened = tally->reopened;
	report->n_errors = tally->n_errors;
	memcpy(report->errors, tally->errors, sizeof(report->errors));
	qsort(report->errors, report->n_errors, sizeof(report->errors[0]),
	    compare_errors);
	hdr_merge(&report->service, &tally->service);
	settle_rows(tally, report);
	settle_bands(tally, report);
	return settle_points(tally, report);
}
