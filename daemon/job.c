/*
 * Jobs of a frontend. Run by its one thread. Nothing here touches a pipe or a
 * slot's word: that is dispatch.c; nor a socket: that is connection.c.
 *
 * Invariant: a job is in the table by id until it is freed, and that is in one
 * place: when its load is over. A job that is decided has nothing to dispatch.
 */
#include "daemon/job_private.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/connection.h"
#include "daemon/dispatch.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/records.h"

/* What the parts of an answer take at the most, but for odd cases. */
#define ANSWER_BYTES 1024
#define HISTOGRAM_BYTES 2048
#define TASK_BYTES 512
#define LOCKED_TASK_BYTES 1536

/* --- the table --- */

static struct job_list *
jobs_bucket(const struct jobs *jobs, struct job_id id)
{
	return (struct job_list *)&jobs->by_id[id.low % JOB_BUCKETS];
}

struct job *
job_find(const struct jobs *jobs, struct job_id id)
{
	struct job *job;

	LIST_FOREACH (job, jobs_bucket(jobs, id), id_links) {
		if (job_id_equals(job->id, id))
			return job;
	}
	return NULL;
}

uint32_t
jobs_count(const struct jobs *jobs)
{
	return jobs->n;
}

uint32_t
jobs_count_stored(const struct jobs *jobs)
{
	return jobs->n_stored;
}

struct job_id
jobs_next_id(struct jobs *jobs)
{
	return job_id_next(&jobs->ids, clock_unix_ms());
}

/* --- counting --- */

struct tally *
job_tally(const struct job *job)
{
	return board_tally(
	    job->frontend->board, job->frontend->number, job->load.pool);
}

static void
job_set_state(struct job *job, enum job_state state)
{
	struct tally *tally = job_tally(job);

	if (job->state == JOB_QUEUED && job->owner != NULL)
		job->owner->n_queued--;
	if (job->state == JOB_QUEUED || job->state == JOB_RUNNING)
		counter_add(&tally->jobs[job->state], (uint64_t)-1);
	counter_add(&tally->jobs[state], 1);
	job->state = state;
}

/* --- end --- */

/* The job's share of its count for one task: as even as can be. */
static uint64_t
job_task_count(const struct job *job, uint32_t task)
{
	uint64_t share = job->request.count / job->request.workers;

	return share + (task < job->request.count % job->request.workers);
}

bool
job_has_lock(const struct job *job)
{
	return job->frontend->settings->pools[job->load.pool].kind ==
	    POOL_THREADS;
}

bool
job_is_kept(const struct job *job)
{
	return !job->is_released &&
	    (job->is_stored || records_want_history(job->frontend->records));
}

int
job_allocate_tasks(struct job *job)
{
	uint32_t n = job->request.workers;

	job->tasks =
	    calloc(n, sizeof(*job->tasks) + sizeof(*job->load.tickets));
	if (job->tasks == NULL)
		return -1;
	job->load.tickets = (uint32_t *)(job->tasks + n);
	for (uint32_t i = 0; i < n; i++) {
		job->tasks[i].count = job_task_count(job, i);
		job->tasks[i].attempts = job->load.attempts;
	}
	return 0;
}

static void
job_unlink(struct job *job)
{
	if (job->owner != NULL) {
		LIST_REMOVE(job, owner_links);
		job->owner->n_jobs--;
		connection_unreserve(
		    job->owner->connection, job->reserved_bytes);
		connection_release(job->owner->connection);
	}
	if (job->wants_progress)
		LIST_REMOVE(job, progress_links);
	LIST_REMOVE(job, id_links);
	job->frontend->jobs->n--;
	job->frontend->jobs->n_stored -= job->is_stored;
}

void
job_free(struct job *job)
{
	if (job->timer != NULL)
		event_free(job->timer);
	lanes_unref(job->lanes);
	free(job->tasks);
	free(job->histograms);
	free(job->reason);
	free(job);
}

void
job_check_end(struct job *job)
{
	struct frontend *frontend = job->frontend;

	if (job->lanes != NULL || !load_is_over(&job->load))
		return;
	if (!job->is_decided)
		job_set_state(job, JOB_DONE);
	job_unlink(job);
	job_tell_end(job);
	job_free(job);
	frontend_check_end(frontend);
}

void
job_decide(struct job *job, enum job_state state, const char *reason)
{
	if (job->is_decided)
		return;
	job_set_state(job, state);
	job->is_decided = true;
	job->reason = strdup(reason);
	lanes_unref(job->lanes);
	job->lanes = NULL;
	dispatch_recall(job->frontend->dispatcher, &job->load);
}

