/*
 * What gild keeps its processes from, and what they show of themselves: the
 * filter of system calls, tripped by a gild that was built to trip it
 * (tripping.c); descriptors; the user; titles.
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/harness.h"
#include "tests/e2e/tripping.h"

#define OTHER "nobody" /* whom every machine has */

static const char *const kinds[] = {"frontend", "interpreter", "worker"};

/* --- the filter --- */

static struct gild *
tripping_start(const char *sandbox)
{
	const char *builddir = getenv("builddir");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/e2e/gild_tripping",
	    builddir != NULL ? builddir : ".");
	return gild_start_program(path, "-o", sandbox, NULL);
}

static json_t *
submit_fault(struct peer *peer, const char *pool)
{
	return peer_call(peer, "job.submit", "{s:i, s:s}", "count", FAULT_COUNT,
	    "pool", pool);
}

static bool
restarts_are(json_t *stats, void *arg)
{
	return sum_of(value_at(stats, "processes"), "restarts") == *(int *)arg;
}

/* A task that trips each executor that takes it. */
static void
check_trip(const char *pool, const char *noun)
{
	static const char death[] =
	    "killed by signal 31 (Bad system call: its filter forbids it)";
	struct gild *gild = tripping_start("sandbox=true");
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	json_t *result = submit_fault(peer, pool);
	char reason[160], line[160], *log;
	int restarts = 3;

	ck_assert_str_eq(text_at(result, "state"), "failed");
	ck_assert_int_eq(int_at(result, "attempts"), 3);
	snprintf(reason, sizeof(reason), "%s %d %s, attempt 3 of 3", noun,
	    (int)int_at(result, "tasks.0.pid"), death);
	ck_assert_str_eq(text_at(result, "reason"), reason);
	json_decref(result);
	/* Whoever tripped is replaced, and others' jobs are as ever. */
	gild_await_stats(gild, "three were replaced", restarts_are, &restarts);
	gild_await_idle(gild);
	for (int i = 0; i < 2; i++) {
		result = peer_call(other, "job.submit", "{s:i, s:s, s:i}",
		    "count", FAULT_COUNT + 1, "pool",
		    i == 0 ? "threads" : "processes", "workers", 1);
		ck_assert_str_eq(text_at(result, "state"), "done");
		ck_assert_int_eq(int_at(result, "attempts"), 1);
		json_decref(result);
	}
	log = gild_log(gild);
	snprintf(line, sizeof(line), "%s; replacing it in ", death);
	ck_assert_msg(strstr(log, line) != NULL, "the log: %s", log);
	free(log);
	gild_stop(gild);
}

START_TEST(a_worker_that_trips_the_filter_is_a_dead_one)
{
	check_trip("processes", "worker");
}
END_TEST

START_TEST(an_interpreter_that_trips_the_filter_is_a_dead_one)
{
	check_trip("threads", "interpreter");
}
END_TEST

static void
check_fault_is_harmless(struct gild *gild)
{
	struct peer *peer = peer_connect(gild);

	for (int i = 0; i < 2; i++) {
		json_t *result =
		    submit_fault(peer, i == 0 ? "threads" : "processes");

		ck_assert_str_eq(text_at(result, "state"), "done");
		ck_assert_int_eq(int_at(result, "attempts"), 1);
		json_decref(result);
	}
	gild_stop(gild);
}

START_TEST(without_the_filter_nothing_is_forbidden)
{
	check_fault_is_harmless(tripping_start("sandbox=false"));
}
END_TEST

START_TEST(gild_itself_has_no_trigger)
{
	check_fault_is_harmless(gild_start(NULL));
}
END_TEST

/* Whether the kernel says so (2) of each thread of the process. */
static bool
is_filtered(pid_t pid)
{
	char path[320], *status, *line;
	bool are_all = true;
	size_t n = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	ck_assert_ptr_nonnull(tasks);
	for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status",
		    (int)pid, task->d_name);
		status = read_file(path);
		line = strstr(status, "\nSeccomp:\t");
		ck_assert_ptr_nonnull(line);
		are_all = are_all && strncmp(line + 10, "2\n", 2) == 0;
		free(status);
		n++;
	}
	closedir(tasks);
	ck_assert_uint_gt(n, 0);
	return are_all;
}

/* A process serves before the last of its threads has come so far. */
static void
await_filtered(pid_t pid)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while (!is_filtered(pid)) {
		ck_assert_msg(
		    ms_until(end_ms) > 0, "%d is not filtered", (int)pid);
		poll(NULL, 0, 10); /* nothing tells of it */
	}
}

START_TEST(every_thread_that_counts_is_filtered)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", NULL);
	pid_t pids[64];

	for (size_t i = 1; i < COUNT(kinds); i++) {
		size_t n = gild_pids(gild, kinds[i], NULL, pids, 64);

		ck_assert_uint_gt(n, 0);
		for (size_t j = 0; j < n; j++)
			await_filtered(pids[j]);
	}
	gild_stop(gild);
}
END_TEST

/* --- descriptors --- */

enum { MAX_FDS = 256 };

