/*
 * From JSON to a report. Settings come first, since they say how many classes
 * and phases the report has.
 *
 * Pure but for the file.
 */
#include "client/load_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load_json_private.h"
#include "client/load_reader.h"
#include "proto/request.h"

#define MAX_POINTS 10000

static void
read_phases(struct load_reader *reader, const json_t *phases,
    struct load_script *script)
{
	const json_t *json;
	size_t i;

	json_array_foreach (phases, i, json) {
		struct load_place place =
		    load_place("settings.phases[%zu].", i);
		struct load_phase *phase = &script->phases[i];

		load_read_text(reader, json, place.text, "name", phase->name,
		    sizeof(phase->name));
		phase->start_ns = load_read_integer(
		    reader, json, place.text, "start_ns", MEMBER_MAX_INTEGER);
		phase->duration_ns = load_read_integer(reader, json, place.text,
		    "duration_ns", MEMBER_MAX_INTEGER);
		phase->from_rate = load_read_real(json, "from_rate");
		phase->to_rate = load_read_real(json, "to_rate");
		if (script->mode == LOAD_CLOSED)
			phase->clients = (uint32_t)load_read_integer(reader,
			    json, place.text, "clients", LOAD_MAX_CLIENTS);
	}
	script->n_phases = json_array_size(phases);
}

static void
read_classes(struct load_reader *reader, const json_t *classes,
    struct load_script *script)
{
	const json_t *json;
	size_t i;

	json_array_foreach (classes, i, json) {
		struct load_place place =
		    load_place("settings.classes[%zu].", i);
		struct load_class *class = &script->classes[i];

		load_read_text(reader, json, place.text, "name", class->name,
		    sizeof(class->name));
		class->weight = (uint32_t)load_read_integer(
		    reader, json, place.text, "weight", UINT32_MAX);
		if (!reader->has_failed &&
		    job_request_from_json(json_object_get(json, "params"),
			UINT32_MAX, &class->request, reader->error) == -1)
			reader->has_failed = true;
	}
	script->n_classes = json_array_size(classes);
}

static void
read_settings(
    struct load_reader *reader, const json_t *root, struct load_script *script)
{
	const char *at = "settings.";
	const json_t *json = load_read_object(reader, root, "", "settings");
	const char *arrival =
	    json_string_value(json_object_get(json, "arrival"));
	char mode[16];

	load_read_text(reader, json, at, "mode", mode, sizeof(mode));
	script->mode = strcmp(mode, "closed") == 0 ? LOAD_CLOSED : LOAD_OPEN;
	script->arrival = arrival != NULL && strcmp(arrival, "uniform") == 0
	    ? LOAD_UNIFORM
	    : LOAD_POISSON;
	script->connections = (uint32_t)load_read_integer(
	    reader, json, at, "connections", UINT32_MAX);
	script->threads = (uint32_t)load_read_integer(
	    reader, json, at, "threads", UINT32_MAX);
	if (script->mode == LOAD_CLOSED)
		script->clients = (uint32_t)load_read_integer(
		    reader, json, at, "clients", LOAD_MAX_CLIENTS);
	script->in_flight = (uint32_t)load_read_integer(
	    reader, json, at, "in_flight", UINT32_MAX);
	script->warm_up_ns = load_read_integer(
	    reader, json, at, "warm_up_ns", MEMBER_MAX_INTEGER);
	script->drain_ns =
	    load_read_integer(reader, json, at, "drain_ns", MEMBER_MAX_INTEGER);
	read_phases(reader,
	    load_read_array(reader, json, at, "phases", LOAD_MAX_PHASES),
	    script);
	read_classes(reader,
	    load_read_array(reader, json, at, "classes", LOAD_MAX_CLASSES),
	    script);
}

/* What was run, on what, and how. */
static void
read_circumstances(
    struct load_reader *reader, const json_t *root, struct load_run *run)
{
	struct load_report *report = &run->report;
	const char *title = json_string_value(json_object_get(root, "title"));

