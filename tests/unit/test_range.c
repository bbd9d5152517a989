/* Ranges and lists: what they come to, and each refusal. */
#include "client/range.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct range range;
static char error[RANGE_ERROR_CHARS + 1];

/* The values with blanks between them. */
static const char *
values(void)
{
	static char text[1024];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < range.n; i++)
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%s%llu",
			i > 0 ? " " : "", (unsigned long long)range.values[i]);
	return text;
}

START_TEST(counts_are_read)
{
	static const struct {
		const char *text;
		const char *values;
	} cases[] = {
	    {"4", "4"},
	    {"1,2,4", "1 2 4"},
	    {"1..8", "1 2 3 4 5 6 7 8"},
	    {"3..3", "3"},
	    {"8,1..3,2", "1 2 3 8"},
	    {"1..3,2..4", "1 2 3 4"},
	    {"1k", "1000"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(range_parse_counts(
				  cases[i].text, 1, 1000, &range, error) == 0,
		    "%s: %s", cases[i].text, error);
		ck_assert_str_eq(values(), cases[i].values);
	}
}
END_TEST

START_TEST(wrong_counts_are_refused)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
	    {"", "no list"},
	    {",", "no list"},
	    {"1,", "no list"},
	    {"1,,2", "no list"},
	    {"8..1", "smaller end goes first"},
	    {"0", "too small"},
	    {"1..2000", "too large"},
	    {"1...8", "not a number"},
	    {"..8", "not a number"},
	    {"1..", "not a number"},
	    {"1..65", "more than 64 values"},
	    {"x", "not a number"},
	    {"100000000000000000000000000000000000000000000000000", "no list"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(range_parse_counts(
				  cases[i].text, 1, 1000, &range, error) == -1,
		    "%s was taken", cases[i].text);
		ck_assert_msg(strstr(error, cases[i].part) != NULL, "%s: %s",
		    cases[i].text, error);
	}
}
END_TEST

START_TEST(sixty_four_values_are_taken)
{
	ck_assert_int_eq(
	    range_parse_counts("1..64", 1, 1000, &range, error), 0);
	ck_assert_uint_eq(range.n, RANGE_MAX_VALUES);
	ck_assert_uint_eq(range.values[63], 64);
}
END_TEST

START_TEST(durations_are_read)
{
	static const struct {
		const char *text;
		const char *values;
	} cases[] = {
	    {"5ms", "5000"},
	    {"0.5ms", "500"},
	    {"1s", "1000000"},
	    {"5ms,500us", "500 5000"},
	    {"50us..100ms",
		"50 100 200 500 1000 2000 5000 10000 20000 50000 100000"},
	    {"70us..3ms", "70 100 200 500 1000 2000 3000"},
	    {"1us..10us", "1 2 5 10"},
	    {"10s", "10000000"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(range_parse_durations_us(cases[i].text, 1,
				  10000000, &range, error) == 0,
		    "%s: %s", cases[i].text, error);
		ck_assert_str_eq(values(), cases[i].values);
	}
}
END_TEST

START_TEST(wrong_durations_are_refused)
{
	static const char *const cases[] = {"", "5", "5m", "ms", "0us", "0.5us",
	    "11s", "1min", "-1us", "5 ms", "5ms..", "1e3", "5mss"};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(range_parse_durations_us(
				  cases[i], 1, 10000000, &range, error) == -1,
		    "%s was taken", cases[i]);
	ck_assert_int_eq(
	    range_parse_durations_us("11s", 1, 10000000, &range, error), -1);
	ck_assert_str_eq(error,
	    "\"11s\" is no duration from 1.00 us to 10.00 s: write 50us, 5ms "
	    "or 1s");
	ck_assert_int_eq(
	    range_parse_durations_us("5ms..1ms", 1, 10000000, &range, error),
	    -1);
	ck_assert_str_eq(
	    error, "\"5ms..1ms\" is empty: the smaller end goes first");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("range");
	TCase *tcase = tcase_create("range");

	tcase_add_test(tcase, counts_are_read);
	tcase_add_test(tcase, wrong_counts_are_refused);
	tcase_add_test(tcase, sixty_four_values_are_taken);
	tcase_add_test(tcase, durations_are_read);
	tcase_add_test(tcase, wrong_durations_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
