/* Which tickets go into a pool's queue together: bundles of tiny tasks. */
#include <string.h>

#include "tests/unit/dispatch_fixture.h"

/* Enqueues so many tasks of so long, and says how many are in each bundle. */
static void
bundle_up(uint32_t pool, size_t n, uint64_t task_ns, char sizes[64])
{
	static struct part parts[2 * BOARD_LOOKAHEAD];
	struct bundle bundle;
	uint32_t n_tickets;

	ck_assert_uint_le(n, COUNT(parts));
	for (size_t i = 0; i < n; i++) {
		parts[i] = part_make('t', 1);
		parts[i].load.pool = pool;
		parts[i].load.task_ns = task_ns;
		enqueue(0, &parts[i]);
	}
	dispatch_pump(dispatcher);
	memset(sizes, 0, 64);
	while ((n_tickets = claim_bundle(pool, &bundle)) > 0) {
		size_t len = strlen(sizes);

		if (len < 63)
			sizes[len] = "-123456789abcdefg"[n_tickets];
	}
}

/* Pool 0 is one executor, pool 1 is three: two bundles for each at least, and
 * 0.1 ms of work in one at the most. */
static const struct {
	uint32_t pool;
	size_t n;
	uint64_t task_ns;
	const char *sizes;
} bundlings[] = {
    {0, 1, 0, "1"},
    {0, 2, 0, "11"},
    {0, 3, 0, "111"},
    {0, 4, 0, "22"},
    {0, 9, 0, "441"},
    {1, 11, 0, "11111111111"},
    {1, 12, 0, "222222"},
    {0, 300, 0, "gggggggggggggggg1"},
    {0, 300, 5 * NS_PER_US, "gggggggggggggggg1"},
    {0, 40, 10 * NS_PER_US,
	"9999"
	"4"},
    {0, 15, 19 * NS_PER_US, "555"},
    {0, 20, 20 * NS_PER_US, "11111111111111111111"},
};

START_TEST(tiny_tasks_share_bundles)
{
	char sizes[64];

	bundle_up(
	    bundlings[_i].pool, bundlings[_i].n, bundlings[_i].task_ns, sizes);
	ck_assert_str_eq(sizes, bundlings[_i].sizes);
}
END_TEST

/* Where who gets which task is what is looked at. */
START_TEST(a_pool_of_threads_gets_single_tickets)
{
	char sizes[64];

	settings.pools[0].kind = POOL_THREADS;
	bundle_up(0, 20, 0, sizes);
	ck_assert_str_eq(sizes, "11111111111111111111");
}
END_TEST

START_TEST(nobody_waits_behind_a_long_task_in_a_bundle)
{
	static const char names[] = "ttltttttl";
	struct part parts[sizeof(names) - 1];
	static const uint32_t sizes[] = {2, 1, 4, 1, 1};
	struct bundle bundle;

	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = part_make(names[i], 1);
		parts[i].load.task_ns = names[i] == 'l' ? NS_PER_MS : 0;
		enqueue(0, &parts[i]);
	}
	dispatch_pump(dispatcher);
	for (size_t i = 0; i < COUNT(sizes); i++)
		ck_assert_uint_eq(claim_bundle(0, &bundle), sizes[i]);
	ck_assert_uint_eq(claim_bundle(0, &bundle), 0);
}
END_TEST

START_TEST(a_bundle_comes_back_as_its_tickets)
{
	struct part part = part_make('a', MAX_TASKS);
	struct bundle bundle;
	uint32_t n;

	part.load.task_ns = 0;
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	n = claim_bundle(0, &bundle);
	ck_assert_uint_eq(n, 2);
	for (uint32_t i = 0; i < n; i++)
		ck_assert(
		    slot_start(board_slot(&generation.board, bundle.tickets[i]),
			bundle.tickets[i]));
	ck_assert(slot_finish(board_slot(&generation.board, bundle.tickets[1]),
	    bundle.tickets[1]));
	hand_back(bundle.tickets[1]);
	ck_assert_uint_eq(part.n_ended, 1);
	finish(bundle.tickets[0]);
	ck_assert_uint_eq(part.n_ended, 2);
	serve(0);
	serve(0);
	expect_at_rest();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_pool_of_threads_gets_single_tickets,
	    nobody_waits_behind_a_long_task_in_a_bundle,
	    a_bundle_comes_back_as_its_tickets,
	};
	Suite *suite = suite_create("dispatch_bundles");
	TCase *tcase = suite_add_case(
	    suite, "dispatch_bundles", setup, teardown, tests, COUNT(tests));

	tcase_add_loop_test(
	    tcase, tiny_tasks_share_bundles, 0, COUNT(bundlings));
	return suite_main(suite);
}
