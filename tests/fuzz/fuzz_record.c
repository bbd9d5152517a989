/*
 * A job's record, as a client reads it: what is taken is written as JSON that
 * is taken again and written the same; what is refused says why. An input is
 * the JSON of a record, with or without a result, which is nothing to it.
 */
#include "proto/record.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_record record, again;
	struct rpc_error error;
	json_t *json, *written, *rewritten;

	json = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
		return 0;
	if (record_from_json(json, &record, &error) == 0) {
		MUST(strlen(record.request.key) <= REQUEST_KEY_CHARS);
		written = record_to_json(&record, NULL);
		MUST(written != NULL);
		MUST(record_from_json(written, &again, &error) == 0);
		rewritten = record_to_json(&again, NULL);
		MUST(json_equal(written, rewritten));
		json_decref(written);
		json_decref(rewritten);
	} else {
		MUST(error.kind == RPC_INVALID_PARAMS);
		MUST(error.detail[0] != '\0');
	}
	json_decref(json);
	return 0;
}
