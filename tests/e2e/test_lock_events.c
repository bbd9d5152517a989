/*
 * The events of a lock, read while they happen, by pool and by job: none twice,
 * and none lost but those that are counted.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* What was read of a pool's events so far. */
struct stream {
	struct peer *peer;
	const char *pool;
	int limit;
	int64_t next;
	int64_t n_events;
	int64_t n_lost;
	int64_t last; /* number */
	int64_t acquired, released, started, ended;
};

static void
note_event(struct stream *stream, const json_t *event)
{
	const char *kind = text_at(event, "event");

	ck_assert_int_gt(int_at(event, "number"), stream->last);
	stream->last = int_at(event, "number");
	stream->n_events++;
	stream->acquired += strcmp(kind, "acquire") == 0;
	stream->released += strcmp(kind, "release") == 0;
	stream->started += strcmp(kind, "task_start") == 0;
	stream->ended += strcmp(kind, "task_end") == 0;
}

/* One page. Returns whether it moved on. */
static bool
read_page(struct stream *stream)
{
	json_t *page = peer_call(stream->peer, "lock.events", "{s:s, s:I, s:i}",
	    "pool", stream->pool, "since", (json_int_t)stream->next, "limit",
	    stream->limit);
	const json_t *events = value_at(page, "events"), *event;
	int64_t before = stream->next;
	size_t i;

	ck_assert_uint_le(json_array_size(events), (size_t)stream->limit);
	json_array_foreach (events, i, event)
		note_event(stream, event);
	stream->next = int_at(page, "next");
	stream->n_lost += int_at(page, "lost");
	ck_assert_int_lt(stream->last, stream->next);
	ck_assert_int_eq(stream->n_events + stream->n_lost, stream->next);
	json_decref(page);
	return stream->next > before;
}

static int64_t
recorded(struct gild *gild, const char *pool)
{
	json_t *stats = gild_stats(gild);
	int64_t n = int_at(pool_of(stats, pool), "lock.events.recorded");

	json_decref(stats);
	return n;
}

/* Reads on until all that was recorded is read. */
static void
read_rest(struct gild *gild, struct stream *stream)
{
	int64_t end;

	gild_await_idle(gild);
	end = recorded(gild, stream->pool);
	while (read_page(stream))
		;
	ck_assert_int_eq(stream->next, end);
}

/*
 * Read page by page while a job runs: every number once, and none lost. What
 * was acquired was released, and what was started has ended.
 */
START_TEST(events_are_read_while_they_happen)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=200", "-o", "pool.threads.events=true",
	    NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 7,
	    .last = -1,
	};
	struct peer *worker = peer_connect(gild);
	json_t *answer, *result;
	int64_t id = peer_call_start(worker, "job.submit",
	    "{s:i, s:s, s:i, s:i}", "count", 300000, "pool", "threads",
	    "cost_ns", 1000, "workers", 3);

	while (!peer_has_input(worker, 0))
		read_page(&stream);
	answer = peer_await(worker, id);
	result = answer_result(answer);
	read_rest(gild, &stream);
	ck_assert_int_eq(stream.n_lost, 0);
	ck_assert_int_eq(stream.started, 3);
	ck_assert_int_eq(stream.ended, 3);
	ck_assert_int_eq(stream.acquired, int_at(result, "lock.acquisitions"));
	ck_assert_int_eq(stream.released, stream.acquired);
	json_decref(result);
	gild_stop(gild);
}
END_TEST

/* Threads that write far faster than anybody reads, in small rings. */
START_TEST(losses_are_counted)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", "-o",
	    "pool.threads.policy=ticks", "-o", "pool.threads.check_interval=1",
	    "-o", "pool.threads.events=true", "-o",
	    "pool.threads.events_kept=64", NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 1000,
	    .last = -1,
	};
	struct peer *worker = peer_connect(gild);
	int64_t id = peer_call_start(worker, "job.submit", "{s:i, s:s, s:i}",
	    "count", 300000, "pool", "threads", "workers", 2);

	while (!peer_has_input(worker, 0))
		read_page(&stream);
	json_decref(peer_await(worker, id));
	read_rest(gild, &stream);
	ck_assert_int_gt(stream.n_lost, 0);
	ck_assert_int_gt(stream.n_events, 0);
	/* A request, an acquisition and a release for each tick. */
	ck_assert_int_ge(stream.next, 3 * 300000);
	gild_stop(gild);
}
END_TEST

/* A page is no longer than what may be unsent. */
START_TEST(a_page_keeps_to_the_bounds_of_a_client)
{
	struct gild *gild = gild_start(
	    "-o", "pool.threads.events=true", "-o", "max_unsent=1k", NULL);
	struct peer *peer = peer_connect(gild);
	json_t *page;

	json_decref(peer_submit_done(peer, "threads", 4, 4));
	page = peer_call(peer, "lock.events", "{s:s}", "pool", "threads");
	ck_assert_uint_eq(json_array_size(value_at(page, "events")), 6);
	ck_assert_int_eq(int_at(page, "next"), 6);
	json_decref(page);
	gild_stop(gild);
}
END_TEST

