/*
 * When a process gives a sign of life. Its tasks are slots and seats on a
 * board, moved by the test as executors move them.
 */
#include "daemon/pulse.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/unit/suite.h"

enum { THREADS, WORKERS }; /* the pools */

static struct settings settings;
static struct listeners listeners;
static struct generation generation;
static struct process interpreter, worker, frontend;
static struct pulse pulse;

static void
setup(void)
{
	settings = (struct settings){
	    .frontends = 1,
	    .max_attempts = 3,
	    .heartbeat_timeout_ns = 50 * NS_PER_MS,
	    .n_pools = 2,
	    .pools = {[THREADS] = {.kind = POOL_THREADS,
			  .size = 3,
			  .locks = 1,
			  .events_kept = 16},
		[WORKERS] = {.kind = POOL_PROCESSES, .size = 2}},
	};
	ck_assert_int_eq(
	    generation_open(&generation, &settings, &listeners), 0);
	frontend = process_at(&generation, 0);
	interpreter = process_at(&generation, 1);
	worker = process_at(&generation, 2);
	ck_assert_uint_eq(interpreter.n_seats, 3);
}

static void
teardown(void)
{
	generation_close(&generation);
}

static struct seat *
seat_of(const struct process *process, uint32_t number)
{
	return &generation.board.seats[process->first_seat + number];
}

/* A task that this executor has begun. */
static struct slot *
begin(const struct process *process, uint32_t number, enum job_profile profile)
{
	uint32_t slot_number = process->first_seat + number;
	struct slot *slot = &generation.board.slots[slot_number];
	uint32_t ticket = slot_publish(slot, slot_number);

	slot->profile = profile;
	slot->pool = process->pool;
	atomic_store(&seat_of(process, number)->running, ticket);
	ck_assert(slot_start(slot, ticket));
	return slot;
}

static void
finish(const struct process *process, uint32_t number)
{
	struct seat *seat = seat_of(process, number);
	uint32_t ticket = atomic_load(&seat->running);
	struct slot *slot = board_slot(&generation.board, ticket);

	counter_add(&seat->tasks_done, 1);
	ck_assert(slot_finish(slot, ticket));
	atomic_store(&seat->running, TICKET_NONE);
	ck_assert(slot_free(slot, ticket));
}

/* Whether it gives a sign of life now. */
static bool
beats(void)
{
	const struct process_record *record =
	    &generation.board.processes[pulse.process->index];
	uint64_t before = counter_get(&record->beats);

	pulse_beat(&pulse);
	return counter_get(&record->beats) == before + 1;
}

static void
start(const struct process *process)
{
	pulse_init(&pulse, &generation, process);
}

START_TEST(who_has_no_task_beats)
{
	const struct process *const all[] = {&frontend, &interpreter, &worker};

	for (size_t i = 0; i < COUNT(all); i++) {
		start(all[i]);
		for (int j = 0; j < 10; j++)
			ck_assert(beats());
	}
}
END_TEST

START_TEST(a_task_that_gets_ahead_beats)
{
	struct slot *slot;

	start(&worker);
	slot = begin(&worker, 0, PROFILE_CPU);
	ck_assert(beats()); /* it has just begun */
	for (int i = 0; i < 10; i++) {
		counter_set(&slot->turns, (uint64_t)i + 1);
		ck_assert(beats());
	}
}
END_TEST

START_TEST(a_task_that_does_not_is_silent)
{
	struct slot *slot;

	start(&worker);
	slot = begin(&worker, 0, PROFILE_CPU);
	ck_assert(beats());
	for (int i = 0; i < 10; i++)
		ck_assert(!beats());
	counter_set(&slot->turns, 1);
	ck_assert(beats());
	ck_assert(!beats());
	finish(&worker, 0);
	ck_assert(beats());
	ck_assert(beats());
}
END_TEST

/* Each begins with 0 turns and is asked before it has done any. */
START_TEST(one_task_behind_another_beats)
{
	start(&worker);
	for (int i = 0; i < 10; i++) {
		begin(&worker, 0, PROFILE_CPU);
		ck_assert(beats());
		ck_assert(!beats());
		finish(&worker, 0);
	}
}
END_TEST

START_TEST(a_task_that_may_sleep_beats)
{
	start(&worker);
	begin(&worker, 0, PROFILE_IO);
	for (int i = 0; i < 10; i++)
		ck_assert(beats());
}
END_TEST

