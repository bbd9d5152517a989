/*
 * Events read back from a board: merged in order, from any number on, page by
 * page; what is lost is counted, what is just being written is waited for, and
 * a job's events are told from others'. The tests write the rings themselves,
 * and in one a thread does, without an end in sight.
 */
#include "daemon/lock_events.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "daemon/board.h"
#include "daemon/event_reader.h"
#include "proto/lockwire.h"
#include "tests/unit/suite.h"

#define THREADS 3
#define KEPT 64

static struct settings settings;
static struct board board;

static void
setup(void)
{
	settings = (struct settings){
	    .frontends = 1,
	    .n_pools = 3,
	    .pools =
		{
		    {.name = "processes", .kind = POOL_PROCESSES, .size = 1},
		    {.name = "quiet",
			.kind = POOL_THREADS,
			.size = 1,
			.locks = 1,
			.events_kept = KEPT},
		    {.name = "threads",
			.kind = POOL_THREADS,
			.size = THREADS,
			.locks = 2,
			.events = true,
			.events_kept = KEPT},
		},
	};
	ck_assert_int_eq(board_open(&board, &settings), 0);
}

static void
teardown(void)
{
	board_close(&board);
}

#define POOL 2

/* What a thread does under its lock: begin, take a number, put. */
static uint64_t
begin(uint32_t thread)
{
	event_ring_begin(board_ring(&board, POOL, thread));
	return atomic_fetch_add_explicit(
	    &board.pools[POOL].event_number, 1, memory_order_release);
}

static void
put(uint32_t thread, uint64_t number, struct lock_event event)
{
	event.number = number;
	event.time_ns = board.started_ns + number;
	event.thread = (uint16_t)thread;
	event_ring_put(board_ring(&board, POOL, thread), &event);
}

static void
record(uint32_t thread, enum lock_event_kind kind)
{
	put(thread, begin(thread), (struct lock_event){.kind = (uint8_t)kind});
}

static void
record_start(uint32_t thread, struct job_id job, uint32_t task)
{
	put(thread, begin(thread),
	    (struct lock_event){
		.kind = LOCK_TASK_START, .label = {{job.high, job.low}, task}});
}

/* --- the reader --- */

/* Reads on to the end: so many events, which are to end at number `next`. */
static void
expect_read(uint64_t since, size_t n, uint64_t next, uint64_t lost)
{
	struct event_reader reader;
	struct lock_event event;
	uint64_t last = 0;
	size_t n_read = 0;

	ck_assert_int_eq(event_reader_open(&reader, &board, POOL, since), 0);
	while (event_reader_next(&reader, &event)) {
		ck_assert(n_read == 0 || event.number > last);
		ck_assert(
		    since == EVENT_READER_OLDEST || event.number >= since);
		last = event.number;
		n_read++;
	}
	ck_assert_uint_eq(n_read, n);
	ck_assert_uint_eq(reader.number, next);
	ck_assert_uint_eq(reader.lost, lost);
	event_reader_close(&reader);
}

START_TEST(an_empty_pool_has_no_events)
{
	expect_read(EVENT_READER_OLDEST, 0, 0, 0);
	expect_read(0, 0, 0, 0);
}
END_TEST

START_TEST(rings_are_merged_by_number)
{
	static const uint32_t order[] = {2, 0, 0, 1, 2, 1, 0, 2, 2, 2};

	for (size_t i = 0; i < COUNT(order); i++)
		record(order[i], LOCK_REQUEST);
	expect_read(EVENT_READER_OLDEST, 10, 10, 0);
	for (uint64_t since = 0; since <= 10; since++)
		expect_read(since, 10 - since, 10, 0);
}
END_TEST

/* Which are lost depends on the rings; none is both lost and read. */
START_TEST(what_is_overwritten_is_lost)
{
	const uint64_t n = KEPT * 10;

	for (uint64_t i = 0; i < n; i++)
		record(i % 2 == 0 ? 0 : 2, LOCK_REQUEST);
	/* The ring's oldest place is the next to be written. */
	expect_read(0, 2 * (KEPT - 1), n, n - 2 * (KEPT - 1));
	expect_read(EVENT_READER_OLDEST, 2 * (KEPT - 1), n, 0);
	expect_read(n - 5, 5, n, 0);
}
END_TEST

