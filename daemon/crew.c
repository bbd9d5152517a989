/*
 * Crews. Run by the master alone. What a frontend or an executor could have
 * broken is not relied on: of the board the master reads the states, beats and
 * counters, and of the slots those of the dead.
 */
#include "daemon/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/pulse.h"

/* For all to get ready; less than peer.c gives a reload. */
#define START_LIMIT_S 45
#define RESPAWN_FIRST_NS (10 * NS_PER_MS)
#define RESPAWN_CAP_NS (500 * NS_PER_MS)
#define RESPAWN_QUIET_NS (10 * NS_PER_S)
#define ABORT_GRACE_NS (2 * NS_PER_S) /* to answer what was cancelled */
#define STOP_GRACE_NS (2 * NS_PER_S)  /* for executors to see the end */

static bool
child_is_frontend(const struct child *child)
{
	return child->process.kind == PROCESS_FRONTEND;
}

static struct process_record *
child_record(const struct crew *crew, const struct child *child)
{
	return &crew->generation.board.processes[child->process.index];
}

static uint32_t
count_alive(const struct crew *crew, bool frontends_only)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < crew->n_children; i++) {
		const struct child *child = &crew->children[i];

		if (child->pid != 0 &&
		    (!frontends_only || child_is_frontend(child)))
			n++;
	}
	return n;
}

static void
crew_enter(struct crew *crew, enum crew_phase phase, uint64_t limit_ns)
{
	crew->phase = phase;
	crew->deadline_ns =
	    limit_ns == 0 ? UINT64_MAX : clock_monotonic_ns() + limit_ns;
	for (uint32_t i = 0; i < crew->n_children; i++)
		crew->children[i].is_told = false;
}

/* It has not got ready, and never will: said in its failure. */
static void __attribute__((format(printf, 2, 3)))
crew_fail(struct crew *crew, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(crew->failure, sizeof(crew->failure), format, arguments);
	va_end(arguments);
	crew_kill(crew);
}

/* --- children --- */

static void
child_spawn(struct crew *crew, struct child *child)
{
	struct process_record *record = child_record(crew, child);
	pid_t pid;

	atomic_store(&record->state, PROCESS_STARTING);
	child->n_silent = 0;
	child->is_told = child->is_given_up = false;
	child->recorder_epoch = 0;
	pid = process_spawn(&crew->generation, &child->process);
	if (pid < 0 && crew->phase == CREW_STARTING) {
		/* Where another crew serves, it had better go on. */
		atomic_store(&record->state, PROCESS_DOWN);
		crew_fail(crew, "cannot fork: %s", strerror(errno));
		return;
	}
	if (pid < 0) {
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t delay_ns = backoff_fail(&child->backoff, now_ns);

		if (delay_ns < RESPAWN_FIRST_NS)
			delay_ns = RESPAWN_FIRST_NS;
		log_warn("cannot fork: %s; trying again in %llu ms",
		    strerror(errno),
		    (unsigned long long)(delay_ns / NS_PER_MS));
		atomic_store(&record->state, PROCESS_DOWN);
		child->respawn_at_ns = now_ns + delay_ns;
		return;
	}
	child->pid = pid;
	atomic_store(&record->pid, pid);
}

static const char *
child_pool(const struct crew *crew, const struct child *child)
{
	return child_is_frontend(child)
	    ? NULL
	    : crew->settings.pools[child->process.pool].name;
}

/* Whether a child of this kind is replaced when it dies in this phase. */
static bool
child_is_wanted(const struct crew *crew, const struct child *child)
{
	if (crew->phase <= CREW_SERVING)
		return true;
	/* Tasks may have to be run again while frontends wait for them. */
	return crew->phase <= CREW_ABORTING && !child_is_frontend(child);
}

static void
crew_respawn(struct crew *crew, uint64_t now_ns)
{
	for (uint32_t i = 0; i < crew->n_children; i++) {
		struct child *child = &crew->children[i];

		if (child->pid == 0 && child->respawn_at_ns <= now_ns &&
		    child_is_wanted(crew, child))
			child_spawn(crew, child);
	}
}

