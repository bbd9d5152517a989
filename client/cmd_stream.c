/*
 * gilctl submit -: a client for scripts. One line in, one line out, and many
 * jobs in between.
 *
 * One poll(2) watches standard input, the link, standard output and Ctrl-C, so
 * that none of them ever waits for another. Every stage is bounded, and a full
 * one stops the stage before it: no output room, no reading of replies; no free
 * slot, no reading of input.
 *
 * A slot is a job on its way: in flight, or refused as busy and waiting for
 * its next try. Its request's id tells both the slot and the line, so a reply
 * finds its slot at once, and a reply that comes twice is noticed.
 */
#include "client/submit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/link.h"
#include "client/show.h"
#include "client/talk.h"
#include "proto/frame.h"
#include "proto/rpcerror.h"

/*
 * Params are some hundred bytes. A line this short cannot break a bound that
 * the server has for whole lines, which it would answer without an id.
 */
#define MAX_LINE_BYTES 4096
#define READ_BYTES 65536
#define MAX_UNSENT_BYTES 65536	  /* to the server */
#define MAX_UNWRITTEN_BYTES 65536 /* to standard output */
#define FIRST_PAUSE_MS 10	  /* after "busy"; doubles to the last */
#define LAST_PAUSE_MS 1000

struct slot {
	uint64_t line;	/* of input; 0: free */
	json_t *params; /* owned; kept for another try */
};

struct stream {
	const struct context *context;
	struct link *link;
	json_t *defaults; /* params from the command line */

	/* Input: raw bytes, then the one line at hand. */
	struct evbuffer *raw;
	struct evbuffer *line;
	struct frame_reader reader;
	uint64_t line_number; /* of the line at hand */
	bool is_inside_line;  /* its LF has not come yet */
	bool is_input_at_end; /* all of it is read ... */
	bool is_input_done;   /* ... and taken */

	/* Jobs. */
	struct slot *slots;
	size_t n_slots;
	size_t *free_slots; /* a stack of them */
	size_t n_free;
	size_t *busy_slots; /* a queue: the first to be tried again first */
	size_t first_busy;
	size_t n_busy;
	int64_t retry_at_ms; /* while any is busy */
	int64_t pause_ms;

