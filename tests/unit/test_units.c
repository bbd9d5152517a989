/* Figures for people: rounding at the edges, above all. */
#include "client/units.h"

#include <check.h>

#include "tests/unit/suite.h"

static const struct {
	uint64_t ns;
	const char *text;
} durations[] = {
    {0, "0 ns"},
    {1, "1 ns"},
    {999, "999 ns"},
    {1000, "1.00 us"},
    {1004, "1.00 us"},
    {1005, "1.01 us"},
    {9994, "9.99 us"},
    {9995, "10.0 us"},
    {31234, "31.2 us"},
    {99949, "99.9 us"},
    {99950, "100 us"},
    {120000, "120 us"},
    {999499, "999 us"},
    {999500, "1.00 ms"},
    {31000000, "31.0 ms"},
    {999499999, "999 ms"},
    {999500000, "1.000 s"},
    {1012345678, "1.012 s"},
    {9999400000, "9.999 s"},
    {9999500000, "10.00 s"},
    {12345678901, "12.35 s"},
    {123456789012, "123.5 s"},
    {9999940000000, "10000 s"},
    {9007199254740991, "9007199 s"},
};

START_TEST(durations_round_to_their_unit)
{
	ck_assert_str_eq(
	    units_duration(durations[_i].ns).text, durations[_i].text);
}
END_TEST

START_TEST(a_column_has_one_unit)
{
	ck_assert_str_eq(
	    units_duration_like(513400000, 1031000000).text, "0.513 s");
	ck_assert_str_eq(
	    units_duration_like(12000000000, 1031000000).text, "12.000 s");
	ck_assert_str_eq(units_duration_like(4, 31200).text, "0.0 us");
}
END_TEST

START_TEST(a_range_is_in_the_unit_of_its_middle)
{
	ck_assert_str_eq(units_range(1008000000, 1019400000, 1012000000).text,
	    "1.008 .. 1.019");
	ck_assert_str_eq(units_range(999000000, 1002000000, 1000000000).text,
	    "0.999 .. 1.002");
	ck_assert_str_eq(
	    units_range(9990000, 10100000, 10000000).text, "10.0 .. 10.1");
	ck_assert_str_eq(units_range(0, 5, 3).text, "0 .. 5");
}
END_TEST

START_TEST(uptimes_have_two_units)
{
	const uint64_t s = 1000000000;

	ck_assert_str_eq(units_uptime(0).text, "0 s");
	ck_assert_str_eq(units_uptime(59 * s + s / 2).text, "59 s");
	ck_assert_str_eq(units_uptime(60 * s).text, "1 min 0 s");
	ck_assert_str_eq(units_uptime(3599 * s).text, "59 min 59 s");
	ck_assert_str_eq(units_uptime(7500 * s).text, "2 h 5 min");
	ck_assert_str_eq(units_uptime(274000 * s).text, "3 d 4 h");
}
END_TEST

START_TEST(ages_have_one_unit)
{
	const uint64_t s = 1000000000;

	ck_assert_str_eq(units_age(0).text, "0 s");
	ck_assert_str_eq(units_age(59 * s + s / 2).text, "59 s");
	ck_assert_str_eq(units_age(7500 * s).text, "2 h");
	ck_assert_str_eq(units_age(274000 * s).text, "3 d");
	ck_assert_str_eq(units_age(3599 * s).text, "59 min");
}
END_TEST

START_TEST(amounts_are_short)
{
	ck_assert_str_eq(units_amount(0).text, "0");
	ck_assert_str_eq(units_amount(999).text, "999");
	ck_assert_str_eq(units_amount(1000).text, "1k");
	ck_assert_str_eq(units_amount(1234).text, "1,234");
	ck_assert_str_eq(units_amount(1500000).text, "1500k");
	ck_assert_str_eq(units_amount(50000000).text, "50M");
	ck_assert_str_eq(units_amount(66412345).text, "66.4M");
	ck_assert_str_eq(units_amount(UINT64_C(5000000000)).text, "5G");
}
END_TEST

