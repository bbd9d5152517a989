/*
 * Counting what jobs come to: the parts of a latency, the sums that must be
 * equal, percentile bands, errors by their reason, the series over time; and a
 * server that stands still for a second, against what can be calculated.
 */
#include "client/load_tally.h"

#include <check.h>

#include "tests/unit/load_fixture.h"
#include "tests/unit/suite.h"

static struct load_script script;
static struct load_tally tally;
static struct load_report report;

static void
begin_with(const char *arrival, unsigned warm_up_ms, const char *phases)
{
	load_fixture_open(&script, arrival, warm_up_ms, phases);
	ck_assert_int_eq(load_tally_init(&tally, &script), 0);
	ck_assert_int_eq(load_report_init(&report, &script), 0);
}

static void
end(void)
{
	load_tally_free(&tally);
	load_report_free(&report);
}

static void
settle(void)
{
	ck_assert_int_eq(load_tally_settle(&tally, &report), 0);
	ck_assert_uint_eq(report.counts.scheduled,
	    report.counts.sent + report.counts.skipped +
		report.counts.not_sent);
	ck_assert_uint_eq(
	    report.counts.sent, report.counts.done + report.counts.failed);
	ck_assert_uint_eq(report.counts.done, report.latency.count);
	ck_assert_uint_eq(
	    load_parts_total(&report.parts), report.latency.sum_ns);
}

/* A job that is sent at once, and answered after so long. */
static void
play(uint64_t at_ns, uint64_t latency_ns)
{
	struct load_job job = {
	    .at_ns = at_ns, .phase = load_schedule_phase(&script, at_ns)};
	struct load_times times = {.sent_ns = at_ns,
	    .received_ns = at_ns + latency_ns,
	    .wall_ns = latency_ns / 2,
	    .total_ns = latency_ns / 2,
	    .workers = 1};

	load_tally_scheduled(&tally, &job);
	load_tally_sent(&tally, &job, at_ns);
	load_tally_done(&tally, &job, &times);
}

START_TEST(the_parts_are_the_latency)
{
	struct load_times times = {.sent_ns = 1100,
	    .received_ns = 2000,
	    .queue_ns = 200,
	    .wall_ns = 400,
	    .total_ns = 700,
	    .lock_wait_ns = 300, /* of two workers */
	    .workers = 2};
	struct load_parts parts = load_tally_split(1000, &times);

	ck_assert_uint_eq(parts.ns[LOAD_CLIENT], 100);
	ck_assert_uint_eq(parts.ns[LOAD_WAY], 200);
	ck_assert_uint_eq(parts.ns[LOAD_QUEUE], 200);
	ck_assert_uint_eq(parts.ns[LOAD_LOCK_WAIT], 150);
	ck_assert_uint_eq(parts.ns[LOAD_RUN], 250);
	ck_assert_uint_eq(parts.ns[LOAD_DISPATCH], 100);
	ck_assert_uint_eq(load_parts_total(&parts), 1000);
}
END_TEST

/* A server's clock that says too much does not make the latency longer. */
START_TEST(the_parts_are_never_more_than_the_latency)
{
	struct load_times times = {.sent_ns = 1500,
	    .received_ns = 2000,
	    .queue_ns = 400,
	    .wall_ns = 400,
	    .total_ns = 5000,
	    .lock_wait_ns = 9000,
	    .workers = 1};
	struct load_parts parts = load_tally_split(1000, &times);

	ck_assert_uint_eq(load_parts_total(&parts), 1000);
	ck_assert_uint_eq(parts.ns[LOAD_QUEUE], 400);
	ck_assert_uint_eq(parts.ns[LOAD_LOCK_WAIT], 100);
	ck_assert_uint_eq(parts.ns[LOAD_RUN], 0);
	/* Received before it was scheduled: nothing, and nothing below 0. */
	times.received_ns = 900;
	parts = load_tally_split(1000, &times);
	ck_assert_uint_eq(load_parts_total(&parts), 0);
}
END_TEST

START_TEST(every_job_is_counted_once)
{
	struct load_job job = {.at_ns = 600 * MS, .phase = 0};

	begin_with("uniform", 500, "{\"for_ms\":1000,\"rate\":1000}");
	play(100 * MS, MS); /* in the warm-up */
	play(600 * MS, MS);
	for (unsigned i = 0; i < 5; i++)
		load_tally_scheduled(&tally, &job);
	load_tally_skipped(&tally, &job, false);
	load_tally_skipped(&tally, &job, true);
	load_tally_left(&tally, &job);
	load_tally_sent(&tally, &job, job.at_ns + 3 * MS);
	load_tally_failed(&tally, &job, 700 * MS, "busy", "too many");
	load_tally_sent(&tally, &job, job.at_ns + MS / 2);
	load_tally_failed(&tally, &job, 700 * MS, "busy", "another text");
	settle();
	ck_assert_uint_eq(report.counts.scheduled, 6);
	ck_assert_uint_eq(report.counts.done, 1);
	ck_assert_uint_eq(report.counts.skipped, 2);
	ck_assert_uint_eq(report.skipped_down, 1);
	ck_assert_uint_eq(report.counts.not_sent, 1);
	ck_assert_uint_eq(report.warm_up, 1);
	ck_assert_uint_eq(report.late, 1);
	ck_assert_uint_eq(report.worst_late_ns, 3 * MS);
	ck_assert_uint_eq(report.n_errors, 1);
	ck_assert_str_eq(report.errors[0].reason, "busy");
	ck_assert_str_eq(report.errors[0].example, "too many");
	ck_assert_uint_eq(report.errors[0].jobs, 2);
	ck_assert_uint_eq(report.measured_ns, SECOND);
	ck_assert_double_eq(report.rate, 1);
	end();
}
END_TEST

