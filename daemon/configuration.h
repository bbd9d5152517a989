/*
 * Where the settings come from: defaults, then a file, then what the command
 * line says. It is read at the start and again at each reload, with the same
 * command line and whatever the file holds by then.
 */
#ifndef GILD_DAEMON_CONFIGURATION_H
#define GILD_DAEMON_CONFIGURATION_H

#include <stddef.h>

#include "daemon/options.h"
#include "daemon/settings.h"

/* All of it borrowed, for as long as gild runs: the strings are argv's. */
struct configuration {
	const char *file; /* NULL: none */
	const char *listen[SETTINGS_MAX_LISTEN];
	size_t n_listen;
	char **overrides; /* NAME=VALUE, each with an = */
	size_t n_overrides;
};

/*
 * Makes settings, which are then the caller's to free. 0, or -1 with what is
 * wrong, where, and what would be right in error; settings are then freed.
 */
int configuration_read(const struct configuration *configuration,
    struct settings *settings, char error[OPTIONS_ERROR_CHARS + 1])
    __attribute__((warn_unused_result));

/*
 * Whether each address that the settings name can be resolved and may be
 * listened on, without doing so. 0, or -1 with error filled in.
 */
int configuration_check_addresses(const struct settings *settings,
    char error[OPTIONS_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

#endif
