/*
 * gilctl trace: a pool's locks as a picture or for a trace viewer. Three ways
 * to it: what happens in a pool from now on, a job run for the purpose, or what
 * is still kept of jobs that ran.
 */
#include "client/command.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/count.h"
#include "client/interrupt.h"
#include "client/libgil/gil.h"
#include "client/range.h"
#include "client/recording.h"
#include "client/show.h"
#include "client/trace_file.h"
#include "client/trace_summary.h"
#include "client/units.h"
#include "proto/jobid.h"

#define MAX_JOBS 64
#define FOLLOW_MS 5 /* between two looks at a pool that records */
#define MAX_FOR_US UINT64_C(86400000000)
#define NOT_GIVEN UINT64_MAX

struct trace_settings {
	const char *pool;
	const char *output;
	const char *duration; /* these two: or NULL */
	const char *count;
	const char *profile;
	uint64_t workers;
	uint64_t cost_ns;
	uint64_t io_every; /* these two: or NOT_GIVEN */
	uint64_t io_for_us;
};

/* What one call is about. */
struct trace {
	const struct context *context;
	const struct trace_settings *settings;
	struct term summary; /* where words and tables go */
	struct gil *gil;
	struct trace_file file;
	json_t *pools;	 /* owned: summaries for --json */
	json_t *result;	 /* owned: of --run; or NULL */
	uint64_t for_us; /* 0: until Ctrl-C */
	bool is_run;
	bool is_drawn;		    /* the file holds what it is to hold */
	struct job_request request; /* of --run */
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- what is said --- */

/* "policy interval, 5 ms": of a pool as pool.list describes it. */
static void
describe_policy(const json_t *pool, char text[128])
{
	const json_t *lock = json_object_get(pool, "lock");
	const char *policy = show_text(lock, "policy");
	bool is_forced = !json_is_false(json_object_get(lock, "force"));
	bool is_fair = strcmp(policy, "fair") == 0;
	struct units_text time = units_parameter_us(
	    show_number(lock, is_fair ? "quantum_us" : "interval_us"));

	if (show_number(lock, "locks") == 0)
		snprintf(text, 128, "no lock, %" PRIu64 " %% more work",
		    show_number(lock, "overhead_pct"));
	else if (strcmp(policy, "hold") == 0)
		snprintf(text, 128, "policy hold");
	else if (strcmp(policy, "ticks") == 0)
		snprintf(text, 128, "policy ticks, every %s turns",
		    units_count(show_number(lock, "check_interval")).text);
	else
		snprintf(text, 128, "policy %s, %s%s", policy, time.text,
		    is_fair || is_forced ? "" : ", not forced");
}

static void
describe_job(const struct trace *trace, char *text, size_t size)
{
	const struct job_request *request = &trace->request;
	char cost[64] = "";

	if (request->cost_ns > 0)
		snprintf(cost, sizeof(cost), ", %" PRIu64 " ns a turn",
		    request->cost_ns);
	snprintf(text, size,
	    "countdown from %s in %" PRIu32 " part%s%s%s%s; job %s",
	    units_count(request->count).text, request->workers,
	    request->workers == 1 ? "" : "s", cost,
	    request->profile == PROFILE_CPU ? "" : ", profile ",
	    request->profile == PROFILE_CPU
		? ""
		: job_profile_name(request->profile),
	    show_text(trace->result, "job"));
}

/* Summary and end of one pool's timeline. */
static enum outcome
finish_pool(struct trace *trace, const char *pool, const char *title,
    const char *subtitle, struct timeline *timeline)
{
	json_t *summary;
	enum outcome outcome;

	timeline_end(timeline);
	if (timeline_totals(timeline).events == 0) {
		command_complain(trace->context->command,
		    "nothing happened to the locks of pool %s", pool);
		return OUTCOME_NOT_DONE;
	}
	outcome = trace_file_end_pool(&trace->file, timeline, title, subtitle);
	trace->is_drawn = outcome == OUTCOME_FINE;
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (trace->context->format != FORMAT_JSON)
		return trace_summary_print(
		    trace->context, &trace->summary, pool, timeline);
	summary = trace_summary_json(pool, timeline);
	if (json_array_append_new(trace->pools, summary) != 0)
		return talk_no_memory(trace->context);
	return OUTCOME_FINE;
}

/* The file is there: where, and what to do with it. */
static enum outcome
say_where(const struct trace *trace)
{
	const struct context *context = trace->context;
	const char *path = trace->settings->output;
	json_t *json;
	enum outcome outcome;

	if (context->format == FORMAT_JSON) {
		json = json_pack("{s:s, s:O, s:O?}", "file", path, "pools",
		    trace->pools, "result", trace->result);
		if (json == NULL)
			return talk_no_memory(context);
		outcome = show_json(context, json);
		json_decref(json);
		return outcome;
	}
	if (format_has_words(context->format) && strcmp(path, "-") != 0)
		fprintf(trace->summary.stream, "\nWrote %s%s.\n", path,
		    trace->file.is_picture
			? ""
			: ": open it in ui.perfetto.dev or chrome://tracing");
	return OUTCOME_FINE;
}

/* --- a pool, from now on --- */

/* Until the time is over, or Ctrl-C. */
static enum outcome
follow_time(
    struct trace *trace, struct recording *recording, struct timeline *timeline)
{
	uint64_t end_ms = now_ms() + trace->for_us / 1000;
	struct pollfd interrupt = {.fd = interrupt_fd(), .events = POLLIN};
	enum outcome outcome = OUTCOME_FINE;

