/*
 * gilctl submit COUNT: one job, or the same job several times, one after
 * another over one connection. A bar shows how far it is while somebody
 * watches. submit - is cmd_stream.c's.
 */
#include "client/submit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/count.h"
#include "client/link.h"
#include "client/progress.h"
#include "client/sample.h"
#include "client/show.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"

#define MAX_REPEAT 1000000
#define MAX_IN_FLIGHT 65536

/* What the bar needs to know of the job that runs. */
struct view {
	struct progress progress;
	uint64_t count;
	uint64_t repeat;
	uint64_t number; /* of the run, from 1 */
	bool is_known;	 /* a notification has come */
	uint64_t since_ns;
	uint64_t since_turns;
};

/* One run of a job, for the table of several. */
enum figure {
	FIGURE_WALL,
	FIGURE_CPU,
	FIGURE_LOCK_WAIT,
	FIGURE_TOTAL,
	FIGURE_SWITCHES, /* the others are nanoseconds */
	FIGURE_COUNT
};

struct entry {
	bool has_lock;
	uint64_t figures[FIGURE_COUNT];
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
see_progress(void *arg, enum job_state state, uint64_t turns)
{
	struct view *view = arg;
	char label[48], detail[64];
	size_t used;

	if (turns > view->count)
		turns = view->count;
	/*
	 * The first notification comes at once. A job that ends before the
	 * second one needs no bar, only a flicker less.
	 */
	if (!view->is_known || turns < view->since_turns) {
		view->is_known = true;
		view->since_ns = now_ns();
		view->since_turns = turns;
		return;
	}
	if (view->repeat > 1)
		snprintf(label, sizeof(label),
		    "run %" PRIu64 " of %" PRIu64 ", %s", view->number,
		    view->repeat, show_state(state));
	else
		snprintf(label, sizeof(label), "%s", show_state(state));
	used = (size_t)snprintf(
	    detail, sizeof(detail), "%s turns", units_count(turns).text);
	if (turns > view->since_turns) {
		double left = (double)(view->count - turns) *
		    (double)(now_ns() - view->since_ns) /
		    (double)(turns - view->since_turns);

		snprintf(detail + used, sizeof(detail) - used,
		    ", about %s left",
		    units_uptime((uint64_t)left + 999999999).text);
	}
	progress_draw(&view->progress, label,
	    (double)turns / (double)view->count, detail);
}

static struct entry
make_entry(const struct job_result *result)
{
	return (struct entry){
	    .has_lock = result->has_lock,
	    .figures =
		{
		    [FIGURE_WALL] = result->timing.wall_ns,
		    [FIGURE_CPU] = result->timing.cpu_ns,
		    [FIGURE_LOCK_WAIT] = result->timing.lock_wait_ns,
		    [FIGURE_TOTAL] = result->timing.total_ns,
		    [FIGURE_SWITCHES] =
			result->has_lock ? result->lock.switches : 0,
		},
	};
}

static bool
is_of_lock(enum figure figure)
{
	return figure == FIGURE_LOCK_WAIT || figure == FIGURE_SWITCHES;
}

/* like has each column's typical figure, whose unit the column takes. */
static void
add_figures(
    struct table *table, const struct entry *entry, const struct entry *like)
{
	for (unsigned i = 0; i < FIGURE_COUNT; i++) {
		if (!entry->has_lock && is_of_lock(i))
			table_word(table, "", "-");
		else if (i == FIGURE_SWITCHES)
			show_count(table, entry->figures[i]);
		else
			table_count(table, entry->figures[i], "%s",
			    units_duration_like(
				entry->figures[i], like->figures[i])
				.text);
	}
}

/* The median, min and max of each column, taken for itself. */
struct summary {
	struct entry median, min, max;
};

static struct summary
summarize(const struct entry entries[], uint64_t n_entries, uint64_t room[])
{
	struct summary summary;

	summary.median = summary.min = summary.max = entries[0];
	for (unsigned i = 0; i < FIGURE_COUNT; i++) {
		struct sample sample;

		for (uint64_t j = 0; j < n_entries; j++)
			room[j] = entries[j].figures[i];
		sample = sample_take(room, n_entries);
		summary.median.figures[i] = sample.median;
		summary.min.figures[i] = sample.min;
		summary.max.figures[i] = sample.max;
	}
	return summary;
}

static struct table *
make_entry_table(const struct entry entries[], uint64_t n_entries,
    const struct summary *summary)
{
	const struct entry *like = &summary->median;
	struct table *table = table_new();

	table_column(table, TABLE_RIGHT, "run");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column_named(table, TABLE_RIGHT, "CPU", "cpu_ns");
	table_column_named(table, TABLE_RIGHT, "lock wait", "lock_wait_ns");
	table_column_named(table, TABLE_RIGHT, "answered", "total_ns");
	table_column(table, TABLE_RIGHT, "switches");
	for (uint64_t i = 0; i < n_entries; i++) {
		table_cell(table, "%" PRIu64, i + 1);
		add_figures(table, &entries[i], like);
	}
	table_cell(table, "median");
	add_figures(table, &summary->median, like);
	table_cell(table, "min");
	add_figures(table, &summary->min, like);
	table_cell(table, "max");
	add_figures(table, &summary->max, like);
	return table;
}

static enum outcome
show_entries(const struct context *context, const struct entry entries[],
    uint64_t n_entries)
{
	uint64_t *room = calloc(n_entries, sizeof(*room));
	struct summary summary;
	enum outcome outcome;

	if (room == NULL)
		return talk_no_memory(context);
	summary = summarize(entries, n_entries, room);
	outcome =
	    show_table(context, make_entry_table(entries, n_entries, &summary));
	free(room);
	return outcome;
}

/* Shows one run at once where that is wanted; keeps it for the table. */
static enum outcome
take_result(const struct context *context, const struct view *view,
    const json_t *json, const struct job_result *result, struct entry *entry)
{
	enum outcome outcome = OUTCOME_FINE;

	*entry = make_entry(result);
	if (context->format == FORMAT_JSON)
		outcome = show_json(context, json);
	else if (view->repeat == 1)
		outcome = show_result(context, result);
	else if (result->state != JOB_DONE)
		command_complain(context->command, "run %" PRIu64 " %s: %s",
		    view->number, show_state(result->state), result->reason);
	if (outcome == OUTCOME_FINE && result->state != JOB_DONE)
		outcome = OUTCOME_NOT_DONE;
	return outcome;
}

static enum outcome
run_all(const struct context *context, struct link *link,
    const struct job_request *request, struct view *view,
    struct entry entries[])
{
	struct talk_watcher watcher = {see_progress, view};
	enum outcome worst = OUTCOME_FINE;