/* More reasons than there is room for end up in the last row. */
START_TEST(no_error_is_forgotten)
{
	struct load_job job = {.phase = 0};
	uint64_t all = 0;

	begin_with("uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	for (unsigned i = 0; i < 2 * LOAD_MAX_ERRORS; i++) {
		char reason[16];

		snprintf(reason, sizeof(reason), "reason_%u", i);
		load_tally_scheduled(&tally, &job);
		load_tally_sent(&tally, &job, 0);
		load_tally_failed(&tally, &job, 0, reason, "");
	}
	settle();
	ck_assert_uint_eq(report.n_errors, LOAD_MAX_ERRORS);
	ck_assert_str_eq(report.errors[0].reason, "other");
	for (size_t i = 0; i < report.n_errors; i++)
		all += report.errors[i].jobs;
	ck_assert_uint_eq(all, report.counts.failed);
	end();
}
END_TEST

/* A thousand jobs of 1 to 1000 us: the bands' jobs, bounds and sums. */
START_TEST(bands_are_exact)
{
	static const uint64_t jobs[LOAD_BANDS] = {500, 400, 90, 9, 1};
	uint64_t sum_ns = 0, low = 1;

	begin_with("uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	for (uint64_t i = 1; i <= 1000; i++)
		play(i * MS / 2, i * 1000);
	settle();
	for (size_t i = 0; i < LOAD_BANDS; i++) {
		const struct load_band *band = &report.bands[i];
		double mean =
		    (double)load_parts_total(&band->parts) / (double)band->jobs;
		double expected =
		    ((double)low + (double)(low + jobs[i] - 1)) / 2 * 1000;

		ck_assert_uint_eq(band->jobs, jobs[i]);
		ck_assert_double_eq_tol(mean, expected, expected / 1000);
		ck_assert_double_eq_tol(
		    load_parts_share(&band->parts, LOAD_RUN), 0.5, 0.01);
		sum_ns += load_parts_total(&band->parts);
		low += jobs[i];
	}
	ck_assert_uint_eq(sum_ns, report.latency.sum_ns);
	ck_assert_uint_eq(report.bands[4].high_ns, 1000 * 1000);
	end();
}
END_TEST

START_TEST(bands_of_nothing_are_empty)
{
	begin_with("uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	settle();
	for (size_t i = 0; i < LOAD_BANDS; i++)
		ck_assert_uint_eq(report.bands[i].jobs, 0);
	end();
}
END_TEST

/*
 * Rate R over T, and a server that stands still for S from a moment on: all
 * that is scheduled in it is answered at its end. So the jobs that take longer
 * than x are those of the first S - x of it: R (S - x).
 */
START_TEST(a_stall_is_seen_as_long_as_it_was)
{
	const uint64_t gap_ns = MS, from_ns = 2 * SECOND, stall_ns = SECOND;

	begin_with("uniform", 0, "{\"for_ms\":5000,\"rate\":1000}");
	for (uint64_t at_ns = gap_ns / 2; at_ns < 5 * SECOND; at_ns += gap_ns) {
		bool is_in_it = at_ns >= from_ns && at_ns < from_ns + stall_ns;

		play(at_ns, is_in_it ? from_ns + stall_ns - at_ns : 100 * 1000);
	}
	settle();
	ck_assert_uint_eq(report.latency.count, 5000);
	for (uint64_t x_ns = 100 * MS; x_ns < stall_ns; x_ns += 100 * MS) {
		double above = (double)hdr_count_above(&report.latency, x_ns);
		double expected = (double)(stall_ns - x_ns) / (double)gap_ns;

		ck_assert_double_eq_tol(above, expected, 1.5);
	}
	/* A fifth of all was scheduled in it: p90 is half of it. */
	ck_assert_double_eq_tol((double)hdr_quantile(&report.latency, 0.9),
	    (double)stall_ns / 2, (double)(2 * gap_ns));
	ck_assert_uint_eq(report.latency.max_ns, stall_ns - gap_ns / 2);
	end();
}
END_TEST

/* Answers are of the stretch in which they came, whenever they were sent. */
START_TEST(the_series_shows_when_answers_came)
{
	begin_with("uniform", 1000, "{\"for_ms\":4000,\"rate\":100}");
	ck_assert_uint_eq(tally.interval_ns, 100 * MS);
	play(1000 * MS, 10 * MS);
	play(1010 * MS, 500 * MS);
	play(4990 * MS, 20 * MS); /* in the drain */
	settle();
	ck_assert_uint_eq(report.n_points, 41);
	ck_assert_uint_eq(report.points[0].start_ns, SECOND);
	ck_assert_uint_eq(report.points[0].sent, 2);
	ck_assert_uint_eq(report.points[0].done, 1);
	ck_assert_uint_eq(report.points[5].done, 1);
	ck_assert_uint_eq(report.points[5].max_ns, 500 * MS);
	ck_assert_uint_eq(report.points[39].sent, 1);
	ck_assert_uint_eq(report.points[39].done, 0);
	ck_assert_uint_eq(report.points[40].done, 1);
	/* What comes in the drain is done, but not in time. */
	ck_assert_uint_eq(report.counts.done, 3);
	ck_assert_double_eq(report.rate, 0.5);
	end();
}
END_TEST

/* Stopped early: rates are of the time that was. */
START_TEST(a_run_that_was_stopped_is_measured_so_far)
{
	begin_with("uniform", 0,
	    "{\"for_ms\":1000,\"rate\":10},{\"for_ms\":1000,\"rate\":10},"
	    "{\"for_ms\":1000,\"rate\":10}");
	for (unsigned i = 0; i < 15; i++)
		play(i * 100 * MS, MS);
	tally.end_ns = 1500 * MS;
	settle();
	ck_assert_uint_eq(report.measured_ns, 1500 * MS);
	ck_assert_double_eq(report.rate, 10);
	ck_assert_uint_eq(report.phases[0].measured_ns, SECOND);
	ck_assert_uint_eq(report.phases[1].measured_ns, 500 * MS);
	ck_assert_uint_eq(report.phases[2].measured_ns, 0);
	ck_assert_uint_eq(report.phases[0].counts.done, 10);
	ck_assert_uint_eq(report.phases[1].counts.done, 5);
	end();
}
END_TEST

START_TEST(tallies_of_threads_add_up)
{
	struct load_tally other;
	struct load_job job = {.at_ns = MS, .phase = 0};

	begin_with("uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	play(MS, MS);
	other = tally;
	ck_assert_int_eq(load_tally_init(&tally, &script), 0);
	play(2 * MS, 3 * MS);
	load_tally_scheduled(&tally, &job);
	load_tally_sent(&tally, &job, 9 * MS);
	load_tally_failed(&tally, &job, MS, "busy", "x");
	load_tally_lost(&tally);
	load_tally_reopened(&tally);
	load_tally_merge(&tally, &other);
	load_tally_free(&other);
	settle();
	ck_assert_uint_eq(report.counts.scheduled, 3);
	ck_assert_uint_eq(report.counts.done, 2);
	ck_assert_uint_eq(report.latency.min_ns, MS);
	ck_assert_uint_eq(report.latency.max_ns, 3 * MS);
	ck_assert_uint_eq(report.worst_late_ns, 8 * MS);
	ck_assert_uint_eq(report.lost, 1);
	ck_assert_uint_eq(report.reopened, 1);
	end();
}
END_TEST

START_TEST(an_interval_is_round_and_they_are_few)
{
	ck_assert_uint_eq(load_tally_interval_ns(100 * MS), 2 * MS);
	ck_assert_uint_eq(load_tally_interval_ns(SECOND), 20 * MS);
	ck_assert_uint_eq(load_tally_interval_ns(10 * SECOND), 200 * MS);
	ck_assert_uint_eq(load_tally_interval_ns(20 * SECOND), 500 * MS);
	ck_assert_uint_eq(load_tally_interval_ns(600 * SECOND), 10 * SECOND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_tally");
	TCase *tcase = tcase_create("load_tally");

	tcase_add_test(tcase, the_parts_are_the_latency);
	tcase_add_test(tcase, the_parts_are_never_more_than_the_latency);
	tcase_add_test(tcase, every_job_is_counted_once);
	tcase_add_test(tcase, no_error_is_forgotten);
	tcase_add_test(tcase, bands_are_exact);
	tcase_add_test(tcase, bands_of_nothing_are_empty);
	tcase_add_test(tcase, a_stall_is_seen_as_long_as_it_was);
	tcase_add_test(tcase, the_series_shows_when_answers_came);
	tcase_add_test(tcase, a_run_that_was_stopped_is_measured_so_far);
	tcase_add_test(tcase, tallies_of_threads_add_up);
	tcase_add_test(tcase, an_interval_is_round_and_they_are_few);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
