/*
 * The page's tables: figures to be read one by one, and all that one must know
 * to run it again.
 *
 * Pure but for the stream.
 */
#include "client/load_html_private.h"

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/html.h"
#include "client/load_judge.h"
#include "client/units.h"
#include "proto/request.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
put_count(FILE *out, uint64_t n)
{
	html_put(out, "td", NULL, "%s", units_count(n).text);
}

static void
put_duration(FILE *out, uint64_t ns)
{
	html_put(out, "td", NULL, "%s", units_duration(ns).text);
}

static void
put_quantile(FILE *out, const struct hdr *hdr, double fraction)
{
	if (!hdr_has_quantile(hdr, fraction))
		html_put(out, "td", NULL, "-");
	else
		put_duration(out, hdr_quantile(hdr, fraction));
}

/* "2,000", "0.5" */
static struct units_text
rate_text(double rate)
{
	return rate >= 10 ? units_count((uint64_t)(rate + 0.5))
			  : units_quantity(rate);
}

void
load_html_write_expectations(const struct load_report *report, FILE *out)
{
	static const char *const headings[] = {"expected", "was", ""};

	if (report->n_expectations == 0)
		return;
	load_html_card_open(out, "Expectations", NULL);
	html_table_open(out, headings, N_OF(headings));
	for (size_t i = 0; i < report->n_expectations; i++) {
		const struct load_expectation_row *row =
		    &report->expectations[i];
		char actual[LOAD_EXPECT_CHARS + 1] = "not known";

		if (row->is_known)
			load_expect_format(
			    row->expectation, row->actual, actual);
		html_row_open(out);
		html_put(out, "td", NULL, "%s", row->expectation->text);
		html_put(out, "td", NULL, "%s", actual);
		html_put(out, "td", row->is_met ? "good" : "bad", "%s",
		    row->is_met ? "\u2713 met" : "\u2717 not met");
		html_row_close(out);
	}
	html_table_close(out);
	load_html_card_close(out);
}

static void
write_step(const struct load_report *report, size_t i, FILE *out)
{
	const struct load_step *step = &report->steps[i];

	html_row_open(out);
	html_put(out, "td", NULL, "%s", rate_text(step->rate).text);
	html_put(out, "td", NULL, "%s", rate_text(step->done_rate).text);
	for (size_t j = 0; j < report->n_expectations; j++) {
		char actual[LOAD_EXPECT_CHARS + 1] = "-";

		if (step->is_known[j])
			load_expect_format(report->expectations[j].expectation,
			    step->actual[j], actual);
		html_put(out, "td", NULL, "%s", actual);
	}
	html_put(out, "td", step->is_bottleneck ? "bad" : NULL, "%s",
	    load_judge_limit(step).text);
	html_put(out, "td", step->is_met ? "good" : "bad", "%s",
	    step->is_met ? "\u2713 held" : "\u2717 did not hold");
	html_row_close(out);
}

static void
write_steps(const struct load_report *report, FILE *out)
{
	const char *headings[LOAD_MAX_EXPECTATIONS + 4];
	size_t n = 0;

	headings[n++] = "rate";
	headings[n++] = "done a second";
	for (size_t i = 0; i < report->n_expectations; i++)
		headings[n++] = report->expectations[i].expectation->text;
	headings[n++] = "gilctl";
	headings[n++] = "";
	html_table_open(out, headings, n);
	for (size_t i = 0; i < report->n_steps; i++)
		write_step(report, i, out);
	html_table_close(out);
}

void
load_html_write_search(const struct load_report *report, FILE *out)
{
	char lead[128], doubt[LOAD_SENTENCE_CHARS + 1];

	if (report->n_steps == 0)
		return;
	if (report->best_rate > 0)
		snprintf(lead, sizeof(lead),
		    "The highest rate that held: %s jobs a second. The rest of "
		    "this page is about it.",
		    units_count((uint64_t)report->best_rate).text);
	else
		snprintf(lead, sizeof(lead),
		    "Not even the lowest rate held. The rest of this page is "
		    "about the last one.");
	load_html_card_open(out, "Search for the highest rate", lead);
	write_steps(report, out);
	if (load_judge_search(report, doubt))
		html_put(out, "p", "warning", "%s", doubt);
	load_html_card_close(out);
}