	if (title != NULL)
		snprintf(
		    run->script.title, sizeof(run->script.title), "%s", title);
	run->script.seed =
	    (uint64_t)json_integer_value(json_object_get(root, "seed"));
	load_read_text(
	    reader, root, "", "server", run->server, sizeof(run->server));
	report->server = run->server;
	load_read_text(
	    reader, root, "", "gild", report->gild, sizeof(report->gild));
	report->cpus =
	    (uint32_t)load_read_integer(reader, root, "", "cpus", UINT32_MAX);
	report->started_unix_ms = load_read_integer(
	    reader, root, "", "started_unix_ms", MEMBER_MAX_INTEGER);
	report->is_interrupted =
	    json_is_true(json_object_get(root, "interrupted"));
	report->connections = run->script.connections;
	report->threads = run->script.threads;
	load_read_members(reader, root, "", report, load_report_members,
	    N_MEMBERS(load_report_members));
}

static void
read_jobs(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *jobs = load_read_object(reader, root, "", "jobs");
	const json_t *late = load_read_object(reader, root, "", "late");
	const json_t *connections =
	    load_read_object(reader, root, "", "connections");

	load_read_members(reader, jobs, "jobs.", &report->counts,
	    load_count_members, N_MEMBERS(load_count_members));
	report->skipped_down = load_read_integer(
	    reader, jobs, "jobs.", "skipped_down", MEMBER_MAX_INTEGER);
	report->warm_up = load_read_integer(
	    reader, jobs, "jobs.", "warm_up", MEMBER_MAX_INTEGER);
	report->rate = load_read_real(jobs, "rate");
	report->late = load_read_integer(
	    reader, late, "late.", "jobs", MEMBER_MAX_INTEGER);
	report->worst_late_ns = load_read_integer(
	    reader, late, "late.", "worst_ns", MEMBER_MAX_INTEGER);
	report->lost = load_read_integer(
	    reader, connections, "connections.", "lost", MEMBER_MAX_INTEGER);
	report->reopened = load_read_integer(reader, connections,
	    "connections.", "reopened", MEMBER_MAX_INTEGER);
}

static void
read_errors(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *errors =
	    load_read_array(reader, root, "", "errors", LOAD_MAX_ERRORS);
	const json_t *json;
	size_t i;

	json_array_foreach (errors, i, json) {
		struct load_place place = load_place("errors[%zu].", i);
		struct load_error_row *row = &report->errors[i];

		load_read_text(reader, json, place.text, "reason", row->reason,
		    sizeof(row->reason));
		load_read_text(reader, json, place.text, "example",
		    row->example, sizeof(row->example));
		row->jobs = load_read_integer(
		    reader, json, place.text, "jobs", MEMBER_MAX_INTEGER);
	}
	report->n_errors = json_array_size(errors);
}

static void
read_bands(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *bands =
	    load_read_array(reader, root, "", "bands", LOAD_BANDS);
	const json_t *json;
	size_t i;

	json_array_foreach (bands, i, json) {
		struct load_place place = load_place("bands[%zu].", i);
		struct load_band *band = &report->bands[i];

		band->from = load_read_real(json, "from");
		band->to = load_read_real(json, "to");
		load_read_members(reader, json, place.text, band,
		    load_band_members, N_MEMBERS(load_band_members));
		load_read_parts(reader, json, place.text, &band->parts);
	}
}

