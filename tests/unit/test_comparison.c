/* From runs to rows: estimates, noise floor, contrasts, and JSON. */
#include "client/comparison.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ROUNDS 3

enum { AT_SEQUENTIAL, AT_THREADS, AT_PROCESSES, AT_COUNT };
enum { ARM_SEQUENTIAL, ARM_AGAIN, ARM_THREADS, ARM_PROCESSES, ARM_COUNT };

static const struct roster_pool threads_pool = {
    .name = "threads",
    .is_threads = true,
    .size = 4,
    .locks = 1,
    .policy = "interval",
};
static const struct roster_pool processes_pool = {
    .name = "processes", .size = 4};

static struct comparison comparison;
static struct run runs[ROUNDS * ARM_COUNT];
static struct task_result tasks[ROUNDS * ARM_COUNT];

static void
put_run(unsigned round, unsigned arm, uint64_t wall_ns)
{
	size_t i = round * ARM_COUNT + arm;
	struct job_result *result = &runs[i].result;

	tasks[i] = (struct task_result){.wall_ns = wall_ns, .cpu_ns = wall_ns};
	runs[i] = (struct run){.arm = arm, .round = round};
	result->n_tasks = 1;
	result->tasks = &tasks[i];
	result->timing.wall_ns = result->timing.total_ns = wall_ns;
	result->timing.cpu_ns = wall_ns + 1;
	result->has_lock = arm == ARM_THREADS;
	if (result->has_lock) {
		result->timing.lock_wait_ns = wall_ns / 2;
		result->lock.switches = round + 1;
		tasks[i].lock.wait_ns = wall_ns / 2;
	}
}

static void
put_row(unsigned at, enum row_kind kind, const char *name,
    const struct roster_pool *pool, uint32_t workers, size_t arm)
{
	struct row *row = &comparison.rows[at];

	*row = (struct row){
	    .kind = kind,
	    .noun = "workers",
	    .pool = pool,
	    .workers = workers,
	    .arms = {arm},
	    .n_arms = 1,
	};
	strcpy(row->name, name);
	strcpy(row->label, name);
}

static void
settle(const uint64_t walls_ns[ARM_COUNT][ROUNDS])
{
	comparison = (struct comparison){
	    .count = 1000,
	    .workers = 2,
	    .cost_ns = 20,
	    .rounds = ROUNDS,
	    .seed = 5,
	    .cores = 2,
	    .n_rows = AT_COUNT,
	};
	put_row(AT_SEQUENTIAL, ROW_SEQUENTIAL, "sequential", &processes_pool, 1,
	    ARM_SEQUENTIAL);
	comparison.rows[AT_SEQUENTIAL].arms[1] = ARM_AGAIN;
	comparison.rows[AT_SEQUENTIAL].n_arms = 2;
	put_row(AT_THREADS, ROW_ARM, "threads", &threads_pool, 2, ARM_THREADS);
	put_row(AT_PROCESSES, ROW_ARM, "processes", &processes_pool, 2,
	    ARM_PROCESSES);
	for (unsigned arm = 0; arm < ARM_COUNT; arm++)
		for (unsigned round = 0; round < ROUNDS; round++)
			put_run(round, arm, walls_ns[arm][round]);
	ck_assert_int_eq(comparison_settle(&comparison, runs, COUNT(runs)), 0);
}

static void
setup(void)
{
	static const uint64_t walls_ns[ARM_COUNT][ROUNDS] = {
	    [ARM_SEQUENTIAL] = {1000, 990, 1010},
	    [ARM_AGAIN] = {1020, 1030, 1010},
	    [ARM_THREADS] = {2040, 2000, 2030},
	    [ARM_PROCESSES] = {500, 700, 505},
	};

	settle(walls_ns);
}

static void
teardown(void)
{
	comparison_free(&comparison);
}

