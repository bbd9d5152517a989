/*
 * The docket: each job is in one queue, its owner's or nobody's, whatever it
 * was before; and a waiter is gone for its job and for its link at once.
 */
#include "daemon/docket.h"

#include <check.h>
#include <stddef.h>

#include "tests/unit/suite.h"

static struct docket docket;
static struct link links[2];

static void
setup(void)
{
	ck_assert_int_eq(docket_init(&docket), 0);
	link_init(&links[0]);
	link_init(&links[1]);
}

static void
teardown(void)
{
	docket_free(&docket);
}

static struct job_id
id_of(uint64_t number)
{
	return (struct job_id){.high = number / 7, .low = number};
}

static struct docket_job *
add(uint64_t number)
{
	struct docket_job *job = docket_add(&docket, id_of(number));

	ck_assert_ptr_nonnull(job);
	return job;
}

/* The queue has these jobs, by their numbers, in this order; 0 ends them. */
static void
expect_queue(const struct docket_queue *queue, const uint64_t numbers[])
{
	const struct docket_job *job;

	TAILQ_FOREACH (job, queue, of_owner) {
		ck_assert_uint_ne(*numbers, 0);
		ck_assert_uint_eq(job->id.low, *numbers++);
	}
	ck_assert_uint_eq(*numbers, 0);
}

START_TEST(a_new_job_is_nobodys_and_is_found)
{
	struct docket_job *first = add(1), *second = add(2);

	ck_assert_uint_eq(docket.n, 2);
	ck_assert_ptr_eq(docket_find(&docket, id_of(1)), first);
	ck_assert_ptr_eq(docket_find(&docket, id_of(2)), second);
	ck_assert_ptr_null(docket_find(&docket, id_of(3)));
	ck_assert_ptr_null(first->owner);
	expect_queue(&docket.nobodys, (uint64_t[]){1, 2, 0});
	docket_remove(&docket, first);
	ck_assert_ptr_null(docket_find(&docket, id_of(1)));
	ck_assert_uint_eq(docket.n, 1);
	expect_queue(&docket.nobodys, (uint64_t[]){2, 0});
}
END_TEST

START_TEST(ids_that_share_a_bucket_are_told_apart)
{
	/* What tells them apart cancels out in the bucket's number. */
	struct job_id a = {.high = 5, .low = 9}, b = {.high = 9, .low = 5};
	struct docket_job *of_a = docket_add(&docket, a),
			  *of_b = docket_add(&docket, b);

	ck_assert_ptr_eq(docket_find(&docket, a), of_a);
	ck_assert_ptr_eq(docket_find(&docket, b), of_b);
	docket_remove(&docket, of_b);
	ck_assert_ptr_eq(docket_find(&docket, a), of_a);
	ck_assert_ptr_null(docket_find(&docket, b));
}
END_TEST

START_TEST(a_job_is_in_one_queue)
{
	struct docket_job *jobs[] = {add(1), add(2), add(3)};

	docket_give(&docket, jobs[1], &links[0]);
	docket_give(&docket, jobs[0], &links[0]);
	expect_queue(&docket.nobodys, (uint64_t[]){3, 0});
	expect_queue(&links[0].owned, (uint64_t[]){2, 1, 0});
	ck_assert_uint_eq(links[0].n_owned, 2);

	docket_give(&docket, jobs[1], &links[1]);
	ck_assert_ptr_eq(jobs[1]->owner, &links[1]);
	expect_queue(&links[0].owned, (uint64_t[]){1, 0});
	expect_queue(&links[1].owned, (uint64_t[]){2, 0});
	ck_assert_uint_eq(links[0].n_owned, 1);
	ck_assert_uint_eq(links[1].n_owned, 1);

	docket_give(&docket, jobs[1], NULL);
	expect_queue(&links[1].owned, (uint64_t[]){0});
	expect_queue(&docket.nobodys, (uint64_t[]){3, 2, 0});
	ck_assert_uint_eq(links[1].n_owned, 0);

	docket_remove(&docket, jobs[0]);
	expect_queue(&links[0].owned, (uint64_t[]){0});
	ck_assert_uint_eq(links[0].n_owned, 0);
	ck_assert_uint_eq(docket.n, 2);
}
END_TEST

