/*
 * The world around a frontend. Everything that another process does is done
 * here by the calls that this process makes: letters are those of crew.c and
 * desk.c. The executors are in world_executors.c.
 *
 * Pipes are made small, so that they can be full.
 */
#include "tests/fuzz/world.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/doors.h"
#include "daemon/job.h"
#include "daemon/options.h"
#include "tests/fuzz/fuzz.h"

#define PIPE_BYTES 4096
#define PIPE_TICKETS (PIPE_BYTES / sizeof(uint32_t))
#define OTHER_GENERATION 7

/* --- time --- */

#define START_NS (1000 * NS_PER_S)

static uint64_t world_now_ns = START_NS;

/* In the place of the C library's, for libevent too. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = (time_t)(world_now_ns / NS_PER_S);
	now->tv_nsec = (long)(world_now_ns % NS_PER_S);
	return 0;
}

void
world_wait(uint64_t ms)
{
	world_now_ns += ms * NS_PER_MS;
}

/* --- begin and end --- */

static const struct settings *
settings_of(bool is_narrow)
{
	static const char *const narrow[][2] = {
	    {"max_connections", "3"},
	    {"max_jobs", "6"},
	    {"max_in_flight", "4"},
	    {"max_batch", "4"},
	    {"max_workers", "8"},
	    {"max_line", "1k"},
	    {"max_unsent", "2k"},
	    {"max_attempts", "2"},
	    {"max_queued", "3"},
	    {"max_client_bytes", "64k"},
	    {"stall_timeout", "20s"},
	    {"idle_timeout", "40s"},
	};
	static const char *const patient[][2] = {
	    {"stall_timeout", "0"},
	    {"line_timeout", "0"},
	};
	static const char *const pools[][2] = {
	    {"pool.threads.size", "2"},
	    {"pool.threads.events", "on"},
	    {"pool.threads.events_kept", "64"},
	    {"pool.processes.size", "2"},
	    {"pool.free.kind", "threads"},
	    {"pool.free.size", "1"},
	    {"pool.free.locks", "0"},
	    {"pool.free.events_kept", "64"},
	};
	static struct settings all[2];
	struct settings *settings = &all[is_narrow];
	char error[OPTIONS_ERROR_CHARS + 1];

	if (settings->n_pools > 0)
		return settings;
	options_init(settings);
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		MUST(options_set(settings, pools[i][0], pools[i][1], error) ==
		    0);
	for (size_t i = 0;
	     !is_narrow && i < sizeof(patient) / sizeof(patient[0]); i++)
		MUST(options_set(
			 settings, patient[i][0], patient[i][1], error) == 0);
	for (size_t i = 0; is_narrow && i < sizeof(narrow) / sizeof(narrow[0]);
	     i++)
		MUST(options_set(settings, narrow[i][0], narrow[i][1], error) ==
		    0);
	MUST(options_finish(settings, error) == 0);
	return settings;
}

static int
open_listener(void)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	MUST(fd >= 0);
	/* No more than the family: the kernel chooses an abstract name. */
	MUST(bind(fd, (const struct sockaddr *)&any, sizeof(sa_family_t)) == 0);
	MUST(listen(fd, 16) == 0);
	return fd;
}

/* Its doors close what they listen on. */
static void
open_frontend(struct world *world)
{
	world->listeners.n = 1;
	world->listeners.all[0].fd = fcntl(world->listener, F_DUPFD_CLOEXEC, 0);
	MUST(world->listeners.all[0].fd >= 0);
	MUST(frontend_open(&world->frontend, &world->generation, 0) == 0);
	world->is_open = true;
	world->phase = PEER_SERVE;
}

static void
close_frontend(struct world *world)
{
	frontend_close(&world->frontend);
	world->is_open = false;
}

void
world_open(struct world *world, bool is_narrow)
{
	struct board *board = &world->generation.board;

	/* As gild's master has it. */
	(void)signal(SIGPIPE, SIG_IGN);
	world_now_ns = START_NS;
	*world = (struct world){.settings = settings_of(is_narrow)};
	world->listener = open_listener();
	MUST(generation_open(
		 &world->generation, world->settings, &world->listeners) == 0);
	world->generation.number = 1;
	board->calibration =
	    (struct calibration){.turn_ps = 300, .spin_ps = 1000};
	for (size_t i = 0; i < world->settings->n_pools; i++) {
		const struct queue *run = &world->generation.run[i];

		MUST(fcntl(run->read_fd, F_SETFL, O_NONBLOCK) == 0);
		MUST(fcntl(run->write_fd, F_SETPIPE_SZ, PIPE_BYTES) > 0);
	}
	MUST(fcntl(world->generation.ended[0].write_fd, F_SETPIPE_SZ,
		 PIPE_BYTES) > 0);
	MUST(board->n_seats <= WORLD_MAX_SEATS);
	MUST(recovery_init(&world->recovery, &world->generation) == 0);
	open_frontend(world);
}

