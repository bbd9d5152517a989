/*
 * Telling clients how far their jobs are. Run by a frontend's one thread, which
 * sends what every job with `progress` has come to, some times a second.
 */
#include "daemon/job_private.h"

#include <event2/event.h>

#include "daemon/answer.h"
#include "daemon/connection.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "proto/jsonrpc.h"

#define PROGRESS_EVERY_MS 100

static void
job_send_progress(const struct job *job)
{
	uint64_t turns =
	    job->turns + load_turns(&job->load, job->frontend->board);
	char id[JOB_ID_CHARS + 1];
	json_t *params;

	if (job->owner == NULL)
		return;
	job_id_format(job->id, id);
	params = json_pack("{s:s, s:O?, s:s, s:I, s:I}", "job", id, "request",
	    answer_id(job->answer), "state", job_state_name(job->state),
	    "turns", (json_int_t)turns, "count",
	    (json_int_t)job->request.count);
	if (params != NULL)
		connection_notify(job->owner->connection,
		    jsonrpc_notification("job.progress", params));
}

static void
progress_cb(evutil_socket_t fd, short what, void *arg)
{
	struct jobs *jobs = arg;
	struct job *job;

	(void)fd;
	(void)what;
	LIST_FOREACH (job, &jobs->with_progress, progress_links)
		job_send_progress(job);
	if (LIST_EMPTY(&jobs->with_progress))
		event_del(jobs->progress_timer);
}

void
job_start_progress(struct job *job)
{
	static const struct timeval every = {
	    .tv_usec = PROGRESS_EVERY_MS * 1000};
	struct jobs *jobs = job->frontend->jobs;

	if (LIST_EMPTY(&jobs->with_progress))
		event_add(jobs->progress_timer, &every);
	LIST_INSERT_HEAD(&jobs->with_progress, job, progress_links);
	job_send_progress(job);
}

int
jobs_open_progress(struct jobs *jobs)
{
	jobs->progress_timer = event_new(jobs->frontend->base, -1,
	    EV_TIMEOUT | EV_PERSIST, progress_cb, jobs);
	return jobs->progress_timer == NULL ? -1 : 0;
}
