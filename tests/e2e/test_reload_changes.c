/*
 * What changes with a reload, and reloads that fail: they change nothing.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/operator.h"

/* --- what a configuration changes --- */

static size_t
count_executors(struct gild *gild, const char *pool)
{
	json_t *stats = gild_stats(gild), *entry;
	size_t i, n = 0;

	json_array_foreach (value_at(stats, "pools"), i, entry) {
		if (strcmp(text_at(entry, "name"), pool) == 0)
			n = json_array_size(value_at(entry, "executors"));
	}
	json_decref(stats);
	return n;
}

START_TEST(pools_come_go_and_change_their_size)
{
	struct gild *gild;
	struct peer *old, *peer;
	char job[JOB_ID_CHARS + 1];
	int64_t id;

	operator_write("frontends = 1\n"
		       "pool \"processes\" { kind = processes size = 1 }\n"
		       "pool \"sized\" { kind = processes size = 1 }\n");
	gild = operator_start(NULL);
	old = peer_connect(gild);
	id = peer_submit_sleeping(old, job);
	operator_write("frontends = 2\n"
		       "pool \"sized\" { kind = processes size = 4 }\n"
		       "pool \"new\" { kind = threads size = 3 }\n");
	operator_reload();
	peer = peer_connect(gild);
	ck_assert_uint_eq(count_executors(gild, "processes"), 0);
	ck_assert_uint_eq(count_executors(gild, "sized"), 4);
	ck_assert_uint_eq(count_executors(gild, "new"), 3);
	json_decref(peer_call(peer, "job.submit", "{s:i, s:s, s:i}", "count",
	    100, "pool", "new", "workers", 3));
	json_decref(peer_call_error(peer, "no_such_pool", "job.submit",
	    "{s:i, s:s}", "count", 100, "pool", "processes"));
	peer_cancel(peer, job);
	peer_expect_end(old, id, "cancelled");
	operator_await_alone(gild, 2 + 4 + 1);
	gild_stop(gild);
}
END_TEST

static bool
exists(const char *address)
{
	struct stat stat_of;

	return lstat(address + strlen("unix:"), &stat_of) == 0;
}

START_TEST(addresses_come_and_go)
{
	struct gild *gild;
	struct peer *old, *peer;
	char other[128];
	json_t *info;

	snprintf(other, sizeof(other), "unix:%s/other.sock", scratch_dir());
	operator_write(
	    "listen = {\"%s\", \"%s\"}\n" SMALL, other, operator_address());
	gild = operator_start(NULL);
	ck_assert_str_eq(gild->address, other);
	old = peer_connect(gild);
	json_decref(peer_call(old, "server.ping", NULL));
	operator_write(
	    "listen = {\"%s\", \"127.0.0.1:0\"}\n" SMALL, operator_address());
	operator_reload();
	ck_assert(!exists(other));
	ck_assert(exists(operator_address()));
	info = peer_call(operator_connect(), "server.info", NULL);
	ck_assert_uint_eq(json_array_size(value_at(info, "addresses")), 2);
	peer = peer_connect_to(text_at(info, "addresses.1"), 0);
	ck_assert_int_eq(peer_generation(peer), 2);
	/* Who came by the old address is still there. */
	peer_await_generation(old, 2);
	/* The port that the kernel chose is kept, as long as it is asked for. */
	operator_reload();
	json_decref(peer_call(peer_connect_to(text_at(info, "addresses.1"), 0),
	    "server.ping", NULL));
	json_decref(info);
	operator_write(
	    "listen = {\"%s\", \"%s\"}\n" SMALL, operator_address(), other);
	operator_reload();
	ck_assert(exists(other));
	ck_assert_int_eq(peer_generation(peer_connect_to(other, 0)), 4);
	gild_stop(gild);
	ck_assert(!exists(other));
	ck_assert(!exists(operator_address()));
}
END_TEST

/* A port that is no longer ours refuses. */
START_TEST(a_tcp_address_that_was_removed_refuses)
{
	struct gild *gild;
	struct run *run;

	operator_write(SMALL);
	gild = operator_start(NULL);
	operator_write("listen = {\"%s\"}\n" SMALL, operator_address());
	operator_reload();
	run = run_program(NULL, "gilctl", "-s", gild->address, "ping", NULL);
	ck_assert_int_ne(run->exit_status, 0);
	ck_assert_ptr_nonnull(strstr(run->err, strerror(ECONNREFUSED)));
	gild_stop(gild);
}
END_TEST

/* --- what fails changes nothing --- */

START_TEST(a_broken_file_changes_nothing)
{
	struct gild *gild;
	char expected[256];
	size_t n_fds;

	operator_write(SMALL);
	gild = operator_start(NULL);
	n_fds = process_count_fds(gild->pid);
	operator_write("frontends = 1\nmax_jobs = lots\n");
	snprintf(
	    expected, sizeof(expected), "%s:3: max_jobs: ", operator_file());
	ck_assert_int_eq(strncmp(operator_reload_error("reload_failed"),
			     expected, strlen(expected)),
	    0);
	gild_signal(gild, SIGHUP);
	gild_await_log(gild, "nothing was reloaded: ", 2);
	operator_write("listen = {\"unix:/no/such/folder/sock\"}\n");
	ck_assert_ptr_nonnull(strstr(
	    operator_reload_error("reload_failed"), "/no/such/folder/sock"));
	operator_write("listen = {\"0.0.0.0:0\"}\n");
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), "allow_remote"));
	ck_assert_int_eq(unlink(operator_file()), 0);
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), operator_file()));
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_uint_eq(process_count_fds(gild->pid), n_fds);
	/* And then it is put right. */
	operator_write(SMALL);
	ck_assert_int_eq(operator_reload(), 2);
	gild_stop(gild);
}
END_TEST

