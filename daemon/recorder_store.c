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
#include <sys/statvfs.h>

#include "daemon/clock.h"
#include "daemon/log.h"

/* On the disk, before the store is said to serve again. */
#define ROOM_BYTES UINT64_C(131072)
/* Ended jobs that one transaction removes, and the time for some of them. */
#define TRIM_MAX 128
#define TRIM_FOR_NS (20 * NS_PER_MS)

void
recorder_begin_disk(struct recorder *recorder)
{
	atomic_fetch_add(&recorder->n_at_disk, 1);
}

void
recorder_end_disk(struct recorder *recorder)
{
	atomic_fetch_sub(&recorder->n_at_disk, 1);
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

/* What follows from a transaction that is over: taken out, since another may
 * begin while it is dealt with. */
struct effects {
	uint32_t n;
	struct effect *list;
};

static struct effects
recorder_take_effects(struct recorder *recorder)
{
	struct effects effects = {
	    .n = recorder->n_effects,
	    .list = recorder->effects,
	};

	recorder->effects = NULL;
	recorder->n_effects = recorder->room_for_effects = 0;
	recorder->n_in_group = recorder->n_accepted = 0;
	return effects;
}

static void
effects_free(struct effects *effects)
{
	for (uint32_t i = 0; i < effects->n; i++) {
		free(effects->list[i].there);
		free(effects->list[i].asked);
	}
	free(effects->list);
}

static void
effect_answer_asked(const struct effect *effect)
{
	recorder_hear(
	    effect->link, &effect->asked->memo, effect->asked->behind);
}

static void
effect_undo_move(struct recorder *recorder, const struct effect *effect)
{
	struct docket_job *entry = docket_find(&recorder->docket, effect->id);

	if (entry != NULL)
		entry->is_unsaved = true;
}

void
recorder_fail(struct recorder *recorder)
{
	struct effects effects = recorder_take_effects(recorder);

	recorder->is_changing = false;
	recorder->status.n_forgotten += recorder->n_histories;
	recorder->n_histories = 0;
	recorder_set_status(recorder, store_error(recorder->store));
	store_rollback(recorder->store);
	for (uint32_t i = 0; i < effects.n; i++) {
		const struct effect *effect = &effects.list[i];

		if (effect->kind == EFFECT_ASKED)
			effect_answer_asked(effect);
		else if (effect->kind == EFFECT_MOVED)
			effect_undo_move(recorder, effect);
		else if (effect->kind != EFFECT_ENDED)
			link_answer(
			    effect->link, effect->question, MEMO_UNAVAILABLE);
	}
	effects_free(&effects);
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
recorder_share_commit(struct recorder *recorder)
{
	if (++recorder->n_in_group >= recorder->limits.commit_group)
		recorder_commit(recorder);
}

bool
recorder_put_off(
    struct frontend_link *link, const struct memo *memo, const char *behind)
{
	struct recorder *recorder = link->recorder;
	struct asked *asked;

	if (!recorder->is_changing)
		return false;
	asked = malloc(sizeof(*asked) + memo->size);
	if (asked == NULL)
		fatal("out of memory");
	asked->memo = *memo;
	if (memo->size > 0)
		memcpy(asked->behind, behind, memo->size);
	recorder_add_effect(recorder, EFFECT_ASKED, link, memo)->asked = asked;
	recorder_share_commit(recorder);
	return true;
}

static void
effect_accepted(struct recorder *recorder, const struct effect *effect)
{
	const struct memo reply = {
	    .kind = MEMO_ANSWER,
	    .outcome = MEMO_FINE,
	    .question = effect->question,
	    .n = effect->is_for_link,
	};
	struct docket_job *entry = docket_add(&recorder->docket, effect->id);

	if (entry == NULL)
		fatal("out of memory");
	docket_set_times(
	    &recorder->docket, entry, effect->from_ms, effect->deadline_ms);
	if (effect->is_for_link)
		docket_give_own(&recorder->docket, entry, &effect->link->link);
	link_send(effect->link, &reply, NULL);
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
	case EFFECT_MOVED:
		break;
	case EFFECT_ASKED:
		effect_answer_asked(effect);
		break;
	}
}

/* Removes ended jobs that are too old, or too many, in the open transaction. */
static enum store_outcome
recorder_remove_old(struct recorder *recorder, uint32_t max, uint32_t *n)
{
	uint64_t now_ms = clock_unix_ms();
	uint64_t keep_ms = recorder->limits.keep_for_ms;

	return store_trim(recorder->store,
	    keep_ms < now_ms ? now_ms - keep_ms : 0,
	    recorder->limits.keep_bytes, max, n);
}

/*
 * No more jobs end with a commit than it has changes, and as many are removed:
 * where the ticks alone are too slow for that, the file grows no further. If it
 * fails the commit does.
 */
static void
recorder_keep_pace(struct recorder *recorder)
{
	uint32_t max = recorder->n_in_group + TRIM_MAX, n;

	if (recorder->is_behind &&
	    recorder_remove_old(recorder, max, &n) == STORE_DONE)
		recorder->is_behind = n == max;
}

void
recorder_commit(struct recorder *recorder)
{
	struct effects effects;
	int result;

	if (!recorder->is_changing)
		return;
	recorder_begin_disk(recorder);
	recorder_keep_pace(recorder);
	result = store_commit(recorder->store);
	recorder_end_disk(recorder);
	if (result != 0) {
		recorder_fail(recorder);
		return;
	}
	recorder->is_changing = false;
	recorder->n_histories = 0;
	recorder->status.n_commits++;
	recorder->is_status_new = true;
	effects = recorder_take_effects(recorder);
	for (uint32_t i = 0; i < effects.n; i++)
		effect_apply(recorder, &effects.list[i]);
	effects_free(&effects);
	recorder_give_jobs(recorder);
}

/* --- the store's own life --- */

static void
see_unfinished(void *arg, const struct job_record *job)
{
	struct recorder *recorder = arg;
	struct docket_job *entry = docket_find(&recorder->docket, job->id);

	if (entry == NULL)
		entry = docket_add(&recorder->docket, job->id);
	if (entry == NULL)
		fatal("out of memory");
	entry->is_claim = false;
	entry->attempts = job->attempts;
	entry->started_ms = job->started_ms;
	entry->is_running = job->state == JOB_RUNNING;
	docket_set_times(&recorder->docket, entry, recorder_start_of(job),
	    recorder_deadline_of(job));
}

/* Calls see for each job of the docket, which may remove it. */
static void
recorder_each_job(struct recorder *recorder,
    void (*see)(struct recorder *recorder, struct docket_job *entry))
{
	struct frontend_link *link = TAILQ_FIRST(&recorder->links);
	struct docket_queue *queue = &recorder->docket.nobodys;
	struct docket_job *entry, *next;

	while (queue != NULL) {
		for (entry = TAILQ_FIRST(queue); entry != NULL; entry = next) {
			next = TAILQ_NEXT(entry, of_owner);
			see(recorder, entry);
		}
		if (queue == &recorder->docket.nobodys) {
			queue = &recorder->docket.early;
			continue;
		}
		queue = link == NULL ? NULL : &link->link.owned;
		link = link == NULL ? NULL : TAILQ_NEXT(link, links);
	}
}

/* A frontend has it, and it is not unfinished in the store: it has ended before,
 * or was in another file. */
static void
drop_claim(struct recorder *recorder, struct docket_job *entry)
{
	if (entry->is_claim)
		recorder_settle_job(recorder, entry);
}

static void
save_move(struct recorder *recorder, struct docket_job *entry)
{
	if (entry->is_unsaved)
		recorder_move_job(recorder, entry);
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
	if (recorder->store != NULL)
		recorder_each_job(recorder, drop_claim);
	recorder_measure(recorder);
	recorder_set_status(recorder, recorder->store == NULL ? error : NULL);
}

void
recorder_close_store(struct recorder *recorder)
{
	struct effects effects = recorder_take_effects(recorder);

	effects_free(&effects);
	store_close(recorder->store);
	recorder->store = NULL;
}

/* The same in a transaction of its own: how many. */
static uint32_t
recorder_trim_some(struct recorder *recorder)
{
	uint32_t n = 0;

	recorder_begin_disk(recorder);
	if (store_begin(recorder->store) != 0 ||
	    recorder_remove_old(recorder, TRIM_MAX, &n) != STORE_DONE ||
	    store_commit(recorder->store) != 0) {
		recorder_fail(recorder);
		n = 0;
	}
	recorder_end_disk(recorder);
	return n;
}

static void
recorder_trim(struct recorder *recorder)
{
	uint64_t end_ns = clock_monotonic_ns() + TRIM_FOR_NS;
	uint32_t n, total = 0;

	do {
		n = recorder_trim_some(recorder);
		total += n;
	} while (n == TRIM_MAX && clock_monotonic_ns() < end_ns);
	recorder->is_behind = n == TRIM_MAX;
	if (total > 0)
		log_debug("removed %u jobs that ended long ago", total);
}

/* A page fits where a job does not: what is nearly full would be available and
 * unavailable in turns. */
static bool
disk_has_room(const char *directory)
{
	struct statvfs disk;

	return statvfs(directory, &disk) != 0 ||
	    (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_BYTES;
}

/* Whether something can be written again. */
static bool
recorder_try_store(struct recorder *recorder)
{
	bool is_fine;

	recorder_begin_disk(recorder);
	is_fine = disk_has_room(recorder->setup->directory) &&
	    store_begin(recorder->store) == 0 &&
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
		return;
	}
	if (!recorder->status.is_available) {
		if (!recorder_try_store(recorder))
			return;
		recorder_set_status(recorder, NULL);
		recorder_each_job(recorder, save_move);
	}
	/* Under load there always is an open one. */
	recorder_commit(recorder);
	if (!recorder->status.is_available || recorder->is_changing)
		return;
	recorder_trim(recorder);
	recorder_measure(recorder);
}
