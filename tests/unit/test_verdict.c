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

enum {
	AT_SEQUENTIAL,
	AT_THREADS,
	AT_PROCESSES,
	AT_HOLD,
	AT_SLEEP_ALONE,
	AT_SLEEP,
	AT_COUNT
};

static struct roster_pool threads_pool, processes_pool, hold_pool;
static struct comparison comparison;
static double walls_ns[COMPARISON_MAX_ROWS][6];

/* wall_ms, a range of 1 % around it, and the CPU time. */
static void
put_row(unsigned at, uint32_t workers, uint64_t wall_ms, uint64_t cpu_ms)
{
	struct row *row = &comparison.rows[at];
	double wall_ns = (double)(wall_ms * MS);

	row->workers = workers;
	row->n_walls = at == AT_SEQUENTIAL ? 6 : 3;
	row->walls_ns = walls_ns[at];
	for (unsigned i = 0; i < 6; i++)
		walls_ns[at][i] = wall_ns * (0.995 + 0.005 * (i % 3));
	row->cpu_ns = cpu_ms * MS;
}

static void
name_row(unsigned at, enum row_kind kind, const char *name, const char *label,
    const char *scene, const struct roster_pool *pool)
{
	struct row *row = &comparison.rows[at];

	row->kind = kind;
	strcpy(row->name, name);
	strcpy(row->label, label);
	strcpy(row->scene, scene);
	row->noun = pool->is_threads ? "threads" : "processes";
	row->pool = pool;
}

/* Two workers on two quiet cores, under a lock as CPython's. */
static void
setup(void)
{
	threads_pool = (struct roster_pool){.name = "threads",
	    .is_threads = true,
	    .size = 8,
	    .locks = 1,
	    .policy = "interval"};
	processes_pool = (struct roster_pool){.name = "processes", .size = 8};
	hold_pool = threads_pool;
	strcpy(hold_pool.policy, "hold");
	comparison = (struct comparison){
	    .count = 50000000,
	    .workers = 2,
	    .cost_ns = 20,
	    .rounds = 3,
	    .cores = 2,
	    .noise_floor = 0.006,
	    .n_rows = AT_COUNT,
	};
	name_row(AT_SEQUENTIAL, ROW_SEQUENTIAL, "sequential",
	    "one after another", "", &processes_pool);
	name_row(AT_THREADS, ROW_ARM, "threads", "threads, one lock",
	    "under one lock", &threads_pool);
	name_row(AT_PROCESSES, ROW_ARM, "processes", "processes", "",
	    &processes_pool);
	name_row(
	    AT_HOLD, ROW_HOLD, "hold", "control: held lock", "", &hold_pool);
	name_row(AT_SLEEP_ALONE, ROW_SLEEP_ALONE, "io_alone", "alone", "",
	    &threads_pool);
	name_row(
	    AT_SLEEP, ROW_SLEEP, "io", "control: sleeping", "", &threads_pool);
	comparison.rows[AT_SLEEP_ALONE].base = AT_SLEEP_ALONE;
	comparison.rows[AT_SLEEP].base = AT_SLEEP_ALONE;
	put_row(AT_SEQUENTIAL, 1, 1012, 1011);
	put_row(AT_THREADS, 2, 1031, 1014);
	put_row(AT_PROCESSES, 2, 513, 1014);
	put_row(AT_HOLD, 2, 1020, 1014);
	put_row(AT_SLEEP_ALONE, 1, 100, 1);
	put_row(AT_SLEEP, 2, 50, 1);
	comparison.rows[AT_THREADS].lock_wait_ns = 1018 * MS;
	comparison.rows[AT_THREADS].switches = 205;
}

static struct verdict
reach(void)
{
	ck_assert_int_eq(comparison_weigh(&comparison), 0);
	return verdict_reach(&comparison);
}

/* All sentences of one tone, each ended by a line feed. */
static const char *
said(enum verdict_tone tone)
{
	static char text[VERDICT_MAX_SENTENCES * (VERDICT_SENTENCE_CHARS + 2)];
	struct verdict verdict = reach();

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
	    "another [1.95, 1.99]: 99 % of what two CPUs could give.\n");
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes: 2.01 times as fast as threads, one lock [1.99, "
	    "2.03]; your threads spent 49 % of their time waiting for the "
	    "lock.\n");
	ck_assert_str_eq(said(VERDICT_WARNING), "");
}
END_TEST

/* The lock is not blamed for what it has not done. */
START_TEST(without_waits_the_lock_cost_nothing)
{
	comparison.rows[AT_THREADS].lock_wait_ns = 0;
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes: 2.01 times as fast as threads, one lock [1.99, "
	    "2.03].\n");
}
END_TEST

