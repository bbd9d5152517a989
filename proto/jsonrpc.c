/*
 * Owns: JSON-RPC 2.0's envelope, read strictly and written compactly. Pure;
 * any process and thread.
 *
 * Invariants: a message holds a reference on its root and its calls borrow
 * from that; a call with an error in it always has an id to answer with. What
 * a line may cost is bounded before jansson sees it: the line's length by
 * frame.c, its values by max_values, its depth by jansson's own limit (2048).
 *
 * Methods, their params and their answers are left to those who call.
 */
#include "proto/jsonrpc.h"

#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/member.h"
#include "proto/writer.h"

#define PARSE_FLAGS (JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)
#define WRITE_FLAGS (JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)
#define WRITE_MOST_BYTES 8192 /* no longer are most messages */

enum { VERSION, ID, METHOD, PARAMS, N_REQUEST_MEMBERS };
static const char *const request_members[N_REQUEST_MEMBERS] = {
    [VERSION] = "jsonrpc",
    [ID] = "id",
    [METHOD] = "method",
    [PARAMS] = "params",
};

/*
 * How many values a line holds, or some more: 1 and its commas, '[' and '{'
 * outside of strings. As far as a line is JSON this sees the same strings as
 * the parser, so the parser never makes more values than are counted here.
 */
static size_t
count_values(const char *line, size_t len)
{
	size_t n = 1;
	bool is_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (c == '"')
			is_string = !is_string;
		else if (is_string)
			i += c == '\\';
		else
			n += c == ',' || c == '[' || c == '{';
	}
	return n;
}

/* A value takes a byte at the least: short lines need not be looked at. */
static int
check_values(
    const char *line, size_t len, size_t max_values, struct rpc_error *error)
{
	size_t n_values = len < max_values ? 0 : count_values(line, len);

	if (n_values <= max_values)
		return 0;
	return rpc_error_set(error, RPC_TOO_MANY_VALUES, NULL,
	    "a line may hold %zu JSON values, not %zu", max_values, n_values);
}

/* What would be right, where jansson's own words leave that open. */
static const char *
parse_hint(enum json_error_code code)
{
	switch (code) {
	case json_error_premature_end_of_input:
		return "; a message is one whole line";
	case json_error_end_of_input_expected:
		return "; a line holds one message";
	case json_error_numeric_overflow:
		return "; an integer takes 64 bits at the most";
	case json_error_invalid_utf8:
		return "; text is UTF-8";
	default:
		return "";
	}
}

static int
parse_json(const char *line, size_t len, json_t **root, struct rpc_error *error)
{
	json_error_t json_error;

	*root = json_loadb(line, len, PARSE_FLAGS, &json_error);
	if (*root != NULL)
		return 0;
	/* jansson says nothing when memory runs out, unless it was for a
	 * string: that it takes for a wrong token. */
	if (json_error.text[0] == '\0')
		return rpc_error_set(
		    error, RPC_INTERNAL, NULL, "out of memory");
	return rpc_error_set(error, RPC_PARSE_ERROR, NULL,
	    "column %d, byte %d: %s%s", json_error.column, json_error.position,
	    json_error.text, parse_hint(json_error_code(&json_error)));
}

static bool
is_id(const json_t *json)
{
	return json_is_string(json) || json_is_number(json) ||
	    json_is_null(json);
}

static int
check_version(const json_t *version, struct rpc_error *error)
{
	if (version == NULL)
		return rpc_error_set(error, RPC_INVALID_REQUEST, "jsonrpc",
		    "jsonrpc is missing: it must be \"2.0\"");
	if (!json_is_string(version))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "jsonrpc",
		    "jsonrpc must be the string \"2.0\", not %s",
		    rpc_json_type(version));
	if (json_string_length(version) != 3 ||
	    strcmp(json_string_value(version), "2.0") != 0)
		return rpc_error_set(error, RPC_INVALID_REQUEST, "jsonrpc",
		    "jsonrpc must be \"2.0\", not \"%.40s\"",
		    json_string_value(version));
	return 0;
}

static int
check_method(const json_t *method, struct rpc_error *error)
{
	if (method == NULL)
		return rpc_error_set(error, RPC_INVALID_REQUEST, "method",
		    "method is missing: it must be a string");
	if (!json_is_string(method))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "method",
		    "method must be a string, not %s", rpc_json_type(method));
	return 0;
}

/* params may be NULL: there were none. */
static int
check_params(const json_t *params, struct rpc_error *error)
{
	if (params != NULL && !json_is_object(params) && !json_is_array(params))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "params",
		    "params must be an object or an array, not %s",
		    rpc_json_type(params));
	return 0;
}

