/* A dispatcher and its two ends. One process, one thread: the test's. */
#include "tests/unit/dispatch_fixture.h"

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>

struct settings settings;
struct generation generation;
struct frontend frontend;
struct dispatcher *dispatcher;
struct tally *tally;
char events[1024];

static struct listeners listeners;
static struct lanes *clients[3];

/* --- loads --- */

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

struct part
part_make(char name, uint32_t n_tasks)
{
	return (struct part){
	    .load = {.type = &part_type,
		.n_tasks = n_tasks,
		.task_ns = SLOW_NS},
	    .name = name,
	};
}

void
enqueue(int client, struct part *part)
{
	ck_assert_int_eq(
	    dispatch_enqueue(dispatcher, clients[client], &part->load), 0);
}

void
leave(int client)
{
	lanes_unref(clients[client]);
	clients[client] = NULL;
}

/* --- the executors --- */

uint32_t
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

uint32_t
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

uint32_t
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

void
hand_back(uint32_t ticket)
{
	ck_assert_int_eq(queue_push(&generation.ended[0], &ticket, 1), 0);
	ck_assert_int_ge(event_base_loop(frontend.base, EVLOOP_NONBLOCK), 0);
}

void
finish(uint32_t ticket)
{
	ck_assert(slot_finish(board_slot(&generation.board, ticket), ticket));
	hand_back(ticket);
}

void
serve(uint32_t pool)
{
	finish(start(pool));
}

void
expect_at_rest(void)
{
	ck_assert_uint_eq(counter_get(&tally->tasks_queued), 0);
	ck_assert_uint_eq(counter_get(&tally->tasks_dispatched), 0);
}

/* --- suites --- */

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

void
setup(void)
{
	setup_order(QUEUE_FAIR);
}

void
setup_fifo(void)
{
	setup_order(QUEUE_FIFO);
}

void
teardown(void)
{
	for (int i = 0; i < (int)COUNT(clients); i++)
		leave(i);
	dispatcher_free(dispatcher);
	event_base_free(frontend.base);
	generation_close(&generation);
}