/* All pages of a job: its own tasks' starts and ends, and nobody else's. */
static void
expect_jobs_events(
    struct peer *peer, const json_t *result, int workers, bool with_pool)
{
	const char *job = text_at(result, "job");
	json_int_t next = 0, before;
	int started = 0, ended = 0;

	do {
		json_t *page = with_pool
		    ? peer_call(peer, "lock.events", "{s:s, s:s, s:I, s:i}",
			  "job", job, "pool", "threads", "since", next, "limit",
			  5)
		    : peer_call(peer, "lock.events", "{s:s, s:I, s:i}", "job",
			  job, "since", next, "limit", 5);
		const json_t *event;
		size_t i;

		ck_assert_str_eq(text_at(page, "pool"), "threads");
		json_array_foreach (value_at(page, "events"), i, event) {
			const char *kind = text_at(event, "event");

			if (strcmp(kind, "task_start") == 0) {
				ck_assert_str_eq(text_at(event, "job"), job);
				started++;
			}
			ended += strcmp(kind, "task_end") == 0;
		}
		before = next;
		next = int_at(page, "next");
		json_decref(page);
	} while (next > before);
	ck_assert_int_eq(started, workers);
	ck_assert_int_eq(ended, workers);
}

START_TEST(events_are_read_by_job)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=3", "-o",
	    "pool.threads.interval_us=200", "-o", "pool.threads.events=true",
	    NULL);
	struct peer *peer = peer_connect(gild);
	int64_t id = peer_call_start(peer, "job.submit", "{s:i, s:s, s:i}",
	    "count", 50000, "pool", "threads", "cost_ns", 1000);
	json_t *mine = peer_submit_done(peer, "threads", 100000, 2);
	json_t *answer = peer_await(peer, id), *other = answer_result(answer);

	gild_await_idle(gild);
	expect_jobs_events(peer, mine, 2, false);
	expect_jobs_events(peer, mine, 2, true);
	expect_jobs_events(peer, other, 1, false);
	json_decref(mine);
	json_decref(other);
	other = peer_submit_done(peer, "processes", 5, 1);
	json_decref(peer_call_error(peer, "no_such_job", "lock.events", "{s:s}",
	    "job", text_at(other, "job")));
	json_decref(other);
	gild_stop(gild);
}
END_TEST

START_TEST(recording_is_turned_on_and_off)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", NULL);
	struct peer *peer = peer_connect(gild);
	int64_t n;

	json_decref(peer_submit_done(peer, "threads", 2, 2));
	ck_assert_int_eq(recorded(gild, "threads"), 0);
	json_decref(peer_call(
	    peer, "pool.set", "{s:s, s:b}", "pool", "threads", "events", 1));
	/* A moment later: the pool's process has heard the bell. */
	while ((n = recorded(gild, "threads")) == 0)
		json_decref(peer_submit_done(peer, "threads", 2, 2));
	json_decref(peer_call(
	    peer, "pool.set", "{s:s, s:b}", "pool", "threads", "events", 0));
	do {
		n = recorded(gild, "threads");
		json_decref(peer_submit_done(peer, "threads", 2, 2));
	} while (recorded(gild, "threads") != n);
	gild_stop(gild);
}
END_TEST

/* The stream goes on where it was, whatever the dead one had in hand. */
START_TEST(events_go_on_when_the_pools_process_was_killed)
{
	struct gild *gild = gild_start("-o", "pool.threads.size=2", "-o",
	    "pool.threads.policy=ticks", "-o", "pool.threads.check_interval=1",
	    "-o", "pool.threads.events=true", "-o", "max_attempts=1", NULL);
	struct stream stream = {
	    .peer = peer_connect(gild),
	    .pool = "threads",
	    .limit = 4000,
	    .last = -1,
	};
	char job[JOB_ID_CHARS + 1];

	for (int round = 0; round < 5; round++) {
		int64_t id = peer_submit_running(
		    stream.peer, job, "threads", ENDLESS, 2);
		int64_t ended = stream.ended;

		kill(gild_await_busy(gild, "threads", 0), SIGKILL);
		json_decref(peer_await(stream.peer, id));
		gild_await_idle(gild);
		json_decref(peer_submit_done(stream.peer, "threads", 2, 2));
		read_rest(gild, &stream);
		ck_assert_int_ge(stream.ended, ended + 2);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(what_an_event_costs_is_told)
{
	struct gild *gild = gild_start(NULL);
	struct peer *peer = peer_connect(gild);
	json_t *info = peer_call(peer, "server.info", NULL);

	ck_assert(json_is_integer(value_at(info, "calibration.event_ps")));
	json_decref(info);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    events_are_read_while_they_happen,
	    losses_are_counted,
	    a_page_keeps_to_the_bounds_of_a_client,
	    events_are_read_by_job,
	    recording_is_turned_on_and_off,
	    events_go_on_when_the_pools_process_was_killed,
	    what_an_event_costs_is_told,
	};

	return run_suite("lock_events", tests, COUNT(tests));
}
