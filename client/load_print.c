/*
 * Owns: the page that a load run ends with. It fits in 80 columns; what there
 * is nothing to say of (no error, one class, one phase) is left out.
 *
 * A bar is the mean job of a percentile band: solid while it ran, shaded while
 * it waited for the lock, light in the queue, dotted for all the rest, which is
 * on its way, in dispatch and in gilctl itself.
 */
#include "client/load_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/bar_print.h"
#include "client/report.h"
#include "client/show.h"
#include "client/table.h"
#include "client/units.h"

#define PAGE_COLUMNS 80
#define BAR_INDENT 17 /* "  99.9 to 100 %  " */
#define BAR_COLUMNS 48
#define EXAMPLE_CHARS 45

static const struct {
	const char *label;
	double fraction;
} quantiles[] = {{"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p99", 0.99},
    {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};
#define N_QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

/* Jobs a second, to three digits where they are few. */
static struct units_text
rate_text(double rate)
{
	return rate >= 100 ? units_count((uint64_t)(rate + 0.5))
			   : units_quantity(rate);
}

/* --- how many --- */

static enum outcome
print_counts(const struct context *context, const struct load_report *report)
{
	const struct load_counts *counts = &report->counts;
	struct table *table = table_new();

	table_column(table, TABLE_RIGHT, "done/s");
	table_column(table, TABLE_RIGHT, "scheduled");
	table_column(table, TABLE_RIGHT, "sent");
	table_column(table, TABLE_RIGHT, "done");
	table_column(table, TABLE_RIGHT, "failed");
	table_column(table, TABLE_RIGHT, "not sent");
	table_column(table, TABLE_RIGHT, "late");
	table_real(table, report->rate, "%s", rate_text(report->rate).text);
	show_count(table, counts->scheduled);
	show_count(table, counts->sent);
	show_count(table, counts->done);
	show_count(table, counts->failed);
	show_count(table, counts->skipped + counts->not_sent);
	show_count(table, report->late);
	return report_table(context, table);
}

/* --- how long --- */

static void
add_latency(struct table *table, const char *label, const struct hdr *latency)
{
	table_cell(table, "%s", label);
	show_count(table, latency->count);
	for (size_t i = 0; i < N_QUANTILES; i++) {
		double fraction = quantiles[i].fraction;

		if (hdr_has_quantile(latency, fraction))
			show_duration(table, hdr_quantile(latency, fraction));
		else
			table_cell(table, "-");
	}
}

static enum outcome
print_latencies(const struct context *context, const struct load_report *report)
{
	const struct load_script *script = report->script;
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "latency");
	table_column(table, TABLE_RIGHT, "done");
	for (size_t i = 0; i < N_QUANTILES; i++)
		table_column(table, TABLE_RIGHT, quantiles[i].label);
	add_latency(table, "all", &report->latency);
	for (size_t i = 0; i < script->n_classes && script->n_classes > 1; i++)
		add_latency(table, script->classes[i].name,
		    &report->classes[i].latency);
	for (size_t i = 0; i < script->n_phases && script->n_phases > 1; i++)
		add_latency(
		    table, script->phases[i].name, &report->phases[i].latency);
	return report_table(context, table);
}

/* --- where the time went --- */

/* "50 to 90 %", "99.9 to 100 %" */
static void
add_band_name(struct table *table, const struct load_band *band)
{
	table_cell(table, "%g to %g %%", band->from * 100, band->to * 100);
}

static void
add_band(struct table *table, const struct load_band *band)
{
	uint64_t mean_ns =
	    band->jobs > 0 ? load_parts_total(&band->parts) / band->jobs : 0;

	add_band_name(table, band);
	if (band->jobs == 0) {
		for (size_t part = 0; part <= LOAD_PARTS; part++)
			table_cell(table, "-");
		return;
	}
	show_duration(table, mean_ns);
	for (unsigned part = 0; part < LOAD_PARTS; part++) {
		double share =
		    load_parts_share(&band->parts, (enum load_part)part);

		table_real(table, share, "%s", units_percent(share).text);
	}
}

static enum outcome
print_bands(const struct context *context, const struct load_report *report)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "of the jobs");
	table_column(table, TABLE_RIGHT, "mean");
	for (unsigned part = 0; part < LOAD_PARTS; part++)
		table_column(
		    table, TABLE_RIGHT, load_part_label((enum load_part)part));
	for (size_t i = 0; i < LOAD_BANDS; i++)
		add_band(table, &report->bands[i]);
	return report_table(context, table);
}

