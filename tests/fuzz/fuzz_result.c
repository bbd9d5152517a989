/*
 * A job's result, as a client reads it: what is taken is written as JSON that
 * is taken again and written the same; what is refused owns nothing and says
 * why. An input is the JSON of a result.
 */
#include "proto/result.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_result result, again;
	struct rpc_error error;
	json_t *json, *written, *rewritten;

	json = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
		return 0;
	if (job_result_from_json(json, &result, &error) == 0) {
		written = job_result_to_json(&result);
		MUST(written != NULL);
		MUST(job_result_from_json(written, &again, &error) == 0);
		rewritten = job_result_to_json(&again);
		MUST(json_equal(written, rewritten));
		json_decref(written);
		json_decref(rewritten);
		job_result_free(&result);
		job_result_free(&again);
	} else {
		MUST(error.kind == RPC_INVALID_PARAMS);
		MUST(error.detail[0] != '\0');
		MUST(result.tasks == NULL);
	}
	json_decref(json);
	return 0;
}
