/*
 * gilctl submit --detach: jobs that are left to the server. Several are under
 * way at a time, so that the server can take them in together. An id is printed
 * when the server has it on its disk, and not before.
 */
#include "client/submit.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/errands.h"
#include "client/lifeline.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

/* What is printed of one job that was accepted; is_only: of no other one. */
static enum outcome
show_accepted(const struct context *context, const json_t *answer, bool is_only)
{
	const struct term *term = &context->out;
	const char *job = show_text(answer, "job");
	char text[192];

	if (context->format == FORMAT_JSON)
		return show_json(context, answer);
	snprintf(text, sizeof(text), "%s", job);
	term_tame(text);
	fprintf(term->stream, "%s\n", text);
	/* For those who watch; a script gets the id alone. */
	if (is_only && term->is_live) {
		snprintf(text, sizeof(text),
		    "It is %s%s. \"gilctl collect %s\" waits for its result.",
		    show_text(answer, "state"),
		    json_is_false(json_object_get(answer, "created"))
			? ", and was there before"
			: "",
		    job);
		term_tame(text);
		show_sentence(term, TERM_DIM, text);
	}
	fflush(term->stream);
	return OUTCOME_FINE;
}

static void
add_row(struct table *table, const json_t *answer)
{
	table_cell(table, "%s", show_text(answer, "job"));
	table_cell(table, "%s", show_text(answer, "state"));
	table_cell(table, "%s",
	    json_is_true(json_object_get(answer, "created")) ? "true"
							     : "false");
}

static enum outcome
take_accepted(const struct context *context, const json_t *answer,
    struct table *table, bool is_only)
{
	if (table == NULL)
		return show_accepted(context, answer, is_only);
	add_row(table, answer);
	return OUTCOME_FINE;
}

/*
 * After a refusal no more is sent, but what was sent is heard of. The jobs are
 * all alike, so that the first refusal stands for others.
 */
static enum outcome
submit_all(struct errands *errands, const struct submit_settings *settings,
    const struct submit_keys *keys, struct job_request *request,
    struct table *table)
{
	const struct context *context = errands->line->context;
	bool has_key = keys != NULL || request->key[0] != '\0';
	enum outcome worst = OUTCOME_FINE, outcome = OUTCOME_FINE;
	uint64_t n_sent = 0, n_accepted = 0;

	while (outcome == OUTCOME_FINE) {
		bool is_last =
		    n_sent == settings->repeat || worst != OUTCOME_FINE;
		struct errand_answer answer;

		if (is_last && errands_are_none(errands))
			break;
		if (!is_last && !errands_are_full(errands)) {
			n_sent++;
			if (keys != NULL)
				submit_write_key(keys, n_sent, request->key);
			outcome = errands_add(errands, "job.submit",
			    job_request_to_json(request), n_sent, has_key);
			continue;
		}
		outcome = errands_next(errands, ERRANDS_FOREVER, &answer);
		if (outcome != OUTCOME_FINE)
			break;
		if (answer.error == NULL) {
			outcome = take_accepted(context, answer.result, table,
			    settings->repeat == 1);
			n_accepted++;
		} else if (worst == OUTCOME_FINE) {
			worst = talk_refused(context, answer.error);
		}
		json_decref(answer.root);
	}
	if (worst != OUTCOME_FINE && settings->repeat > 1)
		command_complain(context->command,
		    "%s of %s jobs were accepted", units_count(n_accepted).text,
		    units_count(settings->repeat).text);
	return outcome == OUTCOME_FINE ? worst : outcome;
}

static struct table *
make_table(const struct context *context)
{
	struct table *table;

	if (context->format != FORMAT_CSV && context->format != FORMAT_MARKDOWN)
		return NULL;
	table = table_new();
	table_column(table, TABLE_LEFT, "job");
	table_column(table, TABLE_LEFT, "state");
	table_column(table, TABLE_LEFT, "created");
	return table;
}

enum outcome
submit_detached(const struct context *context,
    const struct submit_settings *settings, const struct job_request *given)
{
	bool is_key_ours = settings->is_resumed && given->key[0] == '\0';
	struct table *table = make_table(context);
	struct job_request request = *given;
	uint64_t in_flight = settings->in_flight;
	struct errands errands = {0};
	struct submit_keys keys;
	struct lifeline line;
	enum outcome outcome = submit_make_keys(context, &keys);

	/* A server that is full for now is asked again, key or not. */
	lifeline_init(
	    &line, context, submit_retry_for_ms(settings, true), NULL);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&line);
	if (outcome == OUTCOME_FINE && settings->repeat > 1)
		outcome = submit_learn_limit(context, line.gil, &in_flight);
	if (outcome != OUTCOME_FINE)
		goto out;
	if (in_flight > settings->repeat)
		in_flight = settings->repeat;
	outcome = errands_init(&errands, &line, in_flight) == -1
	    ? talk_no_memory(context)
	    : submit_all(&errands, settings, is_key_ours ? &keys : NULL,
		  &request, table);
	/* What was accepted is told, however it went on. */
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
