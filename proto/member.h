/*
 * The members of objects that gild writes and reads back, integers most of
 * them: one by one, or a struct's by a table, which serves both directions, so
 * that what is written is what is read.
 *
 * Numbers on the wire stop at 2^53 - 1: one that is greater is written as that.
 * Members that no reader asks for are ignored. `where` is "" or stands before a
 * member's name in an error: "tasks[0].lock.".
 */
#ifndef GILD_PROTO_MEMBER_H
#define GILD_PROTO_MEMBER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/jobid.h"
#include "proto/rpcerror.h"
#include "proto/writer.h"

/* JSON numbers are exact only below 2^53 in many languages. */
#define MEMBER_MAX_INTEGER ((UINT64_C(1) << 53) - 1)

/* A new reference, or NULL when memory ran out. */
json_t *member_integer(uint64_t number);

/* Adds a member to object. 0, or -1 when memory ran out. */
int member_write(json_t *object, const char *name, uint64_t number)
    __attribute__((warn_unused_result));

/* The same as text, by a name that stands ready, too; and without a name, as an element of an array. */
void member_put(struct writer *writer, const char *name, uint64_t number);
void member_put_token(
    struct writer *writer, const struct token *token, uint64_t number);
void member_put_number(struct writer *writer, uint64_t number);
/* A string that is UTF-8, and an id. */
void member_put_string(
    struct writer *writer, const char *name, const char *text);
void member_put_job(struct writer *writer, const char *name, struct job_id id);

/* A member that must be there, from 0 to max. 0, or -1 with *error set. */
int member_read(const json_t *object, const char *where, const char *name,
    uint64_t max, uint64_t *number, struct rpc_error *error)
    __attribute__((warn_unused_result));

/* Refuses a member: its name, and "must be ..." behind it. Always -1. */
int member_refuse(struct rpc_error *error, const char *where, const char *name,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One unsigned integer of a struct: 4 or 8 bytes wide. */
struct member_row {
	const char *name;
	struct token token; /* the name, to be written */
	size_t offset;
	size_t width;
	uint64_t max;
};

/* A member of that name, whose place in the struct may be nested. */
#define MEMBER_AT(member_name, type, place, limit)                            \
	{                                                                     \
		.name = member_name, .token = NAME_TOKEN(member_name),        \
		.offset = offsetof(struct type, place),                       \
		.width = sizeof(((struct type *)NULL)->place), .max = (limit) \
	}
#define MEMBER(type, field, limit) MEMBER_AT(#field, type, field, limit)
#define N_MEMBERS(members) (sizeof(members) / sizeof(members[0]))

/* Adds a struct's members to object. 0, or -1 when memory ran out. */
int members_write(json_t *object, const void *base,
    const struct member_row *members, size_t n_members)
    __attribute__((warn_unused_result));
/* The same as text. */
void members_put(struct writer *writer, const void *base,
    const struct member_row *members, size_t n_members);
/* Reads them into a struct: all must be there. 0, or -1 with *error set. */
int members_read(const json_t *object, const char *where, void *base,
    const struct member_row *members, size_t n_members, struct rpc_error *error)
    __attribute__((warn_unused_result));

#endif
