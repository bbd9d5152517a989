/* A load run as JSON: what is written reads back, and what is wrong does not. */
#include "client/load_json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/load_sample.h"
#include "tests/unit/suite.h"

static struct fixture fixture;
static struct load_run *run;
static struct rpc_error error;
static json_t *json;

static void
setup(void)
{
	fixture_make(&fixture, 7, 1);
	run = calloc(1, sizeof(*run));
	ck_assert_ptr_nonnull(run);
	json = load_to_json(&fixture.report);
	ck_assert_ptr_nonnull(json);
}

static void
teardown(void)
{
	json_decref(json);
	load_run_free(run);
	free(run);
	fixture_free(&fixture);
}

static void
read_back(void)
{
	ck_assert_msg(load_run_from_json(json, run, &error) == 0, "%s: %s",
	    error.field, error.detail);
}

START_TEST(what_is_written_reads_back)
{
	json_t *again;

	read_back();
	again = load_to_json(&run->report);
	ck_assert_ptr_nonnull(again);
	ck_assert(json_equal(json, again));
	json_decref(again);
}
END_TEST

START_TEST(a_search_and_a_closed_loop_read_back)
{
	struct load_report *report = &fixture.report;
	json_t *again;

	fixture.script.mode = LOAD_CLOSED;
	fixture.script.clients = 8;
	fixture.script.phases[0].clients = 4;
	fixture.script.phases[1].clients = 8;
	for (size_t i = 0; i < 2; i++)
		fixture.script.phases[i].from_rate =
		    fixture.script.phases[i].to_rate = 0;
	report->steps = calloc(2, sizeof(*report->steps));
	ck_assert_ptr_nonnull(report->steps);
	report->n_steps = 2;
	report->best_rate = 1500;
	report->steps[0] = (struct load_step){.rate = 1500,
	    .done_rate = 1490.5,
	    .actual = {12345678, 0, 900},
	    .is_known = {true, true, true},
	    .is_met = true};
	report->steps[1] = (struct load_step){.rate = 3000,
	    .busiest_share = 0.98,
	    .late_share = 0.25,
	    .is_bottleneck = true};
	json_decref(json);
	json = load_to_json(report);
	read_back();
	ck_assert_uint_eq(run->script.phases[1].clients, 8);
	ck_assert_uint_eq(run->report.n_steps, 2);
	again = load_to_json(&run->report);
	ck_assert(json_equal(json, again));
	json_decref(again);
}
END_TEST

/* The figures that a reader wants stand there by name. */
START_TEST(it_is_versioned_and_has_the_figures)
{
	const json_t *latency = json_object_get(json, "latency");

	ck_assert_str_eq(
	    json_string_value(json_object_get(json, "format")), "gild-load");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json, "version")), 1);
	ck_assert_uint_eq(
	    (uint64_t)json_integer_value(json_object_get(latency, "p99_ns")),
	    hdr_quantile(&fixture.report.latency, 0.99));
	ck_assert_uint_eq(
	    (uint64_t)json_integer_value(json_object_get(latency, "count")),
	    fixture.report.counts.done);
}
END_TEST

/* Runs add up: their histograms are whole. */
START_TEST(histograms_of_two_runs_add_up)
{
	struct fixture other;
	struct load_run *second = calloc(1, sizeof(*second));
	json_t *text;

	ck_assert_ptr_nonnull(second);
	fixture_make(&other, 8, 3);
	text = load_to_json(&other.report);
	read_back();
	ck_assert_int_eq(load_run_from_json(text, second, &error), 0);
	hdr_merge(&run->report.latency, &second->report.latency);
	hdr_merge(&fixture.report.latency, &other.report.latency);
	for (unsigned i = 0; i <= 1000; i++)
		ck_assert_uint_eq(
		    hdr_quantile(&run->report.latency, i / 1000.0),
		    hdr_quantile(&fixture.report.latency, i / 1000.0));
	json_decref(text);
	load_run_free(second);
	free(second);
	fixture_free(&other);
}
END_TEST

