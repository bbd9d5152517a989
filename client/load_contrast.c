/*
 * Figures and their intervals. What they mean in words is load_contrast_judge.c's
 * affair, how they look load_contrast_print.c's.
 *
 * Pure.
 */
#include "client/load_contrast.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/proportion.h"
#include "client/term.h"
#include "client/units.h"

void
contrast_say(struct contrast_sentences *sentences, const char *format, ...)
{
	va_list args;

	if (sentences->n == CONTRAST_MAX_SENTENCES)
		return;
	va_start(args, format);
	vsnprintf(sentences->text[sentences->n], CONTRAST_SENTENCE_CHARS + 1,
	    format, args);
	va_end(args);
	term_tame(sentences->text[sentences->n++]);
}

const char *
contrast_change_name(enum contrast_change change)
{
	static const char *const names[] = {
	    [CONTRAST_NOT_SEEN] = "not_seen",
	    [CONTRAST_LOWER] = "lower",
	    [CONTRAST_HIGHER] = "higher",
	    [CONTRAST_NOT_KNOWN] = "not_known",
	};

	return names[change];
}

/* --- what was asked for --- */

static void
differ_in_number(struct contrast_sentences *differences, const char *what,
    double a, double b)
{
	if (a < b || a > b)
		contrast_say(differences, "%s: %.10g and %.10g", what, a, b);
}

static void
differ_in_phase(struct contrast_sentences *differences,
    const struct load_phase *a, const struct load_phase *b)
{
	char what[96];

	snprintf(what, sizeof(what), "phase %s, its seconds", a->name);
	differ_in_number(differences, what, (double)a->duration_ns / 1e9,
	    (double)b->duration_ns / 1e9);
	snprintf(what, sizeof(what), "phase %s, its rate at first", a->name);
	differ_in_number(differences, what, a->from_rate, b->from_rate);
	snprintf(what, sizeof(what), "phase %s, its rate at last", a->name);
	differ_in_number(differences, what, a->to_rate, b->to_rate);
	snprintf(what, sizeof(what), "phase %s, its clients", a->name);
	differ_in_number(differences, what, a->clients, b->clients);
}

static void
differ_in_class(struct contrast_sentences *differences,
    const struct load_class *a, const struct load_class *b)
{
	char what[96];

	snprintf(what, sizeof(what), "class %s, its weight", a->name);
	differ_in_number(differences, what, a->weight, b->weight);
	if (!job_request_equals(&a->request, &b->request))
		contrast_say(
		    differences, "class %s: its jobs are others", a->name);
}

void
load_contrast_differ(const struct load_report *a, const struct load_report *b,
    struct contrast_sentences *differences)
{
	const struct load_script *left = a->script, *right = b->script;

	differences->n = 0;
	if (left->mode != right->mode)
		contrast_say(differences, "mode: %s and %s",
		    left->mode == LOAD_OPEN ? "open" : "closed",
		    right->mode == LOAD_OPEN ? "open" : "closed");
	else if (left->mode == LOAD_OPEN && left->arrival != right->arrival)
		contrast_say(differences, "arrivals: %s and %s",
		    left->arrival == LOAD_POISSON ? "poisson" : "uniform",
		    right->arrival == LOAD_POISSON ? "poisson" : "uniform");
	differ_in_number(
	    differences, "jobs in flight", left->in_flight, right->in_flight);
	differ_in_number(
	    differences, "connections", a->connections, b->connections);
	differ_in_number(differences, "seconds of warm-up",
	    (double)left->warm_up_ns / 1e9, (double)right->warm_up_ns / 1e9);
	differ_in_number(differences, "phases", (double)left->n_phases,
	    (double)right->n_phases);
	for (size_t i = 0; i < left->n_phases && i < right->n_phases; i++)
		differ_in_phase(
		    differences, &left->phases[i], &right->phases[i]);
	differ_in_number(differences, "classes", (double)left->n_classes,
	    (double)right->n_classes);
	for (size_t i = 0; i < left->n_classes && i < right->n_classes; i++)
		differ_in_class(
		    differences, &left->classes[i], &right->classes[i]);
}

/* --- figures --- */

/* What the stretches of a run had, and of how much. */
struct batches {
	size_t n;
	double hits[CONTRAST_BATCHES];
	double sizes[CONTRAST_BATCHES];
};

/* A stretch of the series adds to a batch. */
typedef void fill_batch(const struct load_report *report,
    const struct load_point *point, uint64_t value, double *hits, double *size);

