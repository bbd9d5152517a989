/*
 * The end-to-end harness: gild, started and stopped. It runs in the process
 * that Check forks for a test, apart from run_suite() and its like, the parent.
 * Where a test fails Check kills that process and all that it started, so
 * what a failed test leaves is shown by the parent, from its folder.
 */
#include "config.h"

#include "tests/e2e/harness.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_GILDS 16

static struct gild *gilds[MAX_GILDS];
static size_t n_gilds;

/* What a failed test left: the logs of its gilds, to their last 16 KiB. */
static void
show_log(const char *path)
{
	FILE *log;
	int byte;

	if (strstr(path, "/log.") == NULL || (log = fopen(path, "re")) == NULL)
		return;
	if (fseek(log, -16384, SEEK_END) != 0)
		rewind(log);
	fprintf(stderr, "--- a failed test's gild, %s:\n", path);
	while ((byte = fgetc(log)) != EOF)
		fputc(byte, stderr);
	fprintf(stderr, "--- its end\n");
	fclose(log);
}

/* Longer than any wait: it is the harness that says what is late. */
static TCase *
patient_tcase(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 6.0 * deadline_ms() / 1000);
	return tcase;
}

static int
run_tcase(const char *name, TCase *tcase)
{
	Suite *suite = suite_create(name);
	int exit_status;

	suite_add_tcase(suite, tcase);
	scratch_begin();
	exit_status = suite_main(suite);
	scratch_end(show_log);
	return exit_status;
}

int
run_suite(const char *name, const TTest *const tests[], size_t n_tests)
{
	TCase *tcase = patient_tcase(name);

	for (size_t i = 0; i < n_tests; i++)
		tcase_add_test(tcase, tests[i]);
	return run_tcase(name, tcase);
}

int
run_loop_suite(const char *name, const TTest *test, size_t n_times)
{
	TCase *tcase = patient_tcase(name);

	tcase_add_loop_test(tcase, test, 0, (int)n_times);
	return run_tcase(name, tcase);
}

/* Runs when the process of a test that passed exits. */
static void
end_test(int status, void *unused)
{
	bool is_running = false;

	(void)unused;
	for (size_t i = 0; i < n_gilds; i++)
		is_running = is_running || gilds[i]->pid > 0;
	if (status == 0 && is_running) {
		fprintf(stderr, "this test did not stop its gild\n");
		_exit(1);
	}
}

/* Whom a dead master left to us: reaps what has ended, counts the living. */
static size_t
count_orphans(pid_t *example)
{
	pid_t pids[256];
	size_t n = process_children(getpid(), pids, 256), living = 0;

	for (size_t i = 0; i < n; i++) {
		if (process_is_spawned(pids[i]) ||
		    waitpid(pids[i], NULL, WNOHANG) != 0)
			continue;
		*example = pids[i];
		living++;
	}
	return living;
}

/* Fills argv behind the n that it has, up to the NULL in the list. */
static void
collect_args(
    const char *argv[MAX_ARGS], size_t n, const char *arg, va_list list)
{
	for (; arg != NULL; arg = va_arg(list, const char *)) {
		ck_assert_uint_lt(n, MAX_ARGS - 1);
		argv[n++] = arg;
	}
	argv[n] = NULL;
}

/* A process that is slow in this build is not to be taken for a hung one. */
static void
stretch_heartbeat(const char *argv[MAX_ARGS])
{
	static char option[64];
	size_t n = 0;

	for (; argv[n] != NULL; n++) {
		if (strncmp(argv[n], "heartbeat_timeout=", 18) == 0)
			return;
	}
	if (test_scale() == 1)
		return;
	ck_assert_uint_lt(n + 2, MAX_ARGS);
	snprintf(
	    option, sizeof(option), "heartbeat_timeout=%ds", 5 * test_scale());
	argv[n] = "-o";
	argv[n + 1] = option;
	argv[n + 2] = NULL;
}

/* One line of gild's stdout; false at its end or at the deadline. */
static bool
read_start_line(struct gild *gild, char *line, size_t size, int64_t end_ms)
{
	size_t len = 0;

	for (;;) {
		struct pollfd ready = {.fd = gild->out_fd, .events = POLLIN};

		if (poll(&ready, 1, ms_until(end_ms)) <= 0 ||
		    read(gild->out_fd, line + len, 1) != 1)
			return false;
		if (line[len] == '\n')
			break;
		if (len < size - 1)
			len++;
	}
	line[len] = '\0';
	return true;
}

