/*
 * The one place that turns what can go wrong between client and server into
 * words and exit statuses. Where one request is waited for, its answer is the
 * only one that can come; libgil has seen to that.
 */
#include "client/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/interrupt.h"
#include "client/libgil/gil.h"

#define TALK_ANSWER_MS 10000 /* for a short question */

enum outcome
talk_no_memory(const struct context *context)
{
	command_complain(context->command, "out of memory");
	return OUTCOME_NOT_DONE;
}

enum outcome
talk_lost(const struct context *context, const struct gil *gil)
{
	command_complain(context->command, "lost the connection to %s: %s",
	    gil_server(gil), gil_why(gil));
	return OUTCOME_NO_SERVER;
}

enum outcome
talk_not_understood(
    const struct context *context, const struct gil *gil, const char *why)
{
	command_complain(context->command,
	    "cannot understand the answer of %s: %s", gil_server(gil), why);
	return OUTCOME_NO_SERVER;
}

enum outcome
talk_open(const struct context *context, struct gil **gil)
{
	struct gil_options options = {
	    .server = context->server,
	    .connect_timeout_ms = (int)context->connect_timeout_ms,
	};
	struct gil_failure failure;

	*gil = gil_connect(&options, &failure);
	if (*gil != NULL)
		return OUTCOME_FINE;
	if (failure.kind == GIL_BAD_ADDRESS) {
		command_complain(context->command,
		    "\"%.80s\" is no address: %s", context->server,
		    failure.text);
		return OUTCOME_USAGE;
	}
	command_complain(context->command,
	    "cannot connect to %s: %s (is gild running? start it with "
	    "\"gild\", or name another with -s)",
	    context->server, failure.text);
	return OUTCOME_NO_SERVER;
}

enum outcome
talk_refused(const struct context *context, const json_t *error)
{
	const char *message = "it did not say why";
	const char *field = "", *detail = "";

	/* What is missing stays as it is. */
	(void)json_unpack((json_t *)error, "{s?s, s?{s?s, s?s}}", "message",
	    &message, "data", "field", &field, "detail", &detail);
	if (*detail != '\0')
		message = detail;
	if (*field == '\0' || strstr(message, field) != NULL)
		command_complain(
		    context->command, "the server refused: %s", message);
	else
		command_complain(context->command,
		    "the server refused: %s (%s)", message, field);
	return OUTCOME_REFUSED;
}

enum outcome
talk_take(const struct context *context, struct gil *gil, json_t **value)
{
	json_t *json = gil_json(gil);

	if (!json_is_object(json))
		return talk_not_understood(context, gil,
		    json == NULL ? "it is no JSON" : "it is no object");
	*value = json_incref(json);
	return OUTCOME_FINE;
}

/* An answer, as what it means for the one who asked. */
static enum outcome
take_answer(const struct context *context, struct gil *gil,
    const struct gil_event *event, json_t **result)
{
	if (event->type == GIL_ERROR)
		return talk_refused(context, gil_json(gil));
	return talk_take(context, gil, result);
}

void
talk_watch(const struct talk_watcher *watcher, const struct gil_event *event)
{
	enum job_state state;

	if (watcher == NULL || event->type != GIL_PROGRESS ||
	    job_state_parse(gil_state_name(event->progress.state), &state) ==
		-1)
		return;
	watcher->see(watcher->arg, state, event->progress.turns);
}

bool
talk_is_answer(const struct gil_event *event)
{
	return event->type == GIL_RESULT || event->type == GIL_ERROR;
}

enum outcome
talk_receive(const struct context *context, struct gil *gil, int timeout_ms,
    struct progress *progress, const struct gil_event **event)
{
	*event = gil_poll(gil, timeout_ms);
	if (talk_is_answer(*event) || (*event)->type == GIL_PROGRESS ||
	    (*event)->type == GIL_NOTICE)
		return OUTCOME_FINE;
	if (progress != NULL)
		progress_clear(progress);
	switch ((*event)->type) {
	case GIL_WOKEN:
		return OUTCOME_INTERRUPTED;
	case GIL_NOTHING:
		command_complain(context->command,
		    "no answer from %s in %d seconds", gil_server(gil),
		    timeout_ms / 1000);
		return OUTCOME_NO_SERVER;
	default:
		return talk_lost(context, gil);
	}
}

