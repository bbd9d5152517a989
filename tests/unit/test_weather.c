/* The machine's weather, from texts as Linux writes them. */
#include "client/weather.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

/* A virtual machine with two CPUs, shortened after what is read. */
static const char stat_text[] = "cpu  1000 20 300 5000 100 7 13 50 400 0\n"
				"cpu0 500 10 150 2500 50 3 7 25 200 0\n"
				"cpu1 500 10 150 2500 50 4 6 25 200 0\n"
				"intr 1234567 0 0 8\n"
				"ctxt 123456\n"
				"btime 1700000000\n"
				"procs_running 3\n";

#define SECOND_NS UINT64_C(1000000000)

START_TEST(the_kernels_texts_are_read)
{
	struct weather_observation seen = {.spin_ns = 77};

	ck_assert_int_eq(
	    weather_parse(stat_text, "1.25 0.40 0.33 3/512 4711\n", 100, &seen),
	    0);
	ck_assert_uint_eq(seen.cpus, 2);
	/* Guests' time is part of user's. */
	ck_assert_uint_eq(seen.busy_ns, 1340 * SECOND_NS / 100);
	ck_assert_uint_eq(seen.irq_ns, 20 * SECOND_NS / 100);
	ck_assert_uint_eq(seen.idle_ns, 5100 * SECOND_NS / 100);
	ck_assert_uint_eq(seen.steal_ns, 50 * SECOND_NS / 100);
	ck_assert_double_eq(seen.load, 1.25);
	ck_assert_uint_eq(seen.spin_ns, 77);
}
END_TEST

START_TEST(other_texts_are_refused)
{
	struct weather_observation seen;

	ck_assert_int_eq(weather_parse("", "1.0", 100, &seen), -1);
	ck_assert_int_eq(
	    weather_parse("cpu 1 2 3\ncpu0 1 2 3\n", "1.0", 100, &seen), -1);
	ck_assert_int_eq(
	    weather_parse("cpu 1 2 3 4 5 6 7 8\n", "1.0", 100, &seen), -1);
	ck_assert_int_eq(weather_parse(stat_text, "", 100, &seen), -1);
	ck_assert_int_eq(weather_parse(stat_text, "nan", 100, &seen), -1);
	ck_assert_int_eq(weather_parse(stat_text, "1.0", 0, &seen), -1);
}
END_TEST

/* An experiment of ten seconds on two CPUs, which kept one of them busy. */
static const struct weather_observation before = {
    .cpus = 2,
    .busy_ns = 100 * SECOND_NS,
    .idle_ns = 500 * SECOND_NS,
    .steal_ns = SECOND_NS,
    .load = 0.5,
    .spin_ns = 2000000,
};

static struct weather_observation
observe_after(uint64_t busy_s, uint64_t idle_s, uint64_t steal_s)
{
	struct weather_observation after = before;

	after.busy_ns += busy_s * SECOND_NS;
	after.idle_ns += idle_s * SECOND_NS;
	after.steal_ns += steal_s * SECOND_NS;
	return after;
}

START_TEST(fair_weather_is_not_spoken_of)
{
	struct weather_observation after = observe_after(11, 9, 0);
	struct weather weather;

	after.spin_ns = 2080000;
	weather = weather_judge(&before, &after, 10 * SECOND_NS);
	ck_assert_double_eq(weather.steal, 0);
	ck_assert_double_eq_tol(weather.busy, 0.05, 1e-9);
	ck_assert_double_eq_tol(weather.drift, 0.04, 1e-9);
	ck_assert(!weather.is_stolen && !weather.is_busy);
	ck_assert(!weather.is_drifting);
	ck_assert_uint_eq(weather.n_sentences, 0);
}
END_TEST

