/*
 * The log: one line an event, to standard error, in one write, so that lines
 * of several processes never mix. A line looks like
 *
 *	2026-11-22T12:44:37.120Z gild[4711] worker 3: warning: what happened
 *
 * where "worker 3" is what log_open() was told. Bytes that are not printable
 * ASCII are written as \xNN: nothing that a client sends can forge a line.
 */
#ifndef GILD_DAEMON_LOG_H
#define GILD_DAEMON_LOG_H

enum log_level { LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Names this process in its lines; called again after each fork. */
void log_open(const char *process);
/* LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);

/* What gild cannot do at all: an error ends it. A warning does not. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Only at start or for a broken invariant: logs and exits with status 1. */
void fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
