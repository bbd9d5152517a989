/*
 * What the options of gilctl submit say: as one job's request, and as params
 * that a stream's lines may leave out. And the keys that it makes up.
 */
#include "client/submit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/count.h"
#include "client/named.h"
#include "client/show.h"
#include "client/talk.h"
#include "client/when.h"
#include "proto/jobid.h"

enum outcome
submit_make_keys(const struct context *context, struct submit_keys *keys)
{
	struct job_id_source source;

	if (job_id_source_init(&source, 0) == -1) {
		command_complain(
		    context->command, "no random bytes: %s", strerror(errno));
		return OUTCOME_NOT_DONE;
	}
	job_id_format(job_id_next(&source, when_now_ms()), keys->base);
	return OUTCOME_FINE;
}

void
submit_write_key(const struct submit_keys *keys, uint64_t number,
    char key[REQUEST_KEY_CHARS + 1])
{
	snprintf(key, REQUEST_KEY_CHARS + 1, "%s/%" PRIu64, keys->base, number);
}

uint64_t
submit_retry_for_ms(const struct submit_settings *settings, bool has_keys)
{
	if (settings->retry_for_ms != SUBMIT_NOT_GIVEN)
		return settings->retry_for_ms;
	return has_keys ? SUBMIT_RETRY_FOR_MS : 0;
}

/* What the task does with the lock: all of it, or none. */
static enum outcome
read_profile(const struct context *context,
    const struct submit_settings *settings, struct job_request *request)
{
	bool has_every = settings->io_every != SUBMIT_NOT_GIVEN;
	bool has_for = settings->io_for_us != SUBMIT_NOT_GIVEN;
	bool is_io;

	if (settings->profile != NULL &&
	    job_profile_parse(settings->profile, &request->profile) != 0) {
		command_complain(context->command,
		    "--profile: \"%.40s\" is none: write cpu, native or io",
		    settings->profile);
		return OUTCOME_USAGE;
	}
	is_io = request->profile == PROFILE_IO;
	if (has_every != is_io || has_for != is_io) {
		command_complain(context->command,
		    is_io ? "--profile io needs --io-every and --io-for"
			  : "--io-every and --io-for go with --profile io");
		return OUTCOME_USAGE;
	}
	if (is_io) {
		request->io_every = settings->io_every;
		request->io_for_us = settings->io_for_us;
	}
	return OUTCOME_FINE;
}

static enum outcome
read_key(const struct context *context, const struct submit_settings *settings,
    struct job_request *request)
{
	if (settings->key == NULL)
		return OUTCOME_FINE;
	if (named_check_key(context, settings->key) != OUTCOME_FINE)
		return OUTCOME_USAGE;
	if (settings->repeat > 1) {
		command_complain(context->command,
		    "--repeat does not go with --key, which stands for one "
		    "job: use --resume");
		return OUTCOME_USAGE;
	}
	strcpy(request->key, settings->key);
	return OUTCOME_FINE;
}

enum outcome
submit_make_request(const struct context *context,
    const struct submit_settings *settings, const char *count,
    struct job_request *request)
{
	char error[COUNT_ERROR_CHARS + 1];

	job_request_init(request);
	if (count_parse(count, 1, REQUEST_MAX_COUNT, &request->count, error) ==
	    -1) {
		command_complain(context->command, "COUNT: %s", error);
		return OUTCOME_USAGE;
	}
	if (settings->pool != NULL) {
		if (!pool_name_is_valid(settings->pool)) {
			command_complain(context->command,
			    "--pool: \"%.40s\" is no pool's name: 1 to %d of "
			    "a-z, 0-9, '-' and '_', a letter first",
			    settings->pool, POOL_NAME_CHARS);
			return OUTCOME_USAGE;
		}
		strcpy(request->pool, settings->pool);
	}
	if (settings->workers != SUBMIT_NOT_GIVEN)
		request->workers = (uint32_t)settings->workers;
	if (settings->cost_ns != SUBMIT_NOT_GIVEN)
		request->cost_ns = settings->cost_ns;
	if (settings->timeout_ms != SUBMIT_NOT_GIVEN)
		request->timeout_ms = settings->timeout_ms;
	if (settings->priority != SUBMIT_NOT_GIVEN)
		request->priority = (uint32_t)settings->priority;
	if (settings->start_after_ms != SUBMIT_NOT_GIVEN)
		request->start_after_ms = settings->start_after_ms;
	request->detach = settings->is_detached;
	if (read_key(context, settings, request) != OUTCOME_FINE)
		return OUTCOME_USAGE;
	return read_profile(context, settings, request);
}

