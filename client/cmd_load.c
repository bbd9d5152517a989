/*
 * gilctl load: sends jobs as a script says, at a rate or from a number of
 * clients, and tells what came of it. What the words mean is said in
 * load_script.h and load_report.h; here are the options, and the order of
 * things.
 */
#include "client/command.h"

#include <stdlib.h>

#include "client/load_drive.h"
#include "client/load_flags.h"
#include "client/load_output.h"
#include "client/load_search.h"
#include "client/talk.h"

/*
 * What was expected decides; where nothing was, one job that failed is enough
 * to be told of.
 */
static enum outcome
judge(const struct load_report *report)
{
	if (report->n_steps > 0)
		return report->best_rate > 0 ? OUTCOME_FINE
					     : OUTCOME_UNEXPECTED;
	for (size_t i = 0; i < report->n_expectations; i++)
		if (!report->expectations[i].is_met)
			return OUTCOME_UNEXPECTED;
	if (report->n_expectations > 0 || report->counts.failed == 0)
		return OUTCOME_FINE;
	return OUTCOME_NOT_DONE;
}

/* A run, or a search, that has been made: its outputs and its exit status. */
static enum outcome
conclude(const struct context *context, const struct load_settings *settings,
    const struct load_report *report, enum outcome outcome)
{
	const struct load_files files = {settings->html, settings->hgrm};
	enum outcome printed;

	if (outcome != OUTCOME_FINE && outcome != OUTCOME_INTERRUPTED)
		return outcome;
	if (report->script == NULL)
		return outcome;
	printed = load_output(context, report, &files);
	if (outcome != OUTCOME_FINE)
		return outcome;
	return printed != OUTCOME_FINE ? printed : judge(report);
}

static enum outcome
run_once(const struct context *context, const struct load_settings *settings,
    const struct load_script *script, const struct load_server *server)
{
	struct load_report report;
	enum outcome outcome =
	    load_drive(context, script, server, "load", &report);

	outcome = conclude(context, settings, &report, outcome);
	load_report_free(&report);
	return outcome;
}

static enum outcome
run_search(const struct context *context, const struct load_settings *settings,
    const struct load_script *script, const struct load_server *server)
{
	struct load_search *search = calloc(1, sizeof(*search));
	enum outcome outcome;

	if (search == NULL)
		return talk_no_memory(context);
	outcome = load_search(context, script, server, search);
	outcome = conclude(context, settings, &search->report, outcome);
	load_search_free(search);
	free(search);
	return outcome;
}

static enum outcome
run_load(
    const struct context *context, const void *settings_given, char **operands)
{
	const struct load_settings *settings = settings_given;
	struct load_script *script = calloc(1, sizeof(*script));
	const struct load_files files = {settings->html, settings->hgrm};
	struct load_server server;
	enum outcome outcome;

	if (script == NULL)
		return talk_no_memory(context);
	outcome = load_flags_read(context, settings, operands[0], script);
	if (outcome == OUTCOME_FINE)
		outcome = load_output_check(context, &files);
	if (outcome == OUTCOME_FINE)
		outcome = load_drive_meet(context, script, &server);
	if (outcome == OUTCOME_FINE)
		outcome = settings->find_max != NULL
		    ? run_search(context, settings, script, &server)
		    : run_once(context, settings, script, &server);
	free(script);
	return outcome;
}

static const struct load_settings defaults = {
    .job = {SUBMIT_NOTHING_GIVEN, .repeat = 1},
    .seed = LOAD_NO_SEED,
};

#define AT(member) offsetof(struct load_settings, member)

