/*
 * What frontends ask of the recorder and tell it, and what they hear of it: ends,
 * waits, keys, bounds. See recorder_fixture.h for who is who.
 */
#include <check.h>
#include <string.h>

#include "tests/unit/recorder_fixture.h"

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
	hang_up(&a);
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
	hang_up(&b);
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

int
main(void)
{
	const TTest *const tests[] = {
	    an_end_is_recorded_once,
	    an_end_that_the_store_knows_nothing_of_is_kept,
	    who_waits_is_answered_at_the_end,
	    who_has_been_forgotten_is_not_answered,
	    a_wait_and_what_forgets_it_may_come_with_its_job,
	    a_key_and_an_id_are_there_once,
	    two_at_once_with_a_key_are_one,
	    max_detached_counts_unfinished_jobs,
	    only_what_has_ended_is_collected,
	};
	Suite *suite = suite_create("recorder_memos");

	add_case(suite, "ready", setup_ready, tests, COUNT(tests));
	return suite_main(suite);
}