START_TEST(rows_have_medians_and_ranges)
{
	const struct row *threads = &comparison.rows[AT_THREADS];

	ck_assert_uint_eq(threads->sample.median, 2030);
	ck_assert_uint_eq(threads->sample.min, 2000);
	ck_assert_uint_eq(threads->sample.max, 2040);
	ck_assert_double_eq(threads->wall_ns.value, 2030);
	ck_assert_double_ge(threads->wall_ns.low, 2000);
	ck_assert_double_le(threads->wall_ns.high, 2040);
	ck_assert_uint_eq(threads->cpu_ns, 2031);
	ck_assert_uint_eq(threads->lock_wait_ns, 1015);
	ck_assert_uint_eq(threads->switches, 2);
	ck_assert_uint_eq(comparison.rows[AT_PROCESSES].sample.median, 505);
}
END_TEST

START_TEST(the_sequential_row_takes_both_series)
{
	const struct row *row = &comparison.rows[AT_SEQUENTIAL];

	ck_assert_uint_eq(row->n_walls, 6);
	ck_assert_uint_eq(row->sample.median, 1010);
	ck_assert_uint_eq(row->sample.min, 990);
	ck_assert_uint_eq(row->sample.max, 1030);
	ck_assert_double_eq(row->base_contrast.speedup.value, 1);
	ck_assert_int_eq(row->base_contrast.difference, NOT_SEEN);
}
END_TEST

START_TEST(the_noise_floor_is_between_the_series)
{
	/* 1000 and 1020 */
	ck_assert_double_eq_tol(comparison.noise_floor, 20 / 1010.0, 1e-12);
}
END_TEST

START_TEST(speedups_are_over_the_base)
{
	const struct row *rows = comparison.rows;
	const struct estimate *processes =
	    &rows[AT_PROCESSES].base_contrast.speedup;

	ck_assert_double_eq_tol(
	    rows[AT_THREADS].base_contrast.speedup.value, 1010 / 2030.0, 1e-12);
	ck_assert_double_eq_tol(processes->value, 2, 1e-12);
	ck_assert_double_lt(processes->low, 2);
	ck_assert_double_gt(processes->high, 2);
	ck_assert_int_eq(rows[AT_THREADS].base_contrast.difference, SLOWER);
	ck_assert_int_eq(rows[AT_PROCESSES].base_contrast.difference, FASTER);
}
END_TEST

START_TEST(the_best_is_the_fastest_arm)
{
	const struct row *rows = comparison.rows;

	ck_assert_uint_eq(comparison.best, AT_PROCESSES);
	ck_assert_double_eq_tol(
	    rows[AT_THREADS].best_contrast.speedup.value, 2030 / 505.0, 1e-12);
	ck_assert_int_eq(rows[AT_THREADS].best_contrast.difference, FASTER);
	ck_assert_int_eq(rows[AT_PROCESSES].best_contrast.difference, NOT_SEEN);
}
END_TEST

START_TEST(splits_are_of_all_runs)
{
	const struct row *rows = comparison.rows;

	ck_assert_uint_eq(split_total(&rows[AT_SEQUENTIAL].split), 6060);
	ck_assert_uint_eq(split_total(&rows[AT_THREADS].split), 6070);
	ck_assert_uint_eq(
	    rows[AT_THREADS].split.ns[SPLIT_LOCK_WAIT], 1020 + 1000 + 1015);
	ck_assert_uint_eq(rows[AT_PROCESSES].split.ns[SPLIT_RUN], 1705);
}
END_TEST

