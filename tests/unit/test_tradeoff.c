/* The trade-off: which interval is the best, which one is worth taking. */
#include "client/tradeoff.h"

#include <check.h>
#include <math.h>

#include "tests/unit/lab.h"
#include "tests/unit/suite.h"

static const struct roster_pool pool = {.name = "threads"};
static struct tradeoff tradeoff;

static void
put(size_t i, uint64_t interval_us, double rate, double latency_ns)
{
	tradeoff.pool = &pool;
	tradeoff.points[i] = (struct tradeoff_point){
	    .interval_us = interval_us,
	    .rate = estimate_exact(rate),
	    .latency_ns = estimate_exact(latency_ns),
	};
	if (tradeoff.n_points <= i)
		tradeoff.n_points = i + 1;
}

START_TEST(the_knee_is_as_good_as_the_best_and_sooner)
{
	put(0, 50, 900, 1e5);
	put(1, 500, 989.9, 1e6);
	put(2, 1000, 990, 2e6);
	put(3, 5000, 1000, 1e7);
	put(4, 50000, 998, 1e8);
	tradeoff_choose(&tradeoff);
	ck_assert_uint_eq(tradeoff.best, 3);
	ck_assert_uint_eq(tradeoff.knee, 2);
}
END_TEST

START_TEST(who_never_came_through_is_no_choice)
{
	put(0, 50, 999, 1e5);
	put(1, 500, 1000, INFINITY);
	tradeoff_choose(&tradeoff);
	ck_assert_uint_eq(tradeoff.best, 1);
	ck_assert_uint_eq(tradeoff.knee, 0);
}
END_TEST

START_TEST(one_point_is_best_and_knee)
{
	put(0, 50, 0, INFINITY);
	tradeoff_choose(&tradeoff);
	ck_assert_uint_eq(tradeoff.best, 0);
	ck_assert_uint_eq(tradeoff.knee, 0);
}
END_TEST

START_TEST(points_are_settled_from_runs)
{
	static struct lab lab;
	const struct tradeoff_point *point = &tradeoff.points[1];

	put(0, 50, 0, 0);
	put(1, 500, 0, 0);
	tradeoff.points[1].arm = 1;
	for (size_t arm = 0; arm < 2; arm++) {
		struct run *run = lab_run(&lab, arm, 1, 1000000000);

		lab_operations(run, 10 * (arm + 1), 1000, 3000);
		lab_company(&lab, run, 2, 50 * (arm + 1));
	}
	ck_assert_int_eq(tradeoff_settle(&tradeoff, lab.runs, lab.n_runs), 0);
	ck_assert_double_eq(point->rate.value, 200);
	ck_assert_double_eq(point->latency_ns.value, 4000);
	ck_assert_double_eq(point->operations.value, 20);
	ck_assert_uint_eq(point->n_operations, 20);
	ck_assert_uint_eq(
	    histogram_bucket(point->p50_ns), histogram_bucket(4000));
	ck_assert_uint_eq(tradeoff.best, 1);
}
END_TEST

START_TEST(json_is_as_documented)
{
	static struct experiment experiment;
	json_t *json, *point;

	put(0, 50, 10, INFINITY);
	tradeoff_choose(&tradeoff);
	json = tradeoff_to_json(&tradeoff, &experiment);
	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json, "sweep")), "interval");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "knee_interval_us")), 50);
	point = json_array_get(json_object_get(json, "points"), 0);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(point, "interval_us")), 50);
	ck_assert(json_is_null(json_object_get(point, "latency_ns")));
	ck_assert(json_is_object(json_object_get(point, "turns_per_s")));
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tradeoff");
	TCase *tcase = tcase_create("tradeoff");

	tcase_add_test(tcase, the_knee_is_as_good_as_the_best_and_sooner);
	tcase_add_test(tcase, who_never_came_through_is_no_choice);
	tcase_add_test(tcase, one_point_is_best_and_knee);
	tcase_add_test(tcase, points_are_settled_from_runs);
	tcase_add_test(tcase, json_is_as_documented);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
