/* The live line: which figures it has room for, and how its curve is scaled. */
#include "client/load_live.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "tests/unit/suite.h"

#define SECOND_NS UINT64_C(1000000000)

static const struct load_moment usual = {
    .rate = 2001.4,
    .has_latency = true,
    .p50_ns = 159000,
    .p99_ns = 1230000,
    .under_way = 12,
    .left_ns = 27 * SECOND_NS,
};

static void
expect_line(struct load_moment moment, size_t room, const char *text)
{
	char line[LOAD_LIVE_CHARS + 1];

	load_live_describe(&moment, room, line);
	ck_assert_str_eq(line, text);
}

START_TEST(what_there_is_room_for_is_said)
{
	expect_line(usual, 100,
	    "2,001/s  p50 159 us  p99 1.23 ms  27 s left  12 under way");
	expect_line(usual, 50, "2,001/s  p50 159 us  p99 1.23 ms  27 s left");
	expect_line(usual, 10, "2,001/s  p50 159 us  p99 1.23 ms");
}
END_TEST

START_TEST(failures_go_before_the_time_that_is_left)
{
	struct load_moment moment = usual;

	moment.failed = 3;
	expect_line(moment, 43, "2,001/s  p50 159 us  p99 1.23 ms  3 failed");
	expect_line(moment, 10, "2,001/s  p50 159 us  p99 1.23 ms  3 failed");
}
END_TEST

START_TEST(a_server_that_stands_still_has_no_latency_of_0)
{
	struct load_moment moment = usual;

	moment.has_latency = false;
	moment.rate = 0;
	expect_line(moment, 50, "0/s  no answers  27 s left  12 under way");
}
END_TEST

START_TEST(beginning_and_end_are_told)
{
	struct load_moment moment = usual;

	moment.is_first = true;
	moment.is_warm_up = true;
	expect_line(moment, 30, "warming up  27 s left");
	moment.is_first = false;
	expect_line(moment, 10, "2,001/s  warming up");
	moment.is_warm_up = false;
	moment.is_drain = true;
	moment.left_ns = 0;
	expect_line(moment, 50, "waiting for 12 answers");
	moment.under_way = 1;
	moment.failed = 2;
	expect_line(moment, 50, "waiting for 1 answer  2 failed");
}
END_TEST

START_TEST(the_curve_is_of_logarithms)
{
	double durations_ns[] = {0, 1e5, 1e6, 1e7};

	load_live_scale(durations_ns, COUNT(durations_ns));
	ck_assert(isnan(durations_ns[0]));
	ck_assert_double_eq_tol(durations_ns[1], 0, 1e-9);
	ck_assert_double_eq_tol(durations_ns[2], 0.5, 1e-9);
	ck_assert_double_eq_tol(durations_ns[3], 1, 1e-9);
}
END_TEST

START_TEST(a_quiet_run_has_a_low_curve)
{
	double durations_ns[] = {1e5, 1.2e5}, nothing[] = {0, 0};

	load_live_scale(durations_ns, COUNT(durations_ns));
	ck_assert_double_lt(durations_ns[1], 0.1);
	load_live_scale(nothing, COUNT(nothing));
	ck_assert(isnan(nothing[0]) && isnan(nothing[1]));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_live");
	TCase *tcase = tcase_create("load_live");

	tcase_add_test(tcase, what_there_is_room_for_is_said);
	tcase_add_test(tcase, failures_go_before_the_time_that_is_left);
	tcase_add_test(tcase, a_server_that_stands_still_has_no_latency_of_0);
	tcase_add_test(tcase, beginning_and_end_are_told);
	tcase_add_test(tcase, the_curve_is_of_logarithms);
	tcase_add_test(tcase, a_quiet_run_has_a_low_curve);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
