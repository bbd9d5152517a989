/*
 * The log: one line an event, in one write, so that lines of several processes
 * never mix. A line of text looks like
 *
 *	2026-11-22T12:44:37.120Z gild[4711] worker 3: warning: what happened
 *
 * where "worker 3" is what log_open() was told; log_format.h has the others,
 * and journal.h the way to the system's journal. Bytes that are not printable
 * ASCII are written as \xNN: nothing that a client sends can forge a line or a
 * field.
 *
 * What one place in the code says again and again is written ten times in ten
 * seconds, and then counted and told of once: see repeats.h. That is true of
 * warnings and of what is for information; an error is always written, and so
 * is what -v asks for.
 */
#ifndef GILD_DAEMON_LOG_H
#define GILD_DAEMON_LOG_H

#include <stdint.h>
#include <sys/types.h>

enum log_level {
	LOG_LEVEL_FATAL, /* fatal() alone */
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_AUTO,    /* the journal, if standard error is its; else text */
	LOG_TEXT,    /* all others: to standard error */
	LOG_JSON,    /* an object a line */
	LOG_JOURNAL, /* its own protocol, by its socket */
	LOG_FORMAT_COUNT
};

/*
 * What a line is about, for programs: a line of text does not show it, so the
 * message says what a reader has to know. NULL and 0: nothing.
 */
struct log_fields {
	const char *job; /* an id */
	const char *pool;
	pid_t pid; /* a process, which need not be the one that logs */
};

/* "auto", "text", "json", "journal" */
const char *log_format_name(enum log_format format);

/*
 * Names this process in its lines; called again after each fork, when it also
 * forgets what its parent had counted.
 */
void log_open(const char *process);
/* LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);
/*
 * LOG_TEXT at the start. journal is the path of the journal's socket,
 * JOURNAL_SOCKET for all but tests; if it is wanted and cannot be reached, that
 * is a warning, and the format is text. To be called while there is one thread.
 */
void log_set_format(enum log_format format, const char *journal);
/* The descriptor that a child has to keep beside standard error; -1: none. */
int log_fd(void);

/* What gild cannot do at all: an error ends it. A warning does not. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with fields; NULL: none. */
void log_event(enum log_level level, const struct log_fields *fields,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Tells of what was counted and not written, once its ten seconds are over.
 * Each line does that first, and the process's exit() for all that is left, so
 * only who logs nothing for long needs to call it; then it costs next to
 * nothing.
 */
void log_settle(void);

/* Only at start or for a broken invariant: logs and exits with status 1. */
void fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
