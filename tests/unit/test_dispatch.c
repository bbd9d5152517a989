/*
 * The dispatcher: whose turn it is, how far ahead it hands tasks out, what it
 * calls back. The test is the executors: it takes tickets out of the pool's
 * queue, and hands them back as ended after as long as it likes to say.
 */
#include "daemon/dispatch.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/lane.h"
#include "tests/unit/suite.h"

#define MAX_TASKS 4
#define SLOW_NS NS_PER_S /* nothing is handed out ahead of such tasks */
#define QUICK_NS NS_PER_US

static struct settings settings;
static struct listeners listeners;
static struct generation generation;
static struct frontend frontend;
static struct dispatcher *dispatcher;
static struct tally *tally; /* of pool 0 */
static struct lanes *clients[3];

/* A load with a name. What happens to it is noted in `events`. */
struct part {
	struct load load;
	char name;
	bool cannot_begin;
	uint32_t tickets[MAX_TASKS];
	unsigned n_ended;
};

static char events[1024];

static void
note(char name)
{
	size_t len = strlen(events);

	ck_assert_uint_lt(len, sizeof(events) - 1);
	events[len] = name;
}

static struct part *
part_of(const struct load *load)
{
	return (struct part *)((char *)(uintptr_t)load -
	    offsetof(struct part, load));
}

static int
part_begin(struct load *load)
{
	if (part_of(load)->cannot_begin) {
		note('!');
		dispatch_withdraw(dispatcher, load);
		return -1;
	}
	load->tickets = part_of(load)->tickets;
	return 0;
}

/* The slot says whose task it is. */
static void
part_fill(const struct load *load, uint32_t task, struct slot *slot)
{
	slot->count = (uint64_t)part_of(load)->name;
	slot->spins = task;
}

static void
part_ended(struct load *load, uint32_t task, const struct slot *slot)
{
	ck_assert_uint_eq(slot->spins, task);
	part_of(load)->n_ended++;
}

static const struct load_type part_type = {
    .begin = part_begin,
    .fill = part_fill,
    .ended = part_ended,
};

static struct part
part_make(char name, uint32_t n_tasks)
{
	return (struct part){
	    .load = {.type = &part_type,
		.n_tasks = n_tasks,
		.task_ns = SLOW_NS},
	    .name = name,
	};
}

static void
enqueue(int client, struct part *part)
{
	ck_assert_int_eq(
	    dispatch_enqueue(dispatcher, clients[client], &part->load), 0);
}

/* The client has left, and with it who refers to its lanes. */
static void
leave(int client)
{
	lanes_unref(clients[client]);
	clients[client] = NULL;
}

static void
setup_order(enum queue_order order)
{
	settings = (struct settings){
	    .queue = order,
	    .frontends = 1,
	    .n_pools = 2,
	    .pools = {{.kind = POOL_PROCESSES, .size = 1},
		{.kind = POOL_PROCESSES, .size = 3}},
	};
	ck_assert_int_eq(
	    generation_open(&generation, &settings, &listeners), 0);
	for (size_t i = 0; i < settings.n_pools; i++)
		ck_assert_int_eq(
		    fcntl(generation.run[i].read_fd, F_SETFL, O_NONBLOCK), 0);
	frontend = (struct frontend){
	    .generation = &generation,
	    .settings = &settings,
	    .board = &generation.board,
	    .base = event_base_new(),
	};
	dispatcher = frontend.dispatcher = dispatcher_new(&frontend);
	ck_assert_ptr_nonnull(dispatcher);
	tally = board_tally(&generation.board, 0, 0);
	for (size_t i = 0; i < COUNT(clients); i++) {
		clients[i] = lanes_new();
		ck_assert_ptr_nonnull(clients[i]);
	}
}

static void
setup(void)
{
	setup_order(QUEUE_FAIR);
}

static void
setup_fifo(void)
{
	setup_order(QUEUE_FIFO);
}

static void
teardown(void)
{
	for (int i = 0; i < (int)COUNT(clients); i++)
		leave(i);
	dispatcher_free(dispatcher);
	event_base_free(frontend.base);
	generation_close(&generation);
}

/* --- the executors --- */

/* The next bundle in a pool's queue. How many tickets it has; 0: none is there. */
static uint32_t
claim_bundle(uint32_t pool, struct bundle *bundle)
{
	uint32_t n = 0;

	if (queue_take(
		&generation.run[pool], bundle->tickets, BUNDLE_TICKETS) == 0)
		return 0;
	while (n < BUNDLE_TICKETS && bundle->tickets[n] != TICKET_NONE)
		n++;
	ck_assert_uint_gt(n, 0);
	for (uint32_t i = n; i < BUNDLE_TICKETS; i++)
		ck_assert_uint_eq(bundle->tickets[i], TICKET_NONE);
	return n;
}