static void
child_bury(struct crew *crew, struct child *child, int status)
{
	const struct board *board = &crew->generation.board;
	struct process_record *record = child_record(crew, child);
	bool was_ready = atomic_load(&record->state) == PROCESS_READY;
	char title[PROCESS_TITLE_CHARS + 1], death[PROCESS_DEATH_CHARS + 1];
	struct log_fields fields = {
	    .pool = child_pool(crew, child), .pid = child->pid};
	uint64_t now_ns = clock_monotonic_ns(), delay_ns;
	pid_t pid = child->pid;

	process_title(&crew->generation, &child->process, title);
	process_format_death(status, death);
	child->pid = 0;
	atomic_store(&record->state, PROCESS_DOWN);
	for (uint32_t i = 0; i < child->process.n_seats; i++)
		recovery_empty_seat(&crew->recovery,
		    &board->seats[child->process.first_seat + i], pid, status);
	if (!child_is_wanted(crew, child)) {
		if (status != 0 && crew->phase != CREW_KILLING)
			log_event(LOG_LEVEL_WARN, &fields, "%s, pid %d, %s",
			    title, (int)pid, death);
		return;
	}
	if (crew->phase == CREW_STARTING && !was_ready) {
		crew_fail(crew, "%s, pid %d, %s before it was ready", title,
		    (int)pid, death);
		return;
	}
	delay_ns = backoff_fail(&child->backoff, now_ns);
	child->respawn_at_ns = now_ns + delay_ns;
	counter_add(&record->restarts, 1);
	log_event(LOG_LEVEL_WARN, &fields,
	    "%s, pid %d, %s; replacing it in %llu ms", title, (int)pid, death,
	    (unsigned long long)(delay_ns / NS_PER_MS));
}

bool
crew_bury(struct crew *crew, pid_t pid, int status)
{
	for (uint32_t i = 0; i < crew->n_children; i++) {
		if (crew->children[i].pid == pid) {
			child_bury(crew, &crew->children[i], status);
			return true;
		}
	}
	return false;
}

/* --- signs of life --- */

/* How many looks in a row may find no sign of life, before it is an alarm. */
#define SILENT_LOOKS_FINE 2

static void
child_give_up(struct crew *crew, struct child *child)
{
	char title[PROCESS_TITLE_CHARS + 1];
	struct log_fields fields = {
	    .pool = child_pool(crew, child), .pid = child->pid};
	uint64_t timeout_ns = crew->settings.heartbeat_timeout_ns;

	process_title(&crew->generation, &child->process, title);
	log_event(LOG_LEVEL_WARN, &fields,
	    "%s, pid %d, has given no sign of life for %llu ms: killing it",
	    title, (int)child->pid,
	    (unsigned long long)(timeout_ns / NS_PER_MS));
	child->is_given_up = true;
	kill(child->pid, SIGKILL);
}

bool
crew_feel_pulse(struct crew *crew)
{
	bool all_live = true;

	for (uint32_t i = 0; i < crew->n_children; i++) {
		struct child *child = &crew->children[i];
		uint64_t beats = counter_get(&child_record(crew, child)->beats);

		if (child->pid == 0) {
			all_live = all_live && !child_is_wanted(crew, child);
			continue;
		}
		if (beats != child->beats) {
			child->beats = beats;
			child->n_silent = 0;
			continue;
		}
		child->n_silent++;
		all_live = all_live && child->n_silent <= SILENT_LOOKS_FINE;
		if (child->n_silent > PULSE_BEATS && !child->is_given_up)
			child_give_up(crew, child);
	}
	return all_live;
}

/* --- phases --- */

void
crew_kill(struct crew *crew)
{
	if (crew->phase >= CREW_KILLING)
		return;
	/* Once the frontends are gone nobody waits for any. */
	if (crew->phase > CREW_STARTING && crew->phase < CREW_STOPPING)
		crew->lost_jobs = true;
	/* Without children there is no end of one to wait for. */
	crew_enter(crew, CREW_KILLING, count_alive(crew, false) == 0 ? 1 : 0);
	for (uint32_t i = 0; i < crew->n_children; i++) {
		if (crew->children[i].pid != 0)
			kill(crew->children[i].pid, SIGKILL);
	}
}

