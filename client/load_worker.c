/*
 * Owns: when jobs are sent. Everything here is of one thread of the load
 * generator, but for the wires (see load_worker.h) and for what a live line
 * reads of the tally.
 *
 * One turn of the loop: send what is due, flush, wait, read. In an open loop a
 * job whose moment has come is sent over the next connection that has room; if
 * none has, it is skipped, and counted as that. In a closed loop each place in
 * a connection's table is one job that a client has in flight: when its answer
 * comes its next job is due.
 *
 * Moments are since the start of the run. The latency of a job begins with its
 * moment, not when this thread gets to it.
 */
#include "client/load_worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_UNSENT_BYTES ((size_t)1 << 20) /* of a wire; more is no room */
#define MAX_SENT_AT_ONCE 256		   /* and then answers are read */
#define DOWN_PAUSE_NS UINT64_C(5000000)	   /* to look for a new wire */
#define MAX_OVERTIME_NS UINT64_C(2000000000)
#define HURRIED_DRAIN_NS UINT64_C(500000000)
#define UNANSWERED "unanswered"
#define CONNECTION_LOST "connection_lost"

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Since the start of the run; 0 before it. */
static uint64_t
moment_of(const struct load_worker *worker, uint64_t time_ns)
{
	uint64_t start_ns = worker->shared->start_ns;

	return time_ns > start_ns ? time_ns - start_ns : 0;
}

static uint64_t
now_ns(const struct load_worker *worker)
{
	return moment_of(worker, clock_ns(CLOCK_MONOTONIC));
}

/* --- memory --- */

int
load_worker_init(struct load_worker *worker, struct load_shared *shared,
    uint32_t number, uint32_t in_flight)
{
	const struct load_script *script = shared->script;
	uint32_t n = script->connections / script->threads +
	    (number < script->connections % script->threads);

	*worker = (struct load_worker){.shared = shared, .number = number};
	load_schedule_init(&worker->schedule, script, number, script->threads);
	worker->connections = calloc(n, sizeof(worker->connections[0]));
	worker->fds = calloc(n + 1, sizeof(worker->fds[0]));
	if (worker->connections == NULL || worker->fds == NULL)
		return -1;
	worker->n_connections = n;
	for (uint32_t i = 0; i < n; i++)
		if (load_connection_init(&worker->connections[i],
			number + i * script->threads, script, in_flight) == -1)
			return -1;
	return load_tally_init(&worker->tally, script);
}

void
load_worker_free(struct load_worker *worker)
{
	for (uint32_t i = 0; i < worker->n_connections; i++)
		load_connection_free(&worker->connections[i]);
	free(worker->connections);
	free(worker->fds);
	load_tally_free(&worker->tally);
}

/* --- sending --- */

static void
tell_main(const struct load_worker *worker)
{
	uint64_t one = 1;

	/* What is there already is as good. */
	(void)!write(worker->shared->news_fd, &one, sizeof(one));
}

/* Sends a job from this place, which is idle and off the stack. */
static void
send_job(struct load_worker *worker, struct load_connection *connection,
    struct load_wire *wire, uint32_t place, const struct load_job *job,
    uint64_t at_ns)
{
	struct load_slot *slot = &connection->slots[place];

	if (load_wire_submit(wire,
		&worker->shared->script->classes[job->class].request,
		place) == -1) {
		worker->is_out_of_memory = true;
		load_connection_give(connection, place);
		load_tally_left(&worker->tally, job);
		return;
	}
	*slot = (struct load_slot){.job = *job, .sent_ns = at_ns};
	slot->is_busy = true;
	load_tally_sent(&worker->tally, job, at_ns);
}

/*
 * The next connection that has room for a job, after the one used last; NULL:
 * there is none, and whether that is since none is up.
 */
static struct load_connection *
find_room(struct load_worker *worker, bool *is_down)
{
	*is_down = true;
	for (uint32_t i = 0; i < worker->n_connections; i++) {
		struct load_connection *connection =
		    &worker->connections[worker->cursor];
		struct load_wire *wire = connection->wire;

		if (++worker->cursor == worker->n_connections)
			worker->cursor = 0;
		if (wire == NULL)
			continue;
		*is_down = false;
		if (connection->n_idle > 0 &&
		    load_wire_unsent_bytes(wire) < MAX_UNSENT_BYTES)
			return connection;
	}
	return NULL;
}

static void
advance(struct load_worker *worker)
{
	worker->has_next = load_schedule_next(&worker->schedule, &worker->next);
}