	struct evbuffer *out;
	bool any_refused;
	bool any_not_done;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Output: {"line":N,"result":...} or {"line":N,"error":...}; steals value. */
static enum outcome
put_line(struct stream *stream, uint64_t line, const char *name, json_t *value)
{
	json_t *json =
	    json_pack("{s:I, s:o}", "line", (json_int_t)line, name, value);
	enum outcome outcome = OUTCOME_FINE;

	if (json == NULL || jsonrpc_write(stream->out, json) == -1)
		outcome = talk_no_memory(stream->context);
	json_decref(json);
	return outcome;
}

static enum outcome
put_error(struct stream *stream, uint64_t line, const struct rpc_error *error)
{
	stream->any_refused = true;
	return put_line(stream, line, "error", rpc_error_to_json(error));
}

/* Jobs. */

static enum outcome
send_slot(struct stream *stream, size_t index)
{
	struct slot *slot = &stream->slots[index];

	if (link_send(stream->link, slot->line * stream->n_slots + index,
		"job.submit", json_incref(slot->params)) == -1)
		return talk_no_memory(stream->context);
	return OUTCOME_FINE;
}

static void
free_slot(struct stream *stream, size_t index)
{
	struct slot *slot = &stream->slots[index];

	json_decref(slot->params);
	*slot = (struct slot){0};
	stream->free_slots[stream->n_free++] = index;
}

/* A job that found no room on the server waits for its next try. */
static void
put_off(struct stream *stream, size_t index)
{
	if (stream->n_busy == 0)
		stream->retry_at_ms = now_ms() + stream->pause_ms;
	stream->busy_slots[(stream->first_busy + stream->n_busy++) %
	    stream->n_slots] = index;
}

static enum outcome
retry_one(struct stream *stream)
{
	size_t index = stream->busy_slots[stream->first_busy];

	stream->first_busy = (stream->first_busy + 1) % stream->n_slots;
	stream->n_busy--;
	return send_slot(stream, index);
}

/* The pause is over: all try again, and the next pause is a longer one. */
static enum outcome
retry_all(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;

	stream->pause_ms *= 2;
	if (stream->pause_ms > LAST_PAUSE_MS)
		stream->pause_ms = LAST_PAUSE_MS;
	for (size_t n = stream->n_busy; n > 0 && outcome == OUTCOME_FINE; n--)
		outcome = retry_one(stream);
	return outcome;
}

/* Input. */

static enum outcome
take_params(struct stream *stream, json_t *params)
{
	size_t index = stream->free_slots[--stream->n_free];

	stream->slots[index].line = stream->line_number;
	stream->slots[index].params = params;
	return send_slot(stream, index);
}

static enum outcome
take_line(struct stream *stream, const char *text, size_t length)
{
	struct rpc_error error;
	json_error_t at;
	json_t *params = json_loadb(text, length,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &at);

	if (params == NULL) {
		rpc_error_set(&error, RPC_PARSE_ERROR, NULL, "%s, at column %d",
		    at.text, at.column);
		return put_error(stream, stream->line_number, &error);
	}
	if (!json_is_object(params)) {
		json_decref(params);
		rpc_error_set(&error, RPC_INVALID_PARAMS, NULL,
		    "a line holds the params of one job, an object such as "
		    "{\"count\":1000}");
		return put_error(stream, stream->line_number, &error);
	}
	if (json_object_update_missing(params, stream->defaults) == -1) {
		json_decref(params);
		return talk_no_memory(stream->context);
	}
	return take_params(stream, params);
}

/*
 * The frame reader skips blank lines and would lose count of them: it is given
 * one line at a time.
 */
static enum frame_status
next_line(struct stream *stream, const char **text, size_t *length)
{
	for (;;) {
		bool is_last = stream->is_input_at_end &&
		    evbuffer_get_length(stream->raw) == 0;
		enum frame_status status = frame_read(
		    &stream->reader, stream->line, is_last, text, length);
		struct evbuffer_ptr end;
		size_t n_bytes = evbuffer_get_length(stream->raw);

		if (status != FRAME_MORE || n_bytes == 0)
			return status;
		if (!stream->is_inside_line)
			stream->line_number++;
		end = evbuffer_search_eol(
		    stream->raw, NULL, NULL, EVBUFFER_EOL_LF);
		stream->is_inside_line = end.pos == -1;
		if (end.pos != -1)
			n_bytes = (size_t)end.pos + 1;
		evbuffer_remove_buffer(stream->raw, stream->line, n_bytes);
	}
}

static bool
has_room(const struct stream *stream)
{
	return stream->n_free > 0 && stream->n_busy == 0 &&
	    link_unsent_bytes(stream->link) < MAX_UNSENT_BYTES &&
	    evbuffer_get_length(stream->out) < MAX_UNWRITTEN_BYTES;
}

static enum outcome
take_input(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;
	struct rpc_error error;
	const char *text;
	size_t length;

	while (outcome == OUTCOME_FINE && has_room(stream)) {
		switch (next_line(stream, &text, &length)) {
		case FRAME_LINE:
			outcome = take_line(stream, text, length);
			break;
		case FRAME_TOO_LONG:
			rpc_error_set(&error, RPC_LINE_TOO_LONG, NULL,
			    "a job's params take at most %d bytes",
			    MAX_LINE_BYTES);
			outcome =
			    put_error(stream, stream->line_number, &error);
			break;
		case FRAME_NUL:
			rpc_error_set(&error, RPC_PARSE_ERROR, NULL,
			    "the line holds a NUL byte");
			outcome =
			    put_error(stream, stream->line_number, &error);
			break;
		case FRAME_MORE:
			stream->is_input_done = stream->is_input_at_end;
			return OUTCOME_FINE;
		}
	}
	return outcome;
}

static enum outcome
read_input(struct stream *stream)
{
	int got = evbuffer_read(stream->raw, STDIN_FILENO, READ_BYTES);

	if (got == 0) {
		stream->is_input_at_end = true;
	} else if (got == -1 && errno != EAGAIN && errno != EINTR) {
		command_complain(stream->context->command,
		    "cannot read standard input: %s", strerror(errno));
		return OUTCOME_NOT_DONE;
	}
	return OUTCOME_FINE;
}

/* Replies. */

/* An answer that belongs to no line: the stream cannot go on. */
static enum outcome
complain_stray(struct stream *stream, const struct jsonrpc_reply *reply)
{
	const char *message =
	    show_text(reply->error, reply->error != NULL ? "message" : "");

	command_complain(stream->context->command,
	    "%s sent an answer to no line of the input: %s",
	    link_server(stream->link), message);
	return OUTCOME_NO_SERVER;
}

static bool
is_busy(const struct jsonrpc_reply *reply)
{
	return json_integer_value(json_object_get(reply->error, "code")) ==
	    rpc_error_code(RPC_BUSY);
}

static enum outcome
take_reply(struct stream *stream, const struct jsonrpc_reply *reply)
{
	uint64_t id = (uint64_t)json_integer_value(reply->id);
	size_t index = id % stream->n_slots;
	uint64_t line = stream->slots[index].line;
	enum outcome outcome;

	if (!json_is_integer(reply->id) || line == 0 ||
	    id / stream->n_slots != line)
		return complain_stray(stream, reply);
	if (is_busy(reply)) {
		put_off(stream, index);
		return OUTCOME_FINE;
	}
	free_slot(stream, index);
	if (reply->error != NULL) {
		stream->any_refused = true;
		return put_line(
		    stream, line, "error", json_incref(reply->error));
	}
	if (strcmp(show_text(reply->result, "state"), "done") != 0)
		stream->any_not_done = true;
	outcome = put_line(stream, line, "result", json_incref(reply->result));
	/* A job has ended: there is room for another one. */
	stream->pause_ms = FIRST_PAUSE_MS;
	if (outcome == OUTCOME_FINE && stream->n_busy > 0)
		outcome = retry_one(stream);
	return outcome;
}

static enum outcome
complain_lost(struct stream *stream)
{
	uint64_t first = UINT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < stream->n_slots; i++) {
		uint64_t line = stream->slots[i].line;

		n += line != 0;
		if (line != 0 && line < first)
			first = line;
	}
	if (n > 0)
		command_complain(stream->context->command,
		    "%zu line%s had no answer, the first of them line %" PRIu64,
		    n, n == 1 ? "" : "s", first);
	return talk_lost(stream->context, stream->link);
}

