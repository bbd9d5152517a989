/*
 * Requests from choices. A choice of 0 is the plainest everywhere, so that an
 * input full of zeros is a client that behaves.
 */
#include "tests/fuzz/grammar.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_PARAMS 13
#define JOB "@" /* stands for a job's id */

/* A param and values for it, right ones first; NULL behind the last. */
struct param {
	const char *name;
	const char *values[9];
};

/* In ALL of some methods' params each has a bit in the input. */
struct method {
	const char *name;
	struct param params[MAX_PARAMS + 1];
};

#define POOLS                                                        \
	{                                                            \
		"\"threads\"", "\"processes\"", "\"free\"", "\"x\"", \
		    "\"thread\"", "7", "\"\""                        \
	}
#define BOOLEANS                                 \
	{                                        \
		"true", "false", "1", "\"true\"" \
	}

static const struct method methods[] = {
    {"job.submit",
	{{"count",
	     {"7", "1", "1000000", "9007199254740991", "0", "-1", "1.5",
		 "\"7\""}},
	    {"pool", POOLS},
	    {"workers", {"2", "1", "8", "3", "64", "0", "null", "1000"}},
	    {"timeout_ms", {"1", "0", "1000", "2147483647", "-1", "1e3"}},
	    {"progress", BOOLEANS},
	    {"cost_ns", {"0", "100", "1000000", "1000001", "[]"}},
	    {"profile", {"\"io\"", "\"cpu\"", "\"native\"", "\"i/o\"", "null"}},
	    {"io_every", {"1", "9007199254740991", "0", "true"}},
	    {"io_for_us", {"1", "10000000", "10000001", "{}"}},
	    {"priority", {"9", "0", "4", "10", "-1", "\"high\""}},
	    {"start_after_ms", {"1", "0", "60000", "9007199254740991", "-1"}},
	    {"detach", BOOLEANS},
	    {"key", {"\"k\"", "\"\\u00e9\"", "\"\"", "\"\\u0000\"", "7"}}}},
    {"job.cancel",
	{{"job", {JOB, JOB, "\"x\"", "7", "null"}}, {"jobs", {JOB}}}},
    {"server.stats", {{"x", {"1"}}}},
    {"server.ping", {{"x", {"1"}}}},
    {"server.info", {{"x", {"1"}}}},
    {"pool.list", {{"x", {"1"}}}},
    {"pool.set",
	{{"pool", POOLS},
	    {"policy",
		{"\"fair\"", "\"ticks\"", "\"hold\"", "\"ruby\"",
		    "\"interval\"", "\"rubi\"", "0"}},
	    {"interval_us", {"1", "10000000", "0", "\"5ms\""}},
	    {"force", BOOLEANS}, {"check_interval", {"1", "1000000000", "0"}},
	    {"quantum_us", {"1", "10000001", "null"}},
	    {"timer_us", {"0", "1", "-1"}},
	    {"overhead_pct", {"1", "1000", "1001"}}, {"events", BOOLEANS},
	    {"affinity", {"\"one\"", "\"none\"", "\"spread\"", "\"all\""}}}},
    {"lock.events",
	{{"pool", POOLS}, {"job", {JOB, JOB, "\"01\"", "1"}},
	    {"since", {"0", "1", "9007199254740991", "-1"}},
	    {"limit", {"1", "1000", "0", "1000000"}}}},
    {"server.reload", {{"x", {"1"}}}},
    {"server.drain", {{"x", {"1"}}}},
    {"server.shutdown", {{"x", {"1"}}}},
    {"job.wait", {{"job", {JOB, "7"}}, {"timeout_ms", {"1", "0", "-1"}}}},
    {"job.get", {{"job", {JOB, "null"}}}},
    {"job.collect", {{"job", {JOB, "null"}}}},
    {"job.list",
	{{"state", {"\"unfinished\"", "\"done\"", "\"lost\"", "1"}},
	    {"pool", POOLS}, {"key", {"\"k\"", "\"\"", "7"}},
	    {"detached", BOOLEANS}, {"collected", BOOLEANS},
	    {"since_unix_ms", {"0", "9007199254740991", "-1"}},
	    {"until_unix_ms", {"9007199254740991", "0", "\"now\""}},
	    {"newest_first", BOOLEANS}, {"after", {JOB, "\"x\""}},
	    {"limit", {"1", "1000", "0", "1001"}}}},
    {"job.Submit", {{"count", {"1"}}}},
    {"server.ping\\u0000", {{"x", {"1"}}}},
    {"rpc.discover", {{"x", {"1"}}}},
};