static void
print_bar(
    const struct term *term, const struct load_band *band, struct bar_key *key)
{
	double parts[BAR_PARTS];
	struct bar bar;
	char name[32];

	parts[BAR_SOLID] = load_parts_share(&band->parts, LOAD_RUN);
	parts[BAR_SHADED] = load_parts_share(&band->parts, LOAD_LOCK_WAIT);
	parts[BAR_LIGHT] = load_parts_share(&band->parts, LOAD_QUEUE);
	parts[BAR_DOTTED] =
	    1 - parts[BAR_SOLID] - parts[BAR_SHADED] - parts[BAR_LIGHT];
	bar = bar_parts(parts, BAR_COLUMNS, term->has_utf8);
	snprintf(name, sizeof(name), "%g to %g %%", band->from * 100,
	    band->to * 100);
	fprintf(term->stream, "  %-13s  ", name);
	bar_print(&bar, term, key);
	fputc('\n', term->stream);
}

static void
print_bars(const struct context *context, const struct load_report *report)
{
	const struct term *term = &context->out;
	struct bar_key key = {.meanings = {"run", "lock wait", "queue",
				  "on its way, dispatch, client"}};

	if (context->format != FORMAT_TEXT)
		return;
	for (size_t i = 0; i < LOAD_BANDS; i++)
		if (report->bands[i].jobs > 0)
			print_bar(term, &report->bands[i], &key);
	bar_print_key(&key, term, BAR_INDENT, PAGE_COLUMNS);
	report_gap(context);
}

/* --- what went wrong --- */

static enum outcome
print_errors(const struct context *context, const struct load_report *report)
{
	struct table *table;

	if (report->n_errors == 0)
		return OUTCOME_FINE;
	table = table_new();
	table_column(table, TABLE_LEFT, "failed for");
	table_column(table, TABLE_RIGHT, "jobs");
	table_column(table, TABLE_LEFT, "such as");
	for (size_t i = 0; i < report->n_errors; i++) {
		const struct load_error_row *row = &report->errors[i];

		table_cell(table, "%s", row->reason);
		show_count(table, row->jobs);
		table_cell(table, "%.*s", EXAMPLE_CHARS, row->example);
	}
	if (report_table(context, table) != OUTCOME_FINE)
		return OUTCOME_NOT_DONE;
	report_gap(context);
	return OUTCOME_FINE;
}

static void
print_sentences(const struct context *context, const struct load_report *report)
{
	const struct load_generator *generator = &report->generator;
	char text[160];

	if (report->lost > 0) {
		snprintf(text, sizeof(text),
		    "Connections were lost %s time%s, and made again %s.",
		    units_count(report->lost).text,
		    report->lost == 1 ? "" : "s",
		    units_count(report->reopened).text);
		report_warning(context, text);
	}
	for (size_t i = 0; i < generator->n_sentences; i++)
		report_warning(context, generator->sentences[i]);
	for (size_t i = 0; i < report->weather.n_sentences; i++)
		report_warning(context, report->weather.sentences[i]);
}

static void
print_note(const struct context *context, const struct load_report *report)
{
	const struct load_script *script = report->script;
	char note[320];

	snprintf(note, sizeof(note),
	    "(Latency is from the moment a job was %s to its answer, of jobs "
	    "that are done. Warm-up: %s, %s jobs, not counted. gilctl took "
	    "%s of a CPU at the most.)",
	    script->mode == LOAD_OPEN ? "scheduled for" : "sent",
	    units_duration(script->warm_up_ns).text,
	    units_count(report->warm_up).text,
	    units_percent(report->generator.busiest_share).text);
	report_sentence(context, TERM_DIM, note);
}

enum outcome
load_print(const struct context *context, const struct load_report *report)
{
	char title[LOAD_TITLE_CHARS + 1], setting[256];
	enum outcome outcome;

	load_describe(report->script, title, sizeof(title));
	load_describe_setting(report, setting, sizeof(setting));
	report_heading(context, title, setting);
	if (report->is_interrupted) {
		report_warning(context,
		    "It was interrupted: this is what there was until then.");
		if (context->format == FORMAT_TEXT)
			report_gap(context);
	}
	outcome = print_counts(context, report);
	report_gap(context);
	if (outcome == OUTCOME_FINE)
		outcome = print_latencies(context, report);
	report_gap(context);
	if (outcome == OUTCOME_FINE && report->counts.done > 0) {
		outcome = print_bands(context, report);
		report_gap(context);
		print_bars(context, report);
	}
	if (outcome == OUTCOME_FINE)
		outcome = print_errors(context, report);
	if (outcome == OUTCOME_FINE)
		outcome = load_print_chart(context, report);
	if (outcome == OUTCOME_FINE)
		outcome = load_print_expectations(context, report);
	print_sentences(context, report);
	print_note(context, report);
	return outcome;
}
