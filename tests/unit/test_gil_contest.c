/*
 * The lock with several threads at it. Contestants count under one lock and
 * keep books in plain memory that the lock guards; whatever happened, the books
 * and the threads' records have to agree. The thread sanitizer, where the suite
 * runs under it, sees who touches the books without the lock.
 */
#include "daemon/gil.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "tests/unit/suite.h"

#define TIMEOUT_S 120

enum { STRIDE_TURNS = 2000, CONTESTANTS_MAX = 8 };

static struct gil_totals totals; /* each test is a process of its own */

struct contest {
	struct gil *gil;
	struct gil_parameters parameters; /* to begin with */
	_Atomic bool is_over;

	/* Guarded by the lock. */
	const void *inside; /* who holds the lock, by its own account */
	const void *last;
	unsigned intrusions;
	uint64_t handovers;
	uint64_t strides;
	uint64_t wanted_switches; /* of each; 0: the contest has another end */
	unsigned unsatisfied;
};

struct contestant {
	struct contest *contest;
	struct gil_thread thread;
	_Atomic uint32_t attention;
	pthread_t id;

	uint64_t strides;
	uint64_t stale_requests;
	uint64_t started_ns, ended_ns;
	struct lock_record sums; /* over all of its tasks */
};

static void
contestant_enter(struct contestant *self)
{
	struct contest *contest = self->contest;

	contest->intrusions += contest->inside != NULL;
	contest->inside = self;
	contest->handovers += contest->last != self;
	contest->last = self;
}

static void
contestant_leave(struct contestant *self)
{
	struct contest *contest = self->contest;

	contest->intrusions += contest->inside != self;
	contest->inside = NULL;
}

/* Obeys a drop request. */
static void
contestant_yield(struct contestant *self)
{
	struct contest *contest = self->contest;

	contestant_leave(self);
	ck_assert_int_eq(gil_yield(&self->thread), GIL_TAKEN);
	contestant_enter(self);
	if (contest->wanted_switches != 0 &&
	    self->thread.record.switches == contest->wanted_switches &&
	    --contest->unsatisfied == 0)
		atomic_store(&contest->is_over, true);
}

/* Counts so many strides under the lock, as an executor of gild does. */
static void
contestant_count(struct contestant *self, uint64_t strides)
{
	struct contest *contest = self->contest;
	struct gil_task task = {.attention = &self->attention};

	ck_assert_int_eq(gil_acquire(&self->thread, &task), GIL_TAKEN);
	contestant_enter(self);
	while (strides > 0 && !atomic_load(&contest->is_over)) {
		if (countdown(STRIDE_TURNS, 0, &self->attention) == 0) {
			contest->strides++;
			self->strides++;
			strides--;
		}
		if ((atomic_load(&self->attention) & GIL_DROP) != 0)
			contestant_yield(self);
	}
	contestant_leave(self);
	gil_release(&self->thread, LOCK_RELEASE_FINAL);
}

static void
contestant_run_task(struct contestant *self, uint64_t strides)
{
	contestant_count(self, strides);
	self->stale_requests += (atomic_load(&self->attention) & GIL_DROP) != 0;
	lock_record_add(&self->sums, &self->thread.record);
}

/* One contest: what each thread does, and what the test does meanwhile. */
struct contest_plan {
	struct gil_parameters parameters;
	unsigned count;
	uint64_t wanted_switches;
	void *(*body)(void *);
	void (*meanwhile)(struct contest *, struct contestant *, unsigned);
};

/* All contestants come to the lock before it is free for the first of them. */
static void
contest_run(const struct contest_plan *plan, struct contest *contest,
    struct contestant *all)
{
	_Atomic uint32_t attention = 0;
	struct gil_task task = {.attention = &attention};
	struct gil_thread_config member = {.number = 0};
	struct gil_config config = {
	    .parameters = plan->parameters,
	    .totals = &totals,
	};
	struct gil_thread starter;

	*contest = (struct contest){
	    .gil = gil_new(&config),
	    .parameters = plan->parameters,
	    .wanted_switches = plan->wanted_switches,
	    .unsatisfied = plan->count,
	};
	ck_assert_ptr_nonnull(contest->gil);
	ck_assert_int_eq(gil_join(contest->gil, &starter, &member), 0);
	ck_assert_int_eq(gil_acquire(&starter, &task), GIL_TAKEN);
	for (unsigned i = 0; i < plan->count; i++) {
		all[i] = (struct contestant){
		    .contest = contest,
		};
		ck_assert_int_eq(
		    gil_join(contest->gil, &all[i].thread, &member), 0);
		ck_assert_int_eq(
		    pthread_create(&all[i].id, NULL, plan->body, &all[i]), 0);
	}
	while (gil_inspect(contest->gil).waiters < plan->count)
		sched_yield();
	gil_release(&starter, LOCK_RELEASE_FINAL);

