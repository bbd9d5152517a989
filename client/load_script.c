/*
 * Owns: how a load script is read, checked and completed. Pure, but for reading
 * the file.
 *
 * Each member is read by the readers of proto/params.h, which know its name
 * only; the place of the object that it is in is put before that on the way
 * out, so that an error says "phases[1].rate".
 */
#include "client/load_script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/params.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define DEFAULT_WARM_UP_MS 500
#define DEFAULT_DRAIN_MS 5000

void
load_script_init(struct load_script *script)
{
	*script = (struct load_script){
	    .seed = LOAD_NO_SEED,
	    .warm_up_ns = DEFAULT_WARM_UP_MS * UINT64_C(1000000),
	    .drain_ns = DEFAULT_DRAIN_MS * UINT64_C(1000000),
	};
}

static int
refuse_memory(struct rpc_error *error)
{
	return rpc_error_set(error, RPC_INTERNAL, NULL, "out of memory");
}

int
load_script_place(struct rpc_error *error, const char *list, size_t i)
{
	char field[sizeof(error->field) + 32];

	snprintf(field, sizeof(field), "%s[%zu]%s%s", list, i,
	    error->field[0] != '\0' ? "." : "", error->field);
	snprintf(error->field, sizeof(error->field), "%.*s",
	    (int)sizeof(error->field) - 1, field);
	return -1;
}

static int
read_name(const json_t *json, const char *member, char *name, size_t size,
    struct rpc_error *error)
{
	const char *text = NULL;

	if (params_read_string(json, member, &text, error) == -1)
		return -1;
	if (text == NULL)
		return 0;
	if (strlen(text) >= size || *text == '\0')
		return rpc_error_set(error, RPC_INVALID_PARAMS, member,
		    "%s must be 1 to %zu bytes long", member, size - 1);
	strcpy(name, text);
	return 0;
}

/* One of several words; *choice is left where there is none. */
static int
read_choice(const json_t *json, const char *member, const char *const words[],
    size_t n_words, unsigned *choice, struct rpc_error *error)
{
	const char *text = NULL;

	if (params_read_string(json, member, &text, error) == -1)
		return -1;
	if (text == NULL)
		return 0;
	for (size_t i = 0; i < n_words; i++)
		if (strcmp(text, words[i]) == 0) {
			*choice = (unsigned)i;
			return 0;
		}
	return rpc_error_set_unknown(
	    error, RPC_INVALID_PARAMS, member, member, text, words, n_words);
}

static int
read_small(const json_t *json, const char *member, uint64_t min, uint64_t max,
    uint32_t *number, struct rpc_error *error)
{
	uint64_t wide = *number;

	if (params_read_integer(json, member, min, max, &wide, error) == -1)
		return -1;
	*number = (uint32_t)wide;
	return 0;
}

static int
read_ms(const json_t *json, const char *member, uint64_t min_ms,
    uint64_t *duration_ns, struct rpc_error *error)
{
	uint64_t ms = *duration_ns / 1000000;

	if (params_read_integer(
		json, member, min_ms, LOAD_MAX_DURATION_MS, &ms, error) == -1)
		return -1;
	*duration_ns = ms * 1000000;
	return 0;
}

/* Jobs a second: an integer or a real number. */
static int
read_rate(const json_t *json, const char *member, double *rate,
    struct rpc_error *error)
{
	const json_t *value = json_object_get(json, member);
	double number = json_number_value(value);

	if (value == NULL)
		return 0;
	if (!json_is_number(value) || number < 0 || number > LOAD_MAX_RATE)
		return rpc_error_set(error, RPC_INVALID_PARAMS, member,
		    "%s must be a number of jobs a second, from 0 to %.0f",
		    member, LOAD_MAX_RATE);
	*rate = number;
	return 0;
}

/* --- phases --- */

/* {"rate"}, or {"from","to"}: of an open loop. */
static int
read_rates(
    const json_t *json, struct load_phase *phase, struct rpc_error *error)
{
	double rate = -1;

	phase->from_rate = -1;
	phase->to_rate = -1;
	if (read_rate(json, "rate", &rate, error) == -1 ||
	    read_rate(json, "from", &phase->from_rate, error) == -1 ||
	    read_rate(json, "to", &phase->to_rate, error) == -1)
		return -1;
	if (rate >= 0 && phase->from_rate < 0 && phase->to_rate < 0) {
		phase->from_rate = rate;
		phase->to_rate = rate;
		return 0;
	}
	if (rate >= 0 || phase->from_rate < 0 || phase->to_rate < 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "rate",
		    "a phase of an open loop has a \"rate\" to hold, or one "
		    "\"from\" which it goes \"to\" another");
	return 0;
}

static int
read_phase(const json_t *json, enum load_mode mode, struct load_phase *phase,
    struct rpc_error *error)
{
	static const char *const open_members[] = {
	    "name", "for_ms", "rate", "from", "to"};
	static const char *const closed_members[] = {
	    "name", "for_ms", "clients"};
	bool is_open = mode == LOAD_OPEN;

	if (!json_is_object(json))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a phase must be an object, not %s", rpc_json_type(json));
	if (rpc_error_check_members(error, RPC_INVALID_PARAMS, "member", json,
		is_open ? open_members : closed_members,
		is_open ? N_OF(open_members) : N_OF(closed_members)) == -1 ||
	    read_name(json, "name", phase->name, sizeof(phase->name), error) ==
		-1 ||
	    params_require(json, "for_ms",
		"how long the phase takes, in ms, an integer", error) == -1 ||
	    read_ms(json, "for_ms", 1, &phase->duration_ns, error) == -1)
		return -1;
	if (is_open)
		return read_rates(json, phase, error);
	return read_small(
	    json, "clients", 1, LOAD_MAX_CLIENTS, &phase->clients, error);
}

