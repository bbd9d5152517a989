/*
 * Owns: the notation of the load on a command line, which is a script's in
 * short: a list of rates is a list of phases.
 */
#include "client/load_flags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/count.h"
#include "client/range.h"
#include "client/when.h"

#define ITEM_CHARS 63
#define DEFAULT_DURATION "10s"
#define SEARCH_DURATION "5s"
#define SEARCH_RATE "100"
#define DEFAULT_COUNT UINT64_C(1)
#define SEEDS 1000000 /* one that is made up has six digits */

static enum outcome
refuse(const struct context *context, const char *option, const char *why)
{
	command_complain(context->command, "--%s: %s", option, why);
	return OUTCOME_USAGE;
}

/* Copies what is before the comma and moves *text behind it; -1: too long. */
static int
take_item(const char **text, char item[ITEM_CHARS + 1])
{
	size_t length = strcspn(*text, ",");

	if (length > ITEM_CHARS)
		return -1;
	memcpy(item, *text, length);
	item[length] = '\0';
	*text += length;
	if (**text == ',')
		++*text;
	return 0;
}

static size_t
count_items(const char *text)
{
	size_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

static enum outcome
read_duration(const struct context *context, const char *option,
    const char *text, uint64_t min_us, uint64_t *duration_ns)
{
	char why[RANGE_ERROR_CHARS + 1];
	struct range range;

	if (range_parse_durations_us(
		text, min_us, LOAD_MAX_DURATION_MS * 1000, &range, why) == -1)
		return refuse(context, option, why);
	if (range.n != 1)
		return refuse(context, option,
		    "one duration is needed here: write 500ms or 10s");
	*duration_ns = range.values[0] * 1000;
	return OUTCOME_FINE;
}

/* "1000" or "100..1000" */
static enum outcome
read_rates(const struct context *context, char *item, struct load_phase *phase)
{
	char *dots = strstr(item, "..");
	char why[COUNT_ERROR_CHARS + 1];
	uint64_t from, to;

	if (*item == '\0' || dots == item || (dots != NULL && dots[2] == '\0'))
		return refuse(context, "rate",
		    "a rate is missing: write 1000, 100..1000, or several of "
		    "them with commas between");
	if (dots != NULL)
		*dots = '\0';
	if (count_parse(item, 1, (uint64_t)LOAD_MAX_RATE, &from, why) == -1)
		return refuse(context, "rate", why);
	to = from;
	if (dots != NULL &&
	    count_parse(dots + 2, 1, (uint64_t)LOAD_MAX_RATE, &to, why) == -1)
		return refuse(context, "rate", why);
	phase->from_rate = (double)from;
	phase->to_rate = (double)to;
	return OUTCOME_FINE;
}

/* Of the list of durations the next one, or the last again. */
static enum outcome
next_duration(const struct context *context, const char **list,
    char item[ITEM_CHARS + 1], uint64_t *duration_ns)
{
	if (**list != '\0' && take_item(list, item) == -1)
		return refuse(context, "for", "a duration is not that long");
	return read_duration(context, "for", item, 1000, duration_ns);
}

static enum outcome
read_phases(const struct context *context, const char *rates,
    const char *durations, struct load_script *script)
{
	char duration[ITEM_CHARS + 1] = "";
	size_t n = count_items(rates != NULL ? rates : durations);
	size_t n_durations = count_items(durations);

	if (n > LOAD_MAX_PHASES)
		return refuse(context, "rate", "more than 64 phases");
	if (n_durations != 1 && n_durations != n)
		return refuse(context, "for",
		    "give one duration for all phases, or one for each");
	for (size_t i = 0; i < n; i++) {
		struct load_phase *phase = &script->phases[i];
		char item[ITEM_CHARS + 1] = "";
		enum outcome outcome = OUTCOME_FINE;

		if (rates != NULL && take_item(&rates, item) == -1)
			return refuse(
			    context, "rate", "a rate is not that long");
		if (*item != '\0' || script->mode == LOAD_OPEN)
			outcome = read_rates(context, item, phase);
		if (outcome == OUTCOME_FINE)
			outcome = next_duration(
			    context, &durations, duration, &phase->duration_ns);
		if (outcome != OUTCOME_FINE)
			return outcome;
	}
	script->n_phases = n;
	return OUTCOME_FINE;
}

static enum outcome
read_arrival(
    const struct context *context, const char *text, struct load_script *script)
{
	if (text == NULL)
		return OUTCOME_FINE;
	if (script->mode == LOAD_CLOSED)
		return refuse(context, "arrival",
		    "a closed loop has none: its clients wait for their "
		    "answers");
	if (strcmp(text, "poisson") == 0)
		script->arrival = LOAD_POISSON;
	else if (strcmp(text, "uniform") == 0)
		script->arrival = LOAD_UNIFORM;
	else
		return refuse(context, "arrival", "write poisson or uniform");
	return OUTCOME_FINE;
}

static enum outcome
read_job(const struct context *context, const struct load_settings *settings,
    struct load_script *script)
{
	struct load_class *class = &script->classes[0];
	char count[24];

	snprintf(count, sizeof(count), "%" PRIu64,
	    settings->count != 0 ? settings->count : DEFAULT_COUNT);
	script->n_classes = 1;
	class->weight = 1;
	strcpy(class->name, "job");
	return submit_make_request(
	    context, &settings->job, count, &class->request);
}

/* The load itself is what the options say. */
static enum outcome
read_load(const struct context *context, const struct load_settings *settings,
    struct load_script *script)
{
	bool is_search = settings->find_max != NULL;
	const char *rate = settings->rate;
	const char *duration = settings->duration;
	enum outcome outcome;

	if (rate == NULL && settings->clients == 0 && is_search)
		rate = SEARCH_RATE;
	if (rate != NULL && settings->clients != 0)
		return refuse(context, "clients",
		    "does not go with --rate: clients send when they have "
		    "their answers");
	if (rate == NULL && settings->clients == 0) {
		command_complain(context->command,
		    "how much? Give --rate 1000 (jobs a second), --clients 8 "
		    "(that wait for their answers) or a script");
		return OUTCOME_USAGE;
	}
	if (duration == NULL)
		duration = is_search ? SEARCH_DURATION : DEFAULT_DURATION;
	script->mode = rate != NULL ? LOAD_OPEN : LOAD_CLOSED;
	script->clients = (uint32_t)settings->clients;
	script->in_flight = (uint32_t)settings->in_flight;
	outcome = read_phases(context, rate, duration, script);
	if (outcome == OUTCOME_FINE)
		outcome = read_arrival(context, settings->arrival, script);
	if (outcome == OUTCOME_FINE && settings->warm_up != NULL)
		outcome = read_duration(context, "warm-up", settings->warm_up,
		    0, &script->warm_up_ns);
	if (outcome == OUTCOME_FINE)
		outcome = read_job(context, settings, script);
	return outcome;
}

/* What a script says already. */
static enum outcome
check_beside(
    const struct context *context, const struct load_settings *settings)
{
	const struct submit_settings *job = &settings->job;
	const struct {
		const char *option;
		bool is_given;
	} rows[] = {
	    {"rate", settings->rate != NULL},
	    {"for", settings->duration != NULL},
	    {"clients", settings->clients != 0},
	    {"in-flight", settings->in_flight != 0},
	    {"arrival", settings->arrival != NULL},
	    {"warm-up", settings->warm_up != NULL},
	    {"find-max", settings->find_max != NULL},
	    {"count", settings->count != 0},
	    {"pool", job->pool != NULL},
	    {"workers", job->workers != SUBMIT_NOT_GIVEN},
	    {"cost", job->cost_ns != SUBMIT_NOT_GIVEN},
	    {"profile", job->profile != NULL},
	    {"io-every", job->io_every != SUBMIT_NOT_GIVEN},
	    {"io-for", job->io_for_us != SUBMIT_NOT_GIVEN},
	    {"priority", job->priority != SUBMIT_NOT_GIVEN},
	    {"timeout", job->timeout_ms != SUBMIT_NOT_GIVEN},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_given)
			return refuse(context, rows[i].option,
			    "does not go with a script, which says that "
			    "itself");
	return OUTCOME_FINE;
}

/* Where: in a file "script.json: phases[1].rate", else what option it is. */
static enum outcome
complain_script(const struct context *context, const char *path,
    const struct rpc_error *error)
{
	char option[sizeof(error->field)];

	if (path != NULL) {
		command_complain(context->command, "%.80s%s%s: %s", path,
		    error->field[0] != '\0' ? ": " : "", error->field,
		    error->detail);
		return OUTCOME_USAGE;
	}
	/* in_flight is --in-flight. */
	strcpy(option, error->field);
	for (char *at = option; *at != '\0'; at++)
		if (*at == '_')
			*at = '-';
	return refuse(context, option, error->detail);
}

static enum outcome
read_expect(const struct context *context, const char *text,
    struct load_script *script, const char *option)
{
	char why[LOAD_EXPECT_ERROR_CHARS + 1];

	if (text == NULL)
		return OUTCOME_FINE;
	if (load_expect_parse(
		text, script->expectations, &script->n_expectations, why) == -1)
		return refuse(context, option, why);
	return OUTCOME_FINE;
}

static enum outcome
check_search(const struct context *context,
    const struct load_settings *settings, const struct load_script *script)
{
	if (settings->find_max == NULL)
		return OUTCOME_FINE;
	if (settings->expect != NULL)
		return refuse(context, "find-max",
		    "does not go with --expect: it is one itself");
	if (script->mode != LOAD_OPEN || script->n_phases != 1 ||
	    script->phases[0].from_rate < script->phases[0].to_rate ||
	    script->phases[0].from_rate > script->phases[0].to_rate)
		return refuse(context, "find-max",
		    "goes with one --rate, which is where it begins");
	return OUTCOME_FINE;
}

enum outcome
load_flags_read(const struct context *context,
    const struct load_settings *settings, const char *path,
    struct load_script *script)
{
	enum outcome outcome = OUTCOME_FINE;
	struct rpc_error error;

	load_script_init(script);
	if (path == NULL) {
		outcome = read_load(context, settings, script);
	} else {
		outcome = check_beside(context, settings);
		if (outcome == OUTCOME_FINE &&
		    load_script_read(path, script, &error) == -1)
			return complain_script(context, path, &error);
	}
	if (outcome == OUTCOME_FINE)
		outcome =
		    read_expect(context, settings->expect, script, "expect");
	if (outcome == OUTCOME_FINE)
		outcome = read_expect(
		    context, settings->find_max, script, "find-max");
	if (outcome == OUTCOME_FINE)
		outcome = check_search(context, settings, script);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (settings->connections != 0)
		script->connections = (uint32_t)settings->connections;
	if (settings->threads != 0)
		script->threads = (uint32_t)settings->threads;
	if (settings->seed != LOAD_NO_SEED)
		script->seed = settings->seed;
	if (script->seed == LOAD_NO_SEED)
		script->seed = when_now_ms() % SEEDS;
	if (load_script_settle(script, &error) == -1)
		return complain_script(context, path, &error);
	return OUTCOME_FINE;
}