static struct gild *
gild_spawn(const char *argv[MAX_ARGS])
{
	struct gild *gild = calloc(1, sizeof(*gild));
	int64_t end_ms = now_ms() + deadline_ms();
	int out[2], log, null;
	char line[256];

	ck_assert_ptr_nonnull(gild);
	ck_assert_uint_lt(n_gilds, MAX_GILDS);
	snprintf(gild->log_path, sizeof(gild->log_path), "%s/log.%zu",
	    scratch_dir(), n_gilds);
	log = open(gild->log_path,
	    O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(log, 0);
	ck_assert_int_ge(null, 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	stretch_heartbeat(argv);
	gild->out_fd = out[0];
	gild->pid = process_spawn(argv, null, out[1], log);
	if (n_gilds == 0)
		on_exit(end_test, NULL);
	gilds[n_gilds++] = gild;
	close(out[1]);
	close(log);
	close(null);

	while (read_start_line(gild, line, sizeof(line), end_ms)) {
		if (strcmp(line, "ready") == 0) {
			ck_assert_str_ne(gild->address, "");
			return gild;
		}
		ck_assert_msg(strncmp(line, "listening on ", 13) == 0,
		    "gild said \"%s\"", line);
		if (gild->address[0] == '\0')
			snprintf(gild->address, sizeof(gild->address), "%.127s",
			    line + 13);
	}
	ck_abort_msg(
	    "gild ended, or said no \"ready\" in %d ms", deadline_ms());
}

struct gild *
gild_start(const char *arg, ...)
{
	const char *argv[MAX_ARGS] = {"gild", "-l", "127.0.0.1:0"};
	va_list list;

	va_start(list, arg);
	collect_args(argv, 3, arg, list);
	va_end(list);
	return gild_spawn(argv);
}

struct gild *
gild_start_plain(const char *arg, ...)
{
	const char *argv[MAX_ARGS] = {"gild"};
	va_list list;

	va_start(list, arg);
	collect_args(argv, 1, arg, list);
	va_end(list);
	return gild_spawn(argv);
}

struct gild *
gild_start_program(const char *program, const char *arg, ...)
{
	const char *argv[MAX_ARGS] = {program, "-l", "127.0.0.1:0"};
	va_list list;

	va_start(list, arg);
	collect_args(argv, 3, arg, list);
	va_end(list);
	return gild_spawn(argv);
}

static void
check_log(const struct gild *gild)
{
	static const char *const findings[] = {"ERROR: AddressSanitizer",
	    "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
	    "AddressSanitizer:DEADLYSIGNAL", "runtime error:"};
	char *log = gild_log(gild);

	for (size_t i = 0; i < COUNT(findings); i++)
		ck_assert_msg(strstr(log, findings[i]) == NULL,
		    "a sanitizer found something: %s", findings[i]);
	free(log);
}

int
gild_wait_exit(struct gild *gild)
{
	int64_t end_ms = now_ms() + deadline_ms();
	pid_t orphan = 0;
	int status;

	ck_assert_msg(process_reap(gild->pid, &status, end_ms),
	    "gild (pid %d) has not ended in %d ms", (int)gild->pid,
	    deadline_ms());
	gild->pid = 0;
	close(gild->out_fd);
	while (count_orphans(&orphan) > 0) {
		ck_assert_msg(!WIFEXITED(status),
		    "gild ended and left its child %d behind", (int)orphan);
		ck_assert_msg(ms_until(end_ms) > 0,
		    "gild was killed and its child %d has not left",
		    (int)orphan);
		process_reap(orphan, NULL, end_ms);
	}
	check_log(gild);
	return status;
}

void
gild_expect_exit(struct gild *gild, int exit_status)
{
	int status = gild_wait_exit(gild);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == exit_status,
	    "gild ended with wait status %#x", (unsigned)status);
}

void
gild_stop(struct gild *gild)
{
	peer_close_all();
	gild_signal(gild, SIGTERM);
	gild_expect_exit(gild, 0);
}

void
gild_signal(struct gild *gild, int signal_number)
{
	ck_assert_int_gt(gild->pid, 0);
	ck_assert_int_eq(kill(gild->pid, signal_number), 0);
}

char *
gild_log(const struct gild *gild)
{
	return read_file(gild->log_path);
}

void
gild_await_log(struct gild *gild, const char *text, int times)
{
	int64_t end_ms = now_ms() + deadline_ms();
	int found;

	for (;;) {
		char *log = gild_log(gild);

		found = 0;
		for (const char *at = log; (at = strstr(at, text)) != NULL;
		     at++)
			found++;
		free(log);
		if (found >= times)
			return;
		ck_assert_msg(ms_until(end_ms) > 0,
		    "the log says \"%s\" %d times, not %d", text, found, times);
		poll(NULL, 0, 10); /* nobody tells of a line in a file */
	}
}

json_t *
gild_stats(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);
	json_t *stats = peer_call(peer, "server.stats", NULL);

	peer_close(peer);
	return stats;
}

