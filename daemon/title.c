/*
 * Titles. Run by each process; the one thread that sets a process's title may
 * do so in a signal handler.
 *
 * The kernel shows as the command line what lies where it put the arguments,
 * and, once their last byte is no NUL any more, on through the environment
 * behind them up to the first NUL. So titles are written there, and arguments
 * and environment live elsewhere. Every title ends within the first
 * AREA_BYTES: what is behind them is cleared by the first one and stays so.
 */
#include "daemon/title.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "gild: "
#define AREA_BYTES (sizeof(PREFIX) + TITLE_CHARS)

static char program_name[] = "gild";

static struct {
	char *start; /* NULL: there are no titles */
	size_t size;
	size_t dirty;	    /* behind so many bytes there are only NULs */
	char **arguments;   /* the copy */
	char **environment; /* the copies, also of what is unset later */
} area;

static void
free_strings(char **strings)
{
	if (strings == NULL)
		return;
	for (size_t i = 0; strings[i] != NULL; i++)
		free(strings[i]);
	free(strings);
}

static char **
copy_strings(char *const strings[], size_t n)
{
	char **copy = calloc(n + 1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(strings[i]);
		if (copy[i] == NULL) {
			free_strings(copy);
			return NULL;
		}
	}
	return copy;
}

/* Whether the string is the next one in memory; then *end is moved on. */
static bool
follows(const char *string, char **end)
{
	if (string != *end)
		return false;
	*end += strlen(string) + 1;
	return true;
}

/* Where the strings end that lie one behind the other from argv[0] on. */
static char *
find_end(int argc, char *argv[])
{
	char *end = argv[0];

	for (int i = 0; i < argc; i++) {
		if (!follows(argv[i], &end))
			return end;
	}
	for (size_t i = 0; environ != NULL && environ[i] != NULL; i++) {
		if (!follows(environ[i], &end))
			return end;
	}
	return end;
}

char **
title_init(int argc, char *argv[])
{
	char **arguments, **environment;
	size_t n = 0;

	while (environ != NULL && environ[n] != NULL)
		n++;
	if (argc == 0 || area.start != NULL)
		return argv;
	arguments = copy_strings(argv, (size_t)argc);
	environment = copy_strings(environ, n);
	area.environment = calloc(n + 1, sizeof(*environment));
	if (arguments == NULL || environment == NULL ||
	    area.environment == NULL) {
		free_strings(arguments);
		free_strings(environment);
		free(area.environment);
		area.environment = NULL;
		return argv;
	}
	memcpy(area.environment, environment, n * sizeof(*environment));
	area.start = argv[0];
	area.size = area.dirty = (size_t)(find_end(argc, argv) - argv[0]);
	area.arguments = arguments;
	environ = environment;
	/* What the C library says begins with these. */
	program_invocation_name = program_name;
	program_invocation_short_name = program_name;
	return arguments;
}

void
title_set_text(const char *text)
{
	char title[AREA_BYTES] = PREFIX;
	size_t length = strlen(PREFIX);
	size_t room = area.size < AREA_BYTES ? area.size : AREA_BYTES;

	if (area.start == NULL)
		return;
	while (*text != '\0' && length < AREA_BYTES - 1)
		title[length++] = *text++;
	memcpy(area.start, title, room);
	area.start[room - 1] = '\0';
	if (area.dirty > room)
		memset(area.start + room, 0, area.dirty - room);
	area.dirty = room;
}

void
title_set(const char *format, ...)
{
	char text[TITLE_CHARS + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	title_set_text(text);
}