void
load_html_write_percentiles(const struct load_report *report, FILE *out)
{
	static const char *const headings[] = {"", "latency", "once sent"};
	static const struct {
		const char *name;
		double fraction;
	} rows[] = {{"least", 0}, {"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9},
	    {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999},
	    {"p99.999", 0.99999}, {"greatest", 1}};

	if (report->counts.done == 0)
		return;
	load_html_card_open(out, "Percentiles", NULL);
	html_table_open(out, headings, N_OF(headings));
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (!hdr_has_quantile(&report->latency, rows[i].fraction))
			continue;
		html_row_open(out);
		html_put(out, "th", NULL, "%s", rows[i].name);
		put_quantile(out, &report->latency, rows[i].fraction);
		put_quantile(out, &report->service, rows[i].fraction);
		html_row_close(out);
	}
	html_row_open(out);
	html_put(out, "th", NULL, "mean");
	put_duration(out, (uint64_t)hdr_mean(&report->latency));
	put_duration(out, (uint64_t)hdr_mean(&report->service));
	html_row_close(out);
	html_table_close(out);
	load_html_card_close(out);
}

/* A row of a class or of a phase. */
static void
write_row(FILE *out, const char *name, const struct load_counts *counts,
    const struct hdr *latency)
{
	html_row_open(out);
	html_put(out, "th", NULL, "%s", name);
	put_count(out, counts->scheduled);
	put_count(out, counts->done);
	put_count(out, counts->failed);
	put_count(out, counts->skipped + counts->not_sent);
	put_quantile(out, latency, 0.5);
	put_quantile(out, latency, 0.99);
	put_quantile(out, latency, 0.999);
	put_quantile(out, latency, 1);
	html_row_close(out);
}

static const char *const row_headings[] = {"", "scheduled", "done", "failed",
    "not sent", "p50", "p99", "p99.9", "greatest"};

void
load_html_write_classes(const struct load_report *report, FILE *out)
{
	const struct load_script *script = report->script;

	if (script->n_classes < 2)
		return;
	load_html_card_open(out, "Classes", NULL);
	html_table_open(out, row_headings, N_OF(row_headings));
	for (size_t i = 0; i < script->n_classes; i++)
		write_row(out, script->classes[i].name,
		    &report->classes[i].counts, &report->classes[i].latency);
	html_table_close(out);
	load_html_card_close(out);
}

void
load_html_write_phases(const struct load_report *report, FILE *out)
{
	const struct load_script *script = report->script;

	if (script->n_phases < 2)
		return;
	load_html_card_open(out, "Phases", NULL);
	html_table_open(out, row_headings, N_OF(row_headings));
	for (size_t i = 0; i < script->n_phases; i++)
		write_row(out, script->phases[i].name,
		    &report->phases[i].counts, &report->phases[i].latency);
	html_table_close(out);
	load_html_card_close(out);
}

void
load_html_write_errors(const struct load_report *report, FILE *out)
{
	static const char *const headings[] = {"reason", "jobs", "the first"};

	if (report->n_errors == 0)
		return;
	load_html_card_open(out, "Jobs that failed", NULL);
	fputs("<div class=\"text\">\n", out);
	html_table_open(out, headings, N_OF(headings));
	for (size_t i = 0; i < report->n_errors; i++) {
		const struct load_error_row *row = &report->errors[i];

		html_row_open(out);
		html_put(out, "th", NULL, "%s", row->reason);
		put_count(out, row->jobs);
		html_put(out, "td", NULL, "%s", row->example);
		html_row_close(out);
	}
	html_table_close(out);
	fputs("</div>\n", out);
	load_html_card_close(out);
}

