/*
 * The reading and comparing of PROTOCOL.md's examples, which must not take
 * what is wrong for right.
 */
#include "tests/e2e/example.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct examples examples;
static char error[EXAMPLE_ERROR_CHARS + 1];

static void
teardown(void)
{
	examples_free(&examples);
}

START_TEST(examples_are_found)
{
	const char *document = "# Text\n"
			       "```\n--> no example\n```\n"
			       "```gild-example\n"
			       "--> {\"a\":1,\n"
			       "        \"b\":2}\n"
			       "<-- [1,\n"
			       "    2]\n"
			       "-->| last\n"
			       "```\n"
			       "more\n"
			       "```gild-example -o max_line=1k  -v\n"
			       "--> x\n"
			       "-->\n"
			       "```\n";
	const struct example *example;

	ck_assert_int_eq(examples_read(document, &examples, error), 0);
	ck_assert_uint_eq(examples.n, 2);
	example = &examples.list[0];
	ck_assert_uint_eq(example->line, 5);
	ck_assert_ptr_null(example->options[0]);
	ck_assert_uint_eq(example->n_steps, 3);
	ck_assert_int_eq(example->steps[0].kind, STEP_SEND);
	ck_assert_str_eq(example->steps[0].text, "{\"a\":1,\"b\":2}");
	ck_assert_int_eq(example->steps[1].kind, STEP_EXPECT);
	ck_assert_uint_eq(example->steps[1].line, 8);
	ck_assert_uint_eq(json_array_size(example->steps[1].expect), 2);
	ck_assert_int_eq(example->steps[2].kind, STEP_SEND_LAST);
	ck_assert_str_eq(example->steps[2].text, "last");
	example = &examples.list[1];
	ck_assert_str_eq(example->options[0], "-o");
	ck_assert_str_eq(example->options[1], "max_line=1k");
	ck_assert_str_eq(example->options[2], "-v");
	ck_assert_ptr_null(example->options[3]);
	ck_assert_uint_eq(example->n_steps, 2);
	ck_assert_str_eq(example->steps[1].text, "");
}
END_TEST

START_TEST(what_cannot_be_read_is_refused)
{
	static const struct {
		const char *document, *error;
	} cases[] = {
	    {"```gild-example\n```\n", "line 1: an example without lines"},
	    {"\n```gild-example\n--> x\n", "line 2: an example without an end"},
	    {"```gild-example\n-> x\n```\n",
		"line 2: an example's line begins with \"--> \", \"-->| \", "
		"\"<-- \" or four spaces"},
	    {"```gild-example\n    x\n```\n",
		"line 2: an example's line begins with \"--> \", \"-->| \", "
		"\"<-- \" or four spaces"},
	    {"```gild-example\n<-- x\n```\n", "line 2: invalid token near 'x'"},
	    {"```gild-example\n-->| x\n--> y\n```\n",
		"line 3: sent after the last line"},
	    {"```gild-example 1 2 3 4 5 6 7 8 9\n", "line 1: too many options"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = examples_read(cases[i].document, &examples, error);

		ck_assert_int_eq(rc, -1);
		if (strstr(cases[i].error, "token") == NULL)
			ck_assert_str_eq(error, cases[i].error);
		else
			ck_assert(strncmp(error, "line 2: ", 8) == 0);
		examples_free(&examples);
	}
}
END_TEST

static void
expect_expanded(const char *text, const char *expected, size_t expected_len)
{
	json_t *names = json_pack("{s:s}", "JOB", "01ARZ");
	size_t len = 0;
	char *bytes = example_expand(text, names, &len);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(len, expected_len);
	ck_assert_mem_eq(bytes, expected, len);
	free(bytes);
	json_decref(names);
}

START_TEST(lines_are_expanded)
{
	expect_expanded("", "", 0);
	expect_expanded("plain", "plain", 5);
	expect_expanded("a<CR>", "a\r", 2);
	expect_expanded("a<NUL>b", "a\0b", 3);
	expect_expanded("[<3 1,>1]", "[1,1,1,1]", 9);
	expect_expanded("\"<JOB>\"", "\"01ARZ\"", 7);
	expect_expanded("a < b", "a < b", 5);
	ck_assert_ptr_null(example_expand("<NOBODY>", NULL, &(size_t){0}));
	ck_assert_ptr_null(example_expand("<999999 x>", NULL, &(size_t){0}));
}
END_TEST

static json_t *
load(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

static bool
matches(const char *expected_text, const char *actual_text, json_t *names)
{
	json_t *expected = load(expected_text), *actual = load(actual_text);
	json_t *own_names = names == NULL ? json_object() : json_incref(names);
	bool is_same;

	error[0] = '\0';
	is_same = example_matches(expected, actual, own_names, error);
	json_decref(expected);
	json_decref(actual);
	json_decref(own_names);
	return is_same;
}

START_TEST(values_match_themselves)
{
	static const char *const texts[] = {"1", "\"a\"", "null", "true", "{}",
	    "[]", "{\"a\":[1,{\"b\":null}]}", "1.5"};
	const size_t n = COUNT(texts);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			ck_assert_int_eq(
			    matches(texts[i], texts[j], NULL), i == j);
			ck_assert_int_eq(error[0] == '\0', i == j);
		}
	}
}
END_TEST

