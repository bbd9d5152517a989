/* What the files of the recorder share, and nobody else. */
#ifndef GILD_DAEMON_RECORDER_PRIVATE_H
#define GILD_DAEMON_RECORDER_PRIVATE_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "daemon/docket.h"
#include "daemon/memo.h"
#include "daemon/recorder.h"

/* Often, and it is noticed so late at the most that a time has come. */
#define RECORDER_TICK_MS 500

struct evbuffer;
struct recorder;

/* A frontend. */
struct frontend_link {
	struct link link; /* first: the docket's part of it */
	struct recorder *recorder;
	struct bufferevent *bufferevent;
	bool is_ready; /* has said what it has */
	bool takes_jobs;
	TAILQ_ENTRY(frontend_link) links;
};

/* What a change that waits for its commit leads to. */
enum effect_kind {
	EFFECT_ACCEPTED,  /* a job is new: answered, and somebody's */
	EFFECT_THERE,	  /* its key was there: answered with that job */
	EFFECT_ENDED,	  /* off the docket; who waits is answered */
	EFFECT_COLLECTED, /* answered */
	EFFECT_MOVED,	  /* the store says the same of it as the docket */
	EFFECT_ASKED,	  /* a question that waits for what is true by then */
};

/* A question as it came. */
struct asked {
	struct memo memo;
	char behind[]; /* memo.size bytes */
};

struct effect {
	enum effect_kind kind;
	struct frontend_link *link;
	uint64_t question;
	bool is_for_link; /* of a new job: its frontend takes it */
	struct job_id id;
	uint64_t from_ms, deadline_ms; /* of a new job: the docket's */
	struct job_record *there;      /* of EFFECT_THERE, owned */
	struct asked *asked;	       /* of EFFECT_ASKED, owned */
};

struct recorder {
	const struct recorder_setup *setup;
	struct recorder_limits limits;
	struct event_base *base;
	struct event *inbox_event;
	struct event *commit_event; /* when all that has come was read */
	struct event *tick_timer;
	TAILQ_HEAD(, frontend_link) links;
	struct docket docket;
	bool is_told_all; /* has a link to all that lived before it */
	bool is_settled;  /* and all of them have said what they have */
	bool is_leaving;  /* the inbox has ended */

	struct store *store; /* NULL: it cannot be opened */
	struct recorder_status status;
	bool is_changing;    /* a transaction is open */
	uint32_t n_in_group; /* what shares its commit */
	uint32_t n_accepted; /* of that, new jobs */
	bool is_behind;	     /* more has ended than is to be kept */
	uint32_t n_effects, room_for_effects;
	uint32_t n_histories; /* in the transaction */
	struct effect *effects;
	bool is_status_new;

	/* The pulse, which a thread beats. */
	pthread_t pulse_thread;
	bool has_pulse_thread;
	int pulse_end;		/* readable: no more beats */
	uint64_t pulse_ns;	/* from beat to beat; constant while it runs */
	_Atomic uint64_t turns; /* of the loop */
	_Atomic uint32_t
	    n_at_disk; /* > 0: it may take long, and that is fine */
};

/* --- recorder_store.c --- */

/* Around what may have to wait for the disk. They nest. */
void recorder_begin_disk(struct recorder *recorder);
void recorder_end_disk(struct recorder *recorder);

/* Opens the store and reads the docket, or says why not. */
void recorder_open_store(struct recorder *recorder);
void recorder_close_store(struct recorder *recorder);
/* Whether changes can be made; a transaction is then open. */
bool recorder_begin(struct recorder *recorder);
/* A change was made that leads to this. */
struct effect *recorder_add_effect(struct recorder *recorder,
    enum effect_kind kind, struct frontend_link *link, const struct memo *memo);
/* One more shares the next commit, which is due where that are enough. Whatever
 * a memo adds to the transaction is counted, so that no stream of them holds it
 * up. */
void recorder_share_commit(struct recorder *recorder);
/*
 * Whether the question was put off until the open transaction is committed, or
 * has failed: nobody is told of what is not on the disk. behind is copied.
 */
bool recorder_put_off(
    struct frontend_link *link, const struct memo *memo, const char *behind);
/* Commits what was changed, if anything was, and does what follows. */
void recorder_commit(struct recorder *recorder);
/* A change failed, and with it all of the transaction. */
void recorder_fail(struct recorder *recorder);
/* Tries again what did not work; removes what is too old. */
void recorder_tend_store(struct recorder *recorder);

/* --- recorder_memos.c --- */

/* What one memo asks for. behind is the caller's. */
void recorder_hear(
    struct frontend_link *link, const struct memo *memo, const char *behind);
void link_answer(
    struct frontend_link *link, uint64_t question, enum memo_outcome outcome);
/* was_unfinished: when it was asked. */
void link_answer_job(struct frontend_link *link, uint64_t question,
    enum memo_outcome outcome, const struct job_record *job, const char *result,
    bool was_unfinished);

/* --- recorder_jobs.c --- */

/* A job has ended: all who wait for that are told, and it leaves the docket. */
void recorder_settle_job(struct recorder *recorder, struct docket_job *entry);
/* Has the store say what the docket says of a job, now or (where it cannot) once
 * it can. */
void recorder_move_job(struct recorder *recorder, struct docket_job *entry);
/* Tells whoever has the job to stop it. One that nobody has is given away to be
 * ended, if need be to the one that asked for it; where it is not known yet who
 * has it, he hears of it then. */
void recorder_stop_job(struct recorder *recorder, struct docket_job *entry,
    struct frontend_link *asker);
/* The docket's times of a job: see docket.h. */
uint64_t recorder_start_of(const struct job_record *job);
uint64_t recorder_deadline_of(const struct job_record *job);
/* Gives jobs that nobody has to frontends that take some. */
void recorder_give_jobs(struct recorder *recorder);
/* A frontend is gone: what it had is nobody's. */
void recorder_lose_link(struct frontend_link *link);

/* --- recorder.c --- */

void link_send(
    struct frontend_link *link, const struct memo *memo, const void *behind);
/* The same, with memo->size bytes that are shared and not copied. */
void link_send_shared(struct frontend_link *link, const struct memo *memo,
    struct evbuffer *behind);
void recorder_tell_status(struct recorder *recorder);

#endif
