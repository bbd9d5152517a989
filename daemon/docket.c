/*
 * The docket. Run by the recorder's one thread. A job is in one queue: its
 * owner's, that of nobody's jobs, or that of the early ones. Nobody's and early
 * ones for which a time will come have an alarm.
 */
#include "daemon/docket.h"

#include <stdlib.h>

#define BUCKETS 16384 /* a power of two; ids count up */

static struct docket_bucket *
docket_bucket(const struct docket *docket, struct job_id id)
{
	return &docket->buckets[(id.low ^ id.high) % BUCKETS];
}

int
docket_init(struct docket *docket)
{
	*docket = (struct docket){.n = 0};
	TAILQ_INIT(&docket->nobodys);
	TAILQ_INIT(&docket->early);
	docket->buckets = calloc(BUCKETS, sizeof(*docket->buckets));
	return docket->buckets == NULL ? -1 : 0;
}

void
docket_free(struct docket *docket)
{
	for (size_t i = 0; docket->buckets != NULL && i < BUCKETS; i++) {
		struct docket_job *job;

		while ((job = LIST_FIRST(&docket->buckets[i])) != NULL) {
			while (!LIST_EMPTY(&job->waiters))
				waiter_free(LIST_FIRST(&job->waiters));
			docket_remove(docket, job);
		}
	}
	free(docket->buckets);
	free(docket->alarms);
	docket->buckets = NULL;
	docket->alarms = NULL;
}

struct docket_job *
docket_find(const struct docket *docket, struct job_id id)
{
	struct docket_job *job;

	LIST_FOREACH (job, docket_bucket(docket, id), by_id) {
		if (job_id_equals(job->id, id))
			return job;
	}
	return NULL;
}

/* --- alarms: a binary heap, its places counted from 1 --- */

/* Room for one more job's, so that none is ever missing. */
static int
alarms_reserve(struct docket *docket)
{
	uint32_t room = docket->room_for_alarms * 2 + 64;
	struct docket_job **more;

	if (docket->n < docket->room_for_alarms)
		return 0;
	more = reallocarray(docket->alarms, room, sizeof(*more));
	if (more == NULL)
		return -1;
	docket->alarms = more;
	docket->room_for_alarms = room;
	return 0;
}

static void
alarm_put(struct docket *docket, uint32_t place, struct docket_job *job)
{
	docket->alarms[place - 1] = job;
	job->alarm = place;
}

/* Finds the job its place, from this one, which is free, up or down. */
static void
alarm_sift(struct docket *docket, uint32_t place, struct docket_job *job)
{
	struct docket_job **alarms = docket->alarms;
	uint32_t n = docket->n_alarms, child;

	while (place > 1 && alarms[place / 2 - 1]->wake_ms > job->wake_ms) {
		alarm_put(docket, place, alarms[place / 2 - 1]);
		place /= 2;
	}
	while ((child = 2 * place) <= n) {
		if (child < n &&
		    alarms[child]->wake_ms < alarms[child - 1]->wake_ms)
			child++;
		if (alarms[child - 1]->wake_ms >= job->wake_ms)
			break;
		alarm_put(docket, place, alarms[child - 1]);
		place = child;
	}
	alarm_put(docket, place, job);
}

static void
alarm_set(struct docket *docket, struct docket_job *job)
{
	bool is_early = job->from_ms > docket->now_ms;

	job->wake_ms = is_early && job->from_ms < job->deadline_ms
	    ? job->from_ms
	    : job->deadline_ms;
	if (docket_is_urgent(job) || job->wake_ms == UINT64_MAX)
		return;
	alarm_sift(docket, ++docket->n_alarms, job);
}

static void
alarm_clear(struct docket *docket, struct docket_job *job)
{
	uint32_t place = job->alarm;
	struct docket_job *last;

	if (place == 0)
		return;
	job->alarm = 0;
	last = docket->alarms[--docket->n_alarms];
	if (last != job)
		alarm_sift(docket, place, last);
}

