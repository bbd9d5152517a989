/*
 * The filter's words are checked here as far as a client can, so that what is
 * wrong is said in the words of the command line.
 */
#include "client/filter.h"

#include <stdio.h>
#include <string.h>

#include "client/errands.h"
#include "client/named.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/when.h"
#include "proto/record.h"
#include "proto/request.h"

static bool
is_state(const char *text)
{
	enum job_state state;

	return job_state_parse(text, &state) == 0 ||
	    strcmp(text, "unfinished") == 0 || strcmp(text, "ended") == 0;
}

/* Adds what was given: 0, or -1 when memory ran out. */
static int
add_text(json_t *params, const char *name, const char *text)
{
	if (text == NULL)
		return 0;
	return json_object_set_new(params, name, json_string(text));
}

static enum outcome
add_time(const struct context *context, json_t *params, const char *option,
    const char *name, const char *text)
{
	char error[WHEN_ERROR_CHARS + 1];
	uint64_t unix_ms;

	if (text == NULL)
		return OUTCOME_FINE;
	if (when_parse(text, when_now_ms(), &unix_ms, error) == -1) {
		command_complain(context->command, "--%s: %s", option, error);
		return OUTCOME_USAGE;
	}
	if (json_object_set_new(
		params, name, json_integer((json_int_t)unix_ms)) == -1)
		return talk_no_memory(context);
	return OUTCOME_FINE;
}

static enum outcome
check_words(const struct context *context, const struct filter *filter)
{
	if (filter->state != NULL && !is_state(filter->state)) {
		command_complain(context->command,
		    "--state: \"%.40s\" is none: write queued, running, done, "
		    "failed, cancelled, timed_out, unfinished or ended",
		    filter->state);
		return OUTCOME_USAGE;
	}
	if (filter->pool != NULL && !pool_name_is_valid(filter->pool)) {
		command_complain(context->command,
		    "--pool: \"%.40s\" is no pool's name", filter->pool);
		return OUTCOME_USAGE;
	}
	return filter->key != NULL ? named_check_key(context, filter->key)
				   : OUTCOME_FINE;
}

enum outcome
filter_make_params(const struct context *context, const struct filter *filter,
    const char *state, json_t **params)
{
	json_t *made = json_object();
	enum outcome outcome = check_words(context, filter);
	int failed = 0;

	if (outcome == OUTCOME_FINE)
		outcome = add_time(
		    context, made, "since", "since_unix_ms", filter->since);
	if (outcome == OUTCOME_FINE)
		outcome = add_time(
		    context, made, "until", "until_unix_ms", filter->until);
	if (outcome != OUTCOME_FINE)
		goto out;
	failed |= add_text(
	    made, "state", filter->state != NULL ? filter->state : state);
	failed |= add_text(made, "pool", filter->pool);
	failed |= add_text(made, "key", filter->key);
	if (filter->is_newest_first)
		failed |=
		    json_object_set_new(made, "newest_first", json_true());
	if (failed != 0)
		outcome = talk_no_memory(context);
out:
	if (outcome != OUTCOME_FINE) {
		json_decref(made);
		made = NULL;
	}
	*params = made;
	return outcome;
}

/* One page. *after: the id that the next one begins behind, or "". */
static enum outcome
take_page(const struct lifeline *line, const json_t *page, char after[],
    size_t after_size, enum outcome (*see)(void *arg, const json_t *record),
    void *arg, uint64_t *n_seen)
{
	const json_t *jobs = json_object_get(page, "jobs");
	const char *next = json_string_value(json_object_get(page, "next"));
	enum outcome outcome = OUTCOME_FINE;
	const json_t *record;
	size_t i;

	if (!json_is_array(jobs) ||
	    (next != NULL && json_array_size(jobs) == 0))
		return talk_not_understood(
		    line->context, line->gil, "it is no list of jobs");
	snprintf(after, after_size, "%s", next != NULL ? next : "");
	json_array_foreach (jobs, i, record) {
		(*n_seen)++;
		outcome = see(arg, record);
		if (outcome != OUTCOME_FINE)
			break;
	}
	return outcome;
}

enum outcome
filter_each(struct lifeline *line, json_t *params, uint64_t limit,
    enum outcome (*see)(void *arg, const json_t *record), void *arg,
    bool *has_more)
{
	enum outcome outcome = OUTCOME_FINE;
	char after[64] = "";
	uint64_t n_seen = 0;

	do {
		uint64_t left = limit > 0 ? limit - n_seen : FILTER_PAGE;
		json_t *copy = json_copy(params);
		json_t *page;
		int failed = 0;

		if (left > FILTER_PAGE)
			left = FILTER_PAGE;
		failed |= json_object_set_new(
		    copy, "limit", json_integer((json_int_t)left));
		if (after[0] != '\0')
			failed |= json_object_set_new(
			    copy, "after", json_string(after));
		if (failed != 0) {
			json_decref(copy);
			outcome = talk_no_memory(line->context);
			break;
		}
		outcome =
		    errands_ask(line, "job.list", copy, true, NULL, &page);
		if (outcome != OUTCOME_FINE)
			break;
		outcome = take_page(
		    line, page, after, sizeof(after), see, arg, &n_seen);
		json_decref(page);
	} while (outcome == OUTCOME_FINE && after[0] != '\0' &&
	    (limit == 0 || n_seen < limit));
	*has_more = after[0] != '\0';
	json_decref(params);
	return outcome;
}

struct fetch {
	struct lifeline *line;
	struct ledger *ledger;
};

static enum outcome
fetch_one(void *arg, const json_t *json)
{
	const struct fetch *fetch = arg;
	const struct context *context = fetch->line->context;
	struct job_record job;
	struct rpc_error error;

	if (context->format == FORMAT_JSON)
		return show_json(context, json);
	if (record_from_json(json, &job, &error) == -1)
		return talk_not_understood(
		    context, fetch->line->gil, error.detail);
	return ledger_add(fetch->ledger, &job) == -1 ? talk_no_memory(context)
						     : OUTCOME_FINE;
}

enum outcome
filter_fetch(struct lifeline *line, json_t *params, uint64_t limit,
    struct ledger *ledger, bool *has_more)
{
	struct fetch fetch = {line, ledger};

	return filter_each(line, params, limit, fetch_one, &fetch, has_more);
}
