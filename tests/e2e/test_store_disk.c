/*
 * What gild promises when the store's disk or file does not do what it should:
 * a full or read-only one, a damaged file, one that somebody else has. Plain
 * jobs go on, others are refused with a reason, and nothing needs a restart.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

/* --- helpers --- */

/* A detached job is refused for now, in these words; a plain one is not. */
static void
expect_unavailable(struct peer *peer, const char *why)
{
	json_t *error = peer_call_error(peer, "store_unavailable", "job.submit",
	    "{s:i, s:b}", "count", 1, "detach", 1);
	json_t *result;

	ck_assert_msg(strstr(text_at(error, "data.detail"), why) != NULL,
	    "it says: %s", text_at(error, "data.detail"));
	ck_assert_int_gt(int_at(error, "data.retry_after_ms"), 0);
	json_decref(error);
	result = peer_call(
	    peer, "job.submit", "{s:i, s:s}", "count", 1, "pool", "threads");
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
}

static void
expect_service(struct peer *peer)
{
	char job[JOB_ID_CHARS + 1];
	json_t *result;

	detach_job(peer, 1000, job);
	result = wait_job(peer, job);
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
}

/* A disk of the test's own at the store's folder, seen by nobody else. False
 * where that takes rights which this process does not have. */
static bool
mount_disk(const char *options, unsigned long flags)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	ck_assert_int_eq(mkdir(store_folder(), 0700), 0);
	if (mount("disk", store_folder(), "tmpfs", flags, options) != 0) {
		rmdir(store_folder());
		return false;
	}
	return true;
}

static void
skip(void)
{
	fprintf(stderr, "skipped: it takes rights to mount a file system\n");
}

static void
unmount_disk(void)
{
	ck_assert_int_eq(umount(store_folder()), 0);
}

/* --- a full disk --- */

