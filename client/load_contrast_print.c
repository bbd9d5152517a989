/*
 * How a contrast looks: who A and B are, the table, where the time went, and
 * the verdict. It fits in 80 columns; the intervals of A and B have columns of
 * their own where there are more.
 */
#include "client/load_contrast_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "client/report.h"
#include "client/table.h"
#include "client/units.h"

#define WIDE_COLUMNS 104

/* How a row's figures are written. */
enum unit { UNIT_DURATION, UNIT_COUNT, UNIT_SHARE };

static struct units_text
write_value(double value, enum unit unit)
{
	if (!isfinite(value))
		return (struct units_text){"-"};
	if (unit == UNIT_DURATION)
		return units_duration((uint64_t)value);
	if (unit == UNIT_COUNT)
		return units_count((uint64_t)(value + 0.5));
	return units_percent(value);
}

static void
add_interval(struct table *table, struct estimate estimate, enum unit unit)
{
	if (!isfinite(estimate.value))
		table_cell(table, "-");
	else if (unit == UNIT_DURATION && isfinite(estimate.high))
		table_cell(table, "%s",
		    units_range((uint64_t)estimate.low, (uint64_t)estimate.high,
			(uint64_t)estimate.value)
			.text);
	else
		table_cell(table, "%s .. %s",
		    write_value(estimate.low, unit).text,
		    isfinite(estimate.high)
			? write_value(estimate.high, unit).text
			: "?");
}

/* What B is, beside A: a ratio, or of shares a difference in points. */
static void
add_change(struct table *table, const struct contrast_row *row, enum unit unit)
{
	static const char *const words[] = {
	    [CONTRAST_NOT_SEEN] = "",
	    [CONTRAST_LOWER] = "lower",
	    [CONTRAST_HIGHER] = "higher",
	    [CONTRAST_NOT_KNOWN] = "?",
	};
	struct estimate change = row->change;

	if (unit == UNIT_SHARE) {
		table_real(table, change.value, "%+.2f pt", change.value * 100);
		table_cell(table, "%+.2f .. %+.2f", change.low * 100,
		    change.high * 100);
	} else if (!isfinite(change.value)) {
		table_real(table, change.value, "-");
		table_cell(table, "-");
	} else {
		table_real(
		    table, change.value, "%s", units_ratio(change.value).text);
		if (isfinite(change.high))
			table_cell(
			    table, "%.2f .. %.2f", change.low, change.high);
		else
			table_cell(table, "%.2f .. ?", change.low);
	}
	table_word(
	    table, contrast_change_name(row->seen), "%s", words[row->seen]);
}

static void
add_row(struct table *table, const struct contrast_row *row, enum unit unit,
    bool is_wide)
{
	static const char *const units[] = {
	    [UNIT_DURATION] = "ns",
	    [UNIT_COUNT] = "per_s",
	    [UNIT_SHARE] = "share",
	};
	const double machine[] = {row->a.low, row->a.high, row->b.low,
	    row->b.high, row->change.low, row->change.high};

	table_cell(table, "%s", row->name);
	table_real(
	    table, row->a.value, "%s", write_value(row->a.value, unit).text);
	if (is_wide)
		add_interval(table, row->a, unit);
	table_real(
	    table, row->b.value, "%s", write_value(row->b.value, unit).text);
	if (is_wide)
		add_interval(table, row->b, unit);
	add_change(table, row, unit);
	table_cell(table, "%s", units[unit]);
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		table_real(table, machine[i], "%s", "");
}

