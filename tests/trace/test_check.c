/*
 * The checker finds what it is there for: a stream that keeps every promise, to
 * which one thing is done at a time, and the complaint that must follow.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/trace/check.h"
#include "tests/unit/suite.h"

#define NONE LOCK_NO_THREAD
#define JOB 7 /* the low half of the only job's id */

/*
 * Two threads: 1 asks 0 to give way, counts natively, sleeps, and finds the
 * lock free twice. Numbers are places; of TASK_START `detail` is the task, of
 * ACQUIRE waited_ns follows.
 */
static const struct {
	uint64_t time_ns;
	uint16_t thread;
	uint8_t kind;
	uint8_t detail;
	uint16_t other;
	uint64_t waited_ns;
} story[] = {
    {0, 0, LOCK_TASK_START, 0, NONE, 0},
    {0, 0, LOCK_REQUEST, 0, NONE, 0},
    {10, 0, LOCK_ACQUIRE, 0, NONE, 10},
    {20, 1, LOCK_TASK_START, 1, NONE, 0},
    {20, 1, LOCK_REQUEST, 0, NONE, 0},
    {100, 1, LOCK_WAKE, LOCK_WAKE_TIMEOUT, NONE, 0},
    {100, 1, LOCK_DROP_REQUEST, 0, 0, 0},
    {110, 0, LOCK_RELEASE, LOCK_RELEASE_REQUESTED, NONE, 0},
    {110, 0, LOCK_SWITCH_WAIT_START, 0, NONE, 0},
    {115, 1, LOCK_WAKE, LOCK_WAKE_SIGNAL, NONE, 0},
    {120, 1, LOCK_ACQUIRE, 0, 0, 100}, /* 10 */
    {120, 0, LOCK_SWITCH_WAIT_END, 0, NONE, 0},
    {120, 0, LOCK_REQUEST, 0, NONE, 0},
    {200, 1, LOCK_RELEASE, LOCK_RELEASE_NATIVE, NONE, 0},
    {200, 1, LOCK_NATIVE_START, 0, NONE, 0},
    {205, 0, LOCK_WAKE, LOCK_WAKE_SIGNAL, NONE, 0},
    {210, 0, LOCK_ACQUIRE, 0, 1, 90},
    {260, 0, LOCK_RELEASE, LOCK_RELEASE_FINAL, NONE, 0},
    {260, 0, LOCK_TASK_END, 0, NONE, 0},
    {300, 1, LOCK_NATIVE_END, 0, NONE, 0},
    {300, 1, LOCK_REQUEST, 0, NONE, 0}, /* 20 */
    {301, 1, LOCK_ACQUIRE, 0, 0, 1},
    {330, 1, LOCK_RELEASE, LOCK_RELEASE_IO, NONE, 0},
    {330, 1, LOCK_IO_START, 0, NONE, 0},
    {400, 1, LOCK_IO_END, 0, NONE, 0},
    {400, 1, LOCK_REQUEST, 0, NONE, 0},
    {402, 1, LOCK_ACQUIRE, 0, 1, 2},
    {410, 1, LOCK_RELEASE, LOCK_RELEASE_FINAL, NONE, 0},
    {410, 1, LOCK_TASK_END, 0, NONE, 0},
};
#define N COUNT(story)

static struct lock_event events[N];

static void
tell_story(void)
{
	for (size_t i = 0; i < N; i++) {
		events[i] = (struct lock_event){
		    .number = i,
		    .time_ns = story[i].time_ns,
		    .kind = story[i].kind,
		    .thread = story[i].thread,
		    .other = story[i].other,
		};
		if (story[i].kind == LOCK_TASK_START)
			events[i].label =
			    (struct lock_label){{0, JOB}, story[i].detail};
		else
			events[i].detail = story[i].detail;
		if (story[i].kind == LOCK_ACQUIRE)
			events[i].waited_ns = story[i].waited_ns;
	}
}

static struct check *
run_check(const struct lock_event stream[], size_t n, struct check_rules rules)
{
	struct check *check = check_new(&rules);

	for (size_t i = 0; i < n; i++)
		check_event(check, &stream[i]);
	return check;
}

