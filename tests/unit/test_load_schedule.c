/*
 * When an open loop sends: how many jobs a phase has, that they come in order,
 * where on a ramp they are, that threads share them, and that a seed repeats.
 */
#include "client/load_schedule.h"

#include <check.h>
#include <math.h>

#include "tests/unit/load_fixture.h"
#include "tests/unit/suite.h"

#define MAX_JOBS 50000

static struct load_script script;
static struct load_job jobs[MAX_JOBS];

/* All jobs of a thread; how many there are. */
static size_t
take_all(uint32_t thread, uint32_t n_threads)
{
	struct load_schedule schedule;
	size_t n = 0;

	load_schedule_init(&schedule, &script, thread, n_threads);
	while (load_schedule_next(&schedule, &jobs[n]))
		ck_assert_uint_lt(++n, MAX_JOBS);
	return n;
}

static size_t
count_in(size_t n, size_t phase)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += jobs[i].phase == phase;
	return count;
}

static void
expect_order(size_t n)
{
	for (size_t i = 1; i < n; i++)
		ck_assert_uint_ge(jobs[i].at_ns, jobs[i - 1].at_ns);
}

START_TEST(a_uniform_rate_has_as_many_jobs_as_it_says)
{
	size_t n;

	load_fixture_open(
	    &script, "uniform", 500, "{\"for_ms\":2000,\"rate\":1000}");
	n = take_all(0, 1);
	expect_order(n);
	ck_assert_uint_eq(count_in(n, LOAD_WARM_UP), 500);
	ck_assert_uint_eq(count_in(n, 0), 2000);
	/* Half a gap from the start, and then a gap each. */
	ck_assert_uint_eq(jobs[500].at_ns, 500 * MS + MS / 2);
	ck_assert_uint_eq(jobs[501].at_ns, 501 * MS + MS / 2);
	ck_assert_uint_eq(jobs[2499].at_ns, 2499 * MS + MS / 2);
}
END_TEST

/* However long the warm-up is, the phases are the same. */
START_TEST(a_warm_up_moves_the_phases_and_no_more)
{
	load_fixture_open(
	    &script, "uniform", 777, "{\"for_ms\":1000,\"rate\":333}");
	size_t n = take_all(0, 1);
	size_t warm = count_in(n, LOAD_WARM_UP);

	ck_assert_uint_eq(count_in(n, 0), 333);
	ck_assert_uint_ge(warm, 258);
	ck_assert_uint_le(warm, 259);
	ck_assert_double_eq_tol(
	    (double)(jobs[warm].at_ns - 777 * MS), 0.5e9 / 333, 2);
}
END_TEST

/* From 0 to 1000 a second in 2 s: 1000 jobs, a quarter in the first half. */
START_TEST(a_ramp_is_the_integral_of_its_rate)
{
	size_t n, first_half = 0;

	load_fixture_open(&script, "uniform", 0,
	    "{\"for_ms\":2000,\"from\":0,\"to\":1000},"
	    "{\"for_ms\":1000,\"from\":1000,\"to\":0}");
	n = take_all(0, 1);
	expect_order(n);
	ck_assert_uint_eq(count_in(n, 0), 1000);
	ck_assert_uint_eq(count_in(n, 1), 500);
	for (size_t i = 0; i < n; i++)
		first_half += jobs[i].at_ns < SECOND;
	ck_assert_uint_eq(first_half, 250);
	/* The k-th is where 250 t^2 = k + 1/2. */
	for (size_t i = 0; i < 1000; i += 100)
		ck_assert_double_eq_tol((double)jobs[i].at_ns / 1e9,
		    sqrt(((double)i + 0.5) / 250), 1e-8);
}
END_TEST

START_TEST(a_phase_without_a_rate_is_a_pause)
{
	size_t n;

	load_fixture_open(&script, "uniform", 0,
	    "{\"for_ms\":100,\"rate\":100},{\"for_ms\":1000,\"rate\":0},"
	    "{\"for_ms\":100,\"rate\":100}");
	n = take_all(0, 1);
	ck_assert_uint_eq(n, 20);
	ck_assert_uint_lt(jobs[9].at_ns, 100 * MS);
	ck_assert_uint_ge(jobs[10].at_ns, 1100 * MS);
	ck_assert_uint_eq(jobs[10].phase, 2);
}
END_TEST

/* Three threads together send what one alone would. */
START_TEST(threads_take_turns)
{
	static bool is_taken[1000];
	size_t all = 0;

	load_fixture_open(
	    &script, "uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	for (uint32_t thread = 0; thread < 3; thread++) {
		size_t n = take_all(thread, 3);

		expect_order(n);
		for (size_t i = 0; i < n; i++) {
			size_t place = jobs[i].at_ns / MS;

			ck_assert(!is_taken[place]);
			is_taken[place] = true;
		}
		all += n;
	}
	ck_assert_uint_eq(all, 1000);
}
END_TEST

