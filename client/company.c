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
#include "client/libgil/gil.h"
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
	struct gil *gil;
	struct progress *progress;
	const struct talk_watcher *watcher; /* of the job; or NULL */
	struct voice company;
	struct voice job;
	uint64_t cancel_id;
};

static void
take_notification(struct duet *duet, const struct gil_event *event)
{
	struct voice *voice;
	size_t length;

	if (event->type != GIL_PROGRESS)
		return;
	length = strlen(event->progress.job);
	if (length > JOB_ID_CHARS)
		return;
	voice =
	    event->request == duet->company.id ? &duet->company : &duet->job;
	memcpy(voice->job, event->progress.job, length + 1);
	voice->is_accepted = true;
	if (voice == &duet->job)
		talk_watch(duet->watcher, event);
}

static enum outcome
take_answer(struct duet *duet, const struct gil_event *event)
{
	struct voice *voice = NULL;
	enum outcome outcome;

	if (event->request == duet->company.id)
		voice = &duet->company;
	else if (event->request == duet->job.id)
		voice = &duet->job;
	/* What became of the cancelling, the company's own end tells. */
	if (voice == NULL || voice->has_ended)
		return OUTCOME_FINE;
	progress_clear(duet->progress);
	outcome =
	    talk_take_result(duet->context, duet->gil, event, voice->result);
	voice->has_ended = outcome == OUTCOME_FINE;
	return outcome;
}

/* Receives until *is_so. */
static enum outcome
await(struct duet *duet, const bool *is_so)
{
	enum outcome outcome = OUTCOME_FINE;
	const struct gil_event *event;

	while (outcome == OUTCOME_FINE && !*is_so) {
		outcome = talk_receive(duet->context, duet->gil, GIL_FOREVER,
		    duet->progress, &event);
		if (outcome != OUTCOME_FINE)
			break;
		if (talk_is_answer(event))
			outcome = take_answer(duet, event);
		else
			take_notification(duet, event);
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

static enum outcome
cancel_company(struct duet *duet)
{
	if (gil_cancel(duet->gil, duet->company.job, 0) == -1)
		return talk_no_memory(duet->context);
	duet->cancel_id = gil_last_request(duet->gil);
	return OUTCOME_FINE;
}

enum outcome
company_run(const struct context *context, struct gil *gil,
    const struct job_request *request, const struct job_request *company,
    const struct talk_watcher *watcher, struct progress *progress,
    struct job_result *result, struct job_result *company_result)
{
	struct duet duet = {
	    .context = context,
	    .gil = gil,
	    .progress = progress,
	    .watcher = watcher,
	    .company = {.result = company_result},
	    .job = {.result = result},
	};
	enum outcome outcome = talk_catch(context);

	if (outcome != OUTCOME_FINE)
		return outcome;
	gil_set_wake_fd(gil, interrupt_fd());
	outcome = talk_submit(context, gil, company, &duet.company.id);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.company.is_accepted);
	if (outcome == OUTCOME_FINE)
		outcome = talk_submit(context, gil, request, &duet.job.id);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.job.has_ended);
	if (outcome == OUTCOME_FINE)
		outcome = cancel_company(&duet);
	if (outcome == OUTCOME_FINE)
		outcome = await(&duet, &duet.company.has_ended);
	/* The next request is answered first by what is owed to this one. */
	if (outcome == OUTCOME_FINE && gil_unanswered(gil) > 0) {
		const struct gil_event *event;

		outcome =
		    talk_receive(context, gil, GIL_FOREVER, progress, &event);
	}
	if (outcome != OUTCOME_FINE) {
		if (duet.company.has_ended)
			job_result_free(company_result);
		if (duet.job.has_ended)
			job_result_free(result);
	}
	return outcome;
}
