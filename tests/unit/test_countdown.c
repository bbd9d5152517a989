/*
 * The countdown: exact counts, the safepoint, and the arithmetic that turns a
 * calibration into spins and strides. How fast it is, the benchmark tells.
 */
#include "daemon/countdown.h"

#include <check.h>
#include <pthread.h>

#include "tests/unit/suite.h"

static const uint32_t all_spins[] = {0, 1, 2, 7};
enum { SPINS_COUNT = COUNT(all_spins) };

START_TEST(counts_to_the_end)
{
	static const uint64_t turns[] = {0, 1, 2, 3, 1000, 1000003};
	uint32_t spins = all_spins[_i];
	_Atomic uint32_t attention = 0;

	for (size_t i = 0; i < COUNT(turns); i++)
		ck_assert_uint_eq(countdown(turns[i], spins, &attention), 0);
}
END_TEST

/* Whatever bit is set: the word is read as a whole, and left as it was. */
START_TEST(a_set_word_stops_before_the_first_turn)
{
	uint32_t spins = all_spins[_i];

	for (unsigned bit = 0; bit < 32; bit++) {
		_Atomic uint32_t attention = UINT32_C(1) << bit;

		ck_assert_uint_eq(countdown(1, spins, &attention), 1);
		ck_assert_uint_eq(countdown(0, spins, &attention), 0);
		ck_assert_uint_eq(
		    countdown(UINT64_MAX, spins, &attention), UINT64_MAX);
		ck_assert_uint_eq(atomic_load(&attention), UINT32_C(1) << bit);
	}
}
END_TEST

struct runner {
	uint32_t spins;
	_Atomic uint32_t attention;
	_Atomic unsigned laps;
	uint64_t left;
};

/* First some laps that end by themselves, then one that never would. */
static void *
runner_main(void *arg)
{
	struct runner *runner = arg;

	while (countdown(1000, runner->spins, &runner->attention) == 0)
		if (atomic_fetch_add(&runner->laps, 1) == 10)
			break;
	runner->left = countdown(UINT64_MAX, runner->spins, &runner->attention);
	return NULL;
}

START_TEST(another_thread_stops_it)
{
	struct runner runner = {.spins = all_spins[_i]};
	pthread_t thread;

	ck_assert_int_eq(
	    pthread_create(&thread, NULL, runner_main, &runner), 0);
	while (atomic_load(&runner.laps) <= 10)
		continue;
	atomic_store(&runner.attention, 4);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_gt(runner.left, 0);
	ck_assert_uint_eq(runner.laps, 11);
}
END_TEST

START_TEST(calibration_is_never_zero)
{
	struct calibration calibration = countdown_calibrate();

	ck_assert_uint_gt(calibration.turn_ps, 0);
	ck_assert_uint_gt(calibration.spin_ps, 0);
}
END_TEST

START_TEST(spins_round_to_the_nearest)
{
	struct calibration machine = {.turn_ps = 253, .spin_ps = 800};

	ck_assert_uint_eq(countdown_spins(&machine, 0), 0);
	ck_assert_uint_eq(countdown_spins(&machine, 1), 1);
	ck_assert_uint_eq(countdown_spins(&machine, 2), 3); /* 2.5 */
	ck_assert_uint_eq(countdown_spins(&machine, 3), 4); /* 3.75 */
	ck_assert_uint_eq(countdown_spins(&machine, 5), 6); /* 6.25 */
	ck_assert_uint_eq(countdown_spins(&machine, 20), 25);
	ck_assert_uint_eq(countdown_spins(&machine, 1000), 1250);
}
END_TEST

START_TEST(a_cost_is_at_least_one_spin)
{
	struct calibration slow = {.turn_ps = 900, .spin_ps = 9000};

	ck_assert_uint_eq(countdown_spins(&slow, 0), 0);
	ck_assert_uint_eq(countdown_spins(&slow, 1), 1);
	ck_assert_uint_eq(countdown_spins(&slow, 4), 1);
}
END_TEST

