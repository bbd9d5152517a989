/*
 * JSON as text: that it is jansson's, byte by byte, for every kind of value;
 * and what becomes of it where there is no room.
 */
#include "proto/writer.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define FLAGS (JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)

static struct writer writer;

static void
setup(void)
{
	writer = (struct writer){0};
}

static void
teardown(void)
{
	writer_free(&writer);
}

static void
expect_text(const char *expected)
{
	ck_assert(!writer.has_failed);
	ck_assert_msg(writer.length == strlen(expected) &&
		memcmp(writer.text, expected, writer.length) == 0,
	    "%.*s instead of %s", (int)writer.length, writer.text, expected);
	writer_reset(&writer);
}

/* Lets value go. */
static void
expect_as_jansson(json_t *value)
{
	char *text = json_dumps(value, FLAGS);

	ck_assert_ptr_nonnull(text);
	writer_value(&writer, value);
	expect_text(text);
	free(text);
	json_decref(value);
}

START_TEST(commas_stand_between)
{
	writer_begin_object(&writer);
	writer_name(&writer, "a");
	writer_begin_array(&writer);
	writer_end_array(&writer);
	writer_name(&writer, "b");
	writer_begin_array(&writer);
	writer_integer(&writer, 1);
	writer_begin_object(&writer);
	writer_end_object(&writer);
	writer_null(&writer);
	writer_boolean(&writer, true);
	writer_boolean(&writer, false);
	writer_string(&writer, "x", 1);
	writer_end_array(&writer);
	writer_name(&writer, "c");
	writer_string(&writer, "", 0);
	writer_end_object(&writer);
	writer_end_line(&writer);
	expect_text(
	    "{\"a\":[],\"b\":[1,{},null,true,false,\"x\"],\"c\":\"\"}\n");
}
END_TEST

START_TEST(integers_have_all_their_digits)
{
	int64_t ten = 1;

	for (int i = 0; i < 19; i++) {
		for (int64_t near = -1; near <= 1; near++) {
			expect_as_jansson(json_integer(ten + near));
			expect_as_jansson(json_integer(-ten + near));
		}
		if (i < 18)
			ten *= 10;
	}
	for (int64_t number = -1100; number <= 1100; number++)
		expect_as_jansson(json_integer(number));
	expect_as_jansson(json_integer(INT64_MAX));
	expect_as_jansson(json_integer(INT64_MIN));
}
END_TEST

