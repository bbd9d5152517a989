/* What the files of a frontend's records share, and nobody else. */
#ifndef GILD_DAEMON_RECORDS_PRIVATE_H
#define GILD_DAEMON_RECORDS_PRIVATE_H

#include <sys/queue.h>

#include "daemon/memo.h"
#include "daemon/records.h"
#include "proto/rpcerror.h"

struct bufferevent;
struct event;

#define RECORD_BUCKETS 1024 /* a power of two; numbers and ids count up */

/* Asked of the recorder and not answered yet. */
struct record_question {
	struct records *records;
	struct memo memo; /* kind, question, job: to be asked again */
	void *behind;	  /* memo.size bytes, owned */
	struct answer *answer;
	struct lanes *lanes; /* of a job to be taken in: a reference */
	bool is_sent;
	uint64_t asked_ns;
	struct event *timeout;		   /* of a wait; NULL: none */
	LIST_ENTRY(record_question) links; /* of all */
	LIST_ENTRY(record_question) by_number;
};

LIST_HEAD(question_bucket, record_question);

/* A result that is not on the disk yet. */
struct ended_job {
	struct job_record record;
	char *result; /* owned */
	LIST_ENTRY(ended_job) links;
};

LIST_HEAD(ended_bucket, ended_job);

struct records {
	struct frontend *frontend;
	const struct record_handler *handler;
	bool has_store;		  /* one is configured */
	struct bufferevent *link; /* NULL: there is no recorder now */
	uint64_t link_lost_ns;
	struct recorder_status status;
	uint64_t last_question;
	uint32_t n_questions;
	uint32_t n_waits; /* of these */
	LIST_HEAD(, record_question) questions;
	struct question_bucket questions_by_number[RECORD_BUCKETS];
	uint32_t n_ended;
	size_t ended_bytes; /* of their results */
	bool is_full;	    /* these are too many: no more jobs */
	struct ended_bucket ended[RECORD_BUCKETS]; /* by id */
};

/* --- records_tell.c --- */

/* To the recorder, with memo->size bytes; where there is none: to nobody. */
void records_write(
    struct records *records, const struct memo *memo, const void *behind);
/* A memo about a job that needs nothing else. */
void records_tell(
    struct records *records, enum memo_kind kind, const struct job_record *job);
/* Whether jobs of the store are taken. */
void records_tell_ready(struct records *records);
/* That it has ended, and how. */
void records_tell_end(struct records *records, struct ended_job *ended);
/* How many results wait, for server.stats. */
void records_show_waiting(const struct records *records);
void records_each_ended(struct records *records,
    void (*call)(struct records *records, struct ended_job *ended));
/* Its result is on the disk. */
void records_forget_ended(struct records *records, struct job_id id);
void ended_free(struct records *records, struct ended_job *ended);

/* --- records_ask.c --- */

/* How long a question waits for a recorder to be there. */
#define LINK_WITHIN_NS (5 * NS_PER_S)

/*
 * A new question of this kind about this job; with size bytes behind it, which
 * are copied. NULL when it was refused and answered.
 */
struct record_question *question_ask(struct records *records,
    enum memo_kind kind, const struct job_record *job, const void *behind,
    size_t size, struct answer *answer);
/* Waits for a job that the asker has had taken in: that is not refused for want
 * of room. */
void records_wait_on(
    struct records *records, struct job_id id, struct answer *answer);
/* Its answer was given. */
void question_close(struct record_question *question);
/* Asks it, if there is whom to ask. */
void question_send(struct record_question *question);
/* It need not be answered any more: its answer was given. */
void question_withdraw(struct record_question *question);
/* The one that is open under this number, or NULL. */
struct record_question *records_find_question(
    struct records *records, uint64_t number);

/* --- records_answer.c --- */

/* "gild stops; the job is kept". */
void wait_refuse_stopping(struct answer *answer);
/* "the job store is unavailable: ...". Always -1. */
int store_refuse(const struct records *records, struct rpc_error *error);
/* The recorder's answer becomes the client's, and the question is closed. */
void question_answer(struct record_question *question, const struct memo *memo,
    const char *behind);

#endif
