/*
 * What the recorder does with its store and its docket. A change is made in the
 * open transaction; what follows from it (an effect) is done when that is
 * committed, and not at all when it cannot be: then who asked is told so, and a
 * result stays with its frontend, which sends it again once the store is
 * available.
 *
 * The docket says what the store says, but for who has a job, which only lives
 * as long as processes do.
 */
#include "daemon/recorder_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/clock.h"
#include "daemon/log.h"

/* Jobs that were nobody's which a frontend has at a time. */
#define GIVE_MAX 1024
/* Ended jobs that one turn removes. */
#define TRIM_MAX 512

static void
recorder_begin_disk(struct recorder *recorder)
{
	atomic_store(&recorder->is_at_disk, 1);
}

static void
recorder_end_disk(struct recorder *recorder)
{
	atomic_store(&recorder->is_at_disk, 0);
}

static void
answer(struct frontend_link *link, uint64_t question, enum memo_outcome outcome)
{
	const struct memo memo = {
	    .kind = MEMO_ANSWER,
	    .outcome = outcome,
	    .question = question,
	};

	link_send(link, &memo, NULL);
}

static void
answer_job(struct frontend_link *link, uint64_t question,
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

/* --- whether the store can be used --- */

static void
recorder_set_status(struct recorder *recorder, const char *why_not)
{
	struct recorder_status *status = &recorder->status;
	bool was_available = status->is_available != 0;
	bool is_news = why_not == NULL
	    ? !was_available
	    : was_available || strcmp(status->reason, why_not) != 0;

	status->is_available = why_not == NULL;
	snprintf(status->reason, sizeof(status->reason), "%s",
	    why_not == NULL ? "" : why_not);
	recorder->is_status_new = true;
	if (!is_news)
		return;
	if (why_not == NULL)
		log_info("the job store serves, with %u unfinished jobs",
		    recorder->docket.n);
	else
		log_event(LOG_LEVEL_ERROR, NULL,
		    "the job store is unavailable: %s; detached jobs are "
		    "refused, other jobs go on; trying again",
		    why_not);
	recorder_tell_status(recorder);
}

static void
recorder_measure(struct recorder *recorder)
{
	struct store_figures figures;

	if (recorder->store == NULL ||
	    store_measure(recorder->store, &figures) != STORE_DONE)
		return;
	if (memcmp(&figures, &recorder->status.figures, sizeof(figures)) != 0)
		recorder->is_status_new = true;
	recorder->status.figures = figures;
}

/* --- changes and their commit --- */

static void
effects_clear(struct recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->n_effects; i++)
		free(recorder->effects[i].there);
	recorder->n_effects = 0;
}

/* Nothing of the transaction came to be. */
static void
recorder_fail(struct recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->n_effects; i++) {
		const struct effect *effect = &recorder->effects[i];

		if (effect->kind != EFFECT_ENDED)
			answer(
			    effect->link, effect->question, MEMO_UNAVAILABLE);
	}
	effects_clear(recorder);
	recorder->is_changing = false;
	recorder_set_status(recorder, store_error(recorder->store));
	store_rollback(recorder->store);
}

/* Whether changes can be made; a transaction is then open. */
static bool
recorder_begin(struct recorder *recorder)
{
	if (!recorder->status.is_available)
		return false;
	if (recorder->is_changing)
		return true;
	if (store_begin(recorder->store) != 0) {
		recorder_fail(recorder);
		return false;
	}
	recorder->is_changing = true;
	event_active(recorder->commit_event, EV_TIMEOUT, 1);
	return true;
}

/* One more change was made, which leads to this. */
static struct effect *
recorder_add_effect(struct recorder *recorder, enum effect_kind kind,
    struct frontend_link *link, const struct memo *memo)
{
	struct effect *effect;

	if (recorder->n_effects == recorder->room_for_effects) {
		uint32_t room = recorder->room_for_effects * 2 + 64;
		struct effect *more = reallocarray(
		    recorder->effects, room, sizeof(*recorder->effects));

		if (more == NULL)
			fatal("out of memory");
		recorder->effects = more;
		recorder->room_for_effects = room;
	}
	effect = &recorder->effects[recorder->n_effects++];
	*effect = (struct effect){
	    .kind = kind,
	    .link = link,
	    .question = memo->question,
	    .id = memo->job.id,
	};
	return effect;
}

static void
recorder_check_group(struct recorder *recorder)
{
	recorder->status.n_changes++;
	if (recorder->n_effects >= recorder->limits.commit_group)
		recorder_commit(recorder);
}

