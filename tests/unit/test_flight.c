/* Jobs on their way: ids, room, and the patience with a busy server. */
#include "client/flight.h"

#include <check.h>

#include "tests/unit/suite.h"

#define SIZE 3

static struct flight flight;

static void
setup(void)
{
	ck_assert_int_eq(flight_init(&flight, SIZE), 0);
}

static void
teardown(void)
{
	flight_free(&flight);
}

static uint64_t
add(uint64_t line)
{
	return flight_add(&flight, line, json_integer((json_int_t)line));
}

START_TEST(it_fills_and_empties)
{
	uint64_t ids[SIZE];

	ck_assert(flight_is_empty(&flight));
	for (uint64_t i = 0; i < SIZE; i++) {
		ck_assert(!flight_is_full(&flight));
		ids[i] = add(i + 1);
		ck_assert(!flight_is_empty(&flight));
	}
	ck_assert(flight_is_full(&flight));
	for (uint64_t i = 0; i < SIZE; i++)
		flight_land(&flight, ids[i]);
	ck_assert(flight_is_empty(&flight));
}
END_TEST

START_TEST(a_job_is_found_by_its_id)
{
	uint64_t one = add(10), other = add(20);

	ck_assert_uint_eq(flight_find(&flight, one)->line, 10);
	ck_assert_uint_eq(flight_find(&flight, other)->line, 20);
	ck_assert_int_eq(
	    json_integer_value(flight_find(&flight, other)->params), 20);
}
END_TEST

START_TEST(an_answer_that_comes_twice_finds_nothing)
{
	uint64_t first = add(1), next;

	flight_land(&flight, first);
	ck_assert_ptr_null(flight_find(&flight, first));
	/* Nor when another job has its place. */
	next = add(2);
	ck_assert_uint_ne(first, next);
	ck_assert_ptr_null(flight_find(&flight, first));
	ck_assert_uint_eq(flight_find(&flight, next)->line, 2);
}
END_TEST

/* Two times "busy" for one job would have it in the queue twice. */
START_TEST(who_is_put_off_is_not_found)
{
	uint64_t id = add(1);

	flight_put_off(&flight, id, 0, 0);
	ck_assert_ptr_null(flight_find(&flight, id));
	ck_assert_uint_eq(flight_retry(&flight), id);
	ck_assert_ptr_nonnull(flight_find(&flight, id));
}
END_TEST

START_TEST(what_never_was_is_not_found)
{
	uint64_t id = add(1);

	for (uint64_t other = 0; other < 100; other++)
		if (other != id)
			ck_assert_ptr_null(flight_find(&flight, other));
	ck_assert_ptr_null(flight_find(&flight, UINT64_MAX));
}
END_TEST

START_TEST(a_pause_is_as_long_as_the_server_asks)
{
	uint64_t first, second;

	first = flight_add(&flight, 1, json_object());
	second = flight_add(&flight, 2, json_object());
	flight_put_off(&flight, first, 1000, 300);
	ck_assert_uint_eq(flight_retries_due(&flight, 1299), 0);
	/* The longer of two holds for both. */
	flight_put_off(&flight, second, 1100, 500);
	ck_assert_uint_eq(flight_retries_due(&flight, 1599), 0);
	ck_assert_uint_eq(flight_retries_due(&flight, 1600), 2);
}
END_TEST

START_TEST(those_on_their_way_can_be_looked_at)
{
	uint64_t first, second, seen = 0;

	first = flight_add(&flight, 1, json_object());
	second = flight_add(&flight, 2, json_object());
	flight_put_off(&flight, first, 0, 0);
	for (size_t i = 0; i < flight.size; i++)
		seen += flight_at(&flight, i);
	ck_assert_uint_eq(seen, second);
}
END_TEST

START_TEST(keys_are_counted)
{
	uint64_t bare = flight_add(&flight, 1, json_object());

	flight_add(&flight, 2, json_pack("{s:s}", "key", "k"));
	ck_assert_uint_eq(flight_count_keyed(&flight), 1);
	ck_assert_uint_eq(flight_count_bare(&flight), 1);
	/* Who was refused has lost nothing. */
	flight_put_off(&flight, bare, 0, 0);
	ck_assert_uint_eq(flight_count_keyed(&flight), 1);
	ck_assert_uint_eq(flight_count_bare(&flight), 0);
}
END_TEST

