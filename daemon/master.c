/*
 * The master process: binds the sockets, forks, reaps, respawns, and carries
 * signals to those they concern. It parses no byte that a client sent, and
 * touches no slot but a dead child's. It runs no event loop of a library: it
 * forks for as long as it lives, and a fork must not inherit an epoll set.
 *
 *	            all ready           SIGTERM, SIGINT
 *	STARTING -------------> SERVING ----------------> DRAINING
 *	    |                                              |    |
 *	    | a child fails                 frontends gone |    | drain_timeout
 *	    |                                              v    v
 *	    |                                       STOPPING <- ABORTING
 *	    v    a second signal, or a grace period        |    |
 *	 KILLING <------------- is over -------------------+----+
 *
 * DRAINING: frontends finish what is in flight. ABORTING: they were told to
 * cancel it and answer. STOPPING: they are gone, the executors' queues have
 * ended. KILLING: SIGKILL, and an exit status that says so.
 */
#include "daemon/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/backoff.h"
#include "daemon/clock.h"
#include "daemon/event_cost.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/log.h"
#include "daemon/privileges.h"
#include "daemon/process.h"
#include "daemon/recovery.h"
#include "daemon/sandbox.h"
#include "daemon/title.h"

#define RESPAWN_FIRST_NS (10 * NS_PER_MS)
#define RESPAWN_CAP_NS (500 * NS_PER_MS)
#define RESPAWN_QUIET_NS (10 * NS_PER_S)
#define RETRY_NS (10 * NS_PER_MS)     /* a full queue or inbox */
#define ABORT_GRACE_NS (2 * NS_PER_S) /* to answer what was cancelled */
#define STOP_GRACE_NS (2 * NS_PER_S)  /* for executors to see the end */

enum phase { STARTING, SERVING, DRAINING, ABORTING, STOPPING, KILLING };

struct child {
	struct process process;
	pid_t pid; /* 0: down */
	uint64_t respawn_at_ns;
	struct backoff backoff;
	bool is_told; /* of a frontend: the present phase */
};

struct master {
	const struct settings *settings;
	enum phase phase;
	int exit_status;
	uint64_t deadline_ns; /* of the present phase; UINT64_MAX: none */
	int signal_fd;
	struct listeners listeners;
	struct generation generation;
	struct recovery recovery;
	uint32_t n_children;
	struct child *children; /* as the board numbers them */
};

static bool
child_is_frontend(const struct child *child)
{
	return child->process.kind == PROCESS_FRONTEND;
}

static uint32_t
count_alive(const struct master *master, bool frontends_only)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < master->n_children; i++) {
		const struct child *child = &master->children[i];

		if (child->pid != 0 &&
		    (!frontends_only || child_is_frontend(child)))
			n++;
	}
	return n;
}

/* --- children --- */

static void
child_spawn(struct master *master, struct child *child)
{
	struct process_record *record =
	    &master->generation.board.processes[child->process.index];
	pid_t pid;

	atomic_store(&record->state, PROCESS_STARTING);
	pid = process_spawn(&master->generation, &child->process);
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

/* Whether a child of this kind is replaced when it dies in this phase. */
static bool
child_is_wanted(const struct master *master, const struct child *child)
{
	if (master->phase <= SERVING)
		return true;
	/* Tasks may have to be run again while frontends wait for them. */
	return master->phase <= ABORTING && !child_is_frontend(child);
}

static void
master_enter(struct master *master, enum phase phase, uint64_t limit_ns)
{
	master->phase = phase;
	master->deadline_ns =
	    limit_ns == 0 ? UINT64_MAX : clock_monotonic_ns() + limit_ns;
	for (uint32_t i = 0; i < master->n_children; i++)
		master->children[i].is_told = false;
}

static void
master_kill(struct master *master)
{
	master_enter(master, KILLING, 0);
	master->exit_status = EXIT_FAILURE;
	for (uint32_t i = 0; i < master->n_children; i++) {
		if (master->children[i].pid != 0)
			kill(master->children[i].pid, SIGKILL);
	}
}

static void
child_bury(struct master *master, struct child *child, int status)
{
	const struct board *board = &master->generation.board;
	struct process_record *record = &board->processes[child->process.index];
	bool was_ready = atomic_load(&record->state) == PROCESS_READY;
	char title[PROCESS_TITLE_CHARS + 1], death[PROCESS_DEATH_CHARS + 1];
	uint64_t now_ns = clock_monotonic_ns(), delay_ns;
	pid_t pid = child->pid;

	process_title(&master->generation, &child->process, title);
	process_format_death(status, death);
	child->pid = 0;
	atomic_store(&record->state, PROCESS_DOWN);
	for (uint32_t i = 0; i < child->process.n_seats; i++)
		recovery_empty_seat(&master->recovery,
		    &board->seats[child->process.first_seat + i], pid, status);
	if (!child_is_wanted(master, child)) {
		if (status != 0 && master->phase != KILLING)
			log_warn("%s, pid %d, %s", title, (int)pid, death);
		return;
	}
	if (master->phase == STARTING && !was_ready) {
		log_error("%s, pid %d, %s before it was ready: giving up",
		    title, (int)pid, death);
		master_kill(master);
		return;
	}
	delay_ns = backoff_fail(&child->backoff, now_ns);
	child->respawn_at_ns = now_ns + delay_ns;
	counter_add(&record->restarts, 1);
	log_warn("%s, pid %d, %s; replacing it in %llu ms", title, (int)pid,
	    death, (unsigned long long)(delay_ns / NS_PER_MS));
}

static void
master_reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (uint32_t i = 0; i < master->n_children; i++) {
			if (master->children[i].pid == pid) {
				child_bury(
				    master, &master->children[i], status);
				break;
			}
		}
	}
}

