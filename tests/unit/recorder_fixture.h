/*
 * The recorder, as the master and two frontends see it: the test is all three.
 * The recorder itself runs in a child, over a store in a folder of the test's
 * own. For the bodies of Check tests; what goes wrong fails the test, and so
 * does a memo that does not come.
 */
#ifndef GILD_TESTS_UNIT_RECORDER_FIXTURE_H
#define GILD_TESTS_UNIT_RECORDER_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/memo.h"
#include "daemon/recorder.h"
#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

#define RESULT "{\"state\":\"done\"}"

struct evbuffer;
struct packet_fds;

struct frontend {
	int fd; /* -1: none */
	struct evbuffer *input;
	struct evbuffer *output; /* what is to be written at once */
	char *behind;		 /* the last memo's */
};

extern char folder[];
extern struct recorder_limits limits; /* told by RECORDER_LIMITS */
extern struct recorder_record *pulse;
extern pid_t recorder;
extern int inbox; /* the master's end */
extern struct frontend a, b;

/* A job that has no deadline: by the clock it would be over long since. */
struct job_record new_job(uint64_t number);
struct job_record ended(const struct job_record *job, enum job_state state);

/* --- the master's part --- */

void recorder_start(void);
void recorder_kill(void);
/* The inbox ends, and so does the recorder. */
void recorder_stop(void);
/* fds may be NULL. */
void order(enum recorder_order_kind kind, struct packet_fds *fds);
/* A new recorder, which knows nobody; both frontends have links to it. */
void restart(void);

/* --- a frontend's part --- */

void link_up(struct frontend *frontend);
void hang_up(struct frontend *frontend);

/* Adds a memo to those that are written with the next flush(). job and behind
 * may be NULL. */
void add(struct frontend *frontend, enum memo_kind kind, uint64_t question,
    uint64_t n, const struct job_record *job, const char *behind);
void flush(struct frontend *frontend);
/* Both at once. */
void say(struct frontend *frontend, enum memo_kind kind, uint64_t question,
    uint64_t n, const struct job_record *job, const char *behind);
void submit(
    struct frontend *frontend, const struct job_record *job, bool is_for_me);
/* Tells that it has ended, and is told that this is known. */
void finish(struct frontend *frontend, const struct job_record *job,
    const char *result);
/* What the store says of a job. */
struct memo get(struct frontend *frontend, const struct job_record *job);

/* The next memo but for reports, which is of this kind. */
struct memo hear(struct frontend *frontend, enum memo_kind kind);
/* The next one is the answer to this question. */
struct memo hear_answer(
    struct frontend *frontend, uint64_t question, enum memo_outcome outcome);
/* The next report, whatever comes before it. */
struct recorder_status hear_status(struct frontend *frontend);
/* Waits until the recorder tells of so many changes. */
struct recorder_status hear_changes(
    struct frontend *frontend, uint64_t n_changes);
/* Nothing else was said before this was answered. */
void expect_silence(struct frontend *frontend);
/* This frontend is given this job. */
void expect_run(
    struct frontend *frontend, const struct job_record *job, uint32_t attempts);
void expect_stored(struct frontend *frontend, const struct job_record *job,
    enum job_state state, uint32_t attempts);

/* --- suites --- */

/* A recorder that knows nobody. */
void setup(void);
/* Both frontends are there, and take jobs. */
void setup_ready(void);
/* Adds tests that begin with one of these. */
void add_case(Suite *suite, const char *name, SFun begin,
    const TTest *const tests[], size_t n_tests);

#endif
