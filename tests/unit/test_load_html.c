/* The page of a load run: well-formed, whole, and of this run. */
#include "client/load_html.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/load_sample.h"
#include "tests/unit/suite.h"
#include "tests/unit/xml.h"

static struct fixture fixture;
static char *text;
static size_t size;

static void
setup(void)
{
	fixture_make(&fixture, 7, 1);
}

static void
teardown(void)
{
	fixture_free(&fixture);
	free(text);
	text = NULL;
}

static void
write_page(void)
{
	FILE *out = open_memstream(&text, &size);
	const char *path = getenv("LOAD_HTML_PAGE");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(load_html_write(&fixture.report, out), 0);
	fclose(out);
	/* For who wants to look at it. */
	if (path != NULL && (out = fopen(path, "w")) != NULL) {
		fwrite(text, 1, size, out);
		fclose(out);
	}
}

/* What follows the document type is XML. */
static const char *
root_of(const char *page)
{
	const char *root = strstr(page, "<html");

	ck_assert_ptr_nonnull(root);
	return root;
}

START_TEST(it_is_well_formed)
{
	write_page();
	ck_assert(strncmp(text, "<!DOCTYPE html>\n", 16) == 0);
	ck_assert(is_well_formed(root_of(text)));
}
END_TEST

/* Nothing is run, and nothing is fetched. */
START_TEST(it_needs_no_other_file)
{
	static const char *const none[] = {"<script", "<link", "<img",
	    "src=", "url(", "@import", "<iframe", "onload", "javascript:"};

	write_page();
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_msg(strstr(text, none[i]) == NULL, "%s", none[i]);
}
END_TEST

START_TEST(it_has_all_there_is)
{
	static const char *const headings[] = {"Expectations",
	    "Latency by percentile", "Latency over time", "Jobs a second",
	    "Where the time went", "Percentiles", "Classes", "Phases",
	    "Jobs that failed", "What was asked for", "What it met"};

	write_page();
	for (size_t i = 0; i < COUNT(headings); i++) {
		char heading[64];

		snprintf(heading, sizeof(heading), "<h2>%s</h2>", headings[i]);
		ck_assert_msg(strstr(text, heading) != NULL, "%s", heading);
	}
	ck_assert_ptr_nonnull(strstr(text, "prefers-color-scheme:dark"));
	ck_assert_ptr_nonnull(strstr(text, "width=device-width"));
	/* The title, an example and a sentence, as text. */
	ck_assert_ptr_nonnull(strstr(text, "<h1>Ramp &amp; &lt;hold&gt;</h1>"));
	ck_assert_ptr_nonnull(
	    strstr(text, "too many &quot;jobs&quot; &lt;here&gt;"));
	ck_assert_ptr_nonnull(strstr(text, "late &amp; &lt;so on&gt;."));
	ck_assert_ptr_nonnull(strstr(text, "p99&lt;20ms"));
}
END_TEST

START_TEST(each_picture_is_there_for_both_widths)
{
	unsigned wide = 0, narrow = 0;

	write_page();
	for (const char *at = text; (at = strstr(at, "<svg")) != NULL; at++) {
		const char *end = strchr(at, '>');

		wide += memmem(at, (size_t)(end - at), "class=\"wide\"", 12) !=
		    NULL;
		narrow += memmem(at, (size_t)(end - at), "class=\"narrow\"",
			      14) != NULL;
	}
	ck_assert_uint_eq(wide, 4);
	ck_assert_uint_eq(narrow, 4);
}
END_TEST

START_TEST(a_run_that_did_nothing_has_a_page)
{
	struct load_report *report = &fixture.report;

	load_report_free(report);
	ck_assert_int_eq(load_report_init(report, &fixture.script), 0);
	report->server = "unix:/s";
	write_page();
	ck_assert(is_well_formed(root_of(text)));
	ck_assert_ptr_null(strstr(text, "<h2>Latency by percentile</h2>"));
}
END_TEST

START_TEST(a_closed_loop_has_a_page)
{
	fixture.script.mode = LOAD_CLOSED;
	fixture.script.clients = 8;
	fixture.script.phases[0].clients = 8;
	write_page();
	ck_assert(is_well_formed(root_of(text)));
	ck_assert_ptr_nonnull(strstr(text, "8 clients for "));
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(load_html_write(&fixture.report, out), -1);
	fclose(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_html");
	TCase *tcase = tcase_create("load_html");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_is_well_formed);
	tcase_add_test(tcase, it_needs_no_other_file);
	tcase_add_test(tcase, it_has_all_there_is);
	tcase_add_test(tcase, each_picture_is_there_for_both_widths);
	tcase_add_test(tcase, a_run_that_did_nothing_has_a_page);
	tcase_add_test(tcase, a_closed_loop_has_a_page);
	tcase_add_test(tcase, a_full_disk_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
