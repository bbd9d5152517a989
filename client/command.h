/*
 * A sub-command of gilctl: a row of the table in gilctl.c, and what main()
 * hands to it. Each cmd_*.c defines one `const struct command`.
 */
#ifndef GILD_CLIENT_COMMAND_H
#define GILD_CLIENT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/format.h"
#include "client/term.h"

/* The exit status of gilctl. */
enum outcome {
	OUTCOME_FINE = 0,
	OUTCOME_NOT_DONE = 1, /* a job did not end done, or output failed */
	OUTCOME_USAGE = 2,
	OUTCOME_NO_SERVER = 3,	/* cannot connect, or the connection was lost */
	OUTCOME_REFUSED = 4,	/* the server answered with an error */
	OUTCOME_UNEXPECTED = 5, /* what was waited for, or expected, is not */
	OUTCOME_INTERRUPTED = 128, /* main() then dies from the signal */
};

/* What the global options say, and where results go. */
struct context {
	const char *server; /* NULL until the command is known: its own */
	uint64_t connect_timeout_ms;
	enum format format;
	const struct command *command;
	struct term out; /* standard output */
};

enum option_kind {
	OPTION_FLAG,   /* a bool */
	OPTION_FORMAT, /* an enum format, which becomes `min` */
	OPTION_NUMBER, /* a uint64_t from min to max, as count.h reads it */
	OPTION_TEXT,   /* a const char *, kept as it is in argv */
};

/* One option; a table of them ends with a row without a name. */
struct option_row {
	const char *name;     /* of --name */
	char letter;	      /* of -l, or 0 */
	const char *argument; /* what the manual calls its value; or NULL */
	enum option_kind kind;
	size_t offset; /* of its value in the settings */
	uint64_t min;  /* these two: of a number (and see OPTION_FORMAT) */
	uint64_t max;
	const char *meaning;
};

/* Of the commands that only a Unix socket carries; the build sets the path. */
#ifndef COMMAND_ADMIN_SERVER
#define COMMAND_ADMIN_SERVER "unix:/run/gild/gild.sock"
#endif

struct command {
	const char *name;
	const char *operands; /* as the usage line shows them */
	int min_operands;
	int max_operands;
	const char *summary; /* one line, for the list of commands */
	const char *notes;   /* more for --help, whole lines; or NULL */
	const char *server;  /* asked by default; NULL: GIL_DEFAULT_SERVER */
	const struct option_row *options; /* or NULL */
	size_t settings_size;		  /* of what the options fill in */
	const void *defaults;		  /* settings before any option */

	/*
	 * operands are those that argv held, between min and max of them, and
	 * a NULL. It reports its own errors.
	 */
	enum outcome (*run)(const struct context *context, const void *settings,
	    char **operands);
};

extern const struct command command_submit;
extern const struct command command_compare;
extern const struct command command_compare_runs;
extern const struct command command_sweep;
extern const struct command command_convoy;
extern const struct command command_trace;
extern const struct command command_info;
extern const struct command command_stats;
extern const struct command command_pools;
extern const struct command command_set;
extern const struct command command_fit;
extern const struct command command_collect;
extern const struct command command_list;
extern const struct command command_load;
extern const struct command command_history;
extern const struct command command_cancel;
extern const struct command command_ping;
extern const struct command command_reload;
extern const struct command command_drain;
extern const struct command command_shutdown;

/*
 * Says on standard error "gilctl: NAME: ...", NAME being the command's (left
 * out where command is NULL). Control characters come out as '?'.
 */
void command_complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
