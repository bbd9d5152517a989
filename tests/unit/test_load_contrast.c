/* Two load runs: what differs is seen, and what does not is not. */
#include "client/load_contrast.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/load_contrast_print.h"
#include "tests/unit/load_sample.h"
#include "tests/unit/suite.h"

#define N_PAIRS 16

static struct fixture a, b;
static struct load_contrast contrast;

static void
make(double factor_a, double factor_b)
{
	fixture_make(&a, 1, factor_a);
	fixture_make(&b, 2, factor_b);
	load_contrast_make(&a.report, &b.report, &contrast);
}

static void
teardown(void)
{
	fixture_free(&a);
	fixture_free(&b);
}

static const struct contrast_row *
row_of(const char *name)
{
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		if (strcmp(contrast.quantiles[i].name, name) == 0)
			return &contrast.quantiles[i];
	ck_abort_msg("%s", name);
}

/* Whether one of the sentences begins so. */
static bool
says(const struct contrast_sentences *sentences, const char *start)
{
	for (size_t i = 0; i < sentences->n; i++)
		if (strncmp(sentences->text[i], start, strlen(start)) == 0)
			return true;
	return false;
}

START_TEST(the_same_load_shows_no_difference)
{
	make(1, 1);
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		ck_assert_int_ne(contrast.quantiles[i].seen, CONTRAST_HIGHER);
	ck_assert_int_eq(row_of("p50")->seen, CONTRAST_NOT_SEEN);
	ck_assert_int_eq(contrast.rate.seen, CONTRAST_NOT_SEEN);
	ck_assert_int_eq(contrast.failed.seen, CONTRAST_NOT_SEEN);
	ck_assert_uint_eq(contrast.differences.n, 0);
	ck_assert(!load_contrast_is_worse(&contrast));
	ck_assert(says(&contrast.verdict, "Throughput: no difference"));
}
END_TEST

START_TEST(a_slower_server_is_seen)
{
	const struct contrast_row *p50;

	make(1, 1.5);
	p50 = row_of("p50");
	ck_assert_int_eq(p50->seen, CONTRAST_HIGHER);
	ck_assert_double_eq_tol(p50->change.value, 1.45, 0.1);
	ck_assert_double_lt(p50->change.low, p50->change.value);
	ck_assert_double_gt(p50->change.high, p50->change.value);
	ck_assert(load_contrast_is_worse(&contrast));
	ck_assert(says(&contrast.verdict, "B's p50 is "));
	ck_assert(says(&contrast.verdict, "Higher in B: p75"));
	ck_assert(
	    says(&contrast.verdict, "Of a job's mean latency, which rose"));
}
END_TEST

START_TEST(a_faster_server_is_no_worse)
{
	make(1.5, 1);
	ck_assert_int_eq(row_of("p50")->seen, CONTRAST_LOWER);
	ck_assert(!load_contrast_is_worse(&contrast));
	ck_assert(
	    says(&contrast.verdict, "Of a job's mean latency, which fell"));
}
END_TEST

/* One bad stretch made the tail: it is no sure figure, and is not taken so. */
START_TEST(what_one_stretch_made_is_doubted)
{
	const struct contrast_row *p99;

	make(1, 1);
	p99 = row_of("p99");
	ck_assert_double_lt(p99->a.low, 0.5 * p99->a.value);
	ck_assert(isinf(p99->a.high) || p99->a.high > 1.5 * p99->a.value);
	/* The median has nothing to do with it. */
	ck_assert_double_gt(row_of("p50")->a.low, 0.9 * row_of("p50")->a.value);
	ck_assert_double_lt(
	    row_of("p50")->a.high, 1.1 * row_of("p50")->a.value);
}
END_TEST

/* Of 6,000 jobs less than one is beyond the 99.99th percentile. */
START_TEST(a_percentile_of_too_few_is_not_known)
{
	make(1, 3);
	ck_assert_int_eq(row_of("p99.99")->seen, CONTRAST_NOT_KNOWN);
	ck_assert(isnan(row_of("p99.99")->a.value));
}
END_TEST

/* How often 95 % intervals of one and the same thing miss it. */
START_TEST(chance_is_rarely_taken_for_a_difference)
{
	unsigned n_seen = 0;

	for (uint64_t seed = 0; seed < N_PAIRS; seed++) {
		fixture_make(&a, 2 * seed + 10, 1);
		fixture_make(&b, 2 * seed + 11, 1);
		load_contrast_make(&a.report, &b.report, &contrast);
		n_seen += row_of("p50")->seen != CONTRAST_NOT_SEEN;
		if (seed + 1 < N_PAIRS)
			teardown();
	}
	ck_assert_uint_le(n_seen, 4);
}
END_TEST

/*
 * In a queue each job waits for those before it, so that thousands of them say
 * little: intervals that took them for independent would see differences in
 * most pairs of runs of one and the same thing.
 */
START_TEST(the_long_memory_of_a_queue_is_no_difference)
{
	unsigned n_seen[CONTRAST_QUANTILES] = {0};

	for (uint64_t seed = 0; seed < N_PAIRS; seed++) {
		fixture_queue(&a, 2 * seed + 10, 0.8);
		fixture_queue(&b, 2 * seed + 11, 0.8);
		load_contrast_make(&a.report, &b.report, &contrast);
		for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
			n_seen[i] +=
			    contrast.quantiles[i].seen == CONTRAST_LOWER ||
			    contrast.quantiles[i].seen == CONTRAST_HIGHER;
		if (seed + 1 < N_PAIRS)
			teardown();
	}
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		ck_assert_uint_le(n_seen[i], 4);
}
END_TEST

