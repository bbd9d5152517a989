/* Owns: the way from JSON into the checker. */
#include "tests/trace/page.h"

#include "proto/lockwire.h"

int
page_check(struct check *check, const json_t *page, struct rpc_error *error)
{
	const json_t *json;
	size_t i;

	json_array_foreach (json_object_get(page, "events"), i, json) {
		struct lock_event event;

		if (lock_event_from_json(json, &event, error) == -1)
			return -1;
		check_event(check, &event);
	}
	return (int)i;
}

int
page_check_result(
    struct check *check, const json_t *json, struct rpc_error *error)
{
	struct job_result result;

	if (job_result_from_json(json, &result, error) == -1)
		return -1;
	check_result(check, &result);
	job_result_free(&result);
	return 0;
}