/* The first complaint is about this event (not if < 0) and says this. */
static void
expect_breach(struct check *check, int number, const char *text)
{
	const char *said = check_breach(check, 0);
	char where[32];

	ck_assert_msg(said != NULL, "no complaint that %s", text);
	snprintf(where, sizeof(where), "event %d, ", number);
	ck_assert_msg(number < 0 || strncmp(said, where, strlen(where)) == 0,
	    "\"%s\" is not of event %d", said, number);
	ck_assert_msg(
	    strstr(said, text) != NULL, "\"%s\" says not: %s", said, text);
	check_free(check);
}

static void
remove_event(size_t at)
{
	for (size_t i = at; i + 1 < N; i++) {
		events[i] = events[i + 1];
		events[i].number = i;
	}
}

/* --- what the story says, by hand --- */

static struct task_result tasks[2];
static struct job_result result;

static void
tell_result(void)
{
	tasks[0] = (struct task_result){
	    .pid = 1,
	    .wall_ns = 260,
	    .lock = {.acquisitions = 2,
		.switches = 1,
		.drop_requests = 1,
		.honoured = 1,
		.battles = 1,
		.held_ns = 150,
		.wait_ns = 100,
		.switch_wait_ns = 10,
		.wakeups = 1,
		.wakeup_ns = 10,
		.safepoint_ns = 10,
		.longest_hold_ns = 100,
		.longest_wait_ns = 90,
		.longest_wakeup_ns = 10,
		.longest_safepoint_ns = 10},
	    .blame = {.n_blockers = 1, .blockers = {{{{0, JOB}, 1}, 80}}},
	};
	tasks[1] = (struct task_result){
	    .pid = 1,
	    .wall_ns = 390,
	    .lock = {.acquisitions = 3,
		.switches = 1,
		.requests_sent = 1,
		.held_ns = 117,
		.wait_ns = 103,
		.native_ns = 100,
		.io_ns = 70,
		.io_operations = 1,
		.wakeups = 1,
		.wakeup_ns = 10,
		.longest_hold_ns = 80,
		.longest_wait_ns = 100,
		.longest_wakeup_ns = 10},
	    .blame = {.n_blockers = 1, .blockers = {{{{0, JOB}, 0}, 90}}},
	};
	result = (struct job_result){
	    .job = {.high = 0, .low = JOB},
	    .has_lock = true,
	    .n_tasks = 2,
	    .tasks = tasks,
	};
}

START_TEST(a_story_that_keeps_all_promises)
{
	struct check *check;
	struct check_figures figures;

	tell_story();
	tell_result();
	check = run_check(events, N, (struct check_rules){0});
	check_result(check, &result);
	figures = check_figures(check);
	ck_assert_msg(figures.breaches == 0, "%s", check_breach(check, 0));
	ck_assert_uint_eq(figures.events, N);
	ck_assert_uint_eq(figures.lost, 0);
	ck_assert_uint_eq(figures.tasks, 2);
	ck_assert_uint_eq(figures.certain, 2);
	ck_assert_uint_eq(figures.requests, 1);
	ck_assert_uint_eq(figures.most_overtaken, 0);
	check_free(check);
}
END_TEST

/* --- one event that is another one --- */

static const struct {
	size_t at;
	struct lock_event event; /* number, thread and time as in the story */
	const char *complaint;
} changes[] = {
    {0, {.kind = LOCK_REQUEST, .other = NONE}, "cannot follow"},
    {4, {.kind = LOCK_ACQUIRE, .other = 0}, "cannot follow"},
    {5, {.kind = LOCK_WAKE, .detail = LOCK_WAKE_SIGNAL, .other = NONE},
	"a release woke it, but there was none"},
    {6, {.kind = LOCK_DROP_REQUEST, .other = 1}, "does not hold the lock"},
    {6, {.kind = LOCK_DROP_REQUEST, .other = 5}, "does not hold the lock"},
    {6, {.kind = LOCK_WAKE, .detail = LOCK_WAKE_TIMEOUT, .other = NONE},
	"no request stands"},
    {7, {.kind = LOCK_WITHDRAW, .other = 1}, "cannot follow"},
    {10, {.kind = LOCK_ACQUIRE, .other = 1, .waited_ns = 100},
	"from thread 1, not from 0"},
    {10, {.kind = LOCK_ACQUIRE, .other = NONE, .waited_ns = 100},
	"from thread -1, not from 0"},
    {10, {.kind = LOCK_ACQUIRE, .other = 0, .waited_ns = 99},
	"waited 100 ns, and says 99"},
    {10, {.kind = LOCK_ACQUIRE, .detail = 1, .other = 0, .waited_ns = 100},
	"it is told missed"},
    {13, {.kind = LOCK_RELEASE, .detail = LOCK_RELEASE_QUANTUM, .other = NONE},
	"no request stands"},
    {13, {.kind = LOCK_RELEASE, .detail = LOCK_RELEASE_FINAL, .other = NONE},
	"cannot follow"},
    {17, {.kind = LOCK_RELEASE, .detail = LOCK_RELEASE_IO, .other = NONE},
	"cannot follow"},
    {21, {.kind = LOCK_WAKE, .detail = LOCK_WAKE_SPURIOUS, .other = NONE},
	"free for thread 1 to take"},
    {28, {.kind = LOCK_TASK_START, .other = NONE}, "cannot follow"},
};

