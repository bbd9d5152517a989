/*
 * What comparisons mean: the sentences of typical machines, of odd ones, and
 * of those whose figures are to be doubted.
 */
#include "client/verdict.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MS UINT64_C(1000000)

static struct comparison comparison;

/* wall_ms, a range of 1 % around it, and the CPU time. */
static void
put_row(enum arm arm, uint32_t workers, uint64_t wall_ms, uint64_t cpu_ms)
{
	struct row *row = &comparison.rows[arm];

	snprintf(row->pool, sizeof(row->pool), "%s",
	    arm == ARM_THREADS ? "threads" : "processes");
	row->workers = workers;
	row->executors = 8;
	row->wall_ns = (struct sample){
	    .median = wall_ms * MS,
	    .min = wall_ms * MS - wall_ms * MS / 200,
	    .max = wall_ms * MS + wall_ms * MS / 200,
	};
	row->cpu_ns = cpu_ms * MS;
	row->speedup = (double)comparison.rows[ARM_SEQUENTIAL].wall_ns.median /
	    (double)row->wall_ns.median;
}

/* Two workers on two quiet cores, under a lock as CPython's. */
static void
setup(void)
{
	comparison = (struct comparison){
	    .count = 50000000,
	    .workers = 2,
	    .cost_ns = 20,
	    .rounds = 3,
	    .cores = 2,
	    .noise_floor = 0.006,
	};
	put_row(ARM_SEQUENTIAL, 1, 1012, 1011);
	put_row(ARM_THREADS, 2, 1031, 1014);
	put_row(ARM_PROCESSES, 2, 513, 1014);
	comparison.rows[ARM_THREADS].lock_wait_ns = 1018 * MS;
	comparison.rows[ARM_THREADS].switches = 205;
}

/* All sentences of one tone, each ended by a line feed. */
static const char *
said(enum verdict_tone tone)
{
	static char text[VERDICT_MAX_SENTENCES * (VERDICT_SENTENCE_CHARS + 2)];
	struct verdict verdict = verdict_reach(&comparison);

	text[0] = '\0';
	for (size_t i = 0; i < verdict.n_sentences; i++)
		if (verdict.sentences[i].tone == tone) {
			strcat(text, verdict.sentences[i].text);
			strcat(text, "\n");
		}
	return text;
}

static void
assert_says(enum verdict_tone tone, const char *part)
{
	ck_assert_msg(strstr(said(tone), part) != NULL, "\"%s\" is not in:\n%s",
	    part, said(tone));
}

START_TEST(the_usual_machine)
{
	ck_assert_str_eq(said(VERDICT_FINDING),
	    "Under one lock two threads took turns, 199 times a second: while "
	    "one counted, the other waited. It took 1.9 % longer than one "
	    "after another.\n"
	    "Two processes did the same work 1.97 times as fast as one after "
	    "another: 99 % of what two CPUs could give.\n");
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "The lock cost 0.518 s of the threads' 1.031 s. For such work take "
	    "processes.\n");
	ck_assert_str_eq(said(VERDICT_WARNING), "");
}
END_TEST

/* The lock is not blamed for what it has not done. */
START_TEST(without_waits_the_lock_cost_nothing)
{
	comparison.rows[ARM_THREADS].lock_wait_ns = 0;
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "For work like this take processes: threads under one lock buy no "
	    "time.\n");
}
END_TEST

START_TEST(too_few_threads_are_not_the_locks_fault)
{
	comparison.rows[ARM_THREADS].executors = 1;
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "For work like this take processes: threads under one lock buy no "
	    "time.\n");
}
END_TEST

START_TEST(uneven_waits_are_told_in_percent)
{
	comparison.rows[ARM_THREADS].lock_wait_ns = 640 * MS;
	assert_says(VERDICT_FINDING,
	    "Under one lock two threads took turns, 199 times a second, each "
	    "waiting for the lock 31 % of the time. It took 1.9 % longer");
}
END_TEST

START_TEST(within_the_noise_no_difference_is_seen)
{
	comparison.noise_floor = 0.03;
	assert_says(VERDICT_FINDING,
	    "while one counted, the other waited. No difference seen from one "
	    "after another.\n");
	ck_assert_str_eq(said(VERDICT_WARNING), "");
}
END_TEST

