/* JSON without a tree: what is passed over is JSON, and what is read is it. */
#include "client/libgil/scan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static bool
is_json(const char *text)
{
	struct libgil_scan scan;

	libgil_scan_init(&scan, text);
	return libgil_scan_skip(&scan) && libgil_scan_is_over(&scan);
}

static const char *const good[] = {"0", "-0", "12", "-1.5", "1e5", "1E+05",
    "0.0e-0", "true", "false", "null", "\"\"",
    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\uDfAf\"", "[]", "[ ]", "{}",
    " { } ", "[1,2 , 3]", "[[],[[]]]", "{\"a\":1}",
    "{\"a\" : {\"b\":[{}]} , \"\":[1,{\"c\":null}]}", "\t[\n1\r]\n",
    "\"\x7f\xc3\xa4\""};

static const char *const bad[] = {"", " ", "-", "01", "1.", ".5", "1e", "1e+",
    "+1", "- 1", "tru", "truex", "True", "nul", "\"", "\"\\", "\"\\x\"",
    "\"\\u12\"", "\"\\u123g\"", "\"\n\"", "\"\x01\"", "[", "[1", "[1,", "[1,]",
    "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
    "{\"a\":1,}", "{\"a\"}", "{a:1}", "{1:1}", "{,}", "{\"a\":1]", "[1}",
    "[[1]", "1 1", "[]]", "{}{}", "'a'", "/**/1"};

START_TEST(json_is_passed_over)
{
	ck_assert_msg(is_json(good[_i]), "%s", good[_i]);
}
END_TEST

START_TEST(what_is_none_is_not)
{
	ck_assert_msg(!is_json(bad[_i]), "%s", bad[_i]);
}
END_TEST

START_TEST(depth_is_bounded)
{
	enum { N = LIBGIL_SCAN_DEPTH };
	static char text[2 * N + 3];

	memset(text, '[', N);
	memset(text + N, ']', N);
	ck_assert(is_json(text));
	memset(text, '[', N + 1);
	memset(text + N + 1, ']', N + 1);
	ck_assert(!is_json(text));
}
END_TEST

/* Step by step, through an object in an array. */
START_TEST(members_and_elements_come_in_order)
{
	struct libgil_text name;
	struct libgil_scan scan;
	int64_t integer = 0;
	bool flag = false;

	libgil_scan_init(&scan, " [ {\"a\":-7, \"b\" :[]},true,{}, 3 ] ");
	ck_assert(!libgil_scan_enter(&scan, '{'));
	ck_assert(libgil_scan_enter(&scan, '['));
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_MORE);
	ck_assert(libgil_scan_enter(&scan, '{'));
	ck_assert_int_eq(libgil_scan_member(&scan, &name), LIBGIL_MORE);
	ck_assert(libgil_text_is(&name, "a"));
	ck_assert(!libgil_text_is(&name, "aa"));
	ck_assert(libgil_scan_integer(&scan, &integer));
	ck_assert_int_eq(integer, -7);
	ck_assert_int_eq(libgil_scan_member(&scan, &name), LIBGIL_MORE);
	ck_assert(libgil_text_is(&name, "b"));
	ck_assert(libgil_scan_enter(&scan, '['));
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_END);
	ck_assert_int_eq(libgil_scan_member(&scan, &name), LIBGIL_END);
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_MORE);
	ck_assert(libgil_scan_boolean(&scan, &flag));
	ck_assert(flag);
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_MORE);
	ck_assert(libgil_scan_enter(&scan, '{'));
	ck_assert_int_eq(libgil_scan_member(&scan, &name), LIBGIL_END);
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_MORE);
	ck_assert(!libgil_scan_is_over(&scan));
	ck_assert(libgil_scan_skip(&scan));
	ck_assert_int_eq(libgil_scan_element(&scan), LIBGIL_END);
	ck_assert(libgil_scan_is_over(&scan));
}
END_TEST

static const struct {
	const char *text;
	int64_t integer; /* 77: as it was */
	uint64_t count;
} numbers[] = {
    {"0", 0, 0},
    {" 12", 12, 12},
    {"-12", -12, 77},
    {"9007199254740991", 9007199254740991, 9007199254740991},
    {"999999999999999999", 999999999999999999, 999999999999999999},
    {"-999999999999999999", -999999999999999999, 77},
    {"1000000000000000000", 77, 77},
    {"99999999999999999999999999", 77, 77},
    {"1.0", 77, 77},
    {"1e2", 77, 77},
    {"\"1\"", 77, 77},
    {"[1]", 77, 77},
    {"null", 77, 77},
};

START_TEST(numbers_are_read)
{
	struct libgil_scan scan;
	uint64_t count = 77;
	int64_t integer = 77;

	libgil_scan_init(&scan, numbers[_i].text);
	ck_assert(libgil_scan_integer(&scan, &integer));
	ck_assert(libgil_scan_is_over(&scan));
	ck_assert_int_eq(integer, numbers[_i].integer);
	libgil_scan_init(&scan, numbers[_i].text);
	ck_assert(libgil_scan_count(&scan, &count));
	ck_assert_uint_eq(count, numbers[_i].count);
}
END_TEST

static const struct {
	const char *text;
	const char *meaning; /* NULL: no string */
} strings[] = {
    {"\"\"", ""},
    {"\"abc\"", "abc"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
    {"\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"",
	"A\xc3\xa4\xe2\x82\xac"
	"\xf0\x9f\x98\x80"},
    {"\"\\u0000\\ud83dx\\ude00\\ud83d\\u0041\\ud83d\\n\"", "??x??A?\n"},
    {"\"\xc3\xa4\"", "\xc3\xa4"},
    {"7", NULL},
    {"{\"a\":\"b\"}", NULL},
};

START_TEST(strings_are_read)
{
	struct libgil_scan scan;
	struct libgil_text text;
	char *room, *end;

	libgil_scan_init(&scan, strings[_i].text);
	ck_assert(libgil_scan_text(&scan, &text));
	ck_assert(libgil_scan_is_over(&scan));
	if (strings[_i].meaning == NULL) {
		ck_assert_ptr_null(text.bytes);
		return;
	}
	/* As large as it is promised to be enough. */
	room = malloc(text.length + 1);
	ck_assert_ptr_nonnull(room);
	end = libgil_text_copy(&text, room);
	ck_assert_str_eq(room, strings[_i].meaning);
	ck_assert_ptr_eq(end, room + strlen(room) + 1);
	free(room);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("libgil_scan");
	TCase *tcase = tcase_create("scan");

	tcase_add_loop_test(tcase, json_is_passed_over, 0, COUNT(good));
	tcase_add_loop_test(tcase, what_is_none_is_not, 0, COUNT(bad));
	tcase_add_test(tcase, depth_is_bounded);
	tcase_add_test(tcase, members_and_elements_come_in_order);
	tcase_add_loop_test(tcase, numbers_are_read, 0, COUNT(numbers));
	tcase_add_loop_test(tcase, strings_are_read, 0, COUNT(strings));
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
