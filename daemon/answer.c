/*
 * Answers and batches. Run by a frontend's one thread. An answer knows its
 * connection until that is gone; a batch lives as long as answers of it are
 * open, or its calls are still being made.
 *
 * What has no size but that which the client gave it is charged to the
 * connection: an id until its answer is given, and the answers of a batch
 * until the last of them is.
 */
#include "daemon/answer.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "daemon/connection.h"
#include "proto/jsonrpc.h"
#include "proto/writer.h"

struct batch {
	struct evbuffer *text; /* the answers so far */
	size_t n_open;	       /* answers not given yet, and who makes calls */
};

struct answer {
	struct connection *connection; /* NULL: the client has left */
	struct batch *batch;	       /* NULL: a call on its own */
	json_t *id;
	LIST_ENTRY(answer) links;
};

struct answer *
answer_new(struct connection *connection, struct answer_list *owed,
    struct batch *batch, json_t *id)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer == NULL)
		return NULL;
	answer->connection = connection;
	answer->batch = batch;
	answer->id = json_copy(id);
	if (answer->id == NULL) {
		free(answer);
		return NULL;
	}
	if (batch != NULL)
		batch->n_open++;
	LIST_INSERT_HEAD(owed, answer, links);
	connection_hold(connection);
	if (json_is_string(id))
		connection_charge(connection, json_string_length(id));
	return answer;
}

bool
answer_is_wanted(const struct answer *answer)
{
	return answer != NULL && answer->connection != NULL;
}

bool
answer_has_room(const struct answer *answer)
{
	return !answer_is_wanted(answer) ||
	    !connection_is_overdrawn(answer->connection);
}

unsigned
answer_count_holds(const struct answer *answer)
{
	return answer_is_wanted(answer) ? connection_holds(answer->connection)
					: 0;
}

static void
answer_free(struct answer *answer)
{
	if (answer == NULL)
		return;
	json_decref(answer->id);
	free(answer);
}

json_t *
answer_id(const struct answer *answer)
{
	return answer == NULL ? NULL : answer->id;
}

/* --- batches --- */

struct batch *
batch_new(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->n_open = 1;
	batch->text = evbuffer_new();
	if (batch->text == NULL) {
		free(batch);
		return NULL;
	}
	return batch;
}

static void
batch_free(struct batch *batch)
{
	evbuffer_free(batch->text);
	free(batch);
}

size_t
batch_bytes(const struct batch *batch)
{
	return evbuffer_get_length(batch->text);
}

/* Adds one answer to its batch's line. */
static int
batch_add(
    struct connection *connection, struct batch *batch, const json_t *message)
{
	size_t before_bytes = batch_bytes(batch);
	int result =
	    message == NULL ? -1 : jsonrpc_write_member(batch->text, message);

	connection_charge(connection, batch_bytes(batch) - before_bytes);
	return result;
}

/* The same with one that was written. */
static int
batch_add_text(struct connection *connection, struct batch *batch,
    const struct writer *writer)
{
	size_t before_bytes = batch_bytes(batch);
	int result =
	    evbuffer_add(batch->text, before_bytes == 0 ? "[" : ",", 1) != 0 ||
		evbuffer_add(batch->text, writer->text, writer->length) != 0
	    ? -1
	    : 0;

	connection_charge(connection, batch_bytes(batch) - before_bytes);
	return result;
}

/* A batch of notifications has no answers, and then no line either. */
void
batch_release(struct connection *connection, struct batch *batch)
{
	if (--batch->n_open > 0)
		return;
	connection_discharge(connection, batch_bytes(batch));
	if (batch_bytes(batch) > 0) {
		if (evbuffer_add(batch->text, "]\n", 2) == 0)
			connection_send_buffer(connection, batch->text);
		else
			connection_break(connection);
	}
	batch_free(batch);
}

/* --- giving --- */

/* An answer that is wanted is about to be given: it is owed no more. */
static struct connection *
answer_settle(struct answer *answer)
{
	LIST_REMOVE(answer, links);
	if (json_is_string(answer->id))
		connection_discharge(
		    answer->connection, json_string_length(answer->id));
	return answer->connection;
}

/* Steals message, frees the answer, which is wanted. */
static void
answer_give(struct answer *answer, json_t *message)
{
	struct connection *connection = answer_settle(answer);

	if (answer->batch == NULL) {
		connection_send(connection, message);
	} else {
		if (batch_add(connection, answer->batch, message) != 0)
			connection_break(connection);
		batch_release(connection, answer->batch);
	}
	connection_release(connection);
	json_decref(message);
	answer_free(answer);
}

/* The same with a message that was written, and all of it. */
static void
answer_give_text(struct answer *answer, const struct writer *writer)
{
	struct connection *connection = answer_settle(answer);

	if (answer->batch == NULL) {
		connection_send_text(connection, writer->text, writer->length);
	} else {
		if (batch_add_text(connection, answer->batch, writer) != 0)
			connection_break(connection);
		batch_release(connection, answer->batch);
	}
	connection_release(connection);
	answer_free(answer);
}

void
answer_error(struct answer *answer, const struct rpc_error *error)
{
	if (answer_is_wanted(answer))
		answer_give(answer, jsonrpc_error(answer->id, error));
	else
		answer_free(answer);
}

void
answer_result(struct answer *answer, json_t *result)
{
	struct rpc_error error;

	if (!answer_is_wanted(answer)) {
		json_decref(result);
		answer_free(answer);
		return;
	}
	if (result == NULL) {
		rpc_error_set(&error, RPC_INTERNAL, NULL, "out of memory");
		answer_error(answer, &error);
		return;
	}
	answer_give(answer, jsonrpc_result(answer->id, result));
}

void
answer_begin_result(const struct answer *answer, struct writer *writer)
{
	if (answer_is_wanted(answer))
		jsonrpc_begin_result(writer, answer->id);
}

void
answer_end_result(struct answer *answer, struct writer *writer)
{
	if (!answer_is_wanted(answer)) {
		answer_free(answer);
		return;
	}
	jsonrpc_end_result(writer);
	if (answer->batch == NULL)
		writer_end_line(writer);
	if (writer->has_failed)
		answer_result(answer, NULL);
	else
		answer_give_text(answer, writer);
}

void
answers_abandon(struct answer_list *owed)
{
	struct answer *answer;

	while ((answer = LIST_FIRST(owed)) != NULL) {
		LIST_REMOVE(answer, links);
		answer->connection = NULL;
		if (answer->batch != NULL && --answer->batch->n_open == 0)
			batch_free(answer->batch);
		answer->batch = NULL;
	}
}
