/* gilctl cancel: ends jobs, whoever submitted them. */
#include "client/command.h"

#include <stdio.h>
#include <string.h>

#include "client/errands.h"
#include "client/lifeline.h"
#include "client/named.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"

#define IN_FLIGHT 16
#define RETRY_FOR_MS 3000 /* a store that starts is there soon */

static struct table *
make_table(const struct context *context)
{
	struct table *table;

	if (context->format != FORMAT_CSV && context->format != FORMAT_MARKDOWN)
		return NULL;
	table = table_new();
	table_column(table, TABLE_LEFT, "job");
	table_column(table, TABLE_LEFT, "state");
	return table;
}

static enum outcome
show_answer(
    const struct context *context, const json_t *answer, struct table *table)
{
	char text[128];

	if (context->format == FORMAT_JSON)
		return show_json(context, answer);
	if (table != NULL) {
		table_cell(table, "%s", show_text(answer, "job"));
		table_cell(table, "%s", show_text(answer, "state"));
		return OUTCOME_FINE;
	}
	snprintf(text, sizeof(text), "job %s is %s", show_text(answer, "job"),
	    show_text(answer, "state"));
	term_tame(text);
	fprintf(context->out.stream, "%s\n", text);
	return OUTCOME_FINE;
}

/* One answer to each; a refusal of one does not keep the others. */
static enum outcome
cancel_all(struct errands *errands, char **jobs, struct table *table)
{
	const struct context *context = errands->line->context;
	enum outcome worst = OUTCOME_FINE, outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE) {
		struct errand_answer answer;

		if (*jobs != NULL && !errands_are_full(errands)) {
			outcome = errands_add(errands, "job.cancel",
			    json_pack("{s:s}", "job", *jobs++), 0, true);
			continue;
		}
		if (errands_are_none(errands))
			break;
		outcome = errands_next(errands, ERRANDS_FOREVER, &answer);
		if (outcome != OUTCOME_FINE)
			break;
		if (answer.error != NULL)
			worst = talk_refused(context, answer.error);
		else
			outcome = show_answer(context, answer.result, table);
		json_decref(answer.root);
	}
	return outcome == OUTCOME_FINE ? worst : outcome;
}

static enum outcome
check_ids(const struct context *context, char **jobs)
{
	for (; *jobs != NULL; jobs++) {
		struct job_id job;

		if (named_read_job(context, *jobs, &job) != OUTCOME_FINE)
			return OUTCOME_USAGE;
	}
	return OUTCOME_FINE;
}

static enum outcome
run_cancel(const struct context *context, const void *settings, char **operands)
{
	struct errands errands = {0};
	struct lifeline line;
	struct table *table = NULL;
	enum outcome outcome = check_ids(context, operands);

	(void)settings;
	lifeline_init(&line, context, RETRY_FOR_MS, NULL);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&line);
	if (outcome != OUTCOME_FINE)
		goto out;
	table = make_table(context);
	outcome = errands_init(&errands, &line, IN_FLIGHT) == -1
	    ? talk_no_memory(context)
	    : cancel_all(&errands, operands, table);
	if (table != NULL) {
		enum outcome shown = show_table(context, table);

		table = NULL;
		outcome = outcome == OUTCOME_FINE ? shown : outcome;
	}
out:
	errands_free(&errands);
	lifeline_close(&line);
	table_free(table);
	return outcome;
}

const struct command command_cancel = {
    .name = "cancel",
    .operands = "JOB...",
    .min_operands = 1,
    .max_operands = 1000000,
    .summary = "Cancel jobs by their ids",
    .notes = "A job that has ended stays as it is: that is an error, and says "
	     "how it ended.\n",
    .run = run_cancel,
};
