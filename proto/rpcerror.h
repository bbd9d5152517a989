/*
 * Every error that gild sends, in one table: the JSON-RPC code, the message
 * that stands for it, and a slug that a program can test (`data.reason`).
 * JSON-RPC 2.0 defines -32700 and -32600..-32603; -32000..-32099 are ours.
 */
#ifndef GILD_PROTO_RPCERROR_H
#define GILD_PROTO_RPCERROR_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*      name              code    slug                 message */
#define RPC_ERRORS(X)                                                          \
	X(PARSE_ERROR, -32700, "parse_error", "Parse error")                   \
	X(INVALID_REQUEST, -32600, "invalid_request", "Invalid Request")       \
	X(METHOD_NOT_FOUND, -32601, "method_not_found", "Method not found")    \
	X(INVALID_PARAMS, -32602, "invalid_params", "Invalid params")          \
	X(INTERNAL, -32603, "internal_error", "Internal error")                \
	X(BUSY, -32000, "busy", "Busy")                                        \
	X(SHUTTING_DOWN, -32001, "shutting_down", "Shutting down")             \
	X(NO_SUCH_POOL, -32002, "no_such_pool", "No such pool")                \
	X(NO_SUCH_JOB, -32003, "no_such_job", "No such job")                   \
	X(LINE_TOO_LONG, -32004, "line_too_long", "Line too long")             \
	X(BATCH_TOO_LARGE, -32005, "batch_too_large", "Batch too large")       \
	X(TOO_MANY_VALUES, -32006, "too_many_values", "Too many values")       \
	X(FORBIDDEN, -32007, "forbidden", "Forbidden")                         \
	X(RELOAD_FAILED, -32008, "reload_failed", "Reload failed")             \
	X(STORE_UNAVAILABLE, -32009, "store_unavailable", "Store unavailable") \
	X(KEY_CONFLICT, -32010, "key_conflict", "Key conflict")                \
	X(JOB_ENDED, -32011, "job_ended", "Job has ended")                     \
	X(RATE_LIMITED, -32012, "rate_limited", "Rate limited")                \
	X(WAIT_TIMED_OUT, -32013, "wait_timed_out", "Wait timed out")          \
	X(CONNECTION_TIMED_OUT, -32014, "connection_timed_out",                \
	    "Connection timed out")

enum rpc_error_kind {
	RPC_OK = 0,
#define X(name, code, slug, message) RPC_##name,
	RPC_ERRORS(X)
#undef X
	    RPC_ERROR_COUNT
};

/* One error as it happened: a value, nothing to free. */
struct rpc_error {
	enum rpc_error_kind kind;
	char field[64];	  /* the parameter at fault, or "" */
	char detail[512]; /* what was wrong, where, and what would be right */
	uint32_t retry_after_ms; /* when to try again; 0: not said */
};

int rpc_error_code(enum rpc_error_kind kind);
const char *rpc_error_slug(enum rpc_error_kind kind);
const char *rpc_error_message(enum rpc_error_kind kind);

/* RPC_OK when no row of the table has this code. */
enum rpc_error_kind rpc_error_from_code(int code);

/*
 * Fills in *error; field may be NULL. Always returns -1, so that a check can
 * end with `return rpc_error_set(...)`. Text that does not fit is cut at a
 * whole UTF-8 character; control characters and bytes that are not UTF-8
 * become '?', so that whatever a client sent may be quoted.
 */
int rpc_error_set(struct rpc_error *error, enum rpc_error_kind kind,
    const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Refuses a name that is none of the known ones: the detail is `unknown WHAT
 * "name"` and what would be right: the nearest known one, or the list of all.
 * Always returns -1.
 */
int rpc_error_set_unknown(struct rpc_error *error, enum rpc_error_kind kind,
    const char *field, const char *what, const char *name,
    const char *const known[], size_t n_known);

/*
 * Takes an object's members apart, in one walk: values[i] is the one named
 * known[i], borrowed, or NULL. 0, or -1 when there is one that is none of the
 * known ones: it is refused as above, and error's field names it; values are
 * filled in all the same.
 */
int rpc_error_take_members(struct rpc_error *error, enum rpc_error_kind kind,
    const char *what, const json_t *object, const char *const known[],
    size_t n_known, json_t *values[]) __attribute__((warn_unused_result));

/* 0, or -1 when object has a member that is none of the known ones. */
int rpc_error_check_members(struct rpc_error *error, enum rpc_error_kind kind,
    const char *what, const json_t *object, const char *const known[],
    size_t n_known) __attribute__((warn_unused_result));

/* What a JSON value is, for a detail: "an object", "a string", "true", ... */
const char *rpc_json_type(const json_t *json);

/*
 * {"code", "message", "data": {"reason", "field"?, "detail"?,
 * "retry_after_ms"?}}: a new
 * reference, or NULL when memory ran out.
 */
json_t *rpc_error_to_json(const struct rpc_error *error);

#endif
