/*
 * What a contrast means, in words: of what people ask for first, the median,
 * p99 and p99.9, a sentence each where they differ; the other percentiles
 * together.
 *
 * Pure.
 */
#include "client/load_contrast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/units.h"

#define TOLD_MEAN 0.05 /* a mean that changed by more is split up */
#define TOLD_PART 0.1  /* of the mean's change */

/* "12 % lower (8 to 15 %)", "3.2 times as high (2.9 to 3.6)" */
static void
write_change(struct estimate ratio, char *text, size_t size)
{
	bool is_lower = ratio.value < 1;
	double low = is_lower ? 1 - ratio.high : ratio.low - 1;
	double high = is_lower ? 1 - ratio.low : ratio.high - 1;

	if (ratio.value >= 2 && isfinite(ratio.high))
		snprintf(text, size, "%.3g times as high (%.3g to %.3g)",
		    ratio.value, ratio.low, ratio.high);
	else if (ratio.value >= 2)
		snprintf(text, size, "%.3g times as high (at least %.3g)",
		    ratio.value, ratio.low);
	else if (isfinite(high))
		snprintf(text, size, "%.2g %% %s (%.2g to %.2g %%)",
		    fabs(ratio.value - 1) * 100, is_lower ? "lower" : "higher",
		    low * 100, high * 100);
	else
		snprintf(text, size, "%.2g %% %s (at least %.2g %%)",
		    fabs(ratio.value - 1) * 100, is_lower ? "lower" : "higher",
		    low * 100);
}

static bool
is_seen(const struct contrast_row *row)
{
	return row->seen == CONTRAST_LOWER || row->seen == CONTRAST_HIGHER;
}

static bool
is_told_alone(const struct contrast_row *row)
{
	return strcmp(row->name, "p50") == 0 || strcmp(row->name, "p99") == 0 ||
	    strcmp(row->name, "p99.9") == 0;
}

/* Whether a row is one of a list: what is told alone is in no list then. */
static bool
is_listed(const struct contrast_row *row, enum contrast_change change)
{
	return row->seen == change && !(is_seen(row) && is_told_alone(row));
}

/* "p50, p75 and p99": those that were found so; returns how many. */
static size_t
list_rows(const struct load_contrast *contrast, enum contrast_change change,
    char *text, size_t size)
{
	size_t n = 0, left, used = 0;

	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		n += is_listed(&contrast->quantiles[i], change);
	left = n;
	text[0] = '\0';
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++) {
		if (!is_listed(&contrast->quantiles[i], change) || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		    left == n	    ? ""
			: left == 1 ? " and "
				    : ", ",
		    contrast->quantiles[i].name);
		left--;
	}
	return n;
}

static void
judge_latency(struct load_contrast *contrast)
{
	char names[96], change[96];
	size_t n_not_seen =
	    list_rows(contrast, CONTRAST_NOT_SEEN, names, sizeof(names));

	for (size_t i = 0; i < CONTRAST_QUANTILES; i++) {
		const struct contrast_row *row = &contrast->quantiles[i];

		if (!is_seen(row) || !is_told_alone(row))
			continue;
		write_change(row->change, change, sizeof(change));
		contrast_say(&contrast->verdict,
		    "B's %s is %s: %s instead of %s.", row->name, change,
		    units_duration((uint64_t)row->b.value).text,
		    units_duration((uint64_t)row->a.value).text);
	}
	if (list_rows(contrast, CONTRAST_LOWER, change, sizeof(change)) > 0)
		contrast_say(&contrast->verdict, "Lower in B: %s.", change);
	if (list_rows(contrast, CONTRAST_HIGHER, change, sizeof(change)) > 0)
		contrast_say(&contrast->verdict, "Higher in B: %s.", change);
	if (n_not_seen == CONTRAST_QUANTILES)
		contrast_say(&contrast->verdict,
		    "Latency: no difference that these runs can show.");
	else if (n_not_seen > 0)
		contrast_say(&contrast->verdict,
		    "%s: no difference that these runs can show.", names);
	if (list_rows(contrast, CONTRAST_NOT_KNOWN, names, sizeof(names)) > 0)
		contrast_say(&contrast->verdict,
		    "%s: too few jobs, or too uneven a run, to tell.", names);
}

