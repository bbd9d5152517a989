/*
 * getopt_long(3) does the reading, with tables that are built here from ours
 * for each call. An option is known to it by its place: FIRST_PLACE + i for row
 * i of the command's table, and behind those the global rows.
 */
#include "client/arguments.h"

#include <getopt.h>
#include <string.h>

#include "client/count.h"
#include "client/libgil/gil.h"

#define MAX_OPTIONS 32
#define FIRST_PLACE 256

/* Of the global rows below. */
#define ROW_HELP 5
#define ROW_VERSION 6

const struct option_row arguments_global[] = {
    {"server", 's', "ADDRESS", OPTION_TEXT, offsetof(struct context, server), 0,
	0,
	"HOST:PORT, [ADDRESS]:PORT or unix:PATH; else\n"
	"$GILD_SERVER, else 127.0.0.1:4453; but for\n"
	"reload, drain and shutdown\n" COMMAND_ADMIN_SERVER},
    {"json", 0, NULL, OPTION_FORMAT, offsetof(struct context, format),
	FORMAT_JSON, 0, "print results as JSON, one a line"},
    {"csv", 0, NULL, OPTION_FORMAT, offsetof(struct context, format),
	FORMAT_CSV, 0, "print tables as CSV, in machine units"},
    {"markdown", 0, NULL, OPTION_FORMAT, offsetof(struct context, format),
	FORMAT_MARKDOWN, 0, "print tables as GitHub Markdown"},
    {"connect-timeout", 0, "MS", OPTION_NUMBER,
	offsetof(struct context, connect_timeout_ms), 1, 2147483647,
	"give up connecting after MS ms (5000)"},
    {"help", 'h', NULL, OPTION_FLAG, 0, 0, 0, "print this and exit"},
    {"version", 'V', NULL, OPTION_FLAG, 0, 0, 0, "print the version and exit"},
    {0},
};

/* What getopt_long(3) needs, built from one or two of our tables. */
struct parser {
	const struct option_row *rows[MAX_OPTIONS];
	size_t n_rows;
	size_t n_own; /* rows of the command; the others are global */
	struct option long_options[MAX_OPTIONS + 1];
	char letters[2 + 2 * MAX_OPTIONS + 1];
};

static void
parser_add(struct parser *parser, const struct option_row *options)
{
	char *letter = parser->letters + strlen(parser->letters);

	for (; options != NULL && options->name != NULL; options++) {
		size_t i = parser->n_rows++;

		parser->rows[i] = options;
		parser->long_options[i] = (struct option){
		    .name = options->name,
		    .has_arg = options->argument != NULL,
		    .val = FIRST_PLACE + (int)i,
		};
		if (options->letter != 0) {
			*letter++ = options->letter;
			if (options->argument != NULL)
				*letter++ = ':';
		}
	}
	*letter = '\0';
}

static void
parser_init(
    struct parser *parser, const char *mode, const struct option_row *options)
{
	memset(parser, 0, sizeof(*parser));
	strcpy(parser->letters, mode);
	parser_add(parser, options);
	parser->n_own = parser->n_rows;
	parser_add(parser, arguments_global);
	opterr = 0;
	optind = 0; /* both C libraries take it as: start afresh */
}

static size_t
parser_find(const struct parser *parser, int found)
{
	size_t i = 0;

	if (found >= FIRST_PLACE)
		return (size_t)(found - FIRST_PLACE);
	while (parser->rows[i]->letter != found)
		i++;
	return i;
}

/* An option that getopt_long(3) did not like: found is '?' or ':'. */
static void
complain_option(const struct parser *parser, const struct command *command,
    int found, char **argv)
{
	const char *name = command != NULL ? command->name : "";
	const char *blank = command != NULL ? " " : "";

	if (found == ':' || optopt >= FIRST_PLACE) {
		const struct option_row *row =
		    parser->rows[parser_find(parser, optopt)];

		if (row->argument == NULL)
			command_complain(
			    command, "--%s takes no value", row->name);
		else
			command_complain(command, "--%s needs a value: %s",
			    row->name, row->argument);
	} else if (optopt != 0) {
		command_complain(command,
		    "unknown option -%c; see gilctl%s%s --help", optopt, blank,
		    name);
	} else {
		command_complain(command,
		    "unknown option %s; see gilctl%s%s --help",
		    argv[optind - 1], blank, name);
	}
}

