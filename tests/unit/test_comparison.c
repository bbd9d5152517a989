/* From runs to rows: medians, the noise floor, the speed-up, and JSON. */
#include "client/comparison.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ROUNDS 3

static struct comparison comparison;
static struct run runs[ROUNDS * SERIES_COUNT];

static void
put(unsigned round, enum series series, uint64_t wall_ns)
{
	runs[round * SERIES_COUNT + series] = (struct run){
	    .wall_ns = wall_ns,
	    .cpu_ns = wall_ns + 1,
	    .lock_wait_ns = series == SERIES_THREADS ? wall_ns / 2 : 0,
	    .switches = series == SERIES_THREADS ? round + 1 : 0,
	};
}

static void
setup(void)
{
	static const uint64_t walls_ns[SERIES_COUNT][ROUNDS] = {
	    [SERIES_SEQUENTIAL] = {1000, 990, 1010},
	    [SERIES_AGAIN] = {1020, 1030, 1010},
	    [SERIES_THREADS] = {2040, 2000, 2030},
	    [SERIES_PROCESSES] = {500, 700, 505},
	};

	comparison = (struct comparison){.count = 1000,
	    .workers = 2,
	    .cost_ns = 20,
	    .rounds = ROUNDS,
	    .seed = 5};
	for (unsigned arm = 0; arm < ARM_COUNT; arm++) {
		strcpy(comparison.rows[arm].pool, "pool");
		comparison.rows[arm].workers = arm == ARM_SEQUENTIAL ? 1 : 2;
	}
	for (unsigned series = 0; series < SERIES_COUNT; series++)
		for (unsigned round = 0; round < ROUNDS; round++)
			put(round, series, walls_ns[series][round]);
	ck_assert_int_eq(comparison_settle(&comparison, runs), 0);
}

START_TEST(rows_have_medians_and_ranges)
{
	const struct row *threads = &comparison.rows[ARM_THREADS];

	ck_assert_uint_eq(threads->wall_ns.median, 2030);
	ck_assert_uint_eq(threads->wall_ns.min, 2000);
	ck_assert_uint_eq(threads->wall_ns.max, 2040);
	ck_assert_uint_eq(threads->cpu_ns, 2031);
	ck_assert_uint_eq(threads->lock_wait_ns, 1015);
	ck_assert_uint_eq(threads->switches, 2);
	ck_assert_uint_eq(comparison.rows[ARM_PROCESSES].wall_ns.median, 505);
}
END_TEST

START_TEST(the_sequential_row_takes_both_series)
{
	const struct row *row = &comparison.rows[ARM_SEQUENTIAL];

	ck_assert_uint_eq(row->wall_ns.median, 1010);
	ck_assert_uint_eq(row->wall_ns.min, 990);
	ck_assert_uint_eq(row->wall_ns.max, 1030);
	ck_assert_double_eq(row->speedup, 1);
}
END_TEST

START_TEST(the_noise_floor_is_between_the_series)
{
	/* 1000 and 1020 */
	ck_assert_double_eq_tol(comparison.noise_floor, 20 / 1010.0, 1e-12);
}
END_TEST

START_TEST(speedups_are_over_the_sequential_median)
{
	ck_assert_double_eq_tol(
	    comparison.rows[ARM_THREADS].speedup, 1010 / 2030.0, 1e-12);
	ck_assert_double_eq_tol(
	    comparison.rows[ARM_PROCESSES].speedup, 2, 1e-12);
}
END_TEST

START_TEST(a_wall_time_of_nothing_divides_by_nothing)
{
	memset(runs, 0, sizeof(runs));
	ck_assert_int_eq(comparison_settle(&comparison, runs), 0);
	ck_assert_double_eq(comparison.noise_floor, 0);
	ck_assert_double_eq(comparison.rows[ARM_PROCESSES].speedup, 0);
}
END_TEST

START_TEST(json_is_as_documented)
{
	json_t *json = comparison_to_json(&comparison);
	const char *name, *pool;
	json_int_t count, workers, cost, rounds, seed;
	json_int_t row_workers, median, min, max, cpu, wait, switches;
	double noise, speedup;
	json_error_t error;

	ck_assert_ptr_nonnull(json);
	ck_assert_msg(
	    json_unpack_ex(json, &error, JSON_STRICT,
		"{s:I, s:I, s:I, s:I, s:I, s:F, s:[o, {s:s, s:s, s:I, "
		"s:{s:I, s:I, s:I !}, s:I, s:I, s:I, s:F !}, o] !}",
		"count", &count, "workers", &workers, "cost_ns", &cost,
		"rounds", &rounds, "seed", &seed, "noise_floor", &noise, "rows",
		&(json_t *){NULL}, "name", &name, "pool", &pool, "workers",
		&row_workers, "wall_ns", "median", &median, "min", &min, "max",
		&max, "cpu_ns", &cpu, "lock_wait_ns", &wait, "switches",
		&switches, "speedup", &speedup, &(json_t *){NULL}) == 0,
	    "%s", error.text);
	ck_assert_int_eq(count, 1000);
	ck_assert_int_eq(workers, 2);
	ck_assert_int_eq(cost, 20);
	ck_assert_int_eq(rounds, ROUNDS);
	ck_assert_int_eq(seed, 5);
	ck_assert_str_eq(name, "threads");
	ck_assert_str_eq(pool, "pool");
	ck_assert_int_eq(row_workers, 2);
	ck_assert_int_eq(median, 2030);
	ck_assert_int_eq(min, 2000);
	ck_assert_int_eq(max, 2040);
	ck_assert_int_eq(cpu, 2031);
	ck_assert_int_eq(wait, 1015);
	ck_assert_int_eq(switches, 2);
	ck_assert_double_eq(noise, comparison.noise_floor);
	ck_assert_double_eq(speedup, comparison.rows[ARM_THREADS].speedup);
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("comparison");
	TCase *tcase = tcase_create("comparison");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, rows_have_medians_and_ranges);
	tcase_add_test(tcase, the_sequential_row_takes_both_series);
	tcase_add_test(tcase, the_noise_floor_is_between_the_series);
	tcase_add_test(tcase, speedups_are_over_the_sequential_median);
	tcase_add_test(tcase, a_wall_time_of_nothing_divides_by_nothing);
	tcase_add_test(tcase, json_is_as_documented);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