enum outcome
submit_learn_limit(
    const struct context *context, struct gil *gil, uint64_t *in_flight)
{
	json_t *info;
	enum outcome outcome =
	    talk_ask(context, gil, "server.info", json_object(), &info);
	uint64_t limit;

	if (outcome != OUTCOME_FINE)
		return outcome;
	limit = show_number(json_object_get(info, "limits"), "max_in_flight");
	if (limit > 0 && limit < *in_flight)
		*in_flight = limit;
	json_decref(info);
	return OUTCOME_FINE;
}

/* Adds what was given. Returns -1 when memory ran out. */
static int
add_number(json_t *object, const char *name, uint64_t number)
{
	if (number == SUBMIT_NOT_GIVEN)
		return 0;
	return json_object_set_new(
	    object, name, json_integer((json_int_t)number));
}

static int
add_text(json_t *object, const char *name, const char *text)
{
	if (text == NULL)
		return 0;
	return json_object_set_new(object, name, json_string(text));
}

json_t *
submit_make_defaults(const struct submit_settings *settings)
{
	json_t *defaults = json_object();
	int failed = 0;

	failed |= add_text(defaults, "pool", settings->pool);
	failed |= add_number(defaults, "workers", settings->workers);
	failed |= add_number(defaults, "cost_ns", settings->cost_ns);
	failed |= add_number(defaults, "timeout_ms", settings->timeout_ms);
	failed |= add_text(defaults, "profile", settings->profile);
	failed |= add_number(defaults, "io_every", settings->io_every);
	failed |= add_number(defaults, "io_for_us", settings->io_for_us);
	failed |= add_number(defaults, "priority", settings->priority);
	failed |=
	    add_number(defaults, "start_after_ms", settings->start_after_ms);
	if (settings->is_detached)
		failed |= json_object_set_new(defaults, "detach", json_true());
	if (failed != 0) {
		json_decref(defaults);
		defaults = NULL;
	}
	return defaults;
}

static int
complete_params(json_t *params, uint64_t number, const json_t *defaults,
    const struct submit_keys *keys)
{
	char key[REQUEST_KEY_CHARS + 1];

	if (json_object_update_missing(params, (json_t *)defaults) == -1)
		return -1;
	if (keys == NULL || json_object_get(params, "key") != NULL)
		return 0;
	submit_write_key(keys, number, key);
	return json_object_set_new(params, "key", json_string(key));
}

json_t *
submit_read_line(const char *text, size_t length, uint64_t number,
    const json_t *defaults, const struct submit_keys *keys,
    struct rpc_error *error)
{
	json_error_t at;
	json_t *params = json_loadb(text, length,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &at);

	if (params == NULL) {
		rpc_error_set(error, RPC_PARSE_ERROR, NULL, "%s, at column %d",
		    at.text, at.column);
		return NULL;
	}
	if (!json_is_object(params))
		rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a line holds the params of one job, an object such as "
		    "{\"count\":1000}");
	else if (complete_params(params, number, defaults, keys) == -1)
		rpc_error_set(error, RPC_INTERNAL, NULL, "out of memory");
	else
		return params;
	json_decref(params);
	return NULL;
}
