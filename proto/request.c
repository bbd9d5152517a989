/*
 * Owns: what job.submit takes: the names, bounds and defaults of its params,
 * read and written. Pure; any process and thread.
 *
 * Whether a pool of that name exists, and whether there is room for the job,
 * is left to the frontend.
 */
#include "proto/request.h"

#include <string.h>

#include "proto/member.h"
#include "proto/params.h"

enum param {
	COUNT,
	POOL,
	WORKERS,
	COST_NS,
	TIMEOUT_MS,
	PROGRESS,
	PROFILE,
	IO_EVERY,
	IO_FOR_US,
	PRIORITY,
	START_AFTER_MS,
	DETACH,
	KEY,
	N_PARAMS
};

static const char *const known[N_PARAMS] = {
    [COUNT] = "count",
    [POOL] = "pool",
    [WORKERS] = "workers",
    [COST_NS] = "cost_ns",
    [TIMEOUT_MS] = "timeout_ms",
    [PROGRESS] = "progress",
    [PROFILE] = "profile",
    [IO_EVERY] = "io_every",
    [IO_FOR_US] = "io_for_us",
    [PRIORITY] = "priority",
    [START_AFTER_MS] = "start_after_ms",
    [DETACH] = "detach",
    [KEY] = "key",
};

static const char *const profile_names[PROFILE_COUNT] = {
    [PROFILE_CPU] = "cpu",
    [PROFILE_NATIVE] = "native",
    [PROFILE_IO] = "io",
};

const char *
job_profile_name(enum job_profile profile)
{
	return profile_names[profile];
}

int
job_profile_parse(const char *name, enum job_profile *profile)
{
	for (int i = 0; i < PROFILE_COUNT; i++) {
		if (strcmp(name, profile_names[i]) == 0) {
			*profile = (enum job_profile)i;
			return 0;
		}
	}
	return -1;
}

void
job_request_init(struct job_request *request)
{
	*request = (struct job_request){
	    .pool = REQUEST_DEFAULT_POOL,
	    .workers = 1,
	    .priority = REQUEST_DEFAULT_PRIORITY,
	};
}

bool
job_request_equals(const struct job_request *a, const struct job_request *b)
{
	return a->count == b->count && strcmp(a->pool, b->pool) == 0 &&
	    a->workers == b->workers && a->cost_ns == b->cost_ns &&
	    a->timeout_ms == b->timeout_ms && a->profile == b->profile &&
	    a->io_every == b->io_every && a->io_for_us == b->io_for_us &&
	    a->priority == b->priority &&
	    a->start_after_ms == b->start_after_ms &&
	    strcmp(a->key, b->key) == 0;
}

bool
job_key_is_valid(const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)key[i];

		/* U+0080 to U+009F are control characters, too. */
		if (byte < 0x20 || byte == 0x7f ||
		    (byte == 0xc2 && (unsigned char)key[i + 1] < 0xa0))
			return false;
	}
	return length > 0 && length <= REQUEST_KEY_CHARS;
}

bool
pool_name_is_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return name[0] >= 'a' && name[0] <= 'z' && len <= POOL_NAME_CHARS &&
	    name[len] == '\0';
}

/* The params of one request, taken apart; NULL: it has no such one. */
struct taken {
	json_t *values[N_PARAMS];
	struct rpc_error *error;
};

static int
read_integer(const struct taken *taken, enum param param, uint64_t min,
    uint64_t max, uint64_t *number)
{
	return param_read_integer(
	    taken->values[param], known[param], min, max, number, taken->error);
}

/* One that is no wider than 32 bits. */
static int
read_small(const struct taken *taken, enum param param, uint32_t min,
    uint32_t max, uint32_t *number)
{
	uint64_t wide = *number;

	if (read_integer(taken, param, min, max, &wide) != 0)
		return -1;
	*number = (uint32_t)wide;
	return 0;
}

static int
read_boolean(const struct taken *taken, enum param param, bool *truth)
{
	return param_read_boolean(
	    taken->values[param], known[param], truth, taken->error);
}

static int
read_string(const struct taken *taken, enum param param, const char **text)
{
	return param_read_string(
	    taken->values[param], known[param], text, taken->error);
}

static int
require(const struct taken *taken, enum param param, const char *what)
{
	return param_require(
	    taken->values[param], known[param], what, taken->error);
}

static int
read_pool(const struct taken *taken, char *pool)
{
	const char *name = NULL;

	if (read_string(taken, POOL, &name) != 0)
		return -1;
	if (name == NULL)
		return 0;
	if (!pool_name_is_valid(name))
		return rpc_error_set(taken->error, RPC_INVALID_PARAMS, "pool",
		    "pool must be 1 to %d of a-z, 0-9, '-' and '_', a letter "
		    "first, not \"%.40s\"",
		    POOL_NAME_CHARS, name);
	strcpy(pool, name);
	return 0;
}

