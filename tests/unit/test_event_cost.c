/* What an event costs, by the thread's CPU clock: that it can be measured. */
#include "daemon/event_cost.h"

#include <check.h>

#include "tests/unit/suite.h"

START_TEST(an_event_costs_something)
{
	uint64_t event_ps = 0;

	ck_assert_int_eq(event_cost_measure(&event_ps), 0);
	ck_assert_uint_gt(event_ps, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event_cost");
	TCase *tcase = tcase_create("event_cost");

	tcase_add_test(tcase, an_event_costs_something);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
