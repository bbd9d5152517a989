/*
 * A load run as JSON, as load_report.h describes it: written once, and read
 * back, with its histograms, by whoever compares runs or draws them later.
 */
#ifndef GILD_CLIENT_LOAD_JSON_H
#define GILD_CLIENT_LOAD_JSON_H

#include <jansson.h>

#include "client/load_report.h"
#include "proto/rpcerror.h"

#define LOAD_JSON_FORMAT "gild-load"
#define LOAD_JSON_VERSION 1

/* A new reference, or NULL when memory ran out. */
json_t *load_to_json(const struct load_report *report);

/* A report that was read, and all that it borrows. Not to be copied. */
struct load_run {
	struct load_report report;
	struct load_script script;
	char server[128];
};

/*
 * Reads what load_to_json() wrote, members that are not known ignored. 0, or -1
 * with *error: its field is the place, "series[3].done", and its detail says
 * what would be right. load_run_free() is due either way.
 */
int load_run_from_json(const json_t *json, struct load_run *run,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* The same of a file; "-" is standard input. */
int load_run_read(const char *path, struct load_run *run,
    struct rpc_error *error) __attribute__((warn_unused_result));

void load_run_free(struct load_run *run);

#endif