START_TEST(another_event_is_noticed)
{
	struct lock_event *event;
	struct check *check;

	tell_story();
	event = &events[changes[_i].at];
	*event = changes[_i].event;
	event->number = changes[_i].at;
	event->time_ns = story[changes[_i].at].time_ns;
	event->thread = story[changes[_i].at].thread;
	check = run_check(events, N, (struct check_rules){0});
	expect_breach(check, -1, changes[_i].complaint);
}
END_TEST

/* --- one event that is left out, with no gap in the numbers --- */

/* The last event of a thread is missed only by its task. */
START_TEST(a_missing_event_is_noticed)
{
	struct check_figures figures;
	struct check *check;

	tell_story();
	remove_event((size_t)_i);
	check = run_check(events, N - 1, (struct check_rules){0});
	figures = check_figures(check);
	ck_assert_msg(figures.breaches > 0 || figures.tasks < 2,
	    "%s %d is not missed", lock_event_kind_name(story[_i].kind), _i);
	ck_assert(figures.breaches > 0 || _i == 18 || _i == N - 1);
	check_free(check);
}
END_TEST

/* --- exclusion --- */

START_TEST(two_holders)
{
	tell_story();
	/* 0 takes it while 1 has it. */
	events[13].kind = LOCK_WAKE;
	events[13].detail = LOCK_WAKE_TIMEOUT;
	events[13].thread = 0;
	events[14] = events[16];
	events[14].number = 14;
	expect_breach(run_check(events, 15, (struct check_rules){0}), 14,
	    "thread 1 holds the lock");
}
END_TEST

START_TEST(a_release_by_another)
{
	tell_story();
	events[13].thread = 0;
	expect_breach(run_check(events, 14, (struct check_rules){0}), 13,
	    "cannot follow");
}
END_TEST

/* --- drop requests --- */

START_TEST(two_requests_in_a_tenure)
{
	tell_story();
	/* A wake-up and another request before the release. */
	events[7] = events[5];
	events[7].number = 7;
	events[8] = events[6];
	events[8].number = 8;
	expect_breach(run_check(events, 9, (struct check_rules){0}), 8,
	    "another request stands");
}
END_TEST

START_TEST(a_request_is_withdrawn_when_nobody_waits)
{
	struct check *check;

	tell_story();
	/* The waiter gives up after it has asked and woken. */
	events[7] = events[5];
	events[7].number = 7;
	events[8] = (struct lock_event){
	    .number = 8,
	    .time_ns = 105,
	    .kind = LOCK_TASK_END,
	    .thread = 1,
	    .other = NONE,
	};
	events[9] = (struct lock_event){
	    .number = 9,
	    .time_ns = 105,
	    .kind = LOCK_WITHDRAW,
	    .thread = 0,
	    .other = 1,
	};
	events[10] = events[17];
	events[10].number = 10;
	events[11] = events[18];
	events[11].number = 11;
	check = run_check(events, 12, (struct check_rules){0});
	ck_assert_msg(
	    check_breach(check, 0) == NULL, "%s", check_breach(check, 0));
	check_free(check);
	/* By another one than who left. */
	events[9].other = 0;
	expect_breach(run_check(events, 12, (struct check_rules){0}), 9,
	    "nobody waits since thread 1");
	/* Not at all. */
	events[9] = events[10];
	events[9].number = 9;
	expect_breach(run_check(events, 10, (struct check_rules){0}), 9,
	    "nobody waits since thread 1");
}
END_TEST