/* As UTF-8; its length. */
static size_t
encode(uint32_t code, char text[4])
{
	if (code < 0x80) {
		text[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		text[0] = (char)(0xc0 | code >> 6);
		text[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		text[0] = (char)(0xe0 | code >> 12);
		text[1] = (char)(0x80 | (code >> 6 & 0x3f));
		text[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | code >> 18);
	text[1] = (char)(0x80 | (code >> 12 & 0x3f));
	text[2] = (char)(0x80 | (code >> 6 & 0x3f));
	text[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void
expect_character_as_jansson(uint32_t code)
{
	char text[8] = "a";
	size_t length = 1 + encode(code, text + 1);

	text[length++] = 'z';
	expect_as_jansson(json_stringn(text, length));
}

/* The first ones all, of the others one of 509. */
START_TEST(characters_are_spelled_as_jansson_does)
{
	for (uint32_t code = 0; code < 0x110000; code += code < 0x100 ? 1 : 509)
		if (code < 0xd800 || code > 0xdfff)
			expect_character_as_jansson(code);
	expect_character_as_jansson(0x7ff);
	expect_character_as_jansson(0x800);
	expect_character_as_jansson(0xd7ff);
	expect_character_as_jansson(0xe000);
	expect_character_as_jansson(0xffff);
	expect_character_as_jansson(0x10000);
	expect_character_as_jansson(0x10ffff);
}
END_TEST

START_TEST(what_is_no_utf8_becomes_a_replacement)
{
	static const char text[] =
	    "a\xff\xc3(\xe2\x82z\xed\xa0\x80\xf0\x9f\x98";

	writer_string(&writer, text, sizeof(text) - 1);
	expect_text("\"a\\uFFFD\\uFFFD(\\uFFFD\\uFFFDz\\uFFFD\\uFFFD\\uFFFD"
		    "\\uFFFD\\uFFFD\\uFFFD\"");
	/* The last one is cut, though the bytes behind it would do. */
	writer_string(&writer, "\xc3\xa9", 1);
	expect_text("\"\\uFFFD\"");
}
END_TEST

START_TEST(other_values_are_left_to_jansson)
{
	json_t *array = json_array();

	for (int i = 0; i < 3000; i++)
		ck_assert_int_eq(
		    json_array_append_new(array, json_integer(i)), 0);
	expect_as_jansson(array);
	expect_as_jansson(json_real(0.1));
	expect_as_jansson(json_real(-1e300));
	expect_as_jansson(json_null());
	expect_as_jansson(json_true());
	expect_as_jansson(json_pack("{s:[f,b,n]}", "a", 2.5, 0));
	writer_value(&writer, NULL);
	expect_text("null");
	writer_begin_array(&writer);
	writer_value(&writer, json_true());
	writer_value(&writer, json_false());
	writer_end_array(&writer);
	expect_text("[true,false]");
}
END_TEST

/* It grows at any piece, and what was written stays. */
START_TEST(it_grows)
{
	json_t *json;

	writer_begin_array(&writer);
	for (int i = 0; i < 20000; i++)
		writer_integer(&writer, i);
	writer_end_array(&writer);
	json = writer_to_json(&writer);
	ck_assert_uint_eq(json_array_size(json), 20000);
	for (size_t i = 0; i < 20000; i++)
		ck_assert_int_eq(
		    json_integer_value(json_array_get(json, i)), (int)i);
	json_decref(json);
}
END_TEST

/* One long answer does not keep its memory for good. */
START_TEST(a_long_text_is_let_go)
{
	char *text = calloc(1, 100000);
	size_t size;

	ck_assert_ptr_nonnull(text);
	writer_string(&writer, "x", 1);
	size = writer.size;
	writer_reset(&writer);
	ck_assert_uint_eq(writer.size, size);
	ck_assert_uint_eq(writer.length, 0);
	memset(text, 'x', 100000);
	writer_string(&writer, text, 100000);
	ck_assert_uint_eq(writer.length, 100002);
	writer_reset(&writer);
	ck_assert_uint_eq(writer.size, 0);
	writer_string(&writer, "x", 1);
	expect_text("\"x\"");
	free(text);
}
END_TEST

/* Nothing more is written, and the whole is none; a new one is fine. */
START_TEST(a_failure_sticks)
{
	writer_begin_array(&writer);
	writer.has_failed = true;
	writer_begin_object(&writer);
	writer_name(&writer, "a");
	writer_integer(&writer, 1);
	writer_string(&writer, "x", 1);
	writer_value(&writer, json_true());
	writer_null(&writer);
	writer_end_object(&writer);
	writer_end_array(&writer);
	writer_end_line(&writer);
	ck_assert_uint_eq(writer.length, 1);
	ck_assert(writer.has_failed);
	ck_assert_ptr_null(writer_to_json(&writer));
	writer_reset(&writer);
	writer_integer(&writer, 1);
	expect_text("1");
}
END_TEST

START_TEST(an_empty_one_is_no_json)
{
	ck_assert_ptr_null(writer_to_json(&writer));
	writer_free(&writer);
	writer_free(&writer);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writer");
	TCase *tcase = tcase_create("writer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, commas_stand_between);
	tcase_add_test(tcase, integers_have_all_their_digits);
	tcase_add_test(tcase, characters_are_spelled_as_jansson_does);
	tcase_add_test(tcase, what_is_no_utf8_becomes_a_replacement);
	tcase_add_test(tcase, other_values_are_left_to_jansson);
	tcase_add_test(tcase, it_grows);
	tcase_add_test(tcase, a_long_text_is_let_go);
	tcase_add_test(tcase, a_failure_sticks);
	tcase_add_test(tcase, an_empty_one_is_no_json);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