/* The next ticket, or TICKET_NONE. */
static uint32_t
claim(uint32_t pool)
{
	static struct {
		struct bundle bundle;
		uint32_t n, at;
	} claimed[SETTINGS_MAX_POOLS];

	if (claimed[pool].at == claimed[pool].n) {
		claimed[pool].at = 0;
		claimed[pool].n = claim_bundle(pool, &claimed[pool].bundle);
	}
	return claimed[pool].n == 0
	    ? TICKET_NONE
	    : claimed[pool].bundle.tickets[claimed[pool].at++];
}

/* Claims and starts a task, and notes whose it is. */
static uint32_t
start(uint32_t pool)
{
	uint32_t ticket = claim(pool);
	struct slot *slot = board_slot(&generation.board, ticket);

	ck_assert_uint_ne(ticket, TICKET_NONE);
	ck_assert_uint_eq(slot->pool, pool);
	ck_assert(slot_start(slot, ticket));
	note((char)slot->count);
	return ticket;
}

/* Hands a ticket back, and lets the dispatcher see it. */
static void
hand_back(uint32_t ticket)
{
	ck_assert_int_eq(queue_push(&generation.ended[0], &ticket, 1), 0);
	ck_assert_int_ge(event_base_loop(frontend.base, EVLOOP_NONBLOCK), 0);
}

static void
finish(uint32_t ticket)
{
	ck_assert(slot_finish(board_slot(&generation.board, ticket), ticket));
	hand_back(ticket);
}

static void
serve(uint32_t pool)
{
	finish(start(pool));
}

/* How many tickets lie in a pool's queue; takes them all. */
static size_t
count_queued(uint32_t pool)
{
	size_t n = 0;

	while (claim(pool) != TICKET_NONE)
		n++;
	return n;
}

static void
expect_at_rest(void)
{
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 0);
}

/* --- turns --- */

START_TEST(lanes_take_turns_a_job_each)
{
	static const char names[] = "aaaaabbc";
	struct part parts[sizeof(names) - 1];

	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = part_make(names[i], 1);
		enqueue(names[i] - 'a', &parts[i]);
	}
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), COUNT(parts));
	dispatch_pump(dispatcher);
	for (size_t i = 0; i < COUNT(parts); i++)
		serve(0);
	ck_assert_str_eq(events, "abcabaaa");
	for (size_t i = 0; i < COUNT(parts); i++) {
		ck_assert(load_is_over(&parts[i].load));
		ck_assert_uint_eq(parts[i].n_ended, 1);
	}
	expect_at_rest();
}
END_TEST

START_TEST(the_parts_of_a_job_go_in_one_turn)
{
	struct part a = part_make('a', 3), b = part_make('b', 1),
		    c = part_make('c', 2);

	enqueue(0, &a);
	enqueue(0, &c);
	enqueue(1, &b);
	dispatch_pump(dispatcher);
	for (int i = 0; i < 6; i++)
		serve(0);
	ck_assert_str_eq(events, "aaabcc");
	ck_assert_uint_eq(a.n_ended, 3);
	expect_at_rest();
}
END_TEST

START_TEST(pools_do_not_wait_for_each_other)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	b.load.pool = 1;
	enqueue(0, &a);
	enqueue(1, &b);
	dispatch_pump(dispatcher);
	serve(1);
	serve(0);
	ck_assert_str_eq(events, "ba");
	expect_at_rest();
}
END_TEST

/* Of what waits, in which order, with the priorities that stand below names. */
static void
check_order(const char *names, const char *priorities, const char *order)
{
	struct part parts[16];
	size_t n = strlen(names);

	ck_assert_uint_le(n, COUNT(parts));
	for (size_t i = 0; i < n; i++) {
		parts[i] = part_make(names[i], 1);
		parts[i].load.priority = (uint32_t)(priorities[i] - '0');
		enqueue(names[i] - 'a', &parts[i]);
	}
	dispatch_pump(dispatcher);
	for (size_t i = 0; i < n; i++)
		serve(0);
	ck_assert_str_eq(events, order);
	expect_at_rest();
}

START_TEST(a_higher_priority_goes_first)
{
	check_order("aabbcc", "049490", "bcabac");
}
END_TEST

