/*
 * Lists of the job store: all combinations of conditions, in both orders and by
 * pages of all sizes, beside the same choice made by hand; and what is left to
 * do when the daemon starts.
 */
#include "daemon/store.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

#define LISTED 60

static enum job_state
state_of(uint64_t number)
{
	return (enum job_state)(number % JOB_STATE_COUNT);
}

/* Jobs of all states, in two pools, with keys; five to a millisecond. */
static void
fill(void)
{
	begin();
	for (uint64_t i = 0; i < LISTED; i++) {
		/* Not in their order, as many frontends hand them in. */
		uint64_t number = i * 7 % LISTED;
		struct job_record job = make_job(number);
		struct job_record there;
		enum store_outcome outcome;

		job.accepted_ms = FIRST_MS + number / 5;
		job.id = make_id(job.accepted_ms, number);
		strcpy(job.request.pool, number % 3 == 0 ? "a" : "b");
		job.is_detached = number % 4 != 0 || number % 6 < 2;
		job.is_collected = number % 5 == 0 && number % 6 >= 2;
		if (job.is_detached)
			snprintf(job.request.key, sizeof(job.request.key),
			    "%s/%02d", number % 2 == 0 ? "even" : "odd",
			    (int)number);
		if (state_of(number) >= JOB_DONE) {
			end_job(&job, state_of(number));
			outcome = store_record(store, &job, "1", 1);
		} else {
			job.state = state_of(number);
			outcome = store_accept(store, &job, &there);
		}
		ck_assert_msg(outcome == STORE_DONE, "%s", store_error(store));
	}
	commit();
}

static bool
fits(const struct store_query *query, const struct job_record *job)
{
	return (query->states == 0 || query->states >> job->state & 1) &&
	    (query->pool[0] == '\0' ||
		strcmp(query->pool, job->request.pool) == 0) &&
	    strncmp(query->key, job->request.key, strlen(query->key)) == 0 &&
	    job->accepted_ms >= query->since_ms &&
	    (query->until_ms == 0 || job->accepted_ms < query->until_ms) &&
	    (!query->has_detached || query->is_detached == job->is_detached) &&
	    (!query->has_collected || query->is_collected == job->is_collected);
}

/* All jobs, the oldest first, by way of store_get(). */
static struct job_record all[LISTED];

static void
read_all(void)
{
	for (uint64_t number = 0; number < LISTED; number++)
		ck_assert_int_eq(
		    store_get(store, make_id(FIRST_MS + number / 5, number),
			&all[number], NULL),
		    STORE_DONE);
}

/* Pages of so many: together they are all that fits, in order. */
static void
expect_list(const struct store_query *asked, uint32_t limit)
{
	struct store_query query = *asked;
	struct job_record page[LISTED + 1];
	size_t next = 0;
	uint32_t n;

	query.limit = limit;
	do {
		ck_assert_msg(store_list(store, &query, page, &n) == STORE_DONE,
		    "%s", store_error(store));
		ck_assert_uint_le(n, limit);
		for (uint32_t i = 0; i < n; i++, next++) {
			const struct job_record *expected = NULL;

			for (; next < LISTED && expected == NULL; next++) {
				size_t k = query.newest_first
				    ? LISTED - 1 - next
				    : next;

				if (fits(&query, &all[k]))
					expected = &all[k];
			}
			ck_assert_ptr_nonnull(expected);
			ck_assert_ptr_null(find_difference(&page[i], expected));
			next--;
		}
		if (n > 0) {
			query.has_after = true;
			query.after = page[n - 1].id;
		}
	} while (n == limit);
	for (; next < LISTED; next++)
		ck_assert(!fits(&query,
		    &all[query.newest_first ? LISTED - 1 - next : next]));
}

/* Whether the condition is part of the combination, and which value it has. */
static int
pick(unsigned *combination, unsigned n)
{
	int picked = (int)(*combination % n);

	*combination /= n;
	return picked;
}

