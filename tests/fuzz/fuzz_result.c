/*
 * A job's result, as a client reads it: what is taken is written as jansson
 * would write it, is taken again and written the same; what is refused owns
 * nothing and says why. An input is the JSON of a result.
 */
#include "proto/result.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void
expect_same(const struct writer *text, const char *other)
{
	MUST(!text->has_failed);
	MUST(other != NULL && strlen(other) == text->length);
	MUST(memcmp(text->text, other, text->length) == 0);
}

static void
rewrite(const struct job_result *result)
{
	struct writer first = {0}, second = {0};
	struct job_result again;
	struct rpc_error error;
	json_t *json;
	char *text;

	job_result_write(&first, result);
	json = writer_to_json(&first);
	MUST(json != NULL);
	text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	expect_same(&first, text);
	MUST(job_result_from_json(json, &again, &error) == 0);
	job_result_write(&second, &again);
	expect_same(&second, text);
	job_result_free(&again);
	free(text);
	json_decref(json);
	writer_free(&first);
	writer_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_result result;
	struct rpc_error error;
	json_t *json;

	json = json_loadb((const char *)data, size,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
		return 0;
	if (job_result_from_json(json, &result, &error) == 0) {
		rewrite(&result);
		job_result_free(&result);
	} else {
		MUST(error.kind == RPC_INVALID_PARAMS);
		MUST(error.detail[0] != '\0');
		MUST(result.tasks == NULL && result.histograms == NULL);
	}
	json_decref(json);
	return 0;
}