START_TEST(clients_take_turns_in_each_priority)
{
	check_order("aaaaabbc", "99944949", "abcaaaba");
}
END_TEST

START_TEST(in_one_line_who_came_first_is_first)
{
	check_order("aaabcbac", "44444444", "aaabcbac");
}
END_TEST

START_TEST(a_higher_priority_goes_first_in_one_line_too)
{
	check_order("aaabcb", "444945", "bbaaac");
}
END_TEST

/* One that comes between two tasks of another does not wait for the second. */
START_TEST(a_higher_priority_overtakes_in_mid_job)
{
	struct part a = part_make('a', 3), b = part_make('b', 1);

	b.load.priority = 1;
	enqueue(0, &a);
	dispatch_pump(dispatcher);
	enqueue(1, &b);
	for (int i = 0; i < 4; i++)
		serve(0);
	ck_assert_str_eq(events, "abaa");
	expect_at_rest();
}
END_TEST

/* What a client that has left still has waiting keeps its place, and is no
 * other client's. */
START_TEST(lanes_outlive_their_client)
{
	struct part a1 = part_make('a', 1), a2 = part_make('a', 1),
		    b1 = part_make('b', 1), b2 = part_make('b', 1);

	enqueue(0, &a1);
	enqueue(0, &a2);
	enqueue(1, &b1);
	enqueue(1, &b2);
	leave(0);
	dispatch_pump(dispatcher);
	for (int i = 0; i < 4; i++)
		serve(0);
	ck_assert_str_eq(events, "abab");
	expect_at_rest();
}
END_TEST

/* --- the window --- */

/*
 * Enqueues a first task and more than any window of others, of so long each,
 * and returns how many go out.
 */
static size_t
count_window(uint32_t pool, uint64_t first_ns, uint64_t others_ns)
{
	static struct part parts[2 * BOARD_LOOKAHEAD];
	const struct tally *of_pool = board_tally(&generation.board, 0, pool);
	size_t n;

	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = part_make('w', 1);
		parts[i].load.pool = pool;
		parts[i].load.task_ns = i == 0 ? first_ns : others_ns;
		enqueue(0, &parts[i]);
	}
	dispatch_pump(dispatcher);
	n = count_queued(pool);
	ck_assert_uint_eq(counter_get(&of_pool->tasks_dispatched), n);
	ck_assert_uint_eq(
	    counter_get(&of_pool->tasks_queued), COUNT(parts) - n);
	return n;
}

/* Pool 0 is one executor, pool 1 is three. */
static const struct {
	uint32_t pool;
	uint64_t task_ns;
	size_t window;
} windows[] = {
    {0, 0, 1 + BOARD_LOOKAHEAD},
    {0, 1, 1 + BOARD_LOOKAHEAD},
    {0, 10 * NS_PER_US, 1 + BOARD_LOOKAHEAD},
    {0, NS_PER_MS, 10},
    {0, 5 * NS_PER_MS, 2},
    {0, 6 * NS_PER_MS, 2},
    {0, 10 * NS_PER_MS, 1},
    {0, 3600 * NS_PER_S, 1},
    {1, NS_PER_MS, 30},
    {1, 10 * NS_PER_MS, 3},
    {1, 3600 * NS_PER_S, 3},
};

START_TEST(the_window_holds_work_for_10_ms)
{
	ck_assert_uint_eq(count_window(windows[_i].pool, windows[_i].task_ns,
			      windows[_i].task_ns),
	    windows[_i].window);
}
END_TEST

/* It takes one of three executors; the other two have 10 ms each. */
START_TEST(a_long_task_fills_one_share)
{
	ck_assert_uint_eq(count_window(1, SLOW_NS, NS_PER_MS), 1 + 20);
}
END_TEST

START_TEST(what_was_called_back_is_no_work)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	enqueue(0, &a);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	dispatch_recall(dispatcher, &a.load);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 2);
	hand_back(claim(0));
	serve(0);
	ck_assert_str_eq(events, "b");
	expect_at_rest();
}
END_TEST

START_TEST(what_ends_makes_room_for_the_next)
{
	struct part parts[3] = {
	    part_make('a', 1), part_make('b', 1), part_make('c', 1)};
	uint32_t ticket;

	for (size_t i = 0; i < COUNT(parts); i++)
		enqueue(0, &parts[i]);
	dispatch_pump(dispatcher);
	ticket = start(0);
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	finish(ticket);
	ticket = start(0);
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	finish(ticket);
	ck_assert_str_eq(events, "ab");
	ck_assert_uint_eq(parts[2].load.n_under_way, 1);
}
END_TEST

