/*
 * A whole frontend, from its sockets to its slots, driven by a sequence of
 * steps: clients come, ask, read or do not, and leave; the master orders; the
 * executors work and die; time passes. Whatever happened, in the end each
 * client that could be answered has exactly one answer for each call that
 * wanted one, and nothing of its jobs is left.
 *
 * An input is a byte of switches and then steps: a byte that chooses one, and
 * the bytes that it asks for. See steps[].
 */
#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "daemon/log.h"
#include "tests/fuzz/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_CLIENTS 6
#define MAX_STEPS 400
#define MAX_ROUNDS 400 /* until the end of all */
#define MAX_FD 256
#define LONG_MS UINT64_C(100000) /* longer than any question is kept */

/* The switches. */
#define SWITCH_NARROW 1 /* low bounds */
#define SWITCH_ABRUPT 2 /* closed as it is after the last step */
#define SWITCH_SHUT 4	/* the first step finds shut doors */

struct run {
	struct world world;
	struct client clients[MAX_CLIENTS];
	struct known_jobs known;
	struct input input;
};

/* --- clients --- */

static struct client *
choose_client(struct run *run)
{
	return &run->clients[input_choose(&run->input, MAX_CLIENTS)];
}

/* In whose time it came; who comes to one that stops may get no answers. */
static unsigned
age_of(const struct world *world)
{
	return world->n_disasters - (world->phase > PEER_RETIRE);
}

/* What it has got until now is right, and it is gone. */
static void
see_off(struct run *run, struct client *client)
{
	if (client->fd < 0)
		return;
	client_check(client, run->world.settings, false);
	client_close(client);
}

static void
step_connect(struct run *run)
{
	struct client *client = choose_client(run);
	int fd;

	if (client->fd >= 0)
		return;
	fd = world_connect(&run->world);
	if (fd >= 0)
		client_open(client, fd, age_of(&run->world));
}

/* Handed over, with the first part of what it sends read already. */
static void
step_hand_over(struct run *run)
{
	struct client *client = choose_client(run);
	struct evbuffer *rest = evbuffer_new();
	size_t size = 0;
	int fd;

	if (client->fd < 0) {
		MUST(rest != NULL);
		if (input_choose(&run->input, 2) == 1)
			grammar_request(rest, &run->input, &run->known);
		size = evbuffer_get_length(rest);
		fd = world_hand_over(
		    &run->world, evbuffer_pullup(rest, -1), size);
		if (fd >= 0) {
			client_open(client, fd, age_of(&run->world));
			MUST(evbuffer_add_buffer(client->sent, rest) == 0);
		}
	}
	evbuffer_free(rest);
}

/* Sends what is written, and empties it. */
static void
send_text(struct client *client, struct evbuffer *text)
{
	client_send(
	    client, evbuffer_pullup(text, -1), evbuffer_get_length(text));
	evbuffer_free(text);
}

static void
step_request(struct run *run)
{
	struct client *client = choose_client(run);
	struct evbuffer *text = evbuffer_new();

	MUST(text != NULL);
	grammar_request(text, &run->input, &run->known);
	MUST(evbuffer_add(text, "\n", 1) == 0);
	send_text(client, text);
}

static void
step_batch(struct run *run)
{
	struct client *client = choose_client(run);
	struct evbuffer *text = evbuffer_new();
	unsigned n = input_choose(&run->input, 7);

	MUST(text != NULL);
	for (unsigned i = 0; i < n; i++) {
		MUST(evbuffer_add(text, i == 0 ? "[" : ",", 1) == 0);
		grammar_request(text, &run->input, &run->known);
	}
	MUST(evbuffer_add(text, n == 0 ? "[]\n" : "]\n", n == 0 ? 3 : 2) == 0);
	send_text(client, text);
}

