/*
 * gilctl: the client's main(). Reads the global options, finds the sub-command
 * in the table, reads its options, runs it, and makes its outcome the exit
 * status. All else is in the libraries.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/arguments.h"
#include "client/command.h"
#include "client/interrupt.h"
#include "client/libgil/gil.h"
#include "proto/nearest.h"

static const struct command *const commands[] = {
    &command_compare,
    &command_sweep,
    &command_convoy,
    &command_submit,
    &command_load,
    &command_collect,
    &command_list,
    &command_history,
    &command_cancel,
    &command_trace,
    &command_info,
    &command_stats,
    &command_pools,
    &command_set,
    &command_compare_runs,
    &command_fit,
    &command_ping,
    &command_reload,
    &command_drain,
    &command_shutdown,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char exit_codes[] =
    "Exit status:\n"
    "  0  fine\n"
    "  1  a job did not end done, or output could not be written\n"
    "  2  the command line is wrong, or a file that it names\n"
    "  3  cannot connect, or the connection was lost\n"
    "  4  the server refused\n"
    "  5  what was waited for did not come in time, or cannot be seen; or "
    "what was\n     expected is not so\n"
    "When interrupted it cancels its jobs, but for those with a key or "
    "detached, "
    "and\ndies from the signal.\n";

static enum outcome
print_help(void)
{
	printf(
	    "usage: gilctl [-s ADDRESS] [--json|--csv|--markdown] COMMAND "
	    "...\n\n"
	    "Measures what one global lock costs CPU-bound threads and what "
	    "worker\nprocesses buy back, with a gild daemon.\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf(
		    "  %-12s  %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions, before or after the command:\n");
	arguments_print_options(arguments_global, stdout);
	printf("\n%s\ngilctl COMMAND --help tells more; so does gilctl(1).\n",
	    exit_codes);
	return OUTCOME_FINE;
}

static enum outcome
print_command_help(const struct command *command)
{
	arguments_print_usage(command, stdout);
	printf("\n%s.\n", command->summary);
	if (command->notes != NULL)
		printf("\n%s", command->notes);
	if (command->options != NULL) {
		printf("\nOptions:\n");
		arguments_print_options(command->options, stdout);
	}
	printf("\nGlobal options:\n");
	arguments_print_options(arguments_global, stdout);
	return OUTCOME_FINE;
}

static enum outcome
print_version(void)
{
	printf("gilctl %s\n", PACKAGE_VERSION);
	return OUTCOME_FINE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void
complain_command(const char *name)
{
	const char *names[N_COMMANDS];
	const char *nearest;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i]->name;
	nearest = nearest_name(name, names, N_COMMANDS);
	if (nearest != NULL)
		command_complain(NULL,
		    "unknown command \"%.80s\": did you mean %s?", name,
		    nearest);
	else
		command_complain(
		    NULL, "unknown command \"%.80s\"; see gilctl --help", name);
}

/* argv[0] is the command's name. */
static enum outcome
run_command(struct context *context, int argc, char **argv)
{
	const struct command *command = context->command;
	void *settings = calloc(1, command->settings_size + 1);
	enum outcome outcome = OUTCOME_USAGE;
	char **operands;

	if (settings == NULL) {
		command_complain(command, "out of memory");
		return OUTCOME_NOT_DONE;
	}
	if (command->settings_size > 0)
		memcpy(settings, command->defaults, command->settings_size);
	switch (arguments_read(context, settings, argc, argv, &operands)) {
	case ARGUMENTS_READ:
		if (context->server == NULL)
			context->server = command->server != NULL
			    ? command->server
			    : GIL_DEFAULT_SERVER;
		outcome = command->run(context, settings, operands);
		break;
	case ARGUMENTS_HELP:
		outcome = print_command_help(command);
		break;
	case ARGUMENTS_VERSION:
		outcome = print_version();
		break;
	case ARGUMENTS_WRONG:
		break;
	}
	free(settings);
	return outcome;
}

static enum outcome
dispatch(struct context *context, int argc, char **argv)
{
	int first;

	switch (arguments_read_global(context, argc, argv, &first)) {
	case ARGUMENTS_READ:
		break;
	case ARGUMENTS_HELP:
		return print_help();
	case ARGUMENTS_VERSION:
		return print_version();
	case ARGUMENTS_WRONG:
		return OUTCOME_USAGE;
	}
	if (first == argc) {
		command_complain(NULL, "no command given; see gilctl --help");
		return OUTCOME_USAGE;
	}
	context->command = find_command(argv[first]);
	if (context->command == NULL) {
		complain_command(argv[first]);
		return OUTCOME_USAGE;
	}
	return run_command(context, argc - first, argv + first);
}

/*
 * A descriptor 0, 1 or 2 that is closed must not become our socket. Writing to
 * what takes its place fails, and is reported.
 */
static void
fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/* Whoever calls gilctl learns it when its output went nowhere. */
static enum outcome
finish_output(enum outcome outcome)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return outcome;
	if (interrupt_is_by_reader())
		return OUTCOME_INTERRUPTED;
	command_complain(NULL, "cannot write the output: %s", strerror(errno));
	return outcome == OUTCOME_FINE ? OUTCOME_NOT_DONE : outcome;
}

int
main(int argc, char **argv)
{
	struct context context = {
	    .server = getenv("GILD_SERVER"),
	    .connect_timeout_ms = 5000,
	};
	enum outcome outcome;

	fill_standard_descriptors();
	/* A reader that leaves early ends us quietly, as in any pipeline. */
	signal(SIGPIPE, SIG_DFL);
	setlocale(LC_CTYPE, "");
	term_init(&context.out, stdout);
	if (context.server != NULL && *context.server == '\0')
		context.server = NULL;
	outcome = finish_output(dispatch(&context, argc, argv));
	if (outcome == OUTCOME_INTERRUPTED)
		interrupt_die();
	return (int)outcome;
}
