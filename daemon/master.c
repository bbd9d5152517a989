/*
 * The master process: it has the sockets, and crews of processes that serve
 * them: one, and while a reload is under way or older ones still finish what
 * they began, more (crew.c). It reaps, and carries orders, from signals and
 * from operators, to those they concern. It parses no byte that a client sent.
 * It runs no event loop of a library: it forks for as long as it lives, and a
 * fork must not inherit an epoll set.
 *
 * A reload reads the configuration, opens what is new in it, and starts a crew
 * beside the one that serves. Once all of the new crew is ready it opens its
 * doors, and only then does the old one retire. Whatever goes wrong before
 * leaves the old one as it was.
 */
#include "daemon/master.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/configuration.h"
#include "daemon/crew.h"
#include "daemon/desk.h"
#include "daemon/log.h"
#include "daemon/master_private.h"
#include "daemon/notify.h"
#include "daemon/pulse.h"
#include "daemon/title.h"

#define RETRY_NS (10 * NS_PER_MS) /* a full queue or inbox */
#define TICK_NS NS_PER_S	  /* where nothing asks for another one */
/* What stopping may take beyond drain_timeout, and some more. */
#define STOP_MARGIN_NS (10 * NS_PER_S)

/* --- all crews --- */

static void
master_stop_all(struct master *master, void (*stop)(struct crew *))
{
	struct crew *crew;

	if (!master->is_stopping) {
		master->is_stopping = true;
		notify_stopping(&master->notifier);
		notify_extend_timeout(&master->notifier, STOP_MARGIN_NS);
		master_end_reload(master, "gild is stopping");
	}
	TAILQ_FOREACH (crew, &master->crews, links) {
		if (crew->phase == CREW_STARTING)
			crew_kill(crew); /* it has let nobody in yet */
		else
			stop(crew);
	}
}

void
master_drain(struct master *master)
{
	master_stop_all(master, crew_drain);
}

void
master_shutdown(struct master *master)
{
	master_stop_all(master, crew_abort);
}

static void
master_kill(struct master *master)
{
	master_stop_all(master, crew_kill);
	master->exit_status = EXIT_FAILURE;
}

static void
master_reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct crew *crew;

		if (keeper_bury(&master->keeper, pid, status))
			continue;
		TAILQ_FOREACH (crew, &master->crews, links) {
			if (crew_bury(crew, pid, status))
				break;
		}
	}
}

/* Forgets the crews that are gone. */
static void
master_bury_crews(struct master *master)
{
	struct crew *crew, *next;

	for (crew = TAILQ_FIRST(&master->crews); crew != NULL; crew = next) {
		next = TAILQ_NEXT(crew, links);
		/* Its last clients may still be on their way to another. */
		if (crew->phase != CREW_GONE || !desk_is_empty(&crew->desk))
			continue;
		if (crew == master->serving)
			master->serving = NULL;
		if (crew == master->leaving)
			master->leaving = NULL;
		if (crew == master->coming) {
			master->coming = NULL;
			master_end_reload(master, crew->failure);
		}
		desk_clear(&crew->desk);
		if (crew->lost_jobs)
			master->exit_status = EXIT_FAILURE;
		if (!master->is_stopping && master->serving == NULL) {
			log_error("%s: giving up", crew->failure);
			master->exit_status = EXIT_FAILURE;
		}
		TAILQ_REMOVE(&master->crews, crew, links);
		crew_free(crew);
		master_count_others(master);
	}
}

/* --- what it is doing, for people --- */

static uint64_t
master_count_jobs(const struct master *master, enum job_state state)
{
	const struct crew *crew;
	uint64_t sum = 0;

	TAILQ_FOREACH (crew, &master->crews, links)
		sum += crew_count_jobs(crew, state);
	return sum;
}

/* To the service manager, and in the title. */
static void
master_tell_status(struct master *master)
{
	const char *doing = master->is_stopping ? "stopping"
	    : master->coming == NULL		? "serving"
	    : master->serving == NULL		? "starting"
						: "reloading";
	uint64_t queued = master_count_jobs(master, JOB_QUEUED);
	uint64_t running = master_count_jobs(master, JOB_RUNNING);
	uint64_t clients = 0;
	const struct crew *crew;

	TAILQ_FOREACH (crew, &master->crews, links)
		clients += crew_count_clients(crew);
	title_set("master %s, generation %" PRIu32 ", %" PRIu64
		  " running, %" PRIu64 " queued",
	    doing, master->n_generations, running, queued);
	notify_status(&master->notifier,
	    "%c%s: jobs %" PRIu64 " running, %" PRIu64 " queued, %" PRIu64
	    " done; clients %" PRIu64 "; generation %" PRIu32 "%s",
	    doing[0] - 'a' + 'A', doing + 1, running, queued,
	    master_count_jobs(master, JOB_DONE), clients, master->n_generations,
	    master->n_others > 0 ? ", older ones finish" : "");
}