/* "100 to 2,000 jobs a second for 5.000 s" */
static void
write_phase(const struct load_script *script, size_t i, FILE *out)
{
	const struct load_phase *phase = &script->phases[i];
	struct units_text from = rate_text(phase->from_rate);
	struct units_text to = rate_text(phase->to_rate);

	if (script->mode == LOAD_CLOSED)
		html_pair(out, phase->name, "%" PRIu32 " clients for %s",
		    phase->clients, units_duration(phase->duration_ns).text);
	else if (phase->from_rate < phase->to_rate ||
	    phase->from_rate > phase->to_rate)
		html_pair(out, phase->name, "%s to %s jobs a second in %s",
		    from.text, to.text,
		    units_duration(phase->duration_ns).text);
	else
		html_pair(out, phase->name, "%s jobs a second for %s", to.text,
		    units_duration(phase->duration_ns).text);
}

static void
write_class(const struct load_class *class, FILE *out)
{
	json_t *json = job_request_to_json(&class->request);
	char *params = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

	html_pair(out, class->name, "weight %" PRIu32 ": %s", class->weight,
	    params != NULL ? params : "?");
	free(params);
	json_decref(json);
}

void
load_html_write_plan(const struct load_report *report, FILE *out)
{
	const struct load_script *script = report->script;

	load_html_card_open(out, "What was asked for", NULL);
	fputs("<div class=\"text\">\n", out);
	html_table_open(out, NULL, 0);
	html_pair(out, "mode", "%s",
	    script->mode == LOAD_CLOSED ? "closed loop"
		: script->arrival == LOAD_POISSON
		? "open loop, Poisson arrivals"
		: "open loop, even arrivals");
	for (size_t i = 0; i < script->n_phases; i++)
		write_phase(script, i, out);
	for (size_t i = 0; i < script->n_classes; i++)
		write_class(&script->classes[i], out);
	html_pair(out, "in flight", "%s at the most",
	    units_count(script->in_flight).text);
	html_pair(out, "connections", "%" PRIu32 ", by %" PRIu32 " thread%s",
	    report->connections, report->threads,
	    report->threads == 1 ? "" : "s");
	html_pair(out, "warm-up", "%s, %s jobs, not counted",
	    units_duration(script->warm_up_ns).text,
	    units_count(report->warm_up).text);
	html_pair(out, "seed", "%" PRIu64, script->seed);
	html_table_close(out);
	fputs("</div>\n", out);
	load_html_card_close(out);
}

void
load_html_write_outcome(const struct load_report *report, FILE *out)
{
	const struct load_counts *counts = &report->counts;
	const struct weather *weather = &report->weather;
	char time[LOAD_HTML_TIME_CHARS];

	load_html_card_open(out, "What it met", NULL);
	fputs("<div class=\"text\">\n", out);
	html_table_open(out, NULL, 0);
	html_pair(out, "server", "gild %s at %s", report->gild, report->server);
	html_pair(out, "client",
	    "gilctl %s, %s of the CPUs' time, its busiest "
	    "thread %s of its own",
	    PACKAGE_VERSION, units_percent(report->generator.cpu_share).text,
	    units_percent(report->generator.busiest_share).text);
	html_pair(out, "machine",
	    "%" PRIu32 " CPU%s; %s of their time taken by others, %s stolen; "
	    "load %.2f when it began",
	    report->cpus, report->cpus == 1 ? "" : "s",
	    units_percent(weather->busy).text,
	    units_percent(weather->steal).text, weather->load_before);
	html_pair(out, "started", "%s",
	    load_html_time(report->started_unix_ms, time));
	html_pair(out, "jobs", "%s scheduled, %s sent, %s done, %s failed",
	    units_count(counts->scheduled).text, units_count(counts->sent).text,
	    units_count(counts->done).text, units_count(counts->failed).text);
	html_pair(out, "not sent", "%s skipped, %s left at the end",
	    units_count(counts->skipped).text,
	    units_count(counts->not_sent).text);
	html_pair(out, "sent late", "%s by more than %s; the worst %s",
	    units_count(report->late).text, units_duration(LOAD_LATE_NS).text,
	    units_duration(report->worst_late_ns).text);
	html_pair(out, "connections", "%s lost, %s opened again",
	    units_count(report->lost).text, units_count(report->reopened).text);
	html_pair(out, "last answers", "%s after the end",
	    units_duration(report->drain_ns).text);
	html_table_close(out);
	fputs("</div>\n", out);
	load_html_card_close(out);
}
