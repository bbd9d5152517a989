/*
 * Reading the configuration. Run by the command line for -t, and by the master
 * at the start and when it reloads.
 */
#include "daemon/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/address.h"

/* "NAME=VALUE", as -o takes it. */
static int
override(struct settings *settings, const char *assignment,
    char error[OPTIONS_ERROR_CHARS + 1])
{
	char *name = strdup(assignment), *value;
	int result;

	if (name == NULL) {
		snprintf(error, OPTIONS_ERROR_CHARS + 1, "out of memory");
		return -1;
	}
	value = strchr(name, '=');
	*value++ = '\0';
	result = options_set(settings, name, value, error);
	free(name);
	return result;
}

static int
read_all(const struct configuration *configuration, struct settings *settings,
    char error[OPTIONS_ERROR_CHARS + 1])
{
	if (configuration->file != NULL &&
	    options_read_file(settings, configuration->file, error) != 0)
		return -1;
	for (size_t i = 0; i < configuration->n_overrides; i++) {
		if (override(settings, configuration->overrides[i], error) != 0)
			return -1;
	}
	if (configuration->n_listen > 0 &&
	    options_set_listen(settings, configuration->listen,
		configuration->n_listen, error) != 0)
		return -1;
	return options_finish(settings, error);
}

/* Where the service manager has made a directory for us, that is it: the first
 * of those that it names. */
static void
find_state_dir(struct settings *settings)
{
	const char *given = getenv("STATE_DIRECTORY");
	size_t length = given == NULL ? 0 : strcspn(given, ":");

	if (settings->state_dir[0] != '\0' || length > SETTINGS_PATH_CHARS)
		return;
	memcpy(settings->state_dir, given == NULL ? "" : given, length);
	settings->state_dir[length] = '\0';
}

int
configuration_read(const struct configuration *configuration,
    struct settings *settings, char error[OPTIONS_ERROR_CHARS + 1])
{
	options_init(settings);
	if (read_all(configuration, settings, error) == 0) {
		find_state_dir(settings);
		return 0;
	}
	settings_free(settings);
	return -1;
}

int
configuration_check_addresses(
    const struct settings *settings, char error[OPTIONS_ERROR_CHARS + 1])
{
	struct address found[ADDRESS_MAX_RESOLVED];

	for (size_t i = 0; i < settings->n_listen; i++) {
		const char *text = settings->listen[i];
		int n_found = address_resolve(text, found, ADDRESS_MAX_RESOLVED,
		    error, OPTIONS_ERROR_CHARS + 1);

		if (n_found < 0)
			return -1;
		for (int j = 0; j < n_found; j++) {
			if (address_check_reach(&found[j], text,
				settings->allow_remote, error,
				OPTIONS_ERROR_CHARS + 1) < 0)
				return -1;
		}
	}
	return 0;
}
