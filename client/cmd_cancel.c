/* gilctl cancel: ends a job, whoever submitted it. */
#include "client/command.h"

#include <stdio.h>

#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"

static enum outcome
show_answer(const struct context *context, const json_t *answer)
{
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "job");
	table_column(table, TABLE_LEFT, "state");
	table_cell(table, "%s", show_text(answer, "job"));
	table_cell(table, "%s", show_text(answer, "state"));
	return show_table(context, table);
}

static enum outcome
run_cancel(const struct context *context, const void *settings, char **operands)
{
	json_t *params = json_pack("{s:s}", "job", operands[0]);
	enum outcome outcome;
	json_t *answer;

	(void)settings;
	if (params == NULL) {
		command_complain(
		    context->command, "a job's id is not written so");
		return OUTCOME_USAGE;
	}
	outcome = talk_ask_once(context, "job.cancel", params, &answer);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format == FORMAT_JSON) {
		outcome = show_json(context, answer);
	} else if (context->format != FORMAT_TEXT) {
		outcome = show_answer(context, answer);
	} else {
		char text[128];

		snprintf(text, sizeof(text), "job %s is %s",
		    show_text(answer, "job"), show_text(answer, "state"));
		term_tame(text);
		fprintf(context->out.stream, "%s\n", text);
	}
	json_decref(answer);
	return outcome;
}

const struct command command_cancel = {
    .name = "cancel",
    .operands = "JOB",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Cancel a job by its id",
    .run = run_cancel,
};