START_TEST(ranges_that_touch_are_no_difference)
{
	comparison.rows[ARM_THREADS].wall_ns.min =
	    comparison.rows[ARM_SEQUENTIAL].wall_ns.max;
	assert_says(VERDICT_FINDING, "No difference seen");
	comparison.rows[ARM_THREADS].wall_ns.min++;
	assert_says(VERDICT_FINDING, "1.9 % longer");
}
END_TEST

START_TEST(a_lock_that_hurts_is_called_so)
{
	put_row(ARM_THREADS, 2, 2530, 1014);
	assert_says(VERDICT_FINDING, "It took 2.5 times as long as one after");
}
END_TEST

START_TEST(held_throughout_there_are_no_turns)
{
	comparison.rows[ARM_THREADS].switches = 0;
	assert_says(VERDICT_FINDING,
	    "Under one lock two threads ran one after the other. It took");
}
END_TEST

START_TEST(rare_turns_are_counted)
{
	comparison.rows[ARM_THREADS].switches = 1;
	comparison.rows[ARM_THREADS].wall_ns.median = 1031 * MS;
	assert_says(VERDICT_FINDING, "took turns, once: while");
	comparison.rows[ARM_THREADS].switches = 1031;
	put_row(ARM_THREADS, 2, 2000000, 1014);
	assert_says(VERDICT_FINDING, "took turns, 1,031 times. It took");
}
END_TEST

START_TEST(threads_that_are_free_are_praised)
{
	put_row(ARM_THREADS, 2, 520, 1014);
	comparison.rows[ARM_THREADS].lock_wait_ns = 0;
	comparison.rows[ARM_THREADS].switches = 0;
	assert_says(VERDICT_FINDING,
	    "Two threads did the same work 1.95 times as fast as one after "
	    "another.\n");
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "For work like this threads do as well as processes: take what is "
	    "simpler.\n");
}
END_TEST

START_TEST(threads_that_gain_less_are_weighed)
{
	put_row(ARM_THREADS, 2, 760, 1014);
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "For work like this take processes: they are 1.48 times as fast "
	    "as threads.\n");
}
END_TEST

START_TEST(four_workers_wait_three_quarters)
{
	comparison.workers = 4;
	comparison.cores = 4;
	put_row(ARM_THREADS, 4, 1020, 1014);
	put_row(ARM_PROCESSES, 4, 262, 1014);
	comparison.rows[ARM_THREADS].lock_wait_ns = 3060 * MS;
	assert_says(VERDICT_FINDING, ": while one counted, the others waited.");
	assert_says(VERDICT_FINDING,
	    "Four processes did the same work 3.86 "
	    "times as fast as one after another: 97 % "
	    "of what four CPUs could give.");
}
END_TEST

START_TEST(one_cpu_gains_nothing_and_is_told)
{
	comparison.cores = 1;
	put_row(ARM_PROCESSES, 2, 1013, 1014);
	assert_says(VERDICT_FINDING,
	    "Two processes: no difference seen from one after another.");
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Nothing can be gained where only one worker runs at a time.\n");
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "2 workers share 1 CPU: take no more workers than CPUs to see what "
	    "processes can give.\n");
}
END_TEST

START_TEST(splitting_may_gain_nothing)
{
	put_row(ARM_PROCESSES, 2, 1013, 2024);
	ck_assert_str_eq(
	    said(VERDICT_ADVICE), "Splitting this work gains nothing here.\n");
}
END_TEST

START_TEST(few_executors_are_told)
{
	comparison.cores = 8;
	comparison.rows[ARM_PROCESSES].executors = 1;
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The pool processes has 1 executor for 2 workers: some tasks "
	    "waited for others. Give it a larger size.\n");
}
END_TEST

START_TEST(cpu_times_that_differ_are_told)
{
	comparison.rows[ARM_PROCESSES].cpu_ns = 1061 * MS;
	ck_assert_str_eq(said(VERDICT_WARNING), "");
	comparison.rows[ARM_PROCESSES].cpu_ns = 1062 * MS;
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The same work took from 1.011 s to 1.062 s of CPU time: something "
	    "else used this machine, or its CPUs share a core.\n");
}
END_TEST