/* Nothing is left for another generation: no descriptors. */
START_TEST(a_generation_that_cannot_be_made_changes_nothing)
{
	struct gild *gild;
	struct rlimit before, limit;
	pid_t pids[16];

	operator_write(SMALL);
	gild = operator_start(NULL);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, NULL, &before), 0);
	limit = before;
	limit.rlim_cur = process_count_fds(gild->pid) + 4;
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, &limit, NULL), 0);
	ck_assert_ptr_nonnull(
	    strstr(operator_reload_error("reload_failed"), strerror(EMFILE)));
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_uint_eq(
	    process_children(gild->pid, pids, 16), SMALL_CHILDREN);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_NOFILE, &before, NULL), 0);
	ck_assert_int_eq(operator_reload(), 2);
	gild_stop(gild);
}
END_TEST

static uint64_t
address_space_bytes(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* An interpreter that cannot have all of its threads gives up. */
START_TEST(a_generation_that_does_not_get_ready_changes_nothing)
{
	struct gild *gild;
	struct rlimit before, limit;
	const char *detail;

	if (test_scale() > 1)
		return; /* a sanitizer does not survive that */
	operator_write(SMALL);
	gild = operator_start(NULL);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, NULL, &before), 0);
	limit = before;
	limit.rlim_cur = address_space_bytes(gild->pid) + (256 << 20);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, &limit, NULL), 0);
	operator_write("frontends = 1\npool \"many\" { kind = threads size = "
		       "200 events_kept = 64 }\n");
	detail = operator_reload_error("reload_failed");
	ck_assert_msg(strstr(detail, "interpreter (many)") != NULL &&
		strstr(detail, "before it was ready") != NULL,
	    "%s", detail);
	operator_await_alone(gild, SMALL_CHILDREN);
	ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	ck_assert_int_eq(prlimit(gild->pid, RLIMIT_AS, &before, NULL), 0);
	operator_reload();
	operator_await_alone(gild, 2);
	gild_stop(gild);
}
END_TEST

/* A user who has no other process. */
static char somebody[16];

/*
 * Root may fork as often as it likes: gild is a copy that somebody else runs.
 */
static void
become_somebody_else(void)
{
	static char wrapper[128];
	const char *gild = getenv("GILD");
	char copy[128], command[1024];
	FILE *file;

	snprintf(copy, sizeof(copy), "%s/gild", scratch_dir());
	snprintf(command, sizeof(command),
	    "cp %s %s && chmod 0711 %s/.. && chmod 0777 %s",
	    gild != NULL && gild[0] != '\0' ? gild : "./gild", copy,
	    scratch_dir(), scratch_dir());
	ck_assert_int_eq(
	    run_program(NULL, "sh", "-c", command, NULL)->exit_status, 0);
	snprintf(wrapper, sizeof(wrapper), "%s/wrapper", scratch_dir());
	file = fopen(wrapper, "we");
	ck_assert_ptr_nonnull(file);
	snprintf(
	    somebody, sizeof(somebody), "%u", 1000000000U + (unsigned)getpid());
	fprintf(file,
	    "#!/bin/sh\nexec setpriv --reuid %s --regid %s --clear-groups "
	    "%s \"$@\"\n",
	    somebody, somebody, copy);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(wrapper, 0755), 0);
	setenv("GILD", wrapper, 1);
}

/* Somebody's soft limit of processes and threads. */
static void
limit_processes(struct gild *gild, const char *n)
{
	char pid[16], limit[32];

	snprintf(pid, sizeof(pid), "%d", (int)gild->pid);
	snprintf(limit, sizeof(limit), "--nproc=%s:", n);
	ck_assert_int_eq(run_program(NULL, "setpriv", "--reuid", somebody,
			     "--regid", somebody, "--clear-groups", "prlimit",
			     "--pid", pid, limit, NULL)
			     ->exit_status,
	    0);
}

START_TEST(a_generation_that_cannot_fork_changes_nothing)
{
	/* Not once, and once beside the master and its children, one of which
	 * has two threads more. */
	static const char *const limits[] = {"1", "7"};
	struct gild *gild;

	if (geteuid() != 0 || !scratch_open_to_others())
		return; /* who else runs as we do counts, too */
	become_somebody_else();
	operator_write(SMALL);
	gild = operator_start(NULL);
	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *detail;

		limit_processes(gild, limits[i]);
		detail = operator_reload_error("reload_failed");
		ck_assert_msg(
		    strstr(detail, "cannot fork") != NULL, "%s", detail);
		operator_await_alone(gild, SMALL_CHILDREN);
		ck_assert_int_eq(peer_generation(peer_connect(gild)), 1);
	}
	limit_processes(gild, "1000");
	operator_reload();
	operator_await_alone(gild, SMALL_CHILDREN);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    pools_come_go_and_change_their_size,
	    addresses_come_and_go,
	    a_tcp_address_that_was_removed_refuses,
	    a_broken_file_changes_nothing,
	    a_generation_that_cannot_be_made_changes_nothing,
	    a_generation_that_does_not_get_ready_changes_nothing,
	    a_generation_that_cannot_fork_changes_nothing,
	};

	return run_suite("reload_changes", tests, COUNT(tests));
}
