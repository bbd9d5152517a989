/*
 * The recorder, as the master and two frontends see it: the test is all three.
 * The recorder itself runs in a child. Who has which job, what is answered when,
 * and what is on the disk by then.
 */
#include "daemon/recorder.h"

#include <check.h>
#include <event2/buffer.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/memo.h"
#include "daemon/packet.h"
#include "daemon/sandbox.h"
#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

#define WAIT_MS 20000 /* nothing takes so long */
#define RESULT "{\"state\":\"done\"}"

struct frontend {
	int fd; /* -1: none */
	struct evbuffer *input;
	struct evbuffer *output; /* what is to be written at once */
	char *behind;		 /* the last memo's */
};

static char folder[] = "/tmp/gild-recorder-XXXXXX";
static struct recorder_limits limits;
static struct recorder_record *pulse;
static pid_t recorder;
static int inbox;
static struct frontend a, b;

/* A job that has no deadline: by the clock it would be over long since. */
static struct job_record
new_job(uint64_t number)
{
	struct job_record job = make_job(number);

	job.request.timeout_ms = 0;
	return job;
}

/* --- the master's part --- */

static void
recorder_start(void)
{
	int ends[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, ends),
	    0);
	inbox = ends[1];
	fflush(NULL);
	recorder = fork();
	ck_assert_int_ge(recorder, 0);
	if (recorder == 0) {
		const struct recorder_setup setup = {
		    .directory = folder,
		    .inbox = ends[0],
		    .record = pulse,
		    .limits = limits,
		};

		close(ends[1]);
		if (a.fd >= 0)
			close(a.fd);
		if (b.fd >= 0)
			close(b.fd);
		exit(recorder_main(&setup));
	}
	close(ends[0]);
}

static void
recorder_kill(void)
{
	ck_assert_int_eq(kill(recorder, SIGKILL), 0);
	ck_assert_int_eq(waitpid(recorder, NULL, 0), recorder);
	close(inbox);
}

/* The inbox ends, and so does the recorder. */
static void
recorder_stop(void)
{
	int status;

	close(inbox);
	ck_assert_int_eq(waitpid(recorder, &status, 0), recorder);
	ck_assert_int_eq(status, 0);
}

static void
order(enum recorder_order_kind kind, struct packet_fds *fds)
{
	const struct recorder_order packet = {.kind = kind, .limits = limits};

	ck_assert_int_eq(packet_send(inbox, &packet, sizeof(packet), fds), 0);
}

/* --- a frontend's part --- */

