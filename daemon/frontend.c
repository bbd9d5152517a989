/*
 * A frontend process: one thread, one libevent loop, made after the fork. It
 * serves clients until the master tells it to leave: when all have been handed
 * over to a newer generation (retire), when all are answered (drain), or within
 * a second (abort). When the master is gone it leaves at once. It never waits
 * for anything but its loop.
 */
#include "daemon/frontend.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/dispatch.h"
#include "daemon/doors.h"
#include "daemon/job.h"
#include "daemon/log.h"
#include "daemon/memory.h"
#include "daemon/peer.h"
#include "daemon/process.h"
#include "daemon/records.h"
#include "daemon/scarcity.h"
#include "daemon/session.h"
#include "daemon/title.h"

/* Of events: that the master is gone is heard before a client is let in, whom
 * nobody would serve. All others are of libevent's own choice, the last one. */
#define FIRST_OF_ALL 0
#define PRIORITIES 2

static void
frontend_accept(void *arg, int fd)
{
	if (session_open(arg, fd) != 0)
		log_warn("cannot serve a client: out of memory");
}

/* Everybody has left a frontend that is to leave. */
static void
frontend_empty(void *arg)
{
	struct frontend *frontend = arg;

	frontend->is_empty = true;
	frontend_check_end(frontend);
}

void
frontend_check_end(struct frontend *frontend)
{
	if (frontend->is_empty && jobs_count_stored(frontend->jobs) == 0 &&
	    records_are_settled(frontend->records))
		event_base_loopexit(frontend->base, NULL);
}

/* The recorder, by way of the master. */
static void
frontend_meet_recorder(struct frontend *frontend, struct packet_fds *fds)
{
	records_link(frontend->records, fds->fds[0]);
	fds->n = 0;
}

/* Stored jobs that have not begun are left to others. */
static void
frontend_give_back(struct frontend *frontend)
{
	jobs_release_stored(frontend->jobs, false);
}

static void
frontend_stop_taking(struct frontend *frontend)
{
	records_retire(frontend->records);
	frontend_give_back(frontend);
}

static void
frontend_serve(struct frontend *frontend)
{
	doors_open(frontend->doors);
}

static void
frontend_retire(struct frontend *frontend)
{
	frontend->is_retiring = true;
	frontend_stop_taking(frontend);
	doors_shut(frontend->doors);
	generation_wake_master(frontend->generation);
	session_hand_over_all(frontend);
}

static void
frontend_drain(struct frontend *frontend)
{
	frontend->is_stopping = true;
	frontend_stop_taking(frontend);
	records_drain(frontend->records);
	doors_shut(frontend->doors);
	session_drain_all(frontend);
}

static void
frontend_abort(struct frontend *frontend)
{
	/* Who does not read its answers by then never will. */
	static const struct timeval grace = {.tv_sec = 1};

	frontend_drain(frontend);
	job_cancel_all(frontend->jobs, "gild is shutting down");
	jobs_release_stored(frontend->jobs, true);
	event_base_loopexit(frontend->base, &grace);
}

static void
life_cb(evutil_socket_t fd, short what, void *arg)
{
	struct frontend *frontend = arg;

	(void)fd;
	(void)what;
	process_unfollow();
	log_warn("the master is gone: leaving");
	event_base_loopbreak(frontend->base);
}

static void
pulse_cb(evutil_socket_t fd, short what, void *arg)
{
	struct frontend *frontend = arg;
	const struct frontend_record *record =
	    &frontend->board->frontends[frontend->number];

	(void)fd;
	(void)what;
	pulse_beat(&frontend->pulse);
	log_settle();
	records_sweep(frontend->records);
	jobs_tell_attempts(frontend->jobs);
	title_set("frontend %u%s clients %llu, jobs %u", frontend->number,
	    frontend->is_retiring ? " retiring," : "",
	    (unsigned long long)counter_get(&record->connections_open),
	    jobs_count(frontend->jobs));
}

/* 0, or -1 when memory ran out. */
static int
frontend_start_pulse(struct frontend *frontend)
{
	uint64_t period_ns = pulse_period_ns(frontend->settings);
	/* What else is done then is to be done without a heartbeat too. */
	uint64_t period_us =
	    (period_ns == 0 ? NS_PER_S : period_ns) / NS_PER_US;
	struct timeval period = {
	    .tv_sec = (time_t)(period_us / 1000000),
	    .tv_usec = (suseconds_t)(period_us % 1000000),
	};

	frontend->pulse_timer =
	    event_new(frontend->base, -1, EV_PERSIST, pulse_cb, frontend);
	if (frontend->pulse_timer == NULL)
		return -1;
	return event_add(frontend->pulse_timer, &period);
}

static int
frontend_make_doors(struct frontend *frontend)
{
	const struct doors_plan plan = {
	    .listeners = frontend->generation->listeners,
	    .max_inside = frontend->settings->max_connections,
	    .frontends = frontend->board->frontends,
	    .n_frontends = frontend->settings->frontends,
	    .number = frontend->number,
	    .accept = frontend_accept,
	    .empty = frontend_empty,
	    .arg = frontend,
	};

	frontend->doors = doors_new(frontend->base, &plan);
	return frontend->doors == NULL ? -1 : 0;
}

static void
frontend_stop_job(struct frontend *frontend, struct job_id id)
{
	struct job *job = job_find(frontend->jobs, id);

	if (job != NULL)
		job_cancel(job, "cancelled by a client");
}

