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

static const char *const known[] = {"count", "pool", "workers", "cost_ns",
    "timeout_ms", "progress", "profile", "io_every", "io_for_us"};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

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
	};
}

bool
pool_name_is_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return name[0] >= 'a' && name[0] <= 'z' && len <= POOL_NAME_CHARS &&
	    name[len] == '\0';
}

static int
read_pool(const json_t *params, char *pool, struct rpc_error *error)
{
	const char *name = pool;

	if (params_read_string(params, "pool", &name, error) != 0)
		return -1;
	if (!pool_name_is_valid(name))
		return rpc_error_set(error, RPC_INVALID_PARAMS, "pool",
		    "pool must be 1 to %d of a-z, 0-9, '-' and '_', a letter "
		    "first, not \"%.40s\"",
		    POOL_NAME_CHARS, name);
	if (name != pool)
		strcpy(pool, name);
	return 0;
}

static int
read_profile(
    const json_t *params, enum job_profile *profile, struct rpc_error *error)
{
	const json_t *value = json_object_get(params, "profile");
	const char *name = job_profile_name(*profile);

	if (value != NULL && !json_is_string(value))
		return rpc_error_set(error, RPC_INVALID_PARAMS, "profile",
		    "profile must be \"cpu\", \"native\" or \"io\", not %s",
		    rpc_json_type(value));
	if (params_read_string(params, "profile", &name, error) != 0)
		return -1;
	if (job_profile_parse(name, profile) != 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, "profile",
		    "profile must be \"cpu\", \"native\" or \"io\", not "
		    "\"%.40s\"",
		    name);
	return 0;
}

/* What only the profile "io" has: there it is needed, elsewhere an error. */
static int
read_io(const json_t *params, const char *name, const char *what, uint64_t max,
    enum job_profile profile, uint64_t *number, struct rpc_error *error)
{
	if (profile != PROFILE_IO && json_object_get(params, name) != NULL)
		return rpc_error_set(error, RPC_INVALID_PARAMS, name,
		    "%s is for the profile \"io\" only, and this one's is "
		    "\"%s\"",
		    name, job_profile_name(profile));
	if (profile == PROFILE_IO &&
	    params_require(params, name, what, error) != 0)
		return -1;
	return params_read_integer(params, name, 1, max, number, error);
}

int
job_request_from_json(const json_t *params, uint32_t max_workers,
    struct job_request *request, struct rpc_error *error)
{
	uint64_t workers;

	job_request_init(request);
	workers = request->workers;
	if (params_check(params, known, N_KNOWN, error) != 0 ||
	    params_require(params, "count",
		"the number of turns to count down, an integer", error) != 0 ||
	    params_read_integer(params, "count", 1, REQUEST_MAX_COUNT,
		&request->count, error) != 0 ||
	    read_pool(params, request->pool, error) != 0 ||
	    params_read_integer(
		params, "workers", 1, max_workers, &workers, error) != 0 ||
	    params_read_integer(params, "cost_ns", 0, REQUEST_MAX_COST_NS,
		&request->cost_ns, error) != 0 ||
	    params_read_integer(params, "timeout_ms", 0, REQUEST_MAX_TIMEOUT_MS,
		&request->timeout_ms, error) != 0 ||
	    params_read_boolean(
		params, "progress", &request->wants_progress, error) != 0 ||
	    read_profile(params, &request->profile, error) != 0 ||
	    read_io(params, "io_every",
		"the number of turns before each sleep, an integer",
		REQUEST_MAX_COUNT, request->profile, &request->io_every,
		error) != 0 ||
	    read_io(params, "io_for_us",
		"the length of each sleep in us, an integer",
		REQUEST_MAX_IO_FOR_US, request->profile, &request->io_for_us,
		error) != 0)
		return -1;
	request->workers = (uint32_t)workers;
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
	if (is_short) {
		json_decref(params);
		params = NULL;
	}
	return params;
}