struct fd {
	int number;
	char target[256]; /* "pipe:[4711]" */
};

/* False where it has been closed meanwhile. */
static bool
fd_look(pid_t pid, const char *name, struct fd *fd)
{
	char path[320];
	ssize_t n;

	fd->number = atoi(name);
	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, name);
	n = readlink(path, fd->target, sizeof(fd->target) - 1);
	if (n < 0 && errno == ENOENT)
		return false;
	ck_assert_msg(n > 0, "%s: %s", path, strerror(errno));
	fd->target[n] = '\0';
	return true;
}

/* All of an idle process but the standard three. */
static size_t
fds_of(pid_t pid, struct fd fds[MAX_FDS])
{
	char path[64];
	DIR *folder;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	ck_assert_msg(folder != NULL, "%s: %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (atoi(entry->d_name) <= STDERR_FILENO)
			continue;
		ck_assert_uint_lt(n, MAX_FDS);
		n += fd_look(pid, entry->d_name, &fds[n]);
	}
	closedir(folder);
	return n;
}

static bool
fd_is(const struct fd *fd, const char *kind)
{
	return strncmp(fd->target, kind, strlen(kind)) == 0;
}

static size_t
count_kind(const struct fd *fds, size_t n, const char *kind)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += fd_is(&fds[i], kind);
	return found;
}

/* Until each of its threads has opened its schedstat. */
static size_t
await_fds(pid_t pid, struct fd fds[MAX_FDS], size_t n_threads)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		size_t n = fds_of(pid, fds), n_stats = 0;

		for (size_t i = 0; i < n; i++)
			n_stats += strstr(fds[i].target, "/schedstat") != NULL;
		if (n_stats == n_threads)
			return n;
		ck_assert_msg(ms_until(end_ms) > 0,
		    "%d has %zu schedstats for %zu threads", (int)pid, n_stats,
		    n_threads);
		poll(NULL, 0, 10); /* nothing tells of it */
	}
}

/*
 * An executor reads one run queue and writes to the frontends: it has no
 * socket, no epoll, no file, and of no pipe both ends, or its queue would never
 * end.
 */
static void
check_executor(pid_t pid, size_t n_threads, size_t n_bells)
{
	struct fd fds[MAX_FDS];
	size_t n = await_fds(pid, fds, n_threads);

	ck_assert_uint_eq(count_kind(fds, n, "anon_inode:[eventfd]"), n_bells);
	ck_assert_uint_ge(count_kind(fds, n, "pipe:"), 2);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(fd_is(&fds[i], "pipe:") ||
			fd_is(&fds[i], "anon_inode:[eventfd]") ||
			strstr(fds[i].target, "/schedstat") != NULL,
		    "an executor has %d: %s", fds[i].number, fds[i].target);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(!fd_is(&fds[i], "pipe:") ||
				strcmp(fds[i].target, fds[j].target) != 0,
			    "an executor has both ends of %s", fds[i].target);
	}
}

static void
check_frontend(pid_t pid)
{
	struct fd fds[MAX_FDS];
	size_t n = fds_of(pid, fds);

	/* At least one that listens and its inbox. */
	ck_assert_uint_ge(count_kind(fds, n, "socket:"), 2);
	ck_assert_uint_eq(count_kind(fds, n, "anon_inode:[eventpoll]"), 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(fds[i].target[0] != '/' ||
			strstr(fds[i].target, "/schedstat") != NULL,
		    "a frontend has %d: %s", fds[i].number, fds[i].target);
}

START_TEST(each_process_has_the_descriptors_of_its_kind)
{
	struct gild *gild;
	struct peer *peers[8];
	struct fd fds[MAX_FDS];
	size_t n, n_sockets;
	pid_t pids[64];

#ifndef GILD_TRACEABLE
	/* Nobody but root may look. */
	if (geteuid() != 0)
		return;
#endif
	gild = gild_start("-o", "pool.threads.size=3", NULL);
	n = fds_of(gild->pid, fds);
	n_sockets = count_kind(fds, n, "socket:");
	for (size_t i = 0; i < COUNT(peers); i++) {
		peers[i] = peer_connect(gild);
		json_decref(peer_call(peers[i], "server.ping", NULL));
	}
	/* The master holds no client's. */
	n = fds_of(gild->pid, fds);
	ck_assert_uint_eq(count_kind(fds, n, "socket:"), n_sockets);

	n = gild_pids(gild, "frontend", NULL, pids, 64);
	for (size_t i = 0; i < n; i++)
		check_frontend(pids[i]);
	n = gild_pids(gild, "interpreter", NULL, pids, 64);
	for (size_t i = 0; i < n; i++)
		check_executor(pids[i], 3, 1);
	n = gild_pids(gild, "worker", NULL, pids, 64);
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++)
		check_executor(pids[i], 1, 0);
	gild_stop(gild);
}
END_TEST

/* --- the user --- */

