/* Lines and their numbers, from a pipe, in all the pieces they may come in. */
#include "client/lines.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define MAX_BYTES 8

static struct lines lines;
static int fds[2];

static void
setup(void)
{
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(lines_init(&lines, MAX_BYTES), 0);
}

static void
teardown(void)
{
	lines_free(&lines);
	close(fds[0]);
}

static void
feed(const char *bytes, size_t length)
{
	ck_assert_int_eq(write(fds[1], bytes, length), (ssize_t)length);
	ck_assert_int_eq(lines_read(&lines, fds[0]), 0);
}

static void
feed_text(const char *text)
{
	feed(text, strlen(text));
}

static void
end(void)
{
	close(fds[1]);
	ck_assert_int_eq(lines_read(&lines, fds[0]), 0);
	ck_assert(lines.is_at_end);
}

static void
expect_status(enum frame_status status)
{
	const char *text;
	size_t length;

	ck_assert_int_eq(lines_next(&lines, &text, &length), status);
}

static void
expect_line(uint64_t number, const char *expected)
{
	const char *text = "";
	size_t length = 0;

	ck_assert_int_eq(lines_next(&lines, &text, &length), FRAME_LINE);
	ck_assert_uint_eq(length, strlen(expected));
	ck_assert_int_eq(memcmp(text, expected, length), 0);
	ck_assert_uint_eq(lines.number, number);
}

START_TEST(lines_are_numbered_from_one)
{
	feed_text("one\ntwo\nthree\n");
	expect_line(1, "one");
	expect_line(2, "two");
	expect_line(3, "three");
	expect_status(FRAME_MORE);
	end();
	expect_status(FRAME_MORE);
}
END_TEST

START_TEST(blank_lines_count)
{
	feed_text("\n\r\none\n\n\n\ntwo\n");
	expect_line(3, "one");
	expect_line(7, "two");
	expect_status(FRAME_MORE);
}
END_TEST

START_TEST(lines_come_in_pieces)
{
	const char *text = "\none\n\ntwo\n";

	for (size_t i = 0; i < 5; i++) {
		expect_status(FRAME_MORE);
		feed(text + i, 1);
	}
	expect_line(2, "one");
	for (size_t i = 5; i < strlen(text); i++) {
		expect_status(FRAME_MORE);
		feed(text + i, 1);
	}
	expect_line(4, "two");
}
END_TEST

START_TEST(the_last_line_needs_no_lf)
{
	feed_text("one\ntwo");
	expect_line(1, "one");
	expect_status(FRAME_MORE);
	end();
	expect_line(2, "two");
	expect_status(FRAME_MORE);
}
END_TEST

START_TEST(bad_lines_have_numbers_too)
{
	feed_text("one\nmuch too long\n");
	feed("a\0b\n", 4);
	feed_text("four\n");
	expect_line(1, "one");
	expect_status(FRAME_TOO_LONG);
	ck_assert_uint_eq(lines.number, 2);
	expect_status(FRAME_NUL);
	ck_assert_uint_eq(lines.number, 3);
	expect_line(4, "four");
}
END_TEST

/* A long line is told when it is known, and its rest is no other line. */
START_TEST(a_long_line_in_pieces_is_one_line)
{
	feed_text("much too");
	expect_status(FRAME_MORE);
	feed_text(" long, and");
	expect_status(FRAME_TOO_LONG);
	ck_assert_uint_eq(lines.number, 1);
	expect_status(FRAME_MORE);
	feed_text(" longer\ntwo\n");
	expect_line(2, "two");
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
	ck_assert_int_eq(lines_read(&lines, -1), -1);
	close(fds[1]);
}
END_TEST

START_TEST(enough_is_enough)
{
	static char text[4096];

	memset(text, '\n', sizeof(text));
	ck_assert(!lines_are_plenty(&lines));
	for (int i = 0; i < 16; i++)
		feed(text, sizeof(text));
	ck_assert(lines_are_plenty(&lines));
	expect_status(FRAME_MORE);
	ck_assert_uint_eq(lines.number, 16 * sizeof(text));
	ck_assert(!lines_are_plenty(&lines));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lines");
	TCase *tcase = tcase_create("lines");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, lines_are_numbered_from_one);
	tcase_add_test(tcase, blank_lines_count);
	tcase_add_test(tcase, lines_come_in_pieces);
	tcase_add_test(tcase, the_last_line_needs_no_lf);
	tcase_add_test(tcase, bad_lines_have_numbers_too);
	tcase_add_test(tcase, a_long_line_in_pieces_is_one_line);
	tcase_add_test(tcase, what_cannot_be_read_is_told);
	tcase_add_test(tcase, enough_is_enough);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
