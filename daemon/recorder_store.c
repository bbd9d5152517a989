/*
 * The recorder's store: its transactions, and whether it can be used. Run by
 * the recorder's one thread. A change is made in the open transaction; what
 * follows from it (an effect) is done when that is committed, and not at all
 * when it cannot be: then who asked is told so, and a result stays with its
 * frontend, which sends it again once the store is available.
 */
#include "daemon/recorder_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/clock.h"
#include "daemon/log.h"

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

void
recorder_fail(struct recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->n_effects; i++) {
		const struct effect *effect = &recorder->effects[i];

		if (effect->kind != EFFECT_ENDED)
			link_answer(
			    effect->link, effect->question, MEMO_UNAVAILABLE);
	}
	effects_clear(recorder);
	recorder->is_changing = false;
	recorder_set_status(recorder, store_error(recorder->store));
	store_rollback(recorder->store);
}

bool
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

struct effect *
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

void
recorder_check_group(struct recorder *recorder)
{
	recorder->status.n_changes++;
	if (recorder->n_effects >= recorder->limits.commit_group)
		recorder_commit(recorder);
}

static void
effect_accepted(struct recorder *recorder, const struct effect *effect)
{
	struct docket_job *entry = docket_add(&recorder->docket, effect->id);

	if (entry == NULL)
		fatal("out of memory");
	if (effect->is_for_link)
		docket_give(&recorder->docket, entry, &effect->link->link);
	link_answer(effect->link, effect->question, MEMO_FINE);
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
		recorder_settle_job(recorder, entry);
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
		link_answer_job(effect->link, effect->question, MEMO_THERE,
		    effect->there, NULL, false);
		break;
	case EFFECT_ENDED:
		effect_ended(recorder, effect);
		break;
	case EFFECT_COLLECTED:
		link_answer(effect->link, effect->question, MEMO_FINE);
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
	char error[STORE_ERROR_CHARS + 1] = "", *set_aside = NULL;
	enum store_outcome outcome = STORE_DONE;

	recorder_begin_disk(recorder);
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		snprintf(error, sizeof(error), "cannot make %.160s: %s",
		    directory, strerror(errno));
	else
		recorder->store = store_open(directory, &set_aside, error);
	if (set_aside != NULL)
		log_error("the job store was damaged: %s; its file is now %s, "
			  "and a new one was begun, which knows nothing of the "
			  "jobs in that one",
		    error, set_aside);
	free(set_aside);
	if (recorder->store != NULL)
		outcome = store_each_unfinished(
		    recorder->store, see_unfinished, recorder);
	if (outcome == STORE_DAMAGED)
		log_error("unfinished jobs of the store cannot be read, and "
			  "are not run: %s",
		    store_error(recorder->store));
	if (outcome == STORE_FAILED) {
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
	bool is_fine;

	recorder_begin_disk(recorder);
	is_fine = store_begin(recorder->store) == 0 &&
	    store_touch(recorder->store) == STORE_DONE &&
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
