/*
 * gilctl submit -: a client for scripts. One line in, one line out, and many
 * jobs in between.
 *
 * One poll(2) watches standard input, the link, standard output and Ctrl-C, so
 * that none of them ever waits for another. Every stage is bounded, and a full
 * one stops the stage before it: no output room, no reading of replies; no
 * room for a job, no reading of input.
 *
 * lines.c numbers the lines, flight.c keeps the jobs on their way, lifeline.c
 * the connection; what comes in and goes out, and when, is here.
 */
#include "client/submit.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/flight.h"
#include "client/interrupt.h"
#include "client/lifeline.h"
#include "client/lines.h"
#include "client/libgil/gil.h"
#include "client/outlet.h"
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
	const struct submit_settings *settings;
	struct lifeline line;
	struct submit_keys keys;
	json_t *defaults; /* params from the command line */
	struct lines in;
	bool is_input_done; /* all of it has been taken */
	struct flight flight;
	struct outlet out;
	int64_t not_before_ms; /* no try earlier, the server said */
	bool has_keys;	       /* a line had one */
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

	if (outlet_put(&stream->out, json) == -1)
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
	uint64_t request;

	return talk_send(stream->context, stream->line.gil, "job.submit",
	    json_incref(job->params), id, &request);
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
	uint64_t number = stream->in.number;
	struct rpc_error error;
	json_t *params =
	    submit_read_line(text, length, number, stream->defaults,
		stream->settings->is_resumed ? &stream->keys : NULL, &error);

	if (params == NULL)
		return error.kind == RPC_INTERNAL
		    ? talk_no_memory(stream->context)
		    : put_error(stream, number, &error);
	stream->has_keys |= json_object_get(params, "key") != NULL;
	return send_job(stream, flight_add(&stream->flight, number, params));
}

static bool
has_room(const struct stream *stream)
{
	return !flight_is_full(&stream->flight) && stream->flight.n_busy == 0 &&
	    gil_unsent_bytes(stream->line.gil) < MAX_UNSENT_BYTES &&
	    outlet_length(&stream->out) < MAX_UNWRITTEN_BYTES;
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
complain_stray(struct stream *stream, const struct gil_event *event)
{
	command_complain(stream->context->command,
	    "%s sent an answer to no line of the input: %s",
	    gil_server(stream->line.gil),
	    event->type == GIL_ERROR ? event->error.message : "-");
	return OUTCOME_NO_SERVER;
}

static bool
is_busy(const struct gil_error *error)
{
	return error->code == rpc_error_code(RPC_BUSY);
}

/* Whether it would be different later. */
static bool
is_for_later(const struct stream *stream, const struct gil_event *event)
{
	const struct gil_error *error = &event->error;

	return event->type == GIL_ERROR &&
	    (error->retry_after_ms > 0 || is_busy(error) ||
		(error->code == rpc_error_code(RPC_SHUTTING_DOWN) &&
		    stream->has_keys));
}

/* An accepted one that is not waited for, or one that has ended. */
static bool
is_fine(const json_t *result)
{
	return json_object_get(result, "created") != NULL ||
	    strcmp(show_text(result, "state"), "done") == 0;
}

static enum outcome
take_answer(struct stream *stream, const struct gil_event *event)
{
	uint64_t id = event->tag;
	const struct flight_job *job = flight_find(&stream->flight, id);
	bool is_error = event->type == GIL_ERROR;
	enum outcome outcome;
	json_t *value;
	uint64_t line;

	if (event->request == 0 || job == NULL)
		return complain_stray(stream, event);
	if (is_for_later(stream, event)) {
		int64_t pause_ms = event->error.retry_after_ms;

		flight_put_off(&stream->flight, id, now_ms(), pause_ms);
		/* A job that ends makes room, but not the rate higher. */
		if (!is_busy(&event->error))
			stream->not_before_ms = now_ms() + pause_ms;
		return OUTCOME_FINE;
	}
	outcome = talk_take(stream->context, stream->line.gil, &value);
	if (outcome != OUTCOME_FINE)
		return outcome;
	lifeline_prove(&stream->line);
	line = job->line;
	flight_land(&stream->flight, id);
	stream->any_refused |= is_error;
	stream->any_not_done |= !is_error && !is_fine(value);
	outcome = put_line(stream, line, is_error ? "error" : "result", value);
	/* There is room on the server for one that was put off. */
	id = now_ms() < stream->not_before_ms ? 0
					      : flight_retry(&stream->flight);
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
	return talk_lost(stream->context, stream->line.gil);
}

/* Output. */

static enum outcome
take_written(const struct stream *stream, int status)
{
	if (status == 0)
		return OUTCOME_FINE;
	command_complain(stream->context->command,
	    "cannot write the output: %s", strerror(errno));
	return OUTCOME_NOT_DONE;
}

/* What is known already gets out, also when the rest has failed. */
static enum outcome
flush_output(struct stream *stream)
{
	return take_written(stream, outlet_flush(&stream->out, interrupt_fd()));
}

/* The connection. */

/*
 * Whether all that is on its way may be sent again: it has a key, or was never
 * served (as far as can be seen) and the user asks for it.
 */
static bool
can_go_on(const struct stream *stream)
{
	bool is_stubborn = stream->settings->is_resumed ||
	    stream->settings->retry_for_ms != SUBMIT_NOT_GIVEN;
	bool is_unserved = is_stubborn && gil_was_orderly(stream->line.gil);

	return stream->line.patience.for_ms > 0 &&
	    (stream->has_keys || is_stubborn) &&
	    (is_unserved || flight_count_bare(&stream->flight) == 0);
}

/* The connection is lost: another one, and all that was on its way again. */
static enum outcome
come_back(struct stream *stream)
{
	enum outcome outcome;

	if (!can_go_on(stream))
		return complain_lost(stream);
	outcome = flush_output(stream);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_reopen(&stream->line);
	for (size_t i = 0; i < stream->flight.size && outcome == OUTCOME_FINE;
	     i++) {
		uint64_t id = flight_at(&stream->flight, i);

		if (id != 0)
			outcome = send_job(stream, id);
	}
	return outcome;
}

static enum outcome
take_replies(struct stream *stream)
{
	enum outcome outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE &&
	    outlet_length(&stream->out) < MAX_UNWRITTEN_BYTES) {
		const struct gil_event *event = gil_poll(stream->line.gil, 0);

		if (event->type == GIL_UNANSWERED || event->type == GIL_LOST)
			return come_back(stream);
		if (event->type == GIL_WOKEN)
			return OUTCOME_INTERRUPTED;
		if (event->type == GIL_NOTHING)
			return OUTCOME_FINE;
		if (talk_is_answer(event))
			outcome = take_answer(stream, event);
	}
	return outcome;
}

