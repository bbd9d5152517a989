/*
 * The command line: one table of options per command and one of global ones
 * serve both the reading of argv and the text of --help.
 */
#ifndef GILD_CLIENT_ARGUMENTS_H
#define GILD_CLIENT_ARGUMENTS_H

#include <stdio.h>

#include "client/command.h"

enum arguments_status {
	ARGUMENTS_READ,
	ARGUMENTS_WRONG, /* and said so on standard error */
	ARGUMENTS_HELP,	 /* -h or --help was there */
	ARGUMENTS_VERSION,
};

/* The options that stand before or after the command's name. */
extern const struct option_row arguments_global[];

/*
 * Reads the options before the command's name into context. *first is the
 * index in argv of the first operand, argc where there is none.
 */
enum arguments_status arguments_read_global(struct context *context, int argc,
    char **argv, int *first) __attribute__((warn_unused_result));

/*
 * Reads what follows the command's name: argv[0] is that name. Options fill in
 * settings or context; operands are moved to argv's end and counted. *operands
 * then points at them.
 */
enum arguments_status arguments_read(struct context *context, void *settings,
    int argc, char **argv, char ***operands)
    __attribute__((warn_unused_result));

/* " [-p POOL] [-w WORKERS]", broken over lines of 80 columns. */
void arguments_print_usage(const struct command *command, FILE *out);

/* A line or more for each option of a table. */
void arguments_print_options(const struct option_row *options, FILE *out);

#endif