void
job_cancel(struct job *job, const char *reason)
{
	job_decide(job, JOB_CANCELLED, reason);
	job_check_end(job);
}

void
job_cancel_all(struct jobs *jobs, const char *reason)
{
	for (size_t i = 0; i < JOB_BUCKETS; i++) {
		struct job *job = LIST_FIRST(&jobs->by_id[i]), *next;

		for (; job != NULL; job = next) {
			next = LIST_NEXT(job, id_links);
			if (!job->is_stored)
				job_cancel(job, reason);
		}
	}
}

/* --- its load, as the dispatcher asks for it --- */

static struct job *
job_of(const struct load *load)
{
	return (struct job *)((char *)load - offsetof(struct job, load));
}

static int
job_begin(struct load *load)
{
	struct job *job = job_of(load);
	bool has_histograms =
	    job_has_lock(job) || job->request.profile == PROFILE_IO;

	if (has_histograms)
		job->histograms = calloc(1, sizeof(*job->histograms));
	if ((has_histograms && job->histograms == NULL) ||
	    job_allocate_tasks(job) != 0) {
		job_decide(job, JOB_FAILED, "out of memory");
		job_check_end(job);
		return -1;
	}
	job_set_state(job, JOB_RUNNING);
	if (job_is_kept(job))
		job->started_ms = clock_unix_ms();
	if (job->is_stored)
		records_start(job->frontend->records, job->id, job->started_ms);
	return 0;
}

static void
job_fill_slot(const struct load *load, uint32_t task, struct slot *slot)
{
	const struct job *job = job_of(load);

	slot->job = job->id;
	slot->arrival_ns = job->arrival_ns;
	slot->count = job_task_count(job, task);
	slot->stride = job->stride;
	slot->spins = job->spins;
	slot->task = task;
	slot->profile = job->request.profile;
	slot->io_every = job->request.io_every;
	slot->io_for_us = job->request.io_for_us;
}

/* "worker 4711 killed by signal 9 (Killed), attempt 3 of 3" */
static void
job_fail(struct job *job, const struct slot *slot)
{
	const struct settings *settings = job->frontend->settings;
	bool is_thread = settings->pools[job->load.pool].kind == POOL_THREADS;
	char death[PROCESS_DEATH_CHARS + 1], reason[RESULT_REASON_CHARS + 1];

	process_format_death(slot->dead_status, death);
	snprintf(reason, sizeof(reason), "%s %d %s, attempt %u of %u",
	    process_kind_name(is_thread ? PROCESS_INTERPRETER : PROCESS_WORKER),
	    (int)slot->dead_pid, death, slot->result.attempts,
	    settings->max_attempts);
	job_decide(job, JOB_FAILED, reason);
}

static void
job_end_task(struct load *load, uint32_t task, const struct slot *slot)
{
	struct job *job = job_of(load);

	slot_get_result(slot, job_has_lock(job), &job->tasks[task]);
	job->turns += slot->result.turns;
	/* One that did not run to an end has left none. */
	if (slot->result.wall_ns > 0 && job->histograms != NULL)
		lock_histograms_merge(job->histograms,
		    board_histograms(job->frontend->board, slot));
	if (slot->end == TASK_DIED)
		job_fail(job, slot);
	job_check_end(job);
}

static const struct load_type job_load = {
    .begin = job_begin,
    .fill = job_fill_slot,
    .ended = job_end_task,
};

/* --- begin --- */

void
job_owner_init(struct job_owner *owner, struct frontend *frontend,
    struct connection *connection)
{
	*owner = (struct job_owner){
	    .frontend = frontend,
	    .connection = connection,
	};
	LIST_INIT(&owner->jobs);
}

void
job_owner_leave(struct job_owner *owner)
{
	struct job *job;

	while ((job = LIST_FIRST(&owner->jobs)) != NULL) {
		LIST_REMOVE(job, owner_links);
		job->owner = NULL;
		job_cancel(job, "the client left");
	}
	owner->n_jobs = 0;
	lanes_unref(owner->lanes);
	owner->lanes = NULL;
}

static void
job_link_owner(struct job *job, struct job_owner *owner)
{
	job->owner = owner;
	LIST_INSERT_HEAD(&owner->jobs, job, owner_links);
	owner->n_jobs++;
	owner->n_queued++;
	connection_hold(owner->connection);
	connection_reserve(owner->connection, job->reserved_bytes);
}

