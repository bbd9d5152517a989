/*
 * How a comparison looks: a header, the table, a bar for each row, the verdict,
 * and a note on how far to trust it. All of it fits in 80 columns; only the
 * bars and the sentences use more where there is more.
 *
 * A bar is as long as its row's wall time, and it is one worker's life: solid
 * while it counted, shaded while it waited for the lock, light for the rest,
 * in which it waited for a CPU.
 */
#include "client/comparison.h"

#include <inttypes.h>
#include <string.h>

#include "client/bar.h"
#include "client/show.h"
#include "client/table.h"
#include "client/units.h"
#include "client/verdict.h"

#define PRINT_MAX_COLUMNS 100
#define WIDE_TABLE_COLUMNS 76 /* with min .. max */
#define LABEL_COLUMNS 17
#define DURATION_COLUMNS 7 /* 1.012 s */

/* The columns that this page is laid out for. */
static unsigned
page_columns(const struct term *term)
{
	return term->columns < PRINT_MAX_COLUMNS ? term->columns
						 : PRINT_MAX_COLUMNS;
}

static void
print_header(const struct comparison *comparison, const struct term *term)
{
	char text[128];
	char cost[48] = "";

	if (comparison->cost_ns > 0)
		snprintf(cost, sizeof(cost), ", %s a turn",
		    units_duration(comparison->cost_ns).text);
	snprintf(text, sizeof(text), "Countdown from %s in %" PRIu32 " parts%s",
	    units_count(comparison->count).text, comparison->workers, cost);
	fprintf(term->stream, "%s%s%s\n", term_style(term, TERM_BOLD), text,
	    term_style(term, TERM_PLAIN));
	snprintf(text, sizeof(text),
	    "gild %s on %" PRIu32 " CPU%s, %" PRIu32 " round%s, interleaved",
	    comparison->version, comparison->cores,
	    comparison->cores == 1 ? "" : "s", comparison->rounds,
	    comparison->rounds == 1 ? "" : "s");
	term_tame(text);
	fprintf(term->stream, "%s%s%s\n\n", term_style(term, TERM_DIM), text,
	    term_style(term, TERM_PLAIN));
}

/* The longest of the rows' wall times: at least 1, for it divides. */
static uint64_t
longest_wall_ns(const struct comparison *comparison)
{
	uint64_t longest_ns = 1;

	for (unsigned arm = 0; arm < ARM_COUNT; arm++)
		if (comparison->rows[arm].wall_ns.median > longest_ns)
			longest_ns = comparison->rows[arm].wall_ns.median;
	return longest_ns;
}

static struct table *
make_table(const struct comparison *comparison, const struct term *term)
{
	bool has_room = term->columns >= WIDE_TABLE_COLUMNS;
	uint64_t like_ns = longest_wall_ns(comparison);
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "");
	table_column(table, TABLE_RIGHT, "wall");
	if (has_room)
		table_column(table, TABLE_RIGHT, "min .. max");
	table_column(table, TABLE_RIGHT, "CPU");
	table_column(table, TABLE_RIGHT, "lock wait");
	table_column(table, TABLE_RIGHT, "speed-up");
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		const struct row *row = &comparison->rows[arm];
		const struct sample *wall = &row->wall_ns;

		table_cell(table, "%s", comparison_arm_label(arm));
		table_cell(table, "%s",
		    units_duration_like(wall->median, like_ns).text);
		if (has_room)
			table_cell(table, "%s",
			    units_range(wall->min, wall->max, like_ns).text);
		table_cell(table, "%s",
		    units_duration_like(row->cpu_ns, like_ns).text);
		table_cell(table, "%s",
		    arm == ARM_THREADS
			? units_duration_like(row->lock_wait_ns, like_ns).text
			: "-");
		table_cell(table, "%s", units_ratio(row->speedup).text);
	}
	return table;
}

static struct bar
make_bar(
    const struct comparison *comparison, enum arm arm, const struct term *term)
{
	const struct row *row = &comparison->rows[arm];
	double longest_ns = (double)longest_wall_ns(comparison);
	double counted = (double)row->cpu_ns / longest_ns / row->workers;
	double waited = (double)row->lock_wait_ns / longest_ns / row->workers;
	double life = (double)row->wall_ns.median / longest_ns;
	double parts[BAR_PARTS] = {
	    [BAR_SOLID] = counted,
	    [BAR_SHADED] = waited,
	    [BAR_LIGHT] = life - counted - waited,
	};
	/* "  LABEL  BAR 1.012 s", and the last column stays free. */
	unsigned around = 2 + LABEL_COLUMNS + 2 + 1 + DURATION_COLUMNS + 1;
	unsigned columns = page_columns(term);

	return bar_parts(
	    parts, columns > around ? columns - around : 0, term->has_utf8);
}

