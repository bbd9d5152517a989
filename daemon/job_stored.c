/*
 * Jobs of the store, as far as they differ from others. Run by a frontend's one
 * thread. Such a job belongs to no client: it goes on when all have left. It
 * may have been accepted by another process, days ago, and may be given back
 * before it has ended. What time it takes is counted from its acceptance, by
 * the wall clock where another process accepted it.
 */
#include "daemon/job_private.h"

#include <stdio.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "daemon/records.h"

/* Its arrival on the clock of this machine's present life, which may wrap: only
 * differences are looked at. How long ago it was. */
static uint64_t
job_set_arrival(struct job *job, const struct job_record *record)
{
	uint64_t now_ms = clock_unix_ms();
	uint64_t passed_ns = now_ms > record->accepted_ms
	    ? (now_ms - record->accepted_ms) * NS_PER_MS
	    : 0;

	job->arrival_ns -= passed_ns;
	job->accepted_ms = record->accepted_ms;
	job->started_ms = record->started_ms;
	return passed_ns;
}

/* Why it cannot be run at all, in reason; false when it can. */
static bool
job_is_hopeless(const struct frontend *frontend,
    const struct job_record *record, char reason[RESULT_REASON_CHARS + 1])
{
	uint32_t max = frontend->settings->max_attempts;

	if (settings_find_pool(frontend->settings, record->request.pool) ==
	    NULL)
		snprintf(reason, RESULT_REASON_CHARS + 1,
		    "there is no pool %s any more", record->request.pool);
	else if (record->attempts >= max)
		snprintf(reason, RESULT_REASON_CHARS + 1,
		    "what ran it died each time, attempt %u of %u",
		    record->attempts, max);
	else
		return false;
	return true;
}

int
job_adopt(struct frontend *frontend, const struct job_record *record,
    struct lanes *lanes, bool is_cancelled)
{
	const struct settings *settings = frontend->settings;
	const struct pool_settings *pool =
	    settings_find_pool(settings, record->request.pool);
	char reason[RESULT_REASON_CHARS + 1];
	uint64_t passed_ns;
	struct job *job;

	if (job_find(frontend->jobs, record->id) != NULL)
		return 0;
	job = job_new(frontend, &record->request,
	    pool == NULL ? 0 : (uint32_t)(pool - settings->pools), record->id);
	if (job == NULL)
		return -1;
	job->is_stored = true;
	job->load.attempts = job->attempts_told = record->attempts;
	passed_ns = job_set_arrival(job, record);
	if (lanes == NULL)
		lanes = frontend->jobs->stored_lanes;
	if (job_begin_to_wait(job, lanes, passed_ns) != 0) {
		job_free(job);
		return -1;
	}
	job_link(job);
	if (is_cancelled)
		job_decide(job, JOB_CANCELLED, "cancelled by a client");
	else if (job_is_hopeless(frontend, record, reason))
		job_decide(job, JOB_FAILED, reason);
	else if (clock_monotonic_ns() >= job->deadline_ns)
		job_time_out(job);
	else
		return 0;
	job_check_end(job);
	return 0;
}

/* --- all of a frontend's --- */

static void
jobs_each(
    const struct jobs *jobs, void (*see)(void *arg, struct job *job), void *arg)
{
	for (size_t i = 0; i < JOB_BUCKETS && jobs->n_stored > 0; i++) {
		struct job *job = LIST_FIRST(&jobs->by_id[i]), *next;

		for (; job != NULL; job = next) {
			next = LIST_NEXT(job, id_links);
			if (job->is_stored && !job->is_released)
				see(arg, job);
		}
	}
}

struct visit {
	void (*see)(void *arg, const struct job_record *job);
	void *arg;
};

static void
visit_job(void *arg, struct job *job)
{
	const struct visit *visit = arg;
	const struct job_record owned = {
	    .id = job->id,
	    .state = job->state,
	    .started_ms = job->started_ms,
	    .attempts = job->attempts_told,
	};

	visit->see(visit->arg, &owned);
}

void
jobs_each_stored(const struct jobs *jobs,
    void (*see)(void *arg, const struct job_record *job), void *arg)
{
	struct visit visit = {.see = see, .arg = arg};

	jobs_each(jobs, visit_job, &visit);
}

/* It is somebody else's from now on: here nothing comes of it. */
static void
job_release(struct job *job)
{
	counter_add(&job_tally(job)->jobs[job->state], (uint64_t)-1);
	job->is_released = job->is_decided = true;
	records_release(job->frontend->records, job->id);
	lanes_unref(job->lanes);
	job->lanes = NULL;
	dispatch_recall(job->frontend->dispatcher, &job->load);
	job_check_end(job);
}

static void
release_queued(void *arg, struct job *job)
{
	(void)arg;
	if (!job->is_decided && job->load.next_task == 0)
		job_release(job);
}

static void
release_unended(void *arg, struct job *job)
{
	(void)arg;
	if (!job->is_decided)
		job_release(job);
}

void
jobs_release_stored(struct jobs *jobs, bool all)
{
	jobs_each(jobs, all ? release_unended : release_queued, NULL);
}

static void
tell_attempts(void *arg, struct job *job)
{
	uint32_t lost = load_attempts(&job->load, job->frontend->board);

	(void)arg;
	if (job->is_decided || lost <= job->attempts_told)
		return;
	job->attempts_told = lost;
	records_lose(job->frontend->records, job->id, lost);
}

void
jobs_tell_attempts(struct jobs *jobs)
{
	jobs_each(jobs, tell_attempts, NULL);
}
