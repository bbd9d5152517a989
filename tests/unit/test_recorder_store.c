/*
 * The recorder and its store: what shares a commit, what waits for it, and a
 * store that somebody else has. See recorder_fixture.h for who is who.
 */
#include <check.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/store.h"
#include "tests/unit/recorder_fixture.h"

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
	hang_up(&a);
	hang_up(&b);
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
	link_up(&a);
	link_up(&b);
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
	hang_up(&b);
	link_up(&b);
	say(&b, MEMO_READY, 0, 1, NULL, NULL);
	let_go(holder, hold);
	hear_answer(&a, 1, MEMO_FINE);
	ck_assert_str_eq(a.behind, RESULT);
	/* The first accepted first, also where the other was known before. */
	expect_run(&b, &others, 0);
	expect_run(&b, &dead, 0);
	expect_silence(&b);
	expect_silence(&a);
	hang_up(&a);
	expect_run(&b, &own, 0);
	expect_silence(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_arrives_together_shares_a_commit,
	    no_more_than_commit_group_share_one,
	    histories_count_for_commit_group,
	    removal_keeps_pace_with_what_ends,
	    questions_wait_for_the_open_commit,
	    a_store_that_another_has_is_waited_for,
	    claims_are_checked_when_the_store_opens,
	};
	Suite *suite = suite_create("recorder_store");

	add_case(suite, "ready", setup_ready, tests, COUNT(tests));
	return suite_main(suite);
}