START_TEST(a_waiter_leaves_its_job_and_its_link)
{
	struct docket_job *job = add(1);
	struct waiter *waits = docket_wait(job, &links[0], 11, false),
		      *cancels = docket_wait(job, &links[1], 12, true);

	ck_assert_ptr_eq(waits->job, job);
	ck_assert_ptr_eq(waits->link, &links[0]);
	ck_assert_uint_eq(waits->question, 11);
	ck_assert(!waits->is_cancel);
	ck_assert(cancels->is_cancel);
	ck_assert_ptr_eq(LIST_FIRST(&links[0].waiters), waits);
	waiter_free(waits);
	ck_assert(LIST_EMPTY(&links[0].waiters));
	ck_assert_ptr_eq(LIST_FIRST(&job->waiters), cancels);
	ck_assert_ptr_null(LIST_NEXT(cancels, of_job));
	waiter_free(cancels);
	ck_assert(LIST_EMPTY(&job->waiters));
	ck_assert(LIST_EMPTY(&links[1].waiters));
}
END_TEST

/* With waiters and owners; a sanitizer tells of what it leaves. */
/* Each wakes at its time, whatever was added and removed meanwhile. */
START_TEST(jobs_wake_in_the_order_of_their_times)
{
	enum { N = 500 };
	struct docket_job *jobs[N];
	uint64_t seed = 1;

	for (uint64_t i = 0; i < N; i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		jobs[i] = add(i + 1);
		docket_set_times(
		    &docket, jobs[i], 1 + (seed >> 33) % 1000, UINT64_MAX);
	}
	for (uint64_t i = 0; i < N; i += 3)
		docket_give(&docket, jobs[i], &links[0]);
	for (uint64_t i = 0; i < N; i += 6)
		docket_give(&docket, jobs[i], NULL);
	for (uint64_t now_ms = 0; now_ms <= 1000; now_ms += 10) {
		docket_tick(&docket, now_ms);
		for (uint64_t i = 0; i < N; i++)
			ck_assert_int_eq(jobs[i]->is_early,
			    jobs[i]->owner == NULL &&
				jobs[i]->from_ms > now_ms);
	}
	ck_assert(TAILQ_EMPTY(&docket.early));
	ck_assert_uint_eq(docket.n_alarms, 0);
}
END_TEST

START_TEST(what_is_overdue_is_the_first_of_nobodys)
{
	struct docket_job *early = add(1), *job = add(2);

	add(3);
	docket_set_times(&docket, early, 100, 50);
	docket_set_times(&docket, job, 0, 60);
	docket_give(&docket, job, &links[0]);
	docket_tick(&docket, 49);
	expect_queue(&docket.early, (uint64_t[]){1, 0});
	expect_queue(&docket.nobodys, (uint64_t[]){3, 0});
	docket_tick(&docket, 70);
	expect_queue(&docket.nobodys, (uint64_t[]){1, 3, 0});
	/* Who has it looks at the time. */
	ck_assert(!job->is_overdue);
	docket_give(&docket, job, NULL);
	docket_tick(&docket, 70);
	expect_queue(&docket.nobodys, (uint64_t[]){2, 1, 3, 0});
}
END_TEST

START_TEST(a_full_one_is_freed)
{
	for (uint64_t i = 1; i <= 40000; i++) {
		struct docket_job *job = add(i);

		if (i % 3 != 0)
			docket_give(&docket, job, &links[i % 3 - 1]);
		if (i % 5 == 0)
			docket_wait(job, &links[i % 2], i, false);
	}
	ck_assert_uint_eq(docket.n, 40000);
	docket_free(&docket);
	ck_assert_uint_eq(docket.n, 0);
	ck_assert_uint_eq(links[0].n_owned + links[1].n_owned, 0);
	ck_assert(LIST_EMPTY(&links[0].waiters));
	ck_assert(TAILQ_EMPTY(&docket.nobodys));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_new_job_is_nobodys_and_is_found,
	    ids_that_share_a_bucket_are_told_apart,
	    a_job_is_in_one_queue,
	    a_waiter_leaves_its_job_and_its_link,
	    jobs_wake_in_the_order_of_their_times,
	    what_is_overdue_is_the_first_of_nobodys,
	    a_full_one_is_freed,
	};
	Suite *suite = suite_create("docket");
	TCase *tcase = tcase_create("docket");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
