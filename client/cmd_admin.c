/*
 * gilctl reload, drain, shutdown: what an operator tells a daemon. They go over
 * its Unix socket; over any other the daemon refuses them. Whoever stops a
 * daemon wants to know when it is gone, so the two that stop it wait for the
 * end of its master.
 */
#include "client/command.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "client/ending.h"
#include "client/interrupt.h"
#include "client/libgil/gil.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define RELOAD_ANSWER_MS 60000 /* a new generation has to start */
#define STOP_ANSWER_MS 10000
#define MAX_TIMEOUT_S 2147483

/* --- reload --- */

static enum outcome
show_generation(const struct context *context, const json_t *answer)
{
	const json_t *addresses = json_object_get(answer, "addresses");
	struct table *table = table_new();
	const json_t *address;
	size_t i;

	table_column(table, TABLE_RIGHT, "generation");
	table_column(table, TABLE_LEFT, "address");
	json_array_foreach (addresses, i, address) {
		const char *text = json_string_value(address);
		uint64_t generation = show_number(answer, "generation");

		table_count(
		    table, generation, "%s", units_count(generation).text);
		table_cell(table, "%s", text != NULL ? text : "-");
	}
	return show_table(context, table);
}

static void
tell_generation(const struct context *context, const json_t *answer)
{
	const json_t *addresses = json_object_get(answer, "addresses");
	FILE *out = context->out.stream;
	const json_t *address;
	size_t i;

	fprintf(out, "reloaded: generation %" PRIu64 " serves, listening on ",
	    show_number(answer, "generation"));
	json_array_foreach (addresses, i, address) {
		const char *value = json_string_value(address);
		char text[256];

		snprintf(text, sizeof(text), "%s%s", i > 0 ? ", " : "",
		    value != NULL ? value : "-");
		term_tame(text);
		fputs(text, out);
	}
	fputc('\n', out);
}

static enum outcome
run_reload(const struct context *context, const void *settings, char **operands)
{
	json_t *answer = NULL;
	struct gil *gil;
	enum outcome outcome = talk_open(context, &gil);

	(void)settings;
	(void)operands;
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome = talk_ask_patiently(context, gil, "server.reload",
	    json_object(), RELOAD_ANSWER_MS, &answer);
	gil_close(gil);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format == FORMAT_JSON)
		outcome = show_json(context, answer);
	else if (context->format != FORMAT_TEXT)
		outcome = show_generation(context, answer);
	else
		tell_generation(context, answer);
	json_decref(answer);
	return outcome;
}

/* --- drain and shutdown --- */

struct settings {
	bool is_not_waiting;
	uint64_t timeout_s; /* 0: however long it takes */
};

/* A way to stop a daemon. */
struct stop {
	const char *method;
	const char *prospect; /* what becomes of the jobs that are left */
	const char *over;     /* said when it has ended */
	const char *goes_on;  /* where we wait no longer */
};

static enum outcome
show_stop(const struct context *context, const json_t *answer)
{
	static const char *const names[] = {"running", "queued"};
	struct table *table = table_new();

	table_column(table, TABLE_LEFT, "state");
	table_column(table, TABLE_RIGHT, "pid");
	for (size_t i = 0; i < 2; i++)
		table_column(table, TABLE_RIGHT, names[i]);
	table_cell(table, "%s", show_text(answer, "state"));
	table_cell(table, "%" PRIu64, show_number(answer, "pid"));
	for (size_t i = 0; i < 2; i++)
		show_count(table, show_number(answer, names[i]));
	return show_table(context, table);
}

static void
tell_stop(const struct context *context, const struct stop *stop,
    const json_t *answer)
{
	uint64_t running = show_number(answer, "running");
	uint64_t queued = show_number(answer, "queued");
	char state[32];

	snprintf(state, sizeof(state), "%s", show_text(answer, "state"));
	term_tame(state);
	if (running == 0 && queued == 0)
		fprintf(context->out.stream, "%s: no jobs are left\n", state);
	else
		fprintf(context->out.stream,
		    "%s: %s job%s running, %s queued; %s\n", state,
		    units_count(running).text, running == 1 ? "" : "s",
		    units_count(queued).text, stop->prospect);
}

/* What is left is said before anything is waited for. */
static enum outcome
show_beginning(const struct context *context, const struct stop *stop,
    const json_t *answer)
{
	enum outcome outcome = OUTCOME_FINE;

	if (context->format == FORMAT_JSON)
		outcome = show_json(context, answer);
	else if (context->format != FORMAT_TEXT)
		outcome = show_stop(context, answer);
	else
		tell_stop(context, stop, answer);
	/* main() reports what could not be written. */
	(void)fflush(context->out.stream);
	return outcome;
}

