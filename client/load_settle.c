/*
 * Owns: the way from the tallies of several threads to one report. Runs in the
 * main thread, when all others have ended. Pure, but for memory.
 */
#include "client/load_tally.h"

#include <stdlib.h>
#include <string.h>

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
		load_parts_add(&sum->classes[i].parts, &add->classes[i].parts);
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
		load_parts_add(&sum->by_bucket[i], &add->by_bucket[i]);
	if (add->end_ns < sum->end_ns)
		sum->end_ns = add->end_ns;
	sum->done_in_time += add->done_in_time;
	sum->sent += add->sent;
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
		load_tally_error(
		    sum, add->errors[i].reason, add->errors[i].example)
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
		load_parts_add(&report->parts, &row->parts);
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