static int
store(const struct command *command, const struct option_row *row,
    void *settings, const char *value)
{
	char *at = (char *)settings + row->offset;
	char error[COUNT_ERROR_CHARS + 1];

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		break;
	case OPTION_FORMAT:
		*(enum format *)at = (enum format)row->min;
		break;
	case OPTION_TEXT:
		*(const char **)at = value;
		break;
	case OPTION_NUMBER:
		if (count_parse(value, row->min, row->max, (uint64_t *)at,
			error) == -1) {
			command_complain(command, "--%s: %s", row->name, error);
			return -1;
		}
		break;
	}
	return 0;
}

static enum arguments_status
read_options(struct parser *parser, struct context *context, void *settings,
    int argc, char **argv)
{
	const struct command *command = context->command;
	int found;

	while ((found = getopt_long(argc, argv, parser->letters,
		    parser->long_options, NULL)) != -1) {
		const struct option_row *row;
		size_t i;

		if (found == '?' || found == ':') {
			complain_option(parser, command, found, argv);
			return ARGUMENTS_WRONG;
		}
		i = parser_find(parser, found);
		row = parser->rows[i];
		if (row == &arguments_global[ROW_HELP])
			return ARGUMENTS_HELP;
		if (row == &arguments_global[ROW_VERSION])
			return ARGUMENTS_VERSION;
		if (store(command, row,
			i < parser->n_own ? settings : (void *)context,
			optarg) == -1)
			return ARGUMENTS_WRONG;
	}
	return ARGUMENTS_READ;
}

enum arguments_status
arguments_read_global(
    struct context *context, int argc, char **argv, int *first)
{
	struct parser parser;
	enum arguments_status status;

	/* '+': stop at the command's name; ':': tell what is missing. */
	parser_init(&parser, "+:", NULL);
	status = read_options(&parser, context, NULL, argc, argv);
	*first = optind;
	return status;
}

enum arguments_status
arguments_read(struct context *context, void *settings, int argc, char **argv,
    char ***operands)
{
	const struct command *command = context->command;
	struct parser parser;
	enum arguments_status status;

	parser_init(&parser, ":", command->options);
	status = read_options(&parser, context, settings, argc, argv);
	if (status != ARGUMENTS_READ)
		return status;
	if (argc - optind < command->min_operands) {
		command_complain(command, "%s missing; see gilctl %s --help",
		    command->operands, command->name);
		return ARGUMENTS_WRONG;
	}
	if (argc - optind > command->max_operands) {
		command_complain(command,
		    "\"%.80s\" is one operand too many; see gilctl %s --help",
		    argv[optind + command->max_operands], command->name);
		return ARGUMENTS_WRONG;
	}
	*operands = argv + optind;
	return ARGUMENTS_READ;
}

void
arguments_print_usage(const struct command *command, FILE *out)
{
	char word[80];
	int column = fprintf(out, "usage: gilctl %s", command->name);
	int indent = column + 1;

	for (const struct option_row *row = command->options;
	     row != NULL && row->name != NULL; row++) {
		char flag[32];
		int width;

		if (row->letter != 0)
			snprintf(flag, sizeof(flag), "-%c", row->letter);
		else
			snprintf(flag, sizeof(flag), "--%s", row->name);
		width = row->argument == NULL
		    ? snprintf(word, sizeof(word), "[%s]", flag)
		    : snprintf(
			  word, sizeof(word), "[%s %s]", flag, row->argument);
		if (column + 1 + width > 79)
			column = fprintf(out, "\n%*s", indent - 1, "") - 1;
		column += fprintf(out, " %s", word);
	}
	fprintf(out, "%s%s\n", *command->operands != '\0' ? " " : "",
	    command->operands);
}

void
arguments_print_options(const struct option_row *options, FILE *out)
{
	for (const struct option_row *row = options;
	     row != NULL && row->name != NULL; row++) {
		const char *line = row->meaning;
		char flags[64];

		snprintf(flags, sizeof(flags), "%c%c%s --%s%s%s",
		    row->letter != 0 ? '-' : ' ',
		    row->letter != 0 ? row->letter : ' ',
		    row->letter != 0 ? "," : " ", row->name,
		    row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		fprintf(out, "  %-26s ", flags);
		for (;;) {
			size_t length = strcspn(line, "\n");

			fprintf(out, "%.*s\n", (int)length, line);
			if (line[length] == '\0')
				break;
			line += length + 1;
			fprintf(out, "%29s", "");
		}
	}
}