static enum outcome
take_replies(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE &&
	    evbuffer_get_length(stream->out) < MAX_UNWRITTEN_BYTES) {
		struct jsonrpc_reply reply;
		enum link_status status = link_next(stream->link, &reply);

		if (status == LINK_LOST)
			return complain_lost(stream);
		if (status != LINK_REPLY)
			return OUTCOME_FINE;
		if (reply.method == NULL)
			outcome = take_reply(stream, &reply);
		json_decref(reply.root);
	}
	return outcome;
}

/* Output. */

/*
 * After POLLOUT a pipe takes PIPE_BUF bytes without blocking, whatever its
 * descriptor's flags, which are not ours to change: others may share it.
 */
static enum outcome
write_output(struct stream *stream)
{
	size_t length = evbuffer_get_length(stream->out);
	ssize_t written;

	if (length > PIPE_BUF)
		length = PIPE_BUF;
	written = write(STDOUT_FILENO,
	    evbuffer_pullup(stream->out, (ev_ssize_t)length), length);
	if (written >= 0) {
		evbuffer_drain(stream->out, (size_t)written);
	} else if (errno != EAGAIN && errno != EINTR) {
		command_complain(stream->context->command,
		    "cannot write the output: %s", strerror(errno));
		return OUTCOME_NOT_DONE;
	}
	return OUTCOME_FINE;
}

