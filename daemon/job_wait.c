/*
 * Jobs that wait for their time, and those whose time is over. Run by a
 * frontend's one thread. One timer a job serves its delay and its deadline, and
 * most jobs have neither.
 */
#include "daemon/job_private.h"

#include <event2/event.h>
#include <stdio.h>

#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"

/* For whichever comes first; a no-op when nothing does any more. */
static void
job_set_timer(struct job *job, uint64_t now_ns)
{
	uint64_t next_ns = job->deadline_ns, left_us;
	struct timeval delay;

	if (job->lanes != NULL && job->start_ns < next_ns)
		next_ns = job->start_ns;
	if (next_ns == UINT64_MAX)
		return;
	left_us = next_ns < now_ns
	    ? 0
	    : (next_ns - now_ns + NS_PER_US - 1) / NS_PER_US;
	delay.tv_sec = (time_t)(left_us / 1000000);
	delay.tv_usec = (suseconds_t)(left_us % 1000000);
	event_add(job->timer, &delay);
}

void
job_time_out(struct job *job)
{
	char reason[RESULT_REASON_CHARS + 1];

	snprintf(reason, sizeof(reason), "timed out after %llu ms",
	    (unsigned long long)job->request.timeout_ms);
	job_decide(job, JOB_TIMED_OUT, reason);
}

/* Its delay is over: it waits for its turn from now on. */
static void
job_line_up(struct job *job, uint64_t now_ns)
{
	struct dispatcher *dispatcher = job->frontend->dispatcher;

	if (dispatch_enqueue(dispatcher, job->lanes, &job->load) != 0) {
		job_decide(job, JOB_FAILED, "out of memory");
		job_check_end(job);
		return;
	}
	lanes_unref(job->lanes);
	job->lanes = NULL;
	job_set_timer(job, now_ns);
	dispatch_pump(dispatcher);
}

/* libevent's clock is a coarse one, and stands still while callbacks run: it may
 * be too early. */
static void
job_end_late(struct job *job)
{
	job_time_out(job);
	job_check_end(job);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;
	uint64_t now_ns = clock_monotonic_ns();

	(void)fd;
	(void)what;
	if (now_ns >= job->deadline_ns)
		job_end_late(job);
	else if (job->lanes != NULL && now_ns >= job->start_ns)
		job_line_up(job, now_ns);
	else
		job_set_timer(job, now_ns);
}

int
job_begin_to_wait(struct job *job, struct lanes *lanes, uint64_t passed_ns)
{
	const struct job_request *request = &job->request;
	uint64_t delay_ns = request->start_after_ms * NS_PER_MS;
	uint64_t timeout_ns = request->timeout_ms * NS_PER_MS;
	uint64_t now_ns = job->arrival_ns + passed_ns;
	bool is_delayed = delay_ns > passed_ns;

	job->start_ns = now_ns + (is_delayed ? delay_ns - passed_ns : 0);
	if (timeout_ns > 0)
		job->deadline_ns = now_ns +
		    (timeout_ns > passed_ns ? timeout_ns - passed_ns : 0);
	if (timeout_ns > 0 || is_delayed) {
		job->timer =
		    event_new(job->frontend->base, -1, 0, timer_cb, job);
		if (job->timer == NULL)
			return -1;
	}
	if (is_delayed)
		job->lanes = lanes_ref(lanes);
	else if (dispatch_enqueue(
		     job->frontend->dispatcher, lanes, &job->load) != 0)
		return -1;
	job_set_timer(job, now_ns);
	return 0;
}