/* A job of the store has ended: all who wait for that are told. */
static void
docket_settle(struct recorder *recorder, struct docket_job *entry)
{
	struct job_record job;
	char *result = NULL;
	bool is_there;
	struct waiter *waiter;

	is_there = LIST_EMPTY(&entry->waiters) ||
	    store_get(recorder->store, entry->id, &job, &result) == STORE_DONE;
	while ((waiter = LIST_FIRST(&entry->waiters)) != NULL) {
		struct frontend_link *link =
		    (struct frontend_link *)waiter->link;

		if (is_there)
			answer_job(link, waiter->question, MEMO_FINE, &job,
			    result, true);
		else
			answer(link, waiter->question, MEMO_UNAVAILABLE);
		waiter_free(waiter);
	}
	free(result);
	docket_remove(&recorder->docket, entry);
}

static void
effect_accepted(struct recorder *recorder, const struct effect *effect)
{
	struct docket_job *entry = docket_add(&recorder->docket, effect->id);

	if (entry == NULL)
		fatal("out of memory");
	if (effect->is_for_link)
		docket_give(&recorder->docket, entry, &effect->link->link);
	answer(effect->link, effect->question, MEMO_FINE);
}

static void
effect_ended(struct recorder *recorder, const struct effect *effect)
{
	const struct memo memo = {
	    .kind = MEMO_ENDED,
	    .job = {.id = effect->id},
	};
	struct docket_job *entry = docket_find(&recorder->docket, effect->id);

	if (entry != NULL)
		docket_settle(recorder, entry);
	link_send(effect->link, &memo, NULL);
}

static void
effect_apply(struct recorder *recorder, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_ACCEPTED:
		effect_accepted(recorder, effect);
		break;
	case EFFECT_THERE:
		answer_job(effect->link, effect->question, MEMO_THERE,
		    effect->there, NULL, false);
		break;
	case EFFECT_ENDED:
		effect_ended(recorder, effect);
		break;
	case EFFECT_COLLECTED:
		answer(effect->link, effect->question, MEMO_FINE);
		break;
	}
}

void
recorder_commit(struct recorder *recorder)
{
	int result;

	if (!recorder->is_changing)
		return;
	recorder_begin_disk(recorder);
	result = store_commit(recorder->store);
	recorder_end_disk(recorder);
	if (result != 0) {
		recorder_fail(recorder);
		return;
	}
	recorder->is_changing = false;
	recorder->status.n_commits++;
	recorder->is_status_new = true;
	for (uint32_t i = 0; i < recorder->n_effects; i++)
		effect_apply(recorder, &recorder->effects[i]);
	effects_clear(recorder);
	recorder_give_jobs(recorder);
}

/* --- what frontends ask for --- */

static void
hear_submit(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct job_record there;
	struct effect *effect;

	if (!recorder_begin(recorder)) {
		answer(link, memo->question, MEMO_UNAVAILABLE);
		return;
	}
	switch (store_accept(recorder->store, &memo->job, &there)) {
	case STORE_DONE:
		effect =
		    recorder_add_effect(recorder, EFFECT_ACCEPTED, link, memo);
		effect->is_for_link = memo->n != 0 && link->takes_jobs;
		recorder_check_group(recorder);
		break;
	case STORE_THERE:
		effect =
		    recorder_add_effect(recorder, EFFECT_THERE, link, memo);
		effect->there = malloc(sizeof(there));
		if (effect->there == NULL)
			fatal("out of memory");
		*effect->there = there;
		break;
	case STORE_NO_JOB:
	case STORE_DAMAGED:
	case STORE_FAILED:
		answer(link, memo->question, MEMO_UNAVAILABLE);
		recorder_fail(recorder);
		break;
	}
}

/* A key or an id that is there is answered also when there is no more room. */
static void
hear_submit_checked(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	uint32_t max = recorder->limits.max_detached;
	const struct memo refusal = {
	    .kind = MEMO_ANSWER,
	    .outcome = MEMO_FULL,
	    .question = memo->question,
	    .n = max,
	};

	if (recorder->docket.n + recorder->n_effects < max ||
	    memo->job.request.key[0] != '\0')
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
	recorder_check_group(recorder);
}

static void
hear_history(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	struct recorder *recorder = link->recorder;

	if (!recorder_begin(recorder))
		return;
	if (store_record(recorder->store, &memo->job, behind,
		(size_t)memo->size) == STORE_FAILED)
		recorder_fail(recorder);
	else
		recorder->status.n_changes++;
}

/* What the store says of an unfinished job, without an effect. */
static void
recorder_move(struct recorder *recorder, const struct docket_job *entry)
{
	if (!recorder_begin(recorder))
		return;
	if (store_move(recorder->store, entry->id, entry->is_running,
		entry->attempts, clock_unix_ms()) == STORE_FAILED)
		recorder_fail(recorder);
	else
		recorder->status.n_changes++;
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

	if (entry != NULL && entry->owner == NULL)
		docket_give(&recorder->docket, entry, &link->link);
}

