/* Where the time went: each part, and that the parts are the whole. */
#include "client/split.h"

#include <check.h>
#include <string.h>

#include "client/chance.h"
#include "tests/unit/suite.h"

#define MAX_TASKS 4

static struct task_result tasks[MAX_TASKS];
static struct job_result result;

/* A job in which all went well: 2 tasks, 100 of 110 ns in each. */
static void
setup(void)
{
	memset(tasks, 0, sizeof(tasks));
	result = (struct job_result){.n_tasks = 2, .tasks = tasks};
	result.timing.queue_ns = 4;
	result.timing.wall_ns = 100;
	result.timing.total_ns = 110;
	for (size_t i = 0; i < 2; i++)
		tasks[i] = (struct task_result){
		    .start_ns = 4, .wall_ns = 100, .cpu_ns = 100};
}

static void
expect(enum split_part part, uint64_t ns)
{
	struct split split = split_take(&result);

	ck_assert_msg(split.ns[part] == ns, "%s: %llu", split_part_name(part),
	    (unsigned long long)split.ns[part]);
	ck_assert_uint_eq(
	    split_total(&split), result.n_tasks * result.timing.total_ns);
}

START_TEST(what_runs_all_the_time_runs)
{
	expect(SPLIT_RUN, 200);
	expect(SPLIT_DISPATCH, 20);
	expect(SPLIT_REST, 0);
}
END_TEST

START_TEST(threads_wait_for_the_lock_and_for_the_switch)
{
	for (size_t i = 0; i < 2; i++) {
		tasks[i].cpu_ns = 48;
		tasks[i].lock.wait_ns = 50;
		tasks[i].lock.switch_wait_ns = 1;
	}
	expect(SPLIT_RUN, 96);
	expect(SPLIT_LOCK_WAIT, 100);
	expect(SPLIT_SWITCH_WAIT, 2);
	expect(SPLIT_REST, 2);
}
END_TEST

START_TEST(who_is_ready_waits_for_a_cpu)
{
	tasks[0].cpu_ns = 60;
	tasks[0].cpu_wait_ns = 38;
	expect(SPLIT_RUN, 160);
	expect(SPLIT_CPU_WAIT, 38);
	expect(SPLIT_REST, 2);
}
END_TEST

/* While it waits for the lock a thread may wait for a CPU as well: once. */
START_TEST(nothing_is_counted_twice)
{
	tasks[0].cpu_ns = 50;
	tasks[0].lock.wait_ns = 50;
	tasks[0].cpu_wait_ns = 30;
	expect(SPLIT_LOCK_WAIT, 50);
	expect(SPLIT_RUN, 150);
	expect(SPLIT_CPU_WAIT, 0);
}
END_TEST

START_TEST(native_work_is_no_other_work)
{
	tasks[0].lock.native_ns = 90;
	tasks[0].cpu_ns = 50;
	tasks[0].cpu_wait_ns = 45;
	expect(SPLIT_NATIVE, 45);
	expect(SPLIT_RUN, 105);
	expect(SPLIT_CPU_WAIT, 45);
	expect(SPLIT_REST, 5);
}
END_TEST

START_TEST(who_sleeps_sleeps)
{
	tasks[1].lock.io_ns = 97;
	tasks[1].cpu_ns = 3;
	expect(SPLIT_IO, 97);
	expect(SPLIT_RUN, 103);
}
END_TEST

START_TEST(the_late_start_up_and_the_early_are_idle)
{
	tasks[1].start_ns = 34;
	tasks[1].wall_ns = tasks[1].cpu_ns = 70;
	tasks[0].wall_ns = tasks[0].cpu_ns = 60;
	expect(SPLIT_START_UP, 30);
	expect(SPLIT_IDLE, 40);
	expect(SPLIT_RUN, 130);
}
END_TEST

START_TEST(one_that_never_ran_started_up_for_all_of_it)
{
	tasks[1] = (struct task_result){0};
	expect(SPLIT_START_UP, 100);
	expect(SPLIT_RUN, 100);
}
END_TEST

