/*
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification), strictly: what a line
 * means, and how answers are written. No method is known here.
 *
 * A line is parsed into a message: one call, or a batch of them. A call that
 * is not well-formed becomes a call with an error in it, to be answered with
 * that error, so that a batch keeps its other members. Output is compact pure
 * ASCII, so that one message is one line by construction.
 */
#ifndef GILD_PROTO_JSONRPC_H
#define GILD_PROTO_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/rpcerror.h"

struct evbuffer;
struct writer;

struct jsonrpc_limits {
	size_t max_batch;  /* calls in one batch */
	size_t max_values; /* JSON values in one line, counted before parsing
			    * (as 1 + its commas, '[' and '{'), so that a small
			    * line cannot become a large tree */
};

/* One call. All references are borrowed from the message. */
struct jsonrpc_call {
	const char *method; /* NULL when error.kind is set */
	size_t method_len;  /* a method may hold an escaped NUL */
	json_t *params;	    /* an object or an array, or NULL when absent */
	json_t *id;	    /* a string, a number or null; NULL: none was sent,
			     * so it is a notification and gets no answer.
			     * Where error.kind is set: the id to answer with,
			     * the JSON null where none could be read. */
	struct rpc_error error;
};

struct jsonrpc_message {
	bool is_batch;
	size_t n_calls;
	struct jsonrpc_call *calls;
	json_t *root;		  /* owned */
	struct jsonrpc_call call; /* where calls points to but in a batch: the
				   * message stays where it is */
};

/*
 * Parses one line (without its LF). 0, or -1 with *error set when the line as
 * a whole cannot be served: not JSON (with column and byte), a duplicate key,
 * too many values, an empty batch or a batch over the cap. That error is
 * answered with the id null. On 0 the message is to be freed.
 */
int jsonrpc_parse(const char *line, size_t len,
    const struct jsonrpc_limits *limits, struct jsonrpc_message *message,
    struct rpc_error *error) __attribute__((warn_unused_result));
void jsonrpc_message_free(struct jsonrpc_message *message);

/*
 * Builders. Each returns a new reference, or NULL when memory ran out. `id` is
 * borrowed (NULL stands for the JSON null); `result` and `params` are stolen,
 * also on failure, and may be NULL only where said.
 */
json_t *jsonrpc_result(json_t *id, json_t *result);
json_t *jsonrpc_error(json_t *id, const struct rpc_error *error);
json_t *jsonrpc_request(json_t *id, const char *method, json_t *params);
json_t *jsonrpc_notification(const char *method, json_t *params);

/*
 * An answer as text: what stands before its result, which is to be written by
 * the caller, and what stands behind it. id as above.
 */
void jsonrpc_begin_result(struct writer *writer, const json_t *id);
void jsonrpc_end_result(struct writer *writer);

/*
 * What a client gets back: an answer or a notification. References are
 * borrowed from root.
 */
struct jsonrpc_reply {
	json_t *root;	    /* owned by the caller: json_decref() */
	json_t *id;	    /* NULL in a notification */
	json_t *result;	    /* NULL in an error or a notification */
	json_t *error;	    /* the error object, or NULL */
	const char *method; /* of a notification, else NULL */
	json_t *params;	    /* of a notification, may be NULL */
};

/* 0, or -1 when the line is no answer, no notification (detail says why). */
int jsonrpc_parse_reply(const char *line, size_t len,
    struct jsonrpc_reply *reply, struct rpc_error *error)
    __attribute__((warn_unused_result));

/*
 * Appends value, compact and pure ASCII, and one LF to buffer. 0, or -1 when
 * memory ran out; buffer then holds no part of it.
 */
int jsonrpc_write(struct evbuffer *buffer, const json_t *value)
    __attribute__((warn_unused_result));

/*
 * The same for an array that is written piece by piece, each with the [ or the
 * comma before it: buffer holds nothing else, and the ] is the caller's to add.
 */
int jsonrpc_write_member(struct evbuffer *array, const json_t *value)
    __attribute__((warn_unused_result));

#endif
