/*
 * The end of a job: its result is made, written once, and told to whoever is to
 * know, the client that waits and the store. Run by a frontend's one thread.
 *
 * Invariant: there is one writer for all ends of a frontend, and nothing that
 * is told of one end brings about another that has something to write.
 */
#include "daemon/job_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/log.h"
#include "daemon/records.h"
#include "proto/result.h"

/* What stands for a reason that there was no memory to keep. */
#define LOST_REASON "there was no memory to say why"

/* Its tasks, histograms and lock's record are borrowed. 0, or -1 when memory ran
 * out. */
static int
job_make_result(struct job *job, struct job_result *result)
{
	const struct job_request *request = &job->request;
	const char *reason = job->reason != NULL ? job->reason : LOST_REASON;

	/* A job that never began has no tasks to tell of yet. */
	if (job->tasks == NULL && job_allocate_tasks(job) != 0)
		return -1;
	*result = (struct job_result){
	    .job = job->id,
	    .state = job->state,
	    .count = request->count,
	    .workers = request->workers,
	    .cost_ns = request->cost_ns,
	    .profile = request->profile,
	    .io_every = request->io_every,
	    .io_for_us = request->io_for_us,
	    .has_lock = job_has_lock(job),
	    .histograms = job->histograms,
	    .n_tasks = request->workers,
	    .tasks = job->tasks,
	};
	memcpy(result->pool, request->pool, sizeof(result->pool));
	if (job->state != JOB_DONE)
		snprintf(result->reason, sizeof(result->reason), "%s", reason);
	job_result_sum_up(result, clock_monotonic_ns() - job->arrival_ns);
	return 0;
}

static struct job_record
job_make_record(const struct job *job, const struct job_result *result)
{
	struct job_record record = {
	    .id = job->id,
	    .request = job->request,
	    .is_detached = job->is_stored,
	    .state = job->state,
	    .attempts = result->attempts,
	    .accepted_ms = job->accepted_ms,
	    .started_ms = job->started_ms,
	    .ended_ms = clock_unix_ms(),
	    .timing = result->timing,
	};

	memcpy(record.reason, result->reason, sizeof(record.reason));
	return record;
}

/* Has the store keep the result, as that of a stored job or for the history. */
static void
job_record_end(const struct job *job, const struct job_result *result,
    const char *text, size_t length)
{
	struct records *records = job->frontend->records;
	struct job_record record = job_make_record(job, result);
	char *copy;

	if (!job->is_stored) {
		records_history(records, &record, text, length);
		return;
	}
	copy = strndup(text, length);
	if (copy == NULL)
		fatal("out of memory");
	records_end(records, &record, copy);
}

void
job_tell_end(struct job *job)
{
	struct records *records = job->frontend->records;
	struct writer *writer = &job->frontend->jobs->writer;
	bool is_kept = job_is_kept(job);
	struct job_result result;
	size_t start;

	if (!is_kept && !answer_is_wanted(job->answer)) {
		answer_result(job->answer, NULL);
		return;
	}
	writer_reset(writer);
	answer_begin_result(job->answer, writer);
	start = writer->length;
	if (job_make_result(job, &result) != 0)
		writer->has_failed = true;
	else
		job_result_write(writer, &result);
	if (is_kept && !writer->has_failed)
		job_record_end(
		    job, &result, writer->text + start, writer->length - start);
	else if (is_kept && job->is_stored)
		/* No memory for it, now and here: it is to be run again. */
		records_release(records, job->id);
	answer_end_result(job->answer, writer);
}
