/*
 * The one place that turns what can go wrong between client and server into
 * words and exit statuses. Requests are numbered from 1 in the order they are
 * made; since each waits for its answer here, an answer with another number is
 * a server's mistake and taken as such.
 */
#include "client/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/interrupt.h"
#include "client/link.h"

#define TALK_ANSWER_MS 10000 /* for a short question */

static uint64_t last_id; /* of the requests made here */

enum outcome
talk_no_memory(const struct context *context)
{
	command_complain(context->command, "out of memory");
	return OUTCOME_NOT_DONE;
}

enum outcome
talk_lost(const struct context *context, const struct link *link)
{
	command_complain(context->command, "lost the connection to %s: %s",
	    link_server(link), link_error(link));
	return OUTCOME_NO_SERVER;
}

enum outcome
talk_not_understood(
    const struct context *context, const struct link *link, const char *why)
{
	command_complain(context->command,
	    "cannot understand the answer of %s: %s", link_server(link), why);
	return OUTCOME_NO_SERVER;
}

enum outcome
talk_open(const struct context *context, struct link **link)
{
	struct link_options options = {
	    .server = context->server,
	    .connect_timeout_ms = (int)context->connect_timeout_ms,
	};
	struct link_failure failure;

	*link = link_open(&options, &failure);
	if (*link != NULL)
		return OUTCOME_FINE;
	if (failure.is_address_wrong) {
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

/* An answer, as what it means for the one who asked. */
static enum outcome
take_answer(const struct context *context, const struct link *link,
    const struct jsonrpc_reply *reply, json_t **result)
{
	if (reply->error != NULL)
		return talk_refused(context, reply->error);
	if (json_integer_value(reply->id) != (json_int_t)last_id)
		return talk_not_understood(
		    context, link, "it answers what was not asked");
	if (!json_is_object(reply->result))
		return talk_not_understood(context, link, "it is no object");
	*result = json_incref(reply->result);
	return OUTCOME_FINE;
}

void
talk_watch(
    const struct talk_watcher *watcher, const struct jsonrpc_reply *reply)
{
	const char *name = "";
	json_int_t turns = 0;
	enum job_state state;

	if (watcher == NULL || strcmp(reply->method, "job.progress") != 0 ||
	    json_unpack(reply->params, "{s:s, s:I}", "state", &name, "turns",
		&turns) == -1 ||
	    job_state_parse(name, &state) == -1 || turns < 0)
		return;
	watcher->see(watcher->arg, state, (uint64_t)turns);
}

enum outcome
talk_receive(const struct context *context, struct link *link, int timeout_ms,
    struct progress *progress, struct jsonrpc_reply *reply)
{
	enum link_status status = link_receive(link, timeout_ms, reply);

	if (status == LINK_REPLY)
		return OUTCOME_FINE;
	if (progress != NULL)
		progress_clear(progress);
	switch (status) {
	case LINK_WOKEN:
		return OUTCOME_INTERRUPTED;
	case LINK_TIMED_OUT:
		command_complain(context->command,
		    "no answer from %s in %d seconds", link_server(link),
		    timeout_ms / 1000);
		return OUTCOME_NO_SERVER;
	default:
		return talk_lost(context, link);
	}
}

/* Waits for the answer to the request that was just sent. */
static enum outcome
await_answer(const struct context *context, struct link *link, int timeout_ms,
    const struct talk_watcher *watcher, struct progress *progress,
    json_t **result)
{
	struct jsonrpc_reply reply;
	enum outcome outcome;

	while ((outcome = talk_receive(context, link, timeout_ms, progress,
		    &reply)) == OUTCOME_FINE &&
	    reply.method != NULL) {
		talk_watch(watcher, &reply);
		json_decref(reply.root);
	}
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (progress != NULL)
		progress_clear(progress);
	outcome = take_answer(context, link, &reply, result);
	json_decref(reply.root);
	return outcome;
}

enum outcome
talk_ask(const struct context *context, struct link *link, const char *method,
    json_t *params, json_t **result)
{
	return talk_ask_patiently(
	    context, link, method, params, TALK_ANSWER_MS, result);
}

enum outcome
talk_ask_patiently(const struct context *context, struct link *link,
    const char *method, json_t *params, int timeout_ms, json_t **result)
{
	if (link_send(link, ++last_id, method, params) == -1)
		return talk_no_memory(context);
	return await_answer(context, link, timeout_ms, NULL, NULL, result);
}

enum outcome
talk_ask_once(const struct context *context, const char *method, json_t *params,
    json_t **result)
{
	struct link *link;
	enum outcome outcome = talk_open(context, &link);

	if (outcome != OUTCOME_FINE) {
		json_decref(params);
		return outcome;
	}
	outcome = talk_ask(context, link, method, params, result);
	link_close(link);
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
talk_send(const struct context *context, struct link *link, const char *method,
    json_t *params, uint64_t *id)
{
	*id = ++last_id;
	if (link_send(link, *id, method, params) == -1)
		return talk_no_memory(context);
	return OUTCOME_FINE;
}

enum outcome
talk_submit(const struct context *context, struct link *link,
    const struct job_request *request, uint64_t *id)
{
	return talk_send(
	    context, link, "job.submit", job_request_to_json(request), id);
}

enum outcome
talk_cancel(const struct context *context, struct link *link, const char *job,
    uint64_t *id)
{
	return talk_send(
	    context, link, "job.cancel", json_pack("{s:s}", "job", job), id);
}

enum outcome
talk_take_result(const struct context *context, const struct link *link,
    const struct jsonrpc_reply *reply, struct job_result *result)
{
	struct rpc_error error;

	if (reply->error != NULL)
		return talk_refused(context, reply->error);
	if (job_result_from_json(reply->result, result, &error) == -1)
		return talk_not_understood(context, link, error.detail);
	return OUTCOME_FINE;
}

enum outcome
talk_run(const struct context *context, struct link *link,
    const struct job_request *request, const struct talk_watcher *watcher,
    struct progress *progress, json_t **json, struct job_result *result)
{
	struct rpc_error error;
	enum outcome outcome;
	uint64_t id;

	outcome = talk_catch(context);
	if (outcome != OUTCOME_FINE)
		return outcome;
	link_set_wake_fd(link, interrupt_fd());
	outcome = talk_submit(context, link, request, &id);
	if (outcome == OUTCOME_FINE)
		outcome = await_answer(
		    context, link, LINK_FOREVER, watcher, progress, json);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (job_result_from_json(*json, result, &error) == -1) {
		json_decref(*json);
		return talk_not_understood(context, link, error.detail);
	}
	return OUTCOME_FINE;
}
