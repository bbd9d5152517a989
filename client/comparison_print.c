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

static const char *const row_labels[ARM_COUNT] = {
    [ARM_SEQUENTIAL] = "one after another",
    [ARM_THREADS] = "threads, one lock",
    [ARM_PROCESSES] = "processes",
};

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
	unsigned columns = page_columns(term);
	char asked[128], whom[64];
	size_t width;
	char cost[48] = "";

	if (comparison->cost_ns > 0)
		snprintf(cost, sizeof(cost), ", %s a turn",
		    units_duration(comparison->cost_ns).text);
	snprintf(asked, sizeof(asked),
	    "countdown from %s in %" PRIu32 " parts%s: %" PRIu32
	    " round%s, interleaved",
	    units_count(comparison->count).text, comparison->workers, cost,
	    comparison->rounds, comparison->rounds == 1 ? "" : "s");
	snprintf(whom, sizeof(whom), "gild %s, %" PRIu32 " core%s",
	    comparison->version, comparison->cores,
	    comparison->cores == 1 ? "" : "s");
	term_tame(whom);
	width = strlen(asked) + 2 + strlen(whom);
	fprintf(term->stream, "%s%s%s", term_style(term, TERM_BOLD), asked,
	    term_style(term, TERM_PLAIN));
	/* Beside it where there is room, else under it. */
	if (width < columns)
		fprintf(term->stream, "%*s", (int)(columns - width + 1), "");
	else
		fprintf(term->stream, "\n%*s",
		    (int)(columns - 1 - strlen(whom)), "");
	fprintf(term->stream, "%s%s%s\n\n", term_style(term, TERM_DIM), whom,
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
make_table(const struct comparison *comparison)
{
	uint64_t like_ns = longest_wall_ns(comparison);
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "");
	table_column(table, TABLE_RIGHT, "wall");
	table_column(table, TABLE_RIGHT, "min .. max");
	table_column(table, TABLE_RIGHT, "CPU");
	table_column(table, TABLE_RIGHT, "lock wait");
	table_column(table, TABLE_RIGHT, "speed-up");
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		const struct row *row = &comparison->rows[arm];
		const struct sample *wall = &row->wall_ns;

		table_cell(table, "%s", row_labels[arm]);
		table_cell(table, "%s",
		    units_duration_like(wall->median, like_ns).text);
		table_cell(table, "%s",
		    units_range(wall->min, wall->max, like_ns).text);
		table_cell(table, "%s",
		    units_duration_like(row->cpu_ns, like_ns).text);
		table_cell(table, "%s",
		    arm == ARM_THREADS ? units_duration(row->lock_wait_ns).text
				       : "-");
		table_cell(table, "%s", units_ratio(row->speedup).text);
	}
	return table;
}

static void
print_bars(const struct comparison *comparison, const struct term *term)
{
	unsigned columns = page_columns(term);
	uint64_t longest_ns = longest_wall_ns(comparison);
	/* "  LABEL  BAR 1.012 s" */
	unsigned around = 2 + 17 + 2 + 1 + 7 + 1;

	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		const struct row *row = &comparison->rows[arm];
		double scale_ns = (double)row->workers * (double)longest_ns;
		double counted = (double)row->cpu_ns / scale_ns;
		double waited = (double)row->lock_wait_ns / scale_ns;
		double life = (double)row->wall_ns.median / (double)longest_ns;
		double parts[BAR_PARTS] = {
		    counted, waited, life - counted - waited};

		fprintf(term->stream, "  %-17s  %s%s%s %s\n", row_labels[arm],
		    term_style(term, TERM_BAR),
		    bar_parts(parts, columns > around ? columns - around : 0,
			term->has_utf8)
			.text,
		    term_style(term, TERM_PLAIN),
		    units_duration_like(row->wall_ns.median, longest_ns).text);
	}
	fprintf(term->stream,
	    "%s  a worker's time:   %s counting  %s waiting for the lock  "
	    "%s for a CPU%s\n",
	    term_style(term, TERM_DIM), term->has_utf8 ? "\u2588" : "#",
	    term->has_utf8 ? "\u2592" : "-", term->has_utf8 ? "\u2591" : ".",
	    term_style(term, TERM_PLAIN));
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
	    "(One arm measured twice differs by %s. --seed %" PRIu64
	    " repeats this order.)",
	    units_percent(comparison->noise_floor).text, comparison->seed);
	show_sentence(term, TERM_DIM, note);
}

int
comparison_print(const struct comparison *comparison, const struct term *term)
{
	struct table *table = make_table(comparison);
	int status = -1;

	print_header(comparison, term);
	if (table_print(table, term) == -1)
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
