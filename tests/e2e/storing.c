/* Gilds that keep jobs. It runs in the process that Check forks for a test. */
#include "config.h"

#include "tests/e2e/storing.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

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
start(const char *arg, va_list list)
{
	static char folder[160];
	const char *args[12] = {NULL};

	snprintf(folder, sizeof(folder), "state_dir=%s", store_folder());
	for (size_t n = 0; arg != NULL; arg = va_arg(list, const char *)) {
		ck_assert_uint_lt(n, COUNT(args) - 1);
		args[n++] = arg;
	}
	return gild_start("-o", folder, "-o", "frontends=2", args[0], args[1],
	    args[2], args[3], args[4], args[5], args[6], args[7], args[8],
	    args[9], args[10], NULL);
}

struct gild *
storing_start_anyhow(const char *arg, ...)
{
	struct gild *gild;
	va_list list;

	va_start(list, arg);
	gild = start(arg, list);
	va_end(list);
	return gild;
}

struct gild *
storing_start(const char *arg, ...)
{
	struct gild *gild;
	va_list list;

	va_start(list, arg);
	gild = start(arg, list);
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

/* --- jobs --- */

static void
expect_created(json_t *answer, char job[JOB_ID_CHARS + 1])
{
	ck_assert_str_eq(text_at(answer, "state"), "queued");
	ck_assert(json_is_true(value_at(answer, "created")));
	ck_assert_uint_eq(strlen(text_at(answer, "job")), JOB_ID_CHARS);
	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
}

void
detach_job(struct peer *peer, json_int_t count, char job[JOB_ID_CHARS + 1])
{
	expect_created(peer_call(peer, "job.submit", "{s:I, s:b}", "count",
			   count, "detach", 1),
	    job);
}

/* The time that each of its turns sleeps, and how many of them. */
static void
detach_sleeper(struct peer *peer, int turn_us, json_int_t turns,
    char job[JOB_ID_CHARS + 1])
{
	expect_created(
	    peer_call(peer, "job.submit", "{s:I, s:s, s:i, s:i, s:b}", "count",
		turns, "profile", "io", "io_every", 1, "io_for_us", turn_us,
		"detach", 1),
	    job);
}

void
detach_sleeping(struct peer *peer, char job[JOB_ID_CHARS + 1])
{
	detach_sleeper(peer, 10000000, ENDLESS, job);
}

void
detach_nap(struct peer *peer, int for_ms, char job[JOB_ID_CHARS + 1])
{
	detach_sleeper(peer, 1000, for_ms, job);
}

json_t *
get_job(struct peer *peer, const char *job)
{
	json_t *record = peer_call(peer, "job.get", "{s:s}", "job", job);

	ck_assert_str_eq(text_at(record, "job"), job);
	return record;
}

void
await_state(struct peer *peer, const char *job, const char *state)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		json_t *record = get_job(peer, job);
		bool is_so = strcmp(text_at(record, "state"), state) == 0;

		ck_assert_msg(is_so || ms_until(end_ms) > 0,
		    "job %s is %s, not %s", job, text_at(record, "state"),
		    state);
		json_decref(record);
		if (is_so)
			return;
		poll(NULL, 0, 10); /* only ends can be waited for */
	}
}

json_t *
wait_job(struct peer *peer, const char *job)
{
	json_t *result = peer_call(peer, "job.wait", "{s:s}", "job", job);

	ck_assert_str_eq(text_at(result, "job"), job);
	return result;
}

int64_t
start_wait(struct peer *peer, const char *job)
{
	return peer_call_start(peer, "job.wait", "{s:s}", "job", job);
}

void
expect_result(struct peer *peer, int64_t id, const char *job, const char *state)
{
	json_t *result = answer_result(peer_await(peer, id));

	ck_assert_str_eq(text_at(result, "job"), job);
	ck_assert_str_eq(text_at(result, "state"), state);
	json_decref(result);
}

void
cancel_job(struct peer *peer, const char *job)
{
	json_t *said = peer_call(peer, "job.cancel", "{s:s}", "job", job);

	ck_assert_str_eq(text_at(said, "job"), job);
	ck_assert_str_eq(text_at(said, "state"), "cancelled");
	json_decref(said);
}

size_t
count_jobs(struct peer *peer, const char *state)
{
	json_t *list = peer_call(
	    peer, "job.list", "{s:s, s:i}", "state", state, "limit", 1000);
	size_t n = json_array_size(value_at(list, "jobs"));

	json_decref(list);
	return n;
}
