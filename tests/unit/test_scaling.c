/* Throughput over workers: rates, speed-ups, fits, JSON. */
#include "client/scaling.h"

#include <check.h>

#include "tests/unit/lab.h"
#include "tests/unit/suite.h"

static const struct roster_pool pool = {.name = "threads", .size = 8};
static struct scaling scaling;
static struct lab lab;

/* A pool that follows Amdahl's law with a tenth done one at a time. */
static void
setup(void)
{
	memset(&lab, 0, sizeof(lab));
	memset(&scaling, 0, sizeof(scaling));
	scaling.count = 1000000;
	scaling.n_pools = 1;
	scaling.pools[0].pool = &pool;
	scaling.pools[0].n_points = 6;
	for (uint32_t n = 1; n <= 6; n++) {
		double wall_ns = 1e9 * (1 + 0.1 * (n - 1)) / n;

		scaling.pools[0].points[n - 1] =
		    (struct scaling_point){.arm = n, .workers = n};
		for (int round = -1; round <= 1; round++)
			lab_run(&lab, n, scaling.count,
			    (uint64_t)(wall_ns * (1 + 0.001 * round)));
	}
	ck_assert_int_eq(scaling_settle(&scaling, lab.runs, lab.n_runs), 0);
}

START_TEST(rates_and_speedups_are_found)
{
	const struct scaling_point *points = scaling.pools[0].points;

	ck_assert_double_eq_tol(points[0].rate.value, 1e6, 1);
	ck_assert_double_lt(points[0].rate.low, 1e6);
	ck_assert_double_gt(points[0].rate.high, 1e6);
	ck_assert_double_eq(points[0].speedup.value, 1);
	ck_assert_double_eq_tol(points[3].speedup.value, 4 / 1.3, 1e-6);
}
END_TEST

START_TEST(the_law_is_found)
{
	const struct scaling_pool *found = &scaling.pools[0];

	ck_assert_int_eq(found->statuses[FIT_AMDAHL], FIT_FINE);
	ck_assert_double_eq_tol(found->fits[FIT_AMDAHL].sigma.value, 0.1, 1e-4);
	ck_assert_int_eq(found->statuses[FIT_UNIVERSAL], FIT_FINE);
	ck_assert_double_eq_tol(
	    found->fits[FIT_UNIVERSAL].kappa.value, 0, 1e-4);
}
END_TEST

START_TEST(too_few_points_have_no_law)
{
	scaling.pools[0].n_points = 2;
	ck_assert_int_eq(scaling_settle(&scaling, lab.runs, lab.n_runs), 0);
	ck_assert_int_eq(scaling.pools[0].statuses[FIT_AMDAHL], FIT_TOO_FEW);
	ck_assert_int_eq(scaling.pools[0].statuses[FIT_UNIVERSAL], FIT_TOO_FEW);
}
END_TEST

START_TEST(json_is_as_documented)
{
	static struct experiment experiment;
	json_t *json = scaling_to_json(&scaling, &experiment);
	json_t *found;

	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json, "sweep")), "workers");
	found = json_array_get(json_object_get(json, "pools"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(found, "points")), 6);
	ck_assert_uint_eq(json_array_size(json_object_get(found, "fits")), 2);
	found = json_array_get(json_object_get(found, "points"), 5);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(found, "workers")), 6);
	ck_assert(json_is_object(json_object_get(found, "turns_per_s")));
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scaling");
	TCase *tcase = tcase_create("scaling");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, rates_and_speedups_are_found);
	tcase_add_test(tcase, the_law_is_found);
	tcase_add_test(tcase, too_few_points_have_no_law);
	tcase_add_test(tcase, json_is_as_documented);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