	for (view->number = 1; view->number <= view->repeat; view->number++) {
		struct job_result result;
		enum outcome outcome;
		json_t *json;

		view->is_known = false;
		outcome = talk_run(context, link, request, &watcher,
		    &view->progress, &json, &result);
		if (outcome != OUTCOME_FINE)
			return outcome;
		outcome = take_result(
		    context, view, json, &result, &entries[view->number - 1]);
		job_result_free(&result);
		json_decref(json);
		if (outcome != OUTCOME_FINE)
			worst = outcome;
	}
	if (context->format != FORMAT_JSON && view->repeat > 1) {
		enum outcome outcome =
		    show_entries(context, entries, view->repeat);

		if (outcome != OUTCOME_FINE)
			worst = outcome;
	}
	return worst;
}

/* What the task does with the lock: all of it, or none. */
static enum outcome
read_profile(const struct context *context,
    const struct submit_settings *settings, struct job_request *request)
{
	bool has_every = settings->io_every != SUBMIT_NOT_GIVEN;
	bool has_for = settings->io_for_us != SUBMIT_NOT_GIVEN;
	bool is_io;

	if (settings->profile != NULL &&
	    job_profile_parse(settings->profile, &request->profile) != 0) {
		command_complain(context->command,
		    "--profile: \"%.40s\" is none: write cpu, native or io",
		    settings->profile);
		return OUTCOME_USAGE;
	}
	is_io = request->profile == PROFILE_IO;
	if (has_every != is_io || has_for != is_io) {
		command_complain(context->command,
		    is_io ? "--profile io needs --io-every and --io-for"
			  : "--io-every and --io-for go with --profile io");
		return OUTCOME_USAGE;
	}
	if (is_io) {
		request->io_every = settings->io_every;
		request->io_for_us = settings->io_for_us;
	}
	return OUTCOME_FINE;
}

static enum outcome
make_request(const struct context *context,
    const struct submit_settings *settings, const char *count,
    struct job_request *request)
{
	char error[COUNT_ERROR_CHARS + 1];

