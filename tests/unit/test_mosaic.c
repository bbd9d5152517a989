/* Timelines of any length in the bins of a picture. */
#include "client/mosaic.h"

#include "tests/unit/suite.h"

static struct mosaic *mosaic;
static struct timeline_sink sink;

static void
set_up(void)
{
	mosaic = mosaic_new();
	ck_assert_ptr_nonnull(mosaic);
	sink = mosaic_sink(mosaic);
	sink.begin(sink.arg, 1000);
}

static void
tear_down(void)
{
	ck_assert(!mosaic->is_out_of_memory);
	mosaic_free(mosaic);
}

static void
add(uint16_t thread, enum timeline_state state, uint64_t start_ns,
    uint64_t end_ns)
{
	struct timeline_slice slice = {
	    .thread = thread,
	    .state = state,
	    .start_ns = start_ns,
	    .end_ns = end_ns,
	};

	sink.slice(sink.arg, &slice);
}

static uint64_t
sum(const uint64_t bins[MOSAIC_BINS])
{
	uint64_t total = 0;

	for (size_t i = 0; i < MOSAIC_BINS; i++)
		total += bins[i];
	return total;
}

START_TEST(a_slice_fills_its_bins)
{
	const uint64_t *bins;

	/* From the middle of the first bin to the middle of the third. */
	add(2, TIMELINE_IO, 1000 + 32, 1000 + 2 * 64 + 16);
	bins = mosaic->lanes[2]->state_ns[TIMELINE_IO];
	ck_assert_uint_eq(mosaic->bin_ns, 64);
	ck_assert_uint_eq(bins[0], 32);
	ck_assert_uint_eq(bins[1], 64);
	ck_assert_uint_eq(bins[2], 16);
	ck_assert_uint_eq(bins[3], 0);
	ck_assert_uint_eq(sum(mosaic->lanes[2]->state_ns[0]), 0);
	ck_assert_ptr_null(mosaic->lanes[0]);
}
END_TEST

START_TEST(bins_fold_and_nothing_is_lost)
{
	const uint64_t *bins;
	uint64_t at = 1000, running = 0;

	for (uint64_t i = 1; i < 4000; i++) {
		add(0, TIMELINE_RUNNING, at, at + i * 1000);
		running += i * 1000;
		add(0, TIMELINE_WAITING, at + i * 1000, at + i * 3000);
		at += i * 3000;
	}
	bins = mosaic->lanes[0]->state_ns[TIMELINE_RUNNING];
	ck_assert_uint_eq(sum(bins), running);
	ck_assert_uint_eq(
	    sum(mosaic->lanes[0]->state_ns[TIMELINE_WAITING]), 2 * running);
	/* The last one is in the upper half, and not behind its end. */
	ck_assert_uint_le(at - 1000, mosaic->bin_ns * MOSAIC_BINS);
	ck_assert_uint_gt(at - 1000, mosaic->bin_ns * MOSAIC_BINS / 2);
	for (size_t i = 0; i < MOSAIC_BINS; i++)
		ck_assert_uint_le(
		    bins[i] + mosaic->lanes[0]->state_ns[TIMELINE_WAITING][i],
		    mosaic->bin_ns);
}
END_TEST

/* A thread's time may be a little before the first event's. */
START_TEST(nothing_is_before_the_origin)
{
	add(0, TIMELINE_RUNNING, 990, 1010);
	ck_assert_uint_eq(mosaic->lanes[0]->state_ns[TIMELINE_RUNNING][0], 10);
	ck_assert_uint_eq(mosaic_since_origin(mosaic, 5), 0);
	ck_assert_uint_eq(mosaic_since_origin(mosaic, 1005), 5);
}
END_TEST

START_TEST(threads_behind_the_last_lane_are_left_out)
{
	add(MOSAIC_LANES, TIMELINE_RUNNING, 1000, 2000);
	for (size_t i = 0; i < MOSAIC_LANES; i++)
		ck_assert_ptr_null(mosaic->lanes[i]);
}
END_TEST

START_TEST(waiters_of_all_locks_add_up)
{
	sink.waiters(sink.arg, 0, 1000, 2);
	sink.waiters(sink.arg, 3, 1010, 1);
	sink.waiters(sink.arg, 0, 1030, 0);
	mosaic_end(mosaic, 1064);
	ck_assert_uint_eq(mosaic->waiting_ns[0], 2 * 10 + 3 * 20 + 1 * 34);
	ck_assert_uint_eq(mosaic->waiting_ns[1], 0);
}
END_TEST

START_TEST(the_first_marks_are_kept_and_all_counted)
{
	struct timeline_arrow arrow = {.from = 1};
	struct timeline_mark mark = {.kind = TIMELINE_MISSED};

	for (uint64_t i = 0; i < 1000; i++) {
		arrow.from_ns = mark.time_ns = i;
		sink.arrow(sink.arg, &arrow);
		sink.mark(sink.arg, &mark);
	}
	ck_assert_uint_eq(mosaic->n_arrows, 1000);
	ck_assert_uint_eq(mosaic->n_all_marks, 1000);
	ck_assert_uint_eq(mosaic->n_marks[TIMELINE_MISSED], 1000);
	ck_assert_uint_eq(mosaic->n_marks[TIMELINE_GAP], 0);
	ck_assert_uint_eq(
	    mosaic->arrows[MOSAIC_ARROWS - 1].from_ns, MOSAIC_ARROWS - 1);
	ck_assert_uint_eq(
	    mosaic->marks[MOSAIC_MARKS - 1].time_ns, MOSAIC_MARKS - 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mosaic");
	TCase *tcase = tcase_create("mosaic");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_slice_fills_its_bins);
	tcase_add_test(tcase, bins_fold_and_nothing_is_lost);
	tcase_add_test(tcase, nothing_is_before_the_origin);
	tcase_add_test(tcase, threads_behind_the_last_lane_are_left_out);
	tcase_add_test(tcase, waiters_of_all_locks_add_up);
	tcase_add_test(tcase, the_first_marks_are_kept_and_all_counted);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