/* Fills in call, which is empty, all of it but what stands for an error. */
static int
read_call(const json_t *object, struct jsonrpc_call *call)
{
	struct rpc_error *error = &call->error;
	json_t *members[N_REQUEST_MEMBERS];
	struct rpc_error unknown;
	bool has_unknown;

	if (!json_is_object(object))
		return rpc_error_set(error, RPC_INVALID_REQUEST, NULL,
		    "a request must be an object, not %s",
		    rpc_json_type(object));
	has_unknown =
	    rpc_error_take_members(&unknown, RPC_INVALID_REQUEST, "member",
		object, request_members, N_REQUEST_MEMBERS, members) != 0;
	call->id = members[ID];
	if (call->id != NULL && !is_id(call->id))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "id",
		    "id must be a string, a number or null, not %s",
		    rpc_json_type(call->id));
	if (check_version(members[VERSION], error) != 0 ||
	    check_method(members[METHOD], error) != 0 ||
	    check_params(members[PARAMS], error) != 0)
		return -1;
	if (has_unknown) {
		*error = unknown;
		return -1;
	}
	call->params = members[PARAMS];
	call->method = json_string_value(members[METHOD]);
	call->method_len = json_string_length(members[METHOD]);
	return 0;
}

static void
parse_call(const json_t *object, struct jsonrpc_call *call)
{
	call->method = NULL;
	call->method_len = 0;
	call->params = call->id = NULL;
	call->error.kind = RPC_OK;
	if (read_call(object, call) == 0)
		return;
	if (call->id == NULL || !is_id(call->id))
		call->id = json_null();
}

static int
check_batch(const json_t *batch, size_t max_batch, struct rpc_error *error)
{
	size_t n = json_array_size(batch);

	if (n == 0)
		return rpc_error_set(error, RPC_INVALID_REQUEST, NULL,
		    "a batch must hold at least one request");
	if (n > max_batch)
		return rpc_error_set(error, RPC_BATCH_TOO_LARGE, NULL,
		    "a batch may hold %zu requests, not %zu", max_batch, n);
	return 0;
}

int
jsonrpc_parse(const char *line, size_t len, const struct jsonrpc_limits *limits,
    struct jsonrpc_message *message, struct rpc_error *error)
{
	message->is_batch = false;
	message->n_calls = 1;
	message->calls = &message->call;
	message->root = NULL;
	if (check_values(line, len, limits->max_values, error) != 0 ||
	    parse_json(line, len, &message->root, error) != 0)
		goto fail;
	if (!json_is_array(message->root)) {
		parse_call(message->root, &message->call);
		return 0;
	}
	if (check_batch(message->root, limits->max_batch, error) != 0)
		goto fail;
	message->is_batch = true;
	message->n_calls = json_array_size(message->root);
	message->calls = malloc(message->n_calls * sizeof(*message->calls));
	if (message->calls == NULL) {
		rpc_error_set(error, RPC_INTERNAL, NULL, "out of memory");
		goto fail;
	}
	for (size_t i = 0; i < message->n_calls; i++)
		parse_call(
		    json_array_get(message->root, i), &message->calls[i]);
	return 0;
fail:
	jsonrpc_message_free(message);
	return -1;
}

void
jsonrpc_message_free(struct jsonrpc_message *message)
{
	if (message == NULL)
		return;
	if (message->is_batch)
		free(message->calls);
	json_decref(message->root);
	message->is_batch = false;
	message->n_calls = 0;
	message->calls = NULL;
	message->root = NULL;
}

/* {"jsonrpc": "2.0"}, to be added to. */
static json_t *
envelope_new(void)
{
	json_t *envelope = json_object();

	if (json_object_set_new(envelope, "jsonrpc", json_string("2.0")) != 0) {
		json_decref(envelope);
		envelope = NULL;
	}
	return envelope;
}

/* Steals envelope and value; either may be NULL when memory ran out. */
static json_t *
envelope_add(json_t *envelope, const char *name, json_t *value)
{
	if (json_object_set_new(envelope, name, value) != 0) {
		json_decref(envelope);
		envelope = NULL;
	}
	return envelope;
}

static json_t *
id_or_null(json_t *id)
{
	return id != NULL ? json_incref(id) : json_null();
}

json_t *
jsonrpc_result(json_t *id, json_t *result)
{
	return envelope_add(envelope_add(envelope_new(), "id", id_or_null(id)),
	    "result", result);
}

void
jsonrpc_begin_result(struct writer *writer, const json_t *id)
{
	writer_begin_object(writer);
	member_put_string(writer, "jsonrpc", "2.0");
	writer_name(writer, "id");
	writer_value(writer, id);
	writer_name(writer, "result");
}

