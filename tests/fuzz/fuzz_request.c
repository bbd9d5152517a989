/*
 * The params of job.submit: what is taken is within its bounds, and is written
 * as params that are taken for the same; what is refused is refused as invalid
 * params, with words that can be sent. An input is the JSON of the params.
 */
#include "proto/request.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MAX_WORKERS 64

static void
check_bounds(const struct job_request *request)
{
	MUST(request->count >= 1 && request->count <= REQUEST_MAX_COUNT);
	MUST(request->workers >= 1 && request->workers <= MAX_WORKERS);
	MUST(request->cost_ns <= REQUEST_MAX_COST_NS);
	MUST(request->timeout_ms <= REQUEST_MAX_TIMEOUT_MS);
	MUST(request->start_after_ms <= REQUEST_MAX_TIMEOUT_MS);
	MUST(request->priority < REQUEST_PRIORITIES);
	MUST(pool_name_is_valid(request->pool));
	MUST(request->key[0] == '\0' || job_key_is_valid(request->key));
	if (request->profile == PROFILE_IO) {
		MUST(request->io_every >= 1);
		MUST(request->io_every <= REQUEST_MAX_COUNT);
		MUST(request->io_for_us >= 1);
		MUST(request->io_for_us <= REQUEST_MAX_IO_FOR_US);
	} else {
		MUST(request->io_every == 0 && request->io_for_us == 0);
	}
}

static void
check_same(const struct job_request *a, const struct job_request *b)
{
	MUST(a->count == b->count);
	MUST(strcmp(a->pool, b->pool) == 0);
	MUST(a->workers == b->workers);
	MUST(a->cost_ns == b->cost_ns);
	MUST(a->timeout_ms == b->timeout_ms);
	MUST(a->wants_progress == b->wants_progress);
	MUST(a->profile == b->profile);
	MUST(a->io_every == b->io_every);
	MUST(a->io_for_us == b->io_for_us);
	MUST(a->priority == b->priority);
	MUST(a->start_after_ms == b->start_after_ms);
	MUST(a->detach == b->detach);
	MUST(strcmp(a->key, b->key) == 0);
	MUST(job_request_equals(a, b));
}

static void
check_refusal(const struct rpc_error *error)
{
	json_t *json = rpc_error_to_json(error);

	MUST(json != NULL);
	MUST(error->kind == RPC_INVALID_PARAMS);
	MUST(error->detail[0] != '\0');
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_request request, again;
	struct rpc_error error;
	json_t *params, *written, *rewritten;

	params = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (params == NULL)
		return 0;
	if (job_request_from_json(params, MAX_WORKERS, &request, &error) == 0) {
		check_bounds(&request);
		written = job_request_to_json(&request);
		MUST(written != NULL);
		MUST(job_request_from_json(
			 written, MAX_WORKERS, &again, &error) == 0);
		check_same(&request, &again);
		rewritten = job_request_to_json(&again);
		MUST(json_equal(written, rewritten));
		json_decref(written);
		json_decref(rewritten);
	} else {
		check_refusal(&error);
	}
	json_decref(params);
	return 0;
}
