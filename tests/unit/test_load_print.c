/*
 * The page that a load run ends with: what stands on it, what is left out, and
 * that it fits in 80 columns, in UTF-8 and without, as text and as Markdown.
 */
#include "client/load_print.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/load_sample.h"
#include "tests/unit/suite.h"

static struct fixture fixture;
static struct context context;
static char *text;
static size_t size;

static void
setup(void)
{
	fixture_make(&fixture, 7, 1);
	context = (struct context){
	    .command = &command_load,
	    .out = {.columns = 80},
	};
}

static void
teardown(void)
{
	fixture_free(&fixture);
	free(text);
	text = NULL;
}

static void
print_page(enum format format, bool has_utf8)
{
	context.format = format;
	context.out.has_utf8 = has_utf8;
	context.out.stream = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(context.out.stream);
	ck_assert_int_eq(load_print(&context, &fixture.report), OUTCOME_FINE);
	fclose(context.out.stream);
}

static void
expect_says(const char *part)
{
	ck_assert_msg(
	    strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

static void
expect_silent_on(const char *part)
{
	ck_assert_msg(
	    strstr(text, part) == NULL, "\"%s\" is in: %s", part, text);
}

START_TEST(it_fits_in_80_columns)
{
	char line[1024];

	print_page(FORMAT_TEXT, _i == 1);
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		ck_assert_uint_lt(length, sizeof(line));
		memcpy(line, at, length);
		line[length] = '\0';
		ck_assert_msg(term_width(line) <= 80, "%s", line);
		at += length + (at[length] == '\n');
	}
}
END_TEST

START_TEST(it_tells_of_all_that_there_was)
{
	print_page(FORMAT_TEXT, false);
	expect_says("Ramp & <hold>\n");
	expect_says("gild 0.1.0 on 2 CPUs; open loop, Poisson, 4 connections, "
		    "2 threads");
	expect_says("done/s  scheduled");
	expect_says("\n  tiny ");
	expect_says("\n  hold ");
	expect_says("\n  99.9 to 100 %");
	expect_says("lock wait");
	expect_says("\n  busy ");
	expect_says("\n  timed_out ");
	expect_says("Latency over time");
	expect_says("NOT MET");
	expect_says("Warning: 9 jobs were sent more than 1 ms late");
	expect_silent_on("interrupted");
	expect_silent_on("Connections were lost");
}
END_TEST

START_TEST(markdown_has_tables_and_no_bars)
{
	print_page(FORMAT_MARKDOWN, true);
	expect_says("### Ramp & <hold>\n");
	expect_says("| tiny ");
	expect_silent_on("\u2588");
	expect_silent_on("over time");
	expect_silent_on("\n\n\n");
}
END_TEST

START_TEST(what_is_rare_is_told_when_it_happened)
{
	fixture.report.is_interrupted = true;
	fixture.report.lost = 2;
	fixture.report.reopened = 1;
	print_page(FORMAT_TEXT, false);
	expect_says("It was interrupted");
	expect_says("Connections were lost 2 times, and made again 1.");
}
END_TEST

START_TEST(a_search_tells_where_gilctl_was_the_limit)
{
	struct load_report *report = &fixture.report;

	report->steps = calloc(2, sizeof(report->steps[0]));
	ck_assert_ptr_nonnull(report->steps);
	report->n_steps = 2;
	report->best_rate = 1000;
	report->steps[0] = (struct load_step){.rate = 1000, .is_met = true};
	report->steps[1] = (struct load_step){
	    .rate = 2000, .is_bottleneck = true, .busiest_share = 0.98};
	context.format = FORMAT_MARKDOWN;
	context.out.stream = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(context.out.stream);
	ck_assert_int_eq(load_print_search(&context, report), OUTCOME_FINE);
	fclose(context.out.stream);
	expect_says("### Search for the highest rate\n\nRuns of ");
	expect_says("98 % busy | does not hold |");
	expect_says("The highest rate that held: 1,000 jobs a second.");
	expect_says("Warning: At 2,000 jobs a second gilctl itself");
	expect_silent_on("\n\n\n");
	free(text);
	context.format = FORMAT_CSV;
	context.out.stream = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(context.out.stream);
	ck_assert_int_eq(load_print_search(&context, report), OUTCOME_FINE);
	fclose(context.out.stream);
	ck_assert_str_eq(text,
	    "rate,done_per_s,p99<20ms,errors=0,done>10,busiest_share,"
	    "late_share,verdict\n"
	    "1000,0,,,,0,0,holds\n"
	    "2000,0,,,,0.98,0,does_not_hold\n");
}
END_TEST

static const struct {
	enum load_mode mode;
	double from, to;
	const char *text;
} loads[] = {
    {LOAD_OPEN, 2000, 2000, "2,000 jobs a second for 10.00 s"},
    {LOAD_OPEN, 0.5, 0.5, "0.5 jobs a second for 10.00 s"},
    {LOAD_OPEN, 10, 2000, "From 10 to 2,000 jobs a second in 10.00 s"},
    {LOAD_CLOSED, 0, 0, "8 clients, 1 job at a time each, for 10.00 s"},
};

START_TEST(a_load_has_a_title)
{
	struct load_script script = {.mode = loads[_i].mode,
	    .in_flight = 1,
	    .n_phases = 1,
	    .phases = {{.duration_ns = 10000 * FIXTURE_MS,
		.from_rate = loads[_i].from,
		.to_rate = loads[_i].to,
		.clients = 8}}};
	char title[128];

	load_describe(&script, title, sizeof(title));
	ck_assert_str_eq(title, loads[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_print");
	TCase *tcase = tcase_create("load_print");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, it_fits_in_80_columns, 0, 2);
	tcase_add_test(tcase, it_tells_of_all_that_there_was);
	tcase_add_test(tcase, markdown_has_tables_and_no_bars);
	tcase_add_test(tcase, what_is_rare_is_told_when_it_happened);
	tcase_add_test(tcase, a_search_tells_where_gilctl_was_the_limit);
	tcase_add_loop_test(tcase, a_load_has_a_title, 0, COUNT(loads));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