START_TEST(too_few_threads_are_not_the_locks_fault)
{
	threads_pool.size = 1;
	comparison.n_rows = AT_HOLD;
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes: 2.01 times as fast as threads, one lock [1.99, "
	    "2.03].\n");
	assert_says(VERDICT_WARNING,
	    "The pool threads has 1 executor for 2 workers: some tasks waited "
	    "for others. Give it a larger size.\n");
}
END_TEST

START_TEST(uneven_waits_are_told_in_percent)
{
	comparison.rows[AT_THREADS].lock_wait_ns = 640 * MS;
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

START_TEST(intervals_that_reach_one_are_no_difference)
{
	comparison.noise_floor = 0;
	walls_ns[AT_THREADS][0] = 1000.0 * MS;
	assert_says(VERDICT_FINDING, "waited. No difference seen");
	walls_ns[AT_THREADS][0] = 1026.0 * MS;
	assert_says(VERDICT_FINDING, "1.9 % longer");
}
END_TEST

START_TEST(a_lock_that_hurts_is_called_so)
{
	put_row(AT_THREADS, 2, 2530, 1014);
	assert_says(VERDICT_FINDING, "It took 2.5 times as long as one after");
}
END_TEST

START_TEST(held_throughout_there_are_no_turns)
{
	comparison.rows[AT_THREADS].switches = 0;
	assert_says(VERDICT_FINDING,
	    "Under one lock two threads ran one after the other. It took");
}
END_TEST

START_TEST(rare_turns_are_counted)
{
	comparison.rows[AT_THREADS].switches = 1;
	assert_says(VERDICT_FINDING, "took turns, once: while");
	comparison.rows[AT_THREADS].switches = 1031;
	put_row(AT_THREADS, 2, 2000000, 1014);
	assert_says(VERDICT_FINDING, "took turns, 1,031 times. It took");
}
END_TEST

START_TEST(threads_that_are_free_are_praised)
{
	put_row(AT_THREADS, 2, 520, 1014);
	comparison.rows[AT_THREADS].lock_wait_ns = 0;
	comparison.rows[AT_THREADS].switches = 0;
	assert_says(VERDICT_FINDING,
	    "Under one lock two threads did the same work 1.95 times as fast "
	    "as one after another.\n");
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes or threads, one lock, whichever is simpler: the "
	    "former was 1.4 % faster.\n");
	put_row(AT_THREADS, 2, 514, 1014);
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes or threads, one lock, whichever is simpler: no "
	    "difference seen between them.\n");
}
END_TEST

START_TEST(threads_that_gain_less_are_weighed)
{
	put_row(AT_THREADS, 2, 760, 1014);
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes: 1.48 times as fast as threads, one lock [1.47, "
	    "1.50]; your threads spent 67 % of their time waiting for the "
	    "lock.\n");
}
END_TEST

START_TEST(four_workers_wait_three_quarters)
{
	comparison.workers = 4;
	comparison.cores = 4;
	put_row(AT_THREADS, 4, 1020, 1014);
	put_row(AT_PROCESSES, 4, 262, 1014);
	put_row(AT_SLEEP, 4, 25, 1);
	comparison.rows[AT_THREADS].lock_wait_ns = 3060 * MS;
	assert_says(VERDICT_FINDING, ": while one counted, the others waited.");
	assert_says(VERDICT_FINDING,
	    "Four processes did the same work 3.86 "
	    "times as fast as one after another [3.82, 3.90]: 97 % "
	    "of what four CPUs could give.");
}
END_TEST

START_TEST(one_cpu_gains_nothing_and_is_told)
{
	comparison.cores = 1;
	put_row(AT_PROCESSES, 2, 1013, 1014);
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
	put_row(AT_PROCESSES, 2, 1013, 2024);
	ck_assert_str_eq(
	    said(VERDICT_ADVICE), "Splitting this work gains nothing here.\n");
}
END_TEST

START_TEST(few_executors_are_told)
{
	comparison.cores = 8;
	processes_pool.size = 1;
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The pool processes has 1 executor for 2 workers: some tasks "
	    "waited for others. Give it a larger size.\n");
}
END_TEST

START_TEST(cpu_times_that_differ_are_told)
{
	comparison.rows[AT_PROCESSES].cpu_ns = 1061 * MS;
	ck_assert_str_eq(said(VERDICT_WARNING), "");
	comparison.rows[AT_PROCESSES].cpu_ns = 1062 * MS;
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The same work took from 1.011 s to 1.062 s of CPU time: something "
	    "else used this machine, its CPUs share a core, or a pool does "
	    "extra work.\n");
}
END_TEST

