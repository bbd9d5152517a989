/*
 * The recorder runs in a child of the test, which is the master and two frontends
 * by hand: whatever it says it has written when a call returns, and it reads
 * what it waits for.
 */
#include "tests/unit/recorder_fixture.h"

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

#include "daemon/log.h"
#include "daemon/packet.h"

#define WAIT_MS 20000 /* nothing takes so long */

char folder[] = "/tmp/gild-recorder-XXXXXX";
struct recorder_limits limits;
struct recorder_record *pulse;
pid_t recorder;
int inbox;
struct frontend a, b;

/* A job that has no deadline: by the clock it would be over long since. */
struct job_record
new_job(uint64_t number)
{
	struct job_record job = make_job(number);

	job.request.timeout_ms = 0;
	return job;
}

/* --- the master's part --- */

void
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
		const struct recorder_setup start = {
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
		exit(recorder_main(&start));
	}
	close(ends[0]);
}

void
recorder_kill(void)
{
	ck_assert_int_eq(kill(recorder, SIGKILL), 0);
	ck_assert_int_eq(waitpid(recorder, NULL, 0), recorder);
	close(inbox);
}

void
recorder_stop(void)
{
	int status;

	close(inbox);
	ck_assert_int_eq(waitpid(recorder, &status, 0), recorder);
	ck_assert_int_eq(status, 0);
}

void
order(enum recorder_order_kind kind, struct packet_fds *fds)
{
	const struct recorder_order packet = {.kind = kind, .limits = limits};

	ck_assert_int_eq(packet_send(inbox, &packet, sizeof(packet), fds), 0);
}

/* --- a frontend's part --- */

void
link_up(struct frontend *frontend)
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

void
hang_up(struct frontend *frontend)
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

void
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

void
flush(struct frontend *frontend)
{
	while (evbuffer_get_length(frontend->output) > 0)
		ck_assert_int_gt(
		    evbuffer_write(frontend->output, frontend->fd), 0);
}

void
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

struct memo
hear(struct frontend *frontend, enum memo_kind kind)
{
	struct memo memo;

	do {
		memo = hear_any(frontend);
	} while (memo.kind == MEMO_STATUS);
	ck_assert_int_eq(memo.kind, kind);
	return memo;
}

struct memo
hear_answer(
    struct frontend *frontend, uint64_t question, enum memo_outcome outcome)
{
	struct memo memo = hear(frontend, MEMO_ANSWER);

	ck_assert_uint_eq(memo.question, question);
	ck_assert_int_eq(memo.outcome, outcome);
	return memo;
}

void
expect_silence(struct frontend *frontend)
{
	static uint64_t question = 1000000;
	struct job_record unknown = {.id = {.high = 1, .low = 1}};

	say(frontend, MEMO_GET, ++question, 0, &unknown, NULL);
	hear_answer(frontend, question, MEMO_NO_JOB);
}

struct recorder_status
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

struct recorder_status
hear_changes(struct frontend *frontend, uint64_t n_changes)
{
	struct recorder_status status;

	do {
		status = hear_status(frontend);
	} while (status.n_changes < n_changes);
	ck_assert_uint_eq(status.n_changes, n_changes);
	return status;
}

void
expect_run(
    struct frontend *frontend, const struct job_record *job, uint32_t attempts)
{
	struct memo memo = hear(frontend, MEMO_RUN);

	ck_assert(job_id_equals(memo.job.id, job->id));
	ck_assert(job_request_equals(&memo.job.request, &job->request));
	ck_assert_uint_eq(memo.job.attempts, attempts);
	ck_assert_uint_eq(memo.n, 0);
}

void
submit(struct frontend *frontend, const struct job_record *job, bool is_for_me)
{
	say(frontend, MEMO_SUBMIT, job->id.low, is_for_me, job, NULL);
	hear_answer(frontend, job->id.low, MEMO_FINE);
}

struct job_record
ended(const struct job_record *job, enum job_state state)
{
	struct job_record end = *job;

	end_job(&end, state);
	return end;
}

void
finish(
    struct frontend *frontend, const struct job_record *job, const char *result)
{
	struct job_record end = ended(job, JOB_DONE);
	struct memo memo;

	say(frontend, MEMO_END, 0, 0, &end, result);
	memo = hear(frontend, MEMO_ENDED);
	ck_assert(job_id_equals(memo.job.id, job->id));
}

struct memo
get(struct frontend *frontend, const struct job_record *job)
{
	static uint64_t question = 2000000;

	say(frontend, MEMO_GET, ++question, 0, job, NULL);
	return hear_answer(frontend, question, MEMO_FINE);
}

void
expect_stored(struct frontend *frontend, const struct job_record *job,
    enum job_state state, uint32_t attempts)
{
	struct memo memo = get(frontend, job);

	ck_assert_int_eq(memo.job.state, state);
	ck_assert_uint_eq(memo.job.attempts, attempts);
}

/* --- fixtures --- */

void
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

void
setup_ready(void)
{
	setup();
	link_up(&a);
	link_up(&b);
	say(&a, MEMO_READY, 0, 1, NULL, NULL);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	order(RECORDER_ALL, NULL);
	expect_silence(&a);
	expect_silence(&b);
}

static void
teardown(void)
{
	hang_up(&a);
	hang_up(&b);
	recorder_stop();
	munmap(pulse, sizeof(*pulse));
	remove_folder(folder);
}

void
restart(void)
{
	recorder_kill();
	hang_up(&a);
	hang_up(&b);
	recorder_start();
	link_up(&a);
	link_up(&b);
}

void
add_case(Suite *suite, const char *name, SFun begin, const TTest *const tests[],
    size_t n_tests)
{
	suite_add_case(suite, name, begin, teardown, tests, n_tests);
}