/* Waits until something can go on, and does what wants no order. */
static enum outcome
poll_once(struct stream *stream)
{
	enum { INPUT, LINK, OUTPUT, WAKE, N_FDS };
	size_t unwritten = evbuffer_get_length(stream->out);
	short link_wants = link_events(stream->link);
	enum outcome outcome = OUTCOME_FINE;
	int timeout_ms = -1;
	/* A negative descriptor is left out. */
	struct pollfd fds[N_FDS] = {
	    [INPUT] = {.fd = -1, .events = POLLIN},
	    [LINK] = {.fd = link_fd(stream->link), .events = link_wants},
	    [OUTPUT] = {.fd = STDOUT_FILENO},
	    [WAKE] = {.fd = interrupt_fd(), .events = POLLIN},
	};

	if (!stream->is_input_at_end &&
	    evbuffer_get_length(stream->raw) < READ_BYTES)
		fds[INPUT].fd = STDIN_FILENO;
	if (unwritten > 0)
		fds[OUTPUT].events = POLLOUT;
	if (unwritten >= MAX_UNWRITTEN_BYTES)
		fds[LINK].fd = -1;
	if (stream->n_busy > 0) {
		int64_t left_ms = stream->retry_at_ms - now_ms();

		timeout_ms = left_ms > 0 ? (int)left_ms : 0;
	}
	if (poll(fds, N_FDS, timeout_ms) == -1) {
		if (errno == EINTR)
			return OUTCOME_FINE;
		command_complain(
		    stream->context->command, "poll: %s", strerror(errno));
		return OUTCOME_NOT_DONE;
	}
	if (fds[WAKE].revents != 0)
		return OUTCOME_INTERRUPTED;
	/* Nobody reads us any more; the next write would say so too. */
	if (fds[OUTPUT].revents & POLLERR) {
		raise(SIGPIPE);
		return OUTCOME_NOT_DONE;
	}
	if (fds[OUTPUT].revents != 0 && unwritten > 0)
		outcome = write_output(stream);
	if (outcome == OUTCOME_FINE && fds[INPUT].revents != 0)
		outcome = read_input(stream);
	if (fds[LINK].revents != 0)
		link_serve(stream->link);
	return outcome;
}

static bool
is_finished(const struct stream *stream)
{
	return stream->is_input_done && stream->n_free == stream->n_slots &&
	    evbuffer_get_length(stream->out) == 0;
}

static enum outcome
run_stream(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE) {
		outcome = take_replies(stream);
		if (outcome == OUTCOME_FINE && stream->n_busy > 0 &&
		    now_ms() >= stream->retry_at_ms)
			outcome = retry_all(stream);
		if (outcome == OUTCOME_FINE)
			outcome = take_input(stream);
		if (outcome != OUTCOME_FINE || is_finished(stream))
			break;
		outcome = poll_once(stream);
	}
	return outcome;
}

/* What is known already gets out, also when the rest has failed. */
static void
flush_output(struct stream *stream)
{
	while (evbuffer_get_length(stream->out) > 0) {
		struct pollfd fds[] = {
		    {.fd = STDOUT_FILENO, .events = POLLOUT},
		    {.fd = interrupt_fd(), .events = POLLIN},
		};

		if (poll(fds, 2, -1) == -1 && errno != EINTR)
			return;
		if (fds[1].revents != 0)
			return;
		if (fds[0].revents != 0 && write_output(stream) != OUTCOME_FINE)
			return;
	}
}

/* The server takes no more than this at a time; more would only be refused. */
static enum outcome
learn_limit(const struct stream *stream, uint64_t *in_flight)
{
	json_t *info;
	enum outcome outcome = talk_ask(
	    stream->context, stream->link, "server.info", json_object(), &info);
	uint64_t limit;

	if (outcome != OUTCOME_FINE)
		return outcome;
	limit = show_number(json_object_get(info, "limits"), "max_in_flight");
	if (limit > 0 && limit < *in_flight)
		*in_flight = limit;
	json_decref(info);
	return OUTCOME_FINE;
}

