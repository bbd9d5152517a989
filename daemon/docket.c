/*
 * The docket. Run by the recorder's one thread. A job is in one queue: its
 * owner's, or that of nobody's jobs.
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
	docket->n = 0;
	TAILQ_INIT(&docket->nobodys);
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
	docket->buckets = NULL;
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

struct docket_job *
docket_add(struct docket *docket, struct job_id id)
{
	struct docket_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->id = id;
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
		TAILQ_REMOVE(&docket->nobodys, job, of_owner);
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

void
docket_give(struct docket *docket, struct docket_job *job, struct link *link)
{
	docket_take(docket, job);
	job->owner = link;
	job->is_own = false;
	if (link == NULL && job->is_cancelled) {
		TAILQ_INSERT_HEAD(&docket->nobodys, job, of_owner);
	} else if (link == NULL) {
		TAILQ_INSERT_TAIL(&docket->nobodys, job, of_owner);
	} else {
		TAILQ_INSERT_TAIL(&link->owned, job, of_owner);
		link->n_owned++;
		link->n_given++;
	}
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
