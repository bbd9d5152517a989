/*
 * The one table of options, in two parts: those of struct settings, and those
 * that each pool has. The configuration file, -o, -t and -h are made from it.
 */
#ifndef GILD_DAEMON_OPTION_TABLE_H
#define GILD_DAEMON_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/option.h"

struct option_table {
	const struct option_row *rows;
	size_t n_rows;
};

/* Of struct settings, and of struct pool_settings: the kind comes first. */
extern const struct option_table settings_table;
extern const struct option_table pool_table;

#define OPTION_MAX_ROWS 32

/* The row of this name, or NULL. */
const struct option_row *option_find(
    const struct option_table *table, const char *name);

/*
 * Says that the table has no such option, and which one may be meant. prefix
 * is what stands before the names: "" or "pool.NAME.". Always -1.
 */
int option_complain_unknown(const struct option_table *table,
    const char *prefix, const char *name,
    char complaint[OPTION_COMPLAINT_CHARS + 1]);

/* A mask with this row's bit, as in pool_settings.given. */
uint32_t option_bit(
    const struct option_table *table, const struct option_row *row);

/* 0, or -1 with complaint filled in: what a pool's name looks like. */
int option_check_pool_name(
    const char *name, char complaint[OPTION_COMPLAINT_CHARS + 1])
    __attribute__((warn_unused_result));

/* The policy that a pool was given, and, of a preset, its parameters. */
struct gil_parameters option_preset(const struct pool_settings *pool);

/*
 * Whether a pool, by its kind, locks and policy, has a use for all that was given.
 * 0, or -1 with complaint filled in.
 */
int option_check_pool(const struct pool_settings *pool,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
    __attribute__((warn_unused_result));

/* Whether a pool has a use for this option. */
bool option_applies(
    const struct option_row *row, const struct pool_settings *pool);

#endif