static void
frontend_link(struct frontend *frontend)
{
	struct packet_fds fds = {.n = 1};
	int ends[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fds.fds[0] = ends[0];
	order(RECORDER_LINK, &fds);
	close(ends[0]);
	frontend->fd = ends[1];
	frontend->input = evbuffer_new();
	frontend->output = evbuffer_new();
}

static void
frontend_close(struct frontend *frontend)
{
	if (frontend->fd >= 0)
		close(frontend->fd);
	frontend->fd = -1;
	if (frontend->input != NULL)
		evbuffer_free(frontend->input);
	if (frontend->output != NULL)
		evbuffer_free(frontend->output);
	free(frontend->behind);
	frontend->input = frontend->output = NULL;
	frontend->behind = NULL;
}

/* Adds a memo to those that are written with the next flush(). */
static void
add(struct frontend *frontend, enum memo_kind kind, uint64_t question,
    uint64_t n, const struct job_record *job, const char *behind)
{
	struct memo memo = {
	    .kind = kind,
	    .question = question,
	    .n = n,
	    .size = behind == NULL ? 0 : strlen(behind),
	};

	if (job != NULL)
		memo.job = *job;
	ck_assert_int_eq(memo_write(frontend->output, &memo, behind), 0);
}

static void
flush(struct frontend *frontend)
{
	while (evbuffer_get_length(frontend->output) > 0)
		ck_assert_int_gt(
		    evbuffer_write(frontend->output, frontend->fd), 0);
}

static void
say(struct frontend *frontend, enum memo_kind kind, uint64_t question,
    uint64_t n, const struct job_record *job, const char *behind)
{
	add(frontend, kind, question, n, job, behind);
	flush(frontend);
}

/* The next memo. */
static struct memo
hear_any(struct frontend *frontend)
{
	struct memo memo;
	int got;

	free(frontend->behind);
	frontend->behind = NULL;
	while (
	    (got = memo_read(frontend->input, &memo, &frontend->behind)) == 0) {
		struct pollfd ready = {.fd = frontend->fd, .events = POLLIN};

		ck_assert_msg(poll(&ready, 1, WAIT_MS) == 1, "nothing is said");
		ck_assert_int_gt(
		    evbuffer_read(frontend->input, frontend->fd, 65536), 0);
	}
	ck_assert_int_eq(got, 1);
	return memo;
}

/* The next one but for reports, which is of this kind. */
static struct memo
hear(struct frontend *frontend, enum memo_kind kind)
{
	struct memo memo;

	do {
		memo = hear_any(frontend);
	} while (memo.kind == MEMO_STATUS);
	ck_assert_int_eq(memo.kind, kind);
	return memo;
}

/* The next one is the answer to this question. */
static struct memo
hear_answer(
    struct frontend *frontend, uint64_t question, enum memo_outcome outcome)
{
	struct memo memo = hear(frontend, MEMO_ANSWER);

	ck_assert_uint_eq(memo.question, question);
	ck_assert_int_eq(memo.outcome, outcome);
	return memo;
}

/* Nothing else was said before this was answered. */
static void
expect_silence(struct frontend *frontend)
{
	static uint64_t question = 1000000;
	struct job_record unknown = {.id = {.high = 1, .low = 1}};

	say(frontend, MEMO_GET, ++question, 0, &unknown, NULL);
	hear_answer(frontend, question, MEMO_NO_JOB);
}

static struct recorder_status
hear_status(struct frontend *frontend)
{
	struct recorder_status status;
	struct memo memo;

	do {
		memo = hear_any(frontend);
	} while (memo.kind != MEMO_STATUS);
	ck_assert_uint_eq(memo.size, sizeof(status));
	memcpy(&status, frontend->behind, sizeof(status));
	return status;
}

/* Waits until the recorder tells of so many changes. */
static struct recorder_status
hear_changes(struct frontend *frontend, uint64_t n_changes)
{
	struct recorder_status status;

	do {
		status = hear_status(frontend);
	} while (status.n_changes < n_changes);
	ck_assert_uint_eq(status.n_changes, n_changes);
	return status;
}

/* This frontend is given this job. */
static void
expect_run(
    struct frontend *frontend, const struct job_record *job, uint32_t attempts)
{
	struct memo memo = hear(frontend, MEMO_RUN);

	ck_assert(job_id_equals(memo.job.id, job->id));
	ck_assert(job_request_equals(&memo.job.request, &job->request));
	ck_assert_uint_eq(memo.job.attempts, attempts);
	ck_assert_uint_eq(memo.n, 0);
}

static void
submit(struct frontend *frontend, const struct job_record *job, bool is_for_me)
{
	say(frontend, MEMO_SUBMIT, job->id.low, is_for_me, job, NULL);
	hear_answer(frontend, job->id.low, MEMO_FINE);
}

static struct job_record
ended(const struct job_record *job, enum job_state state)
{
	struct job_record end = *job;

	end_job(&end, state);
	return end;
}

/* Tells that it has ended, and is told that this is known. */
static void
finish(
    struct frontend *frontend, const struct job_record *job, const char *result)
{
	struct job_record end = ended(job, JOB_DONE);
	struct memo memo;

	say(frontend, MEMO_END, 0, 0, &end, result);
	memo = hear(frontend, MEMO_ENDED);
	ck_assert(job_id_equals(memo.job.id, job->id));
}

/* What the store says of a job. */
static struct memo
get(struct frontend *frontend, const struct job_record *job)
{
	static uint64_t question = 2000000;

	say(frontend, MEMO_GET, ++question, 0, job, NULL);
	return hear_answer(frontend, question, MEMO_FINE);
}

static void
expect_stored(struct frontend *frontend, const struct job_record *job,
    enum job_state state, uint32_t attempts)
{
	struct memo memo = get(frontend, job);

	ck_assert_int_eq(memo.job.state, state);
	ck_assert_uint_eq(memo.job.attempts, attempts);
}

/* --- fixtures --- */

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	limits = (struct recorder_limits){
	    .keep_for_ms = UINT64_C(1) << 50, /* these jobs are old */
	    .commit_group = 1024,
	    .max_detached = 1000,
	};
	pulse = mmap(NULL, sizeof(*pulse), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(pulse, MAP_FAILED);
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	a.fd = b.fd = -1;
	recorder_start();
}

/* Both frontends are there, and take jobs. */
static void
setup_ready(void)
{
	setup();
	frontend_link(&a);
	frontend_link(&b);
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	order(RECORDER_ALL, NULL);
	expect_silence(&a);
	expect_silence(&b);
}

static void
teardown(void)
{
	frontend_close(&a);
	frontend_close(&b);
	recorder_stop();
	munmap(pulse, sizeof(*pulse));
	remove_folder(folder);
}

/* A new recorder, which knows nobody. */
static void
restart(void)
{
	recorder_kill();
	frontend_close(&a);
	frontend_close(&b);
	recorder_start();
	frontend_link(&a);
	frontend_link(&b);
}

/* --- who has which job --- */

START_TEST(jobs_are_given_when_all_have_said_what_they_have)
{
	struct job_record first = new_job(1), second = new_job(2);

	frontend_link(&a);
	say(&a, MEMO_READY, 0, 0, NULL, NULL);
	submit(&a, &first, false);
	submit(&a, &second, false);
	restart();
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	expect_silence(&a); /* there may be others */
	order(RECORDER_ALL, NULL);
	expect_silence(&a); /* and there is one */
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	/* The oldest first, to who has the fewest. */
	expect_run(&a, &first, 0);
	expect_run(&b, &second, 0);
	expect_silence(&a);
	expect_silence(&b);
}
END_TEST

START_TEST(who_says_last_that_these_were_all_is_waited_for)
{
	struct job_record job = new_job(1);

	frontend_link(&a);
	say(&a, MEMO_READY, 0, 0, NULL, NULL);
	submit(&a, &job, false);
	restart();
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	expect_silence(&a);
	expect_silence(&b);
	order(RECORDER_ALL, NULL);
	expect_run(&a, &job, 0);
	expect_silence(&b);
}
END_TEST

START_TEST(what_a_frontend_owns_is_not_given_away)
{
	struct job_record owned = new_job(1), free_one = new_job(2);

	submit(&a, &owned, true);
	say(&a, MEMO_START, 0, 0, &owned, NULL);
	expect_stored(&a, &owned, JOB_RUNNING, 0);
	submit(&a, &free_one, true);
	restart();
	order(RECORDER_ALL, NULL);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	expect_silence(&b);
	add(&a, MEMO_OWN, 0, 0, &owned, NULL);
	say(&a, MEMO_READY, 0, 0, NULL, NULL);
	expect_run(&b, &free_one, 0);
	expect_silence(&a);
	expect_silence(&b);
	/* It ran before the recorder died, and does so still. */
	expect_stored(&b, &owned, JOB_RUNNING, 0);
	frontend_close(&a);
	expect_run(&b, &owned, 1);
}
END_TEST

START_TEST(a_lost_frontends_jobs_are_anothers)
{
	struct job_record running = new_job(1), queued = new_job(2);
	struct job_record lost = new_job(3);

	submit(&a, &running, true);
	submit(&a, &queued, true);
	submit(&a, &lost, true);
	running.started_ms = FIRST_MS + 77;
	say(&a, MEMO_START, 0, 0, &running, NULL);
	/* As its frontend says, and not when that arrived. */
	ck_assert_uint_eq(get(&a, &running).job.started_ms, FIRST_MS + 77);
	say(&a, MEMO_START, 0, 0, &lost, NULL);
	lost.attempts = 2;
	say(&a, MEMO_LOSE, 0, 0, &lost, NULL);
	expect_stored(&a, &running, JOB_RUNNING, 0);
	expect_stored(&a, &lost, JOB_RUNNING, 2);
	frontend_close(&a);
	/* A start that was lost with it counts. */
	expect_run(&b, &running, 1);
	expect_run(&b, &queued, 0);
	expect_run(&b, &lost, 3);
	expect_stored(&b, &running, JOB_QUEUED, 1);
	expect_stored(&b, &queued, JOB_QUEUED, 0);
	expect_stored(&b, &lost, JOB_QUEUED, 3);
}
END_TEST

START_TEST(what_is_released_is_anothers_and_has_lost_nothing)
{
	struct job_record job = new_job(1);

	submit(&a, &job, true);
	say(&a, MEMO_START, 0, 0, &job, NULL);
	say(&a, MEMO_RETIRE, 0, 0, NULL, NULL);
	say(&a, MEMO_RELEASE, 0, 0, &job, NULL);
	expect_run(&b, &job, 0);
	expect_stored(&b, &job, JOB_QUEUED, 0);
	/* It is not the first one's any more. */
	say(&a, MEMO_START, 0, 0, &job, NULL);
	expect_stored(&a, &job, JOB_QUEUED, 0);
	frontend_close(&b);
	expect_silence(&a); /* it has retired */
}
END_TEST

START_TEST(a_frontend_that_takes_none_is_given_none)
{
	struct job_record job = new_job(1), other = new_job(2);

	say(&a, MEMO_RETIRE, 0, 0, NULL, NULL);
	submit(&a, &job, true);
	expect_run(&b, &job, 0);
	say(&b, MEMO_RETIRE, 0, 0, NULL, NULL);
	submit(&b, &other, false);
	expect_silence(&a);
	expect_silence(&b);
}
END_TEST

START_TEST(nonsense_cuts_its_frontend_off_and_nobody_else)
{
	struct job_record job = new_job(1);
	struct memo memo = {.kind = MEMO_END, .size = UINT64_MAX};
	char byte;

	submit(&a, &job, true);
	ck_assert_int_eq(
	    write(a.fd, &memo, sizeof(memo)), (ssize_t)sizeof(memo));
	while (read(a.fd, &byte, 1) > 0)
		continue; /* to its end */
	expect_run(&b, &job, 0);
}
END_TEST

/* --- ends, and those who wait for them --- */

START_TEST(an_end_is_recorded_once)
{
	struct job_record job = new_job(1);
	struct memo memo;

	submit(&a, &job, true);
	finish(&a, &job, RESULT);
	finish(&a, &job, "{\"state\":\"another\"}");
	memo = get(&b, &job);
	ck_assert_int_eq(memo.job.state, JOB_DONE);
	ck_assert_str_eq(b.behind, RESULT);
	frontend_close(&a);
	expect_silence(&b); /* nothing is left to run */
}
END_TEST

/* Its row was in a file that is lost, or set aside. */
START_TEST(an_end_that_the_store_knows_nothing_of_is_kept)
{
	struct job_record job = new_job(1);
	struct memo memo;

	finish(&a, &job, RESULT);
	memo = get(&b, &job);
	ck_assert_int_eq(memo.job.state, JOB_DONE);
	ck_assert(memo.job.is_detached);
	ck_assert_str_eq(b.behind, RESULT);
}
END_TEST

START_TEST(who_waits_is_answered_at_the_end)
{
	struct job_record job = new_job(1);
	struct memo memo;

	submit(&a, &job, true);
	say(&a, MEMO_WAIT, 11, 0, &job, NULL);
	say(&b, MEMO_WAIT, 12, 0, &job, NULL);
	expect_silence(&a);
	expect_silence(&b);
	job = ended(&job, JOB_DONE);
	say(&a, MEMO_END, 0, 0, &job, RESULT);
	memo = hear_answer(&a, 11, MEMO_FINE);
	ck_assert_int_eq(memo.job.state, JOB_DONE);
	ck_assert_str_eq(a.behind, RESULT);
	hear(&a, MEMO_ENDED);
	hear_answer(&b, 12, MEMO_FINE);
	ck_assert_str_eq(b.behind, RESULT);
	/* And later at once, also by another recorder. */
	restart();
	say(&b, MEMO_WAIT, 13, 0, &job, NULL);
	hear_answer(&b, 13, MEMO_FINE);
	ck_assert_str_eq(b.behind, RESULT);
}
END_TEST

START_TEST(who_has_been_forgotten_is_not_answered)
{
	struct job_record job = new_job(1);

	submit(&a, &job, true);
	say(&b, MEMO_WAIT, 11, 0, &job, NULL);
	say(&b, MEMO_WAIT, 12, 0, &job, NULL);
	say(&b, MEMO_FORGET, 11, 0, NULL, NULL);
	expect_silence(&b);
	finish(&a, &job, RESULT);
	hear_answer(&b, 12, MEMO_FINE);
	expect_silence(&b);
	/* A frontend that leaves is forgotten with its questions. */
	job = new_job(2);
	submit(&a, &job, true);
	say(&b, MEMO_WAIT, 13, 0, &job, NULL);
	expect_silence(&b);
	frontend_close(&b);
	finish(&a, &job, RESULT);
}
END_TEST

START_TEST(a_wait_and_what_forgets_it_may_come_with_its_job)
{
	struct job_record job = new_job(1), end = ended(&job, JOB_DONE);

	add(&a, MEMO_SUBMIT, 1, 1, &job, NULL);
	add(&a, MEMO_WAIT, 2, 0, &job, NULL);
	add(&a, MEMO_WAIT, 3, 0, &job, NULL);
	add(&a, MEMO_FORGET, 2, 0, NULL, NULL);
	flush(&a);
	hear_answer(&a, 1, MEMO_FINE);
	expect_silence(&a);
	say(&a, MEMO_END, 0, 0, &end, RESULT);
	hear_answer(&a, 3, MEMO_FINE);
	hear(&a, MEMO_ENDED);
	expect_silence(&a);
}
END_TEST

/* What frontends take in themselves must not hold up what was there before. */
START_TEST(jobs_of_its_own_are_no_reason_to_give_it_none)
{
	struct job_record old = new_job(1);

	limits.max_detached = 2000;
	order(RECORDER_LIMITS, NULL);
	frontend_close(&b);
	for (uint64_t i = 0; i < 1100; i++) {
		struct job_record own = new_job(i + 2);

		submit(&a, &own, true);
	}
	submit(&a, &old, false);
	expect_run(&a, &old, 0);
}
END_TEST

/* One that was accepted just now. */
static struct job_record
make_job_of_now(uint64_t number, uint64_t start_after_ms, uint64_t timeout_ms)
{
	struct job_record job = new_job(number);

	job.accepted_ms = clock_unix_ms();
	job.request.start_after_ms = start_after_ms;
	job.request.timeout_ms = timeout_ms;
	return job;
}

/* Jobs that take up all of the room that a has for nobody's. */
static void
fill_room(uint64_t start_after_ms)
{
	frontend_close(&b);
	limits.max_detached = 2000;
	order(RECORDER_LIMITS, NULL);
	expect_silence(&a);
	for (uint64_t i = 0; i < 1024; i++) {
		struct job_record job =
		    make_job_of_now(i + 100, start_after_ms, 0);

		submit(&a, &job, false);
		if (start_after_ms == 0)
			expect_run(&a, &job, 0);
	}
}

START_TEST(delayed_jobs_take_no_room_before_their_time)
{
	struct job_record job, delayed;

	fill_room(3600000);
	job = make_job_of_now(1, 0, 0);
	submit(&a, &job, false);
	expect_run(&a, &job, 0);
	delayed = make_job_of_now(2, 2100, 0);
	submit(&a, &delayed, false);
	expect_run(&a, &delayed, 0);
	frontend_close(&a);
}
END_TEST

/* It ends then, also where there is no room to run it. */
START_TEST(a_deadline_does_not_wait_for_its_jobs_turn)
{
	struct job_record job, other;

	fill_room(0);
	other = make_job_of_now(2, 0, 0);
	submit(&a, &other, false);
	job = make_job_of_now(1, 0, 100);
	submit(&a, &job, false);
	expect_run(&a, &job, 0);
	ck_assert_uint_ge(clock_unix_ms(), job.accepted_ms + 100);
	expect_silence(&a); /* there is no room for the other one */
	frontend_close(&a);
}
END_TEST

/* --- cancels --- */

START_TEST(a_cancel_stops_whoever_has_the_job)
{
	struct job_record job = new_job(1), end;
	struct memo memo;

	submit(&a, &job, true);
	say(&b, MEMO_CANCEL, 11, 0, &job, NULL);
	memo = hear(&a, MEMO_STOP);
	ck_assert(job_id_equals(memo.job.id, job.id));
	expect_silence(&b); /* it is not so yet */
	end = ended(&job, JOB_CANCELLED);
	say(&a, MEMO_END, 0, 0, &end, RESULT);
	hear(&a, MEMO_ENDED);
	memo = hear_answer(&b, 11, MEMO_FINE);
	ck_assert_int_eq(memo.job.state, JOB_CANCELLED);
	ck_assert_uint_eq(memo.n, 1); /* it was unfinished */
	say(&b, MEMO_CANCEL, 12, 0, &job, NULL);
	memo = hear_answer(&b, 12, MEMO_FINE);
	ck_assert_uint_eq(memo.n, 0); /* it was not */
}
END_TEST

START_TEST(a_cancelled_job_that_nobody_has_is_cancelled_by_who_gets_it)
{
	struct job_record job = new_job(1), end;
	struct memo memo;

	say(&a, MEMO_RETIRE, 0, 0, NULL, NULL);
	say(&b, MEMO_RETIRE, 0, 0, NULL, NULL);
	submit(&a, &job, true);
	expect_silence(&a);
	/* Nobody takes jobs, but who asks has to say that it is cancelled. */
	say(&a, MEMO_CANCEL, 11, 0, &job, NULL);
	memo = hear(&a, MEMO_RUN);
	ck_assert(job_id_equals(memo.job.id, job.id));
	ck_assert_uint_eq(memo.n, 1); /* cancelled */
	/* Who dies over it leaves it cancelled. */
	frontend_close(&a);
	say(&b, MEMO_CANCEL, 11, 0, &job, NULL);
	memo = hear(&b, MEMO_RUN);
	ck_assert_uint_eq(memo.n, 1);
	end = ended(&job, JOB_CANCELLED);
	say(&b, MEMO_END, 0, 0, &end, RESULT);
	hear_answer(&b, 11, MEMO_FINE);
	hear(&b, MEMO_ENDED);
}
END_TEST

/* A recorder that is new hears of the cancel before it hears who has the job. */
START_TEST(a_cancel_before_its_owner_is_known)
{
	struct job_record job = make_job(1), end = ended(&job, JOB_CANCELLED);

	submit(&a, &job, true);
	restart();
	order(RECORDER_ALL, NULL);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	say(&b, MEMO_CANCEL, 11, 0, &job, NULL);
	expect_silence(&b);
	add(&a, MEMO_OWN, 0, 0, &job, NULL);
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	hear(&a, MEMO_STOP);
	say(&a, MEMO_END, 0, 0, &end, RESULT);
	hear_answer(&b, 11, MEMO_FINE);
	hear(&a, MEMO_ENDED);
}
END_TEST

START_TEST(a_cancelled_job_that_nobody_has_does_not_wait_for_its_turn)
{
	struct job_record jobs[3];
	struct memo memo;

	say(&a, MEMO_RETIRE, 0, 0, NULL, NULL);
	say(&b, MEMO_RETIRE, 0, 0, NULL, NULL);
	expect_silence(&b);
	for (uint64_t i = 0; i < 3; i++) {
		jobs[i] = new_job(i + 1);
		submit(&a, &jobs[i], false);
	}
	say(&a, MEMO_CANCEL, 11, 0, &jobs[2], NULL);
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	memo = hear(&a, MEMO_RUN);
	ck_assert(job_id_equals(memo.job.id, jobs[2].id));
	ck_assert_uint_eq(memo.n, 1);
	expect_run(&a, &jobs[0], 0);
	expect_run(&a, &jobs[1], 0);
}
END_TEST

/* --- keys and bounds --- */

START_TEST(a_key_and_an_id_are_there_once)
{
	struct job_record job = new_job(1), other = new_job(2);
	struct memo memo;

	strcpy(job.request.key, "k");
	strcpy(other.request.key, "k");
	submit(&a, &job, true);
	say(&b, MEMO_SUBMIT, 11, 1, &other, NULL);
	memo = hear_answer(&b, 11, MEMO_THERE);
	ck_assert(job_id_equals(memo.job.id, job.id));
	/* One that another recorder may have taken in is asked for again. */
	restart();
	say(&b, MEMO_SUBMIT, 12, 1, &job, NULL);
	memo = hear_answer(&b, 12, MEMO_THERE);
	ck_assert(job_id_equals(memo.job.id, job.id));
}
END_TEST

START_TEST(two_at_once_with_a_key_are_one)
{
	struct job_record job = new_job(1), other = new_job(2);
	struct memo memo;

	strcpy(job.request.key, "k");
	strcpy(other.request.key, "k");
	add(&a, MEMO_SUBMIT, 1, 1, &job, NULL);
	add(&a, MEMO_SUBMIT, 2, 1, &other, NULL);
	flush(&a);
	hear_answer(&a, 1, MEMO_FINE);
	memo = hear_answer(&a, 2, MEMO_THERE);
	ck_assert(job_id_equals(memo.job.id, job.id));
}
END_TEST

START_TEST(max_detached_counts_unfinished_jobs)
{
	struct job_record jobs[4];
	struct memo memo;

	for (uint64_t i = 0; i < 4; i++)
		jobs[i] = new_job(i + 1);
	strcpy(jobs[0].request.key, "k");
	limits.max_detached = 2;
	order(RECORDER_LIMITS, NULL);
	expect_silence(&a);
	expect_silence(&b);
	/* Those that are not committed yet count, too. */
	for (uint64_t i = 0; i < 3; i++)
		add(&a, MEMO_SUBMIT, i + 1, 1, &jobs[i], NULL);
	flush(&a);
	memo = hear_answer(&a, 3, MEMO_FULL);
	ck_assert_uint_eq(memo.n, 2);
	hear_answer(&a, 1, MEMO_FINE);
	hear_answer(&a, 2, MEMO_FINE);
	/* What is there is there. */
	jobs[3].request = jobs[0].request;
	say(&b, MEMO_SUBMIT, 4, 1, &jobs[3], NULL);
	hear_answer(&b, 4, MEMO_THERE);
	/* What else shares a commit with it counts for nothing. */
	finish(&a, &jobs[0], RESULT);
	add(&a, MEMO_COLLECT, 5, 0, &jobs[0], NULL);
	add(&a, MEMO_SUBMIT, 6, 1, &jobs[2], NULL);
	flush(&a);
	hear_answer(&a, 5, MEMO_FINE);
	hear_answer(&a, 6, MEMO_FINE);
}
END_TEST

START_TEST(only_what_has_ended_is_collected)
{
	struct job_record job = new_job(1), unknown = new_job(2);
	struct memo memo;

	submit(&a, &job, true);
	say(&b, MEMO_COLLECT, 1, 0, &job, NULL);
	hear_answer(&b, 1, MEMO_UNENDED);
	say(&b, MEMO_COLLECT, 2, 0, &unknown, NULL);
	hear_answer(&b, 2, MEMO_NO_JOB);
	finish(&a, &job, RESULT);
	say(&b, MEMO_COLLECT, 3, 0, &job, NULL);
	hear_answer(&b, 3, MEMO_FINE);
	memo = get(&a, &job);
	ck_assert(memo.job.is_collected);
}
END_TEST

/* --- commits --- */

/* So many memos of this kind, which arrive together: in how many commits. */
static uint64_t
commits_of(enum memo_kind kind, uint64_t n, uint32_t group)
{
	struct recorder_status status;

	limits.commit_group = group;
	order(RECORDER_LIMITS, NULL);
	expect_silence(&a);
	for (uint64_t i = 0; i < n; i++) {
		struct job_record job = new_job(i + 1);

		if (kind == MEMO_HISTORY)
			job = ended(&job, JOB_DONE);
		add(&a, kind, i + 1, 1, &job,
		    kind == MEMO_HISTORY ? RESULT : NULL);
	}
	/* All of it is one write, and less than the recorder reads at once. */
	ck_assert_uint_lt(evbuffer_get_length(a.output), 16384);
	flush(&a);
	status = hear_changes(&a, n);
	return status.n_commits;
}

START_TEST(what_arrives_together_shares_a_commit)
{
	ck_assert_uint_eq(commits_of(MEMO_SUBMIT, 8, 1024), 1);
}
END_TEST

START_TEST(no_more_than_commit_group_share_one)
{
	ck_assert_uint_eq(commits_of(MEMO_SUBMIT, 8, 3), 3);
}
END_TEST

/* A stream of them must not hold up those who wait for the commit. */
START_TEST(histories_count_for_commit_group)
{
	ck_assert_uint_eq(commits_of(MEMO_HISTORY, 8, 3), 3);
}
END_TEST

/* Until nothing is known of it any more. */
static void
expect_removal(const struct job_record *job)
{
	static uint64_t question = 3000000;
	struct memo memo;

	do {
		say(&a, MEMO_GET, ++question, 0, job, NULL);
		memo = hear(&a, MEMO_ANSWER);
	} while (memo.outcome == MEMO_FINE);
	ck_assert_int_eq(memo.outcome, MEMO_NO_JOB);
}

static void
add_history(uint64_t number)
{
	struct job_record job = new_job(number);

	job = ended(&job, JOB_DONE);
	add(&a, MEMO_HISTORY, 0, 0, &job, RESULT);
}

/* Where more ends than the ticks remove, each commit removes as many. */
START_TEST(removal_keeps_pace_with_what_ends)
{
	const struct job_record first = new_job(1), last = new_job(10000);

	for (uint64_t i = 1; i <= 10000; i++)
		add_history(i);
	flush(&a);
	expect_stored(&a, &last, JOB_DONE, 3);
	limits.keep_for_ms = 1;
	order(RECORDER_LIMITS, NULL);
	expect_removal(&first);
	/* 129 with each commit; ticks would take seconds. */
	for (uint64_t i = 1; i <= 78; i++) {
		add_history(10000 + i);
		flush(&a);
		expect_silence(&a);
	}
	say(&a, MEMO_GET, 1, 0, &last, NULL);
	hear_answer(&a, 1, MEMO_NO_JOB);
}
END_TEST

/* A job, or its end, that is not committed is nobody's business. */
START_TEST(questions_wait_for_the_open_commit)
{
	struct job_record job = new_job(1), end = ended(&job, JOB_DONE);
	struct store_query query;
	struct memo list = {
	    .kind = MEMO_LIST, .question = 3, .size = sizeof(query)};
	struct memo memo;

	memset(&query, 0, sizeof(query));
	query.limit = 10;
	add(&a, MEMO_SUBMIT, 1, 1, &job, NULL);
	add(&a, MEMO_GET, 2, 0, &job, NULL);
	ck_assert_int_eq(memo_write(a.output, &list, &query), 0);
	flush(&a);
	hear_answer(&a, 1, MEMO_FINE);
	memo = hear_answer(&a, 2, MEMO_FINE);
	ck_assert_int_eq(memo.job.state, JOB_QUEUED);
	memo = hear_answer(&a, 3, MEMO_FINE);
	ck_assert_uint_eq(memo.n, 1);

	add(&a, MEMO_END, 0, 0, &end, RESULT);
	add(&a, MEMO_GET, 4, 0, &job, NULL);
	add(&a, MEMO_WAIT, 5, 0, &job, NULL);
	add(&a, MEMO_COLLECT, 6, 0, &job, NULL);
	flush(&a);
	hear_answer(&a, 6, MEMO_UNENDED);
	hear_answer(&a, 5, MEMO_FINE);
	hear(&a, MEMO_ENDED);
	memo = hear_answer(&a, 4, MEMO_FINE);
	ck_assert_int_eq(memo.job.state, JOB_DONE);
}
END_TEST

/* --- a store that somebody else has --- */

/* The recorder is replaced while another process has the store open, until that
 * is told to let go. Returns that process; *hold is to be closed. */
static pid_t
restart_without_store(int *hold)
{
	int ends[2];
	pid_t holder;
	char byte;

	recorder_kill();
	frontend_close(&a);
	frontend_close(&b);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fflush(NULL);
	holder = fork();
	ck_assert_int_ge(holder, 0);
	if (holder == 0) {
		char error[STORE_ERROR_CHARS + 1], *set_aside;
		struct store *store = store_open(folder, &set_aside, error);

		close(ends[1]);
		if (store != NULL && write(ends[0], "", 1) == 1)
			(void)!read(ends[0], &byte, 1);
		store_close(store);
		exit(EXIT_SUCCESS);
	}
	close(ends[0]);
	ck_assert_int_eq(read(ends[1], &byte, 1), 1);
	*hold = ends[1];
	recorder_start();
	frontend_link(&a);
	frontend_link(&b);
	ck_assert(!hear_status(&a).is_available);
	return holder;
}

static void
let_go(pid_t holder, int hold)
{
	/* The recorder has a copy of it. */
	ck_assert_int_eq(shutdown(hold, SHUT_RDWR), 0);
	close(hold);
	ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
}

/* --- its life --- */

/* Results that its frontend wrote before it was killed are not lost, though it
 * hears no answer. */
START_TEST(what_a_dead_frontend_wrote_is_read_to_its_end)
{
	enum { N = 40 };
	struct job_record jobs[N];
	char result[4001];

	/* Answers are written before all of it is read. */
	limits.commit_group = 1;
	order(RECORDER_LIMITS, NULL);
	expect_silence(&a);
	memset(result, ' ', sizeof(result) - 1);
	result[sizeof(result) - 1] = '\0';
	for (uint64_t i = 0; i < N; i++) {
		jobs[i] = new_job(i + 1);
		submit(&a, &jobs[i], true);
	}
	/* It is slow, and so finds all of it and the end. */
	ck_assert_int_eq(kill(recorder, SIGSTOP), 0);
	for (uint64_t i = 0; i < N; i++) {
		struct job_record end = ended(&jobs[i], JOB_DONE);

		say(&a, MEMO_END, 0, 0, &end, result);
	}
	frontend_close(&a);
	ck_assert_int_eq(kill(recorder, SIGCONT), 0);
	expect_silence(&b);
	for (uint64_t i = 0; i < N; i++)
		expect_stored(&b, &jobs[i], JOB_DONE, 3);
}
END_TEST

/* The most memory that the recorder had, in KiB. */
static long
recorder_peak_kib(void)
{
	char path[64], line[128];
	long peak = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)recorder);
	status = fopen(path, "r");
	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	}
	fclose(status);
	return peak;
}