static const struct option_row options[] = {
    {"rate", 'r', "RATE", OPTION_TEXT, AT(rate), 0, 0,
	"jobs a second: 1000; a ramp 100..1000; or a\n"
	"list of them: 100,200,200..1000"},
    {"clients", 'c', "N", OPTION_NUMBER, AT(clients), 1, LOAD_MAX_CLIENTS,
	"instead: N that wait for their answers"},
    {"for", 0, "TIME", OPTION_TEXT, AT(duration), 0, 0,
	"how long, such as 500ms or 10s (10s); or a\nlist, for each rate"},
    {"in-flight", 0, "N", OPTION_NUMBER, AT(in_flight), 1, LOAD_MAX_IN_FLIGHT,
	"jobs at a time, of each client (1); with --rate\n"
	"of all, and more are skipped (10000)"},
    {"arrival", 0, "NAME", OPTION_TEXT, AT(arrival), 0, 0,
	"when jobs come: poisson or uniform (poisson)"},
    {"warm-up", 0, "TIME", OPTION_TEXT, AT(warm_up), 0, 0,
	"before it, and not counted (500ms)"},
    {"connections", 0, "N", OPTION_NUMBER, AT(connections), 1,
	LOAD_MAX_CONNECTIONS, "to the server (4; one for each client)"},
    {"threads", 0, "N", OPTION_NUMBER, AT(threads), 1, LOAD_MAX_THREADS,
	"of gilctl (one for four CPUs)"},
    {"count", 'n', "COUNT", OPTION_NUMBER, AT(count), 1, REQUEST_MAX_COUNT,
	"turns of a job (1)"},
    {"pool", 'p', "POOL", OPTION_TEXT, AT(job.pool), 0, 0,
	"the pool that runs it (processes)"},
    {"workers", 'w', "WORKERS", OPTION_NUMBER, AT(job.workers), 1, UINT32_MAX,
	"parts that the count is split into (1)"},
    {"cost", 0, "NS", OPTION_NUMBER, AT(job.cost_ns), 0, REQUEST_MAX_COST_NS,
	"work in each turn, in nanoseconds (0)"},
    {"profile", 0, "NAME", OPTION_TEXT, AT(job.profile), 0, 0,
	"cpu, native or io (cpu)"},
    {"io-every", 0, "TURNS", OPTION_NUMBER, AT(job.io_every), 1,
	REQUEST_MAX_COUNT, "of io: turns before each sleep"},
    {"io-for", 0, "US", OPTION_NUMBER, AT(job.io_for_us), 1,
	REQUEST_MAX_IO_FOR_US, "of io: how long it sleeps, in microseconds"},
    {"priority", 0, "N", OPTION_NUMBER, AT(job.priority), 0,
	REQUEST_PRIORITIES - 1, "0 to 9, and 9 is served first (4)"},
    {"timeout", 0, "MS", OPTION_NUMBER, AT(job.timeout_ms), 0,
	REQUEST_MAX_TIMEOUT_MS,
	"give a job up MS ms after its arrival (0: never)"},
    {"seed", 0, "N", OPTION_NUMBER, AT(seed), 0, REQUEST_MAX_INTEGER,
	"the same moments and jobs as an earlier run"},
    {"expect", 'e', "LIST", OPTION_TEXT, AT(expect), 0, 0,
	"exit with 5 if it is not so:\n"
	"'p99<20ms,errors=0,lost_to_lock<5%'"},
    {"find-max", 0, "LIST", OPTION_TEXT, AT(find_max), 0, 0,
	"the highest rate at which it is so: 'p99<10ms'"},
    {"html", 0, "FILE", OPTION_TEXT, AT(html), 0, 0,
	"write a page about the run, with its pictures"},
    {"hgrm", 0, "FILE", OPTION_TEXT, AT(hgrm), 0, 0,
	"write its percentiles for HdrHistogram's plotters"},
    {0},
};

const struct command command_load = {
    .name = "load",
    .operands = "[SCRIPT]",
    .max_operands = 1,
    .summary = "Send jobs at a rate, and tell how long they took",
    .notes =
	"SCRIPT is a file in JSON, - for standard input: phases and a mix of "
	"jobs; see\ngilctl(1). Latency counts from the moment a job was "
	"scheduled for, so that a\nserver that stalls cannot hide it.\n",
    .options = options,
    .settings_size = sizeof(struct load_settings),
    .defaults = &defaults,
    .run = run_load,
};
