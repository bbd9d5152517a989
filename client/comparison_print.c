/*
 * How a comparison looks: a header, the table, where the time went as shares
 * and as bars, the verdict, and a note on how far to trust it. All of it fits
 * in 80 columns; only the bars and the sentences use more where there is more.
 *
 * A bar is as long as its row's wall time, and it is one worker's life: solid
 * while it counted, shaded while it waited for the lock, light while it waited
 * for a CPU, dotted for the rest.
 */
#include "client/comparison.h"

#include <inttypes.h>
#include <string.h>

#include "client/bar_print.h"
#include "client/report.h"
#include "client/units.h"
#include "client/verdict.h"

#define PRINT_MAX_COLUMNS 100
#define WIDE_TABLE_COLUMNS 80 /* with the wall time's interval */
#define DURATION_COLUMNS 7    /* 1.012 s */
#define SHARE_COLUMNS 6	      /* 99.8 % */
#define TOLD_PERMILLE 5	      /* smaller parts are told of together */

/* The columns that this page is laid out for. */
static unsigned
page_columns(const struct term *term)
{
	return term->columns < PRINT_MAX_COLUMNS ? term->columns
						 : PRINT_MAX_COLUMNS;
}

static bool
is_countdown(const struct row *row)
{
	return row->kind == ROW_SEQUENTIAL || row->kind == ROW_ARM;
}

static unsigned
label_columns(const struct comparison *comparison)
{
	unsigned columns = 0;

	for (size_t i = 0; i < comparison->n_rows; i++) {
		unsigned width =
		    (unsigned)term_width(comparison->rows[i].label);

		if (is_countdown(&comparison->rows[i]) && width > columns)
			columns = width;
	}
	return columns;
}

static void
print_heading(
    const struct comparison *comparison, const struct experiment *experiment)
{
	char title[128];
	char setting[128];
	char cost[48] = "";

	if (comparison->cost_ns > 0)
		snprintf(cost, sizeof(cost), ", %s a turn",
		    units_duration(comparison->cost_ns).text);
	snprintf(title, sizeof(title),
	    "Countdown from %s in %" PRIu32 " parts%s",
	    units_count(comparison->count).text, comparison->workers, cost);
	report_setting(experiment, setting, sizeof(setting));
	report_heading(experiment->context, title, setting);
}

/* The longest of the rows' wall times: at least 1, for it divides. */
static uint64_t
longest_wall_ns(const struct comparison *comparison)
{
	uint64_t longest_ns = 1;

	for (size_t i = 0; i < comparison->n_rows; i++)
		if (is_countdown(&comparison->rows[i]) &&
		    comparison->rows[i].sample.median > longest_ns)
			longest_ns = comparison->rows[i].sample.median;
	return longest_ns;
}

