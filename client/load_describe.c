/* Owns: a load run in one line. Pure. */
#include "client/load_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/units.h"

/* "2,000", "0.5": jobs a second. */
static struct units_text
rate_text(double rate)
{
	struct units_text few;

	if (rate >= 10)
		return units_count((uint64_t)(rate + 0.5));
	snprintf(few.text, sizeof(few.text), "%.3g", rate);
	return few;
}

static void
describe_phase(const struct load_script *script, char *text, size_t size)
{
	const struct load_phase *phase = &script->phases[0];
	struct units_text length = units_duration(phase->duration_ns);

	if (script->mode == LOAD_CLOSED)
		snprintf(text, size,
		    "%s client%s, %" PRIu32 " job%s at a time each, for %s",
		    units_count(phase->clients).text,
		    phase->clients == 1 ? "" : "s", script->in_flight,
		    script->in_flight == 1 ? "" : "s", length.text);
	else if (phase->from_rate < phase->to_rate ||
	    phase->from_rate > phase->to_rate)
		snprintf(text, size, "From %s to %s jobs a second in %s",
		    rate_text(phase->from_rate).text,
		    rate_text(phase->to_rate).text, length.text);
	else
		snprintf(text, size, "%s jobs a second for %s",
		    rate_text(phase->from_rate).text, length.text);
}

void
load_describe(const struct load_script *script, char *text, size_t size)
{
	uint64_t measured_ns =
	    load_script_duration_ns(script) - script->warm_up_ns;

	if (script->title[0] != '\0')
		snprintf(text, size, "%s", script->title);
	else if (script->n_phases == 1)
		describe_phase(script, text, size);
	else
		snprintf(text, size, "%zu phases of a load, %s",
		    script->n_phases, units_duration(measured_ns).text);
}

void
load_describe_setting(const struct load_report *report, char *text, size_t size)
{
	const struct load_script *script = report->script;
	const char *loop = script->mode == LOAD_CLOSED ? "closed loop"
	    : script->arrival == LOAD_POISSON	       ? "open loop, Poisson"
						       : "open loop, uniform";

	snprintf(text, size,
	    "gild %s on %" PRIu32 " CPU%s; %s, %" PRIu32
	    " connection%s, %" PRIu32 " thread%s, seed %" PRIu64,
	    report->gild, report->cpus, report->cpus == 1 ? "" : "s", loop,
	    report->connections, report->connections == 1 ? "" : "s",
	    report->threads, report->threads == 1 ? "" : "s", script->seed);
	term_tame(text);
}
