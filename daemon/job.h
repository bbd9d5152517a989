/*
 * A job, from its request to its result, in the frontend that took it.
 *
 *	submit            first task           all tasks have ended
 *	------> JOB_QUEUED ---------> JOB_RUNNING -------------------> JOB_DONE
 *	            |   to its pool        |
 *	            +----------+-----------+
 *	                       | decided: a task failed, cancelled, timed out,
 *	                       v the client left
 *	     JOB_FAILED, JOB_CANCELLED, JOB_TIMED_OUT: answered and freed as
 *	     soon as no executor works on it any more
 */
#ifndef GILD_DAEMON_JOB_H
#define GILD_DAEMON_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/bucket.h"
#include "daemon/dispatch.h"
#include "proto/record.h"
#include "proto/result.h"

struct answer;
struct connection;
struct event;
struct frontend;
struct lanes;

LIST_HEAD(job_list, job);

/* Whoever waits for jobs: a client, over its connection. */
struct job_owner {
	struct frontend *frontend;
	struct connection *connection;
	struct lanes *lanes; /* NULL before its first job */
	struct job_list jobs;
	uint32_t n_jobs;
	uint32_t n_queued;  /* of these, those that have not begun */
	struct bucket rate; /* how often it may submit one */
};

/* Many wait and few run: what is needed only from its first task on is made
 * then, and its result when it is over. */
struct job {
	struct frontend *frontend;
	struct job_owner *owner; /* NULL once it has left */
	struct answer *answer;	 /* NULL: none is wanted */
	struct load load;	 /* its tasks on their way */
	struct lanes *lanes;	 /* while it is delayed: where it will wait */
	struct job_id id;
	enum job_state state;
	char *reason;			    /* of an end before its time */
	struct task_result *tasks;	    /* NULL until it begins */
	struct lock_histograms *histograms; /* NULL where it has none */
	uint32_t spins;
	uint64_t stride;
	uint64_t arrival_ns;
	uint64_t start_ns;     /* not before */
	uint64_t deadline_ns;  /* UINT64_MAX: none */
	uint64_t turns;	       /* of the tasks that ended */
	size_t reserved_bytes; /* of its owner's, for its answer */
	bool wants_progress;
	bool is_decided;  /* state is an end */
	bool is_stored;	  /* of the job store: it has no owner */
	bool is_released; /* it was: another frontend's from now on */
	struct job_request request;
	uint64_t accepted_ms; /* these two: wall clock */
	uint64_t started_ms;
	uint32_t attempts_told; /* of a stored job, to the recorder */
	struct event *timer;	/* its delay, its deadline; NULL: has neither */
	LIST_ENTRY(job) owner_links;
	LIST_ENTRY(job) id_links;
	LIST_ENTRY(job) progress_links;
};

struct jobs *jobs_new(struct frontend *frontend);
void jobs_free(struct jobs *jobs);
uint32_t jobs_count(const struct jobs *jobs);

void job_owner_init(struct job_owner *owner, struct frontend *frontend,
    struct connection *connection);
/* The client has left, and takes its unfinished jobs with it. */
void job_owner_leave(struct job_owner *owner);

/* A client's lanes, which it has from its first job on; NULL when memory ran
 * out. */
struct lanes *job_owner_lanes(struct job_owner *owner);

/* About how long the answer to such a job can be. */
size_t job_answer_bytes(const struct job_request *request, bool has_lock);

/*
 * Takes a checked request into the pool with this number. answer is the job's
 * from now on. 0, or -1 when memory ran out (then answer is still the
 * caller's).
 */
int job_submit(struct job_owner *owner, const struct job_request *request,
    uint32_t pool, struct answer *answer) __attribute__((warn_unused_result));

/*
 * Takes over a job of the store, from its submission or from the recorder. It
 * waits in these lanes, or (NULL) in those of all whose clients are not known;
 * is_cancelled: only to say so. 0, or -1 when memory ran out.
 */
int job_adopt(struct frontend *frontend, const struct job_record *record,
    struct lanes *lanes, bool is_cancelled) __attribute__((warn_unused_result));

/* An id that no other job has. */
struct job_id jobs_next_id(struct jobs *jobs);

/* The stored jobs that this frontend has. */
void jobs_each_stored(const struct jobs *jobs,
    void (*see)(void *arg, const struct job_record *job), void *arg);
uint32_t jobs_count_stored(const struct jobs *jobs);
/* Gives back those that have not begun; all: those that run, too, which are
 * told to stop. */
void jobs_release_stored(struct jobs *jobs, bool all);
/* Tells the recorder of attempts that were lost. To be called now and then. */
void jobs_tell_attempts(struct jobs *jobs);

/* The unfinished job of this frontend with this id, or NULL. */
struct job *job_find(const struct jobs *jobs, struct job_id id);

/* Ends a job early, unless its end was decided before. May free it. */
void job_cancel(struct job *job, const char *reason);
/* Of all that are not stored. */
void job_cancel_all(struct jobs *jobs, const char *reason);

#endif