START_TEST(who_is_put_off_first_tries_first)
{
	uint64_t ids[SIZE] = {add(1), add(2), add(3)};

	ck_assert_uint_eq(flight_retry(&flight), 0);
	/* Many times round the queue. */
	for (int i = 0; i < 10; i++) {
		flight_put_off(&flight, ids[1], 0, 0);
		flight_put_off(&flight, ids[0], 0, 0);
		ck_assert_uint_eq(flight_retry(&flight), ids[1]);
		flight_put_off(&flight, ids[2], 0, 0);
		ck_assert_uint_eq(flight_retry(&flight), ids[0]);
		ck_assert_uint_eq(flight_retry(&flight), ids[2]);
		ck_assert_uint_eq(flight_retry(&flight), 0);
	}
}
END_TEST

/* Lets a pause pass that begins at now_ms, and returns its length. */
static int64_t
pause_length(uint64_t id, int64_t now_ms)
{
	int64_t length_ms;

	flight_put_off(&flight, id, now_ms, 0);
	length_ms = flight.retry_at_ms - now_ms;
	ck_assert_uint_eq(
	    flight_retries_due(&flight, flight.retry_at_ms - 1), 0);
	ck_assert_uint_eq(flight_retries_due(&flight, flight.retry_at_ms), 1);
	ck_assert_uint_eq(flight_retry(&flight), id);
	return length_ms;
}

START_TEST(pauses_grow_until_a_job_lands)
{
	uint64_t id = add(1), other = add(2);
	int64_t now_ms = 5000, before_ms = 0;

	ck_assert_uint_eq(flight_retries_due(&flight, now_ms), 0);
	ck_assert_int_eq(pause_length(id, now_ms), FLIGHT_FIRST_PAUSE_MS);
	ck_assert_int_eq(pause_length(id, now_ms), 2 * FLIGHT_FIRST_PAUSE_MS);
	for (int i = 0; i < 20; i++) {
		int64_t length_ms = pause_length(id, now_ms);

		ck_assert_int_ge(length_ms, before_ms);
		before_ms = length_ms;
	}
	ck_assert_int_eq(before_ms, FLIGHT_LAST_PAUSE_MS);
	flight_land(&flight, other);
	ck_assert_int_eq(pause_length(id, now_ms), FLIGHT_FIRST_PAUSE_MS);
}
END_TEST

START_TEST(a_pause_counts_from_its_first_job)
{
	uint64_t ids[] = {add(1), add(2)};

	flight_put_off(&flight, ids[0], 100, 0);
	flight_put_off(&flight, ids[1], 105, 0);
	ck_assert_int_eq(flight.retry_at_ms, 100 + FLIGHT_FIRST_PAUSE_MS);
	ck_assert_uint_eq(flight_retries_due(&flight, 500), 2);
}
END_TEST

START_TEST(those_left_are_counted)
{
	uint64_t first, id;

	ck_assert_uint_eq(flight_count(&flight, &first), 0);
	ck_assert_uint_eq(first, 0);
	add(30);
	id = add(10);
	add(20);
	ck_assert_uint_eq(flight_count(&flight, &first), 3);
	ck_assert_uint_eq(first, 10);
	flight_land(&flight, id);
	ck_assert_uint_eq(flight_count(&flight, &first), 2);
	ck_assert_uint_eq(first, 20);
}
END_TEST

START_TEST(one_is_a_flight_too)
{
	struct flight single;
	uint64_t first, next;

	ck_assert_int_eq(flight_init(&single, 1), 0);
	first = flight_add(&single, 1, json_null());
	ck_assert(flight_is_full(&single));
	flight_put_off(&single, first, 0, 0);
	ck_assert_uint_eq(flight_retry(&single), first);
	flight_land(&single, first);
	next = flight_add(&single, 2, json_null());
	ck_assert_ptr_null(flight_find(&single, first));
	ck_assert_ptr_nonnull(flight_find(&single, next));
	flight_free(&single);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flight");
	TCase *tcase = tcase_create("flight");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_fills_and_empties);
	tcase_add_test(tcase, a_job_is_found_by_its_id);
	tcase_add_test(tcase, an_answer_that_comes_twice_finds_nothing);
	tcase_add_test(tcase, who_is_put_off_is_not_found);
	tcase_add_test(tcase, what_never_was_is_not_found);
	tcase_add_test(tcase, a_pause_is_as_long_as_the_server_asks);
	tcase_add_test(tcase, those_on_their_way_can_be_looked_at);
	tcase_add_test(tcase, keys_are_counted);
	tcase_add_test(tcase, who_is_put_off_first_tries_first);
	tcase_add_test(tcase, pauses_grow_until_a_job_lands);
	tcase_add_test(tcase, a_pause_counts_from_its_first_job);
	tcase_add_test(tcase, those_left_are_counted);
	tcase_add_test(tcase, one_is_a_flight_too);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