static void
master_respawn(struct master *master, uint64_t now_ns)
{
	for (uint32_t i = 0; i < master->n_children; i++) {
		struct child *child = &master->children[i];

		if (child->pid == 0 && child->respawn_at_ns <= now_ns &&
		    child_is_wanted(master, child))
			child_spawn(master, child);
	}
}

/* --- phases --- */

static void
master_say_ready(const struct master *master)
{
	const struct listeners *listeners = &master->listeners;

	for (size_t i = 0; i < listeners->n; i++)
		printf("listening on %s\n", listeners->names[i]);
	printf("ready\n");
	fflush(stdout);
}

static bool
master_is_ready(const struct master *master)
{
	for (uint32_t i = 0; i < master->n_children; i++) {
		if (atomic_load(&master->generation.board.processes[i].state) !=
		    PROCESS_READY)
			return false;
	}
	return true;
}

/* Frontends that were not told of the phase yet (their inbox was full). */
static bool
master_tell_frontends(struct master *master, enum peer_kind kind)
{
	struct peer_message message = {.kind = kind};
	bool all_told = true;

	for (uint32_t i = 0; i < master->n_children; i++) {
		struct child *child = &master->children[i];

		if (!child_is_frontend(child) || child->pid == 0 ||
		    child->is_told)
			continue;
		if (generation_tell(&master->generation, child->process.number,
			&message) == 0)
			child->is_told = true;
		else
			all_told = false;
	}
	return all_told;
}

/*
 * The frontends are gone: what one that died left running is wanted by nobody,
 * and the executors' queues end when the last writer closes them.
 */
static void
master_stop(struct master *master)
{
	const struct board *board = &master->generation.board;

	for (uint32_t i = 0; i < board->n_slots; i++)
		slot_cancel(&board->slots[i]);
	for (uint32_t i = 0; i < master->settings->n_pools; i++) {
		generation_ring(&master->generation, i);
		queue_close_writer(&master->generation.run[i]);
	}
	master_enter(master, STOPPING, STOP_GRACE_NS);
}

/* Moves the phase on. False when the master is done. */
static bool
master_advance(struct master *master, uint64_t now_ns)
{
	bool is_late = now_ns >= master->deadline_ns;

	switch (master->phase) {
	case STARTING:
		if (master_is_ready(master)) {
			master_enter(master, SERVING, 0);
			master_say_ready(master);
		}
		return true;
	case SERVING:
		return true;
	case DRAINING:
		if (count_alive(master, true) == 0) {
			master_stop(master);
		} else if (is_late) {
			log_warn("jobs were still running after drain_timeout: "
				 "cancelling them");
			master_enter(master, ABORTING, ABORT_GRACE_NS);
		}
		return true;
	case ABORTING:
		if (count_alive(master, true) == 0)
			master_stop(master);
		else if (is_late)
			master_kill(master);
		return true;
	case STOPPING:
		if (is_late)
			master_kill(master);
		return count_alive(master, false) > 0;
	case KILLING:
		return count_alive(master, false) > 0;
	}
	return false;
}

static void
master_on_signal(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGCHLD)
			continue; /* master_reap() runs every turn */
		if (number == SIGQUIT || master->phase > SERVING) {
			log_warn("%s: stopping at once", strsignal(number));
			if (master->phase != KILLING)
				master_kill(master);
			continue;
		}
		log_info("%s: finishing what is in flight, then stopping",
		    strsignal(number));
		/* Frontends close theirs when told: then who comes is refused
		 * at once, rather than left waiting in a backlog. */
		listeners_close(&master->listeners);
		/* With no time to drain, drain_timeout_ns is 0: at once. */
		master_enter(
		    master, DRAINING, master->settings->drain_timeout_ns + 1);
	}
}

/* --- the loop --- */