/* A row for each class, and one for each phase. */
static void
read_rows(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *classes =
	    load_read_array(reader, root, "", "by_class", LOAD_MAX_CLASSES);
	const json_t *phases =
	    load_read_array(reader, root, "", "by_phase", LOAD_MAX_PHASES);

	for (size_t i = 0; i < report->script->n_classes; i++) {
		struct load_place place = load_place("by_class[%zu].", i);
		struct load_class_row *row = &report->classes[i];
		const json_t *json = json_array_get(classes, i);

		load_read_members(reader, json, place.text, &row->counts,
		    load_count_members, N_MEMBERS(load_count_members));
		load_read_histogram(
		    reader, json, place.text, "latency", &row->latency);
		load_read_parts(reader, json, place.text, &row->parts);
	}
	for (size_t i = 0; i < report->script->n_phases; i++) {
		struct load_place place = load_place("by_phase[%zu].", i);
		struct load_phase_row *row = &report->phases[i];
		const json_t *json = json_array_get(phases, i);

		load_read_members(reader, json, place.text, &row->counts,
		    load_count_members, N_MEMBERS(load_count_members));
		row->measured_ns = load_read_integer(reader, json, place.text,
		    "measured_ns", MEMBER_MAX_INTEGER);
		load_read_histogram(
		    reader, json, place.text, "latency", &row->latency);
	}
}

static void
read_series(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *series =
	    load_read_array(reader, root, "", "series", MAX_POINTS);
	const json_t *json;
	size_t i;

	report->points =
	    calloc(json_array_size(series) + 1, sizeof(*report->points));
	if (report->points == NULL) {
		load_refuse_memory(reader);
		return;
	}
	report->n_points = json_array_size(series);
	json_array_foreach (series, i, json) {
		struct load_place place = load_place("series[%zu].", i);
		struct load_point *point = &report->points[i];

		load_read_members(reader, json, place.text, point,
		    load_point_members, N_MEMBERS(load_point_members));
		load_read_buckets(
		    reader, json, place.text, "latency", &point->latency);
		point->latency.max_ns = point->max_ns;
	}
}

static void
read_generator(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	struct load_generator *generator = &report->generator;
	const json_t *json = load_read_object(reader, root, "", "generator");
	const json_t *sentences = load_read_array(
	    reader, json, "generator.", "sentences", LOAD_MAX_SENTENCES);
	const json_t *text;
	size_t i;

	generator->cpu_share = load_read_real(json, "cpu_share");
	generator->busiest_share = load_read_real(json, "busiest_share");
	generator->late_share = load_read_real(json, "late_share");
	generator->is_bottleneck =
	    json_is_true(json_object_get(json, "is_bottleneck"));
	json_array_foreach (sentences, i, text)
		snprintf(generator->sentences[i],
		    sizeof(generator->sentences[i]), "%s",
		    json_is_string(text) ? json_string_value(text) : "");
	generator->n_sentences = json_array_size(sentences);
}

static void
read_actual(const json_t *json, bool *is_known, double *actual)
{
	const json_t *value = json_object_get(json, "actual");

	*is_known = json_is_number(value);
	*actual = json_number_value(value);
}

static void
read_expectations(
    struct load_reader *reader, const json_t *root, struct load_run *run)
{
	struct load_report *report = &run->report;
	const json_t *rows = load_read_array(
	    reader, root, "", "expectations", LOAD_MAX_EXPECTATIONS);
	const json_t *json;
	size_t i;

	json_array_foreach (rows, i, json) {
		struct load_expectation_row *row = &report->expectations[i];
		struct load_expectation read[LOAD_MAX_EXPECTATIONS];
		const char *text =
		    json_string_value(json_object_get(json, "text"));
		char why[LOAD_EXPECT_ERROR_CHARS + 1];
		size_t n = 0;

		if (text == NULL ||
		    load_expect_parse(text, read, &n, why) == -1 || n != 1) {
			load_refuse(reader,
			    load_place("expectations[%zu].", i).text, "text",
			    "must be an expectation such as \"p99<20ms\"");
			return;
		}
		run->script.expectations[i] = read[0];
		row->expectation = &run->script.expectations[i];
		read_actual(json, &row->is_known, &row->actual);
		row->is_met = json_is_true(json_object_get(json, "met"));
	}
	report->n_expectations = json_array_size(rows);
	run->script.n_expectations = report->n_expectations;
}

