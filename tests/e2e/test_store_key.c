/* Keys: the same key submitted again is the same job, whoever submits it. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/e2e/stored.h"
#include "tests/e2e/storing.h"

START_TEST(a_key_is_one_job)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peers[2];
	char job[JOB_ID_CHARS + 1], again[JOB_ID_CHARS + 1];
	json_t *result;

	for (unsigned i = 0; i < 2; i++)
		peers[i] = peer_connect_frontend(gild, i);
	ck_assert(detach_key(peers[0], 1000, "k", job));
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!detach_key(peers[i], 1000, "k", again));
		ck_assert_str_eq(again, job);
		json_decref(peer_call_error(peers[i], "key_conflict",
		    "job.submit", "{s:i, s:s, s:b}", "count", 1001, "key", "k",
		    "detach", 1));
	}
	json_decref(wait_job(peers[0], job));
	/* Without detach the answer is its result, also now. */
	for (unsigned i = 0; i < 2; i++) {
		result = peer_call(peers[i], "job.submit", "{s:i, s:s}",
		    "count", 1000, "key", "k");
		ck_assert_str_eq(text_at(result, "job"), job);
		ck_assert_str_eq(text_at(result, "state"), "done");
		json_decref(result);
	}
	ck_assert(!detach_key(peers[1], 1000, "k", again));
	ck_assert_uint_eq(count_jobs(peers[0], "ended"), 1);
	gild_stop(gild);
	/* Nor is it forgotten. */
	gild = storing_start(NULL);
	peers[0] = peer_connect(gild);
	ck_assert(!detach_key(peers[0], 1000, "k", again));
	ck_assert_str_eq(again, job);
	json_decref(peer_call_error(peers[0], "key_conflict", "job.submit",
	    "{s:i, s:s}", "count", 1, "key", "k"));
	gild_stop(gild);
}
END_TEST

START_TEST(a_key_from_many_at_once_is_one_job)
{
	enum { N = 8, KEYS = 20 };
	struct gild *gild = storing_start(NULL);
	struct peer *peers[N];

	for (unsigned i = 0; i < N; i++)
		peers[i] = peer_connect_frontend(gild, i % 2);
	for (int k = 0; k < KEYS; k++) {
		char key[16], job[JOB_ID_CHARS + 1] = "";
		int64_t ids[N];
		int n_new = 0;

		snprintf(key, sizeof(key), "key %d", k);
		for (int i = 0; i < N; i++)
			ids[i] = peer_call_start(peers[i], "job.submit",
			    "{s:i, s:s, s:b}", "count", 100, "key", key,
			    "detach", 1);
		for (int i = 0; i < N; i++) {
			json_t *answer =
			    answer_result(peer_await(peers[i], ids[i]));

			n_new += json_is_true(value_at(answer, "created"));
			if (job[0] == '\0')
				strcpy(job, text_at(answer, "job"));
			ck_assert_str_eq(text_at(answer, "job"), job);
			json_decref(answer);
		}
		ck_assert_int_eq(n_new, 1);
		json_decref(wait_job(peers[0], job));
	}
	ck_assert_uint_eq(count_jobs(peers[0], "ended"), KEYS);
	gild_stop(gild);
}
END_TEST

/* Each of max_jobs calls is still there when its job has been taken in. */
START_TEST(who_was_taken_in_is_not_busy)
{
	enum { N = 4 };
	struct gild *gild =
	    storing_start("-o", "frontends=1", "-o", "max_jobs=4", NULL);
	struct peer *peers[N];
	int64_t ids[N];

	for (int i = 0; i < N; i++)
		peers[i] = peer_connect(gild);
	for (int i = 0; i < N; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key %d", i);
		ids[i] = peer_call_start(peers[i], "job.submit", "{s:i, s:s}",
		    "count", 1000, "key", key);
	}
	for (int i = 0; i < N; i++) {
		json_t *result = answer_result(peer_await(peers[i], ids[i]));

		ck_assert_str_eq(text_at(result, "state"), "done");
		json_decref(result);
	}
	gild_stop(gild);
}
END_TEST

START_TEST(who_submits_with_a_key_may_leave)
{
	struct gild *gild = storing_start(NULL);
	struct peer *peer = peer_connect(gild), *other = peer_connect(gild);
	char job[JOB_ID_CHARS + 1];
	json_t *list, *result;

	peer_call_start(peer, "job.submit", "{s:i, s:s, s:i, s:i, s:s}",
	    "count", 300, "profile", "io", "io_every", 1, "io_for_us", 1000,
	    "key", "mine");
	/* It is asked for once it is known to be there. */
	do {
		list = peer_call(other, "job.list", "{s:s}", "key", "mi");
		if (json_array_size(value_at(list, "jobs")) == 1)
			break;
		json_decref(list);
	} while (true);
	strcpy(job, text_at(list, "jobs.0.job"));
	ck_assert_str_eq(text_at(list, "jobs.0.key"), "mine");
	json_decref(list);
	peer_close(peer);
	result = wait_job(other, job);
	ck_assert_str_eq(text_at(result, "state"), "done");
	json_decref(result);
	gild_stop(gild);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_key_is_one_job,
	    a_key_from_many_at_once_is_one_job,
	    who_was_taken_in_is_not_busy,
	    who_submits_with_a_key_may_leave,
	};

	return run_suite("store_key", tests, COUNT(tests));
}
