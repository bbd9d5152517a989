/*
 * The docket: the recorder's list of unfinished jobs, and for each who has it
 * and who waits for its end. What the jobs are is in the store, but for two
 * times that matter while nobody has them: from when on somebody should, and
 * when they are over. Time is what docket_tick() was told last.
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
	bool is_early;	     /* nobody's, and its time has not come */
	bool is_overdue;     /* nobody had it when its deadline came */
	bool is_own;	     /* its owner took it in, and was not given it */
	bool is_claim;	     /* a frontend says that it has it, and the store,
			    * which is not open yet, has not confirmed that */
	bool is_unsaved;     /* the store does not say the same of it */
	uint32_t attempts;   /* behind it */
	uint64_t started_ms; /* while it runs: since when */
	uint64_t from_ms;    /* these two: 0: at any time, UINT64_MAX: never */
	uint64_t deadline_ms;
	uint64_t wake_ms; /* what its place among the alarms goes by */
	uint32_t alarm;	  /* that place, counted from 1; 0: it has none */
	struct waiter_list waiters;
	LIST_ENTRY(docket_job) by_id;
	TAILQ_ENTRY(docket_job) of_owner; /* or of nobody's, or of the early */
};

struct docket {
	uint32_t n;
	struct docket_queue nobodys; /* the next first */
	struct docket_queue early;   /* nobody's, whose time has not come */
	uint64_t now_ms;
	uint32_t n_alarms, room_for_alarms;
	struct docket_job **alarms; /* a heap: the next one is the first */
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

/* When it should be somebody's, and when it is over. */
void docket_set_times(struct docket *docket, struct docket_job *job,
    uint64_t from_ms, uint64_t deadline_ms);

/* It is so late now: moves those whose time has come. */
void docket_tick(struct docket *docket, uint64_t now_ms);

/* It is only to be said how it ends. */
bool docket_is_urgent(const struct docket_job *job);

/* Gives it to a frontend (with its list and its numbers of jobs), or (NULL) takes
 * it away from whoever has it: it is the last of nobody's then, or where it is
 * urgent the first. */
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