/* Whether the process is this user's, in all its identities. */
static void
check_uid(pid_t pid, uid_t uid)
{
	char path[64], expected[128], *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	snprintf(expected, sizeof(expected), "\nUid:\t%u\t%u\t%u\t%u\n", uid,
	    uid, uid, uid);
	status = read_file(path);
	ck_assert_msg(strstr(status, expected) != NULL, "%s: %s", path, status);
	ck_assert_ptr_nonnull(strstr(status, "\nCapEff:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "\nNoNewPrivs:\t1\n"));
	free(status);
}

/* The same user, in a process of its own: it may neither trace nor look. */
static void
check_is_closed_to(uid_t uid, pid_t pid)
{
#ifndef GILD_TRACEABLE
	int status;
	pid_t tracer = fork();

	ck_assert_int_ge(tracer, 0);
	if (tracer == 0) {
		static const char *const files[] = {"mem", "environ"};
		char path[64];

		if (setresuid(uid, uid, uid) != 0)
			_exit(1);
		if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0)
			_exit(2);
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid,
			    files[i]);
			if (access(path, R_OK) == 0)
				_exit(3);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(tracer, &status, 0), tracer);
	ck_assert_int_eq(status, 0);
#else
	(void)uid, (void)pid;
#endif
}

START_TEST(root_is_given_up)
{
	const struct passwd *other = getpwnam(OTHER);
	char path[160], address[168];
	struct stat status;
	struct gild *gild;
	struct peer *peer;
	json_t *result;
	pid_t pids[64];

	if (geteuid() != 0)
		return;
	snprintf(path, sizeof(path), "%s/sock", scratch_dir());
	snprintf(address, sizeof(address), "unix:%s", path);
	gild = gild_start("-l", address, "-o", "user=" OTHER, NULL);
	check_uid(gild->pid, other->pw_uid);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t n = gild_pids(gild, kinds[i], NULL, pids, 64);

		for (size_t j = 0; j < n; j++) {
			check_uid(pids[j], other->pw_uid);
			check_is_closed_to(other->pw_uid, pids[j]);
		}
	}
	check_is_closed_to(other->pw_uid, gild->pid);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_uid, other->pw_uid);
	ck_assert_uint_eq(status.st_gid, other->pw_gid);
	peer = peer_connect_to(address, 0);
	result = peer_call(
	    peer, "job.submit", "{s:i, s:i}", "count", 1000, "workers", 2);
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	/* It can still read what its own threads waited for a CPU. */
	check_executor(pids[0], 1, 0);
	gild_stop(gild);
}
END_TEST

START_TEST(who_cannot_become_the_user_does_not_start)
{
	struct run *run = run_program(
	    NULL, "gild", "-l", "127.0.0.1:0", "-o", "user=no-such-user", NULL);

	ck_assert_int_eq(run->exit_status, 1);
	ck_assert_msg(
	    strstr(run->err, "there is no user \"no-such-user\"") != NULL, "%s",
	    run->err);
	ck_assert_str_eq(run->out, "");
	run = run_program(NULL, "gild", "-t", "-o", "user=no-such-user", NULL);
	ck_assert_int_eq(run->exit_status, 1);
	ck_assert_str_eq(run->out, "");
}
END_TEST

/* --- titles --- */

static void check_title(pid_t pid, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What ps shows begins with this. */
static void
check_title(pid_t pid, const char *format, ...)
{
	char path[64], expected[128], *shown;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	shown = read_file(path);
	ck_assert_msg(strncmp(shown, expected, strlen(expected)) == 0,
	    "%d is called \"%s\", not \"%s\"", (int)pid, shown, expected);
	free(shown);
}

START_TEST(processes_are_named_by_what_they_are)
{
	struct gild *gild = gild_start(
	    "-o", "frontends=2", "-o", "pool.processes.size=3", NULL);
	pid_t pids[64];

	check_title(gild->pid, "gild: master");
	ck_assert_uint_eq(gild_pids(gild, "frontend", NULL, pids, 64), 2);
	for (int i = 0; i < 2; i++)
		check_title(pids[i], "gild: frontend %d", i);
	ck_assert_uint_eq(gild_pids(gild, "interpreter", NULL, pids, 64), 1);
	check_title(pids[0], "gild: interpreter (threads)");
	ck_assert_uint_eq(gild_pids(gild, "worker", NULL, pids, 64), 3);
	for (int i = 0; i < 3; i++)
		check_title(pids[i], "gild: worker %d (processes)", i);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    without_the_filter_nothing_is_forbidden,
	    gild_itself_has_no_trigger,
	    each_process_has_the_descriptors_of_its_kind,
	    root_is_given_up,
	    who_cannot_become_the_user_does_not_start,
	    processes_are_named_by_what_they_are,
	    /* These three need the filter. */
	    a_worker_that_trips_the_filter_is_a_dead_one,
	    an_interpreter_that_trips_the_filter_is_a_dead_one,
	    every_thread_that_counts_is_filtered,
	};
	size_t n_tests = COUNT(tests);

#ifdef GILD_INSTRUMENTED
	puts("skipped: this build has no filter, see daemon/sandbox.h");
	n_tests -= 3;
#endif
	if (geteuid() != 0)
		puts("skipped: what only root can try");
	return run_suite("hardening", tests, n_tests);
}
