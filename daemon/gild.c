/*
 * gild's main(): the command line. What it says of the configuration is handed
 * to the master, which reads it; -t, -V and -h end here.
 *
 * Exit status: 1 when the configuration is wrong or gild cannot start, 2 when
 * the command line itself is; what the table of options refuses is the
 * configuration's, wherever it was written. The messages of this file go to
 * standard error as they are; the log belongs to the master.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/configuration.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/master.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "daemon/title.h"
#include "proto/nearest.h"

#define EXIT_USAGE 2
#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))

struct flag {
	char letter;
	const char *word;
	const char *value; /* what stands for it in the usage; NULL: none */
	const char *meaning;
};

static const struct flag flags[] = {
    {'c', "config", "FILE", "read this configuration file"},
    {'l', "listen", "ADDRESS", "HOST:PORT or unix:PATH; may be repeated"},
    {'o', "option", "NAME=VALUE", "set an option; may be repeated"},
    {'t', "check", NULL, "check the configuration and print it"},
    {'v', "verbose", NULL, "log more"},
    {'V', "version", NULL, "print the version"},
    {'h', "help", NULL, "print this"},
};

/* What the arguments say, still as text. */
struct command_line {
	struct configuration configuration; /* its overrides are owned */
	bool wants_check, is_verbose, wants_version, wants_help;
};

static int __attribute__((format(printf, 2, 3)))
complain(int status, const char *format, ...)
{
	va_list arguments;

	/* The journal takes what has no priority for information. */
	fputs(journal_reads(STDERR_FILENO) ? "<3>gild: " : "gild: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs(status == EXIT_USAGE ? "\ngild -h shows the usage\n" : "\n",
	    stderr);
	return status;
}

/* 0 when all of standard output was written, else the exit status. */
static int
end_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return complain(EXIT_FAILURE, "cannot write: %s", strerror(errno));
}

static int
print_help(void)
{
	puts(
	    "usage: gild [-c FILE] [-l ADDRESS]... [-o NAME=VALUE]... [-tvVh]");
	puts("\nRuns countdown jobs in threads that share one lock and in "
	     "worker processes.\n");
	for (size_t i = 0; i < N_FLAGS; i++) {
		const char *value = flags[i].value;
		int length =
		    printf("  -%c, --%s%s%s", flags[i].letter, flags[i].word,
			value == NULL ? "" : " ", value == NULL ? "" : value);

		printf("%*s%s\n", OPTIONS_DESCRIBE_COLUMN - length, "",
		    flags[i].meaning);
	}
	puts("\nWithout -c no file is read. What -l and -o say goes before "
	     "what the file says.\nThe options, with their defaults and what "
	     "they may be:\n");
	options_describe(stdout);
	puts("\nA file defines its own pools; without one there are "
	     "\"threads\" and \"processes\".");
	return end_output();
}

static int
complain_unknown(const char *argument)
{
	const char *words[N_FLAGS], *nearest = NULL;
	char text[64] = "";

	if (strncmp(argument, "--", 2) != 0) {
		for (size_t i = 0; i < N_FLAGS; i++) {
			if ((flags[i].letter ^ optopt) == ('a' ^ 'A'))
				snprintf(text, sizeof(text),
				    ": did you mean -%c?", flags[i].letter);
		}
		return complain(EXIT_USAGE, "unknown flag -%c%s", optopt, text);
	}
	for (size_t i = 0; i < N_FLAGS; i++)
		words[i] = flags[i].word;
	nearest = nearest_name(argument + 2, words, N_FLAGS);
	if (nearest != NULL)
		snprintf(text, sizeof(text), ": did you mean --%s?", nearest);
	return complain(EXIT_USAGE, "unknown flag %s%s", argument, text);
}

/* What getopt_long() would have said about the flag that it stopped at. */
static int
complain_flag(int answer, const char *argument)
{
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (flags[i].letter != optopt)
			continue;
		if (answer == ':')
			return complain(EXIT_USAGE, "-%c needs a value: -%c %s",
			    optopt, optopt, flags[i].value);
		return complain(
		    EXIT_USAGE, "--%s takes no value", flags[i].word);
	}
	return complain_unknown(argument);
}