/* One byte of a request is another. */
static void
step_nearly_a_request(struct run *run)
{
	struct client *client = choose_client(run);
	struct evbuffer *text = evbuffer_new();
	unsigned char *bytes;
	size_t place;

	MUST(text != NULL);
	grammar_request(text, &run->input, &run->known);
	MUST(evbuffer_add(text, "\n", 1) == 0);
	place = input_byte(&run->input) % evbuffer_get_length(text);
	bytes = evbuffer_pullup(text, -1);
	bytes[place] = input_byte(&run->input);
	send_text(client, text);
}

static void
step_raw_bytes(struct run *run)
{
	struct client *client = choose_client(run);
	size_t size = input_byte(&run->input);
	const uint8_t *bytes = input_bytes(&run->input, size, &size);

	client_send(client, bytes, size);
}

/* Many of the same, as a line that is long or as many short ones. */
static void
step_many_bytes(struct run *run)
{
	struct client *client = choose_client(run);
	char bytes[2048];

	memset(bytes, input_byte(&run->input), sizeof(bytes));
	client_send(client, bytes, sizeof(bytes));
}

static void
step_half_close(struct run *run)
{
	client_half_close(choose_client(run));
}

static void
step_leave(struct run *run)
{
	see_off(run, choose_client(run));
}

static void
step_read(struct run *run)
{
	client_read(choose_client(run), &run->known);
}

/* --- time --- */

static void
step_turn(struct run *run)
{
	unsigned n = 1 + input_choose(&run->input, 4);

	for (unsigned i = 0; i < n; i++)
		world_turn(&run->world);
}

static void
step_wait(struct run *run)
{
	static const uint64_t ms[] = {1, 10, 100, 250, 1000, 5000, LONG_MS};

	world_wait(ms[input_choose(&run->input, COUNT(ms))]);
	world_turn(&run->world);
}

/* --- executors --- */

static void
step_work(struct run *run)
{
	uint32_t seat = input_choose(&run->input, world_seats(&run->world));

	world_work(&run->world, seat, input_byte(&run->input));
}

static void
step_work_all(struct run *run)
{
	world_work_all(&run->world);
	world_turn(&run->world);
}

static void
step_kill_executor(struct run *run)
{
	uint32_t seat = input_choose(&run->input, world_seats(&run->world));

	world_kill_executor(&run->world, seat,
	    input_choose(&run->input, 2) == 0 ? SIGKILL : 1 << 8);
}

static void
step_push_strays(struct run *run)
{
	(void)recovery_push_strays(&run->world.recovery);
}

static void
step_flood_queues(struct run *run)
{
	world_flood_queues(&run->world);
}

/* --- the master, and other frontends --- */

static void
step_order(struct run *run)
{
	static const enum peer_kind orders[] = {PEER_SERVE, PEER_SERVE,
	    PEER_RETIRE, PEER_RETIRE, PEER_DRAIN, PEER_ABORT};

	world_order(
	    &run->world, orders[input_choose(&run->input, COUNT(orders))]);
}

static void
step_read_letters(struct run *run)
{
	world_read_letters(&run->world, input_choose(&run->input, 4) == 3);
}

static void
step_answer(struct run *run)
{
	world_answer(&run->world, input_choose(&run->input, 4));
}

static void
step_cancel(struct run *run)
{
	char id[JOB_ID_CHARS + 1];

	known_jobs_choose(&run->known, &run->input, id);
	world_cancel(&run->world, id, input_choose(&run->input, 2) == 1);
}

static void
step_nonsense(struct run *run)
{
	unsigned kind = input_byte(&run->input);
	size_t size = input_choose(&run->input, 16);
	const uint8_t *bytes = input_bytes(&run->input, size, &size);

	world_tell_nonsense(&run->world, bytes, size, kind);
}

/* There are older generations, or there are none any more. */
static void
step_others(struct run *run)
{
	counter_set(&run->world.generation.board.shared->n_others,
	    input_choose(&run->input, 2));
}

static void
step_go_on(struct run *run)
{
	world_go_on(&run->world);
}

static void
step_kill_frontend(struct run *run)
{
	/* Not by every other input. */
	if (input_byte(&run->input) >= 0xc0)
		world_kill_frontend(&run->world);
}