/* What people do not see of a row. */
static void
add_machine_columns(struct table *table)
{
	static const char *const names[] = {"arm", "pool", "workers",
	    "wall_low_ns", "wall_high_ns", "wall_min_ns", "wall_max_ns",
	    "lock_wait_ns", "switches", "speedup_low", "speedup_high",
	    "mann_whitney_p"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_column_named(table, TABLE_MACHINE, "", names[i]);
	for (unsigned part = 0; part < SPLIT_PARTS; part++) {
		char name[48];

		snprintf(name, sizeof(name), "split_%s", split_part_name(part));
		table_column_named(table, TABLE_MACHINE, "", name);
	}
}

static void
add_machine_cells(struct table *table, const struct row *row)
{
	table_cell(table, "%s", row->name);
	table_cell(table, "%s", row->pool->name);
	table_count(table, row->workers, "%s", "");
	table_real(table, row->wall_ns.low, "%s", "");
	table_real(table, row->wall_ns.high, "%s", "");
	table_count(table, row->sample.min, "%s", "");
	table_count(table, row->sample.max, "%s", "");
	table_count(table, row->lock_wait_ns, "%s", "");
	table_count(table, row->switches, "%s", "");
	table_real(table, row->base_contrast.speedup.low, "%s", "");
	table_real(table, row->base_contrast.speedup.high, "%s", "");
	table_real(table, row->base_contrast.ranks.p, "%s", "");
	for (unsigned part = 0; part < SPLIT_PARTS; part++)
		table_count(table, row->split.ns[part], "%s", "");
}

static void
add_row(
    struct table *table, const struct row *row, uint64_t like_ns, bool has_room)
{
	const struct estimate *speedup = &row->base_contrast.speedup;
	uint64_t low_ns = (uint64_t)row->wall_ns.low;
	uint64_t high_ns = (uint64_t)row->wall_ns.high;

	/* A control may be far shorter than what it controls. */
	if (!is_countdown(row))
		like_ns = row->sample.median;
	table_cell(table, "%s", row->label);
	table_count(table, row->sample.median, "%s",
	    units_duration_like(row->sample.median, like_ns).text);
	if (has_room)
		table_cell(
		    table, "%s", units_range(low_ns, high_ns, like_ns).text);
	table_count(table, row->cpu_ns, "%s",
	    is_countdown(row) ? units_duration_like(row->cpu_ns, like_ns).text
			      : units_duration(row->cpu_ns).text);
	table_real(
	    table, speedup->value, "%s", units_ratio(speedup->value).text);
	if (row->kind == ROW_SEQUENTIAL)
		table_cell(table, "%s", "");
	else
		table_cell(table, "%.2f .. %.2f", speedup->low, speedup->high);
	add_machine_cells(table, row);
}

static struct table *
make_table(const struct comparison *comparison, const struct term *term)
{
	bool has_room = term->columns >= WIDE_TABLE_COLUMNS;
	uint64_t like_ns = longest_wall_ns(comparison);
	struct table *table = table_new();

	table_column_named(table, TABLE_LEFT, "", NULL);
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	if (has_room)
		table_column_named(table, TABLE_RIGHT, "95 % interval", NULL);
	table_column_named(table, TABLE_RIGHT, "CPU", "cpu_ns");
	table_column_named(table, TABLE_RIGHT, "speed-up", "speedup");
	table_column_named(table, TABLE_RIGHT, "interval", NULL);
	add_machine_columns(table);
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (comparison->rows[i].kind != ROW_SLEEP_ALONE)
			add_row(table, &comparison->rows[i], like_ns, has_room);
	return table;
}

/*
 * The parts that get a column of their own: not so small that nobody would
 * look, and no more than fit, the larger ones first.
 */
static void
choose_parts(const struct comparison *comparison, const struct term *term,
    bool is_told[SPLIT_PARTS])
{
	unsigned most[SPLIT_PARTS] = {0};
	unsigned room = page_columns(term) - 1;
	unsigned used = 2 + label_columns(comparison) + 2 + SHARE_COLUMNS;

	for (size_t i = 0; i < comparison->n_rows; i++) {
		unsigned permille[SPLIT_PARTS];

		split_permille(&comparison->rows[i].split, permille);
		for (unsigned part = 0; part < SPLIT_PARTS; part++)
			if (is_countdown(&comparison->rows[i]) &&
			    permille[part] > most[part])
				most[part] = permille[part];
	}
	for (;;) {
		unsigned next = 0;
		unsigned width;

		for (unsigned part = 1; part < SPLIT_PARTS; part++)
			if (most[part] > most[next])
				next = part;
		width = (unsigned)strlen(split_part_label(next));
		used += 2 + (width > SHARE_COLUMNS ? width : SHARE_COLUMNS);
		if (most[next] < TOLD_PERMILLE || used > room)
			return;
		is_told[next] = next != SPLIT_REST;
		most[next] = 0;
	}
}

static void
add_share(struct table *table, unsigned permille)
{
	if (permille == 0)
		table_cell(table, "-");
	else
		table_cell(table, "%u.%u %%", permille / 10, permille % 10);
}

static struct table *
make_split_table(const struct comparison *comparison, const struct term *term)
{
	bool is_told[SPLIT_PARTS] = {false};
	struct table *table = table_new();

	choose_parts(comparison, term, is_told);
	table_column(table, TABLE_LEFT, "a worker's time");
	for (unsigned part = 0; part < SPLIT_PARTS; part++)
		if (is_told[part])
			table_column(
			    table, TABLE_RIGHT, split_part_label(part));
	table_column(table, TABLE_RIGHT, "rest");
	for (size_t i = 0; i < comparison->n_rows; i++) {
		unsigned permille[SPLIT_PARTS];
		unsigned rest = 0;

		if (!is_countdown(&comparison->rows[i]))
			continue;
		split_permille(&comparison->rows[i].split, permille);
		table_cell(table, "%s", comparison->rows[i].label);
		for (unsigned part = 0; part < SPLIT_PARTS; part++)
			if (is_told[part])
				add_share(table, permille[part]);
			else
				rest += permille[part];
		add_share(table, rest);
	}
	return table;
}

static struct bar
make_bar(const struct comparison *comparison, const struct row *row,
    const struct term *term)
{
	double life =
	    (double)row->sample.median / (double)longest_wall_ns(comparison);
	double parts[BAR_PARTS] = {
	    [BAR_SOLID] = split_share(&row->split, SPLIT_RUN) +
		split_share(&row->split, SPLIT_NATIVE),
	    [BAR_SHADED] = split_share(&row->split, SPLIT_LOCK_WAIT) +
		split_share(&row->split, SPLIT_SWITCH_WAIT),
	    [BAR_LIGHT] = split_share(&row->split, SPLIT_CPU_WAIT),
	};
	/* "  LABEL  BAR 1.012 s", and the last column stays free. */
	unsigned around =
	    2 + label_columns(comparison) + 2 + 1 + DURATION_COLUMNS + 1;
	unsigned columns = page_columns(term);

	parts[BAR_DOTTED] =
	    1 - parts[BAR_SOLID] - parts[BAR_SHADED] - parts[BAR_LIGHT];
	for (unsigned part = 0; part < BAR_PARTS; part++)
		parts[part] *= life;
	return bar_parts(
	    parts, columns > around ? columns - around : 0, term->has_utf8);
}

static void
print_bars(const struct comparison *comparison, const struct term *term)
{
	uint64_t longest_ns = longest_wall_ns(comparison);
	unsigned label_width = label_columns(comparison);
	struct bar_key key = {.meanings = {"counting", "waiting for the lock",
				  "waiting for a CPU", "neither"}};

	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct row *row = &comparison->rows[i];
		struct bar bar;

		if (!is_countdown(row))
			continue;
		bar = make_bar(comparison, row, term);
		fprintf(term->stream, "  %-*s  ", (int)label_width, row->label);
		bar_print(&bar, term, &key);
		fprintf(term->stream, " %s\n",
		    units_duration_like(row->sample.median, longest_ns).text);
	}
	bar_print_key(&key, term, 2 + label_width + 2, page_columns(term));
}

