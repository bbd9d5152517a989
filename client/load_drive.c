/*
 * Owns: a load run's threads and their beginning and end. The main thread
 * connects, starts the workers, and then waits for one of four things: a
 * second has passed (the live line), a connection is lost (it makes another),
 * Ctrl-C (it stops them), or they have ended.
 */
#include "client/load_drive.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/load_judge.h"
#include "client/load_live.h"
#include "client/load_weather.h"
#include "client/load_worker.h"
#include "client/roster.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/when.h"

#define START_IN_NS UINT64_C(2000000) /* when all threads are there */
#define REOPEN_EVERY_MS 20
#define REOPEN_TIMEOUT_MS 200

struct run {
	const struct context *context;
	const struct load_script *script;
	const struct load_server *server;
	struct load_shared shared;
	struct load_worker *workers;
	uint32_t n_workers; /* these two: of the script's threads */
	uint32_t n_started;
	struct load_live live;
	bool is_interrupted;
	struct load_weather weather;
	uint64_t cpu_ns; /* of the whole program, when it began */
};

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- with whom --- */

static enum outcome
check_pools(const struct context *context, const struct load_script *script,
    const struct roster *roster)
{
	for (size_t i = 0; i < script->n_classes; i++) {
		const struct load_class *class = &script->classes[i];

		if (roster_find(roster, class->request.pool) != NULL)
			continue;
		command_complain(context->command,
		    "%s: the server has no pool \"%s\"; gilctl pools shows "
		    "what it has",
		    class->name, class->request.pool);
		return OUTCOME_REFUSED;
	}
	return OUTCOME_FINE;
}

enum outcome
load_drive_meet(const struct context *context, const struct load_script *script,
    struct load_server *server)
{
	struct roster roster;
	json_t *info;
	enum outcome outcome =
	    talk_ask_once(context, "server.info", json_object(), &info);

	if (outcome != OUTCOME_FINE)
		return outcome;
	roster = roster_read(info);
	snprintf(
	    server->version, sizeof(server->version), "%s", roster.version);
	server->cpus = roster.cores;
	server->pid = (pid_t)show_number(info, "pid");
	server->max_in_flight =
	    show_number(json_object_get(info, "limits"), "max_in_flight");
	json_decref(info);
	return check_pools(context, script, &roster);
}

/* Jobs that a connection may have under way; 0, and said so: it is too many. */
static uint32_t
choose_in_flight(const struct run *run)
{
	const struct load_script *script = run->script;
	uint64_t limit = run->server->max_in_flight;
	uint64_t clients =
	    (script->clients + script->connections - 1) / script->connections;
	uint64_t wanted = script->mode == LOAD_OPEN
	    ? script->in_flight / script->connections
	    : clients * script->in_flight;

	if (limit == 0 || wanted <= limit)
		return (uint32_t)wanted;
	if (script->mode == LOAD_OPEN)
		return (uint32_t)limit;
	command_complain(run->context->command,
	    "%" PRIu64 " jobs under way on a connection are more than the "
	    "server takes, which is %" PRIu64 ": take more connections",
	    wanted, limit);
	return 0;
}

/* --- connections --- */

static enum outcome
complain_connection(const struct run *run, const char *why)
{
	command_complain(run->context->command, "cannot connect to %s: %s",
	    run->context->server, why);
	return OUTCOME_NO_SERVER;
}

static enum outcome
open_all(struct run *run)
{
	char error[LOAD_WIRE_ERROR_CHARS + 1];

	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct load_worker *worker = &run->workers[i];

		for (uint32_t j = 0; j < worker->n_connections; j++) {
			struct load_wire *wire =
			    load_wire_open(run->context->server,
				(int)run->context->connect_timeout_ms, error);

			if (wire == NULL)
				return complain_connection(run, error);
			worker->connections[j].wire = wire;
		}
	}
	return OUTCOME_FINE;
}

/* A new wire for each connection that is down; whether any still is. */
static bool
reopen_all(struct run *run)
{
	char error[LOAD_WIRE_ERROR_CHARS + 1];
	bool any_down = false;

	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct load_worker *worker = &run->workers[i];

		for (uint32_t j = 0; j < worker->n_connections; j++) {
			struct load_wire *wire;

			if (worker->connections[j].wire != NULL)
				continue;
			/* Where one is refused the next would be, too. */
			wire = any_down ? NULL
					: load_wire_open(run->context->server,
					      REOPEN_TIMEOUT_MS, error);
			any_down |= wire == NULL;
			worker->connections[j].wire = wire;
		}
	}
	return any_down;
}

/* --- threads --- */

static enum outcome
start_all(struct run *run)
{
	run->shared.start_ns = clock_ns(CLOCK_MONOTONIC) + START_IN_NS;
	for (; run->n_started < run->n_workers; run->n_started++) {
		struct load_worker *worker = &run->workers[run->n_started];
		int error = pthread_create(
		    &worker->thread, NULL, load_worker_run, worker);

		if (error != 0) {
			command_complain(run->context->command,
			    "cannot start a thread: %s", strerror(error));
			return OUTCOME_NOT_DONE;
		}
	}
	return OUTCOME_FINE;
}

static void
stop_all(struct run *run)
{
	uint64_t one = 1;

	run->shared.is_hurried = true;
	(void)!write(run->shared.stop_fd, &one, sizeof(one));
}

