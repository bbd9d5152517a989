/*
 * Pictures: whatever goes in, well-formed XML comes out, or an error.
 */
#include "client/svg.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "tests/unit/xml.h"

static char *text;
static size_t size;

static void
teardown(void)
{
	free(text);
	text = NULL;
}

/* What svg_write() writes; frees the picture. */
static int
written(struct svg *svg)
{
	FILE *out = open_memstream(&text, &size);
	int status, error;

	ck_assert_ptr_nonnull(out);
	status = svg_write(svg, out);
	error = errno;
	fclose(out);
	svg_free(svg);
	errno = error;
	return status;
}

START_TEST(the_reader_knows_what_is_well_formed)
{
	ck_assert(is_well_formed("<a b=\"&lt;\">x<c/></a>\n"));
	ck_assert(!is_well_formed("<a><b></a></b>"));
	ck_assert(!is_well_formed("<a>"));
	ck_assert(!is_well_formed("<a/><a/>"));
	ck_assert(!is_well_formed("<a>&</a>"));
	ck_assert(!is_well_formed("<a b=\"<\"/>"));
	ck_assert(!is_well_formed("<text></textual>"));
}
END_TEST

START_TEST(a_picture_of_everything_is_well_formed)
{
	const struct svg_point points[] = {{1, 2}, {3.14159, 4}, {-0.001, 6}};
	struct svg *svg = svg_new(640, 480, "A <title> & more", "\"described\"",
	    ".mine > g{fill:red}");

	svg_group_open(svg, "outer");
	svg_group_open(svg, NULL);
	svg_rect(svg, "fill c1", 1.5, 2.25, 10, 20, "a & b < c");
	svg_circle(svg, NULL, 5, 5, 2, NULL);
	svg_line(svg, "axis", 0, 0, 10, 10, "tip");
	svg_polyline(svg, "line c2", points, COUNT(points), NULL);
	svg_path(svg, "fill", "M0 0L5 5Z", NULL);
	svg_group_close(svg);
	svg_text(svg, "title", SVG_END, 3, 4, "1 < 2 && 3 > 2");
	svg_text_upwards(svg, "label", SVG_MIDDLE, 3, 4, "\u00b5s \"up\"");
	svg_group_close(svg);
	ck_assert_int_eq(written(svg), 0);
	ck_assert_msg(is_well_formed(text), "%s", text);
	ck_assert_ptr_nonnull(strstr(text,
	    "<rect class=\"fill c1\" x=\"1.5\" y=\"2.25\" width=\"10\" "
	    "height=\"20\"><title>a &amp; b &lt; c</title></rect>"));
	ck_assert_ptr_nonnull(strstr(text, "points=\"1,2 3.14,4 0,6\""));
	ck_assert_ptr_nonnull(strstr(
	    text, "text-anchor=\"end\">1 &lt; 2 &amp;&amp; 3 &gt; 2</text>"));
	ck_assert_ptr_nonnull(
	    strstr(text, "transform=\"rotate(-90 3 4)\">\u00b5s "));
	ck_assert_ptr_nonnull(strstr(text, "prefers-color-scheme:dark"));
}
END_TEST

/* What XML has no character for, and what is no UTF-8. */
START_TEST(what_cannot_be_text_is_a_question_mark)
{
	static const char *const rows[][2] = {
	    {"a\x01\x1f\x7f", "a???"},
	    {"\xff\xc0\x80", "???"},
	    {"cut \xe2\x82", "cut ??"},
	    {"\xed\xa0\x80", "???"},	  /* a surrogate */
	    {"\xef\xbf\xbf", "???"},	  /* U+FFFF */
	    {"\xc2\x85", "??"},		  /* a control character */
	    {"\xf4\x90\x80\x80", "????"}, /* beyond U+10FFFF */
	    {"\xf0\x9f\x94\x92 \xe2\x82\xac", "\xf0\x9f\x94\x92 \xe2\x82\xac"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct svg *svg = svg_new(10, 10, "", NULL, NULL);
		char expected[64];

		svg_text(svg, NULL, SVG_START, 1, 2, rows[i][0]);
		ck_assert_int_eq(written(svg), 0);
		snprintf(expected, sizeof(expected),
		    "<text x=\"1\" y=\"2\">%s</text>", rows[i][1]);
		ck_assert_msg(
		    strstr(text, expected) != NULL, "row %zu: %s", i, text);
		free(text);
		text = NULL;
	}
}
END_TEST

START_TEST(a_group_left_open_is_an_error)
{
	struct svg *svg = svg_new(10, 10, "", NULL, NULL);

	svg_group_open(svg, NULL);
	ck_assert_int_eq(written(svg), -1);
	ck_assert_int_eq(errno, EINVAL);
	free(text);
	svg = svg_new(10, 10, "", NULL, NULL);
	svg_group_close(svg);
	ck_assert_int_eq(written(svg), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(a_coordinate_that_is_none_is_an_error)
{
	const double bad[] = {NAN, INFINITY, -INFINITY, 1e300};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct svg *svg = svg_new(10, 10, "", NULL, NULL);

		svg_line(svg, NULL, 0, 0, bad[i], 1, NULL);
		ck_assert_int_eq(written(svg), -1);
		ck_assert_int_eq(errno, EDOM);
		ck_assert_uint_eq(size, 0);
		free(text);
		text = NULL;
	}
}
END_TEST

START_TEST(no_picture_is_borne)
{
	svg_group_open(NULL, NULL);
	svg_rect(NULL, NULL, 0, 0, 1, 1, NULL);
	svg_text(NULL, NULL, SVG_START, 0, 0, "");
	svg_group_close(NULL);
	svg_free(NULL);
	ck_assert_int_eq(svg_write(NULL, stdout), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_int_eq(svg_save(NULL, "/nowhere/at/all"), -1);
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(what_is_not_whole_does_not_replace_a_file)
{
	char path[] = "/tmp/gild-test-svg-XXXXXX";
	int fd = mkstemp(path);
	struct svg *svg = svg_new(10, 10, "", NULL, NULL);
	char kept[8] = "";
	FILE *in;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, "before", 6), 6);
	close(fd);
	svg_circle(svg, NULL, NAN, 0, 1, NULL);
	ck_assert_int_eq(svg_save(svg, path), -1);
	ck_assert_int_eq(errno, EDOM);
	svg_free(svg);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(kept, sizeof(kept), in));
	ck_assert_str_eq(kept, "before");
	fclose(in);
	svg = svg_new(10, 10, "", NULL, NULL);
	ck_assert_int_eq(svg_save(svg, path), 0);
	ck_assert_int_eq(svg_save(svg, "/nowhere/at/all"), -1);
	ck_assert_int_eq(errno, ENOENT);
	svg_free(svg);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(fgets(kept, sizeof(kept), in));
	ck_assert_str_eq(kept, "<?xml v");
	fclose(in);
	unlink(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("svg");
	TCase *tcase = tcase_create("svg");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, the_reader_knows_what_is_well_formed);
	tcase_add_test(tcase, a_picture_of_everything_is_well_formed);
	tcase_add_test(tcase, what_cannot_be_text_is_a_question_mark);
	tcase_add_test(tcase, a_group_left_open_is_an_error);
	tcase_add_test(tcase, a_coordinate_that_is_none_is_an_error);
	tcase_add_test(tcase, no_picture_is_borne);
	tcase_add_test(tcase, what_is_not_whole_does_not_replace_a_file);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