	if (plan->meanwhile != NULL)
		plan->meanwhile(contest, all, plan->count);
	for (unsigned i = 0; i < plan->count; i++)
		ck_assert_int_eq(pthread_join(all[i].id, NULL), 0);
	lock_record_add(&all[0].sums, &starter.record);
	gil_leave(&starter);
}

/* What holds of every contest, whatever happened in it. Frees the lock. */
static struct lock_record
contest_judge(struct contest *contest, struct contestant *all, unsigned count)
{
	struct gil_state state = gil_inspect(contest->gil);
	struct lock_record sums = {0};
	uint64_t strides = 0;

	for (unsigned i = 0; i < count; i++) {
		struct lock_record *record = &all[i].sums;

		ck_assert_uint_eq(all[i].stale_requests, 0);
		ck_assert_uint_eq(record->drop_requests,
		    record->honoured + record->superseded + record->missed);
		strides += all[i].strides;
		gil_leave(&all[i].thread);
		lock_record_add(&sums, record);
	}
	ck_assert_uint_eq(contest->intrusions, 0);
	ck_assert_ptr_null(contest->inside);
	ck_assert_uint_eq(contest->strides, strides);
	ck_assert_uint_eq(contest->handovers, state.handover_number);
	ck_assert_uint_eq(sums.switches, state.switch_number);
	ck_assert_uint_eq(
	    sums.requests_sent, sums.drop_requests + sums.withdrawn);
	ck_assert(!state.is_locked);
	ck_assert_uint_eq(state.waiters, 0);
	gil_free(contest->gil);
	return sums;
}

enum { TASK_STRIDES = 5000 };

static void *
count_one_task(void *arg)
{
	struct contestant *self = arg;

	self->started_ns = clock_monotonic_ns();
	contestant_run_task(self, TASK_STRIDES);
	self->ended_ns = clock_monotonic_ns();
	return NULL;
}

/* The shortest of intervals, and nobody asks: one tenure a task. */
START_TEST(hold_is_serial)
{
	const struct contest_plan plan = {
	    .parameters = {.policy = GIL_HOLD, .interval_ns = 1},
	    .count = 4,
	    .body = count_one_task,
	};
	struct contestant all[CONTESTANTS_MAX];
	struct contest contest;
	struct lock_record sums;

	contest_run(&plan, &contest, all);
	sums = contest_judge(&contest, all, plan.count);
	ck_assert_uint_eq(contest.strides, 4 * TASK_STRIDES);
	ck_assert_uint_eq(contest.handovers, 4);
	ck_assert_uint_eq(sums.acquisitions, 5); /* the starter's too */
	ck_assert_uint_eq(sums.requests_sent, 0);
	ck_assert_uint_eq(sums.switch_wait_ns, 0);
}
END_TEST

/* One task without an end of its own. */
static void *
count_until_over(void *arg)
{
	contestant_run_task(arg, UINT64_MAX);
	return NULL;
}

START_TEST(interval_lets_everybody_count)
{
	const struct contest_plan plan = {
	    .parameters = {.policy = GIL_INTERVAL,
		.interval_ns = 100 * NS_PER_US,
		.force = true},
	    .count = 2,
	    .wanted_switches = 10,
	    .body = count_until_over,
	};
	struct contestant all[CONTESTANTS_MAX];
	struct contest contest;
	struct lock_record sums;

	contest_run(&plan, &contest, all);
	sums = contest_judge(&contest, all, plan.count);
	for (unsigned i = 0; i < plan.count; i++) {
		ck_assert_uint_ge(all[i].sums.switches, 10);
		ck_assert_uint_ge(all[i].sums.honoured, 9);
		ck_assert_uint_gt(all[i].strides, 0);
	}
	ck_assert_uint_eq(sums.missed, 0);
}
END_TEST

/*
 * Quiet time counts from the last switch, so that the requests of all waiters
 * together are at least an interval apart (each is followed by a switch here).
 */