/* --- the change from one crew to the next --- */

static void
master_say_ready(const struct master *master)
{
	const struct listeners *listeners = &master->serving->listeners;

	for (size_t i = 0; i < listeners->n; i++)
		printf("listening on %s\n", listeners->all[i].name);
	printf("ready\n");
	fflush(stdout);
}

/* The new crew's doors are open: the one before it has nothing to wait for. */
static void
master_change_crews(struct master *master)
{
	struct crew *old = master->serving, *crew = master->coming;

	if (crew == NULL || crew->phase != CREW_SERVING ||
	    !crew_has_told_all(crew))
		return;
	master->coming = NULL;
	master->serving = crew;
	if (old == NULL) {
		master_say_ready(master);
		master_tell_status(master);
		notify_ready(&master->notifier);
		return;
	}
	keeper_follow(&master->keeper, &crew->settings);
	listeners_hand_on(&old->listeners, &crew->listeners);
	crew_retire(old);
	master->leaving = old;
}

/* A reload is over when whoever connects from now on gets to the new crew. */
static void
master_finish_reload(struct master *master)
{
	if (!master->reload.is_under_way || master->coming != NULL ||
	    (master->leaving != NULL && !crew_doors_are_shut(master->leaving)))
		return;
	log_info("reloaded: generation %" PRIu32 " serves",
	    master->serving->generation.number);
	master_end_reload(master, NULL);
}

/* --- signals --- */

/*
 * A hang-up that the kernel sends is a terminal's end, and ours; one from a
 * process is an operator's word to reload.
 */
static void
master_on_hangup(struct master *master, const struct signalfd_siginfo *info)
{
	if (master->is_stopping)
		return;
	if (info->ssi_code == SI_KERNEL) {
		log_info("the terminal is gone: finishing what is in flight, "
			 "then stopping");
		master->was_signalled = true;
		master_drain(master);
	} else {
		log_info("SIGHUP: reloading");
		master_reload(master, NULL);
	}
}

static void
master_on_signal(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		int number = (int)info.ssi_signo;

		switch (number) {
		case SIGCHLD: /* master_reap() runs every turn */
			break;
		case SIGHUP:
			master_on_hangup(master, &info);
			break;
		case SIGTERM:
		case SIGINT:
			/* A second signal is impatience; one behind an order
			 * to drain or to shut down says the same again. */
			if (!master->was_signalled) {
				log_info("%s: finishing what is in flight, "
					 "then stopping",
				    strsignal(number));
				master->was_signalled = true;
				master_drain(master);
				break;
			}
			/* fall through */
		default:
			log_warn("%s: stopping at once", strsignal(number));
			master_kill(master);
		}
	}
}

/* --- once a tick --- */

/* Looks at all signs of life often enough for all. */
static uint64_t
master_tick_ns(const struct master *master)
{
	uint64_t tick_ns = TICK_NS;
	const struct crew *crew;

	if (notify_is_heard(&master->notifier) &&
	    master->notifier.watchdog_ns > 0 &&
	    master->notifier.watchdog_ns / 4 < tick_ns)
		tick_ns = master->notifier.watchdog_ns / 4;
	TAILQ_FOREACH (crew, &master->crews, links) {
		uint64_t period_ns = pulse_period_ns(&crew->settings);

		if (period_ns > 0 && period_ns < tick_ns)
			tick_ns = period_ns;
	}
	return tick_ns;
}

static bool
master_feel_pulses(struct master *master, uint64_t now_ns)
{
	struct crew *crew;
	bool all_live = true;

	TAILQ_FOREACH (crew, &master->crews, links) {
		uint64_t period_ns = pulse_period_ns(&crew->settings);

		if (period_ns == 0)
			continue;
		if (now_ns >= crew->next_look_ns) {
			crew->next_look_ns = now_ns + period_ns;
			crew->is_alive = crew_feel_pulse(crew);
			if (crew == master->serving)
				master->is_recorder_alive = keeper_feel_pulse(
				    &master->keeper, &crew->settings);
		}
		if (crew == master->serving)
			all_live = all_live && master->is_recorder_alive;
		all_live = all_live && crew->is_alive;
	}
	return all_live;
}

static void
master_tick(struct master *master, uint64_t now_ns)
{
	if (now_ns < master->next_tick_ns)
		return;
	master->next_tick_ns = now_ns + master_tick_ns(master);
	log_settle();
	if (master_feel_pulses(master, now_ns))
		notify_watchdog(&master->notifier);
	master_tell_status(master);
	if (master->is_stopping)
		notify_extend_timeout(&master->notifier, STOP_MARGIN_NS);
}

