/* The moves of a slot: which are made, which are refused, and who wins. */
#include "daemon/slot.h"

#include <pthread.h>
#include <string.h>

#include "tests/unit/suite.h"

#define NUMBER UINT32_C(77)
#define TAGS 4095

static struct slot slot;

static void
setup(void)
{
	memset(&slot, 0, sizeof(slot));
}

START_TEST(zeros_are_a_free_slot)
{
	ck_assert_int_eq(slot_look(&slot).state, SLOT_FREE);
}
END_TEST

START_TEST(a_ticket_names_its_slot_and_is_never_none)
{
	for (int i = 0; i < 2 * TAGS; i++) {
		uint32_t ticket = slot_publish(&slot, 0);

		ck_assert_uint_ne(ticket, TICKET_NONE);
		ck_assert_uint_eq(ticket_slot_number(ticket), 0);
		ck_assert(slot_revoke(&slot, ticket));
		ck_assert(slot_free(&slot, ticket));
	}
	ck_assert_uint_eq(
	    ticket_slot_number(slot_publish(&slot, SLOT_MAX_SLOTS - 1)),
	    SLOT_MAX_SLOTS - 1);
}
END_TEST

START_TEST(a_task_goes_all_the_way)
{
	uint32_t ticket = slot_publish(&slot, NUMBER);

	ck_assert_int_eq(slot_look(&slot).state, SLOT_QUEUED);
	ck_assert_uint_eq(slot_look(&slot).attempts, 0);
	ck_assert(slot_start(&slot, ticket));
	ck_assert_int_eq(slot_look(&slot).state, SLOT_RUNNING);
	ck_assert_uint_eq(slot_look(&slot).attempts, 1);
	ck_assert(slot_finish(&slot, ticket));
	ck_assert(slot_free(&slot, ticket));
	ck_assert_int_eq(slot_look(&slot).state, SLOT_FREE);
}
END_TEST

START_TEST(nothing_happens_twice)
{
	uint32_t ticket = slot_publish(&slot, NUMBER);

	ck_assert(!slot_finish(&slot, ticket));
	ck_assert(!slot_free(&slot, ticket));
	ck_assert(slot_start(&slot, ticket));
	ck_assert(!slot_start(&slot, ticket));
	ck_assert(!slot_revoke(&slot, ticket));
	ck_assert(slot_finish(&slot, ticket));
	ck_assert(!slot_finish(&slot, ticket));
	ck_assert(!slot_requeue(&slot, ticket));
	ck_assert(slot_free(&slot, ticket));
	ck_assert(!slot_free(&slot, ticket));
}
END_TEST

START_TEST(each_start_is_an_attempt)
{
	uint32_t ticket = slot_publish(&slot, NUMBER);

	for (uint32_t i = 1; i <= 3; i++) {
		ck_assert(slot_start(&slot, ticket));
		ck_assert_uint_eq(slot_look(&slot).attempts, i);
		ck_assert(slot_requeue(&slot, ticket));
	}
	ck_assert(slot_revoke(&slot, ticket));
	ck_assert(slot_free(&slot, ticket));
	slot_publish(&slot, NUMBER);
	ck_assert_uint_eq(slot_look(&slot).attempts, 0);
}
END_TEST

START_TEST(attempts_do_not_run_over_into_the_tag)
{
	uint32_t ticket = slot_publish(&slot, NUMBER);

	for (int i = 0; i < 2 * SLOT_MAX_ATTEMPTS; i++) {
		ck_assert(slot_start(&slot, ticket));
		ck_assert(slot_requeue(&slot, ticket));
	}
	ck_assert_uint_eq(slot_look(&slot).attempts, SLOT_MAX_ATTEMPTS);
	ck_assert_uint_eq(slot_look(&slot).tag, ticket_tag(ticket));
}
END_TEST

START_TEST(a_stale_ticket_moves_nothing)
{
	uint32_t old = slot_publish(&slot, NUMBER);

	ck_assert(slot_start(&slot, old));
	ck_assert(slot_finish(&slot, old));
	ck_assert(slot_free(&slot, old));
	uint32_t now = slot_publish(&slot, NUMBER);

	ck_assert_uint_ne(old, now);
	ck_assert(!slot_start(&slot, old));
	ck_assert(!slot_revoke(&slot, old));
	ck_assert(slot_start(&slot, now));
	ck_assert(!slot_finish(&slot, old));
	ck_assert(!slot_requeue(&slot, old));
}
END_TEST

