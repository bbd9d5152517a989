/*
 * gilctl submit -: a client for scripts. One line in, one line out, and many
 * jobs in between.
 *
 * One poll(2) watches standard input, the link, standard output and Ctrl-C, so
 * that none of them ever waits for another. Every stage is bounded, and a full
 * one stops the stage before it: no output room, no reading of replies; no
 * room for a job, no reading of input.
 *
 * lines.c numbers the lines, flight.c keeps the jobs on their way; what comes
 * in and goes out, and when, is here.
 */
#include "client/submit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/flight.h"
#include "client/interrupt.h"
#include "client/lines.h"
#include "client/link.h"
#include "client/show.h"
#include "client/talk.h"
#include "proto/rpcerror.h"

/*
 * Params are some hundred bytes. A line this short cannot break a bound that
 * the server has for whole lines, which it would answer without an id.
 */
#define MAX_LINE_BYTES 4096
#define MAX_UNSENT_BYTES 65536	  /* to the server */
#define MAX_UNWRITTEN_BYTES 65536 /* to standard output */

struct stream {
	const struct context *context;
	struct link *link;
	json_t *defaults; /* params from the command line */
	struct lines in;
	bool is_input_done; /* all of it has been taken */
	struct flight flight;
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
send_job(struct stream *stream, uint64_t id)
{
	const struct flight_job *job = flight_find(&stream->flight, id);

	if (link_send(
		stream->link, id, "job.submit", json_incref(job->params)) == -1)
		return talk_no_memory(stream->context);
	return OUTCOME_FINE;
}

/* The pause is over: all that were put off try again. */
static enum outcome
retry_all(struct stream *stream)
{
	size_t n = flight_retries_due(&stream->flight, now_ms());
	enum outcome outcome = OUTCOME_FINE;

	for (; n > 0 && outcome == OUTCOME_FINE; n--)
		outcome = send_job(stream, flight_retry(&stream->flight));
	return outcome;
}

/* Input. */

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
		return put_error(stream, stream->in.number, &error);
	}
	if (!json_is_object(params)) {
		json_decref(params);
		rpc_error_set(&error, RPC_INVALID_PARAMS, NULL,
		    "a line holds the params of one job, an object such as "
		    "{\"count\":1000}");
		return put_error(stream, stream->in.number, &error);
	}
	if (json_object_update_missing(params, stream->defaults) == -1) {
		json_decref(params);
		return talk_no_memory(stream->context);
	}
	return send_job(
	    stream, flight_add(&stream->flight, stream->in.number, params));
}

static bool
has_room(const struct stream *stream)
{
	return !flight_is_full(&stream->flight) && stream->flight.n_busy == 0 &&
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
		switch (lines_next(&stream->in, &text, &length)) {
		case FRAME_LINE:
			outcome = take_line(stream, text, length);
			break;
		case FRAME_TOO_LONG:
			rpc_error_set(&error, RPC_LINE_TOO_LONG, NULL,
			    "a job's params take at most %d bytes",
			    MAX_LINE_BYTES);
			outcome = put_error(stream, stream->in.number, &error);
			break;
		case FRAME_NUL:
			rpc_error_set(&error, RPC_PARSE_ERROR, NULL,
			    "the line holds a NUL byte");
			outcome = put_error(stream, stream->in.number, &error);
			break;
		case FRAME_MORE:
			stream->is_input_done = stream->in.is_at_end;
			return OUTCOME_FINE;
		}
	}
	return outcome;
}

static enum outcome
read_input(struct stream *stream)
{
	if (lines_read(&stream->in, STDIN_FILENO) == 0)
		return OUTCOME_FINE;
	command_complain(stream->context->command,
	    "cannot read standard input: %s", strerror(errno));
	return OUTCOME_NOT_DONE;
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
	const struct flight_job *job = flight_find(&stream->flight, id);
	enum outcome outcome;
	uint64_t line;

	if (!json_is_integer(reply->id) || job == NULL)
		return complain_stray(stream, reply);
	if (is_busy(reply)) {
		flight_put_off(&stream->flight, id, now_ms());
		return OUTCOME_FINE;
	}
	line = job->line;
	flight_land(&stream->flight, id);
	if (reply->error != NULL) {
		stream->any_refused = true;
		outcome =
		    put_line(stream, line, "error", json_incref(reply->error));
	} else {
		if (strcmp(show_text(reply->result, "state"), "done") != 0)
			stream->any_not_done = true;
		outcome = put_line(
		    stream, line, "result", json_incref(reply->result));
	}
	/* There is room on the server for one that was put off. */
	id = flight_retry(&stream->flight);
	if (outcome == OUTCOME_FINE && id != 0)
		outcome = send_job(stream, id);
	return outcome;
}

static enum outcome
complain_lost(struct stream *stream)
{
	uint64_t first;
	size_t n = flight_count(&stream->flight, &first);

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

	if (!stream->in.is_at_end && !lines_are_plenty(&stream->in))
		fds[INPUT].fd = STDIN_FILENO;
	if (unwritten > 0)
		fds[OUTPUT].events = POLLOUT;
	if (unwritten >= MAX_UNWRITTEN_BYTES)
		fds[LINK].fd = -1;
	if (stream->flight.n_busy > 0) {
		int64_t left_ms = stream->flight.retry_at_ms - now_ms();

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
		return OUTCOME_INTERRUPTED;
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
	return stream->is_input_done && flight_is_empty(&stream->flight) &&
	    evbuffer_get_length(stream->out) == 0;
}

static enum outcome
run_stream(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE) {
		outcome = take_replies(stream);
		if (outcome == OUTCOME_FINE)
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
	if (settings->profile != NULL)
		failed |= json_object_set_new(
		    defaults, "profile", json_string(settings->profile));
	if (settings->io_every != SUBMIT_NOT_GIVEN)
		failed |= json_object_set_new(defaults, "io_every",
		    json_integer((json_int_t)settings->io_every));
	if (settings->io_for_us != SUBMIT_NOT_GIVEN)
		failed |= json_object_set_new(defaults, "io_for_us",
		    json_integer((json_int_t)settings->io_for_us));
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
	stream->out = evbuffer_new();
	stream->defaults = make_defaults(settings);
	if (lines_init(&stream->in, MAX_LINE_BYTES) == -1 ||
	    flight_init(&stream->flight, in_flight) == -1 ||
	    stream->out == NULL || stream->defaults == NULL)
		return -1;
	return 0;
}

static void
stream_free(struct stream *stream)
{
	lines_free(&stream->in);
	flight_free(&stream->flight);
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
