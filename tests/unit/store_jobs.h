/* Jobs for the tests of the store: made by number, and compared. */
#ifndef GILD_TESTS_UNIT_STORE_JOBS_H
#define GILD_TESTS_UNIT_STORE_JOBS_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store.h"

#define FIRST_MS UINT64_C(1700000000000)

/* The id that sorts behind all smaller numbers of the same millisecond. */
static inline struct job_id
make_id(uint64_t ms, uint64_t number)
{
	return (struct job_id){.high = ms << 16 | 0x0203, .low = number};
}

/* A detached job as it is accepted, with something in every field of it. */
static inline struct job_record
make_job(uint64_t number)
{
	struct job_record job = {
	    .id = make_id(FIRST_MS + number, number),
	    .is_detached = true,
	    .state = JOB_QUEUED,
	    .accepted_ms = FIRST_MS + number,
	};

	job_request_init(&job.request);
	job.request.count = 1000 + number;
	job.request.workers = 2;
	job.request.cost_ns = 30;
	job.request.timeout_ms = 4000;
	job.request.wants_progress = true;
	job.request.profile = PROFILE_IO;
	job.request.io_every = 5;
	job.request.io_for_us = 6;
	job.request.priority = 7;
	job.request.start_after_ms = 8;
	job.request.detach = true;
	strcpy(job.request.pool, "threads");
	return job;
}

/* As it is when it has ended. */
static inline void
end_job(struct job_record *job, enum job_state state)
{
	job->state = state;
	job->attempts = 3;
	job->ended_ms = job->accepted_ms + 100;
	if (state != JOB_DONE)
		strcpy(job->reason, "so it is \xc3\xbc");
	job->timing = (struct job_timing){1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
}

/* NULL, or the first field in which they differ. */
static inline const char *
find_difference(const struct job_record *a, const struct job_record *b)
{
	if (!job_id_equals(a->id, b->id))
		return "id";
	if (!job_request_equals(&a->request, &b->request))
		return "request";
	if (a->request.wants_progress != b->request.wants_progress ||
	    a->request.detach != b->request.detach)
		return "request's flags";
	if (a->is_detached != b->is_detached)
		return "is_detached";
	if (a->is_collected != b->is_collected)
		return "is_collected";
	if (a->state != b->state)
		return "state";
	if (a->attempts != b->attempts)
		return "attempts";
	if (a->accepted_ms != b->accepted_ms ||
	    a->started_ms != b->started_ms || a->ended_ms != b->ended_ms)
		return "times";
	if (strcmp(a->reason, b->reason) != 0)
		return "reason";
	if (memcmp(&a->timing, &b->timing, sizeof(a->timing)) != 0)
		return "timing";
	return NULL;
}

static inline int
remove_entry_cb(
    const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void
remove_folder(const char *path)
{
	nftw(path, remove_entry_cb, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