static int
check_list(const json_t *list, const char *name, const char *what, size_t max,
    struct rpc_error *error)
{
	if (list == NULL)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s is missing: it must be a list of %s", name, what);
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > max)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s must be a list of 1 to %zu %s", name, max, what);
	return 0;
}

static int
read_phases(
    const json_t *json, struct load_script *script, struct rpc_error *error)
{
	const json_t *list = json_object_get(json, "phases");

	if (check_list(list, "phases", "phases", LOAD_MAX_PHASES, error) == -1)
		return -1;
	script->n_phases = json_array_size(list);
	for (size_t i = 0; i < script->n_phases; i++)
		if (read_phase(json_array_get(list, i), script->mode,
			&script->phases[i], error) == -1)
			return load_script_place(error, "phases", i);
	return 0;
}

/* --- classes --- */

static int
read_class(
    const json_t *json, struct load_class *class, struct rpc_error *error)
{
	static const char *const members[] = {"name", "weight", "pool", "count",
	    "cost_ns", "workers", "profile", "io_every", "io_for_us",
	    "priority", "timeout_ms"};
	json_t *params;
	int status;

	if (!json_is_object(json))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a class must be an object, not %s", rpc_json_type(json));
	class->weight = 1;
	if (rpc_error_check_members(error, RPC_INVALID_PARAMS, "member", json,
		members, N_OF(members)) == -1 ||
	    read_name(json, "name", class->name, sizeof(class->name), error) ==
		-1 ||
	    read_small(json, "weight", 1, 1000000, &class->weight, error) == -1)
		return -1;
	params = json_copy((json_t *)json);
	if (params == NULL)
		return refuse_memory(error);
	json_object_del(params, "name");
	json_object_del(params, "weight");
	status =
	    job_request_from_json(params, UINT32_MAX, &class->request, error);
	json_decref(params);
	return status;
}

static int
read_classes(
    const json_t *json, struct load_script *script, struct rpc_error *error)
{
	const json_t *list = json_object_get(json, "classes");

	if (check_list(list, "classes", "classes of jobs", LOAD_MAX_CLASSES,
		error) == -1)
		return -1;
	script->n_classes = json_array_size(list);
	for (size_t i = 0; i < script->n_classes; i++)
		if (read_class(json_array_get(list, i), &script->classes[i],
			error) == -1)
			return load_script_place(error, "classes", i);
	return 0;
}

/* --- the whole --- */

static int
read_expect(
    const json_t *json, struct load_script *script, struct rpc_error *error)
{
	char why[LOAD_EXPECT_ERROR_CHARS + 1];
	const char *text = NULL;

	if (params_read_string(json, "expect", &text, error) == -1)
		return -1;
	if (text == NULL)
		return 0;
	if (load_expect_parse(
		text, script->expectations, &script->n_expectations, why) == -1)
		return rpc_error_set(
		    error, RPC_INVALID_PARAMS, "expect", "%s", why);
	return 0;
}

int
load_script_from_json(
    const json_t *json, struct load_script *script, struct rpc_error *error)
{
	static const char *const members[] = {"title", "mode", "arrival",
	    "connections", "threads", "clients", "in_flight", "seed",
	    "warm_up_ms", "drain_ms", "phases", "classes", "expect"};
	static const char *const modes[] = {"open", "closed"};
	static const char *const arrivals[] = {"poisson", "uniform"};
	unsigned mode = LOAD_OPEN, arrival = LOAD_POISSON;

	if (!json_is_object(json))
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "a script must be an object, not %s", rpc_json_type(json));
	if (rpc_error_check_members(error, RPC_INVALID_PARAMS, "member", json,
		members, N_OF(members)) == -1 ||
	    read_name(json, "title", script->title, sizeof(script->title),
		error) == -1 ||
	    read_choice(json, "mode", modes, N_OF(modes), &mode, error) == -1 ||
	    read_choice(json, "arrival", arrivals, N_OF(arrivals), &arrival,
		error) == -1 ||
	    read_small(json, "connections", 1, LOAD_MAX_CONNECTIONS,
		&script->connections, error) == -1 ||
	    read_small(json, "threads", 1, LOAD_MAX_THREADS, &script->threads,
		error) == -1 ||
	    read_small(json, "clients", 1, LOAD_MAX_CLIENTS, &script->clients,
		error) == -1 ||
	    read_small(json, "in_flight", 1, LOAD_MAX_IN_FLIGHT,
		&script->in_flight, error) == -1 ||
	    params_read_integer(json, "seed", 0, REQUEST_MAX_INTEGER,
		&script->seed, error) == -1 ||
	    read_ms(json, "warm_up_ms", 0, &script->warm_up_ns, error) == -1 ||
	    read_ms(json, "drain_ms", 0, &script->drain_ns, error) == -1)
		return -1;
	script->mode = (enum load_mode)mode;
	script->arrival = (enum load_arrival)arrival;
	if (read_phases(json, script, error) == -1 ||
	    read_classes(json, script, error) == -1)
		return -1;
	return read_expect(json, script, error);
}

int
load_script_read(
    const char *path, struct load_script *script, struct rpc_error *error)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : fopen(path, "re");
	json_error_t at;
	json_t *json;
	int status;

	if (file == NULL)
		return rpc_error_set(error, RPC_INVALID_REQUEST, NULL,
		    "cannot be read: %s", strerror(errno));
	json = json_loadf(file, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (!is_input)
		fclose(file);
	if (json == NULL)
		return rpc_error_set(error, RPC_PARSE_ERROR, NULL,
		    "line %d, column %d: %s", at.line, at.column, at.text);
	status = load_script_from_json(json, script, error);
	json_decref(json);
	return status;
}
