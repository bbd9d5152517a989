/*
 * What the memos of frontends do. Run by the recorder's one thread. A question
 * is answered at once, or when the change that it asks for is committed, or (a
 * wait, a cancel) when its job has ended.
 */
#include "daemon/recorder_private.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

void
link_answer(
    struct frontend_link *link, uint64_t question, enum memo_outcome outcome)
{
	const struct memo memo = {
	    .kind = MEMO_ANSWER,
	    .outcome = outcome,
	    .question = question,
	};

	link_send(link, &memo, NULL);
}

void
link_answer_job(struct frontend_link *link, uint64_t question,
    enum memo_outcome outcome, const struct job_record *job, const char *result,
    bool was_unfinished)
{
	const struct memo memo = {
	    .kind = MEMO_ANSWER,
	    .outcome = outcome,
	    .question = question,
	    .n = was_unfinished,
	    .size = result == NULL ? 0 : strlen(result),
	    .job = *job,
	};

	link_send(link, &memo, result);
}

/* Whether the change that a question asks for can be made; it is told if not. */
static bool
begin_change(struct frontend_link *link, const struct memo *memo)
{
	bool can_change = recorder_begin(link->recorder);

	if (!can_change)
		link_answer(link, memo->question, MEMO_UNAVAILABLE);
	return can_change;
}

/* It came to nothing. */
static void
refuse_change(struct frontend_link *link, const struct memo *memo,
    enum store_outcome outcome)
{
	link_answer(link, memo->question,
	    outcome == STORE_NO_JOB ? MEMO_NO_JOB : MEMO_UNAVAILABLE);
	if (outcome == STORE_FAILED)
		recorder_fail(link->recorder);
}

static void
hear_submit(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct job_record there;
	struct effect *effect;
	enum store_outcome outcome;

	if (!begin_change(link, memo))
		return;
	outcome = store_accept(recorder->store, &memo->job, &there);
	if (outcome == STORE_DONE) {
		effect =
		    recorder_add_effect(recorder, EFFECT_ACCEPTED, link, memo);
		effect->is_for_link = memo->n != 0 && link->takes_jobs;
		effect->from_ms = recorder_start_of(&memo->job);
		effect->deadline_ms = recorder_deadline_of(&memo->job);
		recorder->n_accepted++;
		recorder->status.n_changes++;
	} else if (outcome == STORE_THERE) {
		effect =
		    recorder_add_effect(recorder, EFFECT_THERE, link, memo);
		effect->there = malloc(sizeof(there));
		if (effect->there == NULL)
			fatal("out of memory");
		*effect->there = there;
	} else {
		refuse_change(link, memo, outcome);
		return;
	}
	recorder_share_commit(recorder);
}

/* A key or an id that is there is answered also when there is no more room. */
static void
hear_submit_checked(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	uint32_t max = recorder->limits.max_detached;
	struct job_record there;
	const struct memo refusal = {
	    .kind = MEMO_ANSWER,
	    .outcome = MEMO_FULL,
	    .question = memo->question,
	    .n = max,
	};

	if (recorder->docket.n + recorder->n_accepted < max ||
	    (recorder->store != NULL &&
		store_find_like(recorder->store, &memo->job, &there) ==
		    STORE_DONE))
		hear_submit(link, memo);
	else
		link_send(link, &refusal, NULL);
}

/*
 * The result of a job. One that the store does not know was in a file that is
 * lost or set aside: what is left of it is kept.
 */
static void
hear_end(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	struct recorder *recorder = link->recorder;
	enum store_outcome outcome;

	if (!recorder_begin(recorder))
		return; /* it comes again */
	outcome =
	    store_end(recorder->store, &memo->job, behind, (size_t)memo->size);
	if (outcome == STORE_NO_JOB &&
	    docket_find(&recorder->docket, memo->job.id) == NULL)
		outcome = store_record(
		    recorder->store, &memo->job, behind, (size_t)memo->size);
	if (outcome == STORE_FAILED) {
		recorder_fail(recorder);
		return;
	}
	recorder_add_effect(recorder, EFFECT_ENDED, link, memo);
	recorder->status.n_changes++;
	recorder_share_commit(recorder);
}

static void
hear_history(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	struct recorder *recorder = link->recorder;

	if (!recorder_begin(recorder)) {
		recorder->status.n_forgotten++;
		return;
	}
	recorder->n_histories++;
	if (store_record(recorder->store, &memo->job, behind,
		(size_t)memo->size) == STORE_FAILED) {
		recorder_fail(recorder);
		return;
	}
	recorder->status.n_changes++;
	recorder_share_commit(recorder);
}

/* The job, if it is the frontend's. */
static struct docket_job *
link_find(struct frontend_link *link, struct job_id id)
{
	struct docket_job *entry = docket_find(&link->recorder->docket, id);

	return entry != NULL && entry->owner == &link->link ? entry : NULL;
}

static void
hear_own(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct docket_job *entry = docket_find(&recorder->docket, memo->job.id);

	if (entry == NULL && recorder->store == NULL) {
		entry = docket_add(&recorder->docket, memo->job.id);
		if (entry == NULL)
			fatal("out of memory");
		entry->is_claim = true;
	}
	/* Who says so has it, also where the end of an older link of his has
	 * not been seen yet. */
	if (entry == NULL || entry->owner == &link->link)
		return;
	docket_give(&recorder->docket, entry, &link->link);
	/* Another frontend may have asked for that before this one was here. */
	if (entry->is_cancelled)
		recorder_stop_job(recorder, entry, link);
}

