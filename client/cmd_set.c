/*
 * gilctl set: changes a pool's parameters while it runs. Which parameters there
 * are, and what they may be, the server knows; here a value is a number, a
 * switch that is on or off, or a word; and a duration, such as 5ms, where the
 * name ends in its unit, _us.
 */
#include "client/command.h"

#include <string.h>

#include "client/count.h"
#include "client/range.h"
#include "client/show.h"
#include "client/talk.h"
#include "proto/request.h"

static bool
is_duration(const char *name)
{
	size_t length = strlen(name);

	return length > 3 && strcmp(name + length - 3, "_us") == 0;
}

/* A new reference; NULL with error filled in. */
static json_t *
read_value(
    const char *name, const char *text, char error[COUNT_ERROR_CHARS + 1])
{
	static const char *const switches[] = {"false", "true", "off", "on"};
	char no_duration[RANGE_ERROR_CHARS + 1];
	struct range range;
	json_t *word;
	uint64_t value;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (strcmp(text, switches[i]) == 0)
			return json_boolean(i % 2);
	if (*text >= 'a' && *text <= 'z') {
		word = json_string(text);
		if (word == NULL)
			strcpy(error, "is not written so");
		return word;
	}
	if (is_duration(name) &&
	    range_parse_durations_us(text, 0, REQUEST_MAX_INTEGER / 1000,
		&range, no_duration) == 0 &&
	    range.n == 1)
		return json_integer((json_int_t)range.values[0]);
	if (count_parse(text, 0, REQUEST_MAX_INTEGER, &value, error) == -1)
		return NULL;
	return json_integer((json_int_t)value);
}

/* "interval_us=500" into params. */
static enum outcome
add_parameter(
    const struct context *context, json_t *params, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char error[COUNT_ERROR_CHARS + 1] = "out of memory";
	char name[64];
	json_t *value;

	if (equals == NULL || equals == assignment ||
	    (size_t)(equals - assignment) >= sizeof(name)) {
		command_complain(context->command,
		    "\"%.80s\" sets nothing: write NAME=VALUE, such as "
		    "interval_us=500 or policy=fair",
		    assignment);
		return OUTCOME_USAGE;
	}
	memcpy(name, assignment, (size_t)(equals - assignment));
	name[equals - assignment] = '\0';
	if (json_object_get(params, name) != NULL) {
		command_complain(context->command, "%s is given twice", name);
		return OUTCOME_USAGE;
	}
	value = read_value(name, equals + 1, error);
	if (value == NULL) {
		command_complain(context->command, "%s: %s", name, error);
		return OUTCOME_USAGE;
	}
	if (json_object_set_new(params, name, value) == -1)
		return talk_no_memory(context);
	return OUTCOME_FINE;
}

static enum outcome
run_set(const struct context *context, const void *settings, char **operands)
{
	json_t *params = json_pack("{s:s}", "pool", operands[0]);
	enum outcome outcome = OUTCOME_FINE;
	json_t *pool = NULL, *pools;

	(void)settings;
	if (params == NULL) {
		command_complain(
		    context->command, "a pool's name is not written so");
		return OUTCOME_USAGE;
	}
	for (char **at = operands + 1; *at != NULL && outcome == OUTCOME_FINE;
	     at++)
		outcome = add_parameter(context, params, *at);
	if (outcome != OUTCOME_FINE) {
		json_decref(params);
		return outcome;
	}
	outcome = talk_ask_once(context, "pool.set", params, &pool);
	if (outcome != OUTCOME_FINE)
		return outcome;
	if (context->format == FORMAT_JSON) {
		outcome = show_json(context, pool);
	} else {
		pools = json_pack("[O]", pool);
		outcome = show_pools(context, pools);
		json_decref(pools);
	}
	json_decref(pool);
	return outcome;
}

const struct command command_set = {
    .name = "set",
    .operands = "POOL NAME=VALUE...",
    .min_operands = 2,
    .max_operands = 10,
    .summary = "Change a pool while it runs: interval_us=N, policy=fair",
    .notes =
	"  policy=WORD       interval, ticks, hold or fair, or a preset: ruby, "
	"ocaml\n"
	"  interval_us=N     of interval: how long one waits before it asks\n"
	"  force=on|off      of interval: who obeys waits until another had "
	"it\n"
	"  check_interval=N  of ticks: turns between two releases\n"
	"  quantum_us=N      of fair: how long one may hold the lock\n"
	"  timer_us=N        of fair: how often that is looked at\n"
	"  overhead_pct=N    of a pool without a lock: extra work in each "
	"turn\n"
	"  events=on|off     record what happens at the lock\n"
	"  affinity=WORD     none, spread or one\n\n"
	"A time may have a unit: interval_us=5ms. The change holds at once, "
	"and until the\nserver ends or reloads.\n",
    .run = run_set,
};
