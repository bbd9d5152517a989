/*
 * The accounts of a client. An answer is known by its id, as JSON text; a
 * batch by the sorted ids of its answers. Both sides are counted under that.
 */
#include "tests/fuzz/client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/settings.h"
#include "proto/frame.h"
#include "proto/jsonrpc.h"
#include "tests/fuzz/fuzz.h"

#define VALUES_PER_CALL 32 /* as session.c has it */
#define CHUNK 16384

/* --- counting --- */

static void
count(json_t *counts, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(counts, key));

	MUST(json_object_set_new(counts, key, json_integer(n + 1)) == 0);
}

/* To be freed. */
static char *
id_text(const json_t *id)
{
	char *text = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);

	MUST(text != NULL);
	return text;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Counts n ids, which it frees, as one batch. */
static void
count_batch(json_t *counts, char **ids, size_t n)
{
	struct evbuffer *key = evbuffer_new();

	MUST(key != NULL);
	qsort(ids, n, sizeof(*ids), compare_texts);
	for (size_t i = 0; i < n; i++) {
		MUST(evbuffer_add_printf(
			 key, "%c%s", i == 0 ? '[' : ',', ids[i]) > 0);
		free(ids[i]);
	}
	MUST(evbuffer_add(key, "]", 2) == 0);
	count(counts, (const char *)evbuffer_pullup(key, -1));
	evbuffer_free(key);
}

/* --- begin and end --- */

void
client_open(struct client *client, int fd, unsigned n_disasters)
{
	*client = (struct client){
	    .fd = fd,
	    .n_disasters = n_disasters,
	    .sent = evbuffer_new(),
	    .unread = evbuffer_new(),
	    .got = json_object(),
	};
	MUST(client->sent != NULL && client->unread != NULL);
	MUST(client->got != NULL);
}

void
client_close(struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	client->fd = -1;
	evbuffer_free(client->sent);
	evbuffer_free(client->unread);
	json_decref(client->got);
}

/* --- out --- */

void
client_send(struct client *client, const void *bytes, size_t size)
{
	ssize_t sent;

	if (client->fd < 0 || client->is_half_closed || size == 0)
		return;
	sent = send(client->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent > 0)
		MUST(evbuffer_add(client->sent, bytes, (size_t)sent) == 0);
}

void
client_half_close(struct client *client)
{
	if (client->fd < 0 || client->is_half_closed)
		return;
	client->is_half_closed = true;
	(void)shutdown(client->fd, SHUT_WR);
}

/* --- in --- */

/* The text of an answer's id, to be freed. */
static char *
take_answer(const json_t *message, struct known_jobs *known)
{
	char *line = json_dumps(message, JSON_COMPACT), *id;
	struct jsonrpc_reply reply;
	struct rpc_error error;
	const char *job;

	MUST(line != NULL);
	MUST(jsonrpc_parse_reply(line, strlen(line), &reply, &error) == 0);
	MUST(reply.id != NULL);
	id = id_text(reply.id);
	job = json_string_value(json_object_get(reply.result, "job"));
	if (job != NULL)
		known_jobs_add(known, job);
	json_decref(reply.root);
	free(line);
	return id;
}

static void
take_batch(struct client *client, const json_t *batch, struct known_jobs *known)
{
	size_t n = json_array_size(batch);
	char **ids = calloc(n, sizeof(*ids));

	MUST(n > 0 && ids != NULL);
	for (size_t i = 0; i < n; i++)
		ids[i] = take_answer(json_array_get(batch, i), known);
	count_batch(client->got, ids, n);
	free(ids);
}

/* The only one there is: job.progress. */
static void
take_notification(const json_t *message, struct known_jobs *known)
{
	const json_t *params = json_object_get(message, "params");
	const char *method =
	    json_string_value(json_object_get(message, "method"));
	const char *job = json_string_value(json_object_get(params, "job"));

	MUST(method != NULL && strcmp(method, "job.progress") == 0);
	MUST(job != NULL && strlen(job) == JOB_ID_CHARS);
	known_jobs_add(known, job);
}