static void
frontend_each_stored(struct frontend *frontend,
    void (*see)(void *arg, const struct job_record *job), void *arg)
{
	jobs_each_stored(frontend->jobs, see, arg);
}

static int
frontend_open_crowd(struct frontend *frontend)
{
	const struct settings *settings = frontend->settings;
	const struct crowd_limits limits = {
	    .max_line_bytes = settings->max_line_bytes,
	    .max_unsent_bytes = settings->max_unsent_bytes,
	    .max_bytes = settings->max_client_bytes,
	    .share_bytes = memory_share(settings),
	    .idle_timeout_ns = settings->idle_timeout_ns,
	    .line_timeout_ns = settings->line_timeout_ns,
	    .stall_timeout_ns = settings->stall_timeout_ns,
	};

	return crowd_open(&frontend->crowd, frontend->base, &limits);
}

int
frontend_open(struct frontend *frontend, const struct generation *generation,
    uint32_t number)
{
	static const struct peer_orders orders = {
	    .serve = frontend_serve,
	    .retire = frontend_retire,
	    .drain = frontend_drain,
	    .abort = frontend_abort,
	    .client = session_adopt,
	    .recorder = frontend_meet_recorder,
	};

	static const struct record_handler stored = {
	    .adopt = job_adopt,
	    .stop = frontend_stop_job,
	    .each = frontend_each_stored,
	    .full = frontend_give_back,
	    .settled = frontend_check_end,
	};

	*frontend = (struct frontend){
	    .generation = generation,
	    .settings = generation->settings,
	    .board = &generation->board,
	    .number = number,
	};
	LIST_INIT(&frontend->sessions);
	scarcity_watch();
	frontend->base = event_base_new();
	if (frontend->base == NULL ||
	    event_base_priority_init(frontend->base, PRIORITIES) != 0)
		return -1;
	frontend->dispatcher = dispatcher_new(frontend);
	frontend->jobs = jobs_new(frontend);
	frontend->records = records_new(frontend, &stored);
	frontend->peers = peers_new(frontend, &orders);
	frontend->life_event = event_new(frontend->base,
	    frontend->generation->life_in, EV_READ, life_cb, frontend);
	if (frontend->dispatcher == NULL || frontend->jobs == NULL ||
	    frontend->records == NULL || frontend->peers == NULL ||
	    frontend->life_event == NULL ||
	    event_priority_set(frontend->life_event, FIRST_OF_ALL) != 0 ||
	    event_add(frontend->life_event, NULL) != 0 ||
	    frontend_open_crowd(frontend) != 0)
		return -1;
	return frontend_make_doors(frontend);
}

void
frontend_close(struct frontend *frontend)
{
	/* Clients before the rest: their jobs leave the dispatcher. */
	session_close_all(frontend);
	records_flush(frontend->records);
	peers_free(frontend->peers);
	records_free(frontend->records);
	jobs_free(frontend->jobs);
	dispatcher_free(frontend->dispatcher);
	doors_free(frontend->doors);
	crowd_close(&frontend->crowd);
	event_free(frontend->life_event);
	if (frontend->pulse_timer != NULL)
		event_free(frontend->pulse_timer);
	event_base_free(frontend->base);
}

/* What it has heard of clients and of tasks. */
static uint64_t
frontend_count_heard(const struct frontend *frontend)
{
	return frontend->crowd.n_reads +
	    dispatch_count_ended(frontend->dispatcher);
}

static bool
frontend_is_done(const struct frontend *frontend)
{
	return event_base_got_exit(frontend->base) ||
	    event_base_got_break(frontend->base);
}

/* Turns the loop for a moment without a sleep. Whether something came of it. */
static bool
frontend_spin(struct frontend *frontend)
{
	struct spin *spin = dispatch_count_under_way(frontend->dispatcher) > 0
	    ? &frontend->task_spin
	    : &frontend->client_spin;
	uint64_t heard = frontend_count_heard(frontend);
	bool has_found = false;

	if (!spin_begin(&frontend->spinner, spin))
		return false;
	do {
		event_base_loop(frontend->base, EVLOOP_NONBLOCK);
		has_found = frontend_count_heard(frontend) != heard;
	} while (!has_found && !frontend_is_done(frontend) &&
	    spin_goes_on(&frontend->spinner));
	spin_end(&frontend->spinner, spin, has_found);
	return has_found;
}

/* Until somebody asks for the end. */
static void
frontend_loop(struct frontend *frontend)
{
	do {
		if (!frontend_spin(frontend) && !frontend_is_done(frontend))
			event_base_loop(frontend->base, EVLOOP_ONCE);
	} while (!frontend_is_done(frontend));
}

int
frontend_main(
    const struct generation *generation, const struct process *process)
{
	struct schedstat schedstat;
	struct frontend frontend;

	if (frontend_open(&frontend, generation, process->number) != 0)
		fatal("cannot start: %s", strerror(errno));
	pulse_init(&frontend.pulse, generation, process);
	if (frontend_start_pulse(&frontend) != 0)
		fatal("cannot start: %s", strerror(errno));
	generation_announce(generation, process->index);
	schedstat_open(&schedstat);
	spinner_init(&frontend.spinner, frontend.settings->spin_us, &schedstat);
	frontend_loop(&frontend);
	schedstat_close(&schedstat);
	frontend_close(&frontend);
	return EXIT_SUCCESS;
}
