/*
 * What becomes of a task whose executor died, at each point where it can die.
 * The seats and slots are set as the dead would have left them.
 */
#include "daemon/recovery.h"

#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "tests/unit/suite.h"

#define DEAD_PID 4711
#define JOB "01KAV5W3M8Q6Z7N2R4T9Y0XBCD"
#define STATUS SIGKILL /* a wait status: killed by signal 9 */
#define NUMBER UINT32_C(3)

static struct settings settings;
static struct listeners listeners;
static struct generation generation;
static struct recovery recovery;
static struct slot *slot;
static struct seat *seat;
static uint32_t ticket;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.frontends = 1;
	settings.max_attempts = 2;
	settings.n_pools = 1;
	settings.pools[0] =
	    (struct pool_settings){.kind = POOL_PROCESSES, .size = 2};
	ck_assert_int_eq(
	    generation_open(&generation, &settings, &listeners), 0);
	ck_assert_int_eq(recovery_init(&recovery, &generation), 0);
	slot = &generation.board.slots[NUMBER];
	seat = &generation.board.seats[1];
	slot->count = 10;
	ticket = slot_publish(slot, NUMBER);
	atomic_store(&seat->tickets[0], ticket);
}

static void
teardown(void)
{
	recovery_free(&recovery);
	generation_close(&generation);
}

static void
bury(void)
{
	recovery_empty_seat(&recovery, seat, DEAD_PID, STATUS);
	for (size_t i = 0; i < BUNDLE_TICKETS; i++)
		ck_assert_uint_eq(atomic_load(&seat->tickets[i]), TICKET_NONE);
}

/* What lies in the pool's queue, one in each bundle, without waiting for more. */
static uint32_t
next_to_run(void)
{
	static const uint32_t end = UINT32_MAX;
	_Atomic uint32_t found[BUNDLE_TICKETS];

	ck_assert_int_eq(queue_push_bundle_of(&generation.run[0], end), 0);
	ck_assert_int_eq(queue_claim(&generation.run[0], found), 1);
	ck_assert_uint_eq(atomic_load(&found[1]), TICKET_NONE);
	return atomic_load(&found[0]) == end ? TICKET_NONE
					     : atomic_load(&found[0]);
}

static uint32_t
next_ended(void)
{
	uint32_t found = TICKET_NONE;

	queue_take(&generation.ended[0], &found, 1);
	return found;
}

START_TEST(an_empty_seat_leaves_nothing)
{
	atomic_store(&seat->tickets[0], TICKET_NONE);
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

START_TEST(claimed_and_not_started_goes_back_without_an_attempt)
{
	bury();
	ck_assert_uint_eq(next_to_run(), ticket);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
	ck_assert_uint_eq(slot_look(slot).attempts, 0);
	ck_assert(slot_start(slot, ticket));
}
END_TEST

START_TEST(running_goes_back_while_attempts_are_left)
{
	ck_assert(slot_start(slot, ticket));
	bury();
	ck_assert_uint_eq(next_to_run(), ticket);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
	ck_assert_int_eq(slot_look(slot).state, SLOT_QUEUED);
	ck_assert_uint_eq(slot_look(slot).attempts, 1);
}
END_TEST

START_TEST(the_last_attempt_fails_with_the_reason)
{
	ck_assert(slot_start(slot, ticket));
	ck_assert(slot_requeue(slot, ticket));
	ck_assert(slot_start(slot, ticket));
	atomic_store(&slot->turns, 4);
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), ticket);
	ck_assert_int_eq(slot_look(slot).state, SLOT_FINISHED);
	ck_assert_int_eq(slot->end, TASK_DIED);
	ck_assert_int_eq(slot->dead_pid, DEAD_PID);
	ck_assert_int_eq(slot->dead_status, STATUS);
	ck_assert_uint_eq(slot->result.attempts, 2);
	ck_assert_uint_eq(slot->result.turns, 4);
	ck_assert_uint_eq(slot->result.count, 10);
}
END_TEST

/* Standard error becomes a file, of which each line is one event. */
static FILE *
catch_log(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	log_set_format(LOG_JSON, JOURNAL_SOCKET);
	return file;
}

/* The next line about the dead's task; fate is how it ends. */
static void
check_logged(FILE *file, const char *fate)
{
	json_t *object = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
	const char *job, *pool, *message;
	size_t length;
	int pid;

	ck_assert_int_eq(
	    json_unpack(object, "{s:s, s:s, s:i, s:s}", "job", &job, "pool",
		&pool, "child", &pid, "message", &message),
	    0);
	ck_assert_str_eq(job, JOB);
	ck_assert_str_eq(pool, "processes");
	ck_assert_int_eq(pid, DEAD_PID);
	length = strlen(message);
	ck_assert_uint_gt(length, strlen(fate));
	ck_assert_str_eq(message + length - strlen(fate), fate);
	ck_assert_ptr_nonnull(strstr(message, JOB));
	json_decref(object);
}