void
crew_retire(struct crew *crew)
{
	/* Frontends close theirs when told. */
	listeners_close(&crew->listeners);
	crew_enter(crew, CREW_RETIRING, 0);
}

void
crew_drain(struct crew *crew)
{
	if (crew->phase >= CREW_DRAINING)
		return;
	/* Who comes is refused at once, rather than left waiting in a backlog;
	 * or waits in a socket that a service manager has. */
	listeners_close(&crew->listeners);
	/* With no time to drain, drain_timeout_ns is 0: at once. */
	crew_enter(crew, CREW_DRAINING, crew->settings.drain_timeout_ns + 1);
}

void
crew_abort(struct crew *crew)
{
	if (crew->phase >= CREW_ABORTING)
		return;
	listeners_close(&crew->listeners);
	crew_enter(crew, CREW_ABORTING, ABORT_GRACE_NS);
}

/*
 * The frontends are gone: what one that died left running is wanted by nobody,
 * and the executors' queues end when the last writer closes them.
 */
static void
crew_stop(struct crew *crew)
{
	const struct board *board = &crew->generation.board;

	for (uint32_t i = 0; i < board->n_slots; i++)
		slot_cancel(&board->slots[i]);
	for (uint32_t i = 0; i < crew->settings.n_pools; i++) {
		generation_ring(&crew->generation, i);
		queue_close_writer(&crew->generation.run[i]);
	}
	crew_enter(crew, CREW_STOPPING, STOP_GRACE_NS);
}

static bool
crew_is_ready(const struct crew *crew)
{
	for (uint32_t i = 0; i < crew->n_children; i++) {
		if (atomic_load(&crew->generation.board.processes[i].state) !=
		    PROCESS_READY)
			return false;
	}
	return true;
}

static void
crew_advance(struct crew *crew, uint64_t now_ns)
{
	bool is_late = now_ns >= crew->deadline_ns;

	switch (crew->phase) {
	case CREW_STARTING:
		if (crew_is_ready(crew))
			crew_enter(crew, CREW_SERVING, 0);
		else if (is_late)
			crew_fail(crew,
			    "not all of its processes were ready in %d s",
			    START_LIMIT_S);
		break;
	case CREW_SERVING:
		break;
	case CREW_RETIRING:
		if (count_alive(crew, true) == 0)
			crew_stop(crew);
		break;
	case CREW_DRAINING:
		if (count_alive(crew, true) == 0) {
			crew_stop(crew);
		} else if (is_late) {
			log_warn("jobs were still running after drain_timeout: "
				 "cancelling them");
			crew_abort(crew);
		}
		break;
	case CREW_ABORTING:
		if (count_alive(crew, true) == 0)
			crew_stop(crew);
		else if (is_late)
			crew_kill(crew);
		break;
	case CREW_STOPPING:
		if (is_late)
			crew_kill(crew);
		/* fall through */
	case CREW_KILLING:
		if (count_alive(crew, false) == 0)
			crew_enter(crew, CREW_GONE, 0);
		break;
	case CREW_GONE:
		break;
	}
}

static const enum peer_kind orders[] = {
    [CREW_SERVING] = PEER_SERVE,
    [CREW_RETIRING] = PEER_RETIRE,
    [CREW_DRAINING] = PEER_DRAIN,
    [CREW_ABORTING] = PEER_ABORT,
};

static bool
crew_has_orders(const struct crew *crew)
{
	return crew->phase >= CREW_SERVING && crew->phase <= CREW_ABORTING;
}

bool
crew_has_told_all(const struct crew *crew)
{
	for (uint32_t i = 0; i < crew->n_children; i++) {
		const struct child *child = &crew->children[i];

		if (child_is_frontend(child) && child->pid != 0 &&
		    !child->is_told)
			return false;
	}
	return true;
}

bool
crew_doors_are_shut(const struct crew *crew)
{
	const struct board *board = &crew->generation.board;

	for (uint32_t i = 0; i < crew->settings.frontends; i++) {
		if (crew->children[i].pid != 0 &&
		    counter_get(&board->frontends[i].are_doors_shut) == 0)
			return false;
	}
	return true;
}

