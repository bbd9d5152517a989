/*
 * Framing: lines whole and in pieces, the bound on a line, what is dropped,
 * and the end of a stream. One process, no socket: buffers are filled by hand.
 */
#include "proto/frame.h"

#include <check.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MAX_BYTES 8

static struct evbuffer *buffer;
static struct frame_reader reader;

static void
setup(void)
{
	buffer = evbuffer_new();
	ck_assert_ptr_nonnull(buffer);
	frame_reader_init(&reader, MAX_BYTES);
}

static void
teardown(void)
{
	evbuffer_free(buffer);
}

static void
feed(const char *bytes, size_t len)
{
	ck_assert_int_eq(evbuffer_add(buffer, bytes, len), 0);
}

static void
feed_text(const char *text)
{
	feed(text, strlen(text));
}

static void
expect_status(enum frame_status expected, bool at_eof)
{
	const char *line;
	size_t len;

	ck_assert_int_eq(
	    frame_read(&reader, buffer, at_eof, &line, &len), expected);
}

static void
expect_line(const char *expected, bool at_eof)
{
	const char *line = NULL;
	size_t len = 0;

	ck_assert_int_eq(
	    frame_read(&reader, buffer, at_eof, &line, &len), FRAME_LINE);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(line, expected, len);
}

START_TEST(nothing_is_no_line)
{
	expect_status(FRAME_MORE, false);
	expect_status(FRAME_MORE, true);
}
END_TEST

