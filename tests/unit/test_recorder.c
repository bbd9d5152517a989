/*
 * The recorder's life: its links, their ends and its own, its pulse, and the
 * memory that it takes. Who has which job, what frontends ask and what the store
 * does are test_recorder_jobs.c's, test_recorder_memos.c's and
 * test_recorder_store.c's.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/sandbox.h"
#include "tests/unit/recorder_fixture.h"

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
	hang_up(&a);
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
	hang_up(&a);
	say(&b, MEMO_WAIT, 1, 0, &last, NULL);
	hear_answer(&b, 1, MEMO_FINE);
	free(result);
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
	hang_up(&a);
	expect_silence(&b);
	hang_up(&b);
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
	    nonsense_cuts_its_frontend_off_and_nobody_else,
	    what_a_dead_frontend_wrote_is_read_to_its_end,
	    answers_wait_for_who_asks_to_take_them,
	    what_a_dead_frontend_asked_and_wrote_is_heard,
	    its_pulse_follows_the_limits,
	    it_leaves_when_the_last_frontend_has_left,
	};
	Suite *suite = suite_create("recorder");

	add_case(suite, "ready", setup_ready, tests, COUNT(tests));
	return suite_main(suite);
}
