/*
 * Keeping the recorder. Run by the master alone.
 *
 * Each recorder has an epoch, and each frontend that of the recorder that it is
 * linked to: who has an older one is given a new socket. What was on its way to
 * the recorder that died is not lost: frontends ask and tell the next one again.
 */
#include "daemon/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/crew.h"
#include "daemon/log.h"
#include "daemon/packet.h"
#include "daemon/process.h"
#include "daemon/pulse.h"

#define RESPAWN_FIRST_NS (50 * NS_PER_MS)
#define RESPAWN_CAP_NS (2 * NS_PER_S)
#define RESPAWN_QUIET_NS (10 * NS_PER_S)
/* For the last commit, and all that it waits for. */
#define STOP_GRACE_NS (20 * NS_PER_S)

static struct recorder_limits
limits_of(const struct settings *settings)
{
	return (struct recorder_limits){
	    .keep_for_ms = settings->keep_for_ns / NS_PER_MS,
	    .keep_bytes = settings->keep_bytes,
	    .commit_group = settings->commit_group,
	    .max_detached = settings->max_detached,
	    .beat_every_ns = pulse_period_ns(settings),
	};
}

int
keeper_open(struct keeper *keeper, const struct settings *settings)
{
	*keeper = (struct keeper){.inbox = -1};
	if (!settings_has_store(settings))
		return 0;
	keeper->limits = limits_of(settings);
	backoff_init(&keeper->backoff, RESPAWN_FIRST_NS, RESPAWN_CAP_NS,
	    RESPAWN_QUIET_NS);
	keeper->directory = strdup(settings->state_dir);
	keeper->record = mmap(NULL, sizeof(*keeper->record),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (keeper->record == MAP_FAILED)
		keeper->record = NULL;
	return keeper->directory == NULL || keeper->record == NULL ? -1 : 0;
}

void
keeper_close(struct keeper *keeper)
{
	if (keeper->inbox >= 0)
		close(keeper->inbox);
	keeper->inbox = -1;
	if (keeper->record != NULL)
		munmap(keeper->record, sizeof(*keeper->record));
	keeper->record = NULL;
	free(keeper->directory);
	keeper->directory = NULL;
}

int
keeper_check(const struct keeper *keeper, const struct settings *settings,
    char *error, size_t error_size)
{
	const char *now = keeper->directory == NULL ? "" : keeper->directory;
	const char *then =
	    settings->record == RECORD_NONE ? "" : settings->state_dir;

	if (strcmp(now, then) == 0 || *then == '\0')
		return 0;
	snprintf(error, error_size,
	    "a reload cannot begin a job store in %.150s (%s): restart gild "
	    "for "
	    "that",
	    then, *now == '\0' ? "there is none" : "there is one elsewhere");
	return -1;
}

/* --- the process --- */

/* What is the recorder's own behind the fork. */
struct recorder_start {
	struct keeper *keeper;
	int inbox;
};

static int
recorder_start(void *arg)
{
	const struct recorder_start *start = arg;
	const struct recorder_setup setup = {
	    .directory = start->keeper->directory,
	    .inbox = start->inbox,
	    .record = start->keeper->record,
	    .limits = start->keeper->limits,
	};

	return recorder_main(&setup);
}

static void
keeper_try_later(struct keeper *keeper, uint64_t now_ns)
{
	uint64_t delay_ns = backoff_fail(&keeper->backoff, now_ns);

	if (delay_ns < RESPAWN_FIRST_NS)
		delay_ns = RESPAWN_FIRST_NS;
	keeper->respawn_at_ns = now_ns + delay_ns;
}

static void
keeper_spawn(struct keeper *keeper, uint64_t now_ns)
{
	struct recorder_start start = {.keeper = keeper};
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, ends) != 0) {
		log_warn("cannot start the recorder: %s", strerror(errno));
		keeper_try_later(keeper, now_ns);
		return;
	}
	start.inbox = ends[0];
	pid = process_fork("recorder", &start.inbox, 1, recorder_start, &start);
	close(ends[0]);
	if (pid < 0) {
		log_warn("cannot start the recorder: %s", strerror(errno));
		close(ends[1]);
		keeper_try_later(keeper, now_ns);
		return;
	}
	keeper->pid = pid;
	keeper->inbox = ends[1];
	keeper->epoch++;
	keeper->has_told_all = false;
	keeper->n_silent = 0;
	keeper->is_given_up = false;
}

void
keeper_tend(struct keeper *keeper, uint64_t now_ns)
{
	if (keeper->directory == NULL)
		return;
	if (keeper->is_stopping) {
		if (keeper->pid != 0 && now_ns >= keeper->kill_at_ns) {
			kill(keeper->pid, SIGKILL);
			/* Where its disk hangs, it takes as long as that. */
			keeper->kill_at_ns = UINT64_MAX;
		}
		return;
	}
	if (keeper->pid == 0 && keeper->respawn_at_ns <= now_ns)
		keeper_spawn(keeper, now_ns);
}

uint64_t
keeper_next_ns(const struct keeper *keeper)
{
	if (keeper->directory == NULL)
		return UINT64_MAX;
	if (keeper->is_stopping)
		return keeper->pid == 0 ? UINT64_MAX : keeper->kill_at_ns;
	return keeper->pid == 0 ? keeper->respawn_at_ns : UINT64_MAX;
}

