/*
 * Memory that runs out, at each point where jansson asks for some: proto/ says
 * that it failed, leaves nothing behind, and takes what it was to steal.
 */
#include <check.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jsonrpc.h"
#include "proto/lockwire.h"
#include "proto/record.h"
#include "tests/unit/suite.h"

#define FAR 100000 /* more allocations than any case here makes */

static long allocations_left; /* then they fail */
static long blocks;	      /* not freed yet */

static void *
scarce_malloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	blocks++;
	return malloc(size);
}

static void
counting_free(void *block)
{
	blocks -= block != NULL;
	free(block);
}

static void
setup(void)
{
	blocks = 0;
	allocations_left = -1;
	json_set_alloc_funcs(scarce_malloc, counting_free);
}

/* What a case does; true when it succeeded. It frees what it got. */
typedef bool (*attempt)(void);

/* Fails while there is too little memory, succeeds once there is enough. */
static void
expect_all_or_nothing(attempt attempt_case)
{
	long n = 0;

	for (;; n++) {
		bool has_succeeded;

		allocations_left = n;
		has_succeeded = attempt_case();
		allocations_left = -1;
		ck_assert_int_eq(blocks, 0);
		if (has_succeeded)
			break;
		ck_assert_int_lt(n, FAR);
	}
	ck_assert_int_gt(n, 0);
}

static bool
attempt_parse(void)
{
	static const char line[] =
	    "[{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"m\","
	    "\"params\":{\"a\":[1,2.5,null]}},{}]";
	static const struct jsonrpc_limits limits = {
	    .max_batch = 8, .max_values = 64};
	struct jsonrpc_message message;
	struct rpc_error error;

	if (jsonrpc_parse(line, sizeof(line) - 1, &limits, &message, &error) !=
	    0) {
		/* jansson may take it for a syntax error. */
		ck_assert(error.kind == RPC_PARSE_ERROR ||
		    strcmp(error.detail, "out of memory") == 0);
		ck_assert_ptr_null(message.root);
		return false;
	}
	jsonrpc_message_free(&message);
	return true;
}

START_TEST(a_line_is_parsed_whole_or_not)
{
	expect_all_or_nothing(attempt_parse);
}
END_TEST

/* Frees json: true when there was one. */
static bool
dispose(json_t *json)
{
	json_decref(json);
	return json != NULL;
}

static bool
attempt_answers(void)
{
	struct rpc_error error;
	json_t *id = json_integer(7);
	bool has_succeeded;

	rpc_error_set(&error, RPC_INVALID_PARAMS, "count", "too small");
	has_succeeded = id != NULL;
	has_succeeded &= dispose(jsonrpc_error(id, &error));
	has_succeeded &= dispose(jsonrpc_result(id, json_object()));
	has_succeeded &= dispose(jsonrpc_request(id, "m", json_object()));
	has_succeeded &= dispose(jsonrpc_notification("m", json_array()));
	json_decref(id);
	return has_succeeded;
}

START_TEST(envelopes_are_built_whole_or_not)
{
	expect_all_or_nothing(attempt_answers);
}
END_TEST

static bool
attempt_request(void)
{
	static const struct job_request request = {
	    .count = 5,
	    .pool = "threads",
	    .workers = 2,
	    .cost_ns = 20,
	    .timeout_ms = 7,
	    .wants_progress = true,
	    .profile = PROFILE_IO,
	    .io_every = 3,
	    .io_for_us = 4,
	};

	return dispose(job_request_to_json(&request));
}

START_TEST(requests_are_built_whole_or_not)
{
	expect_all_or_nothing(attempt_request);
}
END_TEST

static bool
attempt_figures(void)
{
	const struct lock_record record = {.acquisitions = 7};
	const struct lock_histograms histograms = {.hold = {{1, 2}}};
	bool has_succeeded = dispose(lock_record_to_json(&record));

	has_succeeded &= dispose(lock_histograms_to_json(&histograms));
	return has_succeeded;
}

START_TEST(figures_of_a_lock_are_built_whole_or_not)
{
	expect_all_or_nothing(attempt_figures);
}
END_TEST

static bool
attempt_record(void)
{
	const struct job_record record = {
	    .state = JOB_FAILED,
	    .reason = "some",
	    .request = {.pool = "threads", .key = "one"},
	    .started_ms = 1,
	    .ended_ms = 2,
	};

	return dispose(record_to_json(&record, json_object()));
}

START_TEST(records_are_built_whole_or_not)
{
	expect_all_or_nothing(attempt_record);
}
END_TEST

static bool
attempt_events(void)
{
	bool has_succeeded = true;

	for (uint8_t kind = 0; kind < LOCK_EVENT_KINDS; kind++) {
		const struct lock_event event = {.kind = kind};

		has_succeeded &= dispose(lock_event_to_json(&event));
	}
	return has_succeeded;
}

START_TEST(events_are_built_whole_or_not)
{
	expect_all_or_nothing(attempt_events);
}
END_TEST

static struct evbuffer *buffer;

static bool
attempt_write(void)
{
	json_t *json = json_pack("{s:[i,s]}", "a", 1, "b");
	bool has_succeeded = json != NULL && jsonrpc_write(buffer, json) == 0;

	ck_assert_int_eq(evbuffer_get_length(buffer) > 0, has_succeeded);
	json_decref(json);
	return has_succeeded;
}

START_TEST(lines_are_written_whole_or_not)
{
	buffer = evbuffer_new();
	expect_all_or_nothing(attempt_write);
	evbuffer_free(buffer);
}
END_TEST

/* The one that finds none left fails, and the next one is fine. */
static void *
stumbling_malloc(size_t size)
{
	return allocations_left-- == 0 ? NULL : malloc(size);
}

/* An answer that may need more room at any of its keys. */
START_TEST(a_long_line_has_no_holes)
{
	json_t *json = json_object(), *again;
	char key[32], *line;
	size_t len;

	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		ck_assert_int_eq(
		    json_object_set_new(json, key, json_integer(i)), 0);
	}
	json_set_alloc_funcs(stumbling_malloc, free);
	buffer = evbuffer_new();
	for (long n = 0; n < 40; n++) {
		int written;

		allocations_left = n;
		written = jsonrpc_write(buffer, json);
		allocations_left = -1;
		line = evbuffer_readln(buffer, &len, EVBUFFER_EOL_LF);
		ck_assert_int_eq(written == 0, line != NULL);
		if (line == NULL)
			continue;
		again = json_loadb(line, len, 0, NULL);
		ck_assert(json_equal(again, json));
		json_decref(again);
		free(line);
	}
	json_decref(json);
	evbuffer_free(buffer);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tcase = tcase_create("memory");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_line_is_parsed_whole_or_not);
	tcase_add_test(tcase, envelopes_are_built_whole_or_not);
	tcase_add_test(tcase, requests_are_built_whole_or_not);
	tcase_add_test(tcase, figures_of_a_lock_are_built_whole_or_not);
	tcase_add_test(tcase, records_are_built_whole_or_not);
	tcase_add_test(tcase, events_are_built_whole_or_not);
	tcase_add_test(tcase, lines_are_written_whole_or_not);
	tcase_add_test(tcase, a_long_line_has_no_holes);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