static enum outcome
await_end(const struct context *context, const struct settings *settings,
    const struct stop *stop, uint64_t named, pid_t peer)
{
	pid_t pid = named <= INT_MAX ? ending_find_pid((pid_t)named, peer) : 0;
	uint64_t timeout_ms = settings->timeout_s > 0
	    ? settings->timeout_s * 1000
	    : ENDING_FOREVER;

	if (pid == 0) {
		command_complain(context->command,
		    "the end of gild cannot be seen from here: it runs "
		    "on another machine, or in another pid namespace");
		return OUTCOME_UNEXPECTED;
	}
	switch (ending_await(pid, timeout_ms, interrupt_fd())) {
	case ENDING_CAME:
		if (context->format == FORMAT_TEXT)
			fprintf(context->out.stream, "%s\n", stop->over);
		return OUTCOME_FINE;
	case ENDING_TIMED_OUT:
		command_complain(context->command,
		    "gild has not ended in %" PRIu64 " s; %s",
		    settings->timeout_s, stop->goes_on);
		return OUTCOME_UNEXPECTED;
	case ENDING_WOKEN:
		command_complain(
		    context->command, "waiting no longer; %s", stop->goes_on);
		return OUTCOME_INTERRUPTED;
	case ENDING_FAILED:
		break;
	}
	command_complain(
	    context->command, "cannot wait for the end: %s", strerror(errno));
	return OUTCOME_UNEXPECTED;
}

static enum outcome
run_stop(const struct context *context, const struct settings *settings,
    const struct stop *stop)
{
	json_t *answer = NULL;
	struct gil *gil;
	enum outcome outcome = talk_open(context, &gil);
	pid_t peer;

	if (outcome != OUTCOME_FINE)
		return outcome;
	peer = gil_peer_pid(gil);
	outcome = talk_ask_patiently(
	    context, gil, stop->method, json_object(), STOP_ANSWER_MS, &answer);
	/* A daemon that drains need not see to us any more. */
	gil_close(gil);
	if (outcome == OUTCOME_FINE && !settings->is_not_waiting)
		outcome = talk_catch(context);
	if (outcome == OUTCOME_FINE)
		outcome = show_beginning(context, stop, answer);
	if (outcome == OUTCOME_FINE && !settings->is_not_waiting)
		outcome = await_end(
		    context, settings, stop, show_number(answer, "pid"), peer);
	json_decref(answer);
	return outcome;
}

static enum outcome
run_drain(const struct context *context, const void *settings, char **operands)
{
	static const struct stop drain = {
	    .method = "server.drain",
	    .prospect = "gild stops when they are done",
	    .over = "drained",
	    .goes_on = "it goes on draining",
	};

	(void)operands;
	return run_stop(context, settings, &drain);
}

static enum outcome
run_shutdown(
    const struct context *context, const void *settings, char **operands)
{
	static const struct stop shutdown = {
	    .method = "server.shutdown",
	    .prospect = "they are cancelled",
	    .over = "stopped",
	    .goes_on = "it goes on stopping",
	};

	(void)operands;
	return run_stop(context, settings, &shutdown);
}

/* --- the three commands --- */

#define WHERE                                                               \
	"It goes over the daemon's Unix socket, and only root and the "     \
	"daemon's own user\nand group may. Without -s and $GILD_SERVER it " \
	"is " COMMAND_ADMIN_SERVER ".\n"

static const struct settings defaults = {.timeout_s = 0};

static const struct option_row options[] = {
    {"no-wait", 0, NULL, OPTION_FLAG, offsetof(struct settings, is_not_waiting),
	0, 0, "do not wait until gild has ended"},
    {"timeout", 0, "S", OPTION_NUMBER, offsetof(struct settings, timeout_s), 1,
	MAX_TIMEOUT_S, "wait S seconds at the most (for ever)"},
    {0},
};

const struct command command_reload = {
    .name = "reload",
    .operands = "",
    .summary = "Let the server read its configuration again",
    .notes = "A configuration that cannot be used changes nothing. A good one "
	     "starts new\nprocesses; those that there are finish their jobs "
	     "first.\n" WHERE,
    .server = COMMAND_ADMIN_SERVER,
    .run = run_reload,
};

const struct command command_drain = {
    .name = "drain",
    .operands = "",
    .summary = "Stop the server when its jobs are done",
    .notes = "It takes no more connections and jobs, finishes those that it "
	     "has, and ends.\nWaits for that; Ctrl-C ends the waiting, and not "
	     "the draining.\n" WHERE,
    .server = COMMAND_ADMIN_SERVER,
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_drain,
};

const struct command command_shutdown = {
    .name = "shutdown",
    .operands = "",
    .summary = "Stop the server at once: its jobs are cancelled",
    .notes = "Each client still gets its answers. Detached jobs and those with "
	     "a key are kept,\nand run when the server is there again.\n"
	     "Waits until it has ended; Ctrl-C ends the waiting only.\n" WHERE,
    .server = COMMAND_ADMIN_SERVER,
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_shutdown,
};
