/*
 * Both jobs go over one link, so that whatever ends this program ends both. Who
 * a notification is about it says itself, by the number of the request. The
 * job follows as soon as the company is accepted: a pool that has an executor
 * for each of their tasks starts them in this order, a moment apart.
 */
#include "client/company.h"

#include <stdio.h>
#include <string.h>

#include "client/interrupt.h"
#include "client/link.h"
#include "proto/jobid.h"

/* One of the two jobs. */
struct voice {
	uint64_t id; /* of the request; 0: not asked */
	char job[JOB_ID_CHARS + 1];
	bool is_accepted;
	bool has_ended;
	struct job_result *result; /* set by then */
};

struct duet {
	const struct context *context;
	struct link *link;
	struct progress *progress;
	const struct talk_watcher *watcher; /* of the job; or NULL */
	struct voice company;
	struct voice job;
	uint64_t cancel_id;
};

static void
take_notification(struct duet *duet, const struct jsonrpc_reply *reply)
{
	const char *name = "", *job = "";
	json_int_t turns = 0, id = 0;
	enum job_state state;
	struct voice *voice;

	if (strcmp(reply->method, "job.progress") != 0 ||
	    json_unpack(reply->params, "{s:s, s:s, s:I, s:I}", "state", &name,
		"job", &job, "turns", &turns, "request", &id) == -1 ||
	    job_state_parse(name, &state) == -1 || turns < 0 ||
	    strlen(job) > JOB_ID_CHARS)
		return;
	voice = (uint64_t)id == duet->company.id ? &duet->company : &duet->job;
	snprintf(voice->job, sizeof(voice->job), "%s", job);
	voice->is_accepted = true;
	if (voice == &duet->job && duet->watcher != NULL)
		duet->watcher->see(duet->watcher->arg, state, (uint64_t)turns);
}

static enum outcome
take_answer(struct duet *duet, const struct jsonrpc_reply *reply)
{
	uint64_t id = (uint64_t)json_integer_value(reply->id);
	struct voice *voice = NULL;
	enum outcome outcome;

	if (id == duet->company.id)
		voice = &duet->company;
	else if (id == duet->job.id)
		voice = &duet->job;
	/* What became of the cancelling, the company's own end tells. */
	if (voice == NULL || voice->has_ended)
		return OUTCOME_FINE;
	progress_clear(duet->progress);
	outcome =
	    talk_take_result(duet->context, duet->link, reply, voice->result);
	voice->has_ended = outcome == OUTCOME_FINE;
	return outcome;
}

/* Receives until *is_so. */
static enum outcome
await(struct duet *duet, const bool *is_so)
{
	enum outcome outcome = OUTCOME_FINE;
	struct jsonrpc_reply reply;

	while (outcome == OUTCOME_FINE && !*is_so) {
		outcome = talk_receive(duet->context, duet->link, LINK_FOREVER,
		    duet->progress, &reply);
		if (outcome != OUTCOME_FINE)
			break;
		if (reply.method != NULL)
			take_notification(duet, &reply);
		else
			outcome = take_answer(duet, &reply);
		json_decref(reply.root);
		if (outcome == OUTCOME_FINE && duet->company.has_ended &&
		    duet->cancel_id == 0) {
			command_complain(duet->context->command,
			    "the tasks beside the job ended before it: %s",
			    duet->company.result->reason);
			outcome = OUTCOME_NOT_DONE;
		}
	}
	return outcome;
}

enum outcome
company_run(const struct context *context, struct link *link,
    const struct job_request *request, const struct job_request *company,
    const struct talk_watcher *watcher, struct progress *progress,
    struct job_result *result, struct job_result *company_result)
{
	struct duet duet = {
	    .context = context,
	    .link = link,
	    .progress = progress,
	    .watcher = watcher,
	    .company = {.result = company_result},
	    .job = {.result = result},
	};
	enum outcome outcome = talk_catch(context);

	if (outcome != OUTCOME_FINE)
		return outcome;
	link_set_wake_fd(link, interrupt_fd());
	outcome = talk_submit(context, link, company, &duet.company.id);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.company.is_accepted);
	if (outcome == OUTCOME_FINE)
		outcome = talk_submit(context, link, request, &duet.job.id);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.job.has_ended);
	if (outcome == OUTCOME_FINE)
		outcome = talk_cancel(
		    context, link, duet.company.job, &duet.cancel_id);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.company.has_ended);
	/* The next request is answered first by what is owed to this one. */
	if (outcome == OUTCOME_FINE && link_unanswered(link) > 0) {
		struct jsonrpc_reply reply;

		outcome =
		    talk_receive(context, link, LINK_FOREVER, progress, &reply);
		if (outcome == OUTCOME_FINE)
			json_decref(reply.root);
	}
	if (outcome != OUTCOME_FINE) {
		if (duet.company.has_ended)
			job_result_free(company_result);
		if (duet.job.has_ended)
			job_result_free(result);
	}
	return outcome;
}