START_TEST(a_machine_with_others_on_it_is_told)
{
	put_row(ARM_PROCESSES, 2, 1002, 1010);
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "Other programs kept the CPUs from processes (50 % of the "
	    "time).\n");
	put_row(ARM_SEQUENTIAL, 1, 1500, 1010);
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "Other programs kept the CPUs from one after another (33 % of the "
	    "time), processes (50 % of the time).\n");
	/* What they made of the figures is not to be acted upon. */
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Measure again before you act on this: the warnings say why.\n");
}
END_TEST

START_TEST(noise_is_told)
{
	comparison.noise_floor = 0.12;
	assert_says(
	    VERDICT_WARNING, "The same job measured twice differs by 12 %.");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
}
END_TEST

/* "No difference seen" is no news where none could have been seen. */
START_TEST(ranges_in_which_a_difference_may_hide_are_told)
{
	comparison.rows[ARM_PROCESSES].wall_ns.max = 1200 * MS;
	assert_says(VERDICT_FINDING, "Two processes: no difference seen");
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "Ranges from min to max overlap so far that a difference may hide "
	    "in them. Take a larger COUNT, or a quiet machine.\n");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
}
END_TEST

START_TEST(few_rounds_are_told)
{
	comparison.rounds = 2;
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "Two rounds may be chance. Take --rounds 3 or more.\n");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
}
END_TEST

START_TEST(short_runs_are_told)
{
	put_row(ARM_SEQUENTIAL, 1, 3, 3);
	put_row(ARM_THREADS, 2, 3, 3);
	put_row(ARM_PROCESSES, 2, 2, 3);
	assert_says(VERDICT_WARNING, "A run took only 3.00 ms: starting");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
}
END_TEST

/* A server may send anything; whatever the figures, there is room. */
START_TEST(all_sentences_at_once_fit)
{
	comparison = (struct comparison){
	    .workers = UINT32_MAX, .cores = 1, .noise_floor = 2};
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		struct row *row = &comparison.rows[arm];

		memset(row->pool, 'p', sizeof(row->pool) - 1);
		row->workers = UINT32_MAX;
		row->executors = 1;
		row->cpu_ns = arm * MS;
		row->switches = UINT64_MAX;
		row->lock_wait_ns = UINT64_MAX;
		row->wall_ns = (struct sample){1, 1, 1};
		row->speedup = 1;
	}
	ck_assert_uint_le(
	    verdict_reach(&comparison).n_sentences, VERDICT_MAX_SENTENCES);
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		comparison.rows[arm].wall_ns = (struct sample){0};
		comparison.rows[arm].workers = 1;
	}
	ck_assert_uint_le(
	    verdict_reach(&comparison).n_sentences, VERDICT_MAX_SENTENCES);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tcase = tcase_create("verdict");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_usual_machine);
	tcase_add_test(tcase, without_waits_the_lock_cost_nothing);
	tcase_add_test(tcase, too_few_threads_are_not_the_locks_fault);
	tcase_add_test(tcase, uneven_waits_are_told_in_percent);
	tcase_add_test(tcase, within_the_noise_no_difference_is_seen);
	tcase_add_test(tcase, ranges_that_touch_are_no_difference);
	tcase_add_test(tcase, a_lock_that_hurts_is_called_so);
	tcase_add_test(tcase, held_throughout_there_are_no_turns);
	tcase_add_test(tcase, rare_turns_are_counted);
	tcase_add_test(tcase, threads_that_are_free_are_praised);
	tcase_add_test(tcase, threads_that_gain_less_are_weighed);
	tcase_add_test(tcase, four_workers_wait_three_quarters);
	tcase_add_test(tcase, one_cpu_gains_nothing_and_is_told);
	tcase_add_test(tcase, splitting_may_gain_nothing);
	tcase_add_test(tcase, few_executors_are_told);
	tcase_add_test(tcase, cpu_times_that_differ_are_told);
	tcase_add_test(tcase, a_machine_with_others_on_it_is_told);
	tcase_add_test(tcase, noise_is_told);
	tcase_add_test(tcase, ranges_in_which_a_difference_may_hide_are_told);
	tcase_add_test(tcase, few_rounds_are_told);
	tcase_add_test(tcase, short_runs_are_told);
	tcase_add_test(tcase, all_sentences_at_once_fit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
