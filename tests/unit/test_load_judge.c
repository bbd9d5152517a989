/* What a load run says of the generator: when it was the bottleneck. */
#include "client/load_judge.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct load_report report;
static const struct load_evidence idle = {0.01, 0.05, 2};

static void
begin(void)
{
	report = (struct load_report){
	    .counts = {.scheduled = 10000, .sent = 10000, .done = 10000}};
}

static void
expect_sentence(const char *part)
{
	ck_assert_uint_eq(report.generator.n_sentences, 1);
	ck_assert_msg(strstr(report.generator.sentences[0], part) != NULL, "%s",
	    report.generator.sentences[0]);
}

START_TEST(who_has_time_to_spare_is_no_bottleneck)
{
	load_judge(&report, &idle);
	ck_assert(!report.generator.is_bottleneck);
	ck_assert_uint_eq(report.generator.n_sentences, 0);
	ck_assert_double_eq(report.generator.busiest_share, 0.05);
}
END_TEST

/* Late answers are the server's affair; jobs that were sent in time are not. */
START_TEST(a_few_late_jobs_are_no_bottleneck)
{
	report.late = 99;
	load_judge(&report, &idle);
	ck_assert(!report.generator.is_bottleneck);
	ck_assert_uint_eq(report.generator.n_sentences, 0);
}
END_TEST

START_TEST(a_thread_without_a_pause_is_a_bottleneck)
{
	const struct load_evidence busy = {0.5, 0.98, 2};

	report.late = 5000;
	load_judge(&report, &busy);
	ck_assert(report.generator.is_bottleneck);
	expect_sentence("one of its 2 threads was on a CPU for 98 %");
}
END_TEST

START_TEST(jobs_that_are_late_without_that_had_no_cpu)
{
	report.late = 200;
	report.worst_late_ns = 12345678;
	load_judge(&report, &idle);
	ck_assert(report.generator.is_bottleneck);
	expect_sentence("2.0 % of the jobs were sent more than 1 ms late, the "
			"latest by 12.3 ms");
}
END_TEST

START_TEST(jobs_that_were_not_sent_any_more_are_late_too)
{
	report.counts.sent = 9000;
	report.counts.not_sent = 1000;
	load_judge(&report, &idle);
	ck_assert(report.generator.is_bottleneck);
}
END_TEST

START_TEST(skipped_jobs_are_told_of_by_their_cause)
{
	report.counts.skipped = 300;
	report.skipped_down = 100;
	load_judge(&report, &idle);
	ck_assert(!report.generator.is_bottleneck);
	ck_assert_uint_eq(report.generator.n_sentences, 2);
	ck_assert_ptr_nonnull(strstr(report.generator.sentences[0],
	    "200 jobs (2.0 %) were skipped: as many as may be"));
	ck_assert_ptr_nonnull(strstr(report.generator.sentences[1],
	    "100 jobs (1.0 %) were skipped: there was no connection"));
}
END_TEST

/* The search ends at the lowest rate that did not hold. */
START_TEST(a_search_that_gilctl_ended_says_so)
{
	struct load_step steps[] = {
	    {.rate = 1000, .is_met = true},
	    {.rate = 4000, .is_bottleneck = true, .busiest_share = 0.98},
	    {.rate = 2000, .is_bottleneck = true, .late_share = 0.12},
	};
	char text[LOAD_SENTENCE_CHARS + 1];

	report.steps = steps;
	report.n_steps = 3;
	ck_assert(load_judge_search(&report, text));
	ck_assert_str_eq(text,
	    "At 2,000 jobs a second gilctl itself was the limit (12 % late): "
	    "the server may hold more.");
	ck_assert_str_eq(load_judge_limit(&steps[0]).text, "-");
	ck_assert_str_eq(load_judge_limit(&steps[1]).text, "98 % busy");
	steps[2].is_bottleneck = false;
	ck_assert(!load_judge_search(&report, text));
	report.n_steps = 1;
	ck_assert(!load_judge_search(&report, text));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_judge");
	TCase *tcase = tcase_create("load_judge");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, who_has_time_to_spare_is_no_bottleneck);
	tcase_add_test(tcase, a_few_late_jobs_are_no_bottleneck);
	tcase_add_test(tcase, a_thread_without_a_pause_is_a_bottleneck);
	tcase_add_test(tcase, jobs_that_are_late_without_that_had_no_cpu);
	tcase_add_test(tcase, jobs_that_were_not_sent_any_more_are_late_too);
	tcase_add_test(tcase, skipped_jobs_are_told_of_by_their_cause);
	tcase_add_test(tcase, a_search_that_gilctl_ended_says_so);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