static int
read_profile(const struct taken *taken, enum job_profile *profile)
{
	const json_t *value = taken->values[PROFILE];
	const char *name;

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return rpc_error_set(taken->error, RPC_INVALID_PARAMS,
		    "profile",
		    "profile must be \"cpu\", \"native\" or \"io\", not %s",
		    rpc_json_type(value));
	if (read_string(taken, PROFILE, &name) != 0)
		return -1;
	if (job_profile_parse(name, profile) != 0)
		return rpc_error_set(taken->error, RPC_INVALID_PARAMS,
		    "profile",
		    "profile must be \"cpu\", \"native\" or \"io\", not "
		    "\"%.40s\"",
		    name);
	return 0;
}

/* What only the profile "io" has: there it is needed, elsewhere an error. */
static int
read_io(const struct taken *taken, enum param param, const char *what,
    uint64_t max, enum job_profile profile, uint64_t *number)
{
	if (profile != PROFILE_IO && taken->values[param] != NULL)
		return rpc_error_set(taken->error, RPC_INVALID_PARAMS,
		    known[param],
		    "%s is for the profile \"io\" only, and this one's is "
		    "\"%s\"",
		    known[param], job_profile_name(profile));
	if (profile == PROFILE_IO && require(taken, param, what) != 0)
		return -1;
	return read_integer(taken, param, 1, max, number);
}

static int
read_key(const struct taken *taken, char *key)
{
	const char *text = NULL;

	if (read_string(taken, KEY, &text) != 0)
		return -1;
	if (text == NULL)
		return 0;
	if (!job_key_is_valid(text))
		return rpc_error_set(taken->error, RPC_INVALID_PARAMS, "key",
		    "key must be 1 to %d bytes without control characters",
		    REQUEST_KEY_CHARS);
	strcpy(key, text);
	return 0;
}

int
job_request_from_json(const json_t *params, uint32_t max_workers,
    struct job_request *request, struct rpc_error *error)
{
	struct taken taken = {.error = error};

	job_request_init(request);
	if (params_take(params, known, N_PARAMS, taken.values, error) != 0 ||
	    require(&taken, COUNT,
		"the number of turns to count down, an integer") != 0 ||
	    read_integer(
		&taken, COUNT, 1, REQUEST_MAX_COUNT, &request->count) != 0 ||
	    read_pool(&taken, request->pool) != 0 ||
	    read_small(&taken, WORKERS, 1, max_workers, &request->workers) !=
		0 ||
	    read_integer(&taken, COST_NS, 0, REQUEST_MAX_COST_NS,
		&request->cost_ns) != 0 ||
	    read_integer(&taken, TIMEOUT_MS, 0, REQUEST_MAX_TIMEOUT_MS,
		&request->timeout_ms) != 0 ||
	    read_boolean(&taken, PROGRESS, &request->wants_progress) != 0 ||
	    read_profile(&taken, &request->profile) != 0 ||
	    read_io(&taken, IO_EVERY,
		"the number of turns before each sleep, an integer",
		REQUEST_MAX_COUNT, request->profile, &request->io_every) != 0 ||
	    read_io(&taken, IO_FOR_US,
		"the length of each sleep in us, an integer",
		REQUEST_MAX_IO_FOR_US, request->profile,
		&request->io_for_us) != 0 ||
	    read_small(&taken, PRIORITY, 0, REQUEST_PRIORITIES - 1,
		&request->priority) != 0 ||
	    read_integer(&taken, START_AFTER_MS, 0, REQUEST_MAX_TIMEOUT_MS,
		&request->start_after_ms) != 0 ||
	    read_boolean(&taken, DETACH, &request->detach) != 0 ||
	    read_key(&taken, request->key) != 0)
		return -1;
	return 0;
}

json_t *
job_request_to_json(const struct job_request *request)
{
	json_t *params = json_object();
	struct job_request standard;
	bool is_short = false;

	job_request_init(&standard);
	is_short |= member_write(params, "count", request->count);
	if (strcmp(request->pool, standard.pool) != 0)
		is_short |= json_object_set_new(
		    params, "pool", json_string(request->pool));
	if (request->workers != standard.workers)
		is_short |= member_write(params, "workers", request->workers);
	if (request->cost_ns != standard.cost_ns)
		is_short |= member_write(params, "cost_ns", request->cost_ns);
	if (request->timeout_ms != standard.timeout_ms)
		is_short |=
		    member_write(params, "timeout_ms", request->timeout_ms);
	if (request->wants_progress != standard.wants_progress)
		is_short |= json_object_set_new(
		    params, "progress", json_boolean(request->wants_progress));
	if (request->profile != standard.profile)
		is_short |= json_object_set_new(params, "profile",
		    json_string(job_profile_name(request->profile)));
	if (request->profile == PROFILE_IO) {
		is_short |= member_write(params, "io_every", request->io_every);
		is_short |=
		    member_write(params, "io_for_us", request->io_for_us);
	}
	if (request->priority != standard.priority)
		is_short |= member_write(params, "priority", request->priority);
	if (request->start_after_ms != standard.start_after_ms)
		is_short |= member_write(
		    params, "start_after_ms", request->start_after_ms);
	if (request->detach != standard.detach)
		is_short |= json_object_set_new(
		    params, "detach", json_boolean(request->detach));
	if (request->key[0] != '\0')
		is_short |= json_object_set_new(
		    params, "key", json_string(request->key));
	if (is_short) {
		json_decref(params);
		params = NULL;
	}
	return params;
}