START_TEST(stolen_time_is_told)
{
	struct weather_observation after = observe_after(10, 9, 1);
	struct weather weather = weather_judge(&before, &after, 10 * SECOND_NS);

	ck_assert_double_eq_tol(weather.steal, 0.05, 1e-9);
	ck_assert(weather.is_stolen);
	ck_assert_uint_eq(weather.n_sentences, 1);
	ck_assert_ptr_nonnull(strstr(weather.sentences[0], "hypervisor"));
}
END_TEST

START_TEST(what_others_did_is_told_and_what_we_did_is_not)
{
	struct weather_observation after = observe_after(15, 5, 0);
	struct weather weather = weather_judge(&before, &after, 10 * SECOND_NS);

	ck_assert_double_eq_tol(weather.busy, 0.25, 1e-9);
	ck_assert(weather.is_busy);
	ck_assert_uint_eq(weather.n_sentences, 1);
	ck_assert_ptr_nonnull(
	    strstr(weather.sentences[0], "Other work took 25 %"));
	ck_assert_ptr_nonnull(strstr(weather.sentences[0], "0.5 on 2 CPUs"));
	weather = weather_judge(&before, &after, 15 * SECOND_NS);
	ck_assert(!weather.is_busy);
	/* Ticks are coarse: our own clock may say more than they do. */
	weather = weather_judge(&before, &after, 16 * SECOND_NS);
	ck_assert_double_eq(weather.busy, 0);
}
END_TEST

START_TEST(a_drift_is_told_both_ways)
{
	struct weather_observation after = observe_after(10, 10, 0);
	struct weather weather;

	after.spin_ns = 2200000;
	weather = weather_judge(&before, &after, 10 * SECOND_NS);
	ck_assert(weather.is_drifting);
	ck_assert_ptr_nonnull(strstr(weather.sentences[0], "10 % longer"));
	after.spin_ns = 1800000;
	weather = weather_judge(&before, &after, 10 * SECOND_NS);
	ck_assert(weather.is_drifting);
	ck_assert_ptr_nonnull(strstr(weather.sentences[0], "10 % less"));
}
END_TEST

/* iowait and steal step back on some kernels; and nothing may have passed. */
START_TEST(counters_that_step_back_are_borne)
{
	struct weather_observation after = before;
	struct weather weather;

	after.idle_ns -= SECOND_NS;
	after.steal_ns = 0;
	weather = weather_judge(&before, &after, 0);
	ck_assert_double_eq(weather.steal, 0);
	ck_assert_double_eq(weather.busy, 0);
	ck_assert_uint_eq(weather.n_sentences, 0);
}
END_TEST

START_TEST(json_has_the_sentences)
{
	struct weather_observation after = observe_after(20, 0, 2);
	struct weather weather = weather_judge(&before, &after, 0);
	json_t *json = weather_to_json(&weather);

	ck_assert_uint_eq(
	    json_array_size(json_object_get(json, "disturbances")), 2);
	ck_assert_double_eq(
	    json_real_value(json_object_get(json, "steal")), weather.steal);
	json_decref(json);
}
END_TEST

/* This machine's own: counters do not shrink, and the spin takes time. */
START_TEST(this_machine_can_be_observed)
{
	struct weather_observation seen;

	ck_assert_int_eq(weather_observe(&seen), 0);
	ck_assert_uint_ge(seen.cpus, 1);
	ck_assert_uint_gt(seen.busy_ns, 0);
	ck_assert_uint_gt(seen.spin_ns, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("weather");
	TCase *tcase = tcase_create("weather");

	tcase_add_test(tcase, the_kernels_texts_are_read);
	tcase_add_test(tcase, other_texts_are_refused);
	tcase_add_test(tcase, fair_weather_is_not_spoken_of);
	tcase_add_test(tcase, stolen_time_is_told);
	tcase_add_test(tcase, what_others_did_is_told_and_what_we_did_is_not);
	tcase_add_test(tcase, a_drift_is_told_both_ways);
	tcase_add_test(tcase, counters_that_step_back_are_borne);
	tcase_add_test(tcase, json_has_the_sentences);
	tcase_add_test(tcase, this_machine_can_be_observed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
