/*
 * Reading an object of JSON member by member, where the first fault counts: it
 * is remembered with its place, what follows reads as zeros, and whoever reads
 * asks once, at the end.
 *
 * The file may be anybody's: no figure of it sizes an allocation but the
 * lengths of its arrays, and no bucket is beyond its histogram.
 */
#ifndef GILD_CLIENT_LOAD_READER_H
#define GILD_CLIENT_LOAD_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load_report.h"
#include "proto/member.h"
#include "proto/rpcerror.h"

struct load_reader {
	struct rpc_error *error; /* set where it has failed */
	bool has_failed;
};

/* "series[3].": the place of an object, before its members' names. */
struct load_place {
	char text[48];
};

struct load_place load_place(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Notes that a member is not what it must be: "must be ...". */
void load_refuse(struct load_reader *reader, const char *place,
    const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void load_refuse_memory(struct load_reader *reader);

uint64_t load_read_integer(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, uint64_t max);
/* A figure that may be missing, or null: 0. */
double load_read_real(const json_t *object, const char *name);
/* A text of less than size bytes. */
void load_read_text(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, char *text, size_t size);
/* These two are borrowed; NULL, which has no members, where it has failed. */
const json_t *load_read_object(struct load_reader *reader, const json_t *object,
    const char *place, const char *name);
const json_t *load_read_array(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, size_t max);
void load_read_members(struct load_reader *reader, const json_t *object,
    const char *place, void *base, const struct member_row *members,
    size_t n_members);

/*
 * hdr is one that was initialised, or all zeros; it is replaced. The former
 * reads nothing but {"precision","buckets"}: no least, greatest and sum.
 */
void load_read_buckets(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, struct hdr *hdr);
void load_read_histogram(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, struct hdr *hdr);
void load_read_parts(struct load_reader *reader, const json_t *object,
    const char *place, struct load_parts *parts);

#endif