/* Waits for the answer to the request that was just sent. */
static enum outcome
await_answer(const struct context *context, struct gil *gil, int timeout_ms,
    const struct talk_watcher *watcher, struct progress *progress,
    json_t **result)
{
	const struct gil_event *event;
	enum outcome outcome;

	while ((outcome = talk_receive(context, gil, timeout_ms, progress,
		    &event)) == OUTCOME_FINE &&
	    !talk_is_answer(event))
		talk_watch(watcher, event);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (progress != NULL)
		progress_clear(progress);
	return take_answer(context, gil, event, result);
}

enum outcome
talk_ask(const struct context *context, struct gil *gil, const char *method,
    json_t *params, json_t **result)
{
	return talk_ask_patiently(
	    context, gil, method, params, TALK_ANSWER_MS, result);
}

enum outcome
talk_ask_patiently(const struct context *context, struct gil *gil,
    const char *method, json_t *params, int timeout_ms, json_t **result)
{
	uint64_t id;
	enum outcome outcome = talk_send(context, gil, method, params, 0, &id);

	if (outcome != OUTCOME_FINE)
		return outcome;
	return await_answer(context, gil, timeout_ms, NULL, NULL, result);
}

enum outcome
talk_ask_once(const struct context *context, const char *method, json_t *params,
    json_t **result)
{
	struct gil *gil;
	enum outcome outcome = talk_open(context, &gil);

	if (outcome != OUTCOME_FINE) {
		json_decref(params);
		return outcome;
	}
	outcome = talk_ask(context, gil, method, params, result);
	gil_close(gil);
	return outcome;
}

enum outcome
talk_catch(const struct context *context)
{
	if (interrupt_catch() == 0)
		return OUTCOME_FINE;
	command_complain(
	    context->command, "cannot catch signals: %s", strerror(errno));
	return OUTCOME_NOT_DONE;
}

enum outcome
talk_send(const struct context *context, struct gil *gil, const char *method,
    json_t *params, uint64_t tag, uint64_t *id)
{
	char *text = json_dumps(params, JSON_COMPACT | JSON_ENSURE_ASCII);
	int status = -1;

	if (text != NULL)
		status = gil_call(gil, method, text, tag);
	free(text);
	json_decref(params);
	*id = gil_last_request(gil);
	return status == -1 ? talk_no_memory(context) : OUTCOME_FINE;
}

enum outcome
talk_submit(const struct context *context, struct gil *gil,
    const struct job_request *request, uint64_t *id)
{
	struct gil_job job = {
	    .count = request->count,
	    .pool = request->pool,
	    .workers = request->workers,
	    .profile = (enum gil_profile)request->profile,
	    .cost_ns = request->cost_ns,
	    .io_every = request->io_every,
	    .io_for_us = request->io_for_us,
	    .timeout_ms = request->timeout_ms,
	    .start_after_ms = request->start_after_ms,
	    .has_priority = true,
	    .priority = (uint8_t)request->priority,
	    .progress = request->wants_progress,
	    .detach = request->detach,
	    .key = request->key[0] != '\0' ? request->key : NULL,
	};
	int status = gil_submit(gil, &job, 0);

	*id = gil_last_request(gil);
	return status == -1 ? talk_no_memory(context) : OUTCOME_FINE;
}

/* The profiles of the library are those of the protocol. */
_Static_assert((int)PROFILE_NATIVE == (int)GIL_PROFILE_NATIVE &&
	(int)PROFILE_IO == (int)GIL_PROFILE_IO,
    "they have the same order");

enum outcome
talk_take_result(const struct context *context, struct gil *gil,
    const struct gil_event *event, struct job_result *result)
{
	struct rpc_error error;

	if (event->type == GIL_ERROR)
		return talk_refused(context, gil_json(gil));
	if (job_result_from_json(gil_json(gil), result, &error) == -1)
		return talk_not_understood(context, gil, error.detail);
	return OUTCOME_FINE;
}

enum outcome
talk_run(const struct context *context, struct gil *gil,
    const struct job_request *request, const struct talk_watcher *watcher,
    struct progress *progress, json_t **json, struct job_result *result)
{
	struct rpc_error error;
	enum outcome outcome;
	uint64_t id;

	outcome = talk_catch(context);
	if (outcome != OUTCOME_FINE)
		return outcome;
	gil_set_wake_fd(gil, interrupt_fd());
	outcome = talk_submit(context, gil, request, &id);
	if (outcome == OUTCOME_FINE)
		outcome = await_answer(
		    context, gil, GIL_FOREVER, watcher, progress, json);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (job_result_from_json(*json, result, &error) == -1) {
		json_decref(*json);
		return talk_not_understood(context, gil, error.detail);
	}
	return OUTCOME_FINE;
}