static json_t *
make_defaults(const struct submit_settings *settings)
{
	json_t *defaults = json_object();
	int failed = 0;

	if (settings->pool != NULL)
		failed |= json_object_set_new(
		    defaults, "pool", json_string(settings->pool));
	if (settings->workers != SUBMIT_NOT_GIVEN)
		failed |= json_object_set_new(defaults, "workers",
		    json_integer((json_int_t)settings->workers));
	if (settings->cost_ns != SUBMIT_NOT_GIVEN)
		failed |= json_object_set_new(defaults, "cost_ns",
		    json_integer((json_int_t)settings->cost_ns));
	if (settings->timeout_ms != SUBMIT_NOT_GIVEN)
		failed |= json_object_set_new(defaults, "timeout_ms",
		    json_integer((json_int_t)settings->timeout_ms));
	if (failed != 0) {
		json_decref(defaults);
		defaults = NULL;
	}
	return defaults;
}

static int
stream_init(struct stream *stream, const struct submit_settings *settings,
    uint64_t in_flight)
{
	stream->n_slots = in_flight;
	stream->slots = calloc(in_flight, sizeof(*stream->slots));
	stream->free_slots = calloc(in_flight, sizeof(*stream->free_slots));
	stream->busy_slots = calloc(in_flight, sizeof(*stream->busy_slots));
	stream->raw = evbuffer_new();
	stream->line = evbuffer_new();
	stream->out = evbuffer_new();
	stream->defaults = make_defaults(settings);
	if (stream->slots == NULL || stream->free_slots == NULL ||
	    stream->busy_slots == NULL || stream->raw == NULL ||
	    stream->line == NULL || stream->out == NULL ||
	    stream->defaults == NULL)
		return -1;
	frame_reader_init(&stream->reader, MAX_LINE_BYTES);
	stream->pause_ms = FIRST_PAUSE_MS;
	while (stream->n_free < in_flight) {
		stream->free_slots[stream->n_free] =
		    in_flight - 1 - stream->n_free;
		stream->n_free++;
	}
	return 0;
}

static void
stream_free(struct stream *stream)
{
	if (stream->slots != NULL)
		for (size_t i = 0; i < stream->n_slots; i++)
			json_decref(stream->slots[i].params);
	free(stream->slots);
	free(stream->free_slots);
	free(stream->busy_slots);
	if (stream->raw != NULL)
		evbuffer_free(stream->raw);
	if (stream->line != NULL)
		evbuffer_free(stream->line);
	if (stream->out != NULL)
		evbuffer_free(stream->out);
	json_decref(stream->defaults);
	link_close(stream->link);
}

enum outcome
submit_stream(
    const struct context *context, const struct submit_settings *settings)
{
	struct stream stream = {.context = context};
	uint64_t in_flight = settings->in_flight;
	enum outcome outcome = talk_open(context, &stream.link);

	if (outcome == OUTCOME_FINE)
		outcome = learn_limit(&stream, &in_flight);
	if (outcome != OUTCOME_FINE)
		goto out;
	if (stream_init(&stream, settings, in_flight) == -1) {
		outcome = talk_no_memory(context);
		goto out;
	}
	outcome = talk_catch(context);
	if (outcome != OUTCOME_FINE)
		goto out;
	outcome = run_stream(&stream);
	if (outcome != OUTCOME_INTERRUPTED)
		flush_output(&stream);
	if (outcome == OUTCOME_FINE && stream.any_refused)
		outcome = OUTCOME_REFUSED;
	else if (outcome == OUTCOME_FINE && stream.any_not_done)
		outcome = OUTCOME_NOT_DONE;
out:
	stream_free(&stream);
	return outcome;
}