static void
judge_rate(struct load_contrast *contrast)
{
	const struct contrast_row *row = &contrast->rate;
	char change[96];

	if (!is_seen(row)) {
		contrast_say(&contrast->verdict,
		    row->seen == CONTRAST_NOT_SEEN
			? "Throughput: no difference that these runs can show."
			: "Throughput: not known, for a run did nothing or was "
			  "too short.");
		return;
	}
	write_change(row->change, change, sizeof(change));
	contrast_say(&contrast->verdict,
	    "B's throughput is %s: %s jobs a second instead of %s.", change,
	    units_count((uint64_t)(row->b.value + 0.5)).text,
	    units_count((uint64_t)(row->a.value + 0.5)).text);
}

/* What became of so many jobs: "12 of 3,000 (0.4 %)" */
static void
write_share(uint64_t n, uint64_t of, char *text, size_t size)
{
	snprintf(text, size, "%s of %s (%s)", units_count(n).text,
	    units_count(of).text,
	    units_percent(of > 0 ? (double)n / (double)of : 0).text);
}

/* In each of A and B: n[] of of[] failed, or whatever `what` says. */
static void
judge_share(struct load_contrast *contrast, const struct contrast_row *row,
    const char *what, const uint64_t n[2], const uint64_t of[2])
{
	char a[112], b[112];

	if (n[0] == 0 && n[1] == 0)
		return;
	write_share(n[0], of[0], a, sizeof(a));
	write_share(n[1], of[1], b, sizeof(b));
	if (is_seen(row))
		contrast_say(&contrast->verdict,
		    "More of %c's jobs %s: %s, and of %c's %s.",
		    row->seen == CONTRAST_LOWER ? 'A' : 'B', what,
		    row->seen == CONTRAST_LOWER ? a : b,
		    row->seen == CONTRAST_LOWER ? 'B' : 'A',
		    row->seen == CONTRAST_LOWER ? b : a);
	else
		contrast_say(&contrast->verdict,
		    "Of A's jobs %s %s, of B's %s: no difference that these "
		    "runs can show.",
		    a, what, b);
}

static void
judge_shares(struct load_contrast *contrast)
{
	const struct load_counts *a = &contrast->a->counts;
	const struct load_counts *b = &contrast->b->counts;
	const uint64_t failed[] = {a->failed, b->failed};
	const uint64_t sent[] = {a->sent, b->sent};
	const uint64_t not_sent[] = {
	    a->skipped + a->not_sent, b->skipped + b->not_sent};
	const uint64_t scheduled[] = {a->scheduled, b->scheduled};

	judge_share(contrast, &contrast->failed, "failed", failed, sent);
	judge_share(contrast, &contrast->not_sent, "were not sent", not_sent,
	    scheduled);
}

static double
mean_part(const struct load_report *report, enum load_part part)
{
	return report->counts.done > 0
	    ? (double)report->parts.ns[part] / (double)report->counts.done
	    : 0;
}

/* Which parts a change of the mean is made of, the largest first. */
static size_t
list_parts(const struct load_contrast *contrast, double change_ns, char *text,
    size_t size)
{
	bool is_told[LOAD_PARTS] = {false};
	size_t n = 0, used = 0;

	for (;;) {
		double most_ns = 0;
		unsigned most = 0;

		for (unsigned part = 0; part < LOAD_PARTS; part++) {
			double part_ns = mean_part(contrast->b, part) -
			    mean_part(contrast->a, part);

			if (is_told[part] || part_ns * change_ns <= 0 ||
			    fabs(part_ns) <= most_ns)
				continue;
			most_ns = fabs(part_ns);
			most = part;
		}
		if (most_ns <= TOLD_PART * fabs(change_ns) || used >= size)
			return n;
		is_told[most] = true;
		used += (size_t)snprintf(text + used, size - used, "%s%s %s",
		    n > 0 ? ", " : "", load_part_label(most),
		    units_duration((uint64_t)most_ns).text);
		n++;
	}
}

static void
judge_parts(struct load_contrast *contrast)
{
	double a = hdr_mean(&contrast->a->latency);
	double b = hdr_mean(&contrast->b->latency);
	char parts[192];

	if (!(a > 0) || !(b > 0) || fabs(b / a - 1) < TOLD_MEAN ||
	    list_parts(contrast, b - a, parts, sizeof(parts)) == 0)
		return;
	contrast_say(&contrast->verdict,
	    "Of a job's mean latency, which %s by %s, it is: %s.",
	    b < a ? "fell" : "rose", units_duration((uint64_t)fabs(b - a)).text,
	    parts);
}

void
load_contrast_judge(struct load_contrast *contrast)
{
	contrast->verdict.n = 0;
	judge_latency(contrast);
	judge_parts(contrast);
	judge_rate(contrast);
	judge_shares(contrast);
}