START_TEST(placeholders_match_their_type)
{
	static const struct {
		const char *placeholder, *actual;
		bool is_same;
	} cases[] = {
	    {"\"<integer>\"", "0", true},
	    {"\"<integer>\"", "-1", false},
	    {"\"<integer>\"", "1.0", false},
	    {"\"<integer>\"", "\"1\"", false},
	    {"\"<string>\"", "\"\"", true},
	    {"\"<string>\"", "1", false},
	    {"\"<boolean>\"", "false", true},
	    {"\"<boolean>\"", "0", false},
	    {"\"<object>\"", "{\"a\":1}", true},
	    {"\"<object>\"", "[]", false},
	    {"\"<array>\"", "[1]", true},
	    {"\"<array>\"", "{}", false},
	    {"\"<ulid>\"", "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", true},
	    {"\"<ulid>\"", "\"01ARZ3NDEKTSV4RRFFQ69G5FA\"", false},
	    {"\"<ulid>\"", "1", false},
	    {"\"<any>\"", "null", true},
	    {"\"<JOB>\"", "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", false},
	    {"\"<integr>\"", "1", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(matches(cases[i].placeholder, cases[i].actual,
				  NULL) == cases[i].is_same,
		    "%s and %s", cases[i].placeholder, cases[i].actual);
}
END_TEST

START_TEST(a_placeholder_needs_a_value)
{
	ck_assert(!matches("{\"a\":\"<any>\"}", "{}", NULL));
	ck_assert_str_eq(error, "a: expected <any>, got nothing");
}
END_TEST

START_TEST(members_must_be_the_same)
{
	ck_assert(matches("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", NULL));
	ck_assert(!matches("{\"a\":1}", "{\"a\":1,\"b\":2}", NULL));
	ck_assert(!matches("{\"a\":1,\"b\":2}", "{\"a\":1}", NULL));
	ck_assert_str_eq(error, "b: expected 2, got nothing");
	ck_assert(
	    !matches("{\"a\":{\"b\":[1,2]}}", "{\"a\":{\"b\":[1,3]}}", NULL));
	ck_assert_str_eq(error, "a.b.1: expected 2, got 3");
}
END_TEST

START_TEST(there_may_be_more_where_said)
{
	ck_assert(
	    matches("{\"a\":1,\"...\":\"...\"}", "{\"a\":1,\"b\":2}", NULL));
	ck_assert(matches("{\"a\":1,\"...\":\"...\"}", "{\"a\":1}", NULL));
	ck_assert(!matches("{\"a\":1,\"...\":\"...\"}", "{\"b\":2}", NULL));
	ck_assert(matches("{\"l\":[1,\"...\"]}", "{\"l\":[1,2,3]}", NULL));
	ck_assert(matches("{\"l\":[1,\"...\"]}", "{\"l\":[1]}", NULL));
	ck_assert(!matches("{\"l\":[1,\"...\"]}", "{\"l\":[]}", NULL));
	ck_assert(!matches("{\"l\":[1]}", "{\"l\":[1,2]}", NULL));
	ck_assert(!matches("{\"l\":[1,2]}", "{\"l\":[2,1]}", NULL));
}
END_TEST

START_TEST(batches_have_no_order)
{
	ck_assert(matches("[1,2,3]", "[3,1,2]", NULL));
	ck_assert(!matches("[1,2,3]", "[3,1]", NULL));
	ck_assert(!matches("[1,2]", "[1,2,2]", NULL));
	ck_assert(!matches("[1,1]", "[1,2]", NULL));
	ck_assert(!matches("[1]", "1", NULL));
}
END_TEST

START_TEST(names_are_remembered)
{
	json_t *names = json_object();
	const char *job = "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}";
	const char *other = "{\"job\":\"01ARZ3NDEKTSV4RRFFQ69G5FAW\"}";

	ck_assert(!matches("{\"job\":\"<JOB>\"}", job, names));
	ck_assert(matches("{\"job\":\"<ulid:JOB>\"}", job, names));
	ck_assert(matches("{\"job\":\"<JOB>\"}", job, names));
	ck_assert(!matches("{\"job\":\"<JOB>\"}", other, names));
	ck_assert(!matches("{\"job\":\"<ulid:JOB>\",\"x\":1}", other, names));
	ck_assert(matches("{\"job\":\"<JOB>\"}", job, names));
	ck_assert(!matches("\"<ulid:JOB>\"", "\"x\"", names));
	json_decref(names);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("example");
	TCase *tcase = tcase_create("example");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, examples_are_found);
	tcase_add_test(tcase, what_cannot_be_read_is_refused);
	tcase_add_test(tcase, lines_are_expanded);
	tcase_add_test(tcase, values_match_themselves);
	tcase_add_test(tcase, placeholders_match_their_type);
	tcase_add_test(tcase, a_placeholder_needs_a_value);
	tcase_add_test(tcase, members_must_be_the_same);
	tcase_add_test(tcase, there_may_be_more_where_said);
	tcase_add_test(tcase, batches_have_no_order);
	tcase_add_test(tcase, names_are_remembered);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
