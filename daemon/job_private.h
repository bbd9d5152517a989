/* What the files of jobs share, and nobody else. */
#ifndef GILD_DAEMON_JOB_PRIVATE_H
#define GILD_DAEMON_JOB_PRIVATE_H

#include "daemon/job.h"
#include "proto/writer.h"

#define JOB_BUCKETS 4096 /* a power of two; ids count up: they spread evenly */

struct jobs {
	struct frontend *frontend;
	struct job_id_source ids;
	uint32_t n;
	uint32_t n_stored;
	struct lanes *stored_lanes; /* of jobs that the recorder gives */
	struct job_list by_id[JOB_BUCKETS];
	struct job_list with_progress;
	struct event *progress_timer;
	struct writer writer; /* of one end at a time: its answer, its result */
};

/* --- job.c --- */

/* A job in no list yet; NULL when memory ran out. */
struct job *job_new(struct frontend *frontend,
    const struct job_request *request, uint32_t pool, struct job_id id);
/* Into the table, and counted as queued. */
void job_link(struct job *job);
void job_free(struct job *job);
struct tally *job_tally(const struct job *job);
bool job_has_lock(const struct job *job);
/* Whether the store is to have its record: as a stored job's, or for the
 * history. */
bool job_is_kept(const struct job *job);
/* Room for its tasks and their tickets, in one piece. 0, or -1 when memory ran
 * out. */
int job_allocate_tasks(struct job *job) __attribute__((warn_unused_result));
/* Fixes how the job ends, before its time, and calls its tasks back. */
void job_decide(struct job *job, enum job_state state, const char *reason);
/* Answers and frees the job if it is over. */
void job_check_end(struct job *job);

/* --- job_end.c --- */

/* Tells its client and the store of a job that is over, and in no list. */
void job_tell_end(struct job *job);

/* --- job_wait.c --- */

/*
 * Has it wait, in these lanes or for its time; passed_ns have passed since it
 * arrived. 0, or -1 when memory ran out.
 */
int job_begin_to_wait(struct job *job, struct lanes *lanes, uint64_t passed_ns)
    __attribute__((warn_unused_result));
/* Decides that it has timed out. */
void job_time_out(struct job *job);

/* --- job_progress.c --- */

/* 0, or -1 when memory ran out. */
int jobs_open_progress(struct jobs *jobs) __attribute__((warn_unused_result));
/* Its client is told how far it is, from now on. */
void job_start_progress(struct job *job);

#endif