void
jsonrpc_end_result(struct writer *writer)
{
	writer_end_object(writer);
}

json_t *
jsonrpc_error(json_t *id, const struct rpc_error *error)
{
	return envelope_add(envelope_add(envelope_new(), "id", id_or_null(id)),
	    "error", rpc_error_to_json(error));
}

json_t *
jsonrpc_notification(const char *method, json_t *params)
{
	return envelope_add(
	    envelope_add(envelope_new(), "method", json_string(method)),
	    "params", params);
}

json_t *
jsonrpc_request(json_t *id, const char *method, json_t *params)
{
	return envelope_add(
	    jsonrpc_notification(method, params), "id", id_or_null(id));
}

static int
check_error_object(const json_t *object, struct rpc_error *error)
{
	if (!json_is_object(object))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "error",
		    "error must be an object, not %s", rpc_json_type(object));
	if (!json_is_integer(json_object_get(object, "code")))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "error",
		    "error must have an integer code");
	if (!json_is_string(json_object_get(object, "message")))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "error",
		    "error must have a message, a string");
	return 0;
}

static int
read_notification(struct jsonrpc_reply *reply, struct rpc_error *error)
{
	const json_t *method = json_object_get(reply->root, "method");

	if (check_method(method, error) != 0)
		return -1;
	if (reply->id != NULL || reply->result != NULL || reply->error != NULL)
		return rpc_error_set(error, RPC_INVALID_REQUEST, "method",
		    "a notification has no id, no result and no error");
	reply->params = json_object_get(reply->root, "params");
	if (check_params(reply->params, error) != 0)
		return -1;
	reply->method = json_string_value(method);
	return 0;
}

static int
read_reply(struct jsonrpc_reply *reply, struct rpc_error *error)
{
	if (!json_is_object(reply->root))
		return rpc_error_set(error, RPC_INVALID_REQUEST, NULL,
		    "an answer must be an object, not %s",
		    rpc_json_type(reply->root));
	if (check_version(json_object_get(reply->root, "jsonrpc"), error) != 0)
		return -1;
	reply->id = json_object_get(reply->root, "id");
	reply->result = json_object_get(reply->root, "result");
	reply->error = json_object_get(reply->root, "error");
	if (json_object_get(reply->root, "method") != NULL)
		return read_notification(reply, error);
	if (reply->id == NULL || !is_id(reply->id))
		return rpc_error_set(error, RPC_INVALID_REQUEST, "id",
		    "an answer must have an id: a string, a number or null");
	if ((reply->result != NULL) == (reply->error != NULL))
		return rpc_error_set(error, RPC_INVALID_REQUEST, NULL,
		    "an answer must have either a result or an error");
	if (reply->error != NULL)
		return check_error_object(reply->error, error);
	return 0;
}

int
jsonrpc_parse_reply(const char *line, size_t len, struct jsonrpc_reply *reply,
    struct rpc_error *error)
{
	*reply = (struct jsonrpc_reply){0};
	if (parse_json(line, len, &reply->root, error) != 0)
		return -1;
	if (read_reply(reply, error) != 0) {
		json_decref(reply->root);
		*reply = (struct jsonrpc_reply){0};
		return -1;
	}
	return 0;
}

/*
 * The value between two characters (0: none), added at once: all or nothing.
 * Not by json_dumps(): where it cannot get memory for a key it leaves a hole
 * and goes on. Into memory that is there jansson writes all.
 */
static int
write_between(
    struct evbuffer *buffer, char before, const json_t *value, char after)
{
	char most[WRITE_MOST_BYTES], *text = most;
	size_t len = json_dumpb(value, most + 1, sizeof(most) - 2, WRITE_FLAGS);
	int result = -1;

	if (len > sizeof(most) - 2) {
		text = malloc(len + 2);
		if (text == NULL ||
		    json_dumpb(value, text + 1, len, WRITE_FLAGS) != len)
			len = 0;
	}
	if (len > 0) {
		text[0] = before;
		text[1 + len] = after;
		result = evbuffer_add(buffer, text + (before == 0),
		    (before != 0) + len + (after != 0));
	}
	if (text != most)
		free(text);
	return result;
}

int
jsonrpc_write(struct evbuffer *buffer, const json_t *value)
{
	return write_between(buffer, 0, value, '\n');
}

int
jsonrpc_write_member(struct evbuffer *array, const json_t *value)
{
	return write_between(
	    array, evbuffer_get_length(array) == 0 ? '[' : ',', value, 0);
}