START_TEST(a_withdrawal_of_nothing)
{
	tell_story();
	events[3] = (struct lock_event){
	    .number = 3,
	    .time_ns = 20,
	    .kind = LOCK_WITHDRAW,
	    .thread = 0,
	    .other = 1,
	};
	expect_breach(run_check(events, 4, (struct check_rules){0}), 3,
	    "no request to withdraw");
}
END_TEST

START_TEST(an_acquisition_without_a_wake_up)
{
	tell_story();
	/* 1 never slept; 0 released of its own will. */
	events[5] = events[7];
	events[5].number = 5;
	events[5].detail = LOCK_RELEASE_TICK;
	events[6] = events[10];
	events[6].number = 6;
	expect_breach(
	    run_check(events, 7, (struct check_rules){0}), 6, "was not woken");
}
END_TEST

/* --- time and numbers --- */

START_TEST(time_goes_back)
{
	tell_story();
	events[10].time_ns = 114;
	events[10].waited_ns = 94;
	expect_breach(run_check(events, N, (struct check_rules){0}), 10,
	    "its time goes back");
}
END_TEST

START_TEST(states_do_not_fill_the_time)
{
	tell_story();
	/* 5 ns between the native count and the wait. */
	events[20].time_ns = 305;
	events[21].time_ns = 306;
	expect_breach(run_check(events, N, (struct check_rules){0}), 28,
	    "its states take 385 ns of the task's 390");
}
END_TEST

START_TEST(numbers_go_back)
{
	tell_story();
	events[9].number = 7;
	expect_breach(run_check(events, N, (struct check_rules){0}), 7,
	    "numbers go back from 8");
}
END_TEST

START_TEST(another_lock_in_mid_task)
{
	tell_story();
	events[10].domain = 1;
	expect_breach(run_check(events, N, (struct check_rules){0}), 10,
	    "its task goes from lock 0 to lock 1");
}
END_TEST

/* What was lost is counted; what it would have decided is not judged. */
START_TEST(lost_events)
{
	struct lock_event stream[N];
	struct check_figures figures;
	struct check *check;

	tell_story();
	tell_result();
	for (size_t gap = 1; gap < N - 1; gap++) {
		memcpy(stream, events, gap * sizeof(events[0]));
		memcpy(stream + gap, events + gap + 1,
		    (N - gap - 1) * sizeof(events[0]));
		expect_breach(run_check(stream, N - 1, (struct check_rules){0}),
		    (int)gap + 1, "numbers are missing");
		check = run_check(
		    stream, N - 1, (struct check_rules){.may_lose = true});
		check_result(check, &result);
		figures = check_figures(check);
		ck_assert_msg(figures.breaches == 0, "without %zu: %s", gap,
		    check_breach(check, 0));
		ck_assert_uint_eq(figures.lost, 1);
		/* A task that ended before, or began after, is whole. */
		ck_assert_uint_eq(
		    figures.tasks, (gap > 18) + (gap > 28) + (gap < 3));
		check_free(check);
	}
}
END_TEST

/* --- fair --- */

/* Three threads: 0 holds, 1 asks before 2. */
static size_t
tell_queue(struct lock_event stream[16], bool is_in_order)
{
	uint16_t next = is_in_order ? 1 : 2;
	struct lock_event told[] = {
	    {.kind = LOCK_TASK_START, .thread = 0, .label = {{0, JOB}, 0}},
	    {.kind = LOCK_REQUEST, .thread = 0, .other = NONE},
	    {.kind = LOCK_ACQUIRE, .thread = 0, .other = NONE},
	    {.kind = LOCK_TASK_START, .thread = 1, .label = {{0, JOB}, 1}},
	    {.kind = LOCK_REQUEST, .thread = 1, .other = NONE},
	    {.kind = LOCK_TASK_START, .thread = 2, .label = {{0, JOB}, 2}},
	    {.kind = LOCK_REQUEST, .thread = 2, .other = NONE},
	    {.kind = LOCK_RELEASE,
		.detail = LOCK_RELEASE_FINAL,
		.thread = 0,
		.other = NONE},
	    {.kind = LOCK_TASK_END, .thread = 0, .other = NONE},
	    {.kind = LOCK_WAKE, .thread = next, .other = NONE},
	    {.kind = LOCK_ACQUIRE, .thread = next, .other = 0},
	};

	for (size_t i = 0; i < COUNT(told); i++)
		told[i].number = i;
	memcpy(stream, told, sizeof(told));
	return COUNT(told);
}