void
world_close(struct world *world)
{
	if (world->is_open)
		close_frontend(world);
	for (size_t i = 0; i < world->n_clients; i++)
		packet_close_fds(&world->clients[i]);
	recovery_free(&world->recovery);
	generation_close(&world->generation);
	close(world->listener);
}

void
world_turn(struct world *world)
{
	struct event_base *base = world->frontend.base;

	if (!world->is_open)
		return;
	MUST(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
	if (!event_base_got_exit(base) && !event_base_got_break(base))
		return;
	/* Here its process would end. Ours goes on, and libevent keeps a
	 * client who was just handed over until it has turned once more. */
	MUST(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
	close_frontend(world);
}

/* --- clients --- */

int
world_connect(struct world *world)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	MUST(fd >= 0);
	MUST(getsockname(
		 world->listener, (struct sockaddr *)&address, &length) == 0);
	if (connect(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	close(fd); /* nobody accepts */
	return -1;
}

/* Lends the descriptors to the frontend's inbox. */
static bool
pass_client(struct world *world, const struct packet_fds *fds)
{
	const struct peer_message message = {.kind = PEER_CLIENT};

	return generation_tell(&world->generation, 0, &message, fds) == 0;
}

int
world_hand_over(struct world *world, const void *bytes, size_t size)
{
	const int room = 4096;
	struct packet_fds fds = {.n = 1};
	int ends[2];
	bool is_passed;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		 ends) == 0);
	/* Not much fits in: it gets to know slow readers. */
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fds.fds[0] = ends[0];
	if (size > 0) {
		fds.fds[fds.n++] = memfd_create("rest", MFD_CLOEXEC);
		MUST(fds.fds[1] >= 0);
		MUST(pwrite(fds.fds[1], bytes, size, 0) == (ssize_t)size);
	}
	is_passed = pass_client(world, &fds);
	packet_close_fds(&fds);
	if (is_passed)
		return ends[1];
	close(ends[1]);
	return -1;
}

/* --- the master and its letters --- */

void
world_order(struct world *world, enum peer_kind order)
{
	const struct peer_message message = {.kind = order};

	if (!world->is_open || order < world->phase ||
	    generation_tell(&world->generation, 0, &message, NULL) != 0)
		return;
	world->phase = order;
	if (order > PEER_RETIRE)
		world->n_disasters++;
}

static void
keep_letter(struct world *world, const struct letter *letter)
{
	/* One too many is lost, and given up in time. */
	if (world->n_letters < WORLD_MAX_LETTERS)
		world->letters[world->n_letters++] = *letter;
}

static void
read_request(struct world *world, const struct master_request *request,
    struct packet_fds *fds, bool is_obedient)
{
	const struct letter letter = {
	    .is_reload = request->kind == MASTER_RELOAD,
	    .question = request->question,
	    .job = request->job,
	};

	if (request->kind == MASTER_RELOAD || request->kind == MASTER_CANCEL) {
		MUST(request->generation == 1 && request->from == 0);
		keep_letter(world, &letter);
	} else if (request->kind == MASTER_CLIENT) {
		MUST(fds->n > 0);
		world->clients[world->n_clients++] = *fds;
		fds->n = 0;
	} else if (request->kind == MASTER_DRAIN && is_obedient) {
		world_order(world, PEER_DRAIN);
	} else if (request->kind == MASTER_SHUTDOWN && is_obedient) {
		world_order(world, PEER_ABORT);
	}
	packet_close_fds(fds);
}

void
world_read_letters(struct world *world, bool is_obedient)
{
	const struct generation *generation = &world->generation;
	struct master_request request;
	struct peer_message message;
	struct packet_fds fds;

	while (world->n_clients < WORLD_MAX_LETTERS &&
	    packet_receive(
		generation->desk_in, &request, sizeof(request), &fds) > 0)
		read_request(world, &request, &fds, is_obedient);
	while (packet_receive(generation->inbox_in[1], &message,
		   sizeof(message), &fds) > 0) {
		const struct letter letter = {
		    .question = message.question, .job = message.job};

		if (message.kind == PEER_CANCEL)
			keep_letter(world, &letter);
		packet_close_fds(&fds);
	}
}

void
world_answer(struct world *world, unsigned how)
{
	struct peer_message message = {.kind = PEER_CANCELLED};
	const struct letter *letter;

	if (world->n_letters == 0)
		return;
	letter = &world->letters[--world->n_letters];
	message.question = letter->question;
	message.job = letter->job;
	message.was_found = how & 1;
	if (letter->is_reload) {
		message.kind = how == 0 ? PEER_RELOADED : PEER_UNCHANGED;
		message.is_busy = how == 1;
		message.is_stopping = how == 2;
		message.new_generation = 2;
		strcpy(message.text, "127.0.0.1:1\nunix:/run/x");
		/* As full as can be: not even a NUL at its end. */
		if (how == 3)
			memset(message.text, 'x', sizeof(message.text));
	}
	(void)!generation_tell(&world->generation, 0, &message, NULL);
}

void
world_tell_nonsense(
    struct world *world, const void *bytes, size_t size, unsigned kind)
{
	/* Of the orders only the first is one that does no harm. */
	struct peer_message message = {
	    .kind = (enum peer_kind)(kind <= PEER_ABORT ? 0 : kind)};

	if (size == 0) {
		(void)!generation_tell(&world->generation, 0, &message, NULL);
		return;
	}
	(void)!packet_send(world->generation.inbox_out[0], bytes,
	    size < sizeof(message) ? size : sizeof(message) - 1, NULL);
}

void
world_cancel(struct world *world, const char *id, bool is_of_others)
{
	struct peer_message message = {
	    .kind = PEER_CANCEL,
	    .generation = is_of_others ? OTHER_GENERATION : 1,
	    .from = 1,
	    .question = 1,
	};

	MUST(job_id_parse(id, &message.job) == 0);
	(void)!generation_tell(&world->generation, 0, &message, NULL);
}

void
world_lose_master(struct world *world)
{
	if (world->is_masterless)
		return;
	close(world->generation.life_out);
	world->generation.life_out = -1;
	world->is_masterless = true;
	world->n_disasters++;
}

/* Takes all there is. */
static size_t
take_queue(const struct queue *queue, uint32_t tickets[PIPE_TICKETS])
{
	size_t n = queue_take(queue, tickets, PIPE_TICKETS);

	MUST(n < PIPE_TICKETS || queue_take(queue, &(uint32_t){0}, 1) == 0);
	return n;
}

/*
 * Killed, it does nothing more: what it does here while it is closed is undone
 * in what outlives it, the board and the queues.
 */
void
world_kill_frontend(struct world *world)
{
	uint32_t tickets[SETTINGS_MAX_POOLS][PIPE_TICKETS], late[PIPE_TICKETS];
	const struct board *board = &world->generation.board;
	size_t n[SETTINGS_MAX_POOLS];
	void *copy;

	if (!world->is_open || world->is_masterless)
		return;
	copy = malloc(board->memory_bytes);
	MUST(copy != NULL);
	for (size_t i = 0; i < world->settings->n_pools; i++)
		n[i] = take_queue(&world->generation.run[i], tickets[i]);
	memcpy(copy, board->memory, board->memory_bytes);
	close_frontend(world);
	memcpy(board->memory, copy, board->memory_bytes);
	for (size_t i = 0; i < world->settings->n_pools; i++) {
		const struct queue *run = &world->generation.run[i];

		(void)take_queue(run, late);
		MUST(n[i] == 0 || queue_push(run, tickets[i], n[i]) == 0);
	}
	free(copy);
	world->n_disasters++;
	open_frontend(world);
}

void
world_go_on(struct world *world)
{
	if (!world->is_open && !world->is_masterless) {
		open_frontend(world);
		world_order(world, PEER_SERVE);
	}
	while (world->is_open && world->phase == PEER_SERVE &&
	    world->n_clients > 0 &&
	    pass_client(world, &world->clients[world->n_clients - 1]))
		packet_close_fds(&world->clients[--world->n_clients]);
}

/* --- rest --- */

bool
world_is_at_rest(const struct world *world)
{
	const struct board *board = &world->generation.board;
	bool is_at_rest = world->is_open &&
	    counter_get(&board->frontends[0].connections_open) == 0 &&
	    jobs_count(world->frontend.jobs) == 0 &&
	    LIST_EMPTY(&world->frontend.sessions) &&
	    world->recovery.n_strays == 0 && world->n_clients == 0;

	for (uint32_t i = 0; i < board->n_seats; i++)
		is_at_rest &= world->stages[i] == STAGE_IDLE;
	for (uint32_t i = 0; i < board->slots_per_frontend; i++)
		is_at_rest &= slot_look(&board->slots[i]).state == SLOT_FREE;
	for (uint32_t i = 0; i < world->settings->n_pools; i++) {
		const struct tally *tally = board_tally(board, 0, i);

		is_at_rest &= counter_get(&tally->jobs[JOB_QUEUED]) == 0 &&
		    counter_get(&tally->jobs[JOB_RUNNING]) == 0 &&
		    counter_get(&tally->tasks_queued) == 0 &&
		    counter_get(&tally->tasks_dispatched) == 0;
	}
	return is_at_rest;
}