static struct table *
make_table(const struct load_contrast *contrast, const struct term *term)
{
	static const char *const machine[] = {"unit", "a_low", "a_high",
	    "b_low", "b_high", "change_low", "change_high"};
	bool is_wide = term->columns >= WIDE_COLUMNS;
	struct table *table = table_new();

	table_column_named(table, TABLE_LEFT, "", "figure");
	table_column_named(table, TABLE_RIGHT, "A", "a");
	if (is_wide)
		table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_RIGHT, "B", "b");
	if (is_wide)
		table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_RIGHT, "B to A", "change");
	table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_LEFT, "B is", "seen");
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		table_column_named(table, TABLE_MACHINE, "", machine[i]);
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		if (!isnan(contrast->quantiles[i].a.value) ||
		    !isnan(contrast->quantiles[i].b.value))
			add_row(table, &contrast->quantiles[i], UNIT_DURATION,
			    is_wide);
	add_row(table, &contrast->rate, UNIT_COUNT, is_wide);
	add_row(table, &contrast->failed, UNIT_SHARE, is_wide);
	add_row(table, &contrast->not_sent, UNIT_SHARE, is_wide);
	return table;
}

/* A job's mean latency, part by part. */
static struct table *
make_parts_table(const struct load_contrast *contrast)
{
	const struct load_report *runs[] = {contrast->a, contrast->b};
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "");
	for (unsigned part = 0; part < LOAD_PARTS; part++)
		table_column_named(table, TABLE_RIGHT, load_part_label(part),
		    load_part_name(part));
	table_column_named(table, TABLE_RIGHT, "in all", "total_ns");
	for (size_t i = 0; i < 2; i++) {
		uint64_t done = runs[i]->counts.done;
		uint64_t all_ns = load_parts_total(&runs[i]->parts);

		table_cell(table, "%c", i == 0 ? 'A' : 'B');
		for (unsigned part = 0; part < LOAD_PARTS; part++) {
			uint64_t ns = runs[i]->parts.ns[part];

			ns = done > 0 ? ns / done : 0;
			table_count(table, ns, "%s", units_duration(ns).text);
		}
		all_ns = done > 0 ? all_ns / done : 0;
		table_count(table, all_ns, "%s", units_duration(all_ns).text);
	}
	return table;
}

static void
write_run(const struct load_report *report, char *text, size_t size)
{
	snprintf(text, size, "gild %s, %s done in %s", report->gild,
	    units_count(report->counts.done).text,
	    units_duration(report->measured_ns).text);
}

static void
print_heading(const struct context *context,
    const struct load_contrast *contrast, const char *a, const char *b)
{
	char subtitle[512], left[128], right[128];

	write_run(contrast->a, left, sizeof(left));
	write_run(contrast->b, right, sizeof(right));
	snprintf(subtitle, sizeof(subtitle), "A: %.120s (%s)%sB: %.120s (%s)",
	    a, left, context->format == FORMAT_TEXT ? "\n" : "; ", b, right);
	report_heading(context, "Two load runs", subtitle);
}

static void
print_sentences(
    const struct context *context, const struct load_contrast *contrast)
{
	for (size_t i = 0; i < contrast->differences.n; i++)
		report_warning(context, contrast->differences.text[i]);
	for (size_t i = 0; i < contrast->warnings.n; i++)
		report_warning(context, contrast->warnings.text[i]);
	for (size_t i = 0; i < contrast->verdict.n; i++)
		report_sentence(context, i == 0 ? TERM_BOLD : TERM_PLAIN,
		    contrast->verdict.text[i]);
	report_sentence(context, TERM_DIM,
	    "(Intervals are 95 %, each by itself, from the runs' own "
	    "stretches. Two runs of the same thing may differ by more: run A "
	    "twice to see.)");
}

enum outcome
load_contrast_print(const struct context *context,
    const struct load_contrast *contrast, const char *a, const char *b)
{
	enum outcome outcome;

	print_heading(context, contrast, a, b);
	outcome = report_table(context, make_table(contrast, &context->out));
	if (outcome != OUTCOME_FINE || !format_has_words(context->format))
		return outcome;
	report_gap(context);
	report_sentence(
	    context, TERM_PLAIN, "Where a job's mean latency went:");
	if (context->format == FORMAT_TEXT)
		report_gap(context);
	outcome = report_table(context, make_parts_table(contrast));
	report_gap(context);
	if (outcome == OUTCOME_FINE)
		print_sentences(context, contrast);
	return outcome;
}
