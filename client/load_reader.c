/*
 * Owns: what values must be like to be read. Which values a run has is
 * load_json_read.c's affair.
 *
 * Pure.
 */
#include "client/load_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_BUCKETS 1000000

struct load_place
load_place(const char *format, ...)
{
	struct load_place out;
	va_list args;

	va_start(args, format);
	vsnprintf(out.text, sizeof(out.text), format, args);
	va_end(args);
	return out;
}

void
load_refuse(struct load_reader *reader, const char *place, const char *name,
    const char *format, ...)
{
	char text[sizeof(reader->error->detail)];
	va_list args;

	if (reader->has_failed)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	member_refuse(reader->error, place, name, "%s", text);
	reader->has_failed = true;
}

void
load_refuse_memory(struct load_reader *reader)
{
	if (!reader->has_failed)
		rpc_error_set(
		    reader->error, RPC_INTERNAL, NULL, "out of memory");
	reader->has_failed = true;
}

uint64_t
load_read_integer(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, uint64_t max)
{
	uint64_t number = 0;

	if (!reader->has_failed &&
	    member_read(object, place, name, max, &number, reader->error) == -1)
		reader->has_failed = true;
	return number;
}

double
load_read_real(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

void
load_read_text(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, char *text, size_t size)
{
	const json_t *value = json_object_get(object, name);

	text[0] = '\0';
	if (!json_is_string(value) || json_string_length(value) >= size)
		load_refuse(reader, place, name,
		    "must be a string of at most %zu bytes", size - 1);
	else
		snprintf(text, size, "%s", json_string_value(value));
}

const json_t *
load_read_object(struct load_reader *reader, const json_t *object,
    const char *place, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_object(value))
		return value;
	load_refuse(reader, place, name, "must be an object");
	return NULL;
}

const json_t *
load_read_array(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, size_t max)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_array(value) && json_array_size(value) <= max)
		return value;
	load_refuse(
	    reader, place, name, "must be an array of at most %zu values", max);
	return NULL;
}

void
load_read_members(struct load_reader *reader, const json_t *object,
    const char *place, void *base, const struct member_row *members,
    size_t n_members)
{
	if (!reader->has_failed &&
	    members_read(
		object, place, base, members, n_members, reader->error) == -1)
		reader->has_failed = true;
}

/* [BUCKET, COUNT] */
static void
read_bucket(struct load_reader *reader, const json_t *pair, const char *place,
    struct hdr *hdr)
{
	const json_t *bucket = json_array_get(pair, 0);
	const json_t *count = json_array_get(pair, 1);
	json_int_t i = json_integer_value(bucket);
	json_int_t n = json_integer_value(count);

	if (!json_is_integer(bucket) || !json_is_integer(count) || i < 0 ||
	    (uint64_t)i >= hdr->n_buckets || n <= 0 ||
	    (uint64_t)n > MEMBER_MAX_INTEGER) {
		load_refuse(reader, place, "buckets",
		    "must be pairs of a bucket below %zu and a count",
		    hdr->n_buckets);
		return;
	}
	hdr->counts[i] += (uint64_t)n;
	hdr->count += (uint64_t)n;
}

void
load_read_buckets(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, struct hdr *hdr)
{
	struct load_place inner = load_place("%.24s%s.", place, name);
	const json_t *json = load_read_object(reader, object, place, name);
	const json_t *buckets =
	    load_read_array(reader, json, inner.text, "buckets", MAX_BUCKETS);
	const json_t *pair;
	uint64_t precision =
	    load_read_integer(reader, json, inner.text, "precision", HDR_FINE);
	size_t i;

	hdr_free(hdr);
	*hdr = (struct hdr){.precision = HDR_FINE};
	if (precision != HDR_FINE && precision != HDR_COARSE) {
		load_refuse(reader, inner.text, "precision", "must be %d or %d",
		    HDR_FINE, HDR_COARSE);
		return;
	}
	if (hdr_init(hdr, (enum hdr_precision)precision) == -1) {
		load_refuse_memory(reader);
		return;
	}
	json_array_foreach (buckets, i, pair)
		read_bucket(reader, pair, inner.text, hdr);
}

void
load_read_histogram(struct load_reader *reader, const json_t *object,
    const char *place, const char *name, struct hdr *hdr)
{
	struct load_place inner = load_place("%.24s%s.", place, name);
	const json_t *json = json_object_get(object, name);
	const char *at = inner.text;

	load_read_buckets(reader, object, place, name, hdr);
	if (hdr->count !=
	    load_read_integer(reader, json, at, "count", MEMBER_MAX_INTEGER))
		load_refuse(reader, at, "count",
		    "must be the sum of the buckets' counts, %" PRIu64,
		    hdr->count);
	hdr->min_ns = load_read_integer(reader, json, at, "min_ns", HDR_MAX_NS);
	hdr->max_ns = load_read_integer(reader, json, at, "max_ns", HDR_MAX_NS);
	hdr->sum_ns = load_read_integer(reader, json, at, "sum_ns", INT64_MAX);
}

void
load_read_parts(struct load_reader *reader, const json_t *object,
    const char *place, struct load_parts *parts)
{
	struct load_place inner = load_place("%.24sparts.", place);
	const json_t *json = load_read_object(reader, object, place, "parts");

	for (unsigned part = 0; part < LOAD_PARTS; part++)
		parts->ns[part] = load_read_integer(
		    reader, json, inner.text, load_part_name(part), INT64_MAX);
}