START_TEST(publishing_clears_what_the_last_task_left)
{
	uint32_t ticket = slot_publish(&slot, NUMBER);

	slot_cancel(&slot);
	ck_assert(slot_is_cancelled(&slot));
	atomic_store(&slot.turns, 5);
	ck_assert(slot_revoke(&slot, ticket));
	ck_assert(slot_free(&slot, ticket));
	slot_publish(&slot, NUMBER);
	ck_assert(!slot_is_cancelled(&slot));
	ck_assert_uint_eq(atomic_load(&slot.turns), 0);
}
END_TEST

START_TEST(a_replacement_reclaims_all_but_what_runs)
{
	uint32_t ticket, found = TICKET_NONE;

	ck_assert(slot_reclaim(&slot, NUMBER, &found));
	ticket = slot_publish(&slot, NUMBER);
	ck_assert(slot_reclaim(&slot, NUMBER, &found));
	ck_assert_int_eq(slot_look(&slot).state, SLOT_FREE);
	ck_assert(!slot_start(&slot, ticket)); /* it still lay in a queue */
	ticket = slot_publish(&slot, NUMBER);
	ck_assert(slot_start(&slot, ticket));
	ck_assert(!slot_reclaim(&slot, NUMBER, &found));
	ck_assert_uint_eq(found, ticket);
	ck_assert(slot_finish(&slot, ticket));
	ck_assert(slot_reclaim(&slot, NUMBER, &found));
}
END_TEST

/* --- a race: one side starts the task, the other revokes it --- */

#define ROUNDS 20000

static pthread_barrier_t barrier;
static uint32_t raced_ticket;
static int n_started;

static void *
start_main(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		if (slot_start(&slot, raced_ticket)) {
			n_started++;
			ck_assert(slot_finish(&slot, raced_ticket));
		}
		pthread_barrier_wait(&barrier);
	}
	return arg;
}

START_TEST(a_task_is_started_or_revoked_and_never_both)
{
	pthread_t thread;
	int n_revoked = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, start_main, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		raced_ticket = slot_publish(&slot, NUMBER);
		pthread_barrier_wait(&barrier);
		n_revoked += slot_revoke(&slot, raced_ticket);
		pthread_barrier_wait(&barrier);
		ck_assert(slot_free(&slot, raced_ticket));
	}
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	ck_assert_int_eq(n_started + n_revoked, ROUNDS);
}
END_TEST

/* What another task left in the slot's other half stays there. */
START_TEST(a_result_goes_in_and_out)
{
	static const struct {
		enum job_profile profile;
		bool has_lock, is_whole;
	} cases[] = {
	    {PROFILE_CPU, false, false},
	    {PROFILE_CPU, true, true},
	    {PROFILE_IO, false, true},
	    {PROFILE_IO, true, true},
	};
	struct task_result in, out = {0};

	memset(&slot.result, 0x55, sizeof(slot.result));
	memset(&in, 0xaa, sizeof(in));
	slot.profile = cases[_i].profile;
	slot_put_result(&slot, cases[_i].has_lock, &in);
	slot_get_result(&slot, cases[_i].has_lock, &out);
	ck_assert_mem_eq(&out, &in, offsetof(struct task_result, lock));
	if (cases[_i].is_whole) {
		ck_assert_mem_eq(&out, &in, sizeof(in));
	} else {
		ck_assert_uint_eq(out.lock.held_ns, 0);
		ck_assert_uint_eq(slot.result.lock.held_ns >> 56, 0x55);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("slot");
	TCase *tcase = tcase_create("slot");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, zeros_are_a_free_slot);
	tcase_add_test(tcase, a_ticket_names_its_slot_and_is_never_none);
	tcase_add_test(tcase, a_task_goes_all_the_way);
	tcase_add_test(tcase, nothing_happens_twice);
	tcase_add_test(tcase, each_start_is_an_attempt);
	tcase_add_test(tcase, attempts_do_not_run_over_into_the_tag);
	tcase_add_test(tcase, a_stale_ticket_moves_nothing);
	tcase_add_test(tcase, publishing_clears_what_the_last_task_left);
	tcase_add_test(tcase, a_replacement_reclaims_all_but_what_runs);
	tcase_add_test(tcase, a_task_is_started_or_revoked_and_never_both);
	tcase_add_loop_test(tcase, a_result_goes_in_and_out, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
