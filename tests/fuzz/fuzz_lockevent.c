/*
 * A lock's event, as a client reads it: what is taken is written as JSON that
 * is taken for the same; what is refused says why. An input is the JSON of one.
 */
#include "proto/lockwire.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lock_event event, again;
	struct rpc_error error;
	json_t *json, *written;

	json = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
		return 0;
	if (lock_event_from_json(json, &event, &error) == 0) {
		MUST(lock_event_kind_name(event.kind) != NULL);
		written = lock_event_to_json(&event);
		MUST(written != NULL);
		MUST(lock_event_from_json(written, &again, &error) == 0);
		MUST(memcmp(&event, &again, sizeof(event)) == 0);
		json_decref(written);
	} else {
		MUST(error.kind == RPC_INVALID_PARAMS);
		MUST(error.detail[0] != '\0');
	}
	json_decref(json);
	return 0;
}
