/* gilctl list: the jobs that the server keeps, a line each. */
#include "client/command.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "client/filter.h"
#include "client/ledger.h"
#include "client/lifeline.h"
#include "client/report.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/when.h"

#define DEFAULT_LIMIT 100

struct settings {
	struct filter filter;
};

static enum outcome
show_list(const struct context *context, const struct ledger *ledger,
    bool has_more, const struct settings *settings)
{
	struct ledger_summary summary = ledger_sum_up(ledger);
	bool has_words = format_has_words(context->format);
	unsigned columns =
	    context->format == FORMAT_TEXT ? context->out.columns : UINT_MAX;
	enum outcome outcome = OUTCOME_FINE;
	char text[512];
	size_t used;

	if (ledger->n > 0 || !has_words)
		outcome = show_table(
		    context, ledger_make_table(ledger, when_now_ms(), columns));
	if (outcome != OUTCOME_FINE || !has_words)
		return outcome;
	if (ledger->n > 0)
		report_gap(context);
	ledger_write_summary(&summary, text, sizeof(text));
	used = strlen(text);
	if (has_more)
		snprintf(text + used, sizeof(text) - used,
		    " There are more: -n 0 lists all%s.",
		    settings->filter.is_newest_first
			? ""
			: ", --newest the newest first");
	report_sentence(context, TERM_DIM, text);
	return OUTCOME_FINE;
}

static enum outcome
run_list(const struct context *context, const void *settings_, char **operands)
{
	const struct settings *settings = settings_;
	struct ledger ledger = {0};
	struct lifeline line;
	bool has_more;
	json_t *params;
	enum outcome outcome =
	    filter_make_params(context, &settings->filter, NULL, &params);

	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	lifeline_init(&line, context, FILTER_RETRY_FOR_MS, NULL);
	outcome = lifeline_open(&line);
	if (outcome == OUTCOME_FINE)
		outcome = filter_fetch(
		    &line, params, settings->filter.limit, &ledger, &has_more);
	else
		json_decref(params);
	if (outcome == OUTCOME_FINE && context->format != FORMAT_JSON)
		outcome = show_list(context, &ledger, has_more, settings);
	lifeline_close(&line);
	ledger_free(&ledger);
	return outcome;
}

static const struct settings defaults = {.filter = {.limit = DEFAULT_LIMIT}};

static const struct option_row options[] = {
    FILTER_OPTIONS(struct settings,
	"queued, running, done, failed, cancelled,\n"
	"timed_out; unfinished or ended"),
    {"newest", 0, NULL, OPTION_FLAG,
	offsetof(struct settings, filter.is_newest_first), 0, 0,
	"the newest first"},
    {"limit", 'n', "LIMIT", OPTION_NUMBER,
	offsetof(struct settings, filter.limit), 0, INT32_MAX,
	"no more than LIMIT jobs (100; 0: all)"},
    {0},
};

const struct command command_list = {
    .name = "list",
    .operands = "",
    .summary = "List the jobs that the server keeps",
    .notes =
	"Detached jobs and those with a key, from their acceptance on; and "
	"where the\nserver records all jobs, those that have ended. The oldest "
	"come first.\n" FILTER_NOTES,
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_list,
};
