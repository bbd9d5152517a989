/*
 * From a report to JSON. A value that could not be made is remembered by the
 * object that should have had it, and nothing comes of the whole.
 *
 * Pure.
 */
#include "client/load_json.h"

#include "config.h"

#include <math.h>
#include <stdio.h>

#include "client/load_json_private.h"
#include "proto/request.h"

/* An object while it is made. */
struct making {
	json_t *json;
	int status;
};

static struct making
begin(void)
{
	return (struct making){json_object(), 0};
}

static json_t *
end(struct making *making)
{
	if (making->status == 0)
		return making->json;
	json_decref(making->json);
	return NULL;
}

/* value is stolen. */
static void
put(struct making *making, const char *name, json_t *value)
{
	making->status |= json_object_set_new(making->json, name, value);
}

static void
put_integer(struct making *making, const char *name, uint64_t value)
{
	put(making, name, json_integer((json_int_t)value));
}

static void
put_real(struct making *making, const char *name, double value)
{
	/* JSON has no infinity. */
	put(making, name, isfinite(value) ? json_real(value) : json_null());
}

static void
put_text(struct making *making, const char *name, const char *text)
{
	put(making, name, json_string(text));
}

static void
put_truth(struct making *making, const char *name, bool truth)
{
	put(making, name, json_boolean(truth));
}

