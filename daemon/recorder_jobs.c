/*
 * Who has which unfinished job, and who waits for its end. Run by the recorder's
 * one thread. The docket says what the store says, but for who has a job: that
 * lives only as long as processes do.
 */
#include "daemon/recorder_private.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

/* Jobs that were nobody's which a frontend has at a time. Those that it took in
 * itself do not count, or else a stream of them would hold up the others. */
#define GIVE_MAX 1024
/* A delayed job is given away so long before its time, which its frontend
 * knows to the millisecond. Others would have no room if it was there for long. */
#define GIVE_BEFORE_MS ((uint64_t)4 * RECORDER_TICK_MS)

/* The text once for all: there may be many who wait for it. */
static struct evbuffer *
share_text(const char *text)
{
	struct evbuffer *shared = evbuffer_new();

	if (shared == NULL ||
	    (text != NULL && evbuffer_add(shared, text, strlen(text)) != 0))
		fatal("out of memory");
	return shared;
}

void
recorder_settle_job(struct recorder *recorder, struct docket_job *entry)
{
	struct memo memo = {.kind = MEMO_ANSWER, .n = true};
	struct evbuffer *shared;
	struct waiter *waiter;
	char *result = NULL;

	if (!LIST_EMPTY(&entry->waiters) &&
	    store_get(recorder->store, entry->id, &memo.job, &result) !=
		STORE_DONE)
		memo.outcome = MEMO_UNAVAILABLE;
	shared = share_text(result);
	memo.size = evbuffer_get_length(shared);
	while ((waiter = LIST_FIRST(&entry->waiters)) != NULL) {
		memo.question = waiter->question;
		link_send_shared(
		    (struct frontend_link *)waiter->link, &memo, shared);
		waiter_free(waiter);
	}
	evbuffer_free(shared);
	free(result);
	docket_remove(&recorder->docket, entry);
}

void
recorder_move_job(struct recorder *recorder, struct docket_job *entry)
{
	const struct memo memo = {.job = {.id = entry->id}};

	entry->is_unsaved = true;
	if (!recorder_begin(recorder))
		return;
	if (store_move(recorder->store, entry->id, entry->is_running,
		entry->attempts, entry->started_ms) == STORE_FAILED) {
		recorder_fail(recorder);
		return;
	}
	entry->is_unsaved = false;
	recorder->status.n_changes++;
	recorder_add_effect(recorder, EFFECT_MOVED, NULL, &memo);
}

/* --- jobs that nobody has --- */

/* The one that has the fewest jobs, of those that take more and were given fewer
 * than max; or NULL. */
static struct frontend_link *
recorder_choose_link(struct recorder *recorder, uint32_t max)
{
	struct frontend_link *link, *chosen = NULL;

	TAILQ_FOREACH (link, &recorder->links, links) {
		if (link->takes_jobs && link->link.n_given < max &&
		    (chosen == NULL ||
			link->link.n_owned < chosen->link.n_owned))
			chosen = link;
	}
	return chosen;
}

uint64_t
recorder_start_of(const struct job_record *job)
{
	uint64_t delay_ms = job->request.start_after_ms;

	return delay_ms > GIVE_BEFORE_MS
	    ? job->accepted_ms + delay_ms - GIVE_BEFORE_MS
	    : 0;
}

uint64_t
recorder_deadline_of(const struct job_record *job)
{
	return job->request.timeout_ms > 0
	    ? job->accepted_ms + job->request.timeout_ms
	    : UINT64_MAX;
}

/* Whoever has fewer of nobody's jobs may get this one. An urgent one finds room
 * where others do not: it ends at once. */
static uint32_t
recorder_room(const struct docket_job *entry)
{
	return docket_is_urgent(entry) ? 2 * GIVE_MAX : GIVE_MAX;
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
	recorder_move_job(recorder, entry);
}

/* False: the store cannot be read now. */
static bool
recorder_give_job(struct recorder *recorder, struct docket_job *entry,
    struct frontend_link *link)
{
	struct memo memo = {
	    .kind = MEMO_RUN,
	    .n = entry->is_cancelled,
	};
	enum store_outcome outcome;

	recorder_note_loss(recorder, entry);
	outcome = store_get(recorder->store, entry->id, &memo.job, NULL);
	if (outcome == STORE_FAILED)
		return false; /* later, perhaps */
	if (outcome != STORE_DONE) {
		log_error("a job of the store cannot be run: %s",
		    store_error(recorder->store));
		recorder_settle_job(recorder, entry);
		return true;
	}
	memo.job.attempts = entry->attempts;
	docket_give(&recorder->docket, entry, &link->link);
	link_send(link, &memo, NULL);
	return true;
}

/* Whether jobs that nobody has may be given away. */
static bool
recorder_may_give(struct recorder *recorder)
{
	return recorder->store != NULL && !recorder->is_leaving &&
	    recorder_is_settled(recorder);
}

void
recorder_give_jobs(struct recorder *recorder)
{
	struct docket_job *entry;
	struct frontend_link *link;

	if (!recorder_may_give(recorder))
		return;
	while ((entry = TAILQ_FIRST(&recorder->docket.nobodys)) != NULL &&
	    (link = recorder_choose_link(recorder, recorder_room(entry))) !=
		NULL &&
	    recorder_give_job(recorder, entry, link))
		;
}

void
recorder_stop_job(struct recorder *recorder, struct docket_job *entry,
    struct frontend_link *asker)
{
	const struct memo memo = {
	    .kind = MEMO_STOP,
	    .job = {.id = entry->id},
	};
	struct frontend_link *link;

	entry->is_cancelled = true;
	if (entry->owner != NULL) {
		link_send((struct frontend_link *)entry->owner, &memo, NULL);
		return;
	}
	/* Out of its turn: it is the first of nobody's. */
	docket_give(&recorder->docket, entry, NULL);
	if (!recorder_may_give(recorder))
		return;
	/* It is only to be said that it is cancelled. Whoever asked can do
	 * that, too, where all are about to leave. */
	link = recorder_choose_link(recorder, UINT32_MAX);
	(void)recorder_give_job(recorder, entry, link == NULL ? asker : link);
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