START_TEST(what_was_asked_for_is_compared)
{
	struct contrast_sentences differences;

	make(1, 1);
	b.script.seed = 99;
	load_contrast_differ(&a.report, &b.report, &differences);
	ck_assert_uint_eq(differences.n, 0);
	b.script.phases[1].to_rate = 2000;
	load_contrast_differ(&a.report, &b.report, &differences);
	ck_assert_uint_eq(differences.n, 1);
	ck_assert_str_eq(
	    differences.text[0], "phase hold, its rate at last: 1000 and 2000");
	b.script.classes[0].request.workers = 2;
	b.script.classes[1].weight = 3;
	b.script.in_flight = 5;
	b.report.connections = 9;
	b.script.arrival = LOAD_UNIFORM;
	load_contrast_differ(&a.report, &b.report, &differences);
	ck_assert_uint_eq(differences.n, 6);
	ck_assert(says(&differences, "class tiny: its jobs are others"));
	b.script.mode = LOAD_CLOSED;
	load_contrast_differ(&a.report, &b.report, &differences);
	ck_assert(says(&differences, "mode: open and closed"));
}
END_TEST

START_TEST(what_is_to_be_doubted_is_said)
{
	make(1, 1);
	b.report.is_interrupted = true;
	a.report.generator.n_sentences = 1;
	strcpy(a.report.generator.sentences[0], "12 % were sent late.");
	a.report.cpus = 4;
	load_contrast_make(&a.report, &b.report, &contrast);
	ck_assert(says(&contrast.warnings, "A ran on 4 CPUs and B on 2."));
	ck_assert(says(&contrast.warnings, "B was interrupted."));
	ck_assert(says(&contrast.warnings, "A: 12 % were sent late."));
}
END_TEST

/* Jobs that are sent in the stretch after theirs were sent all the same. */
START_TEST(what_did_not_happen_did_not_happen_in_clusters)
{
	struct load_counts *counts = &b.report.counts;

	make(1, 1);
	counts->sent += counts->skipped;
	counts->skipped = 0;
	b.report.points[3].sent -= 30;
	b.report.points[4].sent += 30;
	load_contrast_make(&a.report, &b.report, &contrast);
	ck_assert_double_lt(contrast.not_sent.b.high, 0.002);
}
END_TEST

START_TEST(runs_that_did_nothing_are_borne)
{
	json_t *json;

	make(1, 1);
	load_report_free(&b.report);
	ck_assert_int_eq(load_report_init(&b.report, &b.script), 0);
	load_contrast_make(&a.report, &b.report, &contrast);
	for (size_t i = 0; i < CONTRAST_QUANTILES; i++)
		ck_assert_int_eq(
		    contrast.quantiles[i].seen, CONTRAST_NOT_KNOWN);
	ck_assert_int_eq(contrast.rate.seen, CONTRAST_NOT_KNOWN);
	json = load_contrast_to_json(&contrast);
	ck_assert_ptr_nonnull(json);
	json_decref(json);
}
END_TEST

static char *
printed(enum format format, unsigned columns)
{
	char *text = NULL;
	size_t size;
	struct context context = {
	    .format = format,
	    .out = {.stream = open_memstream(&text, &size), .columns = columns},
	};

	ck_assert_ptr_nonnull(context.out.stream);
	ck_assert_int_eq(
	    load_contrast_print(&context, &contrast, "a.json", "b.json"),
	    OUTCOME_FINE);
	fclose(context.out.stream);
	return text;
}

static unsigned
count_commas(const char *line)
{
	unsigned n = 0;

	for (; *line != '\n' && *line != '\0'; line++)
		n += *line == ',';
	return n;
}

/* Each with its unit and its intervals; there is no p99.99 of 6,000 jobs. */
START_TEST(as_csv_each_row_has_all_columns)
{
	char *text;
	unsigned n_lines = 0;

	make(1, 1.5);
	text = printed(FORMAT_CSV, 80);
	for (const char *line = text; *line != '\0';
	     line = strchr(line, '\n') + 1, n_lines++)
		ck_assert_uint_eq(count_commas(line), 11);
	ck_assert_uint_eq(n_lines, 1 + CONTRAST_QUANTILES - 1 + 3);
	ck_assert_ptr_nonnull(strstr(text, "\njobs a second,"));
	ck_assert_ptr_nonnull(strstr(text, ",per_s,"));
	free(text);
}
END_TEST

START_TEST(as_text_it_fits)
{
	char *text;

	make(1, 1.5);
	text = printed(FORMAT_TEXT, 80);
	for (const char *line = text; *line != '\0';
	     line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
	ck_assert_ptr_nonnull(strstr(text, "\n  p50 "));
	ck_assert_ptr_nonnull(strstr(text, "\n  p99 "));
	ck_assert_ptr_nonnull(strstr(text, "\n  not sent "));
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_contrast");
	TCase *tcase = tcase_create("load_contrast");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, the_same_load_shows_no_difference);
	tcase_add_test(tcase, a_slower_server_is_seen);
	tcase_add_test(tcase, a_faster_server_is_no_worse);
	tcase_add_test(tcase, what_one_stretch_made_is_doubted);
	tcase_add_test(tcase, a_percentile_of_too_few_is_not_known);
	tcase_add_test(tcase, chance_is_rarely_taken_for_a_difference);
	tcase_add_test(tcase, the_long_memory_of_a_queue_is_no_difference);
	tcase_add_test(tcase, what_was_asked_for_is_compared);
	tcase_add_test(tcase, what_is_to_be_doubted_is_said);
	tcase_add_test(tcase, what_did_not_happen_did_not_happen_in_clusters);
	tcase_add_test(tcase, runs_that_did_nothing_are_borne);
	tcase_add_test(tcase, as_csv_each_row_has_all_columns);
	tcase_add_test(tcase, as_text_it_fits);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