START_TEST(fair_is_in_the_order_of_asking)
{
	struct check_rules fair = {.is_fair = true};
	struct lock_event stream[16];
	size_t n = tell_queue(stream, true);
	struct check *check = run_check(stream, n, fair);

	ck_assert_msg(
	    check_breach(check, 0) == NULL, "%s", check_breach(check, 0));
	check_free(check);
	n = tell_queue(stream, false);
	expect_breach(
	    run_check(stream, n, fair), 10, "thread 1 asked before it");
	/* Under the others that may be. */
	check = run_check(stream, n, (struct check_rules){0});
	ck_assert_ptr_null(check_breach(check, 0));
	ck_assert_uint_eq(check_figures(check).most_overtaken, 1);
	check_free(check);
}
END_TEST

/* --- results --- */

START_TEST(every_counter_is_compared)
{
	for (size_t task = 0; task < 2; task++) {
		struct lock_record *record = &tasks[task].lock;
		struct check *check;

		tell_story();
		tell_result();
		lock_record_set(
		    record, (size_t)_i, lock_record_get(record, _i) + 1);
		check = run_check(events, N, (struct check_rules){0});
		check_result(check, &result);
		expect_breach(check, -1, lock_counters[_i].name);
	}
}
END_TEST

START_TEST(blame_is_compared)
{
	struct check *check;

	for (size_t i = 0; i < 4; i++) {
		tell_story();
		tell_result();
		check = run_check(events, N, (struct check_rules){0});
		if (i == 0)
			tasks[0].blame.blockers[0].wait_ns++;
		if (i == 1)
			tasks[0].blame.blockers[0].label.task = 0;
		if (i == 2)
			tasks[0].blame.n_blockers = 0;
		if (i == 3)
			tasks[0].blame.others_ns = 1;
		check_result(check, &result);
		expect_breach(check, -1, "blocked it");
	}
}
END_TEST

START_TEST(a_result_that_events_contradict)
{
	struct check *check;

	tell_story();
	tell_result();
	check = run_check(events, N, (struct check_rules){0});
	tasks[1].wall_ns = 389;
	check_result(check, &result);
	expect_breach(check, -1, "took 389 ns of wall time, and 390");

	tell_result();
	check = run_check(events, N, (struct check_rules){0});
	result.job.low++;
	check_result(check, &result);
	expect_breach(check, -1, "it ran, and has no events");

	/* It never began. */
	tell_result();
	check = run_check(events, N, (struct check_rules){0});
	result.job.low++;
	tasks[0].pid = tasks[1].pid = 0;
	check_result(check, &result);
	ck_assert_ptr_null(check_breach(check, 0));
	check_free(check);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tcase = tcase_create("check");

	tcase_add_test(tcase, a_story_that_keeps_all_promises);
	tcase_add_loop_test(
	    tcase, another_event_is_noticed, 0, (int)COUNT(changes));
	tcase_add_loop_test(tcase, a_missing_event_is_noticed, 0, (int)N);
	tcase_add_test(tcase, two_holders);
	tcase_add_test(tcase, a_release_by_another);
	tcase_add_test(tcase, two_requests_in_a_tenure);
	tcase_add_test(tcase, a_request_is_withdrawn_when_nobody_waits);
	tcase_add_test(tcase, a_withdrawal_of_nothing);
	tcase_add_test(tcase, an_acquisition_without_a_wake_up);
	tcase_add_test(tcase, time_goes_back);
	tcase_add_test(tcase, states_do_not_fill_the_time);
	tcase_add_test(tcase, numbers_go_back);
	tcase_add_test(tcase, another_lock_in_mid_task);
	tcase_add_test(tcase, lost_events);
	tcase_add_test(tcase, fair_is_in_the_order_of_asking);
	tcase_add_loop_test(
	    tcase, every_counter_is_compared, 0, (int)LOCK_COUNTERS);
	tcase_add_test(tcase, blame_is_compared);
	tcase_add_test(tcase, a_result_that_events_contradict);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
