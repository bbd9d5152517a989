/*
 * libgil and a real gild: what gil.h promises of jobs, results, errors and the
 * connection's end, as a program that links it sees it.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/libgil/gil.h"
#include "tests/e2e/harness.h"

static const struct gil_job endless = {.count = GIL_MAX_INTEGER};

static struct gil *
connect_to(const struct gild *gild)
{
	struct gil_options options = {.server = gild->address};
	struct gil_failure failure;
	struct gil *gil = gil_connect(&options, &failure);

	ck_assert_msg(gil != NULL, "%s", failure.text);
	return gil;
}

static const struct gil_event *
expect_event(struct gil *gil, enum gil_event_type type)
{
	const struct gil_event *event = gil_poll(gil, deadline_ms());

	ck_assert_msg(event->type == type, "%d instead of %d: %s %s",
	    (int)event->type, (int)type, event->text, event->json);
	return event;
}

START_TEST(a_job_is_run_and_timed)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = {.count = 100000, .pool = "threads", .workers = 2};
	const struct gil_event *event;
	const struct gil_timing *timing;
	const struct gil_task *tasks;
	size_t n_tasks;

	ck_assert_int_eq(gil_submit(gil, &job, 42), 0);
	event = expect_event(gil, GIL_RESULT);
	timing = &event->result.timing;
	ck_assert_uint_eq(event->tag, 42);
	ck_assert_int_eq(event->result.state, GIL_DONE);
	ck_assert_uint_eq(event->result.count, 100000);
	ck_assert_uint_eq(event->result.workers, 2);
	ck_assert_uint_eq(event->result.attempts, 1);
	ck_assert_str_eq(event->result.pool, "threads");
	ck_assert_uint_eq(strlen(event->result.job), 26);
	ck_assert_uint_gt(timing->wall_ns, 0);
	ck_assert_uint_gt(timing->lock_held_ns, 0);
	/* Both are read from the same clock. */
	ck_assert_uint_ge(
	    event->received_ns - event->sent_ns, timing->total_ns);
	tasks = gil_tasks(gil, &n_tasks);
	ck_assert_uint_eq(n_tasks, 2);
	ck_assert_uint_eq(tasks[0].turns + tasks[1].turns, 100000);
	ck_assert_int_gt(tasks[0].pid, 0);
	ck_assert_int_eq(tasks[0].pid, tasks[1].pid);
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

/* The defaults of a job that is all zeros are the server's own. */
START_TEST(what_is_not_given_is_the_default)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	static const char *const members[] = {"pool", "count", "workers",
	    "cost_ns", "profile", "io_every", "io_for_us"};
	json_t *bare, *given;

	ck_assert_int_eq(gil_submit(gil, &(struct gil_job){.count = 7}, 0), 0);
	expect_event(gil, GIL_RESULT);
	bare = json_incref(gil_json(gil));
	ck_assert_int_eq(
	    gil_call(gil, "job.submit",
		"{\"count\":7,\"pool\":\"processes\",\"workers\":1,"
		"\"cost_ns\":0,\"profile\":\"cpu\",\"priority\":4}",
		0),
	    0);
	expect_event(gil, GIL_RESULT);
	given = gil_json(gil);
	for (size_t i = 0; i < COUNT(members); i++)
		ck_assert_msg(json_equal(json_object_get(bare, members[i]),
				  json_object_get(given, members[i])),
		    "%s", members[i]);
	json_decref(bare);
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

/* Each member of a job reaches the server under its name. */
START_TEST(each_member_of_a_job_is_understood)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = {
	    .count = 20,
	    .pool = "threads",
	    .workers = 2,
	    .profile = GIL_PROFILE_IO,
	    .cost_ns = 3,
	    .io_every = 5,
	    .io_for_us = 7,
	    .timeout_ms = 2000000000,
	    .start_after_ms = 1,
	    .has_priority = true,
	    .priority = 9,
	    .progress = true,
	};
	const struct gil_event *event;

	ck_assert_int_eq(gil_submit(gil, &job, 5), 0);
	event = expect_event(gil, GIL_PROGRESS);
	ck_assert_uint_eq(event->tag, 5);
	ck_assert_uint_eq(event->progress.count, 20);
	ck_assert_int_eq(event->progress.state, GIL_QUEUED);
	do
		event = gil_poll(gil, deadline_ms());
	while (event->type == GIL_PROGRESS);
	ck_assert_int_eq(event->type, GIL_RESULT);
	ck_assert_int_eq(int_at(gil_json(gil), "cost_ns"), 3);
	ck_assert_int_eq(int_at(gil_json(gil), "io_every"), 5);
	ck_assert_int_eq(int_at(gil_json(gil), "io_for_us"), 7);
	ck_assert_uint_ge(event->result.timing.queue_ns, 1000000);
	job = (struct gil_job){.count = 1, .detach = true, .key = "k"};
	ck_assert_int_eq(gil_submit(gil, &job, 6), 0);
	event = expect_event(gil, GIL_ERROR);
	ck_assert_str_eq(event->error.reason, "store_unavailable");
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