void
gild_await_stats(struct gild *gild, const char *what,
    bool (*is_so)(json_t *stats, void *arg), void *arg)
{
	struct peer *peer = peer_connect(gild);
	int64_t end_ms = now_ms() + deadline_ms();
	bool is_done;

	for (;;) {
		json_t *stats = peer_call(peer, "server.stats", NULL);

		is_done = is_so(stats, arg);
		if (!is_done && ms_until(end_ms) == 0) {
			char *text = json_dumps(stats, JSON_INDENT(1));

			/* More than Check takes as a message. */
			fprintf(stderr, "the last stats: %s\n", text);
			ck_abort_msg("still not so: %s", what);
		}
		json_decref(stats);
		if (is_done)
			break;
		poll(NULL, 0, 10); /* nothing tells of a change of stats */
	}
	peer_close(peer);
}

size_t
gild_pids(struct gild *gild, const char *kind, const char *pool, pid_t pids[],
    size_t max_pids)
{
	json_t *stats = gild_stats(gild), *process;
	size_t i, n = 0;

	json_array_foreach (value_at(stats, "processes"), i, process) {
		const char *of = json_string_value(value_at(process, "pool"));

		if (strcmp(text_at(process, "kind"), kind) != 0 ||
		    strcmp(text_at(process, "state"), "ready") != 0)
			continue;
		if (pool != NULL && (of == NULL || strcmp(of, pool) != 0))
			continue;
		if (n < max_pids)
			pids[n++] = (pid_t)int_at(process, "pid");
	}
	json_decref(stats);
	return n;
}

/* Whether each member of the array is in this state. */
static bool
all_are(const json_t *array, const char *state)
{
	json_t *member;
	size_t i;

	json_array_foreach (array, i, member)
		if (strcmp(text_at(member, "state"), state) != 0)
			return false;
	return true;
}

static bool
is_idle(json_t *stats, void *unused)
{
	json_t *pool;
	size_t i;

	(void)unused;
	json_array_foreach (value_at(stats, "pools"), i, pool)
		if (int_at(pool, "tasks.queued") != 0 ||
		    int_at(pool, "tasks.dispatched") != 0 ||
		    !all_are(value_at(pool, "executors"), "idle"))
			return false;
	return int_at(stats, "jobs.queued") == 0 &&
	    int_at(stats, "jobs.running") == 0 &&
	    all_are(value_at(stats, "processes"), "ready");
}

void
gild_await_idle(struct gild *gild)
{
	gild_await_stats(gild, "all is idle", is_idle, NULL);
}

struct search {
	const char *pool;
	pid_t but;
	pid_t found;
};

static bool
find_busy(json_t *stats, void *arg)
{
	struct search *search = arg;
	json_t *pool, *executor;
	size_t i, j;

	json_array_foreach (value_at(stats, "pools"), i, pool) {
		if (strcmp(text_at(pool, "name"), search->pool) != 0)
			continue;
		json_array_foreach (value_at(pool, "executors"), j, executor) {
			pid_t pid = (pid_t)int_at(executor, "pid");

			if (pid == search->but ||
			    strcmp(text_at(executor, "state"), "busy") != 0)
				continue;
			search->found = pid;
			return true;
		}
	}
	return false;
}

pid_t
gild_await_busy(struct gild *gild, const char *pool, pid_t but)
{
	struct search search = {.pool = pool, .but = but};

	gild_await_stats(gild, "an executor is busy", find_busy, &search);
	return search.found;
}

uint64_t
gild_rss_kib(struct gild *gild)
{
	pid_t pids[256];
	size_t n = process_children(gild->pid, pids, 256);
	uint64_t kib = process_rss_kib(gild->pid);

	for (size_t i = 0; i < n; i++)
		kib += process_rss_kib(pids[i]);
	return kib;
}

struct peer *
peer_connect(struct gild *gild)
{
	return peer_connect_to(gild->address, 0);
}

struct peer *
peer_connect_small(struct gild *gild)
{
	return peer_connect_to(gild->address, 1);
}
