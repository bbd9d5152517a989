/*
 * A gild with a store, and gilctl's words about it. It runs in the process that
 * Check forks for a test.
 */
#include "tests/e2e/stored.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/storing.h"

static struct gild *
start(const char *option, const char *other)
{
	static char state_dir[160], address[160];
	struct gild *gild;

	snprintf(state_dir, sizeof(state_dir), "state_dir=%s", store_folder());
	snprintf(address, sizeof(address), "unix:%s/s", scratch_dir());
	gild = gild_start_plain("-l", address, "-o", state_dir, "-o", option,
	    other != NULL ? "-o" : NULL, other, NULL);
	ck_assert_int_eq(setenv("GILD_SERVER", address, 1), 0);
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
	await_store(gild, true);
	return gild;
}

struct gild *
stored_start(const char *option)
{
	return start("frontends=2", option);
}

struct gild *
stored_start_recording(void)
{
	return start("frontends=1", "record=all");
}

struct gild *
stored_restart(struct gild *gild)
{
	gild_stop(gild);
	return stored_start(NULL);
}

struct gild *
stored_crash(struct gild *gild)
{
	int64_t end_ms = now_ms() + deadline_ms();
	pid_t pids[64];
	size_t n = process_children(gild->pid, pids, COUNT(pids));

	gild_signal(gild, SIGKILL);
	ck_assert(process_reap(gild->pid, NULL, end_ms));
	gild->pid = 0;
	close(gild->out_fd);
	for (size_t i = 0; i < n; i++)
		ck_assert(process_reap(pids[i], NULL, end_ms));
	return stored_start(NULL);
}

const char *
stored_id(const struct run *run)
{
	static char ids[8][JOB_ID_CHARS + 1];
	static size_t n;
	char *id = ids[n++ % COUNT(ids)];

	expect_exit(run, 0);
	ck_assert_uint_eq(strlen(run->out), (size_t)JOB_ID_CHARS + 1);
	snprintf(id, JOB_ID_CHARS + 1, "%s", run->out);
	return id;
}

const char *
stored_detach(const char *count)
{
	return stored_id(
	    run_program(NULL, "gilctl", "submit", "--detach", count, NULL));
}

size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

json_t *
stored_job(const char *option, const char *value)
{
	return one_line(
	    run_program(NULL, "gilctl", "list", "--json", option, value, NULL));
}

void
stored_await_state(const char *key, const char *state)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		struct run *run = run_program(NULL, "gilctl", "list", "--key",
		    key, "--state", state, "--json", NULL);

		expect_exit(run, 0);
		if (count_lines(run->out) > 0)
			return;
		ck_assert_msg(now_ms() < end_ms, "no job %s is %s", key, state);
		poll(NULL, 0, 50); /* nobody tells of it */
	}
}

size_t
stored_count(const char *option, const char *value)
{
	struct run *run =
	    run_program(NULL, "gilctl", "list", "--json", option, value, NULL);

	expect_exit(run, 0);
	return count_lines(run->out);
}

void
stored_await_count(size_t n)
{
	int64_t end_ms = now_ms() + deadline_ms();

	while (stored_count("-n", "0") != n) {
		ck_assert_msg(now_ms() < end_ms, "not %zu jobs", n);
		poll(NULL, 0, 50); /* nobody tells of it */
	}
}