START_TEST(a_full_queue_is_tried_again)
{
	static const struct bundle filler[QUEUE_MAX_BUNDLES];
	struct bundle out[QUEUE_MAX_BUNDLES];
	struct part part = part_make('a', 2);
	size_t n_filled = 0;

	part.load.task_ns = QUICK_NS;
	while (queue_push_bundles(
		   &generation.run[0], filler, QUEUE_MAX_BUNDLES) == 0)
		n_filled += QUEUE_MAX_PUSH;
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	ck_assert_uint_eq(part.load.n_under_way, 2);
	while (n_filled > 0) {
		size_t n = queue_take(
		    &generation.run[0], out[0].tickets, QUEUE_MAX_PUSH);

		ck_assert_mem_eq(out, filler, n * sizeof(uint32_t));
		n_filled -= n;
	}
	ck_assert_uint_eq(claim(0), TICKET_NONE);
	/* The timer, and nothing else, is waited for. */
	ck_assert_int_eq(event_base_loop(frontend.base, EVLOOP_ONCE), 0);
	serve(0);
	serve(0);
	ck_assert_uint_eq(part.n_ended, 2);
	expect_at_rest();
}
END_TEST

/* --- bundles --- */

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

/* --- calling back --- */

START_TEST(what_was_withdrawn_does_not_run)
{
	struct part parts[3] = {
	    part_make('a', 1), part_make('b', 4), part_make('c', 1)};

	for (size_t i = 0; i < COUNT(parts); i++)
		enqueue(0, &parts[i]);
	dispatch_pump(dispatcher);
	dispatch_withdraw(dispatcher, &parts[1].load);
	dispatch_withdraw(dispatcher, &parts[1].load);
	ck_assert(load_is_over(&parts[1].load));
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 1);
	serve(0);
	serve(0);
	ck_assert_str_eq(events, "ac");
	expect_at_rest();
}
END_TEST

START_TEST(an_emptied_lane_has_no_turn)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);

	enqueue(0, &a);
	enqueue(1, &b);
	dispatch_withdraw(dispatcher, &a.load);
	leave(0);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_str_eq(events, "b");
	expect_at_rest();
}
END_TEST

/* Of four tasks one runs, one is in the queue, two were not handed out. */
START_TEST(a_recall_stops_each_task_where_it_is)
{
	struct part part = part_make('a', 4);
	uint32_t running, queued;

	part.load.task_ns = 5 * NS_PER_MS; /* one to run and one ahead */
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	running = start(0);
	dispatch_recall(dispatcher, &part.load);
	ck_assert(slot_is_cancelled(board_slot(&generation.board, running)));
	ck_assert_uint_eq(part.load.n_under_way, 1);
	ck_assert(!load_is_over(&part.load));
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 0);

	/* The one in the queue never starts; its slot is not free before its
	 * ticket is back. */
	queued = claim(0);
	ck_assert(!slot_start(board_slot(&generation.board, queued), queued));
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 2);
	hand_back(queued);
	ck_assert_uint_eq(part.n_ended, 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	finish(running);
	ck_assert_uint_eq(part.n_ended, 1);
	ck_assert(load_is_over(&part.load));
	expect_at_rest();
}
END_TEST

START_TEST(a_load_that_cannot_begin_lets_others)
{
	struct part a = part_make('a', 2), b = part_make('b', 1);

	a.cannot_begin = true;
	enqueue(0, &a);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_str_eq(events, "!b");
	expect_at_rest();
}
END_TEST

START_TEST(a_ticket_that_comes_back_twice_counts_once)
{
	struct part part = part_make('a', 1);
	uint32_t ticket;

	enqueue(0, &part);
	dispatch_pump(dispatcher);
	ticket = start(0);
	hand_back(ticket); /* it has not ended */
	ck_assert_uint_eq(part.n_ended, 0);
	finish(ticket);
	hand_back(ticket);
	hand_back(UINT32_MAX);
	ck_assert_uint_eq(part.n_ended, 1);
	expect_at_rest();
}
END_TEST