static bool
has_kind(const struct comparison *comparison, enum row_kind kind)
{
	for (size_t i = 0; i < comparison->n_rows; i++)
		if (comparison->rows[i].kind == kind)
			return true;
	return false;
}

static void
print_verdict(
    const struct comparison *comparison, const struct context *context)
{
	struct verdict verdict = verdict_reach(comparison);

	for (size_t i = 0; i < verdict.n_sentences; i++) {
		struct verdict_sentence *sentence = &verdict.sentences[i];

		term_tame(sentence->text);
		if (sentence->tone == VERDICT_WARNING)
			report_warning(context, sentence->text);
		else
			report_sentence(context,
			    sentence->tone == VERDICT_ADVICE ? TERM_BOLD
							     : TERM_PLAIN,
			    sentence->text);
	}
}

/* What was not there to measure, and how much to make of what was. */
static void
print_note(
    const struct comparison *comparison, const struct experiment *experiment)
{
	char note[320];

	snprintf(note, sizeof(note),
	    "Noise: the same job twice differs by %s, and no smaller "
	    "difference counts.%s%s",
	    units_percent(comparison->noise_floor).text,
	    comparison->wants_controls && !has_kind(comparison, ROW_HOLD)
		? " No control of what cannot gain: the server has no pool of "
		  "policy hold."
		: "",
	    comparison->wants_controls && !has_kind(comparison, ROW_SLEEP)
		? " No control of what must gain: the server has no pool for "
		  "it."
		: "");
	report_note(experiment, note);
}

enum outcome
comparison_print(
    const struct comparison *comparison, const struct experiment *experiment)
{
	const struct context *context = experiment->context;
	enum outcome outcome;

	print_heading(comparison, experiment);
	outcome = report_table(context, make_table(comparison, &context->out));
	if (outcome != OUTCOME_FINE || context->format == FORMAT_CSV)
		return outcome;
	report_gap(context);
	outcome =
	    report_table(context, make_split_table(comparison, &context->out));
	if (outcome != OUTCOME_FINE)
		return outcome;
	report_gap(context);
	if (context->format == FORMAT_TEXT) {
		print_bars(comparison, &context->out);
		report_gap(context);
	}
	print_verdict(comparison, context);
	report_weather(experiment);
	print_note(comparison, experiment);
	return OUTCOME_FINE;
}
