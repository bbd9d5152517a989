/*
 * Expectations: how they are written, what is refused and in which words, and
 * how they are judged.
 */
#include "client/load_expect.h"

#include <check.h>
#include <string.h>

#include "client/load_report.h"
#include "tests/unit/load_fixture.h"
#include "tests/unit/suite.h"

static struct load_expectation list[LOAD_MAX_EXPECTATIONS];
static size_t n;
static char error[LOAD_EXPECT_ERROR_CHARS + 1];

static void
parse(const char *text)
{
	error[0] = '\0';
	ck_assert_msg(load_expect_parse(text, list, &n, error) == 0, "%s: %s",
	    text, error);
}

START_TEST(a_list_is_read)
{
	parse("p99<20ms, errors = 0,lost_to_lock<5%,rate>=1k,p99.99<=1s,"
	      "late<0.1%,max>500us");
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(list[0].metric, LOAD_METRIC_QUANTILE);
	ck_assert_double_eq_tol(list[0].fraction, 0.99, 1e-12);
	ck_assert_int_eq(list[0].comparison, LOAD_BELOW);
	ck_assert_double_eq(list[0].limit, 20e6);
	ck_assert_str_eq(list[1].text, "errors=0");
	ck_assert_int_eq(list[1].comparison, LOAD_EQUAL);
	ck_assert(!list[1].is_share);
	ck_assert_int_eq(list[2].metric, LOAD_METRIC_PART);
	ck_assert_uint_eq(list[2].part, LOAD_LOCK_WAIT);
	ck_assert_double_eq_tol(list[2].limit, 0.05, 1e-12);
	ck_assert_int_eq(list[3].comparison, LOAD_AT_LEAST);
	ck_assert_double_eq(list[3].limit, 1000);
	ck_assert_double_eq_tol(list[4].fraction, 0.9999, 1e-12);
	ck_assert_int_eq(list[4].comparison, LOAD_AT_MOST);
	ck_assert(list[5].is_share);
	ck_assert_double_eq_tol(list[5].limit, 0.001, 1e-12);
	ck_assert_int_eq(list[6].comparison, LOAD_ABOVE);
}
END_TEST

static const struct {
	const char *text;
	const char *why; /* a part of it */
} wrongs[] = {
    {"", "compares nothing: write p99<20ms"},
    {"p99", "\"p99\" compares nothing"},
    {"<20ms", "compares nothing"},
    {"p99<", "compares nothing"},
    {"p99<20ms,", "compares nothing"},
    {"p99<20", "p99 is a duration, and \"20\" is none: write 500us"},
    {"p99<1ms..2ms", "is none"},
    {"p99<5%", "p99 is a duration"},
    {"p101<1s", "nothing is called \"p101\""},
    {"p<1s", "nothing is called \"p\""},
    {"p9x<1s", "nothing is called \"p9x\""},
    {"erors=0", "did you mean errors?"},
    {"lost_to_lok<1%", "did you mean lost_to_lock?"},
    {"sunshine=1", "known are p50 to p99.99"},
    {"errors=none", "errors is a number, and \"none\" is none: write 0"},
    {"errors<1%%", "errors is a number"},
    {"lost_to_lock<5", "a share of the latency"},
    {"rate>5%", "rate is a number"},
    {"rate<>5", "rate is a number"},
    {"a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1,a=1",
	"nothing is called \"a\""},
    {"max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,"
     "max<1s,max<1s,max<1s,max<1s,max<1s,max<1s,max<1s",
	"more than 16 of them"},
    {"p99<00000000000000000000000000000000000000000000000000000000000001s",
	"longer than 63 characters"},
};

START_TEST(what_is_wrong_is_explained)
{
	ck_assert_msg(load_expect_parse(wrongs[_i].text, list, &n, error) == -1,
	    "was read: %s", wrongs[_i].text);
	ck_assert_msg(strstr(error, wrongs[_i].why) != NULL, "%s: %s",
	    wrongs[_i].text, error);
}
END_TEST

START_TEST(limits_hold_or_do_not)
{
	parse("rate<5,rate<=5,rate=5,rate>=5,rate>5");
	static const bool holds[5][3] = {
	    {true, false, false},
	    {true, true, false},
	    {false, true, false},
	    {false, true, true},
	    {false, false, true},
	};

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < 3; j++)
			ck_assert_int_eq(
			    load_expect_holds(&list[i], 4 + (double)j),
			    holds[i][j]);
}
END_TEST

static struct load_script script;
static struct load_report report;

static void
begin_report(void)
{
	load_fixture_open(
	    &script, "uniform", 0, "{\"for_ms\":1000,\"rate\":1000}");
	ck_assert_int_eq(load_report_init(&report, &script), 0);
}

static void
expect_actual(size_t i, double actual, bool is_met)
{
	ck_assert(report.expectations[i].is_known);
	ck_assert_double_eq_tol(
	    report.expectations[i].actual, actual, actual / 1000 + 1e-9);
	ck_assert_int_eq(report.expectations[i].is_met, is_met);
}

START_TEST(a_report_is_judged)
{
	begin_report();
	report.counts = (struct load_counts){.scheduled = 1000,
	    .sent = 800,
	    .done = 700,
	    .failed = 100,
	    .skipped = 200};
	report.rate = 700;
	report.late = 8;
	for (uint64_t i = 1; i <= 700; i++)
		hdr_add(&report.latency, i * MS);
	report.parts.ns[LOAD_LOCK_WAIT] = 30;
	report.parts.ns[LOAD_RUN] = 70;
	parse("p50<400ms,max<700ms,errors<20%,errors=0,skipped=200,rate>600,"
	      "late<0.5%,lost_to_lock<=30%,lost=0");
	ck_assert(!load_expect_judge(&report, list, n));
	expect_actual(0, 350 * 1e6, true);
	expect_actual(1, 700 * 1e6, false);
	expect_actual(2, 0.125, true);
	expect_actual(3, 100, false);
	expect_actual(4, 200, true);
	expect_actual(5, 700, true);
	expect_actual(6, 0.01, false);
	expect_actual(7, 0.3, true);
	expect_actual(8, 0, true);
	parse("p50<400ms");
	ck_assert(load_expect_judge(&report, list, n));
	load_report_free(&report);
}
END_TEST

/* A server that never answered has no latency below a limit. */
START_TEST(a_latency_of_nothing_is_not_as_expected)
{
	begin_report();
	parse("p99<1s,lost_to_lock<5%,p99>1s");
	ck_assert(!load_expect_judge(&report, list, n));
	for (size_t i = 0; i < n; i++) {
		ck_assert(!report.expectations[i].is_known);
		ck_assert(!report.expectations[i].is_met);
	}
	load_report_free(&report);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_expect");
	TCase *tcase = tcase_create("load_expect");

	tcase_add_test(tcase, a_list_is_read);
	tcase_add_loop_test(
	    tcase, what_is_wrong_is_explained, 0, COUNT(wrongs));
	tcase_add_test(tcase, limits_hold_or_do_not);
	tcase_add_test(tcase, a_report_is_judged);
	tcase_add_test(tcase, a_latency_of_nothing_is_not_as_expected);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