/* Takes all the space that is left. */
static void
fill_disk(void)
{
	static char block[4096];
	int fd = open(store_path("filler"),
	    O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	ssize_t n;

	memset(block, 1, sizeof(block));
	ck_assert_int_ge(fd, 0);
	while ((n = write(fd, block, sizeof(block))) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

/* Submits until there is no room: how many were accepted. */
static int
submit_until_full(struct peer *peer)
{
	for (int n = 0; n < 20000; n++) {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.submit",
			"{s:I, s:b, s:s, s:i, s:i}", "count", ENDLESS, "detach",
			1, "profile", "io", "io_every", 1, "io_for_us",
			10000000));
		bool is_refused = json_object_get(answer, "error") != NULL;

		if (is_refused)
			ck_assert_str_eq(text_at(answer, "error.data.reason"),
			    "store_unavailable");
		json_decref(answer);
		if (is_refused)
			return n;
	}
	ck_abort_msg("the disk is never full");
}

/* Until this peer's frontend has a result that is not on the disk. */
static void
await_uncommitted(struct peer *peer)
{
	int64_t end_ms = now_ms() + deadline_ms(), n;

	do {
		json_t *stats = peer_call(peer, "server.stats", NULL);

		n = int_at(stats, "store.uncommitted_results");
		json_decref(stats);
		ck_assert_int_gt(ms_until(end_ms), 0);
	} while (n != 1);
}

START_TEST(a_full_disk_refuses_stored_jobs_only)
{
	struct gild *gild;
	struct peer *peer, *other;
	char job[JOB_ID_CHARS + 1], next[JOB_ID_CHARS + 1];
	int64_t wait, cancel;
	int n_accepted;

	if (!mount_disk("size=2m", 0)) {
		skip();
		return;
	}
	gild = storing_start("-o", "pool.processes.size=1", NULL);
	peer = peer_connect_frontend(gild, 0);
	other = peer_connect_frontend(gild, 1);
	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	detach_sleeping(peer, next);
	wait = start_wait(other, job);
	fill_disk();
	n_accepted = submit_until_full(other) + 2;
	await_store(gild, false);
	expect_unavailable(peer, "full");
	expect_unavailable(other, "full");
	gild_await_log(gild, "the job store is unavailable", 1);
	/* What is there can be read. */
	ck_assert_uint_eq(count_jobs(other, "unfinished"), (size_t)n_accepted);
	/* A result that cannot be written is nobody's yet, and another job
	 * begins meanwhile. */
	cancel = peer_call_start(peer, "job.cancel", "{s:s}", "job", job);
	await_uncommitted(peer);
	gild_await_busy(gild, "processes", 0);
	ck_assert(!peer_has_input(other, 0));
	await_state(other, job, "running");
	/* Room again, and all of it happens. */
	ck_assert_int_eq(unlink(store_path("filler")), 0);
	expect_result(other, wait, job, "cancelled");
	json_decref(answer_result(peer_await(peer, cancel)));
	await_store(gild, true);
	await_state(other, next, "running");
	ck_assert_uint_eq(
	    count_jobs(other, "unfinished"), (size_t)n_accepted - 1);
	gild_kill(gild);
	/* Each that was accepted is there, and no other. */
	gild = storing_start(NULL);
	peer = peer_connect(gild);
	ck_assert_uint_eq(
	    count_jobs(peer, "unfinished"), (size_t)n_accepted - 1);
	await_state(peer, job, "cancelled");
	gild_kill(gild);
	unmount_disk();
}
END_TEST

START_TEST(a_read_only_disk_is_said_to_be_one)
{
	struct gild *gild;
	struct peer *peer;

	if (!mount_disk("size=8m", MS_RDONLY)) {
		skip();
		return;
	}
	gild = storing_start_anyhow(NULL);
	peer = peer_connect(gild);
	await_store(gild, false);
	gild_await_log(gild, "the job store is unavailable", 1);
	expect_unavailable(peer, "");
	ck_assert_int_eq(
	    mount("disk", store_folder(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
	await_store(gild, true);
	expect_service(peer);
	gild_await_log(gild, "the job store serves", 1);
	gild_stop(gild);
	unmount_disk();
}
END_TEST

START_TEST(a_folder_that_cannot_be_made)
{
	char option[200];
	struct gild *gild;
	struct peer *peer;
	FILE *file = fopen(store_folder(), "we");

	/* Somebody's file is in the way. */
	ck_assert_ptr_nonnull(file);
	fclose(file);
	snprintf(option, sizeof(option), "state_dir=%s/sub", store_folder());
	gild = storing_start_anyhow("-o", option, NULL);
	peer = peer_connect(gild);
	gild_await_log(gild, "the job store is unavailable", 1);
	expect_unavailable(peer, store_folder());
	ck_assert_int_eq(unlink(store_folder()), 0);
	ck_assert_int_eq(mkdir(store_folder(), 0700), 0);
	await_store(gild, true);
	expect_service(peer);
	gild_stop(gild);
}
END_TEST

/* --- a damaged file --- */

/* A gild leaves a store with some jobs in it. */
static void
leave_store(int n_jobs)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];

	for (int i = 0; i < n_jobs; i++)
		detach_job(peer, 1, job);
	json_decref(wait_job(peer, job));
	gild_await_idle(gild);
	gild_stop(gild);
}

static void
overwrite(off_t from, size_t size)
{
	char *noise = malloc(size);
	int fd = open(store_path("jobs.db"), O_WRONLY | O_CLOEXEC);

	ck_assert_ptr_nonnull(noise);
	memset(noise, 0x5a, size);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, noise, size, from), (ssize_t)size);
	close(fd);
	free(noise);
}