/* A quiet ring keeps what is old: the hole between that and the rest counts. */
START_TEST(a_hole_in_the_middle_is_counted)
{
	const uint64_t n = 1 + KEPT * 3;

	record(1, LOCK_REQUEST);
	for (uint64_t i = 1; i < n; i++)
		record(0, LOCK_REQUEST);
	expect_read(EVENT_READER_OLDEST, KEPT, n, n - KEPT);
}
END_TEST

START_TEST(what_is_just_being_written_is_waited_for)
{
	uint64_t in_hand;

	record(0, LOCK_REQUEST);
	in_hand = begin(1);
	record(0, LOCK_REQUEST);
	record(2, LOCK_REQUEST);
	expect_read(0, 1, in_hand, 0);
	expect_read(EVENT_READER_OLDEST, 1, in_hand, 0);
	expect_read(in_hand, 0, in_hand, 0);
	/* Behind it there are events that can be read. */
	expect_read(in_hand + 1, 2, 4, 0);
	put(1, in_hand, (struct lock_event){.kind = LOCK_REQUEST});
	expect_read(0, 4, 4, 0);
	expect_read(in_hand, 3, 4, 0);
}
END_TEST

/* The very first event: what comes after it is not the oldest. */
START_TEST(the_first_event_is_waited_for)
{
	uint64_t in_hand = begin(1);

	record(0, LOCK_REQUEST);
	expect_read(EVENT_READER_OLDEST, 0, 0, 0);
	put(1, in_hand, (struct lock_event){.kind = LOCK_REQUEST});
	expect_read(EVENT_READER_OLDEST, 2, 2, 0);
}
END_TEST

/* A thread that has gone on has nothing older in hand. */
START_TEST(a_hole_before_a_threads_later_events_is_lost)
{
	uint64_t killed = begin(1);

	record(0, LOCK_REQUEST);
	expect_read(0, 0, killed, 0);
	/* Another process takes its place. */
	event_ring_recover(board_ring(&board, POOL, 1));
	expect_read(0, 1, 2, 1);
	record(1, LOCK_REQUEST);
	expect_read(0, 2, 3, 1);
}
END_TEST

START_TEST(a_dead_writers_hole_at_the_end_does_not_stop_the_reader)
{
	record(0, LOCK_REQUEST);
	begin(1);
	expect_read(0, 1, 1, 0);
	event_ring_recover(board_ring(&board, POOL, 1));
	expect_read(0, 1, 2, 1);
}
END_TEST

static atomic_bool is_over;

static void *
writer_main(void *arg)
{
	uint32_t thread = (uint32_t)(uintptr_t)arg;

	while (!atomic_load(&is_over))
		record(thread, LOCK_REQUEST);
	return NULL;
}

/*
 * Threads write on and on, each as if it had a lock of its own. Page by page
 * each number is read once or counted as lost, and none that is read later was
 * counted before. The test stops by what it has read.
 */
START_TEST(nothing_is_skipped_while_it_is_written)
{
	pthread_t writers[THREADS];
	uint64_t since = 0, n_read = 0, n_lost = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(
		    pthread_create(&writers[i], NULL, writer_main, (void *)i),
		    0);
	while (n_read < 5000) {
		struct event_reader reader;
		struct lock_event event;
		uint64_t expected = since, lost = 0;

		ck_assert_int_eq(
		    event_reader_open(&reader, &board, POOL, since), 0);
		while (event_reader_next(&reader, &event)) {
			lost += event.number - expected;
			expected = event.number + 1;
			n_read++;
		}
		ck_assert_uint_eq(reader.lost, lost + reader.number - expected);
		n_lost += reader.lost;
		since = reader.number;
		event_reader_close(&reader);
		ck_assert_uint_eq(n_read + n_lost, since);
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(writers[i], NULL);
}
END_TEST

/* Slow enough for the rings, nothing is lost, whoever is in the middle. */
START_TEST(nothing_is_lost_while_the_rings_suffice)
{
	struct event_reader reader;
	struct lock_event event;
	uint64_t since = 0, in_hand[THREADS];

	for (int round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < THREADS; i++)
			in_hand[i] = begin(i);
		for (uint32_t i = THREADS; i-- > 0;) {
			ck_assert_int_eq(
			    event_reader_open(&reader, &board, POOL, since), 0);
			while (event_reader_next(&reader, &event))
				ck_assert_uint_eq(event.number, since++);
			ck_assert_uint_eq(reader.number, since);
			ck_assert_uint_eq(reader.lost, 0);
			event_reader_close(&reader);
			put(i, in_hand[i],
			    (struct lock_event){.kind = LOCK_WAKE});
		}
	}
	ck_assert_uint_ge(since, 199 * THREADS);
}
END_TEST