/* Waits until something can go on, and does what wants no order. */
static enum outcome
poll_once(struct stream *stream)
{
	enum { INPUT, SERVER, OUTPUT, WAKE, N_FDS };
	size_t unwritten = outlet_length(&stream->out);
	enum outcome outcome = OUTCOME_FINE;
	int timeout_ms = -1;
	/* A negative descriptor is left out. */
	struct pollfd fds[N_FDS] = {
	    [INPUT] = {.fd = -1, .events = POLLIN},
	    [SERVER] = {.fd = gil_fd(stream->line.gil),
		.events = gil_events(stream->line.gil)},
	    [OUTPUT] = {.fd = STDOUT_FILENO},
	    [WAKE] = {.fd = interrupt_fd(), .events = POLLIN},
	};

	if (!stream->in.is_at_end && !lines_are_plenty(&stream->in))
		fds[INPUT].fd = STDIN_FILENO;
	if (unwritten > 0)
		fds[OUTPUT].events = POLLOUT;
	if (unwritten >= MAX_UNWRITTEN_BYTES)
		fds[SERVER].fd = -1;
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
		outcome = take_written(stream, outlet_write(&stream->out));
	if (outcome == OUTCOME_FINE && fds[INPUT].revents != 0)
		outcome = read_input(stream);
	return outcome;
}

static bool
is_finished(const struct stream *stream)
{
	return stream->is_input_done && flight_is_empty(&stream->flight) &&
	    outlet_length(&stream->out) == 0;
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

static int
stream_init(struct stream *stream, const struct submit_settings *settings,
    uint64_t in_flight)
{
	stream->defaults = submit_make_defaults(settings);
	if (lines_init(&stream->in, MAX_LINE_BYTES) == -1 ||
	    flight_init(&stream->flight, in_flight) == -1 ||
	    outlet_init(&stream->out) == -1 || stream->defaults == NULL)
		return -1;
	return 0;
}

static void
stream_free(struct stream *stream)
{
	lines_free(&stream->in);
	flight_free(&stream->flight);
	outlet_free(&stream->out);
	json_decref(stream->defaults);
	lifeline_close(&stream->line);
}

/* Interrupted: what has a key is not cancelled with the connection. */
static void
tell_of_keys(const struct stream *stream)
{
	size_t n = flight_count_keyed(&stream->flight);

	if (n > 0)
		command_complain(stream->context->command,
		    "%zu job%s with a key go%s on; gilctl list --state "
		    "unfinished shows %s",
		    n, n == 1 ? "" : "s", n == 1 ? "es" : "",
		    n == 1 ? "it" : "them");
}

enum outcome
submit_stream(
    const struct context *context, const struct submit_settings *settings)
{
	struct stream stream = {.context = context, .settings = settings};
	uint64_t in_flight = settings->in_flight;
	enum outcome outcome = submit_make_keys(context, &stream.keys);

	lifeline_init(
	    &stream.line, context, submit_retry_for_ms(settings, true), NULL);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&stream.line);
	if (outcome == OUTCOME_FINE)
		outcome =
		    submit_learn_limit(context, stream.line.gil, &in_flight);
	if (outcome != OUTCOME_FINE)
		goto out;
	if (stream_init(&stream, settings, in_flight) == -1) {
		outcome = talk_no_memory(context);
		goto out;
	}
	outcome = run_stream(&stream);
	if (outcome == OUTCOME_INTERRUPTED) {
		tell_of_keys(&stream);
	} else {
		enum outcome flushed = flush_output(&stream);

		outcome = outcome == OUTCOME_FINE ? flushed : outcome;
	}
	if (outcome == OUTCOME_FINE && stream.any_refused)
		outcome = OUTCOME_REFUSED;
	else if (outcome == OUTCOME_FINE && stream.any_not_done)
		outcome = OUTCOME_NOT_DONE;
out:
	stream_free(&stream);
	return outcome;
}
