/*
 * gilctl history: the jobs that have ended, as the server keeps them: how many,
 * how long they took, and how that went over time.
 */
#include "client/command.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "client/filter.h"
#include "client/history.h"
#include "client/ledger.h"
#include "client/lifeline.h"
#include "client/report.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/units.h"
#include "client/when.h"

#define DEFAULT_LIMIT 1000

struct settings {
	struct filter filter;
	const char *path; /* of the picture, or NULL */
};

static void
show_summary(const struct context *context, const struct ledger *ledger,
    uint64_t n_left_out, bool has_more)
{
	struct ledger_summary summary = ledger_sum_up(ledger);
	char text[512];
	size_t used;

	ledger_write_summary(&summary, text, sizeof(text));
	used = strlen(text);
	if (n_left_out > 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    " %s of them ran in other pools: -p shows one.",
		    units_count(n_left_out).text);
	if (has_more)
		snprintf(text + used, sizeof(text) - used,
		    " There are older ones: -n 0 reads all.");
	report_sentence(context, TERM_DIM, text);
}

static enum outcome
show_history(const struct context *context, const struct ledger *ledger,
    bool has_more, const char *path)
{
	struct history history;
	struct chart chart;
	enum outcome outcome = OUTCOME_FINE;

	if (history_read(&history, ledger) == -1) {
		outcome = talk_no_memory(context);
		goto out;
	}
	chart = history_make_chart(&history);
	if (ledger->n > 0) {
		outcome = report_table(context, history_make_table(&history));
		report_gap(context);
	}
	if (outcome == OUTCOME_FINE && chart.n_series > 0)
		outcome = report_chart(context, &chart);
	if (chart.n_series > 0)
		report_gap(context);
	if (outcome == OUTCOME_FINE)
		show_summary(context, ledger, history.n_left_out, has_more);
	if (outcome == OUTCOME_FINE)
		outcome = report_save(context, &chart, 1, path);
out:
	history_free(&history);
	return outcome;
}

static enum outcome
show_as_wanted(const struct context *context, const struct ledger *ledger,
    bool has_more, const char *path)
{
	if (context->format == FORMAT_JSON)
		return OUTCOME_FINE;
	if (context->format == FORMAT_CSV)
		return show_table(context,
		    ledger_make_table(
			ledger, when_now_ms(), context->out.columns));
	return show_history(context, ledger, has_more, path);
}

static enum outcome
check_state(const struct context *context, const char *state)
{
	if (state == NULL ||
	    (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0 &&
		strcmp(state, "unfinished") != 0))
		return OUTCOME_FINE;
	command_complain(context->command,
	    "--state: what is %s has no history yet: gilctl list shows it",
	    state);
	return OUTCOME_USAGE;
}

static enum outcome
run_history(
    const struct context *context, const void *settings_, char **operands)
{
	const struct settings *settings = settings_;
	struct ledger ledger = {0};
	json_t *params = NULL;
	struct lifeline line;
	bool has_more;
	enum outcome outcome = report_check_picture(context, settings->path);

	(void)operands;
	if (outcome == OUTCOME_FINE)
		outcome = check_state(context, settings->filter.state);
	lifeline_init(&line, context, FILTER_RETRY_FOR_MS, NULL);
	if (outcome == OUTCOME_FINE)
		outcome = filter_make_params(
		    context, &settings->filter, "ended", &params);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&line);
	if (outcome != OUTCOME_FINE) {
		json_decref(params);
		goto out;
	}
	outcome = filter_fetch(
	    &line, params, settings->filter.limit, &ledger, &has_more);
	if (outcome == OUTCOME_FINE)
		outcome =
		    show_as_wanted(context, &ledger, has_more, settings->path);
out:
	lifeline_close(&line);
	ledger_free(&ledger);
	return outcome;
}

static const struct settings defaults = {
    .filter = {.limit = DEFAULT_LIMIT, .is_newest_first = true},
};

static const struct option_row options[] = {
    FILTER_OPTIONS(
	struct settings, "done, failed, cancelled, timed_out; or ended"),
    {"limit", 'n', "LIMIT", OPTION_NUMBER,
	offsetof(struct settings, filter.limit), 0, INT32_MAX,
	"no more than the newest LIMIT jobs (1000; 0: all)"},
    {"output", 'o', "FILE.svg", OPTION_TEXT, offsetof(struct settings, path), 0,
	0, "draw it as a picture, too"},
    {0},
};

const struct command command_history = {
    .name = "history",
    .operands = "",
    .summary = "Show how long the jobs that have ended took",
    .notes =
	"Of the jobs that the server keeps; with record = all it keeps all "
	"of them.\n"
	"--json and --csv have a line for each job, the newest "
	"first.\n" FILTER_NOTES,
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_history,
};