/* --- jobs --- */

struct docket_job *
docket_add(struct docket *docket, struct job_id id)
{
	struct docket_job *job = calloc(1, sizeof(*job));

	if (job == NULL || alarms_reserve(docket) != 0) {
		free(job);
		return NULL;
	}
	job->id = id;
	job->deadline_ms = UINT64_MAX;
	LIST_INIT(&job->waiters);
	LIST_INSERT_HEAD(docket_bucket(docket, id), job, by_id);
	TAILQ_INSERT_TAIL(&docket->nobodys, job, of_owner);
	docket->n++;
	return job;
}

/* Out of the queue that it is in. */
static void
docket_take(struct docket *docket, struct docket_job *job)
{
	if (job->owner == NULL) {
		TAILQ_REMOVE(job->is_early ? &docket->early : &docket->nobodys,
		    job, of_owner);
		job->is_early = false;
		alarm_clear(docket, job);
		return;
	}
	TAILQ_REMOVE(&job->owner->owned, job, of_owner);
	job->owner->n_owned--;
	job->owner->n_given -= !job->is_own;
}

void
docket_remove(struct docket *docket, struct docket_job *job)
{
	docket_take(docket, job);
	LIST_REMOVE(job, by_id);
	docket->n--;
	free(job);
}

bool
docket_is_urgent(const struct docket_job *job)
{
	return job->is_cancelled || job->is_overdue;
}

static void
docket_leave_to_anybody(struct docket *docket, struct docket_job *job)
{
	job->is_early = !docket_is_urgent(job) && job->from_ms > docket->now_ms;
	if (docket_is_urgent(job))
		TAILQ_INSERT_HEAD(&docket->nobodys, job, of_owner);
	else
		TAILQ_INSERT_TAIL(
		    job->is_early ? &docket->early : &docket->nobodys, job,
		    of_owner);
	alarm_set(docket, job);
}

void
docket_set_times(struct docket *docket, struct docket_job *job,
    uint64_t from_ms, uint64_t deadline_ms)
{
	job->from_ms = from_ms;
	job->deadline_ms = deadline_ms;
	if (job->owner == NULL)
		docket_give(docket, job, NULL);
}

void
docket_tick(struct docket *docket, uint64_t now_ms)
{
	docket->now_ms = now_ms;
	while (docket->n_alarms > 0 && docket->alarms[0]->wake_ms <= now_ms) {
		struct docket_job *job = docket->alarms[0];

		job->is_overdue = job->deadline_ms <= now_ms;
		docket_give(docket, job, NULL);
	}
}

void
docket_give(struct docket *docket, struct docket_job *job, struct link *link)
{
	docket_take(docket, job);
	job->owner = link;
	job->is_own = false;
	if (link == NULL) {
		docket_leave_to_anybody(docket, job);
		return;
	}
	TAILQ_INSERT_TAIL(&link->owned, job, of_owner);
	link->n_owned++;
	link->n_given++;
}

void
docket_give_own(
    struct docket *docket, struct docket_job *job, struct link *link)
{
	docket_give(docket, job, link);
	job->is_own = true;
	link->n_given--;
}

struct waiter *
docket_wait(struct docket_job *job, struct link *link, uint64_t question,
    bool is_cancel)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL)
		return NULL;
	waiter->link = link;
	waiter->question = question;
	waiter->is_cancel = is_cancel;
	waiter->job = job;
	LIST_INSERT_HEAD(&job->waiters, waiter, of_job);
	LIST_INSERT_HEAD(&link->waiters, waiter, of_link);
	return waiter;
}

void
waiter_free(struct waiter *waiter)
{
	LIST_REMOVE(waiter, of_job);
	LIST_REMOVE(waiter, of_link);
	free(waiter);
}

void
link_init(struct link *link)
{
	link->n_owned = link->n_given = 0;
	TAILQ_INIT(&link->owned);
	LIST_INIT(&link->waiters);
}
