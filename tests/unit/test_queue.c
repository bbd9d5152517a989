/* Queues: tickets whole and in order, the claim, the end, no room. */
#include "daemon/queue.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static struct queue queue;

START_TEST(tickets_come_out_in_order)
{
	const uint32_t in[] = {5, 6, 7, 8};
	uint32_t out[8];

	ck_assert_int_eq(queue_open(&queue, false), 0);
	ck_assert_int_eq(queue_push(&queue, in, 3), 0);
	ck_assert_int_eq(queue_push(&queue, in + 3, 1), 0);
	ck_assert_uint_eq(queue_take(&queue, out, 2), 2);
	ck_assert_uint_eq(out[0], 5);
	ck_assert_uint_eq(out[1], 6);
	ck_assert_uint_eq(queue_take(&queue, out, 8), 2);
	ck_assert_uint_eq(out[1], 8);
	ck_assert_uint_eq(queue_take(&queue, out, 8), 0);
	queue_close(&queue);
}
END_TEST

START_TEST(a_claim_lands_in_the_seat)
{
	_Atomic uint32_t seat[BUNDLE_TICKETS];
	struct bundle bundles[3] = {{{0}}};

	for (uint32_t i = 0; i < BUNDLE_TICKETS; i++) {
		atomic_store(&seat[i], UINT32_MAX);
		bundles[0].tickets[i] = i + 1;
	}
	bundles[1].tickets[0] = 0xfedcba98;
	ck_assert_int_eq(queue_open(&queue, true), 0);
	ck_assert_int_eq(queue_push_bundles(&queue, bundles, 2), 0);
	ck_assert_int_eq(queue_push_bundle_of(&queue, 7), 0);
	bundles[2].tickets[0] = 7;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(queue_claim(&queue, seat), 1);
		ck_assert_mem_eq(seat, &bundles[i], sizeof(seat));
	}
	queue_close(&queue);
}
END_TEST

START_TEST(the_end_comes_after_the_last_ticket)
{
	_Atomic uint32_t seat[BUNDLE_TICKETS];

	ck_assert_int_eq(queue_open(&queue, true), 0);
	ck_assert_int_eq(queue_push_bundle_of(&queue, 9), 0);
	queue_close_writer(&queue);
	ck_assert_int_eq(queue_claim(&queue, seat), 1);
	ck_assert_int_eq(queue_claim(&queue, seat), 0);
	ck_assert_uint_eq(atomic_load(&seat[0]), 9);
	queue_close(&queue);
}
END_TEST

/* Each page of the pipe is filled to its end with whole bundles. */
START_TEST(bundles_stay_whole)
{
	static struct bundle bundles[QUEUE_MAX_BUNDLES];
	_Atomic uint32_t seat[BUNDLE_TICKETS];
	uint32_t n_pushed = 0;

	ck_assert_int_eq(queue_open(&queue, false), 0);
	for (;;) {
		size_t n = 1 + n_pushed % QUEUE_MAX_BUNDLES;

		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < BUNDLE_TICKETS; j++)
				bundles[i].tickets[j] =
				    n_pushed + (uint32_t)i + 1;
		}
		if (queue_push_bundles(&queue, bundles, n) != 0)
			break;
		n_pushed += (uint32_t)n;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_gt(n_pushed, 2 * QUEUE_MAX_BUNDLES);
	for (uint32_t i = 1; i <= n_pushed; i++) {
		ck_assert_int_eq(queue_claim(&queue, seat), 1);
		for (size_t j = 0; j < BUNDLE_TICKETS; j++)
			ck_assert_uint_eq(atomic_load(&seat[j]), i);
	}
	ck_assert_int_eq(queue_claim(&queue, seat), -1);
	queue_close(&queue);
}
END_TEST

