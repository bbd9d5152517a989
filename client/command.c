/*
 * What every sub-command shares: how gilctl complains. One line, in one write,
 * so that several of them on one terminal stay whole.
 */
#include "client/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
command_complain(const struct command *command, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	term_tame(text);
	if (command != NULL)
		fprintf(stderr, "gilctl: %s: %s\n", command->name, text);
	else
		fprintf(stderr, "gilctl: %s\n", text);
}