/* Each reason by itself is enough to see no difference. */
START_TEST(chance_is_no_difference)
{
	static const uint64_t below_noise[ARM_COUNT][ROUNDS] = {
	    [ARM_SEQUENTIAL] = {1000, 1000, 1000},
	    [ARM_AGAIN] = {1020, 1020, 1020},
	    [ARM_THREADS] = {1025, 1026, 1027},
	    [ARM_PROCESSES] = {500, 500, 500},
	};
	static const uint64_t touching[ARM_COUNT][ROUNDS] = {
	    [ARM_SEQUENTIAL] = {1000, 1010, 1020},
	    [ARM_AGAIN] = {1000, 1010, 1020},
	    [ARM_THREADS] = {1005, 1100, 1110},
	    [ARM_PROCESSES] = {500, 500, 500},
	};

	comparison_free(&comparison);
	settle(below_noise);
	ck_assert_int_eq(
	    comparison.rows[AT_THREADS].base_contrast.difference, NOT_SEEN);
	comparison_free(&comparison);
	settle(touching);
	ck_assert_double_eq(comparison.noise_floor, 0);
	ck_assert_int_eq(
	    comparison.rows[AT_THREADS].base_contrast.difference, NOT_SEEN);
	ck_assert_int_eq(
	    comparison.rows[AT_PROCESSES].base_contrast.difference, FASTER);
}
END_TEST

START_TEST(a_wall_time_of_nothing_divides_by_nothing)
{
	static const uint64_t nothing[ARM_COUNT][ROUNDS];

	comparison_free(&comparison);
	settle(nothing);
	ck_assert_double_eq(comparison.noise_floor, 0);
	ck_assert_double_eq(
	    comparison.rows[AT_PROCESSES].base_contrast.speedup.value, 1);
}
END_TEST

START_TEST(as_many_run_at_once_as_there_is_room_for)
{
	struct row row = {.pool = &processes_pool, .workers = 8};

	ck_assert_uint_eq(comparison_parallel(&comparison, &row), 2);
	comparison.cores = 16;
	ck_assert_uint_eq(comparison_parallel(&comparison, &row), 4);
	row.workers = 3;
	ck_assert_uint_eq(comparison_parallel(&comparison, &row), 3);
	/* Who sleeps needs no CPU. */
	comparison.cores = 1;
	row.kind = ROW_SLEEP;
	ck_assert_uint_eq(comparison_parallel(&comparison, &row), 3);
}
END_TEST

START_TEST(json_is_as_documented)
{
	static const char *const members[] = {"name", "pool", "workers",
	    "wall_ns", "cpu_ns", "lock_wait_ns", "switches", "speedup",
	    "speedup_low", "speedup_high", "over", "difference", "u", "p",
	    "split"};
	json_t *json, *row;
	const char *text;

	comparison.rows[AT_PROCESSES].kind = ROW_HOLD;
	json = comparison_to_json(&comparison);
	ck_assert_ptr_nonnull(json);
	ck_assert_uint_eq(json_object_size(json), 10);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "count")), 1000);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "seed")), 5);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "rows")), 2);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(json, "controls")), 1);
	row = json_array_get(json_object_get(json, "rows"), 1);
	ck_assert_uint_eq(json_object_size(row), COUNT(members));
	for (size_t i = 0; i < COUNT(members); i++)
		ck_assert_msg(
		    json_object_get(row, members[i]) != NULL, "%s", members[i]);
	ck_assert_str_eq(
	    json_string_value(json_object_get(row, "over")), "sequential");
	ck_assert_str_eq(
	    json_string_value(json_object_get(row, "difference")), "slower");
	row = json_object_get(json, "verdict");
	ck_assert_uint_gt(json_array_size(row), 0);
	text =
	    json_string_value(json_object_get(json_array_get(row, 0), "tone"));
	ck_assert_str_eq(text, "finding");
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("comparison");
	TCase *tcase = tcase_create("comparison");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, rows_have_medians_and_ranges);
	tcase_add_test(tcase, the_sequential_row_takes_both_series);
	tcase_add_test(tcase, the_noise_floor_is_between_the_series);
	tcase_add_test(tcase, speedups_are_over_the_base);
	tcase_add_test(tcase, the_best_is_the_fastest_arm);
	tcase_add_test(tcase, splits_are_of_all_runs);
	tcase_add_test(tcase, chance_is_no_difference);
	tcase_add_test(tcase, a_wall_time_of_nothing_divides_by_nothing);
	tcase_add_test(tcase, as_many_run_at_once_as_there_is_room_for);
	tcase_add_test(tcase, json_is_as_documented);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