/* Questions are short and answers are long: 75 MiB, if it had them at once. */
START_TEST(answers_wait_for_who_asks_to_take_them)
{
	enum { QUESTIONS = 150, SIZE = 512 << 10 };
	struct job_record job = new_job(1);
	char *result = malloc(SIZE + 1);
	long before_kib;

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', SIZE);
	result[SIZE] = '\0';
	submit(&a, &job, true);
	finish(&a, &job, result);
	before_kib = recorder_peak_kib();
	for (uint64_t i = 1; i <= QUESTIONS; i++)
		add(&a, MEMO_GET, i, 0, &job, NULL);
	flush(&a);
	expect_silence(&b); /* others are heard */
	for (uint64_t i = 1; i <= QUESTIONS; i++)
		ck_assert_uint_eq(hear_answer(&a, i, MEMO_FINE).size, SIZE);
	/* A sanitizer keeps what was freed. */
	if (sandbox_is_built())
		ck_assert_int_lt(recorder_peak_kib() - before_kib, 24 << 10);
	free(result);
}
END_TEST

/* What it may not answer any more it hears to the end. */
START_TEST(what_a_dead_frontend_asked_and_wrote_is_heard)
{
	enum { QUESTIONS = 60, SIZE = 512 << 10 };
	struct job_record job = new_job(1), last = new_job(2);
	char *result = malloc(SIZE + 1);

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', SIZE);
	result[SIZE] = '\0';
	submit(&a, &job, true);
	submit(&a, &last, true);
	finish(&a, &job, result);
	for (uint64_t i = 1; i <= QUESTIONS; i++)
		add(&a, MEMO_GET, i, 0, &job, NULL);
	job = ended(&last, JOB_DONE);
	add(&a, MEMO_END, 0, 0, &job, RESULT);
	flush(&a);
	frontend_close(&a);
	say(&b, MEMO_WAIT, 1, 0, &last, NULL);
	hear_answer(&b, 1, MEMO_FINE);
	free(result);
}
END_TEST

