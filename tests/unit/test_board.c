/* The board's layout: what belongs to whom, and that nothing overlaps. */
#include "daemon/board.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static struct settings settings;
static struct board board;

static void
setup(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.frontends = 3;
	settings.n_pools = 3;
	settings.pools[0] =
	    (struct pool_settings){.kind = POOL_THREADS, .size = 4};
	settings.pools[1] =
	    (struct pool_settings){.kind = POOL_PROCESSES, .size = 5};
	settings.pools[2] = (struct pool_settings){
	    .kind = POOL_THREADS, .size = 6, .interval_us = 123};
	ck_assert_int_eq(board_open(&board, &settings), 0);
}

static void
teardown(void)
{
	board_close(&board);
}

START_TEST(every_executor_has_a_seat_and_every_process_a_record)
{
	ck_assert_uint_eq(board.n_seats, 4 + 5 + 6);
	ck_assert_uint_eq(board.first_seat[1], 4);
	ck_assert_uint_eq(board.first_seat[2], 9);
	ck_assert_uint_eq(board.n_processes, 3 + 1 + 5 + 1);
	ck_assert_uint_eq(board.first_process[0], 3);
	ck_assert_uint_eq(board.first_process[1], 4);
	ck_assert_uint_eq(board.first_process[2], 9);
}
END_TEST

START_TEST(slots_are_shared_out_among_frontends)
{
	uint32_t n = board.slots_per_frontend;

	ck_assert_uint_eq(n, 4 + 5 + 6 + 3 * BOARD_LOOKAHEAD);
	ck_assert_uint_eq(board.n_slots, 3 * n);
	ck_assert_uint_eq(
	    board_slot_owner(&board, slot_publish(&board.slots[0], 0)), 0);
	ck_assert_uint_eq(
	    board_slot_owner(&board, slot_publish(&board.slots[n - 1], n - 1)),
	    0);
	ck_assert_uint_eq(
	    board_slot_owner(&board, slot_publish(&board.slots[n], n)), 1);
}
END_TEST

START_TEST(a_ticket_out_of_range_names_no_slot)
{
	struct slot other = {0};

	ck_assert_ptr_eq(
	    board_slot(&board, slot_publish(&other, board.n_slots - 1)),
	    &board.slots[board.n_slots - 1]);
	ck_assert_ptr_null(
	    board_slot(&board, slot_publish(&other, board.n_slots)));
	ck_assert_ptr_null(
	    board_slot(&board, slot_publish(&other, SLOT_MAX_SLOTS - 1)));
}
END_TEST

/* Fills each part with a byte of its own and looks whether all are intact. */
START_TEST(no_part_overlaps_another)
{
	size_t sizes[] = {sizeof(struct slot) * board.n_slots,
	    sizeof(struct seat) * board.n_seats,
	    sizeof(struct process_record) * board.n_processes,
	    sizeof(struct tally) * 9, sizeof(struct frontend_record) * 3,
	    sizeof(struct pool_record) * 3};
	void *parts[] = {board.slots, board.seats, board.processes,
	    board.tallies, board.frontends, board.pools};

	for (int i = 0; i < 6; i++) {
		ck_assert_uint_eq((uintptr_t)parts[i] % 64, 0);
		memset(parts[i], i + 1, sizes[i]);
	}
	for (int i = 0; i < 6; i++) {
		const unsigned char *bytes = parts[i];
		size_t intact = 0;

		while (intact < sizes[i] && bytes[intact] == i + 1)
			intact++;
		ck_assert_uint_eq(intact, sizes[i]);
	}
}
END_TEST

START_TEST(a_child_writes_and_the_parent_sees_it)
{
	int status;

	ck_assert_uint_eq(counter_get(&board.pools[2].interval_us), 123);
	if (fork() == 0) {
		counter_add(&board_tally(&board, 2, 1)->jobs[JOB_DONE], 42);
		_exit(0);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_uint_eq(
	    counter_get(&board_tally(&board, 2, 1)->jobs[JOB_DONE]), 42);
	ck_assert_uint_eq(
	    counter_get(&board_tally(&board, 1, 2)->jobs[JOB_DONE]), 0);
}
END_TEST

START_TEST(too_many_slots_are_refused)
{
	struct board other;

	settings.frontends = SETTINGS_MAX_FRONTENDS;
	settings.n_pools = SETTINGS_MAX_POOLS;
	for (size_t i = 0; i < settings.n_pools; i++)
		settings.pools[i] = (struct pool_settings){
		    .kind = POOL_THREADS,
		    .size = SETTINGS_MAX_POOL_SIZE,
		};
	ck_assert_int_eq(board_open(&other, &settings), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
}
END_TEST

START_TEST(totals_add_up_and_keep_the_longest)
{
	struct lock_record record = {
	    .acquisitions = 2,
	    .wait_ns = 10,
	    .longest_wait_ns = 7,
	};
	struct lock_histograms histograms = {0};
	struct lock_totals *totals = &board.seats[3].lock;
	struct lock_record sum = {.acquisitions = 1, .longest_wait_ns = 6};

	histogram_add(&histograms.wait, 10);
	lock_totals_add(totals, &record, &histograms);
	record.longest_wait_ns = 5;
	lock_totals_add(totals, &record, &histograms);
	histograms = (struct lock_histograms){0};
	lock_totals_sum(totals, &sum, &histograms);
	ck_assert_uint_eq(sum.acquisitions, 5);
	ck_assert_uint_eq(sum.wait_ns, 20);
	ck_assert_uint_eq(sum.longest_wait_ns, 7);
	ck_assert_uint_eq(histogram_count(&histograms.wait), 2);
	ck_assert_uint_eq(histogram_count(&histograms.hold), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("board");
	TCase *tcase = tcase_create("board");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(
	    tcase, every_executor_has_a_seat_and_every_process_a_record);
	tcase_add_test(tcase, slots_are_shared_out_among_frontends);
	tcase_add_test(tcase, a_ticket_out_of_range_names_no_slot);
	tcase_add_test(tcase, no_part_overlaps_another);
	tcase_add_test(tcase, a_child_writes_and_the_parent_sees_it);
	tcase_add_test(tcase, too_many_slots_are_refused);
	tcase_add_test(tcase, totals_add_up_and_keep_the_longest);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