START_TEST(a_machine_with_others_on_it_is_told)
{
	put_row(AT_PROCESSES, 2, 1002, 1010);
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "Other programs kept the CPUs from processes (50 % of the "
	    "time).\n");
	put_row(AT_SEQUENTIAL, 1, 1500, 1010);
	put_row(AT_HOLD, 2, 1510, 1010);
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
	walls_ns[AT_PROCESSES][2] = 1200.0 * MS;
	assert_says(VERDICT_FINDING, "Two processes: no difference seen");
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "An interval is so wide that a difference may hide in it. Take "
	    "more --rounds, or a quiet machine.\n");
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
	put_row(AT_SEQUENTIAL, 1, 3, 3);
	put_row(AT_THREADS, 2, 3, 3);
	put_row(AT_PROCESSES, 2, 2, 3);
	assert_says(VERDICT_WARNING, "A run took only 3.00 ms: starting");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
}
END_TEST

START_TEST(controls_that_are_off_are_told)
{
	put_row(AT_SLEEP, 2, 60, 1);
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The control \"control: sleeping\" should be at 2.00x and is at "
	    "1.67x: what hinders or helps it does so to all.\n");
	put_row(AT_SLEEP, 2, 50, 1);
	put_row(AT_HOLD, 2, 900, 1014);
	ck_assert_str_eq(said(VERDICT_WARNING),
	    "The control \"control: held lock\" should be at 1.00x and is at "
	    "1.12x: what hinders or helps it does so to all.\n");
	assert_says(VERDICT_ADVICE, "Measure again before you act on this");
	/* That it costs something is no surprise. */
	put_row(AT_HOLD, 2, 1200, 1014);
	ck_assert_str_eq(said(VERDICT_WARNING), "");
}
END_TEST

START_TEST(a_best_that_has_no_threads_beside_it)
{
	comparison.rows[AT_THREADS] = comparison.rows[AT_HOLD];
	comparison.n_rows = AT_HOLD;
	ck_assert_str_eq(said(VERDICT_ADVICE),
	    "Use processes: 1.97 times as fast as one after another [1.95, "
	    "1.99].\n");
}
END_TEST

START_TEST(a_share_lost_to_waiting_for_cpus_is_told)
{
	comparison.workers = 4;
	put_row(AT_THREADS, 4, 1031, 1014);
	put_row(AT_PROCESSES, 4, 513, 1014);
	comparison.rows[AT_PROCESSES].split =
	    (struct split){.ns = {[SPLIT_RUN] = 52, [SPLIT_CPU_WAIT] = 48}};
	assert_says(VERDICT_FINDING,
	    "Four processes spent 48 % of their time ready to run, waiting for "
	    "a CPU: four workers share two.\n");
	/* With a CPU each it is others' doing, and no finding. */
	comparison.cores = 4;
	ck_assert_ptr_null(strstr(said(VERDICT_FINDING), "ready to run"));
}
END_TEST

/* A server may send anything; whatever the figures, there is room. */
START_TEST(all_sentences_at_once_fit)
{
	comparison = (struct comparison){.workers = UINT32_MAX,
	    .cores = 1,
	    .noise_floor = 2,
	    .n_rows = COMPARISON_MAX_ROWS};
	memset(threads_pool.name, 'p', sizeof(threads_pool.name) - 1);
	threads_pool.size = 1;
	for (unsigned at = 0; at < COMPARISON_MAX_ROWS; at++) {
		struct row *row = &comparison.rows[at];

		put_row(at, UINT32_MAX, 1 + at % 3, at);
		name_row(at, at > 0 ? ROW_ARM : ROW_SEQUENTIAL, "row", "label",
		    "", &threads_pool);
		memset(row->scene, 's', sizeof(row->scene) - 1);
		row->switches = UINT64_MAX;
		row->lock_wait_ns = UINT64_MAX;
		row->split.ns[SPLIT_CPU_WAIT] = 1;
	}
	/* Every row is told of, and the last warning is there. */
	ck_assert_uint_lt(reach().n_sentences, VERDICT_MAX_SENTENCES);
	assert_says(VERDICT_WARNING, "No rounds may be chance.");
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
	tcase_add_test(tcase, intervals_that_reach_one_are_no_difference);
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
	tcase_add_test(tcase, controls_that_are_off_are_told);
	tcase_add_test(tcase, a_best_that_has_no_threads_beside_it);
	tcase_add_test(tcase, a_share_lost_to_waiting_for_cpus_is_told);
	tcase_add_test(tcase, all_sentences_at_once_fit);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
