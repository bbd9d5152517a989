/*
 * JSON-RPC: what parses is written as one line of ASCII that parses again the
 * same, call by call; what does not parse is an error that can be sent, and
 * that a client reads back. An input is one line, as a request and as a reply.
 */
#include "proto/jsonrpc.h"

#include <event2/buffer.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static const struct jsonrpc_limits limits = {
    .max_batch = 16, .max_values = 256};

/* Writes value. *line and *len, without the LF, are valid as long as buffer. */
static void
write_line(struct evbuffer *buffer, const json_t *value, const char **line,
    size_t *len)
{
	MUST(jsonrpc_write(buffer, value) == 0);
	*len = evbuffer_get_length(buffer) - 1;
	*line = (const char *)evbuffer_pullup(buffer, -1);
	MUST((*line)[*len] == '\n');
	for (size_t i = 0; i < *len; i++)
		MUST((*line)[i] >= ' ' && (*line)[i] <= '~' + 1);
}

/* An error reaches a client as what it was. */
static void
check_error(json_t *id, const struct rpc_error *error)
{
	struct evbuffer *buffer = evbuffer_new();
	struct jsonrpc_reply reply;
	struct rpc_error reply_error;
	json_t *json = jsonrpc_error(id, error), *code;
	const char *line;
	size_t len;

	MUST(json != NULL && error->detail[0] != '\0');
	write_line(buffer, json, &line, &len);
	MUST(jsonrpc_parse_reply(line, len, &reply, &reply_error) == 0);
	MUST(json_equal(reply.id, id != NULL ? id : json_null()));
	code = json_object_get(reply.error, "code");
	MUST(rpc_error_from_code((int)json_integer_value(code)) == error->kind);
	json_decref(reply.root);
	json_decref(json);
	evbuffer_free(buffer);
}

static bool
is_same(const json_t *a, const json_t *b)
{
	return a == NULL || b == NULL ? a == b : json_equal(a, b);
}

static void
check_call(const struct jsonrpc_call *call, const struct jsonrpc_call *again)
{
	MUST(call->error.kind == again->error.kind);
	MUST(is_same(call->id, again->id));
	if (call->error.kind != RPC_OK) {
		MUST(call->error.kind == RPC_INVALID_REQUEST);
		MUST(call->id != NULL && call->method == NULL);
		MUST(strcmp(call->error.field, again->error.field) == 0);
		MUST(strcmp(call->error.detail, again->error.detail) == 0);
		check_error(call->id, &call->error);
		return;
	}
	MUST(call->method_len == again->method_len);
	MUST(memcmp(call->method, again->method, call->method_len) == 0);
	MUST(is_same(call->params, again->params));
}

static void
check_request(const char *line, size_t len)
{
	struct jsonrpc_message message, again;
	struct evbuffer *buffer;
	struct rpc_error error;

	if (jsonrpc_parse(line, len, &limits, &message, &error) != 0) {
		MUST(message.root == NULL && message.calls == NULL);
		check_error(NULL, &error);
		return;
	}
	MUST(message.n_calls >= 1 && message.n_calls <= limits.max_batch);
	MUST(message.is_batch || message.n_calls == 1);
	buffer = evbuffer_new();
	write_line(buffer, message.root, &line, &len);
	MUST(jsonrpc_parse(line, len, &limits, &again, &error) == 0);
	MUST(message.is_batch == again.is_batch);
	MUST(message.n_calls == again.n_calls);
	MUST(json_equal(message.root, again.root));
	for (size_t i = 0; i < message.n_calls; i++)
		check_call(&message.calls[i], &again.calls[i]);
	evbuffer_free(buffer);
	jsonrpc_message_free(&message);
	jsonrpc_message_free(&again);
}

static void
check_reply(const char *line, size_t len)
{
	struct jsonrpc_reply reply, again;
	struct evbuffer *buffer;
	struct rpc_error error;

	if (jsonrpc_parse_reply(line, len, &reply, &error) != 0) {
		MUST(reply.root == NULL);
		check_error(NULL, &error);
		return;
	}
	MUST((reply.method != NULL) + (reply.result != NULL) +
		(reply.error != NULL) ==
	    1);
	MUST((reply.method != NULL) == (reply.id == NULL));
	buffer = evbuffer_new();
	write_line(buffer, reply.root, &line, &len);
	MUST(jsonrpc_parse_reply(line, len, &again, &error) == 0);
	MUST(json_equal(reply.root, again.root));
	evbuffer_free(buffer);
	json_decref(reply.root);
	json_decref(again.root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No stream gives an LF to the parser: frame.c ends a line there. */
	if (size == 0 || memchr(data, '\n', size) != NULL)
		return 0;
	check_request((const char *)data, size);
	check_reply((const char *)data, size);
	return 0;
}