START_TEST(a_store_that_another_has_is_waited_for)
{
	struct job_record job = new_job(1), end = ended(&job, JOB_DONE);
	int hold;
	pid_t holder;

	submit(&a, &job, true);
	holder = restart_without_store(&hold);
	add(&a, MEMO_OWN, 0, 0, &job, NULL);
	add(&a, MEMO_READY, 0, 1, NULL, NULL);
	add(&a, MEMO_END, 0, 0, &end, RESULT);
	add(&a, MEMO_SUBMIT, 2, 1, &job, NULL);
	add(&a, MEMO_WAIT, 3, 0, &job, NULL);
	flush(&a);
	say(&b, MEMO_READY, 0, 0, NULL, NULL);
	order(RECORDER_ALL, NULL);
	hear_answer(&a, 2, MEMO_UNAVAILABLE);
	let_go(holder, hold);
	while (!hear_status(&a).is_available)
		continue;
	/* It had the job, and is not given it again; now it says so again. */
	say(&a, MEMO_END, 0, 0, &end, RESULT);
	hear_answer(&a, 3, MEMO_FINE);
	hear(&a, MEMO_ENDED);
	expect_stored(&a, &job, JOB_DONE, 3);
}
END_TEST

/* What a frontend has when the store opens late is its own, if it is there. */
START_TEST(claims_are_checked_when_the_store_opens)
{
	struct job_record own = new_job(1), gone = new_job(2);
	struct job_record others = new_job(3), dead = new_job(4);
	int hold;
	pid_t holder;

	submit(&a, &own, true);
	submit(&a, &gone, true);
	submit(&a, &others, true);
	submit(&a, &dead, true);
	finish(&a, &gone, RESULT);
	holder = restart_without_store(&hold);
	order(RECORDER_ALL, NULL);
	add(&a, MEMO_OWN, 0, 0, &own, NULL);
	add(&a, MEMO_OWN, 0, 0, &gone, NULL);
	add(&a, MEMO_READY, 0, 0, NULL, NULL);
	add(&a, MEMO_WAIT, 1, 0, &gone, NULL);
	flush(&a);
	/* Who claims this one dies. */
	add(&b, MEMO_OWN, 0, 0, &dead, NULL);
	add(&b, MEMO_LIST, 1, 0, NULL, NULL);
	flush(&b);
	hear_answer(&b, 1, MEMO_UNAVAILABLE);
	frontend_close(&b);
	frontend_link(&b);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	let_go(holder, hold);
	hear_answer(&a, 1, MEMO_FINE);
	ck_assert_str_eq(a.behind, RESULT);
	/* The first accepted first, also where the other was known before. */
	expect_run(&b, &others, 0);
	expect_run(&b, &dead, 0);
	expect_silence(&b);
	expect_silence(&a);
	frontend_close(&a);
	expect_run(&b, &own, 0);
	expect_silence(&b);
}
END_TEST

