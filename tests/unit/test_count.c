/* Counts as people write them, right and wrong. */
#include "client/count.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct {
	const char *text;
	uint64_t value;
} right[] = {
    {"0", 0},
    {"7", 7},
    {"007", 7},
    {"50000000", 50000000},
    {"50_000_000", 50000000},
    {"5_0", 50},
    {"50,000,000", 50000000},
    {"1,000", 1000},
    {"50M", 50000000},
    {"50k", 50000},
    {"50K", 50000},
    {"2G", 2000000000},
    {"1_000k", 1000000},
    {"1,000k", 1000000},
    {"5e7", 50000000},
    {"5E7", 50000000},
    {"5e+7", 50000000},
    {"5e007", 50000000},
    {"0e99", 0},
    {"1.5M", 1500000},
    {"1.50e1", 15},
    {"0.05G", 50000000},
    {"0.001k", 1},
    {"1.0", 1},
    {"5.00000000000000000000000000000000", 5},
    {"18446744073709551615", UINT64_MAX},
    {"1.8446744073709551615e19", UINT64_MAX},
};

START_TEST(right_ones_are_exact)
{
	char error[COUNT_ERROR_CHARS + 1];
	uint64_t value = 0;

	ck_assert_msg(
	    count_parse(right[_i].text, 0, UINT64_MAX, &value, error) == 0,
	    "%s", error);
	ck_assert_msg(value == right[_i].value, "%s is %llu", right[_i].text,
	    (unsigned long long)value);
}
END_TEST

static const struct {
	const char *text;
	const char *error;
} wrong[] = {
    {"", "is not a number"},
    {"-1", "is not a number"},
    {"+1", "is not a number"},
    {" 1", "is not a number"},
    {"1 ", "is not a number"},
    {"0x10", "is not a number"},
    {"abc", "is not a number"},
    {"50X", "is not a number"},
    {"50MM", "is not a number"},
    {"5e", "is not a number"},
    {"5e-1", "is not a number"},
    {"5e7k", "is not a number"},
    {"5k3", "is not a number"},
    {"_5", "is not a number"},
    {"5_", "is not a number"},
    {"5__0", "is not a number"},
    {"5_e7", "is not a number"},
    {"1.", "is not a number"},
    {".5", "is not a number"},
    {"1.5_0", "is not a number"},
    {"1.2.3", "is not a number"},
    {"1,5", "is not a number"},
    {"50,00", "is not a number"},
    {"5000,000", "is not a number"},
    {"1,000000", "is not a number"},
    {"1,000,00", "is not a number"},
    {"1,0,000", "is not a number"},
    {"1_000,000", "is not a number"},
    {"1,000_000", "is not a number"},
    {"0.5", "is not a whole number"},
    {"1.2345k", "is not a whole number"},
    {"18446744073709551616", "is too large"},
    {"99999999999999999999999", "is too large"},
    {"99999999999999999999999.5", "is too large"},
    {"2e19", "is too large"},
    {"1e999999999999", "is too large"},
};

START_TEST(wrong_ones_are_refused)
{
	char error[COUNT_ERROR_CHARS + 1] = "";
	uint64_t value = 4711;

	ck_assert_int_eq(
	    count_parse(wrong[_i].text, 0, UINT64_MAX, &value, error), -1);
	ck_assert_msg(strstr(error, wrong[_i].error) != NULL, "%s: %s",
	    wrong[_i].text, error);
	ck_assert_uint_eq(value, 4711);
}
END_TEST

START_TEST(bounds_are_kept_and_named)
{
	char error[COUNT_ERROR_CHARS + 1];
	uint64_t value;

	ck_assert_int_eq(count_parse("2", 2, 5, &value, error), 0);
	ck_assert_int_eq(count_parse("5", 2, 5, &value, error), 0);
	ck_assert_int_eq(count_parse("1", 2, 5, &value, error), -1);
	ck_assert_str_eq(error, "\"1\" is too small: at least 2");
	ck_assert_int_eq(count_parse("6", 2, 5, &value, error), -1);
	ck_assert_str_eq(error, "\"6\" is too large: at most 5");
}
END_TEST

START_TEST(an_error_says_what_would_be_right)
{
	char error[COUNT_ERROR_CHARS + 1];
	char text[1000];
	uint64_t value;

	ck_assert_int_eq(count_parse("lots", 0, 9, &value, error), -1);
	ck_assert_str_eq(error,
	    "\"lots\" is not a number: write 50000000, 50_000_000, 50M or "
	    "5e7");
	/* And it fits, however long the text is. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(count_parse(text, 0, 9, &value, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "5e7"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("count");
	TCase *tcase = tcase_create("count");

	tcase_add_loop_test(tcase, right_ones_are_exact, 0, COUNT(right));
	tcase_add_loop_test(tcase, wrong_ones_are_refused, 0, COUNT(wrong));
	tcase_add_test(tcase, bounds_are_kept_and_named);
	tcase_add_test(tcase, an_error_says_what_would_be_right);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
