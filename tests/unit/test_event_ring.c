/*
 * Event rings: what is put is read, in order and from anywhere; what is
 * overwritten is gone; what was begun is known. And a writer against a reader:
 * whatever is read is whole, and nothing that the ring still has is missing.
 */
#include "daemon/event_ring.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

#define CAPACITY 64

static struct event_ring *ring;

static void
setup(void)
{
	ring = calloc(1, event_ring_bytes(CAPACITY));
	ck_assert_ptr_nonnull(ring);
	event_ring_init(ring, CAPACITY);
}

static void
teardown(void)
{
	free(ring);
}

/* An event whose parts all tell its number. */
static void
put(uint64_t number)
{
	struct lock_event event = {
	    .number = number,
	    .time_ns = number * 3,
	    .kind = LOCK_TASK_START,
	    .thread = (uint16_t)number,
	    .label = {{number * 5, number * 7}, (uint32_t)number},
	};

	event_ring_begin(ring);
	event_ring_put(ring, &event);
}

static void
check_whole(const struct lock_event *event)
{
	uint64_t number = event->number;

	ck_assert_uint_eq(event->time_ns, number * 3);
	ck_assert_uint_eq(event->thread, (uint16_t)number);
	ck_assert_uint_eq(event->label.job[0], number * 5);
	ck_assert_uint_eq(event->label.job[1], number * 7);
	ck_assert_uint_eq(event->label.task, (uint32_t)number);
}

START_TEST(an_empty_ring_has_nothing)
{
	struct lock_event event;
	uint64_t cursor = 0;

	ck_assert_uint_eq(event_ring_read(ring, &cursor, &event, 1), 0);
	ck_assert_uint_eq(cursor, 0);
	ck_assert_uint_eq(event_ring_oldest(ring), 0);
	ck_assert_uint_eq(event_ring_end(ring), 0);
	ck_assert_uint_eq(event_ring_begun(ring), 0);
}
END_TEST

START_TEST(what_is_put_is_read_in_order)
{
	struct lock_event events[8];
	uint64_t cursor = 0;

	for (uint64_t i = 0; i < 10; i++)
		put(i);
	ck_assert_uint_eq(event_ring_read(ring, &cursor, events, 8), 8);
	for (uint64_t i = 0; i < 8; i++) {
		ck_assert_uint_eq(events[i].number, i);
		check_whole(&events[i]);
	}
	ck_assert_uint_eq(event_ring_read(ring, &cursor, events, 8), 2);
	ck_assert_uint_eq(events[1].number, 9);
	ck_assert_uint_eq(cursor, 10);
	cursor = 5;
	ck_assert_uint_eq(event_ring_read(ring, &cursor, events, 1), 1);
	ck_assert_uint_eq(events[0].number, 5);
}
END_TEST

/* The oldest place is the one that the writer is at next: it is not read. */
START_TEST(a_full_ring_has_the_latest)
{
	struct lock_event events[CAPACITY];
	uint64_t cursor = 0;

	for (uint64_t i = 0; i < 100; i++)
		put(i);
	ck_assert_uint_eq(event_ring_oldest(ring), 100 - CAPACITY);
	ck_assert_uint_eq(
	    event_ring_read(ring, &cursor, events, CAPACITY), CAPACITY - 1);
	ck_assert_uint_eq(events[0].number, 100 - CAPACITY + 1);
	ck_assert_uint_eq(events[CAPACITY - 2].number, 99);
	ck_assert_uint_eq(cursor, 100);
}
END_TEST

START_TEST(what_was_begun_is_known)
{
	const struct lock_event event = {.number = 1};

	put(0);
	ck_assert_uint_eq(event_ring_begun(ring), 1);
	event_ring_begin(ring);
	ck_assert_uint_eq(event_ring_begun(ring), 2);
	ck_assert_uint_eq(event_ring_end(ring), 1);
	event_ring_put(ring, &event);
	ck_assert_uint_eq(event_ring_end(ring), 2);
	ck_assert_uint_eq(event_ring_begun(ring), 2);
}
END_TEST

START_TEST(what_a_dead_writer_had_begun_is_forgotten)
{
	put(0);
	event_ring_begin(ring);
	event_ring_recover(ring);
	ck_assert_uint_eq(event_ring_begun(ring), 1);
	put(1);
	ck_assert_uint_eq(event_ring_begun(ring), 2);
	ck_assert_uint_eq(event_ring_end(ring), 2);
}
END_TEST

#define WRITES 200000

static void *
writer_main(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; i < WRITES; i++)
		put(i);
	return NULL;
}

/* Each event is whole and in its place, while it is written over and over. */
START_TEST(a_reader_sees_whole_events_only)
{
	struct lock_event events[16];
	uint64_t cursor = 0, before, n_read = 0;
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, writer_main, NULL), 0);
	while (cursor < WRITES) {
		size_t n;

		before = cursor;
		n = event_ring_read(ring, &cursor, events, COUNT(events));
		ck_assert_uint_ge(cursor, before + n);
		for (size_t i = 0; i < n; i++) {
			ck_assert_uint_eq(events[i].number, cursor - n + i);
			check_whole(&events[i]);
		}
		n_read += n;
	}
	ck_assert_uint_gt(n_read, 0);
	pthread_join(writer, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event_ring");
	TCase *tcase = tcase_create("event_ring");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, an_empty_ring_has_nothing);
	tcase_add_test(tcase, what_is_put_is_read_in_order);
	tcase_add_test(tcase, a_full_ring_has_the_latest);
	tcase_add_test(tcase, what_was_begun_is_known);
	tcase_add_test(tcase, what_a_dead_writer_had_begun_is_forgotten);
	tcase_add_test(tcase, a_reader_sees_whole_events_only);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
