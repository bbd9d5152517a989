/*
 * Owns: job ids, made and read. Pure but for the random bytes of a source;
 * one source a process, which one thread uses.
 *
 * Invariant of a source: (last_ms, counter) grows with every id, as one number
 * does. The wall clock may stand still or be set back: last_ms does not
 * follow it, and should the counter come round, last_ms moves on instead.
 */
#include "proto/jobid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define TIME_BITS 48
#define TIME_MAX ((UINT64_C(1) << TIME_BITS) - 1)
#define DIGIT_BITS 5
#define FIRST_DIGIT_MAX 7 /* 26 digits hold 130 bits, an id has 128 */

/* Crockford's base 32: no I, L, O and U. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
job_id_source_init(struct job_id_source *source, uint8_t frontend)
{
	uint8_t bytes[5];
	ssize_t got;

	*source = (struct job_id_source){.frontend = frontend};
	do {
		got = getrandom(bytes, sizeof(bytes), 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(bytes))
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		source->chance = source->chance << 8 | bytes[i];
	return 0;
}

struct job_id
job_id_next(struct job_id_source *source, uint64_t unix_ms)
{
	if (unix_ms > source->last_ms && unix_ms <= TIME_MAX)
		source->last_ms = unix_ms;
	else if (source->counter == UINT32_MAX)
		source->last_ms++;
	source->counter++;
	return (struct job_id){
	    .high = source->last_ms << 16 | (uint64_t)source->frontend << 8 |
		source->chance >> 32,
	    .low = source->chance << 32 | source->counter,
	};
}

uint8_t
job_id_frontend(struct job_id id)
{
	return (uint8_t)(id.high >> 8);
}

bool
job_id_equals(struct job_id a, struct job_id b)
{
	return a.high == b.high && a.low == b.low;
}

void
job_id_format(struct job_id id, char text[JOB_ID_CHARS + 1])
{
	uint64_t middle = id.high << 4 | id.low >> 60;

	/* 12 digits of the low half, 1 of both, 13 of the high one. */
	text[JOB_ID_CHARS] = '\0';
	for (int i = JOB_ID_CHARS - 1; i > 13; i--) {
		text[i] = digits[id.low & 31];
		id.low >>= DIGIT_BITS;
	}
	text[13] = digits[middle & 31];
	id.high >>= 1;
	for (int i = 12; i >= 0; i--) {
		text[i] = digits[id.high & 31];
		id.high >>= DIGIT_BITS;
	}
}

/* The value of one character, or -1. */
static int
digit_value(char c)
{
	const char *digit;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'I' || c == 'L')
		c = '1';
	if (c == 'O')
		c = '0';
	digit = c != '\0' ? strchr(digits, c) : NULL;
	return digit != NULL ? (int)(digit - digits) : -1;
}

int
job_id_parse(const char *text, struct job_id *id)
{
	struct job_id read = {0};

	for (int i = 0; i < JOB_ID_CHARS; i++) {
		int value = digit_value(text[i]);

		if (value < 0 || (i == 0 && value > FIRST_DIGIT_MAX))
			return -1;
		read.high =
		    read.high << DIGIT_BITS | read.low >> (64 - DIGIT_BITS);
		read.low = read.low << DIGIT_BITS | (uint64_t)value;
	}
	if (text[JOB_ID_CHARS] != '\0')
		return -1;
	*id = read;
	return 0;
}
