/* Gilds with a store. It runs in the process that Check forks for a test. */
#include "config.h"

#include "tests/e2e/storing.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/e2e/client.h"

const char *
store_folder(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/state", scratch_dir());
	return path;
}

const char *
store_path(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", store_folder(), name);
	return path;
}

/* --- start and end --- */

static struct gild *
start(const char *address, const char *arg, va_list list)
{
	static char folder[160];
	const char *args[12] = {NULL};

	snprintf(folder, sizeof(folder), "state_dir=%s", store_folder());
	for (size_t n = 0; arg != NULL; arg = va_arg(list, const char *)) {
		ck_assert_uint_lt(n, COUNT(args) - 1);
		args[n++] = arg;
	}
	return gild_start_plain("-l", address, "-o", folder, "-o",
	    "frontends=2", args[0], args[1], args[2], args[3], args[4], args[5],
	    args[6], args[7], args[8], args[9], args[10], NULL);
}

struct gild *
storing_start_anyhow(const char *arg, ...)
{
	struct gild *gild;
	va_list list;

	va_start(list, arg);
	gild = start("127.0.0.1:0", arg, list);
	va_end(list);
	return gild;
}

struct gild *
storing_start(const char *arg, ...)
{
	struct gild *gild;
	va_list list;

	va_start(list, arg);
	gild = start("127.0.0.1:0", arg, list);
	va_end(list);
	await_store(gild, true);
	return gild;
}

struct gild *
storing_start_for_gilctl(const char *arg, ...)
{
	static char address[160];
	struct gild *gild;
	va_list list;

	snprintf(address, sizeof(address), "unix:%s/s", scratch_dir());
	client_use(address);
	va_start(list, arg);
	gild = start(address, arg, list);
	va_end(list);
	await_store(gild, true);
	return gild;
}

static void
await_availability(struct peer *peer, bool is_available)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		json_t *info = peer_call(peer, "server.info", NULL);
		bool is = json_is_true(value_at(info, "store.available"));

		json_decref(info);
		if (is == is_available)
			return;
		ck_assert_msg(ms_until(end_ms) > 0, "the store is %s",
		    is ? "still available" : "not available");
		poll(NULL, 0, 10); /* nobody tells of it */
	}
}

void
await_store(struct gild *gild, bool is_available)
{
	pid_t pids[2];

	if (gild_pids(gild, "frontend", NULL, pids, 2) == 2) {
		for (unsigned i = 0; i < 2; i++) {
			struct peer *peer = peer_connect_frontend(gild, i);

			await_availability(peer, is_available);
			peer_close(peer);
		}
	} else {
		struct peer *peer = peer_connect(gild);

		await_availability(peer, is_available);
		peer_close(peer);
	}
}

void
gild_kill(struct gild *gild)
{
	int status;

	gild_signal(gild, SIGKILL);
	status = gild_wait_exit(gild);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	peer_close_all();
}

/* --- processes --- */

static bool
is_recorder(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(name, sizeof(name), file) == NULL)
		name[0] = '\0';
	fclose(file);
	return strcmp(name, "recorder\n") == 0;
}

pid_t
recorder_pid(struct gild *gild, pid_t but)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		pid_t pids[256];
		size_t n = process_children(gild->pid, pids, 256);

		for (size_t i = 0; i < n; i++) {
			if (pids[i] != but && is_recorder(pids[i]))
				return pids[i];
		}
		ck_assert_msg(ms_until(end_ms) > 0, "there is no recorder");
		poll(NULL, 0, 10); /* it is not ours to wait for */
	}
}

struct search {
	unsigned number;
	pid_t but;
	pid_t found;
};

static bool
find_frontend(json_t *stats, void *arg)
{
	struct search *search = arg;
	json_t *process;
	size_t i;

	json_array_foreach (value_at(stats, "processes"), i, process) {
		pid_t pid = (pid_t)int_at(process, "pid");

		if (strcmp(text_at(process, "kind"), "frontend") != 0 ||
		    strcmp(text_at(process, "state"), "ready") != 0 ||
		    int_at(process, "number") != search->number ||
		    pid == search->but)
			continue;
		search->found = pid;
		return true;
	}
	return false;
}

pid_t
frontend_pid(struct gild *gild, unsigned number, pid_t but)
{
	struct search search = {.number = number, .but = but};

	gild_await_stats(gild, "the frontend is ready", find_frontend, &search);
	return search.found;
}

/* The ids of its jobs tell who serves a client. */
static unsigned
serving_frontend(struct peer *peer)
{
	json_t *result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 1, "pool", "threads");
	struct job_id id;

	ck_assert_int_eq(job_id_parse(text_at(result, "job"), &id), 0);
	json_decref(result);
	return job_id_frontend(id);
}

struct peer *
peer_connect_frontend(struct gild *gild, unsigned number)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		pid_t other = frontend_pid(gild, 1 - number, 0);
		struct peer *peer;

		/* Only one is left to let a client in. */
		kill(other, SIGSTOP);
		peer = peer_connect(gild);
		if (serving_frontend(peer) == number) {
			kill(other, SIGCONT);
			return peer;
		}
		kill(other, SIGCONT);
		peer_close(peer);
		ck_assert_msg(
		    ms_until(end_ms) > 0, "frontend %u lets nobody in", number);
	}
}
