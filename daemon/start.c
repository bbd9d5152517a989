/*
 * The master's start: all that it does once, before it forks anybody. Signals
 * are blocked, sockets opened or inherited, and then it gives up what it was
 * allowed until then.
 */
#include "daemon/master_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "daemon/clock.h"
#include "daemon/event_cost.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"

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

/* Those that were inherited, or those that the settings name. */
static int
master_open_listeners(const struct settings *settings,
    struct listeners *listeners, char *error, size_t error_size)
{
	int n = listeners_inherit(listeners, settings, error, error_size);

	if (n == 0)
		return listeners_open(
		    listeners, settings, NULL, error, error_size);
	if (n > 0)
		log_info("these sockets are the service manager's; what "
			 "`listen` and -l say has no effect");
	return n < 0 ? -1 : 0;
}

/* After this nothing here is root's, if a user was named. */
static int
master_give_up_privileges(
    const struct settings *settings, const struct listeners *listeners)
{
	char error[PRIVILEGES_ERROR_CHARS + 1];

	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = &listeners->all[i];

		if (listener->owns_path &&
		    privileges_give(
			settings, listener->address.unix_path, error) != 0) {
			log_error("%s", error);
			return -1;
		}
	}
	if (privileges_drop(settings, error) != 0) {
		log_error("%s", error);
		return -1;
	}
	if (privileges_seal() != 0) {
		log_error("cannot give privileges up: %s", strerror(errno));
		return -1;
	}
	return 0;
}

int
master_open(struct master *master, struct settings *settings)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	char error[OPTIONS_ERROR_CHARS + 1];
	int result = -1;

	master_raise_limits();
	notify_open(&master->notifier);
	if (listeners == NULL ||
	    (master->signal_fd = master_block_signals()) < 0 ||
	    event_cost_measure(&master->constants.event_ps) != 0) {
		log_error("cannot start: %s", strerror(errno));
		goto out;
	}
	if (master_open_listeners(settings, listeners, error, sizeof(error)) !=
	    0) {
		log_error("%s", error);
		goto out;
	}
	if (master_give_up_privileges(settings, listeners) != 0)
		goto out;
	if (master_check_sandbox(settings, error, sizeof(error)) != 0) {
		log_error("%s", error);
		goto out;
	}
	if (settings->sandbox && !sandbox_is_built())
		log_info("built with a sanitizer or to count coverage: "
			 "executors' system calls are not filtered");
	if (keeper_open(&master->keeper, settings) != 0) {
		log_error("cannot start: %s", strerror(errno));
		goto out;
	}
	master->constants.calibration = countdown_calibrate();
	master->constants.started_ns = clock_monotonic_ns();
	master->constants.started_unix_ms = clock_unix_ms();
	if (master_add_crew(master, settings, listeners) != 0) {
		log_error("cannot start: %s", strerror(errno));
		goto out;
	}
	result = 0;
out:
	if (listeners != NULL)
		listeners_close(listeners); /* what no crew took over */
	settings_free(settings);
	free(listeners);
	return result;
}