bool
keeper_bury(struct keeper *keeper, pid_t pid, int status)
{
	struct log_fields fields = {.pid = pid};
	char death[PROCESS_DEATH_CHARS + 1];
	uint64_t now_ns = clock_monotonic_ns();

	if (keeper->pid == 0 || keeper->pid != pid)
		return false;
	keeper->pid = 0;
	close(keeper->inbox);
	keeper->inbox = -1;
	process_format_death(status, death);
	if (keeper->is_stopping) {
		if (status != 0)
			log_event(LOG_LEVEL_WARN, &fields,
			    "recorder, pid %d, %s", (int)pid, death);
		return true;
	}
	keeper->respawn_at_ns = now_ns + backoff_fail(&keeper->backoff, now_ns);
	log_event(LOG_LEVEL_WARN, &fields,
	    "recorder, pid %d, %s; replacing it in %llu ms", (int)pid, death,
	    (unsigned long long)((keeper->respawn_at_ns - now_ns) / NS_PER_MS));
	return true;
}

bool
keeper_feel_pulse(struct keeper *keeper, const struct settings *settings)
{
	struct log_fields fields = {.pid = keeper->pid};
	uint64_t beats;

	/* While it is replaced all other jobs go on: no reason to start anew. */
	if (keeper->pid == 0)
		return true;
	beats = counter_get(&keeper->record->beats);
	if (beats != keeper->beats) {
		keeper->beats = beats;
		keeper->n_silent = 0;
		return true;
	}
	keeper->n_silent++;
	if (keeper->n_silent > PULSE_BEATS && !keeper->is_given_up) {
		log_event(LOG_LEVEL_WARN, &fields,
		    "recorder, pid %d, has given no sign of life for %llu ms: "
		    "killing it",
		    (int)keeper->pid,
		    (unsigned long long)(settings->heartbeat_timeout_ns /
			NS_PER_MS));
		keeper->is_given_up = true;
		kill(keeper->pid, SIGKILL);
	}
	return keeper->n_silent <= PULSE_BEATS / 2;
}

/* --- links --- */

/* False when its inbox is full. */
static bool
keeper_tell(const struct keeper *keeper, const struct recorder_order *order,
    const struct packet_fds *fds)
{
	return packet_send(keeper->inbox, order, sizeof(*order), fds) == 0 ||
	    errno == EPIPE || errno == ECONNRESET;
}

/* False when it has to be tried again. */
static bool
keeper_link_frontend(
    struct keeper *keeper, struct crew *crew, struct child *child)
{
	const struct recorder_order order = {
	    .kind = RECORDER_LINK,
	    .frontend = child->process.number,
	};
	const struct peer_message message = {.kind = PEER_RECORDER};
	struct packet_fds theirs = {.n = 1}, ours = {.n = 1};
	int ends[2];
	bool is_done;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	ours.fds[0] = ends[0];
	theirs.fds[0] = ends[1];
	/* A link that only the recorder got ends at once, and is made anew. */
	is_done = keeper_tell(keeper, &order, &ours) &&
	    generation_tell(&crew->generation, child->process.number, &message,
		&theirs) == 0;
	close(ends[0]);
	close(ends[1]);
	if (is_done)
		child->recorder_epoch = keeper->epoch;
	return is_done;
}

/* Whether a frontend has no link, or says that it has lost the one it had. */
static bool
keeper_is_missed(
    const struct keeper *keeper, const struct child *child, uint64_t missed)
{
	return child->pid != 0 &&
	    (child->recorder_epoch != keeper->epoch ||
		child->links_missed != missed);
}

bool
keeper_link(struct keeper *keeper, struct crew *crew)
{
	bool is_retry = false;

	/* One that starts may fail to, and then nothing of it must remain. */
	if (keeper->pid == 0 || keeper->is_stopping ||
	    crew->phase < CREW_SERVING || crew->phase >= CREW_STOPPING)
		return false;
	for (uint32_t i = 0; i < crew->settings.frontends; i++) {
		struct child *child = &crew->children[i];
		uint64_t missed = counter_get(
		    &crew->generation.board.frontends[i].links_missed);

		if (!keeper_is_missed(keeper, child, missed))
			continue;
		if (keeper_link_frontend(keeper, crew, child))
			child->links_missed = missed;
		else
			is_retry = true;
	}
	return is_retry;
}

void
keeper_link_end(struct keeper *keeper)
{
	const struct recorder_order order = {.kind = RECORDER_ALL};

	if (keeper->pid != 0 && !keeper->has_told_all)
		keeper->has_told_all = keeper_tell(keeper, &order, NULL);
}

void
keeper_follow(struct keeper *keeper, const struct settings *settings)
{
	const struct recorder_order order = {
	    .kind = RECORDER_LIMITS,
	    .limits = limits_of(settings),
	};

	keeper->limits = order.limits;
	if (keeper->pid != 0 && !keeper_tell(keeper, &order, NULL))
		log_warn("the recorder does not read its inbox: it keeps its "
			 "limits");
}

/* --- end --- */

void
keeper_stop(struct keeper *keeper)
{
	if (keeper->is_stopping)
		return;
	keeper->is_stopping = true;
	if (keeper->pid == 0)
		return;
	keeper->kill_at_ns = clock_monotonic_ns() + STOP_GRACE_NS;
	shutdown(keeper->inbox, SHUT_WR);
}

bool
keeper_is_gone(const struct keeper *keeper)
{
	return keeper->pid == 0;
}
