/* What several sub-commands print on standard output. */
#ifndef GILD_CLIENT_SHOW_H
#define GILD_CLIENT_SHOW_H

#include <jansson.h>

#include "client/command.h"
#include "proto/result.h"

struct table;

/* One JSON value on one line, compact, pure ASCII, flushed. */
enum outcome show_json(const struct context *context, const json_t *json)
    __attribute__((warn_unused_result));

/* A table, in the format that was asked for; it is freed. */
enum outcome show_table(const struct context *context, struct table *table)
    __attribute__((warn_unused_result));

/* The next cell of a table: 1,000,000 and 1.50 ms, or the bare figures. */
void show_count(struct table *table, uint64_t n);
void show_duration(struct table *table, uint64_t ns);

/* How a job stands, in words for people. */
const char *show_state(enum job_state state);

/* A job's result: how it ended, its tasks, its lock. */
enum outcome show_result(const struct context *context,
    const struct job_result *result) __attribute__((warn_unused_result));

/* Pools as server.info, pool.list and pool.set describe them: an array. */
enum outcome show_pools(const struct context *context, const json_t *pools)
    __attribute__((warn_unused_result));

/*
 * A sentence in a style, indented by two blanks and broken between words to
 * fit the width.
 */
void show_sentence(
    const struct term *term, enum term_style style, const char *text);

/*
 * Members of an object, for people: 0 or "-" where there is none, so that an
 * older server's answer can still be shown. The text is borrowed.
 */
uint64_t show_number(const json_t *object, const char *name);
const char *show_text(const json_t *object, const char *name);

#endif