START_TEST(one_switch_an_interval_however_many_wait)
{
	const struct contest_plan plan = {
	    .parameters = {.policy = GIL_INTERVAL,
		.interval_ns = 20 * NS_PER_MS,
		.force = true},
	    .count = 4,
	    .wanted_switches = 5,
	    .body = count_until_over,
	};
	struct contestant all[CONTESTANTS_MAX];
	struct contest contest;
	struct lock_record sums;
	uint64_t start_ns = clock_monotonic_ns();
	uint64_t elapsed_ns;

	contest_run(&plan, &contest, all);
	elapsed_ns = clock_monotonic_ns() - start_ns;
	sums = contest_judge(&contest, all, plan.count);
	ck_assert_uint_gt(sums.requests_sent, 0);
	ck_assert_uint_le(
	    sums.requests_sent, 1 + elapsed_ns / plan.parameters.interval_ns);
}
END_TEST

static void
wake_for_nothing(
    struct contest *contest, struct contestant *all, unsigned count)
{
	(void)all;
	(void)count;
	while (!atomic_load(&contest->is_over)) {
		gil_set_parameters(contest->gil, &contest->parameters);
		sched_yield();
	}
}

/*
 * Woken again and again, who waits for a switch goes on waiting, and never
 * takes the lock back before a waiter that stays had it.
 */
START_TEST(a_switch_wait_outlives_wakeups)
{
	const struct contest_plan plan = {
	    .parameters = {.policy = GIL_INTERVAL,
		.interval_ns = 1,
		.force = true},
	    .count = 3,
	    .wanted_switches = 50,
	    .body = count_until_over,
	    .meanwhile = wake_for_nothing,
	};
	struct contestant all[CONTESTANTS_MAX];
	struct contest contest;
	struct lock_record sums;

	contest_run(&plan, &contest, all);
	sums = contest_judge(&contest, all, plan.count);
	ck_assert_uint_eq(sums.missed, 0);
	ck_assert_uint_gt(sums.honoured, 0);
}
END_TEST

/* Returns whether every thread's spans fill its time to within 1 %. */
static bool
spans_are_complete(const struct contestant *all, unsigned count)
{
	uint64_t first_ns = UINT64_MAX;
	uint64_t last_ns = 0;
	uint64_t held_ns = 0;
	bool is_complete = true;

	for (unsigned i = 0; i < count; i++) {
		const struct lock_record *record = &all[i].thread.record;
		uint64_t wall_ns = all[i].ended_ns - all[i].started_ns;
		uint64_t spans_ns =
		    record->held_ns + record->wait_ns + record->switch_wait_ns;

		ck_assert_uint_le(spans_ns, wall_ns);
		ck_assert_uint_le(record->longest_hold_ns, record->held_ns);
		ck_assert_uint_le(record->longest_wait_ns, record->wait_ns);
		ck_assert_uint_gt(record->longest_hold_ns, 0);
		ck_assert_uint_gt(record->longest_wait_ns, 0);
		if (wall_ns - spans_ns > wall_ns / 100)
			is_complete = false;
		held_ns += record->held_ns;
		if (all[i].started_ns < first_ns)
			first_ns = all[i].started_ns;
		if (all[i].ended_ns > last_ns)
			last_ns = all[i].ended_ns;
	}
	ck_assert_uint_le(held_ns, last_ns - first_ns);
	return is_complete;
}

/*
 * Never more than the thread's time by its own clock, never two tenures at
 * once. And never much less: what is missing is the way from the thread's clock
 * to the lock and back, unless the kernel takes the CPU away just there, so
 * that one undisturbed contest of several is enough.
 */
START_TEST(held_and_waited_make_up_the_wall_clock)
{
	const struct contest_plan plan = {
	    .parameters = {.policy = GIL_INTERVAL,
		.interval_ns = 200 * NS_PER_US,
		.force = _i != 0},
	    .count = 3,
	    .body = count_one_task,
	};
	struct contestant all[CONTESTANTS_MAX];
	struct contest contest;
	bool is_complete = false;

	for (int attempt = 0; attempt < 20 && !is_complete; attempt++) {
		contest_run(&plan, &contest, all);
		contest_judge(&contest, all, plan.count);
		is_complete = spans_are_complete(all, plan.count);
	}
	ck_assert(is_complete);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gil_contest");
	TCase *contests = tcase_create("contests");

	tcase_set_timeout(contests, TIMEOUT_S);
	tcase_add_test(contests, hold_is_serial);
	tcase_add_test(contests, interval_lets_everybody_count);
	tcase_add_test(contests, one_switch_an_interval_however_many_wait);
	tcase_add_test(contests, a_switch_wait_outlives_wakeups);
	tcase_add_loop_test(
	    contests, held_and_waited_make_up_the_wall_clock, 0, 2);
	suite_add_tcase(suite, contests);
	return suite_main(suite);
}
