/*
 * A line from the server as libgil reads it, against the reader that makes a
 * tree of it: what the one takes the other takes, and they find the same in it.
 * Then the tasks, and the same line once more with all that is read of it.
 *
 * An input is a line.
 */
#include "client/libgil/reply.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jsonrpc.h"
#include "tests/fuzz/fuzz.h"

static uint64_t
count_of(const json_t *object, const char *name, uint64_t max)
{
	const json_t *value = json_object_get(object, name);
	json_int_t count = json_integer_value(value);

	/* What has more digits than gild writes is not read. */
	return json_is_integer(value) && count >= 0 &&
		count <= 999999999999999999 && (uint64_t)count <= max
	    ? (uint64_t)count
	    : 0;
}

/* A NUL and half a surrogate are not compared: jansson takes no such half. */
static void
expect_text(const json_t *object, const char *name, const char *read)
{
	const json_t *value = json_object_get(object, name);
	size_t length = json_string_length(value);

	if (!json_is_string(value))
		MUST(*read == '\0');
	else if (strlen(json_string_value(value)) == length)
		MUST(strcmp(json_string_value(value), read) == 0);
}

static void
expect_state(const json_t *object, enum gil_state read)
{
	const char *name = json_string_value(json_object_get(object, "state"));

	MUST(read == GIL_STATE_NONE
		? name == NULL || strcmp(name, "unknown") == 0 ||
		    strcmp(name, gil_state_name(read)) != 0
		: name != NULL && strcmp(name, gil_state_name(read)) == 0);
}

static void
expect_result(const json_t *result, const struct gil_event *event)
{
	const json_t *timing = json_object_get(result, "timing");
	const json_t *tasks = json_object_get(result, "tasks");
	struct gil_task *read;
	size_t n;

	expect_text(result, "job", event->result.job);
	expect_text(result, "reason", event->result.reason);
	expect_text(result, "pool", event->result.pool);
	expect_state(result, event->result.state);
	MUST(event->result.count == count_of(result, "count", UINT64_MAX));
	MUST(event->result.workers == count_of(result, "workers", UINT32_MAX));
	MUST(event->result.was_created ==
	    json_is_true(json_object_get(result, "created")));
	MUST(event->result.timing.queue_ns ==
	    count_of(timing, "queue_ns", UINT64_MAX));
	MUST(event->result.timing.io_ns ==
	    count_of(timing, "io_ns", UINT64_MAX));
	MUST(libgil_reply_tasks(event->json, &read, &n) == 0);
	MUST(n == json_array_size(tasks));
	for (size_t i = 0; i < n; i++)
		MUST(read[i].wall_ns ==
		    count_of(json_array_get(tasks, i), "wall_ns", UINT64_MAX));
	free(read);
}

static void
expect_error(const json_t *error, const struct gil_event *event)
{
	const json_t *data = json_object_get(error, "data");
	json_int_t code = json_integer_value(json_object_get(error, "code"));

	MUST(event->error.code == code);
	expect_text(error, "message", event->error.message);
	expect_text(data, "reason", event->error.reason);
	expect_text(data, "detail", event->error.detail);
	MUST(event->error.retry_after_ms ==
	    count_of(data, "retry_after_ms", UINT32_MAX));
}

static void
expect_same(const struct jsonrpc_reply *reply, const struct gil_event *event)
{
	const json_t *id = reply->id;
	json_int_t number = json_integer_value(id);

	if (reply->method != NULL) {
		MUST(event->type == GIL_NOTICE || event->type == GIL_PROGRESS);
		if (event->type == GIL_PROGRESS)
			expect_text(reply->params, "job", event->progress.job);
		return;
	}
	if (json_is_integer(id) && number > 0 && number <= 999999999999999999)
		MUST(event->request == (uint64_t)number);
	else
		MUST(event->request ==
		    (json_is_null(id) && reply->error != NULL ? 0
							      : UINT64_MAX));
	MUST(event->type == (reply->error != NULL ? GIL_ERROR : GIL_RESULT));
	if (reply->error != NULL)
		expect_error(reply->error, event);
	else
		expect_result(reply->result, event);
}

/* Of an error that jansson takes: a code of more than an int. */
static bool
has_odd_code(const struct jsonrpc_reply *reply)
{
	json_int_t code =
	    json_integer_value(json_object_get(reply->error, "code"));

	return code <= INT_MIN || code > INT_MAX;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct libgil_strings strings = {0};
	struct jsonrpc_reply reply;
	struct rpc_error error;
	struct gil_event event;
	const char *wrong;
	char *line;

	if (size == 0)
		return 0;
	/* Of its very size, so that a byte too many is seen. */
	line = malloc(size + 1);
	MUST(line != NULL);
	memcpy(line, data, size);
	line[size] = '\0';
	wrong = libgil_reply_read(line, size, &strings, &event);
	MUST(wrong == NULL || errno == 0);
	/* jansson lets a NUL behind a number pass; frame.c lets none to it. */
	if (memchr(data, '\0', size) != NULL) {
		MUST(wrong != NULL);
	} else if (jsonrpc_parse_reply(
		       (const char *)data, size, &reply, &error) == 0) {
		MUST(wrong == NULL || has_odd_code(&reply));
		if (wrong == NULL)
			expect_same(&reply, &event);
		json_decref(reply.root);
	}
	if (wrong == NULL) {
		MUST(strlen(event.json) == event.json_bytes);
		MUST(event.type == GIL_RESULT || event.type == GIL_ERROR ||
		    event.type == GIL_PROGRESS || event.type == GIL_NOTICE);
	}
	libgil_strings_free(&strings);
	free(line);
	return 0;
}