/* --- the loop --- */

static int
master_timeout_ms(const struct master *master, uint64_t now_ns, bool is_retry)
{
	uint64_t at_ns = master->next_tick_ns;
	const struct crew *crew;

	if (is_retry && now_ns + RETRY_NS < at_ns)
		at_ns = now_ns + RETRY_NS;
	if (keeper_next_ns(&master->keeper) < at_ns)
		at_ns = keeper_next_ns(&master->keeper);
	TAILQ_FOREACH (crew, &master->crews, links) {
		uint64_t next_ns = crew_next_ns(crew);

		if (next_ns < at_ns)
			at_ns = next_ns;
	}
	if (at_ns <= now_ns)
		return 0;
	return (int)((at_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void
master_wait(struct master *master, int timeout_ms)
{
	struct pollfd fds[1 + 2 * MASTER_MAX_CREWS] = {
	    {.fd = master->signal_fd, .events = POLLIN},
	};
	struct crew *crew;
	nfds_t n = 1;
	char news[64];

	TAILQ_FOREACH (crew, &master->crews, links) {
		fds[n++] = (struct pollfd){
		    .fd = crew->generation.news_in, .events = POLLIN};
		/* While one cannot be passed on, the next are left there. */
		fds[n++] = (struct pollfd){.fd = desk_is_full(&crew->desk)
			? -1
			: crew->generation.desk_in,
		    .events = POLLIN};
	}
	if (poll(fds, n, timeout_ms) < 0 && errno != EINTR)
		fatal("poll: %s", strerror(errno));
	TAILQ_FOREACH (crew, &master->crews, links) {
		while (read(crew->generation.news_in, news, sizeof(news)) > 0)
			;
	}
	master_on_signal(master);
}

static bool
master_tend_recorder(struct master *master, uint64_t now_ns)
{
	struct crew *crew;
	bool is_retry = false;

	keeper_tend(&master->keeper, now_ns);
	TAILQ_FOREACH (crew, &master->crews, links)
		is_retry = keeper_link(&master->keeper, crew) || is_retry;
	if (!is_retry)
		keeper_link_end(&master->keeper);
	return is_retry;
}

/* What is due. True when something has to be tried again soon. */
static bool
master_tend(struct master *master, uint64_t now_ns)
{
	bool is_retry = false;
	struct crew *crew;

	TAILQ_FOREACH (crew, &master->crews, links)
		is_retry = crew_tend(crew, now_ns) || is_retry;
	is_retry = master_tend_recorder(master, now_ns) || is_retry;
	/* Before requests: those of a crew that has just opened its doors need
	 * it to be the one that serves. */
	master_change_crews(master);
	master_finish_reload(master);
	TAILQ_FOREACH (crew, &master->crews, links) {
		desk_serve(&crew->desk, master, crew);
		is_retry = is_retry || desk_is_full(&crew->desk);
	}
	/* A change of crews, or an order over a desk, came behind the tending. */
	TAILQ_FOREACH (crew, &master->crews, links)
		is_retry = !crew_tell(crew) || is_retry;
	return master_tend_reload(master) || is_retry;
}

static void
master_loop(struct master *master)
{
	for (;;) {
		uint64_t now_ns;
		bool is_retry;

		master_reap(master);
		now_ns = clock_monotonic_ns();
		is_retry = master_tend(master, now_ns);
		master_bury_crews(master);
		if (TAILQ_EMPTY(&master->crews)) {
			/* Nobody is left who could tell it anything. */
			keeper_stop(&master->keeper);
			if (keeper_is_gone(&master->keeper))
				return;
		}
		master_tick(master, now_ns);
		master_wait(
		    master, master_timeout_ms(master, now_ns, is_retry));
	}
}

/* --- start and end --- */

static void
master_close(struct master *master)
{
	if (master->signal_fd >= 0)
		close(master->signal_fd);
	keeper_close(&master->keeper);
	notify_close(&master->notifier);
}

int
master_run(const struct configuration *configuration, struct settings *settings)
{
	struct master *master = calloc(1, sizeof(*master));
	int exit_status = EXIT_FAILURE;

	log_open("master");
	title_set("master starting");
	if (master == NULL)
		fatal("cannot start: %s", strerror(errno));
	master->configuration = configuration;
	master->signal_fd = -1;
	master->exit_status = EXIT_SUCCESS;
	TAILQ_INIT(&master->crews);
	if (master_open(master, settings) == 0) {
		master_loop(master);
		exit_status = master->exit_status;
		if (exit_status == EXIT_SUCCESS)
			log_info("stopped");
	}
	master_close(master);
	free(master);
	return exit_status;
}
