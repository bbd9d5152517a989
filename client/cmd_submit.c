/*
 * gilctl submit COUNT: one job, or the same job several times, one after
 * another. A bar shows how far it is while somebody watches. A job with a key
 * lives in the server's store: where the connection is lost it is asked for
 * again over the next one. submit - is cmd_stream.c's, submit --detach
 * cmd_detach.c's.
 */
#include "client/submit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/await.h"
#include "client/lifeline.h"
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
run_all(struct lifeline *line, struct job_request *request,
    const struct submit_keys *keys, struct view *view, struct entry entries[])
{
	const struct context *context = line->context;
	struct talk_watcher watcher = {see_progress, view};
	enum outcome worst = OUTCOME_FINE;

	for (view->number = 1; view->number <= view->repeat; view->number++) {
		struct job_result result;
		struct rpc_error error;
		enum outcome outcome;
		json_t *json;

		view->is_known = false;
		if (keys != NULL)
			submit_write_key(keys, view->number, request->key);
		outcome =
		    await_job(line, request, keys != NULL, &watcher, &json);
		if (outcome != OUTCOME_FINE)
			return outcome;
		if (job_result_from_json(json, &result, &error) == -1) {
			json_decref(json);
			return talk_not_understood(
			    context, line->gil, error.detail);
		}
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

static enum outcome
submit_count(const struct context *context,
    const struct submit_settings *settings, struct job_request *request)
{
	bool is_key_ours = settings->is_resumed && request->key[0] == '\0';
	struct view view = {
	    .repeat = settings->repeat, .count = request->count};
	struct entry *entries = NULL;
	struct submit_keys keys;
	struct lifeline line;
	enum outcome outcome;

	progress_init(&view.progress);
	request->wants_progress = progress_is_live(&view.progress);
	lifeline_init(&line, context,
	    submit_retry_for_ms(
		settings, is_key_ours || request->key[0] != '\0'),
	    &view.progress);
	entries = calloc(settings->repeat, sizeof(*entries));
	if (entries == NULL)
		return talk_no_memory(context);
	outcome = submit_make_keys(context, &keys);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&line);
	if (outcome == OUTCOME_FINE)
		outcome = run_all(
		    &line, request, is_key_ours ? &keys : NULL, &view, entries);
	lifeline_close(&line);
	free(entries);
	return outcome;
}

static enum outcome
submit_lines(
    const struct context *context, const struct submit_settings *settings)
{
	const char *wrong = NULL;

	if (settings->repeat != 1)
		wrong = "--repeat does not go with -: write the line again";
	else if (settings->key != NULL)
		wrong = "--key does not go with -: give each line its own "
			"\"key\", or all of them one by --resume";
	if (wrong != NULL) {
		command_complain(context->command, "%s", wrong);
		return OUTCOME_USAGE;
	}
	return submit_stream(context, settings);
}

static enum outcome
run_submit(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct submit_settings *settings = settings_given;
	struct job_request request;
	enum outcome outcome;

	if (strcmp(operands[0], "-") == 0)
		return submit_lines(context, settings);
	outcome = submit_make_request(context, settings, operands[0], &request);
	if (outcome != OUTCOME_FINE)
		return outcome;
	return settings->is_detached
	    ? submit_detached(context, settings, &request)
	    : submit_count(context, settings, &request);
}

static const struct submit_settings defaults = {
    SUBMIT_NOTHING_GIVEN,
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
    {"priority", 0, "N", OPTION_NUMBER,
	offsetof(struct submit_settings, priority), 0, REQUEST_PRIORITIES - 1,
	"0 to 9, and 9 is served first (4)"},
    {"start-after", 0, "MS", OPTION_NUMBER,
	offsetof(struct submit_settings, start_after_ms), 0,
	REQUEST_MAX_TIMEOUT_MS, "do not start it before MS ms have passed (0)"},
    {"repeat", 0, "N", OPTION_NUMBER, offsetof(struct submit_settings, repeat),
	1, MAX_REPEAT, "run it N times, one after another (1)"},
    {"in-flight", 0, "N", OPTION_NUMBER,
	offsetof(struct submit_settings, in_flight), 1, MAX_IN_FLIGHT,
	"with - and -d: at most N jobs at a time (64)"},
    {"detach", 'd', NULL, OPTION_FLAG,
	offsetof(struct submit_settings, is_detached), 0, 0,
	"do not wait: print the job's id, see gilctl collect"},
    {"key", 0, "KEY", OPTION_TEXT, offsetof(struct submit_settings, key), 0, 0,
	"one job, however often it is submitted so"},
    {"resume", 0, NULL, OPTION_FLAG,
	offsetof(struct submit_settings, is_resumed), 0, 0,
	"make up a key, to go on when the server comes back"},
    {"retry-for", 0, "MS", OPTION_NUMBER,
	offsetof(struct submit_settings, retry_for_ms), 0, INT32_MAX,
	"try to come back for MS ms (30000; without a key 0)"},
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
	"are then defaults for what a line leaves out.\n"
	"A job with a key is kept by the server, whatever becomes of gilctl or "
	"of the\nserver's processes; with --key K again gilctl waits for the "
	"same job.\n",
    .options = options,
    .settings_size = sizeof(struct submit_settings),
    .defaults = &defaults,
    .run = run_submit,
};