/* The first n_points of the series, in batches of about as many. */
static struct batches
make_batches(const struct load_report *report, size_t n_points,
    fill_batch *fill, uint64_t value)
{
	struct batches batches = {
	    .n = n_points < CONTRAST_BATCHES ? n_points : CONTRAST_BATCHES};

	for (size_t i = 0; i < n_points; i++) {
		size_t batch = i * batches.n / n_points;

		fill(report, &report->points[i], value, &batches.hits[batch],
		    &batches.sizes[batch]);
	}
	return batches;
}

static void
fill_above(const struct load_report *report, const struct load_point *point,
    uint64_t value_ns, double *hits, double *size)
{
	(void)report;
	*hits += (double)hdr_count_above(&point->latency, value_ns);
	*size += (double)point->latency.count;
}

static void
fill_failed(const struct load_report *report, const struct load_point *point,
    uint64_t value, double *hits, double *size)
{
	(void)report;
	(void)value;
	*hits += (double)point->failed;
	*size += (double)(point->failed + point->done);
}

static void
fill_not_sent(const struct load_report *report, const struct load_point *point,
    uint64_t value, double *hits, double *size)
{
	(void)report;
	(void)value;
	if (point->scheduled > point->sent)
		*hits += (double)(point->scheduled - point->sent);
	*size += (double)point->scheduled;
}

/* What was done, of what was scheduled, or of the time that there was. */
static void
fill_done(const struct load_report *report, const struct load_point *point,
    uint64_t value, double *hits, double *size)
{
	(void)value;
	*hits += (double)point->done;
	*size += report->script->mode == LOAD_OPEN ? (double)point->scheduled
						   : (double)point->length_ns;
}

static double
design_effect(
    const struct load_report *report, fill_batch *fill, uint64_t value)
{
	struct batches batches =
	    make_batches(report, report->n_points, fill, value);

	return proportion_design_effect(batches.hits, batches.sizes, batches.n);
}

/* NAN where no job is beyond it: there is no such percentile. */
static struct estimate
find_quantile(const struct load_report *report, double fraction)
{
	const struct hdr *latency = &report->latency;
	uint64_t value_ns = hdr_quantile(latency, fraction);
	double n = floor((double)latency->count /
	    design_effect(report, fill_above, value_ns));
	double fewest, most; /* of n: jobs above it */
	struct estimate out = {(double)value_ns, 0, INFINITY};

	if (!hdr_has_quantile(latency, fraction))
		return (struct estimate){NAN, 0, INFINITY};
	if (n < 1)
		return out;
	proportion_range(n, 1 - fraction, &fewest, &most);
	if (most < n)
		out.low = (double)hdr_quantile(latency, 1 - (most + 1) / n);
	if (fewest > 0)
		out.high = (double)hdr_quantile(latency, 1 - fewest / n);
	out.low = fmin(out.low, out.value);
	out.high = fmax(out.high, out.value);
	return out;
}

/* The stretches while jobs were sent. */
static size_t
count_sending(const struct load_report *report)
{
	size_t n = report->n_points;

	while (n > 0 && report->points[n - 1].start_ns >= report->run_ns)
		n--;
	return n;
}

/*
 * Chance arrivals of two seeds differ, and so does what is done of them, though
 * the servers may not: by the root of their number.
 */
static struct estimate
find_rate(const struct load_report *report, bool has_chance)
{
	struct batches batches =
	    make_batches(report, count_sending(report), fill_done, 0);
	double hits = 0, sizes = 0, squares = 0, reach;
	double m = (double)batches.n;

	for (size_t i = 0; i < batches.n; i++) {
		hits += batches.hits[i];
		sizes += batches.sizes[i];
	}
	if (m < 2 || hits <= 0 || sizes <= 0)
		return (struct estimate){report->rate, 0, INFINITY};
	for (size_t i = 0; i < batches.n; i++)
		squares +=
		    pow(batches.hits[i] - hits / sizes * batches.sizes[i], 2);
	squares = m / (m - 1) * squares / (hits * hits);
	if (has_chance)
		squares += 1 / (double)report->counts.scheduled;
	reach = students_t(m - 1) * sqrt(squares);
	return (struct estimate){report->rate, report->rate * exp(-reach),
	    report->rate * exp(reach)};
}

static enum contrast_change
judge_ratio(const struct contrast_row *row)
{
	if (!(row->a.value > 0) || !(row->b.value > 0) ||
	    (isinf(row->a.high) && isinf(row->b.high)))
		return CONTRAST_NOT_KNOWN;
	if (row->change.high < 1)
		return CONTRAST_LOWER;
	if (row->change.low > 1)
		return CONTRAST_HIGHER;
	return isinf(row->a.high) || isinf(row->b.high) ? CONTRAST_NOT_KNOWN
							: CONTRAST_NOT_SEEN;
}

