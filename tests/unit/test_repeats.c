/*
 * The table of what is said again and again, with a clock of the test's own:
 * what is written, what is counted, and that each message is one or the other.
 */
#include "daemon/repeats.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define START UINT64_C(1000)

static struct repeats repeats;
static const char place[] = "%s";

static void
setup(void)
{
	repeats_clear(&repeats);
}

static bool
say(const char *format, const char *message, uint64_t now_ns)
{
	return repeats_admit(&repeats, format, LOG_LEVEL_WARN, message, now_ns);
}

static void
say_all(const char *format, uint64_t now_ns)
{
	for (int i = 0; i < REPEATS_SAID; i++)
		ck_assert(say(format, "x", now_ns));
}

/* How many are told of now; 0: nothing is. */
static uint32_t
take(uint64_t now_ns, bool is_end)
{
	struct repeat repeat;

	return repeats_take(&repeats, now_ns, is_end, &repeat) ? repeat.n_more
							       : 0;
}

START_TEST(the_first_ones_are_said_and_the_others_counted)
{
	struct repeat repeat;

	say_all(place, START);
	ck_assert(!say(place, "the 11th", START + 1));
	ck_assert(!say(place, "the 12th", START + REPEATS_NS - 1));
	ck_assert(
	    !repeats_take(&repeats, START + REPEATS_NS - 1, false, &repeat));
	ck_assert(repeats_take(&repeats, START + REPEATS_NS, false, &repeat));
	ck_assert_uint_eq(repeat.n_more, 2);
	ck_assert_str_eq(repeat.latest, "the 12th");
	ck_assert_int_eq(repeat.level, LOG_LEVEL_WARN);
	ck_assert_ptr_eq(repeat.format, place);
	ck_assert(!repeats_take(&repeats, UINT64_MAX, true, &repeat));
}
END_TEST

START_TEST(a_place_may_speak_again_when_its_time_is_over)
{
	say_all(place, START);
	ck_assert(!say(place, "x", START));
	ck_assert_uint_eq(take(START + REPEATS_NS, false), 1);
	say_all(place, START + REPEATS_NS);
	ck_assert(!say(place, "x", START + REPEATS_NS));
}
END_TEST

START_TEST(what_was_not_told_in_time_is_told_later)
{
	say_all(place, START);
	ck_assert(!say(place, "x", START));
	say_all(place, START + REPEATS_NS);
	ck_assert(!say(place, "x", START + REPEATS_NS));
	ck_assert_uint_eq(take(START + REPEATS_NS, false), 0);
	ck_assert_uint_eq(take(START + 2 * REPEATS_NS, false), 2);
}
END_TEST

START_TEST(ten_in_ten_seconds_again_and_again_are_never_counted)
{
	for (uint64_t i = 0; i < 10; i++)
		say_all(place, START + i * REPEATS_NS);
	ck_assert_uint_eq(take(UINT64_MAX, true), 0);
}
END_TEST

START_TEST(places_do_not_count_for_each_other)
{
	static const char other[] = "%d";

	say_all(place, START);
	ck_assert(!say(place, "x", START));
	say_all(other, START);
	ck_assert(!say(other, "x", START));
	ck_assert_uint_eq(take(START + 1, true), 1);
	ck_assert_uint_eq(take(START + 1, true), 1);
	ck_assert_uint_eq(take(START + 1, true), 0);
}
END_TEST

START_TEST(who_finds_no_room_is_written)
{
	static const char formats[REPEATS_ROWS + 1][4];

	for (int i = 0; i < REPEATS_ROWS; i++) {
		say_all(formats[i], START);
		ck_assert(!say(formats[i], "x", START));
	}
	for (int i = 0; i < 3 * REPEATS_SAID; i++)
		ck_assert(say(formats[REPEATS_ROWS], "x", START));
	/* Rows with something to tell are not given away, */
	ck_assert(say(formats[REPEATS_ROWS], "x", START + REPEATS_NS));
	for (int i = 0; i < REPEATS_ROWS; i++)
		ck_assert_uint_eq(take(START + REPEATS_NS, false), 1);
	ck_assert_uint_eq(take(START + REPEATS_NS, false), 0);
	/* and others are. */
	say_all(formats[REPEATS_ROWS], START + REPEATS_NS);
	ck_assert(!say(formats[REPEATS_ROWS], "x", START + REPEATS_NS));
}
END_TEST

START_TEST(rows_whose_time_is_over_are_given_away)
{
	static const char formats[REPEATS_ROWS + 1][4];

	for (int i = 0; i < REPEATS_ROWS; i++)
		ck_assert(say(formats[i], "x", START));
	say_all(formats[REPEATS_ROWS], START + REPEATS_NS);
	ck_assert(!say(formats[REPEATS_ROWS], "x", START + REPEATS_NS));
}
END_TEST

START_TEST(a_long_message_is_kept_in_part)
{
	char message[3 * REPEATS_TEXT_CHARS];
	struct repeat repeat;

	memset(message, 'a', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	say_all(place, START);
	ck_assert(!say(place, message, START));
	ck_assert(repeats_take(&repeats, START, true, &repeat));
	ck_assert_uint_eq(strlen(repeat.latest), REPEATS_TEXT_CHARS);
}
END_TEST

/* As a fork may find it, in the middle of another thread's call. */
START_TEST(a_table_that_is_in_use_keeps_nobody_waiting)
{
	say_all(place, START);
	ck_assert(!say(place, "x", START));
	atomic_flag_test_and_set(&repeats.is_busy);
	ck_assert(say(place, "x", START));
	ck_assert_uint_eq(take(START, true), 0);
	atomic_flag_clear(&repeats.is_busy);
	ck_assert_uint_eq(take(START, true), 1);
	atomic_flag_test_and_set(&repeats.is_busy);
	repeats_clear(&repeats);
	say_all(place, START);
	ck_assert(!say(place, "x", START));
}
END_TEST

#define THREADS 4
#define MESSAGES 20000

static _Atomic uint64_t n_said, n_told, now;

static void *
talk(void *arg)
{
	(void)arg;
	for (int i = 0; i < MESSAGES; i++) {
		uint64_t now_ns = atomic_fetch_add(&now, REPEATS_NS / 1000);

		atomic_fetch_add(&n_told, take(now_ns, false));
		if (say(place, "x", now_ns))
			atomic_fetch_add(&n_said, 1);
	}
	return NULL;
}

START_TEST(of_several_threads_each_message_is_said_or_told_of)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, talk, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	n_told += take(UINT64_MAX, true);
	ck_assert_uint_eq(take(UINT64_MAX, true), 0);
	ck_assert_uint_eq(n_said + n_told, THREADS * MESSAGES);
	ck_assert_uint_gt(n_told, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("repeats");
	TCase *tcase = tcase_create("repeats");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_first_ones_are_said_and_the_others_counted);
	tcase_add_test(tcase, a_place_may_speak_again_when_its_time_is_over);
	tcase_add_test(tcase, what_was_not_told_in_time_is_told_later);
	tcase_add_test(
	    tcase, ten_in_ten_seconds_again_and_again_are_never_counted);
	tcase_add_test(tcase, places_do_not_count_for_each_other);
	tcase_add_test(tcase, who_finds_no_room_is_written);
	tcase_add_test(tcase, rows_whose_time_is_over_are_given_away);
	tcase_add_test(tcase, a_long_message_is_kept_in_part);
	tcase_add_test(tcase, a_table_that_is_in_use_keeps_nobody_waiting);
	tcase_add_test(
	    tcase, of_several_threads_each_message_is_said_or_told_of);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