static int
take_flag(struct command_line *line, int letter, char *value)
{
	struct configuration *configuration = &line->configuration;

	switch (letter) {
	case 'c':
		configuration->file = value;
		break;
	case 'l':
		if (configuration->n_listen == SETTINGS_MAX_LISTEN)
			return complain(EXIT_USAGE,
			    "-l may be given %d times at most",
			    SETTINGS_MAX_LISTEN);
		configuration->listen[configuration->n_listen++] = value;
		break;
	case 'o':
		if (strchr(value, '=') == NULL)
			return complain(EXIT_USAGE,
			    "-o %s has no value: write -o %s=VALUE", value,
			    value);
		configuration->overrides[configuration->n_overrides++] = value;
		break;
	case 't':
		line->wants_check = true;
		break;
	case 'v':
		line->is_verbose = true;
		break;
	case 'V':
		line->wants_version = true;
		break;
	case 'h':
		line->wants_help = true;
		break;
	}
	return 0;
}

/* 0, or the exit status. */
static int
read_arguments(struct command_line *line, int argc, char *argv[])
{
	struct option words[N_FLAGS + 1] = {{.name = NULL}};
	char letters[2 * N_FLAGS + 2] = ":";
	int letter, status;

	for (size_t i = 0; i < N_FLAGS; i++) {
		size_t length = strlen(letters);

		words[i].name = flags[i].word;
		words[i].val = flags[i].letter;
		words[i].has_arg =
		    flags[i].value != NULL ? required_argument : no_argument;
		letters[length] = flags[i].letter;
		letters[length + 1] = flags[i].value != NULL ? ':' : '\0';
	}
	/* Fewer overrides than arguments, and never none to allocate. */
	line->configuration.overrides =
	    calloc((size_t)argc + 1, sizeof(char *));
	if (line->configuration.overrides == NULL)
		return complain(EXIT_FAILURE, "out of memory");
	while ((letter = getopt_long(argc, argv, letters, words, NULL)) != -1) {
		status = letter == '?' || letter == ':'
		    ? complain_flag(letter, argv[optind - 1])
		    : take_flag(line, letter, optarg);
		if (status != 0)
			return status;
	}
	if (optind < argc)
		return complain(EXIT_USAGE,
		    "\"%s\" is one argument too many: a configuration file "
		    "is named by -c %s",
		    argv[optind], argv[optind]);
	return 0;
}

/*
 * A socket must never become descriptor 2, or the log would go to whoever is
 * at its other end.
 */
static int
open_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* -t: the exit status. */
static int
check(const struct configuration *configuration)
{
	struct settings settings;
	char error[OPTIONS_ERROR_CHARS + 1];
	int status = 0;

	if (configuration_read(configuration, &settings, error) != 0)
		return complain(EXIT_FAILURE, "%s", error);
	if (privileges_check(&settings, error) != 0 ||
	    configuration_check_addresses(&settings, error) != 0)
		status = complain(EXIT_FAILURE, "%s", error);
	else if (options_print(&settings, stdout) != 0)
		status = end_output();
	settings_free(&settings);
	return status;
}

/* All else: the exit status. */
static int
run(const struct configuration *configuration)
{
	struct settings settings;
	char error[OPTIONS_ERROR_CHARS + 1];

	if (configuration_read(configuration, &settings, error) != 0)
		return complain(EXIT_FAILURE, "%s", error);
	log_set_format(settings.log_format, JOURNAL_SOCKET);
	return master_run(configuration, &settings);
}

int
main(int argc, char *argv[])
{
	struct command_line line = {.wants_check = false};
	int status;

	argv = title_init(argc, argv);
	opterr = 0;
	if (open_standard_descriptors() < 0)
		return EXIT_FAILURE;
	status = read_arguments(&line, argc, argv);
	if (status != 0)
		goto out;
	if (line.wants_help) {
		status = print_help();
	} else if (line.wants_version) {
		puts(PACKAGE_STRING);
		status = end_output();
	} else if (line.wants_check) {
		status = check(&line.configuration);
	} else {
		if (line.is_verbose)
			log_set_level(LOG_LEVEL_DEBUG);
		status = run(&line.configuration);
	}
out:
	free(line.configuration.overrides);
	return status;
}