START_TEST(what_is_refused_is_said)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = {.count = 1, .pool = "nowhere"};
	const struct gil_event *event;

	ck_assert_int_eq(gil_submit(gil, &job, 1), 0);
	event = expect_event(gil, GIL_ERROR);
	ck_assert_uint_eq(event->tag, 1);
	ck_assert_int_eq(event->error.code, -32002);
	ck_assert_str_eq(event->error.reason, "no_such_pool");
	ck_assert_str_eq(event->error.field, "pool");
	ck_assert_ptr_nonnull(strstr(event->error.detail, "nowhere"));
	/* A line that it cannot read is nobody's. */
	ck_assert_int_eq(
	    gil_call(gil, "server.ping", "{\"a\":1,\"a\":2}", 2), 0);
	event = expect_event(gil, GIL_ERROR);
	ck_assert_uint_eq(event->request, 0);
	ck_assert_str_eq(event->error.reason, "parse_error");
	ck_assert_uint_eq(gil_unanswered(gil), 1);
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

START_TEST(a_job_is_cancelled_by_its_id)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = endless;
	bool is_ended = false, is_cancelled = false;
	char id[32] = "";

	job.progress = true;
	ck_assert_int_eq(gil_submit(gil, &job, 1), 0);
	while (!is_ended || !is_cancelled) {
		const struct gil_event *event = gil_poll(gil, deadline_ms());

		if (event->type == GIL_PROGRESS) {
			if (id[0] != '\0')
				continue;
			snprintf(id, sizeof(id), "%s", event->progress.job);
			ck_assert_int_eq(gil_cancel(gil, id, 2), 0);
			continue;
		}
		ck_assert_int_eq(event->type, GIL_RESULT);
		if (event->tag == 1) {
			is_ended = true;
			ck_assert_int_eq(event->result.state, GIL_CANCELLED);
			ck_assert_str_eq(event->result.job, id);
			ck_assert_str_ne(event->result.reason, "");
		} else {
			is_cancelled = true;
		}
	}
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

/* More than gild serves at a time: each has its end, and none has another's. */
START_TEST(thousands_are_under_way)
{
	enum { N = 20000, WINDOW = 900 };
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	static bool has_ended[N];
	uint64_t sent = 0, done = 0;

	while (done < N) {
		const struct gil_event *event;

		while (sent < N && gil_unanswered(gil) < WINDOW) {
			struct gil_job job = {.count = sent + 1};

			ck_assert_int_eq(gil_submit(gil, &job, sent++), 0);
		}
		event = expect_event(gil, GIL_RESULT);
		ck_assert_int_eq(event->result.state, GIL_DONE);
		ck_assert_uint_eq(event->result.count, event->tag + 1);
		ck_assert(!has_ended[event->tag]);
		has_ended[event->tag] = true;
		done++;
	}
	gil_close(gil);
	gild_stop(gild);
}
END_TEST

/* A close with jobs under way cancels them: nobody waits for them any more. */
static bool
is_idle(json_t *stats, void *arg)
{
	(void)arg;
	return int_at(stats, "jobs.running") == 0 &&
	    int_at(stats, "jobs.queued") == 0 &&
	    int_at(stats, "jobs.cancelled") == 3;
}

START_TEST(closing_cancels_what_is_under_way)
{
	struct gild *gild = gild_start(NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = endless;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(gil_submit(gil, &job, 0), 0);
	ck_assert_int_eq(gil_call(gil, "server.ping", NULL, 0), 0);
	expect_event(gil, GIL_RESULT);
	gil_close(gil);
	gild_await_stats(gild, "all are cancelled", is_idle, NULL);
	gild_stop(gild);
}
END_TEST

START_TEST(a_stop_answers_all_and_ends_in_order)
{
	struct gild *gild = gild_start("-o", "drain_timeout=0", NULL);
	struct gil *gil = connect_to(gild);
	struct gil_job job = endless;
	const struct gil_event *event;

	ck_assert_int_eq(gil_submit(gil, &job, 1), 0);
	ck_assert_int_eq(gil_call(gil, "server.ping", NULL, 2), 0);
	ck_assert_uint_eq(expect_event(gil, GIL_RESULT)->tag, 2);
	gild_signal(gild, SIGTERM);
	event = expect_event(gil, GIL_RESULT);
	ck_assert_int_eq(event->result.state, GIL_CANCELLED);
	event = expect_event(gil, GIL_LOST);
	ck_assert(event->was_orderly);
	gil_close(gil);
	ck_assert_int_eq(gild_wait_exit(gild), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_job_is_run_and_timed,
	    what_is_not_given_is_the_default,
	    each_member_of_a_job_is_understood,
	    what_is_refused_is_said,
	    a_job_is_cancelled_by_its_id,
	    thousands_are_under_way,
	    closing_cancels_what_is_under_way,
	    a_stop_answers_all_and_ends_in_order,
	};

	return run_suite("libgil", tests, COUNT(tests));
}
