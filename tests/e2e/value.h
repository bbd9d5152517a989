/*
 * Values by path, for end-to-end tests: "tasks.0.turns" of a result. For the
 * body of a Check test; a path that leads nowhere fails it.
 */
#ifndef GILD_TESTS_E2E_VALUE_H
#define GILD_TESTS_E2E_VALUE_H

#include <jansson.h>
#include <stdint.h>

/* Borrowed. */
json_t *value_at(const json_t *value, const char *path);
int64_t int_at(const json_t *value, const char *path);
const char *text_at(const json_t *value, const char *path);
/* The sum of a member over the members of an array. */
int64_t sum_of(const json_t *array, const char *member);
/* What server.stats or pool.list tells of a pool: borrowed. */
json_t *pool_of(const json_t *told, const char *name);

#endif
