/*
 * Stored jobs, asked for over a connection and with gilctl. It runs in the
 * process that Check forks for a test.
 */
#include "tests/e2e/stored.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/e2e/expect.h"
#include "tests/e2e/harness.h"

/* --- over a connection --- */

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

bool
detach_key(struct peer *peer, json_int_t count, const char *key,
    char job[JOB_ID_CHARS + 1])
{
	json_t *answer = peer_call(peer, "job.submit", "{s:I, s:s, s:b}",
	    "count", count, "key", key, "detach", 1);
	bool is_new = json_is_true(value_at(answer, "created"));

	strcpy(job, text_at(answer, "job"));
	json_decref(answer);
	return is_new;
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
expect_done(json_t *told, int attempt)
{
	ck_assert_str_eq(text_at(told, "state"), "done");
	ck_assert_int_eq(int_at(told, "attempts"), attempt);
	json_decref(told);
}

void
expect_failed(struct peer *peer, const char *job, const char *why)
{
	json_t *result = wait_job(peer, job);

	ck_assert_str_eq(text_at(result, "state"), "failed");
	ck_assert_msg(strstr(text_at(result, "reason"), why) != NULL,
	    "the reason is: %s", text_at(result, "reason"));
	json_decref(result);
}

void
expect_attempts(struct peer *peer, const char *job, int attempts)
{
	json_t *record = get_job(peer, job);

	ck_assert_int_eq(int_at(record, "attempts"), attempts);
	json_decref(record);
}

void
await_attempts(struct peer *peer, const char *job, int attempts)
{
	int64_t end_ms = now_ms() + deadline_ms();

	for (;;) {
		json_t *record = get_job(peer, job);
		bool is_so = int_at(record, "attempts") == attempts;

		ck_assert_msg(is_so || ms_until(end_ms) > 0,
		    "attempts are %lld, not %d",
		    (long long)int_at(record, "attempts"), attempts);
		json_decref(record);
		if (is_so)
			return;
		poll(NULL, 0, 10); /* nobody tells of it */
	}
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

/* --- with gilctl --- */

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