/* An array of n values, each by make(report, i). */
static json_t *
make_array(const struct load_report *report, size_t n,
    json_t *(*make)(const struct load_report *report, size_t i))
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, make(report, i)) == -1) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *
make_buckets(const struct hdr *hdr)
{
	json_t *array = json_array();

	for (size_t i = 0; i < hdr->n_buckets; i++) {
		if (hdr->counts[i] == 0)
			continue;
		if (json_array_append_new(array,
			json_pack("[I, I]", (json_int_t)i,
			    (json_int_t)hdr->counts[i])) == -1) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
make_histogram(const struct hdr *hdr)
{
	static const struct {
		const char *name;
		double fraction;
	} rows[] = {{"p50_ns", 0.5}, {"p75_ns", 0.75}, {"p90_ns", 0.9},
	    {"p99_ns", 0.99}, {"p99_9_ns", 0.999}, {"p99_99_ns", 0.9999}};
	struct making making = begin();

	put_integer(&making, "count", hdr->count);
	put_integer(&making, "min_ns", hdr->min_ns);
	put_integer(&making, "max_ns", hdr->max_ns);
	put_integer(&making, "mean_ns", (uint64_t)hdr_mean(hdr));
	put_integer(&making, "sum_ns", hdr->sum_ns);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put_integer(
		    &making, rows[i].name, hdr_quantile(hdr, rows[i].fraction));
	put_integer(&making, "precision", hdr->precision);
	put(&making, "buckets", make_buckets(hdr));
	return end(&making);
}

static json_t *
make_parts(const struct load_parts *parts)
{
	struct making making = begin();

	for (unsigned part = 0; part < LOAD_PARTS; part++)
		put_integer(&making, load_part_name(part), parts->ns[part]);
	return end(&making);
}

static void
put_counts(struct making *making, const struct load_counts *counts)
{
	making->status |= members_write(making->json, counts,
	    load_count_members, N_MEMBERS(load_count_members));
}

static json_t *
make_phase(const struct load_report *report, size_t i)
{
	const struct load_script *script = report->script;
	const struct load_phase *phase = &script->phases[i];
	bool is_open = script->mode == LOAD_OPEN;
	struct making making = begin();

	put_text(&making, "name", phase->name);
	put_integer(&making, "start_ns", phase->start_ns);
	put_integer(&making, "duration_ns", phase->duration_ns);
	put_real(&making, "from_rate", is_open ? phase->from_rate : NAN);
	put_real(&making, "to_rate", is_open ? phase->to_rate : NAN);
	if (is_open)
		put(&making, "clients", json_null());
	else
		put_integer(&making, "clients", phase->clients);
	return end(&making);
}

static json_t *
make_class(const struct load_report *report, size_t i)
{
	const struct load_class *class = &report->script->classes[i];
	struct making making = begin();

	put_text(&making, "name", class->name);
	put_integer(&making, "weight", class->weight);
	put(&making, "params", job_request_to_json(&class->request));
	return end(&making);
}

static json_t *
make_settings(const struct load_report *report)
{
	const struct load_script *script = report->script;
	bool is_open = script->mode == LOAD_OPEN;
	struct making making = begin();

	put_text(&making, "mode", is_open ? "open" : "closed");
	if (is_open)
		put_text(&making, "arrival",
		    script->arrival == LOAD_POISSON ? "poisson" : "uniform");
	else
		put(&making, "arrival", json_null());
	put_integer(&making, "connections", report->connections);
	put_integer(&making, "threads", report->threads);
	if (is_open)
		put(&making, "clients", json_null());
	else
		put_integer(&making, "clients", script->clients);
	put_integer(&making, "in_flight", script->in_flight);
	put_integer(&making, "warm_up_ns", script->warm_up_ns);
	put_integer(&making, "drain_ns", script->drain_ns);
	put(&making, "phases",
	    make_array(report, script->n_phases, make_phase));
	put(&making, "classes",
	    make_array(report, script->n_classes, make_class));
	return end(&making);
}

static json_t *
make_error(const struct load_report *report, size_t i)
{
	const struct load_error_row *row = &report->errors[i];

	return json_pack("{s:s, s:I, s:s}", "reason", row->reason, "jobs",
	    (json_int_t)row->jobs, "example", row->example);
}

static json_t *
make_band(const struct load_report *report, size_t i)
{
	const struct load_band *band = &report->bands[i];
	struct making making = begin();

	put_real(&making, "from", band->from);
	put_real(&making, "to", band->to);
	making.status |= members_write(
	    making.json, band, load_band_members, N_MEMBERS(load_band_members));
	put(&making, "parts", make_parts(&band->parts));
	return end(&making);
}

static json_t *
make_class_row(const struct load_report *report, size_t i)
{
	const struct load_class_row *row = &report->classes[i];
	struct making making = begin();

	put_text(&making, "name", report->script->classes[i].name);
	put_counts(&making, &row->counts);
	put(&making, "latency", make_histogram(&row->latency));
	put(&making, "parts", make_parts(&row->parts));
	return end(&making);
}

static json_t *
make_phase_row(const struct load_report *report, size_t i)
{
	const struct load_phase_row *row = &report->phases[i];
	struct making making = begin();

	put_text(&making, "name", report->script->phases[i].name);
	put_integer(&making, "measured_ns", row->measured_ns);
	put_counts(&making, &row->counts);
	put(&making, "latency", make_histogram(&row->latency));
	return end(&making);
}

static json_t *
make_point(const struct load_report *report, size_t i)
{
	const struct load_point *point = &report->points[i];
	struct making making = begin();

	making.status |= members_write(making.json, point, load_point_members,
	    N_MEMBERS(load_point_members));
	put(&making, "latency",
	    json_pack("{s:i, s:o}", "precision", (int)point->latency.precision,
		"buckets", make_buckets(&point->latency)));
	return end(&making);
}

static json_t *
make_sentence(const struct load_report *report, size_t i)
{
	return json_string(report->generator.sentences[i]);
}

static json_t *
make_generator(const struct load_report *report)
{
	const struct load_generator *generator = &report->generator;
	struct making making = begin();

	put_real(&making, "cpu_share", generator->cpu_share);
	put_real(&making, "busiest_share", generator->busiest_share);
	put_real(&making, "late_share", generator->late_share);
	put_truth(&making, "is_bottleneck", generator->is_bottleneck);
	put(&making, "sentences",
	    make_array(report, generator->n_sentences, make_sentence));
	return end(&making);
}

static json_t *
make_one_expectation(
    const struct load_expectation *expectation, bool is_known, double actual)
{
	struct making making = begin();

	put_text(&making, "text", expectation->text);
	put_real(&making, "actual", is_known ? actual : NAN);
	put_truth(
	    &making, "met", is_known && load_expect_holds(expectation, actual));
	return end(&making);
}

static json_t *
make_expectation(const struct load_report *report, size_t i)
{
	const struct load_expectation_row *row = &report->expectations[i];

	return make_one_expectation(
	    row->expectation, row->is_known, row->actual);
}

static json_t *
make_step(const struct load_report *report, size_t i)
{
	const struct load_step *step = &report->steps[i];
	struct making making = begin();
	json_t *expectations = json_array();

	for (size_t j = 0; j < report->n_expectations; j++)
		making.status |= json_array_append_new(expectations,
		    make_one_expectation(report->expectations[j].expectation,
			step->is_known[j], step->actual[j]));
	put_real(&making, "rate", step->rate);
	put_real(&making, "done_rate", step->done_rate);
	put_truth(&making, "met", step->is_met);
	put_real(&making, "busiest_share", step->busiest_share);
	put_real(&making, "late_share", step->late_share);
	put_truth(&making, "is_bottleneck", step->is_bottleneck);
	put(&making, "expectations", expectations);
	return end(&making);
}

static json_t *
make_search(const struct load_report *report)
{
	struct making making;

	if (report->n_steps == 0)
		return json_null();
	making = begin();
	put(&making, "steps", make_array(report, report->n_steps, make_step));
	put_real(&making, "best_rate",
	    report->best_rate > 0 ? report->best_rate : NAN);
	return end(&making);
}

/* What was run, on what, and how. */
static void
put_circumstances(struct making *making, const struct load_report *report)
{
	const struct load_script *script = report->script;

	put_text(making, "format", LOAD_JSON_FORMAT);
	put_integer(making, "version", LOAD_JSON_VERSION);
	if (script->title[0] != '\0')
		put_text(making, "title", script->title);
	else
		put(making, "title", json_null());
	put_text(making, "gilctl", PACKAGE_VERSION);
	put_text(making, "server", report->server);
	put_text(making, "gild", report->gild);
	put_integer(making, "cpus", report->cpus);
	put_integer(making, "started_unix_ms", report->started_unix_ms);
	put_truth(making, "interrupted", report->is_interrupted);
	put_integer(making, "seed", script->seed);
	put(making, "settings", make_settings(report));
	making->status |= members_write(making->json, report,
	    load_report_members, N_MEMBERS(load_report_members));
}

static json_t *
make_jobs(const struct load_report *report)
{
	struct making making = begin();

	put_counts(&making, &report->counts);
	put_integer(&making, "skipped_down", report->skipped_down);
	put_integer(&making, "warm_up", report->warm_up);
	put_real(&making, "rate", report->rate);
	return end(&making);
}

json_t *
load_to_json(const struct load_report *report)
{
	const struct load_script *script = report->script;
	struct making making = begin();

	put_circumstances(&making, report);
	put(&making, "jobs", make_jobs(report));
	put(&making, "late",
	    json_pack("{s:I, s:I, s:I}", "jobs", (json_int_t)report->late,
		"worst_ns", (json_int_t)report->worst_late_ns, "over_ns",
		(json_int_t)LOAD_LATE_NS));
	put(&making, "connections",
	    json_pack("{s:I, s:I}", "lost", (json_int_t)report->lost,
		"reopened", (json_int_t)report->reopened));
	put(&making, "errors",
	    make_array(report, report->n_errors, make_error));
	put(&making, "latency", make_histogram(&report->latency));
	put(&making, "service", make_histogram(&report->service));
	put(&making, "parts", make_parts(&report->parts));
	put(&making, "bands", make_array(report, LOAD_BANDS, make_band));
	put(&making, "by_class",
	    make_array(report, script->n_classes, make_class_row));
	put(&making, "by_phase",
	    make_array(report, script->n_phases, make_phase_row));
	put(&making, "series",
	    make_array(report, report->n_points, make_point));
	put(&making, "generator", make_generator(report));
	put(&making, "weather", weather_to_json(&report->weather));
	put(&making, "expectations",
	    make_array(report, report->n_expectations, make_expectation));
	put(&making, "search", make_search(report));
	return end(&making);
}