/* null where no search was asked for. */
static void
read_search(
    struct load_reader *reader, const json_t *root, struct load_report *report)
{
	const json_t *search = json_object_get(root, "search");
	const json_t *steps, *json;
	size_t i;

	if (!json_is_object(search))
		return;
	steps = load_read_array(reader, search, "search.", "steps", MAX_POINTS);
	report->steps =
	    calloc(json_array_size(steps) + 1, sizeof(*report->steps));
	if (report->steps == NULL) {
		load_refuse_memory(reader);
		return;
	}
	json_array_foreach (steps, i, json) {
		struct load_step *step = &report->steps[i];
		const json_t *rows = json_object_get(json, "expectations");

		step->rate = load_read_real(json, "rate");
		step->done_rate = load_read_real(json, "done_rate");
		step->is_met = json_is_true(json_object_get(json, "met"));
		step->busiest_share = load_read_real(json, "busiest_share");
		step->late_share = load_read_real(json, "late_share");
		step->is_bottleneck =
		    json_is_true(json_object_get(json, "is_bottleneck"));
		for (size_t j = 0; j < report->n_expectations; j++)
			read_actual(json_array_get(rows, j), &step->is_known[j],
			    &step->actual[j]);
	}
	report->n_steps = json_array_size(steps);
	report->best_rate = load_read_real(search, "best_rate");
}

static int
check_format(const json_t *root, struct rpc_error *error)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	json_int_t version =
	    json_integer_value(json_object_get(root, "version"));

	if (format == NULL || strcmp(format, LOAD_JSON_FORMAT) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "format",
		    "this is no run: gilctl --json load writes one, whose "
		    "\"format\" is \"%s\"",
		    LOAD_JSON_FORMAT);
	if (version != LOAD_JSON_VERSION)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "version",
		    "its version is %" JSON_INTEGER_FORMAT
		    ", and this gilctl reads version %d",
		    version, LOAD_JSON_VERSION);
	return 0;
}

int
load_run_from_json(
    const json_t *json, struct load_run *run, struct rpc_error *error)
{
	struct load_report *report = &run->report;
	struct load_reader reader = {.error = error};

	memset(run, 0, sizeof(*run));
	load_script_init(&run->script);
	if (check_format(json, error) == -1)
		return -1;
	read_settings(&reader, json, &run->script);
	if (reader.has_failed)
		return -1;
	if (load_report_init(report, &run->script) == -1) {
		load_refuse_memory(&reader);
		return -1;
	}
	read_circumstances(&reader, json, run);
	read_jobs(&reader, json, report);
	read_errors(&reader, json, report);
	load_read_histogram(&reader, json, "", "latency", &report->latency);
	load_read_histogram(&reader, json, "", "service", &report->service);
	load_read_parts(&reader, json, "", &report->parts);
	read_bands(&reader, json, report);
	read_rows(&reader, json, report);
	read_series(&reader, json, report);
	read_generator(&reader, json, report);
	weather_from_json(json_object_get(json, "weather"), &report->weather);
	read_expectations(&reader, json, run);
	read_search(&reader, json, report);
	return reader.has_failed ? -1 : 0;
}

int
load_run_read(const char *path, struct load_run *run, struct rpc_error *error)
{
	bool is_standard = strcmp(path, "-") == 0;
	FILE *in = is_standard ? stdin : fopen(path, "re");
	json_error_t why;
	json_t *json;
	int status;

	memset(run, 0, sizeof(*run));
	if (in == NULL)
		return rpc_error_set(
		    error, RPC_INVALID_PARAMS, NULL, "%s", strerror(errno));
	json = json_loadf(in, JSON_REJECT_DUPLICATES, &why);
	if (!is_standard)
		fclose(in);
	if (json == NULL)
		return rpc_error_set(error, RPC_PARSE_ERROR, NULL,
		    "line %d, column %d: %s", why.line, why.column, why.text);
	status = load_run_from_json(json, run, error);
	json_decref(json);
	return status;
}

void
load_run_free(struct load_run *run)
{
	load_report_free(&run->report);
}