START_TEST(counts_have_commas)
{
	ck_assert_str_eq(units_count(0).text, "0");
	ck_assert_str_eq(units_count(999).text, "999");
	ck_assert_str_eq(units_count(1000).text, "1,000");
	ck_assert_str_eq(units_count(50000000).text, "50,000,000");
	ck_assert_str_eq(
	    units_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(rates_are_a_second)
{
	ck_assert_str_eq(units_rate(205, 1031000000).text, "199");
	ck_assert_str_eq(units_rate(3, 2000000000).text, "2");
	ck_assert_str_eq(units_rate(5, 0).text, "0");
	ck_assert_str_eq(
	    units_rate(UINT64_MAX, 1).text, "1,000,000,000,000,000,000");
}
END_TEST

START_TEST(bytes_have_binary_units)
{
	ck_assert_str_eq(units_bytes(0).text, "0 bytes");
	ck_assert_str_eq(units_bytes(1).text, "1 byte");
	ck_assert_str_eq(units_bytes(1023).text, "1023 bytes");
	ck_assert_str_eq(units_bytes(1024).text, "1 KiB");
	ck_assert_str_eq(units_bytes(1536).text, "1.5 KiB");
	ck_assert_str_eq(units_bytes(65536).text, "64 KiB");
	ck_assert_str_eq(units_bytes((1 << 20) - 1).text, "1.0 MiB");
	ck_assert_str_eq(units_bytes(1 << 20).text, "1 MiB");
	ck_assert_str_eq(
	    units_bytes((uint64_t)(5.2 * (1 << 30))).text, "5.2 GiB");
	ck_assert_str_eq(units_bytes(UINT64_MAX).text, "16384 PiB");
}
END_TEST

START_TEST(fractions_and_ratios)
{
	ck_assert_str_eq(units_ratio(1.974).text, "1.97x");
	ck_assert_str_eq(units_percent(0.006).text, "0.6 %");
	ck_assert_str_eq(units_percent(0.0994).text, "9.9 %");
	ck_assert_str_eq(units_percent(0.0996).text, "10 %");
	ck_assert_str_eq(units_percent(1).text, "100 %");
}
END_TEST

START_TEST(small_numbers_are_words)
{
	ck_assert_str_eq(units_number_word(1).text, "one");
	ck_assert_str_eq(units_number_word(12).text, "twelve");
	ck_assert_str_eq(units_number_word(13).text, "13");
	ck_assert_str_eq(units_number_word(4000).text, "4,000");
}
END_TEST

START_TEST(quantities_have_three_digits)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0.00"}, {0.424, "0.42"}, {9.994, "9.99"},
	    {9.996, "10.0"}, {65.83, "65.8"}, {99.96, "100"}, {190, "190"},
	    {999.4, "999"}, {999.5, "1.00k"}, {8130, "8.13k"},
	    {66.4e6, "66.4M"}, {999.6e9, "1.00T"}, {1e18, "1000000T"}};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(
		    units_quantity(cases[i].value).text, cases[i].text);
}
END_TEST

START_TEST(parameters_are_short)
{
	ck_assert_str_eq(units_parameter_us(0).text, "0 us");
	ck_assert_str_eq(units_parameter_us(50).text, "50 us");
	ck_assert_str_eq(units_parameter_us(1500).text, "1500 us");
	ck_assert_str_eq(units_parameter_us(5000).text, "5 ms");
	ck_assert_str_eq(units_parameter_us(2000000).text, "2 s");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("units");
	TCase *tcase = tcase_create("units");

	tcase_add_loop_test(
	    tcase, durations_round_to_their_unit, 0, COUNT(durations));
	tcase_add_test(tcase, a_column_has_one_unit);
	tcase_add_test(tcase, a_range_is_in_the_unit_of_its_middle);
	tcase_add_test(tcase, uptimes_have_two_units);
	tcase_add_test(tcase, ages_have_one_unit);
	tcase_add_test(tcase, amounts_are_short);
	tcase_add_test(tcase, counts_have_commas);
	tcase_add_test(tcase, rates_are_a_second);
	tcase_add_test(tcase, bytes_have_binary_units);
	tcase_add_test(tcase, fractions_and_ratios);
	tcase_add_test(tcase, small_numbers_are_words);
	tcase_add_test(tcase, quantities_have_three_digits);
	tcase_add_test(tcase, parameters_are_short);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