/* What is said to a client before gild hangs up on it, owed to no call. */
static bool
is_about_time(const json_t *message)
{
	const char *reason = json_string_value(json_object_get(
	    json_object_get(json_object_get(message, "error"), "data"),
	    "reason"));

	return reason != NULL &&
	    strcmp(reason, rpc_error_slug(RPC_CONNECTION_TIMED_OUT)) == 0;
}

static void
take_line(struct client *client, const char *line, size_t len,
    struct known_jobs *known)
{
	json_t *message;
	char *id;

	if (len == 0)
		return; /* a probe */
	message = json_loadb(
	    line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	MUST(message != NULL);
	if (json_is_array(message)) {
		take_batch(client, message, known);
	} else if (json_object_get(message, "method") != NULL) {
		take_notification(message, known);
	} else if (is_about_time(message)) {
		client->was_too_slow = true;
	} else {
		id = take_answer(message, known);
		count(client->got, id);
		free(id);
	}
	json_decref(message);
}

void
client_read(struct client *client, struct known_jobs *known)
{
	char chunk[CHUNK], *line;
	ssize_t got;
	size_t len;

	if (client->fd < 0 || client->is_at_end)
		return;
	while ((got = recv(client->fd, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
		MUST(evbuffer_add(client->unread, chunk, (size_t)got) == 0);
	client->is_at_end = got == 0 || (errno != EAGAIN && errno != EINTR);
	while ((line = evbuffer_readln(
		    client->unread, &len, EVBUFFER_EOL_LF)) != NULL) {
		take_line(client, line, len, known);
		free(line);
	}
}

/* --- the accounts --- */

static void
expect_message(json_t *counts, const struct jsonrpc_message *message)
{
	char **ids = calloc(message->n_calls, sizeof(*ids));
	size_t n = 0;

	MUST(ids != NULL);
	for (size_t i = 0; i < message->n_calls; i++) {
		if (message->calls[i].id != NULL)
			ids[n++] = id_text(message->calls[i].id);
	}
	if (message->is_batch && n > 0) {
		count_batch(counts, ids, n);
	} else if (n > 0) {
		count(counts, ids[0]);
		free(ids[0]);
	}
	free(ids);
}

/* What the client is owed for all that it sent: a new reference. */
static json_t *
expect(const struct client *client, const struct settings *settings)
{
	const struct jsonrpc_limits limits = {
	    .max_batch = settings->max_batch,
	    .max_values = (size_t)settings->max_batch * VALUES_PER_CALL,
	};
	json_t *counts = json_object();
	struct frame_reader reader;
	enum frame_status status;
	struct jsonrpc_message message;
	struct rpc_error error;
	const char *line;
	size_t len;

	frame_reader_init(&reader, settings->max_line_bytes);
	while ((status = frame_read(&reader, client->sent,
		    client->is_half_closed, &line, &len)) != FRAME_MORE) {
		if (status != FRAME_LINE ||
		    jsonrpc_parse(line, len, &limits, &message, &error) != 0) {
			count(counts, "null");
			continue;
		}
		expect_message(counts, &message);
		jsonrpc_message_free(&message);
	}
	return counts;
}

void
client_check(
    const struct client *client, const struct settings *settings, bool is_whole)
{
	json_t *owed = expect(client, settings), *n_got;
	/* Who does not read is cut off, where the settings have it; over a Unix
	 * socket that is an end like any other. */
	bool was_cut = client->was_too_slow ||
	    (client->is_at_end && settings->stall_timeout_ns > 0);
	const char *key;

	json_object_foreach (client->got, key, n_got)
		MUST(json_integer_value(n_got) <=
		    json_integer_value(json_object_get(owed, key)));
	if (is_whole && !was_cut && !json_equal(owed, client->got)) {
		fputs("owed: ", stderr);
		json_dumpf(owed, stderr, JSON_SORT_KEYS);
		fputs("\ngot:  ", stderr);
		json_dumpf(client->got, stderr, JSON_SORT_KEYS);
		fprintf(stderr, "\n%s%s\n",
		    client->is_at_end ? "at end" : "not at its end",
		    client->is_half_closed ? ", had half closed" : "");
		MUST(!"each call has one answer");
	}
	json_decref(owed);
}
