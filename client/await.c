/*
 * One errand, and two more where the job is to be cancelled by its key. See
 * errands.c for what happens when the connection is lost.
 */
#include "client/await.h"

#include "client/errands.h"
#include "client/libgil/gil.h"
#include "client/show.h"

#define GIVE_UP_MS 3000 /* how long a cancellation may take */

/*
 * Ctrl-C while a job is waited for whose key nobody else knows: it is
 * cancelled. Its id is learnt by submitting it again, which is no second job.
 */
static void
give_up(struct errands *errands, const struct job_request *request)
{
	enum { WAITED_FOR, FOUND, CANCELLED };
	struct job_request again = *request;
	struct errand_answer answer;
	enum outcome outcome;
	bool is_over = false;

	if (errands->line->gil == NULL)
		return;
	gil_set_wake_fd(errands->line->gil, -1);
	patience_init(&errands->line->patience, 0);
	again.detach = true;
	outcome = errands_add(
	    errands, "job.submit", job_request_to_json(&again), FOUND, true);
	while (!is_over && outcome == OUTCOME_FINE &&
	    errands_next(errands, GIVE_UP_MS, &answer) == OUTCOME_FINE) {
		is_over = answer.number != FOUND || answer.error != NULL;
		if (!is_over)
			outcome = errands_add(errands, "job.cancel",
			    json_pack("{s:s}", "job",
				show_text(answer.result, "job")),
			    CANCELLED, true);
		json_decref(answer.root);
	}
}

/* What becomes of a job when it is waited for no more. */
static void
leave(const struct context *context, struct errands *errands,
    const struct job_request *request, bool is_key_ours)
{
	if (is_key_ours)
		give_up(errands, request);
	else if (request->key[0] != '\0')
		command_complain(context->command,
		    "the job with the key \"%s\" goes on: submit it again to "
		    "wait for it",
		    request->key);
}

enum outcome
await_job(struct lifeline *line, const struct job_request *request,
    bool is_key_ours, const struct talk_watcher *watcher, json_t **json)
{
	const struct context *context = line->context;
	struct errand_answer answer;
	struct errands errands;
	enum outcome outcome;

	/* Room for what giving it up takes. */
	if (errands_init(&errands, line, 3) == -1) {
		outcome = talk_no_memory(context);
		goto out;
	}
	errands.watcher = watcher;
	outcome = errands_add(&errands, "job.submit",
	    job_request_to_json(request), 0, request->key[0] != '\0');
	if (outcome == OUTCOME_FINE)
		outcome = errands_next(&errands, ERRANDS_FOREVER, &answer);
	if (outcome == OUTCOME_INTERRUPTED)
		leave(context, &errands, request, is_key_ours);
	if (outcome != OUTCOME_FINE)
		goto out;
	if (answer.error != NULL)
		outcome = talk_refused(context, answer.error);
	else
		*json = json_incref((json_t *)answer.result);
	json_decref(answer.root);
out:
	errands_free(&errands);
	return outcome;
}
