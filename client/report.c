/* Words around tables. All that depends on the format is decided here. */
#include "client/report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/outfile.h"
#include "client/show.h"
#include "client/svg.h"
#include "client/talk.h"

static bool
has_words(const struct context *context)
{
	return context->format == FORMAT_TEXT ||
	    context->format == FORMAT_MARKDOWN;
}

void
report_heading(
    const struct context *context, const char *title, const char *subtitle)
{
	const struct term *term = &context->out;

	if (context->format == FORMAT_MARKDOWN)
		fprintf(term->stream, "### %s\n\n%s\n\n", title, subtitle);
	else if (context->format == FORMAT_TEXT)
		fprintf(term->stream, "%s%s%s\n%s%s%s\n\n",
		    term_style(term, TERM_BOLD), title,
		    term_style(term, TERM_PLAIN), term_style(term, TERM_DIM),
		    subtitle, term_style(term, TERM_PLAIN));
}

void
report_setting(const struct experiment *experiment, char *text, size_t size)
{
	const struct roster *roster = &experiment->roster;

	snprintf(text, size,
	    "gild %s on %" PRIu32 " CPU%s, %" PRIu32 " round%s, interleaved",
	    roster->version, roster->cores, roster->cores == 1 ? "" : "s",
	    experiment->rounds, experiment->rounds == 1 ? "" : "s");
	term_tame(text);
}

void
report_gap(const struct context *context)
{
	if (has_words(context))
		fputc('\n', context->out.stream);
}

void
report_sentence(
    const struct context *context, enum term_style style, const char *text)
{
	bool is_bold = style == TERM_BOLD || style == TERM_WARNING;
	const char *mark = is_bold ? "**" : "";

	if (context->format == FORMAT_MARKDOWN)
		fprintf(context->out.stream, "%s%s%s\n\n", mark, text, mark);
	else if (context->format == FORMAT_TEXT)
		show_sentence(&context->out, style, text);
}

void
report_warning(const struct context *context, const char *text)
{
	char warning[512];

	snprintf(warning, sizeof(warning), "Warning: %s", text);
	term_tame(warning);
	report_sentence(context, TERM_WARNING, warning);
}

enum outcome
report_table(const struct context *context, struct table *table)
{
	int status = table_print(table, context->format, &context->out);

	table_free(table);
	return status == -1 ? talk_no_memory(context) : OUTCOME_FINE;
}

enum outcome
report_chart(const struct context *context, const struct chart *chart)
{
	if (context->format != FORMAT_TEXT)
		return OUTCOME_FINE;
	return chart_print(chart, &context->out) == -1 ? talk_no_memory(context)
						       : OUTCOME_FINE;
}

static enum outcome
cannot_write(const struct context *context, const char *path)
{
	command_complain(
	    context->command, "cannot write %.200s: %s", path, strerror(errno));
	return OUTCOME_NOT_DONE;
}

enum outcome
report_check_picture(const struct context *context, const char *path)
{
	struct outfile file;
	struct stat there;
	size_t length;

	if (path == NULL || strcmp(path, "-") == 0)
		return OUTCOME_FINE;
	/* A device or a pipe: opened once, and called as it likes. */
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return OUTCOME_FINE;
	length = strlen(path);
	if (length <= 4 || strcmp(path + length - 4, ".svg") != 0) {
		command_complain(context->command,
		    "--output: \"%.80s\": the picture is SVG: name it FILE.svg",
		    path);
		return OUTCOME_USAGE;
	}
	if (outfile_open(&file, path) == -1)
		return cannot_write(context, path);
	outfile_abandon(&file);
	return OUTCOME_FINE;
}

enum outcome
report_save(const struct context *context, const struct chart charts[],
    size_t n_charts, const char *path)
{
	enum outcome outcome = OUTCOME_FINE;
	struct svg *svg;

	if (path == NULL)
		return OUTCOME_FINE;
	svg = chart_draw(charts, n_charts);
	if (svg == NULL)
		return talk_no_memory(context);
	if (svg_save(svg, path) == -1)
		outcome = cannot_write(context, path);
	svg_free(svg);
	return outcome;
}

void
report_weather(const struct experiment *experiment)
{
	const struct weather *weather = &experiment->weather;

	for (size_t i = 0; i < weather->n_sentences; i++)
		report_warning(experiment->context, weather->sentences[i]);
}

void
report_note(const struct experiment *experiment, const char *first)
{
	char note[640];

	snprintf(note, sizeof(note),
	    "(%s Intervals are 95 %%, of the median, by bootstrap. Warm-up: %d "
	    "ms in each pool, not counted. Same order again: --seed %" PRIu64
	    ")",
	    first, EXPERIMENT_WARM_UP_MS, experiment->seed);
	report_sentence(experiment->context, TERM_DIM, note);
}

json_t *
report_estimate(struct estimate estimate)
{
	/* JSON has no infinity. */
	if (!isfinite(estimate.value) || !isfinite(estimate.low) ||
	    !isfinite(estimate.high))
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "median", estimate.value, "low",
	    estimate.low, "high", estimate.high);
}
