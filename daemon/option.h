/*
 * One option: a row of the tables in option_table.h, its value's text and back.
 * A row says into which field of its record (struct settings or one of its
 * struct pool_settings) a value goes and which values are right.
 */
#ifndef GILD_DAEMON_OPTION_H
#define GILD_DAEMON_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/settings.h"

enum option_type {
	OPTION_ADDRESSES, /* the list settings.listen */
	OPTION_BOOLEAN,
	OPTION_CHOICE,	 /* one of a few names */
	OPTION_DURATION, /* ns; written 30 (seconds), 30s, 500ms, 5m */
	OPTION_INTEGER,	 /* written 50000 or 50_000 */
	OPTION_POWER,	 /* an integer that is a power of two */
	OPTION_SIZE,	 /* bytes; written 1048576, 1M, 64k */
	OPTION_TEXT,	 /* an array of char, as long as its field takes */
};

/* Which pools have a use for an option. */
enum option_scope {
	SCOPE_ANY,
	SCOPE_THREADS,	/* pools of kind threads */
	SCOPE_FREE,	/* of these, those without a lock */
	SCOPE_LOCK,	/* of these, those whose threads share locks */
	SCOPE_INTERVAL, /* of these, under policy interval; and so on */
	SCOPE_TICKS,
	SCOPE_FAIR,
};

struct option_row {
	const char *name; /* "frontends"; in a pool: "size" */
	enum option_type type;
	size_t offset; /* the field in its record */
	size_t width;
	uint64_t min, max;
	/* The names of a choice, in order; NULL when choice >= their number. */
	const char *(*choice_name)(uint64_t choice);
	enum option_scope scope;
	const char *initial; /* the default; NULL: see the meaning */
	const char *meaning;
};

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* Room for what is wrong with a value. */
#define OPTION_COMPLAINT_CHARS 640
/* Room for a number with its unit. */
#define OPTION_NUMBER_CHARS 23
/* Room for one value's bounds or one value, addresses apart. */
#define OPTION_TEXT_CHARS 63

/*
 * Puts a value into its field of record. 0, or -1 with complaint filled in
 * ("must be an integer from 1 to 64, not "0"") and the record as it was.
 */
int option_parse(const struct option_row *row, const char *text, void *record,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
    __attribute__((warn_unused_result));

/*
 * Replaces the addresses to listen on; the texts are copied. 0, or -1 with
 * complaint filled in and the settings as they were.
 */
int option_set_addresses(struct settings *settings, const char *const texts[],
    size_t n_texts, char complaint[OPTION_COMPLAINT_CHARS + 1])
    __attribute__((warn_unused_result));

/* Writes a field's value in the configuration file's syntax. */
void option_write(const struct option_row *row, const void *record, FILE *out);

/* "1 to 64", "true or false", "at most 64 characters"; "" for addresses. */
void option_format_bounds(
    const struct option_row *row, char text[OPTION_TEXT_CHARS + 1]);

#endif
