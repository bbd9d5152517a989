/*
 * Who has which job: what the recorder gives to whom, and whom it has stop a
 * job. See recorder_fixture.h for who is who.
 */
#include <check.h>
#include <stdint.h>

#include "daemon/clock.h"
#include "tests/unit/recorder_fixture.h"

START_TEST(jobs_are_given_when_all_have_said_what_they_have)
{
	struct job_record first = new_job(1), second = new_job(2);

	link_up(&a);
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

	link_up(&a);
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
	hang_up(&a);
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
	hang_up(&a);
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
	hang_up(&b);
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

/* What frontends take in themselves must not hold up what was there before. */
START_TEST(jobs_of_its_own_are_no_reason_to_give_it_none)
{
	struct job_record old = new_job(1);

	limits.max_detached = 2000;
	order(RECORDER_LIMITS, NULL);
	hang_up(&b);
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
	hang_up(&b);
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
	hang_up(&a);
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
	hang_up(&a);
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
	hang_up(&a);
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

int
main(void)
{
	const TTest *const tests[] = {
	    what_a_frontend_owns_is_not_given_away,
	    a_lost_frontends_jobs_are_anothers,
	    what_is_released_is_anothers_and_has_lost_nothing,
	    a_frontend_that_takes_none_is_given_none,
	    jobs_of_its_own_are_no_reason_to_give_it_none,
	    delayed_jobs_take_no_room_before_their_time,
	    a_deadline_does_not_wait_for_its_jobs_turn,
	    a_cancel_stops_whoever_has_the_job,
	    a_cancelled_job_that_nobody_has_is_cancelled_by_who_gets_it,
	    a_cancel_before_its_owner_is_known,
	    a_cancelled_job_that_nobody_has_does_not_wait_for_its_turn,
	};
	const TTest *const beginnings[] = {
	    jobs_are_given_when_all_have_said_what_they_have,
	    who_says_last_that_these_were_all_is_waited_for,
	};
	Suite *suite = suite_create("recorder_jobs");

	add_case(suite, "begin", setup, beginnings, COUNT(beginnings));
	add_case(suite, "ready", setup_ready, tests, COUNT(tests));
	return suite_main(suite);
}
