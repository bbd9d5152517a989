/*
 * Owns: looking a method's params up and refusing them, in the same words for
 * every method. Pure; any process and thread.
 *
 * Which members a method has, their bounds and defaults, is left to
 * request.c and to the methods of the daemon.
 */
#include "proto/params.h"

#include <inttypes.h>
#include <string.h>

/* More than any method has. */
#define MAX_KNOWN 32

int
params_take(const json_t *params, const char *const known[], size_t n_known,
    json_t *values[], struct rpc_error *error)
{
	if (params != NULL && !json_is_object(params))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "params must be an object, each parameter by its name, "
		    "not %s",
		    rpc_json_type(params));
	return rpc_error_take_members(error, RPC_INVALID_PARAMS, "parameter",
	    params, known, n_known, values);
}

int
params_check(const json_t *params, const char *const known[], size_t n_known,
    struct rpc_error *error)
{
	json_t *values[MAX_KNOWN];

	return params_take(params, known, n_known, values, error);
}

int
param_require(const json_t *value, const char *name, const char *what,
    struct rpc_error *error)
{
	if (value == NULL)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s is missing: it must be %s", name, what);
	return 0;
}

int
param_read_integer(const json_t *value, const char *name, uint64_t min,
    uint64_t max, uint64_t *number, struct rpc_error *error)
{
	json_int_t integer = json_integer_value(value);

	if (value == NULL)
		return 0;
	if (json_is_real(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be an integer from %" PRIu64 " to %" PRIu64
		    ", written without a point or an exponent",
		    name, min, max);
	if (!json_is_integer(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be an integer from %" PRIu64 " to %" PRIu64
		    ", not %s",
		    name, min, max, rpc_json_type(value));
	if (integer < 0 || (uint64_t)integer < min || (uint64_t)integer > max)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be an integer from %" PRIu64 " to %" PRIu64
		    ", not %" JSON_INTEGER_FORMAT,
		    name, min, max, integer);
	*number = (uint64_t)integer;
	return 0;
}

int
param_read_boolean(
    const json_t *value, const char *name, bool *truth, struct rpc_error *error)
{
	if (value == NULL)
		return 0;
	if (!json_is_boolean(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be true or false, not %s", name,
		    rpc_json_type(value));
	*truth = json_is_true(value);
	return 0;
}

int
param_read_string(const json_t *value, const char *name, const char **text,
    struct rpc_error *error)
{
	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be a string, not %s", name, rpc_json_type(value));
	if (strlen(json_string_value(value)) != json_string_length(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must not hold a NUL", name);
	*text = json_string_value(value);
	return 0;
}

/* --- by name --- */

int
params_require(const json_t *params, const char *name, const char *what,
    struct rpc_error *error)
{
	return param_require(json_object_get(params, name), name, what, error);
}

int
params_read_integer(const json_t *params, const char *name, uint64_t min,
    uint64_t max, uint64_t *number, struct rpc_error *error)
{
	return param_read_integer(
	    json_object_get(params, name), name, min, max, number, error);
}

int
params_read_boolean(const json_t *params, const char *name, bool *truth,
    struct rpc_error *error)
{
	return param_read_boolean(
	    json_object_get(params, name), name, truth, error);
}

int
params_read_string(const json_t *params, const char *name, const char **text,
    struct rpc_error *error)
{
	return param_read_string(
	    json_object_get(params, name), name, text, error);
}
