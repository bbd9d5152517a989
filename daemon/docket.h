/*
 * The docket: the recorder's list of unfinished jobs, and for each who has it
 * and who waits for its end. What the jobs are is in the store.
 */
#ifndef GILD_DAEMON_DOCKET_H
#define GILD_DAEMON_DOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "proto/jobid.h"

struct docket_job;
struct link;

/* A question about a job that is answered when the job has ended. */
struct waiter {
	struct link *link;
	uint64_t question;
	bool is_cancel; /* it also wants it cancelled */
	struct docket_job *job;
	LIST_ENTRY(waiter) of_job;
	LIST_ENTRY(waiter) of_link;
};

LIST_HEAD(waiter_list, waiter);
TAILQ_HEAD(docket_queue, docket_job);

struct docket_job {
	struct job_id id;
	struct link *owner; /* the frontend that has it; NULL: nobody */
	bool is_running;
	bool is_cancelled;   /* to be; its owner has been told */
	bool is_own;	     /* its owner took it in, and was not given it */
	bool is_claim;	     /* a frontend says that it has it, and the store,
			    * which is not open yet, has not confirmed that */
	bool is_unsaved;     /* the store does not say the same of it */
	uint32_t attempts;   /* behind it */
	uint64_t started_ms; /* while it runs: since when */
	struct waiter_list waiters;
	LIST_ENTRY(docket_job) by_id;
	TAILQ_ENTRY(docket_job) of_owner; /* or of nobody's */
};

struct docket {
	uint32_t n;
	struct docket_queue nobodys; /* the next first */
	LIST_HEAD(docket_bucket, docket_job) * buckets;
};

/* 0, or -1 when memory ran out. */
int docket_init(struct docket *docket) __attribute__((warn_unused_result));
void docket_free(struct docket *docket);

/* The job with this id, or NULL. */
struct docket_job *docket_find(const struct docket *docket, struct job_id id);

/* One more, which is nobody's; NULL when memory ran out. */
struct docket_job *docket_add(struct docket *docket, struct job_id id);
/* Its waiters must have been dealt with. */
void docket_remove(struct docket *docket, struct docket_job *job);

/* Gives it to a frontend (with its list and its numbers of jobs), or (NULL) takes
 * it away from whoever has it: it is the last of nobody's then, or where it is
 * to be cancelled the first. */
void docket_give(
    struct docket *docket, struct docket_job *job, struct link *link);
/* It is a frontend's, which took it in itself. */
void docket_give_own(
    struct docket *docket, struct docket_job *job, struct link *link);

/* NULL when memory ran out. */
struct waiter *docket_wait(struct docket_job *job, struct link *link,
    uint64_t question, bool is_cancel);
void waiter_free(struct waiter *waiter);

/* A frontend, as the docket sees it: embedded first in the recorder's. */
struct link {
	uint32_t n_owned;
	uint32_t n_given; /* of these, those that are not its own */
	struct docket_queue owned;
	struct waiter_list waiters;
};

void link_init(struct link *link);

#endif