	if (trace->for_us == 0)
		command_complain(trace->context->command,
		    "recording pool %s; Ctrl-C ends it", recording->pool);
	while (outcome == OUTCOME_FINE) {
		uint64_t left_ms = FOLLOW_MS, at_ms = now_ms();

		if (trace->for_us > 0 && at_ms >= end_ms)
			break;
		if (trace->for_us > 0 && end_ms - at_ms < FOLLOW_MS)
			left_ms = end_ms - at_ms;
		if (poll(&interrupt, 1, (int)left_ms) == 1)
			return trace->for_us > 0 ? OUTCOME_INTERRUPTED
						 : OUTCOME_FINE;
		outcome = recording_follow(recording, timeline);
	}
	return outcome;
}

/* The job's answer, once it is there. */
static enum outcome
take_answer(struct trace *trace, struct gil *gil, const struct gil_event *event)
{
	struct job_result result;
	enum outcome outcome =
	    talk_take_result(trace->context, gil, event, &result);

	if (outcome != OUTCOME_FINE)
		return outcome;
	trace->result = json_incref(gil_json(gil));
	if (result.state != JOB_DONE) {
		command_complain(trace->context->command, "the job %s: %s",
		    show_state(result.state), result.reason);
		outcome = OUTCOME_NOT_DONE;
	}
	job_result_free(&result);
	return outcome;
}

/* Looks at the pool again and again while the job is under way. */
static enum outcome
follow_job(struct trace *trace, struct gil *gil, struct recording *recording,
    struct timeline *timeline)
{
	enum outcome outcome = OUTCOME_FINE;
	const struct gil_event *event;

	while (outcome == OUTCOME_FINE) {
		event = gil_poll(gil, FOLLOW_MS);
		switch (event->type) {
		case GIL_RESULT:
		case GIL_ERROR:
			return take_answer(trace, gil, event);
		case GIL_PROGRESS:
		case GIL_NOTICE:
			break;
		case GIL_WOKEN:
			return OUTCOME_INTERRUPTED;
		case GIL_UNANSWERED:
		case GIL_LOST:
			return talk_lost(trace->context, gil);
		case GIL_NOTHING:
			outcome = recording_follow(recording, timeline);
		}
	}
	return outcome;
}

/* The job has a connection of its own; closing it early cancels the job. */
static enum outcome
run_job(
    struct trace *trace, struct recording *recording, struct timeline *timeline)
{
	struct gil *gil;
	uint64_t id;
	enum outcome outcome = talk_open(trace->context, &gil);

	if (outcome != OUTCOME_FINE)
		return outcome;
	gil_set_wake_fd(gil, interrupt_fd());
	outcome = talk_submit(trace->context, gil, &trace->request, &id);
	if (outcome == OUTCOME_FINE)
		outcome = follow_job(trace, gil, recording, timeline);
	gil_close(gil);
	return outcome;
}

/* What was recorded is worth a file, however the rest went. */
static bool
is_worth_a_file(enum outcome outcome)
{
	return outcome == OUTCOME_FINE || outcome == OUTCOME_NOT_DONE ||
	    outcome == OUTCOME_INTERRUPTED;
}

static enum outcome
finish_recording(struct trace *trace, const struct recording *recording,
    struct timeline *timeline)
{
	char policy[128], title[256], subtitle[256];
	struct timeline_totals totals;

