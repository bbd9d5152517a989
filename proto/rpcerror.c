/*
 * Owns: the error table's look-ups, and how one error is filled in and written
 * as JSON. Pure; any process and thread.
 *
 * An rpc_error's text is valid UTF-8 on one line, whatever was formatted into
 * it, so that writing it as JSON fails for want of memory only. Which error
 * stands for what is decided by those who call; PROTOCOL.md lists them.
 */
#include "proto/rpcerror.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/nearest.h"
#include "proto/utf8.h"

static const struct {
	int code;
	const char *slug;
	const char *message;
} rows[RPC_ERROR_COUNT] = {[RPC_OK] = {0, "ok", "No error"},
#define X(name, code, slug, message) [RPC_##name] = {code, slug, message},
    RPC_ERRORS(X)
#undef X
};

int
rpc_error_code(enum rpc_error_kind kind)
{
	return rows[kind].code;
}

const char *
rpc_error_slug(enum rpc_error_kind kind)
{
	return rows[kind].slug;
}

const char *
rpc_error_message(enum rpc_error_kind kind)
{
	return rows[kind].message;
}

enum rpc_error_kind
rpc_error_from_code(int code)
{
	for (int kind = RPC_OK + 1; kind < RPC_ERROR_COUNT; kind++)
		if (rows[kind].code == code)
			return (enum rpc_error_kind)kind;
	return RPC_OK;
}

static void
text_clean(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		unsigned char c = (unsigned char)*text;
		size_t len = utf8_length(text, left);

		if (len == 0 || c < 0x20 || c == 0x7f) {
			*text = '?';
			len = 1;
		}
		text += len;
		left -= len;
	}
}

/* Takes away a last character that was cut in the middle. */
static void
text_trim(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 3 &&
	    ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0 &&
	    utf8_length(text + start - 1, len - start + 1) == 0)
		text[start - 1] = '\0';
}

static void __attribute__((format(printf, 3, 0)))
text_set(char *text, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(text, size, format, args);

	if (len < 0)
		text[0] = '\0';
	else if ((size_t)len >= size)
		text_trim(text);
	text_clean(text);
}

static void __attribute__((format(printf, 3, 4)))
text_format(char *text, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_set(text, size, format, args);
	va_end(args);
}

int
rpc_error_set(struct rpc_error *error, enum rpc_error_kind kind,
    const char *field, const char *format, ...)
{
	va_list args;

	error->kind = kind;
	error->retry_after_ms = 0;
	text_format(error->field, sizeof(error->field), "%s",
	    field != NULL ? field : "");
	va_start(args, format);
	text_set(error->detail, sizeof(error->detail), format, args);
	va_end(args);
	return -1;
}

int
rpc_error_set_unknown(struct rpc_error *error, enum rpc_error_kind kind,
    const char *field, const char *what, const char *name,
    const char *const known[], size_t n_known)
{
	const char *near = nearest_name(name, known, n_known);
	char list[sizeof(error->detail)] = "";
	size_t len = 0;

	if (n_known == 0)
		return rpc_error_set(error, kind, field,
		    "unknown %s \"%.63s\": none is expected", what, name);
	if (near != NULL)
		return rpc_error_set(error, kind, field,
		    "unknown %s \"%.63s\": did you mean \"%s\"?", what, name,
		    near);
	for (size_t i = 0; i < n_known && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
		    i > 0 ? ", " : "", known[i]);
	return rpc_error_set(error, kind, field,
	    "unknown %s \"%.63s\": known are %s", what, name, list);
}

/* Its place among the known ones, or n_known. Most differ in their first
 * letter. */
static size_t
find_name(const char *name, const char *const known[], size_t n_known)
{
	size_t i = 0;

	while (i < n_known &&
	    (known[i][0] != name[0] || strcmp(name, known[i]) != 0))
		i++;
	return i;
}

int
rpc_error_take_members(struct rpc_error *error, enum rpc_error_kind kind,
    const char *what, const json_t *object, const char *const known[],
    size_t n_known, json_t *values[])
{
	/* jansson's iterators take no const, though reading changes nothing. */
	json_t *members = (json_t *)object;
	const char *unknown = NULL;
	void *at;

	for (size_t i = 0; i < n_known; i++)
		values[i] = NULL;
	for (at = json_object_iter(members); at != NULL;
	     at = json_object_iter_next(members, at)) {
		const char *name = json_object_iter_key(at);
		size_t i = find_name(name, known, n_known);

		if (i < n_known)
			values[i] = json_object_iter_value(at);
		else if (unknown == NULL)
			unknown = name;
	}
	if (unknown == NULL)
		return 0;
	return rpc_error_set_unknown(
	    error, kind, unknown, what, unknown, known, n_known);
}

int
rpc_error_check_members(struct rpc_error *error, enum rpc_error_kind kind,
    const char *what, const json_t *object, const char *const known[],
    size_t n_known)
{
	const char *name;
	json_t *member;

	/* jansson's iterators take no const, though reading changes nothing. */
	json_object_foreach ((json_t *)object, name, member)
		if (find_name(name, known, n_known) == n_known)
			return rpc_error_set_unknown(
			    error, kind, name, what, name, known, n_known);
	return 0;
}

const char *
rpc_json_type(const json_t *json)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "an object",
	    [JSON_ARRAY] = "an array",
	    [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "an integer",
	    [JSON_REAL] = "a real number",
	    [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",
	    [JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

json_t *
rpc_error_to_json(const struct rpc_error *error)
{
	json_t *json = json_object(), *data = json_object();
	bool is_short = false;

	is_short |= json_object_set_new(
	    data, "reason", json_string(rpc_error_slug(error->kind)));
	if (error->field[0] != '\0')
		is_short |= json_object_set_new(
		    data, "field", json_string(error->field));
	if (error->detail[0] != '\0')
		is_short |= json_object_set_new(
		    data, "detail", json_string(error->detail));
	if (error->retry_after_ms != 0)
		is_short |= json_object_set_new(data, "retry_after_ms",
		    json_integer(error->retry_after_ms));
	is_short |= json_object_set_new(
	    json, "code", json_integer(rpc_error_code(error->kind)));
	is_short |= json_object_set_new(
	    json, "message", json_string(rpc_error_message(error->kind)));
	is_short |= json_object_set_new(json, "data", data);
	if (is_short) {
		json_decref(json);
		json = NULL;
	}
	return json;
}
