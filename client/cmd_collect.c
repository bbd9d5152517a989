/*
 * gilctl collect: waits for jobs that were left to the server, prints what
 * became of each, in the order in which they end, and tells the server that
 * their results were had. That is told only once a result has been written: it
 * may be printed twice when gilctl is killed in between, and is never lost.
 */
#include "client/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/errands.h"
#include "client/filter.h"
#include "client/ledger.h"
#include "client/lifeline.h"
#include "client/named.h"
#include "client/progress.h"
#include "client/report.h"
#include "client/show.h"
#include "client/submit.h"
#include "client/table.h"
#include "client/talk.h"
#include "client/units.h"
#include "proto/jobid.h"
#include "proto/result.h"

#define IN_FLIGHT 64
#define QUIET_MS 200 /* of waiting, before it shows */
#define NOT_GIVEN UINT64_MAX

struct settings {
	struct filter filter;
	bool is_all;
	bool is_kept;
	uint64_t timeout_ms; /* or NOT_GIVEN */
	uint64_t retry_for_ms;
};

struct collect {
	const struct context *context;
	const struct settings *settings;
	struct progress progress;
	struct lifeline line;
	struct errands errands;
	struct job_id *jobs; /* n of them */
	size_t n;
	size_t room;
	size_t n_begun; /* are waited for, or have been */
	int64_t end_ms; /* -1: never */
	struct ledger_summary printed;
	uint64_t n_late; /* have not ended in time */
	enum outcome worst;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
add_job(struct collect *collect, struct job_id job)
{
	if (collect->n == collect->room) {
		size_t room = collect->room > 0 ? collect->room * 2 : 64;
		struct job_id *jobs =
		    realloc(collect->jobs, room * sizeof(*jobs));

		if (jobs == NULL)
			return -1;
		collect->jobs = jobs;
		collect->room = room;
	}
	collect->jobs[collect->n++] = job;
	return 0;
}

static const char *
id_of(
    const struct collect *collect, uint64_t number, char text[JOB_ID_CHARS + 1])
{
	job_id_format(collect->jobs[number], text);
	return text;
}

static void
note(struct collect *collect, enum outcome outcome)
{
	if (collect->worst < outcome)
		collect->worst = outcome;
}

/* --- what is printed --- */

static struct table *
make_row(const struct job_result *result)
{
	struct table *table = table_new();
	char id[JOB_ID_CHARS + 1], parts[24] = "";

	table_column(table, TABLE_LEFT, "job");
	table_column_widen(table, JOB_ID_CHARS);
	table_column(table, TABLE_LEFT, "state");
	table_column_widen(table, strlen("timed out"));
	table_column(table, TABLE_LEFT, "pool");
	table_column_widen(table, strlen("processes"));
	table_column(table, TABLE_RIGHT, "count");
	table_column_widen(table, strlen("1,000 in 4"));
	table_column_named(table, TABLE_MACHINE, "", "workers");
	table_column_named(table, TABLE_RIGHT, "wall", "wall_ns");
	table_column_widen(table, strlen("1.234 ms"));
	table_column_named(table, TABLE_MACHINE, "", "cpu_ns");
	table_column_named(table, TABLE_MACHINE, "", "lock_wait_ns");
	table_column_named(table, TABLE_MACHINE, "", "queue_ns");
	table_column_named(table, TABLE_MACHINE, "", "total_ns");
	table_column_named(table, TABLE_MACHINE, "", "attempts");
	table_column_named(table, TABLE_MACHINE, "", "reason");
	job_id_format(result->job, id);
	if (result->workers > 1)
		snprintf(parts, sizeof(parts), " in %" PRIu32, result->workers);
	table_cell(table, "%s", id);
	table_word(table, job_state_name(result->state), "%s",
	    show_state(result->state));
	table_cell(table, "%s", result->pool);
	table_count(table, result->count, "%s%s",
	    units_amount(result->count).text, parts);
	table_cell(table, "%" PRIu32, result->workers);
	show_duration(table, result->timing.wall_ns);
	show_duration(table, result->timing.cpu_ns);
	show_duration(table, result->timing.lock_wait_ns);
	show_duration(table, result->timing.queue_ns);
	show_duration(table, result->timing.total_ns);
	table_cell(table, "%" PRIu32, result->attempts);
	table_cell(table, "%s", result->reason);
	if (result->state == JOB_FAILED)
		table_note(table, "%s", result->reason);
	return table;
}

/* One of several jobs: a row. */
static enum outcome
show_row(struct collect *collect, const struct job_result *result)
{
	const struct context *context = collect->context;
	struct table *table = make_row(result);
	int status = collect->printed.n == 0
	    ? table_print(table, context->format, &context->out)
	    : table_print_rows(table, context->format, &context->out);

	table_free(table);
	if (status == -1)
		return talk_no_memory(context);
	return OUTCOME_FINE;
}

/* Prints a result, and makes sure that it went out. */
static enum outcome
show(struct collect *collect, const json_t *json)
{
	const struct context *context = collect->context;
	struct job_result result;
	struct rpc_error error;
	enum outcome outcome;

	if (job_result_from_json(json, &result, &error) == -1)
		return talk_not_understood(
		    context, collect->line.gil, error.detail);
	if (context->format == FORMAT_JSON)
		outcome = show_json(context, json);
	else if (collect->n == 1)
		outcome = show_result(context, &result);
	else
		outcome = show_row(collect, &result);
	if (result.state != JOB_DONE)
		note(collect, OUTCOME_NOT_DONE);
	collect->printed.n++;
	collect->printed.by_state[result.state]++;
	job_result_free(&result);
	/* finish_output() in gilctl.c says why. */
	if (outcome == OUTCOME_FINE &&
	    (fflush(context->out.stream) != 0 || ferror(context->out.stream)))
		outcome = OUTCOME_NOT_DONE;
	return outcome;
}

/* --- waiting and collecting --- */

static json_t *
job_params(const struct collect *collect, uint64_t number)
{
	char id[JOB_ID_CHARS + 1];

	return json_pack("{s:s}", "job", id_of(collect, number, id));
}

/* Begins to wait for the next job. Where it is too late for that, asks what
 * there is: a job that has ended is had all the same. */
static enum outcome
begin(struct collect *collect)
{
	uint64_t number = collect->n_begun++;
	json_t *params = job_params(collect, number);
	int64_t left_ms = collect->end_ms - now_ms();

	if (collect->end_ms >= 0 && left_ms <= 0)
		return errands_add(
		    &collect->errands, "job.get", params, number, true);
	if (collect->end_ms >= 0 &&
	    json_object_set_new(params, "timeout_ms",
		json_integer((json_int_t)left_ms)) == -1) {
		json_decref(params);
		return talk_no_memory(collect->context);
	}
	return errands_add(&collect->errands, "job.wait", params, number, true);
}

static void
note_late(struct collect *collect)
{
	collect->n_late++;
	note(collect, OUTCOME_UNEXPECTED);
}

static void
take_refusal(struct collect *collect, const struct errand_answer *answer)
{
	const char *detail =
	    show_text(json_object_get(answer->error, "data"), "detail");
	char id[JOB_ID_CHARS + 1];

	if (answer->kind == RPC_WAIT_TIMED_OUT) {
		note_late(collect);
		return;
	}
	if (strcmp(detail, "-") == 0)
		detail = show_text(answer->error, "message");
	id_of(collect, answer->number, id);
	if (strstr(detail, id) != NULL)
		command_complain(collect->context->command, "%s", detail);
	else
		command_complain(
		    collect->context->command, "job %s: %s", id, detail);
	note(collect, OUTCOME_REFUSED);
}

static enum outcome
take_answer(struct collect *collect, const struct errand_answer *answer)
{
	const json_t *result = answer->result;
	enum outcome outcome;

	if (answer->error != NULL) {
		take_refusal(collect, answer);
		return OUTCOME_FINE;
	}
	if (strcmp(answer->method, "job.collect") == 0)
		return OUTCOME_FINE;
	if (strcmp(answer->method, "job.get") == 0)
		result = json_object_get(result, "result");
	if (json_is_null(result)) {
		note_late(collect);
		return OUTCOME_FINE;
	}
	outcome = show(collect, result);
	if (outcome != OUTCOME_FINE || collect->settings->is_kept)
		return outcome;
	return errands_add(&collect->errands, "job.collect",
	    job_params(collect, answer->number), answer->number, true);
}

/* The next answer. Whoever watches sees it if there is none for a while. */
static enum outcome
await_answer(struct collect *collect, struct errand_answer *answer)
{
	enum outcome outcome =
	    errands_next(&collect->errands, QUIET_MS, answer);
	size_t n = collect->n, n_ended = collect->printed.n;
	char detail[64];

	if (outcome != OUTCOME_UNEXPECTED)
		return outcome;
	snprintf(detail, sizeof(detail), "%zu of %zu job%s ended", n_ended, n,
	    n == 1 ? "" : "s");
	progress_draw(
	    &collect->progress, "waiting", (double)n_ended / (double)n, detail);
	return errands_next(&collect->errands, ERRANDS_FOREVER, answer);
}

static enum outcome
collect_jobs(struct collect *collect)
{
	enum outcome outcome = OUTCOME_FINE;

	while (outcome == OUTCOME_FINE) {
		struct errand_answer answer;

		if (collect->n_begun < collect->n &&
		    !errands_are_full(&collect->errands)) {
			outcome = begin(collect);
			continue;
		}
		if (errands_are_none(&collect->errands))
			break;
		outcome = await_answer(collect, &answer);
		if (outcome != OUTCOME_FINE)
			break;
		outcome = take_answer(collect, &answer);
		json_decref(answer.root);
	}
	return outcome;
}

/* --- which jobs --- */

static enum outcome
see_job(void *arg, const json_t *record)
{
	struct collect *collect = arg;
	struct job_id job;

	if (job_id_parse(show_text(record, "job"), &job) == -1)
		return talk_not_understood(
		    collect->context, collect->line.gil, "a job has no id");
	return add_job(collect, job) == -1 ? talk_no_memory(collect->context)
					   : OUTCOME_FINE;
}

/* All that wait to be collected, now or when they have ended. */
static enum outcome
find_jobs(struct collect *collect)
{
	bool has_more;
	json_t *params;
	enum outcome outcome = filter_make_params(
	    collect->context, &collect->settings->filter, NULL, &params);

	if (outcome != OUTCOME_FINE)
		return outcome;
	if (json_object_set_new(params, "detached", json_true()) == -1 ||
	    json_object_set_new(params, "collected", json_false()) == -1) {
		json_decref(params);
		return talk_no_memory(collect->context);
	}
	return filter_each(&collect->line, params,
	    collect->settings->filter.limit, see_job, collect, &has_more);
}

static enum outcome
read_jobs(struct collect *collect, char **operands)
{
	const struct context *context = collect->context;

	for (; *operands != NULL; operands++) {
		struct job_id job;

		if (named_read_job(context, *operands, &job) != OUTCOME_FINE)
			return OUTCOME_USAGE;
		if (add_job(collect, job) == -1)
			return talk_no_memory(context);
	}
	return OUTCOME_FINE;
}

static enum outcome
check_usage(const struct context *context, const struct settings *settings,
    char **operands)
{
	const char *wrong = NULL;

	if (settings->is_all && operands[0] != NULL)
		wrong = "either --all or the ids of jobs";
	else if (!settings->is_all && operands[0] == NULL)
		wrong = "no job given: write ids, or --all";
	else if (!settings->is_all &&
	    (settings->filter.key != NULL || settings->filter.pool != NULL))
		wrong = "--pool and --key go with --all";
	if (wrong == NULL)
		return OUTCOME_FINE;
	command_complain(context->command, "%s", wrong);
	return OUTCOME_USAGE;
}

static void
show_end(const struct collect *collect)
{
	const struct context *context = collect->context;
	uint64_t timeout_ms = collect->settings->timeout_ms;
	char text[512];

	if (collect->n_late > 0)
		command_complain(context->command,
		    "%s of %zu job%s ha%s not ended %s%s",
		    units_count(collect->n_late).text, collect->n,
		    collect->n == 1 ? "" : "s",
		    collect->n_late == 1 ? "s" : "ve",
		    timeout_ms == 0 ? "yet" : "in ",
		    timeout_ms == 0
			? ""
			: units_parameter_us(timeout_ms * 1000).text);
	if (!format_has_words(context->format) || collect->n == 1)
		return;
	if (collect->n == 0)
		snprintf(text, sizeof(text),
		    "There is no job whose result has not been collected.");
	else
		ledger_write_summary(&collect->printed, text, sizeof(text));
	if (collect->printed.n > 0)
		report_gap(context);
	report_sentence(context, TERM_DIM, text);
}

static enum outcome
run_collect(
    const struct context *context, const void *settings_, char **operands)
{
	const struct settings *settings = settings_;
	struct collect collect = {
	    .context = context, .settings = settings, .end_ms = -1};
	uint64_t in_flight = IN_FLIGHT;
	enum outcome outcome = check_usage(context, settings, operands);

	if (outcome != OUTCOME_FINE)
		return outcome;
	if (settings->timeout_ms != NOT_GIVEN)
		collect.end_ms = now_ms() + (int64_t)settings->timeout_ms;
	progress_init(&collect.progress);
	lifeline_init(
	    &collect.line, context, settings->retry_for_ms, &collect.progress);
	outcome = read_jobs(&collect, operands);
	if (outcome == OUTCOME_FINE)
		outcome = lifeline_open(&collect.line);
	if (outcome == OUTCOME_FINE && settings->is_all)
		outcome = find_jobs(&collect);
	if (outcome == OUTCOME_FINE && collect.n > 1)
		outcome =
		    submit_learn_limit(context, collect.line.gil, &in_flight);
	if (outcome == OUTCOME_FINE &&
	    errands_init(&collect.errands, &collect.line, in_flight) == -1)
		outcome = talk_no_memory(context);
	if (outcome == OUTCOME_FINE)
		outcome = collect_jobs(&collect);
	if (outcome == OUTCOME_FINE) {
		show_end(&collect);
		outcome = collect.worst;
	}
	errands_free(&collect.errands);
	lifeline_close(&collect.line);
	free(collect.jobs);
	return outcome;
}

static const struct settings defaults = {
    .timeout_ms = NOT_GIVEN,
    .retry_for_ms = SUBMIT_RETRY_FOR_MS,
};

static const struct option_row options[] = {
    {"all", 'a', NULL, OPTION_FLAG, offsetof(struct settings, is_all), 0, 0,
	"all jobs whose results were not collected yet"},
    {"pool", 'p', "POOL", OPTION_TEXT, offsetof(struct settings, filter.pool),
	0, 0, "with --all: of this pool"},
    {"key", 0, "PREFIX", OPTION_TEXT, offsetof(struct settings, filter.key), 0,
	0, "with --all: whose key begins so"},
    {"keep", 'k', NULL, OPTION_FLAG, offsetof(struct settings, is_kept), 0, 0,
	"do not mark them as collected"},
    {"timeout", 0, "MS", OPTION_NUMBER, offsetof(struct settings, timeout_ms),
	0, INT32_MAX, "wait for MS ms at the most"},
    {"retry-for", 0, "MS", OPTION_NUMBER,
	offsetof(struct settings, retry_for_ms), 0, INT32_MAX,
	"try to come back for MS ms (30000)"},
    {0},
};

const struct command command_collect = {
    .name = "collect",
    .operands = "[JOB...]",
    .max_operands = 1000000,
    .summary = "Wait for detached jobs and print their results",
    .notes =
	"One job's result is printed as submit prints it; those of several are "
	"a line\neach, in the order in which they end. Then the server is told "
	"that they were\ncollected: --all leaves them out from then on.\n",
    .options = options,
    .settings_size = sizeof(struct settings),
    .defaults = &defaults,
    .run = run_collect,
};
