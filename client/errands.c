/*
 * The list is short and in no order: an answer's errand is looked for from its
 * beginning. An errand that is not sent waits for due_ms, which is one for all,
 * as one pause of the lifeline's patience is.
 */
#include "client/errands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/libgil/gil.h"
#include "client/units.h"

#define LATER_MS 10	   /* where the server does not say how much later */
#define TELL_AFTER_MS 2000 /* of being put off, and only once */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
errands_init(struct errands *errands, struct lifeline *line, size_t size)
{
	*errands = (struct errands){
	    .line = line,
	    .list = calloc(size, sizeof(*errands->list)),
	    .size = size,
	};
	return errands->list == NULL ? -1 : 0;
}

void
errands_free(struct errands *errands)
{
	for (size_t i = 0; i < errands->n; i++)
		json_decref(errands->list[i].params);
	free(errands->list);
	*errands = (struct errands){0};
}

bool
errands_are_full(const struct errands *errands)
{
	return errands->n == errands->size;
}

bool
errands_are_none(const struct errands *errands)
{
	return errands->n == 0;
}

static enum outcome
send_errand(struct errands *errands, struct errand *errand)
{
	return talk_send(errands->line->context, errands->line->gil,
	    errand->method, json_incref(errand->params), 0, &errand->id);
}

enum outcome
errands_add(struct errands *errands, const char *method, json_t *params,
    uint64_t number, bool is_repeatable)
{
	struct errand *errand = &errands->list[errands->n];

	if (params == NULL)
		return talk_no_memory(errands->line->context);
	*errand = (struct errand){
	    .method = method,
	    .params = params,
	    .number = number,
	    .is_repeatable = is_repeatable,
	};
	errands->n++;
	return send_errand(errands, errand);
}

static bool
any_waits(const struct errands *errands)
{
	for (size_t i = 0; i < errands->n; i++)
		if (errands->list[i].id == 0)
			return true;
	return false;
}

static enum outcome
send_all_due(struct errands *errands)
{
	enum outcome outcome = OUTCOME_FINE;

	if (now_ms() < errands->due_ms)
		return OUTCOME_FINE;
	for (size_t i = 0; i < errands->n && outcome == OUTCOME_FINE; i++)
		if (errands->list[i].id == 0)
			outcome = send_errand(errands, &errands->list[i]);
	return outcome;
}

/* The link tore: another one, and everything again over that. */
static enum outcome
begin_again(struct errands *errands)
{
	const struct lifeline *line = errands->line;

	for (size_t i = 0; i < errands->n; i++) {
		struct errand *errand = &errands->list[i];

		if (errand->id != 0 && !errand->is_repeatable &&
		    !gil_was_orderly(line->gil)) {
			if (line->progress != NULL)
				progress_clear(line->progress);
			return talk_lost(line->context, line->gil);
		}
		errand->id = 0;
	}
	errands->due_ms = 0;
	return lifeline_reopen(errands->line);
}

static struct errand *
find(struct errands *errands, uint64_t id)
{
	for (size_t i = 0; i < errands->n; i++)
		if (id != 0 && errands->list[i].id == id)
			return &errands->list[i];
	return NULL;
}

/* Whoever has to wait for long is told why. */
static void
tell(struct errands *errands, const struct gil_error *error)
{
	const struct lifeline *line = errands->line;
	const struct patience *patience = &line->patience;

	if (errands->is_told ||
	    now_ms() - (patience->until_ms - patience->for_ms) < TELL_AFTER_MS)
		return;
	errands->is_told = true;
	if (line->progress != NULL)
		progress_clear(line->progress);
	command_complain(line->context->command,
	    "the server refused for now: %s; trying again for %s",
	    error->detail[0] != '\0' ? error->detail : error->message,
	    units_parameter_us((uint64_t)patience->for_ms * 1000).text);
}

/*
 * Whether the server says that it would be different later: waits then. It is
 * not where patience is over, and *is_over says so.
 */
static bool
is_put_off(struct errands *errands, struct errand *errand,
    const struct gil_error *error, enum rpc_error_kind kind, bool *is_over)
{
	int64_t later_ms = error->retry_after_ms;
	int64_t now = now_ms(), pause_ms;

	if (later_ms <= 0 && kind != RPC_BUSY && kind != RPC_SHUTTING_DOWN)
		return false;
	if (later_ms < LATER_MS)
		later_ms = LATER_MS;
	/* One pause for all that were refused before it is over. */
	if (!any_waits(errands) || errands->due_ms < now) {
		pause_ms =
		    patience_next(&errands->line->patience, now, later_ms);
		*is_over = pause_ms < 0;
		if (*is_over)
			return false;
		errands->due_ms = now + pause_ms;
		tell(errands, error);
	}
	errand->id = 0;
	return true;
}