	job_request_init(request);
	if (count_parse(count, 1, REQUEST_MAX_COUNT, &request->count, error) ==
	    -1) {
		command_complain(context->command, "COUNT: %s", error);
		return OUTCOME_USAGE;
	}
	if (settings->pool != NULL) {
		if (!pool_name_is_valid(settings->pool)) {
			command_complain(context->command,
			    "--pool: \"%.40s\" is no pool's name: 1 to %d of "
			    "a-z, 0-9, '-' and '_', a letter first",
			    settings->pool, POOL_NAME_CHARS);
			return OUTCOME_USAGE;
		}
		strcpy(request->pool, settings->pool);
	}
	if (settings->workers != SUBMIT_NOT_GIVEN)
		request->workers = (uint32_t)settings->workers;
	if (settings->cost_ns != SUBMIT_NOT_GIVEN)
		request->cost_ns = settings->cost_ns;
	if (settings->timeout_ms != SUBMIT_NOT_GIVEN)
		request->timeout_ms = settings->timeout_ms;
	return read_profile(context, settings, request);
}

static enum outcome
submit_count(const struct context *context,
    const struct submit_settings *settings, const char *count)
{
	struct view view = {.repeat = settings->repeat};
	struct job_request request;
	struct entry *entries = NULL;
	struct link *link = NULL;
	enum outcome outcome = make_request(context, settings, count, &request);

	if (outcome != OUTCOME_FINE)
		return outcome;
	progress_init(&view.progress);
	view.count = request.count;
	request.wants_progress = progress_is_live(&view.progress);
	entries = calloc(settings->repeat, sizeof(*entries));
	if (entries == NULL)
		return talk_no_memory(context);
	outcome = talk_open(context, &link);
	if (outcome == OUTCOME_FINE)
		outcome = run_all(context, link, &request, &view, entries);
	link_close(link);
	free(entries);
	return outcome;
}

static enum outcome
run_submit(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct submit_settings *settings = settings_given;

	if (strcmp(operands[0], "-") != 0)
		return submit_count(context, settings, operands[0]);
	if (settings->repeat != 1) {
		command_complain(context->command,
		    "--repeat does not go with -: write the line again");
		return OUTCOME_USAGE;
	}
	return submit_stream(context, settings);
}

static const struct submit_settings defaults = {
    .workers = SUBMIT_NOT_GIVEN,
    .cost_ns = SUBMIT_NOT_GIVEN,
    .timeout_ms = SUBMIT_NOT_GIVEN,
    .io_every = SUBMIT_NOT_GIVEN,
    .io_for_us = SUBMIT_NOT_GIVEN,
    .repeat = 1,
    .in_flight = 64,
};

static const struct option_row options[] = {
    {"pool", 'p', "POOL", OPTION_TEXT, offsetof(struct submit_settings, pool),
	0, 0, "the pool that runs it (processes)"},
    {"workers", 'w', "WORKERS", OPTION_NUMBER,
	offsetof(struct submit_settings, workers), 1, UINT32_MAX,
	"parts that the count is split into (1)"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct submit_settings, cost_ns),
	0, REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (0)"},
    {"timeout", 0, "MS", OPTION_NUMBER,
	offsetof(struct submit_settings, timeout_ms), 0, REQUEST_MAX_TIMEOUT_MS,
	"give the job up MS ms after its arrival (0: never)"},
    {"profile", 0, "NAME", OPTION_TEXT,
	offsetof(struct submit_settings, profile), 0, 0,
	"what it does with the lock: cpu, native or io (cpu)"},
    {"io-every", 0, "TURNS", OPTION_NUMBER,
	offsetof(struct submit_settings, io_every), 1, REQUEST_MAX_COUNT,
	"of io: turns before each sleep"},
    {"io-for", 0, "US", OPTION_NUMBER,
	offsetof(struct submit_settings, io_for_us), 1, REQUEST_MAX_IO_FOR_US,
	"of io: how long it sleeps, in microseconds"},
    {"repeat", 0, "N", OPTION_NUMBER, offsetof(struct submit_settings, repeat),
	1, MAX_REPEAT, "run it N times, one after another (1)"},
    {"in-flight", 0, "N", OPTION_NUMBER,
	offsetof(struct submit_settings, in_flight), 1, MAX_IN_FLIGHT,
	"with -: at most N jobs at a time (64)"},
    {0},
};

const struct command command_submit = {
    .name = "submit",
    .operands = "COUNT|-",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Run a countdown and print its timings",
    .notes =
	"COUNT may be written 50000000, 50_000_000, 50M or 5e7.\n"
	"With - each line of standard input is one job's params, a JSON object "
	"such as\n{\"count\":1000,\"pool\":\"threads\"}. Each gets one line of "
	"output, when it ends:\n{\"line\":N,\"result\":{...}}, or "
	"{\"line\":N,\"error\":{...}} where line N was refused.\nThe options "
	"are then defaults for what a line leaves out.\n",
    .options = options,
    .settings_size = sizeof(struct submit_settings),
    .defaults = &defaults,
    .run = run_submit,
};