/* A reload may want more beats than before, and there may have been none. */
START_TEST(its_pulse_follows_the_limits)
{
	uint64_t beats = atomic_load(&pulse->beats);

	ck_assert_uint_eq(beats, 0);
	for (int i = 0; i < 2; i++) {
		/* An hour, and then a fraction of it. */
		limits.beat_every_ns =
		    i == 0 ? UINT64_C(3600000000000) : UINT64_C(10000000);
		order(RECORDER_LIMITS, NULL);
		expect_silence(&a);
		expect_silence(&b);
	}
	while (atomic_load(&pulse->beats) < 10)
		expect_silence(&a);
}
END_TEST

START_TEST(it_leaves_when_the_last_frontend_has_left)
{
	struct job_record job = new_job(1);
	int status;

	submit(&a, &job, true);
	ck_assert_int_eq(shutdown(inbox, SHUT_WR), 0);
	/* It serves those who are there. */
	expect_silence(&b);
	finish(&a, &job, RESULT);
	frontend_close(&a);
	expect_silence(&b);
	frontend_close(&b);
	ck_assert_int_eq(waitpid(recorder, &status, 0), recorder);
	ck_assert_int_eq(status, 0);
	close(inbox);
	recorder_start(); /* for teardown() */
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_a_frontend_owns_is_not_given_away,
	    a_lost_frontends_jobs_are_anothers,
	    what_is_released_is_anothers_and_has_lost_nothing,
	    a_frontend_that_takes_none_is_given_none,
	    nonsense_cuts_its_frontend_off_and_nobody_else,
	    an_end_is_recorded_once,
	    an_end_that_the_store_knows_nothing_of_is_kept,
	    who_waits_is_answered_at_the_end,
	    who_has_been_forgotten_is_not_answered,
	    a_wait_and_what_forgets_it_may_come_with_its_job,
	    a_cancel_stops_whoever_has_the_job,
	    a_cancelled_job_that_nobody_has_is_cancelled_by_who_gets_it,
	    a_cancel_before_its_owner_is_known,
	    a_cancelled_job_that_nobody_has_does_not_wait_for_its_turn,
	    jobs_of_its_own_are_no_reason_to_give_it_none,
	    delayed_jobs_take_no_room_before_their_time,
	    a_deadline_does_not_wait_for_its_jobs_turn,
	    a_key_and_an_id_are_there_once,
	    two_at_once_with_a_key_are_one,
	    max_detached_counts_unfinished_jobs,
	    only_what_has_ended_is_collected,
	    what_arrives_together_shares_a_commit,
	    no_more_than_commit_group_share_one,
	    histories_count_for_commit_group,
	    removal_keeps_pace_with_what_ends,
	    questions_wait_for_the_open_commit,
	    what_a_dead_frontend_wrote_is_read_to_its_end,
	    answers_wait_for_who_asks_to_take_them,
	    what_a_dead_frontend_asked_and_wrote_is_heard,
	    a_store_that_another_has_is_waited_for,
	    claims_are_checked_when_the_store_opens,
	    its_pulse_follows_the_limits,
	    it_leaves_when_the_last_frontend_has_left,
	};
	const TTest *const beginnings[] = {
	    jobs_are_given_when_all_have_said_what_they_have,
	    who_says_last_that_these_were_all_is_waited_for,
	};
	Suite *suite = suite_create("recorder");
	TCase *ready = tcase_create("ready"), *begin = tcase_create("begin");

	tcase_set_timeout(ready, 60);
	tcase_add_checked_fixture(ready, setup_ready, teardown);
	for (size_t i = 0; i < COUNT(tests); i++)
		tcase_add_test(ready, tests[i]);
	suite_add_tcase(suite, ready);
	tcase_set_timeout(begin, 60);
	tcase_add_checked_fixture(begin, setup, teardown);
	for (size_t i = 0; i < COUNT(beginnings); i++)
		tcase_add_test(begin, beginnings[i]);
	suite_add_tcase(suite, begin);
	return suite_main(suite);
}