/* True when it is the answer that was waited for. */
static enum outcome
take_reply(struct errands *errands, const struct gil_event *event,
    struct errand_answer *answer, bool *is_answered)
{
	const struct lifeline *line = errands->line;
	struct errand *errand = find(errands, event->request);
	bool is_error = event->type == GIL_ERROR;
	enum rpc_error_kind kind =
	    is_error ? rpc_error_from_code(event->error.code) : RPC_OK;
	bool is_over = false;
	enum outcome outcome;
	json_t *value;

	*is_answered = false;
	/* What is wrong with a whole line comes without its id. */
	if (errand == NULL && is_error)
		return talk_refused(line->context, gil_json(line->gil));
	if (errand == NULL)
		return talk_not_understood(
		    line->context, line->gil, "it answers what was not asked");
	if (is_error &&
	    is_put_off(errands, errand, &event->error, kind, &is_over))
		return OUTCOME_FINE;
	outcome = talk_take(line->context, line->gil, &value);
	if (outcome != OUTCOME_FINE)
		return outcome;
	/* One patience for all that wait out the same trouble. */
	if (!is_over) {
		lifeline_prove(errands->line);
		errands->is_told = false;
	}
	*answer = (struct errand_answer){
	    .method = errand->method,
	    .number = errand->number,
	    .root = value,
	    .result = is_error ? NULL : value,
	    .error = is_error ? value : NULL,
	    .kind = kind,
	};
	json_decref(errand->params);
	*errand = errands->list[--errands->n];
	*is_answered = true;
	return OUTCOME_FINE;
}

/* How long gil_poll() may wait, in its words. */
static int
time_left(const struct errands *errands, int64_t end_ms)
{
	int64_t left_ms = INT_MAX;

	if (end_ms >= 0)
		left_ms = end_ms - now_ms();
	if (any_waits(errands) && errands->due_ms - now_ms() < left_ms)
		left_ms = errands->due_ms - now_ms();
	if (left_ms == INT_MAX)
		return GIL_FOREVER;
	return left_ms > 0 ? (int)left_ms : 0;
}

enum outcome
errands_next(
    struct errands *errands, int64_t timeout_ms, struct errand_answer *answer)
{
	int64_t end_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	enum outcome outcome = OUTCOME_FINE;
	bool is_answered = false;

	while (outcome == OUTCOME_FINE && !is_answered) {
		const struct gil_event *event;

		outcome = send_all_due(errands);
		if (outcome != OUTCOME_FINE)
			break;
		event =
		    gil_poll(errands->line->gil, time_left(errands, end_ms));
		switch (event->type) {
		case GIL_RESULT:
		case GIL_ERROR:
			outcome =
			    take_reply(errands, event, answer, &is_answered);
			break;
		case GIL_PROGRESS:
		case GIL_NOTICE:
			talk_watch(errands->watcher, event);
			break;
		case GIL_NOTHING:
			if (end_ms >= 0 && now_ms() >= end_ms)
				outcome = OUTCOME_UNEXPECTED;
			break;
		case GIL_WOKEN:
			outcome = OUTCOME_INTERRUPTED;
			break;
		case GIL_UNANSWERED:
		case GIL_LOST:
			outcome = begin_again(errands);
			break;
		}
	}
	if (errands->line->progress != NULL)
		progress_clear(errands->line->progress);
	return outcome;
}

enum outcome
errands_ask(struct lifeline *line, const char *method, json_t *params,
    bool is_repeatable, const struct talk_watcher *watcher, json_t **result)
{
	struct errand_answer answer;
	struct errands errands;
	enum outcome outcome;

	if (errands_init(&errands, line, 1) == -1) {
		json_decref(params);
		outcome = talk_no_memory(line->context);
		goto out;
	}
	errands.watcher = watcher;
	outcome = errands_add(&errands, method, params, 0, is_repeatable);
	if (outcome == OUTCOME_FINE)
		outcome = errands_next(&errands, ERRANDS_FOREVER, &answer);
	if (outcome != OUTCOME_FINE)
		goto out;
	if (answer.error != NULL)
		outcome = talk_refused(line->context, answer.error);
	else
		*result = json_incref((json_t *)answer.result);
	json_decref(answer.root);
out:
	errands_free(&errands);
	return outcome;
}