/* Open loop: all that is due, but not too much at once. */
static void
send_due(struct load_worker *worker)
{
	uint64_t at_ns = now_ns(worker);

	for (unsigned n = 0; worker->has_next && worker->next.at_ns <= at_ns &&
	     n < MAX_SENT_AT_ONCE;
	     n++) {
		struct load_connection *connection;
		bool is_down;

		load_tally_scheduled(&worker->tally, &worker->next);
		connection = find_room(worker, &is_down);
		if (connection != NULL)
			send_job(worker, connection, connection->wire,
			    load_connection_take(connection), &worker->next,
			    at_ns);
		else
			load_tally_skipped(
			    &worker->tally, &worker->next, is_down);
		advance(worker);
	}
}

/* Closed loop: a new phase may have clients that the last one had not. */
static void
wake_resting(struct load_worker *worker)
{
	for (uint32_t i = 0; i < worker->n_connections; i++)
		load_connection_wake(&worker->connections[i]);
}

/* Closed loop: the next job of everyone who has none under way. */
static void
send_next(struct load_worker *worker)
{
	const struct load_script *script = worker->shared->script;
	uint64_t at_ns = now_ns(worker);
	size_t phase = load_schedule_phase(script, at_ns);
	uint32_t n_clients = load_schedule_clients(script, at_ns);

	if (phase != worker->phase)
		wake_resting(worker);
	worker->phase = phase;
	for (uint32_t i = 0; i < worker->n_connections; i++) {
		struct load_connection *connection = &worker->connections[i];
		struct load_wire *wire = connection->wire;

		while (wire != NULL && connection->n_idle > 0) {
			uint32_t place = load_connection_take(connection);
			struct load_job job = {.at_ns = at_ns, .phase = phase};

			if (load_connection_client(connection, script, place) >=
			    n_clients) {
				load_connection_rest(connection, place);
				continue;
			}
			job.class = load_schedule_class(&worker->schedule);
			load_tally_scheduled(&worker->tally, &job);
			send_job(worker, connection, wire, place, &job, at_ns);
		}
	}
}

/* --- answers --- */

static void
take_answer(struct load_worker *worker, struct load_connection *connection,
    const struct load_answer *answer)
{
	const struct load_script *script = worker->shared->script;
	uint64_t received_ns = moment_of(worker, answer->received_ns);
	struct load_slot *slot = &connection->slots[answer->tag];
	struct load_times times = {
	    .sent_ns = slot->sent_ns,
	    .received_ns = received_ns,
	    .queue_ns = answer->queue_ns,
	    .wall_ns = answer->wall_ns,
	    .total_ns = answer->total_ns,
	    .lock_wait_ns = answer->lock_wait_ns,
	    .workers = script->classes[slot->job.class].request.workers,
	};

	if (answer->is_done)
		load_tally_done(&worker->tally, &slot->job, &times);
	else
		load_tally_failed(&worker->tally, &slot->job, received_ns,
		    answer->reason, answer->detail);
	load_connection_give(connection, (uint32_t)answer->tag);
}

/* All that is under way on a connection has failed. */
static void
fail_all(struct load_worker *worker, struct load_connection *connection,
    const char *reason, const char *example)
{
	uint64_t at_ns = now_ns(worker);

	for (uint32_t place = 0; place < connection->n_slots; place++) {
		struct load_slot *slot = &connection->slots[place];

		if (!slot->is_busy)
			continue;
		load_tally_failed(
		    &worker->tally, &slot->job, at_ns, reason, example);
		load_connection_give(connection, place);
	}
}

static void
lose(struct load_worker *worker, struct load_connection *connection,
    struct load_wire *wire, const char *why)
{
	load_tally_lost(&worker->tally);
	fail_all(worker, connection, CONNECTION_LOST, why);
	load_wire_close(wire);
	connection->wire = NULL;
	tell_main(worker);
}

static void
read_answers(struct load_worker *worker, struct load_connection *connection)
{
	struct load_wire *wire = connection->wire;
	struct load_answer answer;

	for (;;) {
		switch (load_wire_next(wire, &answer)) {
		case LOAD_WIRE_EMPTY:
			return;
		case LOAD_WIRE_LOST:
			lose(worker, connection, wire, load_wire_error(wire));
			return;
		case LOAD_WIRE_ANSWER:
			break;
		}
		if (!load_connection_has(connection, answer.tag)) {
			lose(worker, connection, wire,
			    "it sent an answer to no request");
			return;
		}
		take_answer(worker, connection, &answer);
	}
}

/* --- the loop --- */

