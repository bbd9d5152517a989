/*
 * Owns: members of JSON objects, integers most of them, to the wire and back.
 * Pure; any process and thread.
 *
 * Which members an object has is left to those who own its tables.
 */
#include "proto/member.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int64_t
member_cap(uint64_t number)
{
	return (
	    int64_t)(number < MEMBER_MAX_INTEGER ? number : MEMBER_MAX_INTEGER);
}

json_t *
member_integer(uint64_t number)
{
	return json_integer((json_int_t)member_cap(number));
}

int
member_write(json_t *object, const char *name, uint64_t number)
{
	return json_object_set_new(object, name, member_integer(number));
}

void
member_put_number(struct writer *writer, uint64_t number)
{
	writer_integer(writer, member_cap(number));
}

void
member_put(struct writer *writer, const char *name, uint64_t number)
{
	writer_name(writer, name);
	member_put_number(writer, number);
}

void
member_put_token(
    struct writer *writer, const struct token *token, uint64_t number)
{
	writer_member(writer, token, member_cap(number));
}

void
member_put_string(struct writer *writer, const char *name, const char *text)
{
	writer_name(writer, name);
	writer_string(writer, text, strlen(text));
}

void
member_put_job(struct writer *writer, const char *name, struct job_id id)
{
	char text[JOB_ID_CHARS + 1];

	job_id_format(id, text);
	writer_name(writer, name);
	writer_string(writer, text, JOB_ID_CHARS);
}

int
member_refuse(struct rpc_error *error, const char *where, const char *name,
    const char *format, ...)
{
	char text[sizeof(error->detail)], field[sizeof(error->field)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(field, sizeof(field), "%s%s", where, name);
	return rpc_error_set(
	    error, RPC_INVALID_PARAMS, field, "%s %s", field, text);
}

int
member_read(const json_t *object, const char *where, const char *name,
    uint64_t max, uint64_t *number, struct rpc_error *error)
{
	const json_t *value = json_object_get(object, name);
	json_int_t integer = json_integer_value(value);

	if (!json_is_integer(value) || integer < 0 || (uint64_t)integer > max)
		return member_refuse(error, where, name,
		    "must be an integer from 0 to %" PRIu64, max);
	*number = (uint64_t)integer;
	return 0;
}

static uint64_t
member_load(const struct member_row *member, const void *base)
{
	const char *place = (const char *)base + member->offset;

	return member->width == sizeof(uint32_t) ? *(const uint32_t *)place
						 : *(const uint64_t *)place;
}

static void
member_store(const struct member_row *member, void *base, uint64_t number)
{
	char *place = (char *)base + member->offset;

	if (member->width == sizeof(uint32_t))
		*(uint32_t *)place = (uint32_t)number;
	else
		*(uint64_t *)place = number;
}

int
members_write(json_t *object, const void *base,
    const struct member_row *members, size_t n_members)
{
	for (size_t i = 0; i < n_members; i++) {
		if (member_write(object, members[i].name,
			member_load(&members[i], base)) != 0)
			return -1;
	}
	return 0;
}

void
members_put(struct writer *writer, const void *base,
    const struct member_row *members, size_t n_members)
{
	for (size_t i = 0; i < n_members; i++)
		member_put_token(
		    writer, &members[i].token, member_load(&members[i], base));
}

int
members_read(const json_t *object, const char *where, void *base,
    const struct member_row *members, size_t n_members, struct rpc_error *error)
{
	for (size_t i = 0; i < n_members; i++) {
		uint64_t number;

		if (member_read(object, where, members[i].name, members[i].max,
			&number, error) != 0)
			return -1;
		member_store(&members[i], base, number);
	}
	return 0;
}