START_TEST(each_death_is_logged_with_the_jobs_fate)
{
	FILE *file = catch_log();

	ck_assert_int_eq(job_id_parse(JOB, &slot->job), 0);
	strcpy(settings.pools[0].name, "processes");
	slot->task = 7;
	ck_assert(slot_start(slot, ticket));
	bury();
	ck_assert(slot_start(slot, ticket));
	atomic_store(&seat->tickets[0], ticket);
	bury();
	rewind(file);
	check_logged(file,
	    ", killed by signal 9 (Killed), in start 1 of 2: it is run again");
	check_logged(file,
	    ", killed by signal 9 (Killed), in start 2 of 2: the job has "
	    "failed");
	ck_assert_ptr_null(json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL));
	fclose(file);
}
END_TEST

START_TEST(what_lost_no_work_is_not_logged)
{
	FILE *file = catch_log();

	bury(); /* queued */
	ck_assert(slot_start(slot, ticket));
	slot_cancel(slot);
	atomic_store(&seat->tickets[0], ticket);
	bury();
	rewind(file);
	ck_assert_int_eq(fgetc(file), EOF);
	fclose(file);
}
END_TEST

START_TEST(a_cancelled_task_is_not_run_again)
{
	ck_assert(slot_start(slot, ticket));
	slot_cancel(slot);
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), ticket);
	ck_assert_int_eq(slot->end, TASK_CANCELLED);
}
END_TEST

START_TEST(finished_and_perhaps_not_handed_back_is_handed_back)
{
	ck_assert(slot_start(slot, ticket));
	slot->end = TASK_DONE;
	ck_assert(slot_finish(slot, ticket));
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), ticket);
	ck_assert_int_eq(slot->end, TASK_DONE);
}
END_TEST

START_TEST(revoked_is_handed_back)
{
	ck_assert(slot_revoke(slot, ticket));
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), ticket);
}
END_TEST

START_TEST(a_slot_that_went_on_is_left_alone)
{
	ck_assert(slot_start(slot, ticket));
	ck_assert(slot_finish(slot, ticket));
	ck_assert(slot_free(slot, ticket));
	atomic_store(&seat->tickets[0], ticket);
	bury();
	slot_publish(slot, NUMBER);
	atomic_store(&seat->tickets[0], ticket);
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
	ck_assert_int_eq(slot_look(slot).state, SLOT_QUEUED);
}
END_TEST