static void
hear_move(struct frontend_link *link, const struct memo *memo)
{
	struct docket_job *entry = link_find(link, memo->job.id);

	/* A new recorder is told of what it may know. */
	if (entry == NULL || (memo->kind == MEMO_START && entry->is_running))
		return;
	entry->is_running = memo->kind != MEMO_RELEASE;
	if (memo->kind == MEMO_START)
		entry->started_ms = memo->job.started_ms;
	if (memo->kind == MEMO_LOSE)
		entry->attempts = memo->job.attempts;
	if (memo->kind == MEMO_RELEASE)
		docket_give(&link->recorder->docket, entry, NULL);
	recorder_move_job(link->recorder, entry);
	if (link->recorder->is_changing)
		recorder_share_commit(link->recorder);
}

static void
hear_get(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct job_record job;
	char *result = NULL;

	if (recorder_put_off(link, memo, NULL))
		return;
	if (recorder->store == NULL) {
		link_answer(link, memo->question, MEMO_UNAVAILABLE);
		return;
	}
	switch (store_get(recorder->store, memo->job.id, &job, &result)) {
	case STORE_DONE:
		link_answer_job(
		    link, memo->question, MEMO_FINE, &job, result, false);
		break;
	case STORE_NO_JOB:
		link_answer(link, memo->question, MEMO_NO_JOB);
		break;
	case STORE_DAMAGED:
		link_answer(link, memo->question, MEMO_DAMAGED);
		break;
	case STORE_THERE:
	case STORE_FAILED:
		link_answer(link, memo->question, MEMO_UNAVAILABLE);
		break;
	}
	free(result);
}

static void
hear_list(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	struct recorder *recorder = link->recorder;
	struct memo reply = {
	    .kind = MEMO_ANSWER,
	    .outcome = MEMO_UNAVAILABLE,
	    .question = memo->question,
	};
	struct store_query query;
	struct job_record *jobs = NULL;
	enum store_outcome outcome = STORE_FAILED;
	uint32_t n;

	if (recorder_put_off(link, memo, behind))
		return;
	if (memo->size == sizeof(query)) {
		memcpy(&query, behind, sizeof(query));
		jobs = calloc(query.limit, sizeof(*jobs));
	}
	if (jobs != NULL && recorder->store != NULL)
		outcome = store_list(recorder->store, &query, jobs, &n);
	/* One row that makes no sense does not hide all others. */
	if (outcome == STORE_DONE || outcome == STORE_DAMAGED) {
		reply.outcome = MEMO_FINE;
		reply.n = n;
		reply.size = n * sizeof(*jobs);
	}
	link_send(link, &reply, jobs);
	free(jobs);
}

/* A wait, or a cancel: both are answered when the job has ended. */
static void
hear_wait(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct docket_job *entry = docket_find(&recorder->docket, memo->job.id);
	bool is_cancel = memo->kind == MEMO_CANCEL;

	if (entry == NULL) {
		hear_get(link, memo);
		return;
	}
	if (docket_wait(entry, &link->link, memo->question, is_cancel) == NULL)
		fatal("out of memory");
	if (is_cancel)
		recorder_stop_job(recorder, entry, link);
}

static void
hear_forget(struct frontend_link *link, const struct memo *memo)
{
	uint64_t question = memo->question;
	struct waiter *waiter, *next;

	/* The question itself may have been put off. */
	if (recorder_put_off(link, memo, NULL))
		return;
	for (waiter = LIST_FIRST(&link->link.waiters); waiter != NULL;
	     waiter = next) {
		next = LIST_NEXT(waiter, of_link);
		if (waiter->question == question)
			waiter_free(waiter);
	}
}

static void
hear_collect(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	enum store_outcome outcome;

	if (docket_find(&recorder->docket, memo->job.id) != NULL) {
		link_answer(link, memo->question, MEMO_UNENDED);
		return;
	}
	if (!begin_change(link, memo))
		return;
	outcome = store_collect(recorder->store, memo->job.id);
	if (outcome != STORE_DONE) {
		refuse_change(link, memo, outcome);
		return;
	}
	recorder_add_effect(recorder, EFFECT_COLLECTED, link, memo);
	recorder->status.n_changes++;
	recorder_share_commit(recorder);
}

void
recorder_hear(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	switch (memo->kind) {
	case MEMO_OWN:
		hear_own(link, memo);
		break;
	case MEMO_READY:
		link->is_ready = true;
		link->takes_jobs = memo->n != 0;
		recorder_give_jobs(link->recorder);
		break;
	case MEMO_RETIRE:
		link->takes_jobs = false;
		break;
	case MEMO_START:
	case MEMO_LOSE:
	case MEMO_RELEASE:
		hear_move(link, memo);
		break;
	case MEMO_END:
		hear_end(link, memo, behind);
		break;
	case MEMO_HISTORY:
		hear_history(link, memo, behind);
		break;
	case MEMO_FORGET:
		hear_forget(link, memo);
		break;
	case MEMO_SUBMIT:
		hear_submit_checked(link, memo);
		break;
	case MEMO_WAIT:
	case MEMO_CANCEL:
		hear_wait(link, memo);
		break;
	case MEMO_GET:
		hear_get(link, memo);
		break;
	case MEMO_LIST:
		hear_list(link, memo, behind);
		break;
	case MEMO_COLLECT:
		hear_collect(link, memo);
		break;
	case MEMO_ANSWER:
	case MEMO_RUN:
	case MEMO_STOP:
	case MEMO_ENDED:
	case MEMO_STATUS:
		break; /* ours to say */
	}
}