/* Waits for an answer, or until a moment. Whether it was told to stop. */
static bool
wait_until(struct load_worker *worker, uint64_t until_ns, bool may_stop)
{
	uint32_t n = worker->n_connections;
	uint64_t at_ns;
	struct timespec left;

	for (uint32_t i = 0; i < n; i++) {
		struct load_connection *connection = &worker->connections[i];
		struct load_wire *wire = connection->wire;

		worker->fds[i].fd = wire != NULL ? load_wire_fd(wire) : -1;
		if (wire != NULL)
			worker->fds[i].events = load_wire_events(wire);
		if (wire != NULL && !connection->was_up)
			load_tally_reopened(&worker->tally);
		connection->was_up = wire != NULL;
		at_ns = now_ns(worker);
		if (wire == NULL && until_ns > at_ns + DOWN_PAUSE_NS)
			until_ns = at_ns + DOWN_PAUSE_NS;
	}
	worker->fds[n] = (struct pollfd){
	    .fd = may_stop ? worker->shared->stop_fd : -1, .events = POLLIN};
	at_ns = now_ns(worker);
	until_ns = until_ns > at_ns ? until_ns - at_ns : 0;
	left.tv_sec = (time_t)(until_ns / 1000000000);
	left.tv_nsec = (long)(until_ns % 1000000000);
	if (ppoll(worker->fds, n + 1, &left, NULL) <= 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (worker->fds[i].fd != -1 && worker->fds[i].revents != 0)
			read_answers(worker, &worker->connections[i]);
	return worker->fds[n].revents != 0;
}

static void
flush_all(struct load_worker *worker)
{
	for (uint32_t i = 0; i < worker->n_connections; i++) {
		struct load_wire *wire = worker->connections[i].wire;

		if (wire != NULL && load_wire_unsent_bytes(wire) > 0)
			load_wire_flush(wire);
	}
}

/* When the loop is to be awake next, if no answer comes before. */
static uint64_t
next_moment(const struct load_worker *worker)
{
	const struct load_script *script = worker->shared->script;
	uint64_t end_ns = load_script_duration_ns(script);
	size_t phase = worker->phase == LOAD_WARM_UP ? 0 : worker->phase + 1;

	if (script->mode == LOAD_OPEN)
		return worker->has_next ? worker->next.at_ns : end_ns;
	return phase < script->n_phases ? script->phases[phase].start_ns
					: end_ns;
}

/* All that was due before the end is sent, if it is not too much. */
static bool
goes_on(const struct load_worker *worker)
{
	uint64_t end_ns = load_script_duration_ns(worker->shared->script);
	uint64_t at_ns = now_ns(worker);

	return at_ns < end_ns ||
	    (worker->has_next && at_ns < end_ns + MAX_OVERTIME_NS);
}

static void
send_until_end(struct load_worker *worker)
{
	const struct load_script *script = worker->shared->script;
	bool is_stopped = false;

	while (!is_stopped && !worker->is_out_of_memory && goes_on(worker)) {
		if (script->mode == LOAD_OPEN)
			send_due(worker);
		else
			send_next(worker);
		flush_all(worker);
		is_stopped = wait_until(worker, next_moment(worker), true);
	}
	if (is_stopped || worker->is_out_of_memory)
		worker->tally.end_ns = now_ns(worker);
}

/* What was due before the end, and had no turn any more. */
static void
leave_rest(struct load_worker *worker)
{
	while (worker->has_next && worker->next.at_ns < worker->tally.end_ns) {
		load_tally_scheduled(&worker->tally, &worker->next);
		load_tally_left(&worker->tally, &worker->next);
		advance(worker);
	}
}

static bool
has_unanswered(const struct load_worker *worker)
{
	for (uint32_t i = 0; i < worker->n_connections; i++)
		if (load_connection_is_busy(&worker->connections[i]))
			return true;
	return false;
}

static void
drain(struct load_worker *worker)
{
	uint64_t drain_ns = worker->shared->script->drain_ns;
	uint64_t until_ns = now_ns(worker) + drain_ns;

	while (has_unanswered(worker) && now_ns(worker) < until_ns) {
		bool is_hurried = worker->shared->is_hurried;

		if (is_hurried && drain_ns > HURRIED_DRAIN_NS) {
			drain_ns = HURRIED_DRAIN_NS;
			until_ns = now_ns(worker) + drain_ns;
		}
		flush_all(worker);
		(void)wait_until(worker, until_ns, !is_hurried);
	}
	for (uint32_t i = 0; i < worker->n_connections; i++)
		fail_all(worker, &worker->connections[i], UNANSWERED,
		    "the run was over");
}

void *
load_worker_run(void *arg)
{
	struct load_worker *worker = arg;
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	/* The default lets the kernel wake it 50 us late. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	worker->phase = LOAD_WARM_UP;
	if (worker->shared->script->mode == LOAD_OPEN)
		advance(worker);
	for (uint32_t i = 0; i < worker->n_connections; i++)
		worker->connections[i].was_up = true;
	(void)wait_until(worker, 0, false);
	send_until_end(worker);
	worker->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	worker->ran_ns = worker->tally.end_ns;
	leave_rest(worker);
	drain(worker);
	worker->has_ended = true;
	tell_main(worker);
	return NULL;
}