/* Its slot holds another task by now, which has just ended. */
START_TEST(a_stale_ticket_ends_nobody_elses_task)
{
	struct part a = part_make('a', 1), b = part_make('b', 1);
	uint32_t old, now;

	enqueue(0, &a);
	dispatch_pump(dispatcher);
	old = start(0);
	finish(old);
	enqueue(0, &b);
	dispatch_pump(dispatcher);
	now = start(0);
	ck_assert_uint_eq(ticket_slot_number(now), ticket_slot_number(old));
	ck_assert(slot_finish(board_slot(&generation.board, now), now));
	hand_back(old);
	ck_assert_uint_eq(b.n_ended, 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	hand_back(now);
	ck_assert_uint_eq(a.n_ended, 1);
	ck_assert_uint_eq(b.n_ended, 1);
	expect_at_rest();
}
END_TEST

START_TEST(turns_are_those_of_the_tasks_under_way)
{
	struct part part = part_make('a', 3);
	uint32_t tickets[3];

	part.load.task_ns = QUICK_NS;
	enqueue(0, &part);
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 0);
	dispatch_pump(dispatcher);
	for (uint64_t i = 0; i < 3; i++) {
		tickets[i] = start(0);
		counter_set(
		    &board_slot(&generation.board, tickets[i])->turns, 10 << i);
	}
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 70);
	finish(tickets[1]);
	ck_assert_uint_eq(load_turns(&part.load, &generation.board), 50);
}
END_TEST

/* --- a dead predecessor --- */

START_TEST(a_replacement_takes_over_the_range)
{
	struct part part = part_make('a', 2), next = part_make('b', 1);
	uint32_t running, queued;
	struct slot *slot;

	part.load.task_ns = QUICK_NS;
	enqueue(0, &part);
	dispatch_pump(dispatcher);
	running = start(0);
	slot = board_slot(&generation.board, running);
	counter_add(&tally->jobs[JOB_RUNNING], 1);
	counter_add(&tally->jobs[JOB_QUEUED], 5);
	dispatcher_free(dispatcher);
	dispatcher = frontend.dispatcher = dispatcher_new(&frontend);

	ck_assert(slot_is_cancelled(slot));
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_RUNNING]), 0);
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_QUEUED]), 0);
	ck_assert_uint_eq(counter_get(&tally->jobs[JOB_CANCELLED]), 6);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 1);
	queued = claim(0);
	ck_assert(!slot_start(board_slot(&generation.board, queued), queued));
	hand_back(queued);
	finish(running);
	expect_at_rest();
	ck_assert_uint_eq(part.n_ended, 0);

	enqueue(0, &next);
	dispatch_pump(dispatcher);
	serve(0);
	ck_assert_uint_eq(next.n_ended, 1);
	expect_at_rest();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dispatch");
	TCase *tcase = tcase_create("dispatch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lanes_take_turns_a_job_each);
	tcase_add_test(tcase, the_parts_of_a_job_go_in_one_turn);
	tcase_add_test(tcase, pools_do_not_wait_for_each_other);
	tcase_add_loop_test(
	    tcase, the_window_holds_work_for_10_ms, 0, COUNT(windows));
	tcase_add_test(tcase, a_long_task_fills_one_share);
	tcase_add_loop_test(
	    tcase, tiny_tasks_share_bundles, 0, COUNT(bundlings));
	tcase_add_test(tcase, a_pool_of_threads_gets_single_tickets);
	tcase_add_test(tcase, nobody_waits_behind_a_long_task_in_a_bundle);
	tcase_add_test(tcase, a_bundle_comes_back_as_its_tickets);
	tcase_add_test(tcase, what_was_called_back_is_no_work);
	tcase_add_test(tcase, what_ends_makes_room_for_the_next);
	tcase_add_test(tcase, a_full_queue_is_tried_again);
	tcase_add_test(tcase, what_was_withdrawn_does_not_run);
	tcase_add_test(tcase, an_emptied_lane_has_no_turn);
	tcase_add_test(tcase, a_recall_stops_each_task_where_it_is);
	tcase_add_test(tcase, a_load_that_cannot_begin_lets_others);
	tcase_add_test(tcase, a_ticket_that_comes_back_twice_counts_once);
	tcase_add_test(tcase, a_stale_ticket_ends_nobody_elses_task);
	tcase_add_test(tcase, turns_are_those_of_the_tasks_under_way);
	tcase_add_test(tcase, a_replacement_takes_over_the_range);
	tcase_add_test(tcase, a_higher_priority_goes_first);
	tcase_add_test(tcase, clients_take_turns_in_each_priority);
	tcase_add_test(tcase, a_higher_priority_overtakes_in_mid_job);
	tcase_add_test(tcase, lanes_outlive_their_client);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("fifo");
	tcase_add_checked_fixture(tcase, setup_fifo, teardown);
	tcase_add_test(tcase, in_one_line_who_came_first_is_first);
	tcase_add_test(tcase, a_higher_priority_goes_first_in_one_line_too);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
