/*
 * Owns: the steps of a search. A rate holds where all that was expected is met
 * and the server did as many jobs as it was sent: one that falls behind would
 * sooner or later break every expectation, and must not pass since the run is
 * short.
 */
#include "client/load_search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/load_bracket.h"
#include "client/talk.h"
#include "client/units.h"

#define HELD_SHARE 0.95 /* of what was scheduled: done in time */
#define MAX_UNDER_WAY 2 /* jobs, at the end of a run of however few */

static bool
is_held(const struct load_report *report)
{
	double scheduled =
	    load_rate(report->counts.scheduled, report->measured_ns);

	for (size_t i = 0; i < report->n_expectations; i++)
		if (!report->expectations[i].is_met)
			return false;
	return report->rate + load_rate(MAX_UNDER_WAY, report->measured_ns) >=
	    scheduled * HELD_SHARE;
}

static void
note_step(struct load_step *step, const struct load_report *report, double rate)
{
	*step = (struct load_step){
	    .rate = rate,
	    .done_rate = report->rate,
	    .is_met = is_held(report),
	    .busiest_share = report->generator.busiest_share,
	    .late_share = report->generator.late_share,
	    .is_bottleneck = report->generator.is_bottleneck,
	};
	for (size_t i = 0; i < report->n_expectations; i++) {
		step->actual[i] = report->expectations[i].actual;
		step->is_known[i] = report->expectations[i].is_known;
	}
}

/* The report of the last run becomes the search's, with the script it is of. */
static void
keep(struct load_search *search, const struct load_script *script,
    struct load_report *report)
{
	load_report_free(&search->report);
	search->script = *script;
	search->report = *report;
	search->report.script = &search->script;
	for (size_t i = 0; i < report->n_expectations; i++)
		search->report.expectations[i].expectation =
		    &search->script.expectations[i];
	*report = (struct load_report){0};
}

static enum outcome
run_step(const struct context *context, struct load_script *script,
    const struct load_server *server, double rate, struct load_report *report)
{
	char label[64];

	script->phases[0].from_rate = rate;
	script->phases[0].to_rate = rate;
	snprintf(
	    label, sizeof(label), "try %s/s", units_count((uint64_t)rate).text);
	return load_drive(context, script, server, label, report);
}

enum outcome
load_search(const struct context *context, const struct load_script *script,
    const struct load_server *server, struct load_search *search)
{
	struct load_step *steps = calloc(LOAD_MAX_STEPS, sizeof(steps[0]));
	struct load_script current = *script;
	struct load_bracket bracket;
	enum outcome outcome;
	size_t n_steps = 0;
	bool goes_on = true;

	search->script = *script;
	search->report = (struct load_report){0};
	if (steps == NULL)
		return talk_no_memory(context);
	load_bracket_init(&bracket, script->phases[0].from_rate);
	do {
		double rate = bracket.rate;
		struct load_report report;

		outcome = run_step(context, &current, server, rate, &report);
		if (outcome == OUTCOME_FINE) {
			note_step(&steps[n_steps], &report, rate);
			goes_on =
			    load_bracket_tell(&bracket, steps[n_steps].is_met);
			if (steps[n_steps++].is_met || bracket.holds <= 0)
				keep(search, &current, &report);
		} else if (outcome == OUTCOME_INTERRUPTED && n_steps == 0) {
			keep(search, &current, &report);
		}
		load_report_free(&report);
	} while (outcome == OUTCOME_FINE && goes_on);
	search->report.steps = steps;
	search->report.n_steps = n_steps;
	search->report.best_rate = bracket.holds;
	search->report.is_interrupted |= outcome == OUTCOME_INTERRUPTED;
	if (search->report.script == NULL)
		free(steps);
	return outcome;
}

void
load_search_free(struct load_search *search)
{
	load_report_free(&search->report);
}