/* --- pages --- */

static json_t *
read_page(const struct lock_events_query *query)
{
	json_t *page = lock_events_read(&board, query);

	ck_assert_ptr_nonnull(page);
	ck_assert_str_eq(
	    json_string_value(json_object_get(page, "pool")), "threads");
	ck_assert(json_is_true(json_object_get(page, "is_recording")));
	return page;
}

static uint64_t
member(const json_t *page, const char *name)
{
	const json_t *value = json_object_get(page, name);

	ck_assert(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

START_TEST(a_page_is_as_long_as_it_may_be)
{
	struct lock_events_query query = {.pool = POOL, .limit = 4};
	json_t *page;

	for (uint32_t i = 0; i < 10; i++)
		record(i % THREADS, LOCK_REQUEST);
	for (uint64_t next = 0; next < 10;) {
		size_t expected = next < 8 ? 4 : 2;
		struct lock_event event;
		struct rpc_error error;
		const json_t *events;

		page = read_page(&query);
		events = json_object_get(page, "events");
		ck_assert_uint_eq(json_array_size(events), expected);
		for (size_t i = 0; i < expected; i++) {
			ck_assert_int_eq(
			    lock_event_from_json(
				json_array_get(events, i), &event, &error),
			    0);
			ck_assert_uint_eq(event.number, next++);
			ck_assert_uint_eq(event.time_ns, event.number);
		}
		ck_assert_uint_eq(member(page, "next"), next);
		ck_assert_uint_eq(member(page, "lost"), 0);
		query.has_since = true;
		query.since = next;
		json_decref(page);
	}
}
END_TEST

/* One that needs more would break the bound on what is unsent. */
START_TEST(the_longest_event_is_as_long_as_is_said)
{
	const struct lock_event longest[] = {
	    {.number = UINT64_MAX,
		.time_ns = UINT64_MAX,
		.kind = LOCK_TASK_START,
		.domain = UINT16_MAX,
		.thread = LOCK_NO_THREAD - 1,
		.label = {{UINT64_MAX, UINT64_MAX}, UINT32_MAX}},
	    {.number = UINT64_MAX,
		.time_ns = UINT64_MAX,
		.kind = LOCK_ACQUIRE,
		.domain = UINT16_MAX,
		.thread = LOCK_NO_THREAD - 1,
		.other = LOCK_NO_THREAD - 1,
		.waited_ns = UINT64_MAX},
	    {.number = UINT64_MAX,
		.time_ns = UINT64_MAX,
		.kind = LOCK_RELEASE,
		.detail = LOCK_RELEASE_CANCELLED,
		.domain = UINT16_MAX,
		.thread = LOCK_NO_THREAD - 1},
	};

	for (size_t i = 0; i < COUNT(longest); i++) {
		json_t *json = lock_event_to_json(&longest[i]);
		char *text = json_dumps(json, JSON_COMPACT);

		/* And a comma. */
		ck_assert_uint_lt(strlen(text), LOCK_EVENTS_EVENT_BYTES);
		free(text);
		json_decref(json);
	}
}
END_TEST

static const struct job_id mine = {5, 6}, others = {5, 7};

/* Two tasks of mine, in threads 0 and 2, among tasks of others. */
static void
record_tasks(void)
{
	record_start(0, others, 0);
	record(0, LOCK_REQUEST);
	record_start(2, mine, 1); /* 2 */
	record(0, LOCK_TASK_END);
	record_start(0, mine, 0); /* 4 */
	record(2, LOCK_REQUEST);  /* 5 */
	record_start(1, others, 1);
	record(0, LOCK_TASK_END); /* 7 */
	record(0, LOCK_REQUEST);
	record(2, LOCK_TASK_END); /* 9 */
	record_start(2, others, 2);
	record(2, LOCK_TASK_END);
}

static void
expect_numbers(
    const struct lock_events_query *query, const uint64_t numbers[], size_t n)
{
	json_t *page = read_page(query);
	const json_t *events = json_object_get(page, "events");

	ck_assert_uint_eq(json_array_size(events), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(
		    member(json_array_get(events, i), "number"), numbers[i]);
	json_decref(page);
}

START_TEST(a_jobs_events_are_told_from_others)
{
	static const uint64_t numbers[] = {2, 4, 5, 7, 9};
	struct lock_events_query query = {
	    .pool = POOL, .limit = 100, .job = &mine, .has_since = true};

	record_tasks();
	/* From any number on, in the middle of its tasks, too. */
	for (uint64_t since = 0; since <= 12; since++) {
		size_t first = 0;

		while (first < COUNT(numbers) && numbers[first] < since)
			first++;
		query.since = since;
		expect_numbers(&query, numbers + first, COUNT(numbers) - first);
	}
	query.has_since = false;
	expect_numbers(&query, numbers, COUNT(numbers));
}
END_TEST

/* What others lost before its first event is no loss of a job. */
START_TEST(a_jobs_losses_count_from_its_first_event)
{
	struct lock_events_query query = {
	    .pool = POOL, .limit = 100, .job = &mine};
	json_t *page;

	record(1, LOCK_REQUEST);
	for (int i = 0; i < 3 * KEPT; i++)
		record(0, LOCK_REQUEST);
	record_tasks();
	page = read_page(&query);
	ck_assert_uint_eq(json_array_size(json_object_get(page, "events")), 5);
	ck_assert_uint_eq(member(page, "lost"), 0);
	ck_assert_uint_eq(member(page, "next"), 1 + 3 * KEPT + 12);
	json_decref(page);
	query.has_since = true;
	page = read_page(&query);
	ck_assert_uint_gt(member(page, "lost"), 0);
	json_decref(page);
}
END_TEST

START_TEST(a_job_is_found_by_its_tasks_start)
{
	uint32_t pool = 99;

	ck_assert_int_eq(lock_events_find_pool(&board, mine, &pool), -1);
	record_tasks();
	ck_assert_int_eq(lock_events_find_pool(&board, mine, &pool), 0);
	ck_assert_uint_eq(pool, POOL);
	for (int i = 0; i < KEPT; i++) {
		record(0, LOCK_REQUEST);
		record(2, LOCK_REQUEST);
	}
	ck_assert_int_eq(lock_events_find_pool(&board, mine, &pool), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lock_events");
	TCase *reader = tcase_create("reader");
	TCase *pages = tcase_create("pages");

	tcase_add_checked_fixture(reader, setup, teardown);
	tcase_set_timeout(reader, 120);
	tcase_add_test(reader, an_empty_pool_has_no_events);
	tcase_add_test(reader, rings_are_merged_by_number);
	tcase_add_test(reader, what_is_overwritten_is_lost);
	tcase_add_test(reader, a_hole_in_the_middle_is_counted);
	tcase_add_test(reader, what_is_just_being_written_is_waited_for);
	tcase_add_test(reader, the_first_event_is_waited_for);
	tcase_add_test(reader, a_hole_before_a_threads_later_events_is_lost);
	tcase_add_test(
	    reader, a_dead_writers_hole_at_the_end_does_not_stop_the_reader);
	tcase_add_test(reader, nothing_is_skipped_while_it_is_written);
	tcase_add_test(reader, nothing_is_lost_while_the_rings_suffice);
	suite_add_tcase(suite, reader);
	tcase_add_checked_fixture(pages, setup, teardown);
	tcase_add_test(pages, a_page_is_as_long_as_it_may_be);
	tcase_add_test(pages, the_longest_event_is_as_long_as_is_said);
	tcase_add_test(pages, a_jobs_events_are_told_from_others);
	tcase_add_test(pages, a_jobs_losses_count_from_its_first_event);
	tcase_add_test(pages, a_job_is_found_by_its_tasks_start);
	suite_add_tcase(suite, pages);
	return suite_main(suite);
}
