/*
 * Memory of lines: what comes and goes takes the same place again, what stays
 * is left alone, and what does not fit is there all the same.
 */
#include "daemon/scratch.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define LINES 10000

static json_t *
parse(const char *text)
{
	json_t *json;

	scratch_begin();
	json = json_loads(text, 0, NULL);
	scratch_end();
	ck_assert_ptr_nonnull(json);
	return json;
}

static void
expect_text(json_t *json, const char *text)
{
	char *dumped = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(dumped);
	ck_assert_str_eq(dumped, text);
	free(dumped);
}

/* A value that is given back between others, or after all of them. */
START_TEST(what_stays_is_left_alone)
{
	static const char kept[] = "{\"a\":[1,2.5,\"text\"],\"b\":null}";
	json_t *first = parse(kept), *second = NULL;

	for (int i = 0; i < LINES; i++) {
		char text[64];
		json_t *json;

		snprintf(text, sizeof(text), "{\"id\":%d,\"x\":[\"y\"]}", i);
		json = parse(text);
		expect_text(json, text);
		if (i == LINES / 2)
			second = json;
		else
			json_decref(json);
		expect_text(first, kept);
	}
	json_decref(first);
	expect_text(second, "{\"id\":5000,\"x\":[\"y\"]}");
	json_decref(second);
}
END_TEST

/* What is made at other times is not from here, whatever is open or not. */
START_TEST(values_of_both_kinds_mix)
{
	json_t *json = parse("{\"a\":{}}");
	json_t *inner = json_object_get(json, "a");

	for (int i = 0; i < LINES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "name %d", i);
		ck_assert_int_eq(
		    json_object_set_new(inner, name, json_integer(i)), 0);
	}
	ck_assert_uint_eq(json_object_size(inner), LINES);
	json_decref(json);
}
END_TEST

START_TEST(a_long_line_is_there_all_the_same)
{
	static char text[200000];
	char *to = text;

	to += sprintf(to, "[\"");
	memset(to, 'x', 20000);
	to += 20000;
	to += sprintf(to, "\"");
	for (int i = 0; i < LINES; i++)
		to += sprintf(to, ",%d", i);
	sprintf(to, "]");
	for (int i = 0; i < 3; i++) {
		json_t *json = parse(text);

		expect_text(json, text);
		json_decref(json);
		json_decref(parse("{\"short\":1}"));
	}
}
END_TEST

/* Text that is none gives all of it back. */
START_TEST(what_is_wrong_leaves_nothing)
{
	json_t *json;

	for (int i = 0; i < LINES; i++) {
		scratch_begin();
		ck_assert_ptr_null(
		    json_loads("{\"a\":[1,2,{\"b\":\"c\"}", 0, NULL));
		scratch_end();
	}
	json = parse("[]");
	expect_text(json, "[]");
	json_decref(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scratch");
	TCase *tcase = tcase_create("scratch");

	tcase_add_test(tcase, what_stays_is_left_alone);
	tcase_add_test(tcase, values_of_both_kinds_mix);
	tcase_add_test(tcase, a_long_line_is_there_all_the_same);
	tcase_add_test(tcase, what_is_wrong_leaves_nothing);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