/* Puts a value at a path such as "series/3/done"; it is stolen. */
static void
put_at(const char *path, json_t *value)
{
	json_t *at = json;
	char copy[128], *name, *rest;

	snprintf(copy, sizeof(copy), "%s", path);
	for (name = strtok_r(copy, "/", &rest);;) {
		char *next = strtok_r(NULL, "/", &rest);

		if (next == NULL)
			break;
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(name))
				       : json_object_get(at, name);
		name = next;
	}
	ck_assert_int_eq(json_is_array(at)
		? json_array_set_new(at, (size_t)atoi(name), value)
		: json_object_set_new(at, name, value),
	    0);
}

START_TEST(what_is_wrong_is_refused_by_its_place)
{
	static const struct {
		const char *path;
		const char *value;
		const char *field;
	} rows[] = {
	    {"format", "\"else\"", "format"},
	    {"version", "2", "version"},
	    {"settings", "[]", "settings"},
	    {"settings/phases", "{}", "settings.phases"},
	    {"settings/phases/0/name",
		"\"a name that is longer than a name "
		"may be\"",
		"settings.phases[0].name"},
	    {"settings/classes/1/params/count", "0", "count"},
	    {"settings/in_flight", "-1", "settings.in_flight"},
	    {"jobs/done", "1.5", "jobs.done"},
	    {"measured_ns", "null", "measured_ns"},
	    {"latency/count", "1", "latency.count"},
	    {"latency/precision", "9", "latency.precision"},
	    {"latency/buckets/0", "[1000000000,1]", "latency.buckets"},
	    {"latency/buckets/0", "[-1,1]", "latency.buckets"},
	    {"latency/buckets/0", "[1,-1]", "latency.buckets"},
	    {"latency/buckets/0", "7", "latency.buckets"},
	    {"series/3/done", "\"7\"", "series[3].done"},
	    {"series/3/latency", "null", "series[3].latency"},
	    {"by_class/1/latency/max_ns", "9007199254740991",
		"by_class[1].latency.max_ns"},
	    {"by_phase", "[]", "by_phase[0].scheduled"},
	    {"bands/0/parts/queue_ns", "-5", "bands[0].parts.queue_ns"},
	    {"expectations/0/text", "\"p99<\"", "expectations[0].text"},
	    {"errors/0/reason", "5", "errors[0].reason"},
	};

	json_decref(json);
	for (size_t i = 0; i < COUNT(rows); i++) {
		json = load_to_json(&fixture.report);
		put_at(rows[i].path,
		    json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		ck_assert_msg(load_run_from_json(json, run, &error) == -1, "%s",
		    rows[i].path);
		ck_assert_str_eq(error.field, rows[i].field);
		load_run_free(run);
		json_decref(json);
	}
	json = json_null();
	ck_assert_int_eq(load_run_from_json(json, run, &error), -1);
}
END_TEST

/* Any member may be missing: an error, or a default, and nothing worse. */
START_TEST(what_is_missing_is_borne)
{
	const char *name;
	json_t *value;
	unsigned n_refused = 0;

	json_object_foreach (json, name, value) {
		json_t *copy = json_deep_copy(json);

		json_object_del(copy, name);
		n_refused += load_run_from_json(copy, run, &error) == -1;
		load_run_free(run);
		json_decref(copy);
	}
	ck_assert_uint_ge(n_refused, 15);
}
END_TEST

START_TEST(a_file_that_is_none_is_said_to_be)
{
	ck_assert_int_eq(load_run_read("/nowhere/at/all", run, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.detail, "No such file"));
	ck_assert_int_eq(load_run_read("/dev/null", run, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.detail, "line 1"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_json");
	TCase *tcase = tcase_create("load_json");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_written_reads_back);
	tcase_add_test(tcase, a_search_and_a_closed_loop_read_back);
	tcase_add_test(tcase, it_is_versioned_and_has_the_figures);
	tcase_add_test(tcase, histograms_of_two_runs_add_up);
	tcase_add_test(tcase, what_is_wrong_is_refused_by_its_place);
	tcase_add_test(tcase, what_is_missing_is_borne);
	tcase_add_test(tcase, a_file_that_is_none_is_said_to_be);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