/* Those who wait for the lock do not count, but its holder does. */
START_TEST(one_of_several_is_enough)
{
	struct slot *slots[3];

	start(&interpreter);
	for (uint32_t i = 0; i < 3; i++)
		slots[i] = begin(&interpreter, i, PROFILE_CPU);
	ck_assert(beats());
	ck_assert(!beats());
	for (uint32_t i = 0; i < 3; i++) {
		counter_add(&slots[i]->turns, 100);
		ck_assert(beats());
		ck_assert(!beats());
	}
	finish(&interpreter, 1);
	ck_assert(beats()); /* others are left, and one has ended */
	ck_assert(!beats());
	begin(&interpreter, 1, PROFILE_IO);
	ck_assert(beats());
	ck_assert(beats());
	finish(&interpreter, 1);
	finish(&interpreter, 0);
	finish(&interpreter, 2);
	ck_assert(beats());
	ck_assert(beats());
}
END_TEST

START_TEST(what_others_do_does_not_count)
{
	struct slot *other;

	start(&worker);
	begin(&worker, 0, PROFILE_CPU);
	other = begin(&interpreter, 0, PROFILE_CPU);
	ck_assert(beats());
	counter_add(&other->turns, 7);
	ck_assert(!beats());
	ck_assert_uint_eq(
	    counter_get(&generation.board.processes[interpreter.index].beats),
	    0);
}
END_TEST

/* It is claimed and is none of its business any more, or not yet. */
START_TEST(a_ticket_that_does_not_run_beats)
{
	struct slot *slot = &generation.board.slots[9];
	uint32_t ticket = slot_publish(slot, 9);

	start(&worker);
	atomic_store(&seat_of(&worker, 0)->running, ticket);
	ck_assert(beats());
	ck_assert(beats());
	ck_assert(slot_revoke(slot, ticket));
	ck_assert(beats());
	ck_assert(beats());
	atomic_store(&seat_of(&worker, 0)->running, UINT32_MAX); /* no slot */
	ck_assert(beats());
	ck_assert(beats());
}
END_TEST

START_TEST(the_period_follows_the_timeout)
{
	settings.heartbeat_timeout_ns = 5 * NS_PER_S;
	ck_assert_uint_eq(
	    pulse_period_ns(&settings), 5 * NS_PER_S / PULSE_BEATS);
	settings.heartbeat_timeout_ns = 1;
	ck_assert_uint_ge(pulse_period_ns(&settings), NS_PER_MS);
	settings.heartbeat_timeout_ns = 0;
	ck_assert_uint_eq(pulse_period_ns(&settings), 0);
}
END_TEST

/* --- by a signal --- */

/* Runs in a child: until it has beaten so often, or is killed by the alarm. */
static void __attribute__((noreturn)) live(bool has_loop, uint64_t n)
{
	const struct process_record *record =
	    &generation.board.processes[worker.index];

	start(&worker);
	if (pulse_start_alarm(&pulse) != 0)
		_exit(1);
	while (counter_get(&record->beats) < n) {
		if (!has_loop)
			pause();
	}
	_exit(0);
}

START_TEST(an_alarm_beats_in_sleep_and_in_work)
{
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		int status;

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			live(i == 1, 3 * (uint64_t)(i + 1));
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

START_TEST(without_a_timeout_there_is_no_alarm)
{
	struct sigaction before, after;
	struct itimerval timer;

	settings.heartbeat_timeout_ns = 0;
	start(&worker);
	ck_assert_int_eq(sigaction(SIGALRM, NULL, &before), 0);
	ck_assert_int_eq(pulse_start_alarm(&pulse), 0);
	ck_assert_int_eq(sigaction(SIGALRM, NULL, &after), 0);
	ck_assert(after.sa_handler == before.sa_handler);
	ck_assert_int_eq(getitimer(ITIMER_REAL, &timer), 0);
	ck_assert_int_eq(timer.it_value.tv_sec, 0);
	ck_assert_int_eq(timer.it_value.tv_usec, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pulse");
	TCase *tcase = tcase_create("pulse");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_has_no_task_beats);
	tcase_add_test(tcase, a_task_that_gets_ahead_beats);
	tcase_add_test(tcase, a_task_that_does_not_is_silent);
	tcase_add_test(tcase, one_task_behind_another_beats);
	tcase_add_test(tcase, a_task_that_may_sleep_beats);
	tcase_add_test(tcase, one_of_several_is_enough);
	tcase_add_test(tcase, what_others_do_does_not_count);
	tcase_add_test(tcase, a_ticket_that_does_not_run_beats);
	tcase_add_test(tcase, the_period_follows_the_timeout);
	tcase_add_test(tcase, an_alarm_beats_in_sleep_and_in_work);
	tcase_add_test(tcase, without_a_timeout_there_is_no_alarm);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