void
job_link(struct job *job)
{
	struct jobs *jobs = job->frontend->jobs;

	LIST_INSERT_HEAD(jobs_bucket(jobs, job->id), job, id_links);
	jobs->n++;
	jobs->n_stored += job->is_stored;
	counter_add(&job_tally(job)->jobs[JOB_QUEUED], 1);
}

size_t
job_answer_bytes(const struct job_request *request, bool has_lock)
{
	return ANSWER_BYTES + (has_lock ? HISTOGRAM_BYTES : 0) +
	    request->workers *
	    (size_t)(has_lock ? LOCKED_TASK_BYTES : TASK_BYTES);
}

/* About how long a task keeps its executor, counting and asleep. */
static uint64_t
job_task_duration_ns(const struct calibration *calibration,
    const struct job_request *request, uint32_t spins)
{
	uint64_t turns = request->count / request->workers;
	uint64_t duration_ns = countdown_duration_ns(calibration, turns, spins);
	uint64_t sleep_ns;

	if (request->profile != PROFILE_IO)
		return duration_ns;
	if (__builtin_mul_overflow(
		(turns + request->io_every - 1) / request->io_every,
		request->io_for_us * NS_PER_US, &sleep_ns) ||
	    __builtin_add_overflow(duration_ns, sleep_ns, &duration_ns))
		return UINT64_MAX;
	return duration_ns;
}

struct job *
job_new(struct frontend *frontend, const struct job_request *request,
    uint32_t pool, struct job_id id)
{
	const struct calibration *calibration = &frontend->board->calibration;
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->frontend = frontend;
	job->request = *request;
	job->arrival_ns = clock_monotonic_ns();
	job->deadline_ns = UINT64_MAX;
	job->spins = countdown_spins(calibration, request->cost_ns);
	job->load = (struct load){
	    .type = &job_load,
	    .pool = pool,
	    .priority = request->priority,
	    .n_tasks = request->workers,
	    .task_ns = job_task_duration_ns(calibration, request, job->spins),
	};
	job->stride = countdown_stride(calibration, job->spins, SLOT_STRIDE_NS);
	job->id = id;
	job->state = JOB_QUEUED;
	return job;
}

struct lanes *
job_owner_lanes(struct job_owner *owner)
{
	if (owner->lanes == NULL)
		owner->lanes = lanes_new();
	return owner->lanes;
}

int
job_submit(struct job_owner *owner, const struct job_request *request,
    uint32_t pool, struct answer *answer)
{
	struct frontend *frontend = owner->frontend;
	struct lanes *lanes = job_owner_lanes(owner);
	uint64_t now_ms = clock_unix_ms();
	struct job *job = job_new(
	    frontend, request, pool, job_id_next(&frontend->jobs->ids, now_ms));

	if (job == NULL)
		return -1;
	job->accepted_ms = now_ms;
	if (lanes == NULL || job_begin_to_wait(job, lanes, 0) != 0) {
		job_free(job);
		return -1;
	}
	job->answer = answer;
	if (answer != NULL)
		job->reserved_bytes =
		    job_answer_bytes(request, job_has_lock(job));
	job_link_owner(job, owner);
	job_link(job);
	job->wants_progress = request->wants_progress;
	if (job->wants_progress)
		job_start_progress(job);
	return 0;
}

struct jobs *
jobs_new(struct frontend *frontend)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs == NULL)
		return NULL;
	jobs->frontend = frontend;
	jobs->stored_lanes = lanes_new();
	if (jobs_open_progress(jobs) != 0 || jobs->stored_lanes == NULL ||
	    job_id_source_init(&jobs->ids, (uint8_t)frontend->number) != 0) {
		jobs_free(jobs);
		return NULL;
	}
	return jobs;
}

void
jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	/* Those whose clients left while executors were at work on them. */
	for (size_t i = 0; i < JOB_BUCKETS; i++) {
		struct job *job;

		while ((job = LIST_FIRST(&jobs->by_id[i])) != NULL) {
			dispatch_withdraw(
			    jobs->frontend->dispatcher, &job->load);
			job_unlink(job);
			answer_result(job->answer, NULL);
			job_free(job);
		}
	}
	if (jobs->progress_timer != NULL)
		event_free(jobs->progress_timer);
	lanes_unref(jobs->stored_lanes);
	writer_free(&jobs->writer);
	free(jobs);
}
