/* Scripts for the tests of gilctl load: settled, with one class. */
#ifndef GILD_TESTS_UNIT_LOAD_FIXTURE_H
#define GILD_TESTS_UNIT_LOAD_FIXTURE_H

#include <check.h>
#include <stdio.h>

#include "client/load_script.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* Reads and settles it; fails the test where that fails. */
static inline void
load_fixture(struct load_script *script, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	struct rpc_error error = {0};

	ck_assert_ptr_nonnull(json);
	load_script_init(script);
	ck_assert_msg(load_script_from_json(json, script, &error) == 0 &&
		load_script_settle(script, &error) == 0,
	    "%s: %s", error.field, error.detail);
	json_decref(json);
}

/* An open loop: warm-up in ms, and the phases' text. */
static inline void
load_fixture_open(struct load_script *script, const char *arrival,
    unsigned warm_up_ms, const char *phases)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "{\"arrival\":\"%s\",\"seed\":7,\"warm_up_ms\":%u,\"phases\":[%s],"
	    "\"classes\":[{\"count\":1}]}",
	    arrival, warm_up_ms, phases);
	load_fixture(script, text);
}

#endif
