/*
 * gilctl set: changes a pool's parameters while it runs. Which parameters there
 * are, and what they may be, the server knows; here they are NAME=NUMBER.
 */
#include "client/command.h"

#include <string.h>

#include "client/count.h"
#include "client/show.h"
#include "client/talk.h"
#include "proto/request.h"

/* "interval_us=500" into params. */
static enum outcome
add_parameter(
    const struct context *context, json_t *params, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char error[COUNT_ERROR_CHARS + 1];
	char name[64];
	uint64_t value;

	if (equals == NULL || equals == assignment ||
	    (size_t)(equals - assignment) >= sizeof(name)) {
		command_complain(context->command,
		    "\"%.80s\" sets nothing: write NAME=NUMBER, such as "
		    "interval_us=500",
		    assignment);
		return OUTCOME_USAGE;
	}
	memcpy(name, assignment, (size_t)(equals - assignment));
	name[equals - assignment] = '\0';
	if (count_parse(equals + 1, 0, REQUEST_MAX_INTEGER, &value, error) ==
	    -1) {
		command_complain(context->command, "%s: %s", name, error);
		return OUTCOME_USAGE;
	}
	if (json_object_get(params, name) != NULL) {
		command_complain(context->command, "%s is given twice", name);
		return OUTCOME_USAGE;
	}
	if (json_object_set_new(
		params, name, json_integer((json_int_t)value)) == -1)
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
    .operands = "POOL NAME=NUMBER",
    .min_operands = 2,
    .max_operands = 8,
    .summary = "Change a pool while it runs: interval_us=N",
    .notes =
	"interval_us is the switch interval of a threads pool's lock, in "
	"microseconds:\nhow long a thread waits before it asks the one "
	"that holds the lock to give it up.\nThe change holds at once, and "
	"until the server ends.\n",
    .run = run_set,
};
