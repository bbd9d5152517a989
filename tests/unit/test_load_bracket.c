/* The search for a highest rate: that it finds it, and that it ends. */
#include "client/load_bracket.h"

#include <check.h>

#include "client/load_script.h"
#include "tests/unit/suite.h"

/* A server that holds whatever is not above its capacity. */
static struct load_bracket
search(double from, double capacity)
{
	struct load_bracket bracket;

	load_bracket_init(&bracket, from);
	while (load_bracket_tell(&bracket, bracket.rate <= capacity))
		ck_assert_uint_lt(bracket.n_steps, LOAD_MAX_STEPS);
	return bracket;
}

static const struct {
	double from, capacity;
} cases[] = {{100, 12345}, {100, 100}, {100, 99}, {1000, 7}, {1, 1}, {1e5, 2},
    {1, 1e6}, {3, 4}};

START_TEST(the_highest_rate_is_found)
{
	double capacity = cases[_i].capacity;
	struct load_bracket bracket = search(cases[_i].from, capacity);

	ck_assert_double_le(bracket.holds, capacity);
	ck_assert_double_gt(bracket.fails, capacity);
	/* To 5 %, or to the next whole job a second. */
	ck_assert(bracket.fails <= bracket.holds * LOAD_CLOSE_ENOUGH ||
	    bracket.fails <= bracket.holds + 1.5);
	ck_assert_uint_le(bracket.n_steps, LOAD_MAX_STEPS);
}
END_TEST

START_TEST(a_server_that_holds_nothing_ends_the_search)
{
	struct load_bracket bracket = search(1000, 0);

	ck_assert_double_eq(bracket.holds, 0);
	ck_assert_double_eq(bracket.fails, 1);
}
END_TEST

START_TEST(a_server_that_holds_everything_ends_the_search)
{
	struct load_bracket bracket = search(1000, 1e30);

	ck_assert_double_le(bracket.holds, LOAD_MAX_RATE);
	ck_assert_double_gt(bracket.holds, LOAD_MAX_RATE / 4);
}
END_TEST

/* It doubles first, and then takes the middle. */
START_TEST(the_first_steps_are_doublings)
{
	struct load_bracket bracket;

	load_bracket_init(&bracket, 100);
	ck_assert(load_bracket_tell(&bracket, true));
	ck_assert_double_eq(bracket.rate, 200);
	ck_assert(load_bracket_tell(&bracket, true));
	ck_assert_double_eq(bracket.rate, 400);
	ck_assert(load_bracket_tell(&bracket, false));
	ck_assert_double_eq(bracket.rate, 283);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_bracket");
	TCase *tcase = tcase_create("load_bracket");

	tcase_add_loop_test(tcase, the_highest_rate_is_found, 0, COUNT(cases));
	tcase_add_test(tcase, a_server_that_holds_nothing_ends_the_search);
	tcase_add_test(tcase, a_server_that_holds_everything_ends_the_search);
	tcase_add_test(tcase, the_first_steps_are_doublings);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
