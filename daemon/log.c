/*
 * The log of one process, to its standard error. Any thread may log: a line is
 * put together on the stack and handed over in one write.
 *
 * A line that cannot be written (standard error is closed, or full and does not
 * block) is lost, and nothing else happens: no caller learns of it, errno stays
 * as it was. Ignoring SIGPIPE is left to the master.
 */
#include "daemon/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_CHARS 2047
#define PROCESS_CHARS 63
#define ELLIPSIS "..."

/* A pipe takes so much in one piece, whoever else writes into it. */
struct line {
	char text[PIPE_BUF];
	size_t length;
};

static char process_name[PROCESS_CHARS + 1];
static enum log_level level_shown = LOG_LEVEL_INFO;

/* False when the line is full; room for the ellipsis and LF always stays. */
static bool
line_put(struct line *line, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	bool is_plain = c >= ' ' && c <= '~';
	size_t needed = is_plain ? 1 : 4;

	if (line->length + needed > sizeof(line->text) - sizeof(ELLIPSIS))
		return false;
	if (is_plain) {
		line->text[line->length++] = (char)c;
	} else {
		line->text[line->length++] = '\\';
		line->text[line->length++] = 'x';
		line->text[line->length++] = hex[c >> 4];
		line->text[line->length++] = hex[c & 15];
	}
	return true;
}

static void
line_put_text(struct line *line, const char *text)
{
	for (; *text != '\0'; text++) {
		if (!line_put(line, (unsigned char)*text))
			return;
	}
}

static void
line_end(struct line *line, bool is_cut)
{
	if (is_cut) {
		memcpy(line->text + line->length, ELLIPSIS, strlen(ELLIPSIS));
		line->length += strlen(ELLIPSIS);
	}
	line->text[line->length++] = '\n';
}

static void
line_put_head(struct line *line)
{
	struct timespec now;
	struct tm utc;
	char head[80];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	snprintf(head, sizeof(head),
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ gild[%ld]",
	    utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
	    utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000, (long)getpid());
	line_put_text(line, head);
	if (process_name[0] != '\0') {
		line_put(line, ' ');
		line_put_text(line, process_name);
	}
	line_put_text(line, ": ");
}

static void
write_line(const struct line *line)
{
	size_t written = 0;

	while (written < line->length) {
		ssize_t n = write(STDERR_FILENO, line->text + written,
		    line->length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		written += (size_t)n;
	}
}

static void __attribute__((format(printf, 2, 0)))
log_message(const char *tag, const char *format, va_list arguments)
{
	int saved_errno = errno;
	size_t i = 0;
	char message[MESSAGE_CHARS + 1] = "";
	struct line line = {.length = 0};
	int length = vsnprintf(message, sizeof(message), format, arguments);

	line_put_head(&line);
	line_put_text(&line, tag);
	while (message[i] != '\0' && line_put(&line, (unsigned char)message[i]))
		i++;
	line_end(&line, message[i] != '\0' || length > MESSAGE_CHARS);
	write_line(&line);
	errno = saved_errno;
}

void
log_open(const char *process)
{
	snprintf(process_name, sizeof(process_name), "%s", process);
}

void
log_set_level(enum log_level level)
{
	level_shown = level;
}

void
log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message("error: ", format, arguments);
	va_end(arguments);
}

void
log_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message("warning: ", format, arguments);
	va_end(arguments);
}

void
log_info(const char *format, ...)
{
	va_list arguments;

	if (level_shown < LOG_LEVEL_INFO)
		return;
	va_start(arguments, format);
	log_message("", format, arguments);
	va_end(arguments);
}

void
log_debug(const char *format, ...)
{
	va_list arguments;

	if (level_shown < LOG_LEVEL_DEBUG)
		return;
	va_start(arguments, format);
	log_message("debug: ", format, arguments);
	va_end(arguments);
}

/*
 * _exit: a forked child must not write its parent's buffered output a second
 * time, nor run a thread's world down around it.
 */
void
fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message("fatal: ", format, arguments);
	va_end(arguments);
	_exit(1);
}
