/* How long and how often something is tried. */
#include "client/patience.h"

#include <check.h>

#include "tests/unit/suite.h"

static struct patience patience;

START_TEST(pauses_double_until_it_is_over)
{
	static const int64_t pauses[] = {
	    0, 50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 850};
	int64_t now_ms = 5000;

	patience_init(&patience, 10000);
	for (size_t i = 0; i < COUNT(pauses); i++) {
		ck_assert_int_eq(
		    patience_next(&patience, now_ms, 0), pauses[i]);
		now_ms += pauses[i];
	}
	ck_assert_int_eq(now_ms, 15000);
	ck_assert_int_eq(patience_next(&patience, now_ms, 0), -1);
	ck_assert_int_eq(patience_next(&patience, now_ms, 0), -1);
}
END_TEST

START_TEST(an_answer_makes_it_patient_again)
{
	patience_init(&patience, 1000);
	ck_assert_int_eq(patience_next(&patience, 0, 0), 0);
	ck_assert_int_eq(patience_next(&patience, 0, 0), 50);
	ck_assert_int_eq(patience_next(&patience, 1000, 0), -1);
	patience_end(&patience);
	ck_assert_int_eq(patience_next(&patience, 1000, 0), 0);
	ck_assert_int_eq(patience_next(&patience, 1000, 0), 50);
	ck_assert_int_eq(patience_next(&patience, 1999, 0), 1);
}
END_TEST

START_TEST(a_server_may_ask_for_more)
{
	patience_init(&patience, 1000);
	ck_assert_int_eq(patience_next(&patience, 0, 300), 300);
	ck_assert_int_eq(patience_next(&patience, 300, 20), 50);
	ck_assert_int_eq(patience_next(&patience, 350, 300), 300);
	/* What would end too late is not begun. */
	ck_assert_int_eq(patience_next(&patience, 750, 300), -1);
}
END_TEST

START_TEST(without_patience_nothing_is_tried)
{
	patience_init(&patience, 0);
	ck_assert_int_eq(patience_next(&patience, 7, 0), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("patience");
	TCase *tcase = tcase_create("patience");

	tcase_add_test(tcase, pauses_double_until_it_is_over);
	tcase_add_test(tcase, an_answer_makes_it_patient_again);
	tcase_add_test(tcase, a_server_may_ask_for_more);
	tcase_add_test(tcase, without_patience_nothing_is_tried);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