START_TEST(lines_come_out_in_order)
{
	feed_text("one\ntwo\nthree\n");
	expect_line("one", false);
	expect_line("two", false);
	expect_line("three", false);
	expect_status(FRAME_MORE, false);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(a_line_waits_for_its_end)
{
	feed_text("o");
	expect_status(FRAME_MORE, false);
	feed_text("ne");
	expect_status(FRAME_MORE, false);
	feed_text("\nt");
	expect_line("one", false);
	expect_status(FRAME_MORE, false);
	feed_text("wo\n");
	expect_line("two", false);
}
END_TEST

START_TEST(no_byte_is_searched_twice)
{
	feed_text("abc");
	expect_status(FRAME_MORE, false);
	ck_assert_uint_eq(reader.scanned_bytes, 3);
	feed_text("de");
	expect_status(FRAME_MORE, false);
	ck_assert_uint_eq(reader.scanned_bytes, 5);
	feed_text("f\n");
	expect_line("abcdef", false);
	expect_status(FRAME_MORE, false);
	ck_assert_uint_eq(reader.scanned_bytes, 0);
}
END_TEST

START_TEST(a_line_in_one_chunk_is_not_copied)
{
	struct evbuffer_iovec chunk;
	const char *line;
	size_t len;

	feed_text("whole\nmore");
	ck_assert_int_eq(evbuffer_peek(buffer, -1, NULL, &chunk, 1), 1);
	ck_assert_int_eq(
	    frame_read(&reader, buffer, false, &line, &len), FRAME_LINE);
	ck_assert_ptr_eq(line, chunk.iov_base);
}
END_TEST

START_TEST(a_line_over_several_chunks_is_joined)
{
	static const char *const pieces[] = {"a", "bc", "d\ne", "f\n"};

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(evbuffer_add_reference(buffer, pieces[i],
				     strlen(pieces[i]), NULL, NULL),
		    0);
	expect_line("abcd", false);
	expect_line("ef", false);
	expect_status(FRAME_MORE, false);
}
END_TEST

START_TEST(one_cr_before_lf_is_dropped)
{
	feed_text("one\r\ntwo\r\r\nth\rree\r\n");
	expect_line("one", false);
	expect_line("two\r", false);
	expect_line("th\rree", false);
}
END_TEST

START_TEST(blank_lines_are_skipped)
{
	feed_text("\n\r\n  \n\t\n \r\none\n\n\n");
	expect_line("one", false);
	expect_status(FRAME_MORE, false);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(a_line_may_be_as_long_as_the_bound)
{
	feed_text("12345678\n12345678\r\n");
	expect_line("12345678", false);
	expect_line("12345678", false);
}
END_TEST

START_TEST(the_bound_may_be_waited_for_with_a_cr)
{
	feed_text("12345678\r");
	expect_status(FRAME_MORE, false);
	feed_text("\n");
	expect_line("12345678", false);
}
END_TEST

START_TEST(one_byte_more_is_too_long)
{
	feed_text("123456789\none\n123456789\r\ntwo\n12345678\r\r\nthree\n");
	expect_status(FRAME_TOO_LONG, false);
	expect_line("one", false);
	expect_status(FRAME_TOO_LONG, false);
	expect_line("two", false);
	expect_status(FRAME_TOO_LONG, false);
	expect_line("three", false);
}
END_TEST

START_TEST(too_long_is_said_once_and_nothing_is_kept)
{
	feed_text("1234567890");
	expect_status(FRAME_TOO_LONG, false);
	for (int i = 0; i < 1000; i++) {
		feed_text("0123456789");
		expect_status(FRAME_MORE, false);
		ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
	}
	feed_text("tail\nback\n");
	expect_line("back", false);
	expect_status(FRAME_MORE, false);
}
END_TEST

START_TEST(the_buffer_stays_within_the_bound)
{
	for (int i = 0; i < 1000; i++) {
		feed_text("x");
		if (i == MAX_BYTES + 1)
			expect_status(FRAME_TOO_LONG, false);
		else
			expect_status(FRAME_MORE, false);
		ck_assert_uint_le(evbuffer_get_length(buffer), MAX_BYTES + 1);
	}
}
END_TEST

START_TEST(a_line_with_a_nul_is_dropped_whole)
{
	feed("a\0b\none\n\0\ntwo\n", 14);
	expect_status(FRAME_NUL, false);
	expect_line("one", false);
	expect_status(FRAME_NUL, false);
	expect_line("two", false);
}
END_TEST

START_TEST(a_long_line_with_a_nul_is_too_long)
{
	feed("12345\00067890\none\n", 16);
	expect_status(FRAME_TOO_LONG, false);
	expect_line("one", false);
}
END_TEST

START_TEST(the_end_of_the_stream_ends_a_line)
{
	feed_text("one\ntwo");
	expect_line("one", true);
	expect_line("two", true);
	expect_status(FRAME_MORE, true);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(the_end_may_come_after_the_bytes)
{
	feed_text("last\r");
	expect_status(FRAME_MORE, false);
	expect_line("last", true);
	expect_status(FRAME_MORE, true);
}
END_TEST

START_TEST(blanks_at_the_end_are_no_line)
{
	feed_text(" \r");
	expect_status(FRAME_MORE, true);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(a_last_line_may_be_too_long)
{
	feed_text("123456789");
	expect_status(FRAME_TOO_LONG, true);
	expect_status(FRAME_MORE, true);
}
END_TEST

START_TEST(a_last_line_may_hold_a_nul)
{
	feed("a\0", 2);
	expect_status(FRAME_NUL, true);
	expect_status(FRAME_MORE, true);
}
END_TEST

START_TEST(the_end_within_a_long_line_says_no_more)
{
	feed_text("1234567890");
	expect_status(FRAME_TOO_LONG, false);
	feed_text("tail");
	expect_status(FRAME_MORE, true);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
}
END_TEST

START_TEST(a_line_stays_valid_until_the_next_call)
{
	const char *line;
	size_t len;

	feed_text("one\ntwo\n");
	ck_assert_int_eq(
	    frame_read(&reader, buffer, false, &line, &len), FRAME_LINE);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 8);
	ck_assert_mem_eq(line, "one", 3);
	expect_line("two", false);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("frame");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_no_line);
	tcase_add_test(tcase, lines_come_out_in_order);
	tcase_add_test(tcase, a_line_waits_for_its_end);
	tcase_add_test(tcase, no_byte_is_searched_twice);
	tcase_add_test(tcase, a_line_in_one_chunk_is_not_copied);
	tcase_add_test(tcase, a_line_over_several_chunks_is_joined);
	tcase_add_test(tcase, one_cr_before_lf_is_dropped);
	tcase_add_test(tcase, blank_lines_are_skipped);
	tcase_add_test(tcase, a_line_may_be_as_long_as_the_bound);
	tcase_add_test(tcase, the_bound_may_be_waited_for_with_a_cr);
	tcase_add_test(tcase, one_byte_more_is_too_long);
	tcase_add_test(tcase, too_long_is_said_once_and_nothing_is_kept);
	tcase_add_test(tcase, the_buffer_stays_within_the_bound);
	tcase_add_test(tcase, a_line_with_a_nul_is_dropped_whole);
	tcase_add_test(tcase, a_long_line_with_a_nul_is_too_long);
	tcase_add_test(tcase, the_end_of_the_stream_ends_a_line);
	tcase_add_test(tcase, the_end_may_come_after_the_bytes);
	tcase_add_test(tcase, blanks_at_the_end_are_no_line);
	tcase_add_test(tcase, a_last_line_may_be_too_long);
	tcase_add_test(tcase, a_last_line_may_hold_a_nul);
	tcase_add_test(tcase, the_end_within_a_long_line_says_no_more);
	tcase_add_test(tcase, a_line_stays_valid_until_the_next_call);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
