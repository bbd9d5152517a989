/* Orders drawn by chance: complete, repeatable, and not all the same. */
#include "client/chance.h"

#include <check.h>
#include <stdbool.h>

#include "tests/unit/suite.h"

#define N_ITEMS 4
#define N_ORDERS 24 /* 4! */

static void
fill(unsigned items[N_ITEMS])
{
	for (unsigned i = 0; i < N_ITEMS; i++)
		items[i] = i;
}

/* An order as a number in base N_ITEMS. */
static unsigned
order_number(const unsigned items[N_ITEMS])
{
	unsigned number = 0;

	for (unsigned i = 0; i < N_ITEMS; i++)
		number = number * N_ITEMS + items[i];
	return number;
}

START_TEST(the_same_seed_gives_the_same_orders)
{
	struct chance one, other;

	chance_init(&one, 4711);
	chance_init(&other, 4711);
	for (unsigned i = 0; i < 100; i++) {
		unsigned left[N_ITEMS], right[N_ITEMS];

		fill(left);
		fill(right);
		chance_shuffle(&one, left, N_ITEMS);
		chance_shuffle(&other, right, N_ITEMS);
		ck_assert_uint_eq(order_number(left), order_number(right));
	}
}
END_TEST

/* What a seed gives is part of gilctl's interface: --seed repeats an order. */
START_TEST(an_order_stays_what_it_was)
{
	static const unsigned expected[N_ITEMS] = {2, 0, 3, 1};
	unsigned items[N_ITEMS];
	struct chance chance;

	fill(items);
	chance_init(&chance, 1);
	chance_shuffle(&chance, items, N_ITEMS);
	ck_assert_uint_eq(order_number(items), order_number(expected));
}
END_TEST

START_TEST(every_order_is_drawn)
{
	enum { DRAWS = 24000 };
	unsigned drawn[N_ITEMS * N_ITEMS * N_ITEMS * N_ITEMS] = {0};
	unsigned n_orders = 0;
	struct chance chance;

	chance_init(&chance, 0);
	for (unsigned i = 0; i < DRAWS; i++) {
		unsigned items[N_ITEMS];
		bool seen[N_ITEMS] = {false};

		fill(items);
		chance_shuffle(&chance, items, N_ITEMS);
		for (unsigned j = 0; j < N_ITEMS; j++)
			seen[items[j]] = true;
		for (unsigned j = 0; j < N_ITEMS; j++)
			ck_assert(seen[j]);
		drawn[order_number(items)]++;
	}
	for (unsigned i = 0; i < COUNT(drawn); i++) {
		if (drawn[i] == 0)
			continue;
		n_orders++;
		/* 1,000 expected; the seed is fixed, so this is no lottery. */
		ck_assert_uint_ge(drawn[i], 850);
		ck_assert_uint_le(drawn[i], 1150);
	}
	ck_assert_uint_eq(n_orders, N_ORDERS);
}
END_TEST

START_TEST(nothing_and_one_are_orders_too)
{
	unsigned one[] = {7};
	struct chance chance;

	chance_init(&chance, 1);
	chance_shuffle(&chance, one, 0);
	chance_shuffle(&chance, one, 1);
	ck_assert_uint_eq(one[0], 7);
}
END_TEST

START_TEST(real_numbers_are_above_zero_and_up_to_one)
{
	struct chance chance;
	double sum = 0;

	chance_init(&chance, 5);
	for (unsigned i = 0; i < 100000; i++) {
		double value = chance_real(&chance);

		ck_assert(value > 0 && value <= 1);
		sum += value;
	}
	/* Five deviations: sqrt(100000 / 12) is 91. */
	ck_assert_double_eq_tol(sum, 50000, 460);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chance");
	TCase *tcase = tcase_create("chance");

	tcase_add_test(tcase, the_same_seed_gives_the_same_orders);
	tcase_add_test(tcase, an_order_stays_what_it_was);
	tcase_add_test(tcase, every_order_is_drawn);
	tcase_add_test(tcase, nothing_and_one_are_orders_too);
	tcase_add_test(tcase, real_numbers_are_above_zero_and_up_to_one);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