static void
check_damage(off_t from, size_t size)
{
	struct gild *gild;
	struct peer *peer;
	struct stat before, after;
	char *log, *name, aside[160];

	leave_store(200);
	overwrite(from, size);
	ck_assert_int_eq(stat(store_path("jobs.db"), &before), 0);
	gild = storing_start(NULL);
	gild_await_log(gild, "the job store was damaged", 1);
	peer = peer_connect(gild);
	ck_assert_uint_eq(count_jobs(peer, "ended"), 0);
	expect_service(peer);
	gild_stop(gild);
	/* The log names where the old one is, just as it was. */
	log = gild_log(gild);
	name = strstr(log, "its file is now ");
	ck_assert_ptr_nonnull(name);
	ck_assert_int_eq(sscanf(name, "its file is now %159[^,\n]", aside), 1);
	ck_assert_int_eq(stat(aside, &after), 0);
	ck_assert_int_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(after.st_mtime, before.st_mtime);
	free(log);
	/* That was once. */
	gild = storing_start(NULL);
	peer = peer_connect(gild);
	ck_assert_uint_eq(count_jobs(peer, "ended"), 1);
	gild_stop(gild);
}

START_TEST(a_damaged_middle_is_set_aside)
{
	check_damage(8192, 16384);
}
END_TEST

START_TEST(a_damaged_beginning_is_set_aside)
{
	check_damage(0, 4096);
}
END_TEST

/* --- two gilds --- */

START_TEST(the_second_gild_waits_for_the_first)
{
	struct gild *first = storing_start(NULL), *second;
	struct peer *peer = peer_connect(first), *other;
	char job[JOB_ID_CHARS + 1], nap[JOB_ID_CHARS + 1];
	json_t *result;

	detach_job(peer, 1000, job);
	json_decref(wait_job(peer, job));
	second = storing_start_anyhow(NULL);
	gild_await_log(second, "the job store is unavailable", 1);
	other = peer_connect(second);
	expect_unavailable(other, "");
	/* The first one is not disturbed by that. */
	expect_service(peer);
	detach_nap(peer, 2000, nap);
	await_state(peer, nap, "running");
	gild_kill(first);
	await_store(second, true);
	other = peer_connect(second);
	await_state(other, job, "done");
	result = wait_job(other, nap);
	ck_assert_str_eq(text_at(result, "state"), "done");
	ck_assert_int_eq(int_at(result, "attempts"), 2);
	json_decref(result);
	gild_stop(second);
}
END_TEST

/* --- retention --- */

static bool
has_ended(json_t *stats, void *arg)
{
	return int_at(stats, "store.ended") == *(int *)arg;
}

static void
await_removal(struct peer *peer, const char *job)
{
	int64_t end_ms = now_ms() + deadline_ms();
	bool is_there;

	do {
		json_t *answer = peer_await(peer,
		    peer_call_start(peer, "job.get", "{s:s}", "job", job));

		is_there = json_object_get(answer, "result") != NULL;
		if (!is_there)
			ck_assert_str_eq(text_at(answer, "error.data.reason"),
			    "no_such_job");
		json_decref(answer);
		ck_assert_int_gt(ms_until(end_ms), 0);
	} while (is_there);
}

START_TEST(ended_jobs_are_kept_for_so_long)
{
	enum { N = 2000 };
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	int n = N, none = 0;

	for (int i = 0; i < N; i++)
		peer_call_start(
		    peer, "job.submit", "{s:i, s:b}", "count", 1, "detach", 1);
	for (int i = 1; i <= N; i++)
		json_decref(answer_result(peer_await(peer, i)));
	gild_await_stats(gild, "all have ended", has_ended, &n);
	gild_stop(gild);
	gild = storing_start("-o", "keep_for=1ms", NULL);
	peer = peer_connect(gild);
	gild_await_stats(gild, "all are removed", has_ended, &none);
	ck_assert_uint_eq(count_jobs(peer, "ended"), 0);
	/* Unfinished ones are kept, however old. */
	detach_sleeping(peer, job);
	await_state(peer, job, "running");
	peer_cancel(peer, job);
	await_removal(peer, job);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_full_disk_refuses_stored_jobs_only,
	    a_read_only_disk_is_said_to_be_one,
	    a_folder_that_cannot_be_made,
	    a_damaged_middle_is_set_aside,
	    a_damaged_beginning_is_set_aside,
	    the_second_gild_waits_for_the_first,
	    ended_jobs_are_kept_for_so_long,
	};

	return run_suite("store_disk", tests, COUNT(tests));
}