START_TEST(spins_at_the_edges)
{
	struct calibration unit = {.turn_ps = 1, .spin_ps = 1};
	struct calibration vast = {.turn_ps = 1, .spin_ps = UINT64_MAX};

	ck_assert_uint_eq(countdown_spins(&unit, 4294967), 4294967000);
	ck_assert_uint_eq(countdown_spins(&unit, 4294968), UINT32_MAX);
	ck_assert_uint_eq(countdown_spins(&unit, UINT64_MAX), UINT32_MAX);
	ck_assert_uint_eq(countdown_spins(&vast, UINT64_MAX / 1000), 1);
	ck_assert_uint_eq(countdown_spins(&vast, UINT64_MAX), 1);
}
END_TEST

START_TEST(stride)
{
	struct calibration machine = {.turn_ps = 250, .spin_ps = 800};

	ck_assert_uint_eq(countdown_stride(&machine, 0, 1000000), 4000000);
	ck_assert_uint_eq(countdown_stride(&machine, 1, 1000000), 1250000);
	ck_assert_uint_eq(countdown_stride(&machine, 25, 1000000), 50000);
}
END_TEST

/* A spin that is dearer to start than to run: the turn itself is the cost. */
START_TEST(stride_counts_the_dearer_of_turn_and_spins)
{
	struct calibration machine = {.turn_ps = 1000, .spin_ps = 300};

	ck_assert_uint_eq(countdown_stride(&machine, 3, 1000), 1000);
	ck_assert_uint_eq(countdown_stride(&machine, 10, 3000), 1000);
}
END_TEST

START_TEST(stride_at_the_edges)
{
	struct calibration unit = {.turn_ps = 1, .spin_ps = 1};
	struct calibration vast = {.turn_ps = 1, .spin_ps = UINT64_MAX};

	ck_assert_uint_eq(countdown_stride(&unit, 0, 0), 1);
	ck_assert_uint_eq(countdown_stride(&unit, 0, UINT64_MAX), UINT64_MAX);
	ck_assert_uint_eq(countdown_stride(&vast, UINT32_MAX, 1), 1);
	ck_assert_uint_eq(countdown_stride(&vast, UINT32_MAX, UINT64_MAX), 1);
}
END_TEST

START_TEST(duration)
{
	struct calibration machine = {.turn_ps = 250, .spin_ps = 800};
	struct calibration vast = {.turn_ps = 1, .spin_ps = UINT64_MAX};

	ck_assert_uint_eq(countdown_duration_ns(&machine, 0, 25), 0);
	ck_assert_uint_eq(countdown_duration_ns(&machine, 1, 0), 0);
	ck_assert_uint_eq(countdown_duration_ns(&machine, 4000000, 0), 1000000);
	ck_assert_uint_eq(countdown_duration_ns(&machine, 50000, 25), 1000000);
	ck_assert_uint_eq(
	    countdown_duration_ns(&vast, UINT64_C(1) << 53, UINT32_MAX),
	    UINT64_MAX / 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("countdown");
	TCase *loop = tcase_create("loop");
	TCase *cost = tcase_create("cost");

	tcase_set_timeout(loop, 60);
	tcase_add_loop_test(loop, counts_to_the_end, 0, SPINS_COUNT);
	tcase_add_loop_test(
	    loop, a_set_word_stops_before_the_first_turn, 0, SPINS_COUNT);
	tcase_add_loop_test(loop, another_thread_stops_it, 0, SPINS_COUNT);
	suite_add_tcase(suite, loop);

	tcase_set_timeout(cost, 60);
	tcase_add_test(cost, calibration_is_never_zero);
	tcase_add_test(cost, spins_round_to_the_nearest);
	tcase_add_test(cost, a_cost_is_at_least_one_spin);
	tcase_add_test(cost, spins_at_the_edges);
	tcase_add_test(cost, stride);
	tcase_add_test(cost, stride_counts_the_dearer_of_turn_and_spins);
	tcase_add_test(cost, stride_at_the_edges);
	tcase_add_test(cost, duration);
	suite_add_tcase(suite, cost);
	return suite_main(suite);
}