START_TEST(lists_hold_what_they_are_asked_for)
{
	static const uint32_t states[] = {0, 1U << JOB_QUEUED,
	    1U << JOB_RUNNING, 1U << JOB_DONE, 1U << JOB_TIMED_OUT,
	    1U << JOB_QUEUED | 1U << JOB_RUNNING,
	    ~(1U << JOB_QUEUED | 1U << JOB_RUNNING), UINT32_MAX};
	static const char *const pools[] = {"", "a", "none"};
	static const char *const keys[] = {"", "o", "even/1", "odd/07"};
	static const uint32_t limits[] = {1, 3, 7, LISTED + 1};
	unsigned n = 8 * 3 * 4 * 3 * 3 * 3 * 2;

	fill();
	read_all();
	for (unsigned i = 0; i < n; i++) {
		struct store_query query = {0};
		unsigned rest = i;
		int time, flag;

		query.states = states[pick(&rest, 8)];
		strcpy(query.pool, pools[pick(&rest, 3)]);
		strcpy(query.key, keys[pick(&rest, 4)]);
		time = pick(&rest, 3);
		query.since_ms = time > 0 ? FIRST_MS + 3 : 0;
		query.until_ms = time > 1 ? FIRST_MS + 8 : 0;
		flag = pick(&rest, 3);
		query.has_detached = flag > 0;
		query.is_detached = flag == 1;
		flag = pick(&rest, 3);
		query.has_collected = flag > 0;
		query.is_collected = flag == 1;
		query.newest_first = pick(&rest, 2) == 1;
		expect_list(&query, limits[i % 4]);
	}
}
END_TEST

/* Retention removes the oldest, and that may be where a reader has come to. */
START_TEST(paging_goes_on_behind_a_job_that_is_gone)
{
	struct store_query query = {.limit = 3};
	struct job_record page[3];
	uint32_t n;

	fill();
	query.has_after = true;
	query.after = make_id(FIRST_MS + 2, 12);
	query.after.low = 12 << 1; /* never was there */
	query.after.high = (FIRST_MS + 2) << 16;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(page[0].id.low, 10);
	query.newest_first = true;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, 9);
	query.after = (struct job_id){UINT64_MAX, UINT64_MAX};
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, LISTED - 1);
	query.newest_first = false;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 0);
	query.after = (struct job_id){0};
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, 0);
	query.newest_first = true;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* The wall clock was set back: the later job was accepted earlier. */
START_TEST(order_is_by_the_time_of_acceptance)
{
	struct job_record first = make_job(5), second = make_job(6);
	struct job_record page[2];
	struct store_query query = {.limit = 1};
	uint32_t n;

	second.accepted_ms = FIRST_MS;
	begin();
	accept_job(&first);
	accept_job(&second);
	commit();
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_ptr_null(find_difference(&page[0], &second));
	query.has_after = true;
	query.after = second.id;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(find_difference(&page[0], &first));
}
END_TEST

START_TEST(all_that_is_unfinished_is_seen_in_order)
{
	struct seen seen = {0};

	fill();
	reopen();
	ck_assert_int_eq(store_each_unfinished(store, see, &seen), STORE_DONE);
	ck_assert_uint_eq(seen.n, LISTED / JOB_STATE_COUNT * 2);
	expect_figures(seen.n, LISTED - seen.n);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_list");
	TCase *lists = tcase_create("lists");

	tcase_add_checked_fixture(lists, setup, teardown);
	tcase_add_test(lists, lists_hold_what_they_are_asked_for);
	tcase_add_test(lists, paging_goes_on_behind_a_job_that_is_gone);
	tcase_add_test(lists, order_is_by_the_time_of_acceptance);
	tcase_add_test(lists, all_that_is_unfinished_is_seen_in_order);
	suite_add_tcase(suite, lists);
	return suite_main(suite);
}