/* --- jobs --- */

void
known_jobs_add(struct known_jobs *known, const char *id)
{
	char *place = known->ids[known->n++ % KNOWN_JOBS];

	snprintf(place, JOB_ID_CHARS + 1, "%s", id);
}

void
known_jobs_choose(const struct known_jobs *known, struct input *input,
    char id[JOB_ID_CHARS + 1])
{
	unsigned n = known->n < KNOWN_JOBS ? known->n : KNOWN_JOBS;
	unsigned choice = input_choose(input, KNOWN_JOBS + 3);

	if (choice < n)
		snprintf(id, JOB_ID_CHARS + 1, "%s",
		    known->ids[(known->n - 1 - choice) % KNOWN_JOBS]);
	else
		job_id_format(
		    (struct job_id){
			.high = (uint64_t)(choice % 3) << 8, .low = 7},
		    id);
}

/* --- pieces --- */

static void
add(struct evbuffer *out, const char *text)
{
	MUST(evbuffer_add(out, text, strlen(text)) == 0);
}

static void
add_value(struct evbuffer *out, struct input *input, const struct param *param,
    const struct known_jobs *known)
{
	char id[JOB_ID_CHARS + 1];
	unsigned n = 0;
	const char *value;

	while (n < COUNT(param->values) && param->values[n] != NULL)
		n++;
	value = param->values[input_choose(input, n)];
	if (strcmp(value, JOB) != 0) {
		add(out, value);
		return;
	}
	known_jobs_choose(known, input, id);
	MUST(evbuffer_add_printf(out, "\"%s\"", id) > 0);
}

/* The first param is there unless its bit is set, the others if it is. */
static void
add_params(struct evbuffer *out, struct input *input,
    const struct method *method, const struct known_jobs *known)
{
	unsigned mask = input_byte(input);
	const char *before = ",\"params\":{";
	bool is_first_wanted = strncmp(method->name, "server", 6) != 0 &&
	    strcmp(method->name, "pool.list") != 0;

	mask |= (unsigned)input_byte(input) << 8;
	mask ^= is_first_wanted;
	for (unsigned i = 0; method->params[i].name != NULL; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		add(out, before);
		MUST(evbuffer_add_printf(
			 out, "\"%s\":", method->params[i].name) > 0);
		add_value(out, input, &method->params[i], known);
		before = ",";
	}
	if (*before == ',' && before[1] == '\0')
		add(out, "}");
}

static void
add_id(struct evbuffer *out, struct input *input)
{
	static const char *const ids[] = {"null", "\"\"", "1.5", "-0.0",
	    "9007199254740993", "[]", "true", "\"\\u0000\\ud83d\\ude00\"",
	    "1e400"};
	unsigned choice = input_choose(input, 32);

	if (choice < 16) {
		MUST(evbuffer_add_printf(
			 out, ",\"id\":%u", (unsigned)input_byte(input)) > 0);
	} else if (choice < 16 + COUNT(ids)) {
		MUST(evbuffer_add_printf(out, ",\"id\":%s", ids[choice - 16]) >
		    0);
	} else if (choice < 28) {
		MUST(evbuffer_add_printf(out, ",\"id\":\"%0*d\"",
			 1 + 3 * input_byte(input), 0) > 0);
	}
}

/* --- the whole --- */

void
grammar_request(
    struct evbuffer *out, struct input *input, const struct known_jobs *known)
{
	static const char *const envelopes[] = {"\"jsonrpc\":\"2.0\"",
	    "\"jsonrpc\":\"1.0\"", "\"x\":1", "\"jsonrpc\":\"2.0\",\"x\":1",
	    "\"jsonrpc\":2", "\"jsonrpc\":\"2.0\",\"id\":1"};
	const struct method *method;
	unsigned envelope = input_byte(input);

	/* The method counts more than the rest. */
	method = &methods[envelope % 32 < COUNT(methods) ? envelope % 32 : 0];
	envelope /= 32;
	add(out, "{");
	add(out, envelopes[envelope < COUNT(envelopes) ? envelope : 0]);
	MUST(evbuffer_add_printf(out, ",\"method\":\"%s\"", method->name) > 0);
	add_params(out, input, method, known);
	add_id(out, input);
	add(out, "}");
}