/* Whatever a server says, nothing is lost and nothing added. */
START_TEST(any_figures_add_up)
{
	struct chance chance;

	chance_init(&chance, 7);
	for (unsigned round = 0; round < 2000; round++) {
		result.n_tasks = (uint32_t)chance_below(&chance, MAX_TASKS + 1);
		result.timing.queue_ns = chance_below(&chance, 100);
		result.timing.wall_ns = chance_below(&chance, 1000);
		result.timing.total_ns = chance_below(&chance, 1000);
		for (size_t i = 0; i < MAX_TASKS; i++)
			tasks[i] = (struct task_result){
			    .start_ns = chance_below(&chance, 1000),
			    .wall_ns = chance_below(&chance, 1000),
			    .cpu_ns = chance_below(&chance, 1000),
			    .cpu_wait_ns = chance_below(&chance, 1000),
			    .lock.wait_ns = chance_below(&chance, 500),
			    .lock.switch_wait_ns = chance_below(&chance, 500),
			    .lock.native_ns = chance_below(&chance, 500),
			    .lock.io_ns = chance_below(&chance, 500),
			};
		expect(
		    SPLIT_PARTS - 1, split_take(&result).ns[SPLIT_PARTS - 1]);
	}
}
END_TEST

START_TEST(the_shares_are_a_thousand)
{
	struct chance chance;

	chance_init(&chance, 8);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned permille[SPLIT_PARTS];
		struct split split;
		unsigned sum = 0;

		for (unsigned part = 0; part < SPLIT_PARTS; part++)
			split.ns[part] = chance_below(&chance, 1 + round);
		split_permille(&split, permille);
		for (unsigned part = 0; part < SPLIT_PARTS; part++) {
			double exact = 1000 * split_share(&split, part);

			ck_assert_double_lt(permille[part], exact + 1);
			ck_assert_double_gt(permille[part], exact - 1);
			sum += permille[part];
		}
		ck_assert_uint_eq(sum, split_total(&split) > 0 ? 1000 : 0);
	}
}
END_TEST

START_TEST(thirds_go_to_the_first)
{
	struct split split = {.ns = {1, 1, 1}};
	unsigned permille[SPLIT_PARTS];

	split_permille(&split, permille);
	ck_assert_uint_eq(permille[0], 334);
	ck_assert_uint_eq(permille[1], 333);
	ck_assert_uint_eq(permille[2], 333);
}
END_TEST

START_TEST(splits_add_up)
{
	struct split sum = split_take(&result);
	struct split split = sum;

	split_add(&sum, &split);
	ck_assert_uint_eq(sum.ns[SPLIT_RUN], 400);
	ck_assert_uint_eq(split_total(&sum), 440);
	ck_assert_double_eq(split_share(&sum, SPLIT_RUN), 400.0 / 440);
	ck_assert_double_eq(split_share(&(struct split){{0}}, SPLIT_RUN), 0);
}
END_TEST

START_TEST(all_parts_are_json)
{
	struct split split = split_take(&result);
	json_t *json = split_to_json(&split);

	ck_assert_uint_eq(json_object_size(json), SPLIT_PARTS);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "run_ns")), 200);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "dispatch_ns")), 20);
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("split");
	TCase *tcase = tcase_create("split");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, what_runs_all_the_time_runs);
	tcase_add_test(tcase, threads_wait_for_the_lock_and_for_the_switch);
	tcase_add_test(tcase, who_is_ready_waits_for_a_cpu);
	tcase_add_test(tcase, nothing_is_counted_twice);
	tcase_add_test(tcase, native_work_is_no_other_work);
	tcase_add_test(tcase, who_sleeps_sleeps);
	tcase_add_test(tcase, the_late_start_up_and_the_early_are_idle);
	tcase_add_test(tcase, one_that_never_ran_started_up_for_all_of_it);
	tcase_add_test(tcase, any_figures_add_up);
	tcase_add_test(tcase, the_shares_are_a_thousand);
	tcase_add_test(tcase, thirds_go_to_the_first);
	tcase_add_test(tcase, splits_add_up);
	tcase_add_test(tcase, all_parts_are_json);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
