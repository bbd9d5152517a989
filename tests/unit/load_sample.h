/*
 * A load run as the generator leaves it, made of invented jobs: two phases, two
 * classes, a second that is bad, jobs that failed, were skipped and were late.
 * What the suites of its outputs have in common.
 */
#ifndef GILD_TESTS_UNIT_LOAD_SAMPLE_H
#define GILD_TESTS_UNIT_LOAD_SAMPLE_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/chance.h"
#include "client/load_expect.h"
#include "client/load_report.h"
#include "client/load_script.h"
#include "client/load_tally.h"

#define FIXTURE_MS UINT64_C(1000000)
#define FIXTURE_US UINT64_C(1000)

struct fixture {
	struct load_script script;
	struct load_report report;
};

static inline void
fixture_script(struct load_script *script, uint64_t seed)
{
	struct rpc_error error;
	char why[LOAD_EXPECT_ERROR_CHARS + 1];

	load_script_init(script);
	snprintf(script->title, sizeof(script->title), "Ramp & <hold>");
	script->connections = 4;
	script->threads = 2;
	script->in_flight = 1000;
	script->seed = seed;
	script->warm_up_ns = 500 * FIXTURE_MS;
	script->drain_ns = 1000 * FIXTURE_MS;
	script->n_phases = 2;
	script->phases[0] = (struct load_phase){.name = "ramp",
	    .duration_ns = 2000 * FIXTURE_MS,
	    .from_rate = 100,
	    .to_rate = 1000};
	script->phases[1] = (struct load_phase){.name = "hold",
	    .duration_ns = 4000 * FIXTURE_MS,
	    .from_rate = 1000,
	    .to_rate = 1000};
	script->n_classes = 2;
	script->classes[0] = (struct load_class){.name = "tiny", .weight = 9};
	script->classes[1] = (struct load_class){.name = "long", .weight = 1};
	for (size_t i = 0; i < script->n_classes; i++) {
		job_request_init(&script->classes[i].request);
		script->classes[i].request.count = i == 0 ? 1 : 1000000;
	}
	ck_assert_int_eq(
	    load_expect_parse("p99<20ms,errors=0,done>10", script->expectations,
		&script->n_expectations, why),
	    0);
	ck_assert_msg(load_script_settle(script, &error) == 0, "%s: %s",
	    error.field, error.detail);
}

/*
 * One invented job after another, evenly apart, to the end of the script. All
 * latencies are `factor` times what they would be.
 */
static inline void
fixture_run(struct load_tally *tally, uint64_t seed, double factor)
{
	uint64_t end_ns = load_script_duration_ns(tally->script);
	struct chance chance;

	chance_init(&chance, seed);
	for (uint64_t at_ns = 0, n = 0; at_ns < end_ns;
	     at_ns += 1000 * FIXTURE_US, n++) {
		struct load_job job = {.at_ns = at_ns,
		    .class = n % 10 == 9,
		    .phase = at_ns < tally->script->phases[0].start_ns
			? LOAD_WARM_UP
			: at_ns >= tally->script->phases[1].start_ns};
		bool is_bad = at_ns / (100 * FIXTURE_MS) == 45;
		uint64_t run_ns = (uint64_t)(factor *
		    (double)(20 * FIXTURE_US +
			chance_below(&chance, 100 * FIXTURE_US)));
		uint64_t queue_ns = (uint64_t)(factor *
		    (double)chance_below(
			&chance, is_bad ? 30 * FIXTURE_MS : 200 * FIXTURE_US));
		struct load_times times = {
		    .sent_ns = at_ns + 5 * FIXTURE_US,
		    .queue_ns = queue_ns,
		    .wall_ns = run_ns,
		    .total_ns = queue_ns + run_ns + 10 * FIXTURE_US,
		    .lock_wait_ns = n % 10 == 9 ? run_ns / 4 : 0,
		    .workers = 1,
		};

		times.received_ns =
		    times.sent_ns + times.total_ns + 20 * FIXTURE_US;
		load_tally_scheduled(tally, &job);
		if (n % 500 == 499) {
			load_tally_skipped(tally, &job, false);
			continue;
		}
		load_tally_sent(tally, &job,
		    n % 700 == 0 ? at_ns + 3 * FIXTURE_MS : times.sent_ns);
		if (n % 400 == 399)
			load_tally_failed(tally, &job, times.received_ns,
			    n % 800 == 399 ? "busy" : "timed_out",
			    "too many \"jobs\" <here>");
		else
			load_tally_done(tally, &job, &times);
	}
}

/* A run of that; fixture_free() is due. */
static inline void
fixture_make(struct fixture *fixture, uint64_t seed, double factor)
{
	struct load_report *report = &fixture->report;
	struct load_tally tally;

	fixture_script(&fixture->script, seed);
	ck_assert_int_eq(load_report_init(report, &fixture->script), 0);
	ck_assert_int_eq(load_tally_init(&tally, &fixture->script), 0);
	fixture_run(&tally, seed, factor);
	ck_assert_int_eq(load_tally_settle(&tally, report), 0);
	load_tally_free(&tally);
	report->server = "127.0.0.1:4453";
	snprintf(report->gild, sizeof(report->gild), "0.1.0");
	report->cpus = 2;
	report->started_unix_ms = UINT64_C(1795780800000);
	report->connections = fixture->script.connections;
	report->threads = fixture->script.threads;
	report->generator = (struct load_generator){
	    .cpu_share = 0.25,
	    .busiest_share = 0.5,
	    .n_sentences = 1,
	    .sentences = {"9 jobs were sent more than 1 ms late & <so on>."},
	};
	report->weather = (struct weather){.cpus = 2, .busy = 0.02};
	load_expect_judge(report, fixture->script.expectations,
	    fixture->script.n_expectations);
}

/*
 * The same of one worker that has a job in `load` of its time, as from a queue:
 * jobs come by chance, take exponentially long, and wait for each other.
 */
static inline void
fixture_queue(struct fixture *fixture, uint64_t seed, double load)
{
	struct load_report *report = &fixture->report;
	struct load_tally tally;
	struct chance chance;
	double free_ns = 0, at_ns = 0;

	fixture_script(&fixture->script, seed);
	chance_init(&chance, seed);
	ck_assert_int_eq(load_report_init(report, &fixture->script), 0);
	ck_assert_int_eq(load_tally_init(&tally, &fixture->script), 0);
	for (;;) {
		struct load_job job = {.phase = 1};
		struct load_times times = {.workers = 1};

		at_ns += -1e6 * log(chance_real(&chance));
		if (at_ns >= (double)load_script_duration_ns(&fixture->script))
			break;
		if (at_ns > free_ns)
			free_ns = at_ns;
		times.queue_ns = (uint64_t)(free_ns - at_ns);
		free_ns += -1e6 * load * log(chance_real(&chance));
		job.at_ns = times.sent_ns = (uint64_t)at_ns;
		times.received_ns = (uint64_t)free_ns;
		times.total_ns = times.received_ns - job.at_ns;
		times.wall_ns = times.total_ns - times.queue_ns;
		load_tally_scheduled(&tally, &job);
		load_tally_sent(&tally, &job, job.at_ns);
		load_tally_done(&tally, &job, &times);
	}
	ck_assert_int_eq(load_tally_settle(&tally, report), 0);
	load_tally_free(&tally);
}

static inline void
fixture_free(struct fixture *fixture)
{
	load_report_free(&fixture->report);
}

#endif