bool
crew_tell(struct crew *crew)
{
	struct peer_message message = {.question = 0};

	if (!crew_has_orders(crew))
		return true;
	message.kind = orders[crew->phase];
	for (uint32_t i = 0; i < crew->n_children; i++) {
		struct child *child = &crew->children[i];

		if (child_is_frontend(child) && child->pid != 0 &&
		    !child->is_told)
			child->is_told =
			    generation_tell(&crew->generation,
				child->process.number, &message, NULL) == 0;
	}
	return crew_has_told_all(crew);
}

bool
crew_tend(struct crew *crew, uint64_t now_ns)
{
	bool all_told;

	crew_advance(crew, now_ns);
	crew_respawn(crew, now_ns);
	all_told = crew_tell(crew);
	return !recovery_push_strays(&crew->recovery) || !all_told;
}

uint64_t
crew_next_ns(const struct crew *crew)
{
	uint64_t at_ns = crew->deadline_ns;

	for (uint32_t i = 0; i < crew->n_children; i++) {
		const struct child *child = &crew->children[i];

		if (child->pid == 0 && child_is_wanted(crew, child) &&
		    child->respawn_at_ns < at_ns)
			at_ns = child->respawn_at_ns;
	}
	return at_ns;
}

uint64_t
crew_count_jobs(const struct crew *crew, enum job_state state)
{
	const struct board *board = &crew->generation.board;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < crew->settings.frontends; i++) {
		for (uint32_t j = 0; j < crew->settings.n_pools; j++)
			sum +=
			    counter_get(&board_tally(board, i, j)->jobs[state]);
	}
	return sum;
}

uint64_t
crew_count_clients(const struct crew *crew)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < crew->settings.frontends; i++)
		sum += counter_get(
		    &crew->generation.board.frontends[i].connections_open);
	return sum;
}

uint32_t
crew_choose_frontend(struct crew *crew)
{
	uint32_t n = crew->settings.frontends, chosen = crew->next_frontend;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = (crew->next_frontend + i) % n;

		if (crew->children[number].pid != 0) {
			chosen = number;
			break;
		}
	}
	crew->next_frontend = (chosen + 1) % n;
	return chosen;
}

/* --- begin and end --- */

static int
crew_open(struct crew *crew, const struct crew_constants *constants)
{
	struct board *board = &crew->generation.board;

	if (generation_open(
		&crew->generation, &crew->settings, &crew->listeners) != 0 ||
	    recovery_init(&crew->recovery, &crew->generation) != 0)
		return -1;
	board->calibration = constants->calibration;
	board->event_ps = constants->event_ps;
	board->started_ns = constants->started_ns;
	board->started_unix_ms = constants->started_unix_ms;
	crew->n_children = board->n_processes;
	crew->children = calloc(crew->n_children, sizeof(struct child));
	if (crew->children == NULL)
		return -1;
	for (uint32_t i = 0; i < crew->n_children; i++) {
		struct child *child = &crew->children[i];

		child->process = process_at(&crew->generation, i);
		backoff_init(&child->backoff, RESPAWN_FIRST_NS, RESPAWN_CAP_NS,
		    RESPAWN_QUIET_NS);
	}
	return 0;
}

struct crew *
crew_new(struct settings *settings, struct listeners *listeners,
    uint32_t number, const struct crew_constants *constants)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	int saved_errno;

	if (crew == NULL) {
		listeners_close(listeners);
		settings_free(settings);
		return NULL;
	}
	crew->settings = *settings;
	crew->listeners = *listeners;
	settings->n_listen = 0;
	listeners->n = 0;
	generation_init(&crew->generation);
	crew_enter(crew, CREW_STARTING, START_LIMIT_S * NS_PER_S);
	if (crew_open(crew, constants) == 0) {
		crew->generation.number = number;
		return crew;
	}
	saved_errno = errno;
	crew_free(crew);
	errno = saved_errno;
	return NULL;
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	listeners_close(&crew->listeners);
	recovery_free(&crew->recovery);
	generation_close(&crew->generation);
	settings_free(&crew->settings);
	free(crew->children);
	free(crew);
}