	timeline_end(timeline);
	totals = timeline_totals(timeline);
	describe_policy(recording->parameters, policy);
	snprintf(title, sizeof(title), "Pool %s: %s", recording->pool, policy);
	if (trace->result != NULL)
		describe_job(trace, subtitle, sizeof(subtitle));
	else
		snprintf(subtitle, sizeof(subtitle), "%s events in %s",
		    units_count(totals.events).text,
		    units_duration(totals.last_ns - totals.first_ns).text);
	term_tame(title);
	term_tame(subtitle);
	return finish_pool(trace, recording->pool, title, subtitle, timeline);
}

static enum outcome
trace_pool(struct trace *trace)
{
	const char *pool = trace->settings->pool;
	struct timeline_sink sink = trace_file_pool(&trace->file, pool);
	struct timeline *timeline = timeline_new(&sink, true);
	struct recording recording;
	enum outcome outcome, ending;

	if (timeline == NULL)
		return talk_no_memory(trace->context);
	outcome = recording_begin(&recording, trace->context, trace->gil, pool);
	if (outcome != OUTCOME_FINE) {
		timeline_free(timeline);
		return outcome;
	}
	outcome = trace->is_run ? run_job(trace, &recording, timeline)
				: follow_time(trace, &recording, timeline);
	ending = recording_end(&recording, timeline);
	if (outcome == OUTCOME_FINE)
		outcome = ending;
	if (is_worth_a_file(outcome)) {
		ending = finish_recording(trace, &recording, timeline);
		/* What cut it short says more than what that led to. */
		if (outcome == OUTCOME_FINE)
			outcome = ending;
	}
	recording_free(&recording);
	timeline_free(timeline);
	return outcome;
}

/* --- jobs that ran --- */

static int
compare_numbers(const void *a, const void *b)
{
	uint64_t first = ((const struct lock_event *)a)->number;
	uint64_t second = ((const struct lock_event *)b)->number;

	return (first > second) - (first < second);
}

/* Puts what is kept of one job to that of another of the same pool. */
static int
kept_join(struct recording_kept *kept, const struct recording_kept *more)
{
	size_t n = kept->n_events + more->n_events;
	struct lock_event *grown = realloc(kept->events, n * sizeof(*grown));

	if (grown == NULL)
		return -1;
	memcpy(grown + kept->n_events, more->events,
	    more->n_events * sizeof(*grown));
	kept->events = grown;
	kept->n_events = n;
	return 0;
}

static enum outcome
trace_kept(struct trace *trace, struct recording_kept *kept, const char *jobs)
{
	struct timeline_sink sink = trace_file_pool(&trace->file, kept->pool);
	struct timeline *timeline = timeline_new(&sink, false);
	enum outcome outcome = OUTCOME_FINE;
	char title[64];

	if (timeline == NULL)
		return talk_no_memory(trace->context);
	qsort(kept->events, kept->n_events, sizeof(*kept->events),
	    compare_numbers);
	for (size_t i = 0; i < kept->n_events && outcome == OUTCOME_FINE; i++)
		if (timeline_add(timeline, &kept->events[i]) == -1)
			outcome = talk_no_memory(trace->context);
	snprintf(
	    title, sizeof(title), "Pool %.*s", POOL_NAME_CHARS, kept->pool);
	if (outcome == OUTCOME_FINE)
		outcome = finish_pool(trace, kept->pool, title, jobs, timeline);
	timeline_free(timeline);
	return outcome;
}

/* Reads the jobs, pool by pool. *n: of how many pools they are. */
static enum outcome
read_jobs(
    struct trace *trace, char **jobs, struct recording_kept pools[], size_t *n)
{
	for (size_t i = 0; jobs[i] != NULL; i++) {
		struct recording_kept kept;
		size_t j = 0;
		enum outcome outcome = recording_read_job(
		    trace->context, trace->gil, jobs[i], &kept);

		if (outcome != OUTCOME_FINE)
			return outcome;
		while (j < *n && strcmp(pools[j].pool, kept.pool) != 0)
			j++;
		if (j == *n) {
			pools[(*n)++] = kept;
			continue;
		}
		if (kept_join(&pools[j], &kept) == -1)
			outcome = talk_no_memory(trace->context);
		free(kept.events);
		if (outcome != OUTCOME_FINE)
			return outcome;
	}
	return OUTCOME_FINE;
}

static enum outcome
trace_jobs(struct trace *trace, char **jobs)
{
	struct recording_kept pools[MAX_JOBS] = {0};
	char words[96];
	size_t n = 0, n_jobs = 0;
	enum outcome outcome = read_jobs(trace, jobs, pools, &n);

	while (jobs[n_jobs] != NULL)
		n_jobs++;
	if (n_jobs == 1)
		snprintf(words, sizeof(words), "job %.40s", jobs[0]);
	else
		snprintf(words, sizeof(words), "%zu jobs", n_jobs);
	if (outcome == OUTCOME_FINE && n > 1 && trace->file.is_picture) {
		command_complain(trace->context->command,
		    "the jobs ran in %zu pools, and a picture shows one: "
		    "write FILE.json, or one picture for each",
		    n);
		outcome = OUTCOME_USAGE;
	}
	for (size_t i = 0; i < n; i++) {
		if (outcome == OUTCOME_FINE)
			outcome = trace_kept(trace, &pools[i], words);
		free(pools[i].events);
	}
	return outcome;
}

/* --- the command line --- */

static enum outcome
wrong(const struct trace *trace, const char *what)
{
	command_complain(trace->context->command, "%s", what);
	return OUTCOME_USAGE;
}

static enum outcome
wrong_job(const struct trace *trace, const char *job)
{
	command_complain(trace->context->command,
	    "JOB: \"%.80s\" is no job's id: that is 26 letters and digits, as "
	    "gilctl submit prints it",
	    job);
	return OUTCOME_USAGE;
}

static enum outcome
read_request(struct trace *trace)
{
	const struct trace_settings *settings = trace->settings;
	struct job_request *request = &trace->request;
	char error[COUNT_ERROR_CHARS + 1];
	bool is_io;

	job_request_init(request);
	strcpy(request->pool, settings->pool);
	request->workers = (uint32_t)settings->workers;
	request->cost_ns = settings->cost_ns;
	if (count_parse(settings->count, 1, REQUEST_MAX_COUNT, &request->count,
		error) == -1) {
		command_complain(trace->context->command, "--run: %s", error);
		return OUTCOME_USAGE;
	}
	if (job_profile_parse(settings->profile, &request->profile) == -1)
		return wrong(trace, "--profile: write cpu, native or io");
	is_io = request->profile == PROFILE_IO;
	if (is_io != (settings->io_every != NOT_GIVEN) ||
	    is_io != (settings->io_for_us != NOT_GIVEN))
		return wrong(trace,
		    "--io-every and --io-for go with --profile io, and it with "
		    "them");
	if (is_io) {
		request->io_every = settings->io_every;
		request->io_for_us = settings->io_for_us;
	}
	return OUTCOME_FINE;
}

static enum outcome
read_duration(struct trace *trace)
{
	char error[RANGE_ERROR_CHARS + 1];
	struct range range;

	if (range_parse_durations_us(trace->settings->duration, 1000,
		MAX_FOR_US, &range, error) == -1) {
		command_complain(trace->context->command, "--for: %s", error);
		return OUTCOME_USAGE;
	}
	if (range.n != 1)
		return wrong(trace, "--for: write one duration, such as 10s");
	trace->for_us = range.values[0];
	return OUTCOME_FINE;
}

/* What goes with what. */
static enum outcome
read_settings(struct trace *trace, char **operands)
{
	const struct trace_settings *settings = trace->settings;
	struct job_id id;
	enum outcome outcome = OUTCOME_FINE;

	trace->is_run = settings->count != NULL;
	if (settings->output == NULL)
		return wrong(
		    trace, "where to? Give -o FILE.svg, -o FILE.json or -o -");
	if (strcmp(settings->output, "-") == 0 &&
	    trace->context->format == FORMAT_JSON)
		return wrong(trace, "-o - and --json want the same output");
	if ((settings->pool != NULL) == (*operands != NULL))
		return wrong(trace,
		    "name a pool with -p, or jobs by their ids: one of both");
	if (settings->pool != NULL && !pool_name_is_valid(settings->pool))
		return wrong(trace, "-p: that is no pool's name");
	if (*operands != NULL && (settings->duration != NULL || trace->is_run))
		return wrong(trace, "--for and --run go with -p alone");
	if (settings->duration != NULL && trace->is_run)
		return wrong(trace,
		    "--for does not go with --run: the job's end ends it");
	for (char **job = operands; *job != NULL; job++)
		if (job_id_parse(*job, &id) == -1)
			return wrong_job(trace, *job);
	if (trace->is_run)
		outcome = read_request(trace);
	if (outcome == OUTCOME_FINE && settings->duration != NULL)
		outcome = read_duration(trace);
	return outcome;
}

static enum outcome
make_trace(struct trace *trace, char **operands)
{
	enum outcome outcome, ending;

	outcome = trace_file_open(
	    &trace->file, trace->context, trace->settings->output);
	if (outcome != OUTCOME_FINE)
		return outcome;
	outcome =
	    *operands != NULL ? trace_jobs(trace, operands) : trace_pool(trace);
	if (!trace->is_drawn) {
		trace_file_abandon(&trace->file);
		return outcome;
	}
	ending = trace_file_commit(&trace->file);
	if (ending == OUTCOME_FINE)
		ending = say_where(trace);
	return outcome == OUTCOME_FINE ? ending : outcome;
}

static enum outcome
run_trace(const struct context *context, const void *settings, char **operands)
{
	struct trace trace = {
	    .context = context,
	    .settings = settings,
	    .summary = context->out,
	};
	enum outcome outcome = read_settings(&trace, operands);

	if (outcome == OUTCOME_FINE)
		outcome = talk_catch(context);
	if (outcome == OUTCOME_FINE)
		outcome = talk_open(context, &trace.gil);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (strcmp(trace.settings->output, "-") == 0)
		term_init(&trace.summary, stderr);
	trace.pools = json_array();
	outcome = make_trace(&trace, operands);
	json_decref(trace.pools);
	json_decref(trace.result);
	gil_close(trace.gil);
	return outcome;
}

static const struct trace_settings defaults = {
    .profile = "cpu",
    .workers = 2,
    .io_every = NOT_GIVEN,
    .io_for_us = NOT_GIVEN,
};

static const struct option_row options[] = {
    {"pool", 'p', "POOL", OPTION_TEXT, offsetof(struct trace_settings, pool), 0,
	0, "record what happens in this pool"},
    {"output", 'o', "FILE", OPTION_TEXT,
	offsetof(struct trace_settings, output), 0, 0,
	"FILE.json, FILE.svg, or - for JSON"},
    {"for", 0, "TIME", OPTION_TEXT, offsetof(struct trace_settings, duration),
	0, 0, "for so long, such as 500ms or 10s\n(until Ctrl-C)"},
    {"run", 0, "COUNT", OPTION_TEXT, offsetof(struct trace_settings, count), 0,
	0, "run a countdown, and record until it ends"},
    {"workers", 'w', "WORKERS", OPTION_NUMBER,
	offsetof(struct trace_settings, workers), 1, UINT32_MAX,
	"parts that the count is split into (2)"},
    {"cost", 0, "NS", OPTION_NUMBER, offsetof(struct trace_settings, cost_ns),
	0, REQUEST_MAX_COST_NS, "work in each turn, in nanoseconds (0)"},
    {"profile", 0, "PROFILE", OPTION_TEXT,
	offsetof(struct trace_settings, profile), 0, 0,
	"cpu, native (counts without the lock)\nor io (cpu)"},
    {"io-every", 0, "TURNS", OPTION_NUMBER,
	offsetof(struct trace_settings, io_every), 1, REQUEST_MAX_COUNT,
	"io: turns between two operations"},
    {"io-for", 0, "US", OPTION_NUMBER,
	offsetof(struct trace_settings, io_for_us), 1, REQUEST_MAX_IO_FOR_US,
	"io: how long one takes, in microseconds"},
    {0},
};

const struct command command_trace = {
    .name = "trace",
    .operands = "[JOB...]",
    .max_operands = MAX_JOBS,
    .summary = "Draw who held a pool's lock when, and who waited",
    .notes =
	"  gilctl trace -p threads --run 50M -w 2 --cost 20 -o trace.svg\n"
	"runs a countdown and draws it; the options after --run are those of "
	"submit.\nWithout --run it records what others do in the pool. With "
	"JOBs it takes what\nthe server still keeps of them, which it does "
	"where the pool's events are on.\nFILE.json opens in ui.perfetto.dev; "
	"FILE.svg is a picture.\n",
    .options = options,
    .settings_size = sizeof(struct trace_settings),
    .defaults = &defaults,
    .run = run_trace,
};
