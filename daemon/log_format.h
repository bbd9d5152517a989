/*
 * How one line of the log is put together, in each of the formats. Pure
 * functions: log.c knows when, and where to.
 *
 * The message reads the same in all of them, and stands last wherever order is
 * ours, so that only a message is ever cut; it ends in "..." then.
 */
#ifndef GILD_DAEMON_LOG_FORMAT_H
#define GILD_DAEMON_LOG_FORMAT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "daemon/log.h"

/* Longer names of processes, jobs and pools are cut. */
#define LOG_FIELD_CHARS 63

/* A pipe takes so much in one piece, whoever else writes into it. */
struct log_line {
	char text[PIPE_BUF]; /* no NUL at its end */
	size_t length;
};

struct log_entry {
	enum log_level level;
	struct timespec time; /* of the wall clock */
	pid_t pid;	      /* of who logs, */
	const char *process;  /* and its name; "": none */
	const char *message;
	bool is_cut; /* there was more of it */
	struct log_fields fields;
};

/* "2026-11-22T12:44:37.120Z gild[4711] worker 3: warning: message" LF */
void log_format_text(const struct log_entry *entry, struct log_line *line);

/*
 * "<4>worker 3: message" LF: for standard error where the journal reads it,
 * which notes time and process itself; see sd-daemon(3).
 */
void log_format_prefixed(const struct log_entry *entry, struct log_line *line);

/*
 * {"time":"2026-11-22T12:44:37.120Z","level":"warning","pid":4711,
 * "process":"worker 3","job":"...","pool":"processes","child":4712,
 * "message":"..."} LF, on one line, in ASCII. What there is none of is left out.
 */
void log_format_json(const struct log_entry *entry, struct log_line *line);

/*
 * A datagram of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: PRIORITY,
 * SYSLOG_IDENTIFIER, GILD_PROCESS, JOB, POOL, PID and MESSAGE, a field a line. As
 * no value has an LF once it is escaped, none needs the protocol's other form.
 * MESSAGE names the process first: that is what journalctl shows.
 */
void log_format_journal(const struct log_entry *entry, struct log_line *line);

#endif