static void
print_in_style(const struct term *term, enum term_style style, const char *text,
    size_t length)
{
	if (length > 0)
		fprintf(term->stream, "%s%.*s%s", term_style(term, style),
		    (int)length, text, term_style(term, TERM_PLAIN));
}

static const struct {
	enum term_style style;
	const char *block;
	const char *letter;
	const char *meaning;
} legend[BAR_PARTS] = {
    [BAR_SOLID] = {TERM_BAR, "\u2588", "#", "counting"},
    [BAR_SHADED] = {TERM_WAIT, "\u2592", "-", "waiting for the lock"},
    [BAR_LIGHT] = {TERM_DIM, "\u2591", ".", "waiting for a CPU"},
};

/* What the parts that are to be seen mean, over as many lines as it takes. */
static void
print_legend(const struct term *term, const bool is_seen[BAR_PARTS])
{
	unsigned indent = 2 + LABEL_COLUMNS + 2;
	unsigned column = indent;

	fprintf(term->stream, "  %-*s", LABEL_COLUMNS, "a worker's time:");
	for (unsigned part = 0; part < BAR_PARTS; part++) {
		const char *mark =
		    term->has_utf8 ? legend[part].block : legend[part].letter;
		unsigned width = 4 + (unsigned)strlen(legend[part].meaning);

		if (!is_seen[part])
			continue;
		if (column > indent && column + width > page_columns(term)) {
			fprintf(term->stream, "\n%*s", (int)indent - 2, "");
			column = indent;
		}
		fputs("  ", term->stream);
		print_in_style(term, legend[part].style, mark, strlen(mark));
		fprintf(term->stream, " %s", legend[part].meaning);
		column += width;
	}
	fputc('\n', term->stream);
}

static void
print_bars(const struct comparison *comparison, const struct term *term)
{
	uint64_t longest_ns = longest_wall_ns(comparison);
	bool is_seen[BAR_PARTS] = {false};

	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		uint64_t wall_ns = comparison->rows[arm].wall_ns.median;
		struct bar bar = make_bar(comparison, arm, term);
		size_t start = 0;

		fprintf(term->stream, "  %-*s  ", LABEL_COLUMNS,
		    comparison_arm_label(arm));
		for (unsigned part = 0; part < BAR_PARTS; part++) {
			size_t length = bar.ends[part] - start;

			print_in_style(
			    term, legend[part].style, bar.text + start, length);
			is_seen[part] = is_seen[part] || length > 0;
			start = bar.ends[part];
		}
		fprintf(term->stream, " %s\n",
		    units_duration_like(wall_ns, longest_ns).text);
	}
	print_legend(term, is_seen);
}

static void
print_verdict(const struct comparison *comparison, const struct term *term)
{
	static const enum term_style styles[] = {
	    [VERDICT_FINDING] = TERM_PLAIN,
	    [VERDICT_ADVICE] = TERM_BOLD,
	    [VERDICT_WARNING] = TERM_WARNING,
	};
	struct verdict verdict = verdict_reach(comparison);
	char note[128];

	for (size_t i = 0; i < verdict.n_sentences; i++) {
		const struct verdict_sentence *sentence = &verdict.sentences[i];
		char text[VERDICT_SENTENCE_CHARS + 16];

		snprintf(text, sizeof(text), "%s%s",
		    sentence->tone == VERDICT_WARNING ? "Warning: " : "",
		    sentence->text);
		term_tame(text);
		show_sentence(term, styles[sentence->tone], text);
	}
	snprintf(note, sizeof(note),
	    "(Noise: the same job twice differs by %s. Same order again: "
	    "--seed %" PRIu64 ")",
	    units_percent(comparison->noise_floor).text, comparison->seed);
	show_sentence(term, TERM_DIM, note);
}

int
comparison_print(const struct comparison *comparison, const struct term *term)
{
	struct table *table = make_table(comparison, term);
	int status = -1;

	print_header(comparison, term);
	if (table_print(table, FORMAT_TEXT, term) == -1)
		goto out;
	fputc('\n', term->stream);
	print_bars(comparison, term);
	fputc('\n', term->stream);
	print_verdict(comparison, term);
	status = 0;
out:
	table_free(table);
	return status;
}
