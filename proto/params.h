/*
 * The params of a method: an object, by name, whose members are checked as
 * they are read. Every error is INVALID_PARAMS, names the member in its field,
 * and says what would be right.
 *
 * params may be NULL (the call had none), which reads as an empty object. The
 * readers leave their target as it is where the member is absent, so that a
 * default stands there before; params_require() is for those without one.
 * All return 0, or -1 with *error set.
 */
#ifndef GILD_PROTO_PARAMS_H
#define GILD_PROTO_PARAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/rpcerror.h"

/*
 * An object, and no member but the n_known ones. To be called first. The one
 * that takes fills in values, too: values[i] is known[i], or NULL.
 */
int params_check(const json_t *params, const char *const known[],
    size_t n_known, struct rpc_error *error)
    __attribute__((warn_unused_result));
int params_take(const json_t *params, const char *const known[], size_t n_known,
    json_t *values[], struct rpc_error *error)
    __attribute__((warn_unused_result));

/* `what` says what it must be: "an integer", "a job's id". */
int params_require(const json_t *params, const char *name, const char *what,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* An integer from min to max, in JSON too: 5e7 and 5.0 are real numbers. */
int params_read_integer(const json_t *params, const char *name, uint64_t min,
    uint64_t max, uint64_t *number, struct rpc_error *error)
    __attribute__((warn_unused_result));

int params_read_boolean(const json_t *params, const char *name, bool *truth,
    struct rpc_error *error) __attribute__((warn_unused_result));

/* *text is borrowed from params. A string with a NUL in it is refused. */
int params_read_string(const json_t *params, const char *name,
    const char **text, struct rpc_error *error)
    __attribute__((warn_unused_result));

/* The same with a member that was taken already: value is NULL where it is
 * absent. */
int param_require(const json_t *value, const char *name, const char *what,
    struct rpc_error *error) __attribute__((warn_unused_result));
int param_read_integer(const json_t *value, const char *name, uint64_t min,
    uint64_t max, uint64_t *number, struct rpc_error *error)
    __attribute__((warn_unused_result));
int param_read_boolean(const json_t *value, const char *name, bool *truth,
    struct rpc_error *error) __attribute__((warn_unused_result));
int param_read_string(const json_t *value, const char *name, const char **text,
    struct rpc_error *error) __attribute__((warn_unused_result));

#endif