START_TEST(a_ticket_of_no_slot_is_ignored)
{
	atomic_store(&seat->tickets[0], UINT32_MAX);
	bury();
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

/* --- a bundle --- */

#define BUNDLED 6

static uint32_t bundled[BUNDLED];

/* A dead executor's seat names them all; so many are over, one may run. */
static void
fill_seat(uint32_t n_over, bool is_running)
{
	for (uint32_t i = 0; i < BUNDLED; i++) {
		struct slot *member = &slot[1 + i];

		bundled[i] = slot_publish(member, NUMBER + 1 + i);
		atomic_store(&seat->tickets[i], bundled[i]);
		if (i < n_over + is_running)
			ck_assert(slot_start(member, bundled[i]));
		if (i < n_over) {
			member->end = TASK_DONE;
			ck_assert(slot_finish(member, bundled[i]));
		}
	}
}

/* Between any two moves: _i is how many had been made. */
START_TEST(each_of_a_bundle_goes_where_it_belongs)
{
	uint32_t n_over = (uint32_t)_i / 2;
	bool is_running = _i % 2 != 0;

	fill_seat(n_over, is_running);
	bury();
	for (uint32_t i = 0; i < BUNDLED; i++) {
		struct slot_view view = slot_look(&slot[1 + i]);

		ck_assert_int_eq(
		    view.state, i < n_over ? SLOT_FINISHED : SLOT_QUEUED);
		/* Who waited behind it has lost no attempt. */
		ck_assert_uint_eq(view.attempts, i < n_over + is_running);
		ck_assert_uint_eq(
		    i < n_over ? next_ended() : next_to_run(), bundled[i]);
	}
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

START_TEST(of_a_bundle_only_who_ran_fails)
{
	settings.max_attempts = 1;
	fill_seat(2, true);
	bury();
	ck_assert_uint_eq(next_ended(), bundled[0]);
	ck_assert_uint_eq(next_ended(), bundled[1]);
	ck_assert_uint_eq(next_ended(), bundled[2]);
	ck_assert_int_eq(slot[1 + 2].end, TASK_DIED);
	for (uint32_t i = 3; i < BUNDLED; i++)
		ck_assert_uint_eq(next_to_run(), bundled[i]);
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

/* Some were called back meanwhile; of others the frontend had heard. */
START_TEST(a_bundle_of_which_much_has_happened)
{
	fill_seat(2, false);
	ck_assert(slot_free(&slot[1], bundled[0]));
	ck_assert(slot_free(&slot[2], bundled[1]));
	slot_publish(&slot[2], NUMBER + 2);
	slot_cancel(&slot[3]);
	ck_assert(slot_revoke(&slot[3], bundled[2]));
	ck_assert(slot_start(&slot[4], bundled[3]));
	slot_cancel(&slot[4]);
	atomic_store(&seat->tickets[4], TICKET_NONE); /* half cleared */
	bury();
	ck_assert_uint_eq(next_ended(), bundled[2]);
	ck_assert_uint_eq(next_ended(), bundled[3]);
	ck_assert_int_eq(slot[4].end, TASK_CANCELLED);
	ck_assert_uint_eq(next_to_run(), bundled[5]);
	ck_assert_uint_eq(next_to_run(), TICKET_NONE);
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

START_TEST(what_finds_no_room_is_tried_again)
{
	uint32_t filler[QUEUE_MAX_PUSH] = {0}, out[QUEUE_MAX_PUSH];
	uint32_t last = TICKET_NONE;
	size_t n;

	ck_assert(slot_revoke(slot, ticket));
	while (queue_push(&generation.ended[0], filler, QUEUE_MAX_PUSH) == 0)
		;
	bury();
	ck_assert(!recovery_push_strays(&recovery));
	while ((n = queue_take(&generation.ended[0], out, QUEUE_MAX_PUSH)) > 0)
		ck_assert_uint_eq(out[n - 1], 0);
	ck_assert(recovery_push_strays(&recovery));
	ck_assert_uint_eq(queue_take(&generation.ended[0], &last, 1), 1);
	ck_assert_uint_eq(last, ticket);
	ck_assert(recovery_push_strays(&recovery));
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

START_TEST(a_death_in_words)
{
	char text[PROCESS_DEATH_CHARS + 1];

	process_format_death(SIGKILL, text);
	ck_assert_str_eq(text, "killed by signal 9 (Killed)");
	process_format_death(3 << 8, text);
	ck_assert_str_eq(text, "exited with status 3");
}
END_TEST

/* The master may be told of a death when it has stopped the pool already. */
START_TEST(what_goes_to_a_pool_that_has_ended_is_dropped)
{
	queue_close_writer(&generation.run[0]);
	bury();
	ck_assert(recovery_push_strays(&recovery));
	ck_assert_uint_eq(next_ended(), TICKET_NONE);
}
END_TEST

/* A frontend that cancels the task of each round, after a moment of its own. */
static _Atomic int round_begun, round_cancelled;

static void *
cancel_main(void *arg)
{
	int rounds = *(int *)arg;

	for (int i = 1; i <= rounds; i++) {
		while (atomic_load(&round_begun) != i)
			sched_yield();
		for (volatile int wait = i % 128; wait > 0; wait--)
			continue;
		slot_cancel(slot);
		(void)slot_revoke(slot, ticket);
		atomic_store(&round_cancelled, i);
	}
	return NULL;
}

/* A cancel that finds the task running while the master puts it back: nobody
 * would look at the flag before an executor is free. */
START_TEST(a_cancelled_task_is_never_left_in_a_queue)
{
	int rounds = 2000;
	pthread_t canceller;

	ck_assert_int_eq(
	    pthread_create(&canceller, NULL, cancel_main, &rounds), 0);
	for (int i = 1; i <= rounds; i++) {
		enum slot_state state;

		ck_assert(slot_start(slot, ticket));
		atomic_store(&round_begun, i);
		bury();
		while (atomic_load(&round_cancelled) != i)
			sched_yield();
		state = slot_look(slot).state;
		ck_assert_msg(state == SLOT_FINISHED || state == SLOT_REVOKED,
		    "round %d: the state is %d", i, (int)state);
		ck_assert(slot_free(slot, ticket));
		(void)next_to_run();
		(void)next_ended();
		ticket = slot_publish(slot, NUMBER);
		atomic_store(&seat->tickets[0], ticket);
	}
	ck_assert_int_eq(pthread_join(canceller, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("recovery");
	TCase *tcase = tcase_create("recovery");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_empty_seat_leaves_nothing);
	tcase_add_test(
	    tcase, claimed_and_not_started_goes_back_without_an_attempt);
	tcase_add_test(tcase, running_goes_back_while_attempts_are_left);
	tcase_add_test(tcase, the_last_attempt_fails_with_the_reason);
	tcase_add_test(tcase, each_death_is_logged_with_the_jobs_fate);
	tcase_add_test(tcase, what_lost_no_work_is_not_logged);
	tcase_add_test(tcase, a_cancelled_task_is_not_run_again);
	tcase_add_test(
	    tcase, finished_and_perhaps_not_handed_back_is_handed_back);
	tcase_add_test(tcase, revoked_is_handed_back);
	tcase_add_test(tcase, a_slot_that_went_on_is_left_alone);
	tcase_add_test(tcase, a_ticket_of_no_slot_is_ignored);
	tcase_add_loop_test(
	    tcase, each_of_a_bundle_goes_where_it_belongs, 0, 2 * BUNDLED + 1);
	tcase_add_test(tcase, of_a_bundle_only_who_ran_fails);
	tcase_add_test(tcase, a_bundle_of_which_much_has_happened);
	tcase_add_test(tcase, what_finds_no_room_is_tried_again);
	tcase_add_test(tcase, what_goes_to_a_pool_that_has_ended_is_dropped);
	tcase_add_test(tcase, a_cancelled_task_is_never_left_in_a_queue);
	tcase_add_test(tcase, a_death_in_words);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
