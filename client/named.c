#include "client/named.h"

#include <jansson.h>

#include "proto/request.h"

/* jansson knows what is UTF-8, and what is not cannot be sent. */
static bool
is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string != NULL;
}

enum outcome
named_check_key(const struct context *context, const char *key)
{
	if (job_key_is_valid(key) && is_utf8(key))
		return OUTCOME_FINE;
	command_complain(context->command,
	    "--key: a key is 1 to %d bytes of UTF-8 without control characters",
	    REQUEST_KEY_CHARS);
	return OUTCOME_USAGE;
}

enum outcome
named_read_job(
    const struct context *context, const char *text, struct job_id *job)
{
	if (job_id_parse(text, job) == 0)
		return OUTCOME_FINE;
	command_complain(context->command,
	    "\"%.40s\" is no job's id: %d characters, as submit --detach "
	    "prints it",
	    text, JOB_ID_CHARS);
	return OUTCOME_USAGE;
}