static void
hear_move(struct frontend_link *link, const struct memo *memo)
{
	struct docket_job *entry = link_find(link, memo->job.id);

	if (entry == NULL)
		return;
	entry->is_running = memo->kind != MEMO_RELEASE;
	if (memo->kind == MEMO_LOSE)
		entry->attempts = memo->job.attempts;
	if (memo->kind == MEMO_RELEASE)
		docket_give(&link->recorder->docket, entry, NULL);
	recorder_move(link->recorder, entry);
}

static void
hear_get(struct frontend_link *link, const struct memo *memo)
{
	struct recorder *recorder = link->recorder;
	struct job_record job;
	char *result = NULL;

	if (recorder->store == NULL) {
		answer(link, memo->question, MEMO_UNAVAILABLE);
		return;
	}
	switch (store_get(recorder->store, memo->job.id, &job, &result)) {
	case STORE_DONE:
		answer_job(
		    link, memo->question, MEMO_FINE, &job, result, false);
		break;
	case STORE_NO_JOB:
		answer(link, memo->question, MEMO_NO_JOB);
		break;
	case STORE_THERE:
	case STORE_DAMAGED:
	case STORE_FAILED:
		answer(link, memo->question, MEMO_UNAVAILABLE);
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
	uint32_t n;

	if (memo->size == sizeof(query)) {
		memcpy(&query, behind, sizeof(query));
		jobs = calloc(query.limit, sizeof(*jobs));
	}
	if (jobs != NULL && recorder->store != NULL &&
	    store_list(recorder->store, &query, jobs, &n) == STORE_DONE) {
		reply.outcome = MEMO_FINE;
		reply.n = n;
		reply.size = n * sizeof(*jobs);
	}
	link_send(link, &reply, jobs);
	free(jobs);
}

/* Tells whoever has the job to stop it. Of a job that nobody has, whoever gets
 * it hears of that then. */
static void
recorder_stop_job(struct recorder *recorder, struct docket_job *entry)
{
	const struct memo memo = {
	    .kind = MEMO_STOP,
	    .job = {.id = entry->id},
	};

	entry->is_cancelled = true;
	if (entry->owner != NULL)
		link_send((struct frontend_link *)entry->owner, &memo, NULL);
	else
		recorder_give_jobs(recorder);
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
		recorder_stop_job(recorder, entry);
}

static void
hear_forget(struct frontend_link *link, uint64_t question)
{
	struct waiter *waiter, *next;

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

	if (docket_find(&recorder->docket, memo->job.id) != NULL) {
		answer(link, memo->question, MEMO_UNENDED);
		return;
	}
	if (!recorder_begin(recorder)) {
		answer(link, memo->question, MEMO_UNAVAILABLE);
		return;
	}
	switch (store_collect(recorder->store, memo->job.id)) {
	case STORE_DONE:
		recorder_add_effect(recorder, EFFECT_COLLECTED, link, memo);
		recorder_check_group(recorder);
		break;
	case STORE_NO_JOB:
		answer(link, memo->question, MEMO_NO_JOB);
		break;
	case STORE_THERE:
	case STORE_DAMAGED:
	case STORE_FAILED:
		answer(link, memo->question, MEMO_UNAVAILABLE);
		recorder_fail(recorder);
		break;
	}
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
		hear_forget(link, memo->question);
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

/* --- jobs that nobody has --- */

/* The one that has the fewest jobs, of those that take more; or NULL. */
static struct frontend_link *
recorder_choose_link(struct recorder *recorder)
{
	struct frontend_link *link, *chosen = NULL;

	TAILQ_FOREACH (link, &recorder->links, links) {
		if (link->takes_jobs && link->link.n_owned < GIVE_MAX &&
		    (chosen == NULL ||
			link->link.n_owned < chosen->link.n_owned))
			chosen = link;
	}
	return chosen;
}

/* All that frontends may have from before is known. */
static bool
recorder_is_settled(struct recorder *recorder)
{
	struct frontend_link *link;

	if (recorder->is_settled)
		return true;
	if (!recorder->is_told_all)
		return false;
	TAILQ_FOREACH (link, &recorder->links, links) {
		if (!link->is_ready)
			return false;
	}
	recorder->is_settled = true;
	return true;
}

/* One that runs, and nobody has it: that start was lost with who had it. */
static void
recorder_note_loss(struct recorder *recorder, struct docket_job *entry)
{
	if (!entry->is_running)
		return;
	entry->is_running = false;
	entry->attempts++;
	recorder_move(recorder, entry);
}

void
recorder_give_jobs(struct recorder *recorder)
{
	struct docket_job *entry;
	struct frontend_link *link;

	if (recorder->store == NULL || recorder->is_leaving ||
	    !recorder_is_settled(recorder))
		return;
	while ((entry = TAILQ_FIRST(&recorder->docket.nobodys)) != NULL &&
	    (link = recorder_choose_link(recorder)) != NULL) {
		struct memo memo = {
		    .kind = MEMO_RUN,
		    .n = entry->is_cancelled,
		};

		recorder_note_loss(recorder, entry);
		if (store_get(recorder->store, entry->id, &memo.job, NULL) !=
		    STORE_DONE)
			return; /* later, perhaps */
		memo.job.attempts = entry->attempts;
		docket_give(&recorder->docket, entry, &link->link);
		link_send(link, &memo, NULL);
	}
}

void
recorder_lose_link(struct frontend_link *link)
{
	struct recorder *recorder = link->recorder;
	struct docket_job *entry;

	/* What follows from its changes is still its own. */
	recorder_commit(recorder);
	link->takes_jobs = false;
	while (!LIST_EMPTY(&link->link.waiters))
		waiter_free(LIST_FIRST(&link->link.waiters));
	while ((entry = TAILQ_FIRST(&link->link.owned)) != NULL) {
		docket_give(&recorder->docket, entry, NULL);
		recorder_note_loss(recorder, entry);
	}
	recorder_commit(recorder);
	recorder_give_jobs(recorder);
}

/* --- the store's own life --- */

static void
see_unfinished(void *arg, const struct job_record *job)
{
	struct recorder *recorder = arg;
	struct docket_job *entry = docket_find(&recorder->docket, job->id);

	if (entry != NULL)
		return;
	entry = docket_add(&recorder->docket, job->id);
	if (entry == NULL)
		fatal("out of memory");
	entry->attempts = job->attempts;
	entry->is_running = job->state == JOB_RUNNING;
}

void
recorder_open_store(struct recorder *recorder)
{
	const char *directory = recorder->setup->directory;
	char error[STORE_ERROR_CHARS + 1], *set_aside = NULL;

	recorder_begin_disk(recorder);
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		snprintf(error, sizeof(error), "cannot make %.160s: %s",
		    directory, strerror(errno));
	else
		recorder->store = store_open(directory, &set_aside, error);
	if (set_aside != NULL)
		log_error("the job store in %s is damaged: its file is now %s, "
			  "and a new one was begun; jobs that were in it are "
			  "not known any more",
		    directory, set_aside);
	free(set_aside);
	if (recorder->store != NULL &&
	    store_each_unfinished(recorder->store, see_unfinished, recorder) !=
		STORE_DONE) {
		snprintf(
		    error, sizeof(error), "%s", store_error(recorder->store));
		recorder_close_store(recorder);
	}
	recorder_end_disk(recorder);
	recorder_measure(recorder);
	recorder_set_status(recorder, recorder->store == NULL ? error : NULL);
}

void
recorder_close_store(struct recorder *recorder)
{
	effects_clear(recorder);
	store_close(recorder->store);
	recorder->store = NULL;
}

/* Ended jobs that are too old, or too many. */
static void
recorder_trim(struct recorder *recorder)
{
	uint64_t now_ms = clock_unix_ms();
	uint64_t keep_ms = recorder->limits.keep_for_ms;
	uint32_t n = 0;

	recorder_begin_disk(recorder);
	if (store_begin(recorder->store) != 0 ||
	    store_trim(recorder->store, keep_ms < now_ms ? now_ms - keep_ms : 0,
		recorder->limits.keep_bytes, TRIM_MAX, &n) != STORE_DONE ||
	    store_commit(recorder->store) != 0)
		recorder_fail(recorder);
	recorder_end_disk(recorder);
	if (n > 0)
		log_debug("removed %u jobs that ended long ago", n);
}

/* Whether something can be written again. */
static bool
recorder_try_store(struct recorder *recorder)
{
	uint32_t n;
	bool is_fine;

	recorder_begin_disk(recorder);
	is_fine = store_begin(recorder->store) == 0 &&
	    store_trim(recorder->store, 0, 0, 0, &n) == STORE_DONE &&
	    store_commit(recorder->store) == 0;
	recorder_end_disk(recorder);
	if (!is_fine)
		store_rollback(recorder->store);
	return is_fine;
}

void
recorder_tend_store(struct recorder *recorder)
{
	if (recorder->store == NULL) {
		recorder_open_store(recorder);
	} else if (!recorder->status.is_available) {
		if (recorder_try_store(recorder))
			recorder_set_status(recorder, NULL);
	} else if (!recorder->is_changing) {
		recorder_trim(recorder);
		recorder_measure(recorder);
	}
}
