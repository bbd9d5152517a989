/* The convoy: the prediction, who is to blame, and JSON. */
#include "client/convoy.h"

#include <check.h>
#include <math.h>

#include "tests/unit/lab.h"
#include "tests/unit/suite.h"

#define SECOND UINT64_C(1000000000)

static const struct roster_pool pool = {.name = "threads",
    .is_threads = true,
    .size = 4,
    .locks = 1,
    .policy = "interval"};
static struct convoy convoy;
static struct lab lab;

/* Alone 1000 operations a second; beside one task 166, beside two 90. */
static void
setup(void)
{
	static const uint64_t operations[] = {1000, 166, 90};

	memset(&lab, 0, sizeof(lab));
	memset(&convoy, 0, sizeof(convoy));
	convoy.cpu_tasks = 2;
	convoy.n_lines = 1;
	convoy.lines[0].pool = &pool;
	convoy.lines[0].interval_us = 5000;
	convoy.lines[0].n_points = 3;
	for (uint32_t i = 0; i < 3; i++) {
		struct run *run = lab_run(&lab, i, 1, SECOND);

		lab_operations(
		    run, operations[i], 100000, i == 0 ? 0 : 5000000);
		lab_company(&lab, run, i, 1000);
		run->company.job = (struct job_id){7, 8};
		convoy.lines[0].points[i].arm = i;
	}
}

static struct lock_blame *
blame_of(size_t i)
{
	return &lab.runs[i].result.tasks[0].blame;
}

static const struct convoy_point *
settle(size_t i)
{
	ck_assert_int_eq(convoy_settle(&convoy, lab.runs, lab.n_runs), 0);
	return &convoy.lines[0].points[i];
}

START_TEST(each_task_before_it_has_an_interval)
{
	ck_assert_double_eq_tol(convoy_predict(1e6, 5000, 0), 1000, 1e-9);
	ck_assert_double_eq_tol(convoy_predict(1e6, 5000, 1), 1000 / 6.0, 1e-9);
	ck_assert_double_eq_tol(
	    convoy_predict(1e6, 5000, 2), 1000 / 11.0, 1e-9);
	ck_assert_double_eq_tol(settle(0)->predicted, 1000, 1e-9);
	ck_assert_double_eq_tol(settle(1)->predicted, 1000 / 6.0, 1e-9);
	ck_assert_double_eq_tol(settle(2)->predicted, 1000 / 11.0, 1e-9);
	ck_assert_double_eq(settle(2)->operations.value, 90);
	ck_assert_double_eq(settle(2)->rate.value, 2000);
	ck_assert_double_eq_tol(settle(2)->wait_share, 0.45, 1e-9);
}
END_TEST

START_TEST(without_an_interval_nothing_is_predicted)
{
	convoy.lines[0].interval_us = 0;
	ck_assert(isnan(settle(1)->predicted));
}
END_TEST

START_TEST(those_beside_it_are_told_from_others)
{
	struct lock_blame *blame = blame_of(2);
	const struct convoy_blame *sum;

	/* It waited for 450 ms. */
	lock_blame_add(blame, (struct lock_label){{7, 8}, 0}, 200000000);
	lock_blame_add(blame, (struct lock_label){{7, 8}, 1}, 150000000);
	lock_blame_add(blame, (struct lock_label){{7, 9}, 0}, 50000000);
	blame->others_ns = 30000000;
	sum = &settle(2)->blame;
	ck_assert_uint_eq(sum->tasks_ns[0], 200000000);
	ck_assert_uint_eq(sum->tasks_ns[1], 150000000);
	ck_assert_uint_eq(sum->others_ns, 80000000);
	ck_assert_uint_eq(sum->nobody_ns, 20000000);
}
END_TEST

START_TEST(nobody_is_never_less_than_nothing)
{
	lock_blame_add(blame_of(2), (struct lock_label){{7, 8}, 0}, 2 * SECOND);
	ck_assert_uint_eq(settle(2)->blame.nobody_ns, 0);
}
END_TEST

START_TEST(json_is_as_documented)
{
	static struct experiment experiment;
	json_t *json, *line, *point;

	settle(0);
	convoy.lines[0].points[0].predicted = NAN;
	json = convoy_to_json(&convoy, &experiment);
	ck_assert_ptr_nonnull(json);
	line = json_array_get(json_object_get(json, "lines"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(line, "pool")), "threads");
	ck_assert_uint_eq(json_array_size(json_object_get(line, "points")), 3);
	point = json_array_get(json_object_get(line, "points"), 0);
	ck_assert(json_is_null(json_object_get(point, "predicted_per_s")));
	point = json_array_get(json_object_get(line, "points"), 2);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(point, "cpu_tasks")), 2);
	ck_assert_double_eq(
	    json_real_value(json_object_get(
		json_object_get(point, "operations_per_s"), "median")),
	    90);
	ck_assert_uint_eq(json_array_size(json_object_get(
			      json_object_get(point, "blame"), "tasks_ns")),
	    2);
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("convoy");
	TCase *tcase = tcase_create("convoy");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, each_task_before_it_has_an_interval);
	tcase_add_test(tcase, without_an_interval_nothing_is_predicted);
	tcase_add_test(tcase, those_beside_it_are_told_from_others);
	tcase_add_test(tcase, nobody_is_never_less_than_nothing);
	tcase_add_test(tcase, json_is_as_documented);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