START_TEST(a_full_queue_says_so_and_keeps_what_it_has)
{
	uint32_t tickets[QUEUE_MAX_PUSH], out[QUEUE_MAX_PUSH];
	size_t pushed = 0, taken = 0, n;

	for (uint32_t i = 0; i < QUEUE_MAX_PUSH; i++)
		tickets[i] = i + 1;
	ck_assert_int_eq(queue_open(&queue, false), 0);
	while (queue_push(&queue, tickets, QUEUE_MAX_PUSH) == 0)
		pushed += QUEUE_MAX_PUSH;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_ge(pushed, 16384);
	while ((n = queue_take(&queue, out, QUEUE_MAX_PUSH)) > 0) {
		ck_assert_uint_eq(n, QUEUE_MAX_PUSH);
		ck_assert_mem_eq(out, tickets, sizeof(out));
		taken += n;
	}
	ck_assert_uint_eq(taken, pushed);
	queue_close(&queue);
}
END_TEST

/*
 * Processes claim from one queue until its end, each into a seat of its own in
 * shared memory, and count what they got. Each ticket is got once.
 */
#define CLAIMERS 4
#define TICKETS UINT32_C(40000)

struct shared {
	_Atomic uint32_t seats[CLAIMERS][BUNDLE_TICKETS];
	_Atomic uint32_t got[TICKETS + 1];
};

static void
claim_all(struct shared *shared, int me)
{
	_Atomic uint32_t *seat = shared->seats[me];

	queue_close_writer(&queue);
	while (queue_claim(&queue, seat) == 1) {
		for (size_t i = 0; i < BUNDLE_TICKETS; i++)
			atomic_fetch_add(
			    &shared->got[atomic_load(&seat[i])], 1);
	}
	_exit(EXIT_SUCCESS);
}

/* Of 1 to BUNDLE_TICKETS each. */
static void
push_all(void)
{
	uint32_t next = 1;

	for (uint32_t n = 1; next <= TICKETS; n = n % BUNDLE_TICKETS + 1) {
		struct bundle bundle = {{0}};

		for (uint32_t i = 0; i < n && next <= TICKETS; i++)
			bundle.tickets[i] = next++;
		while (queue_push_bundles(&queue, &bundle, 1) != 0) {
			ck_assert_int_eq(errno, EAGAIN);
			sched_yield();
		}
	}
}

START_TEST(each_ticket_is_claimed_once)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(queue_open(&queue, true), 0);
	for (int i = 0; i < CLAIMERS; i++) {
		if (fork() == 0)
			claim_all(shared, i);
	}
	push_all();
	queue_close(&queue);
	for (int i = 0; i < CLAIMERS; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	for (uint32_t i = 1; i <= TICKETS; i++)
		ck_assert_uint_eq(shared->got[i], 1);
	munmap(shared, sizeof(*shared));
}
END_TEST

/* Many executors hand back, one frontend takes. */
START_TEST(who_waits_for_room_gets_it)
{
	uint32_t in[3] = {1, 2, 3}, out[QUEUE_MAX_PUSH];
	size_t n_pushed = 0, n_taken = 0, n;
	int status;

	ck_assert_int_eq(queue_open(&queue, false), 0);
	while (queue_push(&queue, in, 3) == 0)
		n_pushed += 3;
	if (fork() == 0)
		_exit(queue_push_wait(&queue, in, 3) == 0 ? EXIT_SUCCESS
							  : EXIT_FAILURE);
	n_pushed += 3;
	while (n_taken < n_pushed) {
		n = queue_take(&queue, out, QUEUE_MAX_PUSH);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(out[i], (n_taken + i) % 3 + 1);
		n_taken += n;
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	queue_close(&queue);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, tickets_come_out_in_order);
	tcase_add_test(tcase, a_claim_lands_in_the_seat);
	tcase_add_test(tcase, the_end_comes_after_the_last_ticket);
	tcase_add_test(tcase, bundles_stay_whole);
	tcase_add_test(tcase, a_full_queue_says_so_and_keeps_what_it_has);
	tcase_add_test(tcase, each_ticket_is_claimed_once);
	tcase_add_test(tcase, who_waits_for_room_gets_it);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