static void
step_lose_master(struct run *run)
{
	if (input_byte(&run->input) >= 0xf0)
		world_lose_master(&run->world);
}

/* In the order of what is likely: an input of zeros connects. */
static const struct {
	const char *name;
	void (*take)(struct run *run);
} steps[] = {
    {"connect", step_connect},
    {"request", step_request},
    {"turn", step_turn},
    {"work", step_work},
    {"read", step_read},
    {"work all", step_work_all},
    {"batch", step_batch},
    {"nearly a request", step_nearly_a_request},
    {"raw bytes", step_raw_bytes},
    {"wait", step_wait},
    {"half close", step_half_close},
    {"leave", step_leave},
    {"kill executor", step_kill_executor},
    {"hand over", step_hand_over},
    {"order", step_order},
    {"read letters", step_read_letters},
    {"answer", step_answer},
    {"cancel", step_cancel},
    {"others", step_others},
    {"go on", step_go_on},
    {"many bytes", step_many_bytes},
    {"push strays", step_push_strays},
    {"flood queues", step_flood_queues},
    {"nonsense", step_nonsense},
    {"kill frontend", step_kill_frontend},
    {"lose master", step_lose_master},
};

/* With GILD_FUZZ_TRACE in the environment it says what it does. */
static void
take_step(struct run *run)
{
	unsigned i = input_choose(&run->input, COUNT(steps));

	if (getenv("GILD_FUZZ_TRACE") != NULL)
		fprintf(stderr, "%s, with %zu bytes left\n", steps[i].name,
		    run->input.left);
	steps[i].take(run);
}

/* --- the end --- */

static bool
all_are_served(const struct run *run)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		if (run->clients[i].fd >= 0 && !run->clients[i].is_at_end)
			return false;
	}
	return true;
}

/*
 * Everybody does what is to be expected of them, until nothing is left to do.
 * First a while as it is, then clients say that they have no more to ask.
 */
static void
come_to_an_end(struct run *run)
{
	struct world *world = &run->world;

	for (unsigned round = 0; round < MAX_ROUNDS; round++) {
		world_go_on(world);
		if (world->phase == PEER_SERVE)
			world_order(world, PEER_SERVE);
		world_read_letters(world, false);
		while (world->n_letters > 0 && round % 2 == 1)
			world_answer(world, round / 2 % 4);
		world_work_all(world);
		world_turn(world);
		for (size_t i = 0; i < MAX_CLIENTS; i++) {
			if (round == 8)
				client_half_close(&run->clients[i]);
			client_read(&run->clients[i], &run->known);
		}
		if (all_are_served(run) && world_is_at_rest(world))
			return;
		world_wait(round < 64 ? 50 : LONG_MS);
	}
	MUST(!"all jobs and clients come to an end");
}

static void
settle_accounts(struct run *run)
{
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = &run->clients[i];

		if (client->fd < 0)
			continue;
		client_check(client, run->world.settings,
		    client->n_disasters == run->world.n_disasters);
		client_close(client);
	}
}

static unsigned
count_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < MAX_FD; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run;
	unsigned n_descriptors = count_descriptors();
	uint8_t switches;

	log_set_level(LOG_LEVEL_ERROR);
	memset(&run, 0, sizeof(run));
	run.input = (struct input){.next = data, .left = size};
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		run.clients[i].fd = -1;
	switches = input_byte(&run.input);
	world_open(&run.world, (switches & SWITCH_NARROW) != 0);
	if ((switches & SWITCH_SHUT) == 0)
		world_order(&run.world, PEER_SERVE);
	for (int i = 0; i < MAX_STEPS && !input_has_ended(&run.input); i++)
		take_step(&run);
	if ((switches & SWITCH_ABRUPT) == 0 && !run.world.is_masterless)
		come_to_an_end(&run);
	else
		run.world.n_disasters++;
	settle_accounts(&run);
	world_close(&run.world);
	MUST(count_descriptors() == n_descriptors);
	return 0;
}
