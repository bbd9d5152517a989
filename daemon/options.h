/*
 * The options: one table {name, type, bounds, default, meaning} that serves
 * the configuration file, -o, -t, and the manual. A name is "frontends" or
 * "pool.NAME.size". Values are text everywhere; the table's row parses them:
 * integers (50_000, 4), booleans (true, false, yes, no, on, off), sizes
 * (1048576, 1M, 64k), durations (30, 30s, 500ms, 5m), names of a set, and
 * addresses.
 */
#ifndef GILD_DAEMON_OPTIONS_H
#define GILD_DAEMON_OPTIONS_H

#include <stdio.h>

#include "daemon/settings.h"

/* Room for one error message that says what, where and what would be right. */
#define OPTIONS_ERROR_CHARS 767

/*
 * The defaults: the two default pools, no address yet. Reading a file comes
 * next, where there is one, then single options, then options_finish().
 */
void options_init(struct settings *settings);

/*
 * Reads a configuration file with libConfuse. 0, or -1 with error filled in
 * ("gild.conf:12: ..."). A file that has pool sections defines all the pools:
 * the two default ones are then gone unless it names them.
 */
int options_read_file(struct settings *settings, const char *path,
    char error[OPTIONS_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Sets one option, as -o NAME=VALUE does; the value of `listen` is a list with
 * commas. A pool that does not exist is made by setting its `kind`. 0, or -1
 * with error filled in.
 */
int options_set(struct settings *settings, const char *name, const char *value,
    char error[OPTIONS_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Replaces all addresses to listen on, as -l does. 0, or -1 with error filled
 * in.
 */
int options_set_listen(struct settings *settings, const char *const texts[],
    size_t n_texts, char error[OPTIONS_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

/*
 * Fills in what depends on other options or is left, and checks what no single
 * option can (a pool of policy hold takes no interval, ...). 0, or -1 with
 * error.
 */
int options_finish(struct settings *settings,
    char error[OPTIONS_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/*
 * Writes the effective configuration in the file's own syntax, so that
 * reading it back gives the same settings. 0, or -1 when writing failed.
 */
int options_print(const struct settings *settings, FILE *out)
    __attribute__((warn_unused_result));

/*
 * The table as text for `gild -h`: a line an option with its default, its
 * meaning from this column on, and its bounds, on a second line if need be.
 */
#define OPTIONS_DESCRIBE_COLUMN 32
void options_describe(FILE *out);

#endif