static int
master_timeout_ms(const struct master *master, uint64_t now_ns, bool is_retry)
{
	uint64_t at_ns = master->deadline_ns;

	if (is_retry && now_ns + RETRY_NS < at_ns)
		at_ns = now_ns + RETRY_NS;
	for (uint32_t i = 0; i < master->n_children; i++) {
		const struct child *child = &master->children[i];

		if (child->pid == 0 && child_is_wanted(master, child) &&
		    child->respawn_at_ns < at_ns)
			at_ns = child->respawn_at_ns;
	}
	if (at_ns == UINT64_MAX)
		return -1;
	if (at_ns <= now_ns)
		return 0;
	at_ns = (at_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return at_ns > 60000 ? 60000 : (int)at_ns;
}

static void
master_wait(struct master *master, int timeout_ms)
{
	struct pollfd fds[] = {
	    {.fd = master->signal_fd, .events = POLLIN},
	    {.fd = master->generation.news_in, .events = POLLIN},
	};
	char news[64];

	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		fatal("poll: %s", strerror(errno));
	while (read(master->generation.news_in, news, sizeof(news)) > 0)
		;
	master_on_signal(master);
}

static void
master_loop(struct master *master)
{
	for (;;) {
		uint64_t now_ns;
		bool is_all_said = true;

		master_reap(master);
		now_ns = clock_monotonic_ns();
		if (!master_advance(master, now_ns))
			return;
		master_respawn(master, now_ns);
		if (master->phase == DRAINING)
			is_all_said = master_tell_frontends(master, PEER_DRAIN);
		if (master->phase == ABORTING)
			is_all_said = master_tell_frontends(master, PEER_ABORT);
		if (!recovery_push_strays(&master->recovery))
			is_all_said = false;
		master_wait(
		    master, master_timeout_ms(master, now_ns, !is_all_said));
	}
}

/* --- start and end --- */

static bool
signal_is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN;
}

static int
master_block_signals(void)
{
	static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	/* nohup(1) means that we outlive the terminal. */
	if (!signal_is_ignored(SIGHUP))
		sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started us may have ignored it, and exec(3) hands that on:
	 * children would then vanish and leave no status behind. */
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* As many descriptors as the system allows: each client needs one. */
static void
master_raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warn("cannot raise the limit of descriptors: %s",
		    strerror(errno));
}

/* After this nothing here is root's, if a user was named. */
static int
master_give_up_privileges(const struct master *master)
{
	const struct listeners *listeners = &master->listeners;
	char error[PRIVILEGES_ERROR_CHARS + 1];

	for (size_t i = 0; i < listeners->n; i++) {
		const char *path = listeners->addresses[i].unix_path;

		if (path[0] != '\0' &&
		    privileges_give(master->settings, path, error) != 0) {
			log_error("%s", error);
			return -1;
		}
	}
	if (privileges_drop(master->settings, error) != 0) {
		log_error("%s", error);
		return -1;
	}
	if (privileges_seal() != 0) {
		log_error("cannot give privileges up: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Better no start than executors without the filter that was asked for. */
static int
master_check_sandbox(const struct master *master)
{
	if (!master->settings->sandbox)
		return 0;
	if (!sandbox_is_built())
		log_info("built with a sanitizer or to count coverage: "
			 "executors' system calls are not filtered");
	if (sandbox_check() == 0)
		return 0;
	log_error("this kernel cannot filter executors' system calls: %s; set "
		  "sandbox = false to go without",
	    strerror(errno));
	return -1;
}

static int
master_open(struct master *master)
{
	char error[512];

	master_raise_limits();
	if (listeners_open(&master->listeners, master->settings, error,
		sizeof(error)) != 0) {
		log_error("%s", error);
		return -1;
	}
	if (master_give_up_privileges(master) != 0 ||
	    master_check_sandbox(master) != 0)
		return -1;
	master->signal_fd = master_block_signals();
	if (master->signal_fd < 0 ||
	    generation_open(&master->generation, master->settings,
		&master->listeners) != 0 ||
	    recovery_init(&master->recovery, &master->generation) != 0) {
		log_error("cannot start: %s", strerror(errno));
		return -1;
	}
	master->n_children = master->generation.board.n_processes;
	master->children = calloc(master->n_children, sizeof(struct child));
	if (master->children == NULL) {
		log_error("cannot start: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < master->n_children; i++) {
		struct child *child = &master->children[i];

		child->process = process_at(&master->generation, i);
		backoff_init(&child->backoff, RESPAWN_FIRST_NS, RESPAWN_CAP_NS,
		    RESPAWN_QUIET_NS);
	}
	master->generation.board.calibration = countdown_calibrate();
	if (event_cost_measure(&master->generation.board.event_ps) != 0) {
		log_error("cannot start: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void
master_close(struct master *master)
{
	listeners_close(&master->listeners);
	recovery_free(&master->recovery);
	generation_close(&master->generation);
	free(master->children);
	if (master->signal_fd >= 0)
		close(master->signal_fd);
}

int
master_run(const struct settings *settings)
{
	struct master *master = calloc(1, sizeof(*master));
	int exit_status = EXIT_FAILURE;

	log_open("master");
	title_set("master");
	if (master == NULL)
		fatal("cannot start: %s", strerror(errno));
	master->settings = settings;
	master->signal_fd = -1;
	generation_init(&master->generation);
	master_enter(master, STARTING, 0);
	if (master_open(master) == 0) {
		master->exit_status = EXIT_SUCCESS;
		master_loop(master);
		exit_status = master->exit_status;
		if (exit_status == EXIT_SUCCESS)
			log_info("stopped");
	}
	master_close(master);
	free(master);
	return exit_status;
}