static bool
have_all_ended(const struct run *run)
{
	for (uint32_t i = 0; i < run->n_started; i++)
		if (!run->workers[i].has_ended)
			return false;
	return true;
}

static void
join_all(struct run *run)
{
	for (uint32_t i = 0; i < run->n_started; i++)
		pthread_join(run->workers[i].thread, NULL);
	run->n_started = 0;
}

static uint64_t
moment_now(const struct run *run)
{
	uint64_t time_ns = clock_ns(CLOCK_MONOTONIC);

	return time_ns > run->shared.start_ns ? time_ns - run->shared.start_ns
					      : 0;
}

/* For poll(2): the sooner of what there is to do; -1: nothing. */
static int
next_timeout_ms(const struct run *run, bool any_down)
{
	if (any_down)
		return REOPEN_EVERY_MS;
	return load_live_timeout_ms(&run->live, moment_now(run));
}

static void
attend(struct run *run)
{
	uint64_t duration_ns = load_script_duration_ns(run->script);
	bool any_down = false;

	while (!have_all_ended(run)) {
		struct pollfd fds[] = {
		    {.fd = run->shared.news_fd, .events = POLLIN},
		    {.fd = run->is_interrupted ? -1 : interrupt_fd(),
			.events = POLLIN},
		};
		uint64_t news;

		if (poll(fds, 2, next_timeout_ms(run, any_down)) == -1 &&
		    errno != EINTR)
			break;
		if (fds[0].revents != 0)
			(void)!read(run->shared.news_fd, &news, sizeof(news));
		if (fds[1].revents != 0) {
			run->is_interrupted = true;
			stop_all(run);
		}
		any_down = !run->is_interrupted &&
		    moment_now(run) < duration_ns && reopen_all(run);
		if (load_live_timeout_ms(&run->live, moment_now(run)) == 0)
			load_live_draw(&run->live, run->workers, run->n_workers,
			    moment_now(run));
	}
}

/* --- the report --- */

static enum outcome
settle(struct run *run, struct load_report *report)
{
	struct load_worker *first = &run->workers[0];

	report->drain_ns = moment_now(run);
	for (uint32_t i = 1; i < run->n_workers; i++)
		load_tally_merge(&first->tally, &run->workers[i].tally);
	if (load_tally_settle(&first->tally, report) == -1)
		return talk_no_memory(run->context);
	report->drain_ns -= report->run_ns;
	load_judge_generator(report, run->workers, run->n_workers,
	    clock_ns(CLOCK_PROCESS_CPUTIME_ID) - run->cpu_ns);
	report->weather = load_weather_end(&run->weather);
	load_expect_judge(
	    report, run->script->expectations, run->script->n_expectations);
	for (uint32_t i = 0; i < run->n_workers; i++)
		if (run->workers[i].is_out_of_memory)
			return talk_no_memory(run->context);
	return run->is_interrupted ? OUTCOME_INTERRUPTED : OUTCOME_FINE;
}

static enum outcome
prepare(struct run *run, struct load_report *report)
{
	const struct load_script *script = run->script;
	uint32_t in_flight = choose_in_flight(run);

	if (in_flight == 0)
		return OUTCOME_USAGE;
	if (load_report_init(report, script) == -1)
		return talk_no_memory(run->context);
	report->server = run->context->server;
	memcpy(report->gild, run->server->version, sizeof(report->gild));
	report->cpus = run->server->cpus;
	report->connections = script->connections;
	report->threads = script->threads;
	run->shared.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->shared.news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->workers = calloc(script->threads, sizeof(run->workers[0]));
	if (run->workers == NULL || run->shared.stop_fd == -1 ||
	    run->shared.news_fd == -1)
		return talk_no_memory(run->context);
	for (; run->n_workers < script->threads; run->n_workers++)
		if (load_worker_init(&run->workers[run->n_workers],
			&run->shared, run->n_workers, in_flight) == -1) {
			load_worker_free(&run->workers[run->n_workers]);
			return talk_no_memory(run->context);
		}
	return open_all(run);
}

enum outcome
load_drive(const struct context *context, const struct load_script *script,
    const struct load_server *server, const char *label,
    struct load_report *report)
{
	struct run run = {
	    .context = context,
	    .script = script,
	    .server = server,
	    .shared = {.script = script, .stop_fd = -1, .news_fd = -1},
	};
	enum outcome outcome = talk_catch(context);

	*report = (struct load_report){0};
	if (load_live_begin(&run.live, label) == -1)
		outcome = talk_no_memory(context);
	if (outcome == OUTCOME_FINE)
		outcome = prepare(&run, report);
	if (outcome == OUTCOME_FINE) {
		load_weather_begin(&run.weather,
		    load_wire_fd(run.workers[0].connections[0].wire),
		    server->pid);
		run.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		report->started_unix_ms = when_now_ms();
		outcome = start_all(&run);
		if (outcome == OUTCOME_FINE)
			attend(&run);
		else
			stop_all(&run);
		join_all(&run);
	}
	load_live_end(&run.live);
	if (outcome == OUTCOME_FINE)
		outcome = settle(&run, report);
	for (uint32_t i = 0; i < run.n_workers; i++)
		load_worker_free(&run.workers[i]);
	free(run.workers);
	if (run.shared.stop_fd != -1)
		close(run.shared.stop_fd);
	if (run.shared.news_fd != -1)
		close(run.shared.news_fd);
	report->is_interrupted = run.is_interrupted;
	return outcome;
}