/*
 * Of a Poisson process the number is near its mean (five deviations), and so
 * is the square of the deviation of the gaps to the square of their mean,
 * which is 1; that of even gaps is 0.
 */
START_TEST(poisson_arrivals_are_independent)
{
	double mean = 0, square = 0;
	size_t n = 0;

	load_fixture_open(
	    &script, "poisson", 0, "{\"for_ms\":20000,\"rate\":1000}");
	for (uint32_t thread = 0; thread < 4; thread++)
		n += take_all(thread, 4);
	ck_assert_double_eq_tol((double)n, 20000, 5 * sqrt(20000));
	n = take_all(0, 1);
	expect_order(n);
	for (size_t i = 1; i < n; i++) {
		double gap = (double)(jobs[i].at_ns - jobs[i - 1].at_ns);

		mean += gap / (double)(n - 1);
		square += gap * gap / (double)(n - 1);
	}
	ck_assert_double_eq_tol((square - mean * mean) / (mean * mean), 1, 0.1);
}
END_TEST

START_TEST(a_seed_repeats_a_schedule)
{
	static struct load_job before[1000];
	size_t n;

	load_fixture_open(
	    &script, "poisson", 100, "{\"for_ms\":500,\"rate\":1000}");
	n = take_all(1, 2);
	ck_assert_uint_lt(n, COUNT(before));
	for (size_t i = 0; i < n; i++)
		before[i] = jobs[i];
	ck_assert_uint_eq(take_all(1, 2), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(jobs[i].at_ns, before[i].at_ns);
	script.seed++;
	take_all(1, 2);
	ck_assert_uint_ne(jobs[0].at_ns, before[0].at_ns);
}
END_TEST

START_TEST(classes_come_by_their_weight)
{
	size_t counts[3] = {0}, n;

	load_fixture(&script,
	    "{\"arrival\":\"uniform\",\"seed\":3,\"warm_up_ms\":0,"
	    "\"phases\":[{\"for_ms\":10000,\"rate\":1000}],"
	    "\"classes\":[{\"weight\":7,\"count\":1},{\"count\":1},"
	    "{\"weight\":2,\"count\":1}]}");
	n = take_all(0, 1);
	for (size_t i = 0; i < n; i++)
		counts[jobs[i].class]++;
	/* Five deviations of the binomial distribution. */
	ck_assert_double_eq_tol((double)counts[0], 7000, 230);
	ck_assert_double_eq_tol((double)counts[1], 1000, 150);
	ck_assert_double_eq_tol((double)counts[2], 2000, 200);
}
END_TEST

START_TEST(a_closed_loop_has_a_phase_and_clients_at_each_moment)
{
	load_fixture(&script,
	    "{\"mode\":\"closed\",\"clients\":4,\"warm_up_ms\":100,"
	    "\"phases\":[{\"for_ms\":100},{\"for_ms\":100,\"clients\":8}],"
	    "\"classes\":[{\"count\":1}]}");
	ck_assert_uint_eq(script.clients, 8);
	ck_assert_uint_eq(
	    load_schedule_phase(&script, 100 * MS - 1), LOAD_WARM_UP);
	ck_assert_uint_eq(load_schedule_phase(&script, 100 * MS), 0);
	ck_assert_uint_eq(load_schedule_phase(&script, 200 * MS), 1);
	ck_assert_uint_eq(load_schedule_phase(&script, 900 * MS), 1);
	ck_assert_uint_eq(load_schedule_clients(&script, 0), 4);
	ck_assert_uint_eq(load_schedule_clients(&script, 250 * MS), 8);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_schedule");
	TCase *tcase = tcase_create("load_schedule");

	tcase_add_test(tcase, a_uniform_rate_has_as_many_jobs_as_it_says);
	tcase_add_test(tcase, a_warm_up_moves_the_phases_and_no_more);
	tcase_add_test(tcase, a_ramp_is_the_integral_of_its_rate);
	tcase_add_test(tcase, a_phase_without_a_rate_is_a_pause);
	tcase_add_test(tcase, threads_take_turns);
	tcase_add_test(tcase, poisson_arrivals_are_independent);
	tcase_add_test(tcase, a_seed_repeats_a_schedule);
	tcase_add_test(tcase, classes_come_by_their_weight);
	tcase_add_test(
	    tcase, a_closed_loop_has_a_phase_and_clients_at_each_moment);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