static struct contrast_row
make_ratio_row(
    const char *name, double fraction, struct estimate a, struct estimate b)
{
	struct contrast_row row = {
	    .name = name,
	    .fraction = fraction,
	    .a = a,
	    .b = b,
	    .change = {NAN, NAN, NAN},
	};

	if (a.value > 0 && b.value > 0)
		row.change = estimate_ratio(b, a);
	row.seen = judge_ratio(&row);
	return row;
}

static struct estimate
find_share(const struct load_report *report, fill_batch *fill, uint64_t hits,
    uint64_t of)
{
	/* Where there were none they did not come in clusters. */
	double effect = hits > 0 ? design_effect(report, fill, 0) : 1;

	return proportion_estimate((double)hits / effect, (double)of / effect);
}

static struct contrast_row
make_share_row(const char *name, struct estimate a, struct estimate b)
{
	struct contrast_row row = {
	    .name = name,
	    .a = a,
	    .b = b,
	    .change = estimate_difference(b, a),
	    .seen = CONTRAST_NOT_SEEN,
	};

	if (row.change.high < 0)
		row.seen = CONTRAST_LOWER;
	else if (row.change.low > 0)
		row.seen = CONTRAST_HIGHER;
	return row;
}

static void
make_rows(struct load_contrast *contrast)
{
	static const struct {
		const char *name;
		double fraction;
	} rows[CONTRAST_QUANTILES] = {{"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9},
	    {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};
	const struct load_report *a = contrast->a, *b = contrast->b;
	bool has_chance = a->script->mode == LOAD_OPEN &&
	    a->script->arrival == LOAD_POISSON &&
	    a->script->seed != b->script->seed;

	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		contrast->quantiles[i] = make_ratio_row(rows[i].name,
		    rows[i].fraction, find_quantile(a, rows[i].fraction),
		    find_quantile(b, rows[i].fraction));
	contrast->rate = make_ratio_row("jobs a second", 0,
	    find_rate(a, has_chance), find_rate(b, has_chance));
	contrast->failed = make_share_row("failed",
	    find_share(a, fill_failed, a->counts.failed, a->counts.sent),
	    find_share(b, fill_failed, b->counts.failed, b->counts.sent));
	contrast->not_sent = make_share_row("not sent",
	    find_share(a, fill_not_sent, a->counts.skipped + a->counts.not_sent,
		a->counts.scheduled),
	    find_share(b, fill_not_sent, b->counts.skipped + b->counts.not_sent,
		b->counts.scheduled));
}

/* --- what to doubt --- */

static void
warn_of_run(struct contrast_sentences *warnings, char name,
    const struct load_report *report)
{
	if (report->is_interrupted)
		contrast_say(warnings, "%c was interrupted.", name);
	for (size_t i = 0; i < report->generator.n_sentences; i++)
		contrast_say(
		    warnings, "%c: %s", name, report->generator.sentences[i]);
	for (size_t i = 0; i < report->weather.n_sentences; i++)
		contrast_say(
		    warnings, "%c: %s", name, report->weather.sentences[i]);
}

static void
warn(struct load_contrast *contrast)
{
	const struct load_report *a = contrast->a, *b = contrast->b;

	if (a->cpus != b->cpus)
		contrast_say(&contrast->warnings,
		    "A ran on %" PRIu32 " CPUs and B on %" PRIu32 ".", a->cpus,
		    b->cpus);
	warn_of_run(&contrast->warnings, 'A', a);
	warn_of_run(&contrast->warnings, 'B', b);
	if (count_sending(a) < 10 || count_sending(b) < 10)
		contrast_say(&contrast->warnings,
		    "A run is too short for its intervals to be trusted.");
}

void
load_contrast_make(const struct load_report *a, const struct load_report *b,
    struct load_contrast *contrast)
{
	*contrast = (struct load_contrast){.a = a, .b = b};
	load_contrast_differ(a, b, &contrast->differences);
	make_rows(contrast);
	warn(contrast);
	load_contrast_judge(contrast);
}

bool
load_contrast_is_worse(const struct load_contrast *contrast)
{
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		if (contrast->quantiles[i].seen == CONTRAST_HIGHER)
			return true;
	return contrast->rate.seen == CONTRAST_LOWER ||
	    contrast->failed.seen == CONTRAST_HIGHER ||
	    contrast->not_sent.seen == CONTRAST_HIGHER;
}
